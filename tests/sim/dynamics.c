#include "tests/sim/dynamics.h"
#include "tests/sim/dv_metadata.h"
#include "tests/sim/dv_query.h"
#include "tests/sim/dv_tables.h"
#include "tests/sim/token.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_URL = 32768 };

void dynamics_error(struct reply *reply, unsigned status, const char *code, const char *format, ...)
{
    char message[700];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    reply->status = status;
    reply->body.len = 0;
    buf_addf(&reply->body, "{\"error\":{\"code\":\"%s\",\"message\":", code);
    buf_json_text(&reply->body, message);
    buf_puts(&reply->body, "}}");
}

void dynamics_refuse_token(struct reply *reply)
{
    reply->status = 401;
    reply_header(reply, "WWW-Authenticate",
                 "Bearer authorization_uri=https://login.microsoftonline.com/" SIM_TENANT
                 "/oauth2/authorize");
}

static void answer_whoami(struct reply *reply)
{
    char unit[37], user[37];

    guid_other(unit, 5, 0);
    guid_other(user, 6, 0);
    reply_header(reply, "x-ms-dop-hint", "4");
    buf_addf(&reply->body,
             "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM."
             "WhoAmIResponse\",\"BusinessUnitId\":\"%s\",\"UserId\":\"%s\",\"OrganizationId\":"
             "\"%s\"}",
             settings.origin[DYNAMICS], unit, user, org_id(DYNAMICS));
}

static void no_resource(const struct request *request, struct reply *reply)
{
    dynamics_error(reply, 404, "",
                   "No HTTP resource was found that matches the request URI '%s%s'.",
                   settings.origin[DYNAMICS], request->path);
}

/* "set", "set/$count" or "set(id)". */
static void answer_set(const struct request *request, struct reply *reply, const char *path)
{
    size_t n = strcspn(path, "(/");
    const struct entity *entity = dv_entity(path, n);
    const char *rest = path + n;
    size_t len = strlen(rest);
    char id[64];

    if (!entity) {
        dynamics_error(reply, 404, "0x8006088a", "Resource not found for the segment '%.*s'.",
                       (int)n, path);
    } else if (!*rest) {
        dv_list(request, reply, entity);
    } else if (strcmp(rest, "/$count") == 0) {
        dv_count(request, reply, entity);
    } else if (*rest == '(' && rest[len - 1] == ')' && len - 2 < sizeof id) {
        snprintf(id, sizeof id, "%.*s", (int)(len - 2), rest + 1);
        dv_record(request, reply, entity, id);
    } else {
        no_resource(request, reply);
    }
}

static bool header_is(const struct request *request, const char *name, const char *want)
{
    const char *value = request_header(request, name);

    return value && strstr(value, want);
}

static const char *missing_header(const struct request *request)
{
    if (!header_is(request, "OData-Version", "4.0"))
        return "OData-Version: 4.0";
    if (!header_is(request, "OData-MaxVersion", "4.0"))
        return "OData-MaxVersion: 4.0";
    return header_is(request, "Accept", "application/json") ? NULL : "Accept: application/json";
}

static void answer_api(const struct request *request, struct reply *reply, const char *path)
{
    const char *missing = missing_header(request);

    reply->type = "application/json; odata.metadata=minimal";
    reply_header(reply, "OData-Version", "4.0");
    reply_header(reply, "REQ_ID", "5ecd1cb3-1730-4ffc-909c-d44c22270026");
    reply_header(reply, "x-ms-ratelimit-burst-remaining-xrm-requests", "7999");
    reply_header(reply, "x-ms-ratelimit-time-remaining-xrm-requests", "1,200.00");
    if (missing)
        dynamics_error(reply, 400, "0x80060888", "The request lacks the header '%s'.", missing);
    else if (!request_is(request, "GET"))
        dynamics_error(reply, 405, "0x80060888", "The HTTP method '%s' is not supported here.",
                       request->method);
    else if (strcmp(path, "WhoAmI") == 0 || strcmp(path, "WhoAmI()") == 0)
        answer_whoami(reply);
    else if (text_starts(path, "EntityDefinitions"))
        dv_metadata(request, reply, path + strlen("EntityDefinitions"));
    else
        answer_set(request, reply, path);
}

/* What stands behind "/api/data/v9.n/", or NULL. */
static const char *api_path(const char *path)
{
    static const char root[] = "/api/data/v9.";
    const char *minor = path + sizeof root - 1;

    return text_starts(path, root) && *minor >= '0' && *minor <= '2' && minor[1] == '/' ? minor + 2
                                                                                        : NULL;
}

void dynamics_answer(const struct request *request, struct reply *reply)
{
    const char *path = api_path(request->path);
    const char *token = strstr(request->path, "/oauth2/v2.0/token");

    if (strlen(request->target) > LONGEST_URL) {
        reply->status = 414;
        reply->type = "text/html";
        buf_puts(&reply->body, "<h2>URI Too Long</h2>");
    } else if (token && strcmp(token, "/oauth2/v2.0/token") == 0) {
        token_dynamics(request, reply);
    } else if (!token_valid(DYNAMICS, request_bearer(request))) {
        dynamics_refuse_token(reply);
    } else if (path) {
        answer_api(request, reply, path);
    } else {
        no_resource(request, reply);
    }
}
