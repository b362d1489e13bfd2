#include "tests/sim/sf_collection.h"
#include "tests/sim/log.h"
#include "tests/sim/sf_key.h"
#include "tests/sim/sf_query.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/sf_tables.h"
#include "tests/sim/sf_write.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_WRITES = 200, MOST_READS = 2000, MOST_CHUNKS = 10 };

enum verb { CREATE, UPDATE, UPSERT };

struct batch {
    const struct request *request;
    struct reply *reply;
    enum verb verb;
    const struct field *key; /* of an upsert */
    json_t *records;
    size_t n;
    bool all_or_none;
    struct sf_change changes[MOST_WRITES];
};

static const char *text_of(const json_t *record, const char *name)
{
    const char *each;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)record, each, value)
    {
        if (strcasecmp(each, name) == 0)
            return json_string_value(value);
    }
    return NULL;
}

static const char *type_of(const json_t *record)
{
    return json_string_value(json_object_get(json_object_get(record, "attributes"), "type"));
}

static void bad(const struct batch *b, const char *code, const char *message)
{
    salesforce_error(b->reply, 400, code, "%s", message);
}

/* Neighbours of one type make a chunk. */
static bool well_formed(const struct batch *b)
{
    const char *last = "";
    int chunks = 0;

    if (!json_is_array(b->records) || b->n == 0) {
        bad(b, "JSON_PARSER_ERROR", "the request needs a list 'records' that is not empty");
        return false;
    }
    if (b->n > MOST_WRITES) {
        bad(b, "LIMIT_EXCEEDED",
            "record limit reached. cannot submit more than 200 records into this operation");
        return false;
    }
    for (size_t i = 0; i < b->n; i++) {
        const char *type = type_of(json_array_get(b->records, i));

        if (!type) {
            bad(b, "INVALID_INPUT", "each record needs attributes with a type");
            return false;
        }
        chunks += strcasecmp(type, last) != 0;
        last = type;
    }
    if (chunks > MOST_CHUNKS)
        bad(b, "LIMIT_EXCEEDED", "more than 10 chunks of different types in one operation");
    return chunks <= MOST_CHUNKS;
}

/* Which record it is; false when that cannot be said. */
static bool aim(struct batch *b, struct sf_change *c, const json_t *record)
{
    const char *id = text_of(record, "id"), *value;

    if (strcasecmp(type_of(record), sf_opportunity.name) != 0)
        return sf_change_refuse(c, 400, "INVALID_TYPE", NULL,
                                "sObject type '%.80s' is not supported.", type_of(record));
    if (b->verb == CREATE)
        return id ? sf_change_refuse(c, 400, "INVALID_FIELD_FOR_INSERT_UPDATE", "Id",
                                     "cannot specify Id in an insert call")
                  : true;
    if (b->verb == UPDATE)
        return id ? sf_change_find(c, id)
                  : sf_change_refuse(c, 400, "MISSING_ARGUMENT", NULL,
                                     "Id not specified in an update call");
    value = text_of(record, b->key->name);
    if (!value || !*value)
        return sf_change_refuse(c, 400, "MISSING_ARGUMENT", NULL, "%s not specified", b->key->name);
    return sf_upsert_plan(c, b->key, value);
}

static bool is_twin(const struct batch *b, size_t i, const char *key)
{
    for (size_t j = 0; j < i; j++) {
        const struct sf_change *other = &b->changes[j];
        const char *theirs = key ? text_of(json_array_get(b->records, j), b->key->name) : NULL;

        if (theirs && strcasecmp(theirs, key) == 0)
            return true;
        if (!other->code && !other->create && !b->changes[i].create &&
            other->at == b->changes[i].at)
            return true;
    }
    return false;
}

static void check_one(struct batch *b, size_t i)
{
    struct sf_change *c = &b->changes[i];
    const json_t *record = json_array_get(b->records, i);
    const char *key = b->verb == UPSERT ? text_of(record, b->key->name) : NULL;
    json_t *body;
    const char *name;
    json_t *value;

    c->create = b->verb == CREATE;
    if (!aim(b, c, record))
        return;
    if (is_twin(b, i, key)) {
        sf_change_refuse(c, 400, "DUPLICATE_VALUE", "Id", "duplicate %s specified in one request",
                         key ? b->key->name : "id");
        return;
    }
    if (sf_locked(c, b->request, i == 0))
        return;
    if (sf_settings.trigger_limit && b->n > sf_settings.trigger_limit) {
        sf_change_refuse(c, 400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", NULL,
                         "DealTrigger: System.LimitException: Apex CPU time limit exceeded");
        return;
    }
    body = json_object();
    json_object_foreach((json_t *)(uintptr_t)record, name, value)
    {
        if (strcasecmp(name, "id") != 0 && !(key && strcasecmp(name, b->key->name) == 0))
            json_object_set(body, name, value);
    }
    if (sf_change_check(c, body, b->request) && key && c->create)
        json_object_set_new(c->set, b->key->name, json_string(key));
    json_decref(body);
}

static void roll_back(struct batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (!b->changes[i].code)
            sf_change_refuse(&b->changes[i], 400, "ALL_OR_NONE_OPERATION_ROLLED_BACK", NULL,
                             "Record rolled back because not all records were valid and the "
                             "request was using AllOrNone header");
}

static void write_result(struct batch *b, const struct sf_change *c)
{
    struct buf *out = &b->reply->body;
    char id[19];

    if (c->code) {
        buf_puts(out, "{\"success\":false,\"errors\":[{\"statusCode\":");
        buf_json_text(out, c->code);
        buf_puts(out, ",\"message\":");
        buf_json_text(out, c->message);
        buf_puts(out, ",\"fields\":[");
        if (c->field[0])
            buf_json_text(out, c->field);
        buf_puts(out, "]}]}");
        log_kind(SALESFORCE, "refused");
        return;
    }
    sf_opportunity_id(c->at, id);
    buf_addf(out, "{\"id\":\"%s\",\"success\":true,\"errors\":[]", id);
    if (b->verb == UPSERT)
        buf_addf(out, ",\"created\":%s", c->create ? "true" : "false");
    buf_puts(out, "}");
}

static void run(struct batch *b)
{
    bool failed = false;

    for (size_t i = 0; i < b->n; i++) {
        check_one(b, i);
        failed |= b->changes[i].code != NULL;
        if (!b->all_or_none && !b->changes[i].code)
            sf_change_carry(&b->changes[i]);
    }
    if (failed && b->all_or_none)
        roll_back(b);
    buf_puts(&b->reply->body, "[");
    for (size_t i = 0; i < b->n; i++) {
        if (!b->changes[i].code && !b->changes[i].carried)
            sf_change_carry(&b->changes[i]);
        buf_puts(&b->reply->body, i ? "," : "");
        write_result(b, &b->changes[i]);
        sf_change_free(&b->changes[i]);
    }
    buf_puts(&b->reply->body, "]");
}

static void write_batch(const struct request *request, struct reply *reply, enum verb verb,
                        const char *key)
{
    struct batch *b = grab(sizeof *b);
    json_t *body = sf_body(request, reply);

    b->request = request;
    b->reply = reply;
    b->verb = verb;
    b->records = json_object_get(body, "records");
    b->n = json_array_size(b->records);
    b->all_or_none = json_is_true(json_object_get(body, "allOrNone"));
    world_write();
    b->key = key ? sf_key_field(key) : NULL;
    if (body && key && !b->key)
        sf_unknown_key(reply, key);
    else if (body && well_formed(b))
        run(b);
    world_unlock();
    json_decref(body);
    free(b);
}

/* ---- reading ---- */

static void read_listed(const struct request *request, struct reply *reply, const char *version,
                        const struct entity *e)
{
    json_t *body = sf_body(request, reply), *ids, *fields;
    const char *list[MOST_READS];
    struct buf names = {0};
    size_t n;

    if (!body)
        return;
    ids = json_object_get(body, "ids");
    fields = json_object_get(body, "fields");
    n = json_array_size(ids);
    buf_puts(&names, "");
    for (size_t i = 0; i < json_array_size(fields); i++) {
        const char *name = json_string_value(json_array_get(fields, i));

        buf_puts(&names, i ? "," : "");
        buf_puts(&names, name ? name : "?");
    }
    for (size_t i = 0; i < n && i < MOST_READS; i++) {
        const char *id = json_string_value(json_array_get(ids, i));

        list[i] = id ? id : "";
    }
    if (n == 0 || !json_array_size(fields))
        salesforce_error(reply, 400, "MISSING_ARGUMENT", "the request needs 'ids' and 'fields'");
    else if (n > MOST_READS)
        salesforce_error(reply, 400, "LIMIT_EXCEEDED", "at most %d ids in one operation",
                         MOST_READS);
    else
        sf_records(request, reply, version, e, list, n, names.at);
    buf_free(&names);
    json_decref(body);
}

static void read_named(const struct request *request, struct reply *reply, const char *version,
                       const struct entity *e)
{
    char *ids = request_param(request, "ids"), *fields = request_param(request, "fields");
    const char *list[MOST_READS];
    size_t n = 0;
    char *rest = ids;

    for (char *id; rest && n < MOST_READS && (id = strsep(&rest, ","));)
        list[n++] = id;
    if (!n || !fields || !*fields)
        salesforce_error(reply, 400, "MISSING_ARGUMENT", "the request needs 'ids' and 'fields'");
    else
        sf_records(request, reply, version, e, list, n, fields);
    free(ids);
    free(fields);
}

/* ---- routes ---- */

void sf_collection(const struct request *request, struct reply *reply, const char *version,
                   const char *rest)
{
    char object[64], key[64];
    const struct entity *e;
    size_t n;

    rest += *rest == '/';
    n = strcspn(rest, "/");
    snprintf(object, sizeof object, "%.*s", (int)n, rest);
    snprintf(key, sizeof key, "%s", rest[n] ? rest + n + 1 : "");
    key[strcspn(key, "/")] = '\0';
    e = sf_entity(object);
    if (!*object && request_is(request, "POST"))
        write_batch(request, reply, CREATE, NULL);
    else if (!*object && request_is(request, "PATCH"))
        write_batch(request, reply, UPDATE, NULL);
    else if (e && *key && request_is(request, "PATCH"))
        write_batch(request, reply, UPSERT, key);
    else if (e && !*key && request_is(request, "POST"))
        read_listed(request, reply, version, e);
    else if (e && !*key && request_is(request, "GET"))
        read_named(request, reply, version, e);
    else if (*object && !e)
        salesforce_error(reply, 404, "NOT_FOUND", "The requested resource does not exist");
    else
        salesforce_error(reply, 405, "METHOD_NOT_ALLOWED", "HTTP Method '%s' not allowed",
                         request->method);
}
