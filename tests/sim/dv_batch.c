#include "tests/sim/dv_batch.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/log.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_URL = 65536, MAX_LINES = 40, MAX_REFERENCES = 1000 };

#define PAYLOAD "0x80048d19"

/* A piece of the body, not NUL-terminated. */
struct piece {
    const char *at;
    size_t n;
};

/* A piece cut into header lines and what stands behind the blank one. */
struct section {
    char *lines[MAX_LINES];
    size_t nlines;
    struct piece rest;
};

struct batch {
    const struct request *request;
    struct reply *reply; /* of the whole */
    struct buf out;
    char boundary[80];
    bool go_on; /* behind an error */
    unsigned first_error;
    char *references[MAX_REFERENCES]; /* "Content-ID path" of what was created */
    size_t nreferences;
    char type[64]; /* of the part that was answered last */
};

static bool refuse(struct batch *b, const char *code, const char *why)
{
    dynamics_error(b->reply, 400, code, "%s", why);
    return false;
}

/* ---- reading ---- */

static void section_free(struct section *s)
{
    for (size_t i = 0; i < s->nlines; i++)
        free(s->lines[i]);
    s->nlines = 0;
}

static const char *section_header(const struct section *s, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i < s->nlines; i++)
        if (strncasecmp(s->lines[i], name, n) == 0 && s->lines[i][n] == ':')
            return s->lines[i] + n + 1 + strspn(s->lines[i] + n + 1, " ");
    return NULL;
}

static const char *line_end(struct piece p)
{
    return memmem(p.at, p.n, "\r\n", 2);
}

static bool section_read(struct piece p, struct section *s)
{
    const char *end;

    *s = (struct section){.nlines = 0};
    while ((end = line_end(p))) {
        size_t n = (size_t)(end - p.at);

        p.at += n + 2;
        p.n -= n + 2;
        if (!n) {
            s->rest = p;
            return true;
        }
        if (s->nlines == MAX_LINES)
            return false;
        s->lines[s->nlines++] = grab_text(end - n, n);
    }
    return false;
}

/* boundary=... of a content type, quoted or not. */
static bool boundary_of(const char *type, char out[80])
{
    const char *at = type ? strcasestr(type, "boundary=") : NULL;
    size_t n;

    if (!at || strncasecmp(type, "multipart/mixed", 15) != 0)
        return false;
    at += strlen("boundary=");
    at += *at == '"';
    n = strcspn(at, "\"; \t");
    snprintf(out, 80, "%.*s", (int)n, at);
    return n > 0 && n < 71;
}

/* The next piece between boundaries; false behind the last. *bad when the end is missing. */
static bool next_piece(struct piece *body, const char *boundary, struct piece *out, bool *bad)
{
    char line[90];
    size_t n = (size_t)snprintf(line, sizeof line, "--%s", boundary);
    const char *end;

    *bad = true;
    if (body->n < n + 2 || memcmp(body->at, line, n) != 0)
        return false;
    if (memcmp(body->at + n, "--", 2) == 0) {
        *bad = false;
        return false;
    }
    if (memcmp(body->at + n, "\r\n", 2) != 0)
        return false;
    out->at = body->at + n + 2;
    body->n -= n + 2;
    memmove(line + 2, line, n + 1);
    memcpy(line, "\r\n", 2);
    end = memmem(out->at, body->n, line, n + 2);
    if (!end)
        return false;
    out->n = (size_t)(end - out->at);
    body->n -= out->n + 2;
    body->at = end + 2;
    *bad = false;
    return true;
}

static bool lines_good(struct piece body)
{
    for (size_t i = 0; i < body.n; i++)
        if (body.at[i] == '\n' && (i == 0 || body.at[i - 1] != '\r'))
            return false;
    return true;
}

/* ---- one operation ---- */

struct operation {
    char method[16], *url, *body;
    struct section inner;
    char id[64]; /* Content-ID, or "" */
};

static void operation_free(struct operation *o)
{
    section_free(&o->inner);
    free(o->url);
    free(o->body);
}

/* "$1" and "$1/..." stand for what an earlier part created. */
static char *resolve(const struct batch *b, const char *url)
{
    size_t n = strcspn(url + 1, "/\"?");
    struct buf out = {0};

    for (size_t i = 0; *url == '$' && i < b->nreferences; i++) {
        const char *space = strchr(b->references[i], ' ');

        if ((size_t)(space - b->references[i]) != n || strncmp(b->references[i], url + 1, n) != 0)
            continue;
        buf_addf(&out, "%s%s", space + 1, url + 1 + n);
        return out.at;
    }
    return grab_text(url, strlen(url));
}

static char *resolve_body(const struct batch *b, struct piece body)
{
    struct buf out = {0};

    buf_add(&out, "", 0);
    for (size_t i = 0; i < body.n; i++) {
        size_t n = i + 1 < body.n && body.at[i] == '"' && body.at[i + 1] == '$'
                       ? strcspn(body.at + i + 1, "\"\r\n")
                       : 0;

        if (n && i + n < body.n && n < 60) {
            char name[64];
            char *path;

            snprintf(name, sizeof name, "%.*s", (int)n, body.at + i + 1);
            path = resolve(b, name);
            buf_addf(&out, "\"%s", path);
            free(path);
            i += n;
        } else {
            buf_add(&out, body.at + i, 1);
        }
    }
    return out.at;
}

/* The path of a URL of this service: absolute, from the root, or relative to it. */
static char *target_of(const struct batch *b, const char *url)
{
    size_t n = strlen(settings.origin[DYNAMICS]);
    char *resolved = resolve(b, url);
    struct buf out = {0};

    if (strncasecmp(resolved, settings.origin[DYNAMICS], n) == 0)
        buf_puts(&out, resolved + n);
    else if (*resolved == '/')
        buf_puts(&out, resolved);
    else
        buf_addf(&out, "/api/data/v9.2/%s", resolved);
    free(resolved);
    return out.at;
}

static bool read_operation(struct batch *b, const struct section *mime, bool in_set,
                           struct operation *o)
{
    const char *type = section_header(mime, "Content-Type");
    const char *encoding = section_header(mime, "Content-Transfer-Encoding");
    const char *id = section_header(mime, "Content-ID");
    const char *line, *space, *version;

    *o = (struct operation){.url = NULL};
    if (!type || strncasecmp(type, "application/http", 16) != 0 || !encoding ||
        strcasecmp(encoding, "binary") != 0)
        return refuse(b, PAYLOAD,
                      "A part must have Content-Type application/http and "
                      "Content-Transfer-Encoding binary.");
    if (in_set && !id)
        return refuse(b, "0x80060888", "Content-ID header not present");
    snprintf(o->id, sizeof o->id, "%s", id ? id : "");
    if (!section_read(mime->rest, &o->inner) || !o->inner.nlines)
        return refuse(b, PAYLOAD, "A part holds no HTTP request that ends in an empty line.");
    line = o->inner.lines[0];
    space = strchr(line, ' ');
    version = strrchr(line, ' ');
    if (!space || space == version || (size_t)(space - line) >= sizeof o->method ||
        strcmp(version, " HTTP/1.1") != 0)
        return refuse(b, PAYLOAD, "A request line is not METHOD URL HTTP/1.1.");
    snprintf(o->method, sizeof o->method, "%.*s", (int)(space - line), line);
    o->url = grab_text(space + 1, (size_t)(version - space - 1));
    o->body = resolve_body(b, o->inner.rest);
    if (in_set && strcmp(o->method, "GET") == 0)
        return refuse(b, PAYLOAD, "A change set must not contain GET.");
    return true;
}

static void write_answer(struct buf *out, const struct operation *o, const struct reply *r)
{
    buf_puts(out, "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n");
    if (*o->id)
        buf_addf(out, "Content-ID: %s\r\n", o->id);
    buf_addf(out, "\r\nHTTP/1.1 %u %s\r\n", r->status, MHD_get_reason_phrase_for(r->status));
    if (r->type)
        buf_addf(out, "Content-Type: %s\r\n", r->type);
    buf_puts(out, "OData-Version: 4.0\r\n");
    for (size_t i = 0; i < r->nheaders; i++)
        buf_addf(out, "%s: %s\r\n", r->headers[i].name, r->headers[i].value);
    buf_puts(out, "\r\n");
    if (r->body.len)
        buf_add(out, r->body.at, r->body.len);
    buf_puts(out, "\r\n");
}

static void remember(struct batch *b, const struct operation *o, const struct reply *r)
{
    size_t root = strlen(settings.origin[DYNAMICS]) + strlen("/api/data/v9.2/");
    struct buf line = {0};

    for (size_t i = 0; i < r->nheaders; i++)
        if (strcmp(r->headers[i].name, "OData-EntityId") == 0 && *o->id &&
            b->nreferences < MAX_REFERENCES) {
            buf_addf(&line, "%s %s", o->id, r->headers[i].value + root);
            b->references[b->nreferences++] = line.at;
            return;
        }
}

static void serve(struct batch *b, const struct request *part, const char *path, struct reply *r)
{
    if (part->fault.kind == FAULT_CUT_BEFORE || reply_fault(part, r))
        return;
    if (!path)
        dynamics_error(r, 404, "", "No HTTP resource was found that matches the request URI '%s'.",
                       part->path);
    else if (text_starts(path, "$batch"))
        dynamics_error(r, 400, PAYLOAD, "A batch must not contain another one.");
    else
        dynamics_serve(part, r, path);
    reply_status_after(part, r);
    (void)b;
}

/* Answers into `r`; the caller frees its body. */
static void run(struct batch *b, const struct operation *o, struct reply *r)
{
    struct part headers = {o->inner.nlines - 1, o->inner.lines + 1};
    char *target = target_of(b, o->url);
    const char *question = strchr(target, '?');
    size_t n = question ? (size_t)(question - target) : strlen(target);
    char *path = text_decode(target, n, false);
    struct buf line = {0};
    struct request part = {
        .crm = DYNAMICS,
        .method = o->method,
        .target = target,
        .path = path ? path : "",
        .query = question ? question + 1 : "",
        .body = o->body,
        .part = &headers,
        .connection = b->request->connection,
    };

    *r = (struct reply){.status = 200, .type = "application/json; odata.metadata=minimal"};
    buf_addf(&line, "%s %s", o->method, target);
    part.line = line.at;
    part.fault = fault_take(DYNAMICS, line.at);
    if (strlen(target) > LONGEST_URL)
        dynamics_error(r, 414, PAYLOAD, "The URL is too long.");
    else
        serve(b, &part, dynamics_path(part.path), r);
    snprintf(b->type, sizeof b->type, "%s", r->type); /* may be the fault's own */
    r->type = b->type;
    b->reply->cut |= part.fault.kind == FAULT_CUT_BEFORE || part.fault.kind == FAULT_CUT_AFTER;
    if (strcmp(o->method, "GET") != 0)
        log_part(DYNAMICS, o->method, target, r->status);
    remember(b, o, r);
    free(part.fault.body);
    buf_free(&line);
    free(path);
    free(target);
}

/* false ends the batch: refused as a whole, cut, or an error without continue-on-error. */
static bool count_answer(struct batch *b, const struct reply *r)
{
    if (r->status >= 400 && !b->first_error)
        b->first_error = r->status;
    return !b->reply->cut && (r->status < 400 || b->go_on);
}

/* Before anything is done. */
static bool few_enough(struct batch *b)
{
    static const char part[] = "\r\nContent-Type: application/http";
    int64_t n = 0;

    for (const char *at = b->request->body; (at = strcasestr(at, part)); at++)
        n++;
    return n <= dv_switches.batch_limit ||
           refuse(b, "0x80048d1a", "The batch exceeds the maximum number of operations.");
}

static bool do_single(struct batch *b, const struct section *mime)
{
    struct operation o;
    struct reply r = {.status = 0};
    bool on = read_operation(b, mime, false, &o);

    if (on) {
        run(b, &o, &r);
        buf_addf(&b->out, "--%s\r\n", b->boundary);
        write_answer(&b->out, &o, &r);
        on = count_answer(b, &r);
        buf_free(&r.body);
    }
    operation_free(&o);
    return on;
}

/* ---- change sets ---- */

struct change_set {
    struct buf out;
    char seen[4096];  /* Content-IDs with commas */
    struct buf error; /* the answer of the operation that failed */
};

static bool fresh_id(struct batch *b, struct change_set *set, const char *id)
{
    size_t n = strlen(set->seen);

    if (dv_listed(set->seen, id))
        return refuse(b, "0x80060888", "A Content-ID stands twice in the change set.");
    snprintf(set->seen + n, sizeof set->seen - n, "%s,", id);
    return true;
}

/* false: the set is over, by an error or because the batch is refused. */
static bool do_member(struct batch *b, struct change_set *set, struct piece piece, const char *name)
{
    struct section mime;
    struct operation o = {.url = NULL};
    struct reply r = {.status = 0};
    bool good = section_read(piece, &mime) ? read_operation(b, &mime, true, &o)
                                           : refuse(b, PAYLOAD, "A part has no empty line.");

    good = good && fresh_id(b, set, o.id);
    if (good) {
        run(b, &o, &r);
        buf_addf(&set->out, "--%s\r\n", name);
        write_answer(r.status >= 400 ? &set->error : &set->out, &o, &r);
        good = r.status < 400 && !b->reply->cut;
        if (r.status >= 400)
            b->first_error = b->first_error ? b->first_error : r.status;
    }
    buf_free(&r.body);
    operation_free(&o);
    section_free(&mime);
    return good;
}

static bool do_set(struct batch *b, const struct section *mime, const char *boundary)
{
    struct change_set set = {.out = {0}};
    struct piece body = mime->rest, piece;
    char name[80];
    bool bad, good = true;

    snprintf(name, sizeof name, "changesetresponse_%s", b->boundary + strlen("batchresponse_"));
    world_write();
    world_begin();
    while (good && next_piece(&body, boundary, &piece, &bad))
        good = do_member(b, &set, piece, name);
    if (good && bad)
        good = refuse(b, PAYLOAD, "A change set does not end with its boundary.");
    /* a connection that dies behind a commit dies behind the whole set's */
    if (good || (b->reply->cut && !set.error.len))
        world_commit();
    else
        world_rollback();
    world_unlock();
    if (good)
        buf_addf(&b->out, "--%s\r\nContent-Type: multipart/mixed; boundary=%s\r\n\r\n%s--%s--\r\n",
                 b->boundary, name, set.out.at ? set.out.at : "", name);
    else if (set.error.len)
        buf_addf(&b->out, "--%s\r\n%s", b->boundary, set.error.at);
    buf_free(&set.out);
    good = good || (set.error.len && b->go_on);
    buf_free(&set.error);
    return good && !b->reply->cut;
}

static bool do_piece(struct batch *b, struct piece piece)
{
    struct section mime;
    char inner[80];
    bool good = section_read(piece, &mime) ||
                refuse(b, PAYLOAD, "A part has no empty line behind its headers.");

    if (good)
        good = boundary_of(section_header(&mime, "Content-Type"), inner) ? do_set(b, &mime, inner)
                                                                         : do_single(b, &mime);
    section_free(&mime);
    return good;
}

/* ---- the whole ---- */

static void finish(struct batch *b)
{
    buf_addf(&b->out, "--%s--\r\n", b->boundary);
    b->reply->status = b->first_error && !b->go_on ? b->first_error : 200;
    b->reply->type = NULL;
    reply_header(b->reply, "Content-Type", "multipart/mixed; boundary=%s", b->boundary);
    buf_add(&b->reply->body, b->out.at, b->out.len);
}

static void do_batch(struct batch *b, const char *boundary)
{
    struct piece body = {b->request->body, strlen(b->request->body)}, piece;
    bool bad = false, on = true;

    /* what stands before the first boundary is a preamble */
    while (body.n && memcmp(body.at, "--", body.n < 2 ? body.n : 2) != 0) {
        body.at++;
        body.n--;
    }
    while (on && next_piece(&body, boundary, &piece, &bad))
        on = do_piece(b, piece);
    if (on && bad)
        refuse(b, PAYLOAD, "The batch does not end with its boundary.");
    if (b->reply->status < 400)
        finish(b);
}

static void choose_boundary(char out[80])
{
    char noise[33];

    text_random(noise, 32);
    snprintf(out, 80, "batchresponse_%s", noise);
}

void dv_batch(const struct request *request, struct reply *reply)
{
    struct batch b = {.request = request, .reply = reply};
    const char *prefer = request_header(request, "Prefer");
    char boundary[80];

    b.go_on = prefer && strstr(prefer, "odata.continue-on-error");
    choose_boundary(b.boundary);
    if (!request_is(request, "POST"))
        dynamics_error(reply, 405, "0x80060888", "A batch is posted.");
    else if (!boundary_of(request_header(request, "Content-Type"), boundary))
        dynamics_error(reply, 400, PAYLOAD,
                       "The content type of a batch must be multipart/mixed with a boundary.");
    else if (!lines_good((struct piece){request->body, strlen(request->body)}))
        dynamics_error(reply, 400, PAYLOAD,
                       "Error identified in Payload provided by the user for Entity :'', For more "
                       "information on this error please follow this help link "
                       "https://go.microsoft.com/fwlink/?linkid=2195293  ---->  InnerException : "
                       "System.ArgumentException: Stream was not readable.");
    else if (few_enough(&b))
        do_batch(&b, boundary);
    log_kind(DYNAMICS, "batch");
    for (size_t i = 0; i < b.nreferences; i++)
        free(b.references[i]);
    buf_free(&b.out);
}
