#include "connectors/api.h"

#include "base/arena.h"
#include "base/date.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_PAUSES = 3 }; /* how often one request is repeated because the connector says so */

struct ds_api {
    struct ds_http *http;
    const struct ds_api_kind *kind;
    void *arg;
    struct ds_token token;
    struct ds_arena texts; /* of the request */
    struct ds_http_request request;
    struct ds_http_answer answer;
    struct ds_buf scratch;
    json_t *early; /* the page that was read in the background; NULL: none */
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
    ds_buf_init(&api->scratch, (size_t)DS_MAX_PAGE * 3); /* quotes and repairs make a page longer */
    ds_http_answer_init(&api->answer);
    *out = api;
    return DS_OK;
}

static void drop_token(struct ds_api *api)
{
    ds_secret_clear(&api->token.text);
    api->token.until_ms = 0;
}

void ds_api_close(struct ds_api *api)
{
    if (!api)
        return;
    ds_api_abandon(api);
    drop_token(api);
    ds_arena_clear(&api->texts);
    ds_http_answer_clear(&api->answer);
    ds_buf_clear(&api->scratch);
    free(api);
}

static int compose(struct ds_api *api, const char *url, const char *const *headers,
                   struct ds_err *err)
{
    size_t n = 0;

    ds_arena_reset(&api->texts);
    api->request = (struct ds_http_request){.method = "GET", .repeatable = true};
    api->request.url = ds_arena_dup(&api->texts, url);
    api->request.headers[n++] = "Accept: application/json";
    for (; headers && *headers; headers++) {
        if (n == DS_HTTP_HEADERS)
            return ds_fail(err, DS_E_BUG, "too many headers for '%.200s'", url);
        api->request.headers[n] = ds_arena_dup(&api->texts, *headers);
        if (!api->request.headers[n++])
            return ds_fail_nomem(err);
    }
    return api->request.url ? DS_OK : ds_fail_nomem(err);
}

/* Puts the token of the moment on the request (SF-6). */
static int authorise(struct ds_api *api, struct ds_err *err)
{
    int rc;

    if (api->token.until_ms != 0 && ds_ticks() >= api->token.until_ms)
        drop_token(api);
    if (api->token.text.len == 0) {
        rc = api->kind->login(api->arg, api->http, &api->token, err);
        if (rc) {
            drop_token(api);
            return rc;
        }
    }
    api->request.bearer = api->token.text.text;
    return DS_OK;
}

static int send(struct ds_api *api, struct ds_err *err)
{
    int rc = authorise(api, err);

    return rc ? rc : ds_http_send(api->http, &api->request, &api->answer, err);
}

static bool claims_json(struct ds_http_answer *answer)
{
    const char *type = ds_http_header(answer, "content-type");

    return answer->body.len > 0 && (!type || strcasestr(type, "json"));
}

static void drop_early(struct ds_api *api)
{
    json_decref(api->early);
    api->early = NULL;
}

/* Reading a page takes as long as fetching it, so both are done while the last one is worked on. What
 * cannot be read is read again by read_page(), which says why. */
static void read_early(void *arg, struct ds_http_answer *answer)
{
    struct ds_api *api = arg;
    struct ds_err ignored = {0};

    drop_early(api);
    if (answer->status / 100 == 2 && claims_json(answer))
        ds_json_read(answer->body.text, answer->body.len, &api->scratch, &api->early, &ignored);
}

static int read_page(struct ds_api *api, json_t **out, struct ds_err *err)
{
    const char *path = api->request.url + 8 + strcspn(api->request.url + 8, "/");
    struct ds_buf said = DS_BUF_INIT(DS_MAX_TEXT);

    if (api->early) {
        *out = api->early;
        api->early = NULL;
        return DS_OK;
    }
    if (claims_json(&api->answer)) {
        if (ds_json_read(api->answer.body.text, api->answer.body.len, &api->scratch, out, err))
            return ds_err_where(err, "GET %.*s", (int)strcspn(path, "?"), path);
        return DS_OK;
    }
    ds_http_describe(&api->answer, &said);
    ds_fail(err, DS_E_REMOTE, "GET %.*s: answered %ld with %s instead of JSON",
            (int)strcspn(path, "?"), path, api->answer.status, said.text);
    ds_buf_clear(&said);
    return ds_hint(err, "look whether the address is right, and whether a proxy, a login page or a "
                        "maintenance page stands in between");
}

/* An answer with a failure status: DS_OK when the request should be sent again. */
static int deal_with_failure(struct ds_api *api, unsigned pauses, struct ds_err *err)
{
    struct ds_err unreadable = {0};
    json_t *body = NULL;
    int64_t ms = 0;
    int rc;

    if (claims_json(&api->answer))
        ds_json_read(api->answer.body.text, api->answer.body.len, &api->scratch, &body,
                     &unreadable);
    if (api->kind->again && pauses < MOST_PAUSES)
        ms = api->kind->again(api->arg, &api->answer, body);
    rc = ms > 0 ? ds_http_pause(api->http, ms, err)
                : api->kind->failure(api->arg, &api->request, &api->answer, body, err);
    json_decref(body);
    if (rc == DS_OK && ms == 0)
        rc = ds_fail(err, DS_E_REMOTE, "'%.200s' answered %ld", api->request.url,
                     api->answer.status);
    return rc;
}

/* Works on the answer that has arrived until there is a page or an error. */
static int conclude(struct ds_api *api, json_t **out, int64_t *date_ms, struct ds_err *err)
{
    bool renewed = false;
    unsigned pauses = 0;
    int rc;

    for (;;) {
        if (api->kind->head)
            api->kind->head(api->arg, &api->answer);
        if (api->answer.status / 100 == 2)
            break;
        if (api->answer.status == 401 && !renewed) {
            renewed = true; /* once: some are not cured by a new login (SF-9) */
            drop_token(api);
        } else {
            rc = deal_with_failure(api, pauses++, err);
            if (rc)
                return rc;
        }
        rc = send(api, err);
        if (rc)
            return rc;
    }
    if (date_ms)
        *date_ms = api->answer.date_ms;
    return read_page(api, out, err);
}

int ds_api_get(struct ds_api *api, const char *url, const char *const *headers, json_t **out,
               int64_t *date_ms, struct ds_err *err)
{
    int rc = compose(api, url, headers, err);

    if (!rc)
        rc = send(api, err);
    return rc ? rc : conclude(api, out, date_ms, err);
}

int ds_api_begin(struct ds_api *api, const char *url, const char *const *headers,
                 struct ds_err *err)
{
    int rc = compose(api, url, headers, err);

    api->request.arrived = read_early;
    api->request.arg = api;
    if (!rc)
        rc = authorise(api, err);
    return rc ? rc : ds_http_begin(api->http, &api->request, err);
}

int ds_api_wait(struct ds_api *api, json_t **out, int64_t *date_ms, struct ds_err *err)
{
    int rc = ds_http_wait(api->http, &api->answer, err);

    if (!rc)
        rc = conclude(api, out, date_ms, err);
    drop_early(api); /* of an attempt that did not count */
    return rc;
}

void ds_api_abandon(struct ds_api *api)
{
    ds_http_abandon(api->http);
    drop_early(api);
}
