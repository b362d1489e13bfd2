#include "connectors/file/lookup.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/text.h"
#include "connectors/file/hash64.h"
#include "connectors/file/rows.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 256u /* a power of two, as all that follow */

struct ds_lookup {
    struct ds_arena arena;
    const char *path;
    const char **names; /* ends with NULL */
    size_t columns;
    size_t key;
    const struct ds_value **table; /* rows by the hash of their key, open addressing */
    size_t room;
    size_t count;
    uint64_t hash;
};

static bool same(struct ds_value a, struct ds_value b)
{
    return a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
}

/* Where the row of this key is, or belongs. */
static const struct ds_value **find(const struct ds_lookup *l, struct ds_value key)
{
    size_t i = ds_hash64(key.text, key.len, 0) & (l->room - 1);

    while (l->table[i] && !same(l->table[i][l->key], key))
        i = (i + 1) & (l->room - 1);
    return &l->table[i];
}

static int make_room(struct ds_lookup *l, struct ds_err *err)
{
    const struct ds_value **old = l->table;
    size_t old_room = l->room;

    if (l->count < l->room / 2)
        return DS_OK;
    l->room = old_room ? old_room * 2 : FIRST_ROOM;
    l->table = calloc(l->room, sizeof(const struct ds_value *));
    if (!l->table) {
        l->table = old;
        l->room = old_room;
        return ds_fail_nomem(err);
    }
    for (size_t i = 0; i < old_room; i++)
        if (old[i])
            *find(l, old[i][l->key]) = old[i];
    free(old);
    return DS_OK;
}

static int copy_row(struct ds_lookup *l, const struct ds_row *row, const struct ds_value **out,
                    struct ds_err *err)
{
    struct ds_value *copy = ds_arena_alloc(&l->arena, l->columns * sizeof(*copy));

    for (size_t i = 0; copy && i < l->columns; i++) {
        struct ds_value v = ds_value_trim(row->values[i]);

        copy[i].text = ds_arena_dup_bytes(&l->arena, v.text, v.len);
        copy[i].len = v.len;
        if (!copy[i].text)
            return ds_fail_nomem(err);
    }
    *out = copy;
    return copy ? DS_OK : ds_fail_nomem(err);
}

static int add_row(struct ds_lookup *l, const struct ds_row *row, struct ds_err *err)
{
    const struct ds_value *copy, **place;
    struct ds_value key;
    int rc;

    if (row->fault)
        return ds_fail(err, DS_E_INPUT, "a row %s", row->fault);
    l->hash = ds_hash64(&row->hash, sizeof(row->hash), l->hash);
    key = ds_value_trim(row->values[l->key]);
    if (key.len == 0)
        return DS_OK;
    rc = make_room(l, err);
    if (rc != DS_OK)
        return rc;
    place = find(l, key);
    if (*place) {
        ds_fail(err, DS_E_INPUT, "a second row with %s '%s' in line %" PRIu64, l->names[l->key],
                (*place)[l->key].text, row->line);
        return ds_hint(err, "remove one of the two");
    }
    rc = copy_row(l, row, &copy, err);
    if (rc != DS_OK)
        return rc;
    *place = copy;
    l->count++;
    return DS_OK;
}

static int copy_names(struct ds_lookup *l, const struct ds_rows *rows, struct ds_err *err)
{
    while (rows->names[l->columns])
        l->columns++;
    l->names = ds_arena_alloc(&l->arena, (l->columns + 1) * sizeof(*l->names));
    if (!l->names)
        return ds_fail_nomem(err);
    for (size_t i = 0; i < l->columns; i++) {
        l->names[i] = ds_arena_dup(&l->arena, rows->names[i]);
        if (!l->names[i])
            return ds_fail_nomem(err);
        l->hash = ds_hash64(l->names[i], strlen(l->names[i]), l->hash);
    }
    return DS_OK;
}

static int read_rows(struct ds_lookup *l, struct ds_rows *rows, const char *key, struct ds_err *err)
{
    const struct ds_row *row;
    int rc = rows->kind->slot(rows, key, &l->key, err);

    if (rc == DS_OK)
        rc = copy_names(l, rows, err);
    if (rc == DS_OK)
        rc = make_room(l, err);
    while (rc == DS_OK && (rc = rows->kind->next(rows, &row, err)) == DS_OK && row)
        rc = add_row(l, row, err);
    return rc;
}

static int read_bytes(struct ds_lookup *l, const struct ds_buf *text, char delimiter,
                      const char *key, struct ds_err *err)
{
    struct ds_input_bytes bytes = {text->text, text->len};
    struct ds_rows *rows = NULL;
    struct ds_input in;
    int rc = ds_input_open(&in, ds_input_read_bytes, &bytes, err);

    if (rc == DS_OK)
        rc = ds_csv.open(&in, delimiter, &rows, err);
    if (rc == DS_OK)
        rc = read_rows(l, rows, key, err);
    ds_csv.close(rows);
    ds_input_close(&in);
    return rc == DS_OK ? rc : ds_err_where(err, "%s", l->path);
}

int ds_lookup_load(const char *path, char delimiter, const char *key, struct ds_lookup **out,
                   struct ds_err *err)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_FILE);
    struct ds_lookup *l = calloc(1, sizeof(*l));
    int rc;

    if (!l)
        return ds_fail_nomem(err);
    l->path = ds_arena_dup(&l->arena, path);
    rc = l->path ? ds_file_read(path, &text, err) : ds_fail_nomem(err);
    if (rc == DS_OK)
        rc = read_bytes(l, &text, delimiter, key, err);
    ds_buf_clear(&text);
    if (rc == DS_OK)
        *out = l;
    else
        ds_lookup_free(l);
    return rc;
}

void ds_lookup_free(struct ds_lookup *l)
{
    if (!l)
        return;
    ds_arena_clear(&l->arena);
    free(l->table);
    free(l);
}

int ds_lookup_column(const struct ds_lookup *l, const char *name, size_t *column,
                     struct ds_err *err)
{
    int rc = ds_column_find(l->names, name, column, err);

    return rc == DS_OK ? rc : ds_err_where(err, "%s", l->path);
}

const struct ds_value *ds_lookup_row(const struct ds_lookup *l, struct ds_value key)
{
    key = ds_value_trim(key);
    return *find(l, key);
}

uint64_t ds_lookup_hash(const struct ds_lookup *l)
{
    return l->hash;
}
