#include "tests/sim/dv_metadata.h"
#include "tests/sim/dv_attributes.h"
#include "tests/sim/dv_switch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAST "Microsoft.Dynamics.CRM."

/* ---- tables ---- */

enum property {
    LOGICAL_NAME,
    SET_NAME,
    COLLECTION_NAME,
    SCHEMA_NAME,
    PRIMARY_ID,
    PRIMARY_NAME,
    TYPE_CODE,
    TRACKING,
    CONCURRENCY,
    IS_BPF,
    IS_CUSTOM,
    OWNERSHIP,
    CAN_TRACK,
    DISPLAY_NAME,
    PROPERTIES
};

static const char *const properties[PROPERTIES] = {
    [LOGICAL_NAME] = "LogicalName",
    [SET_NAME] = "EntitySetName",
    [COLLECTION_NAME] = "LogicalCollectionName",
    [SCHEMA_NAME] = "SchemaName",
    [PRIMARY_ID] = "PrimaryIdAttribute",
    [PRIMARY_NAME] = "PrimaryNameAttribute",
    [TYPE_CODE] = "ObjectTypeCode",
    [TRACKING] = "ChangeTrackingEnabled",
    [CONCURRENCY] = "IsOptimisticConcurrencyEnabled",
    [IS_BPF] = "IsBPFEntity",
    [IS_CUSTOM] = "IsCustomEntity",
    [OWNERSHIP] = "OwnershipType",
    [CAN_TRACK] = "CanChangeTrackingBeEnabled",
    [DISPLAY_NAME] = "DisplayName",
};

static bool flag_of(const struct dv_table *t, enum property p)
{
    if (p == TRACKING)
        return t->tracked && dv_switches.tracking == 1;
    if (p == CONCURRENCY)
        return t->writable && dv_switches.concurrency;
    return p == IS_BPF ? t->bpf : p == CAN_TRACK && t->tracked;
}

static const char *text_of(const struct dv_table *t, enum property p)
{
    switch ((int)p) {
    case LOGICAL_NAME: return t->type;
    case SET_NAME:
    case COLLECTION_NAME: return t->entity->name;
    case SCHEMA_NAME:
    case DISPLAY_NAME: return t->schema;
    case PRIMARY_ID: return entity_key(t->entity)->name;
    case PRIMARY_NAME: return t->primary;
    default: return "UserOwned";
    }
}

static void write_property(struct buf *out, const struct dv_table *t, enum property p)
{
    buf_addf(out, ",\"%s\":", properties[p]);
    if (p == TYPE_CODE)
        buf_addf(out, "%d", t->code);
    else if (p == CAN_TRACK)
        buf_addf(out,
                 "{\"Value\":%s,\"CanBeChanged\":true,\"ManagedPropertyLogicalName\":"
                 "\"canchangetrackingbeenabled\"}",
                 flag_of(t, p) ? "true" : "false");
    else if (p == TRACKING || p == CONCURRENCY || p == IS_BPF || p == IS_CUSTOM)
        buf_puts(out, flag_of(t, p) ? "true" : "false");
    else if (p == DISPLAY_NAME)
        dv_label(out, text_of(t, p));
    else
        buf_addf(out, "\"%s\"", text_of(t, p));
}

static bool known_property(const char *name, size_t n)
{
    for (size_t i = 0; i < PROPERTIES; i++)
        if (strlen(properties[i]) == n && memcmp(properties[i], name, n) == 0)
            return true;
    return n == 10 && memcmp(name, "MetadataId", n) == 0;
}

static bool check_select(struct reply *reply, const char *select)
{
    for (const char *at = select; at && *at; at += *at == ',') {
        size_t n = strcspn(at, ",");

        if (!known_property(at, n)) {
            dynamics_error(reply, 400, "0x0",
                           "Could not find a property named '%.*s' on type '" CAST
                           "EntityMetadata'.",
                           (int)n, at);
            return false;
        }
        at += n;
    }
    return true;
}

static void write_table(struct buf *out, const struct dv_table *t, const char *select)
{
    buf_puts(out, "\"MetadataId\":");
    dv_metadata_id(out, 397 + (unsigned)t->code);
    for (int p = 0; p < PROPERTIES; p++)
        if (dv_selected(select, properties[p]))
            write_property(out, t, (enum property)p);
    buf_puts(out, "}");
}

static void answer_table(struct reply *reply, const struct dv_table *t,
                         const struct dv_asked *asked)
{
    if (!check_select(reply, asked->select))
        return;
    if (asked->expand) {
        dynamics_error(reply, 501, "0x80060888", "The simulator does not expand '%s'.",
                       asked->expand);
        return;
    }
    buf_addf(&reply->body,
             "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#EntityDefinitions/$entity\",",
             settings.origin[DYNAMICS]);
    write_table(&reply->body, t, asked->select);
}

/* "ChangeTrackingEnabled eq true", "LogicalName eq 'account'", and nothing else. */
static bool filtered(const struct dv_table *t, const char *filter, bool *known)
{
    char want[100];

    *known = true;
    if (!filter)
        return true;
    for (int p = 0; p < PROPERTIES; p++) {
        size_t n = strlen(properties[p]);
        const char *rest = filter + n;

        if (!text_starts(filter, properties[p]))
            continue;
        if (text_starts(rest, "/Value"))
            rest += strlen("/Value");
        if (strcmp(rest, " eq true") == 0)
            return flag_of(t, (enum property)p);
        snprintf(want, sizeof want, " eq '%s'", text_of(t, (enum property)p));
        if (text_starts(rest, " eq '"))
            return strcmp(rest, want) == 0;
    }
    *known = false;
    return false;
}

static void answer_tables(struct reply *reply, const struct dv_asked *asked)
{
    const struct dv_table *t;
    bool first = true, known = true;

    if (!check_select(reply, asked->select))
        return;
    buf_addf(&reply->body,
             "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#EntityDefinitions\",\"value\":[",
             settings.origin[DYNAMICS]);
    for (size_t i = 0; (t = dv_table_at(i)) && known; i++) {
        if (!filtered(t, asked->filter, &known))
            continue;
        buf_puts(&reply->body, first ? "{" : ",{");
        write_table(&reply->body, t, asked->select);
        first = false;
    }
    buf_puts(&reply->body, "]}");
    if (!known)
        dynamics_error(reply, 501, "0x80060888", "The simulator does not filter metadata by '%s'.",
                       asked->filter);
}

/* ---- relationships and keys ---- */

static bool check_relationship_select(struct reply *reply, const char *select)
{
    static const char *const members[] = {
        "SchemaName",
        "ReferencedEntity",
        "ReferencedAttribute",
        "ReferencingEntity",
        "ReferencingAttribute",
        "ReferencingEntityNavigationPropertyName",
        "ReferencedEntityNavigationPropertyName",
        "MetadataId",
    };

    for (const char *at = select; at && *at; at += *at == ',') {
        size_t n = strcspn(at, ","), i = 0;

        while (i < sizeof members / sizeof *members &&
               (strlen(members[i]) != n || memcmp(members[i], at, n) != 0))
            i++;
        if (i == sizeof members / sizeof *members) {
            dynamics_error(reply, 400, "0x0",
                           "Could not find a property named '%.*s' on type '" CAST
                           "OneToManyRelationshipMetadata'.",
                           (int)n, at);
            return false;
        }
        at += n;
    }
    return true;
}

static void write_relationship(struct buf *out, const struct dv_nav *nav, const char *select)
{
    const struct entity *e = dv_entity(nav->set, strlen(nav->set));
    const struct dv_table *to = dv_table_typed(nav->type, strlen(nav->type));
    char attribute[64];
    const struct {
        const char *name, *value;
    } members[] = {
        {"SchemaName", nav->relationship},
        {"ReferencedEntity", nav->type},
        {"ReferencedAttribute", to ? entity_key(to->entity)->name : ""},
        {"ReferencingEntity", dv_table(e)->type},
        {"ReferencingAttribute", attribute},
        {"ReferencingEntityNavigationPropertyName", nav->name},
        {"ReferencedEntityNavigationPropertyName", nav->relationship},
    };

    dv_logical_name(entity_field(e, nav->lookup, strlen(nav->lookup)), attribute);
    buf_puts(out, "\"MetadataId\":");
    dv_metadata_id(out, 5000 + (unsigned)(nav - dv_nav_at(0)));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (dv_selected(select, members[i].name))
            buf_addf(out, ",\"%s\":\"%s\"", members[i].name, members[i].value);
    buf_puts(out, "}");
}

/* From the side of the table that has the lookup, or from the other one. */
static void answer_relationships(struct reply *reply, const struct dv_table *t,
                                 const struct dv_asked *asked, bool many_to_one)
{
    const struct dv_nav *nav;
    bool first = true;

    if (!check_relationship_select(reply, asked->select))
        return;
    buf_addf(&reply->body,
             "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#EntityDefinitions('%s')/"
             "%sRelationships\",\"value\":[",
             settings.origin[DYNAMICS], t->type, many_to_one ? "ManyToOne" : "OneToMany");
    for (size_t i = 0; (nav = dv_nav_at(i)); i++) {
        if (strcmp(many_to_one ? nav->set : nav->type, many_to_one ? t->entity->name : t->type) !=
            0)
            continue;
        buf_puts(&reply->body, first ? "{" : ",{");
        write_relationship(&reply->body, nav, asked->select);
        first = false;
    }
    buf_puts(&reply->body, "]}");
}

static void answer_keys(struct reply *reply, const struct dv_table *t)
{
    bool first = true;

    buf_addf(&reply->body,
             "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#EntityDefinitions('%s')/Keys\","
             "\"value\":[",
             settings.origin[DYNAMICS], t->type);
    for (size_t i = 0; i < t->entity->nfields; i++) {
        const struct field *f = &t->entity->fields[i];

        if (!(f->flags & UNIQUE))
            continue;
        buf_addf(&reply->body,
                 "%s{\"SchemaName\":\"%s_key\",\"LogicalName\":\"%s_key\",\"KeyAttributes\":"
                 "[\"%s\"],\"EntityKeyIndexStatus\":\"Active\"}",
                 first ? "" : ",", f->name, f->name, f->name);
        first = false;
    }
    buf_puts(&reply->body, "]}");
}

/* ---- paths ---- */

/* Moves behind a fixed text. */
static bool skip(const char **at, const char *text)
{
    if (!text_starts(*at, text))
        return false;
    *at += strlen(text);
    return true;
}

static bool skip_name(const char **at, char out[64])
{
    size_t n;

    out[0] = '\0';
    if (!skip(at, "(LogicalName='"))
        return true;
    n = strcspn(*at, "'");
    snprintf(out, 64, "%.*s", (int)n, *at);
    *at += n;
    return skip(at, "')");
}

static bool skip_cast(const char **at, char type[64])
{
    size_t n;

    type[0] = '\0';
    if (!**at)
        return true;
    if (!skip(at, "/" CAST))
        return false;
    n = strlen(*at);
    if (n <= strlen("AttributeMetadata") || n >= 64 ||
        strcmp(*at + n - strlen("AttributeMetadata"), "AttributeMetadata") != 0)
        return false;
    snprintf(type, 64, "%.*s", (int)(n - strlen("AttributeMetadata")), *at);
    return strcmp(type, "Enum") != 0;
}

static void answer_attributes(struct reply *reply, const struct dv_table *t, const char *rest,
                              struct dv_asked *asked)
{
    char name[64], type[64] = "";

    asked->type = type;
    if (asked->filter)
        dynamics_error(reply, 501, "0x80060888", "The simulator does not filter metadata.");
    else if (!skip(&rest, "/Attributes") || !skip_name(&rest, name) || !skip_cast(&rest, type))
        dynamics_error(reply, 400, "0x8006088a", "Resource not found for the segment '%s'.", rest);
    else
        dv_attributes(reply, t, asked, name);
    asked->type = "";
}

static void decide(struct reply *reply, const char *rest, struct dv_asked *asked)
{
    const struct dv_table *t;
    char name[64];

    if (!*rest) {
        answer_tables(reply, asked);
        return;
    }
    if (!skip_name(&rest, name) || !(t = dv_table_typed(name, strlen(name))))
        dynamics_error(reply, 404, "0x80060888", "Could not find an entity with that name.");
    else if (!*rest)
        answer_table(reply, t, asked);
    else if (strcmp(rest, "/ManyToOneRelationships") == 0)
        answer_relationships(reply, t, asked, true);
    else if (strcmp(rest, "/OneToManyRelationships") == 0)
        answer_relationships(reply, t, asked, false);
    else if (strcmp(rest, "/Keys") == 0)
        answer_keys(reply, t);
    else
        answer_attributes(reply, t, rest, asked);
}

void dv_metadata(const struct request *request, struct reply *reply, const char *rest)
{
    struct dv_asked asked = {
        request_param(request, "$select"),
        request_param(request, "$expand"),
        request_param(request, "$filter"),
        "",
    };

    decide(reply, rest, &asked);
    free(asked.select);
    free(asked.expand);
    free(asked.filter);
}
