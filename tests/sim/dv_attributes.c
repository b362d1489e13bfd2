#include "tests/sim/dv_attributes.h"
#include "tests/sim/dv_switch.h"

#include <stdio.h>
#include <string.h>

#define CAST "Microsoft.Dynamics.CRM."

static const char *yes(bool b)
{
    return b ? "true" : "false";
}

void dv_metadata_id(struct buf *out, unsigned n)
{
    char id[37];

    guid_other(id, 7, n);
    buf_addf(out, "\"%s\"", id);
}

/* ---- option sets ---- */

void dv_label(struct buf *out, const char *text)
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

static int state_of(const struct dv_table *t, int status)
{
    return t->bpf ? status > 1 : dv_status_state(status);
}

static void write_option(struct buf *out, const struct dv_table *t, const struct field *f,
                         const struct choice *option)
{
    static const int status_of[] = {1, 3, 4}, bpf_status_of[] = {1, 2};
    bool bare = strcmp(f->name, "salesstagecode") == 0; /* labels may be missing: DV-35 */

    buf_addf(out, "{\"Value\":%d,", option->value);
    if (strcmp(f->type, "Status") == 0)
        buf_addf(out, "\"State\":%d,", state_of(t, option->value));
    if (strcmp(f->type, "State") == 0)
        buf_addf(out, "\"DefaultStatus\":%d,\"InvariantName\":\"%s\",",
                 t->bpf ? bpf_status_of[option->value] : status_of[option->value], option->label);
    buf_puts(out, "\"Label\":");
    dv_label(out, bare ? NULL : option->label);
    buf_puts(out, ",\"Description\":");
    dv_label(out, NULL);
    buf_puts(out, ",\"Color\":null,\"IsManaged\":true,\"MetadataId\":null,\"HasChanged\":null}");
}

static const struct choice own_statuses[] = {
    {100000001, "Big Win"},
    {100000002, "Small Win"},
    {100000003, "Lost to Budget"},
};

static void write_option_set(struct buf *out, const struct dv_table *t, const struct field *f)
{
    buf_addf(out, "{\"MetadataId\":");
    dv_metadata_id(out, 500 + (unsigned)f->aspect);
    buf_addf(out,
             ",\"HasChanged\":null,\"IsGlobal\":false,\"Name\":\"%s_%s\","
             "\"OptionSetType\":\"%s\",\"Options\":[",
             t->type, f->name, f->type);
    for (unsigned i = 0; i < f->noptions; i++) {
        buf_puts(out, i ? "," : "");
        write_option(out, t, f, &f->options[i]);
    }
    for (size_t i = 0; i < 3 && dv_switches.custom_status && t->entity == &dv_opportunity &&
                       strcmp(f->type, "Status") == 0;
         i++) {
        buf_puts(out, ",");
        write_option(out, t, f, &own_statuses[i]);
    }
    buf_puts(out, "]}");
}

/* ---- attributes ---- */

static const char *const common[] = {
    "LogicalName",       "SchemaName",
    "AttributeType",     "IsValidForRead",
    "IsValidForUpdate",  "IsValidForCreate",
    "IsCustomAttribute", "IsSecured",
    "RequiredLevel",     "IsPrimaryId",
    "IsPrimaryName",     "DisplayName",
    "AttributeOf",       NULL,
};
static const char *const of_money[] = {"Precision", "PrecisionSource", "MinValue", "MaxValue",
                                       NULL};
static const char *const of_decimal[] = {"Precision", "MinValue", "MaxValue", NULL};
static const char *const of_integer[] = {"MinValue", "MaxValue", NULL};
static const char *const of_text[] = {"MaxLength", NULL};
static const char *const of_time[] = {"Format", "DateTimeBehavior", NULL};
static const char *const of_lookup[] = {"Targets", NULL};
static const char *const of_nothing[] = {NULL};

/* What a cast adds; "" is no cast. */
static const char *const *special(const char *type)
{
    static const struct {
        const char *type;
        const char *const *properties;
    } casts[] = {
        {"Money", of_money}, {"Decimal", of_decimal}, {"Integer", of_integer}, {"String", of_text},
        {"Memo", of_text},   {"DateTime", of_time},   {"Lookup", of_lookup},
    };

    for (size_t i = 0; i < sizeof casts / sizeof *casts; i++)
        if (strcmp(casts[i].type, type) == 0)
            return casts[i].properties;
    return of_nothing;
}

static void write_targets(struct buf *out, const struct dv_table *t, const struct field *f)
{
    const struct dv_nav *nav;
    bool first = true;

    buf_puts(out, "[");
    for (size_t i = 0; (nav = dv_nav_at(i)); i++) {
        if (strcmp(nav->set, t->entity->name) != 0 || strcmp(nav->lookup, f->name) != 0)
            continue;
        buf_addf(out, "%s\"%s\"", first ? "" : ",", nav->type);
        first = false;
    }
    buf_puts(out, "]");
}

static bool is_text(const char *property, const char *name)
{
    return strcmp(property, name) == 0;
}

static void write_limit(struct buf *out, const struct field *f, const char *property)
{
    struct dv_column c = dv_column(f);
    const char *tail = f->form == F_MONEY || f->form == F_RATE ? ".0" : "";

    if (is_text(property, "Precision"))
        buf_addf(out, "%d", c.precision);
    else if (is_text(property, "PrecisionSource"))
        buf_puts(out, "2");
    else if (is_text(property, "MaxLength"))
        buf_addf(out, "%d", c.length);
    else
        buf_addf(out, "%lld%s", (long long)(is_text(property, "MinValue") ? c.min : c.max), tail);
}

static bool write_flag(struct buf *out, const struct dv_table *t, const struct field *f,
                       const char *property)
{
    struct dv_column c = dv_column(f);
    const struct {
        const char *name;
        bool value;
    } flags[] = {
        {"IsValidForRead", true},
        {"IsValidForUpdate", c.update},
        {"IsValidForCreate", c.create},
        {"IsCustomAttribute", (f->flags & CUSTOM) != 0},
        {"IsSecured", dv_listed(dv_switches.hidden, f->name)},
        {"IsPrimaryId", (f->flags & KEY) != 0},
        {"IsPrimaryName", strcmp(f->name, t->primary) == 0},
    };

    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        if (!is_text(property, flags[i].name))
            continue;
        buf_puts(out, yes(flags[i].value));
        return true;
    }
    return false;
}

static void write_property(struct buf *out, const struct dv_table *t, const struct field *f,
                           const char *property)
{
    bool day = f->form == F_DATE;
    char name[64];

    dv_logical_name(f, name);
    buf_addf(out, ",\"%s\":", property);
    if (write_flag(out, t, f, property))
        return;
    if (is_text(property, "LogicalName") || is_text(property, "SchemaName"))
        buf_addf(out, "\"%s\"", name);
    else if (is_text(property, "AttributeType"))
        buf_addf(out, "\"%s\"", f->type);
    else if (is_text(property, "RequiredLevel"))
        buf_addf(out,
                 "{\"Value\":\"%s\",\"CanBeChanged\":true,\"ManagedPropertyLogicalName\":"
                 "\"canmodifyrequirementlevelsettings\"}",
                 dv_column(f).required);
    else if (is_text(property, "DisplayName"))
        dv_label(out, name);
    else if (is_text(property, "AttributeOf"))
        buf_puts(out, "null");
    else if (is_text(property, "Targets"))
        write_targets(out, t, f);
    else if (is_text(property, "Format"))
        buf_puts(out, day ? "\"DateOnly\"" : "\"DateAndTime\"");
    else if (is_text(property, "DateTimeBehavior"))
        buf_addf(out, "{\"Value\":\"%s\"}",
                 day && !dv_switches.date_times ? "DateOnly" : "UserLocal");
    else
        write_limit(out, f, property);
}

bool dv_selected(const char *list, const char *word)
{
    return !list || dv_listed(list, word);
}

static void write_attribute(struct buf *out, const struct dv_table *t, const struct field *f,
                            unsigned n, const struct dv_asked *asked)
{
    const char *const *sets[] = {common, special(asked->type)};

    buf_puts(out, "\"MetadataId\":");
    dv_metadata_id(out, n);
    for (size_t i = 0; i < 2; i++)
        for (const char *const *property = sets[i]; *property; property++)
            if (dv_selected(asked->select, *property))
                write_property(out, t, f, *property);
    if (asked->expand && dv_listed(asked->expand, "OptionSet")) {
        buf_puts(out, ",\"OptionSet\":");
        write_option_set(out, t, f);
    }
    if (asked->expand && dv_listed(asked->expand, "GlobalOptionSet"))
        buf_puts(out, ",\"GlobalOptionSet\":null");
    buf_puts(out, "}");
}

/* Every selected property must exist, and only choices have option sets. */
static bool check(const struct dv_asked *asked, struct reply *reply)
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

/* Customers and owners are lookups, too. */
static bool of_type(const struct field *f, const char *type)
{
    return !*type || strcmp(f->type, type) == 0 ||
           (strcmp(type, "Lookup") == 0 &&
            (strcmp(f->type, "Customer") == 0 || strcmp(f->type, "Owner") == 0));
}

static bool shown(const struct field *f, const char *type, const char *wanted)
{
    char name[64];

    dv_logical_name(f, name);
    return !strchr(f->name, '.') && of_type(f, type) && (!*wanted || strcmp(name, wanted) == 0);
}

static void not_there(struct reply *reply, const struct dv_table *t, const char *wanted)
{
    dynamics_error(reply, 404, "0x80060888",
                   "Could not find an attribute named '%s' of that type on entity '%s'.", wanted,
                   t->type);
}

void dv_attributes(struct reply *reply, const struct dv_table *t, const struct dv_asked *asked,
                   const char *wanted)
{
    const struct entity *e = t->entity;
    bool found = false;

    if (!check(asked, reply))
        return;
    buf_addf(&reply->body,
             "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#EntityDefinitions('%s')/"
             "Attributes%s\",%s",
             settings.origin[DYNAMICS], t->type, *wanted ? "/$entity" : "",
             *wanted ? "" : "\"value\":[");
    for (unsigned i = 0; i < e->nfields; i++) {
        if (!shown(&e->fields[i], asked->type, wanted))
            continue;
        if (!*wanted)
            buf_puts(&reply->body, found ? ",{" : "{");
        write_attribute(&reply->body, t, &e->fields[i], i, asked);
        found = true;
    }
    if (!*wanted)
        buf_puts(&reply->body, "]}");
    else if (!found)
        not_there(reply, t, wanted);
}
