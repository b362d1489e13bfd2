#include "connectors/file/ask.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* How many records hold a stage, and a process beside it. */
struct tally {
    const char *name;
    const char *process; /* "": none */
    int64_t records;
};

struct tallies {
    struct ds_arena arena;
    size_t count;
    struct tally tally[DS_MAX_STAGES];
};

static bool same(const char *text, struct ds_value v)
{
    return strlen(text) == v.len && memcmp(text, v.text, v.len) == 0;
}

/* Blanks at the ends do not count, and a value that is no text is nobody's stage. */
static struct ds_value clean(struct ds_value v)
{
    if (v.len > 0)
        v = ds_value_trim(v);
    return v.len > 0 && !ds_text_fault(v.text, v.len) ? v : (struct ds_value){"", 0};
}

static int count(struct tallies *t, struct ds_value name, struct ds_value process,
                 struct ds_err *err)
{
    struct tally *new = &t->tally[t->count];

    for (size_t i = 0; i < t->count; i++)
        if (same(t->tally[i].name, name) && same(t->tally[i].process, process)) {
            t->tally[i].records++;
            return DS_OK;
        }
    if (t->count == DS_MAX_STAGES) {
        ds_fail(err, DS_E_CONFIG, "the stage column holds more than %u different values",
                DS_MAX_STAGES);
        return ds_hint(err, "correct 'from' in section [stage] of the mapping");
    }
    new->name = ds_arena_dup_bytes(&t->arena, name.text, name.len);
    new->process = ds_arena_dup_bytes(&t->arena, process.text, process.len);
    new->records = 1;
    if (!new->name || !new->process)
        return ds_fail_nomem(err);
    t->count++;
    return DS_OK;
}

static int count_all(struct ds_scan *s, struct tallies *t, struct ds_err *err)
{
    const struct ds_record *record;
    int rc;

    while ((rc = ds_scan_next(s, &record, err)) == DS_OK && record) {
        struct ds_value name = clean(record->values[0]);
        struct ds_value process = {"", 0};

        if (s->paths > 1)
            process = clean(record->values[1]);
        if (name.len > 0)
            rc = count(t, name, process, err);
        if (rc != DS_OK)
            break;
    }
    return rc;
}

int ds_file_stages(struct ds_remote *remote, const char *field, const char *process_field,
                   int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err),
                   void *arg, struct ds_err *err)
{
    struct tallies *t = calloc(1, sizeof(*t));
    struct ds_scan *s = NULL;
    int rc = t ? ds_scan_open(remote, 2, &s, err) : ds_fail_nomem(err);

    if (rc == DS_OK)
        rc = ds_scan_path(s, field, err);
    if (rc == DS_OK && process_field)
        rc = ds_scan_path(s, process_field, err);
    if (rc == DS_OK)
        rc = count_all(s, t, err);
    for (size_t i = 0; rc == DS_OK && i < t->count; i++) {
        const struct tally *tally = &t->tally[i];

        rc = each(arg,
                  &(struct ds_stage){.field = field,
                                     .name = tally->name,
                                     .process = *tally->process ? tally->process : NULL,
                                     .probability = -1,
                                     .active = true,
                                     .records = tally->records},
                  err);
    }
    ds_scan_close(s);
    if (t)
        ds_arena_clear(&t->arena);
    free(t);
    return rc;
}
