/* Consent, and what Microsoft gets to see. Once it has seen something there is no way back. */
#include "engine/rules/rows.h"

/* A field that says yes without having said no before is a default, or a new line of the mapping. */
bool ds_rule_flag_by_default(const struct ds_ask *q, const struct ds_rule *rule,
                             struct ds_answer *out)
{
    (void)rule;
    out->why = "has not turned from no to yes in the CRM: it was never seen there as no";
    return q->field == DS_VISIBILITY && ds_rule_is(q->then, DS_VISIBILITY, DS_YES) &&
           !(q->base && ds_given(q->base, DS_VISIBILITY) &&
             !ds_rule_is(q->base, DS_VISIBILITY, DS_YES));
}

static bool has_contact(const struct ds_deal *d)
{
    for (enum ds_field f = DS_CONTACT_FIRST_NAME; f <= DS_CONTACT_PHONE; f++)
        if (d->value[f])
            return true;
    return false;
}

bool ds_rule_no_consent(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    bool asked = ds_rule_asks(q, DS_CONSENT) || (q->ours && ds_rule_is_contact(q->field));

    (void)rule;
    if (!asked || ds_rule_is(q->then, DS_CONSENT, DS_YES))
        return false;
    out->why = "help is asked for without the customer's consent";
    if (ds_rule_wants_help(q->then))
        return true;
    out->why = "Microsoft would see the contact without the customer's consent";
    return ds_deal_shared(q->then) && has_contact(q->then);
}

static bool withdrawn(const struct ds_ask *q)
{
    return ds_rule_is(q->ours, DS_CONSENT, DS_YES) && q->theirs &&
           ds_given(q->theirs, DS_CONSENT) && !ds_rule_is(q->theirs, DS_CONSENT, DS_YES);
}

bool ds_rule_consent_late(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    return ds_rule_frozen(q, rule, out) && !withdrawn(q);
}

/* From then on no personal data goes anywhere. */
bool ds_rule_consent_withdrawn(const struct ds_ask *q, const struct ds_rule *rule,
                               struct ds_answer *out)
{
    (void)rule;
    out->why = "the customer's consent was withdrawn";
    return withdrawn(q) && (q->field == DS_CONSENT || ds_rule_is_contact(q->field) ||
                            (ds_rule_asks(q, DS_CONSENT) && ds_deal_shared(q->then)));
}
