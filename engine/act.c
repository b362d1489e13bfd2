#include "engine/act.h"

#include "base/date.h"
#include "base/text.h"
#include "engine/refusal.h"

#include <inttypes.h>
#include <string.h>

const char *const ds_take_names[] = {"crm", "store", "base", "value", NULL};

struct acting {
    const struct ds_act_job *job;
    struct ds_store *store;
    struct ds_arena arena;
    struct ds_connection_state state;
    struct ds_run run;
};

/* Begins the transaction of an act; act_close() ends it, well or not. */
static int act_open(struct acting *a, const struct ds_act_job *job, const char *command,
                    struct ds_err *err)
{
    *a = (struct acting){.job = job};
    if (ds_store_open(job->store_path, job->dry ? DS_STORE_READ : DS_STORE_WRITE, &a->store, err) ||
        ds_store_connection(a->store, &a->arena, job->connection, &a->state, err))
        return err->status;
    if (!a->state.id) {
        ds_fail(err, DS_E_USAGE, "the store knows nothing of the connection '%s'", job->connection);
        return ds_hint(err, "it has no records before its first sync or backfill");
    }
    if (job->dry)
        return DS_OK;
    if (ds_store_lock(a->store, a->state.id, err) || ds_store_begin(a->store, err))
        return err->status;
    a->run = (struct ds_run){
        .connection = a->state.id, .command = command, .started_ms = job->policy->now_ms};
    return ds_store_run_begin(a->store, &a->run, err);
}

static int act_close(struct acting *a, struct ds_err *err)
{
    a->run.state = "done";
    a->run.ended_ms = ds_now();
    if (!err->status && !a->job->dry && !ds_store_run_save(a->store, &a->run, err))
        ds_store_commit(a->store, err);
    ds_store_close(a->store);
    ds_arena_clear(&a->arena);
    return err->status;
}

static int add_history(struct acting *a, int64_t deal, const char *remote_id, const char *kind,
                       const char *changes, struct ds_err *err)
{
    struct ds_history h = {.deal = deal,
                           .run = a->run.id,
                           .connection = a->state.id,
                           .at_ms = a->run.started_ms,
                           .kind = kind,
                           .remote_id = remote_id,
                           .changes = changes};

    return changes ? ds_store_history_add(a->store, &h, err) : ds_fail_nomem(err);
}

/* --- conflicts --------------------------------------------------------------------------------- */

/* Where there is no record yet there is nothing to take: it can only be tried again. */
static int check_take(const struct ds_settlement *s, const struct ds_conflict *c,
                      struct ds_err *err)
{
    if (s->take == DS_TAKE_STORE || !ds_refusal_is_place(c->remote_id))
        return DS_OK;
    ds_fail(err, DS_E_USAGE,
            "conflict %" PRId64
            ": the CRM refused to create the record, so there is no other value",
            c->id);
    return ds_hint(err, "'--take store' tries again; so does the next sync when the deal changes");
}

static int find_conflict(struct acting *a, const struct ds_settlement *s, struct ds_conflict *out,
                         struct ds_err *err)
{
    if (ds_store_conflict(a->store, &a->arena, s->id, out, err))
        return err->status;
    if (out->id && !out->closed_ms && out->connection == a->state.id)
        return DS_OK;
    if (!out->id)
        ds_fail(err, DS_E_USAGE, "there is no conflict %" PRId64, s->id);
    else if (out->closed_ms)
        ds_fail(err, DS_E_USAGE, "conflict %" PRId64 " is settled already", s->id);
    else
        ds_fail(err, DS_E_USAGE, "conflict %" PRId64 " is one of the connection '%s'", s->id,
                out->connection_name);
    return ds_hint(err, "'dealsync conflicts' lists those that are open");
}

static int value_for(struct acting *a, const struct ds_settlement *s, const struct ds_conflict *c,
                     const char **out, struct ds_err *err)
{
    const char *why = NULL;

    switch (s->take) {
    case DS_TAKE_CRM: *out = c->theirs; return DS_OK;
    case DS_TAKE_BASE: *out = c->base; return DS_OK;
    case DS_TAKE_VALUE:
        why = s->value ? ds_text_fault(s->value, strlen(s->value)) : NULL;
        if (why) {
            ds_fail(err, DS_E_USAGE, "conflict %" PRId64 ": the value holds %s", c->id, why);
            return ds_hint(err, "save the file as 'CSV UTF-8', or set the terminal to UTF-8");
        }
        *out =
            s->value && *s->value ? ds_field_canonical(&a->arena, c->field, s->value, &why) : NULL;
        break;
    case DS_TAKE_STORE:
    case DS_TAKES: *out = c->ours; return DS_OK;
    }
    return why ? ds_fail(err, DS_E_USAGE, "conflict %" PRId64 ": '%s' %s", c->id, s->value, why)
               : DS_OK;
}

/* What is won goes with its stage, and may have to wait: the CRM's value of one of these
 * fields is left to the next sync, which sees them all and takes theirs as the only one that changed. */
static bool goes_with_others(const struct acting *a, const struct ds_settlement *s,
                             const struct ds_conflict *c)
{
    const struct ds_policy *policy = a->job->policy;
    bool life_cycle = c->field == DS_STATUS || c->field == DS_STAGE || c->field == DS_REASON;

    return life_cycle && s->take == DS_TAKE_CRM && c->case_number != DS_M_FORBIDDEN &&
           policy->direction != DS_PUSH && policy->owner[c->field] != DS_OWNER_STORE;
}

/* Whether the deal may get the value: it has not moved, and no rule forbids it. *later: the next sync
 * sees to it. */
static int allow(struct acting *a, const struct ds_settlement *s, const struct ds_conflict *c,
                 const struct ds_stored_deal *deal, const char *value, bool *later,
                 struct ds_err *err)
{
    struct ds_deal then = deal->deal;
    struct ds_ask q = {.policy = a->job->policy,
                       .arena = &a->arena,
                       .base = &deal->deal,
                       .ours = &deal->deal,
                       .then = &then,
                       .field = c->field,
                       .created_ms = deal->created_ms};
    struct ds_answer answer;

    if (!ds_same(deal->deal.value[c->field], c->ours)) {
        ds_fail(err, DS_E_STALE, "conflict %" PRId64 ": deal %" PRId64 " has another %s by now",
                c->id, c->deal, ds_fields[c->field].title);
        return ds_hint(err, "run 'dealsync sync %s', and look at it again", a->job->connection);
    }
    if (ds_same(value, c->ours))
        return DS_OK;
    ds_deal_set(&then, c->field, value);
    answer = ds_rules_change(&q);
    *later = answer.rule && answer.rule != 61 && goes_with_others(a, s, c);
    if (!answer.rule || *later)
        return DS_OK;
    ds_fail(err, DS_E_RECORD, "conflict %" PRId64 ": R-%d forbids it: %s", c->id, answer.rule,
            answer.why);
    return ds_hint(err, "'--take store' keeps what the deal has");
}

/* What both sides are from now on taken to have agreed on is theirs as it was shown: if ours is
 * another value, only ours has changed since. It is ours where theirs is left to the next sync. */
static int move_base(struct acting *a, const struct ds_conflict *c, const char *agreed,
                     struct ds_err *err)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_PAGE);
    struct ds_link link;
    struct ds_deal base;

    if (ds_store_link(a->store, &a->arena, a->state.id, c->remote_id, &link, err) ||
        ds_deal_from_json(&a->arena, link.base ? link.base : "{}", &base, err))
        return err->status;
    if (!link.deal)
        return DS_OK;
    ds_deal_set(&base, c->field, agreed);
    ds_deal_to_json(&text, &base);
    link.base = text.text;
    link.version = NULL; /* looked at again */
    if (ds_buf_failed(&text))
        ds_fail_nomem(err);
    else
        ds_store_link_save(a->store, a->state.id, c->remote_id, &link, err);
    ds_buf_clear(&text);
    return err->status;
}

static const char *change_json(struct ds_arena *a, const struct ds_conflict *c, const char *value,
                               enum ds_take take)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_PAGE);
    const char *json = NULL;

    ds_buf_addf(&text, "[{\"field\":\"%s\",\"old\":", ds_fields[c->field].name);
    ds_text_to_json_or_null(&text, c->ours);
    ds_buf_add(&text, ",\"new\":");
    ds_text_to_json_or_null(&text, value);
    ds_buf_addf(&text, ",\"case\":%d,\"rule\":%d}]", DS_M_TAKE_CRM + (int)take, c->rule);
    if (!ds_buf_failed(&text))
        json = ds_arena_dup(a, text.text);
    ds_buf_clear(&text);
    return json;
}

static int settle(struct acting *a, const struct ds_settlement *s, struct ds_conflict *c,
                  const char **value, struct ds_err *err)
{
    struct ds_stored_deal deal;
    struct ds_deal write = {0};
    const char *now;
    bool stale = false, later = false;

    if (find_conflict(a, s, c, err) || check_take(s, c, err) || value_for(a, s, c, value, err) ||
        ds_store_deal(a->store, &a->arena, c->deal, &deal, err) ||
        allow(a, s, c, &deal, *value, &later, err))
        return err->status;
    if (a->job->dry)
        return DS_OK;
    now = later ? c->ours : *value;
    ds_deal_set(&write, c->field, now);
    if (!ds_same(now, c->ours) &&
        ds_store_deal_update(a->store, c->deal, deal.version, &write, a->state.id, a->run.id,
                             a->run.started_ms, &stale, err))
        return err->status;
    if (move_base(a, c, later ? c->ours : c->theirs, err) ||
        ds_store_touch(a->store, a->state.id, c->deal, err) ||
        ds_store_conflict_settle(a->store, c->id, ds_take_names[s->take], a->run.id,
                                 a->run.started_ms, err))
        return err->status;
    return add_history(a, c->deal, c->remote_id, "resolved",
                       change_json(&a->arena, c, now, s->take), err);
}

int ds_act_settle(const struct ds_act_job *job, const struct ds_settlement *settlements,
                  size_t count,
                  int (*each)(void *arg, const struct ds_conflict *c, const char *value,
                              struct ds_err *err),
                  void *arg, struct ds_err *err)
{
    struct acting a;

    act_open(&a, job, "resolve", err);
    for (size_t i = 0; i < count && !err->status; i++) {
        struct ds_conflict c;
        const char *value = NULL;

        if (settle(&a, &settlements[i], &c, &value, err)) {
            if (settlements[i].where)
                ds_err_where(err, "%s", settlements[i].where);
        } else {
            each(arg, &c, value, err);
        }
    }
    return act_close(&a, err);
}

/* --- links -------------------------------------------------------------------------------------- */

/* A command to be pasted: the id of an export may hold what ends the quotes (P-10). */
static int hint_unlink(const struct acting *a, const char *remote_id, struct ds_err *err)
{
    return strchr(remote_id, '\'') ? ds_hint(err, "if that is wrong, unlink that record first")
                                   : ds_hint(err, "if that is wrong: dealsync unlink %s '%s'",
                                             a->job->connection, remote_id);
}

static int check_link(struct acting *a, const char *remote_id, int64_t deal, struct ds_err *err)
{
    struct ds_stored_deal there;
    struct ds_link link;
    const char *other;

    if (ds_store_link(a->store, &a->arena, a->state.id, remote_id, &link, err))
        return err->status;
    if (link.deal) {
        ds_fail(err, DS_E_USAGE, "record '%s' is linked to deal %" PRId64, remote_id, link.deal);
        return hint_unlink(a, remote_id, err);
    }
    if (!deal)
        return DS_OK;
    if (ds_store_deal(a->store, &a->arena, deal, &there, err) ||
        ds_store_link_of(a->store, &a->arena, a->state.id, deal, &other, err))
        return err->status;
    if (!there.id)
        return ds_fail(err, DS_E_USAGE, "there is no deal %" PRId64, deal);
    if (!other)
        return DS_OK;
    ds_fail(err, DS_E_USAGE, "deal %" PRId64 " is linked to record '%s'", deal, other);
    return hint_unlink(a, other, err);
}

static int tie(struct acting *a, const char *remote_id, int64_t deal, struct ds_err *err)
{
    struct ds_link link = {.deal = deal, .base = "{}"};
    const char *refused = ds_refusal_place(&a->arena, deal);

    if (!refused)
        return ds_fail_nomem(err);
    if (ds_store_conflict_close(a->store, a->state.id, refused, 0, a->run.id, a->run.started_ms,
                                err) ||
        ds_store_claim_drop(a->store, a->state.id, remote_id, err) ||
        ds_store_link_save(a->store, a->state.id, remote_id, &link, err) ||
        ds_store_touch(a->store, a->state.id, deal, err))
        return err->status;
    return add_history(a, deal, remote_id, "linked", "[]", err);
}

static int claim_own(struct acting *a, const char *remote_id, enum ds_claim_kind kind,
                     struct ds_err *err)
{
    struct ds_claim claim;

    if (ds_store_claim(a->store, &a->arena, a->state.id, remote_id, &claim, err))
        return err->status;
    claim.connection = a->state.id;
    claim.remote_id = remote_id;
    claim.deal = 0;
    claim.kind = kind;
    claim.run = 0;
    claim.at_ms = a->run.started_ms;
    return ds_store_claim_put(a->store, &claim, err);
}

int ds_act_link(const struct ds_act_job *job, const char *remote_id, int64_t deal,
                struct ds_err *err)
{
    struct acting a;

    if (!act_open(&a, job, "link", err) && !check_link(&a, remote_id, deal, err) && !job->dry) {
        if (deal)
            tie(&a, remote_id, deal, err);
        else
            claim_own(&a, remote_id, DS_CLAIM_OWN, err);
    }
    return act_close(&a, err);
}

/* What a run that did not come to its end has sent may have happened: only the next sync can tell, which
 * keeps it in the history (P-11). One that did leaves what the CRM put off. */
static int check_unconfirmed(struct acting *a, const char *remote_id, int64_t deal,
                             struct ds_err *err)
{
    struct ds_intent i;
    struct ds_run run;

    if (ds_store_intent_of(a->store, &a->arena, a->state.id, deal, &i, err) || !i.id ||
        ds_store_run(a->store, &a->arena, i.run, &run, err) || ds_same(run.state, "done"))
        return err->status;
    ds_fail(err, DS_E_LATER, "a write to record '%s' is not confirmed yet", remote_id);
    return ds_hint(err, "'dealsync sync %s' finds out what became of it", a->job->connection);
}

static int untie(struct acting *a, const char *remote_id, int64_t deal, struct ds_err *err)
{
    int64_t now = a->run.started_ms;

    if (ds_store_hold_drop(a->store, a->state.id, remote_id, err) ||
        ds_store_conflict_close(a->store, a->state.id, remote_id, 0, a->run.id, now, err) ||
        ds_store_intent_drop(a->store, a->state.id, deal, err) ||
        ds_store_untouch(a->store, a->state.id, deal, err) ||
        ds_store_link_drop(a->store, a->state.id, remote_id, err) ||
        claim_own(a, remote_id, DS_CLAIM_APART, err))
        return err->status;
    return add_history(a, deal, remote_id, "unlinked", "[]", err);
}

int ds_act_unlink(const struct ds_act_job *job, const char *remote_id, struct ds_err *err)
{
    struct acting a;
    struct ds_link link = {0};

    if (!act_open(&a, job, "unlink", err) &&
        !ds_store_link(a.store, &a.arena, a.state.id, remote_id, &link, err)) {
        if (!link.deal) {
            ds_fail(err, DS_E_USAGE, "record '%s' is linked to no deal", remote_id);
            ds_hint(err, "'dealsync explain DEAL' names the records of a deal");
        } else if (!check_unconfirmed(&a, remote_id, link.deal, err) && !job->dry) {
            untie(&a, remote_id, link.deal, err);
        }
    }
    return act_close(&a, err);
}
