#include "engine/rules.h"

#include "base/date.h"

#include <jansson.h>
#include <string.h>

#define DAY_MS   (24 * 60 * 60 * INT64_C(1000))
#define HOURS_72 (3 * DAY_MS)

static bool is(const struct ds_deal *d, enum ds_field f, const char *value)
{
    return ds_same(d->value[f], value);
}

static bool wants_help(const struct ds_deal *d)
{
    return d->value[DS_HELP] && !is(d, DS_HELP, "none");
}

static bool shared(const struct ds_deal *d)
{
    return is(d, DS_VISIBILITY, DS_YES) || wants_help(d);
}

static void problem(struct ds_mapped *m, enum ds_field f, int rule, const char *text)
{
    if (m->problems < DS_MAX_PROBLEMS)
        m->problem[m->problems++] = (struct ds_problem){f, rule, text ? text : "out of memory"};
}

static bool named_already(const struct ds_mapped *m, enum ds_field f)
{
    for (size_t i = 0; i < m->problems; i++)
        if (m->problem[i].field == f)
            return true;
    return false;
}

static bool needed(const struct ds_deal *d, enum ds_needed when)
{
    switch (when) {
    case DS_OPTIONAL: return false;
    case DS_MANDATORY: return true;
    case DS_FOR_SHARING: return shared(d);
    case DS_FOR_HELP: return wants_help(d);
    }
    return false;
}

static const char *const needed_why[] = {
    [DS_MANDATORY] = "a deal must have it",
    [DS_FOR_SHARING] = "a deal that is shared must have it",
    [DS_FOR_HELP] = "a deal that asks for help must have it",
};

static size_t solutions_of(const struct ds_deal *d)
{
    json_t *list = d->value[DS_SOLUTIONS] ? json_loads(d->value[DS_SOLUTIONS], 0, NULL) : NULL;
    size_t n = json_array_size(list);

    json_decref(list);
    return n;
}

static bool listed(const char *list, const char *word)
{
    size_t n = strlen(word);

    for (const char *p = list; *p;) {
        size_t len = strcspn(p, " ,");

        if (len == n && memcmp(p, word, n) == 0)
            return true;
        p += len;
        p += strspn(p, " ,");
    }
    return false;
}

static bool any_shareable(const struct ds_policy *policy, const struct ds_deal *d)
{
    json_t *list, *id;
    size_t i;
    bool found = false;

    if (!policy->shareable || !d->value[DS_SOLUTIONS])
        return false;
    list = json_loads(d->value[DS_SOLUTIONS], 0, NULL);
    json_array_foreach(list, i, id) found =
        found || listed(policy->shareable, json_string_value(id));
    json_decref(list);
    return found;
}

/* What is missing, by the field table: all of it at once. */
static void missing(struct ds_arena *a, struct ds_mapped *m, bool only_to_share)
{
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        const struct ds_field_row *row = &ds_fields[f];

        if (m->deal.value[f] || (row->fallback && !ds_given(&m->deal, f)))
            continue;
        if (only_to_share && row->needed == DS_MANDATORY)
            continue;
        if (needed(&m->deal, row->needed) && !named_already(m, f))
            problem(m, f, row->needed_rule,
                    ds_arena_printf(a, "%s is missing: %s", row->title, needed_why[row->needed]));
    }
}

/* What a deal that is shared, or asks for help, must not lack. */
static void sharing(const struct ds_policy *policy, struct ds_mapped *m)
{
    const struct ds_deal *d = &m->deal;

    if (wants_help(d) && !is(d, DS_CONSENT, DS_YES))
        problem(m, DS_CONSENT, 42, "help is asked for without the customer's consent");
    if (shared(d) && d->value[DS_SOLUTIONS] && !any_shareable(policy, d))
        problem(m, DS_SOLUTIONS, 3,
                "shared, and none of its solutions is in 'shareable_solutions' of this connection");
}

void ds_rules_create(const struct ds_policy *policy, struct ds_arena *a, struct ds_mapped *theirs)
{
    const struct ds_deal *d = &theirs->deal;

    missing(a, theirs, false);
    if (theirs->unmapped_stage)
        problem(theirs, DS_STAGE, 72,
                theirs->unmapped_stage[0]
                    ? ds_arena_printf(a, "stage '%s' has no line in the mapping",
                                      theirs->unmapped_stage)
                    : "the stage is empty");
    if (is(d, DS_STATUS, DS_STATUS_LOST) && !d->value[DS_REASON] &&
        !named_already(theirs, DS_REASON))
        problem(theirs, DS_REASON, 58, "lost without a reason that the mapping knows");
    if (is(d, DS_ASSESSMENT, DS_YES) && !policy->vetted)
        problem(theirs, DS_ASSESSMENT, 9,
                "a solution assessment, and 'vetted' is not set for this connection");
    if (is(d, DS_ASSESSMENT, DS_YES) && solutions_of(d) > 1)
        problem(theirs, DS_SOLUTIONS, 51, "a solution assessment beside other solutions");
    sharing(policy, theirs);
}

int ds_rules_share(const struct ds_policy *policy, struct ds_arena *a, const struct ds_deal *then,
                   const char **why)
{
    struct ds_mapped m = {.deal = *then};

    missing(a, &m, true);
    sharing(policy, &m);
    if (!m.problems)
        return 0;
    *why = m.problem[0].text;
    return m.problem[0].rule;
}

static bool goes_down(enum ds_field f, const char *from, const char *to)
{
    const char *lowest = f == DS_HELP ? "none" : DS_NO;

    return from && !ds_same(from, lowest) && (!to || ds_same(to, lowest));
}

int ds_rules_forbid(const struct ds_deal *ours, const struct ds_deal *theirs, enum ds_field f,
                    const char **why)
{
    const struct ds_field_row *row = &ds_fields[f];

    if (is(ours, DS_STATUS, DS_STATUS_RECEIVED)) {
        *why = "the deal waits to be accepted or declined";
        return 56;
    }
    if (row->frozen == DS_FROZEN) {
        *why = "cannot change once the deal exists";
        return row->frozen_rule;
    }
    if (row->frozen == DS_ONLY_UP && goes_down(f, ours->value[f], theirs->value[f])) {
        *why = "there is no way back";
        return row->frozen_rule;
    }
    if (row->needed == DS_MANDATORY && !theirs->value[f]) {
        *why = "emptied, and a deal must have it";
        return row->needed_rule;
    }
    if (f == DS_STATUS && is(theirs, DS_STATUS, DS_STATUS_LOST) && !theirs->value[DS_REASON]) {
        *why = "lost without a reason that the mapping knows";
        return 58;
    }
    return 0;
}

/* Closed long ago: the expected or real closing day lies more than the 72 hours back. */
static bool long_closed(const struct ds_policy *policy, const struct ds_deal *d)
{
    return d->value[DS_CLOSE_DATE] &&
           (ds_date_days(d->value[DS_CLOSE_DATE]) + 1) * DAY_MS + HOURS_72 <= policy->now_ms;
}

int64_t ds_rules_won_at(const struct ds_policy *policy, const struct ds_deal *deal,
                        int64_t created_ms)
{
    if (!is(deal, DS_STATUS, DS_STATUS_WON))
        return 0;
    if (!shared(deal) || is(deal, DS_ASSESSMENT, DS_YES))
        return 0;
    if (policy->close_early || created_ms + HOURS_72 <= policy->now_ms)
        return 0;
    if (policy->first_load && long_closed(policy, deal))
        return 0;
    return created_ms + HOURS_72;
}

const char *ds_rules_warning(const struct ds_policy *policy, struct ds_arena *a,
                             const struct ds_deal *deal)
{
    const char *close_date = deal->value[DS_CLOSE_DATE];

    if (is(deal, DS_STATUS, DS_STATUS_ACCEPTED) && close_date &&
        (ds_date_days(close_date) + 1) * DAY_MS <= policy->now_ms)
        return ds_arena_printf(a, "open past its close date %s (R-34)", close_date);
    if (is(deal, DS_STATUS, DS_STATUS_WON) && policy->close_early && shared(deal))
        return "closed without waiting 72 hours, as 'close_early' says (R-79)";
    return NULL;
}
