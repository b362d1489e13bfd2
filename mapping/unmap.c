#include "mapping/back.h"

#include "base/text.h"

#include <string.h>

bool ds_back_fail(struct ds_back *b, const char *why)
{
    if (!b->why)
        b->why = why ? why : ds_why_nomem;
    return false;
}

void ds_back_set(struct ds_back *b, int path, const char *text)
{
    b->next[path] = (struct ds_value){text, text ? strlen(text) : 0};
    b->set[path] = true;
}

/* The company's text for a wanted value; NULL: there is none. */
static const char *raw_of(const struct ds_back *b, enum ds_field f, const char *wanted)
{
    const struct ds_mapping *m = b->job.m;
    const struct ds_word *word;

    if (m->source[f].has_values) {
        word = ds_words_next(&m->words, (int)f, "", wanted, 0);
        return word ? word->text : NULL;
    }
    if (ds_fields[f].type == DS_T_FLAG)
        return strcmp(wanted, DS_YES) == 0 ? "true" : "false";
    return wanted;
}

static bool unmap_field(struct ds_back *b, enum ds_field f)
{
    const struct ds_source *source = &b->job.m->source[f];
    const char *wanted = b->want->value[f], *present, *raw = NULL;
    bool readable = ds_job_value(&b->job, (int)f, &present);

    /* a default is ours, and the CRM may have one of its own for a new record */
    if (readable && ds_same(present, wanted) && !(b->creation && wanted))
        return true;
    if (wanted && ds_text_fault(wanted, strlen(wanted)))
        return ds_back_fail(b, ds_arena_printf(b->job.a, "%s has %s", ds_fields[f].title,
                                               ds_text_fault(wanted, strlen(wanted))));
    if (!wanted && source->fallback)
        return ds_back_fail(b, ds_arena_printf(b->job.a,
                                               "%s cannot be emptied: [defaults] has '%s' for it",
                                               ds_fields[f].title, source->fallback));
    if (wanted) {
        raw = raw_of(b, f, wanted);
        if (!raw)
            return ds_back_fail(b,
                                ds_arena_printf(b->job.a, "no line of [values %s] stands for '%s'",
                                                ds_fields[f].name, wanted));
    }
    ds_back_set(b, source->path, raw);
    return true;
}

static bool unmap_all(struct ds_back *b)
{
    const struct ds_mapping *m = b->job.m;
    const char *why;

    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        if (!ds_back_asks(b, f))
            continue;
        if (!ds_mapping_writes(m, f, &why))
            return ds_back_fail(b, ds_arena_printf(b->job.a, "%s %s", ds_fields[f].title, why));
        if (f != DS_STATUS && f != DS_STAGE && f != DS_ON_HOLD && !unmap_field(b, f))
            return false;
    }
    return ds_back_progress(b);
}

int ds_mapping_unmap(const struct ds_mapping *m, struct ds_arena *a, const struct ds_value *now,
                     const struct ds_deal *want, uint64_t fields, struct ds_assign *out,
                     size_t *count, const char **why)
{
    struct ds_back b = {.creation = !now, .want = want, .fields = fields};
    bool done;

    b.job = (struct ds_job){.m = m, .a = a, .values = b.next, .out = &b.mapped};
    if (now)
        memcpy(b.next, now, m->path_count * sizeof(*now));
    done = unmap_all(&b);
    *count = 0;
    *why = b.job.nomem ? ds_why_nomem : b.why;
    if (!done || *why)
        return *why == ds_why_nomem ? DS_E_NOMEM : DS_E_RECORD;
    for (size_t i = 0; i < m->path_count; i++)
        if (b.set[i])
            out[(*count)++] =
                (struct ds_assign){i, now ? now[i] : (struct ds_value){NULL, 0}, b.next[i]};
    return 0;
}
