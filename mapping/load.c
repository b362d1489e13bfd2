#include "mapping/loading.h"

#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_SIZE 32

void ds_note_line(int *first, const struct ds_ini_line *line)
{
    if (!*first)
        *first = line->line;
}

int ds_fail_unknown(struct ds_err *err, const struct ds_ini_line *line, const char *word,
                    const char *what, const char *const *words)
{
    const char *nearest = ds_text_nearest(word, words);
    struct ds_buf all = DS_BUF_INIT(sizeof(err->hint));

    ds_ini_fail(err, line, "'%s' is %s", word, what);
    if (nearest)
        return ds_hint(err, "did you mean '%s'?", nearest);
    for (const char *const *w = words; *w; w++)
        ds_buf_addf(&all, "%s%s", all.len ? ", " : "", *w);
    ds_hint(err, "there are: %s", all.text);
    ds_buf_clear(&all);
    return err->status;
}

int ds_fail_twice(struct ds_err *err, const struct ds_ini_line *line, const char *word, int before)
{
    return ds_ini_fail(err, line, "'%s' stands in line %d already", word, before);
}

/* The source a name stands for; -1 and an error when it is none. */
static int find_source(const char *name, const struct ds_ini_line *line, struct ds_err *err)
{
    static const struct {
        const char *name;
        const char *hint;
    } elsewhere[] = {
        {"status", "it comes from [status] and [stages]"},
        {"stage", "it comes from [stage] and [stages]"},
        {"on_hold", "it comes from 'hold' in [status] or [stages]"},
        {"team", "write its three parts: team.name, team.email, team.phone"},
    };
    const size_t others = sizeof(elsewhere) / sizeof(elsewhere[0]);
    const char *names[DS_SOURCES + 1];
    size_t count = 0;

    for (size_t i = 0; i < others; i++) {
        if (strcmp(name, elsewhere[i].name) == 0) {
            ds_ini_fail(err, line, "'%s' cannot stand here", name);
            ds_hint(err, "%s", elsewhere[i].hint);
            return -1;
        }
    }
    for (int s = 0; s < DS_SOURCES; s++) {
        if (s == DS_STATUS || s == DS_STAGE || s == DS_ON_HOLD || s == DS_TEAM)
            continue;
        if (strcmp(name, ds_source_name(s)) == 0)
            return s;
        names[count++] = ds_source_name(s);
    }
    names[count] = NULL;
    ds_fail_unknown(err, line, name, "no field of a deal", names);
    return -1;
}

static int fail_path(const struct ds_ini_line *line, struct ds_err *err)
{
    ds_ini_fail(err, line, "'%s' needs the path of a field of the CRM", line->name);
    return ds_hint(err, "write, for instance: %s = StageName", line->name);
}

/* The index of a path, which each has once. */
static int add_path(struct ds_mapping *m, const char *path, int *index, struct ds_err *err)
{
    size_t i = 0;

    while (i < m->path_count && strcmp(m->paths[i], path) != 0)
        i++;
    if (i == m->path_count) {
        m->paths[i] = ds_arena_dup(&m->memory, path);
        if (!m->paths[i])
            return ds_fail_nomem(err);
        m->path_count++;
    }
    *index = (int)i;
    return 0;
}

static int take_path(struct ds_loading *l, const struct ds_ini_line *line, int *index,
                     struct ds_err *err)
{
    if (!*line->value || line->quoted)
        return fail_path(line, err);
    return add_path(l->m, line->value, index, err);
}

int ds_take_setting(struct ds_loading *l, const struct ds_ini_line *line, int *index, int *number,
                    struct ds_err *err)
{
    if (*number)
        return ds_fail_twice(err, line, line->name, *number);
    *number = line->line;
    return take_path(l, line, index, err);
}

/* "PATH, PATH": lists of members that make one team. */
static int take_team(struct ds_loading *l, const struct ds_ini_line *line, struct ds_err *err)
{
    struct ds_mapping *m = l->m;
    const char *end = line->value + strlen(line->value);

    if (l->field_line[DS_TEAM])
        return ds_fail_twice(err, line, line->name, l->field_line[DS_TEAM]);
    l->field_line[DS_TEAM] = line->line;
    for (const char *p = line->value; p <= end; p++) {
        size_t len = strcspn(p, ",");
        const char *path = ds_text_trim(&m->memory, p, len);

        if (!path)
            return ds_fail_nomem(err);
        if (!*path || line->quoted)
            return fail_path(line, err);
        if (m->team_paths == DS_TEAM_PATHS)
            return ds_ini_fail(err, line, "a team has %d lists at most", DS_TEAM_PATHS);
        if (add_path(m, path, &m->team_path[m->team_paths++], err))
            return err->status;
        p += len;
    }
    return 0;
}

/* A standard value, which the admin wrote, in canonical form. */
static int take_standard(struct ds_loading *l, int source, const char *text,
                         const struct ds_ini_line *line, const char **out, struct ds_err *err)
{
    const char *why;
    const char *value = ds_field_canonical(&l->m->memory, ds_source_form(source), text, &why);

    if (!value && !why)
        return ds_ini_fail(err, line, "the value of %s is empty", ds_source_name(source));
    if (!value && why != ds_why_nomem)
        return ds_ini_fail(err, line, "%s: '%s' %s", ds_source_name(source), text, why);
    if (value)
        value = ds_arena_dup(&l->m->memory, value);
    *out = value;
    return value ? 0 : ds_fail_nomem(err);
}

static int take_field(struct ds_loading *l, const char *rest, const struct ds_ini_line *line,
                      struct ds_err *err)
{
    struct ds_source *source;
    int s;

    (void)rest;
    if (strcmp(line->name, ds_fields[DS_TEAM].name) == 0)
        return take_team(l, line, err);
    s = find_source(line->name, line, err);
    if (s < 0)
        return err->status;
    if (l->field_line[s])
        return ds_fail_twice(err, line, line->name, l->field_line[s]);
    l->field_line[s] = line->line;
    source = &l->m->source[s];
    source->given = true;
    if (line->quoted)
        return take_standard(l, s, line->value, line, &source->constant, err);
    return take_path(l, line, &source->path, err);
}

static int take_default(struct ds_loading *l, const char *rest, const struct ds_ini_line *line,
                        struct ds_err *err)
{
    int s = find_source(line->name, line, err);

    (void)rest;
    if (s < 0)
        return err->status;
    if (l->default_line[s])
        return ds_fail_twice(err, line, line->name, l->default_line[s]);
    l->default_line[s] = line->line;
    return take_standard(l, s, line->value, line, &l->m->source[s].fallback, err);
}

int ds_take_word(struct ds_loading *l, int kind, const char *scope, const char *standard,
                 const struct ds_ini_line *line, struct ds_err *err)
{
    struct ds_arena *a = &l->m->memory;
    struct ds_word word = {.kind = kind, .standard = standard, .line = line->line};
    const struct ds_word *before;
    bool nomem;

    word.scope = ds_arena_dup(a, scope);
    word.text = ds_text_trim(a, line->value, strlen(line->value));
    if (!word.scope || !word.text)
        return ds_fail_nomem(err);
    if (!*word.text)
        return ds_ini_fail(err, line, "'%s' has no company value", line->name);
    before = ds_words_add(&l->m->words, a, &word, &nomem);
    if (nomem)
        return ds_fail_nomem(err);
    return before ? ds_fail_twice(err, line, word.text, before->line) : 0;
}

static int take_value(struct ds_loading *l, const char *rest, const struct ds_ini_line *line,
                      struct ds_err *err)
{
    int s = find_source(rest, line, err);
    const char *standard = NULL;
    int rc;

    if (s < 0)
        return err->status;
    ds_note_line(&l->values_line[s], line);
    l->m->source[s].has_values = true;
    rc = take_standard(l, s, line->name, line, &standard, err);
    if (!rc && s == DS_SOLUTIONS) { /* one of a list, which is put together record by record */
        if (strpbrk(line->name, ";["))
            return ds_ini_fail(err, line, "'%s' is not one solution", line->name);
        standard = ds_arena_dup(&l->m->memory, line->name);
        rc = standard ? 0 : ds_fail_nomem(err);
    }
    return rc ? rc : ds_take_word(l, s, "", standard, line, err);
}

enum rest { REST_NONE, REST_NEEDED, REST_ALLOWED };

static const struct {
    const char *name;
    enum rest rest;
    ds_taker *take;
} sections[] = {
    {"fields", REST_NONE, take_field},         {"defaults", REST_NONE, take_default},
    {"values", REST_NEEDED, take_value},       {"status", REST_NONE, ds_take_status},
    {"stage", REST_NONE, ds_take_stage},       {"stages", REST_ALLOWED, ds_take_stages},
    {"probability", REST_NONE, ds_take_range},
};

static int fail_section(const struct ds_ini_line *line, const char *head, struct ds_err *err)
{
    const char *names[sizeof(sections) / sizeof(sections[0]) + 1] = {NULL};

    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
        names[i] = sections[i].name;
    if (!*head)
        return ds_ini_fail(err, line, "'%s' stands before the first section", line->name);
    return ds_fail_unknown(err, line, head, "no section of a mapping", names);
}

static int take_line(void *arg, const struct ds_ini_line *line, struct ds_err *err)
{
    size_t n = strcspn(line->section, " \t");
    const char *rest = line->section + n + strspn(line->section + n, " \t");
    char head[HEAD_SIZE];

    snprintf(head, sizeof(head), "%.*s", (int)(n < HEAD_SIZE ? n : HEAD_SIZE - 1), line->section);
    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
        if (strcmp(head, sections[i].name) != 0)
            continue;
        if (*rest && sections[i].rest == REST_NONE)
            return ds_ini_fail(err, line, "section [%s] takes no '%s'", head, rest);
        if (!*rest && sections[i].rest == REST_NEEDED)
            return ds_ini_fail(err, line, "section [%s] needs a field: [%s customer_country]", head,
                               head);
        return sections[i].take(arg, rest, line, err);
    }
    return fail_section(line, head, err);
}

/* What is said about a source must be about one that has a path. */
static int check_source(const struct ds_loading *l, int s, struct ds_err *err)
{
    const struct ds_source *source = &l->m->source[s];
    struct ds_ini_line line = {.file = l->file};
    const char *section = l->default_line[s] ? "defaults" : "values";

    line.line = l->default_line[s] ? l->default_line[s] : l->values_line[s];
    if (!line.line || source->path != DS_NO_PATH ||
        (s >= DS_TEAM_NAME && l->default_line[s] && l->m->team_paths && !source->constant))
        return 0;
    ds_ini_fail(err, &line, "[%s] speaks of '%s', for which [fields] has no path", section,
                ds_source_name(s));
    if (source->constant)
        return ds_hint(err, "line %d makes it a constant", l->field_line[s]);
    return ds_hint(err, "add a line '%s = ...' to [fields]", ds_source_name(s));
}

/* R-45 wants all three of a member. */
static int check_team(const struct ds_loading *l, struct ds_err *err)
{
    struct ds_ini_line line = {.file = l->file};

    for (int s = DS_TEAM_NAME; s <= DS_TEAM_PHONE; s++)
        if (l->field_line[s])
            line.line = l->field_line[s];
    for (int s = DS_TEAM_NAME; line.line && s <= DS_TEAM_PHONE; s++) {
        if (l->field_line[s])
            continue;
        ds_ini_fail(err, &line, "a team member needs %s, too (R-45)", ds_source_name(s));
        return ds_hint(err, "give its path, or a constant in double quotes");
    }
    return 0;
}

static int check_all(const struct ds_loading *l, struct ds_err *err)
{
    bool any = false;
    int rc = 0;

    for (int s = 0; s < DS_SOURCES; s++)
        any = any || l->field_line[s];
    if (!any) {
        ds_fail(err, DS_E_CONFIG, "%s: there is no [fields] section", l->file);
        return ds_hint(err, "a mapping needs at least: [fields], name = path of the name");
    }
    for (int s = 0; !rc && s < DS_SOURCES; s++)
        rc = check_source(l, s, err);
    if (!rc)
        rc = check_team(l, err);
    return rc ? rc : ds_loading_check_stages(l, err);
}

int ds_mapping_load(const char *path, struct ds_mapping **out, struct ds_err *err)
{
    struct ds_mapping *m = calloc(1, sizeof(*m));
    struct ds_loading l = {.m = m, .file = path};
    int rc;

    if (!m)
        return ds_fail_nomem(err);
    m->status_path = m->stage_path = m->process_path = m->probability_path = DS_NO_PATH;
    for (int s = 0; s < DS_SOURCES; s++)
        m->source[s].path = DS_NO_PATH;
    rc = ds_ini_read(path, take_line, &l, err);
    if (!rc)
        rc = check_all(&l, err);
    if (!rc)
        rc = ds_mapping_seal(m, err);
    if (rc) {
        ds_mapping_free(m);
        return rc;
    }
    *out = m;
    return 0;
}
