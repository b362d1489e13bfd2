#include "tests/sim/sf_change.h"
#include "tests/sim/derive.h"
#include "tests/sim/log.h"
#include "tests/sim/sf_key.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/sf_tables.h"
#include "tests/sim/token.h"
#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { RAW_NUMBER = '\x01', LONGEST_TEXT = 32000 };

bool sf_change_refuse(struct sf_change *c, unsigned status, const char *code, const char *field,
                      const char *format, ...)
{
    va_list args;

    c->status = status;
    c->code = code;
    snprintf(c->field, sizeof c->field, "%s", field ? field : "");
    va_start(args, format);
    vsnprintf(c->message, sizeof c->message, format, args);
    va_end(args);
    return false;
}

void sf_change_free(struct sf_change *c)
{
    json_decref(c->set);
    c->set = NULL;
}

/* ---- the body ---- */

/* Numbers become marked strings, so that no digit is lost. */
static char *quote_numbers(const char *s)
{
    struct buf out = {0};
    bool quoted = false;

    buf_puts(&out, "");
    while (*s) {
        size_t n = 1;

        if (quoted && *s == '\\' && s[1]) {
            n = 2;
        } else if (*s == '"') {
            quoted = !quoted;
        } else if (!quoted && (*s == '-' || (*s >= '0' && *s <= '9'))) {
            n = strspn(s, "+-.0123456789eE");
            buf_puts(&out, "\"\\u0001");
            buf_add(&out, s, n);
            buf_puts(&out, "\"");
            s += n;
            continue;
        }
        buf_add(&out, s, n);
        s += n;
    }
    return out.at;
}

json_t *sf_body(const struct request *request, struct reply *reply)
{
    const char *type = request_header(request, "Content-Type");
    json_error_t error;
    json_t *body;
    char *text;

    if (!type || strncasecmp(type, "application/json", 16) != 0) {
        salesforce_error(reply, 415, "UNSUPPORTED_MEDIA_TYPE",
                         "Content-Type header specified in HTTP request is not supported: %s",
                         type ? type : "");
        return NULL;
    }
    if (sf_settings.unreadable[0] && strstr(request->body, sf_settings.unreadable)) {
        salesforce_error(reply, 400, "JSON_PARSER_ERROR",
                         "Cannot deserialize instance of string from VALUE_STRING value %s or "
                         "request may be missing a required field",
                         sf_settings.unreadable);
        return NULL;
    }
    text = quote_numbers(request->body);
    body = json_loads(text, JSON_ALLOW_NUL, &error);
    free(text);
    if (!body)
        salesforce_error(reply, 400, "JSON_PARSER_ERROR", "%s at [line:%d, column:%d]", error.text,
                         error.line, error.column);
    return body;
}

/* ---- values ---- */

static bool refuse_type(struct sf_change *c, const struct field *f, const char *what,
                        const char *value)
{
    return sf_change_refuse(c, 400, "JSON_PARSER_ERROR", f->name,
                            "Cannot deserialize instance of %s from %s value %.80s or request may "
                            "be missing a required field at [line:1, column:2]",
                            f->type, what, value);
}

static int longest(const struct field *f)
{
    if (strcmp(f->type, "textarea") == 0)
        return LONGEST_TEXT;
    if (f->flags & EXTERNAL_KEY)
        return (int)sf_settings.key_length;
    return strcmp(f->name, "Name") == 0 ? 120 : 255;
}

static size_t characters(const char *s)
{
    size_t n = 0;

    for (; *s; s++)
        n += (*s & 0xc0) != 0x80;
    return n;
}

static bool is_picklist(const struct field *f)
{
    return strcmp(f->type, "picklist") == 0;
}

static bool stage_active(const char *name)
{
    int at = catalog_stage(name);

    return at >= 0 && stages[at].active;
}

static bool picklist_has(const struct field *f, const char *value)
{
    if (f->aspect == A_STAGE_NAME)
        return stage_active(value);
    for (unsigned i = 0; i < f->noptions; i++)
        if (strcasecmp(f->options[i].label, value) == 0)
            return true;
    return false;
}

static bool take_text(struct sf_change *c, const struct field *f, const char *value)
{
    if (value[0] == RAW_NUMBER)
        return refuse_type(c, f, "VALUE_NUMBER", value + 1);
    if (is_picklist(f) && !picklist_has(f, value) &&
        (sf_settings.restricted_picklists || f->aspect == A_STAGE_CATEGORY ||
         f->aspect == A_CURRENCY_CODE))
        return sf_change_refuse(c, 400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", f->name,
                                "%s: bad value for restricted picklist field: %.200s", f->label,
                                value);
    if (characters(value) > (size_t)longest(f))
        return sf_change_refuse(c, 400, "STRING_TOO_LONG", f->name,
                                "%s: data value too large: %.200s (max length=%d)", f->label, value,
                                longest(f));
    json_object_set_new(c->set, f->name, json_string(value));
    return true;
}

/* Rounds half away from zero, as the org stores it. */
static bool take_number(struct sf_change *c, const struct field *f, const char *value)
{
    const char *text = value[0] == RAW_NUMBER ? value + 1 : value;
    bool percent = strcmp(f->type, "percent") == 0;
    struct buf out = {0};
    char room[48], *end;
    struct val v;

    if (strtod(text, &end), *end || end == text || strspn(text, "+-.0123456789eE") < strlen(text))
        return refuse_type(c, f, "VALUE_STRING", text);
    if (strpbrk(text, "eE"))
        snprintf(room, sizeof room, "%.2f", strtod(text, NULL));
    else
        snprintf(room, sizeof room, "%s", text);
    if (!val_parse(V_NUMBER, room, &v) || (percent && strtod(text, NULL) > 999))
        return sf_change_refuse(c, 400, "NUMBER_OUTSIDE_VALID_RANGE", f->name,
                                "%s: value outside of valid range on numeric field: %.60s",
                                f->label, text);
    for (; v.scale > (percent ? 0 : 2); v.scale--)
        v.num = v.num / 10 + (v.num % 10 >= 5) - (v.num % 10 <= -5);
    val_write(&out, &v, F_TRIMMED);
    json_object_set_new(c->set, f->name, json_string(out.at));
    buf_free(&out);
    return true;
}

static bool take_reference(struct sf_change *c, const struct field *f, const char *value)
{
    static const struct {
        const char *field, *object;
    } known[] = {{"AccountId", "Account"}, {"OwnerId", "User"}, {"ContactId", "Contact"}};
    const struct entity *parent = NULL;
    char full[19];
    uint64_t n;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].field, f->name) == 0)
            parent = sf_any_entity(known[i].object);
    if (!sf_id_parse(value, parent ? parent->prefix : (char[]){value[0], value[1], value[2], '\0'},
                     &n))
        return sf_change_refuse(c, 400, "MALFORMED_ID", f->name,
                                "%s: id value of incorrect type: %.40s", f->label, value);
    if (parent && (n == 0 || n > world_rows(parent)) && strncmp(value, SIM_USER_ID, 15) != 0)
        return sf_change_refuse(c, 400, "INVALID_CROSS_REFERENCE_KEY", NULL,
                                "invalid cross reference id");
    sf_id(full, (char[]){value[0], value[1], value[2], '\0'}, n);
    json_object_set_new(c->set, f->name, json_string(full));
    return true;
}

static bool take_null(struct sf_change *c, const struct field *f)
{
    if (form_kind(f->form) == V_BOOL)
        json_object_set_new(c->set, f->name, json_string("false"));
    else
        json_object_set_new(c->set, f->name, json_null());
    return true;
}

static bool take_boolean(struct sf_change *c, const struct field *f, const json_t *value)
{
    const char *text = json_is_true(value) ? "true" : "false";

    if (form_kind(f->form) != V_BOOL)
        return refuse_type(c, f, json_is_true(value) ? "VALUE_TRUE" : "VALUE_FALSE", text);
    json_object_set_new(c->set, f->name, json_string(text));
    return true;
}

/* Dates and times, and booleans in words. */
static bool take_plain(struct sf_change *c, const struct field *f, const char *text)
{
    bool number = text[0] == RAW_NUMBER;
    struct val v;

    if (!val_parse(form_kind(f->form), text, &v))
        return refuse_type(c, f, number ? "VALUE_NUMBER_INT" : "VALUE_STRING", text + number);
    json_object_set_new(c->set, f->name, json_string(text));
    return true;
}

static bool take_value(struct sf_change *c, const struct field *f, const json_t *value)
{
    const char *text = json_string_value(value);
    enum kind kind = form_kind(f->form);

    if (json_is_null(value) || (text && !*text))
        return take_null(c, f);
    if (json_is_boolean(value))
        return take_boolean(c, f, value);
    if (!text)
        return refuse_type(c, f, json_is_array(value) ? "START_ARRAY" : "START_OBJECT", "");
    if (kind == V_TEXT)
        return take_text(c, f, text);
    if (kind == V_ID)
        return take_reference(c, f, text);
    return kind == V_NUMBER ? take_number(c, f, text) : take_plain(c, f, text);
}

/* ---- members ---- */

static bool take_member(struct sf_change *c, const char *name, const json_t *value)
{
    const struct field *f =
        strchr(name, '.') ? NULL : entity_field(&sf_opportunity, name, strlen(name));

    if (!f)
        return sf_change_refuse(c, 400, "INVALID_FIELD", NULL,
                                "No such column '%.100s' on sobject of type Opportunity", name);
    if (!(f->flags & (c->create ? WRITABLE | CREATE_ONLY : WRITABLE)) ||
        sf_listed(sf_settings.locked_fields, f->name))
        return sf_change_refuse(
            c, 400, "INVALID_FIELD_FOR_INSERT_UPDATE", f->name,
            "Unable to create/update fields: %s. Please check the security settings of this field "
            "and verify that it is read/write for your profile or permission set.",
            f->name);
    return take_value(c, f, value);
}

static bool check_required(struct sf_change *c)
{
    for (size_t i = 0; i < sf_opportunity.nfields; i++) {
        const struct field *f = &sf_opportunity.fields[i];
        const json_t *value = json_object_get(c->set, f->name);

        if (!(f->flags & REQUIRED) || !(f->flags & WRITABLE) || form_kind(f->form) == V_BOOL)
            continue;
        if (value ? json_is_null(value) : c->create && f->aspect != A_AGENT_SF)
            return sf_change_refuse(c, 400, "REQUIRED_FIELD_MISSING", f->name,
                                    "Required fields are missing: [%s]", f->name);
    }
    return true;
}

void sf_opportunity_id(uint32_t at, char out[19])
{
    sf_id(out, sf_opportunity.prefix, (uint64_t)at + 1);
}

static bool check_key(struct sf_change *c)
{
    const struct field *key = entity_any_field(&sf_opportunity, "Deal_Key__c", 11);
    const char *value = json_string_value(json_object_get(c->set, key->name));
    uint32_t at[1];
    char id[19];

    if (!value || !sf_settings.key_unique || !sf_key_find(key, value, at, 1) ||
        (!c->create && at[0] == c->at))
        return true;
    sf_opportunity_id(at[0], id);
    return sf_change_refuse(c, 400, "DUPLICATE_VALUE", NULL,
                            "duplicate value found: %s duplicates value on record with id: %s",
                            key->name, id);
}

static bool allows_save(const struct request *request)
{
    const char *header = request_header(request, "Sforce-Duplicate-Rule-Header");

    return header && strcasestr(header, "allowSave=true");
}

static bool check_rules(struct sf_change *c, const struct request *request)
{
    const char *field = sf_settings.validation_field;

    if (sf_settings.validation_rule[0] && (!*field || json_object_get(c->set, field)))
        return sf_change_refuse(c, 400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", field, "%s",
                                sf_settings.validation_rule);
    if (strcmp(sf_settings.duplicate_rule, "block") == 0 ||
        (strcmp(sf_settings.duplicate_rule, "alert") == 0 && !allows_save(request)))
        return sf_change_refuse(c, 400, "DUPLICATES_DETECTED", NULL, "Use one of these records?");
    return true;
}

static bool may_write(struct sf_change *c)
{
    if (c->create ? sf_settings.createable : sf_settings.updateable)
        return true;
    return sf_change_refuse(c, 400, "INSUFFICIENT_ACCESS_OR_READONLY", NULL,
                            "insufficient access rights on object id");
}

bool sf_change_check(struct sf_change *c, const json_t *body, const struct request *request)
{
    const char *name;
    json_t *value;

    c->set = json_object();
    if (!may_write(c))
        return false;
    json_object_foreach((json_t *)(uintptr_t)body, name, value)
    {
        if (strcmp(name, "attributes") != 0 && !take_member(c, name, value))
            return false;
    }
    return check_required(c) && check_key(c) && check_rules(c, request);
}

bool sf_change_find(struct sf_change *c, const char *id)
{
    uint64_t n;
    struct row row;

    if (!sf_id_parse(id, sf_opportunity.prefix, &n))
        return sf_change_refuse(c, 400, "MALFORMED_ID", "Id",
                                "Opportunity ID: id value of incorrect type: %.40s", id);
    if (n == 0 || n > world_rows(&sf_opportunity))
        return sf_change_refuse(c, 404, "NOT_FOUND", NULL, "The requested resource does not exist");
    c->at = (uint32_t)n - 1;
    world_row(&sf_opportunity, c->at, &row);
    if (world_is_gone(&row))
        return sf_change_refuse(c, 404, "NOT_FOUND", NULL, "The requested resource does not exist");
    if (row.deleted)
        return sf_change_refuse(c, 404, "ENTITY_IS_DELETED", NULL, "entity is deleted");
    return true;
}

/* ---- carrying out ---- */

static bool current_is(uint32_t at, const char *name, const char *text)
{
    const struct field *f = entity_any_field(&sf_opportunity, name, strlen(name));
    struct row row;
    struct val now, then;

    world_row(&sf_opportunity, at, &row);
    field_get(&row, f, &now);
    return val_parse(form_kind(f->form), text, &then) && val_cmp(&now, &then) == 0;
}

/* The canonical spelling of a picklist's value. */
static const char *canonical(const struct field *f, const char *text)
{
    for (unsigned i = 0; text && i < f->noptions; i++)
        if (strcasecmp(f->options[i].label, text) == 0)
            return f->options[i].label;
    return text;
}

static void assign_text(struct edit *edit, const char *name, const char *text)
{
    const struct field *f = entity_any_field(&sf_opportunity, name, strlen(name));

    if (f)
        world_assign(edit, f, text);
}

static void sign(struct edit *edit, bool create)
{
    assign_text(edit, "LastModifiedById", SIM_USER_ID);
    assign_text(edit, "LastModifiedBy.Id", SIM_USER_ID);
    assign_text(edit, "LastModifiedBy.Name", "Sync User");
    assign_text(edit, "LastModifiedBy.Username", SIM_USERNAME);
    if (!create)
        return;
    assign_text(edit, "CreatedById", SIM_USER_ID);
    for (size_t i = 0; i < sf_opportunity.nfields; i++) {
        const struct field *f = &sf_opportunity.fields[i];

        if (f->flags & WRITABLE && form_kind(f->form) == V_TEXT && !(f->flags & CURRENCY))
            world_assign(edit, f, NULL); /* what the generated ones have is not theirs */
    }
}

void sf_change_carry(struct sf_change *c)
{
    const json_t *category = json_object_get(c->set, "ForecastCategoryName");
    struct edit *edit;
    const char *name;
    json_t *value;

    if (!c->create && json_object_get(c->set, "Amount") &&
        current_is(c->at, "HasOpportunityLineItem", "true"))
        json_object_del(c->set, "Amount"); /* the products decide, and nobody is told */
    if (!c->create && json_is_string(json_object_get(c->set, "StageName")) &&
        current_is(c->at, "StageName", json_string_value(json_object_get(c->set, "StageName"))))
        json_object_del(c->set, "StageName");
    edit = c->create ? world_create(&sf_opportunity) : world_edit(&sf_opportunity, c->at);
    c->at = edit->at;
    world_touch(edit);
    sign(edit, c->create);
    json_object_foreach(c->set, name, value)
    {
        const struct field *f = entity_any_field(&sf_opportunity, name, strlen(name));

        world_assign(edit, f, canonical(f, json_string_value(value)));
    }
    if (sf_settings.flow_field[0])
        assign_text(edit, sf_settings.flow_field, sf_settings.flow_value);
    derive(&sf_opportunity, edit, c->set);
    for (size_t i = 0; json_is_string(category) && i < STAGES; i++)
        if (strcasecmp(stages[i].category, json_string_value(category)) == 0)
            assign_text(edit, "ForecastCategory", stages[i].category_api);
    c->carried = true;
    log_kind(SALESFORCE, c->create ? "create" : "update");
}
