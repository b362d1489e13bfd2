#include "connectors/salesforce/remote.h"

#include "base/date.h"
#include "base/log.h"
#include "connectors/salesforce/columns.h"
#include "connectors/salesforce/id.h"
#include "connectors/salesforce/soql.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_EMPTY_PAGES = 3 };

/* The columns that the connector itself reads, and where they are among the columns. */
enum own { ID, STAMP, DELETED, EDITOR, OWN_COLUMNS };

static const char *const own_names[OWN_COLUMNS] = {"Id", "SystemModstamp", "IsDeleted",
                                                   "LastModifiedBy.Name"};

struct fetch {
    struct ds_remote *remote;
    const struct ds_sink *sink;
    struct ds_sf_columns columns;
    size_t own[OWN_COLUMNS];
    struct ds_value *values;
    struct ds_buf list; /* of SELECT */
    struct ds_buf soql, url, next, text;
    int64_t lo_ms, hi_ms;

    char last[DS_SF_ID];      /* the id handed over last; "" before the first */
    char restarted[DS_SF_ID]; /* the id behind which the query was sent again */
    bool is_restarted;
    bool first_page;
    bool read_one;  /* a row has been read as it should be */
    uint64_t total; /* of the query under way, as the org told */
    uint64_t rows;  /* of it, so far */
    unsigned empty; /* pages without a row, one after the other */
};

/* --- the query ------------------------------------------------------------------------------- */

/* "2026-08-01T10:00:00Z|006...": the end of the window and the last id handed over. */
static int read_resume(struct fetch *f, const char *resume, struct ds_err *err)
{
    const char *bar = strchr(resume, '|');
    char *hi = bar ? ds_arena_dup_bytes(&f->columns.arena, resume, (size_t)(bar - resume)) : NULL;

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

static int set_columns(struct fetch *f, const struct ds_query *query, struct ds_err *err)
{
    int rc = ds_sf_columns_init(&f->columns, f->remote->describe, query->count + OWN_COLUMNS, err);

    for (size_t i = 0; i < OWN_COLUMNS && !rc; i++)
        rc = ds_sf_columns_add(&f->columns, own_names[i], &f->own[i], err);
    for (size_t i = 0; i < query->count && !rc; i++)
        rc = ds_sf_columns_path(&f->columns, query->paths[i], err);
    if (rc)
        return rc;
    ds_sf_columns_list(&f->columns, &f->list);
    f->values = ds_arena_alloc(&f->columns.arena, (query->count + 1) * sizeof(*f->values));
    if (!f->values)
        return ds_fail_nomem(err);
    return f->columns.labelled ? ds_sf_stage_labels(f->remote, &f->columns.labels, err) : DS_OK;
}

static int begin(struct fetch *f, const char *url, struct ds_err *err)
{
    static const char *const headers[] = {"Sforce-Query-Options: batchSize=2000", NULL};
    struct ds_api_call call = {.url = url, .headers = headers, .repeatable = true};
    int rc = ds_sf_budget(f->remote, err);

    return rc ? rc : ds_api_begin(f->remote->api, 0, &call, err);
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
    int rc;

    f->first_page = true;
    f->rows = 0;
    f->empty = 0;
    ds_buf_reset(&f->soql);
    ds_buf_reset(&f->url);
    ds_sf_soql_range(&f->soql, f->list.text, &range);
    rc = ds_sf_query_url(f->remote, "queryAll", f->soql.text, &f->url, err);
    return rc ? rc : begin(f, f->url.text, err);
}

/* --- pages ----------------------------------------------------------------------------------- */

static int receive(struct fetch *f, json_t **page, struct ds_err *err)
{
    struct ds_api_reply reply;
    int rc = ds_api_wait(f->remote->api, 0, &reply, err);

    *page = json_incref(reply.json);
    ds_api_reply_clear(&reply);
    return rc;
}

/* Waits for a page. A locator that is no longer good costs nothing but a new query behind the last
 * id; twice at the same place is a fault of the org (SF-44). */
static int wait_page(struct fetch *f, json_t **page, struct ds_err *err)
{
    int rc = receive(f, page, err);

    if (!rc || !f->remote->lost_locator)
        return rc;
    f->remote->lost_locator = false;
    if (f->is_restarted && strcmp(f->restarted, f->last) == 0)
        return rc;
    ds_err_clear(err);
    f->is_restarted = true;
    memcpy(f->restarted, f->last, sizeof(f->last));
    rc = begin_query(f, err);
    return rc ? rc : receive(f, page, err);
}

/* The address of the page after this one, "" when this is the last. It is a path of this org, or it
 * is refused with the token unsent (SF-73). */
static int read_link(struct fetch *f, const json_t *page, struct ds_err *err)
{
    const char *link = ds_json_text(page, "nextRecordsUrl");

    ds_buf_reset(&f->next);
    if (json_is_true(json_object_get(page, "done")) || !link)
        return DS_OK;
    if (strncmp(link, "/services/", 10) != 0)
        return ds_fail(err, DS_E_REMOTE,
                       "a page leads to '%.200s', which is no path of this org: refused", link);
    ds_buf_add(&f->next, f->remote->origin.text);
    ds_buf_add(&f->next, link);
    if (strcmp(f->next.text, f->url.text) == 0)
        return ds_fail(err, DS_E_REMOTE, "a page leads to itself ('%.200s')", link);
    return ds_buf_failed(&f->next)
               ? ds_fail(err, DS_E_REMOTE, "the link to the next page is longer than %u bytes",
                         DS_MAX_URL)
               : DS_OK;
}

static int read_total(struct fetch *f, const json_t *page, struct ds_err *err)
{
    const char *text = ds_json_text(page, "totalSize");
    char *end;

    if (!text || *text < '0' || *text > '9')
        return ds_fail(err, DS_E_REMOTE, "a page does not tell how many records there are");
    f->total = strtoull(text, &end, 10);
    if (f->sink->expect && !f->is_restarted)
        f->sink->expect(f->sink->arg, f->total);
    f->first_page = false;
    return DS_OK;
}

/* Looks at a page before anything of it is used: the sum, the rows, the way on. */
static int read_head(struct fetch *f, const json_t *page, json_t **records, struct ds_err *err)
{
    int rc = f->first_page ? read_total(f, page, err) : DS_OK;

    if (rc)
        return rc;
    *records = json_object_get(page, "records");
    if (!json_is_array(*records))
        return ds_fail(err, DS_E_REMOTE, "a page holds no list of records");
    f->rows += json_array_size(*records);
    f->empty = json_array_size(*records) == 0 ? f->empty + 1 : 0;
    if (f->rows > f->total || f->empty > MOST_EMPTY_PAGES)
        return ds_fail(err, DS_E_REMOTE,
                       "the org announced %" PRIu64 " records and does not end after %" PRIu64,
                       f->total, f->rows);
    return read_link(f, page, err);
}

/* A row that is unlike the others is rejected alone (P-8). */
static int hand_over_broken(struct fetch *f, const json_t *row, struct ds_err *err)
{
    struct ds_record record = {.values = f->values};
    const char *text = ds_json_text(row, "Id");
    char fault[sizeof(err->text)], id[DS_SF_ID];

    memcpy(fault, err->text, sizeof(fault));
    ds_err_clear(err);
    memset(f->values, 0, f->columns.paths * sizeof(*f->values));
    record.fault = fault;
    if (text && ds_sf_id(text, id))
        record.id = memcpy(f->last, id, sizeof(id));
    return f->sink->record(f->sink->arg, &record, err);
}

static int hand_over(struct fetch *f, const json_t *row, struct ds_err *err)
{
    const struct ds_value *raw = f->columns.raw;
    struct ds_record record = {.values = f->values};
    char id[DS_SF_ID];
    int rc = ds_sf_columns_read(&f->columns, row, f->values, err);

    if (rc && !f->read_one)
        return rc; /* every row is like this: it is the mapping's path that is wrong */
    if (rc)
        return hand_over_broken(f, row, err);
    f->read_one = true;
    if (raw[f->own[ID]].text && ds_sf_id(raw[f->own[ID]].text, id))
        record.id = memcpy(f->last, id, sizeof(id));
    record.modified = raw[f->own[STAMP]].text;
    record.version = record.modified;
    record.modified_by = raw[f->own[EDITOR]].text;
    record.deleted = raw[f->own[DELETED]].text && strcmp(raw[f->own[DELETED]].text, "true") == 0;
    if (!record.id)
        record.fault = "has no id";
    return f->sink->record(f->sink->arg, &record, err);
}

static int mark(struct fetch *f, struct ds_err *err)
{
    char hi[DS_INSTANT_TEXT];

    ds_buf_reset(&f->text);
    ds_buf_addf(&f->text, "%s|%s", ds_instant_text(f->hi_ms, hi), f->last);
    return ds_buf_failed(&f->text) ? ds_fail_nomem(err)
                                   : f->sink->mark(f->sink->arg, f->text.text, err);
}

/* One page: the next one is asked for first, so that it travels while this one is worked on. */
static int take_page(struct fetch *f, const json_t *page, struct ds_err *err)
{
    json_t *records, *row;
    struct ds_buf used;
    size_t i;
    int rc = read_head(f, page, &records, err);

    if (!rc && f->next.len)
        rc = begin(f, f->next.text, err);
    if (rc)
        return rc;
    used = f->url;
    f->url = f->next;
    f->next = used;
    json_array_foreach(records, i, row)
    {
        rc = hand_over(f, row, err);
        if (rc)
            return rc;
        json_array_set_new(records, i, json_null()); /* the next page can have its memory */
    }
    return mark(f, err);
}

static int take_pages(struct fetch *f, struct ds_err *err)
{
    int rc = begin_query(f, err);

    do {
        json_t *page = NULL;

        if (!rc)
            rc = wait_page(f, &page, err);
        if (!rc)
            rc = take_page(f, page, err);
        json_decref(page);
    } while (!rc && f->url.len);
    if (rc)
        return rc;
    if (f->rows != f->total)
        return ds_fail(err, DS_E_REMOTE, "the org announced %" PRIu64 " records and sent %" PRIu64,
                       f->total, f->rows);
    return DS_OK;
}

int ds_sf_fetch(struct ds_remote *remote, const struct ds_query *query, const struct ds_sink *sink,
                struct ds_buf *next, struct ds_err *err)
{
    struct fetch f = {.remote = remote, .sink = sink};
    char hi[DS_INSTANT_TEXT];
    int64_t now_ms = 0;
    int rc;

    ds_buf_init(&f.list, DS_MAX_TEXT);
    ds_buf_init(&f.soql, DS_MAX_TEXT);
    ds_buf_init(&f.url, DS_MAX_URL);
    ds_buf_init(&f.next, DS_MAX_URL);
    ds_buf_init(&f.text, DS_MAX_TEXT);
    rc = ds_sf_describe(remote, &now_ms, err);
    if (!rc)
        rc = set_columns(&f, query, err);
    if (!rc)
        rc = set_window(&f, query, now_ms, err);
    if (!rc)
        rc = take_pages(&f, err);
    ds_api_abandon(remote->api);
    if (!rc) {
        ds_buf_add(next, ds_instant_text(f.hi_ms, hi));
        rc = ds_buf_failed(next) ? ds_fail_nomem(err) : DS_OK;
    }
    ds_sf_columns_clear(&f.columns);
    ds_buf_clear(&f.list);
    ds_buf_clear(&f.soql);
    ds_buf_clear(&f.url);
    ds_buf_clear(&f.next);
    ds_buf_clear(&f.text);
    return rc;
}
