#include "connectors/lane.h"

#include "base/date.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

#define LANES (sizeof(((struct ds_http *)NULL)->lanes) / sizeof(struct ds_lane))

/* --- opening --------------------------------------------------------------------------------- */

int ds_http_number(const struct ds_options *options, const char *name, long min, long max,
                   long *out, struct ds_err *err)
{
    const char *text = ds_option(options, name);

    if (text && ds_text_int(text, min, max, out))
        return DS_OK;
    return ds_fail(err, DS_E_CONFIG, "%s: '%s' must be a whole number from %ld to %ld, not '%s'",
                   ds_option_where(options, name), name, min, max, text ? text : "");
}

static int read_proxy(const struct ds_options *options, struct ds_err *err)
{
    const char *proxy = ds_option(options, "proxy");

    if (!proxy || (strncmp(proxy, "http://", 7) == 0 && !strchr(proxy, '@')))
        return DS_OK;
    ds_fail(err, DS_E_CONFIG, "%s: 'proxy' must be an address http://host:port without a user",
            ds_option_where(options, "proxy"));
    return ds_hint(err,
                   "a proxy that wants a password has to let this machine through without one");
}

static void init_lane(struct ds_lane *lane, struct ds_http *http)
{
    lane->http = http;
    ds_buf_init(&lane->label, DS_MAX_TEXT);
    ds_buf_init(&lane->host, DS_MAX_TEXT);
    ds_http_answer_init(&lane->answer);
}

int ds_http_open(const struct ds_options *options, const char *origin, struct ds_http **out,
                 struct ds_err *err)
{
    struct ds_http *http = calloc(1, sizeof(*http));
    pthread_condattr_t monotonic;
    int rc;

    if (!http)
        return ds_fail_nomem(err);
    http->options = options;
    ds_buf_init(&http->origins, DS_MAX_TEXT);
    pthread_mutex_init(&http->lock, NULL);
    pthread_cond_init(&http->ended, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&http->left, &monotonic);
    pthread_condattr_destroy(&monotonic);
    ds_gate_most(&http->gate, DS_HTTP_LANES);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    for (size_t i = 0; i < LANES; i++)
        init_lane(&http->lanes[i], http);
    rc = ds_http_number(options, "timeout", 1, 3600, &http->timeout_s, err);
    if (!rc)
        rc = ds_http_number(options, "retries", 0, 20, &http->retries, err);
    if (!rc)
        rc = read_proxy(options, err);
    if (!rc)
        rc = ds_http_allow(http, origin, err);
    if (rc) {
        ds_http_close(http);
        return rc;
    }
    *out = http;
    return DS_OK;
}

int ds_http_allow(struct ds_http *http, const char *origin, struct ds_err *err)
{
    int rc = ds_http_origin(origin, &http->origins, err);

    ds_buf_add_char(&http->origins, '\n');
    return rc;
}

static void clear_lane(struct ds_lane *lane)
{
    curl_easy_cleanup(lane->curl);
    ds_transfer_forget(lane);
    ds_http_answer_clear(&lane->answer);
    ds_buf_clear(&lane->label);
    ds_buf_clear(&lane->host);
}

void ds_http_close(struct ds_http *http)
{
    struct ds_http_usage usage;

    if (!http)
        return;
    ds_http_abandon(http);
    ds_http_usage(http, &usage);
    if (usage.requests)
        ds_log(DS_LOG_DEBUG,
               "%" PRIu64 " requests, %" PRIu64 " bytes, up to %u at once in the background",
               usage.requests, usage.bytes, usage.peak);
    for (size_t i = 0; i < LANES; i++)
        clear_lane(&http->lanes[i]);
    curl_global_cleanup();
    pthread_cond_destroy(&http->left);
    pthread_cond_destroy(&http->ended);
    pthread_mutex_destroy(&http->lock);
    ds_buf_clear(&http->origins);
    free(http);
}

void ds_http_answer_init(struct ds_http_answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    ds_buf_init(&answer->body, DS_MAX_PAGE);
    ds_buf_init(&answer->head, DS_MAX_TEXT);
}

void ds_http_answer_clear(struct ds_http_answer *answer)
{
    ds_secret_clear(&answer->body); /* it may have been a token */
    ds_buf_clear(&answer->head);
    answer->status = 0;
    answer->date_ms = 0;
}

/* --- one after the other --------------------------------------------------------------------- */

/* Hands over how a request ended. */
static int take_answer(struct ds_lane *lane, struct ds_http_answer *answer, struct ds_err *err)
{
    struct ds_http_answer last = *answer;

    *answer = lane->answer;
    lane->answer = last; /* its memory serves the next answer */
    if (lane->rc && !err->status)
        *err = lane->err;
    return lane->rc;
}

/* In the first lane that is not in use, whose connection is open. */
int ds_http_send(struct ds_http *http, const struct ds_http_request *request,
                 struct ds_http_answer *answer, struct ds_err *err)
{
    struct ds_lane *lane = http->lanes;
    int rc;

    while (lane->begun)
        lane++;
    rc = ds_transfer_prepare(lane, request, err);
    if (rc)
        return rc;
    ds_lane_run(lane);
    return take_answer(lane, answer, err);
}

void ds_http_hold(struct ds_http *http, int64_t ms)
{
    pthread_mutex_lock(&http->lock);
    ds_gate_close(&http->gate, ds_ticks(), ms);
    pthread_mutex_unlock(&http->lock);
}

void ds_http_parallel(struct ds_http *http, unsigned most)
{
    pthread_mutex_lock(&http->lock);
    ds_gate_most(&http->gate, most < DS_HTTP_LANES ? most : DS_HTTP_LANES);
    pthread_cond_broadcast(&http->left);
    pthread_mutex_unlock(&http->lock);
}

int ds_http_pause(struct ds_http *http, int64_t ms, struct ds_err *err)
{
    const char *host = http->origins.text + 8; /* behind "https://" */
    struct ds_buf name = DS_BUF_INIT(DS_MAX_URL);
    int rc;

    ds_buf_addf(&name, "'%.*s'", (int)strcspn(host, "\n"), host);
    rc = ds_lane_pause(http, name.text, ms, err);
    ds_buf_clear(&name);
    return rc;
}

uint64_t ds_http_requests(const struct ds_http *http)
{
    return http->requests;
}

void ds_http_usage(struct ds_http *http, struct ds_http_usage *out)
{
    pthread_mutex_lock(&http->lock);
    *out = (struct ds_http_usage){http->requests, http->bytes, http->gate.peak, http->gate.width};
    pthread_mutex_unlock(&http->lock);
}

/* --- several at once ------------------------------------------------------------------------- */

static void *run_in_thread(void *arg)
{
    struct ds_lane *lane = arg;
    struct ds_http *http = lane->http;

    ds_lane_run(lane);
    pthread_mutex_lock(&http->lock);
    lane->place = ++http->places;
    pthread_cond_signal(&http->ended);
    pthread_mutex_unlock(&http->lock);
    return NULL;
}

int ds_http_free(const struct ds_http *http, size_t lane, struct ds_err *err)
{
    return lane < DS_HTTP_LANES && !http->lanes[lane].begun
               ? DS_OK
               : ds_fail(err, DS_E_BUG, "there is no free lane %zu for a request", lane);
}

int ds_http_begin(struct ds_http *http, size_t lane, const struct ds_http_request *request,
                  struct ds_err *err)
{
    int rc = ds_http_free(http, lane, err);
    sigset_t all, before;
    struct ds_lane *l;

    if (rc)
        return rc;
    l = &http->lanes[lane];
    rc = ds_transfer_prepare(l, request, err);
    if (rc)
        return rc;
    l->begun = true;
    l->place = 0;
    sigfillset(&all); /* signals are for the thread that can end the run */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    l->has_thread = pthread_create(&l->thread, NULL, run_in_thread, l) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!l->has_thread)
        run_in_thread(l); /* the answer is there before it is asked for */
    return DS_OK;
}

static void join(struct ds_lane *lane)
{
    if (lane->has_thread)
        pthread_join(lane->thread, NULL);
    lane->has_thread = false;
    lane->begun = false;
}

int ds_http_wait(struct ds_http *http, size_t lane, struct ds_http_answer *answer,
                 struct ds_err *err)
{
    if (lane >= DS_HTTP_LANES || !http->lanes[lane].begun)
        return ds_fail(err, DS_E_BUG, "nothing was asked for in lane %zu", lane);
    join(&http->lanes[lane]);
    return take_answer(&http->lanes[lane], answer, err);
}

/* The lane that has ended first and was not waited for, or NULL. */
static struct ds_lane *first_ended(struct ds_http *http)
{
    struct ds_lane *first = NULL;

    for (size_t i = 0; i < DS_HTTP_LANES; i++) {
        struct ds_lane *lane = &http->lanes[i];

        if (lane->begun && lane->place && (!first || lane->place < first->place))
            first = lane;
    }
    return first;
}

int ds_http_wait_first(struct ds_http *http, size_t *lane, struct ds_err *err)
{
    struct ds_lane *first;
    bool any = false;

    for (size_t i = 0; i < DS_HTTP_LANES; i++)
        any = any || http->lanes[i].begun;
    if (!any)
        return ds_fail(err, DS_E_BUG, "nothing was asked for in any lane");
    pthread_mutex_lock(&http->lock);
    while (!(first = first_ended(http)))
        pthread_cond_wait(&http->ended, &http->lock);
    pthread_mutex_unlock(&http->lock);
    *lane = (size_t)(first - http->lanes);
    return DS_OK;
}

void ds_http_abandon(struct ds_http *http)
{
    atomic_store(&http->unwanted, true);
    for (size_t i = 0; i < DS_HTTP_LANES; i++)
        join(&http->lanes[i]);
    atomic_store(&http->unwanted, false);
}
