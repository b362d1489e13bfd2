#include "tests/sim/dv_payload.h"
#include "tests/sim/clock.h"
#include "tests/sim/dv_switch.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

__extension__ typedef __int128 wide;

enum { EARLIEST_DAY = -79258, GUID_LENGTH = 36 }; /* 1753-01-01 */

#define INVALID  "0x80040203"
#define TOO_LONG "0x80044331"
#define BIND     "@odata.bind"

struct reader {
    struct dv_payload *payload;
    struct reply *reply;
    bool create;
};

void dv_payload_refuse(struct reply *reply, const struct entity *e, const char *format, ...)
{
    char inner[400];
    va_list args;

    va_start(args, format);
    vsnprintf(inner, sizeof inner, format, args);
    va_end(args);
    dynamics_error(reply, 400, "0x80048d19",
                   "Error identified in Payload provided by the user for Entity :'%s', For more "
                   "information on this error please follow this help link "
                   "https://go.microsoft.com/fwlink/?linkid=2195293  ---->  InnerException : %s",
                   e->name, inner);
}

void dv_payload_free(struct dv_payload *payload)
{
    for (size_t i = 0; i < payload->n; i++)
        free(payload->changes[i].text);
    free(payload->changes);
    payload->changes = NULL;
    payload->n = 0;
}

struct dv_change *dv_payload_find(const struct dv_payload *payload, const char *field)
{
    for (size_t i = 0; i < payload->n; i++)
        if (strcmp(payload->changes[i].field->name, field) == 0)
            return &payload->changes[i];
    return NULL;
}

static void add(struct reader *r, const struct field *f, const struct dv_nav *nav, char *text)
{
    struct dv_payload *p = r->payload;
    struct dv_change *c;

    p->changes = regrab(p->changes, (p->n + 1) * sizeof *p->changes);
    c = &p->changes[p->n++];
    c->field = f;
    c->nav = nav;
    c->text = text;
}

/* ---- lookups ---- */

/* Moves behind the slash, or behind this service's root. */
static const char *relative(const struct entity *e, const char *uri, struct reply *reply)
{
    size_t n = strlen(settings.origin[DYNAMICS]);
    const char *root;

    if (!strstr(uri, "://"))
        return *uri == '/' ? uri + 1 : uri;
    root = strncasecmp(uri, settings.origin[DYNAMICS], n) == 0 ? uri + n : "";
    if (text_starts(root, "/api/data/v9.") && root[13] >= '0' && root[13] <= '2' && root[14] == '/')
        return root + 15;
    dv_payload_refuse(reply, e,
                      "Microsoft.OData.ODataException: The absoluteuri should contain "
                      "servicerouteuri.");
    return NULL;
}

char *dv_reference(const struct entity *e, const char *name, const char *uri,
                   const struct dv_nav **found, struct reply *reply)
{
    const char *at = relative(e, uri, reply);
    const char *open = at ? strchr(at, '(') : NULL;
    const struct entity *to = open ? dv_entity(at, (size_t)(open - at)) : NULL;
    struct row row;
    char id[40];
    uint32_t n;

    if (!at)
        return NULL;
    if (!to || strlen(open) != GUID_LENGTH + 2 || open[GUID_LENGTH + 1] != ')') {
        dv_payload_refuse(reply, e,
                          "Microsoft.OData.ODataException: Invalid URI '%.100s' was given for the "
                          "property '%s'.",
                          uri, name);
        return NULL;
    }
    *found = dv_nav(e, name, dv_table(to)->type);
    if (!*found) {
        dv_payload_refuse(reply, e,
                          "Microsoft.OData.ODataException: The property '%s' does not lead to "
                          "'Microsoft.Dynamics.CRM.%s'.",
                          name, dv_table(to)->type);
        return NULL;
    }
    snprintf(id, sizeof id, "%.*s", GUID_LENGTH, open + 1);
    if (dv_find(to, id, &n)) {
        entity_row(to, n, &row);
        if (!row.deleted)
            return grab_text(id, GUID_LENGTH);
    }
    dynamics_error(reply, 404, "0x80040217", "%s With Id = %s Does Not Exist", dv_table(to)->type,
                   id);
    return NULL;
}

static const struct field *lookup_of(const struct entity *e, const struct dv_nav *nav)
{
    return entity_field(e, nav->lookup, strlen(nav->lookup));
}

static bool refuse_read_only(const struct reader *r, const char *name)
{
    if (dv_switches.read_only)
        return true;
    dynamics_error(r->reply, 400, INVALID, "The property '%s' of entity '%s' is not valid for %s.",
                   name, dv_table(r->payload->entity)->type, r->create ? "create" : "update");
    return false;
}

static bool read_bind(struct reader *r, const char *name, const json_t *value)
{
    const struct entity *e = r->payload->entity;
    const struct dv_nav *nav = dv_nav(e, name, NULL);
    char *id = NULL;

    if (!nav) {
        dv_payload_refuse(r->reply, e,
                          "Microsoft.OData.ODataException: An undeclared property '%s' which only "
                          "has property annotations in the payload but no property value was found "
                          "in the payload. In OData, only declared navigation properties and "
                          "declared named streams can be represented as properties without values.",
                          name);
        return false;
    }
    if (!nav->writable)
        return refuse_read_only(r, name);
    if (!json_is_null(value) && !json_is_string(value)) {
        dv_payload_refuse(r->reply, e,
                          "Microsoft.OData.ODataException: The value of '%s" BIND "' is no URI.",
                          name);
        return false;
    }
    if (json_is_string(value)) {
        id = dv_reference(e, name, json_string_value(value), &nav, r->reply);
        if (!id)
            return false;
    } else if (strcmp(dv_column(lookup_of(e, nav)).required, "SystemRequired") == 0) {
        dynamics_error(r->reply, 400, INVALID, "The property '%s' cannot be null.", name);
        return false;
    }
    add(r, lookup_of(e, nav), nav, id);
    return true;
}

/* ---- values ---- */

static bool wrong_type(const struct reader *r, const struct field *f, const json_t *value)
{
    static const char *const types[] = {
        [V_NULL] = "Null",           [V_TEXT] = "String",  [V_ID] = "Guid",
        [V_NUMBER] = "Int32",        [V_BOOL] = "Boolean", [V_DATE] = "Date",
        [V_TIME] = "DateTimeOffset",
    };
    bool decimal = f->form == F_MONEY || f->form == F_RATE;
    char *text = json_dumps(value, JSON_ENCODE_ANY);

    dv_payload_refuse(r->reply, r->payload->entity,
                      "Microsoft.OData.ODataException: Cannot convert the literal '%.60s' to the "
                      "expected type 'Edm.%s' of '%s'.",
                      text ? text : "", decimal ? "Decimal" : types[form_kind(f->form)], f->name);
    free(text);
    return false;
}

static bool out_of_range(const struct reader *r, const struct field *f, const char *text)
{
    dynamics_error(r->reply, 400, INVALID,
                   "A validation error occurred. The value %s of '%s' on record of type '%s' is "
                   "outside the valid range.",
                   text, f->name, dv_table(r->payload->entity)->type);
    return false;
}

static size_t utf8_length(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

static bool is_option(const struct field *f, int64_t value)
{
    for (unsigned i = 0; i < f->noptions; i++)
        if (f->options[i].value == value)
            return true;
    return strcmp(f->name, "statuscode") == 0 && dv_status_state(value) >= 0;
}

/* Money is kept with the currency's digits. */
static char *rounded(const struct val *v, int digits)
{
    wide n = v->num, unit = 1;
    struct buf out = {0};
    struct val kept;
    int scale = v->scale;

    for (; scale > digits; scale--)
        unit *= 10;
    n = (n + (n < 0 ? -unit / 2 : unit / 2)) / unit;
    val_number(&kept, (int64_t)n, scale);
    val_write(&out, &kept, F_INTEGER);
    return out.at;
}

static bool in_range(const struct val *v, int64_t min, int64_t max)
{
    wide n = v->num, unit = 1;

    for (int i = 0; i < v->scale; i++)
        unit *= 10;
    return n >= (wide)min * unit && n <= (wide)max * unit;
}

static bool read_number(struct reader *r, const struct field *f, const json_t *value)
{
    struct dv_column c = dv_column(f);
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    bool decimal = f->form == F_MONEY || f->form == F_RATE;
    struct val v;

    if (!json_is_number(value) || (!decimal && !json_is_integer(value)) ||
        !val_parse(V_NUMBER, text, &v)) {
        free(text);
        return wrong_type(r, f, value);
    }
    if (f->noptions ? !is_option(f, v.num) : !in_range(&v, c.min, c.max)) {
        out_of_range(r, f, text);
        free(text);
        return false;
    }
    if (decimal) {
        free(text);
        text = rounded(&v, c.precision);
    }
    add(r, f, NULL, text);
    return true;
}

/* "2024-03-31" stands for its midnight; without a zone it is UTC. */
static bool read_time(struct reader *r, const struct field *f, const json_t *value)
{
    const char *s = json_string_value(value);
    char room[64];
    struct val v;

    if (!s || strlen(s) > 40)
        return wrong_type(r, f, value);
    snprintf(room, sizeof room, "%s%s", s, strchr(s, 'T') ? "" : "T00:00:00");
    if (!val_parse(V_TIME, room, &v)) {
        snprintf(room, sizeof room, "%s%sZ", s, strchr(s, 'T') ? "" : "T00:00:00");
        if (!val_parse(V_TIME, room, &v))
            return wrong_type(r, f, value);
    }
    if (v.num < EARLIEST_DAY * (int64_t)86400)
        return out_of_range(r, f, s);
    add(r, f, NULL, grab_text(room, strlen(room)));
    return true;
}

static bool read_date(struct reader *r, const struct field *f, const json_t *value)
{
    const char *s = json_string_value(value);
    char day[11];
    struct val v;

    snprintf(day, sizeof day, "%s", s ? s : "");
    if (!s || !val_parse(V_DATE, day, &v) || (s[10] && !dv_switches.date_times))
        return wrong_type(r, f, value);
    if (v.num < EARLIEST_DAY)
        return out_of_range(r, f, s);
    add(r, f, NULL, grab_text(day, strlen(day)));
    return true;
}

static bool is_guid(const char *s)
{
    for (size_t i = 0; i < GUID_LENGTH; i++)
        if (i == 8 || i == 13 || i == 18 || i == 23
                ? s[i] != '-'
                : !strchr("0123456789abcdefABCDEF", s[i]) || !s[i])
            return false;
    return !s[GUID_LENGTH];
}

static bool read_text(struct reader *r, const struct field *f, const json_t *value)
{
    const char *s = json_string_value(value);
    struct dv_column c = dv_column(f);
    char *text;

    if (!s || (f->form == F_ID && !is_guid(s)))
        return wrong_type(r, f, value);
    if (f->form == F_TEXT && utf8_length(s) > (size_t)c.length) {
        dynamics_error(r->reply, 400, TOO_LONG,
                       "A validation error occurred.  The length of the '%s' attribute of the '%s' "
                       "entity exceeded the maximum allowed length of '%d'.",
                       f->name, dv_table(r->payload->entity)->type, c.length);
        return false;
    }
    text = grab_text(s, strlen(s));
    for (char *at = text; f->form == F_ID && *at; at++)
        if (*at >= 'A' && *at <= 'F')
            *at = (char)(*at | 0x20);
    add(r, f, NULL, text);
    return true;
}

static bool read_bool(struct reader *r, const struct field *f, const json_t *value)
{
    const char *text = json_is_true(value) ? "true" : "false";

    if (!json_is_boolean(value))
        return wrong_type(r, f, value);
    add(r, f, NULL, grab_text(text, strlen(text)));
    return true;
}

static bool read_value(struct reader *r, const struct field *f, const json_t *value)
{
    struct dv_column c = dv_column(f);

    if (f->name[0] == '_') {
        dynamics_error(r->reply, 400, "0x80060888",
                       "CRM do not support direct update of Entity Reference properties, Use "
                       "Navigation properties instead.");
        return false;
    }
    if (!(r->create ? c.create : c.update))
        return refuse_read_only(r, f->name);
    if (dv_listed(dv_switches.hidden, f->name)) {
        dynamics_error(r->reply, 403, dv_switches.denied_code,
                       "Caller user with Id a1000006-5f2a-4d1c-8b00-000000000001 does not have %s "
                       "permissions for the attribute '%s' of entity '%s'.",
                       r->create ? "create" : "update", f->name,
                       dv_table(r->payload->entity)->type);
        return false;
    }
    if (json_is_null(value)) {
        if (strcmp(c.required, "SystemRequired") == 0) {
            dynamics_error(r->reply, 400, INVALID, "The property '%s' cannot be null.", f->name);
            return false;
        }
        add(r, f, NULL, NULL);
        return true;
    }
    switch ((int)form_kind(f->form)) {
    case V_NUMBER: return read_number(r, f, value);
    case V_TIME: return read_time(r, f, value);
    case V_DATE: return read_date(r, f, value);
    case V_BOOL: return read_bool(r, f, value);
    default: return read_text(r, f, value);
    }
}

static bool read_annotation(const struct reader *r, const char *name, const json_t *value)
{
    char type[100];

    snprintf(type, sizeof type, "Microsoft.Dynamics.CRM.%s", dv_table(r->payload->entity)->type);
    if (strcmp(name, "@odata.type") != 0)
        return true;
    if (json_is_string(value)) {
        const char *given = json_string_value(value);

        if (strcmp(given + (*given == '#'), type) == 0)
            return true;
    }
    dv_payload_refuse(r->reply, r->payload->entity,
                      "Microsoft.OData.ODataException: The type in '@odata.type' is not '%s'.",
                      type);
    return false;
}

static bool read_member(struct reader *r, const char *name, const json_t *value)
{
    const struct entity *e = r->payload->entity;
    const struct field *f = strchr(name, '.') ? NULL : entity_field(e, name, strlen(name));
    const char *at = strchr(name, '@');
    const struct dv_nav *nav = at ? NULL : dv_nav(e, name, NULL);
    char property[128];

    if (at == name)
        return read_annotation(r, name, value);
    if (at && strcmp(at, BIND) == 0) {
        snprintf(property, sizeof property, "%.*s", (int)(at - name), name);
        return read_bind(r, property, value);
    }
    if (at)
        return true; /* annotations that a query answered with */
    if (f)
        return read_value(r, f, value);
    if (nav && json_is_null(value))
        return read_bind(r, name, value);
    dv_payload_refuse(r->reply, e,
                      "Microsoft.Crm.CrmException: Invalid property '%s' was found in entity "
                      "'Microsoft.Dynamics.CRM.%s'.",
                      name, dv_table(e)->type);
    return false;
}

bool dv_payload_read(const json_t *body, const struct entity *e, bool create,
                     struct dv_payload *payload, struct reply *reply)
{
    struct reader r = {payload, reply, create};
    const char *name;
    json_t *value;

    *payload = (struct dv_payload){.entity = e};
    if (!json_is_object(body)) {
        dv_payload_refuse(reply, e, "Microsoft.OData.ODataException: An object was expected.");
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)body, name, value)
    {
        if (!read_member(&r, name, value))
            return false;
    }
    return true;
}

/* ---- applying ---- */

static void assign(const struct entity *e, struct edit *edit, const char *name, const char *text)
{
    const struct field *f = entity_field(e, name, strlen(name));

    if (f)
        world_assign(edit, f, text);
}

/* What was said of the former parent goes; the key leads to the new one. */
static void move_group(const struct entity *e, struct edit *edit, const struct group *g,
                       const char *id)
{
    size_t n = strlen(g->name);

    for (size_t i = 0; i < e->nfields; i++)
        if (text_starts(e->fields[i].name, g->name) && e->fields[i].name[n] == '.')
            world_drop(edit, &e->fields[i]);
    assign(e, edit, g->key, id);
}

static void apply_owner(const struct entity *e, struct edit *edit, const struct dv_nav *nav,
                        const char *id)
{
    bool team = strcmp(nav->type, "team") == 0;
    const struct group *user = entity_group(e, "owninguser", 10);
    const struct group *group = entity_group(e, "owningteam", 10);

    assign(e, edit, "_owninguser_value", team ? NULL : id);
    assign(e, edit, "_owningteam_value", team ? id : NULL);
    if (user)
        move_group(e, edit, user, team ? NULL : id);
    if (group)
        move_group(e, edit, group, team ? id : NULL);
}

static void apply_currency(const struct entity *e, struct edit *edit, const char *id)
{
    const struct dv_table *t = dv_table_typed("transactioncurrency", 19);
    struct buf rate = {0};
    uint32_t at;

    if (!id || !dv_find(t->entity, id, &at))
        return;
    buf_addf(&rate, "%lld.%010lld", (long long)(currencies[at].rate / 10000000000),
             (long long)(currencies[at].rate % 10000000000));
    assign(e, edit, "exchangerate", rate.at);
    buf_free(&rate);
}

void dv_lookup_apply(const struct entity *e, struct edit *edit, const struct field *lookup,
                     const struct dv_nav *nav, const char *id)
{
    world_assign(edit, lookup, id);
    for (size_t i = 0; i < e->ngroups; i++) {
        const struct group *g = &e->groups[i];

        if (strcmp(g->twin, lookup->name) == 0 && strcmp(nav->name, "ownerid") != 0)
            move_group(e, edit, g, strcmp(g->name, nav->name) == 0 ? id : NULL);
    }
    if (strcmp(nav->name, "ownerid") == 0)
        apply_owner(e, edit, nav, id);
    if (strcmp(nav->name, "transactioncurrencyid") == 0)
        apply_currency(e, edit, id);
    if (strcmp(nav->lookup, "_customerid_value") == 0) {
        assign(e, edit, "_accountid_value", strcmp(nav->type, "account") == 0 ? id : NULL);
        assign(e, edit, "_contactid_value", strcmp(nav->type, "contact") == 0 ? id : NULL);
    }
}

void dv_payload_apply(const struct dv_payload *payload, struct edit *edit)
{
    for (size_t i = 0; i < payload->n; i++) {
        const struct dv_change *c = &payload->changes[i];

        if (c->nav)
            dv_lookup_apply(payload->entity, edit, c->field, c->nav, c->text);
        else
            world_assign(edit, c->field, c->text);
    }
}
