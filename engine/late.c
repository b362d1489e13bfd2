#include "engine/written.h"

#include "base/json.h"

#include <inttypes.h>
#include <string.h>

static bool has_happened(const struct ds_deal *wanted, const struct ds_deal *is)
{
    struct ds_deal base = {0}, missed = {0};

    ds_written_compare(wanted, is, &base, &missed);
    return base.given & is->given;
}

/* The write has happened, or a part of it: that is confirmed. What is missing is planned again. */
static int confirm(struct running *r, struct ds_written_sight *w, struct ds_err *err)
{
    if (ds_written_keep(r, w, err) || ds_written_stand(r, w, err))
        return err->status;
    return w->missed.given ? ds_store_touch(r->store, r->state.id, w->intent->deal, err) : DS_OK;
}

/* Whether each field is as the write wants it or as it was before: nobody else has changed one. */
static bool is_ours_alone(const struct ds_intent *i, const struct ds_deal *wanted,
                          const struct ds_deal *is)
{
    json_t *changes = json_loads(i->changes, 0, NULL), *change;
    bool alone = true;
    size_t n;

    json_array_foreach(changes, n, change)
    {
        enum ds_field f = ds_field_find(ds_json_text(change, "field"));

        if (f < DS_FIELDS && ds_given(is, f) && !ds_same(is->value[f], wanted->value[f]))
            alone = alone && ds_same(is->value[f], ds_json_text(change, "old"));
    }
    json_decref(changes);
    return alone;
}

/* Takes from what was to be sent what the record no longer holds as it was before. Returns whether all
 * of it, some or nothing is left. */
static enum {
    ALL,
    SOME,
    NONE
} leave_rest(struct running *r, struct ds_intent *i, const struct ds_record *now)
{
    json_t *sent = json_loads(i->sent, 0, NULL);
    size_t count = json_array_size(sent), paths = ds_running_query(r).count, left;

    for (size_t n = count; n-- > 0;) {
        const json_t *row = json_array_get(sent, n);
        size_t path = (size_t)json_integer_value(json_array_get(row, 0));

        if (path >= paths || /* it has suffered in the store */
            !ds_same(now->values[path].text, json_string_value(json_array_get(row, 1))))
            json_array_remove(sent, n);
    }
    left = json_array_size(sent);
    i->sent = ds_written_json(&r->batch, sent);
    json_decref(sent);
    return left == count ? ALL : left ? SOME : NONE;
}

/* If nothing of the write has happened, and neither side has moved since, this run sends it as it is.
 * So it does with the rest, where a CRM takes several requests for a write and no merge would come to the
 * same again. */
static int adopt(struct running *r, struct ds_intent i, const struct ds_written_sight *w,
                 const struct ds_record *now, bool *adopted, struct ds_err *err)
{
    struct ds_stored_deal ours;

    if (!i.remote_id || r->remapped)
        return DS_OK;
    if (ds_store_deal(r->store, &r->batch, i.deal, &ours, err))
        return err->status;
    switch (leave_rest(r, &i, now)) {
    case ALL: *adopted = ds_same(i.version, now->version); break;
    case SOME:
        *adopted = (r->plan || ds_written_undo(&i)) &&
                   is_ours_alone(&i, &w->wanted, &w->theirs->mapped.deal);
        break;
    case NONE: return DS_OK;
    }
    *adopted = *adopted && w->link.seen_version == ours.version;
    if (!*adopted)
        return DS_OK;
    i.version = now->version;
    i.run = r->result->run.id;
    if (!i.sent)
        return ds_fail_nomem(err);
    return ds_batch_open(r, err) ? err->status
                                 : ds_store_intent_put(r->store, &i, r->policy.now_ms, err);
}

/* What the plan says of it was done by the run that kept the intent. */
static int note_dealt(struct running *r, const struct ds_intent *i, struct ds_err *err)
{
    const char *key = i->remote_id ? ds_arena_printf(&r->batch, "record %s", i->remote_id)
                                   : ds_arena_printf(&r->batch, "deal %" PRId64, i->deal);
    const char *before;

    return key ? ds_running_note(r, DS_NOTE_DEALT, key, "", &before, err) : ds_fail_nomem(err);
}

int ds_intent_settle(struct running *r, int64_t deal, const struct ds_record *now,
                     const struct ds_link *link, bool *dealt, struct ds_err *err)
{
    struct ds_intent i;
    struct ds_written_sight w = {.intent = &i, .remote_id = now->id, .link = *link};

    *dealt = false;
    if (ds_store_intent_of(r->store, &r->batch, r->state.id, deal, &i, err) || !i.id ||
        i.run == r->result->run.id || ds_written_look(r, now, &w.theirs, err) || !w.theirs ||
        ds_deal_from_json(&r->batch, i.wanted, &w.wanted, err) || adopt(r, i, &w, now, dealt, err))
        return err->status;
    if (!*dealt && has_happened(&w.wanted, &w.theirs->mapped.deal)) {
        if (confirm(r, &w, err))
            return err->status;
        *dealt = r->plan != NULL;
    }
    if (*dealt && r->plan && note_dealt(r, &i, err))
        return err->status;
    if (*dealt)
        r->result->run.outcome[i.outcome]++;
    return ds_batch_commit(r, err);
}
