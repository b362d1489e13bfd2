#include "connectors/salesforce/fetch.h"

#include "base/date.h"
#include "base/log.h"
#include "connectors/salesforce/chain.h"

#include <stdlib.h>
#include <string.h>

/* --- what the ways of reading share ---------------------------------------------------------- */

struct ds_sf_range ds_sf_fetch_range(const struct ds_sf_fetch *f)
{
    return (struct ds_sf_range){
        .lo_ms = f->at.lo_ms,
        .hi_ms = f->at.hi_ms,
        .where = ds_option(f->remote->options, "where"),
    };
}

static int load_children(struct ds_sf_fetch *f, const json_t *rows, struct ds_err *err)
{
    const char **ids;
    const json_t *row;
    size_t i, n = 0;
    int rc;

    if (!f->reader.children.count)
        return DS_OK;
    ids = calloc(json_array_size(rows) + 1, sizeof(*ids));
    if (!ids)
        return ds_fail_nomem(err);
    json_array_foreach(rows, i, row)
    {
        ids[n] = ds_json_text(row, "Id");
        n += ids[n] != NULL;
    }
    rc = ds_sf_children_load(&f->reader.children, ids, n, err);
    free(ids);
    return rc;
}

int ds_sf_fetch_rows(struct ds_sf_fetch *f, json_t *rows, char last[DS_SF_ID], struct ds_err *err)
{
    json_t *row;
    size_t i;
    int rc = load_children(f, rows, err);

    if (rc)
        return rc;
    json_array_foreach(rows, i, row)
    {
        const struct ds_record *record;

        rc = ds_sf_reader_row(&f->reader, row, &record, err);
        if (!rc)
            rc = f->sink->record(f->sink->arg, record, err);
        if (rc)
            return rc;
        if (record->id && last)
            memcpy(last, f->reader.id, DS_SF_ID);
        json_array_set_new(rows, i, json_null()); /* the next page can have its memory */
    }
    return DS_OK;
}

int ds_sf_fetch_mark(struct ds_sf_fetch *f, struct ds_err *err)
{
    ds_buf_reset(&f->text);
    ds_sf_resume_text(&f->at, &f->text);
    return ds_buf_failed(&f->text) ? ds_fail_nomem(err)
                                   : f->sink->mark(f->sink->arg, f->text.text, err);
}

/* --- the window ------------------------------------------------------------------------------ */

/* What follows is everything, for the cursor cannot be continued. */
static int read_all(struct ds_sf_fetch *f, const char *why, struct ds_err *err)
{
    f->at.lo_ms = 0;
    ds_log(DS_LOG_WARNING, "%s: all is read again", why);
    return f->sink->whole ? f->sink->whole(f->sink->arg, why, err) : DS_OK;
}

/* The window ends before now, for commits that come late with an earlier stamp (SF-1), and begins
 * before the end of the last one; its edges are whole seconds (SF-45). An end in the future says
 * nothing of what has been read (P-2); one that 'commit_lag', now longer, has not reached yet leaves
 * nothing to read. */
static int set_window(struct ds_sf_fetch *f, const struct ds_sf_cursor *cursor, const char **whole,
                      struct ds_err *err)
{
    if (f->now_ms == 0)
        return ds_fail(err, DS_E_REMOTE, "the org does not tell its time (no Date header)");
    f->at.hi_ms = f->now_ms - f->now_ms % 1000 - f->remote->commit_lag_s * 1000;
    f->at.lo_ms = cursor->hi_ms ? cursor->hi_ms - f->remote->overlap_s * 1000 : 0;
    if (f->at.lo_ms > f->at.hi_ms && cursor->hi_ms > f->now_ms)
        *whole = "the last fetch ended in the future, a clock was wrong";
    else if (f->at.lo_ms > f->at.hi_ms)
        f->at.lo_ms = f->at.hi_ms;
    f->at.pieces = 1;
    return DS_OK;
}

static int set_resume(struct ds_sf_fetch *f, const char *text, struct ds_err *err)
{
    struct ds_sf_resume at;

    if (!ds_sf_resume_read(text, &at))
        return ds_fail(err, DS_E_INPUT, "'%.100s' is no place to resume a Salesforce fetch at",
                       text);
    if (!strchr(strchr(text, '|') + 1, '|'))
        at.lo_ms = f->at.lo_ms; /* of an older version, which did not tell */
    f->at = at;
    return DS_OK;
}

/* What is too many to be counted in two minutes is many, and no more need be known. */
static int do_without_count(struct ds_sf_fetch *f, struct ds_err *err)
{
    if (!strstr(err->text, "QUERY_TIMEOUT"))
        return err->status;
    ds_log(DS_LOG_WARNING, "%s: they are read as very many", err->text);
    ds_err_clear(err);
    f->expected = UINT64_MAX;
    return DS_OK;
}

static int count(struct ds_sf_fetch *f, struct ds_err *err)
{
    struct ds_sf_range range = ds_sf_fetch_range(f);

    ds_buf_reset(&f->text);
    ds_sf_soql_count(&f->text, &range);
    if (ds_sf_total(f->remote, f->text.text, &f->expected, err))
        return do_without_count(f, err);
    if (f->sink->expect)
        f->sink->expect(f->sink->arg, f->expected);
    return DS_OK;
}

/* --- the fetch ------------------------------------------------------------------------------- */

/* Small windows by pages, large ones by a job; what was begun one way goes on that way. */
static int read_window(struct ds_sf_fetch *f, bool resumed, struct ds_err *err)
{
    bool refused = true;
    int rc = count(f, err);

    if (rc || (!f->expected && !*f->at.job.id))
        return rc;
    if (*f->at.job.id || (!resumed && ds_sf_bulk_wanted(f->remote, f->expected)))
        rc = ds_sf_bulk(f, &refused, err);
    return rc || !refused ? rc : ds_sf_pages(f, err);
}

static int run(struct ds_sf_fetch *f, const struct ds_query *query, struct ds_sf_cursor *next,
               struct ds_err *err)
{
    struct ds_sf_deleted deleted = {0};
    struct ds_sf_cursor cursor = {0};
    const char *whole = NULL;
    int rc;

    if (query->cursor && !ds_sf_cursor_read(query->cursor, &cursor))
        return ds_fail(err, DS_E_INPUT, "'%.100s' is no cursor of a Salesforce fetch",
                       query->cursor);
    rc = set_window(f, &cursor, &whole, err);
    if (!rc && query->cursor && !whole) {
        rc = ds_sf_deleted_ask(f, cursor.deleted_ms ? cursor.deleted_ms : f->at.lo_ms, &deleted,
                               err);
        whole = deleted.whole;
    }
    if (!rc && whole)
        rc = read_all(f, whole, err);
    if (!rc && query->resume)
        rc = set_resume(f, query->resume, err);
    if (!rc)
        rc = read_window(f, query->resume != NULL, err);
    if (!rc && query->cursor && !whole)
        rc = ds_sf_related(f, err);
    if (!rc && deleted.list)
        rc = ds_sf_deleted_tell(f, &deleted, err);
    json_decref(deleted.list);
    next->hi_ms = f->at.hi_ms;
    next->deleted_ms = query->cursor && !whole ? deleted.covered_ms : f->at.hi_ms;
    return rc;
}

int ds_sf_fetch(struct ds_remote *remote, const struct ds_query *query, const struct ds_sink *sink,
                struct ds_buf *next, struct ds_err *err)
{
    struct ds_sf_fetch *f = calloc(1, sizeof(*f));
    struct ds_sf_cursor cursor;
    int rc;

    if (!f)
        return ds_fail_nomem(err);
    f->remote = remote;
    f->sink = sink;
    ds_buf_init(&f->text, DS_MAX_TEXT);
    rc = ds_sf_describe(remote, &f->now_ms, err);
    if (!rc)
        rc = ds_sf_reader_init(&f->reader, remote, query, err);
    if (!rc)
        rc = run(f, query, &cursor, err);
    ds_api_abandon(remote->api);
    if (!rc) {
        ds_sf_cursor_text(&cursor, next);
        rc = ds_buf_failed(next) ? ds_fail_nomem(err) : DS_OK;
    }
    if (rc == DS_E_REMOTE)
        ds_hint(err, "nothing is concluded from it; the next run reads again");
    ds_sf_reader_clear(&f->reader);
    ds_buf_clear(&f->text);
    free(f);
    return rc;
}
