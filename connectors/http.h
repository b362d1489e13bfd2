/*
 * http.h - every request that leaves this program (libcurl)
 *
 * TLS 1.2 or later, always verified; no redirects; no cookies (DV-91); no request to an origin the
 * caller did not name; answers bounded; connections reused; waits bounded. Requests that may be
 * repeated are, with jitter, on time-outs, broken connections and 408, 420, 429, 500, 502, 503, 504,
 * others only when they were not carried out for sure (the connection never stood, or 429);
 * Retry-After (seconds or a date, DV-90) is obeyed, and when it does not fit in the time left the
 * request ends at once as DS_E_LATER and says until when. One debug line a request: method, path
 * without query, status, bytes, milliseconds, the server's request id. Never a header that
 * authorises, never a body (P-9).
 */
#ifndef DS_CONNECTORS_HTTP_H
#define DS_CONNECTORS_HTTP_H

#include "base/buf.h"
#include "base/err.h"
#include "connectors/connector.h"

/* The settings that every connector with a remote host has; a connector puts them into its table, with
 * the seconds that one request may take where its remote says nothing of that. A request that is silent
 * for half of them is broken. */
#define DS_HTTP_SETTINGS DS_HTTP_SETTINGS_WITHIN("120")
#define DS_HTTP_SETTINGS_WITHIN(seconds)                                                           \
    {"ca_file", NULL, 0, "certificate authorities to trust instead of the system's (PEM)",         \
     "/etc/dealsync/ca.pem"},                                                                      \
        {"proxy", NULL, 0, "HTTP proxy to go through", "http://proxy.example.com:3128"},           \
        {"timeout", seconds, 0, "seconds one request may take", seconds},                          \
    {                                                                                              \
        "retries", "4", 0, "how often a request that may be repeated is tried again", "4"          \
    }

#define DS_HTTP_HEADERS 16
#define DS_HTTP_LANES   8 /* requests in the background at once */

struct ds_http_answer {
    long status;
    struct ds_buf body;
    struct ds_buf head; /* "name: value\n" lines, names in lower case (SF-75) */
    bool secret;        /* the request had a body: what comes back may repeat credentials (P-9) */
    int64_t date_ms;    /* the server's clock, 0: no Date header */
};

struct ds_http_request {
    const char *method; /* "GET", "POST", "PATCH", "PUT", "DELETE" */
    const char *url;
    const char *headers[DS_HTTP_HEADERS]; /* "Name: value", NULL-terminated if shorter */
    const char *bearer;                   /* access token or NULL */
    const char *body;                     /* NULL: none; borrowed until the answer is there */
    size_t body_len;
    size_t max_answer; /* bytes, unzipped; 0: DS_MAX_PAGE */
    bool repeatable;   /* may be sent again when it may have been carried out: GET, logins */
    bool any_status;   /* 5xx is an answer like others once retries are used up */
    /* Called with each complete answer, in the background for a request that is there; NULL: not. */
    void (*arrived)(void *arg, struct ds_http_answer *answer);
    void *arg;
};

struct ds_http;

/* Reads the settings above and the deadline and interruption flag from the options, which must
 * outlive it. origin is the only "https://host[:port]" it will talk to beside those added later. */
int ds_http_open(const struct ds_options *options, const char *origin, struct ds_http **out,
                 struct ds_err *err);
int ds_http_allow(struct ds_http *http, const char *origin, struct ds_err *err);
void ds_http_close(struct ds_http *http);

void ds_http_answer_init(struct ds_http_answer *answer);
void ds_http_answer_clear(struct ds_http_answer *answer);

/* Sends and waits. Any complete answer is DS_OK, whatever its status, once retries are used up for
 * those worth retrying (429 then is DS_E_LATER, 5xx DS_E_REMOTE). */
int ds_http_send(struct ds_http *http, const struct ds_http_request *request,
                 struct ds_http_answer *answer, struct ds_err *err);

/* The same in the background, each in a lane of its own, 0 to DS_HTTP_LANES - 1, so that answers
 * arrive while others are worked on. The request's texts are copied, all but its body. A lane that
 * has begun is free again when it was waited for. Pauses that the remote asks one lane for hold for
 * all. */
int ds_http_begin(struct ds_http *http, size_t lane, const struct ds_http_request *request,
                  struct ds_err *err);
/* DS_E_BUG unless a request may begin in this lane. */
int ds_http_free(const struct ds_http *http, size_t lane, struct ds_err *err);
int ds_http_wait(struct ds_http *http, size_t lane, struct ds_http_answer *answer,
                 struct ds_err *err);
/* Waits until one of the lanes has ended and tells which one was first; ds_http_wait() on it then
 * does not wait. */
int ds_http_wait_first(struct ds_http *http, size_t *lane, struct ds_err *err);
/* Whether a request has failed for a body longer than was to be taken: asked again, it comes again. */
bool ds_http_too_long(const struct ds_err *err);
/* Ends what is in the background and that nobody wants any more; nothing happens when there is
 * nothing. */
void ds_http_abandon(struct ds_http *http);

/* The value of a header of the answer (name in lower case), or NULL; lives until the next call. */
const char *ds_http_header(struct ds_http_answer *answer, const char *name);
const char *ds_http_head(struct ds_buf *head, const char *name);

/* What an answer that cannot be used says, for messages, appended: "an HTML page 'Bad Message 431'",
 * "an empty answer", "a redirect to ...", or its first words; of a success never its words, for a
 * login's may be a token (P-9). */
void ds_http_describe(struct ds_http_answer *answer, struct ds_buf *out);

/* How many lanes may have a request on its way at once: DS_HTTP_LANES, or less from now on. What has
 * begun beyond that waits in its lane. The number is halved whenever the remote asks for a pause (429,
 * 503 or ds_http_hold()), and grows again with good answers. */
void ds_http_parallel(struct ds_http *http, unsigned most);

/* No request leaves before that many milliseconds have passed; one that cannot wait so long ends as
 * DS_E_LATER. For a remote that says in words of its own that it has too much to do. */
void ds_http_hold(struct ds_http *http, int64_t ms);

/* Waits, unless the run is interrupted or ends before that: then DS_E_LATER at once, which says until
 * when. */
int ds_http_pause(struct ds_http *http, int64_t ms, struct ds_err *err);

/* "https://host[:port]" of a URL, lower case, the default port dropped; DS_E_CONFIG unless it is an
 * https URL without user, query or fragment trickery. */
int ds_http_origin(const char *url, struct ds_buf *out, struct ds_err *err);

/* Reads a setting that is a whole number; DS_E_CONFIG says where it stands and what it may be. */
int ds_http_number(const struct ds_options *options, const char *name, long min, long max,
                   long *out, struct ds_err *err);

/* Percent-encodes everything but unreserved characters, appended. */
void ds_http_escape(struct ds_buf *out, const char *text);

/* Requests sent so far, retries included. */
uint64_t ds_http_requests(const struct ds_http *http);

struct ds_http_usage {
    uint64_t requests; /* sent so far, retries included */
    uint64_t bytes;    /* of bodies received, as they travelled */
    unsigned peak;     /* lanes that had a request on its way at once, at most */
    unsigned width;    /* lanes that may have one now */
};
void ds_http_usage(struct ds_http *http, struct ds_http_usage *out);

#endif
