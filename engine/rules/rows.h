/*
 * rows.h - what the rows of the table of rules are made of
 *
 * Predicates of the form that struct ds_rule wants, a file a subject. Each looks at one field of one
 * deal, tells whether the rule is broken, and says why in words that can be read behind the field's
 * title. At creation they are asked about every field, so that all that is wrong is told at once.
 */
#ifndef DS_ENGINE_RULES_ROWS_H
#define DS_ENGINE_RULES_ROWS_H

#include "engine/rules.h"

#define DS_DAY_MS   (24 * 60 * 60 * INT64_C(1000))
#define DS_HOURS_72 (3 * DS_DAY_MS)

typedef bool ds_rule_breaks(const struct ds_ask *q, const struct ds_rule *rule,
                            struct ds_answer *out);

/* fields.c: what a deal must have, and what is frozen */
ds_rule_breaks ds_rule_missing, ds_rule_same_crm_id, ds_rule_frozen, ds_rule_goes_down,
    ds_rule_frozen_by_sharing, ds_rule_closed;

/* lists.c: team and solutions */
ds_rule_breaks ds_rule_team_size, ds_rule_team_foreign, ds_rule_solutions_size,
    ds_rule_solutions_unshareable;

/* kinds.c: assessments, and deals between partners */
ds_rule_breaks ds_rule_not_vetted, ds_rule_assessment_typed, ds_rule_assessment_mixed,
    ds_rule_assessment_nowhere, ds_rule_partner_inbound, ds_rule_partner_outbound,
    ds_rule_inviter_frozen, ds_rule_invited_unanswered;

/* sharing.c: consent, and what Microsoft may see */
ds_rule_breaks ds_rule_flag_by_default, ds_rule_no_consent, ds_rule_consent_late,
    ds_rule_consent_withdrawn;

/* life.c: answers, outcomes and stages */
ds_rule_breaks ds_rule_no_answer, ds_rule_sent_by_us, ds_rule_unanswered, ds_rule_after_answer,
    ds_rule_no_reason, ds_rule_expired_by_us, ds_rule_status_back, ds_rule_status_pair,
    ds_rule_hundred, ds_rule_stage_of_lost, ds_rule_stage_unmapped, ds_rule_assessment_stages,
    ds_rule_hours_72;

/* remarks.c: what is told */
ds_rule_breaks ds_rule_microsoft_out, ds_rule_past_date, ds_rule_expires_soon,
    ds_rule_stage_unknown, ds_rule_hundred_open, ds_rule_step_back, ds_rule_closed_early,
    ds_rule_private_incentive, ds_rule_not_eligible, ds_rule_open_here;

/* --- what they share ----------------------------------------------------------------------------- */

static inline bool ds_rule_is(const struct ds_deal *d, enum ds_field f, const char *value)
{
    return d && ds_same(d->value[f], value);
}

static inline bool ds_rule_wants_help(const struct ds_deal *d)
{
    return d->value[DS_HELP] && !ds_rule_is(d, DS_HELP, DS_NONE);
}

/* Whether the question is about this field of a new deal, or about sharing a deal that exists. */
static inline bool ds_rule_asks(const struct ds_ask *q, enum ds_field f)
{
    return q->ours ? q->field == DS_VISIBILITY || q->field == DS_HELP : q->field == f;
}

static inline bool ds_rule_is_contact(enum ds_field f)
{
    return f >= DS_CONTACT_FIRST_NAME && f <= DS_CONTACT_PHONE;
}

/* Whether the deal is about to be answered with this status. */
bool ds_rule_answers(const struct ds_ask *q, const char *status);

/* When a received deal that nobody answers expires on the other side. */
int64_t ds_rule_deadline(const struct ds_ask *q);

/* The first solution of the deal that is on a list of struct ds_policy, from the arena; NULL: none. */
const char *ds_rule_solution_of(const struct ds_ask *q, const char *list);

/* The word for a stage in the deal's own ladder. */
const char *ds_rule_stage_name(const struct ds_deal *d, const char *stage);

#endif
