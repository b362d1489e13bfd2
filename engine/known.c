#include "engine/known.h"

#include <string.h>

struct finding {
    struct ds_known *known;
    struct ds_arena *arena;
    const char *word; /* NULL: what is handed over was asked for */
};

static int take(void *arg, const struct ds_record *record, struct ds_err *err)
{
    struct finding *f = arg;

    if (!record->id || (f->word && strcmp(f->word, record->id) != 0))
        return DS_OK;
    f->known->id = ds_arena_dup(f->arena, record->id);
    f->known->deleted = record->deleted;
    return f->known->id ? DS_OK : ds_fail_nomem(err);
}

int ds_known_find(const struct ds_connector *connector, struct ds_remote *remote,
                  const struct ds_mapping *mapping, const char *word, struct ds_arena *a,
                  struct ds_known *out, struct ds_err *err)
{
    bool reads = (connector->abilities & DS_CAN_WRITE) != 0;
    struct finding f = {.known = out, .arena = a, .word = reads ? NULL : word};
    const struct ds_sink sink = {.record = take, .arg = &f};
    struct ds_buf next = DS_BUF_INIT(DS_MAX_URL);
    struct ds_query query = {0};

    *out = (struct ds_known){0};
    query.paths = ds_mapping_paths(mapping, &query.count);
    if (reads)
        connector->read(remote, &query, &word, 1, false, &sink, err);
    else
        connector->fetch(remote, &query, &sink, &next, err);
    ds_buf_clear(&next);
    return err->status;
}
