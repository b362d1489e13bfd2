#include "connectors/salesforce/remote.h"

#include "base/date.h"
#include "base/log.h"
#include "connectors/salesforce/chain.h"
#include "connectors/salesforce/reader.h"
#include "connectors/salesforce/soql.h"

#include <stdlib.h>
#include <string.h>

struct fetch {
    struct ds_remote *remote;
    const struct ds_sink *sink;
    struct ds_sf_reader reader;
    struct ds_sf_chain chain;
    struct ds_buf text;
    int64_t lo_ms, hi_ms;

    char last[DS_SF_ID];      /* the id handed over last; "" before the first */
    char restarted[DS_SF_ID]; /* the id behind which the query was sent again */
    bool is_restarted;
};

/* --- the query ------------------------------------------------------------------------------- */

/* "2026-08-01T10:00:00Z|006...": the end of the window and the last id handed over. */
static int read_resume(struct fetch *f, const char *resume, struct ds_err *err)
{
    const char *bar = strchr(resume, '|');
    char *hi =
        bar ? ds_arena_dup_bytes(&f->reader.columns.arena, resume, (size_t)(bar - resume)) : NULL;

    if (!hi || !ds_instant(hi, &f->hi_ms) || (bar[1] && !ds_sf_id(bar + 1, f->last)))
        return ds_fail(err, DS_E_INPUT, "'%.100s' is no place to resume a Salesforce fetch at",
                       resume);
    return DS_OK;
}

/* The window ends before now, for commits that come late with an earlier stamp (SF-1), and begins
 * before the end of the last one; its edges are whole seconds (SF-45). An end in the future says
 * nothing of what has been read (P-2). */
static int set_window(struct fetch *f, const struct ds_query *query, int64_t now_ms,
                      struct ds_err *err)
{
    if (now_ms == 0)
        return ds_fail(err, DS_E_REMOTE, "the org does not tell its time (no Date header)");
    f->hi_ms = now_ms - now_ms % 1000 - f->remote->commit_lag_s * 1000;
    if (query->cursor && !ds_instant(query->cursor, &f->lo_ms))
        return ds_fail(err, DS_E_INPUT, "'%.100s' is no cursor of a Salesforce fetch",
                       query->cursor);
    if (query->cursor)
        f->lo_ms -= f->remote->overlap_s * 1000;
    if (f->lo_ms > f->hi_ms) {
        ds_log(DS_LOG_WARNING,
               "the last fetch ended at %s, in the future: a clock was wrong, all is read again",
               query->cursor);
        f->lo_ms = 0;
    }
    return query->resume ? read_resume(f, query->resume, err) : DS_OK;
}

/* Sends the query for everything behind the last id. */
static int begin_query(struct fetch *f, struct ds_err *err)
{
    struct ds_sf_range range = {
        .lo_ms = f->lo_ms,
        .hi_ms = f->hi_ms,
        .after = f->last,
        .where = ds_option(f->remote->options, "where"),
    };

    ds_buf_reset(&f->text);
    ds_sf_soql_range(&f->text, f->reader.list.text, &range);
    return ds_sf_chain_begin(&f->chain, "queryAll", f->text.text, err);
}

/* --- pages ----------------------------------------------------------------------------------- */

/* Waits for a page. A locator that is no longer good costs nothing but a new query behind the last
 * id; twice at the same place is a fault of the org (SF-44). */
static int wait_page(struct fetch *f, json_t **page, json_t **records, struct ds_err *err)
{
    int rc = ds_sf_chain_next(&f->chain, page, records, err);

    if (!rc || !f->remote->lost_locator)
        return rc;
    f->remote->lost_locator = false;
    if (f->is_restarted && strcmp(f->restarted, f->last) == 0)
        return rc;
    ds_err_clear(err);
    f->is_restarted = true;
    memcpy(f->restarted, f->last, sizeof(f->last));
    rc = begin_query(f, err);
    return rc ? rc : ds_sf_chain_next(&f->chain, page, records, err);
}

static int load_children(struct fetch *f, const json_t *records, struct ds_err *err)
{
    const char **ids;
    const json_t *row;
    size_t i, n = 0;
    int rc;

    if (!f->reader.children.count)
        return DS_OK;
    ids = calloc(json_array_size(records) + 1, sizeof(*ids));
    if (!ids)
        return ds_fail_nomem(err);
    json_array_foreach(records, i, row)
    {
        ids[n] = ds_json_text(row, "Id");
        n += ids[n] != NULL;
    }
    rc = ds_sf_children_load(&f->reader.children, ids, n, err);
    free(ids);
    return rc;
}

static int mark(struct fetch *f, struct ds_err *err)
{
    char hi[DS_INSTANT_TEXT];

    ds_buf_reset(&f->text);
    ds_buf_addf(&f->text, "%s|%s", ds_instant_text(f->hi_ms, hi), f->last);
    return ds_buf_failed(&f->text) ? ds_fail_nomem(err)
                                   : f->sink->mark(f->sink->arg, f->text.text, err);
}

static int take_page(struct fetch *f, json_t *records, struct ds_err *err)
{
    json_t *row;
    size_t i;
    int rc = load_children(f, records, err);

    json_array_foreach(records, i, row)
    {
        const struct ds_record *record;

        if (!rc)
            rc = ds_sf_reader_row(&f->reader, row, &record, err);
        if (!rc)
            rc = f->sink->record(f->sink->arg, record, err);
        if (rc)
            return rc;
        if (record->id)
            memcpy(f->last, f->reader.id, sizeof(f->last));
        json_array_set_new(records, i, json_null()); /* the next page can have its memory */
    }
    return mark(f, err);
}

static int take_pages(struct fetch *f, struct ds_err *err)
{
    bool first = true;
    int rc = begin_query(f, err);

    while (!rc && f->chain.under_way) {
        json_t *page = NULL, *records = NULL;

        rc = wait_page(f, &page, &records, err);
        if (!rc && first && f->sink->expect)
            f->sink->expect(f->sink->arg, f->chain.total);
        first = false;
        if (!rc)
            rc = take_page(f, records, err);
        json_decref(page);
    }
    return rc;
}

int ds_sf_fetch(struct ds_remote *remote, const struct ds_query *query, const struct ds_sink *sink,
                struct ds_buf *next, struct ds_err *err)
{
    struct fetch f = {.remote = remote, .sink = sink};
    char hi[DS_INSTANT_TEXT];
    int64_t now_ms = 0;
    int rc = ds_sf_describe(remote, &now_ms, err);

    ds_buf_init(&f.text, DS_MAX_TEXT);
    ds_sf_chain_init(&f.chain, remote, 0);
    if (!rc)
        rc = ds_sf_reader_init(&f.reader, remote, query, err);
    if (!rc)
        rc = set_window(&f, query, now_ms, err);
    if (!rc)
        rc = take_pages(&f, err);
    ds_api_abandon(remote->api);
    if (!rc) {
        ds_buf_add(next, ds_instant_text(f.hi_ms, hi));
        rc = ds_buf_failed(next) ? ds_fail_nomem(err) : DS_OK;
    }
    ds_sf_reader_clear(&f.reader);
    ds_sf_chain_clear(&f.chain);
    ds_buf_clear(&f.text);
    return rc;
}
