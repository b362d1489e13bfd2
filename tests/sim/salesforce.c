#include "tests/sim/salesforce.h"
#include "tests/sim/log.h"
#include "tests/sim/sf_query.h"
#include "tests/sim/sf_tables.h"
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
    DAILY_CALLS = 100000,
    CALLS_OF_OTHERS = 18,
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
    static const char *const names[] = {"sobjects", "query", "queryAll", "limits"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        buf_addf(&reply->body, "%s\"%s\":\"/services/data/v%s/%s\"", i ? "," : "{", names[i],
                 version, names[i]);
    buf_puts(&reply->body, "}");
}

static void answer_limits(struct reply *reply)
{
    buf_addf(&reply->body,
             "{\"DailyApiRequests\":{\"Max\":%d,\"Remaining\":%lld},"
             "\"DailyBulkApiBatches\":{\"Max\":15000,\"Remaining\":15000},"
             "\"DailyBulkV2QueryJobs\":{\"Max\":10000,\"Remaining\":10000},"
             "\"DailyBulkV2QueryFileStorageMB\":{\"Max\":976562,\"Remaining\":976562}}",
             DAILY_CALLS,
             (long long)DAILY_CALLS - CALLS_OF_OTHERS - (long long)log_count(SALESFORCE));
}

/* ---- describe ---- */

static void describe_options(struct buf *out, const struct field *f)
{
    for (unsigned i = 0; i < f->noptions; i++) {
        buf_puts(out, i ? ",{\"value\":" : "{\"value\":");
        buf_json_text(out, f->options[i].label);
        buf_puts(out, ",\"label\":");
        buf_json_text(out, f->options[i].label);
        buf_puts(out, ",\"active\":true,\"defaultValue\":false}");
    }
}

static const char *yes(bool b)
{
    return b ? "true" : "false";
}

static const char *relationship(const struct field *f)
{
    for (size_t i = 0; i < sf_opportunity.ngroups; i++)
        if (strcmp(sf_opportunity.groups[i].key, f->name) == 0)
            return sf_opportunity.groups[i].name;
    return NULL;
}

static int length_of(const struct field *f)
{
    if (strcmp(f->type, "textarea") == 0)
        return 32000;
    if (form_kind(f->form) == V_ID)
        return 18;
    if (form_kind(f->form) != V_TEXT)
        return 0;
    return strcmp(f->name, "Name") == 0 ? 120 : 255;
}

static void describe_field(struct buf *out, const struct field *f)
{
    const char *parent = relationship(f);
    const char *writable = yes(f->flags & WRITABLE);
    bool money = strcmp(f->type, "currency") == 0;

    buf_addf(
        out,
        "{\"name\":\"%s\",\"label\":\"%s\",\"type\":\"%s\",\"length\":%d,\"precision\":%d,"
        "\"scale\":%d,\"nillable\":%s,\"createable\":%s,\"updateable\":%s,\"calculated\":false,"
        "\"custom\":%s,\"filterable\":%s,\"sortable\":%s,\"groupable\":%s,"
        "\"compoundFieldName\":null,\"externalId\":%s,\"idLookup\":%s,\"relationshipName\":",
        f->name, f->label, f->type, length_of(f),
        money                  ? 18
        : f->form == F_TRIMMED ? 3
                               : 0,
        money ? 2 : 0, yes(!(f->flags & REQUIRED)), writable, writable, yes(f->flags & CUSTOM),
        yes(!(f->flags & NO_FILTER)), yes(!(f->flags & NO_FILTER)), yes(!(f->flags & NO_FILTER)),
        yes(f->aspect == A_EXTERNAL), yes(f->flags & KEY));
    if (parent)
        buf_addf(out, "\"%s\",\"referenceTo\":[\"%s\"]", parent,
                 entity_group(&sf_opportunity, parent, strlen(parent))->type);
    else
        buf_puts(out, "null,\"referenceTo\":[]");
    buf_puts(out, ",\"picklistValues\":[");
    describe_options(out, f);
    buf_puts(out, "]}");
}

static void answer_describe(struct reply *reply, const char *version)
{
    bool comma = false;
    char record_type[19];

    sf_id(record_type, "012", 1);
    buf_addf(&reply->body,
             "{\"name\":\"Opportunity\",\"label\":\"Opportunity\",\"labelPlural\":"
             "\"Opportunities\",\"keyPrefix\":\"006\",\"queryable\":true,\"createable\":true,"
             "\"updateable\":true,\"deletable\":true,\"replicateable\":true,\"urls\":{\"sobject\":"
             "\"/services/data/v%s/sobjects/Opportunity\"},\"fields\":[",
             version);
    for (size_t i = 0; i < sf_opportunity.nfields; i++) {
        const struct field *f = &sf_opportunity.fields[i];

        if (strchr(f->name, '.') || !entity_field(&sf_opportunity, f->name, strlen(f->name)))
            continue;
        buf_puts(&reply->body, comma ? "," : "");
        describe_field(&reply->body, f);
        comma = true;
    }
    buf_addf(&reply->body,
             "],\"recordTypeInfos\":[{\"active\":true,\"available\":true,"
             "\"defaultRecordTypeMapping\":true,\"developerName\":\"Hardware_Sale\","
             "\"master\":false,\"name\":\"Hardware Sale\",\"recordTypeId\":\"%s\"}]}",
             record_type);
}

/* ---- routes ---- */

static void answer_data(const struct request *request, struct reply *reply, const char *version,
                        const char *rest)
{
    static const char object[] = "/sobjects/Opportunity/";

    if (strcmp(rest, "") == 0 || strcmp(rest, "/") == 0)
        answer_resources(reply, version);
    else if (strcmp(rest, "/limits") == 0 || strcmp(rest, "/limits/") == 0)
        answer_limits(reply);
    else if (strcmp(rest, "/query") == 0 || strcmp(rest, "/query/") == 0)
        sf_query(request, reply, version, false);
    else if (strcmp(rest, "/queryAll") == 0 || strcmp(rest, "/queryAll/") == 0)
        sf_query(request, reply, version, true);
    else if (text_starts(rest, "/query/"))
        sf_query_more(request, reply, version, rest + 7);
    else if (text_starts(rest, "/queryAll/"))
        sf_query_more(request, reply, version, rest + 10);
    else if (text_starts(rest, object) && strcmp(rest + sizeof object - 1, "describe") == 0)
        answer_describe(reply, version);
    else if (text_starts(rest, object))
        sf_record(request, reply, version, rest + sizeof object - 1);
    else
        not_found(reply);
}

static void limit_info(struct reply *reply)
{
    world_read();
    if (settings.limit_info[0])
        reply_header(reply, "Sforce-Limit-Info", "%s", settings.limit_info);
    else
        reply_header(reply, "Sforce-Limit-Info", "api-usage=%llu/%d",
                     (unsigned long long)log_count(SALESFORCE) + CALLS_OF_OTHERS, DAILY_CALLS);
    world_unlock();
}

/* "/services/data/v67.0/rest": the version's text and the rest; false when it is no such path. */
static bool split_version(const char *path, char version[8], const char **rest)
{
    const char *at = path + strlen("/services/data/v");
    size_t n = strcspn(at, "/");

    if (!text_starts(path, "/services/data/v") || n >= 8 || n < 4)
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
    limit_info(reply);
    if (strcmp(end, ".0") != 0 || number > NEWEST_VERSION)
        not_found(reply);
    else if (number < OLDEST_VERSION)
        salesforce_error(reply, 410, "UNSUPPORTED_API_VERSION",
                         "API version %s is retired, use %d.0 or later", version, OLDEST_VERSION);
    else if (!request_is(request, "GET"))
        salesforce_error(reply, 405, "METHOD_NOT_ALLOWED",
                         "HTTP Method '%s' not allowed. Allowed are GET", request->method);
    else
        answer_data(request, reply, version, rest);
}

void salesforce_answer(const struct request *request, struct reply *reply)
{
    const char *path = request->path;

    if (strlen(request->target) + request->header_bytes > LONGEST_HEAD) {
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
