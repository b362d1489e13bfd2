/*
 * api.h - authorised calls to one remote API
 *
 * Puts the bearer token of the moment on each request (SF-6), gets a new one when it is about to end
 * or on any 401, once a request and no more (SF-7, SF-9, DV-7), and turns answers into JSON or into an
 * error that says what the remote said. A token goes to the origin it was issued for and nowhere else
 * (P-9). Up to DS_HTTP_LANES calls run at once, each in a lane; JSON is read there too. All functions
 * are for one thread, and so are the hooks of a kind.
 */
#ifndef DS_CONNECTORS_API_H
#define DS_CONNECTORS_API_H

#include "base/json.h"
#include "connectors/http.h"

struct ds_token {
    struct ds_buf text;
    int64_t until_ms; /* ds_ticks() after which a new one is fetched in advance; 0: on a 401 only */
};

/* Supplied by a connector: how its remote issues tokens and reports errors. */
struct ds_api_kind {
    /* Logs in; fills the token. Never called twice at once. */
    int (*login)(void *arg, struct ds_http *http, struct ds_token *out, struct ds_err *err);
    /* Turns an answer with a failure status into an error. body is NULL when it is no JSON. */
    int (*failure)(void *arg, const struct ds_http_request *request, struct ds_http_answer *answer,
                   json_t *body, struct ds_err *err);
    /* Sees the head of every answer (limits, warnings); may be NULL. */
    void (*head)(void *arg, struct ds_http_answer *answer);
    /* Milliseconds after which a failed answer is worth the same request again, 0: it is not; may be
     * NULL. http.h has dealt with the statuses it names. Asked of requests that may not be repeated
     * only when the status is 4xx: refused, and so not carried out. */
    int64_t (*again)(void *arg, const struct ds_http_answer *answer, const json_t *body);
};

struct ds_api_call {
    const char *method; /* NULL: "GET" */
    const char *url;
    const char *const *headers; /* "Name: value", NULL-terminated, or NULL: no more than usual */
    const char *body;           /* NULL: none */
    size_t body_len;
    const char *body_type; /* of the body: "application/json" */
    bool repeatable;       /* may be sent again when it may have been carried out already */
    bool raw;              /* the answer is not to be read as JSON: CSV, multipart */
    bool any_status;       /* failures are handed over like other answers, but for 429 */
};

struct ds_api_reply {
    long status;
    int64_t date_ms;    /* the server's clock, 0: it does not tell */
    json_t *json;       /* NULL: raw, none, or a failure that is no JSON */
    struct ds_buf body; /* the answer as it came when json is NULL */
    struct ds_buf head;
};

struct ds_api;

/* http, kind and arg outlive the api; http is not closed with it. */
int ds_api_open(struct ds_http *http, const struct ds_api_kind *kind, void *arg,
                struct ds_api **out, struct ds_err *err);
void ds_api_close(struct ds_api *api); /* the token is overwritten */

/* Sends and waits. *reply is overwritten whatever was in it; it is the caller's to clear, and is empty
 * after an error. JSON that cannot be read (an HTML page, a cut answer) is DS_E_REMOTE and says so; no
 * body at all is a good answer to anything but a GET. */
int ds_api_call(struct ds_api *api, const struct ds_api_call *call, struct ds_api_reply *reply,
                struct ds_err *err);

/* The same in two halves, the first of which does not wait for the answer. Everything of the call is
 * copied. A lane (0 to DS_HTTP_LANES - 1) is free again when it was waited for. */
int ds_api_begin(struct ds_api *api, size_t lane, const struct ds_api_call *call,
                 struct ds_err *err);
int ds_api_wait(struct ds_api *api, size_t lane, struct ds_api_reply *reply, struct ds_err *err);
/* Waits for the lane that is done first, and tells which one it was, also when it failed. */
int ds_api_wait_any(struct ds_api *api, size_t *lane, struct ds_api_reply *reply,
                    struct ds_err *err);
/* Ends all that is under way; what has been carried out of it is not known. */
void ds_api_abandon(struct ds_api *api);

/* The value of a header (name in lower case), or NULL; lives until the next call. */
const char *ds_api_header(struct ds_api_reply *reply, const char *name);
void ds_api_reply_clear(struct ds_api_reply *reply);

/* A GET whose answer must be JSON. The caller decrefs *out. date_ms may be NULL. */
int ds_api_get(struct ds_api *api, const char *url, const char *const *headers, json_t **out,
               int64_t *date_ms, struct ds_err *err);

#endif
