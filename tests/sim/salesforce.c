#include "tests/sim/salesforce.h"
#include "tests/sim/log.h"
#include "tests/sim/sf_bulk.h"
#include "tests/sim/sf_collection.h"
#include "tests/sim/sf_deleted.h"
#include "tests/sim/sf_describe.h"
#include "tests/sim/sf_key.h"
#include "tests/sim/sf_limits.h"
#include "tests/sim/sf_query.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/sf_tables.h"
#include "tests/sim/sf_write.h"
#include "tests/sim/token.h"
#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    OLDEST_VERSION = 60,
    NEWEST_VERSION = 67,
    LONGEST_HEAD = 16384,
};

void salesforce_error(struct reply *reply, unsigned status, const char *code, const char *format,
                      ...)
{
    char message[700];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    reply->status = status;
    reply->body.len = 0;
    buf_puts(&reply->body, "[{\"message\":");
    buf_json_text(&reply->body, message);
    buf_addf(&reply->body, ",\"errorCode\":\"%s\"}]", code);
}

void salesforce_refuse_token(struct reply *reply)
{
    reply_header(reply, "WWW-Authenticate", "Token");
    salesforce_error(reply, 401, "INVALID_SESSION_ID", "Session expired or invalid");
}

static void not_found(struct reply *reply)
{
    salesforce_error(reply, 404, "NOT_FOUND", "The requested resource does not exist");
}

/* ---- small answers ---- */

static void answer_versions(struct reply *reply)
{
    static const char *const seasons[] = {"Spring", "Summer", "Winter"};

    buf_puts(&reply->body, "[");
    for (int v = OLDEST_VERSION; v <= NEWEST_VERSION; v++)
        buf_addf(&reply->body,
                 "%s{\"label\":\"%s '%d\",\"url\":\"/services/data/v%d.0\",\"version\":\"%d.0\"}",
                 v == OLDEST_VERSION ? "" : ",", seasons[v % 3], (v + 13) / 3, v, v);
    buf_puts(&reply->body, "]");
}

static void answer_userinfo(struct reply *reply)
{
    const char *org = org_id(SALESFORCE);

    buf_addf(&reply->body,
             "{\"sub\":\"https://login.salesforce.com/id/%s/0055e000000zzzzAAA\","
             "\"user_id\":\"0055e000000zzzzAAA\",\"organization_id\":\"%s\","
             "\"preferred_username\":\"%s\",\"nickname\":\"sync\",\"name\":\"Sync User\","
             "\"email\":\"%s\",\"email_verified\":true,\"active\":true,\"user_type\":\"STANDARD\"}",
             org, org, SIM_USERNAME, SIM_USERNAME);
}

static void answer_resources(struct reply *reply, const char *version)
{
    static const char *const names[] = {"sobjects", "query",     "queryAll",
                                        "limits",   "composite", "jobs"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        buf_addf(&reply->body, "%s\"%s\":\"/services/data/v%s/%s\"", i ? "," : "{", names[i],
                 version, names[i]);
    buf_puts(&reply->body, "}");
}

/* ---- routes ---- */

static void not_allowed(const struct request *request, struct reply *reply, const char *allowed)
{
    reply_header(reply, "Allow", "%s", allowed);
    salesforce_error(reply, 405, "METHOD_NOT_ALLOWED",
                     "HTTP Method '%s' not allowed. Allowed are %s", request->method, allowed);
}

static void read_by_key(const struct request *request, struct reply *reply, const char *version,
                        const char *field, const char *value)
{
    const struct field *key;
    uint32_t at[2];
    char id[19];
    size_t n = 0;

    world_read();
    key = sf_key_field(field);
    if (key)
        n = sf_key_find(key, value, at, 2);
    world_unlock();
    if (!key) {
        sf_unknown_key(reply, field);
    } else if (n == 0) {
        not_found(reply);
    } else if (n > 1) {
        sf_choices(reply, version, key, value);
    } else {
        sf_opportunity_id(at[0], id);
        sf_record(request, reply, version, &sf_opportunity, id);
    }
}

/* Behind "/sobjects/Object": up to two parts of the path, each decoded by itself. */
struct row_path {
    char *id;    /* or the name of an external id field, or a resource */
    char *value; /* of the external id field, or NULL */
};

static void write_row(const struct request *request, struct reply *reply, const char *version,
                      const struct row_path *path)
{
    if (path->value && request_is(request, "PATCH"))
        sf_upsert(request, reply, version, path->id, path->value);
    else if (path->value)
        not_allowed(request, reply, "GET,PATCH");
    else if (request_is(request, "PATCH"))
        sf_update(request, reply, path->id);
    else if (request_is(request, "DELETE"))
        sf_delete(request, reply, path->id);
    else
        not_allowed(request, reply, "GET,PATCH,DELETE");
}

static void read_row(const struct request *request, struct reply *reply, const char *version,
                     const struct entity *e, const struct row_path *path)
{
    if (strcmp(path->id, "describe") == 0)
        sf_describe(request, reply, e, version);
    else if (strcmp(path->id, "deleted") == 0)
        sf_deleted(request, reply, e);
    else if (strcmp(path->id, "updated") == 0)
        sf_updated(request, reply, e);
    else if (path->value && *path->value)
        read_by_key(request, reply, version, path->id, path->value);
    else
        sf_record(request, reply, version, e, path->id);
}

static void answer_rows(const struct request *request, struct reply *reply, const char *version,
                        const struct entity *e, const struct row_path *path)
{
    if (!path->id || !*path->id) {
        if (request_is(request, "POST") && e == &sf_opportunity)
            sf_create(request, reply);
        else
            not_allowed(request, reply, "POST");
    } else if (request_is(request, "GET")) {
        read_row(request, reply, version, e, path);
    } else if (e == &sf_opportunity) {
        write_row(request, reply, version, path);
    } else {
        not_allowed(request, reply, "GET");
    }
}

static void answer_sobjects(const struct request *request, struct reply *reply, const char *version)
{
    static const char resource[] = "/sobjects/";
    const char *found = strstr(request->target, resource); /* not when that was encoded */
    const char *at = found ? found + sizeof resource - 1 : "";
    size_t n = strcspn(at, "/?");
    char *object = text_decode(at, n, false);
    const struct entity *e = object ? sf_entity(object) : NULL;
    struct row_path path = {NULL, NULL};

    at += n + (at[n] == '/');
    n = strcspn(at, "/?");
    path.id = text_decode(at, n, false);
    if (at[n] == '/') {
        at += n + 1;
        path.value = text_decode(at, strcspn(at, "?"), false);
        if (path.value && !*path.value) {
            free(path.value);
            path.value = NULL;
        }
    }
    if (e)
        answer_rows(request, reply, version, e, &path);
    else
        not_found(reply);
    free(object);
    free(path.id);
    free(path.value);
}

static void answer_reads(const struct request *request, struct reply *reply, const char *version,
                         const char *rest)
{
    if (strcmp(rest, "") == 0 || strcmp(rest, "/") == 0)
        answer_resources(reply, version);
    else if (strcmp(rest, "/limits") == 0 || strcmp(rest, "/limits/") == 0)
        sf_limits(reply);
    else if (strcmp(rest, "/sobjects") == 0 || strcmp(rest, "/sobjects/") == 0)
        sf_describe_all(reply, version);
    else if (strcmp(rest, "/query") == 0 || strcmp(rest, "/query/") == 0)
        sf_query(request, reply, version, false);
    else if (strcmp(rest, "/queryAll") == 0 || strcmp(rest, "/queryAll/") == 0)
        sf_query(request, reply, version, true);
    else if (text_starts(rest, "/query/"))
        sf_query_more(request, reply, version, rest + 7);
    else if (text_starts(rest, "/queryAll/"))
        sf_query_more(request, reply, version, rest + 10);
    else
        not_found(reply);
}

static void answer_data(const struct request *request, struct reply *reply, const char *version,
                        const char *rest)
{
    static const char collections[] = "/composite/sobjects", jobs[] = "/jobs/query";

    if (text_starts(rest, "/sobjects/"))
        answer_sobjects(request, reply, version);
    else if (text_starts(rest, jobs) && strchr("/", rest[sizeof jobs - 1]))
        sf_bulk(request, reply, version, rest + sizeof jobs - 1);
    else if (text_starts(rest, collections) && strchr("/", rest[sizeof collections - 1]))
        sf_collection(request, reply, version, rest + sizeof collections - 1);
    else if (request_is(request, "GET"))
        answer_reads(request, reply, version, rest);
    else
        not_allowed(request, reply, "GET");
}

/* "/services/data/v67.0/rest": the version's text and the rest; false when it is no such path. */
static bool split_version(const char *path, char version[8], const char **rest)
{
    static const char prefix[] = "/services/data/v";
    const char *at = text_starts(path, prefix) ? path + sizeof prefix - 1 : "";
    size_t n = strcspn(at, "/");

    if (n >= 8 || n < 4)
        return false;
    memcpy(version, at, n);
    version[n] = '\0';
    *rest = at + n;
    return true;
}

static void answer_versioned(const struct request *request, struct reply *reply)
{
    char version[8];
    const char *rest;
    long number;
    char *end;

    if (!split_version(request->path, version, &rest)) {
        not_found(reply);
        return;
    }
    number = strtol(version, &end, 10);
    sf_limit_info(request, reply);
    if (number <= (long)sf_settings.warned_version)
        reply_header(reply, "Warning",
                     "299 - \"This API version is deprecated and will be removed "
                     "in a future release; use a later version\"");
    if (strcmp(end, ".0") != 0 || number > NEWEST_VERSION)
        not_found(reply);
    else if (number < OLDEST_VERSION || number <= (long)sf_settings.retired_version)
        salesforce_error(reply, 410, "UNSUPPORTED_API_VERSION",
                         "API version %s is retired, use %u.0 or later", version,
                         sf_settings.retired_version >= OLDEST_VERSION
                             ? sf_settings.retired_version + 1
                             : OLDEST_VERSION);
    else if (!sf_limit_refuses(request, reply))
        answer_data(request, reply, version, rest);
}

/* POST with ?_HTTP_METHOD=PATCH is a PATCH. */
static const char *method_of(const struct request *request)
{
    char *other = request_is(request, "POST") ? request_param(request, "_HTTP_METHOD") : NULL;
    const char *method = other && strcmp(other, "PATCH") == 0 ? "PATCH" : request->method;

    free(other);
    return method;
}

void salesforce_answer(const struct request *received, struct reply *reply)
{
    struct request copy = *received;
    const struct request *request = &copy;
    const char *path = request->path;

    copy.method = method_of(received);
    if (strlen(request->target) + request->header_bytes > LONGEST_HEAD ||
        request->fault.kind == FAULT_HEADERS_TOO_LARGE) {
        reply->status = 431;
        reply->type = "text/html;charset=iso-8859-1";
        buf_puts(&reply->body, "<h1>Bad Message 431</h1><pre>reason: Request Header Fields Too "
                               "Large</pre>");
    } else if (strcmp(path, "/services/oauth2/token") == 0) {
        token_salesforce(request, reply);
    } else if (strcmp(path, "/services/data/") == 0 || strcmp(path, "/services/data") == 0) {
        answer_versions(reply);
    } else if (!token_valid(SALESFORCE, request_bearer(request))) {
        salesforce_refuse_token(reply);
    } else if (strcmp(path, "/services/oauth2/userinfo") == 0) {
        answer_userinfo(reply);
    } else {
        answer_versioned(request, reply);
    }
}
