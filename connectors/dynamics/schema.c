#include "connectors/dynamics/schema.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

struct ds_dynamics_schema {
    size_t count;
    struct ds_dynamics_column *columns;
    const char **names; /* of the columns, NULL-terminated, for suggestions */
    const struct ds_dynamics_choice *choices;
};

/* The types whose columns are read in a way of their own. cast: where the options come from, one
 * cast a type (DV-34). */
static const struct type {
    const char *name;
    enum ds_dynamics_type type;
    const char *cast;
} types[] = {
    {"String", DS_DYNAMICS_TEXT, NULL},
    {"Lookup", DS_DYNAMICS_LOOKUP, NULL},
    {"Customer", DS_DYNAMICS_LOOKUP, NULL},
    {"Owner", DS_DYNAMICS_LOOKUP, NULL},
    {"Picklist", DS_DYNAMICS_PICKLIST,
     "PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet,GlobalOptionSet"},
    {"Status", DS_DYNAMICS_STATUS, "StatusAttributeMetadata?$select=LogicalName&$expand=OptionSet"},
    {"State", DS_DYNAMICS_STATE, "StateAttributeMetadata?$select=LogicalName&$expand=OptionSet"},
};

#define TYPES (sizeof(types) / sizeof(types[0]))

int ds_dynamics_table(struct ds_remote *remote, struct ds_dynamics_table *out, struct ds_err *err)
{
    json_t *json = NULL;
    const char *set, *tracked;
    int rc = ds_dynamics_get(
        remote, DS_DYNAMICS_TABLE "?$select=LogicalName,EntitySetName,ChangeTrackingEnabled", &json,
        &out->date_ms, err);

    if (rc)
        return rc;
    set = ds_json_text(json, "EntitySetName");
    tracked = ds_json_text(json, "ChangeTrackingEnabled");
    if (!set || strlen(set) >= sizeof(out->set))
        rc = ds_fail(err, DS_E_REMOTE, "the metadata of opportunity names no entity set");
    else if (out->date_ms == 0)
        rc = ds_fail(err, DS_E_REMOTE,
                     "%s answers without a Date header, so there is no telling "
                     "where the next fetch should start",
                     remote->origin.text);
    else
        snprintf(out->set, sizeof(out->set), "%s", set);
    out->tracked = tracked && strcmp(tracked, "true") == 0;
    json_decref(json);
    return rc;
}

/* --- columns --------------------------------------------------------------------------------- */

static enum ds_dynamics_type type_of(const char *name)
{
    for (size_t i = 0; name && i < TYPES; i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    return DS_DYNAMICS_PLAIN;
}

static int add_columns(struct ds_arena *a, const json_t *rows, struct ds_dynamics_schema *schema,
                       struct ds_err *err)
{
    schema->columns = ds_arena_alloc(a, (json_array_size(rows) + 1) * sizeof(*schema->columns));
    schema->names = ds_arena_alloc(a, (json_array_size(rows) + 1) * sizeof(*schema->names));
    if (!schema->columns || !schema->names)
        return ds_fail_nomem(err);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct ds_dynamics_column *column = &schema->columns[schema->count];
        const char *name = ds_json_text(row, "LogicalName");

        if (!name)
            continue;
        column->type = type_of(ds_json_text(row, "AttributeType"));
        column->logical = ds_arena_dup(a, name);
        column->name = column->type == DS_DYNAMICS_LOOKUP ? ds_arena_printf(a, "_%s_value", name)
                                                          : column->logical;
        if (!column->name || !column->logical)
            return ds_fail_nomem(err);
        schema->names[schema->count++] = column->name;
    }
    return DS_OK;
}

static int load(struct ds_remote *remote, struct ds_err *err)
{
    struct ds_dynamics_schema *schema;
    json_t *json = NULL, *rows;
    int rc;

    if (remote->schema)
        return DS_OK;
    schema = ds_arena_alloc(&remote->arena, sizeof(*schema));
    if (!schema)
        return ds_fail_nomem(err);
    rc = ds_dynamics_get(remote, DS_DYNAMICS_TABLE "/Attributes?$select=LogicalName,AttributeType",
                         &json, NULL, err);
    if (rc)
        return rc;
    rows = ds_dynamics_rows(json, err);
    rc = rows ? add_columns(&remote->arena, rows, schema, err) : err->status;
    if (!rc)
        remote->schema = schema;
    json_decref(json);
    return rc;
}

static int unknown(const struct ds_dynamics_schema *schema, const char *name, struct ds_err *err)
{
    const char *near = ds_text_nearest(name, schema->names);

    ds_fail(err, DS_E_CONFIG, "opportunity has no column '%s'", name);
    for (size_t i = 0; i < schema->count; i++)
        if (strcmp(schema->columns[i].logical, name) == 0)
            return ds_hint(err,
                           "it is a lookup: '%s' is the id it holds, and "
                           "'navigation.column' reads the row it points to",
                           schema->columns[i].name);
    if (near)
        return ds_hint(err, "did you mean '%s'? names are the logical ones, and case-sensitive",
                       near);
    return ds_hint(err, "names are the logical ones, as the column list of the table in Power Apps "
                        "shows them, and case-sensitive");
}

int ds_dynamics_column(struct ds_remote *remote, const char *name,
                       const struct ds_dynamics_column **out, struct ds_err *err)
{
    const struct ds_dynamics_schema *schema;
    int rc = load(remote, err);

    if (rc)
        return rc;
    schema = remote->schema;
    for (size_t i = 0; i < schema->count; i++)
        if (strcmp(schema->columns[i].name, name) == 0) {
            *out = &schema->columns[i];
            return DS_OK;
        }
    return unknown(schema, name, err);
}

/* --- choices --------------------------------------------------------------------------------- */

/* The user's language if there is such a label, else the first there is, else none (DV-35). */
static const char *label_of(const json_t *option)
{
    const json_t *label = json_object_get(option, "Label");
    const char *text = ds_json_text(json_object_get(label, "UserLocalizedLabel"), "Label");

    if (!text)
        text = ds_json_text(json_array_get(json_object_get(label, "LocalizedLabels"), 0), "Label");
    return text;
}

static int add_option(struct ds_arena *a, struct ds_dynamics_choice *choice, const json_t *row,
                      struct ds_err *err)
{
    struct ds_dynamics_option *option = &choice->options[choice->count];
    const char *value = ds_json_text(row, "Value");
    const char *label = label_of(row);
    const char *state =
        choice->column->type == DS_DYNAMICS_STATE ? value : ds_json_text(row, "State");
    long n;

    if (!value)
        return DS_OK;
    option->value = ds_arena_dup(a, value);
    option->label = label ? ds_arena_dup(a, label) : option->value;
    option->state = state && ds_text_int(state, 0, 2, &n) ? (int)n : -1;
    choice->count++;
    return option->value && option->label ? DS_OK : ds_fail_nomem(err);
}

static int add_options(struct ds_arena *a, struct ds_dynamics_choice *choice, const json_t *json,
                       struct ds_err *err)
{
    const json_t *rows = json_object_get(json_object_get(json, "OptionSet"), "Options");
    int rc = DS_OK;

    if (!json_array_size(rows))
        rows = json_object_get(json_object_get(json, "GlobalOptionSet"), "Options");
    if (!rows)
        return ds_fail(err, DS_E_REMOTE,
                       "the metadata of opportunity's column '%s' lists no options",
                       choice->column->logical);
    choice->options = ds_arena_alloc(a, (json_array_size(rows) + 1) * sizeof(*choice->options));
    if (!choice->options)
        return ds_fail_nomem(err);
    for (size_t i = 0; i < json_array_size(rows) && !rc; i++)
        rc = add_option(a, choice, json_array_get(rows, i), err);
    return rc;
}

static int load_choice(struct ds_remote *remote, struct ds_dynamics_choice *choice,
                       const struct type *type, struct ds_err *err)
{
    const char *tail = ds_arena_printf(
        &remote->arena, DS_DYNAMICS_TABLE "/Attributes(LogicalName='%s')/Microsoft.Dynamics.CRM.%s",
        choice->column->logical, type->cast);
    json_t *json = NULL;
    int rc;

    if (!tail)
        return ds_fail_nomem(err);
    rc = ds_dynamics_get(remote, tail, &json, NULL, err);
    if (!rc)
        rc = add_options(&remote->arena, choice, json, err);
    json_decref(json);
    return rc;
}

int ds_dynamics_choice(struct ds_remote *remote, const struct ds_dynamics_column *column,
                       const struct ds_dynamics_choice **out, struct ds_err *err)
{
    const struct type *type = types;
    struct ds_dynamics_choice *choice;
    int rc;

    for (*out = remote->schema->choices; *out; *out = (*out)->next)
        if ((*out)->column == column)
            return DS_OK;
    while (type < types + TYPES && !(type->cast && type->type == column->type))
        type++;
    if (type == types + TYPES) {
        ds_fail(err, DS_E_CONFIG, "opportunity's column '%s' is no choice, so it has no labels",
                column->name);
        return ds_hint(err, "use '%s' itself", column->name);
    }
    choice = ds_arena_alloc(&remote->arena, sizeof(*choice));
    if (!choice)
        return ds_fail_nomem(err);
    choice->column = column;
    rc = load_choice(remote, choice, type, err);
    if (rc)
        return rc;
    choice->next = remote->schema->choices;
    remote->schema->choices = *out = choice;
    return DS_OK;
}

const struct ds_dynamics_option *ds_dynamics_option(const struct ds_dynamics_choice *choice,
                                                    const char *value)
{
    for (size_t i = 0; i < choice->count; i++)
        if (strcmp(choice->options[i].value, value) == 0)
            return &choice->options[i];
    return NULL;
}
