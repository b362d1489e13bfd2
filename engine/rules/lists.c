/* Team and solutions. */
#include "engine/rules/rows.h"

#include <jansson.h>
#include <string.h>
#include <strings.h>

#define MOST 50 /* members, and solutions */

static json_t *list_of(const struct ds_deal *d, enum ds_field f)
{
    return d->value[f] ? json_loads(d->value[f], 0, NULL) : NULL;
}

static size_t size_of(const struct ds_deal *d, enum ds_field f)
{
    json_t *list = list_of(d, f);
    size_t n = json_array_size(list);

    json_decref(list);
    return n;
}

/* An element takes three bytes at least, so that most lists need not be read for this. */
static bool too_long(const struct ds_deal *d, enum ds_field f)
{
    return d->value[f] && strlen(d->value[f]) / 3 > MOST && size_of(d, f) > MOST;
}

/* Whether a word is on a list of struct ds_policy. */
static bool listed(const char *list, const char *word,
                   int (*compare)(const char *a, const char *b, size_t n))
{
    size_t n = strlen(word);

    for (const char *p = list ? list : ""; *p;) {
        size_t len = strcspn(p, " ,");

        if (len == n && n && compare(p, word, n) == 0)
            return true;
        p += len;
        p += strspn(p, " ,");
    }
    return false;
}

const char *ds_rule_solution_of(const struct ds_ask *q, const char *list)
{
    json_t *solutions = list ? list_of(q->then, DS_SOLUTIONS) : NULL, *id;
    const char *found = NULL;
    size_t i;

    json_array_foreach(solutions, i, id)
    {
        const char *text = json_string_value(id);

        if (!found && text && listed(list, text, strncmp))
            found = ds_arena_dup(q->arena, text);
    }
    json_decref(solutions);
    return found;
}

bool ds_rule_solutions_unshareable(const struct ds_ask *q, const struct ds_rule *rule,
                                   struct ds_answer *out)
{
    (void)rule;
    out->why = "shared, and none of its solutions is in 'shareable_solutions' of this connection";
    return ds_rule_asks(q, DS_SOLUTIONS) && q->then->value[DS_SOLUTIONS] &&
           !ds_rule_solution_of(q, q->policy->shareable);
}

bool ds_rule_solutions_size(const struct ds_ask *q, const struct ds_rule *rule,
                            struct ds_answer *out)
{
    (void)rule;
    if (q->field != DS_SOLUTIONS)
        return false;
    out->why = "emptied, and a deal must have one";
    if (q->ours && size_of(q->then, DS_SOLUTIONS) == 0)
        return true;
    out->why = "more than 50 solutions";
    return too_long(q->then, DS_SOLUTIONS);
}

bool ds_rule_team_size(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    (void)rule;
    out->why = "more than 50 members";
    return q->field == DS_TEAM && too_long(q->then, DS_TEAM);
}

bool ds_rule_assessment_mixed(const struct ds_ask *q, const struct ds_rule *rule,
                              struct ds_answer *out)
{
    (void)rule;
    out->why = "a solution assessment beside other solutions";
    return q->field == DS_SOLUTIONS && ds_rule_is(q->then, DS_ASSESSMENT, DS_YES) &&
           size_of(q->then, DS_SOLUTIONS) > 1;
}

/* The members of other companies, by the domain of their address. */
static json_t *foreigners(const struct ds_deal *d, const char *our_domains)
{
    json_t *team = list_of(d, DS_TEAM), *found = json_array(), *member;
    size_t i;

    json_array_foreach(team, i, member)
    {
        const char *email = json_string_value(json_object_get(member, "email"));
        const char *at = email ? strrchr(email, '@') : NULL;

        if (!at || !listed(our_domains, at + 1, strncasecmp))
            json_array_append(found, member);
    }
    json_decref(team);
    return found;
}

bool ds_rule_team_foreign(const struct ds_ask *q, const struct ds_rule *rule, struct ds_answer *out)
{
    const char *domains = q->policy->our_domains;
    json_t *before, *after;
    bool same;

    (void)rule;
    if (q->field != DS_TEAM || !q->ours->value[DS_PARTNER] ||
        ds_rule_is(q->ours, DS_PARTNER, DS_NONE))
        return false;
    before = foreigners(q->ours, domains);
    after = foreigners(q->then, domains);
    same = before && after && json_equal(before, after);
    json_decref(before);
    json_decref(after);
    out->why = domains ? "changes people of another company"
                       : "the team may hold people of another company, and 'our_domains' of this "
                         "connection does not tell which";
    return !same;
}
