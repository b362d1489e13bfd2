#include "connectors/http.h"

#include "base/date.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "base/version.h"
#include "connectors/retry.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum {
    LONGEST_PAUSE_MS = 600000, /* a run does not sit out longer bans; the next one asks again */
    SLICE_MS = 100,            /* how late an interruption may be noticed while waiting */
    SLOW_BYTES = 100           /* bytes a second below which a transfer counts as stuck */
};

struct ds_http {
    const struct ds_options *options;
    long timeout_s;
    long retries;
    struct ds_buf origins; /* each with a newline behind it */
    uint64_t requests;
    CURL *curl;

    /* The one request in flight. */
    struct curl_slist *headers;
    struct ds_buf label; /* method and path, for messages */
    struct ds_buf host;  /* host and port, for messages */
    bool repeatable;
    size_t max_answer;
    bool too_long;
    struct ds_http_answer answer;
    void (*arrived)(void *arg, struct ds_http_answer *answer);
    void *arg;
    CURLcode code;
    int64_t took_ms;
    char reason[CURL_ERROR_SIZE];
    pthread_t thread;
    bool in_background;
    atomic_bool unwanted;
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

int ds_http_open(const struct ds_options *options, const char *origin, struct ds_http **out,
                 struct ds_err *err)
{
    struct ds_http *http = calloc(1, sizeof(*http));
    int rc;

    if (!http)
        return ds_fail_nomem(err);
    http->options = options;
    ds_buf_init(&http->origins, DS_MAX_TEXT);
    ds_buf_init(&http->label, DS_MAX_TEXT);
    ds_buf_init(&http->host, DS_MAX_TEXT);
    ds_http_answer_init(&http->answer);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    http->curl = curl_easy_init();
    rc = http->curl ? DS_OK : ds_fail_nomem(err);
    if (!rc)
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

/* The headers hold the token. */
static void drop_headers(struct ds_http *http)
{
    for (struct curl_slist *h = http->headers; h; h = h->next)
        explicit_bzero(h->data, strlen(h->data));
    curl_slist_free_all(http->headers);
    http->headers = NULL;
}

void ds_http_close(struct ds_http *http)
{
    if (!http)
        return;
    ds_http_abandon(http);
    curl_easy_cleanup(http->curl);
    curl_global_cleanup();
    drop_headers(http);
    ds_http_answer_clear(&http->answer);
    ds_buf_clear(&http->origins);
    ds_buf_clear(&http->label);
    ds_buf_clear(&http->host);
    free(http);
}

/* --- answers --------------------------------------------------------------------------------- */

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

static size_t take_header(char *data, size_t size, size_t count, void *arg)
{
    struct ds_buf *head = &((struct ds_http *)arg)->answer.head;
    size_t len = size * count, name = 0;

    if (len >= 5 && memcmp(data, "HTTP/", 5) == 0)
        ds_buf_reset(head); /* what came before was a 100 or a proxy's answer */
    while (name < len && data[name] != ':')
        name++;
    if (name == len)
        return len;
    for (size_t i = 0; i < name; i++)
        ds_buf_add_char(head, data[i] >= 'A' && data[i] <= 'Z' ? (char)(data[i] | 0x20) : data[i]);
    for (name++; name < len && (data[name] == ' ' || data[name] == '\t');)
        name++;
    while (len > name && (unsigned char)data[len - 1] <= ' ')
        len--;
    ds_buf_add(head, ": ");
    ds_buf_add_bytes(head, data + name, len - name);
    ds_buf_add_char(head, '\n');
    if (!ds_buf_failed(head))
        return size * count;
    ds_buf_reset(head); /* what is left has only whole lines */
    return 0;
}

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
    struct ds_http *http = arg;

    http->too_long = size * count > http->max_answer - http->answer.body.len;
    if (http->too_long)
        return 0;
    ds_buf_add_bytes(&http->answer.body, data, size * count);
    return ds_buf_failed(&http->answer.body) ? 0 : size * count;
}

static int progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct ds_http *http = arg;
    const volatile int *interrupted = http->options->interrupted;

    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&http->unwanted) || (interrupted && *interrupted);
}

/* --- one transfer ---------------------------------------------------------------------------- */

static bool allowed(const struct ds_http *http, const char *origin)
{
    size_t len = strlen(origin);
    const char *at = http->origins.text;

    while ((at = strstr(at, origin)) && at[len] != '\n')
        at += len;
    return at != NULL;
}

/* Sets the label and the host for messages; refuses an origin that nobody allowed (P-9). */
static int address(struct ds_http *http, const struct ds_http_request *request, struct ds_err *err)
{
    const char *path = request->url + 8 + strcspn(request->url + 8, "/");
    struct ds_buf origin = DS_BUF_INIT(DS_MAX_URL);
    struct ds_err ignored = {0};
    const char *port;
    int rc = DS_OK;

    ds_buf_reset(&http->label);
    ds_buf_reset(&http->host);
    if (ds_http_origin(request->url, &origin, &ignored) || !allowed(http, origin.text)) {
        ds_fail(err, DS_E_REMOTE, "refused to send a request to '%.*s'",
                (int)strcspn(request->url, "?#"), request->url);
        rc = ds_hint(err, "this connection talks to %.*s only",
                     (int)strcspn(http->origins.text, "\n"), http->origins.text);
        goto out;
    }
    port = strrchr(origin.text + 8, ':');
    ds_buf_addf(&http->host, "'%s%s'", origin.text + 8, !port || strchr(port, ']') ? ":443" : "");
    ds_buf_addf(&http->label, "%s %.*s", request->method, (int)strcspn(path, "?"), path);
out:
    ds_buf_clear(&origin);
    return rc;
}

/* libcurl sends a line break as it is, and what follows would be a header of its own. */
static int add_header(struct ds_http *http, const char *line, struct ds_err *err)
{
    struct curl_slist *longer;

    if (line[strcspn(line, "\r\n")])
        return ds_fail(err, DS_E_REMOTE, "%s: refused to send the header '%.*s' with a line break",
                       http->label.text, (int)strcspn(line, ":"), line);
    longer = curl_slist_append(http->headers, line);
    if (!longer)
        return ds_fail_nomem(err);
    http->headers = longer;
    return DS_OK;
}

static int add_headers(struct ds_http *http, const struct ds_http_request *request,
                       struct ds_err *err)
{
    struct ds_buf bearer = DS_BUF_INIT(DS_MAX_TOKEN + 32);
    int rc = add_header(http, "Expect:", err);

    for (size_t i = 0; i < DS_HTTP_HEADERS && request->headers[i] && !rc; i++)
        rc = add_header(http, request->headers[i], err);
    if (request->bearer && !rc) {
        ds_buf_add(&bearer, "Authorization: Bearer ");
        ds_buf_add(&bearer, request->bearer);
        rc = ds_buf_failed(&bearer) ? ds_fail_nomem(err) : add_header(http, bearer.text, err);
        ds_secret_clear(&bearer);
    }
    return rc;
}

static void set_transfer(struct ds_http *http)
{
    const char *ca_file = ds_option(http->options, "ca_file");
    const char *proxy = ds_option(http->options, "proxy");
    CURL *curl = http->curl;

    curl_easy_reset(curl); /* connections stay open */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, proxy ? proxy : ""); /* the environment does not count */
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
    if (ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "dealsync/" DS_VERSION);
    curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, http->timeout_s);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, http->timeout_s / 2 + 1);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, http);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->reason);
}

/* Copies everything of the request into the handle. */
static int prepare(struct ds_http *http, const struct ds_http_request *request, struct ds_err *err)
{
    CURLcode code = CURLE_OK;
    int rc = address(http, request, err);

    drop_headers(http);
    if (!rc)
        rc = add_headers(http, request, err);
    if (rc)
        return rc;
    set_transfer(http);
    http->repeatable = request->repeatable;
    http->arrived = request->arrived;
    http->answer.secret = request->body != NULL;
    http->arg = request->arg;
    http->max_answer = request->max_answer ? request->max_answer : DS_MAX_PAGE;
    http->answer.body.max = http->max_answer;
    atomic_store(&http->unwanted, false);
    http->requests++;
    if (request->body) {
        curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        code = curl_easy_setopt(http->curl, CURLOPT_COPYPOSTFIELDS, request->body);
    }
    if (code == CURLE_OK)
        code = curl_easy_setopt(http->curl, CURLOPT_CUSTOMREQUEST, request->method);
    if (code == CURLE_OK)
        code = curl_easy_setopt(http->curl, CURLOPT_URL, request->url);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, http->headers);
    return code == CURLE_OK ? DS_OK : ds_fail_nomem(err);
}

/* One attempt. Runs in a thread of its own for a request in the background, and then touches
 * nothing that the caller's thread uses before it is joined. */
static void perform(struct ds_http *http)
{
    const char *date;

    ds_buf_reset(&http->answer.body);
    ds_buf_reset(&http->answer.head);
    http->answer.status = 0;
    http->answer.date_ms = 0;
    http->too_long = false;
    http->reason[0] = '\0';
    http->took_ms = -ds_ticks();
    http->code = curl_easy_perform(http->curl);
    http->took_ms += ds_ticks();
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &http->answer.status);
    date = ds_http_header(&http->answer, "date");
    if (!date || !ds_instant_http(date, &http->answer.date_ms))
        http->answer.date_ms = 0;
    if (http->arrived && http->code == CURLE_OK)
        http->arrived(http->arg, &http->answer);
}

/* --- repeating ------------------------------------------------------------------------------- */

static void note(struct ds_http *http)
{
    static const char *const ids[] = {"x-ms-service-request-id", "req_id", "x-request-id",
                                      "x-sfdc-request-id"};
    const char *id = NULL;

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]) && !id; i++)
        id = ds_http_header(&http->answer, ids[i]);
    ds_log(DS_LOG_DEBUG, "%s: status %ld, %zu bytes, %" PRId64 " ms%s%.80s%s%s", http->label.text,
           http->answer.status, http->answer.body.len, http->took_ms, id ? ", request id " : "",
           id ? id : "", http->code ? ", " : "", http->code ? curl_easy_strerror(http->code) : "");
}

static const struct fault *fault_of(CURLcode code)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (faults[i].code == code)
            return &faults[i];
    return &broken;
}

static bool passes(const struct ds_http *http, unsigned tried)
{
    const struct fault *fault = fault_of(http->code);

    if (http->code == CURLE_OK)
        return http->repeatable &&
               ds_retry_status(http->answer.status, tried, (unsigned)http->retries);
    return fault->passes && (fault->unsent || http->repeatable) && !http->too_long &&
           tried <= (unsigned)http->retries;
}

/* The setting that names the host we cannot talk to. */
static const char *where_set(const struct ds_http *http)
{
    const struct ds_options *options = http->options;
    int len = (int)strcspn(http->host.text + 1, ":'");

    for (size_t i = 0; i < options->count; i++) {
        const char *at = options->values[i] ? strstr(options->values[i], "://") : NULL;

        if (at && strncasecmp(at + 3, http->host.text + 1, (size_t)len) == 0)
            return ds_option_where(options, options->names[i]);
    }
    return options->connection;
}

static int broken_transfer(struct ds_http *http, struct ds_err *err)
{
    const struct fault *fault = fault_of(http->code);
    const char *reason = http->reason[0] ? http->reason : curl_easy_strerror(http->code);

    if (http->too_long) {
        ds_fail(err, DS_E_REMOTE, "%s: the answer is longer than %zu bytes", http->label.text,
                http->max_answer);
        return ds_hint(err, "look whether a very long text field can be left out of the mapping");
    }
    ds_fail(err, fault->status, "%s %s: %s", fault->text, http->host.text, reason);
    return ds_hint(err, "%s; the address is set at %s", fault->hint, where_set(http));
}

/* The end of a request that is not tried again. */
static int conclude(struct ds_http *http, struct ds_err *err)
{
    struct ds_buf said = DS_BUF_INIT(DS_MAX_TEXT);
    long status = http->answer.status;

    if (http->code != CURLE_OK)
        return broken_transfer(http, err);
    if (!ds_retry_status(status, 0, 0))
        return DS_OK;
    ds_http_describe(&http->answer, &said);
    ds_fail(err, status == 429 ? DS_E_LATER : DS_E_REMOTE, "%s: %s answered %ld with %s",
            http->label.text, http->host.text, status, said.text);
    ds_buf_clear(&said);
    return ds_hint(err, "it is overloaded or being maintained; the next run tries again");
}

/* How long a pause may be: no longer than the run, nor than we are willing to sit still. */
static bool fits(const struct ds_http *http, int64_t ms)
{
    int64_t deadline = http->options->deadline_ms;

    return ms <= LONGEST_PAUSE_MS && (deadline == 0 || ds_ticks() + ms < deadline);
}

int ds_http_pause(struct ds_http *http, int64_t ms, struct ds_err *err)
{
    int64_t end = ds_ticks() + ms;
    char until[DS_INSTANT_TEXT];

    if (!fits(http, ms)) {
        ds_fail(err, DS_E_LATER, "%s wants no requests before %s", http->host.text,
                ds_instant_people(ds_now() + ms, until));
        return ds_hint(err, "the next run goes on from here");
    }
    for (int64_t left = ms; left > 0; left = end - ds_ticks()) {
        int64_t slice = left < SLICE_MS ? left : SLICE_MS;
        struct timespec pause = {.tv_nsec = (long)slice * 1000000};
        int rc = ds_options_interrupted(http->options, err);

        if (rc)
            return rc;
        nanosleep(&pause, NULL);
    }
    return DS_OK;
}

/* Looks at the attempt just made and repeats it for as long as that makes sense. */
static int settle(struct ds_http *http, struct ds_http_answer *answer, struct ds_err *err)
{
    struct ds_http_answer last = *answer;
    uint32_t random = 0;
    int rc;

    for (unsigned tried = 1;; tried++) {
        int64_t after, wait;

        note(http);
        rc = ds_options_interrupted(http->options, err);
        if (rc || !passes(http, tried))
            break;
        after = ds_retry_after(ds_http_header(&http->answer, "retry-after"), http->answer.date_ms);
        if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
            random = 0;
        wait = ds_retry_wait(tried, after, random);
        if (after == 0 && !fits(http, wait))
            break;
        rc = ds_http_pause(http, wait, err);
        if (rc)
            break;
        http->requests++;
        perform(http);
    }
    drop_headers(http);
    if (!rc)
        rc = conclude(http, err);
    *answer = http->answer;
    http->answer = last; /* its memory serves the next answer */
    return rc;
}

int ds_http_send(struct ds_http *http, const struct ds_http_request *request,
                 struct ds_http_answer *answer, struct ds_err *err)
{
    int rc = ds_options_interrupted(http->options, err);

    if (!rc)
        rc = prepare(http, request, err);
    if (rc)
        return rc;
    perform(http);
    return settle(http, answer, err);
}

/* --- in the background ----------------------------------------------------------------------- */

static void *perform_in_thread(void *arg)
{
    perform(arg);
    return NULL;
}

int ds_http_begin(struct ds_http *http, const struct ds_http_request *request, struct ds_err *err)
{
    sigset_t all, before;
    int failed;
    int rc = prepare(http, request, err);

    if (rc)
        return rc;
    sigfillset(&all); /* signals are for the thread that can end the run */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&http->thread, NULL, perform_in_thread, http);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    http->in_background = failed == 0;
    if (failed)
        perform(http); /* no thread to be had: the answer is there before it is asked for */
    return DS_OK;
}

static void join(struct ds_http *http)
{
    if (http->in_background)
        pthread_join(http->thread, NULL);
    http->in_background = false;
}

int ds_http_wait(struct ds_http *http, struct ds_http_answer *answer, struct ds_err *err)
{
    join(http);
    return settle(http, answer, err);
}

void ds_http_abandon(struct ds_http *http)
{
    atomic_store(&http->unwanted, true);
    join(http);
    drop_headers(http);
}

uint64_t ds_http_requests(const struct ds_http *http)
{
    return http->requests;
}
