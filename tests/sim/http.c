#include "tests/sim/http.h"
#include "tests/sim/clock.h"
#include "tests/sim/control.h"
#include "tests/sim/dv_limit.h"
#include "tests/sim/dynamics.h"
#include "tests/sim/log.h"
#include "tests/sim/salesforce.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/token.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

enum {
    LONGEST_BODY = 16 << 20,
    CONNECTION_MEMORY = 256 << 10,
    WORTH_GZIP = 400,
    PART = 64 << 10,
    CUT_PART = 20000, /* bytes of an endless body before a fault ends it */
};

/* A request while it arrives. */
struct incoming {
    char *target;
    char *line;
    struct buf body;
    bool started;
};

static struct MHD_Daemon *daemons[CRMS];

/* ---- what handlers ask ---- */

bool request_is(const struct request *request, const char *method)
{
    return strcmp(request->method, method) == 0;
}

static const char *part_header(const struct part *part, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < part->n; i++)
        if (strncasecmp(part->lines[i], name, n) == 0 && part->lines[i][n] == ':')
            return part->lines[i] + n + 1 + strspn(part->lines[i] + n + 1, " ");
    return NULL;
}

const char *request_header(const struct request *request, const char *name)
{
    if (request->part)
        return part_header(request->part, name);
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

char *request_param(const struct request *request, const char *name)
{
    return form_get(request->query, name);
}

const char *request_bearer(const struct request *request)
{
    const char *value = request_header(request, "Authorization");

    return value && strncasecmp(value, "Bearer ", 7) == 0 ? value + 7 : NULL;
}

void reply_header(struct reply *reply, const char *name, const char *format, ...)
{
    va_list args;

    if (reply->nheaders == MAX_HEADERS)
        abort();
    reply->headers[reply->nheaders].name = name;
    va_start(args, format);
    vsnprintf(reply->headers[reply->nheaders++].value, sizeof reply->headers->value, format, args);
    va_end(args);
}

/* ---- faults ---- */

static void nap(int64_t ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};

    if (ms > 0)
        nanosleep(&t, NULL);
}

static void reply_page(struct reply *reply, unsigned status, const char *title)
{
    reply->status = status;
    reply->type = "text/html; charset=utf-8";
    buf_addf(&reply->body,
             "<!DOCTYPE html>\n<html><head><title>%s</title></head><body><h1>%s</h1></body></html>",
             title, title);
}

static void refuse_token(const struct request *request, struct reply *reply)
{
    if (request->crm == SALESFORCE)
        salesforce_refuse_token(reply);
    else
        dynamics_refuse_token(reply);
}

static void throttle(const struct request *request, const struct fault *f, struct reply *reply)
{
    reply->status = 429;
    reply_header(reply, "Retry-After", "%lld",
                 (long long)(f->retry_after < 0 ? 1 : f->retry_after));
    if (f->body)
        buf_puts(&reply->body, f->body);
    else if (request->crm == DYNAMICS)
        dynamics_error(reply, 429, "0x80072322",
                       "Number of requests exceeded the limit of 6000 over time window of 300 "
                       "seconds.");
    else
        buf_puts(&reply->body, "[{\"message\":\"Too many requests\",\"errorCode\":"
                               "\"REQUEST_LIMIT_EXCEEDED\"}]");
}

static void set_status(const struct fault *f, struct reply *reply)
{
    reply->status = f->status ? f->status : 500;
    if (f->content_type[0])
        reply->type = f->content_type;
    if (f->retry_after >= 0)
        reply_header(reply, "Retry-After", "%lld", (long long)f->retry_after);
    if (f->body)
        buf_puts(&reply->body, f->body);
    if (f->bytes > 0) {
        memset(buf_reserve(&reply->body, (size_t)f->bytes), ' ', (size_t)f->bytes);
        reply->body.len += (size_t)f->bytes;
    }
}

bool reply_fault(const struct request *request, struct reply *reply)
{
    const struct fault *f = &request->fault;

    switch ((int)f->kind) {
    case FAULT_STATUS: set_status(f, reply); return true;
    case FAULT_HTML500: reply_page(reply, 500, "Internal Server Error"); return true;
    case FAULT_HTML200: reply_page(reply, 200, "Please log in"); return true;
    case FAULT_EMPTY: reply->status = 200; return true;
    case FAULT_THROTTLE: throttle(request, f, reply); return true;
    case FAULT_FOREVER401: refuse_token(request, reply); return true;
    case FAULT_EXPIRE_TOKEN:
        token_expire_all(request->crm);
        refuse_token(request, reply);
        return true;
    case FAULT_REDIRECT:
        reply->status = 302;
        reply_header(reply, "Location", "%s",
                     f->location[0] ? f->location : "https://evil.example/elsewhere");
        return true;
    default: return false;
    }
}

/* ---- the answer ---- */

static bool is_control(const struct request *request)
{
    return text_starts(request->path, "/sim/");
}

static void drop_body(struct reply *reply)
{
    if (reply->release)
        reply->release(reply->arg);
    reply->release = NULL;
    reply->part = NULL;
    reply->body.len = 0;
}

void reply_status_after(const struct request *request, struct reply *reply)
{
    if (request->fault.kind != FAULT_STATUS_AFTER)
        return;
    drop_body(reply);
    set_status(&request->fault, reply);
}

static void answer(const struct request *request, struct reply *reply)
{
    if (is_control(request))
        control_answer(request, reply);
    else if (control_settle(), reply_fault(request, reply))
        return;
    else if (request->crm == SALESFORCE)
        salesforce_answer(request, reply);
    else
        dynamics_answer(request, reply);
    reply_status_after(request, reply);
}

static bool accepts_gzip(const struct request *request)
{
    const char *accept = request_header(request, "Accept-Encoding");

    return accept && strstr(accept, "gzip");
}

static void compress_body(struct reply *reply)
{
    struct buf packed = {0};
    z_stream z = {0};

    if (deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    buf_reserve(&packed, deflateBound(&z, reply->body.len) + 1);
    z.next_in = (unsigned char *)reply->body.at;
    z.avail_in = (uInt)reply->body.len;
    z.next_out = (unsigned char *)packed.at;
    z.avail_out = (uInt)packed.room;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    packed.len = z.total_out;
    deflateEnd(&z);
    buf_free(&reply->body);
    reply->body = packed;
    reply_header(reply, "Content-Encoding", "gzip");
}

static void finish(const struct request *request, struct reply *reply)
{
    if (request->fault.kind == FAULT_SLOW)
        nap(request->fault.ms);
    if (request->fault.kind == FAULT_TRUNCATE)
        reply->body.len /= 2;
    if (request->fault.kind == FAULT_GZIP_LIE || (accepts_gzip(request) && reply->part))
        reply_header(reply, "Content-Encoding", "gzip");
    else if (accepts_gzip(request) && reply->body.len > WORTH_GZIP)
        compress_body(reply);
    if (request->fault.kind == FAULT_GZIP_CUT)
        reply->body.len /= 2;
}

/* ---- libmicrohttpd ---- */

/* A body of which one half is sent at once, and the other never or after a while. */
struct cut {
    char *at;
    size_t len;
    int64_t ms; /* 0: never */
};

static ssize_t read_half(void *arg, uint64_t at, char *out, size_t max)
{
    struct cut *cut = arg;
    size_t rest = at < cut->len / 2 ? cut->len / 2 - (size_t)at : 0;

    if (!rest && !cut->ms)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (!rest && at == cut->len / 2)
        nap(cut->ms);
    if (!rest)
        rest = cut->len - (size_t)at;
    if (rest > max)
        rest = max;
    memcpy(out, cut->at + at, rest);
    return (ssize_t)rest;
}

static void free_cut(void *arg)
{
    struct cut *cut = arg;

    free(cut->at);
    free(cut);
}

/* A body that is made while it is sent. */
struct flow {
    bool (*part)(void *arg, struct buf *out);
    void (*release)(void *arg);
    void *arg;
    struct buf made, ready;
    size_t sent;
    size_t left;      /* bytes to make before a fault ends it, or holds it up */
    int64_t stall_ms; /* for so long; 0: it ends */
    bool gzip, ended, broken, unfinished;
    z_stream z;
};

static void pack(struct flow *f)
{
    int how = !f->ended ? Z_NO_FLUSH : f->unfinished ? Z_SYNC_FLUSH : Z_FINISH;

    f->z.next_in = (unsigned char *)f->made.at;
    f->z.avail_in = (uInt)f->made.len;
    do {
        f->z.next_out = (unsigned char *)buf_reserve(&f->ready, PART);
        f->z.avail_out = PART;
        if (deflate(&f->z, how) == Z_STREAM_ERROR)
            abort();
        f->ready.len += PART - f->z.avail_out;
    } while (f->z.avail_out == 0);
}

static void fill(struct flow *f)
{
    f->made.len = f->ready.len = f->sent = 0;
    f->ended = !f->part(f->arg, &f->made);
    if (f->made.len >= f->left && f->stall_ms) {
        nap(f->stall_ms);
        f->left = SIZE_MAX;
    } else if (f->made.len >= f->left) {
        f->made.len = f->left;
        f->ended = true;
    }
    f->left -= f->made.len;
    if (f->gzip)
        pack(f);
    else if (f->made.len)
        buf_add(&f->ready, f->made.at, f->made.len);
}

static ssize_t read_flow(void *arg, uint64_t at, char *out, size_t max)
{
    struct flow *f = arg;
    size_t n;

    (void)at;
    while (f->sent == f->ready.len) {
        if (f->ended)
            return f->broken ? MHD_CONTENT_READER_END_WITH_ERROR : MHD_CONTENT_READER_END_OF_STREAM;
        fill(f);
    }
    n = f->ready.len - f->sent < max ? f->ready.len - f->sent : max;
    memcpy(out, f->ready.at + f->sent, n);
    f->sent += n;
    return (ssize_t)n;
}

static void free_flow(void *arg)
{
    struct flow *f = arg;

    if (f->gzip)
        deflateEnd(&f->z);
    if (f->release)
        f->release(f->arg);
    buf_free(&f->made);
    buf_free(&f->ready);
    free(f);
}

static struct MHD_Response *start_flow(const struct request *request, const struct reply *reply)
{
    struct flow *f = grab(sizeof *f);
    enum fault_kind kind = request->fault.kind;

    f->part = reply->part;
    f->release = reply->release;
    f->arg = reply->arg;
    f->left = SIZE_MAX;
    f->broken = kind == FAULT_CUT;
    f->unfinished = kind == FAULT_GZIP_CUT;
    f->stall_ms = kind == FAULT_STALL ? request->fault.ms : 0;
    if (f->broken || f->unfinished || f->stall_ms || kind == FAULT_TRUNCATE)
        f->left = request->fault.bytes > 0 ? (size_t)request->fault.bytes : CUT_PART;
    f->gzip = accepts_gzip(request) && kind != FAULT_GZIP_LIE;
    if (f->gzip && deflateInit2(&f->z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort();
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PART, read_flow, f, free_flow);
}

static struct MHD_Response *make_response(const struct request *request, struct reply *reply)
{
    struct cut *cut;

    if (reply->part) {
        buf_free(&reply->body);
        return start_flow(request, reply);
    }
    if (request->fault.kind != FAULT_CUT && request->fault.kind != FAULT_STALL)
        return MHD_create_response_from_buffer(reply->body.len, reply->body.at,
                                               MHD_RESPMEM_MUST_FREE);
    cut = grab(sizeof *cut);
    *cut = (struct cut){reply->body.at, reply->body.len,
                        request->fault.kind == FAULT_STALL ? request->fault.ms : 0};
    return MHD_create_response_from_callback(cut->len, 4096, read_half, cut, free_cut);
}

/* Names in lower case, as HTTP/2 has them, when asked for. */
static void add_header(struct MHD_Response *response, const struct request *request,
                       const char *name, const char *value)
{
    char lower[64];
    size_t n = 0;

    for (; n < sizeof lower - 1 && name[n]; n++)
        lower[n] = request->crm == SALESFORCE && sf_settings.lower_headers
                       ? (char)tolower((unsigned char)name[n])
                       : name[n];
    lower[n] = '\0';
    MHD_add_response_header(response, lower, value);
}

static enum MHD_Result send_reply(const struct request *request, struct reply *reply)
{
    struct MHD_Response *response;
    enum MHD_Result result;
    char date[32];

    buf_reserve(&reply->body, 1);
    response = make_response(request, reply);
    time_http(clock_now(), date);
    MHD_add_response_header(response, "Date", date);
    if (reply->type)
        MHD_add_response_header(response, "Content-Type", reply->type);
    for (size_t i = 0; i < reply->nheaders; i++)
        add_header(response, request, reply->headers[i].name, reply->headers[i].value);
    result = MHD_queue_response(request->connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result add_header_bytes(void *arg, enum MHD_ValueKind kind, const char *name,
                                        const char *value)
{
    size_t *sum = arg;

    (void)kind;
    *sum += strlen(name) + (value ? strlen(value) : 0) + 4;
    return MHD_YES;
}

static _Atomic unsigned busy[CRMS];

unsigned http_busy(enum crm crm)
{
    return busy[crm];
}

static enum MHD_Result respond(struct request *request)
{
    struct reply reply = {.status = 200, .type = "application/json;charset=UTF-8"};
    int64_t ms;

    bool cut;

    request->fault = (struct fault){.kind = FAULT_NONE};
    if (!is_control(request)) {
        if (request->crm == DYNAMICS)
            limit_active(1);
        request->fault = fault_take(request->crm, request->line);
        log_busy(request->crm, ++busy[request->crm]);
        if (fault_stands(request->crm, FAULT_LATENCY, request->line, &ms))
            nap(ms);
    }
    cut = request->fault.kind == FAULT_CUT_BEFORE || request->fault.kind == FAULT_CUT_AFTER;
    if (request->fault.kind != FAULT_CUT_BEFORE)
        answer(request, &reply);
    cut |= reply.cut;
    finish(request, &reply);
    if (!is_control(request) && request->crm == DYNAMICS)
        limit_active(-1);
    if (!is_control(request))
        busy[request->crm]--;
    if (!is_control(request))
        log_request(request->crm, request->method, request->target, cut ? 0 : reply.status,
                    request_bearer(request), reply.body.len);
    free(request->fault.body);
    if (!cut)
        return send_reply(request, &reply);
    drop_body(&reply);
    buf_free(&reply.body);
    return MHD_NO;
}

static void *on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
    struct incoming *in = grab(sizeof *in);

    (void)arg;
    (void)connection;
    in->target = grab_text(target, strlen(target));
    return in;
}

static void on_done(void *arg, struct MHD_Connection *connection, void **context,
                    enum MHD_RequestTerminationCode code)
{
    struct incoming *in = *context;

    (void)arg;
    (void)connection;
    (void)code;
    if (!in)
        return;
    free(in->line);
    free(in->target);
    buf_free(&in->body);
    free(in);
    *context = NULL;
}

/* "METHOD target" */
static char *request_line(const char *method, const char *target)
{
    struct buf b = {0};

    buf_addf(&b, "%s %s", method, target);
    return b.at;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **context)
{
    struct incoming *in = *context;
    struct request request = {.crm = (enum crm)(uintptr_t)arg, .method = method};
    const char *question;
    enum MHD_Result result;
    char *path;

    (void)url;
    (void)version;
    if (!in->started) {
        in->started = true;
        return MHD_YES;
    }
    if (*size) {
        if (in->body.len + *size > LONGEST_BODY)
            return MHD_NO;
        buf_add(&in->body, data, *size);
        *size = 0;
        return MHD_YES;
    }
    question = strchr(in->target, '?');
    path = text_decode(in->target, question ? (size_t)(question - in->target) : strlen(in->target),
                       false);
    in->line = request_line(method, in->target);
    request.line = in->line;
    request.target = in->target;
    request.path = path ? path : "";
    request.query = question ? question + 1 : "";
    request.body = in->body.at ? in->body.at : "";
    request.connection = connection;
    MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header_bytes, &request.header_bytes);
    result = respond(&request);
    free(path);
    return result;
}

/* A listening socket, so that both origins are known before the first request is answered. */
static int open_port(uint16_t *port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(*port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof address;
    int s = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (s >= 0 && setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)) == 0 &&
        bind(s, (struct sockaddr *)&address, sizeof address) == 0 && listen(s, 128) == 0 &&
        getsockname(s, (struct sockaddr *)&address, &len) == 0) {
        *port = ntohs(address.sin_port);
        return s;
    }
    fprintf(stderr, "dealsync-sim: cannot listen on port %u: %s\n", *port, strerror(errno));
    if (s >= 0)
        close(s);
    return -1;
}

static bool start_port(const struct http_config *config, enum crm crm, int listening)
{
    daemons[crm] = MHD_start_daemon(
        MHD_USE_TLS | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
            MHD_USE_POLL | MHD_USE_SUPPRESS_DATE_NO_CLOCK,
        0, NULL, NULL, on_request, (void *)(uintptr_t)crm, MHD_OPTION_LISTEN_SOCKET, listening,
        MHD_OPTION_HTTPS_MEM_KEY, config->key, MHD_OPTION_HTTPS_MEM_CERT, config->cert,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL, MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_TIMEOUT, 600u, MHD_OPTION_END);
    if (!daemons[crm])
        fputs("dealsync-sim: cannot start TLS; do certificate and key belong together?\n", stderr);
    return daemons[crm] != NULL;
}

bool http_start(struct http_config *config)
{
    int listening[CRMS];

    for (int crm = 0; crm < CRMS; crm++) {
        listening[crm] = open_port(&config->ports[crm]);
        if (listening[crm] < 0)
            return false;
        snprintf(settings.origin[crm], sizeof settings.origin[crm], "https://localhost:%u",
                 config->ports[crm]);
    }
    return start_port(config, SALESFORCE, listening[SALESFORCE]) &&
           start_port(config, DYNAMICS, listening[DYNAMICS]);
}

void http_stop(void)
{
    for (size_t crm = 0; crm < CRMS; crm++) {
        if (daemons[crm])
            MHD_stop_daemon(daemons[crm]);
        daemons[crm] = NULL;
    }
}
