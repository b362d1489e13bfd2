#include "connectors/file/rows.h"

#include "base/arena.h"
#include "base/json.h"
#include "connectors/file/hash64.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ds_json_read() makes three bytes of a broken one and of a number with one digit. */
#define MAX_SCRATCH (3 * DS_MAX_ROW)

struct jsonl {
    struct ds_rows rows;
    struct ds_buf line;
    struct ds_buf scratch;
    struct ds_arena kept; /* names and paths */
    struct ds_arena made; /* for the present row */
    json_t *object;       /* the present row */
    size_t count;         /* slots */
    const char **paths;
    struct ds_value *values;
};

/* How a line ended. */
enum stop { LINE_END, FILE_END, NOTHING };

/* Reads up to the next line end. One that is too long is read to its end, but not kept. */
static int read_line(struct jsonl *j, enum stop *stop, struct ds_err *err)
{
    struct ds_input *in = j->rows.in;

    ds_buf_reset(&j->line);
    *stop = NOTHING;
    for (;;) {
        const char *from, *lf;
        size_t len;
        int byte;
        int rc = ds_input_peek(in, &byte, err);

        if (rc != DS_OK || byte == DS_INPUT_END)
            return rc;
        from = in->block + in->at;
        lf = memchr(from, '\n', in->len - in->at);
        len = lf ? (size_t)(lf - from) : in->len - in->at;
        in->at += len + (lf ? 1 : 0);
        *stop = lf ? LINE_END : FILE_END;
        if (j->line.len + len > DS_MAX_ROW)
            ds_rows_fault(&j->rows, "has more than %u bytes", DS_MAX_ROW);
        if (!j->rows.row.fault)
            ds_buf_add_bytes(&j->line, from, len);
        if (ds_buf_failed(&j->line))
            return ds_fail_nomem(err);
        if (lf)
            return DS_OK;
    }
}

/* Parses the line. One that the file ends in may have been cut off, and is then no row (P-7). */
static int read_object(struct jsonl *j, enum stop stop, struct ds_err *err)
{
    struct ds_err wrong = {0};
    json_t *object = NULL;
    int rc = ds_json_read(j->line.text, j->line.len, &j->scratch, &object, &wrong);

    json_decref(j->object);
    j->object = object;
    if (rc == DS_E_NOMEM)
        return ds_fail_nomem(err);
    if (rc != DS_OK && stop == FILE_END) {
        ds_fail(err, DS_E_INPUT, "the file ends inside row %" PRIu64 ", line %" PRIu64 ": %s",
                j->rows.row.number, j->rows.row.line, wrong.text);
        return ds_hint(err, "the export was cut off: export it again");
    }
    if (rc != DS_OK)
        ds_rows_fault(&j->rows, "cannot be read: %s", wrong.text);
    else if (!json_is_object(object))
        ds_rows_fault(&j->rows, "is no JSON object");
    return DS_OK;
}

static const json_t *find(const json_t *object, const char *path)
{
    const json_t *member = json_object_get(object, path);
    const char *dot = strchr(path, '.');

    if (member || !dot)
        return member;
    member = json_object_getn(object, path, (size_t)(dot - path));
    return json_is_object(member) ? find(member, dot + 1) : NULL;
}

/* False when it is a container. */
static bool plain(const json_t *json, struct ds_value *out)
{
    *out = (struct ds_value){NULL, 0};
    if (json_is_boolean(json))
        *out = json_is_true(json) ? (struct ds_value){"true", 4} : (struct ds_value){"false", 5};
    else if (json_is_string(json))
        *out = (struct ds_value){json_string_value(json), json_string_length(json)};
    return !json_is_object(json) && !json_is_array(json);
}

/* "a;b" out of ["a", "b"]; nulls and empty texts are left out. */
static int join(struct jsonl *j, const char *path, const json_t *array, struct ds_value *out,
                struct ds_err *err)
{
    const json_t *item;
    struct ds_value v;
    size_t i, len = 0;
    char *text;

    json_array_foreach(array, i, item)
    {
        if (!plain(item, &v)) {
            ds_rows_fault(&j->rows, "has a list of lists or objects in '%s'", path);
            return DS_OK;
        }
        len += v.len + 1;
    }
    text = ds_arena_alloc(&j->made, len + 1);
    if (!text)
        return ds_fail_nomem(err);
    len = 0;
    json_array_foreach(array, i, item)
    {
        plain(item, &v);
        if (v.len > 0 && len > 0)
            text[len++] = ';';
        if (v.len > 0)
            memcpy(text + len, v.text, v.len);
        len += v.len;
    }
    *out = (struct ds_value){text, len};
    return DS_OK;
}

static int read_values(struct jsonl *j, struct ds_err *err)
{
    int rc = DS_OK;

    for (size_t i = 0; i < j->count && rc == DS_OK && !j->rows.row.fault; i++) {
        const char *path = j->paths[i];
        const json_t *json = find(j->object, path);
        struct ds_value *v = &j->values[i];

        *v = (struct ds_value){NULL, 0};
        if (json_is_array(json))
            rc = join(j, path, json, v, err);
        else if (!plain(json, v))
            ds_rows_fault(&j->rows, "has an object in '%s', not a value", path);
        if (v->len > DS_MAX_FIELD)
            ds_rows_fault(&j->rows, "has more than %u bytes in '%s'", DS_MAX_FIELD, path);
    }
    return rc;
}

static int keep_names(struct jsonl *j, struct ds_err *err)
{
    const char **names =
        ds_arena_alloc(&j->kept, (json_object_size(j->object) + 1) * sizeof(*names));
    size_t count = 0;
    const char *key;
    json_t *value;

    if (!names)
        return ds_fail_nomem(err);
    json_object_foreach(j->object, key, value)
    {
        names[count] = ds_arena_dup(&j->kept, key);
        if (!names[count++])
            return ds_fail_nomem(err);
    }
    j->rows.names = names;
    return DS_OK;
}

/* The next line that is not blank. */
static int read_row(struct jsonl *j, enum stop *stop, struct ds_value *text, struct ds_err *err)
{
    int rc;

    do {
        j->rows.row = (struct ds_row){.number = j->rows.number + 1, .line = j->rows.line};
        rc = read_line(j, stop, err);
        *text = ds_value_trim((struct ds_value){j->line.text, j->line.len});
        j->rows.line++;
    } while (rc == DS_OK && *stop != NOTHING && text->len == 0 && !j->rows.row.fault);
    return rc;
}

static int jsonl_next(struct ds_rows *rows, const struct ds_row **row, struct ds_err *err)
{
    struct jsonl *j = (struct jsonl *)rows;
    struct ds_value text;
    enum stop stop;
    int rc = read_row(j, &stop, &text, err);

    *row = NULL;
    if (rc != DS_OK || stop == NOTHING)
        return rc;
    rows->number++;
    rows->row.values = j->values;
    rows->row.hash = ds_hash64(text.text, text.len, 0);
    ds_arena_reset(&j->made);
    if (!rows->row.fault)
        rc = read_object(j, stop, err);
    if (rc == DS_OK && !rows->row.fault && !rows->names)
        rc = keep_names(j, err);
    if (rc == DS_OK && !rows->row.fault)
        rc = read_values(j, err);
    if (rc == DS_OK)
        *row = &rows->row;
    return rc;
}

static int jsonl_slot(struct ds_rows *rows, const char *path, size_t *slot, struct ds_err *err)
{
    struct jsonl *j = (struct jsonl *)rows;
    const char **paths = realloc(j->paths, (j->count + 1) * sizeof(*paths));
    struct ds_value *values = realloc(j->values, (j->count + 1) * sizeof(*values));

    j->paths = paths ? paths : j->paths;
    j->values = values ? values : j->values;
    if (!paths || !values)
        return ds_fail_nomem(err);
    paths[j->count] = ds_arena_dup(&j->kept, path);
    if (!paths[j->count])
        return ds_fail_nomem(err);
    *slot = j->count++;
    return DS_OK;
}

static void jsonl_close(struct ds_rows *rows)
{
    struct jsonl *j = (struct jsonl *)rows;

    if (!j)
        return;
    json_decref(j->object);
    ds_buf_clear(&j->line);
    ds_buf_clear(&j->scratch);
    ds_arena_clear(&j->kept);
    ds_arena_clear(&j->made);
    free(j->paths);
    free(j->values);
    free(j);
}

static int jsonl_open(struct ds_input *in, char delimiter, struct ds_rows **out, struct ds_err *err)
{
    struct jsonl *j;
    int byte;
    int rc = ds_input_peek(in, &byte, err);

    (void)delimiter;
    if (rc != DS_OK)
        return rc;
    if (byte == '[') {
        ds_fail(err, DS_E_INPUT, "the file is one JSON array, not one object a line");
        return ds_hint(err, "convert it, for instance with: jq -c '.[]'");
    }
    j = calloc(1, sizeof(*j));
    if (!j)
        return ds_fail_nomem(err);
    j->rows = (struct ds_rows){.kind = &ds_jsonl, .in = in, .line = 1};
    ds_buf_init(&j->line, DS_MAX_ROW);
    ds_buf_init(&j->scratch, MAX_SCRATCH);
    *out = &j->rows;
    return DS_OK;
}

const struct ds_rows_kind ds_jsonl = {jsonl_open, jsonl_close, jsonl_slot, jsonl_next};
