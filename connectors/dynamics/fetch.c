#include "connectors/dynamics/link.h"
#include "connectors/dynamics/query.h"

#include "base/date.h"
#include "base/hash.h"
#include "base/log.h"

#include <stdio.h>
#include <string.h>

#define MOST_EMPTY 100 /* empty pages in a row that still promise more */

struct fetch {
    struct ds_remote *remote;
    const struct ds_sink *sink;
    struct ds_arena arena;
    struct ds_dynamics_slot *slots;
    struct ds_value *values;
    size_t count;                    /* of both */
    char now[DS_INSTANT_TEXT];       /* the server's clock before the first page */
    char watermark[DS_INSTANT_TEXT]; /* the next cursor: now, or that of the run taken up */
    char print[DS_HASH_TEXT];        /* what is being asked, so that no other query is resumed */
    struct ds_buf first;             /* address of the window's first page */
    struct ds_buf url;               /* address of the page that was asked for last */
    struct ds_buf next;              /* address of the page after that one; empty: none */
    struct ds_buf resume;
    struct ds_dynamics_walk links; /* guards against walking in circles (DV-19) */
    struct ds_dynamics_walk starts;
    unsigned empty;
    bool resumed; /* nothing has come yet, and url is from an earlier run */
};

/* --- the links ------------------------------------------------------------------------------- */

static int circles(const struct fetch *f, const char *how, struct ds_err *err)
{
    ds_fail(err, DS_E_REMOTE, "%s leads from page to page in a circle: %s", f->remote->origin.text,
            how);
    return ds_hint(err,
                   "nothing was concluded from this answer, and the next run asks again; if it "
                   "stays, try another 'page_size' and tell Microsoft support");
}

static int foreign(const struct fetch *f, const char *url, struct ds_err *err)
{
    ds_fail(err, DS_E_REMOTE, "the link to the next page leads to '%.*s' instead of %s",
            (int)strcspn(url, "?#"), url, f->remote->origin.text);
    return ds_hint(err,
                   "nothing was sent there; if both are names of your environment, put the "
                   "other one into 'url' (%s)",
                   ds_option_where(f->remote->options, "url"));
}

/* The page must not begin with the record that an earlier one began with: a paging cookie that does
 * not advance shows in that, whatever it looks like. */
static int advances(struct fetch *f, const json_t *rows, struct ds_err *err)
{
    const char *id = ds_json_text(json_array_get(rows, 0), "opportunityid");

    if (!id)
        return ++f->empty > MOST_EMPTY ? circles(f, "the pages stay empty", err) : DS_OK;
    f->empty = 0;
    return ds_dynamics_walk_repeats(&f->starts, id) ? circles(f, "the same records came again", err)
                                                    : DS_OK;
}

/* Wherever in the answer it stands (DV-18). */
static int find_next(struct fetch *f, const json_t *page, struct ds_err *err)
{
    const json_t *link = json_object_get(page, "@odata.nextLink");

    ds_buf_reset(&f->next);
    if (!link)
        return DS_OK;
    if (!json_is_string(link) || strlen(json_string_value(link)) != json_string_length(link))
        return ds_fail(err, DS_E_REMOTE, "the link to the next page is no text");
    ds_dynamics_link(&f->next, f->url.text, json_string_value(link));
    if (ds_buf_failed(&f->next))
        return ds_fail(err, DS_E_REMOTE, "the link to the next page is longer than %u bytes",
                       DS_MAX_URL);
    if (!ds_dynamics_same_origin(f->next.text, f->remote->origin.text))
        return foreign(f, f->next.text, err);
    return DS_OK;
}

static int begin(struct fetch *f, const char *url, struct ds_err *err)
{
    const char *headers[] = {DS_DYNAMICS_HEADERS, f->remote->prefer.text, NULL};
    struct ds_api_call call = {.url = url, .headers = headers, .repeatable = true};

    ds_buf_reset(&f->url);
    ds_buf_add(&f->url, url);
    if (ds_buf_failed(&f->url))
        return ds_fail_nomem(err);
    if (ds_dynamics_walk_repeats(&f->links, url))
        return circles(f, "a link came again", err);
    f->remote->refused = 0;
    return ds_api_begin(f->remote->api, 0, &call, err);
}

/* --- resuming -------------------------------------------------------------------------------- */

/* "watermark fingerprint link" */
static int mark(struct fetch *f, struct ds_err *err)
{
    ds_buf_reset(&f->resume);
    ds_buf_addf(&f->resume, "%s %s ", f->watermark, f->print);
    ds_buf_add(&f->resume, f->next.text);
    if (ds_buf_failed(&f->resume))
        return ds_fail_nomem(err);
    return f->sink->mark(f->sink->arg, f->resume.text, err);
}

/* Takes up where an earlier run stopped, if that is still the same query. */
static bool take_up(struct fetch *f, const char *resume, const char **link)
{
    size_t date = strcspn(resume, " "), len = strlen(f->print);
    const char *print = resume + date + (resume[date] == ' ');

    if (date >= sizeof(f->watermark) || strncmp(print, f->print, len) != 0 || print[len] != ' ')
        return false;
    *link = print + len + 1;
    if (!ds_dynamics_same_origin(*link, f->remote->origin.text))
        return false;
    snprintf(f->watermark, sizeof(f->watermark), "%.*s", (int)date, resume);
    return true;
}

/* Whether the server does not know a link (any more). */
static bool stale(long status)
{
    return status == 400 || status == 404 || status == 410;
}

/* --- the pages ------------------------------------------------------------------------------- */

static int hand_over_row(struct fetch *f, const json_t *row, struct ds_err *err)
{
    struct ds_record record = {.values = f->values + DS_DYNAMICS_OWN};
    char id[37];
    int rc = ds_dynamics_values(row, f->slots, f->count, f->values, err);

    if (rc)
        return rc;
    record.id = f->values[DS_DYNAMICS_ID].text;
    if (record.id && ds_dynamics_guid(record.id, id))
        record.id = id;
    else
        record.fault = "the row has no GUID in its 'opportunityid'";
    record.modified = f->values[DS_DYNAMICS_MODIFIED].text;
    record.modified_by = f->values[DS_DYNAMICS_MODIFIED_BY].text;
    record.version = ds_json_text(row, "@odata.etag");
    if (!record.version)
        record.version = f->values[DS_DYNAMICS_VERSION].text;
    if (!record.version)
        record.version = record.modified;
    return f->sink->record(f->sink->arg, &record, err);
}

/* The next page is asked for before this one is handed over, so that it travels meanwhile. */
static int take_page(struct fetch *f, const json_t *page, struct ds_err *err)
{
    json_t *rows = ds_dynamics_rows(page, err);
    int rc = rows ? find_next(f, page, err) : err->status;

    if (!rc)
        rc = advances(f, rows, err);
    if (!rc && f->next.len)
        rc = begin(f, f->next.text, err);
    for (size_t i = 0; i < json_array_size(rows) && !rc; i++) {
        rc = hand_over_row(f, json_array_get(rows, i), err);
        json_array_set_new(rows, i, json_null()); /* the next page can have its memory */
    }
    if (!rc && f->next.len)
        rc = mark(f, err);
    return rc;
}

static int receive(struct fetch *f, json_t **page, struct ds_err *err)
{
    struct ds_api_reply reply;
    int rc = ds_api_wait(f->remote->api, 0, &reply, err);

    *page = json_incref(reply.json);
    ds_api_reply_clear(&reply);
    return rc;
}

/* The page that was asked for; if that was a link from an earlier run and the server does not know
 * it any more, the window's first page instead. */
static int next_page(struct fetch *f, json_t **page, struct ds_err *err)
{
    int rc = receive(f, page, err);

    if (!rc || !f->resumed || !stale(f->remote->refused))
        return rc;
    ds_log(DS_LOG_INFO, "an interrupted fetch cannot go on where it was and starts again: %s",
           err->text);
    ds_err_clear(err);
    memcpy(f->watermark, f->now, sizeof(f->watermark));
    rc = begin(f, f->first.text, err);
    return rc ? rc : receive(f, page, err);
}

static int walk(struct fetch *f, struct ds_err *err)
{
    json_t *page;
    int rc;

    do {
        page = NULL;
        rc = next_page(f, &page, err);
        f->resumed = false;
        if (!rc)
            rc = take_page(f, page, err);
        json_decref(page);
    } while (!rc && f->next.len);
    return rc;
}

/* --- the window ------------------------------------------------------------------------------ */

/* From an overlap before the last window's end, because rows may be committed later than they are
 * stamped and stamps have whole seconds (DV-55); without a cursor, from the beginning. An end in the
 * future says nothing of what has been read (P-2). */
static int window(const struct ds_remote *remote, const char *cursor, int64_t now_ms,
                  int64_t *since_ms, struct ds_err *err)
{
    *since_ms = 0;
    if (!cursor)
        return DS_OK;
    if (!ds_instant(cursor, since_ms)) {
        ds_fail(err, DS_E_STORE, "the cursor '%.64s' is no instant", cursor);
        return ds_hint(err, "another kind of connector has left it: run a backfill");
    }
    *since_ms -= remote->overlap_ms;
    if (*since_ms <= now_ms)
        return DS_OK;
    ds_log(DS_LOG_WARNING,
           "the last fetch ended at %s, in the future: a clock was wrong, all is read again",
           cursor);
    *since_ms = 0;
    return DS_OK;
}

static int first_page(struct fetch *f, const char *set, int64_t since_ms, struct ds_err *err)
{
    struct ds_buf asked = DS_BUF_INIT(2 * DS_MAX_URL);
    bool failed;

    ds_buf_addf(&f->first, "%s%s?", f->remote->base.text, set);
    ds_dynamics_select(&f->first, f->slots, f->count);
    ds_dynamics_filter(f->remote, &f->first, since_ms);
    ds_buf_add(&f->first, "&$orderby=opportunityid"); /* DV-21 */
    ds_buf_addf(&asked, "%s\n%s", f->remote->prefer.text, f->first.text);
    failed = ds_buf_failed(&f->first) || ds_buf_failed(&asked);
    ds_hash(asked.text, asked.len, f->print);
    ds_buf_clear(&asked);
    if (!failed)
        return DS_OK;
    ds_fail(err, DS_E_CONFIG, "the query for opportunities is longer than %u bytes", DS_MAX_URL);
    return ds_hint(err, "map fewer columns or shorten 'filter'"); /* DV-23 */
}

static int prepare(struct fetch *f, const struct ds_query *query, struct ds_err *err)
{
    struct ds_dynamics_table table;
    int64_t since_ms;
    int rc = ds_dynamics_table(f->remote, &table, err);

    if (!rc)
        rc = ds_dynamics_slots(f->remote, &f->arena, query, &f->slots, err);
    if (!rc)
        rc = window(f->remote, query->cursor, table.date_ms, &since_ms, err);
    if (rc)
        return rc;
    f->count = DS_DYNAMICS_OWN + query->count;
    f->values = ds_arena_alloc(&f->arena, f->count * sizeof(*f->values));
    if (!f->values)
        return ds_fail_nomem(err);
    ds_instant_text(table.date_ms, f->now);
    memcpy(f->watermark, f->now, sizeof(f->watermark));
    return first_page(f, table.set, since_ms, err);
}

int ds_dynamics_fetch(struct ds_remote *remote, const struct ds_query *query,
                      const struct ds_sink *sink, struct ds_buf *next, struct ds_err *err)
{
    struct fetch f = {
        .remote = remote,
        .sink = sink,
        .first = DS_BUF_INIT(DS_MAX_URL),
        .url = DS_BUF_INIT(DS_MAX_URL),
        .next = DS_BUF_INIT(DS_MAX_URL),
        .resume = DS_BUF_INIT(DS_MAX_URL + 256),
    };
    const char *link = NULL;
    int rc = prepare(&f, query, err);

    if (rc)
        goto out;
    f.resumed = query->resume && take_up(&f, query->resume, &link);
    rc = begin(&f, f.resumed ? link : f.first.text, err);
    if (!rc)
        rc = walk(&f, err);
    ds_api_abandon(remote->api);
    if (!rc) {
        ds_buf_add(next, f.watermark);
        rc = ds_buf_failed(next) ? ds_fail_nomem(err) : DS_OK;
    }
out:
    ds_arena_clear(&f.arena);
    ds_buf_clear(&f.first);
    ds_buf_clear(&f.url);
    ds_buf_clear(&f.next);
    ds_buf_clear(&f.resume);
    return rc;
}
