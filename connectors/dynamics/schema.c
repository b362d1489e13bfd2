#include "connectors/dynamics/schema.h"

#include "base/text.h"
#include "connectors/dynamics/metadata.h"

#include <stdio.h>
#include <string.h>

/* --- filled in by the sources ---------------------------------------------------------------- */

static bool make_room(struct ds_arena *a, struct ds_dynamics_schema *schema)
{
    size_t room = schema->room ? 2 * schema->room : 256;
    struct ds_dynamics_column *columns = ds_arena_alloc(a, room * sizeof(*columns));
    const char **names = ds_arena_alloc(a, (room + 1) * sizeof(*names));

    if (!columns || !names)
        return false;
    if (schema->count) {
        memcpy(columns, schema->columns, schema->count * sizeof(*columns));
        memcpy(names, schema->names, schema->count * sizeof(*names));
    }
    schema->columns = columns;
    schema->names = names;
    schema->room = room;
    return true;
}

struct ds_dynamics_column *ds_dynamics_add_column(struct ds_arena *a,
                                                  struct ds_dynamics_schema *schema,
                                                  const char *logical, enum ds_dynamics_type type)
{
    struct ds_dynamics_column *column;

    if (schema->count == schema->room && !make_room(a, schema))
        return NULL;
    column = &schema->columns[schema->count];
    *column = (struct ds_dynamics_column){.type = type, .max_length = -1, .precision = -1};
    column->logical = ds_arena_dup(a, logical);
    column->name =
        type == DS_DYNAMICS_LOOKUP ? ds_arena_printf(a, "_%s_value", logical) : column->logical;
    if (!column->name || !column->logical)
        return NULL;
    schema->names[schema->count++] = column->name;
    return column;
}

static int add_lookup(struct ds_arena *a, struct ds_dynamics_schema *schema,
                      const struct ds_dynamics_lookup *from, const char *table, const char *key,
                      struct ds_err *err)
{
    struct ds_dynamics_lookup *lookup = ds_arena_alloc(a, sizeof(*lookup));

    if (!lookup)
        return ds_fail_nomem(err);
    lookup->column = ds_arena_dup(a, from->column);
    lookup->navigation = ds_arena_dup(a, from->navigation);
    lookup->table = ds_arena_dup(a, table);
    lookup->key = ds_arena_dup(a, key);
    lookup->next = schema->lookups;
    schema->lookups = lookup;
    return lookup->column && lookup->navigation && lookup->table && lookup->key
               ? DS_OK
               : ds_fail_nomem(err);
}

int ds_dynamics_add_lookup(struct ds_arena *a, struct ds_dynamics_schema *schema,
                           const struct ds_dynamics_lookup *lookup, struct ds_err *err)
{
    int rc;

    if (strcmp(lookup->column, "ownerid") != 0)
        return add_lookup(a, schema, lookup, lookup->table, lookup->key, err);
    rc = add_lookup(a, schema, lookup, "team", "teamid", err);
    return rc ? rc : add_lookup(a, schema, lookup, "systemuser", "systemuserid", err);
}

int ds_dynamics_add_set(struct ds_arena *a, struct ds_dynamics_schema *schema, const char *table,
                        const char *set, struct ds_err *err)
{
    struct ds_dynamics_set *one = ds_arena_alloc(a, sizeof(*one));

    if (!one)
        return ds_fail_nomem(err);
    one->table = ds_arena_dup(a, table);
    one->set = ds_arena_dup(a, set);
    one->next = schema->sets;
    schema->sets = one;
    return one->table && one->set ? DS_OK : ds_fail_nomem(err);
}

/* --- reading it, once ------------------------------------------------------------------------ */

int ds_dynamics_columns(struct ds_remote *remote, struct ds_err *err)
{
    struct ds_dynamics_schema *schema;
    int rc;

    if (remote->schema)
        return DS_OK;
    schema = ds_arena_alloc(&remote->arena, sizeof(*schema));
    if (!schema)
        return ds_fail_nomem(err);
    rc = remote->edmx ? ds_dynamics_edmx(remote, schema, err)
                      : ds_dynamics_definitions(remote, schema, err);
    if (!rc)
        remote->schema = schema;
    return rc;
}

/* $metadata does not tell whether writes may name a version: the server will say so. */
static int plain_table(struct ds_remote *remote, struct ds_dynamics_table *out, struct ds_err *err)
{
    const char *set;
    json_t *json = NULL;
    int rc = ds_dynamics_set(remote, "opportunity", &set, err);

    if (!rc)
        rc = ds_dynamics_get(remote, DS_DYNAMICS_WHO, &json, &out->date_ms, err);
    json_decref(json);
    if (rc)
        return rc;
    if (strlen(set) >= sizeof(out->set))
        return ds_fail(err, DS_E_REMOTE, "the entity set of opportunity has too long a name");
    snprintf(out->set, sizeof(out->set), "%s", set);
    out->tracked = remote->schema->tracked;
    out->guarded = true;
    return DS_OK;
}

int ds_dynamics_table(struct ds_remote *remote, struct ds_dynamics_table *out, struct ds_err *err)
{
    int rc =
        remote->edmx ? plain_table(remote, out, err) : ds_dynamics_definition(remote, out, err);

    if (rc || out->date_ms != 0)
        return rc;
    return ds_fail(err, DS_E_REMOTE,
                   "%s answers without a Date header, so there is no telling where the next fetch "
                   "should start",
                   remote->origin.text);
}

/* --- columns --------------------------------------------------------------------------------- */

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
    int rc = ds_dynamics_columns(remote, err);

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

int ds_dynamics_limits(struct ds_remote *remote, struct ds_err *err)
{
    int rc = ds_dynamics_columns(remote, err);

    if (rc || remote->schema->limited)
        return rc;
    rc = ds_dynamics_definitions_limits(remote, remote->schema, err);
    remote->schema->limited = rc == DS_OK;
    return rc;
}

/* --- choices --------------------------------------------------------------------------------- */

static int no_choice(const struct ds_dynamics_column *column, struct ds_err *err)
{
    ds_fail(err, DS_E_CONFIG, "opportunity's column '%s' is no choice, so it has no labels",
            column->name);
    return ds_hint(err, "use '%s' itself", column->name);
}

/* What its options are asked for as. */
static enum ds_dynamics_type kind_of(const struct ds_remote *remote,
                                     const struct ds_dynamics_column *column)
{
    return column->type == DS_DYNAMICS_INTEGER && remote->schema->plain ? DS_DYNAMICS_PICKLIST
                                                                        : column->type;
}

const char *ds_dynamics_choice_question(struct ds_remote *remote,
                                        const struct ds_dynamics_column *column)
{
    enum ds_dynamics_type type = kind_of(remote, column);

    for (const struct ds_dynamics_choice *c = remote->schema->choices; c; c = c->next)
        if (c->column == column)
            return NULL;
    return type < DS_DYNAMICS_PICKLIST ? NULL : ds_dynamics_options_question(remote, column, type);
}

int ds_dynamics_choice(struct ds_remote *remote, const struct ds_dynamics_column *column,
                       const struct ds_dynamics_choice **out, struct ds_err *err)
{
    enum ds_dynamics_type type = kind_of(remote, column);
    struct ds_dynamics_choice *choice;
    int rc;

    for (*out = remote->schema->choices; *out; *out = (*out)->next)
        if ((*out)->column == column)
            return DS_OK;
    if (type < DS_DYNAMICS_PICKLIST)
        return no_choice(column, err);
    choice = ds_arena_alloc(&remote->arena, sizeof(*choice));
    if (!choice)
        return ds_fail_nomem(err);
    choice->column = column;
    rc = ds_dynamics_definitions_options(remote, choice, type, err);
    if (rc && remote->refused == 404 && type != column->type) {
        ds_err_clear(err);
        return no_choice(column, err);
    }
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

/* --- lookups --------------------------------------------------------------------------------- */

int ds_dynamics_lookups(struct ds_remote *remote, const struct ds_dynamics_lookup **out,
                        struct ds_err *err)
{
    int rc = ds_dynamics_columns(remote, err);

    if (!rc && !remote->schema->related) {
        rc = ds_dynamics_definitions_related(remote, remote->schema, err);
        remote->schema->related = rc == DS_OK;
    }
    *out = rc ? NULL : remote->schema->lookups;
    return rc;
}

static int no_navigation(struct ds_remote *remote, const char *navigation, struct ds_err *err)
{
    const struct ds_dynamics_lookup *lookup;
    const char **names;
    const char *near = NULL;
    size_t count = 1, n = 0;

    for (lookup = remote->schema->lookups; lookup; lookup = lookup->next)
        count++;
    names = ds_arena_alloc(&remote->arena, count * sizeof(*names));
    for (lookup = remote->schema->lookups; lookup && names; lookup = lookup->next)
        names[n++] = lookup->navigation;
    if (names)
        near = ds_text_nearest(navigation, names);
    ds_fail(err, DS_E_CONFIG, "opportunity has no navigation property '%s' to a single row",
            navigation);
    if (near)
        return ds_hint(err, "did you mean '%s'? names are case-sensitive", near);
    return ds_hint(err, "a customer is read through customerid_account or customerid_contact, "
                        "other lookups as a rule through the navigation property of their name");
}

int ds_dynamics_navigation(struct ds_remote *remote, const char *navigation,
                           const struct ds_dynamics_lookup **out, struct ds_err *err)
{
    int rc = ds_dynamics_lookups(remote, out, err);

    if (rc)
        return rc;
    for (; *out; *out = (*out)->next)
        if (strcmp((*out)->navigation, navigation) == 0)
            return DS_OK;
    return no_navigation(remote, navigation, err);
}

int ds_dynamics_set(struct ds_remote *remote, const char *table, const char **out,
                    struct ds_err *err)
{
    const struct ds_dynamics_set *set;
    int rc = ds_dynamics_columns(remote, err);

    for (int asked = remote->edmx; !rc; asked++) {
        for (set = remote->schema->sets; set; set = set->next)
            if (strcmp(set->table, table) == 0) {
                *out = set->set;
                return DS_OK;
            }
        rc = asked ? ds_fail(err, DS_E_REMOTE, "the metadata names no entity set of %s", table)
                   : ds_dynamics_definitions_set(remote, table, remote->schema, err);
    }
    return rc;
}
