/* Asking the rules: the table says what they are, this only walks it. */
#include "engine/rules.h"

/* When the question comes up, as bits. */
static unsigned occasions(const struct ds_ask *q)
{
    bool closes = q->ours && q->field == DS_STATUS && ds_status_terminal(q->then->value[DS_STATUS]);
    bool shares = !q->ours || q->field == DS_VISIBILITY || q->field == DS_HELP;
    unsigned when = q->ours ? DS_AT_CHANGE : DS_AT_CREATION;

    if (shares && ds_deal_shared(q->then))
        when |= DS_AT_SHARING;
    if (closes)
        when |= DS_AT_CLOSING;
    return when;
}

static bool broken(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    *out = (struct ds_answer){0};
    if (!rule->breaks(q, rule, out))
        return false;
    out->rule = rule->number;
    out->makes = rule->makes;
    if (!out->why)
        out->why = "out of memory";
    return true;
}

static struct ds_answer ask(const struct ds_ask *q, unsigned makes)
{
    unsigned when = occasions(q);
    struct ds_answer answer;

    for (size_t i = 0; i < ds_rules_count; i++)
        if (ds_rules[i].when & when && ds_rules[i].makes & makes &&
            broken(q, &ds_rules[i], &answer))
            return answer;
    return (struct ds_answer){0};
}

struct ds_answer ds_rules_change(const struct ds_ask *q)
{
    return ask(q, DS_REFUSES | DS_WAITS);
}

struct ds_answer ds_rules_create_later(const struct ds_ask *q)
{
    return ask(q, DS_WAITS);
}

static void add_problem(struct ds_mapped *m, enum ds_field f, const struct ds_answer *answer)
{
    if (m->problems < DS_MAX_PROBLEMS)
        m->problem[m->problems++] = (struct ds_problem){f, answer->rule, answer->why};
}

/* What the mapping could not read is named by the mapping. */
static uint64_t named_already(const struct ds_mapped *m)
{
    uint64_t fields = 0;

    for (size_t i = 0; i < m->problems; i++)
        fields |= UINT64_C(1) << m->problem[i].field;
    return fields;
}

void ds_rules_create(const struct ds_policy *policy, struct ds_arena *a, struct ds_mapped *theirs)
{
    uint64_t named = named_already(theirs);
    struct ds_ask q = {.policy = policy,
                       .arena = a,
                       .theirs = &theirs->deal,
                       .then = &theirs->deal,
                       .created_ms = policy->now_ms,
                       .unmapped_stage = theirs->unmapped_stage};
    unsigned when = occasions(&q);
    struct ds_answer answer;

    for (size_t i = 0; i < ds_rules_count; i++) {
        if (!(ds_rules[i].when & when) || ds_rules[i].makes != DS_REFUSES)
            continue;
        for (q.field = 0; q.field < DS_FIELDS; q.field++)
            if (!(named >> q.field & 1) && broken(&q, &ds_rules[i], &answer))
                add_problem(theirs, q.field, &answer);
    }
}

size_t ds_rules_remarks(const struct ds_ask *q, struct ds_remark out[DS_MAX_REMARKS])
{
    struct ds_answer answer;
    size_t count = 0;

    for (size_t i = 0; i < ds_rules_count && count < DS_MAX_REMARKS; i++) {
        const char *text;

        if (!(ds_rules[i].when & DS_AS_IT_IS) || !broken(q, &ds_rules[i], &answer))
            continue;
        text = ds_arena_printf(q->arena, "%s (R-%d)", answer.why, answer.rule);
        out[count++] = (struct ds_remark){answer.rule, text ? text : answer.why};
    }
    return count;
}
