#include "mapping/private.h"

#include "base/decimal.h"
#include "base/text.h"
#include "mapping/forms.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_CHARS 40

struct job {
    const struct ds_mapping *m;
    struct ds_arena *a;
    const struct ds_record *record;
    struct ds_mapped *out;
    bool nomem;
};

/* text NULL: there was no memory to make it. */
static void problem(struct job *j, enum ds_field f, int rule, const char *text)
{
    struct ds_mapped *out = j->out;

    if (!text)
        j->nomem = true;
    else if (out->problems < DS_MAX_PROBLEMS)
        out->problem[out->problems++] = (struct ds_problem){f, rule, text};
}

static enum ds_field field_of(int source)
{
    return source < DS_FIELDS ? (enum ds_field)source : DS_TEAM;
}

/* "CloseDate '2026-02-31' is a day that does not exist" */
static void bad_value(struct job *j, enum ds_field f, int rule, const char *path, const char *value,
                      const char *why)
{
    size_t chars = 0;
    const char *end = value;

    for (; *end; end++) {
        chars += ((unsigned char)*end & 0xc0) != 0x80;
        if (chars > SHOWN_CHARS)
            break;
    }
    problem(j, f, rule,
            ds_arena_printf(j->a, "%s '%.*s%s' %s", path, (int)(end - value), value,
                            *end ? "..." : "", why));
}

/* The value of a path without blanks at its ends, NULL when it is empty; false when it cannot be
 * used, which is reported as a problem of the field. */
static bool read_path(struct job *j, enum ds_field f, int index, const char **text)
{
    const struct ds_value *v = &j->record->values[index];
    const char *path = j->m->paths[index];
    const char *fault;

    *text = NULL;
    if (!v->text || !v->len)
        return true;
    if (v->len > DS_MAX_FIELD) {
        problem(
            j, f, 0,
            ds_arena_printf(j->a, "%s has %zu bytes, %u are allowed", path, v->len, DS_MAX_FIELD));
        return false;
    }
    fault = ds_text_fault(v->text, v->len);
    if (fault) {
        problem(j, f, 0, ds_arena_printf(j->a, "%s holds %s", path, fault));
        return false;
    }
    *text = ds_text_trim(j->a, v->text, v->len);
    if (!*text) {
        j->nomem = true;
        return false;
    }
    if (!**text)
        *text = NULL;
    return true;
}

static const char *find_value(struct job *j, int source, const char *text)
{
    const char *standard = ds_words_find(&j->m->words, source, "", text);
    enum ds_field f = field_of(source);
    int rule = f == DS_SOLUTIONS ? 50 : ds_fields[f].needed_rule;
    char why[96];

    if (standard)
        return standard;
    snprintf(why, sizeof(why), "has no line in [values %s]", ds_source_name(source));
    bad_value(j, f, rule, j->m->paths[j->m->source[source].path], text, why);
    return NULL;
}

/* Each part of "a; b" is looked up alone; all that are missing are told. */
static const char *find_solutions(struct job *j, const char *text)
{
    size_t count;
    const char **items = ds_list_split(j->a, text, &count);
    const char *list;
    bool complete = true;

    if (items && !count) {
        bad_value(j, DS_SOLUTIONS, 50, j->m->paths[j->m->source[DS_SOLUTIONS].path], text,
                  "names no solution");
        return NULL;
    }
    for (size_t i = 0; items && i < count; i++) {
        items[i] = find_value(j, DS_SOLUTIONS, items[i]);
        complete = complete && items[i];
        if (!complete && j->out->problems == DS_MAX_PROBLEMS)
            break;
    }
    if (!complete)
        return NULL;
    list = items ? ds_list_write(j->a, items, count) : NULL;
    j->nomem = j->nomem || !list;
    return list;
}

/* The canonical value of a source; false when there is a problem with it. */
static bool value_of(struct job *j, int source, const char **value)
{
    const struct ds_source *s = &j->m->source[source];
    enum ds_field f = field_of(source);
    const char *text, *why;

    *value = s->constant;
    if (s->constant)
        return true;
    if (!read_path(j, f, s->path, &text))
        return false;
    if (!text) {
        *value = s->fallback;
        return true;
    }
    if (s->has_values) {
        *value = f == DS_SOLUTIONS ? find_solutions(j, text) : find_value(j, source, text);
        return *value;
    }
    *value = ds_field_canonical(j->a, ds_source_form(source), text, &why);
    if (*value)
        return true;
    if (why == ds_why_nomem)
        j->nomem = true;
    else
        bad_value(j, f, ds_fields[f].needed_rule, j->m->paths[s->path], text, why);
    return false;
}

static void take_field(struct job *j, enum ds_field f)
{
    const char *value;

    if (j->m->source[f].given && value_of(j, (int)f, &value))
        ds_deal_set(&j->out->deal, f, value);
}

/* One member, all of it or nothing. */
static void take_team(struct job *j)
{
    const char *part[3], *team;
    bool readable = true;
    int given = 0;

    for (int i = 0; i < 3; i++) {
        readable = value_of(j, DS_TEAM_NAME + i, &part[i]) && readable;
        given += part[i] != NULL;
    }
    if (!readable)
        return;
    if (!given) {
        ds_deal_set(&j->out->deal, DS_TEAM, NULL);
        return;
    }
    for (int i = 0; i < 3; i++)
        if (!part[i])
            problem(j, DS_TEAM, ds_fields[DS_TEAM].needed_rule,
                    ds_arena_printf(j->a, "%s is empty: a team member needs name, email and phone",
                                    j->m->paths[j->m->source[DS_TEAM_NAME + i].path]));
    if (given < 3)
        return;
    team = ds_team_one(j->a, part[0], part[1], part[2]);
    j->nomem = j->nomem || !team;
    ds_deal_set(&j->out->deal, DS_TEAM, team);
}

/* Whole percent, those behind the point count for nothing; -1: unknown. */
static int probability_of(struct job *j)
{
    const char *text, *why;
    char whole[4];
    long percent;

    if (j->m->probability_path == DS_NO_PATH ||
        !read_path(j, DS_STAGE, j->m->probability_path, &text) || !text)
        return -1;
    text = ds_decimal(j->a, text, &why);
    if (!text || strcspn(text, ".") >= sizeof(whole))
        return -1;
    snprintf(whole, sizeof(whole), "%.*s", (int)strcspn(text, "."), text);
    return ds_text_int(whole, 0, 100, &percent) ? (int)percent : -1;
}

/* What the stage maps to; NULL when it is unreadable or unmapped. */
static const char *stage_word(struct job *j, const char *name)
{
    const struct ds_mapping *m = j->m;
    const char *process = NULL, *word = NULL;

    if (m->process_path != DS_NO_PATH && !read_path(j, DS_STAGE, m->process_path, &process))
        return NULL;
    if (name)
        word = ds_mapping_stage(m, process, name, probability_of(j));
    if (!word)
        j->out->unmapped_stage = name ? name : "";
    return word;
}

static const char *status_word(struct job *j)
{
    const char *path = j->m->paths[j->m->status_path];
    const char *text, *word;

    if (!read_path(j, DS_STATUS, j->m->status_path, &text))
        return NULL;
    if (!text) {
        problem(j, DS_STATUS, 0, ds_arena_printf(j->a, "%s is empty", path));
        return NULL;
    }
    word = ds_mapping_status(j->m, text);
    if (!word)
        bad_value(j, DS_STATUS, 0, path, text, "has no line in [status]");
    return word;
}

/* "won", "lost", "hold", "open" or a percentage, as values of the deal. */
static void set_progress(struct ds_deal *deal, const char *word)
{
    static const struct {
        const char *word;
        const char *status;
        const char *stage;
        const char *on_hold;
    } known[] = {
        {"won", DS_STATUS_WON, "100", NULL},
        {"lost", DS_STATUS_LOST, NULL, NULL}, /* */
        {"hold", DS_STATUS_ACCEPTED, NULL, DS_YES},
        {"open", DS_STATUS_ACCEPTED, NULL, DS_NO},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(word, known[i].word) != 0)
            continue;
        ds_deal_set(deal, DS_STATUS, known[i].status);
        if (known[i].stage)
            ds_deal_set(deal, DS_STAGE, known[i].stage);
        if (known[i].on_hold)
            ds_deal_set(deal, DS_ON_HOLD, known[i].on_hold);
        return;
    }
    ds_deal_set(deal, DS_STATUS, DS_STATUS_ACCEPTED);
    ds_deal_set(deal, DS_STAGE, word);
    ds_deal_set(deal, DS_ON_HOLD, DS_NO);
}

/* The status decides, unless it is open: then the stage does. */
static void take_progress(struct job *j)
{
    const struct ds_mapping *m = j->m;
    const char *word = NULL;

    if (m->stage_path != DS_NO_PATH && !read_path(j, DS_STAGE, m->stage_path, &j->out->stage_name))
        return;
    if (m->status_path != DS_NO_PATH && !(word = status_word(j)))
        return;
    if (m->stage_path != DS_NO_PATH && (!word || strcmp(word, "open") == 0)) {
        word = stage_word(j, j->out->stage_name);
        if (!word)
            return;
    }
    if (word)
        set_progress(&j->out->deal, word);
}

/* The record's own id is its CRM id where the mapping names no other. */
static void take_crm_id(struct job *j)
{
    size_t len = strlen(j->record->id);
    const char *fault = ds_text_fault(j->record->id, len);
    const char *id = ds_text_trim(j->a, j->record->id, len);
    const char *why;

    if (fault) {
        problem(j, DS_CRM_ID, 0, ds_arena_printf(j->a, "the id holds %s", fault));
        return;
    }
    if (id && ds_field_canonical(j->a, DS_CRM_ID, id, &why))
        ds_deal_set(&j->out->deal, DS_CRM_ID, id);
    else if (!id || why == ds_why_nomem)
        j->nomem = true;
    else
        bad_value(j, DS_CRM_ID, 35, "id", id, why ? why : "is empty");
}

static void take_all(struct job *j)
{
    struct ds_deal *deal = &j->out->deal;

    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (f != DS_REASON)
            take_field(j, f);
    take_progress(j);
    if (ds_same(deal->value[DS_STATUS], DS_STATUS_LOST))
        take_field(j, DS_REASON);
    if (j->m->source[DS_TEAM_NAME].given)
        take_team(j);
    if (!j->m->source[DS_CRM_ID].given)
        take_crm_id(j);
}

int ds_map(const struct ds_mapping *m, struct ds_arena *a, const struct ds_record *record,
           struct ds_mapped *out, struct ds_err *err)
{
    struct job j = {.m = m, .a = a, .record = record, .out = out};

    memset(out, 0, sizeof(*out));
    if (record->fault)
        problem(&j, DS_FIELDS, 0, ds_arena_dup(a, record->fault));
    else if (!record->id || !*record->id)
        problem(&j, DS_FIELDS, 0, "has no id");
    else if (!record->deleted)
        take_all(&j);
    return j.nomem ? ds_fail_nomem(err) : 0;
}
