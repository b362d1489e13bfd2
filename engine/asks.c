#include "engine/running.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 200 /* ids in one question */

struct ds_question {
    struct running *r;
    struct ds_arena arena; /* of the ids */
    size_t count;
    const char *ids[CHUNK];
    bool came[CHUNK]; /* it was handed over */
    int64_t deal;     /* of the creation that is asked for */
};

int ds_running_note(struct running *r, char kind, const char *word, const char *note,
                    const char **before, struct ds_err *err)
{
    const char *key = ds_arena_printf(&r->batch, "%c%s", kind, word);

    return key ? ds_store_seen(r->store, &r->batch, key, note, before, err) : ds_fail_nomem(err);
}

int ds_asks_note(struct running *r, const char *id, struct ds_err *err)
{
    const char *before;

    return ds_running_note(r, DS_NOTE_SEEN, id, "", &before, err);
}

struct ds_question *ds_question_open(struct running *r, struct ds_err *err)
{
    struct ds_question *q = calloc(1, sizeof(*q));

    if (q)
        q->r = r;
    else
        ds_fail_nomem(err);
    return q;
}

struct running *ds_question_of(struct ds_question *q)
{
    return q->r;
}

static int take(void *arg, const struct ds_record *record, struct ds_err *err)
{
    struct ds_question *q = arg;

    for (size_t i = 0; record->id && i < q->count; i++)
        q->came[i] = q->came[i] || strcmp(q->ids[i], record->id) == 0;
    return ds_records_take(q->r, record, err);
}

static int note_unseen(struct ds_question *q, struct ds_err *err)
{
    for (size_t i = 0; i < q->count; i++) {
        ds_arena_reset(&q->r->batch);
        if (!q->came[i] && ds_unseen_keep(q->r, q->ids[i], err))
            return err->status;
    }
    return DS_OK;
}

static int ask(struct ds_question *q, struct ds_err *err)
{
    struct running *r = q->r;
    struct ds_query query = ds_running_query(r);
    struct ds_sink sink = {.record = take, .arg = q};

    if (ds_batch_commit(r, err)) /* nobody waits for the store while we wait for an answer */
        return err->status;
    memset(q->came, 0, sizeof(q->came));
    r->asking = true;
    if (q->count)
        r->job->connector->read(r->remote, &query, q->ids, q->count, false, &sink, err);
    r->asking = false;
    if (err->status || note_unseen(q, err))
        return err->status;
    q->count = 0;
    ds_arena_reset(&q->arena);
    return ds_options_interrupted(r->job->options, err);
}

int ds_question_add(struct ds_question *q, const char *id, struct ds_err *err)
{
    const char *before = NULL;

    if (ds_running_note(q->r, DS_NOTE_SEEN, id, "", &before, err) || before)
        return err->status;
    q->ids[q->count] = ds_arena_dup(&q->arena, id);
    if (!q->ids[q->count])
        return ds_fail_nomem(err);
    return ++q->count < CHUNK ? DS_OK : ask(q, err);
}

int ds_question_close(struct ds_question *q, struct ds_err *err)
{
    if (!err->status)
        ask(q, err);
    ds_arena_clear(&q->arena);
    free(q);
    return err->status;
}

/* --- writes that an earlier run has not confirmed (P-4) ---------------------------------------- */

/* The creation has happened: its record belongs to the deal. What they differ in is merged next. */
static int take_created(void *arg, const struct ds_record *record, struct ds_err *err)
{
    struct ds_question *q = arg;
    struct running *r = q->r;
    struct ds_link link = {.deal = q->deal, .base = "{}"};
    struct ds_theirs *theirs;

    if (!r->dry) {
        struct ds_link none = {0};
        bool dealt;

        if (ds_intent_settle(r, q->deal, record, &none, &dealt, err))
            return err->status;
        if (dealt) {
            r->result->run.fetched++;
            return DS_OK;
        }
        r->asking = true;
        ds_records_take(r, record, err);
        r->asking = false;
        return err->status;
    }
    r->result->run.fetched++;
    ds_arena_reset(&r->batch);
    if (ds_records_read(r, record, &theirs, err))
        return err->status;
    return ds_records_plan(r, theirs, &link, err);
}

static int ask_for_creation(struct ds_question *q, const struct ds_intent *intent,
                            struct ds_err *err)
{
    struct running *r = q->r;
    struct ds_query query = ds_running_query(r);
    struct ds_sink sink = {.record = take_created, .arg = q};
    const char *key = ds_arena_dup(&q->arena, intent->key);

    q->deal = intent->deal;
    if (!key)
        return ds_fail_nomem(err);
    return r->job->connector->read(r->remote, &query, &key, 1, true, &sink, err);
}

int ds_intents_ask(struct ds_question *q, struct ds_err *err)
{
    struct running *r = q->r;
    struct ds_intent intent = {0};

    for (;;) {
        ds_arena_reset(&r->batch);
        if (ds_store_intent(r->store, &r->batch, r->state.id, intent.id, &intent, err))
            return err->status;
        if (!intent.id)
            return DS_OK;
        if (intent.remote_id ? ds_question_add(q, intent.remote_id, err)
                             : ask_for_creation(q, &intent, err))
            return err->status;
    }
}

/* --- deals that somebody else has changed ------------------------------------------------------ */

int ds_deal_offer(struct running *r, int64_t deal, struct ds_err *err)
{
    struct ds_theirs *theirs = ds_arena_alloc(&r->batch, sizeof(*theirs));
    struct ds_link link = {.deal = deal};

    if (!theirs)
        return ds_fail_nomem(err);
    theirs->only_deal = deal;
    theirs->released = true;
    return ds_records_plan(r, theirs, &link, err);
}

/* A connection that only reads looks again where a conflict may have settled itself, and at what a
 * person has linked. */
static int is_worth_asking(struct running *r, const char *remote_id, const struct ds_link *link,
                           bool *worth, struct ds_err *err)
{
    uint64_t open = 0;

    if (!r->policy.sends && ds_store_conflict_fields(r->store, r->state.id, remote_id, &open, err))
        return err->status;
    *worth = r->policy.sends || open || !link->version || ds_unseen_is(link);
    return DS_OK;
}

/* Nothing of it concerns this connection; other terms would make it compare everything. */
static int forget(struct running *r, int64_t deal, struct ds_err *err)
{
    if (r->dry || ds_batch_open(r, err))
        return err->status;
    return ds_store_untouch(r->store, r->state.id, deal, err);
}

static int ask_again(struct ds_question *q, int64_t deal, const char *remote_id, struct ds_err *err)
{
    struct running *r = q->r;
    struct ds_link link;
    bool worth = false;

    if (ds_store_link(r->store, &r->batch, r->state.id, remote_id, &link, err) ||
        is_worth_asking(r, remote_id, &link, &worth, err))
        return err->status;
    if (!worth)
        return forget(r, deal, err);
    return ds_unseen_rests(r, &link) ? DS_OK : ds_question_add(q, remote_id, err);
}

/* A deal without a record. What the CRM has refused stands until something changes; where nothing is
 * created any more nobody needs to know of it. */
static int offer_again(struct running *r, int64_t deal, struct ds_err *err)
{
    bool stands = false;

    if (!r->policy.creates || !r->policy.sends)
        return r->dry ? DS_OK : ds_refusal_forget(r, deal, err);
    if (ds_refusal_stands(r, deal, &stands, err) || stands)
        return err->status;
    return ds_deal_offer(r, deal, err);
}

static int ask_for_touched(struct ds_question *q, struct ds_err *err)
{
    struct running *r = q->r;
    int64_t deal = 0;
    const char *remote_id;

    for (;;) {
        ds_arena_reset(&r->batch);
        if (ds_store_touched(r->store, &r->batch, r->state.id, deal, &deal, &remote_id, err) ||
            !deal)
            return err->status;
        if (remote_id ? ask_again(q, deal, remote_id, err) : offer_again(r, deal, err))
            return err->status;
    }
}

/* Deals that have come since this connection last offered all that had no record. */
static int offer_new(struct running *r, struct ds_err *err)
{
    int64_t deal = r->state.seen_deal;

    if (!r->policy.creates || !r->policy.sends)
        return DS_OK;
    for (;;) {
        ds_arena_reset(&r->batch);
        if (ds_store_unlinked(r->store, r->state.id, deal, &deal, err) || !deal ||
            ds_deal_offer(r, deal, err))
            return err->status;
    }
}

/* A record that a person must say something about, or has: it may have settled itself. */
static int ask_for_claim(void *arg, const struct ds_claim *c, struct ds_err *err)
{
    struct ds_question *q = arg;
    const char *id = ds_arena_dup(&q->arena, c->remote_id);

    ds_arena_reset(&q->r->batch);
    return id ? ds_question_add(q, id, err) : ds_fail_nomem(err);
}

/* They are answered before a deal is offered, which one of them may be. */
static int ask_for_claims(struct ds_question *q, struct ds_err *err)
{
    struct running *r = q->r;

    if (!r->any_claims)
        return DS_OK;
    return ds_store_claims(r->store, &r->batch, r->state.id, ask_for_claim, q, err) ? err->status
                                                                                    : ask(q, err);
}

int ds_asks_take(struct running *r, struct ds_err *err)
{
    struct ds_question *q;

    if (!r->asks)
        return DS_OK;
    q = ds_question_open(r, err);
    if (!q)
        return err->status;
    ds_arena_reset(&r->batch);
    if (!ds_intents_ask(q, err) && !ask_for_claims(q, err) && !ask_for_touched(q, err))
        offer_new(r, err);
    return ds_question_close(q, err);
}
