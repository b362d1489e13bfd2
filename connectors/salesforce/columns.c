#include "connectors/salesforce/columns.h"

#include "base/text.h"
#include "connectors/salesforce/children.h"
#include "connectors/salesforce/standard.h"
#include "connectors/salesforce/value.h"

#include <string.h>

#define PATH_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_."

int ds_sf_columns_init(struct ds_sf_columns *columns, const json_t *describe, size_t room,
                       struct ds_err *err)
{
    memset(columns, 0, sizeof(*columns));
    columns->describe = describe;
    columns->column = ds_arena_alloc(&columns->arena, room * sizeof(*columns->column));
    columns->path = ds_arena_alloc(&columns->arena, room * sizeof(*columns->path));
    columns->raw = ds_arena_alloc(&columns->arena, room * sizeof(*columns->raw));
    return columns->column && columns->path && columns->raw ? DS_OK : ds_fail_nomem(err);
}

void ds_sf_columns_clear(struct ds_sf_columns *columns)
{
    ds_arena_clear(&columns->arena);
    json_decref(columns->labels);
    json_decref(columns->rates);
    memset(columns, 0, sizeof(*columns));
}

/* --- names ----------------------------------------------------------------------------------- */

/* The field whose member `key` is `name`. */
static const json_t *find(const json_t *describe, const char *key, const char *name)
{
    const json_t *field;
    size_t i;

    json_array_foreach(json_object_get(describe, "fields"), i, field)
    {
        const char *text = ds_json_text(field, key);

        if (text && ds_text_same_nocase(text, name))
            return field;
    }
    return NULL;
}

const json_t *ds_sf_field(const json_t *describe, const char *name)
{
    return find(describe, "name", name);
}

static int unknown(struct ds_sf_columns *columns, const char *path, const char *key,
                   const char *name, struct ds_err *err)
{
    const json_t *fields = json_object_get(columns->describe, "fields");
    const char **words =
        ds_arena_alloc(&columns->arena, (json_array_size(fields) + 1) * sizeof(*words));
    const char *near, *text;
    const json_t *field;
    size_t i, n = 0;

    if (!words)
        return ds_fail_nomem(err);
    json_array_foreach(fields, i, field)
    {
        text = ds_json_text(field, key);
        if (text)
            words[n++] = text;
    }
    near = ds_text_nearest(name, words);
    ds_fail(err, DS_E_CONFIG, "Opportunity has no %s '%s' that this user may see (path '%s')",
            strcmp(key, "name") == 0 ? "field" : "parent", name, path);
    if (near && !ds_sf_is_standard(name))
        return ds_hint(err, "did you mean '%s'; else field-level security may hide it", near);
    return ds_sf_hint_absent(err, name, strcmp(key, "name") != 0);
}

/* Splits "Account.Name" into the column's keys, the first one as the org spells it. */
static int settle(struct ds_sf_columns *columns, const char *path, struct ds_sf_column *out,
                  struct ds_err *err)
{
    char *rest = ds_arena_dup(&columns->arena, path);
    const char *key = strchr(path, '.') ? "relationshipName" : "name";
    const json_t *field;

    if (!rest)
        return ds_fail_nomem(err);
    for (char *part; (part = strsep(&rest, "."));) {
        if (!*part || out->depth == DS_SF_DEPTH || part[strspn(part, PATH_CHARACTERS)])
            return ds_fail(err, DS_E_CONFIG, "'%s' is no path of a Salesforce field", path);
        out->keys[out->depth++] = part;
    }
    field = find(columns->describe, key, out->keys[0]);
    if (!field)
        return unknown(columns, path, key, out->keys[0], err);
    out->keys[0] = ds_json_text(field, key);
    out->name = strchr(path, '.')
                    ? ds_arena_printf(&columns->arena, "%s%s", out->keys[0], strchr(path, '.'))
                    : out->keys[0];
    return out->name ? DS_OK : ds_fail_nomem(err);
}

/* Fields that are no single value cannot be read in a list (SF-11, SF-12). */
static int refuse_kind(const struct ds_sf_columns *columns, const char *name, struct ds_err *err)
{
    static const char *const refused[] = {"address", "location", "base64"};
    const json_t *field = ds_sf_field(columns->describe, name);
    const char *type = field ? ds_json_text(field, "type") : NULL;

    for (size_t i = 0; type && i < sizeof(refused) / sizeof(refused[0]); i++)
        if (strcmp(type, refused[i]) == 0) {
            ds_fail(err, DS_E_CONFIG, "the field '%s' is of type %s and has no single value", name,
                    type);
            return ds_hint(err, "map one of its parts, for instance BillingCity");
        }
    return DS_OK;
}

int ds_sf_columns_add(struct ds_sf_columns *columns, const char *name, size_t *index,
                      struct ds_err *err)
{
    struct ds_sf_column column = {0};
    int rc = settle(columns, name, &column, err);

    if (!rc && column.depth == 1)
        rc = refuse_kind(columns, name, err);
    if (rc)
        return rc;
    for (*index = 0; *index < columns->count; ++*index)
        if (ds_text_same_nocase(columns->column[*index].name, column.name))
            return DS_OK; /* SELECT refuses a field named twice */
    if (column.depth == 1)
        column.field = ds_sf_field(columns->describe, column.name);
    column.instant = ds_sf_type(column.field) == DS_SF_INSTANT;
    columns->column[columns->count++] = column;
    return DS_OK;
}

int ds_sf_columns_path(struct ds_sf_columns *columns, const char *path, struct ds_err *err)
{
    struct ds_sf_path *to = &columns->path[columns->paths];
    int rc = DS_OK;

    to->labelled = ds_text_same_nocase(path, DS_SF_STAGE_LABEL);
    to->rated = ds_text_same_nocase(path, DS_SF_RATE);
    if (to->rated)
        path = "CurrencyIsoCode";
    if (ds_sf_child_kind(path))
        to->column = DS_SF_NO_COLUMN;
    else
        rc = ds_sf_columns_add(columns, to->labelled ? "StageName" : path, &to->column, err);
    if (rc)
        return rc;
    columns->labelled = columns->labelled || to->labelled;
    columns->rated = columns->rated || to->rated;
    columns->paths++;
    return DS_OK;
}

void ds_sf_columns_list(const struct ds_sf_columns *columns, struct ds_buf *out)
{
    for (size_t i = 0; i < columns->count; i++)
        ds_buf_addf(out, "%s%s", i ? "," : "", columns->column[i].name);
}

/* --- values ---------------------------------------------------------------------------------- */

static bool read_value(const struct ds_sf_column *column, const json_t *record,
                       struct ds_value *out)
{
    const json_t *at = record;

    *out = (struct ds_value){0};
    for (size_t i = 0; i < column->depth; i++) {
        at = json_object_get(at, column->keys[i]);
        if (json_is_null(at))
            return true;
    }
    if (json_is_boolean(at))
        *out = json_is_true(at) ? (struct ds_value){"true", 4} : (struct ds_value){"false", 5};
    else if (!json_is_string(at))
        return false;
    else if (json_string_length(at) > 0)
        *out = (struct ds_value){json_string_value(at), json_string_length(at)};
    return true;
}

static struct ds_value label_of(const json_t *labels, struct ds_value value)
{
    const json_t *label = value.text ? json_object_get(labels, value.text) : NULL;

    if (!label)
        return value;
    return (struct ds_value){json_string_value(label), json_string_length(label)};
}

static struct ds_value rate_of(const json_t *rates, struct ds_value code)
{
    const char *rate = code.text ? ds_json_text(rates, code.text) : NULL;

    return (struct ds_value){rate, rate ? strlen(rate) : 0};
}

void ds_sf_columns_values(const struct ds_sf_columns *columns, struct ds_value *values)
{
    for (size_t i = 0; i < columns->paths; i++) {
        const struct ds_sf_path *path = &columns->path[i];

        values[i] = (struct ds_value){0};
        if (path->column != DS_SF_NO_COLUMN)
            values[i] = columns->raw[path->column];
        if (path->labelled)
            values[i] = label_of(columns->labels, values[i]);
        if (path->rated)
            values[i] = rate_of(columns->rates, values[i]);
    }
}

int ds_sf_columns_read(const struct ds_sf_columns *columns, const json_t *record,
                       struct ds_value *values, struct ds_err *err)
{
    for (size_t i = 0; i < columns->count; i++) {
        if (read_value(&columns->column[i], record, &columns->raw[i]))
            continue;
        ds_fail(err, DS_E_CONFIG, "there is no single value '%s'", columns->column[i].name);
        return ds_hint(err,
                       "write the path as Salesforce does, capitals included, and name a plain "
                       "field");
    }
    ds_sf_columns_values(columns, values);
    return DS_OK;
}
