/*
 * lane.h - requests on their way, as the files behind http.h share them
 *
 * http.c starts them, lane.c sees each through to its end, transfer.c is one attempt (libcurl). A lane
 * belongs to the thread that carries it out until that is joined. What lanes share is atomic or under
 * the lock.
 */
#ifndef DS_CONNECTORS_LANE_H
#define DS_CONNECTORS_LANE_H

#include "connectors/gate.h"
#include "connectors/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

struct ds_lane {
    struct ds_http *http;
    CURL *curl; /* NULL until the lane is used first */
    struct curl_slist *headers;
    struct ds_buf label; /* method and path, for messages */
    struct ds_buf host;  /* host and port, for messages */
    const char *body;    /* the caller's */
    size_t body_len;
    size_t body_sent;
    bool repeatable;
    bool any_status;
    size_t max_answer;
    void (*arrived)(void *arg, struct ds_http_answer *answer);
    void *arg;

    struct ds_http_answer answer;
    bool too_long;
    bool head_too_long;
    CURLcode code;
    int64_t took_ms;
    int64_t after_ms; /* what the remote asked to wait; 0: nothing */
    int64_t wait_ms;  /* what that, or the number of attempts, makes of it */
    char reason[CURL_ERROR_SIZE];
    int rc; /* how it ended */
    struct ds_err err;

    pthread_t thread;
    bool has_thread;
    bool begun;      /* and not waited for yet; for the caller's thread */
    uint64_t place;  /* among the lanes that have ended, 0: under way; under the lock */
    uint64_t queued; /* its place before the gate, 0: not there; under the lock */
};

struct ds_http {
    const struct ds_options *options;
    long timeout_s;
    long retries;
    struct ds_buf origins; /* each with a newline behind it */
    atomic_uint_fast64_t requests;
    atomic_uint_fast64_t bytes;
    atomic_bool unwanted;                    /* nobody waits for what is in the background */
    struct ds_lane lanes[DS_HTTP_LANES + 1]; /* one more, for a login while all are in use */

    pthread_mutex_t lock;
    pthread_cond_t ended; /* a lane has */
    pthread_cond_t left;  /* a request has, the gate */
    struct ds_gate gate;  /* under the lock, like the places */
    uint64_t places;      /* handed out to lanes that queue or have ended */
};

/* Sends the request, again for as long as that makes sense; how it ended is in the lane. */
void ds_lane_run(struct ds_lane *lane);

/* ds_http_pause(), with the host that asked for it. */
int ds_lane_pause(struct ds_http *http, const char *host, int64_t ms, struct ds_err *err);

/* Copies everything of the request but its body. */
int ds_transfer_prepare(struct ds_lane *lane, const struct ds_http_request *request,
                        struct ds_err *err);

/* One attempt. */
void ds_transfer_perform(struct ds_lane *lane);

/* Forgets the request, with the token in it. */
void ds_transfer_forget(struct ds_lane *lane);

#endif
