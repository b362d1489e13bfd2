#include "engine/planning.h"

#include "mapping/lists.h"

struct merging {
    const struct ds_policy *policy;
    const struct ds_sight *sight;
    const struct ds_deal *theirs;
    struct ds_item *item;
    struct ds_arena *arena;
    struct ds_deal then;     /* the deal as it would be */
    struct ds_answer status; /* what stands against its new status */
    bool status_open;        /* the status is not settled: nothing that goes with it can be */
    bool waits_for_stage;    /* that is why */
};

/* The fields that tell how far a deal is move together. */
static bool of_life_cycle(enum ds_field f)
{
    return f == DS_STATUS || f == DS_STAGE || f == DS_REASON;
}

static struct ds_ask question(const struct merging *m, const struct ds_deal *then, enum ds_field f)
{
    const struct ds_sight *s = m->sight;

    return (struct ds_ask){.policy = m->policy,
                           .arena = m->arena,
                           .base = &s->base,
                           .ours = &s->ours.deal,
                           .theirs = m->theirs,
                           .then = then,
                           .field = f,
                           .created_ms = s->ours.created_ms};
}

/* Whether the deal may get this value. */
static struct ds_answer ask(const struct merging *m, enum ds_field f, const char *value)
{
    struct ds_deal then = m->then;
    struct ds_ask q = question(m, &then, f);

    q.same_crm_id = m->sight->link.deal ? m->sight->same_crm_id : 0;
    ds_deal_set(&then, f, value);
    return ds_rules_change(&q);
}

/* What joins both sides' changes, or NULL: one of them undoes the other. */
static const char *join(const struct merging *m, enum ds_field f)
{
    const struct ds_sight *s = m->sight;
    const char *ours = s->ours.deal.value[f], *theirs = m->theirs->value[f], *joined;
    const char *clash = NULL;

    switch (ds_fields[f].merge) {
    case DS_MERGE_LIST:
        joined = ds_list_merge(m->arena, f, s->base.value[f], ours, theirs, &clash);
        return clash ? NULL : joined;
    case DS_MERGE_TEXT:
        joined = ds_text_merge(m->arena, f, s->base.value[f], ours, theirs, &clash);
        return clash ? NULL : joined;
    case DS_MERGE_SCALAR: break;
    }
    return NULL;
}

static struct ds_ruling compare(const struct merging *m, enum ds_field f, const char **joined)
{
    const struct ds_policy *policy = m->policy;
    const struct ds_sight *s = m->sight;
    struct ds_ruling compared = ds_merge_field(ds_given(&s->base, f), s->base.value[f],
                                               s->ours.deal.value[f], m->theirs->value[f]);
    struct ds_terms terms = {
        .takes = policy->direction != DS_PUSH,
        .sends = policy->sends >> f & 1,
        .owner = policy->owner[f],
        .settle = policy->settle[f],
        .ours_ms = s->ours_ms ? s->ours_ms[f] : 0,
        .theirs_ms = s->theirs->modified_ms,
    };

    *joined = compared.move == DS_MOVE_CONFLICT ? join(m, f) : NULL;
    terms.joins = *joined != NULL;
    return ds_merge_settle(compared, &terms);
}

/* Closing cannot be undone, so a deal whose stage is disputed is not closed; nor is one won at
 * a stage of its own. */
static bool stage_disputed(const struct merging *m)
{
    const char *joined, *ours = m->sight->ours.deal.value[DS_STAGE];
    bool won = ds_same(m->theirs->value[DS_STATUS], DS_STATUS_WON);
    enum ds_move move;

    if (!ds_given(m->theirs, DS_STAGE))
        return false;
    move = compare(m, DS_STAGE, &joined).move;
    if (won && (move == DS_MOVE_PUSH || move == DS_MOVE_NONE))
        return !ds_same(ours, m->theirs->value[DS_STAGE]);
    return move == DS_MOVE_CONFLICT;
}

/* A CRM that has both in one field would lose the stage that it has moved to. */
static bool stage_moved_there(const struct merging *m)
{
    const char *joined;
    enum ds_move move =
        ds_given(m->theirs, DS_STAGE) ? compare(m, DS_STAGE, &joined).move : DS_MOVE_NONE;

    return move == DS_MOVE_CONFLICT || move == DS_MOVE_TAKE;
}

/* What was refused once, or undone, is not tried again until a value moves. */
static const struct ds_conflict *stands(const struct merging *m, enum ds_field f)
{
    const struct ds_sight *s = m->sight;
    const struct ds_conflict *c = s->open[f];

    if (!c || (c->case_number != DS_M_REFUSED && c->case_number != DS_M_NOT_TAKEN &&
               c->case_number != DS_M_UNDONE))
        return NULL;
    return ds_same(c->ours, s->ours.deal.value[f]) && ds_same(c->theirs, m->theirs->value[f])
               ? c
               : NULL;
}

/* Checks what comparing allows against the rules. */
static int ruled(const struct merging *m, enum ds_field f, const struct ds_ruling *ruling,
                 const char *value, int *rule, const char **why)
{
    struct ds_answer answer;
    const struct ds_conflict *standing = stands(m, f);
    bool follows = of_life_cycle(f) && f != DS_STATUS;

    if (standing && (ruling->move == DS_MOVE_PUSH || ruling->move == DS_MOVE_NONE ||
                     ruling->move == DS_MOVE_JOIN)) {
        *why = standing->why;
        return standing->case_number;
    }
    if (ruling->move == DS_MOVE_PUSH && follows && m->status_open)
        return DS_M_WITH_STATUS;
    if (ruling->move == DS_MOVE_PUSH && f == DS_STATUS &&
        ds_status_terminal(m->sight->ours.deal.value[f]) && stage_moved_there(m))
        return DS_M_WITH_STAGE;
    if (ruling->move != DS_MOVE_TAKE && ruling->move != DS_MOVE_JOIN)
        return ruling->number;
    if (follows && m->status_open && !(f == DS_STAGE && m->waits_for_stage))
        return DS_M_WITH_STATUS;
    answer = of_life_cycle(f) && m->status.rule ? m->status : ask(m, f, value);
    if (answer.rule && answer.makes == DS_REFUSES) {
        *rule = answer.rule;
        *why = answer.why;
        return answer.rule == 61 ? DS_M_TERMINAL : DS_M_FORBIDDEN;
    }
    if (f == DS_STATUS && ds_status_terminal(value) && stage_disputed(m))
        return DS_M_WITH_STAGE;
    if (!answer.rule)
        return ruling->number;
    *rule = answer.rule;
    *why = answer.why;
    m->item->hold_rule = answer.rule;
    if (m->item->until_ms < answer.until_ms)
        m->item->until_ms = answer.until_ms;
    return DS_M_WAIT;
}

/* Both sides get what joins them; a side that has it already stays. */
static void join_field(struct merging *m, enum ds_field f, const char *joined)
{
    const struct ds_sight *s = m->sight;
    struct ds_item *item = m->item;
    bool sends = m->policy->sends >> f & 1;

    if (!ds_same(joined, s->ours.deal.value[f]))
        ds_deal_set(&item->write, f, joined);
    if (sends && !ds_same(joined, m->theirs->value[f]))
        ds_deal_set(&item->push, f, joined);
    else
        ds_deal_set(&item->base, f, m->theirs->value[f]);
}

static void carry_out(struct merging *m, enum ds_field f, enum ds_move move, const char *joined)
{
    struct ds_item *item = m->item;
    const char *theirs = m->theirs->value[f];

    switch (move) {
    case DS_MOVE_TAKE:
        ds_deal_set(&item->write, f, theirs);
        ds_deal_set(&item->base, f, theirs);
        break;
    case DS_MOVE_AGREE: ds_deal_set(&item->base, f, theirs); break;
    case DS_MOVE_PUSH: ds_deal_set(&item->push, f, m->sight->ours.deal.value[f]); break;
    case DS_MOVE_JOIN: join_field(m, f, joined); break;
    case DS_MOVE_WAIT: ds_deal_set(&item->wanted, f, theirs); break;
    case DS_MOVE_CONFLICT: item->conflicts |= UINT64_C(1) << f; break;
    case DS_MOVE_NONE:
    case DS_MOVE_BUG: break;
    }
}

static void merge_field(struct merging *m, enum ds_field f)
{
    const struct ds_sight *s = m->sight;
    struct ds_item *item = m->item;
    const char *why = NULL, *joined = NULL;
    struct ds_ruling ruling = compare(m, f, &joined);
    int rule = 0;
    int number = ruled(m, f, &ruling, joined ? joined : m->theirs->value[f], &rule, &why);
    enum ds_move move = number == ruling.number ? ruling.move : ds_merge_case(number)->move;
    struct ds_change *c;

    if (f == DS_STATUS) {
        m->waits_for_stage = number == DS_M_WITH_STAGE;
        m->status_open = move == DS_MOVE_CONFLICT || m->waits_for_stage;
    }
    carry_out(m, f, move, joined);
    if (ds_item_decision(number))
        item->decided |= UINT64_C(1) << f;
    if (number == 1 || number == 6)
        return;
    c = ds_plan_change(item, f, number, rule, why);
    c->move = move;
    c->base = s->base.value[f];
    c->ours = s->ours.deal.value[f];
    c->theirs = m->theirs->value[f];
    c->joined = move == DS_MOVE_JOIN ? joined : NULL;
}

/* Turns what is to be sent into the CRM's words. A field for which it has none becomes a conflict;
 * what the CRM may have in one value goes together or not at all. */
void ds_plan_words(const struct ds_policy *policy, struct ds_arena *a, const struct ds_sight *sight,
                   struct ds_item *item)
{
    static const uint64_t life_cycle = UINT64_C(1) << DS_STATUS | UINT64_C(1) << DS_STAGE |
                                       UINT64_C(1) << DS_REASON | UINT64_C(1) << DS_ON_HOLD;
    const struct ds_value *raw = sight->theirs->raw;
    struct ds_deal want = sight->ours.deal; /* all of it: a reason goes with a status */

    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_given(&item->push, f))
            ds_deal_set(&want, f, item->push.value[f]);
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        uint64_t fields = (life_cycle >> f & 1 ? life_cycle : UINT64_C(1) << f) & item->push.given;
        const char *why = NULL;
        size_t count = 0;

        if (!(fields >> f & 1) || fields & ((UINT64_C(1) << f) - 1))
            continue; /* nothing to send, or done with the first of its group */
        if (!ds_mapping_unmap(policy->mapping, a, raw, &want, fields, item->assign + item->assigns,
                              &count, &why)) {
            item->assigns += count;
            continue;
        }
        item->push.given &= ~fields;
        item->conflicts |= fields;
        for (size_t i = 0; i < item->changes; i++)
            if (fields >> item->change[i].field & 1 && item->change[i].move != DS_MOVE_TAKE) {
                item->change[i].case_number = DS_M_NO_WORD;
                item->change[i].move = DS_MOVE_CONFLICT;
                item->change[i].why = why ? why : "out of memory";
            }
    }
}

/* A mapping that gives a reason only of what is lost says nothing of it before: it goes along. */
static void send_reason(struct merging *m)
{
    const struct ds_sight *s = m->sight;
    struct ds_change *c;

    if (!ds_given(&m->item->push, DS_STATUS) || ds_given(m->theirs, DS_REASON) ||
        !(m->policy->sends >> DS_REASON & 1) || !s->ours.deal.value[DS_REASON])
        return;
    ds_deal_set(&m->item->push, DS_REASON, s->ours.deal.value[DS_REASON]);
    c = ds_plan_change(m->item, DS_REASON, DS_M_SEND, 0, NULL);
    c->base = s->base.value[DS_REASON];
    c->ours = s->ours.deal.value[DS_REASON];
}

/* What the terms of the connection have not settled, and what a person should know. */
static void conclude(struct merging *m)
{
    const struct ds_sight *s = m->sight;
    struct ds_item *item = m->item;
    struct ds_deal then = s->ours.deal;
    struct ds_ask q = question(m, &then, DS_FIELDS);

    q.unmapped_stage = s->theirs->mapped.unmapped_stage;
    q.held = item->wanted.given;
    if (item->conflicts)
        item->outcome = DS_CONFLICT;
    else if (item->wanted.given)
        item->outcome = DS_HELD;
    else if (item->write.given || item->push.given)
        item->outcome = DS_UPDATED;
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_given(&item->write, f))
            ds_deal_set(&then, f, item->write.value[f]);
    ds_plan_remark(item, &q);
}

static bool looks_at(const struct merging *m, enum ds_field f)
{
    return ds_given(m->theirs, f) && (!m->item->partial || m->policy->only >> f & 1);
}

/* The deal as it would be with all that is taken, as far as its status can follow: the rules are asked
 * about the whole of it, so that no field is shared or closed behind another one's back. */
static void look_ahead(struct merging *m)
{
    static const enum ds_field life_cycle[] = {DS_STATUS, DS_STAGE, DS_REASON};
    const struct ds_deal *ours = &m->sight->ours.deal;

    m->then = *ours;
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        const char *joined;
        enum ds_move move = looks_at(m, f) ? compare(m, f, &joined).move : DS_MOVE_NONE;

        if ((move == DS_MOVE_TAKE || move == DS_MOVE_JOIN) && !ds_rules_frozen(ours, m->theirs, f))
            ds_deal_set(&m->then, f, joined ? joined : m->theirs->value[f]);
    }
    if (ds_same(m->then.value[DS_STATUS], ours->value[DS_STATUS]))
        return;
    m->status = ask(m, DS_STATUS, m->then.value[DS_STATUS]);
    for (size_t i = 0; m->status.rule && i < sizeof(life_cycle) / sizeof(life_cycle[0]); i++)
        ds_deal_set(&m->then, life_cycle[i], ours->value[life_cycle[i]]);
}

void ds_plan_fields(const struct ds_policy *policy, struct ds_arena *a, struct ds_item *item,
                    const struct ds_sight *s, const struct ds_deal *theirs)
{
    struct merging m = {.policy = policy, .sight = s, .theirs = theirs, .item = item, .arena = a};

    item->partial = policy->only && policy->only != (UINT64_C(1) << DS_FIELDS) - 1;
    look_ahead(&m);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (looks_at(&m, f))
            merge_field(&m, f);
    send_reason(&m);
    if (item->push.given)
        ds_plan_words(policy, a, s, item);
    conclude(&m);
}
