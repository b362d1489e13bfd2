#include "connectors/api.h"

#include "base/arena.h"
#include "base/date.h"
#include "base/file.h"
#include "base/step.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_PAUSES = 3,           /* how often one request is repeated because the connector says so */
    FOREGROUND = DS_HTTP_LANES /* the exchange of calls that nobody begins */
};

/* One call, from the request to the reply. */
struct exchange {
    struct ds_api *api;
    struct ds_arena texts; /* of the request */
    struct ds_http_request request;
    struct ds_http_answer answer;
    struct ds_buf scratch;
    json_t *json; /* of the answer; NULL: none, or it cannot be read */
    bool raw;
    bool renewed;    /* the token, because of a 401 */
    unsigned pauses; /* that the connector has asked for */
    unsigned logins; /* how many there had been when it was sent */
};

struct ds_api {
    struct ds_http *http;
    const struct ds_api_kind *kind;
    void *arg;
    struct ds_token token;
    unsigned logins;
    struct exchange exchanges[DS_HTTP_LANES + 1];
};

int ds_api_open(struct ds_http *http, const struct ds_api_kind *kind, void *arg,
                struct ds_api **out, struct ds_err *err)
{
    struct ds_api *api = calloc(1, sizeof(*api));

    if (!api)
        return ds_fail_nomem(err);
    api->http = http;
    api->kind = kind;
    api->arg = arg;
    ds_buf_init(&api->token.text, DS_MAX_TOKEN);
    for (size_t i = 0; i <= FOREGROUND; i++) {
        struct exchange *x = &api->exchanges[i];

        x->api = api;
        ds_buf_init(&x->scratch, (size_t)DS_MAX_PAGE * 3); /* quotes and repairs make it longer */
        ds_http_answer_init(&x->answer);
    }
    *out = api;
    return DS_OK;
}

static void drop_token(struct ds_api *api)
{
    ds_secret_clear(&api->token.text);
    api->token.until_ms = 0;
}

static void drop_json(struct exchange *x)
{
    json_decref(x->json);
    x->json = NULL;
}

void ds_api_close(struct ds_api *api)
{
    if (!api)
        return;
    ds_api_abandon(api);
    drop_token(api);
    for (size_t i = 0; i <= FOREGROUND; i++) {
        ds_arena_clear(&api->exchanges[i].texts);
        ds_http_answer_clear(&api->exchanges[i].answer);
        ds_buf_clear(&api->exchanges[i].scratch);
    }
    free(api);
}

/* --- the request ----------------------------------------------------------------------------- */

static bool claims_json(struct ds_http_answer *answer)
{
    const char *type = ds_http_header(answer, "content-type");

    return answer->body.len > 0 && (!type || strcasestr(type, "json"));
}

/* Reading a page takes as long as fetching it, so both are done in its lane. What cannot be read is
 * read again by reply_of(), which says why. */
static void read_early(void *arg, struct ds_http_answer *answer)
{
    struct exchange *x = arg;
    struct ds_err ignored = {0};

    drop_json(x); /* of an attempt that did not count */
    if ((!x->raw || answer->status / 100 != 2) && claims_json(answer))
        ds_json_read(answer->body.text, answer->body.len, &x->scratch, &x->json, &ignored);
}

static int add_header(struct exchange *x, const char *header, struct ds_err *err)
{
    size_t n = 0;

    while (n < DS_HTTP_HEADERS && x->request.headers[n])
        n++;
    if (n == DS_HTTP_HEADERS)
        return ds_fail(err, DS_E_BUG, "too many headers for '%.200s'", x->request.url);
    x->request.headers[n] = header;
    return header ? DS_OK : ds_fail_nomem(err);
}

static int compose(struct exchange *x, const struct ds_api_call *call, struct ds_err *err)
{
    const char *method = call->method ? call->method : "GET";
    int rc = DS_OK;

    ds_arena_reset(&x->texts);
    x->renewed = false;
    x->pauses = 0;
    x->raw = call->raw;
    x->request = (struct ds_http_request){
        .method = ds_arena_dup(&x->texts, method),
        .url = ds_arena_dup(&x->texts, call->url),
        .body_len = call->body_len,
        .repeatable = call->repeatable,
        .any_status = call->any_status,
        .arrived = read_early,
        .arg = x,
    };
    if (call->body)
        x->request.body = ds_arena_dup_bytes(&x->texts, call->body, call->body_len);
    if (!x->request.method || !x->request.url || (call->body && !x->request.body))
        return ds_fail_nomem(err);
    if (!call->raw)
        rc = add_header(x, "Accept: application/json", err);
    if (!rc && call->body_type)
        rc = add_header(x, ds_arena_printf(&x->texts, "Content-Type: %s", call->body_type), err);
    for (const char *const *h = call->headers; h && *h && !rc; h++)
        rc = add_header(x, ds_arena_dup(&x->texts, *h), err);
    return rc;
}

/* Puts the token of the moment on the request (SF-6). */
static int authorise(struct exchange *x, struct ds_err *err)
{
    struct ds_api *api = x->api;
    int rc;

    if (api->token.until_ms != 0 && ds_ticks() >= api->token.until_ms)
        drop_token(api);
    if (api->token.text.len == 0) {
        rc = api->kind->login(api->arg, api->http, &api->token, err);
        if (rc) {
            drop_token(api);
            return rc;
        }
        api->logins++;
    }
    x->logins = api->logins;
    x->request.bearer = api->token.text.text;
    return DS_OK;
}

/* --- the answer ------------------------------------------------------------------------------ */

static int no_json(struct exchange *x, struct ds_err *err)
{
    const char *path = x->request.url + 8 + strcspn(x->request.url + 8, "/");
    struct ds_buf said = DS_BUF_INIT(DS_MAX_TEXT);

    ds_http_describe(&x->answer, &said);
    ds_fail(err, DS_E_REMOTE, "%s %.*s: answered %ld with %s instead of JSON", x->request.method,
            (int)strcspn(path, "?"), path, x->answer.status, said.text);
    ds_buf_clear(&said);
    return ds_hint(err, "look whether the address is right, and whether a proxy, a login page or a "
                        "maintenance page stands in between");
}

/* Whether the answer is JSON where it has to be. */
static int check_json(struct exchange *x, struct ds_err *err)
{
    const char *path = x->request.url + 8 + strcspn(x->request.url + 8, "/");

    if (x->json || x->raw || x->answer.status / 100 != 2)
        return DS_OK;
    if (x->answer.body.len == 0 && strcmp(x->request.method, "GET") != 0)
        return DS_OK;
    if (!claims_json(&x->answer))
        return no_json(x, err);
    if (ds_json_read(x->answer.body.text, x->answer.body.len, &x->scratch, &x->json, err))
        return ds_err_where(err, "%s %.*s", x->request.method, (int)strcspn(path, "?"), path);
    return DS_OK;
}

static int reply_of(struct exchange *x, struct ds_api_reply *reply, struct ds_err *err)
{
    int rc = check_json(x, err);

    if (rc)
        return rc;
    reply->status = x->answer.status;
    reply->date_ms = x->answer.date_ms;
    reply->json = x->json;
    x->json = NULL;
    reply->head = x->answer.head;
    ds_buf_init(&x->answer.head, x->answer.head.max);
    if (!reply->json) {
        reply->body = x->answer.body;
        ds_buf_init(&x->answer.body, x->answer.body.max);
    }
    return DS_OK;
}

/* Whether the connector wants a failed request sent again. */
static bool wanted_again(struct exchange *x)
{
    struct ds_api *api = x->api;
    int64_t ms = 0;

    if (api->kind->again && x->pauses < MOST_PAUSES &&
        (x->request.repeatable || x->answer.status / 100 == 4))
        ms = api->kind->again(api->arg, &x->answer, x->json);
    if (ms > 0) {
        x->pauses++;
        ds_http_hold(api->http, ms);
    }
    return ms > 0;
}

/* Works on the answer that has arrived; *again: the request has to be sent once more. */
static int conclude(struct exchange *x, bool *again, struct ds_api_reply *reply, struct ds_err *err)
{
    struct ds_api *api = x->api;
    int rc;

    *again = false;
    if (api->kind->head)
        api->kind->head(api->arg, &x->answer);
    if (x->answer.status / 100 == 2)
        return reply_of(x, reply, err);
    if (x->answer.status == 401 && !x->renewed) {
        x->renewed = *again = true; /* once: some are not cured by a new login (SF-9) */
        if (x->logins == api->logins)
            drop_token(api); /* else another request has seen to it */
        return DS_OK;
    }
    *again = wanted_again(x);
    if (*again)
        return DS_OK;
    if (x->request.any_status)
        return reply_of(x, reply, err);
    rc = api->kind->failure(api->arg, &x->request, &x->answer, x->json, err);
    return rc ? rc
              : ds_fail(err, DS_E_REMOTE, "'%.200s' answered %ld", x->request.url,
                        x->answer.status);
}

/* --- calls ----------------------------------------------------------------------------------- */

static void empty_reply(struct ds_api_reply *reply)
{
    memset(reply, 0, sizeof(*reply));
    ds_buf_init(&reply->body, DS_MAX_PAGE);
    ds_buf_init(&reply->head, DS_MAX_TEXT);
}

/* A request that may not be repeated changes something over there: a test kills us on both sides of
 * it (P-4). */
static int send(struct exchange *x, struct ds_err *err)
{
    int rc;

    if (!x->request.repeatable)
        ds_step();
    rc = ds_http_send(x->api->http, &x->request, &x->answer, err);
    if (!x->request.repeatable)
        ds_step();
    return rc;
}

int ds_api_call(struct ds_api *api, const struct ds_api_call *call, struct ds_api_reply *reply,
                struct ds_err *err)
{
    struct exchange *x = &api->exchanges[FOREGROUND];
    bool again = true;
    int rc = compose(x, call, err);

    empty_reply(reply);
    while (!rc && again) {
        rc = authorise(x, err);
        if (!rc)
            rc = send(x, err);
        if (!rc)
            rc = conclude(x, &again, reply, err);
    }
    drop_json(x);
    return rc;
}

static int begin(struct ds_api *api, size_t lane, struct ds_err *err)
{
    struct exchange *x = &api->exchanges[lane];
    int rc = authorise(x, err);

    return rc ? rc : ds_http_begin(api->http, lane, &x->request, err);
}

int ds_api_begin(struct ds_api *api, size_t lane, const struct ds_api_call *call,
                 struct ds_err *err)
{
    int rc = ds_http_free(api->http, lane, err);

    if (!rc)
        rc = compose(&api->exchanges[lane], call, err);
    return rc ? rc : begin(api, lane, err);
}

/* Takes the answer of a lane; *again: it has begun once more. */
static int take(struct ds_api *api, size_t lane, bool *again, struct ds_api_reply *reply,
                struct ds_err *err)
{
    struct exchange *x = &api->exchanges[lane];
    int rc = ds_http_wait(api->http, lane, &x->answer, err);

    *again = false;
    if (!rc)
        rc = conclude(x, again, reply, err);
    drop_json(x);
    return rc || !*again ? rc : begin(api, lane, err);
}

int ds_api_wait(struct ds_api *api, size_t lane, struct ds_api_reply *reply, struct ds_err *err)
{
    bool again;
    int rc;

    empty_reply(reply);
    do
        rc = take(api, lane, &again, reply, err);
    while (!rc && again);
    return rc;
}

int ds_api_wait_any(struct ds_api *api, size_t *lane, struct ds_api_reply *reply,
                    struct ds_err *err)
{
    bool again = false;
    int rc;

    empty_reply(reply);
    do {
        rc = ds_http_wait_first(api->http, lane, err);
        if (!rc)
            rc = take(api, *lane, &again, reply, err);
    } while (!rc && again);
    return rc;
}

void ds_api_abandon(struct ds_api *api)
{
    ds_http_abandon(api->http);
    for (size_t i = 0; i <= FOREGROUND; i++)
        drop_json(&api->exchanges[i]);
}

const char *ds_api_header(struct ds_api_reply *reply, const char *name)
{
    return ds_http_head(&reply->head, name);
}

void ds_api_reply_clear(struct ds_api_reply *reply)
{
    json_decref(reply->json);
    ds_buf_clear(&reply->body);
    ds_buf_clear(&reply->head);
    empty_reply(reply);
}

int ds_api_get(struct ds_api *api, const char *url, const char *const *headers, json_t **out,
               int64_t *date_ms, struct ds_err *err)
{
    struct ds_api_call call = {.url = url, .headers = headers, .repeatable = true};
    struct ds_api_reply reply;
    int rc = ds_api_call(api, &call, &reply, err);

    if (!rc) {
        *out = json_incref(reply.json);
        if (date_ms)
            *date_ms = reply.date_ms;
    }
    ds_api_reply_clear(&reply);
    return rc;
}
