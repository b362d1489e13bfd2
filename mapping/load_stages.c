#include "mapping/loading.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define LADDER "10", "20", "40", "60", "80"

static const char *const ladder[] = {LADDER, NULL};
static const char *const stage_words[] = {LADDER,     "won",      "lost", "hold",
                                          "received", "declined", NULL};
static const char *const status_words[] = {"from", "open",     "won",      "lost",
                                           "hold", "received", "declined", NULL};
static const char *const stage_settings[] = {"from", "process", "probability", NULL};

/* The list's own copy of a word, which lives as long as the program; NULL: it is none. */
static const char *find_word(const char *text, const char *const *words)
{
    while (*words && strcmp(*words, text) != 0)
        words++;
    return *words;
}

int ds_take_status(struct ds_loading *l, const char *rest, const struct ds_ini_line *line,
                   struct ds_err *err)
{
    const char *word = find_word(line->name, status_words);

    (void)rest;
    if (!word)
        return ds_fail_unknown(err, line, line->name, "no word of [status]", status_words);
    if (word == status_words[0])
        return ds_take_setting(l, line, &l->m->status_path, &l->status_line, err);
    ds_note_line(&l->statuses_line, line);
    return ds_take_word(l, DS_W_STATUS, "", word, line, err);
}

int ds_take_stage(struct ds_loading *l, const char *rest, const struct ds_ini_line *line,
                  struct ds_err *err)
{
    struct ds_mapping *m = l->m;

    (void)rest;
    if (strcmp(line->name, "from") == 0)
        return ds_take_setting(l, line, &m->stage_path, &l->stage_line, err);
    if (strcmp(line->name, "process") == 0)
        return ds_take_setting(l, line, &m->process_path, &l->process_line, err);
    if (strcmp(line->name, "probability") == 0)
        return ds_take_setting(l, line, &m->probability_path, &l->probability_line, err);
    return ds_fail_unknown(err, line, line->name, "no setting of [stage]", stage_settings);
}

/* A number between two standard stages counts as the lower one. */
static int take_stage_word(const struct ds_ini_line *line, const char **out, struct ds_err *err)
{
    long percent, step;

    *out = find_word(line->name, stage_words);
    if (*out)
        return 0;
    if (!ds_text_int(line->name, 0, 100, &percent))
        return ds_fail_unknown(err, line, line->name, "no standard stage", stage_words);
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

int ds_take_stages(struct ds_loading *l, const char *rest, const struct ds_ini_line *line,
                   struct ds_err *err)
{
    const char *standard;
    int rc = take_stage_word(line, &standard, err);

    ds_note_line(*rest ? &l->processes_line : &l->stages_line, line);
    return rc ? rc : ds_take_word(l, DS_W_STAGE, rest, standard, line, err);
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

int ds_take_range(struct ds_loading *l, const char *rest, const struct ds_ini_line *line,
                  struct ds_err *err)
{
    const char *standard = find_word(line->name, ladder);
    long low, high;

    (void)rest;
    if (!standard)
        return ds_fail_unknown(err, line, line->name, "no standard stage of an open deal", ladder);
    if (!read_range(line->value, &low, &high)) {
        ds_ini_fail(err, line, "'%s' is no range of percent", line->value);
        return ds_hint(err, "write, for instance: %s = 15-34", standard);
    }
    ds_note_line(&l->ranges_line, line);
    for (long p = low; p <= high; p++) {
        if (l->range_line[p])
            return ds_ini_fail(err, line, "%ld %% stands in line %d already", p, l->range_line[p]);
        l->range_line[p] = line->line;
        l->m->probability[p] = standard;
    }
    return 0;
}

int ds_loading_check_stages(const struct ds_loading *l, struct ds_err *err)
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
