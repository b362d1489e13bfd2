#include "tests/sim/sf_write.h"
#include "tests/sim/clock.h"
#include "tests/sim/log.h"
#include "tests/sim/sf_key.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/sf_tables.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sf_refuse_change(struct reply *reply, const struct sf_change *c)
{
    salesforce_error(reply, c->status, c->code, "%s", c->message);
    reply->body.len -= 2; /* "}]" comes behind the fields */
    if (strcmp(c->code, "DUPLICATES_DETECTED") == 0)
        buf_puts(&reply->body,
                 ",\"duplicateResut\":{\"allowSave\":true,\"duplicateRule\":\"Standard_Rule\","
                 "\"duplicateRuleEntityType\":\"Opportunity\",\"errorMessage\":null,"
                 "\"matchResults\":[]}}]");
    else if (c->field[0])
        buf_addf(&reply->body, ",\"fields\":[\"%s\"]}]", c->field);
    else
        buf_puts(&reply->body, c->status == 404 ? "}]" : ",\"fields\":[]}]");
    log_kind(SALESFORCE, "refused");
}

static int64_t compared_stamp(uint32_t at)
{
    const struct field *f = sf_settings.compare_modstamp
                                ? entity_any_field(&sf_opportunity, "SystemModstamp", 14)
                                : entity_any_field(&sf_opportunity, "LastModifiedDate", 16);
    struct row row;
    struct val v;

    world_row(&sf_opportunity, at, &row);
    field_get(&row, f, &v);
    return v.num;
}

bool sf_unmodified(const struct request *request, struct reply *reply, uint32_t at)
{
    const char *since = request_header(request, "If-Unmodified-Since");
    int64_t seconds;

    if (!since)
        return true;
    if (!time_parse_http(since, &seconds)) {
        salesforce_error(reply, 400, "BAD_REQUEST", "invalid date in If-Unmodified-Since: %s",
                         since);
        return false;
    }
    if (compared_stamp(at) <= seconds)
        return true;
    salesforce_error(reply, 412, "PRECONDITION_FAILED",
                     "The record was modified after the date in If-Unmodified-Since");
    log_kind(SALESFORCE, "precondition_failed");
    return false;
}

bool sf_locked(struct sf_change *c, const struct request *request, bool first)
{
    const struct fault *f = &request->fault;
    char id[19];
    struct row row;

    if (f->kind != FAULT_LOCK_ROW)
        return false;
    sf_opportunity_id(c->at, id);
    if (f->location[0] ? c->create || strncmp(f->location, id, 15) != 0 : !first)
        return false;
    world_row(&sf_opportunity, c->at, &row);
    sf_id(id, "001", (uint64_t)(row.account < 0 ? 0 : row.account) + 1);
    sf_change_refuse(c, 400, "UNABLE_TO_LOCK_ROW", NULL,
                     "unable to obtain exclusive access to this record or 1 records: %.15s", id);
    return true;
}

static void write_created(struct reply *reply, const struct sf_change *c, bool with_created)
{
    char id[19];

    sf_opportunity_id(c->at, id);
    buf_addf(&reply->body, "{\"id\":\"%s\",\"success\":true,\"errors\":[]", id);
    if (with_created)
        buf_addf(&reply->body, ",\"created\":%s", c->create ? "true" : "false");
    buf_puts(&reply->body, "}");
}

static void no_content(struct reply *reply)
{
    reply->status = 204;
    reply->type = NULL;
}

static bool is_object(const json_t *body, struct reply *reply)
{
    if (json_is_object(body))
        return true;
    salesforce_error(reply, 400, "JSON_PARSER_ERROR",
                     "The HTTP entity body is required, and it must be one record");
    return false;
}

/* ---- endpoints ---- */

void sf_create(const struct request *request, struct reply *reply)
{
    struct sf_change c = {.create = true};
    json_t *body = sf_body(request, reply);

    if (!body)
        return;
    world_write();
    if (is_object(body, reply)) {
        if (sf_locked(&c, request, true) || !sf_change_check(&c, body, request)) {
            sf_refuse_change(reply, &c);
        } else {
            sf_change_carry(&c);
            reply->status = 201;
            write_created(reply, &c, false);
        }
    }
    world_unlock();
    sf_change_free(&c);
    json_decref(body);
}

static bool names_id(const json_t *body)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)body, name, value)
    {
        if (strcasecmp(name, "Id") == 0)
            return true;
    }
    return false;
}

static void update(const struct request *request, struct reply *reply, const char *id,
                   const json_t *body)
{
    struct sf_change c = {.create = false};

    if (!sf_change_find(&c, id)) {
        sf_refuse_change(reply, &c);
    } else if (sf_unmodified(request, reply, c.at)) {
        if (names_id(body))
            sf_change_refuse(&c, 400, "INVALID_FIELD_FOR_INSERT_UPDATE", "Id",
                             "The Id field should not be specified in the sobject data.");
        if (c.code || sf_locked(&c, request, true) || !sf_change_check(&c, body, request)) {
            sf_refuse_change(reply, &c);
        } else {
            sf_change_carry(&c);
            no_content(reply);
        }
    }
    sf_change_free(&c);
}

void sf_update(const struct request *request, struct reply *reply, const char *id)
{
    json_t *body = sf_body(request, reply);

    if (!body)
        return;
    world_write();
    if (is_object(body, reply))
        update(request, reply, id, body);
    world_unlock();
    json_decref(body);
}

void sf_delete(const struct request *request, struct reply *reply, const char *id)
{
    struct sf_change c = {.create = false};
    struct edit *edit;

    world_write();
    if (!sf_change_find(&c, id) || sf_locked(&c, request, true)) {
        sf_refuse_change(reply, &c);
    } else {
        edit = world_edit(&sf_opportunity, c.at);
        edit->deleted = true;
        edit->deleted_at = clock_now();
        world_touch(edit);
        log_kind(SALESFORCE, "delete");
        no_content(reply);
    }
    world_unlock();
}

/* ---- upsert ---- */

bool sf_upsert_plan(struct sf_change *c, const struct field *key, const char *value)
{
    uint32_t at[2] = {0};
    size_t n = sf_key_find(key, value, at, 2);

    c->create = n == 0;
    c->at = at[0];
    if (n > 1)
        return sf_change_refuse(c, 300, "MULTIPLE_CHOICES", key->name,
                                "%s: more than one record found for external id field: [%.200s]",
                                key->name, value);
    return true;
}

void sf_choices(struct reply *reply, const char *version, const struct field *key,
                const char *value)
{
    uint32_t at[100];
    size_t n = sf_key_find(key, value, at, 100);
    char id[19];

    reply->status = 300;
    buf_puts(&reply->body, "[");
    for (size_t i = 0; i < n && i < 100; i++) {
        sf_opportunity_id(at[i], id);
        buf_addf(&reply->body, "%s\"/services/data/v%s/sobjects/Opportunity/%s\"", i ? "," : "",
                 version, id);
    }
    buf_puts(&reply->body, "]");
}

void sf_unknown_key(struct reply *reply, const char *field)
{
    if (sf_settings.upsert_bare_error) {
        reply->status = 404;
        buf_puts(&reply->body, "{\"message\":\"The requested resource does not exist\","
                               "\"errorCode\":\"NOT_FOUND\"}");
        return;
    }
    salesforce_error(reply, 404, "NOT_FOUND",
                     "Provided external ID field does not exist or is not accessible: %s", field);
}

static void upsert(const struct request *request, struct reply *reply, const char *version,
                   const struct field *key, const char *value, const json_t *body)
{
    struct sf_change c = {.create = false};

    if (!sf_upsert_plan(&c, key, value)) {
        sf_choices(reply, version, key, value);
        return;
    }
    if (!c.create && !sf_unmodified(request, reply, c.at))
        return;
    if (names_id(body) || json_object_get(body, key->name))
        sf_change_refuse(&c, 400, "INVALID_FIELD", key->name,
                         "The %s field should not be specified in the sobject data.",
                         names_id(body) ? "Id" : key->name);
    if (c.code || sf_locked(&c, request, true) || !sf_change_check(&c, body, request)) {
        sf_refuse_change(reply, &c);
        sf_change_free(&c);
        return;
    }
    if (c.create)
        json_object_set_new(c.set, key->name, json_string(value));
    sf_change_carry(&c);
    if (c.create)
        reply->status = 201;
    if (!c.create && sf_settings.upsert_204)
        no_content(reply);
    else
        write_created(reply, &c, true);
    sf_change_free(&c);
}

void sf_upsert(const struct request *request, struct reply *reply, const char *version,
               const char *field, const char *value)
{
    const struct field *key;
    json_t *body = sf_body(request, reply);

    if (!body)
        return;
    world_write();
    key = sf_key_field(field);
    if (!key)
        sf_unknown_key(reply, field);
    else if (is_object(body, reply))
        upsert(request, reply, version, key, value, body);
    world_unlock();
    json_decref(body);
}
