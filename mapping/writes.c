#include "mapping/back.h"

#include <string.h>

static const char no_path[] = "has no path in the mapping";

/* Fields that are never sent. */
static const struct {
    enum ds_field first, last;
    const char *why;
} kept[] = {
    {DS_CUSTOMER_NAME, DS_CUSTOMER_COUNTRY, "belongs to the account and is frozen (R-40)"},
    {DS_CONTACT_FIRST_NAME, DS_CONTACT_PHONE, "belongs to another record and freezes (R-43)"},
    {DS_TEAM, DS_TEAM, "is a list that the CRM keeps in records of their own"},
    {DS_SOLUTIONS, DS_SOLUTIONS, "is a list that the CRM keeps in records of their own"},
    {DS_CRM_ID, DS_CRM_ID, "is given by the CRM (R-35)"},
};

/* What a mapping must be able to say for the fields that have no line in [fields]. */
static const struct {
    enum ds_field field;
    const char *words[6];
    const char *why;
} progress[] = {
    {DS_STATUS,
     {DS_STATUS_WON, DS_STATUS_LOST, DS_STATUS_RECEIVED, DS_STATUS_DECLINED},
     "has no line 'won' or 'lost' for a path that can be written"},
    {DS_ON_HOLD, {"hold"}, "has no line 'hold' for a path that can be written"},
    {DS_STAGE,
     {"10", "20", "40", "60", "80"},
     "has no line with a percentage for a path that can be written"},
};

bool ds_path_plain(const struct ds_mapping *m, int path)
{
    const char *dot = path == DS_NO_PATH ? NULL : strchr(m->paths[path], '.');

    return path != DS_NO_PATH && (!dot || strcmp(dot, ".label") == 0);
}

bool ds_mapping_has(const struct ds_mapping *m, int kind, const char *standard)
{
    return ds_words_next(&m->words, kind, NULL, standard, 0) != NULL;
}

/* Whether another field, or what status and stage come from, has the same path. */
static bool shared(const struct ds_mapping *m, enum ds_field f, int path)
{
    bool found = path == m->status_path || path == m->stage_path || path == m->process_path ||
                 path == m->probability_path;

    for (int s = 0; s < DS_SOURCES; s++)
        found = found || (s != (int)f && m->source[s].given && m->source[s].path == path);
    for (size_t i = 0; i < m->team_paths; i++)
        found = found || m->team_path[i] == path;
    return found;
}

static bool has_range(const struct ds_mapping *m)
{
    for (int p = 0; p <= 100; p++)
        if (m->probability[p])
            return true;
    return false;
}

/* The row of progress for a field, or NULL. */
static const char *const *words_of(enum ds_field f, const char **why)
{
    for (size_t i = 0; i < sizeof(progress) / sizeof(progress[0]); i++) {
        if (progress[i].field != f)
            continue;
        *why = progress[i].why;
        return progress[i].words;
    }
    return NULL;
}

/* Marks the paths that may be set for these words; returns whether there is one. */
static bool mark_progress(const struct ds_mapping *m, const char *const *words, bool *paths)
{
    const struct {
        int kind, path;
    } ways[] = {{DS_W_STATUS, m->status_path}, {DS_W_STAGE, m->stage_path}};
    bool any = false;

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        for (const char *const *w = words; ds_path_plain(m, ways[i].path) && *w; w++) {
            if (!ds_mapping_has(m, ways[i].kind, *w))
                continue;
            paths[ways[i].path] = any = true;
        }
    }
    return any;
}

static bool mark_probability(const struct ds_mapping *m, bool *paths)
{
    bool may = has_range(m) && ds_path_plain(m, m->probability_path);

    if (may)
        paths[m->probability_path] = true;
    return may;
}

/* Marks the paths that a change of the field may set; NULL, or why there is none. */
static const char *mark(const struct ds_mapping *m, enum ds_field f, bool *paths)
{
    const struct ds_source *source = &m->source[f];
    const char *why = no_path;
    const char *const *words = words_of(f, &why);
    bool any;

    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        if (f >= kept[i].first && f <= kept[i].last)
            return kept[i].why;
    if (words && !ds_mapping_gives(m, f))
        return no_path;
    if (words) {
        any = mark_progress(m, words, paths);
        if (f == DS_STAGE)
            any = mark_probability(m, paths) || any;
        return any ? NULL : why;
    }
    if (!source->given)
        return no_path;
    if (source->constant)
        return "is a constant in the mapping";
    if (!ds_path_plain(m, source->path) && f != DS_CURRENCY) /* a code: its row is found by it */
        return "is read from another record, which is not written";
    if (shared(m, f, source->path))
        return "shares its path with something else";
    paths[source->path] = true;
    return NULL;
}

bool ds_mapping_writes(const struct ds_mapping *m, enum ds_field f, const char **why)
{
    bool paths[DS_MAX_PATHS] = {0};

    *why = mark(m, f, paths);
    return !*why;
}

const bool *ds_mapping_written(const struct ds_mapping *m, struct ds_arena *a, uint64_t fields)
{
    bool *paths = ds_arena_alloc(a, DS_MAX_PATHS * sizeof(*paths));

    for (enum ds_field f = 0; paths && f < DS_FIELDS; f++)
        if ((fields >> f) & 1u)
            mark(m, f, paths);
    return paths;
}
