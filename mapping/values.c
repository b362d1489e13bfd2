#include "base/text.h"
#include "mapping/forms.h"
#include "mapping/job.h"

#include <stdio.h>

#define SHOWN_CHARS 40

void ds_job_problem(struct ds_job *j, enum ds_field f, int rule, const char *text)
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

void ds_job_refuse(struct ds_job *j, enum ds_field f, int rule, const char *path, const char *value,
                   const char *why)
{
    size_t chars = 0;
    const char *end = value;

    for (; *end; end++) {
        chars += ((unsigned char)*end & 0xc0) != 0x80;
        if (chars > SHOWN_CHARS)
            break;
    }
    ds_job_problem(j, f, rule,
                   ds_arena_printf(j->a, "%s '%.*s%s' %s", path, (int)(end - value), value,
                                   *end ? "..." : "", why));
}

bool ds_job_text(struct ds_job *j, enum ds_field f, int at, const char **text)
{
    const struct ds_value *v = &j->values[at];
    const char *path = j->m->paths[at];
    const char *fault;

    *text = NULL;
    if (!v->text || !v->len)
        return true;
    if (v->len > DS_MAX_FIELD) {
        ds_job_problem(
            j, f, 0,
            ds_arena_printf(j->a, "%s has %zu bytes, %u are allowed", path, v->len, DS_MAX_FIELD));
        return false;
    }
    fault = ds_text_fault(v->text, v->len);
    if (fault) {
        ds_job_problem(j, f, 0, ds_arena_printf(j->a, "%s holds %s", path, fault));
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

static const char *find_value(struct ds_job *j, int source, const char *text)
{
    const char *standard = ds_words_find(&j->m->words, source, "", text);
    enum ds_field f = field_of(source);
    int rule = f == DS_SOLUTIONS ? 50 : ds_fields[f].needed_rule;
    char why[96];

    if (standard)
        return standard;
    snprintf(why, sizeof(why), "has no line in [values %s]", ds_source_name(source));
    ds_job_refuse(j, f, rule, j->m->paths[j->m->source[source].path], text, why);
    return NULL;
}

/* Each item is looked up alone; all that are missing are told. */
static const char *find_solutions(struct ds_job *j, const char *text)
{
    size_t count;
    const char **items = ds_list_read(j->a, text, &count);
    const char *list;
    bool complete = true;

    if (items && !count) {
        ds_job_refuse(j, DS_SOLUTIONS, 50, j->m->paths[j->m->source[DS_SOLUTIONS].path], text,
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

/* A company's own word is refused with the way to have it translated. */
static const char *with_way_out(struct ds_job *j, int source, const char *why)
{
    enum ds_field_type type = ds_fields[ds_source_form(source)].type;

    if (type != DS_T_FLAG && type != DS_T_WORD && type != DS_T_CURRENCY && type != DS_T_COUNTRY)
        return why;
    return ds_arena_printf(j->a, "%s; a line in [values %s] can say what it stands for", why,
                           ds_source_name(source));
}

bool ds_job_value(struct ds_job *j, int source, const char **value)
{
    const struct ds_source *s = &j->m->source[source];
    enum ds_field f = field_of(source);
    const char *text, *why;

    *value = s->constant;
    if (s->constant)
        return true;
    if (!ds_job_text(j, f, s->path, &text))
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
    if (why != ds_why_nomem)
        why = with_way_out(j, source, why);
    if (!why || why == ds_why_nomem)
        j->nomem = true;
    else
        ds_job_refuse(j, f, ds_fields[f].needed_rule, j->m->paths[s->path], text, why);
    return false;
}
