#include "connectors/dynamics/metadata.h"

#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* What the definitions call a type. cast: where the options come from, one cast a type (DV-34). */
static const struct type {
    const char *name;
    enum ds_dynamics_type type;
    const char *cast;
} types[] = {
    {"String", DS_DYNAMICS_TEXT, NULL},
    {"Memo", DS_DYNAMICS_TEXT, NULL},
    {"Integer", DS_DYNAMICS_INTEGER, NULL},
    {"BigInt", DS_DYNAMICS_INTEGER, NULL},
    {"Money", DS_DYNAMICS_DECIMAL, NULL},
    {"Decimal", DS_DYNAMICS_DECIMAL, NULL},
    {"Double", DS_DYNAMICS_DECIMAL, NULL},
    {"Boolean", DS_DYNAMICS_BOOLEAN, NULL},
    {"DateTime", DS_DYNAMICS_TIME, NULL},
    {"Lookup", DS_DYNAMICS_LOOKUP, NULL},
    {"Customer", DS_DYNAMICS_LOOKUP, NULL},
    {"Owner", DS_DYNAMICS_LOOKUP, NULL},
    {"Picklist", DS_DYNAMICS_PICKLIST,
     "PicklistAttributeMetadata?$select=LogicalName&$expand=OptionSet,GlobalOptionSet"},
    {"Status", DS_DYNAMICS_STATUS, "StatusAttributeMetadata?$select=LogicalName&$expand=OptionSet"},
    {"State", DS_DYNAMICS_STATE, "StateAttributeMetadata?$select=LogicalName&$expand=OptionSet"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool is_true(const json_t *row, const char *name)
{
    const char *text = ds_json_text(row, name);

    return text && strcmp(text, "true") == 0;
}

/* --- the table ------------------------------------------------------------------------------- */

static const char table_question[] = DS_DYNAMICS_TABLE
    "?$select=LogicalName,EntitySetName,ChangeTrackingEnabled,IsOptimisticConcurrencyEnabled";
static const char columns_question[] = DS_DYNAMICS_TABLE
    "/Attributes?$select=LogicalName,AttributeType,IsValidForCreate,IsValidForUpdate";

void ds_dynamics_definitions_ask(const struct ds_remote *remote, struct ds_dynamics_questions *q)
{
    if (remote->edmx)
        return;
    ds_dynamics_question(q, table_question, false);
    if (!remote->schema)
        ds_dynamics_question(q, columns_question, false);
}

int ds_dynamics_definition(struct ds_remote *remote, struct ds_dynamics_table *out,
                           struct ds_err *err)
{
    json_t *json = NULL;
    const char *set;
    int rc = ds_dynamics_get(remote, table_question, &json, &out->date_ms, err);

    if (rc)
        return rc;
    set = ds_json_text(json, "EntitySetName");
    if (!set || strlen(set) >= sizeof(out->set))
        rc = ds_fail(err, DS_E_REMOTE, "the metadata of opportunity names no entity set");
    else
        snprintf(out->set, sizeof(out->set), "%s", set);
    out->tracked = is_true(json, "ChangeTrackingEnabled");
    out->guarded = is_true(json, "IsOptimisticConcurrencyEnabled");
    json_decref(json);
    return rc;
}

int ds_dynamics_definitions_set(struct ds_remote *remote, const char *table,
                                struct ds_dynamics_schema *schema, struct ds_err *err)
{
    const char *tail = ds_arena_printf(
        &remote->arena, "EntityDefinitions(LogicalName='%s')?$select=LogicalName,EntitySetName",
        table);
    json_t *json = NULL;
    const char *set;
    int rc = tail ? ds_dynamics_get(remote, tail, &json, NULL, err) : ds_fail_nomem(err);

    if (rc)
        return rc;
    set = ds_json_text(json, "EntitySetName");
    rc = set ? ds_dynamics_add_set(&remote->arena, schema, table, set, err)
             : ds_fail(err, DS_E_REMOTE, "the metadata of %s names no entity set", table);
    json_decref(json);
    return rc;
}

/* --- columns --------------------------------------------------------------------------------- */

static enum ds_dynamics_type type_of(const char *name)
{
    for (size_t i = 0; name && i < COUNT(types); i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    return DS_DYNAMICS_PLAIN;
}

static int take_columns(struct ds_arena *a, const json_t *rows, struct ds_dynamics_schema *schema,
                        struct ds_err *err)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *name = ds_json_text(row, "LogicalName");
        struct ds_dynamics_column *column;

        if (!name)
            continue;
        column =
            ds_dynamics_add_column(a, schema, name, type_of(ds_json_text(row, "AttributeType")));
        if (!column)
            return ds_fail_nomem(err);
        column->creatable = is_true(row, "IsValidForCreate");
        column->updatable = is_true(row, "IsValidForUpdate");
    }
    return DS_OK;
}

int ds_dynamics_definitions(struct ds_remote *remote, struct ds_dynamics_schema *schema,
                            struct ds_err *err)
{
    json_t *json = NULL, *rows;
    int rc = ds_dynamics_get(remote, columns_question, &json, NULL, err);

    if (rc)
        return rc;
    rows = ds_dynamics_rows(json, err);
    rc = rows ? take_columns(&remote->arena, rows, schema, err) : err->status;
    json_decref(json);
    return rc;
}

/* --- limits ---------------------------------------------------------------------------------- */

static struct ds_dynamics_column *column_of(struct ds_dynamics_schema *schema, const char *logical)
{
    for (size_t i = 0; logical && i < schema->count; i++)
        if (strcmp(schema->columns[i].logical, logical) == 0)
            return &schema->columns[i];
    return NULL;
}

static void take_length(struct ds_dynamics_column *column, const json_t *row)
{
    const char *text = ds_json_text(row, "MaxLength");

    if (!text || !ds_text_int(text, 1, INT32_MAX, &column->max_length))
        column->max_length = -1;
}

/* PrecisionSource 0 is the column's own precision, others are the organisation's and the currency's. */
static void take_precision(struct ds_dynamics_column *column, const json_t *row)
{
    const char *text = ds_json_text(row, "Precision");
    const char *source = ds_json_text(row, "PrecisionSource");

    if (!text || (source && strcmp(source, "0") != 0) ||
        !ds_text_int(text, 0, 20, &column->precision))
        column->precision = -1;
}

static void take_day(struct ds_dynamics_column *column, const json_t *row)
{
    const char *behaviour = ds_json_text(json_object_get(row, "DateTimeBehavior"), "Value");

    column->day = behaviour && strcmp(behaviour, "DateOnly") == 0;
}

/* One query for each cast, for a property of one type is unknown to the others (DV-34). */
static const struct limit {
    const char *cast;
    void (*take)(struct ds_dynamics_column *column, const json_t *row);
} limits[] = {
    {"StringAttributeMetadata?$select=LogicalName,MaxLength", take_length},
    {"MemoAttributeMetadata?$select=LogicalName,MaxLength", take_length},
    {"MoneyAttributeMetadata?$select=LogicalName,Precision,PrecisionSource", take_precision},
    {"DecimalAttributeMetadata?$select=LogicalName,Precision", take_precision},
    {"DateTimeAttributeMetadata?$select=LogicalName,DateTimeBehavior", take_day},
};

static int load_limit(struct ds_remote *remote, struct ds_dynamics_schema *schema,
                      const struct limit *limit, struct ds_err *err)
{
    char tail[256];
    json_t *json = NULL, *rows;
    int rc;

    snprintf(tail, sizeof(tail), DS_DYNAMICS_TABLE "/Attributes" DS_DYNAMICS_CAST "%s",
             limit->cast);
    rc = ds_dynamics_get(remote, tail, &json, NULL, err);
    if (rc)
        return rc;
    rows = ds_dynamics_rows(json, err);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct ds_dynamics_column *column = column_of(schema, ds_json_text(row, "LogicalName"));

        if (column)
            limit->take(column, row);
    }
    json_decref(json);
    return rows ? DS_OK : err->status;
}

/* The limits only make messages better: the server enforces them itself. */
int ds_dynamics_definitions_limits(struct ds_remote *remote, struct ds_dynamics_schema *schema,
                                   struct ds_err *err)
{
    for (size_t i = 0; i < COUNT(limits); i++) {
        int rc = load_limit(remote, schema, &limits[i], err);

        if (rc && remote->refused / 100 != 4)
            return rc;
        if (rc)
            ds_log(DS_LOG_INFO, "limits of columns are not known: %s", err->text);
        ds_err_clear(err);
    }
    return DS_OK;
}

/* --- lookups --------------------------------------------------------------------------------- */

static int take_relations(struct ds_arena *a, const json_t *rows, struct ds_dynamics_schema *schema,
                          struct ds_err *err)
{
    int rc = DS_OK;

    for (size_t i = 0; i < json_array_size(rows) && !rc; i++) {
        const json_t *row = json_array_get(rows, i);
        struct ds_dynamics_lookup lookup = {
            .column = ds_json_text(row, "ReferencingAttribute"),
            .navigation = ds_json_text(row, "ReferencingEntityNavigationPropertyName"),
            .table = ds_json_text(row, "ReferencedEntity"),
            .key = ds_json_text(row, "ReferencedAttribute"),
        };

        if (lookup.column && lookup.navigation && lookup.table && lookup.key)
            rc = ds_dynamics_add_lookup(a, schema, &lookup, err);
    }
    return rc;
}

int ds_dynamics_definitions_related(struct ds_remote *remote, struct ds_dynamics_schema *schema,
                                    struct ds_err *err)
{
    json_t *json = NULL, *rows;
    int rc =
        ds_dynamics_get(remote,
                        DS_DYNAMICS_TABLE "/ManyToOneRelationships?$select=ReferencingAttribute,"
                                          "ReferencedEntity,ReferencedAttribute,"
                                          "ReferencingEntityNavigationPropertyName",
                        &json, NULL, err);

    if (rc)
        return rc;
    rows = ds_dynamics_rows(json, err);
    rc = rows ? take_relations(&remote->arena, rows, schema, err) : err->status;
    json_decref(json);
    return rc;
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

static int take_option(struct ds_arena *a, struct ds_dynamics_choice *choice, const json_t *row,
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

static int take_options(struct ds_arena *a, struct ds_dynamics_choice *choice, const json_t *json,
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
        rc = take_option(a, choice, json_array_get(rows, i), err);
    return rc;
}

const char *ds_dynamics_options_question(struct ds_remote *remote,
                                         const struct ds_dynamics_column *column,
                                         enum ds_dynamics_type wanted)
{
    const struct type *type = types;

    while (!type->cast || type->type != wanted)
        type++;
    return ds_arena_printf(&remote->arena,
                           DS_DYNAMICS_TABLE "/Attributes(LogicalName='%s')" DS_DYNAMICS_CAST "%s",
                           column->logical, type->cast);
}

int ds_dynamics_definitions_options(struct ds_remote *remote, struct ds_dynamics_choice *choice,
                                    enum ds_dynamics_type wanted, struct ds_err *err)
{
    const char *tail = ds_dynamics_options_question(remote, choice->column, wanted);
    json_t *json = NULL;
    int rc;

    if (!tail)
        return ds_fail_nomem(err);
    rc = ds_dynamics_get(remote, tail, &json, NULL, err);
    if (!rc)
        rc = take_options(&remote->arena, choice, json, err);
    json_decref(json);
    return rc;
}
