#include "engine/running.h"

#include "base/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a run replaced, put together for one deal: it may have several rows in its history. */
struct undoing {
    struct running *r;
    struct ds_item *item;
    const struct ds_sight *sight;
    /* For each side: what the run found first, and what it left. */
    struct ds_deal was[2];
    struct ds_deal left[2];
    bool created;       /* the deal */
    bool created_there; /* the record */
};

enum { OURS, THEIRS };

static bool is_pushed(const struct ds_history *h)
{
    return strcmp(h->kind, "pushed") == 0;
}

/* Rows come oldest first: the first one tells what was, the last one what is left. */
static void add_change(struct undoing *u, int side, const json_t *change)
{
    enum ds_field f = ds_field_find(ds_json_text(change, "field"));
    const char *was = ds_json_text(change, "old"), *left = ds_json_text(change, "new");
    struct ds_arena *a = &u->r->batch;

    if (f == DS_FIELDS)
        return;
    if (!ds_given(&u->was[side], f))
        ds_deal_set(&u->was[side], f, was ? ds_arena_dup(a, was) : NULL);
    ds_deal_set(&u->left[side], f, left ? ds_arena_dup(a, left) : NULL);
}

static int add_row(void *arg, const struct ds_history *h, struct ds_err *err)
{
    struct undoing *u = arg;
    json_t *changes;

    (void)err;
    if (h->run != u->r->undoes)
        return DS_OK;
    if (strcmp(h->kind, "created") == 0) {
        u->created = true;
        return DS_OK;
    }
    if (strcmp(h->kind, "held") == 0)
        return DS_OK;
    changes = h->changes ? json_loads(h->changes, 0, NULL) : NULL;
    if (is_pushed(h) && json_integer_value(json_object_get(json_array_get(changes, 0), "case")) ==
                            DS_M_CREATE_THERE)
        u->created_there = true;
    else
        for (size_t i = 0; i < json_array_size(changes); i++)
            add_change(u, is_pushed(h) ? THEIRS : OURS, json_array_get(changes, i));
    json_decref(changes);
    return DS_OK;
}

static void note(struct undoing *u, enum ds_field f, enum ds_move move, int rule, const char *why)
{
    const struct ds_sight *s = u->sight;
    struct ds_change *c = &u->item->change[u->item->changes++];

    *c = (struct ds_change){.field = f,
                            .case_number = DS_M_SET,
                            .rule = rule,
                            .move = move,
                            .base = s->base.value[f],
                            .ours = s->ours.deal.value[f],
                            .theirs = s->theirs->mapped.deal.value[f],
                            .why = why};
    if (move == DS_MOVE_TAKE)
        c->theirs = u->was[OURS].value[f];
    if (move == DS_MOVE_PUSH)
        c->ours = u->was[THEIRS].value[f];
}

/* Why our side of a field cannot go back, or NULL. */
static const char *ours_stays(struct undoing *u, enum ds_field f, int *rule)
{
    const struct ds_stored_deal *ours = &u->sight->ours;
    struct ds_deal then = ours->deal;
    struct ds_ask q = {.policy = &u->r->policy,
                       .arena = &u->r->batch,
                       .base = &ours->deal,
                       .ours = &ours->deal,
                       .then = &then,
                       .field = f,
                       .created_ms = ours->created_ms};
    struct ds_answer answer;

    if (!ds_same(ours->deal.value[f], u->left[OURS].value[f]))
        return "has been changed since, and stays";
    ds_deal_set(&then, f, u->was[OURS].value[f]);
    answer = ds_rules_change(&q);
    *rule = answer.rule;
    return answer.rule ? answer.why : NULL;
}

static const char *theirs_stays(const struct undoing *u, enum ds_field f)
{
    const struct ds_theirs *t = u->sight->theirs;

    if (!(u->r->policy.sends >> f & 1))
        return "was sent, and this connection no longer sends it";
    if (!t->raw || !ds_given(&t->mapped.deal, f))
        return "was sent, and the record cannot be seen";
    return ds_same(t->mapped.deal.value[f], u->left[THEIRS].value[f])
               ? NULL
               : "was sent, has been changed in the CRM since, and stays";
}

static void put_back(struct undoing *u, enum ds_field f)
{
    struct ds_item *item = u->item;
    const char *why;
    int rule = 0;

    if (ds_given(&u->was[OURS], f) && !ds_same(u->was[OURS].value[f], u->left[OURS].value[f])) {
        why = ours_stays(u, f, &rule);
        if (!why)
            ds_deal_set(&item->write, f, u->was[OURS].value[f]);
        note(u, f, why ? DS_MOVE_NONE : DS_MOVE_TAKE, rule, why ? why : "as it was before the run");
    }
    if (ds_given(&u->was[THEIRS], f)) {
        why = theirs_stays(u, f);
        if (!why)
            ds_deal_set(&item->push, f, u->was[THEIRS].value[f]);
        note(u, f, why ? DS_MOVE_NONE : DS_MOVE_PUSH, 0,
             why ? why : "as it was in the CRM before the run");
    }
}

int ds_undo_plan(struct running *r, struct ds_sight *s, struct ds_item *item, struct ds_err *err)
{
    struct undoing u = {.r = r, .item = item, .sight = s};

    ds_plan_start(item, s);
    item->case_number = DS_M_UNDO;
    item->why = ds_merge_case(DS_M_UNDO)->why;
    if (ds_store_history(r->store, &r->batch, s->ours.id, add_row, &u, err))
        return err->status;
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (!r->policy.only || r->policy.only >> f & 1)
            put_back(&u, f);
    if (item->push.given)
        ds_plan_words(&r->policy, &r->batch, s, item);
    item->outcome = item->write.given || item->push.given ? DS_UPDATED : DS_IGNORED;
    if (u.created && !item->write.given)
        item->warning = "the run created the deal, and deals are never deleted: close it if it is "
                        "wrong";
    if (u.created_there && !item->push.given)
        item->warning = "the run created the record in the CRM, and records are never deleted: "
                        "close it if it is wrong";
    return DS_OK;
}

/* --- which deals --------------------------------------------------------------------------------- */

static int has_pushed(void *arg, const struct ds_history *h, struct ds_err *err)
{
    struct undoing *u = arg;

    (void)err;
    u->created = u->created || (h->run == u->r->undoes && is_pushed(h));
    return DS_OK;
}

static int plan_here(struct running *r, int64_t deal, struct ds_err *err)
{
    struct ds_theirs *theirs = ds_arena_alloc(&r->batch, sizeof(*theirs));
    struct ds_link link = {.deal = deal};

    if (!theirs)
        return ds_fail_nomem(err);
    theirs->released = true;
    theirs->only_deal = deal;
    if (ds_store_link_of(r->store, &r->batch, r->state.id, deal, &theirs->id, err) ||
        (theirs->id && ds_store_link(r->store, &r->batch, r->state.id, theirs->id, &link, err)))
        return err->status;
    return ds_records_plan(r, theirs, &link, err);
}

static int on_row(void *arg, const struct ds_history *h, struct ds_err *err)
{
    struct ds_question *q = arg;
    struct running *r = ds_question_of(q);
    struct undoing u = {.r = r};
    const char *key, *before = NULL;
    int64_t deal = h->deal;

    ds_arena_reset(&r->batch);
    key = ds_arena_printf(&r->batch, "%" PRId64, deal);
    if (!key)
        return ds_fail_nomem(err);
    if (ds_running_note(r, DS_NOTE_UNDONE, key, "", &before, err) || before)
        return err->status;
    if (r->policy.sends && ds_store_history(r->store, &r->batch, deal, has_pushed, &u, err))
        return err->status;
    if (u.created) {
        const char *id = NULL;

        if (ds_store_link_of(r->store, &r->batch, r->state.id, deal, &id, err))
            return err->status;
        if (id)
            return ds_question_add(q, id, err);
    }
    return plan_here(r, deal, err);
}

/* The run must be one of this connection. */
static int check_run(struct running *r, struct ds_err *err)
{
    struct ds_run run;

    if (ds_store_run(r->store, &r->lasting, r->undoes, &run, err))
        return err->status;
    if (run.id && run.connection == r->state.id)
        return DS_OK;
    ds_fail(err, DS_E_USAGE, "there is no run %" PRId64 " of '%s'", r->undoes, r->job->connection);
    return ds_hint(err, "'dealsync runs %s' lists them", r->job->connection);
}

int ds_undo_take(struct running *r, struct ds_err *err)
{
    struct ds_arena rows = {0};
    struct ds_question *q;

    if (check_run(r, err))
        return err->status;
    q = ds_question_open(r, err);
    if (!q)
        return err->status;
    if (!r->plan || !ds_intents_ask(q, err))
        ds_store_history_of_run(r->store, &rows, r->undoes, on_row, q, err);
    ds_question_close(q, err);
    ds_arena_clear(&rows);
    return err->status;
}
