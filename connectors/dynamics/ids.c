#include "connectors/dynamics/ids.h"

#include "connectors/dynamics/remote.h"

#include <stdlib.h>
#include <string.h>

static int grow(struct ds_dynamics_ids *ids, struct ds_err *err)
{
    size_t size = ids->size ? ids->size * 2 : 64;
    struct ds_dynamics_id *more = realloc(ids->id, size * sizeof(*more));

    if (!more)
        return ds_fail_nomem(err);
    ids->id = more;
    ids->size = size;
    return DS_OK;
}

int ds_dynamics_ids_add(struct ds_dynamics_ids *ids, const char *text, struct ds_err *err)
{
    int rc = DS_OK;

    if (ds_dynamics_ids_full(ids))
        return DS_OK;
    if (ids->count == ids->size)
        rc = grow(ids, err);
    if (!rc && text && ds_dynamics_guid(text, ids->id[ids->count].text))
        ids->id[ids->count++].done = false;
    return rc;
}

bool ds_dynamics_ids_full(const struct ds_dynamics_ids *ids)
{
    return ids->count >= DS_DYNAMICS_MOST_IDS;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct ds_dynamics_id *)a)->text,
                  ((const struct ds_dynamics_id *)b)->text);
}

void ds_dynamics_ids_sort(struct ds_dynamics_ids *ids)
{
    size_t kept = 0;

    if (ids->count == 0)
        return;
    qsort(ids->id, ids->count, sizeof(*ids->id), by_text);
    for (size_t i = 1; i < ids->count; i++)
        if (by_text(&ids->id[i], &ids->id[kept]) != 0)
            ids->id[++kept] = ids->id[i];
    ids->count = kept + 1;
}

struct ds_dynamics_id *ds_dynamics_ids_find(const struct ds_dynamics_ids *ids, const char *text)
{
    struct ds_dynamics_id key = {0};

    return ids->count && text && ds_dynamics_guid(text, key.text)
               ? bsearch(&key, ids->id, ids->count, sizeof(*ids->id), by_text)
               : NULL;
}

void ds_dynamics_ids_clear(struct ds_dynamics_ids *ids)
{
    free(ids->id);
    *ids = (struct ds_dynamics_ids){0};
}
