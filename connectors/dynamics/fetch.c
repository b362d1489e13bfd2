#include "connectors/dynamics/fetch.h"

#include "base/log.h"
#include "connectors/dynamics/bounds.h"
#include "connectors/dynamics/crew.h"
#include "connectors/dynamics/link.h"
#include "connectors/dynamics/view.h"

#include <stdio.h>
#include <string.h>

/* --- what the last fetch left ---------------------------------------------------------------- */

/* A cursor is "watermark", or "watermark link" with change tracking. */
struct cursor {
    int64_t since_ms; /* from an overlap before the watermark; 0: everything */
    const char *link; /* NULL: none */
};

static int foreign_cursor(const char *cursor, struct ds_err *err)
{
    ds_fail(err, DS_E_STORE, "the cursor '%.64s' is no instant", cursor);
    return ds_hint(err, "another kind of connector has left it: run a backfill");
}

/* From an overlap before the last window's end, because rows may be committed later than they are
 * stamped and stamps have whole seconds (DV-55); without a cursor, from the beginning. An end in the
 * future says nothing of what has been read (P-2). */
static int read_cursor(const struct ds_dynamics_fetch *f, const char *text, struct cursor *out,
                       struct ds_err *err)
{
    char instant[DS_INSTANT_TEXT];
    size_t len = text ? strcspn(text, " ") : 0;

    *out = (struct cursor){0};
    if (!text)
        return DS_OK;
    snprintf(instant, sizeof(instant), "%.*s", (int)len, text);
    if (len >= sizeof(instant) || !ds_instant(instant, &out->since_ms))
        return foreign_cursor(text, err);
    out->since_ms -= f->remote->overlap_ms;
    if (out->since_ms > f->reader.table.date_ms) {
        ds_log(DS_LOG_WARNING,
               "the last fetch ended at %s, in the future: a clock was wrong, all is read again",
               instant);
        out->since_ms = 0;
        return DS_OK;
    }
    if (text[len] == ' ' && f->remote->tracking)
        out->link = text + len + 1;
    return DS_OK;
}

/* --- resuming -------------------------------------------------------------------------------- */

/* "watermark fingerprint ranges link", the link may be missing */
int ds_dynamics_mark(struct ds_dynamics_fetch *f, struct ds_err *err)
{
    ds_buf_reset(&f->resume);
    ds_buf_addf(&f->resume, "%s %s ", f->watermark, f->print);
    ds_dynamics_ranges_text(&f->resume, &f->ranges);
    ds_buf_addf(&f->resume, " %s", f->link.text);
    if (ds_buf_failed(&f->resume))
        return ds_fail_nomem(err);
    return f->reader.sink->mark(f->reader.sink->arg, f->resume.text, err);
}

/* The next word of a text, which is moved behind it. */
static const char *word(const char **at, size_t *len)
{
    const char *from = *at;

    *len = strcspn(from, " ");
    *at = from + *len + (from[*len] == ' ');
    return from;
}

/* Takes up where an earlier run stopped, if that is still the same query. */
static bool take_up(struct ds_dynamics_fetch *f, const char *resume)
{
    size_t date, print, ranges;
    const char *at = resume, *dated = word(&at, &date), *printed = word(&at, &print);
    const char *ranged = word(&at, &ranges);

    if (date >= sizeof(f->watermark) || print != strlen(f->print) ||
        strncmp(printed, f->print, print) != 0)
        return false;
    if (*at && !ds_dynamics_same_origin(at, f->remote->origin.text))
        return false;
    if (!ds_dynamics_ranges_read(&f->ranges, ranged, ranges))
        return false;
    snprintf(f->watermark, sizeof(f->watermark), "%.*s", (int)date, dated);
    ds_buf_reset(&f->link);
    ds_buf_add(&f->link, at);
    return true;
}

/* --- reading --------------------------------------------------------------------------------- */

static bool tracked(const struct ds_dynamics_fetch *f)
{
    return f->remote->tracking && f->reader.table.tracked;
}

/* The link comes first, and then everything is read: what changes meanwhile is told by it (DV-42). */
static int start_tracking(struct ds_dynamics_fetch *f, struct ds_err *err)
{
    const char *why;
    int rc = ds_dynamics_track_start(f, &why, err);

    if (rc || !why)
        return rc;
    if (f->remote->must_track) {
        ds_fail(err, DS_E_CONFIG, "change tracking cannot be used: %s", why);
        return ds_hint(err, "set 'tracking = auto' to read by the time of change instead");
    }
    ds_log(DS_LOG_WARNING, "change tracking cannot be used, deleted opportunities are not seen: %s",
           why);
    return DS_OK;
}

/* How many there are is known once they were listed, if no condition leaves some out, and else about
 * so many. What is known of where they lie gives each lane its share from the start. */
static void start_whole(struct ds_dynamics_fetch *f)
{
    const struct ds_sink *sink = f->reader.sink;
    size_t lanes = ds_dynamics_lanes(f->remote);
    struct ds_dynamics_bounds b;

    ds_dynamics_bounds(&f->reader, &b);
    if (f->link.len && !f->remote->filter)
        b.records = f->listed;
    if (b.records && sink->expect)
        sink->expect(sink->arg, b.records);
    if (b.records && b.records / (uint64_t)f->remote->page_size < lanes)
        lanes = (size_t)(b.records / (uint64_t)f->remote->page_size) + 1;
    ds_dynamics_ranges_share(&f->ranges, b.oldest_ms, b.newest_ms, lanes);
}

/* Everything modified since then; with 0, everything. */
static int read_window(struct ds_dynamics_fetch *f, int64_t since_ms, const char *resume,
                       struct ds_err *err)
{
    int rc = DS_OK;

    f->ranges.now_ms = f->reader.table.date_ms;
    if (resume && take_up(f, resume))
        return ds_dynamics_window(f, err);
    if (tracked(f))
        rc = start_tracking(f, err);
    ds_dynamics_ranges_start(&f->ranges, since_ms, f->reader.table.date_ms);
    if (!rc && since_ms == 0)
        start_whole(f);
    return rc ? rc : ds_dynamics_window(f, err);
}

/* Reading everything takes the place of an increment that cannot be continued. */
static int read_whole(struct ds_dynamics_fetch *f, const char *why, struct ds_err *err)
{
    const struct ds_sink *sink = f->reader.sink;
    int rc = sink->whole ? sink->whole(sink->arg, why, err) : DS_OK;

    f->ids.count = f->gone.count = 0;
    return rc ? rc : read_window(f, 0, NULL, err);
}

static int read_since(struct ds_dynamics_fetch *f, const struct cursor *cursor, const char *resume,
                      struct ds_err *err)
{
    const char *why = NULL;
    int rc = DS_OK;

    if (cursor->link)
        rc = ds_dynamics_track(f, cursor->link, &why, err);
    if (!rc && !why)
        rc = ds_dynamics_parents(f, cursor->since_ms, err);
    if (!rc && !why && ds_dynamics_ids_full(&f->ids))
        why = "so much has changed that reading everything is quicker";
    if (rc)
        return rc;
    if (why)
        return read_whole(f, why, err);
    ds_dynamics_ids_sort(&f->ids);
    if (!cursor->link)
        rc = read_window(f, cursor->since_ms, resume, err);
    return rc ? rc : ds_dynamics_track_read(f, err);
}

/* --- the fetch ------------------------------------------------------------------------------- */

/* What the query asks for, whatever part of it: a resumed fetch must ask the same. */
static int fingerprint(struct ds_dynamics_fetch *f, struct ds_err *err)
{
    static const struct ds_dynamics_range all = {.end_ms = DS_DYNAMICS_OPEN};
    struct ds_buf asked = DS_BUF_INIT(DS_MAX_URL);
    int rc = DS_OK;

    ds_dynamics_window_url(f, &all, &asked);
    if (ds_buf_failed(&asked)) {
        ds_fail(err, DS_E_CONFIG, "the query for opportunities is longer than %u bytes",
                DS_MAX_URL);
        rc = ds_hint(err, "map fewer columns or shorten 'filter'"); /* DV-23 */
    }
    ds_hash(asked.text, asked.len, f->print);
    ds_buf_clear(&asked);
    return rc;
}

static int prepare(struct ds_dynamics_fetch *f, const struct ds_query *query,
                   const struct ds_sink *sink, struct ds_err *err)
{
    bool whole = !query->cursor && !query->resume && !ds_dynamics_viewed(f->remote);
    int rc = ds_dynamics_reader_open(&f->reader, f->remote, query, sink,
                                     whole ? DS_DYNAMICS_WHOLE : DS_DYNAMICS_CHANGES, err);

    if (!rc)
        rc = fingerprint(f, err);
    if (rc)
        return rc;
    ds_instant_text(f->reader.table.date_ms, f->watermark);
    if (!f->remote->must_track || f->reader.table.tracked)
        return DS_OK;
    ds_fail(err, DS_E_CONFIG, "change tracking of opportunities is off in the environment");
    return ds_hint(err,
                   "switch on 'Track changes' in the properties of the table (for good), or set "
                   "'tracking = auto'");
}

static int finish(const struct ds_dynamics_fetch *f, struct ds_buf *next, struct ds_err *err)
{
    ds_buf_addf(next, "%s%s%s", f->watermark, f->link.len ? " " : "", f->link.text);
    return ds_buf_failed(next) ? ds_fail_nomem(err) : DS_OK;
}

int ds_dynamics_fetch(struct ds_remote *remote, const struct ds_query *query,
                      const struct ds_sink *sink, struct ds_buf *next, struct ds_err *err)
{
    struct ds_dynamics_fetch f = {.remote = remote,
                                  .link = DS_BUF_INIT(DS_MAX_URL),
                                  .resume = DS_BUF_INIT(DS_MAX_URL + DS_MAX_TEXT)};
    struct cursor cursor = {0};
    int rc = prepare(&f, query, sink, err);

    if (!rc)
        rc = read_cursor(&f, query->cursor, &cursor, err);
    if (!rc && ds_dynamics_viewed(remote))
        rc = ds_dynamics_fetch_view(&f, query->resume, err);
    else if (!rc)
        rc = cursor.since_ms ? read_since(&f, &cursor, query->resume, err)
                             : read_window(&f, 0, query->resume, err);
    if (!rc)
        rc = finish(&f, next, err);
    ds_dynamics_reader_close(&f.reader);
    ds_dynamics_ids_clear(&f.ids);
    ds_dynamics_ids_clear(&f.gone);
    ds_buf_clear(&f.link);
    ds_buf_clear(&f.resume);
    return rc;
}
