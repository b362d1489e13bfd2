#include "connectors/lane.h"

#include "base/date.h"
#include "base/file.h"
#include "base/log.h"
#include "base/version.h"
#include "connectors/retry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
    LONGEST_PAUSE_MS = 600000, /* a run does not sit out longer bans; the next one asks again */
    REFUSED = 429,             /* nothing was done, so that even a write may be sent again */
    SLICE_MS = 100             /* how late an interruption may be noticed while waiting */
};

/* How a transfer can break: what is told, with the host behind it, and what to do. */
static const struct fault {
    CURLcode code;
    bool unsent; /* the request has not left, so that any request may be sent again */
    bool passes; /* the same request may succeed later */
    int status;
    const char *text;
    const char *hint;
} faults[] = {
    {CURLE_COULDNT_RESOLVE_PROXY, true, true, DS_E_REMOTE, "cannot find the proxy on the way to",
     "look at 'proxy' and at this machine's name service"},
    {CURLE_COULDNT_RESOLVE_HOST, true, true, DS_E_REMOTE, "cannot find",
     "look at the address, this machine's name service and 'proxy'"},
    {CURLE_COULDNT_CONNECT, true, true, DS_E_REMOTE, "cannot connect to",
     "look at the address, the network, the firewall and 'proxy'"},
    {CURLE_SSL_CONNECT_ERROR, true, true, DS_E_REMOTE, "no TLS 1.2 connection to",
     "look whether a proxy or firewall intercepts the connection"},
    {CURLE_PEER_FAILED_VERIFICATION, true, false, DS_E_CONFIG, "cannot trust the certificate of",
     "if a private authority signed it, name its certificates in 'ca_file'"},
    {CURLE_SSL_CACERT_BADFILE, true, false, DS_E_CONFIG,
     "cannot read the certificate authorities in 'ca_file' for",
     "the file must exist, be readable and hold certificates in PEM form"},
    {CURLE_OPERATION_TIMEDOUT, false, true, DS_E_REMOTE, "no complete answer in time from",
     "try again later, or raise 'timeout'"},
    {CURLE_BAD_CONTENT_ENCODING, false, false, DS_E_REMOTE,
     "an answer that is not the gzip it claims to be from",
     "look whether a proxy changes the answers"},
    {CURLE_OUT_OF_MEMORY, true, false, DS_E_NOMEM, "out of memory for a request to",
     "this machine is short of memory"},
    {CURLE_URL_MALFORMAT, true, false, DS_E_REMOTE, "an address that breaks the rules for",
     "the remote sent a link that cannot be followed"},
};

static const struct fault broken = {
    CURLE_OK,
    false,
    true,
    DS_E_REMOTE,
    "the connection broke to",
    "try again later; look at the network and 'proxy'",
};

/* --- repeating ------------------------------------------------------------------------------- */

static void note(struct ds_lane *lane)
{
    static const char *const ids[] = {"x-ms-service-request-id", "req_id", "x-request-id",
                                      "x-sfdc-request-id"};
    const char *id = NULL;

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]) && !id; i++)
        id = ds_http_header(&lane->answer, ids[i]);
    ds_log(DS_LOG_DEBUG, "%s: status %ld, %zu bytes, %" PRId64 " ms%s%.80s%s%s", lane->label.text,
           lane->answer.status, lane->answer.body.len, lane->took_ms, id ? ", request id " : "",
           id ? id : "", lane->code ? ", " : "", lane->code ? curl_easy_strerror(lane->code) : "");
}

static const struct fault *fault_of(CURLcode code)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (faults[i].code == code)
            return &faults[i];
    return &broken;
}

static bool passes(const struct ds_lane *lane, unsigned tried)
{
    const struct fault *fault = fault_of(lane->code);

    if (lane->code == CURLE_OK)
        return (lane->repeatable || lane->answer.status == REFUSED) &&
               ds_retry_status(lane->answer.status, tried, (unsigned)lane->http->retries);
    return fault->passes && (fault->unsent || lane->repeatable) && !lane->too_long &&
           !lane->head_too_long && tried <= (unsigned)lane->http->retries;
}

/* The setting that names the host we cannot talk to. */
static const char *where_set(const struct ds_lane *lane)
{
    const struct ds_options *options = lane->http->options;
    int len = (int)strcspn(lane->host.text + 1, ":'");

    for (size_t i = 0; i < options->count; i++) {
        const char *at = options->values[i] ? strstr(options->values[i], "://") : NULL;

        if (at && strncasecmp(at + 3, lane->host.text + 1, (size_t)len) == 0)
            return ds_option_where(options, options->names[i]);
    }
    return options->connection;
}

#define TOO_LONG ": the answer is longer than "

bool ds_http_too_long(const struct ds_err *err)
{
    return strstr(err->text, TOO_LONG) != NULL;
}

static int broken_transfer(struct ds_lane *lane, struct ds_err *err)
{
    const struct fault *fault = fault_of(lane->code);
    const char *reason = lane->reason[0] ? lane->reason : curl_easy_strerror(lane->code);

    if (lane->too_long) {
        ds_fail(err, DS_E_REMOTE, "%s" TOO_LONG "%zu bytes", lane->label.text, lane->max_answer);
        return ds_hint(err, "look whether a very long text field can be left out of the mapping");
    }
    if (lane->head_too_long) {
        ds_fail(err, DS_E_REMOTE, "%s: the header of the answer is longer than %u bytes",
                lane->label.text, DS_MAX_TEXT);
        return ds_hint(err, "look whether a proxy stands in between");
    }
    ds_fail(err, fault->status, "%s %s: %s", fault->text, lane->host.text, reason);
    return ds_hint(err, "%s; the address is set at %s", fault->hint, where_set(lane));
}

/* The end of a request that is not tried again. */
static int conclude(struct ds_lane *lane, struct ds_err *err)
{
    struct ds_buf said = DS_BUF_INIT(DS_MAX_TEXT);
    long status = lane->answer.status;

    if (lane->code != CURLE_OK)
        return broken_transfer(lane, err);
    if (!ds_retry_status(status, 0, 0) || (lane->any_status && status != REFUSED))
        return DS_OK;
    ds_http_describe(&lane->answer, &said);
    ds_fail(err, status == REFUSED ? DS_E_LATER : DS_E_REMOTE, "%s: %s answered %ld with %s",
            lane->label.text, lane->host.text, status, said.text);
    ds_buf_clear(&said);
    return ds_hint(err, "it is overloaded or being maintained; the next run tries again");
}

/* --- waiting --------------------------------------------------------------------------------- */

/* How long a pause may be: no longer than the run, nor than we are willing to sit still. */
static bool fits(const struct ds_http *http, int64_t ms)
{
    int64_t deadline = http->options->deadline_ms;

    return ms <= LONGEST_PAUSE_MS && (deadline == 0 || ds_ticks() + ms < deadline);
}

/* Whether nothing more is to be sent. */
static int is_over(const struct ds_http *http, struct ds_err *err)
{
    int rc = ds_options_interrupted(http->options, err);

    if (!rc && atomic_load(&http->unwanted))
        return ds_fail(err, DS_E_LATER, "nobody waits for this request any more");
    return rc;
}

int ds_lane_pause(struct ds_http *http, const char *host, int64_t ms, struct ds_err *err)
{
    int64_t end = ds_ticks() + ms;
    char until[DS_INSTANT_TEXT];

    if (!fits(http, ms)) {
        ds_fail(err, DS_E_LATER, "%s wants no requests before %s", host,
                ds_instant_people(ds_now() + ms, until));
        return ds_hint(err, "the next run goes on from here");
    }
    for (int64_t left = ms; left > 0; left = end - ds_ticks()) {
        int64_t slice = left < SLICE_MS ? left : SLICE_MS;
        struct timespec pause = {.tv_nsec = (long)slice * 1000000};
        int rc = is_over(http, err);

        if (rc)
            return rc;
        nanosleep(&pause, NULL);
    }
    return DS_OK;
}

static uint32_t any_number(void)
{
    uint32_t random;

    return getrandom(&random, sizeof(random), GRND_NONBLOCK) == sizeof(random) ? random : 0;
}

/* --- the gate -------------------------------------------------------------------------------- */

/* Whether another lane has stood before the gate for longer. */
static bool is_behind(const struct ds_lane *lane)
{
    const struct ds_lane *other = lane->http->lanes;

    for (size_t i = 0; i < DS_HTTP_LANES; i++, other++)
        if (other->queued && other->queued < lane->queued)
            return true;
    return false;
}

static void wait_before_gate(struct ds_http *http)
{
    struct timespec end;

    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_nsec += (long)SLICE_MS * 1000000;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&http->left, &http->lock, &end);
}

/* Enters the gate when it is this lane's turn, else waits a moment. Returns for how many milliseconds
 * the gate is closed. A request in the foreground needs no room, only an open gate: lanes may have to
 * wait for what it fetches. */
static int64_t try_gate(struct ds_lane *lane, bool *entered)
{
    struct ds_http *http = lane->http;
    int64_t now = ds_ticks(), closed;

    pthread_mutex_lock(&http->lock);
    closed = http->gate.closed_to > now ? http->gate.closed_to - now : 0;
    if (closed)
        lane->queued = 0;
    else if (lane->begun && !lane->queued)
        lane->queued = ++http->places;
    *entered = !closed && (!lane->begun || (!is_behind(lane) && ds_gate_enter(&http->gate, now)));
    if (*entered)
        lane->queued = 0;
    else if (!closed)
        wait_before_gate(http);
    pthread_mutex_unlock(&http->lock);
    return closed;
}

/* When the gate opens, not all set out at once. */
static int enter(struct ds_lane *lane)
{
    bool entered = false;
    int rc = is_over(lane->http, &lane->err);

    while (!rc && !entered) {
        int64_t closed = try_gate(lane, &entered);

        if (closed)
            rc = ds_lane_pause(lane->http, lane->host.text, ds_retry_wait(1, closed, any_number()),
                               &lane->err);
        else if (!entered)
            rc = is_over(lane->http, &lane->err);
    }
    if (rc) {
        pthread_mutex_lock(&lane->http->lock);
        lane->queued = 0;
        pthread_mutex_unlock(&lane->http->lock);
    }
    return rc;
}

static void leave(struct ds_lane *lane)
{
    struct ds_http *http = lane->http;

    pthread_mutex_lock(&http->lock);
    ds_gate_leave(&http->gate, lane->code == CURLE_OK && lane->answer.status / 100 == 2);
    pthread_cond_broadcast(&http->left);
    pthread_mutex_unlock(&http->lock);
}

/* --- a request from its beginning to its end ------------------------------------------------- */

/* Finds out how long to wait before the next attempt; other lanes wait too when it is not for this
 * request alone. */
static void look(struct ds_lane *lane, unsigned tried)
{
    const char *asked = ds_http_header(&lane->answer, "retry-after");

    lane->after_ms = ds_retry_after(asked, lane->answer.date_ms);
    lane->wait_ms = ds_retry_wait(tried, lane->after_ms, any_number());
    if (lane->code == CURLE_OK && ds_retry_throttled(lane->answer.status))
        ds_http_hold(lane->http, lane->wait_ms);
}

static int attempt(struct ds_lane *lane, unsigned tried)
{
    int rc = enter(lane);

    if (rc)
        return rc;
    ds_transfer_perform(lane);
    note(lane);
    look(lane, tried);
    if (lane->begun)
        leave(lane);
    return ds_options_interrupted(lane->http->options, &lane->err);
}

void ds_lane_run(struct ds_lane *lane)
{
    unsigned tried = 1;
    int rc;

    ds_err_clear(&lane->err);
    while (!(rc = attempt(lane, tried)) && passes(lane, tried)) {
        if (lane->after_ms == 0 && !fits(lane->http, lane->wait_ms))
            break;
        rc = ds_lane_pause(lane->http, lane->host.text, lane->wait_ms, &lane->err);
        if (rc)
            break;
        tried++;
    }
    ds_transfer_forget(lane);
    lane->rc = rc ? rc : conclude(lane, &lane->err);
}
