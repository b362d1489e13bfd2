#include "engine/running.h"

#include "base/date.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_SPOOLED (8u << 20)

static void notice(struct running *r, const char *text)
{
    if (r->job->watch->notice)
        r->job->watch->notice(r->job->watch->arg, text);
}

static int open_store(struct running *r, struct ds_err *err)
{
    const struct ds_job *job = r->job;
    int64_t id = 0;

    if (ds_store_open(job->store_path, r->dry ? DS_STORE_READ : DS_STORE_WRITE, &r->store, err))
        return err->status;
    if (!r->dry) {
        if (ds_batch_open(r, err) ||
            ds_store_connection_ensure(r->store, job->connection, &id, err) ||
            ds_batch_commit(r, err) || ds_store_lock(r->store, id, err))
            return err->status;
    }
    if (ds_store_connection(r->store, &r->lasting, job->connection, &r->state, err))
        return err->status;
    return ds_store_deal_count(r->store, &r->deals, err);
}

static int check_organisation(struct running *r, struct ds_err *err)
{
    struct ds_identity who = {0};

    if (r->job->connector->identify(r->remote, &who, err))
        return err->status;
    memcpy(r->result->organisation, who.organisation, sizeof(who.organisation));
    if (r->state.organisation && strcmp(r->state.organisation, who.organisation) != 0) {
        if (r->out) /* a person will read it, and say that it is the same all the same */
            r->answers = DS_ANSWER_ORGANISATION;
        if (strcmp(r->answers, DS_ANSWER_ORGANISATION) == 0)
            return DS_OK;
        ds_fail(err, DS_E_CONFIG,
                "the remote is another organisation: '%s', and this connection belongs to '%s'",
                who.organisation, r->state.organisation);
        return ds_hint(err,
                       "put the old address back, or give the new organisation a connection with a "
                       "name of its own; if it is the same one with a new id, 'dealsync diff %s "
                       "--out plan.json' and 'dealsync apply plan.json' say so",
                       r->job->connection);
    }
    r->state.organisation = r->result->organisation;
    return DS_OK;
}

/* Under what the links were written: the last complete run's, or that of a first load cut short. */
static const char *last_fingerprint(const struct ds_connection_state *state)
{
    return state->fingerprint ? state->fingerprint : state->resume_fingerprint;
}

static int choose_extent(struct running *r, struct ds_err *err)
{
    const char *last = last_fingerprint(&r->state);
    struct ds_result *res = r->result;
    struct ds_buf all = DS_BUF_INIT(DS_MAX_TEXT);
    bool verify = r->job->command == DS_VERIFY;
    bool backfill = r->job->command == DS_BACKFILL || r->job->backfill || verify;

    ds_buf_addf(&all, "%s\n%s\n%s\n%d %d %s", ds_mapping_fingerprint(r->job->mapping),
                r->job->connector->name, r->job->scope, r->policy.vetted, r->policy.close_early,
                r->policy.shareable ? r->policy.shareable : "");
    if (r->policy.our_domains)
        ds_buf_addf(&all, "\n%s", r->policy.our_domains);
    ds_buf_addf(&all, "\n%d %d", r->policy.direction, r->policy.creates);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        ds_buf_addf(&all, " %d%d", r->policy.owner[f], r->policy.settle[f]);
    ds_hash(all.text, all.len, r->fingerprint);
    if (ds_buf_failed(&all))
        ds_fail_nomem(err);
    ds_buf_clear(&all);
    r->loaded = r->state.fingerprint != NULL;
    r->remapped = last && strcmp(last, r->fingerprint) != 0;
    r->compare = r->remapped || (backfill && r->loaded);
    r->policy.first_load = res->first_load = backfill || !r->loaded;
    res->everything = r->policy.first_load || r->remapped || !r->state.cursor ||
                      (r->job->connector->abilities & DS_READS_ALL);
    if (!r->loaded && !r->dry && r->state.resume &&
        strcmp(r->state.resume_fingerprint, r->fingerprint) == 0)
        r->go_on = r->state.resume;
    if (r->remapped)
        notice(
            r,
            "the mapping, the filter or a setting has changed since the last run: every record is "
            "compared");
    if (r->go_on)
        notice(r, "going on where the last run was interrupted");
    return err->status;
}

int ds_extent_keep(struct running *r, struct ds_err *err)
{
    /* Equal to no fingerprint: some records were written under the old one, some under this. */
    static const char mixed[] = "mixed";
    const char *now = r->remapped ? mixed : r->fingerprint;
    const char *last = last_fingerprint(&r->state);

    if (last && (!r->remapped || strcmp(last, mixed) == 0))
        return DS_OK;
    if (r->state.fingerprint)
        r->state.fingerprint = now;
    else
        r->state.resume_fingerprint = now;
    if (ds_batch_open(r, err))
        return err->status;
    return ds_store_connection_save(r->store, &r->state, err);
}

/* What an interrupted first load has created is linked, and need not be compared with all that is new. */
static int find_strangers(struct running *r, struct ds_err *err)
{
    r->has_strangers = r->deals > 0;
    if (!r->has_strangers || r->loaded)
        return DS_OK;
    return ds_store_has_strangers(r->store, r->state.id, &r->has_strangers, err);
}

/* What must be read or written for this connection beside what its CRM sends. */
static int look_around(struct running *r, struct ds_err *err)
{
    const struct ds_connector *c = r->job->connector;
    struct ds_waiting waiting = {0};
    struct ds_intent intent;
    const char *why;

    r->policy.mapping = r->job->mapping;
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (r->policy.direction != DS_PULL && ds_mapping_writes(r->job->mapping, f, &why))
            r->policy.sends |= UINT64_C(1) << f;
    r->policy.only = r->plan ? r->job->made : r->job->only.fields;
    r->written = ds_mapping_written(r->job->mapping, &r->lasting, r->policy.sends);
    if (!r->written)
        return ds_fail_nomem(err);
    r->asks = (c->abilities & DS_CAN_WRITE) != 0 && r->state.id != 0;
    if (r->asks && ds_store_intent(r->store, &r->batch, r->state.id, 0, &intent, err))
        return err->status;
    r->any_intents = r->asks && intent.id;
    if (find_strangers(r, err))
        return err->status;
    if (ds_store_name(r->store, &r->lasting, &r->store_name, err) || !r->state.id)
        return err->status;
    if (ds_store_waiting(r->store, r->state.id, r->policy.now_ms, &waiting, err))
        return err->status;
    r->any_rejects = waiting.rejects > 0;
    return ds_store_any_claims(r->store, r->state.id, &r->any_claims, err);
}

static int begin_run(struct running *r, struct ds_err *err)
{
    struct ds_run *run = &r->result->run;

    run->connection = r->state.id;
    run->connection_name = r->job->connection;
    run->command = r->job->command == DS_BACKFILL ? "backfill" : r->plan ? "apply" : "sync";
    run->state = "running";
    run->fingerprint = r->fingerprint;
    run->started_ms = r->policy.now_ms;
    if (look_around(r, err) || r->dry)
        return err->status;
    if (ds_batch_open(r, err) || ds_store_run_begin(r->store, run, err) || ds_batch_commit(r, err))
        return err->status;
    return DS_OK;
}

static int fetch(struct running *r, struct ds_buf *next, struct ds_err *err)
{
    struct ds_sink sink = {.record = ds_records_take,
                           .mark = ds_records_mark,
                           .expect = ds_records_expect,
                           .whole = ds_records_whole,
                           .arg = r};
    struct ds_query query = ds_running_query(r);

    query.cursor = r->result->everything ? NULL : r->state.cursor;
    query.resume = r->go_on;
    r->job->connector->fetch(r->remote, &query, &sink, next, err);
    r->empty = r->result->run.fetched == 0;
    return err->status;
}

/* P-1: every record has one outcome, or the run has not worked. */
static int check_sum(const struct ds_run *run, struct ds_err *err)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < DS_OUTCOMES; i++)
        sum += run->outcome[i];
    if (sum == run->fetched)
        return DS_OK;
    return ds_fail(err, DS_E_BUG,
                   "%" PRIu64 " records were fetched, and %" PRIu64 " have an outcome",
                   run->fetched, sum);
}

static void take_cost(struct running *r)
{
    struct ds_buf cost = DS_BUF_INIT(sizeof(r->result->cost) - 1);

    if (r->remote)
        r->job->connector->cost(r->remote, &cost);
    snprintf(r->result->cost, sizeof(r->result->cost), "%s", cost.text);
    ds_buf_clear(&cost);
    r->result->run.cost = r->result->cost[0] ? r->result->cost : NULL;
}

/* The cursor moves in the same commit as the last data it covers (P-2). What is still to be sent is
 * in the outbox by then. */
static int move_cursor(struct running *r, const char *next, struct ds_err *err)
{
    if (check_sum(&r->result->run, err) || ds_batch_open(r, err) || ds_rejects_prune(r, err))
        return err->status;
    r->state.cursor = next[0] ? next : NULL;
    if (!r->loaded)
        r->state.resume = r->state.resume_fingerprint = NULL;
    r->state.fingerprint = r->fingerprint;
    if (!r->empty)
        r->state.answer = NULL;
    if (r->policy.creates)
        r->state.seen_deal = (int64_t)r->deals;
    if (ds_store_connection_save(r->store, &r->state, err))
        return err->status;
    return ds_batch_commit(r, err);
}

static int finish(struct running *r, struct ds_err *err)
{
    struct ds_run *run = &r->result->run;

    take_cost(r);
    run->state = "done";
    run->ended_ms = ds_now();
    if (r->dry)
        return DS_OK;
    r->state.last_success_ms = run->ended_ms;
    if (ds_batch_open(r, err) || ds_store_connection_save(r->store, &r->state, err) ||
        ds_store_run_save(r->store, run, err))
        return err->status;
    return ds_batch_commit(r, err);
}

/* Keeps what a first load has written so far, and how the run ended; the first error stays. */
static void finish_early(struct running *r, const struct ds_err *err)
{
    struct ds_run *run = &r->result->run;
    struct ds_err later = {0};

    if (err->status == DS_E_STORE || err->status == DS_E_BUG || err->status == DS_E_NOMEM ||
        r->loaded)
        ds_batch_drop(r);
    ds_nomem_forget(); /* what was built without memory is gone with the batch */
    take_cost(r);
    run->state =
        err->status == DS_E_GUARD ? "guarded"
        : err->status == DS_E_LATER && r->job->options->interrupted && *r->job->options->interrupted
            ? "interrupted"
            : "failed";
    run->message = err->text;
    run->ended_ms = ds_now();
    if (r->dry || !run->id)
        return;
    if (ds_batch_open(r, &later) || ds_store_run_save(r->store, run, &later) ||
        ds_batch_commit(r, &later))
        ds_log(DS_LOG_WARNING, "how the run ended could not be written: %s", later.text);
}

static int read_plan(struct running *r, struct ds_plan_head *head, struct ds_err *err)
{
    if (ds_planfile_head(r->plan, &r->lasting, head, err))
        return err->status;
    r->answers = head->answer;
    r->undoes = head->undoes;
    return DS_OK;
}

/* A plan that was made before there was a store is one for an empty store. */
static bool is_its_store(const struct running *r, const struct ds_plan_head *head)
{
    if (!*head->store)
        return r->deals == 0 && !r->loaded;
    return strcmp(head->store, r->store_name) == 0;
}

/* A plan belongs to one store, connection, organisation and mapping; any other refuses it whole. */
static int check_head(struct running *r, const struct ds_plan_head *head, struct ds_err *err)
{
    const char *differs = NULL;

    if (!is_its_store(r, head))
        differs = "store";
    else if (strcmp(head->connection, r->job->connection) != 0)
        differs = "connection";
    else if (strcmp(head->organisation, r->result->organisation) != 0)
        differs = "organisation";
    else if (strcmp(head->fingerprint, r->fingerprint) != 0)
        differs = "mapping, filter or setting";
    if (differs) {
        ds_fail(err, DS_E_CONFIG, "'%s' was made for another %s; nothing was written", r->plan,
                differs);
        return ds_hint(err, "make it again with 'dealsync diff %s --out %s'", r->job->connection,
                       r->plan);
    }
    return DS_OK;
}

/* What the plan says beside its items. */
static int take_answer(struct running *r, struct ds_err *err)
{
    if (!*r->answers)
        return DS_OK;
    if (strcmp(r->answers, DS_ANSWER_ORGANISATION) == 0)
        r->state.organisation = r->result->organisation;
    else
        r->state.answer = r->answers;
    if (ds_batch_open(r, err) || ds_store_connection_save(r->store, &r->state, err))
        return err->status;
    return ds_batch_commit(r, err);
}

static int save_plan(struct running *r, struct ds_err *err)
{
    const struct ds_job *job = r->job;
    struct ds_buf only = DS_BUF_INIT(DS_MAX_TEXT);
    bool is_new = r->deals == 0 && r->state.id == 0;
    struct ds_plan_head head = {.store = is_new ? "" : r->store_name,
                                .connection = job->connection,
                                .organisation = r->result->organisation,
                                .fingerprint = r->fingerprint,
                                .kind = r->undoes       ? "undo"
                                        : job->backfill ? "backfill"
                                                        : "sync",
                                .undoes = r->undoes,
                                .answer = r->result->is_empty ? DS_ANSWER_EMPTY : r->answers,
                                .guard = r->result->guard,
                                .made_ms = r->policy.now_ms};
    struct ds_plan_writer *out = r->out;

    r->out = NULL;
    ds_only_text(&job->only, &only);
    head.only = only.text;
    ds_planfile_finish(out, &head, err);
    ds_buf_clear(&only);
    return err->status;
}

static int open_all(struct running *r, struct ds_err *err)
{
    struct ds_plan_head head = {
        .store = "", .connection = "", .organisation = "", .fingerprint = "", .answer = ""};

    if ((r->job->out && ds_planfile_create(r->job->out, &r->out, err)) ||
        (r->plan && read_plan(r, &head, err)))
        return err->status;
    if (r->job->connector->open(r->job->options, &r->remote, err) || open_store(r, err) ||
        choose_extent(r, err) || begin_run(r, err) || check_organisation(r, err))
        return err->status;
    return r->plan ? check_head(r, &head, err) : DS_OK;
}

static int run_plan(struct running *r, struct ds_err *err)
{
    if (take_answer(r, err) || ds_carry_out(r, err) || ds_push(r, err) ||
        check_sum(&r->result->run, err))
        return err->status;
    return finish(r, err);
}

/* What a dry run plans. */
static int look(struct running *r, struct ds_buf *next, struct ds_err *err)
{
    if (r->undoes)
        return ds_undo_take(r, err);
    return fetch(r, next, err) || ds_asks_take(r, err) || ds_vanished(r, err) ||
                   ds_guard_pass(r, err) || ds_records_release(r, err)
               ? err->status
               : DS_OK;
}

static int run_dry(struct running *r, struct ds_buf *next, struct ds_err *err)
{
    bool other = strcmp(r->answers, DS_ANSWER_ORGANISATION) == 0; /* compares with nothing */

    if (!other && (look(r, next, err) || check_sum(&r->result->run, err)))
        return err->status;
    return r->out && save_plan(r, err) ? err->status : finish(r, err);
}

static int run_through(struct running *r, struct ds_buf *next, struct ds_err *err)
{
    if (open_all(r, err))
        return err->status;
    if (r->dry)
        return run_dry(r, next, err);
    if (r->plan)
        return run_plan(r, err);
    if (fetch(r, next, err) || ds_asks_take(r, err) || ds_vanished(r, err) ||
        ds_stages_watch(r, err) || ds_batch_commit(r, err) || ds_guard_pass(r, err) ||
        ds_records_apply(r, err) || ds_records_release(r, err) || move_cursor(r, next->text, err) ||
        ds_push(r, err))
        return err->status;
    return finish(r, err);
}

int ds_run(const struct ds_job *job, struct ds_result *result, struct ds_err *err)
{
    struct running *r = &(struct running){.job = job, .policy = job->policy, .result = result};
    struct ds_buf next = DS_BUF_INIT(DS_MAX_URL);
    struct ds_err later = {0};

    memset(result, 0, sizeof(*result));
    r->dry = job->command == DS_DIFF || job->command == DS_VERIFY || job->command == DS_UNDO;
    r->undoes = job->undo;
    r->plan = job->plan;
    r->answers = "";
    ds_buf_init(&r->resume, DS_MAX_URL);
    ds_buf_init(&r->text, MAX_SPOOLED);
    if (run_through(r, &next, err))
        finish_early(r, err);
    if (r->store && r->state.id &&
        ds_store_waiting(r->store, r->state.id, r->policy.now_ms, &result->waiting, &later))
        ds_log(DS_LOG_WARNING, "what waits could not be counted: %s", later.text);
    result->run.message = NULL;
    result->run.cost = result->cost;
    result->run.fingerprint = NULL;
    result->planned = r->planned[DS_GUARD_CHANGES];
    if (r->out)
        ds_planfile_finish(r->out, NULL, &later);
    ds_store_close(r->store);
    job->connector->close(r->remote);
    ds_buf_clear(&next);
    ds_buf_clear(&r->resume);
    ds_buf_clear(&r->text);
    ds_arena_clear(&r->batch);
    ds_arena_clear(&r->lasting);
    return err->status;
}
