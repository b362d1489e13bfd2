#include "connectors/dynamics/change.h"

#include <string.h>

struct ds_dynamics_found {
    struct ds_dynamics_found *next;
    const struct ds_dynamics_target *target;
    const char *value;
    const struct ds_dynamics_lookup *lookup; /* which table it is in */
    char id[37];
};

static int remember(struct ds_dynamics_changes *changes, const struct ds_dynamics_target *target,
                    const char *value, const struct ds_dynamics_lookup *lookup, const char *id,
                    const struct ds_dynamics_found **out, struct ds_err *err)
{
    struct ds_dynamics_found *found = ds_arena_alloc(changes->lasting, sizeof(*found));

    if (!found)
        return ds_fail_nomem(err);
    found->next = changes->found;
    found->target = target;
    found->value = ds_arena_dup(changes->lasting, value);
    found->lookup = lookup;
    memcpy(found->id, id, sizeof(found->id));
    changes->found = found;
    *out = found;
    return found->value ? DS_OK : ds_fail_nomem(err);
}

/* Asks for the rows of a table whose column holds a value, two at most. */
static int rows_with(struct ds_dynamics_changes *changes, const struct ds_dynamics_lookup *lookup,
                     const char *column, const char *quote, const char *value, json_t **page,
                     struct ds_err *err)
{
    struct ds_buf tail = DS_BUF_INIT(DS_MAX_URL), filter = DS_BUF_INIT(DS_MAX_URL);
    const char *set;
    int rc = ds_dynamics_set(changes->remote, lookup->table, &set, err);

    if (rc)
        return rc;
    ds_buf_addf(&filter, "%s eq %s", column, quote);
    for (; *value; value++) {
        ds_buf_add(&filter, *value == '\'' ? "'" : ""); /* DV-24 */
        ds_buf_add_char(&filter, *value);
    }
    ds_buf_add(&filter, quote);
    ds_buf_addf(&tail, "%s?$select=%s&$top=2&$filter=", set, lookup->key);
    ds_http_escape(&tail, filter.text);
    rc = ds_buf_failed(&tail) || ds_buf_failed(&filter)
             ? ds_fail(err, DS_E_RECORD, "the value is too long to look for")
             : ds_dynamics_get(changes->remote, tail.text, page, NULL, err);
    ds_buf_clear(&tail);
    ds_buf_clear(&filter);
    return rc;
}

/* Looks for the one row of a table that a value means; *out stays NULL when there is none. */
static int search_in(struct ds_dynamics_changes *changes, const struct ds_dynamics_target *target,
                     const struct ds_dynamics_lookup *lookup, const char *value,
                     const struct ds_dynamics_found **out, struct ds_err *err)
{
    const char *column = target->by ? target->by : lookup->key;
    json_t *page = NULL;
    const json_t *rows;
    const char *id;
    char guid[37];
    int rc = rows_with(changes, lookup, column, target->by ? "'" : "", value, &page, err);

    rows = rc ? NULL : ds_dynamics_rows(page, err);
    id = ds_json_text(json_array_get(rows, 0), lookup->key);
    if (!rc && !rows)
        rc = err->status;
    else if (!rc && json_array_size(rows) > 1)
        rc = ds_fail(err, DS_E_RECORD, "'%.100s' is the %s of more than one %s", value, column,
                     lookup->table);
    else if (!rc && id && ds_dynamics_guid(id, guid))
        rc = remember(changes, target, value, lookup, guid, out, err);
    json_decref(page);
    return rc;
}

static int search(struct ds_dynamics_changes *changes, const struct ds_dynamics_target *target,
                  const char *value, const struct ds_dynamics_found **out, struct ds_err *err)
{
    const struct ds_dynamics_lookup *first = target->lookups[0], *second = target->lookups[1];
    int rc = search_in(changes, target, first, value, out, err);

    if (!rc && !*out && second)
        rc = search_in(changes, target, second, value, out, err);
    if (rc || *out)
        return rc;
    return ds_fail(err, DS_E_RECORD, "'%.100s' is the %s of no %s", value,
                   target->by ? target->by : "id", first->table);
}

/* An id that can only be of one table needs no looking for. */
static int find(struct ds_dynamics_changes *changes, const struct ds_dynamics_target *target,
                const char *value, const struct ds_dynamics_found **out, struct ds_err *err)
{
    char guid[37];

    for (const struct ds_dynamics_found *f = changes->found; f; f = f->next)
        if (f->target == target && strcmp(f->value, value) == 0) {
            *out = f;
            return DS_OK;
        }
    *out = NULL;
    if (target->by)
        return search(changes, target, value, out, err);
    if (!ds_dynamics_guid(value, guid))
        return ds_fail(err, DS_E_RECORD, "'%.100s' is no id", value);
    if (target->lookups[1])
        return search(changes, target, guid, out, err);
    return remember(changes, target, value, target->lookups[0], guid, out, err);
}

int ds_dynamics_bind(struct ds_dynamics_changes *changes, struct ds_buf *out,
                     const struct ds_dynamics_target *target, struct ds_value value,
                     struct ds_err *err)
{
    const struct ds_dynamics_found *found;
    const char *set;
    int rc;

    if (!value.text) {
        ds_buf_addf(out, "\"%s@odata.bind\":null", target->lookups[0]->navigation);
        return DS_OK;
    }
    rc = find(changes, target, value.text, &found, err);
    if (!rc)
        rc = ds_dynamics_set(changes->remote, found->lookup->table, &set, err);
    if (!rc)
        ds_buf_addf(out, "\"%s@odata.bind\":\"/%s(%s)\"", found->lookup->navigation, set,
                    found->id);
    return rc;
}
