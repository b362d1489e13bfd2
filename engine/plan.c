#include "engine/plan.h"

#include "base/text.h"

#include <string.h>

static void start(struct ds_item *item, const struct ds_sight *s)
{
    const char *theirs_name = s->theirs->mapped.deal.value[DS_NAME];

    item->outcome = DS_UNCHANGED;
    item->case_number = 0;
    item->theirs = s->theirs;
    item->deal = s->ours.id;
    item->deal_version = s->ours.version;
    item->name = s->ours.deal.value[DS_NAME] ? s->ours.deal.value[DS_NAME] : theirs_name;
    item->changes = 0;
    memset(&item->write, 0, sizeof(item->write));
    memset(&item->wanted, 0, sizeof(item->wanted));
    item->base = s->base;
    item->conflicts = 0;
    item->until_ms = 0;
    item->hold_rule = 0;
    item->warning = NULL;
}

static void decide(struct ds_item *item, int number, enum ds_outcome outcome)
{
    item->case_number = number;
    item->outcome = outcome;
    item->why = ds_merge_case(number)->why;
}

static struct ds_change *add_change(struct ds_item *item, enum ds_field f, int number, int rule,
                                    const char *why)
{
    struct ds_change *c = &item->change[item->changes++];

    *c = (struct ds_change){.field = f, .case_number = number, .rule = rule};
    c->move = ds_merge_case(number)->move;
    c->why = why ? why : ds_merge_case(number)->why;
    return c;
}

/* A field that the remote leaves empty and that has a standing value means that value: no tick in a
 * box is "no". */
static void fill_in(struct ds_deal *d, bool create)
{
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (!d->value[f] && ds_fields[f].fallback && (create || ds_given(d, f)))
            ds_deal_set(d, f, ds_fields[f].fallback);
}

/* The fields that tell how far a deal is move together. */
static bool of_life_cycle(enum ds_field f)
{
    return f == DS_STATUS || f == DS_STAGE || f == DS_REASON;
}

/* A deal first seen as won is created open, and closed when its time has come. */
static void create(const struct ds_policy *policy, struct ds_arena *a, struct ds_item *item,
                   const struct ds_deal *theirs)
{
    int64_t until = ds_rules_won_at(policy, theirs, policy->now_ms);

    decide(item, DS_M_CREATE, until ? DS_HELD : DS_CREATED);
    item->write = *theirs;
    item->base = *theirs;
    if (until) {
        ds_deal_set(&item->wanted, DS_STATUS, theirs->value[DS_STATUS]);
        ds_deal_set(&item->wanted, DS_STAGE, theirs->value[DS_STAGE]);
        ds_deal_set(&item->base, DS_STATUS, ds_fields[DS_STATUS].fallback);
        ds_deal_set(&item->base, DS_STAGE, ds_fields[DS_STAGE].fallback);
        item->write.value[DS_STATUS] = item->base.value[DS_STATUS];
        item->write.value[DS_STAGE] = item->base.value[DS_STAGE];
        item->until_ms = until;
        item->hold_rule = 78;
    }
    fill_in(&item->write, true);
    item->warning = ds_rules_warning(policy, a, &item->write);
}

/* The deal as it would be with all that theirs may say: enough to see whether it is shared. */
static struct ds_deal after(const struct ds_deal *ours, const struct ds_deal *theirs)
{
    struct ds_deal d = *ours;
    const char *why;

    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        if (!ds_given(theirs, f))
            continue;
        if (ds_fields[f].frozen != DS_FREE && ds_rules_forbid(ours, theirs, f, &why))
            continue;
        ds_deal_set(&d, f, theirs->value[f]);
    }
    return d;
}

struct merging {
    const struct ds_policy *policy;
    const struct ds_sight *sight;
    const struct ds_deal *theirs;
    struct ds_item *item;
    struct ds_arena *arena;
    struct ds_deal then; /* the deal as it would be */
    bool status_open;    /* the status is not settled: nothing that goes with it can be */
    int64_t until_ms;    /* when the deal may be marked won; 0: at once */
};

/* The rule that forbids to take theirs, or 0. */
static int forbidden(const struct merging *m, enum ds_field f, const char **why)
{
    const struct ds_sight *s = m->sight;
    int rule = ds_rules_forbid(&s->ours.deal, m->theirs, f, why);

    if (!rule && (f == DS_VISIBILITY || f == DS_HELP))
        rule = ds_rules_share(m->policy, m->arena, &m->then, why);
    if (!rule && f == DS_CRM_ID && s->link.deal && s->same_crm_id > 0) {
        *why = "another deal carries this CRM id";
        rule = 35;
    }
    return rule;
}

static struct ds_ruling compare(const struct merging *m, enum ds_field f)
{
    const struct ds_sight *s = m->sight;

    return ds_merge_field(ds_given(&s->base, f), s->base.value[f], s->ours.deal.value[f],
                          m->theirs->value[f]);
}

/* Closing cannot be undone, so a deal whose stage is disputed is not closed. */
static bool stage_disputed(const struct merging *m)
{
    return ds_given(m->theirs, DS_STAGE) && compare(m, DS_STAGE).move == DS_MOVE_CONFLICT;
}

/* Checks what comparing allows against the rules. */
static int ruled(const struct merging *m, enum ds_field f, const struct ds_ruling *ruling,
                 int *rule, const char **why)
{
    const struct ds_deal *ours = &m->sight->ours.deal;
    bool follows = of_life_cycle(f) && f != DS_STATUS;

    if (ruling->move != DS_MOVE_TAKE)
        return ruling->number;
    if (follows && m->status_open)
        return DS_M_WITH_STATUS;
    if (ds_status_terminal(ours->value[DS_STATUS])) {
        *rule = 61;
        return DS_M_TERMINAL;
    }
    *rule = forbidden(m, f, why);
    if (*rule)
        return DS_M_FORBIDDEN;
    if (f == DS_STATUS && ds_status_terminal(m->theirs->value[f]) && stage_disputed(m))
        return DS_M_WITH_STAGE;
    if (m->until_ms && of_life_cycle(f)) {
        *rule = 78;
        return DS_M_WAIT;
    }
    return ruling->number;
}

static void merge_field(struct merging *m, enum ds_field f)
{
    const struct ds_sight *s = m->sight;
    struct ds_item *item = m->item;
    const char *theirs = m->theirs->value[f];
    struct ds_ruling ruling = compare(m, f);
    const char *why = NULL;
    int rule = 0;
    int number = ruled(m, f, &ruling, &rule, &why);
    enum ds_move move = ds_merge_case(number)->move;
    struct ds_change *c;

    if (f == DS_STATUS)
        m->status_open = move == DS_MOVE_CONFLICT || number == DS_M_WITH_STAGE;
    if (move == DS_MOVE_AGREE || move == DS_MOVE_TAKE)
        ds_deal_set(&item->base, f, theirs);
    if (move == DS_MOVE_TAKE)
        ds_deal_set(&item->write, f, theirs);
    if (move == DS_MOVE_WAIT)
        ds_deal_set(&item->wanted, f, theirs);
    if (move == DS_MOVE_CONFLICT)
        item->conflicts |= UINT64_C(1) << f;
    if (number == 1 || number == 6)
        return;
    c = add_change(item, f, number, rule, why);
    c->base = s->base.value[f];
    c->ours = s->ours.deal.value[f];
    c->theirs = theirs;
}

static void merge(const struct ds_policy *policy, struct ds_arena *a, struct ds_item *item,
                  const struct ds_sight *s, const struct ds_deal *theirs)
{
    struct merging m = {policy, s, theirs, item, a, after(&s->ours.deal, theirs), false, 0};
    struct ds_deal then = m.then;

    m.until_ms = ds_rules_won_at(policy, &then, s->ours.created_ms);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_given(theirs, f))
            merge_field(&m, f);
    if (item->wanted.given) {
        item->until_ms = m.until_ms;
        item->hold_rule = 78;
    }
    if (item->conflicts)
        item->outcome = DS_CONFLICT;
    else if (item->wanted.given)
        item->outcome = DS_HELD;
    else if (item->write.given)
        item->outcome = DS_UPDATED;
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        then.value[f] = ds_given(&item->write, f) ? item->write.value[f] : s->ours.deal.value[f];
    item->warning = ds_rules_warning(policy, a, &then);
    if (s->theirs->mapped.unmapped_stage)
        item->warning = ds_arena_printf(a,
                                        "stage '%s' has no line in the mapping; stage and status "
                                        "stay as they are (R-68)",
                                        s->theirs->mapped.unmapped_stage);
}

static void refuse(struct ds_mapped *m, int rule, const char *text)
{
    if (m->problems < DS_MAX_PROBLEMS)
        m->problem[m->problems++] =
            (struct ds_problem){DS_FIELDS, rule, text ? text : "out of memory"};
}

static void plan_new(const struct ds_policy *policy, struct ds_arena *a, struct ds_sight *s,
                     struct ds_item *item, struct ds_mapped *theirs)
{
    bool adopts = s->same_crm_id == 1 && !s->linked_to;
    bool unread = theirs->problems && theirs->problem[0].field == DS_FIELDS;

    if (s->same_crm_id > 1)
        refuse(theirs, 35,
               ds_arena_printf(a, "%llu deals carry its CRM id '%s'",
                               (unsigned long long)s->same_crm_id, theirs->deal.value[DS_CRM_ID]));
    else if (s->same_crm_id == 1 && s->linked_to)
        refuse(theirs, 35,
               ds_arena_printf(a, "deal %lld with its CRM id '%s' belongs to record '%s'",
                               (long long)s->ours.id, theirs->deal.value[DS_CRM_ID], s->linked_to));
    if (!adopts && !unread)
        ds_rules_create(policy, a, theirs);
    if (theirs->problems)
        decide(item, DS_M_REJECT, DS_REJECTED);
    else if (adopts) {
        decide(item, DS_M_ADOPT, DS_UPDATED);
        merge(policy, a, item, s, &theirs->deal);
    } else
        create(policy, a, item, &theirs->deal);
}

void ds_plan(const struct ds_policy *policy, struct ds_arena *a, struct ds_sight *s,
             struct ds_item *item)
{
    struct ds_theirs *record = s->theirs;
    struct ds_mapped *theirs = &record->mapped;

    start(item, s);
    if (record->deleted) {
        decide(item, s->link.deal ? DS_M_DELETED : DS_M_DELETED_UNKNOWN, DS_IGNORED);
        return;
    }
    if (record->repeats) {
        refuse(theirs, 0,
               ds_arena_printf(a, "id '%s' stands at %s and again at %s", record->id,
                               record->repeats, record->where));
        decide(item, DS_M_REPEAT, DS_REJECTED);
        return;
    }
    fill_in(&theirs->deal, false);
    if (!s->link.deal) {
        plan_new(policy, a, s, item, theirs);
    } else if (theirs->problems) {
        decide(item, DS_M_REJECT_LINKED, DS_REJECTED);
    } else {
        decide(item, record->released ? DS_M_RELEASE : DS_M_MERGE, DS_UNCHANGED);
        merge(policy, a, item, s, &theirs->deal);
    }
}

static void json_member(struct ds_buf *out, const char *key, const char *value)
{
    ds_buf_addf(out, ",\"%s\":", key);
    if (value)
        ds_text_to_json(out, value);
    else
        ds_buf_add(out, "null");
}

void ds_item_changes_json(struct ds_buf *out, const struct ds_item *item)
{
    const char *between = "";

    ds_buf_add_char(out, '[');
    for (size_t i = 0; i < item->changes; i++) {
        const struct ds_change *c = &item->change[i];

        if (c->move != DS_MOVE_TAKE && c->move != DS_MOVE_WAIT)
            continue;
        ds_buf_addf(out, "%s{\"field\":\"%s\"", between, ds_fields[c->field].name);
        json_member(out, "old", c->ours);
        json_member(out, "new", c->theirs);
        ds_buf_addf(out, ",\"case\":%d,\"rule\":%d}", c->case_number, c->rule);
        between = ",";
    }
    ds_buf_add_char(out, ']');
}

void ds_item_reasons_json(struct ds_buf *out, const struct ds_item *item)
{
    const struct ds_mapped *m = &item->theirs->mapped;

    ds_buf_add_char(out, '[');
    for (size_t i = 0; i < m->problems; i++) {
        const struct ds_problem *p = &m->problem[i];

        ds_buf_addf(out, "%s{\"rule\":%d", i ? "," : "", p->rule);
        json_member(out, "field", p->field < DS_FIELDS ? ds_fields[p->field].name : NULL);
        json_member(out, "text", p->text);
        ds_buf_add_char(out, '}');
    }
    ds_buf_add_char(out, ']');
}
