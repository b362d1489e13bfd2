#include "connectors/lane.h"

#include "base/date.h"
#include "base/file.h"
#include "base/version.h"

#include <stdio.h>
#include <string.h>

enum { SLOW_BYTES = 100 }; /* bytes a second below which a transfer counts as stuck */

/* --- what libcurl asks and tells ----------------------------------------------------------------- */

static size_t take_header(char *data, size_t size, size_t count, void *arg)
{
    struct ds_lane *lane = arg;
    struct ds_buf *head = &lane->answer.head;
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
    lane->head_too_long = true;
    return 0;
}

static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
    struct ds_lane *lane = arg;

    lane->too_long = size * count > lane->max_answer - lane->answer.body.len;
    if (lane->too_long)
        return 0;
    ds_buf_add_bytes(&lane->answer.body, data, size * count);
    return ds_buf_failed(&lane->answer.body) ? 0 : size * count;
}

static size_t give_body(char *to, size_t size, size_t count, void *arg)
{
    struct ds_lane *lane = arg;
    size_t left = lane->body_len - lane->body_sent;
    size_t n = size * count < left ? size * count : left;

    memcpy(to, lane->body + lane->body_sent, n);
    lane->body_sent += n;
    return n;
}

static int seek_body(void *arg, curl_off_t offset, int origin)
{
    struct ds_lane *lane = arg;

    if (origin != SEEK_SET || offset < 0 || (size_t)offset > lane->body_len)
        return CURL_SEEKFUNC_FAIL;
    lane->body_sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static int progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct ds_lane *lane = arg;
    const atomic_int *interrupted = lane->http->options->interrupted;

    (void)a, (void)b, (void)c, (void)d;
    return atomic_load(&lane->http->unwanted) || (interrupted && *interrupted);
}

/* --- before it ------------------------------------------------------------------------------- */

static bool allowed(const struct ds_lane *lane, const char *origin)
{
    size_t len = strlen(origin);
    const char *at = lane->http->origins.text;

    while ((at = strstr(at, origin)) && at[len] != '\n')
        at += len;
    return at != NULL;
}

/* Sets the label and the host for messages; refuses an origin that nobody allowed (P-9). */
static int address(struct ds_lane *lane, const struct ds_http_request *request, struct ds_err *err)
{
    const char *path = request->url + 8 + strcspn(request->url + 8, "/");
    struct ds_buf origin = DS_BUF_INIT(DS_MAX_URL);
    struct ds_err ignored = {0};
    const char *port;
    int rc = DS_OK;

    ds_buf_reset(&lane->label);
    ds_buf_reset(&lane->host);
    if (ds_http_origin(request->url, &origin, &ignored) || !allowed(lane, origin.text)) {
        ds_fail(err, DS_E_REMOTE, "refused to send a request to '%.*s'",
                (int)strcspn(request->url, "?#"), request->url);
        rc = ds_hint(err, "this connection talks to %.*s only",
                     (int)strcspn(lane->http->origins.text, "\n"), lane->http->origins.text);
        goto out;
    }
    port = strrchr(origin.text + 8, ':');
    ds_buf_addf(&lane->host, "'%s%s'", origin.text + 8, !port || strchr(port, ']') ? ":443" : "");
    ds_buf_addf(&lane->label, "%s %.*s", request->method, (int)strcspn(path, "?"), path);
out:
    ds_buf_clear(&origin);
    return rc;
}

/* libcurl sends a line break as it is, and what follows would be a header of its own. */
static int add_header(struct ds_lane *lane, const char *line, struct ds_err *err)
{
    struct curl_slist *longer;

    if (line[strcspn(line, "\r\n")])
        return ds_fail(err, DS_E_REMOTE, "%s: refused to send the header '%.*s' with a line break",
                       lane->label.text, (int)strcspn(line, ":"), line);
    longer = curl_slist_append(lane->headers, line);
    if (!longer)
        return ds_fail_nomem(err);
    lane->headers = longer;
    return DS_OK;
}

static int add_headers(struct ds_lane *lane, const struct ds_http_request *request,
                       struct ds_err *err)
{
    struct ds_buf bearer = DS_BUF_INIT(DS_MAX_TOKEN + 32);
    int rc = add_header(lane, "Expect:", err);

    if (!request->body && !rc)
        rc = add_header(lane, "Content-Type:", err); /* libcurl would name one of its own */
    for (size_t i = 0; i < DS_HTTP_HEADERS && request->headers[i] && !rc; i++)
        rc = add_header(lane, request->headers[i], err);
    if (request->bearer && !rc) {
        ds_buf_add(&bearer, "Authorization: Bearer ");
        ds_buf_add(&bearer, request->bearer);
        rc = ds_buf_failed(&bearer) ? ds_fail_nomem(err) : add_header(lane, bearer.text, err);
        ds_secret_clear(&bearer);
    }
    return rc;
}

static void set_transfer(struct ds_lane *lane)
{
    const char *ca_file = ds_option(lane->http->options, "ca_file");
    const char *proxy = ds_option(lane->http->options, "proxy");
    CURL *curl = lane->curl;

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
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, lane->http->timeout_s);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)SLOW_BYTES);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, lane->http->timeout_s / 2 + 1);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, lane);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, lane);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, lane);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, lane->reason);
}

/* On a connection that stood open, libcurl itself sends a request once more when the other end closes
 * it without a word. What may not be repeated has a body that cannot be read twice or, without one, a
 * connection of its own. */
static void set_body(struct ds_lane *lane, const struct ds_http_request *request)
{
    CURL *curl = lane->curl;

    lane->body = request->body;
    lane->body_len = request->body_len;
    if (request->body_len > 0) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
        curl_easy_setopt(curl, CURLOPT_READDATA, lane);
        curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, request->repeatable ? seek_body : NULL);
        curl_easy_setopt(curl, CURLOPT_SEEKDATA, lane);
    } else if (*request->method == 'P') { /* POST, PATCH, PUT: a body, be it empty */
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    }
    if (!request->repeatable && request->body_len == 0)
        curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
}

int ds_transfer_prepare(struct ds_lane *lane, const struct ds_http_request *request,
                        struct ds_err *err)
{
    CURLcode code;
    int rc = ds_nomem_noted() ? ds_fail_nomem(err) : address(lane, request, err);

    if (!lane->curl)
        lane->curl = curl_easy_init();
    if (!rc && !lane->curl)
        rc = ds_fail_nomem(err);
    ds_transfer_forget(lane);
    if (!rc)
        rc = add_headers(lane, request, err);
    if (rc)
        return rc;
    set_transfer(lane);
    lane->repeatable = request->repeatable;
    lane->any_status = request->any_status;
    lane->arrived = request->arrived;
    lane->answer.secret = request->body != NULL;
    lane->arg = request->arg;
    lane->max_answer = request->max_answer ? request->max_answer : DS_MAX_PAGE;
    lane->answer.body.max = lane->max_answer;
    set_body(lane, request);
    code = curl_easy_setopt(lane->curl, CURLOPT_CUSTOMREQUEST, request->method);
    if (code == CURLE_OK)
        code = curl_easy_setopt(lane->curl, CURLOPT_URL, request->url);
    curl_easy_setopt(lane->curl, CURLOPT_HTTPHEADER, lane->headers);
    return code == CURLE_OK ? DS_OK : ds_fail_nomem(err);
}

void ds_transfer_forget(struct ds_lane *lane)
{
    for (struct curl_slist *h = lane->headers; h; h = h->next)
        explicit_bzero(h->data, strlen(h->data));
    curl_slist_free_all(lane->headers);
    lane->headers = NULL;
}

void ds_transfer_perform(struct ds_lane *lane)
{
    curl_off_t bytes = 0;
    const char *date;

    lane->http->requests++;
    ds_buf_reset(&lane->answer.body);
    ds_buf_reset(&lane->answer.head);
    lane->answer.status = 0;
    lane->answer.date_ms = 0;
    lane->too_long = lane->head_too_long = false;
    lane->body_sent = 0;
    lane->reason[0] = '\0';
    lane->took_ms = -ds_ticks();
    lane->code = curl_easy_perform(lane->curl);
    lane->took_ms += ds_ticks();
    curl_easy_getinfo(lane->curl, CURLINFO_RESPONSE_CODE, &lane->answer.status);
    curl_easy_getinfo(lane->curl, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    lane->http->bytes += (uint64_t)bytes;
    date = ds_http_header(&lane->answer, "date");
    if (!date || !ds_instant_http(date, &lane->answer.date_ms))
        lane->answer.date_ms = 0;
    if (lane->arrived && lane->code == CURLE_OK)
        lane->arrived(lane->arg, &lane->answer);
}
