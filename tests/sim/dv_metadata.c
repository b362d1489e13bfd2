#include "tests/sim/dv_metadata.h"
#include "tests/sim/dv_tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CAST "Microsoft.Dynamics.CRM."

static const char *yes(bool b)
{
    return b ? "true" : "false";
}

/* "customerid" for _customerid_value. */
static void logical_name(const struct field *f, char out[64])
{
    size_t n = strlen(f->name);

    if (f->name[0] == '_')
        snprintf(out, 64, "%.*s", (int)(n - strlen("__value")), f->name + 1);
    else
        snprintf(out, 64, "%s", f->name);
}

static void metadata_id(struct buf *out, unsigned n)
{
    char id[37];

    guid_other(id, 7, n);
    buf_addf(out, "\"%s\"", id);
}

/* ---- option sets ---- */

static void write_label(struct buf *out, const char *text)
{
    struct buf label = {0};

    if (!text) {
        buf_puts(out, "{\"LocalizedLabels\":[],\"UserLocalizedLabel\":null}");
        return;
    }
    buf_puts(&label, "{\"Label\":");
    buf_json_text(&label, text);
    buf_puts(&label, ",\"LanguageCode\":1033,\"IsManaged\":true,\"MetadataId\":"
                     "\"21d6a218-2341-db11-898a-0007e9e17ebd\",\"HasChanged\":null}");
    buf_addf(out, "{\"LocalizedLabels\":[%s],\"UserLocalizedLabel\":%s}", label.at, label.at);
    buf_free(&label);
}

static void write_option(struct buf *out, const struct field *f, const struct choice *option)
{
    static const int state_of[] = {0, 0, 0, 1, 2, 2}, status_of[] = {1, 3, 4};
    bool bare = strcmp(f->name, "salesstagecode") == 0; /* labels may be missing: DV-35 */

    buf_addf(out, "{\"Value\":%d,", option->value);
    if (strcmp(f->type, "Status") == 0)
        buf_addf(out, "\"State\":%d,", state_of[option->value]);
    if (strcmp(f->type, "State") == 0)
        buf_addf(out, "\"DefaultStatus\":%d,\"InvariantName\":\"%s\",", status_of[option->value],
                 option->label);
    buf_puts(out, "\"Label\":");
    write_label(out, bare ? NULL : option->label);
    buf_puts(out, ",\"Description\":");
    write_label(out, NULL);
    buf_puts(out, ",\"Color\":null,\"IsManaged\":true,\"MetadataId\":null,\"HasChanged\":null}");
}

static void write_option_set(struct buf *out, const struct field *f)
{
    buf_addf(out, "{\"MetadataId\":");
    metadata_id(out, 500 + (unsigned)f->aspect);
    buf_addf(out,
             ",\"HasChanged\":null,\"IsGlobal\":false,\"Name\":\"opportunity_%s\","
             "\"OptionSetType\":\"%s\",\"Options\":[",
             f->name, f->type);
    for (unsigned i = 0; i < f->noptions; i++) {
        buf_puts(out, i ? "," : "");
        write_option(out, f, &f->options[i]);
    }
    buf_puts(out, "]}");
}

/* ---- attributes ---- */

static void write_property(struct buf *out, const struct field *f, const char *property)
{
    char name[64];
    bool writable = f->flags & WRITABLE;

    logical_name(f, name);
    buf_addf(out, ",\"%s\":", property);
    if (strcmp(property, "LogicalName") == 0 || strcmp(property, "SchemaName") == 0)
        buf_addf(out, "\"%s\"", name);
    else if (strcmp(property, "AttributeType") == 0)
        buf_addf(out, "\"%s\"", f->type);
    else if (strcmp(property, "IsValidForRead") == 0)
        buf_puts(out, "true");
    else if (strcmp(property, "IsCustomAttribute") == 0)
        buf_puts(out, yes(f->flags & CUSTOM));
    else if (strcmp(property, "Precision") == 0)
        buf_puts(out, strstr(f->name, "_base") ? "4" : "2");
    else if (strcmp(property, "PrecisionSource") == 0)
        buf_puts(out, "2");
    else if (strcmp(property, "Format") == 0)
        buf_puts(out, f->form == F_DATE ? "\"DateOnly\"" : "\"DateAndTime\"");
    else if (strcmp(property, "DateTimeBehavior") == 0)
        buf_addf(out, "{\"Value\":\"%s\"}", f->form == F_DATE ? "DateOnly" : "UserLocal");
    else
        buf_puts(out, yes(writable));
}

static const char *const common[] = {
    "LogicalName",      "SchemaName",       "AttributeType",     "IsValidForRead",
    "IsValidForUpdate", "IsValidForCreate", "IsCustomAttribute", NULL,
};
static const char *const of_money[] = {"Precision", "PrecisionSource", NULL};
static const char *const of_time[] = {"Format", "DateTimeBehavior", NULL};
static const char *const of_nothing[] = {NULL};

/* What a cast adds; "" is no cast. */
static const char *const *special(const char *type)
{
    if (strcmp(type, "Money") == 0)
        return of_money;
    return strcmp(type, "DateTime") == 0 ? of_time : of_nothing;
}

static bool listed(const char *list, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = list; *at; at += *at == ',') {
        size_t len = strcspn(at, ",");

        if (len == n && memcmp(at, name, n) == 0)
            return true;
        at += len;
    }
    return false;
}

struct asked {
    char *select, *expand;
    const char *type; /* of the cast; "" without one */
};

static void write_attribute(struct buf *out, const struct field *f, unsigned n,
                            const struct asked *asked)
{
    const char *const *sets[] = {common, special(asked->type)};

    buf_puts(out, "\"MetadataId\":");
    metadata_id(out, n);
    for (size_t i = 0; i < 2; i++)
        for (const char *const *property = sets[i]; *property; property++)
            if (!asked->select || listed(asked->select, *property))
                write_property(out, f, *property);
    if (asked->expand && listed(asked->expand, "OptionSet")) {
        buf_puts(out, ",\"OptionSet\":");
        write_option_set(out, f);
    }
    if (asked->expand && listed(asked->expand, "GlobalOptionSet"))
        buf_puts(out, ",\"GlobalOptionSet\":null");
    buf_puts(out, "}");
}

/* Every selected property must exist, and only choices have option sets. */
static bool check(const struct asked *asked, struct reply *reply)
{
    const char *const *sets[] = {common, special(asked->type)};
    bool choice = strcmp(asked->type, "Picklist") == 0 || strcmp(asked->type, "Status") == 0 ||
                  strcmp(asked->type, "State") == 0;

    for (const char *at = asked->select; at && *at; at += *at == ',') {
        size_t n = strcspn(at, ",");
        bool known = n == 10 && memcmp(at, "MetadataId", n) == 0;

        for (size_t i = 0; i < 2; i++)
            for (const char *const *p = sets[i]; *p && !known; p++)
                known = strlen(*p) == n && memcmp(at, *p, n) == 0;
        if (!known) {
            dynamics_error(reply, 400, "0x0",
                           "Could not find a property named '%.*s' on type '" CAST
                           "%sAttributeMetadata'.",
                           (int)n, at, asked->type);
            return false;
        }
        at += n;
    }
    if (asked->expand && !choice) {
        dynamics_error(reply, 400, "0x0",
                       "Could not find a property named 'OptionSet' on type '" CAST
                       "%sAttributeMetadata'.",
                       asked->type);
        return false;
    }
    return true;
}

static bool shown(const struct field *f, const char *type, const char *wanted)
{
    char name[64];

    logical_name(f, name);
    return !strchr(f->name, '.') && (!*type || strcmp(f->type, type) == 0) &&
           (!*wanted || strcmp(name, wanted) == 0);
}

static void answer_attributes(struct reply *reply, const struct asked *asked, const char *wanted)
{
    static const char context[] =
        "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#EntityDefinitions('opportunity')/"
        "Attributes%s\",%s";
    bool found = false;

    buf_addf(&reply->body, context, settings.origin[DYNAMICS], *wanted ? "/$entity" : "",
             *wanted ? "" : "\"value\":[");
    for (unsigned i = 0; i < dv_opportunity.nfields; i++) {
        const struct field *f = &dv_opportunity.fields[i];

        if (!shown(f, asked->type, wanted))
            continue;
        if (!*wanted)
            buf_puts(&reply->body, found ? ",{" : "{");
        write_attribute(&reply->body, f, i, asked);
        found = true;
    }
    if (!*wanted)
        buf_puts(&reply->body, "]}");
    else if (!found)
        dynamics_error(reply, 404, "0x80060888",
                       "Could not find an attribute named '%s' of that type on entity "
                       "'opportunity'.",
                       wanted);
}

/* ---- the table ---- */

static const struct {
    const char *name, *json;
} entity_properties[] = {
    {"LogicalName", "\"opportunity\""},
    {"EntitySetName", "\"opportunities\""},
    {"LogicalCollectionName", "\"opportunities\""},
    {"SchemaName", "\"Opportunity\""},
    {"PrimaryIdAttribute", "\"opportunityid\""},
    {"PrimaryNameAttribute", "\"name\""},
    {"ObjectTypeCode", "3"},
    {"ChangeTrackingEnabled", "true"},
    {"IsOptimisticConcurrencyEnabled", "true"},
};

enum { ENTITY_PROPERTIES = sizeof entity_properties / sizeof *entity_properties };

static bool known_property(const char *name, size_t n)
{
    for (size_t i = 0; i < ENTITY_PROPERTIES; i++)
        if (strlen(entity_properties[i].name) == n && !memcmp(entity_properties[i].name, name, n))
            return true;
    return n == 10 && memcmp(name, "MetadataId", n) == 0;
}

static void answer_entity(struct reply *reply, const char *select)
{
    for (const char *at = select; at && *at; at += *at == ',') {
        size_t n = strcspn(at, ",");

        if (!known_property(at, n)) {
            dynamics_error(reply, 400, "0x0",
                           "Could not find a property named '%.*s' on type '" CAST
                           "EntityMetadata'.",
                           (int)n, at);
            return;
        }
        at += n;
    }
    buf_addf(&reply->body,
             "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#EntityDefinitions/$entity\","
             "\"MetadataId\":",
             settings.origin[DYNAMICS]);
    metadata_id(&reply->body, 400);
    for (size_t i = 0; i < ENTITY_PROPERTIES; i++)
        if (!select || listed(select, entity_properties[i].name))
            buf_addf(&reply->body, ",\"%s\":%s", entity_properties[i].name,
                     entity_properties[i].json);
    buf_puts(&reply->body, "}");
}

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

void dv_metadata(const struct request *request, struct reply *reply, const char *rest)
{
    char table[64], name[64], type[64] = "";
    struct asked asked = {request_param(request, "$select"), request_param(request, "$expand"),
                          type};
    char *filter = request_param(request, "$filter");

    if (!skip_name(&rest, table) || strcmp(table, "opportunity") != 0)
        dynamics_error(reply, 404, "0x80060888",
                       "The simulator knows only the table 'opportunity'.");
    else if (filter)
        dynamics_error(reply, 501, "0x80060888", "The simulator does not filter metadata.");
    else if (!*rest)
        answer_entity(reply, asked.select);
    else if (!skip(&rest, "/Attributes") || !skip_name(&rest, name) || !skip_cast(&rest, type))
        dynamics_error(reply, 400, "0x8006088a", "Resource not found for the segment '%s'.", rest);
    else if (check(&asked, reply))
        answer_attributes(reply, &asked, name);
    free(asked.select);
    free(asked.expand);
    free(filter);
}
