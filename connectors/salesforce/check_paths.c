#include "connectors/salesforce/check.h"

#include "base/text.h"
#include "connectors/salesforce/children.h"
#include "connectors/salesforce/columns.h"
#include "connectors/salesforce/soql.h"
#include "connectors/salesforce/standard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDIT "permission set > Object Settings > Opportunity"

/* --- reading --------------------------------------------------------------------------------- */

/* The field through which a parent is reached. */
static const json_t *link_of(const json_t *describe, const char *parent, size_t len)
{
    const json_t *field;
    size_t i;

    json_array_foreach(json_object_get(describe, "fields"), i, field)
    {
        const char *name = ds_json_text(field, "relationshipName");

        if (name && strlen(name) == len && strncasecmp(name, parent, len) == 0)
            return field;
    }
    return NULL;
}

/* The object that a field refers to; NULL when there are several, or the field refers to none. */
static const char *referred(const json_t *field)
{
    const json_t *to = json_object_get(field, "referenceTo");

    return json_array_size(to) == 1 ? json_string_value(json_array_get(to, 0)) : NULL;
}

/* Follows "Account.Owner.Name", from the object on, as far as the org describes it: a field of a parent
 * is hidden by that object's permissions, and a query would name only the first of them. */
static int check_fields(struct ds_sf_check *c, const char *object, const json_t *describe,
                        const char *name, const char *path)
{
    const char *dot;
    int rc;

    while ((dot = strchr(name, '.'))) {
        const json_t *link = link_of(describe, name, (size_t)(dot - name));

        if (!link)
            break;
        name = dot + 1;
        object = referred(link);
        if (!object)
            return DS_OK;
        rc = ds_sf_check_describe(c, object, &describe);
        if (rc || !describe)
            return rc;
    }
    if (!dot && ds_sf_field(describe, name))
        return DS_OK;
    return ds_sf_note(c, DS_FINDING_PROBLEM,
                      "%s has no %s '%.*s' that this user may see (path '%s'): correct the "
                      "mapping, or grant the user read access to it",
                      object, dot ? "parent" : "field", (int)strcspn(name, "."), name, path);
}

/* What is read of each member. */
static int check_person(struct ds_sf_check *c, const struct ds_sf_kind *kind,
                        const json_t *describe, const char *path)
{
    static const char *const fields[] = {"Email", "Name", "Phone"};
    char name[64];
    int rc = DS_OK;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && !rc; i++) {
        snprintf(name, sizeof(name), "%s.%s", kind->person, fields[i]);
        rc = check_fields(c, kind->object, describe, name, path);
    }
    return rc;
}

static int check_children(struct ds_sf_check *c, const struct ds_sf_kind *kind, const char *path)
{
    const json_t *describe;
    int rc = ds_sf_check_describe(c, kind->object, &describe);

    if (rc)
        return rc;
    if (!describe)
        return ds_sf_note(c, DS_FINDING_PROBLEM,
                          "the org has no %s that this user may see (path '%s'): %s", kind->object,
                          path, kind->hint);
    return kind->person ? check_person(c, kind, describe, path)
                        : check_fields(c, kind->object, describe, path + strlen(kind->path), path);
}

static int check_path(struct ds_sf_check *c, struct ds_sf_columns *columns, const char *path)
{
    const struct ds_sf_kind *kind = ds_sf_child_kind(path);
    int rc = ds_sf_columns_path(columns, path, c->err);

    if (rc)
        return ds_sf_note_fault(c, rc);
    if (kind)
        return check_children(c, kind, path);
    if (!strchr(path, '.') || ds_text_same_nocase(path, DS_SF_STAGE_LABEL))
        return DS_OK;
    return check_fields(c, "Opportunity", c->remote->describe, path, path);
}

/* Reads one record, for the org alone can judge `where`, and the spelling behind the first dot. */
static int read_one(struct ds_sf_check *c, const struct ds_sf_columns *columns, bool *any)
{
    struct ds_buf list = DS_BUF_INIT(DS_MAX_TEXT), soql = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_value *values = calloc(columns->paths + 1, sizeof(*values));
    json_t *rows = NULL;
    int rc;

    ds_sf_columns_list(columns, &list);
    ds_sf_soql_probe(&soql, list.text, ds_option(c->remote->options, "where"));
    rc = values ? ds_sf_rows(c->remote, soql.text, &rows, c->err) : ds_fail_nomem(c->err);
    *any = json_array_size(rows) > 0;
    if (!rc && *any)
        rc = ds_sf_columns_read(columns, json_array_get(rows, 0), values, c->err);
    json_decref(rows);
    ds_buf_clear(&list);
    ds_buf_clear(&soql);
    free(values);
    return rc;
}

static int check_query(struct ds_sf_check *c, const struct ds_sf_columns *columns)
{
    bool any;
    int rc = read_one(c, columns, &any);

    if (rc)
        return ds_sf_note_fault(c, rc);
    if (!any)
        return ds_sf_note(c, DS_FINDING_WARNING,
                          "no opportunity can be seen: look at the user's 'View All' on "
                          "Opportunity and at 'where'");
    return ds_sf_note(c, DS_FINDING_OK, "%zu path%s can be read", columns->paths,
                      columns->paths == 1 ? "" : "s");
}

static int check_reading(struct ds_sf_check *c)
{
    struct ds_sf_columns columns;
    size_t id;
    int rc = ds_sf_columns_init(&columns, c->remote->describe, c->query->count + 1, c->err);

    if (!rc)
        rc = ds_sf_columns_add(&columns, "Id", &id, c->err);
    for (size_t i = 0; i < c->query->count && !rc; i++)
        rc = check_path(c, &columns, c->query->paths[i]);
    if (!rc)
        rc = check_query(c, &columns);
    ds_sf_columns_clear(&columns);
    return rc;
}

/* --- writing --------------------------------------------------------------------------------- */

static bool denied(const json_t *description, const char *right)
{
    return json_is_false(json_object_get(description, right));
}

/* Why a field that is to be written cannot be; DS_OK when it can. */
static int check_written(struct ds_sf_check *c, const char *path)
{
    const json_t *field = ds_sf_field(c->remote->describe, path);
    const char *fixed = ds_sf_unwritable(path);

    if (ds_text_same_nocase(path, DS_SF_STAGE_LABEL))
        field = ds_sf_field(c->remote->describe, "StageName");
    else if (strchr(path, '.') || ds_sf_child_kind(path))
        return ds_sf_note(c, DS_FINDING_PROBLEM,
                          "'%s' belongs to another object and cannot be written: take it from "
                          "what the mapping writes",
                          path);
    if (!field || !denied(field, "updateable"))
        return DS_OK; /* one that is missing has been told */
    if (fixed)
        return ds_sf_note(c, DS_FINDING_PROBLEM, "'%s' cannot be written: %s", path, fixed);
    if (json_is_true(json_object_get(field, "calculated")))
        return ds_sf_note(c, DS_FINDING_PROBLEM,
                          "'%s' is a formula or a roll-up and cannot be written", path);
    return ds_sf_note(
        c, DS_FINDING_PROBLEM,
        "the user may not write '%s': grant edit access (" EDIT " > Field Permissions)", path);
}

static bool writes(const struct ds_query *query, size_t i)
{
    return query->written && query->written[i];
}

static int check_writing(struct ds_sf_check *c)
{
    size_t count = 0;
    int rc = DS_OK;

    for (size_t i = 0; i < c->query->count && !rc; i++)
        if (writes(c->query, i)) {
            rc = check_written(c, c->query->paths[i]);
            count++;
        }
    if (!rc && count && denied(c->remote->describe, "updateable"))
        rc = ds_sf_note(c, DS_FINDING_PROBLEM,
                        "the user may not edit opportunities: grant 'Edit' (" EDIT ")");
    return rc;
}

/* --- creating -------------------------------------------------------------------------------- */

enum { KEY = 36 }; /* characters of a UUID */

/* Why no key can be kept in a field; NULL when one can. */
static const char *key_fault(const json_t *field)
{
    const char *type = ds_json_text(field, "type"), *length = ds_json_text(field, "length");
    long characters;

    if (denied(field, "externalId"))
        return "is no external id";
    if (type && strcmp(type, "string") != 0)
        return "is no text field";
    if (length && ds_text_int(length, 0, INT32_MAX, &characters) && characters < KEY)
        return "is too short";
    return denied(field, "createable") ? "the user may not write" : NULL;
}

/* Whether the field keeps creations apart: nothing else stops a repeated one from being a second
 * record (SF-67). */
static int check_key(struct ds_sf_check *c, const char *name)
{
    const json_t *field = ds_sf_field(c->remote->describe, name);
    const char *why;

    if (!field) {
        ds_fail(c->err, DS_E_CONFIG,
                "'key_field' is '%s', and Opportunity has no such field that "
                "this user may see",
                name);
        return ds_sf_note_fault(c, ds_sf_hint_absent(c->err, name, false));
    }
    why = key_fault(field);
    if (why)
        return ds_sf_note(c, DS_FINDING_PROBLEM,
                          "'key_field' is '%s', which %s: make it a text field of 36 characters, "
                          "'External ID' and 'Unique', that the user may edit",
                          name, why);
    if (denied(field, "unique"))
        return ds_sf_note(c, DS_FINDING_WARNING,
                          "'key_field' is '%s', which is not unique: two opportunities may come to "
                          "hold one key, and then neither can be told",
                          name);
    return ds_sf_note(c, DS_FINDING_OK, "creations are told apart by '%s'", name);
}

static int check_creating(struct ds_sf_check *c)
{
    const char *key = ds_option(c->remote->options, "key_field");
    int rc = DS_OK;

    if (!key)
        return c->query->creates
                   ? ds_sf_note(c, DS_FINDING_PROBLEM,
                                "'key_field' is missing, and nothing is created without it: name "
                                "a text field of 36 characters, 'External ID' and 'Unique'")
                   : DS_OK;
    if (denied(c->remote->describe, "createable"))
        rc = ds_sf_note(c, DS_FINDING_PROBLEM,
                        "the user may not make opportunities: grant 'Create' (" EDIT ")");
    for (size_t i = 0; i < c->query->count && !rc; i++) {
        const json_t *field = ds_sf_field(c->remote->describe, c->query->paths[i]);

        if (writes(c->query, i) && denied(field, "createable") && !denied(field, "updateable"))
            rc = ds_sf_note(c, DS_FINDING_WARNING, "'%s' cannot be set when an opportunity is made",
                            c->query->paths[i]);
    }
    return rc ? rc : check_key(c, key);
}

int ds_sf_check_paths(struct ds_sf_check *c)
{
    int rc = check_reading(c);

    if (!rc)
        rc = check_writing(c);
    return rc ? rc : check_creating(c);
}
