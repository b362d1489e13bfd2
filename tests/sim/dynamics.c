#include "tests/sim/dynamics.h"
#include "tests/sim/dv_batch.h"
#include "tests/sim/dv_edmx.h"
#include "tests/sim/dv_fetchxml.h"
#include "tests/sim/dv_key.h"
#include "tests/sim/dv_limit.h"
#include "tests/sim/dv_metadata.h"
#include "tests/sim/dv_principal.h"
#include "tests/sim/dv_query.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/dv_tables.h"
#include "tests/sim/dv_write.h"
#include "tests/sim/token.h"
#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_URL = 32768 };

/* "0x80040217" as the environment writes its codes today. */
static void styled(const char *code, char out[24])
{
    snprintf(out, 24, "%s", dv_switches.code_style == 2 ? "" : code);
    if (dv_switches.code_style == 1 && text_starts(code, "0x8"))
        snprintf(out, 24, "%d", (int)(uint32_t)strtoul(code, NULL, 16));
}

static void write_details(struct buf *out, const char *message)
{
    buf_puts(out, ",\"@Microsoft.PowerApps.CDS.ErrorDetails.OperationStatus\":\"1\","
                  "\"@Microsoft.PowerApps.CDS.ErrorDetails.SubErrorCode\":\"12345\","
                  "\"@Microsoft.PowerApps.CDS.HelpLink\":\"http://go.microsoft.com/fwlink/?LinkID="
                  "398563\",\"@Microsoft.PowerApps.CDS.TraceText\":\"...\","
                  "\"@Microsoft.PowerApps.CDS.InnerError.Message\":");
    buf_json_text(out, message);
}

void dynamics_error(struct reply *reply, unsigned status, const char *code, const char *format, ...)
{
    struct buf *out = &reply->body;
    char message[1000], shown[24];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    styled(code, shown);
    reply->status = status;
    out->len = 0;
    if (dv_switches.error_shape == 1) {
        buf_puts(out, "{\"Message\":");
        buf_json_text(out, message);
        buf_puts(out, ",\"ExceptionMessage\":");
        buf_json_text(out, message);
        buf_addf(out, ",\"StackTrace\":\"   at Microsoft.Crm\",\"ErrorCode\":\"%s\"}", shown);
        return;
    }
    buf_addf(out, "{\"error\":{\"code\":\"%s\",\"message\":", shown);
    buf_json_text(out, message);
    if (dv_switches.error_shape == 2)
        write_details(out, message);
    if (dv_switches.error_shape == 3) {
        buf_puts(out, ",\"innererror\":{\"message\":");
        buf_json_text(out, message);
        buf_puts(out, ",\"type\":\"System.ServiceModel.FaultException\",\"stacktrace\":\"\"}");
    }
    buf_puts(out, "}}");
}

bool dynamics_allowed(struct reply *reply, const char *privilege, const char *type)
{
    if (!dv_listed(dv_switches.denied, privilege))
        return true;
    dynamics_error(reply, 403, dv_switches.denied_code,
                   "Principal user (Id=a1000006-5f2a-4d1c-8b00-000000000001, type=8, roleCount=2, "
                   "privilegeCount=112, accessMode='4 Non-interactive') is missing %s privilege "
                   "(Id=88e9e4a3-6f8d-4a2b-9d53-6d1b0f1f7a11) for entity '%s'.",
                   privilege, type);
    return false;
}

void dynamics_refuse_token(struct reply *reply)
{
    reply->status = 401;
    reply_header(reply, "WWW-Authenticate",
                 "Bearer authorization_uri=https://login.microsoftonline.com/" SIM_TENANT
                 "/oauth2/authorize");
}

static void answer_whoami(const struct request *request, struct reply *reply)
{
    char unit[37], user[37];

    (void)request;
    guid_other(unit, DV_UNIT, 0);
    guid_other(user, DV_ROBOT, 0);
    if (dv_switches.dop_hint)
        reply_header(reply, "x-ms-dop-hint", "%lld", (long long)dv_switches.dop_hint);
    buf_addf(&reply->body,
             "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM."
             "WhoAmIResponse\",\"BusinessUnitId\":\"%s\",\"UserId\":\"%s\",\"OrganizationId\":"
             "\"%s\"}",
             settings.origin[DYNAMICS], unit, user, org_id(DYNAMICS));
}

static void answer_win(const struct request *request, struct reply *reply)
{
    dv_close(request, reply, true);
}

static void answer_lose(const struct request *request, struct reply *reply)
{
    dv_close(request, reply, false);
}

static void no_resource(const struct request *request, struct reply *reply)
{
    dynamics_error(reply, 404, "",
                   "No HTTP resource was found that matches the request URI '%s%s'.",
                   settings.origin[DYNAMICS], request->path);
}

static void not_supported(const struct request *request, struct reply *reply)
{
    dynamics_error(reply, 405, "0x80060888", "The HTTP method '%s' is not supported here.",
                   request->method);
}

static bool may_read(struct reply *reply, const struct entity *entity)
{
    const struct dv_table *t = dv_table(entity);
    char privilege[100];

    snprintf(privilege, sizeof privilege, "prvRead%s", t->schema);
    return dynamics_allowed(reply, privilege, t->type);
}

/* The query in the URL, or that of a saved one. The caller frees it. */
static char *fetch_of(const struct request *request)
{
    static const struct {
        const char *name, *set;
    } saved[] = {{"savedQuery", "savedqueries"}, {"userQuery", "userqueries"}};
    char *xml = request_param(request, "fetchXml");

    for (size_t i = 0; i < 2 && !xml; i++) {
        char *id = request_param(request, saved[i].name);
        const struct entity *e = dv_entity(saved[i].set, strlen(saved[i].set));
        struct row row;
        uint32_t at;

        world_read();
        if (id && dv_find(e, id, &at)) {
            entity_row(e, at, &row);
            xml = grab_text(row.list[2], strlen(row.list[2]));
        } else if (id) {
            xml = grab_text("", 0);
        }
        world_unlock();
        free(id);
    }
    return xml;
}

static void answer_read(const struct request *request, struct reply *reply,
                        const struct entity *entity, const char *rest)
{
    struct dv_key key = {0};
    const char *tail = rest;
    char *fetch;

    if (!may_read(reply, entity))
        return;
    if (!*rest && (fetch = fetch_of(request))) {
        dv_fetch(request, reply, entity, fetch);
        free(fetch);
    } else if (!*rest) {
        dv_list(request, reply, entity);
    } else if (strcmp(rest, "/$count") == 0) {
        dv_count(request, reply, entity);
    } else if (!dv_key_read(entity, rest, &key, &tail, reply)) {
        dv_key_free(&key);
        return;
    } else if (!*tail) {
        dv_record(request, reply, entity, &key);
    } else if (!dv_association(request, reply, entity, &key, tail)) {
        no_resource(request, reply);
    }
    dv_key_free(&key);
}

/* "set", "set/$count", "set(key)" and what may stand behind it. */
static void answer_set(const struct request *request, struct reply *reply, const char *path)
{
    size_t n = strcspn(path, "(/");
    const struct entity *entity = dv_entity(path, n);

    if (!entity)
        dynamics_error(reply, 404, "0x8006088a", "Resource not found for the segment '%.*s'.",
                       (int)n, path);
    else if (request_is(request, "GET"))
        answer_read(request, reply, entity, path + n);
    else
        dv_write(request, reply, entity, path + n);
}

static bool header_is(const struct request *request, const char *name, const char *want)
{
    const char *value = request_header(request, name);

    return value && strstr(value, want);
}

static const char *missing_header(const struct request *request, const char *path)
{
    if (!header_is(request, "OData-Version", "4.0"))
        return "OData-Version: 4.0";
    if (!header_is(request, "OData-MaxVersion", "4.0"))
        return "OData-MaxVersion: 4.0";
    if (text_starts(path, "$metadata")) /* which is XML */
        return NULL;
    return header_is(request, "Accept", "application/json") ? NULL : "Accept: application/json";
}

/* What is neither a table nor the description of one. */
static const struct {
    const char *path, *method;
    void (*answer)(const struct request *, struct reply *);
} functions[] = {
    {"WhoAmI", "GET", answer_whoami},       {"WhoAmI()", "GET", answer_whoami},
    {"WinOpportunity", "POST", answer_win}, {"LoseOpportunity", "POST", answer_lose},
    {"$metadata", "GET", dv_edmx},
};

static bool answer_function(const struct request *request, struct reply *reply, const char *path)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (strcmp(path, functions[i].path) != 0)
            continue;
        if (request_is(request, functions[i].method))
            functions[i].answer(request, reply);
        else
            no_resource(request, reply);
        return true;
    }
    return dv_principal(request, reply, path);
}

void dynamics_serve(const struct request *request, struct reply *reply, const char *path)
{
    if (dv_switches.not_member)
        dynamics_error(reply, 403, "0x80072560", "The user is not a member of the organization.");
    else if (answer_function(request, reply, path))
        return;
    else if (!text_starts(path, "EntityDefinitions"))
        answer_set(request, reply, path);
    else if (request_is(request, "GET"))
        dv_metadata(request, reply, path + strlen("EntityDefinitions"));
    else
        not_supported(request, reply);
}

static void answer_api(const struct request *request, struct reply *reply, const char *path)
{
    const char *missing = missing_header(request, path);
    int64_t started = limit_enter(request, reply);

    reply->type = "application/json; odata.metadata=minimal";
    reply_header(reply, "OData-Version", "4.0");
    reply_header(reply, "REQ_ID", "5ecd1cb3-1730-4ffc-909c-d44c22270026");
    if (started < 0)
        return;
    if (missing)
        dynamics_error(reply, 400, "0x80060888", "The request lacks the header '%s'.", missing);
    else if (strcmp(path, "$batch") == 0)
        dv_batch(request, reply);
    else
        dynamics_serve(request, reply, path);
    limit_leave(request, started);
}

/* What stands behind "/api/data/v9.n/", or NULL. */
const char *dynamics_path(const char *path)
{
    static const char root[] = "/api/data/v9.";
    const char *minor = path + sizeof root - 1;

    return text_starts(path, root) && *minor >= '0' && *minor <= '2' && minor[1] == '/' ? minor + 2
                                                                                        : NULL;
}

void dynamics_answer(const struct request *request, struct reply *reply)
{
    const char *path = dynamics_path(request->path);
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
