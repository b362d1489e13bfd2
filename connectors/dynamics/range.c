#include "connectors/dynamics/range.h"

#include "base/date.h"

#include <stdio.h>
#include <string.h>

#define SECOND 1000

void ds_dynamics_ranges_start(struct ds_dynamics_ranges *r, int64_t from_ms, int64_t now_ms)
{
    r->now_ms = now_ms;
    r->count = 1;
    r->range[0] =
        (struct ds_dynamics_range){.from_ms = from_ms, .end_ms = DS_DYNAMICS_OPEN, .lane = -1};
}

/* --- sharing --------------------------------------------------------------------------------- */

static int64_t end_of(const struct ds_dynamics_ranges *r, const struct ds_dynamics_range *range)
{
    return range->end_ms == DS_DYNAMICS_OPEN ? r->now_ms : range->end_ms;
}

/* The time that the last page took of it, and the next one will, if records go on like that. */
static int64_t stride(const struct ds_dynamics_range *range)
{
    int64_t passed = range->from_ms - range->since_ms;

    return passed > SECOND ? passed : SECOND;
}

/* How many records are to be expected behind the page that is under way. A range that no record has
 * come from cannot be judged: 0. */
static double left(const struct ds_dynamics_ranges *r, const struct ds_dynamics_range *range)
{
    int64_t rest = end_of(r, range) - range->from_ms - stride(range);

    if (range->since_ms == 0 || rest < SECOND)
        return 0;
    return (double)range->rows * (double)rest / (double)stride(range);
}

/* The share of a range that comes last. */
static struct ds_dynamics_range *split(struct ds_dynamics_ranges *r,
                                       struct ds_dynamics_range *range, size_t shares)
{
    struct ds_dynamics_range *tail = &r->range[r->count];
    int64_t end = end_of(r, range), at;

    at = end - (end - range->from_ms - stride(range)) / (int64_t)shares;
    at -= at % SECOND;
    if (at <= range->from_ms)
        return NULL;
    *tail = (struct ds_dynamics_range){.from_ms = at, .end_ms = range->end_ms, .lane = -1};
    range->end_ms = at;
    r->count++;
    return tail;
}

void ds_dynamics_ranges_share(struct ds_dynamics_ranges *r, int64_t oldest_ms, int64_t newest_ms,
                              size_t shares)
{
    int64_t each;

    if (oldest_ms == 0 || newest_ms <= oldest_ms || shares < 2)
        return;
    r->now_ms = newest_ms + SECOND;
    each = (newest_ms - oldest_ms) / (int64_t)shares;
    each -= each % SECOND;
    for (size_t i = 1; i < shares && each > 0 && r->count < DS_DYNAMICS_RANGES; i++) {
        struct ds_dynamics_range *before = &r->range[r->count - 1];

        r->range[r->count] = *before;
        r->range[r->count].from_ms = oldest_ms - oldest_ms % SECOND + (int64_t)i * each;
        before->end_ms = r->range[r->count++].from_ms;
    }
}

struct ds_dynamics_range *ds_dynamics_ranges_take(struct ds_dynamics_ranges *r, size_t idle,
                                                  uint64_t page)
{
    struct ds_dynamics_range *longest = NULL;
    double pieces;

    for (size_t i = 0; i < r->count; i++) {
        if (r->range[i].lane < 0)
            return &r->range[i];
        if (!longest || left(r, &r->range[i]) > left(r, longest))
            longest = &r->range[i];
    }
    if (!longest || r->count == DS_DYNAMICS_RANGES)
        return NULL;
    pieces = 2 * left(r, longest) / (double)page;
    if (pieces <= 0)
        return NULL;
    return split(r, longest,
                 pieces > (double)(idle + 1) ? idle + 1
                 : pieces < 1                ? 1
                                             : (size_t)pieces);
}

/* --- progress -------------------------------------------------------------------------------- */

struct ds_dynamics_range *ds_dynamics_ranges_of(struct ds_dynamics_ranges *r, int lane)
{
    for (size_t i = 0; i < r->count; i++)
        if (r->range[i].lane == lane)
            return &r->range[i];
    return NULL;
}

void ds_dynamics_range_page(struct ds_dynamics_range *range)
{
    if (range->since_ms)
        range->since_ms = range->from_ms;
    range->rows = 0;
}

void ds_dynamics_range_pass(struct ds_dynamics_range *range, int64_t stamp_ms)
{
    range->rows++;
    stamp_ms -= stamp_ms % SECOND;
    if (stamp_ms > 0 && range->since_ms == 0)
        range->since_ms = stamp_ms;
    if (stamp_ms > range->from_ms)
        range->from_ms = stamp_ms;
}

void ds_dynamics_ranges_drop(struct ds_dynamics_ranges *r, struct ds_dynamics_range *range)
{
    *range = r->range[--r->count];
}

/* --- text ------------------------------------------------------------------------------------ */

static void add_instant(struct ds_buf *out, int64_t ms, int64_t none)
{
    char text[DS_INSTANT_TEXT];

    ds_buf_add(out, ms == none ? "-" : ds_instant_text(ms, text));
}

void ds_dynamics_ranges_text(struct ds_buf *out, const struct ds_dynamics_ranges *r)
{
    for (size_t i = 0; i < r->count; i++) {
        if (i > 0)
            ds_buf_add_char(out, ',');
        add_instant(out, r->range[i].from_ms, 0);
        ds_buf_add_char(out, '/');
        add_instant(out, r->range[i].end_ms, DS_DYNAMICS_OPEN);
    }
}

/* An instant that ends at one of the letters, or '-'; moves *at behind it. */
static bool read_instant(const char **at, const char *end, char stop, int64_t none, int64_t *ms)
{
    const char *to = memchr(*at, stop, (size_t)(end - *at));
    char text[DS_INSTANT_TEXT];
    size_t len;

    if (!to)
        to = end;
    len = (size_t)(to - *at);
    if (len == 0 || len >= sizeof(text))
        return false;
    memcpy(text, *at, len);
    text[len] = '\0';
    *at = to;
    *ms = none;
    return strcmp(text, "-") == 0 || ds_instant(text, ms);
}

bool ds_dynamics_ranges_read(struct ds_dynamics_ranges *r, const char *text, size_t len)
{
    const char *at = text, *end = text + len;

    for (r->count = 0; at < end; at++) {
        struct ds_dynamics_range *range = &r->range[r->count];

        if (r->count == DS_DYNAMICS_RANGES)
            return false;
        *range = (struct ds_dynamics_range){.lane = -1};
        if (!read_instant(&at, end, '/', 0, &range->from_ms) || at == end)
            return false;
        at++;
        if (!read_instant(&at, end, ',', DS_DYNAMICS_OPEN, &range->end_ms) || at + 1 == end ||
            range->from_ms >= range->end_ms)
            return false;
        r->count++;
    }
    return r->count > 0;
}
