#include "mapping/private.h"

#include "base/ini.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LADDER    "10", "20", "40", "60", "80"
#define HEAD_SIZE 32

static const char *const ladder[] = {LADDER, NULL};
static const char *const stage_words[] = {LADDER, "won", "lost", "hold", NULL};
static const char *const status_words[] = {"from", "open", "won", "lost", "hold", NULL};
static const char *const stage_settings[] = {"from", "process", "probability", NULL};

/* Where things stood, which only messages need; 0: nowhere. */
struct loading {
    struct ds_mapping *m;
    const char *file;
    int field_line[DS_SOURCES];
    int default_line[DS_SOURCES];
    int values_line[DS_SOURCES];
    int status_line, stage_line, process_line, probability_line; /* of the paths */
    int statuses_line, stages_line, processes_line, ranges_line; /* of the first word of each */
    int range_line[101];
};

/* `rest` is what follows the first word of the section: a field or a process, or "". */
typedef int taker(struct loading *l, const char *rest, const struct ds_ini_line *line,
                  struct ds_err *err);

static void note_line(int *first, const struct ds_ini_line *line)
{
    if (!*first)
        *first = line->line;
}

/* "'nmae' is no field" and the nearest word, or all of them when none is near. */
static int fail_unknown(struct ds_err *err, const struct ds_ini_line *line, const char *word,
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

static int fail_twice(struct ds_err *err, const struct ds_ini_line *line, const char *word,
                      int before)
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
    fail_unknown(err, line, name, "no field of a deal", names);
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

static int take_path(struct loading *l, const struct ds_ini_line *line, int *index,
                     struct ds_err *err)
{
    if (!*line->value || line->quoted)
        return fail_path(line, err);
    return add_path(l->m, line->value, index, err);
}

/* A path that may be set once. */
static int take_setting(struct loading *l, const struct ds_ini_line *line, int *index, int *number,
                        struct ds_err *err)
{
    if (*number)
        return fail_twice(err, line, line->name, *number);
    *number = line->line;
    return take_path(l, line, index, err);
}

/* "PATH, PATH": lists of members that make one team. */
static int take_team(struct loading *l, const struct ds_ini_line *line, struct ds_err *err)
{
    struct ds_mapping *m = l->m;
    const char *end = line->value + strlen(line->value);

    if (l->field_line[DS_TEAM])
        return fail_twice(err, line, line->name, l->field_line[DS_TEAM]);
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
static int take_standard(struct loading *l, int source, const char *text,
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

static int take_field(struct loading *l, const char *rest, const struct ds_ini_line *line,
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
        return fail_twice(err, line, line->name, l->field_line[s]);
    l->field_line[s] = line->line;
    source = &l->m->source[s];
    source->given = true;
    if (line->quoted)
        return take_standard(l, s, line->value, line, &source->constant, err);
    return take_path(l, line, &source->path, err);
}

static int take_default(struct loading *l, const char *rest, const struct ds_ini_line *line,
                        struct ds_err *err)
{
    int s = find_source(line->name, line, err);

    (void)rest;
    if (s < 0)
        return err->status;
    if (l->default_line[s])
        return fail_twice(err, line, line->name, l->default_line[s]);
    l->default_line[s] = line->line;
    return take_standard(l, s, line->value, line, &l->m->source[s].fallback, err);
}

/* Takes over the company's text on the right side of a line. */
static int take_word(struct loading *l, int kind, const char *scope, const char *standard,
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
    return before ? fail_twice(err, line, word.text, before->line) : 0;
}

static int take_value(struct loading *l, const char *rest, const struct ds_ini_line *line,
                      struct ds_err *err)
{
    int s = find_source(rest, line, err);
    const char *standard = NULL;
    int rc;

    if (s < 0)
        return err->status;
    note_line(&l->values_line[s], line);
    l->m->source[s].has_values = true;
    rc = take_standard(l, s, line->name, line, &standard, err);
    if (!rc && s == DS_SOLUTIONS) { /* one of a list, which is put together record by record */
        if (strpbrk(line->name, ";["))
            return ds_ini_fail(err, line, "'%s' is not one solution", line->name);
        standard = ds_arena_dup(&l->m->memory, line->name);
        rc = standard ? 0 : ds_fail_nomem(err);
    }
    return rc ? rc : take_word(l, s, "", standard, line, err);
}

/* The list's own copy of a word, which lives as long as the program; NULL: it is none. */
static const char *find_word(const char *text, const char *const *words)
{
    while (*words && strcmp(*words, text) != 0)
        words++;
    return *words;
}

static int take_status(struct loading *l, const char *rest, const struct ds_ini_line *line,
                       struct ds_err *err)
{
    const char *word = find_word(line->name, status_words);

    (void)rest;
    if (!word)
        return fail_unknown(err, line, line->name, "no word of [status]", status_words);
    if (word == status_words[0])
        return take_setting(l, line, &l->m->status_path, &l->status_line, err);
    note_line(&l->statuses_line, line);
    return take_word(l, DS_W_STATUS, "", word, line, err);
}

static int take_stage(struct loading *l, const char *rest, const struct ds_ini_line *line,
                      struct ds_err *err)
{
    struct ds_mapping *m = l->m;

    (void)rest;
    if (strcmp(line->name, "from") == 0)
        return take_setting(l, line, &m->stage_path, &l->stage_line, err);
    if (strcmp(line->name, "process") == 0)
        return take_setting(l, line, &m->process_path, &l->process_line, err);
    if (strcmp(line->name, "probability") == 0)
        return take_setting(l, line, &m->probability_path, &l->probability_line, err);
    return fail_unknown(err, line, line->name, "no setting of [stage]", stage_settings);
}

/* A number between two standard stages counts as the lower one. */
static int take_stage_word(const struct ds_ini_line *line, const char **out, struct ds_err *err)
{
    long percent, step;

    *out = find_word(line->name, stage_words);
    if (*out)
        return 0;
    if (!ds_text_int(line->name, 0, 100, &percent))
        return fail_unknown(err, line, line->name, "no standard stage", stage_words);
    if (percent == 100) {
        ds_ini_fail(err, line, "100 is reached by winning only (R-67)");
        return ds_hint(err, "write: won = %s", line->value);
    }
    if (percent < 10) {
        ds_ini_fail(err, line, "there is no stage below 10 (%s)", percent ? "R-66" : "R-74");
        return ds_hint(err, "write 10 for the first stage, lost for one that ends a deal");
    }
    for (const char *const *w = ladder; *w; w++)
        if (ds_text_int(*w, 0, percent, &step))
            *out = *w;
    return 0;
}

static int take_stages(struct loading *l, const char *rest, const struct ds_ini_line *line,
                       struct ds_err *err)
{
    const char *standard;
    int rc = take_stage_word(line, &standard, err);

    note_line(*rest ? &l->processes_line : &l->stages_line, line);
    return rc ? rc : take_word(l, DS_W_STAGE, rest, standard, line, err);
}

/* "15-34" or "15". */
static bool read_range(const char *text, long *low, long *high)
{
    size_t n = strcspn(text, "-");
    char first[8];

    if (n >= sizeof(first))
        return false;
    snprintf(first, sizeof(first), "%.*s", (int)n, text);
    return ds_text_int(first, 0, 100, low) &&
           ds_text_int(text[n] ? text + n + 1 : first, *low, 100, high);
}

static int take_range(struct loading *l, const char *rest, const struct ds_ini_line *line,
                      struct ds_err *err)
{
    const char *standard = find_word(line->name, ladder);
    long low, high;

    (void)rest;
    if (!standard)
        return fail_unknown(err, line, line->name, "no standard stage of an open deal", ladder);
    if (!read_range(line->value, &low, &high)) {
        ds_ini_fail(err, line, "'%s' is no range of percent", line->value);
        return ds_hint(err, "write, for instance: %s = 15-34", standard);
    }
    note_line(&l->ranges_line, line);
    for (long p = low; p <= high; p++) {
        if (l->range_line[p])
            return ds_ini_fail(err, line, "%ld %% stands in line %d already", p, l->range_line[p]);
        l->range_line[p] = line->line;
        l->m->probability[p] = standard;
    }
    return 0;
}

enum rest { REST_NONE, REST_NEEDED, REST_ALLOWED };

static const struct {
    const char *name;
    enum rest rest;
    taker *take;
} sections[] = {
    {"fields", REST_NONE, take_field},      {"defaults", REST_NONE, take_default},
    {"values", REST_NEEDED, take_value},    {"status", REST_NONE, take_status},
    {"stage", REST_NONE, take_stage},       {"stages", REST_ALLOWED, take_stages},
    {"probability", REST_NONE, take_range},
};

static int fail_section(const struct ds_ini_line *line, const char *head, struct ds_err *err)
{
    const char *names[sizeof(sections) / sizeof(sections[0]) + 1] = {NULL};

    for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
        names[i] = sections[i].name;
    if (!*head)
        return ds_ini_fail(err, line, "'%s' stands before the first section", line->name);
    return fail_unknown(err, line, head, "no section of a mapping", names);
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
static int check_source(const struct loading *l, int s, struct ds_err *err)
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
static int check_team(const struct loading *l, struct ds_err *err)
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

static int check_progress(const struct loading *l, struct ds_err *err)
{
    const struct {
        int words_line;
        int path_line;
        const char *words;
        const char *path;
    } needs[] = {
        {l->statuses_line, l->status_line, "[status]", "'from' in [status]"},
        {l->stages_line, l->stage_line, "[stages]", "'from' in [stage]"},
        {l->processes_line, l->stage_line, "[stages PROCESS]", "'from' in [stage]"},
        {l->processes_line, l->process_line, "[stages PROCESS]", "'process' in [stage]"},
        {l->ranges_line, l->stage_line, "[probability]", "'from' in [stage]"},
        {l->ranges_line, l->probability_line, "[probability]", "'probability' in [stage]"},
        {l->process_line, l->stage_line, "'process'", "'from' in [stage]"},
        {l->probability_line, l->stage_line, "'probability'", "'from' in [stage]"},
    };
    struct ds_ini_line line = {.file = l->file};

    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        line.line = needs[i].words_line;
        if (line.line && !needs[i].path_line)
            return ds_ini_fail(err, &line, "%s needs %s, which is missing", needs[i].words,
                               needs[i].path);
    }
    return 0;
}

static int check_all(const struct loading *l, struct ds_err *err)
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
    return rc ? rc : check_progress(l, err);
}

int ds_mapping_load(const char *path, struct ds_mapping **out, struct ds_err *err)
{
    struct ds_mapping *m = calloc(1, sizeof(*m));
    struct loading l = {.m = m, .file = path};
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
