#include "engine/running.h"

#include "base/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* --- is it still what was planned? --------------------------------------------------------------- */

/* What a plan says of an item, as it is noted: "sum deal_version record_version", and on a line each what
 * the deal and the record get. */
struct planned {
    const char *sum;
    int64_t deal_version;
    const char *record_version; /* "": none */
    struct ds_deal write;
    struct ds_deal send;
};

static const char *values_of(struct ds_arena *a, const json_t *item, const char *key)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_PAGE);
    const json_t *values = json_object_get(item, key);
    const char *copy = NULL;

    if (!values)
        return "{}";
    ds_json_add(&text, values);
    if (!ds_buf_failed(&text))
        copy = ds_arena_dup(a, text.text);
    ds_buf_clear(&text);
    return copy;
}

static const char *note_of(struct ds_arena *a, const json_t *item)
{
    const char *version = ds_json_text(item, "record_version");
    const char *write = values_of(a, item, "write"), *send = values_of(a, item, "send");

    return write && send ? ds_arena_printf(a, "%s %s %s\n%s\n%s", ds_json_text(item, "sum"),
                                           ds_json_text(item, "deal_version"),
                                           version ? version : "", write, send)
                         : NULL;
}

static int read_note(struct ds_arena *a, const char *note, struct planned *out, struct ds_err *err)
{
    char *text = ds_arena_dup(a, note), *rest, *write, *send;

    if (!text)
        return ds_fail_nomem(err);
    out->sum = text;
    out->deal_version = strtoll(text + DS_HASH_TEXT, &rest, 10);
    out->record_version = rest + (*rest == ' ');
    write = strchr(rest, '\n');
    send = write ? strchr(write + 1, '\n') : NULL;
    if (!send)
        return ds_fail(err, DS_E_BUG, "a note about the plan holds '%.40s'", note);
    *write++ = '\0';
    *send++ = '\0';
    return ds_deal_from_json(a, write, &out->write, err)
               ? err->status
               : ds_deal_from_json(a, send, &out->send, err);
}

/* In words that a person can check. */
static const char *what_moved(struct ds_arena *a, const struct ds_item *item,
                              const struct planned *planned)
{
    const char *version = item->theirs->version;

    if (planned->deal_version != item->deal_version)
        return ds_arena_printf(
            a, "the deal has changed since: version %" PRId64 ", planned for %" PRId64,
            item->deal_version, planned->deal_version);
    if (strcmp(version ? version : "", planned->record_version) != 0)
        return "the record has changed in the CRM since";
    return "it would no longer come to the same: a time has passed, or another record came between";
}

/* Whether a side has all of what it was to get, as far as it tells. */
static bool has_all(const struct ds_deal *side, const struct ds_deal *planned, uint64_t fields)
{
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (planned->given & fields & UINT64_C(1) << f && ds_given(side, f) &&
            !ds_same(side->value[f], planned->value[f]))
            return false;
    return true;
}

/* An apply that was interrupted, or given a second time, meets what it has done: both sides are as the
 * plan wants them, and nothing is left to do. */
static bool is_done(const struct running *r, const struct ds_sight *s, const struct ds_item *item,
                    const struct planned *planned)
{
    uint64_t fields = r->job->only.fields ? r->job->only.fields : ~UINT64_C(0);

    return !((item->write.given | item->push.given) & fields) &&
           has_all(&s->ours.deal, &planned->write, fields) &&
           has_all(&s->theirs->mapped.deal, &planned->send, fields);
}

static int refuse(struct running *r, const char *about, const char *name, const char *why,
                  struct ds_err *err)
{
    const struct ds_watch *w = r->job->watch;

    r->result->refused++;
    return w->refused ? w->refused(w->arg, about, name, why, err) : DS_OK;
}

int ds_carry_check(struct running *r, const struct ds_sight *s, const struct ds_item *item,
                   bool *go, struct ds_err *err)
{
    const char *key = ds_plan_key(&r->batch, item);
    const char *note = NULL, *dealt = NULL, *why;
    struct planned planned;
    char sum[DS_HASH_TEXT];

    *go = false;
    if (!key || !ds_plan_sum(item, sum))
        return ds_fail_nomem(err);
    if (ds_running_note(r, DS_NOTE_PLANNED, key, "", &note, err))
        return err->status;
    if (!note || !*note) /* the plan does not speak of it */
        return DS_OK;
    if (ds_running_note(r, DS_NOTE_DEALT, key, "", &dealt, err) || dealt ||
        read_note(&r->batch, note, &planned, err))
        return err->status;
    *go = strncmp(planned.sum, sum, DS_HASH_TEXT - 1) == 0;
    if (*go)
        return DS_OK;
    if (is_done(r, s, item, &planned)) {
        r->result->done++;
        return DS_OK;
    }
    why = what_moved(&r->batch, item, &planned);
    return why ? refuse(r, key, item->name, why, err) : ds_fail_nomem(err);
}

/* --- going through the plan ---------------------------------------------------------------------- */

static int note_item(void *arg, const json_t *item, struct ds_err *err)
{
    struct running *r = arg;
    const char *key = ds_json_text(item, "about"), *sum = ds_json_text(item, "sum");
    const char *before, *note;

    ds_arena_reset(&r->batch);
    if (!key || !sum || strlen(sum) != DS_HASH_TEXT - 1 || !ds_json_text(item, "deal_version"))
        return ds_fail(err, DS_E_INPUT, "'%s' has an item that says not what it is about", r->plan);
    note = note_of(&r->batch, item);
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

/* Whether what is not there any more is gone because the plan was carried out: the hold was released, the
 * record created. */
static int was_done(struct running *r, const char *key, const json_t *item, bool *done,
                    struct ds_err *err)
{
    struct planned planned;
    struct ds_stored_deal deal;
    struct ds_link link = {0};
    struct ds_deal base;
    const char *number = ds_json_text(item, "deal"), *note = note_of(&r->batch, item), *id = NULL;
    int64_t of = number ? strtoll(number, NULL, 10) : 0;

    *done = false;
    if (!note)
        return ds_fail_nomem(err);
    if (strncmp(key, "record ", 7) == 0 || read_note(&r->batch, note, &planned, err) ||
        ds_store_deal(r->store, &r->batch, of, &deal, err) ||
        ds_store_link_of(r->store, &r->batch, r->state.id, of, &id, err) || !id ||
        ds_store_link(r->store, &r->batch, r->state.id, id, &link, err) ||
        ds_deal_from_json(&r->batch, link.base ? link.base : "{}", &base, err))
        return err->status;
    *done = has_all(&deal.deal, &planned.write, ~UINT64_C(0)) &&
            (base.given & planned.send.given) == planned.send.given &&
            has_all(&base, &planned.send, ~UINT64_C(0));
    return DS_OK;
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
    bool done = false;
    size_t i = 0;

    ds_arena_reset(&r->batch);
    if (ds_running_note(r, DS_NOTE_DEALT, key, "", &dealt, err) || dealt ||
        was_done(r, key, item, &done, err))
        return err->status;
    r->result->done += done;
    if (done)
        return DS_OK;
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
