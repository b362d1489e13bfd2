#include "engine/written.h"

#include "base/json.h"
#include "base/log.h"
#include "engine/refusal.h"

#include <string.h>

int ds_written_look(struct running *r, const struct ds_record *now, struct ds_theirs **out,
                    struct ds_err *err)
{
    *out = NULL;
    if (!now || now->fault || now->deleted)
        return DS_OK;
    return ds_records_read(r, now, out, err);
}

/* An item of the fields that were to be sent, for the conflicts and the report. */
static int start_item(struct running *r, const struct ds_intent *i, const struct ds_deal *wanted,
                      const struct ds_deal *base, int number, const char *why, struct ds_err *err)
{
    struct ds_item *item = &r->item;
    struct ds_theirs *theirs = ds_arena_alloc(&r->batch, sizeof(*theirs));
    struct ds_stored_deal deal;
    json_t *changes;

    if (!theirs)
        return ds_fail_nomem(err);
    if (ds_store_deal(r->store, &r->batch, i->deal, &deal, err))
        return err->status;
    changes = json_loads(i->changes, 0, NULL);
    memset(item, 0, sizeof(*item));
    theirs->id = i->remote_id;
    item->theirs = theirs;
    item->deal = i->deal;
    item->name = deal.deal.value[DS_NAME];
    item->outcome = DS_CONFLICT;
    item->case_number = i->remote_id ? DS_M_MERGE : DS_M_CREATE_THERE;
    item->why = ds_merge_case(number)->why;
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        json_t *row;
        size_t n;

        if (!ds_given(wanted, f))
            continue;
        item->change[item->changes] =
            (struct ds_change){.field = f,
                               .case_number = number,
                               .move = DS_MOVE_CONFLICT,
                               .base = base->value[f],
                               .ours = wanted->value[f],
                               .why = why ? why : ds_merge_case(number)->why};
        json_array_foreach(changes, n, row)
        {
            const char *old = ds_json_text(row, "old");

            if (strcmp(ds_json_text(row, "field"), ds_fields[f].name) == 0 && old)
                item->change[item->changes].theirs = ds_arena_dup(&r->batch, old);
        }
        item->changes++;
    }
    json_decref(changes);
    return DS_OK;
}

/* Tells of what was counted as updated and is a conflict after all. */
static int tell(struct running *r, const struct ds_intent *i, struct ds_err *err)
{
    uint64_t *outcome = r->result->run.outcome;

    if (i->remote_id && i->outcome == DS_UPDATED && outcome[DS_UPDATED]) {
        outcome[DS_UPDATED]--;
        outcome[DS_CONFLICT]++;
    }
    return r->job->watch->item ? r->job->watch->item(r->job->watch->arg, &r->item, err) : DS_OK;
}

static int tell_conflict(struct running *r, const struct ds_intent *i, struct ds_err *err)
{
    for (size_t n = 0; n < r->item.changes; n++)
        if (ds_conflict_keep(r, &r->item, &r->item.change[n], err))
            return err->status;
    return tell(r, i, err);
}

const char *ds_written_json(struct ds_arena *a, const json_t *json)
{
    struct ds_buf dump = DS_BUF_INIT(DS_MAX_PAGE);
    const char *text;

    ds_json_add(&dump, json);
    text = ds_buf_failed(&dump) ? NULL : ds_arena_dup(a, dump.text);
    ds_buf_clear(&dump);
    return text;
}

/* The changes of the history without those of some fields. */
static const char *without(struct ds_arena *a, const char *changes, const struct ds_deal *missed)
{
    json_t *all = json_loads(changes, 0, NULL);
    const char *text;

    for (size_t i = json_array_size(all); i-- > 0;) {
        enum ds_field f = ds_field_find(ds_json_text(json_array_get(all, i), "field"));

        if (f < DS_FIELDS && ds_given(missed, f))
            json_array_remove(all, i);
    }
    text = ds_written_json(a, all);
    json_decref(all);
    return text;
}

static int write_history(struct running *r, const struct ds_intent *i, const char *remote_id,
                         const char *changes, struct ds_err *err)
{
    struct ds_history h = {.deal = i->deal,
                           .run = i->run,
                           .connection = r->state.id,
                           .at_ms = r->policy.now_ms,
                           .kind = "pushed",
                           .remote_id = remote_id,
                           .changes = changes};

    if (!changes)
        return ds_fail_nomem(err);
    return strcmp(changes, "[]") == 0 ? DS_OK : ds_store_history_add(r->store, &h, err);
}

/* Whether the record holds nothing that these values do not: if both sides know it all, it is as this
 * run left it, and costs nothing when it comes back. */
static bool is_settled(const struct ds_theirs *theirs, const struct ds_deal *base)
{
    if (!theirs || theirs->mapped.problems || theirs->mapped.unmapped_stage)
        return false;
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_given(&theirs->mapped.deal, f) &&
            !(ds_given(base, f) && ds_same(theirs->mapped.deal.value[f], base->value[f])))
            return false;
    return true;
}

static int save_link(struct running *r, const struct ds_written_sight *w, struct ds_err *err)
{
    const struct ds_theirs *theirs = w->theirs;
    int64_t deal = w->intent->deal;
    struct ds_stored_deal ours;
    struct ds_link link = w->link;

    if (ds_store_deal(r->store, &r->batch, deal, &ours, err))
        return err->status;
    link.deal = deal;
    /* A record that says more than before the write (its stage, now that it is not on hold) may say
     * it against the deal. */
    link.version = theirs && is_settled(theirs, &w->base) && is_settled(theirs, &ours.deal)
                       ? theirs->version
                       : NULL;
    if (!w->link.deal) /* a deal that has moved since it was sent is looked at again */
        link.seen_version = is_settled(theirs, &ours.deal) ? ours.version : 0;
    ds_buf_reset(&r->text);
    ds_deal_to_json(&r->text, &w->base);
    if (ds_buf_failed(&r->text))
        return ds_fail_nomem(err);
    link.base = r->text.text;
    if (ds_store_link_save(r->store, r->state.id, w->remote_id, &link, err) ||
        (!w->intent->remote_id && ds_refusal_forget(r, deal, err)))
        return err->status;
    return link.seen_version == ours.version ? ds_store_untouch(r->store, r->state.id, deal, err)
                                             : ds_store_touch(r->store, r->state.id, deal, err);
}

bool ds_written_undo(const struct ds_intent *i)
{
    json_t *changes = json_loads(i->changes, 0, NULL);
    json_t *number = json_object_get(json_array_get(changes, 0), "case");
    bool undo = json_integer_value(number) == DS_M_SET;

    json_decref(changes);
    return undo;
}

int ds_written_stand(struct running *r, const struct ds_written_sight *w, struct ds_err *err)
{
    struct ds_stored_deal deal;

    if (!ds_written_undo(w->intent))
        return DS_OK;
    if (ds_store_deal(r->store, &r->batch, w->intent->deal, &deal, err) ||
        start_item(r, w->intent, &w->wanted, &w->base, DS_M_UNDONE, NULL, err))
        return err->status;
    for (size_t n = 0; n < r->item.changes; n++) {
        struct ds_change *c = &r->item.change[n];

        c->theirs = c->ours;
        c->ours = deal.deal.value[c->field];
        if (ds_conflict_stand(r, &r->item, c, err))
            return err->status;
    }
    return DS_OK;
}

void ds_written_compare(const struct ds_deal *wanted, const struct ds_deal *is,
                        struct ds_deal *base, struct ds_deal *missed)
{
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_given(wanted, f))
            ds_deal_set(ds_given(is, f) && !ds_same(is->value[f], wanted->value[f]) ? missed : base,
                        f, wanted->value[f]);
}

int ds_written_keep(struct running *r, struct ds_written_sight *w, struct ds_err *err)
{
    const struct ds_intent *i = w->intent;
    const char *changes = i->changes;

    if (ds_deal_from_json(&r->batch, w->link.base ? w->link.base : "{}", &w->base, err))
        return err->status;
    ds_written_compare(&w->wanted, w->theirs ? &w->theirs->mapped.deal : &w->wanted, &w->base,
                       &w->missed);
    if (w->missed.given)
        changes = without(&r->batch, changes, &w->missed);
    if (ds_batch_open(r, err) || save_link(r, w, err) ||
        ds_store_intent_drop(r->store, r->state.id, i->deal, err))
        return err->status;
    return write_history(r, i, w->remote_id, changes, err);
}

/* The CRM took the request, and kept other values (M-36); or it says why it took only a part (M-35). */
static int tell_missed(struct running *r, const struct ds_written_sight *w, const char *why,
                       struct ds_err *err)
{
    struct ds_intent known = *w->intent;

    known.remote_id = w->remote_id;
    if (start_item(r, &known, &w->missed, &w->base, why ? DS_M_REFUSED : DS_M_NOT_TAKEN, why, err))
        return err->status;
    for (size_t n = 0; n < r->item.changes; n++)
        r->item.change[n].theirs = w->theirs->mapped.deal.value[r->item.change[n].field];
    return tell_conflict(r, w->intent, err);
}

int ds_written_done(struct running *r, const struct ds_intent *i, const struct ds_record *now,
                    const char *why, struct ds_err *err)
{
    struct ds_written_sight w = {.intent = i,
                                 .remote_id = i->remote_id ? i->remote_id
                                              : now        ? now->id
                                                           : NULL};

    if (!w.remote_id) /* the next run asks by key which record it is */
        return DS_OK;
    if (ds_written_look(r, now, &w.theirs, err) ||
        ds_store_link(r->store, &r->batch, r->state.id, w.remote_id, &w.link, err) ||
        ds_deal_from_json(&r->batch, i->wanted, &w.wanted, err) || ds_written_keep(r, &w, err))
        return err->status;
    r->result->run.pushed++;
    return w.missed.given && w.theirs ? tell_missed(r, &w, why, err) : ds_written_stand(r, &w, err);
}

/* Drops the intent and leaves its fields in conflict. */
static int give_up(struct running *r, const struct ds_intent *i, int number, const char *why,
                   struct ds_err *err)
{
    struct ds_link link;
    struct ds_deal base, wanted;

    if (ds_store_link(r->store, &r->batch, r->state.id, i->remote_id, &link, err) ||
        ds_deal_from_json(&r->batch, link.base ? link.base : "{}", &base, err) ||
        ds_deal_from_json(&r->batch, i->wanted, &wanted, err) ||
        start_item(r, i, &wanted, &base, number, why, err))
        return err->status;
    if (ds_batch_open(r, err) || ds_store_intent_drop(r->store, r->state.id, i->deal, err))
        return err->status;
    return tell_conflict(r, i, err);
}

/* One conflict tells of the whole deal, by its name. */
static int refuse_creation(struct running *r, const struct ds_intent *i, const char *why,
                           struct ds_err *err)
{
    struct ds_intent known = *i;
    struct ds_deal base = {0}, wanted = {0};
    struct ds_stored_deal deal;

    known.remote_id = ds_refusal_place(&r->batch, i->deal);
    if (!known.remote_id)
        return ds_fail_nomem(err);
    if (ds_store_deal(r->store, &r->batch, i->deal, &deal, err))
        return err->status;
    ds_deal_set(&wanted, DS_NAME, deal.deal.value[DS_NAME]);
    if (start_item(r, &known, &wanted, &base, DS_M_REFUSED, why, err))
        return err->status;
    r->item.case_number = DS_M_CREATE_THERE;
    r->item.why = ds_merge_case(DS_M_CREATE_THERE)->why;
    if (ds_batch_open(r, err) || ds_store_intent_drop(r->store, r->state.id, i->deal, err))
        return err->status;
    return tell_conflict(r, i, err);
}

int ds_written_refused(struct running *r, const struct ds_intent *i, const char *why,
                       struct ds_err *err)
{
    return i->remote_id ? give_up(r, i, DS_M_REFUSED, why, err) : refuse_creation(r, i, why, err);
}

int ds_written_raced(struct running *r, const struct ds_intent *i, const struct ds_record *now,
                     struct ds_err *err)
{
    struct ds_theirs *theirs;

    if (ds_written_look(r, now, &theirs, err))
        return err->status;
    if (!theirs) {
        ds_log(DS_LOG_INFO, "record '%s' cannot be seen any more; nothing was sent",
               i->remote_id ? i->remote_id : "of a new deal");
        return ds_written_aside(r, i, err);
    }
    if (i->tries + 1 >= DS_MERGE_TRIES)
        return give_up(r, i, DS_M_RACE, NULL, err);
    theirs->tries = i->tries + 1;
    if (ds_batch_open(r, err) || ds_store_intent_drop(r->store, r->state.id, i->deal, err))
        return err->status;
    if (ds_records_write(r, theirs, err))
        return err->status;
    return r->item.outcome == DS_CONFLICT && i->outcome == DS_UPDATED ? tell(r, i, err) : DS_OK;
}

int ds_written_aside(struct running *r, const struct ds_intent *i, struct ds_err *err)
{
    if (ds_batch_open(r, err) || ds_store_intent_drop(r->store, r->state.id, i->deal, err))
        return err->status;
    return ds_store_touch(r->store, r->state.id, i->deal, err);
}
