#include "engine/running.h"

#include "base/json.h"
#include "base/log.h"
#include "base/step.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BATCH 200 /* records in one call of the connector */

/* --- keeping an intent ------------------------------------------------------------------------ */

/* A creation's key is the same whenever it is asked for, and no other deal's (P-4). */
static const char *key_of(struct running *r, int64_t deal)
{
    char hash[DS_HASH_TEXT];
    const char *text =
        ds_arena_printf(&r->batch, "%s\n%s\n%" PRId64, r->store_name, r->job->connection, deal);

    if (!text)
        return NULL;
    ds_hash(text, strlen(text), hash);
    return ds_arena_printf(&r->batch, "%.8s-%.4s-8%.3s-a%.3s-%.12s", hash, hash + 8, hash + 12,
                           hash + 15, hash + 18);
}

static void sent_json(struct ds_buf *out, const struct ds_item *item)
{
    ds_buf_add_char(out, '[');
    for (size_t i = 0; i < item->assigns; i++) {
        ds_buf_addf(out, "%s[%zu,", i ? "," : "", item->assign[i].path);
        ds_text_to_json_or_null(out, item->assign[i].before.text);
        ds_buf_add_char(out, ',');
        ds_text_to_json_or_null(out, item->assign[i].value.text);
        ds_buf_add_char(out, ']');
    }
    ds_buf_add_char(out, ']');
}

int ds_intent_keep(struct running *r, const struct ds_item *item, struct ds_err *err)
{
    struct ds_buf sent = DS_BUF_INIT(DS_MAX_PAGE), wanted = DS_BUF_INIT(DS_MAX_PAGE);
    struct ds_buf changes = DS_BUF_INIT(DS_MAX_PAGE);
    const struct ds_theirs *t = item->theirs;
    struct ds_intent i = {.connection = r->state.id,
                          .deal = item->deal,
                          .remote_id = t->id,
                          .key = t->id ? NULL : key_of(r, item->deal),
                          .version = t->version,
                          .run = r->result->run.id,
                          .tries = t->tries,
                          .outcome = (int)item->outcome};

    sent_json(&sent, item);
    ds_deal_to_json(&wanted, &item->push);
    ds_item_changes_json(&changes, item, true);
    i.sent = sent.text;
    i.wanted = wanted.text;
    i.changes = changes.text;
    if (ds_buf_failed(&sent) || ds_buf_failed(&wanted) || ds_buf_failed(&changes) ||
        (!t->id && !i.key))
        ds_fail_nomem(err);
    else
        ds_store_intent_put(r->store, &i, r->policy.now_ms, err);
    ds_buf_clear(&sent);
    ds_buf_clear(&wanted);
    ds_buf_clear(&changes);
    return err->status;
}

/* --- one batch -------------------------------------------------------------------------------- */

struct pushing {
    struct running *r;
    struct ds_arena arena; /* texts of the batch */
    int64_t last;          /* the intent that was read last */
    size_t count;
    struct ds_intent intent[BATCH];
    struct ds_write write[BATCH];
    bool told[BATCH];
};

static struct ds_value value_of(struct ds_arena *a, const json_t *json, bool *nomem)
{
    struct ds_value v = {NULL, 0};

    if (json_is_string(json)) {
        v.len = json_string_length(json);
        v.text = ds_arena_dup(a, json_string_value(json));
        *nomem = *nomem || !v.text;
    }
    return v;
}

static int read_write(struct pushing *p, const struct ds_intent *i, struct ds_write *out,
                      struct ds_err *err)
{
    json_t *sent = json_loads(i->sent, 0, NULL), *row;
    struct ds_assign *values =
        ds_arena_alloc(&p->arena, (json_array_size(sent) + 1) * sizeof(*values));
    bool nomem = !values;
    size_t n;

    *out = (struct ds_write){i->remote_id, i->version, i->key, json_array_size(sent), values};
    json_array_foreach(sent, n, row)
    {
        if (nomem)
            break;
        values[n].path = (size_t)json_integer_value(json_array_get(row, 0));
        values[n].before = value_of(&p->arena, json_array_get(row, 1), &nomem);
        values[n].value = value_of(&p->arena, json_array_get(row, 2), &nomem);
    }
    json_decref(sent);
    return nomem ? ds_fail_nomem(err) : DS_OK;
}

/* An intent that this run has not planned again: its record cannot be seen, or be read. The deal is
 * looked at again by the next run. */
static int set_aside(struct running *r, const struct ds_intent *i, struct ds_err *err)
{
    if (ds_batch_open(r, err) || ds_store_intent_drop(r->store, r->state.id, i->deal, err))
        return err->status;
    return ds_store_touch(r->store, r->state.id, i->deal, err);
}

static int load(struct pushing *p, struct ds_err *err)
{
    struct running *r = p->r;

    ds_arena_reset(&p->arena);
    memset(p->told, 0, sizeof(p->told));
    for (p->count = 0; p->count < BATCH;) {
        struct ds_intent *i = &p->intent[p->count];
        bool linked = false;

        if (ds_store_intent(r->store, &p->arena, r->state.id, p->last, i, err))
            return err->status;
        if (!i->id)
            break;
        p->last = i->id;
        /* A deal that was to get a record may have been adopted by one in the same run. */
        if (!i->remote_id && ds_store_linked(r->store, r->state.id, i->deal, &linked, err))
            return err->status;
        if (i->run != r->result->run.id || linked) {
            if (set_aside(r, i, err))
                return err->status;
            continue;
        }
        if (read_write(p, i, &p->write[p->count], err))
            return err->status;
        p->count++;
    }
    return ds_batch_commit(r, err);
}

/* --- what became of a write -------------------------------------------------------------------- */

/* The record as it is now, mapped; NULL when it cannot be told. */
static int look(struct running *r, const struct ds_record *now, struct ds_theirs **out,
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
static int tell_conflict(struct running *r, const struct ds_intent *i, struct ds_err *err)
{
    uint64_t *outcome = r->result->run.outcome;

    for (size_t n = 0; n < r->item.changes; n++)
        if (ds_conflict_keep(r, &r->item, &r->item.change[n], err))
            return err->status;
    if (i->remote_id && i->outcome == DS_UPDATED && outcome[DS_UPDATED]) {
        outcome[DS_UPDATED]--;
        outcome[DS_CONFLICT]++;
    }
    return r->job->watch->item ? r->job->watch->item(r->job->watch->arg, &r->item, err) : DS_OK;
}

/* NULL: no memory. */
static const char *text_of(struct ds_arena *a, const json_t *json)
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
    text = text_of(a, all);
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

/* Where a rejection of a creation stands: there is no record that it could be of. NULL: no memory. */
static const char *place_of(struct running *r, int64_t deal)
{
    return ds_arena_printf(&r->batch, "(deal %" PRId64 ")", deal);
}

/* A record that the CRM did not want, and wants now. */
static int forget_refusal(struct running *r, const struct ds_intent *i, struct ds_err *err)
{
    const char *place = place_of(r, i->deal);

    if (i->remote_id || !r->any_rejects)
        return DS_OK;
    return place ? ds_store_reject_drop(r->store, r->state.id, place, err) : ds_fail_nomem(err);
}

static int save_link(struct running *r, const struct ds_intent *i, const char *remote_id,
                     const struct ds_link *old, const struct ds_deal *base,
                     const struct ds_theirs *theirs, struct ds_err *err)
{
    struct ds_stored_deal ours;
    struct ds_link link = *old;

    if (ds_store_deal(r->store, &r->batch, i->deal, &ours, err))
        return err->status;
    link.deal = i->deal;
    /* A record that says more than before the write (its stage, now that it is not on hold) may say
     * it against the deal. */
    link.version = theirs && is_settled(theirs, base) && is_settled(theirs, &ours.deal)
                       ? theirs->version
                       : NULL;
    if (!old->deal) /* a deal that has moved since it was sent is looked at again */
        link.seen_version = is_settled(theirs, &ours.deal) ? ours.version : 0;
    ds_buf_reset(&r->text);
    ds_deal_to_json(&r->text, base);
    if (ds_buf_failed(&r->text))
        return ds_fail_nomem(err);
    link.base = r->text.text;
    if (ds_store_link_save(r->store, r->state.id, remote_id, &link, err) ||
        forget_refusal(r, i, err))
        return err->status;
    return link.seen_version == ours.version ? ds_store_untouch(r->store, r->state.id, i->deal, err)
                                             : ds_store_touch(r->store, r->state.id, i->deal, err);
}

/* An undo sends what no side of a merge has. */
static bool is_undo(const struct ds_intent *i)
{
    json_t *changes = json_loads(i->changes, 0, NULL);
    json_t *number = json_object_get(json_array_get(changes, 0), "case");
    bool undo = json_integer_value(number) == DS_M_SET;

    json_decref(changes);
    return undo;
}

/* What an undo has sent stands against the deal, which nobody has changed back. */
static int stand(struct running *r, const struct ds_intent *i, const struct ds_deal *wanted,
                 const struct ds_deal *base, struct ds_err *err)
{
    struct ds_stored_deal deal;

    if (!is_undo(i))
        return DS_OK;
    if (ds_store_deal(r->store, &r->batch, i->deal, &deal, err) ||
        start_item(r, i, wanted, base, DS_M_UNDONE, NULL, err))
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

/* Moves the base to what the record now holds of a write; the rest has been missed. */
static void compare(const struct ds_deal *wanted, const struct ds_deal *is, struct ds_deal *base,
                    struct ds_deal *missed)
{
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_given(wanted, f))
            ds_deal_set(ds_given(is, f) && !ds_same(is->value[f], wanted->value[f]) ? missed : base,
                        f, wanted->value[f]);
}

/* One commit moves the base, drops the intent and adds the history. */
static int confirm(struct running *r, const struct ds_intent *i, const struct ds_record *now,
                   struct ds_err *err)
{
    const char *remote_id = i->remote_id ? i->remote_id : now ? now->id : NULL;
    struct ds_intent known = *i;
    struct ds_theirs *theirs;
    struct ds_link link;
    struct ds_deal base, wanted, missed = {0};
    const char *changes;

    if (!remote_id) /* the next run asks by key which record it is */
        return DS_OK;
    if (look(r, now, &theirs, err) ||
        ds_store_link(r->store, &r->batch, r->state.id, remote_id, &link, err) ||
        ds_deal_from_json(&r->batch, link.base ? link.base : "{}", &base, err) ||
        ds_deal_from_json(&r->batch, i->wanted, &wanted, err))
        return err->status;
    compare(&wanted, theirs ? &theirs->mapped.deal : &wanted, &base, &missed);
    changes = missed.given ? without(&r->batch, i->changes, &missed) : i->changes;
    if (ds_batch_open(r, err) || save_link(r, i, remote_id, &link, &base, theirs, err) ||
        ds_store_intent_drop(r->store, r->state.id, i->deal, err) ||
        write_history(r, i, remote_id, changes, err))
        return err->status;
    r->result->run.pushed++;
    if (!missed.given || !theirs)
        return stand(r, i, &wanted, &base, err);
    known.remote_id = remote_id; /* of a creation, too */
    if (start_item(r, &known, &missed, &base, DS_M_NOT_TAKEN, NULL, err))
        return err->status;
    for (size_t n = 0; n < r->item.changes; n++)
        r->item.change[n].theirs = theirs->mapped.deal.value[r->item.change[n].field];
    return tell_conflict(r, i, err);
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

/* A record that the CRM does not want: kept with its reason like one that we do not want. */
static int refuse_creation(struct running *r, const struct ds_intent *i, const char *why,
                           struct ds_err *err)
{
    struct ds_reject row = {
        .connection = r->state.id, .run = r->result->run.id, .at_ms = r->policy.now_ms};
    struct ds_stored_deal deal;

    if (ds_store_deal(r->store, &r->batch, i->deal, &deal, err))
        return err->status;
    row.remote_id = place_of(r, i->deal);
    row.name = deal.deal.value[DS_NAME];
    ds_buf_reset(&r->text);
    ds_buf_add(&r->text, "[{\"rule\":0,\"field\":null,\"text\":");
    ds_text_to_json(&r->text, why ? why : "the CRM refused to create it");
    ds_buf_add(&r->text, "}]");
    if (!row.remote_id || ds_buf_failed(&r->text))
        return ds_fail_nomem(err);
    row.reasons = r->text.text;
    if (ds_batch_open(r, err) || ds_store_intent_drop(r->store, r->state.id, i->deal, err))
        return err->status;
    return ds_store_reject_put(r->store, &row, err);
}

/* The record has moved: it is merged again as it is now, a bounded number of times (P-5). */
static int race(struct running *r, const struct ds_intent *i, const struct ds_record *now,
                struct ds_err *err)
{
    struct ds_theirs *theirs;

    if (look(r, now, &theirs, err))
        return err->status;
    if (!theirs) {
        ds_log(DS_LOG_INFO, "record '%s' cannot be seen any more; nothing was sent",
               i->remote_id ? i->remote_id : "of a new deal");
        return set_aside(r, i, err);
    }
    if (i->tries + 1 >= DS_MERGE_TRIES)
        return give_up(r, i, DS_M_RACE, NULL, err);
    theirs->tries = i->tries + 1;
    if (ds_batch_open(r, err) || ds_store_intent_drop(r->store, r->state.id, i->deal, err))
        return err->status;
    return ds_records_write(r, theirs, err);
}

static int on_written(void *arg, const struct ds_written *what, struct ds_err *err)
{
    struct pushing *p = arg;
    struct running *r = p->r;
    const struct ds_intent *i = &p->intent[what->change];

    if (what->change >= p->count || p->told[what->change])
        return ds_fail(err, DS_E_BUG, "a write was told of twice, or was never asked for");
    p->told[what->change] = true;
    ds_step();
    ds_arena_reset(&r->batch);
    switch (what->status) {
    case DS_OK: return confirm(r, i, what->now, err);
    case DS_E_STALE: return race(r, i, what->now, err);
    case DS_E_RECORD:
        return i->remote_id ? give_up(r, i, DS_M_REFUSED, what->text, err)
                            : refuse_creation(r, i, what->text, err);
    case DS_E_LATER: r->result->unsent++; return DS_OK;
    default: return ds_fail(err, DS_E_BUG, "a write ended with status %d", what->status);
    }
}

/* --- what an earlier run has not confirmed ----------------------------------------------------- */

static bool has_happened(const struct ds_deal *wanted, const struct ds_deal *is)
{
    struct ds_deal base = {0}, missed = {0};

    compare(wanted, is, &base, &missed);
    return base.given & is->given;
}

/* The write has happened, or a part of it: that is confirmed. What is missing is planned again. */
static int confirm_late(struct running *r, const struct ds_intent *i, const char *remote_id,
                        const struct ds_link *link, const struct ds_theirs *theirs,
                        const struct ds_deal *wanted, struct ds_err *err)
{
    struct ds_deal base, missed = {0};
    const char *changes;

    if (ds_deal_from_json(&r->batch, link->base ? link->base : "{}", &base, err))
        return err->status;
    compare(wanted, &theirs->mapped.deal, &base, &missed);
    changes = missed.given ? without(&r->batch, i->changes, &missed) : i->changes;
    if (ds_batch_open(r, err) || save_link(r, i, remote_id, link, &base, theirs, err) ||
        ds_store_intent_drop(r->store, r->state.id, i->deal, err) ||
        write_history(r, i, remote_id, changes, err) || stand(r, i, wanted, &base, err))
        return err->status;
    return missed.given ? ds_store_touch(r->store, r->state.id, i->deal, err) : DS_OK;
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
    i->sent = text_of(&r->batch, sent);
    json_decref(sent);
    return left == count ? ALL : left ? SOME : NONE;
}

/* If nothing of the write has happened, and neither side has moved since, this run sends it as it is.
 * So it does with the rest, where a CRM takes several requests for a write and no merge would come to the
 * same again. */
static int adopt(struct running *r, struct ds_intent i, const struct ds_link *link,
                 const struct ds_record *now, const struct ds_theirs *theirs,
                 const struct ds_deal *wanted, bool *adopted, struct ds_err *err)
{
    struct ds_stored_deal ours;

    if (!i.remote_id || r->remapped)
        return DS_OK;
    if (ds_store_deal(r->store, &r->batch, i.deal, &ours, err))
        return err->status;
    switch (leave_rest(r, &i, now)) {
    case ALL: *adopted = ds_same(i.version, now->version); break;
    case SOME:
        *adopted = (r->plan || is_undo(&i)) && is_ours_alone(&i, wanted, &theirs->mapped.deal);
        break;
    case NONE: return DS_OK;
    }
    *adopted = *adopted && link->seen_version == ours.version;
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
    struct ds_theirs *theirs;
    struct ds_deal wanted;
    struct ds_intent i;

    *dealt = false;
    if (ds_store_intent_of(r->store, &r->batch, r->state.id, deal, &i, err) || !i.id ||
        i.run == r->result->run.id || look(r, now, &theirs, err) || !theirs ||
        ds_deal_from_json(&r->batch, i.wanted, &wanted, err) ||
        adopt(r, i, link, now, theirs, &wanted, dealt, err))
        return err->status;
    if (!*dealt && has_happened(&wanted, &theirs->mapped.deal)) {
        if (confirm_late(r, &i, now->id, link, theirs, &wanted, err))
            return err->status;
        *dealt = r->plan != NULL;
    }
    if (*dealt && r->plan && note_dealt(r, &i, err))
        return err->status;
    if (*dealt)
        r->result->run.outcome[i.outcome]++;
    return ds_batch_commit(r, err);
}

int ds_push(struct running *r, struct ds_err *err)
{
    struct pushing *p;

    if (r->dry || !r->policy.sends)
        return DS_OK;
    p = calloc(1, sizeof(*p));
    if (!p)
        return ds_fail_nomem(err);
    p->r = r;
    while (!load(p, err) && p->count) {
        struct ds_query query = ds_running_query(r);

        ds_step();
        if (r->job->connector->write(r->remote, &query, p->write, p->count, on_written, p, err) ||
            ds_batch_commit(r, err) || ds_options_interrupted(r->job->options, err))
            break;
    }
    ds_arena_clear(&p->arena);
    free(p);
    return err->status;
}
