#include "base/ini.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct reading {
    struct ds_ini_line line;
    int (*each)(void *arg, const struct ds_ini_line *line, struct ds_err *err);
    void *arg;
    struct ds_err *err;
    const char *next; /* the rest of the file */
    const char *now;  /* the line that inih is at, without blanks at its beginning */
    const char *now_end;
    bool unanswered;       /* inih owes us an entry for that line */
    struct ds_buf section; /* inih's own copy is cut after 49 bytes */
    struct ds_buf value;   /* without its quotes */
};

int ds_ini_fail(struct ds_err *err, const struct ds_ini_line *line, const char *fmt, ...)
{
    char text[sizeof(err->text)];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return ds_fail(err, DS_E_CONFIG, "%s:%d: %s", line->file, line->line, text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

/* Whether nothing but a comment comes; like inih, '#' begins one only where a line does. */
static bool is_over(const char *p, const char *end, const char *marks)
{
    p = skip_blanks(p, end);
    return p == end || strchr(marks, *p);
}

/* A section's name; what follows the bracket on its line would be ignored by inih. */
static int take_section(struct reading *r)
{
    const char *name = skip_blanks(r->now + 1, r->now_end);
    const char *close = memchr(name, ']', (size_t)(r->now_end - name));
    const char *end = close;

    if (!close)
        return ds_ini_fail(r->err, &r->line, "the section has no closing bracket");
    if (!is_over(close + 1, r->now_end, ";"))
        return ds_ini_fail(r->err, &r->line, "text after the section's closing bracket");
    while (end > name && is_blank(end[-1]))
        end--;
    ds_buf_reset(&r->section);
    ds_buf_add_bytes(&r->section, name, (size_t)(end - name));
    r->line.section = r->section.text;
    return ds_buf_failed(&r->section) ? ds_fail_nomem(r->err) : 0;
}

/* Gives inih one line, as fgets() would, except for blanks at its beginning: with those it would be
 * the continuation of the line before. */
static char *next_line(char *out, int size, void *arg)
{
    struct reading *r = arg;
    const char *end;

    if (r->unanswered)
        ds_ini_fail(r->err, &r->line, "expected 'name = value' or '[section]'");
    if (r->err->status != DS_OK || !*r->next)
        return NULL;
    r->line.line++;
    end = strchr(r->next, '\n');
    r->now_end = end ? end : r->next + strlen(r->next);
    r->now = skip_blanks(r->next, r->now_end);
    r->next = end ? end + 1 : r->now_end;
    if (r->now_end - r->now > size - 2) {
        ds_ini_fail(r->err, &r->line, "the line is longer than %d bytes", size - 2);
        return NULL;
    }
    if (*r->now == '[' && take_section(r) != 0)
        return NULL;
    r->unanswered = !is_over(r->now, r->now_end, ";#") && *r->now != '[';
    snprintf(out, (size_t)size, "%.*s\n", (int)(r->now_end - r->now), r->now);
    return out;
}

/* inih takes " ;" for a comment even between quotes, so a quoted value is read from the line
 * itself. It ends at the first quote with nothing but a comment behind it. */
static int unquote(struct reading *r)
{
    const char *from = r->now + strcspn(r->now, "=:") + 1;
    const char *p;

    from = skip_blanks(from, r->now_end) + 1;
    for (p = from; p < r->now_end; p++)
        if (*p == '"' && is_over(p + 1, r->now_end, ";"))
            break;
    if (p >= r->now_end)
        return ds_ini_fail(r->err, &r->line, "the value has no closing quote");
    ds_buf_reset(&r->value);
    ds_buf_add_bytes(&r->value, from, (size_t)(p - from));
    r->line.value = r->value.text;
    return ds_buf_failed(&r->value) ? ds_fail_nomem(r->err) : 0;
}

/* inih's handler: 0 is failure. The error stays in r->err. */
static int take_entry(void *arg, const char *section, const char *name, const char *value)
{
    struct reading *r = arg;

    (void)section;
    r->unanswered = false;
    r->line.name = name;
    r->line.quoted = *value == '"';
    r->line.value = value;
    if (r->line.quoted && unquote(r) != 0)
        return 0;
    return r->each(r->arg, &r->line, r->err) == 0;
}

static int read_text(struct reading *r, const struct ds_buf *text)
{
    const char *fault = ds_text_fault(text->text, text->len);

    if (fault)
        return ds_fail(r->err, DS_E_CONFIG, "%s: the file holds %s", r->line.file, fault);
    r->next = text->text;
    if (strncmp(r->next, "\xef\xbb\xbf", 3) == 0)
        r->next += 3;
    ini_parse_stream(next_line, r, take_entry, r);
    return r->err->status;
}

/* Whoever can write it says where the secrets that it names are sent. */
static void look_at_mode(const char *path)
{
    struct stat st;

    if (stat(path, &st) == 0 && st.st_mode & S_IWOTH)
        ds_log(DS_LOG_WARNING, "'%s' has mode %04o, everybody can change it: chmod o-w %s", path,
               (unsigned)(st.st_mode & 07777), path);
}

int ds_ini_read(const char *path,
                int (*each)(void *arg, const struct ds_ini_line *line, struct ds_err *err),
                void *arg, struct ds_err *err)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_FILE);
    struct reading r = {.line = {.file = path, .section = ""},
                        .each = each,
                        .arg = arg,
                        .err = err,
                        .section = DS_BUF_INIT(DS_MAX_TEXT),
                        .value = DS_BUF_INIT(DS_MAX_TEXT)};
    int rc = ds_file_read(path, &text, err);

    if (rc == DS_E_INPUT)
        rc = err->status = DS_E_CONFIG;
    if (!rc) {
        look_at_mode(path);
        rc = read_text(&r, &text);
    }
    ds_buf_clear(&r.section);
    ds_buf_clear(&r.value);
    ds_buf_clear(&text);
    return rc;
}
