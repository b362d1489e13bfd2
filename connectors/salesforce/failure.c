#include "connectors/salesforce/remote.h"

#include "base/date.h"
#include "connectors/xml.h"

#include <string.h>

enum { BUSY_MS = 30000, BUSY_SPREAD_MS = 30000, UNSURE_MS = 5000 };

/* What Salesforce's error codes mean for the person who has to mend them; their case differs from one
 * Bulk API to the other. A code that is not here is told as it came, with the status the HTTP status
 * stands for. */
static const struct meaning {
    const char *code; /* a trailing '*' takes any ending */
    int status;
    const char *hint;
} meanings[] = {
    {"INVALID_SESSION_ID", DS_E_AUTH,
     "a new login did not help: look whether the user has 'API Enabled', the app has the scope "
     "api, "
     "and no IP restriction or session policy stands against it"},
    {"INVALID_AUTH_HEADER", DS_E_AUTH, "a new login did not help: look at the app's policies"},
    {"API_DISABLED_FOR_ORG", DS_E_AUTH, "the edition of the org has no API"},
    {"API_CURRENTLY_DISABLED", DS_E_AUTH, "give the user the permission 'API Enabled'"},
    {"INSUFFICIENT_ACCESS*", DS_E_AUTH, "look at the user's permission sets"},
    {"FORBIDDEN", DS_E_AUTH, "look at the user's permission sets and the app's scopes"},
    {"INVALID_FIELD", DS_E_CONFIG,
     "the field does not exist, or field-level security hides it from the user: correct the "
     "mapping "
     "or 'where', or grant the user read access to the field"},
    {"INVALID_TYPE", DS_E_AUTH, "grant the user 'Read' and 'View All' on Opportunity"},
    {"MALFORMED_QUERY", DS_E_CONFIG, "look at 'where' and at the paths in the mapping"},
    {"QUERY_TIMEOUT", DS_E_REMOTE,
     "the org is slow today, or 'where' uses fields without an index; the next run tries again; a "
     "Bulk job ('bulk') may take as long as it needs"},
    {"QUERY_TOO_COMPLICATED", DS_E_CONFIG,
     "take formula fields out of the mapping: the org cannot evaluate them all in one query"},
    {"OPERATION_TOO_LARGE", DS_E_AUTH,
     "give the user 'View All Data': the org gives up weighing "
     "what it may see of so many records"},
    {"REQUEST_LIMIT_EXCEEDED", DS_E_LATER,
     "the org's requests are used up until older ones are 24 hours past; the next run goes on"},
    {"ExceededQuota", DS_E_LATER,
     "a daily limit of the Bulk API is used up until older jobs are 24 hours past"},
    {"FeatureNotEnabled", DS_E_AUTH,
     "the Bulk API is switched off for this org or user: set 'bulk = never', or ask Salesforce"},
    {"InvalidSessionId", DS_E_AUTH, "the session ended and a new login did not help"},
    {"REQUEST_RUNNING_TOO_LONG", DS_E_LATER, "the org is slow today; the next run tries again"},
    {"SERVER_UNAVAILABLE", DS_E_LATER, "the org is being maintained; the next run tries again"},
    {"UNSUPPORTED_API_VERSION", DS_E_CONFIG, "name a version in 'api_version' that the org offers"},
    {"NOT_FOUND", DS_E_CONFIG, "look at 'url' and 'api_version'"},
};

/* Messages that tell more than their code. */
static const struct {
    const char *piece, *hint;
} details[] = {
    {"not be enclosed in quotes",
     "look at 'where': texts stand in single quotes; dates, numbers and TRUE do not"},
    {"can not be filtered", "look at 'where': long texts like Description cannot be used in it"},
};

/* The same by status, for codes without a row and answers without a code. */
static const struct {
    long http; /* 3: all of 300 to 399 */
    int status;
    const char *hint;
} statuses[] = {
    {3, DS_E_REMOTE, "redirects are not followed; look whether 'url' is still the org's address"},
    {401, DS_E_AUTH, "a new login did not help: look at the app's policies and scopes"},
    {403, DS_E_AUTH, "look at the user's permission sets and the app's policies"},
    {404, DS_E_CONFIG, "look at 'url' and 'api_version'"},
    {410, DS_E_CONFIG, "the version in 'api_version' is retired: name a newer one"},
    {414, DS_E_CONFIG, "the mapping names more fields than one request can carry: name fewer"},
    {431, DS_E_CONFIG, "the mapping names more fields than one request can carry: name fewer"},
};

static const struct meaning *meaning_of(const char *code)
{
    for (size_t i = 0; code && i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        size_t len = strcspn(meanings[i].code, "*");

        if (strncasecmp(meanings[i].code, code, len) == 0 &&
            (meanings[i].code[len] == '*' || code[len] == '\0'))
            return &meanings[i];
    }
    return NULL;
}

/* --- what went wrong ------------------------------------------------------------------------- */

struct fault {
    struct ds_arena arena;
    const char *code; /* NULL: the answer has none */
    const char *message;
};

/* The pairs of names that the APIs use. */
static const struct {
    const char *code, *message;
} spellings[] = {{"errorCode", "message"}, {"exceptionCode", "exceptionMessage"}};

static void read_json(struct fault *f, const json_t *error)
{
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]) && !f->code; i++) {
        f->code = ds_json_text(error, spellings[i].code);
        f->message = ds_json_text(error, spellings[i].message);
    }
}

static void read_element(struct fault *f, const xmlNode *error)
{
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]) && !f->code; i++) {
        f->code = ds_xml_text(&f->arena, ds_xml_child(error, spellings[i].code));
        f->message = ds_xml_text(&f->arena, ds_xml_child(error, spellings[i].message));
    }
}

/* <error><exceptionCode>..., or <Errors><Error><errorCode>...; a page of HTML has neither. */
static void read_xml(struct fault *f, const struct ds_buf *body)
{
    struct ds_err ignored = {0};
    xmlDoc *doc = NULL;

    if (body->text[0] != '<' || body->len > DS_MAX_TEXT ||
        ds_xml_read(body->text, body->len, "the answer", &doc, &ignored))
        return;
    read_element(f, xmlDocGetRootElement(doc));
    read_element(f, ds_xml_child(xmlDocGetRootElement(doc), NULL));
    xmlFreeDoc(doc);
}

/* The first error of an answer: of a list, of a bare object (SF-64), or in XML. */
static void read_fault(struct fault *f, const struct ds_buf *text, const json_t *body)
{
    *f = (struct fault){0};
    read_json(f, json_is_array(body) ? json_array_get(body, 0) : body);
    if (!body)
        read_xml(f, text);
}

static bool is_locator(const char *code)
{
    return strstr(code, "QUERY_LOCATOR") || strncmp(code, "LOCATOR_", 8) == 0;
}

/* One code, two meanings: the daily allowance is used up, or too many long requests run at once. The
 * usage tells them apart (SF-66), or, in an org that never told it, the words. */
static bool is_busy(const struct ds_remote *remote, const struct fault *f)
{
    if (!f->code || strcmp(f->code, "REQUEST_LIMIT_EXCEEDED") != 0)
        return false;
    if (f->message && strcasestr(f->message, "concurrent"))
        return true;
    return remote->usage.org.most > 0 && !ds_sf_usage_over(&remote->usage, 100);
}

int64_t ds_sf_again(void *arg, const struct ds_http_answer *answer, const json_t *body)
{
    struct fault f;
    bool busy;

    read_fault(&f, &answer->body, body);
    busy = is_busy(arg, &f);
    ds_arena_clear(&f.arena);
    if (busy)
        return BUSY_MS + ds_ticks() % BUSY_SPREAD_MS;
    return answer->status == 406 ? UNSURE_MS : 0;
}

/* What a failure is to us, by its code or else by its status. */
static int status_of(long http, const struct fault *f, const char **hint)
{
    const struct meaning *meaning = meaning_of(f->code);

    if (meaning) {
        *hint = meaning->hint;
        for (size_t i = 0; f->message && i < sizeof(details) / sizeof(details[0]); i++)
            if (strstr(f->message, details[i].piece))
                *hint = details[i].hint;
        return meaning->status;
    }
    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
        if (statuses[i].http == http || statuses[i].http == http / 100) {
            *hint = statuses[i].hint;
            return statuses[i].status;
        }
    *hint = "";
    return DS_E_REMOTE;
}

static int report(struct ds_remote *remote, const struct ds_http_request *request,
                  struct ds_http_answer *answer, const struct fault *f, struct ds_err *err)
{
    const char *path = request->url + remote->origin.len;
    struct ds_buf said = DS_BUF_INIT(DS_MAX_TEXT);
    const char *hint;
    int status = status_of(answer->status, f, &hint);

    if (f->code)
        ds_buf_addf(&said, "%s: %.300s", f->code, f->message ? f->message : "");
    else
        ds_http_describe(answer, &said);
    ds_fail(err, status, "%s %.*s: %ld %s", request->method, (int)strcspn(path, "?"), path,
            answer->status, said.text);
    ds_buf_clear(&said);
    if (is_busy(remote, f))
        return ds_hint(err, "too many requests of 20 s and more run at once, from all programs of "
                            "the org; the next run tries again");
    if (status == DS_E_LATER && remote->usage.org.most > 0)
        return ds_hint(err, "%ld of %ld daily requests are used; %s", remote->usage.org.used,
                       remote->usage.org.most, hint);
    return ds_hint(err, "%s", hint);
}

int ds_sf_failure(void *arg, const struct ds_http_request *request, struct ds_http_answer *answer,
                  json_t *body, struct ds_err *err)
{
    struct ds_remote *remote = arg;
    struct fault f;
    int rc;

    read_fault(&f, &answer->body, body);
    remote->lost_locator = f.code && is_locator(f.code);
    remote->lost_job = answer->status == 404 && strstr(request->url, "/jobs/query/");
    remote->too_long = answer->status == 414 || answer->status == 431;
    rc = report(remote, request, answer, &f, err);
    ds_arena_clear(&f.arena);
    return rc;
}

int ds_sf_reply_failed(const char *what, const struct ds_api_reply *reply, struct ds_err *err)
{
    struct ds_http_answer answer = {
        .status = reply->status, .body = reply->body, .head = reply->head, .secret = true};
    struct ds_buf said = DS_BUF_INIT(DS_MAX_TEXT);
    const char *hint;
    struct fault f;
    int status;

    read_fault(&f, &reply->body, reply->json);
    status = status_of(reply->status, &f, &hint);
    if (f.code)
        ds_buf_addf(&said, " %s: %.300s", f.code, f.message ? f.message : "");
    else if (!reply->json) {
        ds_buf_add(&said, " with ");
        ds_http_describe(&answer, &said);
    }
    ds_fail(err, status, "%s was answered %ld%s", what, reply->status, said.text);
    ds_buf_clear(&said);
    ds_arena_clear(&f.arena);
    return ds_hint(err, "%s", hint);
}
