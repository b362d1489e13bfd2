#include "cli/stage.h"

#include "base/text.h"
#include "engine/report/people.h"

#include <stdlib.h>
#include <string.h>

const char *ds_stage_standard(const struct ds_mapping *m, const struct ds_stage *stage)
{
    const char *status = ds_mapping_status_path(m);

    if (status && strcmp(stage->field, status) == 0)
        return ds_mapping_status(m, stage->name);
    return ds_mapping_stage(m, stage->process, stage->name, stage->probability);
}

bool ds_stage_in_use(const struct ds_stage *stage)
{
    return stage->active || stage->records > 0;
}

const char *ds_stage_proposal(const struct ds_stage *stage)
{
    static const char *const ladder[] = {"80", "60", "40", "20", "10"};
    bool closed = stage->outcome && strcmp(stage->outcome, "open") != 0;

    if (closed)
        return stage->outcome;
    for (size_t i = 0; i < sizeof(ladder) / sizeof(ladder[0]); i++)
        if (stage->probability >= strtol(ladder[i], NULL, 10))
            return ladder[i];
    return NULL;
}

/* --- lines that are read back ---------------------------------------------------------------- */

enum {
    LONGEST = 198,  /* bytes of a line, as ds_ini_read() takes them */
    MOST_SHOWN = 60 /* bytes of a name that is told */
};

/* Whether a comment would begin in it: with a semicolon behind a blank, or first of all. */
static bool holds_comment(const char *text)
{
    return *text == ';' || strstr(text, " ;");
}

/* Whether a quote would end the value before its end. */
static bool ends_early(const char *text)
{
    for (const char *at = text; (at = strchr(at, '"')); at++)
        if (at[1 + strspn(at + 1, " ")] == ';')
            return true;
    return false;
}

/* Why a text can stand in no line, NULL when it can; what stands around it takes so many bytes. */
static const char *unwritable(const char *text, size_t around)
{
    struct ds_buf shown = DS_BUF_INIT(DS_MAX_FIELD);
    bool same;

    ds_text_to_terminal(&shown, text);
    same = !ds_buf_failed(&shown) && strcmp(shown.text, text) == 0;
    ds_buf_clear(&shown);
    if (!same)
        return "it holds a line break or another unseen character";
    return strlen(text) + around > LONGEST ? "it is too long" : NULL;
}

/* A comment, short enough to be pasted with the rest. */
static void tell_unwritable(struct ds_buf *out, const char *what, const char *name, const char *why)
{
    struct ds_buf shown = DS_BUF_INIT(DS_MAX_FIELD);
    size_t len = MOST_SHOWN;

    ds_text_to_terminal(&shown, name);
    if (shown.len < len)
        len = shown.len;
    while (len < shown.len && (shown.text[len] & 0xc0) == 0x80)
        len--;
    ds_buf_addf(out, "; no line can name the %s '%.*s%s': %s; rename it in the CRM\n", what,
                (int)len, shown.text, len < shown.len ? "..." : "", why);
    ds_buf_clear(&shown);
}

bool ds_stage_section(struct ds_buf *out, const char *process)
{
    const char *why = unwritable(process, strlen("[stages ]"));

    if (!why && strchr(process, ']'))
        why = "it holds a closing bracket";
    if (why)
        tell_unwritable(out, "process", process, why);
    else
        ds_buf_addf(out, "[stages %s]\n", process);
    return !why;
}

/* "probability 45 %, 12 records" */
static void add_facts(struct ds_buf *out, const struct ds_stage *stage)
{
    if (stage->probability >= 0)
        ds_buf_addf(out, "probability %d %%", stage->probability);
    if (stage->probability >= 0 && stage->records >= 0)
        ds_buf_add(out, ", ");
    if (stage->records >= 0)
        ds_people_count(out, (uint64_t)stage->records, "record");
}

void ds_stage_line(struct ds_buf *out, const struct ds_stage *stage)
{
    const char *proposal = ds_stage_proposal(stage), *name = stage->name;
    const char *quote = *name == '"' || holds_comment(name) ? "\"" : "";
    struct ds_buf line = DS_BUF_INIT(DS_MAX_TEXT), facts = DS_BUF_INIT(DS_MAX_TEXT);
    const char *why;

    ds_buf_addf(&line, "; %s = %s", proposal ? proposal : "??", quote);
    why = unwritable(name, line.len + strlen(quote));
    if (!*name)
        why = "it is blank";
    else if (!why && *quote && ends_early(name))
        why = "its quotes and semicolons would end it early";
    add_facts(&facts, stage);
    if (why) {
        tell_unwritable(out, "stage", name, why);
    } else {
        ds_buf_addf(&line, "%s%s", name, quote);
        if (facts.len && line.len + facts.len + strlen("   ; ") <= LONGEST)
            ds_buf_addf(&line, "   ; %s", facts.text);
        ds_buf_addf(out, "%s\n", line.text);
    }
    ds_buf_clear(&line);
    ds_buf_clear(&facts);
}
