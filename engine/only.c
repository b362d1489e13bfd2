#include "engine/only.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool read_number(const char *text, int64_t *out)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > 18 || text[digits])
        return false;
    *out = strtoll(text, NULL, 10);
    return true;
}

static bool add_deal(struct ds_only *only, const char *text)
{
    return only->deals < DS_ONLY_MOST && read_number(text, &only->deal[only->deals++]);
}

static bool add_rule(struct ds_only *only, const char *text)
{
    int64_t n;

    text += strncmp(text, "R-", 2) == 0 ? 2 : 0;
    if (only->rules == DS_ONLY_MOST || !read_number(text, &n) || n > 999)
        return false;
    only->rule[only->rules++] = (int)n;
    return true;
}

static bool add_field(struct ds_only *only, const char *text)
{
    enum ds_field f = ds_field_find(text);

    if (f < DS_FIELDS)
        only->fields |= UINT64_C(1) << f;
    return f < DS_FIELDS;
}

static bool add_outcome(struct ds_only *only, const char *text)
{
    for (unsigned o = 0; o < DS_OUTCOMES; o++)
        if (strcmp(text, ds_outcome_names[o]) == 0) {
            only->outcomes |= 1u << o;
            return true;
        }
    return false;
}

static const struct {
    const char *word;
    bool (*add)(struct ds_only *only, const char *text);
    const char *example;
} kinds[] = {
    {"deal=", add_deal, "deal=4402"},
    {"field=", add_field, "field=close_date"},
    {"outcome=", add_outcome, "outcome=conflict"},
    {"rule=", add_rule, "rule=R-78"},
};

int ds_only_add(struct ds_only *only, const char *text, struct ds_err *err)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t len = strlen(kinds[i].word);

        if (strncmp(text, kinds[i].word, len) != 0)
            continue;
        if (kinds[i].add(only, text + len))
            return DS_OK;
        ds_fail(err, DS_E_USAGE, "--only: '%s' names nothing that is known, or one too many", text);
        return ds_hint(err, "write it like %s", kinds[i].example);
    }
    ds_fail(err, DS_E_USAGE, "--only: '%s' is none of deal=, field=, outcome= and rule=", text);
    return ds_hint(err, "for instance --only field=close_date --only outcome=updated");
}

bool ds_only_any(const struct ds_only *only)
{
    return only->deals || only->rules || only->outcomes || only->fields;
}

static bool has_deal(const struct ds_only *only, int64_t deal)
{
    for (size_t i = 0; i < only->deals; i++)
        if (only->deal[i] == deal)
            return true;
    return only->deals == 0;
}

static bool names_rule(const struct ds_item *item, int rule)
{
    const struct ds_mapped *m = &item->theirs->mapped;

    for (size_t i = 0; i < item->changes; i++)
        if (item->change[i].rule == rule)
            return true;
    for (size_t i = 0; i < m->problems; i++)
        if (m->problem[i].rule == rule)
            return true;
    return item->until_ms && item->hold_rule == rule;
}

static bool has_rule(const struct ds_only *only, const struct ds_item *item)
{
    for (size_t i = 0; i < only->rules; i++)
        if (names_rule(item, only->rule[i]))
            return true;
    return only->rules == 0;
}

bool ds_only_takes(const struct ds_only *only, const struct ds_item *item)
{
    if (only->outcomes && !(only->outcomes >> item->outcome & 1u))
        return false;
    if (only->fields && item->changes == 0)
        return false;
    return has_deal(only, item->deal) && has_rule(only, item);
}

static void add_word(struct ds_buf *out, const char *kind)
{
    ds_buf_addf(out, "%s%s", out->len ? " " : "", kind);
}

void ds_only_text(const struct ds_only *only, struct ds_buf *out)
{
    for (size_t i = 0; i < only->deals; i++) {
        add_word(out, "deal=");
        ds_buf_addf(out, "%" PRId64, only->deal[i]);
    }
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (only->fields >> f & 1) {
            add_word(out, "field=");
            ds_buf_add(out, ds_fields[f].name);
        }
    for (unsigned o = 0; o < DS_OUTCOMES; o++)
        if (only->outcomes >> o & 1u) {
            add_word(out, "outcome=");
            ds_buf_add(out, ds_outcome_names[o]);
        }
    for (size_t i = 0; i < only->rules; i++) {
        add_word(out, "rule=");
        ds_buf_addf(out, "R-%d", only->rule[i]);
    }
}
