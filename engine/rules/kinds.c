/* Solution assessments, and deals between partners. */
#include "engine/rules/rows.h"

static bool is_assessment(const struct ds_deal *d)
{
    return ds_rule_is(d, DS_ASSESSMENT, DS_YES);
}

bool ds_rule_not_vetted(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    (void)rule;
    out->why = "a solution assessment, and 'vetted' is not set for this connection";
    return q->field == DS_ASSESSMENT && is_assessment(q->then) && !q->policy->vetted;
}

static bool with_partners(const struct ds_deal *d)
{
    return d->value[DS_PARTNER] && !ds_rule_is(d, DS_PARTNER, DS_NONE);
}

bool ds_rule_assessment_typed(const struct ds_ask *q, const struct ds_rule *rule,
                              struct ds_answer *out)
{
    enum ds_field f = q->field;
    const char *type = ds_rule_wants_help(q->then)                  ? "co-sell"
                       : ds_rule_is(q->then, DS_VISIBILITY, DS_YES) ? "partner-led"
                                                                    : "between partners";
    bool asked =
        q->ours ? f == DS_VISIBILITY || f == DS_HELP || f == DS_PARTNER : f == DS_ASSESSMENT;

    (void)rule;
    if (!asked || !is_assessment(q->then) || !(ds_deal_shared(q->then) || with_partners(q->then)))
        return false;
    out->why = ds_arena_printf(q->arena, "a solution assessment cannot be %s", type);
    return true;
}

bool ds_rule_assessment_nowhere(const struct ds_ask *q, const struct ds_rule *rule,
                                struct ds_answer *out)
{
    (void)rule;
    out->why = "location is missing: a solution assessment is made for one";
    return q->field == DS_LOCATION && is_assessment(q->then) && !q->then->value[DS_LOCATION];
}

bool ds_rule_partner_inbound(const struct ds_ask *q, const struct ds_rule *rule,
                             struct ds_answer *out)
{
    (void)rule;
    out->why = "no partner can be invited to a deal that was sent to us";
    return q->field == DS_PARTNER && ds_rule_is(q->then, DS_PARTNER, DS_INVITER) &&
           ds_rule_is(q->then, DS_ORIGIN, DS_INBOUND);
}

bool ds_rule_partner_outbound(const struct ds_ask *q, const struct ds_rule *rule,
                              struct ds_answer *out)
{
    (void)rule;
    out->why = "a deal to which a partner has invited us is inbound";
    return q->field == DS_PARTNER && ds_rule_is(q->then, DS_PARTNER, DS_INVITED) &&
           !ds_rule_is(q->then, DS_ORIGIN, DS_INBOUND);
}

bool ds_rule_inviter_frozen(const struct ds_ask *q, const struct ds_rule *rule,
                            struct ds_answer *out)
{
    enum ds_field f = q->field;

    (void)rule;
    out->why = "was given with the invitation, and only the invited partner changes it";
    return ds_rule_is(q->ours, DS_PARTNER, DS_INVITER) &&
           (f == DS_VALUE || f == DS_CURRENCY || f == DS_CLOSE_DATE || f == DS_TEAM);
}

bool ds_rule_invited_unanswered(const struct ds_ask *q, const struct ds_rule *rule,
                                struct ds_answer *out)
{
    (void)rule;
    out->why = "the invitation has not been accepted yet";
    return (q->field == DS_TEAM || q->field == DS_SOLUTIONS) &&
           ds_rule_is(q->ours, DS_PARTNER, DS_INVITED) &&
           ds_rule_is(q->ours, DS_STATUS, DS_STATUS_RECEIVED) &&
           !ds_rule_answers(q, DS_STATUS_ACCEPTED);
}
