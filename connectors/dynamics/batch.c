#include "connectors/dynamics/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CRLF "\r\n"

/* --- asking ---------------------------------------------------------------------------------- */

static void header(struct ds_buf *out, const char *name, const char *value)
{
    if (value)
        ds_buf_addf(out, "%s: %s" CRLF, name, value);
}

void ds_dynamics_batch_add(struct ds_buf *out, unsigned n, const struct ds_dynamics_part *part)
{
    ds_buf_add(out, "--" DS_DYNAMICS_BOUNDARY CRLF "Content-Type: application/http" CRLF
                    "Content-Transfer-Encoding: binary" CRLF);
    ds_buf_addf(out, "Content-ID: %u" CRLF CRLF, n);
    ds_buf_addf(out, "%s %s HTTP/1.1" CRLF, part->method, part->path);
    header(out, "Accept", "application/json");
    header(out, "OData-MaxVersion", "4.0");
    header(out, "OData-Version", "4.0");
    header(out, "If-Match", part->match);
    header(out, "Prefer", part->prefer);
    if (part->body)
        ds_buf_addf(out, "Content-Type: application/json" CRLF "Content-Length: %zu" CRLF,
                    strlen(part->body));
    ds_buf_addf(out, CRLF "%s" CRLF, part->body ? part->body : "");
}

void ds_dynamics_batch_end(struct ds_buf *out)
{
    ds_buf_add(out, "--" DS_DYNAMICS_BOUNDARY "--" CRLF);
}

/* --- being told ------------------------------------------------------------------------------ */

static int cut_short(struct ds_err *err)
{
    return ds_fail(err, DS_E_REMOTE, "the answer to a batch of requests was cut short");
}

int ds_dynamics_batch_open(struct ds_dynamics_batch *b, const char *content_type, const char *text,
                           size_t len, struct ds_err *err)
{
    static const char name[] = "boundary=";
    const char *from = content_type ? strcasestr(content_type, name) : NULL;
    size_t n = 0;

    if (from) {
        from += strlen(name);
        from += *from == '"';
        n = strcspn(from, "\"; \t\r\n");
    }
    if (n == 0 || n + 3 > sizeof(b->boundary))
        return ds_fail(err, DS_E_REMOTE, "the answer to a batch of requests names no boundary");
    memcpy(b->boundary, "--", 2);
    memcpy(b->boundary + 2, from, n);
    b->boundary[n + 2] = '\0';
    b->at = memmem(text, len, b->boundary, n + 2);
    b->end = text + len;
    return b->at ? DS_OK : cut_short(err);
}

/* The next line, without its end; NULL when there is none. */
static const char *line(const char **at, const char *end, size_t *len)
{
    const char *from = *at, *stop = memchr(from, '\n', (size_t)(end - from));

    if (!stop)
        return NULL;
    *at = stop + 1;
    *len = (size_t)(stop - from);
    if (*len > 0 && from[*len - 1] == '\r')
        (*len)--;
    return from;
}

/* A number behind the name at the beginning of a line, or 0. */
static unsigned long number(const char *text, size_t len, const char *name)
{
    size_t n = strlen(name);

    return len > n && strncasecmp(text, name, n) == 0 ? strtoul(text + n, NULL, 10) : 0;
}

/* What stands behind the name at the beginning of a line, if it has room in out. */
static void value(const char *text, size_t len, const char *name, char *out, size_t size)
{
    size_t n = strlen(name);

    if (len <= n || strncasecmp(text, name, n) != 0)
        return;
    n += strspn(text + n, " \t");
    if (n < len && len - n < size)
        snprintf(out, size, "%.*s", (int)(len - n), text + n);
}

/* Headers up to an empty line; sets what is found in them. */
static bool pass_headers(const char **at, const char *end, struct ds_dynamics_said *out)
{
    const char *text;
    size_t len;

    while ((text = line(at, end, &len))) {
        unsigned long id = number(text, len, "content-id:");

        if (len == 0)
            return true;
        if (id > 0 && id <= DS_DYNAMICS_BATCH_MOST)
            out->n = (unsigned)id;
        value(text, len, "retry-after:", out->retry_after, sizeof(out->retry_after));
    }
    return false;
}

static bool pass_status(const char **at, const char *end, long *status)
{
    size_t len;
    const char *text = line(at, end, &len), *space;

    if (!text || len < 12 || strncmp(text, "HTTP/", 5) != 0)
        return false;
    space = memchr(text, ' ', len);
    *status = space ? strtol(space, NULL, 10) : 0;
    return *status >= 100 && *status <= 599;
}

/* Where the line before the next boundary ends. */
static const char *part_end(const struct ds_dynamics_batch *b, const char *from)
{
    size_t len = strlen(b->boundary);

    while ((from = memmem(from, (size_t)(b->end - from), b->boundary, len)) && from[-1] != '\n')
        from++;
    return from;
}

int ds_dynamics_batch_next(struct ds_dynamics_batch *b, struct ds_dynamics_said *out, bool *more,
                           struct ds_err *err)
{
    const char *at = b->at + strlen(b->boundary), *end;
    size_t len;

    *more = b->end - at < 2 || strncmp(at, "--", 2) != 0;
    if (!*more)
        return DS_OK;
    *out = (struct ds_dynamics_said){0};
    end = part_end(b, at);
    if (!end || !line(&at, end, &len) || !pass_headers(&at, end, out) ||
        !pass_status(&at, end, &out->status) || !pass_headers(&at, end, out))
        return cut_short(err);
    out->body = at;
    while (end > at && (end[-1] == '\n' || end[-1] == '\r'))
        end--;
    out->body_len = (size_t)(end - at);
    b->at = part_end(b, at);
    return DS_OK;
}
