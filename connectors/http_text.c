#include "connectors/http.h"

#include <string.h>

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static int not_https(struct ds_err *err, const char *url, const char *why)
{
    ds_fail(err, DS_E_CONFIG, "'%.200s' %s", url, why);
    return ds_hint(err, "write it as https://host or https://host:port");
}

/* The host and the port, bounded by what may stand in them: whatever else could be read in two ways
 * (a user, a backslash, an escape) is no part of either and is refused by the caller. */
static const char *host_end(const char *host)
{
    size_t len = *host == '[' ? strspn(host + 1, DIGITS "abcdefABCDEF:.") : 0;

    if (*host != '[')
        return host + strspn(host, LETTERS DIGITS "-._");
    return len > 0 && host[len + 1] == ']' ? host + len + 2 : host;
}

int ds_http_origin(const char *url, struct ds_buf *out, struct ds_err *err)
{
    static const char scheme[] = "https://";
    const char *host = url + sizeof(scheme) - 1;
    const char *port, *end, *c;

    if (strncasecmp(url, scheme, sizeof(scheme) - 1) != 0)
        return not_https(err, url, "is no https address");
    port = host_end(host);
    end = *port == ':' ? port + 1 + strspn(port + 1, DIGITS) : port;
    if (port == host || (*end != '\0' && *end != '/') || end - port > 6 || strchr(end, '#'))
        return not_https(err, url, "is no plain https address");
    if (end - port == 1 || (end - port == 4 && strncmp(port, ":443", 4) == 0))
        end = port;
    ds_buf_add(out, scheme);
    for (c = host; c < end; c++)
        ds_buf_add_char(out, *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c);
    return ds_buf_failed(out) ? ds_fail_nomem(err) : DS_OK;
}

void ds_http_escape(struct ds_buf *out, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";

    while (*text) {
        size_t plain = strspn(text, LETTERS DIGITS "-._~");
        unsigned char c = (unsigned char)text[plain];

        ds_buf_add_bytes(out, text, plain);
        text += plain;
        if (!c)
            break;
        ds_buf_add_bytes(out, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
        text++;
    }
}

const char *ds_http_head(struct ds_buf *head, const char *name)
{
    size_t len = strlen(name);
    char *line = head->text, *end = line + head->len;

    /* The value handed out last was ended in place. */
    for (char *c = line; c < end; c++)
        if (*c == '\0')
            *c = '\n';
    for (; line < end; line = strchr(line, '\n') + 1) {
        if (strncmp(line, name, len) != 0 || strncmp(line + len, ": ", 2) != 0)
            continue;
        *strchr(line, '\n') = '\0';
        return line + len + 2;
    }
    return NULL;
}

const char *ds_http_header(struct ds_http_answer *answer, const char *name)
{
    return ds_http_head(&answer->head, name);
}

/* Adds one line of at most `most` bytes, blanks and control characters folded into one blank. */
static void add_words(struct ds_buf *out, const char *text, size_t len, size_t most)
{
    size_t start = out->len;
    bool blank = false;

    for (size_t i = 0; i < len && out->len - start < most; i++) {
        if ((unsigned char)text[i] <= ' ') {
            blank = out->len > start;
            continue;
        }
        if (blank)
            ds_buf_add_char(out, ' ');
        blank = false;
        ds_buf_add_char(out, text[i]);
    }
}

static void describe_html(const char *body, struct ds_buf *out)
{
    static const char *const tags[] = {"<title", "<h1"};
    const char *from = NULL;

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]) && !from; i++)
        from = strcasestr(body, tags[i]);
    from = from ? strchr(from, '>') : NULL;
    ds_buf_add(out, "an HTML page");
    if (!from)
        return;
    ds_buf_add(out, " '");
    add_words(out, from + 1, strcspn(from + 1, "<"), 80);
    ds_buf_add_char(out, '\'');
}

void ds_http_describe(struct ds_http_answer *answer, struct ds_buf *out)
{
    const char *where = answer->status / 100 == 3 ? ds_http_header(answer, "location") : NULL;
    const char *body = answer->body.text;

    if (where) {
        ds_buf_add(out, "a redirect to '");
        add_words(out, where, strcspn(where, "?#"), 120);
        ds_buf_add_char(out, '\'');
    } else if (answer->body.len == 0) {
        ds_buf_add(out, "an empty answer");
    } else if (body[strspn(body, " \t\r\n")] == '<') {
        describe_html(body, out);
    } else if (answer->secret || answer->status / 100 == 2) {
        ds_buf_addf(out, "a text of %zu bytes", answer->body.len); /* may hold a token (P-9) */
    } else {
        ds_buf_add_char(out, '\'');
        add_words(out, body, strlen(body), 120);
        ds_buf_add_char(out, '\'');
    }
}
