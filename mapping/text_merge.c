#include "mapping/lists.h"

#include "base/text.h"

#include <string.h>

#define BLANKS " \t\r\n"

/* Lines that say something, without blanks at their ends. */
struct line {
    const char *text;
    size_t len;
};

struct lines {
    struct line *line;
    size_t count;
};

/* What a side wrote behind the base, beginning with the blank that parts them; NULL: it changed the
 * base. */
static const char *appended(const char *base, const char *text)
{
    size_t len = base ? strlen(base) : 0;

    if (!text || (base && strncmp(text, base, len) != 0))
        return NULL;
    return !base || strchr(BLANKS, text[len]) ? text + len : NULL;
}

static bool read_lines(struct ds_arena *a, const char *text, struct lines *out)
{
    size_t most = 1;

    for (const char *p = text; *p; p++)
        most += *p == '\n';
    *out = (struct lines){.line = ds_arena_alloc(a, most * sizeof(*out->line))};
    while (out->line && *(text += strspn(text, BLANKS))) {
        size_t len = strcspn(text, "\n"), all = len;

        while (strchr(BLANKS, text[len - 1]))
            len--;
        out->line[out->count++] = (struct line){text, len};
        text += all;
    }
    return out->line;
}

/* How many lines are the same from these on. */
static size_t same_lines(const struct lines *a, size_t i, const struct lines *b, size_t k)
{
    size_t n = 0;

    while (i + n < a->count && k + n < b->count && a->line[i + n].len == b->line[k + n].len &&
           memcmp(a->line[i + n].text, b->line[k + n].text, a->line[i + n].len) == 0)
        n++;
    return n;
}

/* Whether the lines of b from `from` on stand in a, together, from `from` on. */
static bool holds(const struct lines *a, const struct lines *b, size_t from)
{
    for (size_t i = from; i + (b->count - from) <= a->count; i++)
        if (same_lines(a, i, b, from) == b->count - from)
            return true;
    return false;
}

/* How many lines of b from `from` on are those that a ends with. */
static size_t overlap(const struct lines *a, const struct lines *b, size_t from)
{
    for (size_t i = from; i < a->count; i++)
        if (same_lines(a, i, b, from) == a->count - i)
            return a->count - i;
    return 0;
}

static const char *join(struct ds_arena *a, enum ds_field f, const char *ours, const char *more,
                        const char **clash)
{
    size_t blank = strspn(more, " \t");
    bool own_line = more[blank] == '\n' || more[blank] == '\r';
    char *text = ds_arena_printf(a, "%s%s%s", ours, own_line ? "" : "\n", more + blank);
    size_t chars = text ? ds_text_chars(text) : 0, max = ds_fields[f].max_chars;

    if (chars > max) {
        *clash = ds_arena_printf(
            a, "what both sides wrote has %zu characters together, %zu are allowed", chars, max);
        text = NULL;
    }
    if (!text && !*clash)
        *clash = ds_why_nomem;
    return text;
}

const char *ds_text_merge(struct ds_arena *a, enum ds_field f, const char *base, const char *ours,
                          const char *theirs, const char **clash)
{
    const char *more_ours = appended(base, ours), *more_theirs = appended(base, theirs);
    struct lines we, they;
    size_t common;

    *clash = NULL;
    if (ds_same(ours, theirs) || ds_same(theirs, base))
        return ours;
    if (ds_same(ours, base))
        return theirs;
    if (!more_ours || !more_theirs) {
        *clash = "both sides changed it, and not only by adding to it";
        return NULL;
    }
    if (!read_lines(a, more_ours, &we) || !read_lines(a, more_theirs, &they)) {
        *clash = ds_why_nomem;
        return NULL;
    }
    common = same_lines(&we, 0, &they, 0);
    if (holds(&we, &they, common))
        return ours;
    if (holds(&they, &we, common))
        return theirs;
    common += overlap(&we, &they, common);
    if (common)
        more_theirs = they.line[common - 1].text + they.line[common - 1].len;
    return join(a, f, ours, more_theirs, clash);
}
