/* What a deal must have, and which field may change when. */
#include "engine/rules/rows.h"

static bool needed(const struct ds_deal *d, enum ds_needed when)
{
    switch (when) {
    case DS_OPTIONAL: return false;
    case DS_MANDATORY: return true;
    case DS_FOR_SHARING: return ds_deal_shared(d);
    case DS_FOR_HELP: return ds_rule_wants_help(d);
    }
    return false;
}

static const char *const needed_why[] = {
    [DS_MANDATORY] = "a deal must have it",
    [DS_FOR_SHARING] = "a deal that is shared must have it",
    [DS_FOR_HELP] = "a deal that asks for help must have it",
};

/* Whether the deal lacks the field that this rule asks for. */
static bool lacks(const struct ds_ask *q, const struct ds_rule *rule, enum ds_field f,
                  struct ds_answer *out)
{
    const struct ds_field_row *row = &ds_fields[f];

    if (row->needed_rule != rule->number || q->then->value[f] || !needed(q->then, row->needed))
        return false;
    out->why = ds_arena_printf(q->arena, "%s is missing: %s", row->title, needed_why[row->needed]);
    return true;
}

bool ds_rule_missing(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    if (!q->ours)
        return lacks(q, rule, q->field, out);
    if (ds_fields[q->field].needed == DS_MANDATORY) {
        out->why = "emptied, and a deal must have it";
        return !q->then->value[q->field] && ds_fields[q->field].needed_rule == rule->number;
    }
    for (enum ds_field f = 0; rule->when & DS_AT_SHARING && f < DS_FIELDS; f++)
        if (ds_fields[f].needed > DS_MANDATORY && lacks(q, rule, f, out))
            return true;
    return false;
}

bool ds_rule_same_crm_id(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    (void)rule;
    out->why = "another deal carries this CRM id";
    return q->field == DS_CRM_ID && q->same_crm_id > 0;
}

static enum ds_phase phase_of(const struct ds_deal *d)
{
    if (ds_status_terminal(d->value[DS_STATUS]))
        return DS_P_CLOSED;
    if (ds_rule_is(d, DS_STATUS, DS_STATUS_RECEIVED))
        return DS_P_RECEIVED;
    return ds_deal_shared(d) ? DS_P_SHARED : DS_P_ACCEPTED;
}

/* The letter of the phase. What a received deal does not allow comes later, unless it never does:
 * that is what the next phase tells, and do the rest. */
static char letter(const struct ds_deal *ours, enum ds_field f)
{
    enum ds_phase phase = phase_of(ours);

    return ds_fields[f].may[phase == DS_P_RECEIVED ? DS_P_ACCEPTED : phase];
}

static bool is_lowest(enum ds_field f, const char *value)
{
    return !value || ds_same(value, ds_fields[f].fallback);
}

bool ds_rules_frozen(const struct ds_deal *ours, const struct ds_deal *theirs, enum ds_field f)
{
    switch (letter(ours, f)) {
    case DS_MAY_NOT: return true;
    case DS_MAY_UP: return !is_lowest(f, ours->value[f]);
    case DS_MAY_FILL: return ours->value[f] && !ds_same(ours->value[f], theirs->value[f]);
    default: return false;
    }
}

bool ds_rule_closed(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    (void)rule;
    out->why = "the deal is closed";
    return ds_status_terminal(q->ours->value[DS_STATUS]);
}

bool ds_rule_frozen(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    out->why = "cannot change once the deal exists";
    return ds_fields[q->field].frozen_rule == rule->number &&
           letter(q->ours, q->field) == DS_MAY_NOT;
}

bool ds_rule_goes_down(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    enum ds_field f = q->field;

    (void)rule;
    out->why = "there is no way back";
    return letter(q->ours, f) == DS_MAY_UP && !is_lowest(f, q->ours->value[f]) &&
           is_lowest(f, q->then->value[f]);
}

bool ds_rule_frozen_by_sharing(const struct ds_ask *q, const struct ds_rule *rule,
                               struct ds_answer *out)
{
    enum ds_field f = q->field;
    bool other_help =
        f == DS_HELP && !is_lowest(f, q->ours->value[f]) && !is_lowest(f, q->then->value[f]);

    (void)rule;
    out->why = "cannot change once the deal is shared with Microsoft";
    return other_help || (letter(q->ours, f) == DS_MAY_FILL && q->ours->value[f]);
}
