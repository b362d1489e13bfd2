#include "engine/running.h"

#include "base/date.h"
#include "engine/theirs.h"

#include <inttypes.h>
#include <string.h>

#define PROGRESS_EVERY 1000

/* Whether a CRM id that has changed is another deal's. */
static int see_claims(struct running *r, struct ds_sight *s, struct ds_err *err)
{
    const char *crm_id = s->theirs->mapped.deal.value[DS_CRM_ID];
    int64_t id;

    if (!crm_id || ds_same(crm_id, s->ours.deal.value[DS_CRM_ID]))
        return DS_OK;
    return ds_store_deal_by_crm_id(r->store, crm_id, &s->same_crm_id, &id, err);
}

static int see_conflicts(struct running *r, struct ds_sight *s, struct ds_err *err)
{
    if (ds_store_conflict_fields(r->store, r->state.id, s->theirs->id, &s->open_conflicts, err))
        return err->status;
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        struct ds_conflict *c;

        if (!(s->open_conflicts >> f & 1))
            continue;
        c = ds_arena_alloc(&r->batch, sizeof(*c));
        if (!c)
            return ds_fail_nomem(err);
        if (ds_store_conflict_of(r->store, &r->batch, r->state.id, s->theirs->id, f, c, err))
            return err->status;
        s->open[f] = c;
    }
    return DS_OK;
}

/* When our side last changed, for fields whose newer value wins. Nobody asks where both sides have
 * agreed on what the deal has. */
static int see_times(struct running *r, struct ds_sight *s, struct ds_err *err)
{
    bool newest = false;
    int64_t *times;

    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        newest = newest ||
                 (r->policy.settle[f] == DS_SETTLE_NEWEST && ds_given(&s->theirs->mapped.deal, f) &&
                  !ds_same(s->ours.deal.value[f], s->base.value[f]));
    if (!newest)
        return DS_OK;
    times = ds_arena_alloc(&r->batch, DS_FIELDS * sizeof(*times));
    s->ours_ms = times;
    return times ? ds_store_field_times(r->store, s->ours.id, 0, times, err) : ds_fail_nomem(err);
}

/* While a record was deleted, a person may have given its deal another one. */
static int see_successor(struct running *r, struct ds_sight *s, struct ds_err *err)
{
    if (!s->link.deleted || s->theirs->deleted)
        return DS_OK;
    return ds_store_link_of(r->store, &r->batch, r->state.id, s->link.deal, &s->linked_to, err);
}

static int see_link(struct running *r, struct ds_sight *s, struct ds_err *err)
{
    struct ds_arena *a = &r->batch;

    if (ds_deal_from_json(a, s->link.base ? s->link.base : "{}", &s->base, err) ||
        ds_store_deal(r->store, a, s->link.deal, &s->ours, err))
        return err->status;
    if (!s->ours.id)
        return ds_fail(err, DS_E_STORE,
                       "the link of record '%s' names deal %" PRId64 ", which is gone",
                       s->theirs->id, s->link.deal);
    if (see_claims(r, s, err) || see_times(r, s, err) || see_successor(r, s, err))
        return err->status;
    return see_conflicts(r, s, err);
}

/* Which record a planned creation will be linked to: in a dry run the store cannot tell. */
static int see_planned(struct running *r, struct ds_sight *s, const char *crm_id,
                       struct ds_err *err)
{
    if (ds_running_note(r, DS_NOTE_CRM_ID, crm_id, s->theirs->id, &s->linked_to, err))
        return err->status;
    if (s->linked_to && strcmp(s->linked_to, s->theirs->id) == 0)
        s->linked_to = NULL;
    s->same_crm_id = s->linked_to != NULL;
    return DS_OK;
}

/* A record without a link may belong to a deal that carries its CRM id, or look like one. */
static int see_candidate(struct running *r, struct ds_sight *s, struct ds_err *err)
{
    const struct ds_deal *d = &s->theirs->mapped.deal;
    const char *crm_id = d->value[DS_CRM_ID];
    int64_t id = 0;

    if (crm_id && ds_store_deal_by_crm_id(r->store, crm_id, &s->same_crm_id, &id, err))
        return err->status;
    if (s->same_crm_id == 1) {
        if (ds_store_deal(r->store, &r->batch, id, &s->ours, err))
            return err->status;
        return ds_store_link_of(r->store, &r->batch, r->state.id, id, &s->linked_to, err);
    }
    if (crm_id && !s->same_crm_id && r->dry && see_planned(r, s, crm_id, err))
        return err->status;
    if (s->same_crm_id || !r->has_strangers || !d->value[DS_NAME])
        return DS_OK;
    return ds_store_deal_match(r->store, r->state.id, d, &s->matches, &s->match, err);
}

/* Whether a new record looks like this deal: when a plan is carried out the store knows, else this run
 * has come across it, since claims are looked at again before any deal is offered. */
static int see_claimed(struct running *r, struct ds_sight *s, struct ds_err *err)
{
    const char *deal = ds_arena_printf(&r->batch, "%" PRId64, s->ours.id), *note = NULL;

    if (r->plan)
        return ds_store_is_claimed(r->store, r->state.id, s->ours.id, &s->claimed, err);
    if (!deal)
        return ds_fail_nomem(err);
    if (ds_running_note(r, DS_NOTE_CLAIMED, deal, "", &note, err))
        return err->status;
    s->claimed = note && *note;
    return DS_OK;
}

static int note_claimed(struct running *r, const struct ds_item *item, struct ds_err *err)
{
    const char *deal = ds_arena_printf(&r->batch, "%" PRId64, item->deal), *before;

    return deal ? ds_running_note(r, DS_NOTE_CLAIMED, deal, item->theirs->id, &before, err)
                : ds_fail_nomem(err);
}

static int see(struct running *r, struct ds_theirs *theirs, const struct ds_link *link,
               struct ds_sight *s, struct ds_err *err)
{
    struct ds_claim claim = {.kind = DS_CLAIMS};

    memset(s, 0, sizeof(*s));
    s->theirs = theirs;
    s->link = *link;
    s->claim = DS_CLAIMS;
    if (link->deal && theirs->id)
        return see_link(r, s, err);
    if (link->deal)
        return ds_store_linked(r->store, r->state.id, link->deal, &s->linked, err) ||
                       ds_store_deal(r->store, &r->batch, link->deal, &s->ours, err) ||
                       see_claimed(r, s, err)
                   ? err->status
                   : DS_OK;
    if (r->any_claims && ds_store_claim(r->store, &r->batch, r->state.id, theirs->id, &claim, err))
        return err->status;
    s->claim = claim.kind;
    return theirs->deleted ? DS_OK : see_candidate(r, s, err);
}

static bool worth_telling(const struct ds_item *item)
{
    if (item->outcome != DS_UNCHANGED || item->warning)
        return true;
    for (size_t i = 0; i < item->changes; i++)
        if (item->change[i].move == DS_MOVE_AGREE)
            return true;
    return false;
}

int ds_item_settle(struct running *r, const struct ds_item *item, struct ds_err *err)
{
    if (item->theirs->released)
        r->result->released++;
    else
        r->result->run.outcome[item->outcome]++;
    if (item->warning)
        r->result->warnings++;
    if (item->warning && item->theirs->mapped.unmapped_stage)
        r->result->unmapped++;
    if (!worth_telling(item) || !r->job->watch->item)
        return DS_OK;
    return r->job->watch->item(r->job->watch->arg, item, err);
}

/* What a connection's first load may write as it comes: it changes no deal that exists. */
static bool is_direct(const struct running *r, const struct ds_item *item)
{
    return !r->loaded && (item->case_number == DS_M_CREATE || !item->deal);
}

static int defer(struct running *r, const struct ds_theirs *theirs, struct ds_err *err)
{
    r->deferred = true;
    ds_buf_reset(&r->text);
    ds_theirs_pack(&r->text, theirs);
    if (ds_buf_failed(&r->text))
        return ds_fail_nomem(err);
    return ds_store_spool_add(r->store, r->text.text, r->text.len, err);
}

static int write_direct(struct running *r, struct ds_item *item, const struct ds_sight *s,
                        struct ds_err *err)
{
    bool stale;

    if (ds_extent_keep(r, err) || ds_batch_open(r, err) || ds_apply(r, item, s, &stale, err) ||
        ds_item_settle(r, item, err))
        return err->status;
    return ++r->writes < DS_BATCH_WRITES ? DS_OK : ds_batch_commit(r, err);
}

/* Notes that a dry run has planned a record: a real one would then have nothing left of its hold.
 * *before, if asked for: it was planned already. Apart from the ids that the input may repeat. */
static int note_planned(struct running *r, const char *id, bool *before, struct ds_err *err)
{
    const char *first = NULL;

    if (!ds_running_note(r, DS_NOTE_BEFORE, id, "", &first, err) && before)
        *before = first != NULL;
    return err->status;
}

/* A part of a plan is another plan: what the rest would do is neither shown nor saved. */
static int show(struct running *r, const struct ds_item *item, struct ds_err *err)
{
    const struct ds_theirs *t = item->theirs;

    if (t->id && note_planned(r, t->id, NULL, err))
        return err->status;
    if (!ds_only_takes(&r->job->only, item)) {
        if (!t->released)
            r->result->run.outcome[DS_IGNORED]++;
        return DS_OK;
    }
    if (r->out && worth_telling(item) && ds_planfile_add(r->out, item, err))
        return err->status;
    return ds_item_settle(r, item, err);
}

static int decide(struct running *r, struct ds_sight *s, struct ds_err *err)
{
    if (r->undoes)
        return ds_undo_plan(r, s, &r->item, err);
    ds_plan(&r->policy, &r->batch, s, &r->item);
    return DS_OK;
}

/* The same item with fewer fields than the plan was made for. */
static int cut_down(struct running *r, struct ds_sight *s, size_t problems, struct ds_err *err)
{
    uint64_t made = r->policy.only;

    if (!r->job->only.fields || r->job->only.fields == made)
        return DS_OK;
    r->policy.only = r->job->only.fields;
    s->theirs->mapped.problems = problems;
    decide(r, s, err);
    r->policy.only = made;
    return err->status;
}

/* An item of an apply: written at once if it is still what was planned. */
static int carry_out(struct running *r, struct ds_sight *s, size_t problems, struct ds_err *err)
{
    struct ds_item *item = &r->item;
    bool stale, go = false;

    if (ds_carry_check(r, s, item, &go, err) || (go && cut_down(r, s, problems, err)))
        return err->status;
    if (!go || !ds_only_takes(&r->job->only, item)) {
        r->result->run.fetched -= !item->theirs->released;
        return DS_OK;
    }
    if (ds_batch_open(r, err) || ds_apply(r, item, s, &stale, err))
        return err->status;
    if (stale)
        return ds_fail(err, DS_E_LATER, "deal %" PRId64 " changes while the plan is carried out",
                       item->deal);
    if (ds_item_settle(r, item, err))
        return err->status;
    return ++r->writes < DS_BATCH_WRITES ? DS_OK : ds_batch_commit(r, err);
}

int ds_records_plan(struct running *r, struct ds_theirs *theirs, const struct ds_link *link,
                    struct ds_err *err)
{
    struct ds_item *item = &r->item;
    struct ds_sight sight;
    size_t problems = theirs->mapped.problems;

    if (see(r, theirs, link, &sight, err))
        return err->status;
    if (decide(r, &sight, err))
        return err->status;
    if (item->case_number == DS_M_MATCH && note_claimed(r, item, err))
        return err->status;
    if (r->plan)
        return carry_out(r, &sight, problems, err);
    if (!is_direct(r, item))
        ds_guard_count(r, item);
    if (r->dry)
        return show(r, item, err);
    if (is_direct(r, item))
        return write_direct(r, item, &sight, err);
    theirs->mapped.problems = problems; /* what the rules add is found again when it is applied */
    return defer(r, theirs, err);
}

static void tell_progress(struct running *r)
{
    const struct ds_watch *w = r->job->watch;

    if (w->progress && r->result->run.fetched % PROGRESS_EVERY == 0)
        w->progress(w->arg, r->result->run.fetched, r->expected);
}

struct ds_query ds_running_query(const struct running *r)
{
    struct ds_query query = {.written = r->written};

    query.paths = ds_mapping_paths(r->job->mapping, &query.count);
    return query;
}

static int read_head(struct running *r, const struct ds_record *record, struct ds_theirs **out,
                     struct ds_err *err)
{
    struct ds_theirs *theirs = ds_arena_alloc(&r->batch, sizeof(*theirs));

    *out = theirs;
    if (!theirs)
        return ds_fail_nomem(err);
    theirs->id = record->id
                     ? record->id
                     : ds_arena_printf(&r->batch, "(%s)", record->where ? record->where : "?");
    theirs->version = record->version;
    theirs->source = record->modified_by;
    theirs->where = record->where;
    theirs->deleted = record->deleted;
    if (!record->modified || !ds_instant(record->modified, &theirs->modified_ms))
        theirs->modified_ms = 0;
    if (r->policy.sends && record->values) {
        theirs->raw = record->values;
        ds_mapping_paths(r->job->mapping, &theirs->raws);
    }
    return DS_OK;
}

int ds_records_read(struct running *r, const struct ds_record *record, struct ds_theirs **out,
                    struct ds_err *err)
{
    if (read_head(r, record, out, err))
        return err->status;
    return ds_map(r->job->mapping, &r->batch, record, &(*out)->mapped, err);
}

/* M-20: as the last run left it. */
static bool is_known(const struct running *r, const struct ds_record *record,
                     const struct ds_link *link)
{
    return link->deal && !r->compare && !r->asking && !record->fault &&
           link->deleted == record->deleted && record->version &&
           ds_same(link->version, record->version) && link->seen_version == link->deal_version;
}

int ds_records_take(void *arg, const struct ds_record *record, struct ds_err *err)
{
    struct running *r = arg;
    struct ds_theirs *theirs;
    struct ds_link link = {0};
    bool dealt = false;

    r->result->run.fetched++;
    tell_progress(r);
    ds_arena_reset(&r->batch);
    if (read_head(r, record, &theirs, err))
        return err->status;
    if (!r->asking && r->newest_ms < theirs->modified_ms)
        r->newest_ms = theirs->modified_ms;
    if ((r->job->connector->abilities & DS_MAY_REPEAT) &&
        ds_store_seen(r->store, &r->batch, theirs->id, record->where ? record->where : "",
                      &theirs->repeats, err))
        return err->status;
    if (ds_store_link(r->store, &r->batch, r->state.id, theirs->id, &link, err) ||
        ((r->asks || r->job->command == DS_VERIFY) && !r->asking &&
         ds_asks_note(r, theirs->id, err)))
        return err->status;
    if (r->any_intents && link.deal && !r->dry && !theirs->repeats) {
        if (ds_intent_settle(r, link.deal, record, &link, &dealt, err) || dealt ||
            ds_store_link(r->store, &r->batch, r->state.id, theirs->id, &link, err))
            return err->status;
    }
    if (!theirs->repeats && is_known(r, record, &link)) {
        r->result->run.outcome[DS_UNCHANGED]++;
        return DS_OK;
    }
    if (ds_map(r->job->mapping, &r->batch, record, &theirs->mapped, err))
        return err->status;
    return ds_records_plan(r, theirs, &link, err);
}

/* A page is complete: what a first load has written so far is kept, and a run that dies later goes on
 * from here. */
int ds_records_mark(void *arg, const char *resume, struct ds_err *err)
{
    struct running *r = arg;

    if (r->dry || r->loaded)
        return DS_OK;
    if (r->deferred || r->remapped) /* nobody waits for the store while we wait for a page */
        return ds_batch_commit(r, err);
    ds_buf_reset(&r->resume);
    ds_buf_add(&r->resume, resume);
    if (ds_buf_failed(&r->resume))
        return ds_fail_nomem(err);
    r->state.resume = r->resume.text;
    r->state.resume_fingerprint = r->fingerprint;
    if (ds_batch_open(r, err) || ds_store_connection_save(r->store, &r->state, err))
        return err->status;
    return ds_batch_commit(r, err);
}

/* The remote cannot tell what is new, and tells everything. */
int ds_records_whole(void *arg, const char *why, struct ds_err *err)
{
    struct running *r = arg;
    const char *text = ds_arena_printf(&r->lasting, "every record is compared: %s", why);

    r->result->everything = true;
    if (!text)
        return ds_fail_nomem(err);
    if (r->job->watch->notice)
        r->job->watch->notice(r->job->watch->arg, text);
    return DS_OK;
}

void ds_records_expect(void *arg, uint64_t records)
{
    struct running *r = arg;

    r->expected = records;
}

/* The link of a record, or what stands for it where there is no record: the deal alone. */
static int find_link(struct running *r, const struct ds_theirs *theirs, struct ds_link *link,
                     struct ds_err *err)
{
    if (theirs->id)
        return ds_store_link(r->store, &r->batch, r->state.id, theirs->id, link, err);
    *link = (struct ds_link){.deal = theirs->only_deal};
    return DS_OK;
}

int ds_records_write(struct running *r, struct ds_theirs *theirs, struct ds_err *err)
{
    struct ds_sight sight;
    struct ds_link link = {0};
    size_t problems = theirs->mapped.problems;
    bool stale = true;

    for (int tries = 0; stale && tries < DS_MERGE_TRIES; tries++) {
        theirs->mapped.problems = problems;
        if (ds_batch_open(r, err) || find_link(r, theirs, &link, err) ||
            see(r, theirs, &link, &sight, err))
            return err->status;
        ds_plan(&r->policy, &r->batch, &sight, &r->item);
        if (ds_apply(r, &r->item, &sight, &stale, err))
            return err->status;
    }
    if (stale)
        return ds_fail(err, DS_E_LATER, "deal %" PRId64 " changes faster than it can be merged",
                       r->item.deal);
    return DS_OK;
}

static int on_spooled(void *arg, const void *bytes, size_t len, struct ds_err *err)
{
    struct running *r = arg;
    struct ds_theirs *theirs;

    ds_arena_reset(&r->batch);
    theirs = ds_arena_alloc(&r->batch, sizeof(*theirs));
    if (!theirs)
        return ds_fail_nomem(err);
    if (ds_theirs_unpack(&r->batch, bytes, len, theirs, err) || ds_records_write(r, theirs, err) ||
        ds_item_settle(r, &r->item, err))
        return err->status;
    if (++r->writes < DS_BATCH_WRITES)
        return DS_OK;
    return ds_batch_commit(r, err) ? err->status : ds_options_interrupted(r->job->options, err);
}

int ds_records_apply(struct running *r, struct ds_err *err)
{
    if (r->dry || ds_extent_keep(r, err))
        return err->status;
    return ds_store_spool_each(r->store, on_spooled, r, err);
}

static int due_theirs(struct running *r, const struct ds_hold *h, struct ds_theirs *out,
                      struct ds_err *err)
{
    memset(out, 0, sizeof(*out));
    out->id = h->remote_id;
    out->released = true;
    return ds_deal_from_json(&r->batch, h->wanted, &out->mapped.deal, err);
}

static int spool_due(void *arg, const struct ds_hold *h, struct ds_err *err)
{
    struct running *r = arg;
    struct ds_theirs *theirs = ds_arena_alloc(&r->batch, sizeof(*theirs));

    if (!theirs)
        return ds_fail_nomem(err);
    if (due_theirs(r, h, theirs, err) || defer(r, theirs, err))
        return err->status;
    ds_arena_reset(&r->batch); /* the hold's own texts too */
    return DS_OK;
}

static int show_due(void *arg, const struct ds_hold *h, struct ds_err *err)
{
    struct running *r = arg;
    struct ds_theirs *theirs = ds_arena_alloc(&r->batch, sizeof(*theirs));
    struct ds_link link = {0};
    bool planned = false;

    if (!theirs)
        return ds_fail_nomem(err);
    if (note_planned(r, h->remote_id, &planned, err))
        return err->status;
    if (!planned && (due_theirs(r, h, theirs, err) ||
                     ds_store_link(r->store, &r->batch, r->state.id, theirs->id, &link, err) ||
                     ds_records_plan(r, theirs, &link, err)))
        return err->status;
    ds_arena_reset(&r->batch);
    return DS_OK;
}

/* After the records, so that a newer record of the same deal has had its say. */
int ds_records_release(struct running *r, struct ds_err *err)
{
    int64_t now = r->policy.now_ms;

    if (!r->state.id)
        return DS_OK;
    ds_arena_reset(&r->batch);
    if (r->dry || r->plan)
        return ds_store_holds(r->store, &r->batch, r->state.id, 0, now, show_due, r, err);
    if (ds_store_spool_clear(r->store, err) ||
        ds_store_holds(r->store, &r->batch, r->state.id, 0, now, spool_due, r, err))
        return err->status;
    return ds_store_spool_each(r->store, on_spooled, r, err);
}
