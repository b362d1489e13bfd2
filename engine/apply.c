#include "engine/running.h"

#include <inttypes.h>
#include <string.h>

int ds_batch_open(struct running *r, struct ds_err *err)
{
    if (r->in_batch)
        return DS_OK;
    r->writes = 0;
    if (ds_store_begin(r->store, err))
        return err->status;
    r->in_batch = true;
    return DS_OK;
}

int ds_batch_commit(struct running *r, struct ds_err *err)
{
    if (!r->in_batch)
        return DS_OK;
    r->in_batch = false;
    if (ds_store_commit(r->store, err)) {
        memcpy(r->result->run.outcome, r->committed, sizeof(r->committed));
        return err->status;
    }
    memcpy(r->committed, r->result->run.outcome, sizeof(r->committed));
    return DS_OK;
}

void ds_batch_drop(struct running *r)
{
    if (!r->in_batch)
        return;
    ds_store_rollback(r->store);
    r->in_batch = false;
    memcpy(r->result->run.outcome, r->committed, sizeof(r->committed));
}

static const char *history_kind(const struct ds_item *item)
{
    switch (item->case_number) {
    case DS_M_CREATE: return "created";
    case DS_M_ADOPT: return "adopted";
    case DS_M_RELEASE: return "released";
    case DS_M_UNDO: return "undone";
    default: return item->write.given ? "updated" : "held"; /* M-51 and M-52 too */
    }
}

static int write_history(struct running *r, const struct ds_item *item, struct ds_err *err)
{
    struct ds_history h = {.deal = item->deal,
                           .run = r->result->run.id,
                           .connection = r->state.id,
                           .at_ms = r->policy.now_ms,
                           .kind = history_kind(item),
                           .source = item->theirs->source,
                           .remote_id = item->theirs->id};

    ds_buf_reset(&r->text);
    ds_item_changes_json(&r->text, item, false);
    if (ds_buf_failed(&r->text))
        return ds_fail_nomem(err);
    h.changes = r->text.text;
    return ds_store_history_add(r->store, &h, err);
}

static int write_hold(struct running *r, const struct ds_item *item, bool *news, struct ds_err *err)
{
    struct ds_hold h = {.deal = item->deal,
                        .connection = r->state.id,
                        .remote_id = item->theirs->id,
                        .until_ms = item->until_ms,
                        .rule = item->hold_rule,
                        .run = r->result->run.id};

    *news = false;
    if (!item->until_ms) /* also when the record no longer tells: closing cannot be undone */
        return ds_store_hold_drop(r->store, h.connection, h.remote_id, err);
    ds_buf_reset(&r->text);
    ds_deal_to_json(&r->text, &item->wanted);
    if (ds_buf_failed(&r->text))
        return ds_fail_nomem(err);
    h.wanted = r->text.text;
    return ds_store_hold_put(r->store, &h, news, err);
}

int ds_conflict_keep(struct running *r, const struct ds_item *item, const struct ds_change *c,
                     struct ds_err *err)
{
    bool said = c->case_number == DS_M_REFUSED || c->case_number == DS_M_NO_WORD;
    struct ds_conflict row = {.deal = item->deal,
                              .connection = r->state.id,
                              .remote_id = item->theirs->id,
                              .field = c->field,
                              .case_number = c->case_number,
                              .rule = c->rule,
                              .base = c->base,
                              .ours = c->ours,
                              .theirs = c->theirs,
                              .why = said ? c->why : NULL,
                              .decision = ds_item_decision(c->case_number),
                              .source = item->theirs->source,
                              .theirs_ms = item->theirs->modified_ms,
                              .run = r->result->run.id,
                              .at_ms = r->policy.now_ms};
    bool opened;

    return row.decision ? ds_store_conflict_log(r->store, &row, err)
                        : ds_store_conflict_put(r->store, &row, &opened, err);
}

int ds_conflict_stand(struct running *r, const struct ds_item *item, struct ds_change *c,
                      struct ds_err *err)
{
    c->case_number = DS_M_UNDONE;
    if (!ds_same(c->ours, c->theirs))
        return ds_conflict_keep(r, item, c, err);
    return ds_store_conflict_close(r->store, r->state.id, item->theirs->id,
                                   ~(UINT64_C(1) << c->field), r->result->run.id, r->policy.now_ms,
                                   err);
}

static int write_conflicts(struct running *r, const struct ds_item *item, const struct ds_sight *s,
                           struct ds_err *err)
{
    uint64_t keep = item->conflicts | (item->partial ? ~r->policy.only : 0);

    /* What this record does not tell stays open, unless the mapping no longer asks for it. */
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (!ds_given(&item->theirs->mapped.deal, f) && ds_mapping_gives(r->job->mapping, f))
            keep |= UINT64_C(1) << f;
    for (size_t i = 0; i < item->changes; i++) {
        const struct ds_change *c = &item->change[i];

        if ((c->move == DS_MOVE_CONFLICT || item->decided >> c->field & 1) &&
            ds_conflict_keep(r, item, c, err))
            return err->status;
    }
    if (!(s->open_conflicts & ~keep))
        return DS_OK;
    return ds_store_conflict_close(r->store, r->state.id, item->theirs->id, keep, r->result->run.id,
                                   r->policy.now_ms, err);
}

static int write_link(struct running *r, const struct ds_item *item, const struct ds_link *old,
                      int64_t deal_version, struct ds_err *err)
{
    struct ds_link link = {.deal = item->deal,
                           .version = item->theirs->released ? old->version
                                      : item->partial        ? NULL
                                                             : item->theirs->version,
                           .seen_version = item->partial ? old->seen_version : deal_version,
                           .deleted =
                               item->theirs->released ? old->deleted : item->theirs->deleted};

    ds_buf_reset(&r->text);
    ds_deal_to_json(&r->text, &item->base);
    if (ds_buf_failed(&r->text))
        return ds_fail_nomem(err);
    link.base = r->text.text;
    if (r->asks && (item->partial ? ds_store_touch(r->store, r->state.id, item->deal, err)
                                  : ds_store_untouch(r->store, r->state.id, item->deal, err)))
        return err->status;
    if (old->deal && ds_same(old->version, link.version) && ds_same(old->base, link.base) &&
        old->seen_version == link.seen_version && old->deleted == link.deleted)
        return DS_OK;
    return ds_store_link_save(r->store, r->state.id, item->theirs->id, &link, err);
}

/* Notes that this run has rejected the record; *before, if asked for: it had already. */
static int confirm(struct running *r, const char *remote_id, bool *before, struct ds_err *err)
{
    const char *first = NULL;

    if (!ds_running_note(r, DS_NOTE_BAD, remote_id, "", &first, err) && before)
        *before = first != NULL;
    return err->status;
}

static int write_rejection(struct running *r, const struct ds_item *item, struct ds_err *err)
{
    struct ds_reject row = {.connection = r->state.id,
                            .remote_id = item->theirs->id,
                            .name = item->name,
                            .run = r->result->run.id,
                            .at_ms = r->policy.now_ms};

    ds_buf_reset(&r->text);
    ds_item_reasons_json(&r->text, item);
    if (ds_buf_failed(&r->text))
        return ds_fail_nomem(err);
    row.reasons = r->text.text;
    r->any_rejects = true;
    if (confirm(r, row.remote_id, NULL, err))
        return err->status;
    return ds_store_reject_put(r->store, &row, err);
}

static int drop_unconfirmed(void *arg, const struct ds_reject *row, struct ds_err *err)
{
    struct running *r = arg;
    bool confirmed = false;

    if (confirm(r, row->remote_id, &confirmed, err) ||
        (!confirmed && ds_store_reject_drop(r->store, r->state.id, row->remote_id, err)))
        return err->status;
    ds_arena_reset(&r->batch);
    return DS_OK;
}

int ds_rejects_prune(struct running *r, struct ds_err *err)
{
    if (!r->any_rejects || !r->result->everything || r->go_on)
        return DS_OK;
    ds_arena_reset(&r->batch);
    return ds_store_rejects(r->store, &r->batch, r->state.id, drop_unconfirmed, r, err);
}

static int write_fields(struct running *r, struct ds_item *item, int64_t *version, bool *stale,
                        struct ds_err *err)
{
    const struct ds_run *run = &r->result->run;
    int64_t now = r->policy.now_ms;

    *version = item->case_number == DS_M_CREATE ? 1 : item->deal_version;
    if (item->case_number == DS_M_CREATE)
        return ds_store_deal_create(r->store, &item->write, r->state.id, run->id, now, &item->deal,
                                    err);
    if (!item->write.given)
        return DS_OK;
    *version += 1;
    return ds_store_deal_update(r->store, item->deal, item->deal_version, &item->write, r->state.id,
                                run->id, now, stale, err);
}

/* What waited for this record until now. */
static int write_lists(struct running *r, const struct ds_item *item, bool *news,
                       struct ds_err *err)
{
    bool is_new = item->case_number == DS_M_CREATE;

    if ((!is_new || item->until_ms) && write_hold(r, item, news, err))
        return err->status;
    if (r->any_rejects && ds_store_reject_drop(r->store, r->state.id, item->theirs->id, err))
        return err->status;
    if (r->any_claims && ds_store_claim_drop(r->store, r->state.id, item->theirs->id, err))
        return err->status;
    return DS_OK;
}

/* The intent to write the record is durable with the deal that it follows from (P-4). */
static int write_intent(struct running *r, const struct ds_item *item, struct ds_err *err)
{
    if (item->push.given)
        return ds_intent_keep(r, item, err);
    return r->any_intents ? ds_store_intent_drop(r->store, r->state.id, item->deal, err) : DS_OK;
}

static int write_deal(struct running *r, struct ds_item *item, const struct ds_sight *s,
                      bool *stale, struct ds_err *err)
{
    int64_t version;
    bool news = false;

    if (write_fields(r, item, &version, stale, err) || *stale)
        return err->status;
    if (write_link(r, item, &s->link, version, err) || write_conflicts(r, item, s, err) ||
        write_lists(r, item, &news, err) || write_intent(r, item, err))
        return err->status;
    if (item->case_number == DS_M_ADOPT && ds_refusal_forget(r, item->deal, err))
        return err->status;
    if (item->write.given || item->case_number == DS_M_ADOPT || news)
        return write_history(r, item, err);
    return DS_OK;
}

/* A deal that the CRM shall get: the outbox is all that knows of it until the record is there. */
static int write_there(struct running *r, const struct ds_item *item, struct ds_err *err)
{
    if (ds_refusal_forget(r, item->deal, err))
        return err->status;
    if (item->push.given)
        return ds_store_touch(r->store, r->state.id, item->deal, err)
                   ? err->status
                   : ds_intent_keep(r, item, err);
    if (item->claimed) /* offered when a person has said that the record is another one */
        return ds_store_touch(r->store, r->state.id, item->deal, err);
    return ds_store_untouch(r->store, r->state.id, item->deal, err);
}

static int write_claim(struct running *r, const struct ds_item *item, struct ds_err *err)
{
    struct ds_claim row = {.connection = r->state.id,
                           .remote_id = item->theirs->id,
                           .name = item->theirs->mapped.deal.value[DS_NAME],
                           .deal = item->deal,
                           .kind =
                               item->case_number == DS_M_MATCH ? DS_CLAIM_MATCH : DS_CLAIM_RIVAL,
                           .run = r->result->run.id,
                           .at_ms = r->policy.now_ms};

    r->any_claims = true;
    if (r->any_rejects && ds_store_reject_drop(r->store, r->state.id, row.remote_id, err))
        return err->status;
    return ds_store_claim_put(r->store, &row, err);
}

/* A record that is gone, or cannot be read, no longer asks for what waited; when it comes back it
 * asks again, since its link then knows no version. */
static int write_gone(struct running *r, const struct ds_item *item, const struct ds_link *old,
                      struct ds_err *err)
{
    struct ds_link link = *old;

    link.deleted = item->theirs->deleted;
    link.version = link.deleted ? item->theirs->version : NULL;
    if (!old->deal)
        return DS_OK;
    if (ds_store_hold_drop(r->store, r->state.id, item->theirs->id, err) ||
        (r->asks && link.deleted && ds_store_untouch(r->store, r->state.id, old->deal, err)))
        return err->status;
    if (ds_same(old->version, link.version) && old->deleted == link.deleted)
        return DS_OK;
    return ds_store_link_save(r->store, r->state.id, item->theirs->id, &link, err);
}

/* Its deal is not looked at for it any more, unless the deal has another record by now. */
static int leave_deal(struct running *r, int64_t deal, struct ds_err *err)
{
    const char *other = NULL;

    if (!deal || !r->asks ||
        ds_store_link_of(r->store, &r->batch, r->state.id, deal, &other, err) || other)
        return err->status;
    return ds_store_untouch(r->store, r->state.id, deal, err);
}

static int write_deleted(struct running *r, const struct ds_item *item, const struct ds_link *old,
                         struct ds_err *err)
{
    if (write_gone(r, item, old, err) || leave_deal(r, old->deal, err) || !r->any_rejects)
        return err->status;
    return ds_store_reject_drop(r->store, r->state.id, item->theirs->id, err);
}

/* What was put back stands against what the other side has: until a person, or a new value, settles
 * it, neither side is moved again. */
static int write_standing(struct running *r, const struct ds_item *item, struct ds_err *err)
{
    for (size_t i = 0; i < item->changes; i++) {
        struct ds_change c = item->change[i];

        if (c.move != DS_MOVE_TAKE)
            continue;
        c.ours = item->write.value[c.field];
        c.theirs = item->base.value[c.field];
        if (ds_conflict_stand(r, item, &c, err))
            return err->status;
    }
    return DS_OK;
}

static int write_undone(struct running *r, struct ds_item *item, const struct ds_sight *s,
                        bool *stale, struct ds_err *err)
{
    struct ds_link link = s->link;
    bool linked = item->theirs->id != NULL;
    int64_t version;

    if (write_fields(r, item, &version, stale, err) || *stale)
        return err->status;
    if (link.seen_version ==
        item->deal_version) /* else somebody's change is still to be looked at */
        link.seen_version = version;
    if (linked && (ds_store_link_save(r->store, r->state.id, item->theirs->id, &link, err) ||
                   write_standing(r, item, err) || write_intent(r, item, err)))
        return err->status;
    return item->write.given ? write_history(r, item, err) : DS_OK;
}

int ds_apply(struct running *r, struct ds_item *item, const struct ds_sight *s, bool *stale,
             struct ds_err *err)
{
    *stale = false;
    switch (item->case_number) {
    case DS_M_CREATE:
    case DS_M_ADOPT:
    case DS_M_MERGE:
    case DS_M_RETURNED:
    case DS_M_DELETED_CLOSE:
    case DS_M_RELEASE: return write_deal(r, item, s, stale, err);
    case DS_M_UNDO: return write_undone(r, item, s, stale, err);
    case DS_M_CREATE_THERE: return write_there(r, item, err);
    case DS_M_MATCH:
    case DS_M_RIVAL: return write_claim(r, item, err);
    case DS_M_REJECT_LINKED:
        return write_gone(r, item, &s->link, err) ? err->status : write_rejection(r, item, err);
    case DS_M_REJECT:
    case DS_M_REPEAT: return write_rejection(r, item, err);
    case DS_M_DELETED:
    case DS_M_DELETED_TOLD:
    case DS_M_DELETED_UNKNOWN: return write_deleted(r, item, &s->link, err);
    case DS_M_APART:
    case DS_M_ONLY_SENDS: return DS_OK;
    default:
        return ds_fail(err, DS_E_BUG, "record '%s' was planned as M-%d", item->theirs->id,
                       item->case_number);
    }
}
