#include "engine/running.h"

#include "base/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- is it still what was planned? --------------------------------------------------------------- */

/* "sum deal_version record_version" */
static const char *note_of(struct ds_arena *a, const char *sum, int64_t deal_version,
                           const char *record_version)
{
    return ds_arena_printf(a, "%s %" PRId64 " %s", sum, deal_version,
                           record_version ? record_version : "");
}

/* In words that a person can check. */
static const char *what_moved(struct ds_arena *a, const struct ds_item *item, const char *planned)
{
    char *rest;
    int64_t deal_version = strtoll(planned + DS_HASH_TEXT, &rest, 10);
    const char *version = item->theirs->version;

    if (deal_version != item->deal_version)
        return ds_arena_printf(
            a, "the deal has changed since: version %" PRId64 ", planned for %" PRId64,
            item->deal_version, deal_version);
    if (strcmp(version ? version : "", rest + (*rest == ' ')) != 0)
        return "the record has changed in the CRM since";
    return "it would no longer come to the same: a time has passed, or another record came between";
}

static int refuse(struct running *r, const char *about, const char *name, const char *why,
                  struct ds_err *err)
{
    const struct ds_watch *w = r->job->watch;

    r->result->refused++;
    return w->refused ? w->refused(w->arg, about, name, why, err) : DS_OK;
}

int ds_carry_check(struct running *r, const struct ds_item *item, bool *go, struct ds_err *err)
{
    const char *key = ds_plan_key(&r->batch, item);
    const char *planned = NULL, *dealt = NULL, *why;
    char sum[DS_HASH_TEXT];

    *go = false;
    if (!key || !ds_plan_sum(item, sum))
        return ds_fail_nomem(err);
    if (ds_running_note(r, DS_NOTE_PLANNED, key, "", &planned, err))
        return err->status;
    if (!planned || !*planned) /* the plan does not speak of it */
        return DS_OK;
    if (ds_running_note(r, DS_NOTE_DEALT, key, "", &dealt, err) || dealt)
        return err->status;
    *go = strncmp(planned, sum, DS_HASH_TEXT - 1) == 0;
    if (*go)
        return DS_OK;
    why = what_moved(&r->batch, item, planned);
    return why ? refuse(r, key, item->name, why, err) : ds_fail_nomem(err);
}

/* --- going through the plan ---------------------------------------------------------------------- */

static int note_item(void *arg, const json_t *item, struct ds_err *err)
{
    struct running *r = arg;
    const char *key = ds_json_text(item, "about"), *sum = ds_json_text(item, "sum");
    const char *version = ds_json_text(item, "deal_version"), *before, *note;

    ds_arena_reset(&r->batch);
    if (!key || !sum || strlen(sum) != DS_HASH_TEXT - 1 || !version)
        return ds_fail(err, DS_E_INPUT, "'%s' has an item that says not what it is about", r->plan);
    note =
        note_of(&r->batch, sum, strtoll(version, NULL, 10), ds_json_text(item, "record_version"));
    return note ? ds_running_note(r, DS_NOTE_PLANNED, key, note, &before, err) : ds_fail_nomem(err);
}

/* The records of a remote that is read as a whole have all been seen by now. */
static int ask_item(void *arg, const json_t *item, struct ds_err *err)
{
    struct ds_question *q = arg;
    const char *key = ds_json_text(item, "about");

    if (strncmp(key, "record ", 7) == 0)
        return ds_question_add(q, key + 7, err);
    return DS_OK;
}

static int offer_item(void *arg, const json_t *item, struct ds_err *err)
{
    struct running *r = arg;
    const char *key = ds_json_text(item, "about");
    bool linked = false;
    int64_t deal;

    ds_arena_reset(&r->batch);
    if (strncmp(key, "deal ", 5) != 0)
        return DS_OK;
    deal = strtoll(key + 5, NULL, 10);
    if (ds_store_linked(r->store, r->state.id, deal, &linked, err) || linked)
        return err->status;
    return ds_deal_offer(r, deal, err);
}

/* What nobody has dealt with is not there any more. */
static int miss_item(void *arg, const json_t *item, struct ds_err *err)
{
    static const struct {
        const char *key, *why;
    } gone[] = {{"hold ", "nothing is held for it any more"},
                {"deal ", "the deal has a record by now"},
                {"record ", "it cannot be seen any more"}};
    struct running *r = arg;
    const char *key = ds_json_text(item, "about"), *dealt = NULL;
    size_t i = 0;

    ds_arena_reset(&r->batch);
    if (ds_running_note(r, DS_NOTE_DEALT, key, "", &dealt, err) || dealt)
        return err->status;
    while (i < 2 && strncmp(key, gone[i].key, strlen(gone[i].key)) != 0)
        i++;
    return refuse(r, key, ds_json_text(item, "name"), gone[i].why, err);
}

static int read_items(struct running *r, struct ds_err *err)
{
    struct ds_question *q = ds_question_open(r, err);

    if (!q)
        return err->status;
    if (!ds_intents_ask(q, err))
        ds_planfile_each(r->plan, ask_item, q, err);
    return ds_question_close(q, err);
}

/* What an earlier run has sent is told of before an undo sends something else. */
static int read_intents(struct running *r, struct ds_err *err)
{
    struct ds_question *q = ds_question_open(r, err);

    if (!q)
        return err->status;
    ds_intents_ask(q, err);
    return ds_question_close(q, err);
}

static int fetch_items(struct running *r, struct ds_err *err)
{
    struct ds_sink sink = {.record = ds_records_take, .arg = r};
    struct ds_query query = ds_running_query(r);
    struct ds_buf next = DS_BUF_INIT(DS_MAX_URL);

    r->job->connector->fetch(r->remote, &query, &sink, &next, err);
    ds_buf_clear(&next);
    return err->status;
}

int ds_carry_out(struct running *r, struct ds_err *err)
{
    bool reads = (r->job->connector->abilities & DS_CAN_WRITE) != 0;

    r->compare = true;
    if (ds_planfile_each(r->plan, note_item, r, err))
        return err->status;
    if (r->undoes)
        return (reads && read_intents(r, err)) || ds_undo_take(r, err) || ds_batch_commit(r, err)
                   ? err->status
                   : ds_planfile_each(r->plan, miss_item, r, err);
    if ((reads ? read_items(r, err) : fetch_items(r, err)) ||
        ds_planfile_each(r->plan, offer_item, r, err) || ds_batch_commit(r, err) ||
        ds_records_release(r, err) || ds_batch_commit(r, err))
        return err->status;
    return ds_planfile_each(r->plan, miss_item, r, err);
}
