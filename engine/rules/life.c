/* From received to closed: answers, outcomes and stages. */
#include "engine/rules/rows.h"

#include "base/date.h"

#include <string.h>

static bool is_received(const struct ds_deal *d)
{
    return ds_rule_is(d, DS_STATUS, DS_STATUS_RECEIVED);
}

static bool is_lost(const struct ds_deal *d)
{
    return ds_rule_is(d, DS_STATUS, DS_STATUS_LOST) || ds_rule_is(d, DS_STATUS, DS_STATUS_DECLINED);
}

bool ds_rule_answers(const struct ds_ask *q, const char *status)
{
    return is_received(q->ours) && ds_rule_is(q->then, DS_STATUS, status);
}

int64_t ds_rule_deadline(const struct ds_ask *q)
{
    const char *expires = q->then->value[DS_EXPIRES];
    int64_t ms;

    if (expires && ds_instant(expires, &ms))
        return ms;
    return q->created_ms + (int64_t)q->policy->expiry_days * DS_DAY_MS;
}

/* A hold that waits for somebody is looked at when the deal has expired, and every day from then on. */
static int64_t until_answered(const struct ds_ask *q)
{
    int64_t deadline = ds_rule_deadline(q), tomorrow = q->policy->now_ms + DS_DAY_MS;

    return deadline > tomorrow ? deadline : tomorrow;
}

/* --- answers ------------------------------------------------------------------------------------- */

/* What the CRM calls open may be a deal that nobody has looked at: only one that it has called
 * received before can be accepted by it. */
bool ds_rule_no_answer(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    (void)rule;
    out->why = "the deal waits to be accepted or declined, and an open record is no answer";
    out->until_ms = until_answered(q);
    return q->field == DS_STATUS && ds_rule_answers(q, DS_STATUS_ACCEPTED) && !is_received(q->base);
}

/* Whether the field may change with the deal unanswered, or is its answer. */
static bool is_free(const struct ds_ask *q)
{
    return q->field == DS_STATUS || ds_fields[q->field].may[DS_P_RECEIVED] == DS_MAY_CHANGE ||
           (ds_rule_answers(q, DS_STATUS_DECLINED) &&
            (q->field == DS_REASON || q->field == DS_NOTES));
}

bool ds_rule_unanswered(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    (void)rule;
    out->why = "the deal waits to be accepted or declined";
    out->until_ms = until_answered(q);
    return is_received(q->ours) && !is_free(q) && !ds_rule_answers(q, DS_STATUS_ACCEPTED);
}

bool ds_rule_after_answer(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    (void)rule;
    out->why = "the deal is accepted first";
    out->until_ms = q->policy->now_ms; /* later in the same run */
    return ds_rule_answers(q, DS_STATUS_ACCEPTED) && !is_free(q) &&
           ds_fields[q->field].may[DS_P_RECEIVED] != DS_MAY_ANSWER;
}

bool ds_rule_sent_by_us(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    const char *status = q->then->value[DS_STATUS];

    (void)rule;
    if (q->field != DS_STATUS || ds_rule_is(q->then, DS_ORIGIN, DS_INBOUND) || !status)
        return false;
    out->why = ds_arena_printf(q->arena, "a deal of ours cannot be '%s'", status);
    return strcmp(status, DS_STATUS_RECEIVED) == 0 || strcmp(status, DS_STATUS_DECLINED) == 0 ||
           strcmp(status, DS_STATUS_EXPIRED) == 0;
}

/* --- outcomes ------------------------------------------------------------------------------------ */

bool ds_rule_no_reason(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    (void)rule;
    out->why = ds_rule_is(q->then, DS_STATUS, DS_STATUS_LOST)
                   ? "lost without a reason that the mapping knows"
                   : "declined without a reason that the mapping knows";
    return q->field == (q->ours ? DS_STATUS : DS_REASON) && is_lost(q->then) &&
           !q->then->value[DS_REASON];
}

bool ds_rule_expired_by_us(const struct ds_ask *q, const struct ds_rule *rule,
                           struct ds_answer *out)
{
    (void)rule;
    out->why = "a deal expires on the other side, and not from here";
    return q->field == DS_STATUS && ds_rule_is(q->then, DS_STATUS, DS_STATUS_EXPIRED);
}

bool ds_rule_status_back(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    (void)rule;
    out->why = "a deal that was accepted is not received again";
    return q->field == DS_STATUS && !is_received(q->ours) && is_received(q->then);
}

/* Which outcome may be sent, by what it follows; anything may be read. */
bool ds_rule_status_pair(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    static const char *const pairs[][2] = {
        {DS_STATUS_RECEIVED, DS_STATUS_ACCEPTED},
        {DS_STATUS_RECEIVED, DS_STATUS_DECLINED},
        {DS_STATUS_ACCEPTED, DS_STATUS_WON},
        {DS_STATUS_ACCEPTED, DS_STATUS_LOST},
    };
    const char *from = q->ours->value[DS_STATUS], *to = q->then->value[DS_STATUS];

    (void)rule;
    if (q->field != DS_STATUS || ds_same(from, to))
        return false;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        if (ds_same(from, pairs[i][0]) && ds_same(to, pairs[i][1]))
            return false;
    out->why =
        ds_arena_printf(q->arena, "'%s' does not follow '%s'", to ? to : "", from ? from : "");
    return true;
}

/* Closed so long ago that the 72 hours are over anyway, in a first load. */
static bool is_history(const struct ds_ask *q)
{
    const char *close_date = q->then->value[DS_CLOSE_DATE];

    return q->policy->first_load && close_date &&
           (ds_date_days(close_date) + 1) * DS_DAY_MS + DS_HOURS_72 <= q->policy->now_ms;
}

/* Only deals that can be registered have to wait; where nobody knows, they do. */
static bool may_be_registered(const struct ds_ask *q)
{
    return ds_deal_shared(q->then) && !ds_rule_is(q->then, DS_ASSESSMENT, DS_YES) &&
           (!q->policy->incentive_solutions ||
            ds_rule_solution_of(q, q->policy->incentive_solutions));
}

bool ds_rule_hours_72(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    (void)rule;
    if (q->field != DS_STATUS || !ds_rule_is(q->then, DS_STATUS, DS_STATUS_WON) ||
        !may_be_registered(q))
        return false;
    out->why = "72 hours must lie between creation and won";
    out->until_ms = q->created_ms + DS_HOURS_72;
    return !q->policy->close_early && !is_history(q) && out->until_ms > q->policy->now_ms;
}

/* --- stages -------------------------------------------------------------------------------------- */

static const struct {
    const char *percent;
    const char *name;
    const char *assessment; /* the name in the ladder of solution assessments */
} ladder[] = {
    {"10", "Created", "Created"},
    {"20", "Qualified", "Secure customer LOE"},
    {"40", "Developed", "Collect data"},
    {"60", "Proposed", "Prepare assessment report"},
    {"80", "Negotiated", "Present to customer"},
    {"100", "Won", "Won"},
};

#define STAGES (sizeof(ladder) / sizeof(ladder[0]))

/* Where a stage stands in the ladder; an empty one stands where a new deal does. */
static size_t step_of(const char *stage)
{
    size_t i = 0;

    while (stage && i < STAGES - 1 && strcmp(ladder[i].percent, stage) != 0)
        i++;
    return i;
}

const char *ds_rule_stage_name(const struct ds_deal *d, const char *stage)
{
    bool assessment = ds_rule_is(d, DS_ASSESSMENT, DS_YES);
    size_t i = step_of(stage);

    return assessment ? ladder[i].assessment : ladder[i].name;
}

bool ds_rule_stage_unmapped(const struct ds_ask *q, const struct ds_rule *rule,
                            struct ds_answer *out)
{
    const char *stage = q->unmapped_stage;

    (void)rule;
    if (q->field != DS_STAGE || !stage)
        return false;
    out->why = stage[0] ? ds_arena_printf(q->arena, "stage '%s' has no line in the mapping", stage)
                        : "the stage is empty";
    return true;
}

bool ds_rule_hundred(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    (void)rule;
    out->why = "100 % is reached by winning only";
    return q->field == DS_STAGE && ds_rule_is(q->then, DS_STAGE, "100") &&
           !ds_rule_is(q->then, DS_STATUS, DS_STATUS_WON);
}

bool ds_rule_stage_of_lost(const struct ds_ask *q, const struct ds_rule *rule,
                           struct ds_answer *out)
{
    (void)rule;
    out->why = "a deal that is lost keeps the stage it had";
    return q->field == DS_STAGE && is_lost(q->then);
}

bool ds_rule_assessment_stages(const struct ds_ask *q, const struct ds_rule *rule,
                               struct ds_answer *out)
{
    size_t next = (q->ours ? step_of(q->ours->value[DS_STAGE]) : 0) + 1;

    (void)rule;
    if (q->field != DS_STATUS || !ds_rule_is(q->then, DS_STATUS, DS_STATUS_WON) ||
        !ds_rule_is(q->then, DS_ASSESSMENT, DS_YES) || next >= STAGES - 1 || is_history(q))
        return false;
    out->why = ds_arena_printf(q->arena, "the stage '%s' (%s %%) has not been marked yet",
                               ladder[next].assessment, ladder[next].percent);
    out->until_ms = q->policy->now_ms + DS_DAY_MS;
    return true;
}
