#include "engine/planning.h"

static void decide(struct ds_item *item, int number, enum ds_outcome outcome)
{
    item->case_number = number;
    item->outcome = outcome;
    item->why = ds_merge_case(number)->why;
}

/* A field that the remote leaves empty and that has a standing value means that value: no tick in a
 * box is "no". */
static void fill_in(struct ds_deal *d, bool create)
{
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (!d->value[f] && ds_fields[f].fallback && (create || ds_given(d, f)))
            ds_deal_set(d, f, ds_fields[f].fallback);
}

/* A deal first seen as won is created open, and closed when its time has come. */
static void create(const struct ds_policy *policy, struct ds_arena *a, struct ds_item *item,
                   const struct ds_deal *theirs)
{
    struct ds_ask q = {.policy = policy,
                       .arena = a,
                       .theirs = theirs,
                       .then = theirs,
                       .field = DS_STATUS,
                       .created_ms = policy->now_ms};
    struct ds_answer later = ds_rules_create_later(&q);

    decide(item, DS_M_CREATE, later.rule ? DS_HELD : DS_CREATED);
    item->write = *theirs;
    item->base = *theirs;
    if (later.rule) {
        ds_deal_set(&item->wanted, DS_STATUS, theirs->value[DS_STATUS]);
        ds_deal_set(&item->wanted, DS_STAGE, theirs->value[DS_STAGE]);
        ds_deal_set(&item->base, DS_STATUS, ds_fields[DS_STATUS].fallback);
        ds_deal_set(&item->base, DS_STAGE, ds_fields[DS_STAGE].fallback);
        item->write.value[DS_STATUS] = item->base.value[DS_STATUS];
        item->write.value[DS_STAGE] = item->base.value[DS_STAGE];
        item->until_ms = later.until_ms;
        item->hold_rule = later.rule;
    }
    fill_in(&item->write, true);
    q.then = &item->write;
    ds_plan_remark(item, &q);
}

static void refuse(struct ds_mapped *m, int rule, const char *text)
{
    if (m->problems < DS_MAX_PROBLEMS)
        m->problem[m->problems++] =
            (struct ds_problem){DS_FIELDS, rule, text ? text : "out of memory"};
}

/* A new record that may be a deal which is there already: a person must say. */
static int claim(struct ds_arena *a, const struct ds_sight *s, struct ds_item *item)
{
    const char *crm_id = s->theirs->mapped.deal.value[DS_CRM_ID];

    if (s->claim == DS_CLAIM_OWN)
        return 0;
    if (s->same_crm_id > 1)
        item->why = ds_arena_printf(a, "%llu deals carry its CRM id '%s' (R-35)",
                                    (unsigned long long)s->same_crm_id, crm_id);
    else if (s->same_crm_id == 1 && s->linked_to)
        item->why = ds_arena_printf(a, "its CRM id '%s' is that of record '%s' (R-35)", crm_id,
                                    s->linked_to);
    else if (s->same_crm_id == 0 && s->matches) {
        item->deal = s->match;
        item->why = ds_arena_printf(a, "name, customer and value are those of deal %lld%s (R-40)",
                                    (long long)s->match, s->matches > 1 ? ", and of others" : "");
        return DS_M_MATCH;
    } else
        return 0;
    return DS_M_RIVAL;
}

static void plan_new(const struct ds_policy *policy, struct ds_arena *a, struct ds_sight *s,
                     struct ds_item *item, struct ds_mapped *theirs)
{
    bool adopts = s->same_crm_id == 1 && !s->linked_to && s->claim != DS_CLAIM_OWN;
    bool unread = theirs->problems && theirs->problem[0].field == DS_FIELDS;
    int claimed = claim(a, s, item);
    const char *why = item->why;

    if (!adopts && !claimed && !unread)
        ds_rules_create(policy, a, theirs);
    if (theirs->problems)
        decide(item, DS_M_REJECT, DS_REJECTED);
    else if (claimed) {
        decide(item, claimed, DS_CONFLICT);
        item->why = why ? why : "out of memory";
        item->name = theirs->deal.value[DS_NAME]; /* it is about the record */
    } else if (adopts) {
        decide(item, DS_M_ADOPT, DS_UPDATED);
        ds_plan_fields(policy, a, item, s, &theirs->deal);
    } else if (policy->direction == DS_PUSH)
        decide(item, DS_M_ONLY_SENDS, DS_IGNORED);
    else
        create(policy, a, item, &theirs->deal);
}

/* Only a tombstone brings us here (P-7). Losing the deal is a change like any other: a closed deal
 * stays, and a rule may forbid it. */
static void plan_deleted(const struct ds_policy *policy, struct ds_arena *a, struct ds_sight *s,
                         struct ds_item *item)
{
    struct ds_policy taking = {.now_ms = policy->now_ms};
    struct ds_deal lost = {0};
    bool open = s->link.deal && !ds_status_terminal(s->ours.deal.value[DS_STATUS]);

    decide(item, s->link.deal ? DS_M_DELETED : DS_M_DELETED_UNKNOWN, DS_IGNORED);
    if (!open || s->link.deleted || policy->gone == DS_GONE_IGNORE)
        return;
    decide(item, DS_M_DELETED_TOLD, DS_IGNORED);
    if (policy->gone != DS_GONE_CLOSE)
        return;
    ds_deal_set(&lost, DS_STATUS, DS_STATUS_LOST);
    ds_deal_set(&lost, DS_REASON, policy->gone_reason);
    decide(item, DS_M_DELETED_CLOSE, DS_UPDATED);
    s->base = s->ours.deal;
    ds_plan_fields(&taking, a, item, s, &lost);
    for (size_t i = 0; i < item->changes; i++)
        if (item->change[i].move == DS_MOVE_TAKE) { /* nobody has said so: it follows */
            item->change[i].case_number = item->case_number;
            item->change[i].why = item->why;
        }
}

/* A deal that has no record is offered to the CRM with all that it can be told; what the mapping has
 * no word for stays here. */
static void plan_there(const struct ds_policy *policy, struct ds_arena *a, struct ds_sight *s,
                       struct ds_item *item)
{
    struct ds_change *c;

    decide(item, DS_M_CREATE_THERE, DS_UNCHANGED);
    item->claimed = s->claimed;
    if (s->claimed || s->linked || ds_status_terminal(s->ours.deal.value[DS_STATUS]))
        return;
    item->outcome = DS_UPDATED;
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        if (!(policy->sends >> f & 1) || !s->ours.deal.value[f])
            continue;
        ds_deal_set(&item->push, f, s->ours.deal.value[f]);
        c = ds_plan_change(item, f, DS_M_CREATE_THERE, 0, NULL);
        c->ours = s->ours.deal.value[f];
    }
    ds_plan_words(policy, a, s, item);
    for (size_t i = 0; i < item->changes; i++)
        if (item->change[i].move == DS_MOVE_CONFLICT) {
            item->change[i].move = DS_MOVE_NONE;
            item->warning =
                ds_arena_printf(a, "created without its %s: %s",
                                ds_fields[item->change[i].field].title, item->change[i].why);
        }
    item->conflicts = 0;
}

void ds_plan(const struct ds_policy *policy, struct ds_arena *a, struct ds_sight *s,
             struct ds_item *item)
{
    struct ds_theirs *record = s->theirs;
    struct ds_mapped *theirs = &record->mapped;

    struct ds_policy still;

    if (record->released && record->id) { /* a hold only takes */
        still = *policy;
        still.sends = 0;
        policy = &still;
    }
    ds_plan_start(item, s);
    if (!record->id) {
        plan_there(policy, a, s, item);
        return;
    }
    if (record->deleted) {
        plan_deleted(policy, a, s, item);
        return;
    }
    if (record->repeats) {
        refuse(theirs, 0,
               ds_arena_printf(a, "id '%s' stands at %s and again at %s", record->id,
                               record->repeats, record->where));
        decide(item, DS_M_REPEAT, DS_REJECTED);
        return;
    }
    if (s->claim == DS_CLAIM_APART && !s->link.deal) {
        decide(item, DS_M_APART, DS_IGNORED);
        return;
    }
    fill_in(&theirs->deal, false);
    if (!s->link.deal) {
        plan_new(policy, a, s, item, theirs);
    } else if (s->linked_to) {
        decide(item, DS_M_RIVAL, DS_CONFLICT);
        item->why = ds_arena_printf(a, "it was deleted, and its deal is that of record '%s' now",
                                    s->linked_to);
    } else if (theirs->problems) {
        decide(item, DS_M_REJECT_LINKED, DS_REJECTED);
    } else {
        decide(item,
               record->released  ? DS_M_RELEASE
               : s->link.deleted ? DS_M_RETURNED
                                 : DS_M_MERGE,
               DS_UNCHANGED);
        ds_plan_fields(policy, a, item, s, &theirs->deal);
    }
}
