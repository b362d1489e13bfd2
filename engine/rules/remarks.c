/* What is told about a deal, and changes nothing. */
#include "engine/rules/rows.h"

#include "base/date.h"
#include "base/decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_open(const struct ds_deal *d)
{
    return !ds_status_terminal(d->value[DS_STATUS]);
}

bool ds_rule_microsoft_out(const struct ds_ask *q, const struct ds_rule *rule,
                           struct ds_answer *out)
{
    const char *said = q->then->value[DS_MICROSOFT];

    (void)rule;
    if (!is_open(q->then) || !ds_rule_wants_help(q->then) || !said ||
        (strcmp(said, "declined") != 0 && strcmp(said, "expired") != 0))
        return false;
    out->why =
        ds_arena_printf(q->arena, "help was asked for, and Microsoft's answer is '%s'", said);
    return true;
}

bool ds_rule_past_date(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    const char *close_date = q->then->value[DS_CLOSE_DATE];

    (void)rule;
    if (!ds_rule_is(q->then, DS_STATUS, DS_STATUS_ACCEPTED) || !close_date ||
        (ds_date_days(close_date) + 1) * DS_DAY_MS > q->policy->now_ms)
        return false;
    out->why = ds_arena_printf(q->arena, "open past its close date %s", close_date);
    return true;
}

bool ds_rule_expires_soon(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    int64_t deadline = ds_rule_deadline(q), left = deadline - q->policy->now_ms;
    char when[DS_INSTANT_TEXT];

    (void)rule;
    if (!ds_rule_is(q->then, DS_STATUS, DS_STATUS_RECEIVED) ||
        left > (int64_t)q->policy->expiry_warning_days * DS_DAY_MS)
        return false;
    ds_instant_people(deadline, when);
    out->why = ds_arena_printf(
        q->arena,
        left > 0 ? "not answered, and expires at '%s'" : "not answered, and due since '%s'", when);
    return true;
}

bool ds_rule_stage_unknown(const struct ds_ask *q, const struct ds_rule *rule,
                           struct ds_answer *out)
{
    (void)rule;
    if (!q->unmapped_stage)
        return false;
    out->why = ds_arena_printf(
        q->arena, "stage '%s' has no line in the mapping; stage and status stay as they are",
        q->unmapped_stage);
    return true;
}

bool ds_rule_hundred_open(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    (void)rule;
    out->why = "stands at 100 % and is not won";
    return is_open(q->then) && ds_rule_is(q->then, DS_STAGE, "100");
}

static long percent(const struct ds_deal *d)
{
    return d->value[DS_STAGE] ? strtol(d->value[DS_STAGE], NULL, 10) : 0;
}

bool ds_rule_step_back(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    const char *from, *to;

    (void)rule;
    if (!q->ours || !is_open(q->then) || percent(q->then) >= percent(q->ours))
        return false;
    from = ds_rule_stage_name(q->then, q->ours->value[DS_STAGE]);
    to = ds_rule_stage_name(q->then, q->then->value[DS_STAGE]);
    out->why = ds_arena_printf(q->arena, "goes back from '%s' to '%s'", from, to);
    return true;
}

bool ds_rule_closed_early(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    (void)rule;
    out->why = "closed without waiting 72 hours, as 'close_early' says";
    return q->policy->close_early && ds_deal_shared(q->then) &&
           ds_rule_is(q->then, DS_STATUS, DS_STATUS_WON);
}

/* --- incentives ---------------------------------------------------------------------------------- */

/* A solution with an incentive, while there is still time to do something about it. */
static const char *incentive(const struct ds_ask *q)
{
    return is_open(q->then) && !ds_rule_is(q->then, DS_ASSESSMENT, DS_YES)
               ? ds_rule_solution_of(q, q->policy->incentive_solutions)
               : NULL;
}

bool ds_rule_private_incentive(const struct ds_ask *q, const struct ds_rule *rule,
                               struct ds_answer *out)
{
    const char *solution = ds_deal_shared(q->then) ? NULL : incentive(q);

    (void)rule;
    if (!solution)
        return false;
    out->why = ds_arena_printf(
        q->arena, "solution '%s' has an incentive, and a private deal cannot be registered",
        solution);
    return true;
}

enum standing { MET, NOT_MET, UNKNOWN };

static const char *const standings[] = {"met", "not met", "unknown"};

/* A partner-led deal needs no seller. */
static enum standing acceptance(const struct ds_deal *d)
{
    return !ds_rule_wants_help(d) || ds_rule_is(d, DS_MICROSOFT, "accepted") ? MET : NOT_MET;
}

/* Other currencies go by a rate of the month that is not known here. */
static enum standing amount(const struct ds_ask *q)
{
    const char *value = q->then->value[DS_VALUE];
    char minimum[24];

    if (!value || !ds_rule_is(q->then, DS_CURRENCY, "USD"))
        return UNKNOWN;
    snprintf(minimum, sizeof(minimum), "%" PRIu64, q->policy->incentive_minimum);
    return ds_decimal_compare(value, minimum) < 0 ? NOT_MET : MET;
}

bool ds_rule_not_eligible(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    enum standing seller = acceptance(q->then), value = amount(q);

    (void)rule;
    if (!ds_deal_shared(q->then) || (seller != NOT_MET && value != NOT_MET) || !incentive(q))
        return false;
    out->why =
        ds_arena_printf(q->arena,
                        "cannot be registered as it is: Microsoft's acceptance %s, value %s, "
                        "managed customer unknown",
                        standings[seller], standings[value]);
    return true;
}

bool ds_rule_open_here(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    const char *status = q->theirs ? q->theirs->value[DS_STATUS] : NULL;

    (void)rule;
    if (!q->ours || q->held || !ds_status_terminal(status) || !is_open(q->then))
        return false;
    out->why = ds_arena_printf(q->arena, "'%s' in the CRM, and open here", status);
    return true;
}
