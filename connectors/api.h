/*
 * api.h - authorised JSON calls to one remote API
 *
 * Puts the bearer token of the moment on each request (SF-6), gets a new one when it is about to end
 * or on any 401, once a request and no more (SF-7, SF-9, DV-7), and turns answers into JSON or into an
 * error that says what the remote said. A token goes to the origin it was issued for and nowhere else
 * (P-9).
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
     * NULL. http.h has dealt with the statuses it names. */
    int64_t (*again)(void *arg, const struct ds_http_answer *answer, const json_t *body);
};

struct ds_api;

/* http, kind and arg outlive the api; http is not closed with it. */
int ds_api_open(struct ds_http *http, const struct ds_api_kind *kind, void *arg,
                struct ds_api **out, struct ds_err *err);
void ds_api_close(struct ds_api *api); /* the token is overwritten */

/* GETs url with extra headers (NULL-terminated list or NULL) and parses the answer. The caller
 * decrefs *out. date_ms: the server's clock, may be NULL. An answer that is no JSON (an HTML page, an
 * empty body, a cut one) is DS_E_REMOTE and says so. */
int ds_api_get(struct ds_api *api, const char *url, const char *const *headers, json_t **out,
               int64_t *date_ms, struct ds_err *err);

/* The same in two halves, the first of which does not wait: for the page after this one. */
int ds_api_begin(struct ds_api *api, const char *url, const char *const *headers,
                 struct ds_err *err);
int ds_api_wait(struct ds_api *api, json_t **out, int64_t *date_ms, struct ds_err *err);
void ds_api_abandon(struct ds_api *api);

#endif
