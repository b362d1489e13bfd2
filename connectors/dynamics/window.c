#include "connectors/dynamics/chain.h"
#include "connectors/dynamics/crew.h"
#include "connectors/dynamics/fetch.h"
#include "connectors/dynamics/instances.h"

#include <string.h>

struct window {
    struct ds_dynamics_fetch *fetch;
    struct ds_buf url;
    struct ds_dynamics_chain chains[DS_HTTP_LANES];
    struct ds_dynamics_instances instances;
};

/* --- the request ----------------------------------------------------------------------------- */

static void add_bound(struct ds_buf *out, const char *operator_name, int64_t ms)
{
    char text[DS_INSTANT_TEXT];

    ds_buf_addf(out, "%smodifiedon %s %s", out->len ? " and " : "", operator_name,
                ds_instant_text(ms, text));
}

/* In the order of the stamps, so that a range can be shortened and continued at any of them. */
void ds_dynamics_window_url(const struct ds_dynamics_fetch *f,
                            const struct ds_dynamics_range *range, struct ds_buf *out)
{
    struct ds_buf where = DS_BUF_INIT(DS_MAX_URL);
    const char *filter = f->remote->filter;

    if (range->from_ms)
        add_bound(&where, "ge", range->from_ms);
    if (range->end_ms != DS_DYNAMICS_OPEN)
        add_bound(&where, "lt", range->end_ms);
    if (filter)
        ds_buf_addf(&where, where.len ? " and (%s)" : "%s", filter);
    ds_buf_addf(out, "%s%s?", f->remote->base.text, f->reader.table.set);
    ds_dynamics_select(out, f->reader.slots, f->reader.count);
    if (where.len) {
        ds_buf_add(out, "&$filter=");
        ds_http_escape(out, where.text);
    }
    ds_buf_add(out, "&$orderby=modifiedon,opportunityid");
    out->failed |= ds_buf_failed(&where);
    ds_buf_clear(&where);
}

static int begin(void *arg, size_t lane, size_t idle, bool *busy, struct ds_err *err)
{
    struct window *w = arg;
    struct ds_dynamics_fetch *f = w->fetch;
    struct ds_dynamics_range *range =
        ds_dynamics_ranges_take(&f->ranges, idle, (uint64_t)f->remote->page_size);

    *busy = range != NULL;
    if (!range)
        return DS_OK;
    range->lane = (int)lane;
    ds_buf_reset(&w->url);
    ds_dynamics_window_url(f, range, &w->url);
    if (ds_buf_failed(&w->url)) {
        ds_fail(err, DS_E_CONFIG, "the query for opportunities is longer than %u bytes",
                DS_MAX_URL);
        return ds_hint(err, "map fewer columns or shorten 'filter'"); /* DV-23 */
    }
    return ds_dynamics_chain_start(f->remote, lane, &w->chains[lane], w->url.text,
                                   f->remote->prefer.text, err);
}

/* --- a page ---------------------------------------------------------------------------------- */

static int64_t stamp_of(const json_t *row)
{
    const char *text = ds_json_text(row, "modifiedon");
    int64_t ms = 0;

    return text && ds_instant(text, &ms) ? ms : 0;
}

/* Drops the rows that belong to another range by now. */
static void cut(const struct ds_dynamics_range *range, json_t *rows)
{
    size_t n = json_array_size(rows);

    while (n > 0 && stamp_of(json_array_get(rows, n - 1)) >= range->end_ms)
        json_array_remove(rows, --n);
}

static void pass(struct ds_dynamics_fetch *f, struct ds_dynamics_range *range, const json_t *rows)
{
    ds_dynamics_range_page(range);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        struct ds_dynamics_id *id =
            ds_dynamics_ids_find(&f->ids, ds_json_text(row, "opportunityid"));

        if (id)
            id->done = true;
        ds_dynamics_range_pass(range, stamp_of(row));
    }
}

/* The next page is asked for before this one is handed over, so that it travels meanwhile. */
static int deliver(struct window *w, size_t lane, json_t *rows, bool *busy, struct ds_err *err)
{
    struct ds_dynamics_fetch *f = w->fetch;
    struct ds_dynamics_chain *chain = &w->chains[lane];
    struct ds_dynamics_range *range = ds_dynamics_ranges_of(&f->ranges, (int)lane);
    size_t came = json_array_size(rows);
    int rc = DS_OK;

    cut(range, rows);
    *busy = chain->next.len && json_array_size(rows) == came;
    if (*busy)
        rc = ds_dynamics_chain_go_on(f->remote, lane, chain, err);
    pass(f, range, rows);
    if (!rc)
        rc = ds_dynamics_reader_rows(&f->reader, rows, err);
    if (!*busy)
        ds_dynamics_ranges_drop(&f->ranges, range);
    return rc || f->ranges.count == 0 ? rc : ds_dynamics_mark(f, err);
}

static int take(void *arg, size_t lane, struct ds_api_reply *reply, bool *busy, struct ds_err *err)
{
    struct window *w = arg;
    json_t *done = NULL;
    int rc =
        ds_dynamics_instances_take(&w->instances, lane, &w->chains[lane], reply->json, &done, err);

    *busy = !rc && !done;
    if (done)
        rc = deliver(w, lane, done, busy, err);
    json_decref(done);
    return rc;
}

static int failed(void *arg, size_t lane, struct ds_err *err)
{
    const struct window *w = arg;

    return ds_dynamics_instances_failed(&w->instances, lane, err);
}

int ds_dynamics_window(struct ds_dynamics_fetch *f, struct ds_err *err)
{
    struct window w = {.fetch = f, .url = DS_BUF_INIT(DS_MAX_URL)};
    const struct ds_dynamics_work work = {begin, take, failed, &w};
    int rc;

    for (size_t i = 0; i < DS_HTTP_LANES; i++)
        ds_dynamics_chain_init(&w.chains[i]);
    ds_dynamics_instances_init(&w.instances, f->remote, f->reader.slots, f->reader.count);
    rc = ds_dynamics_crew(f->remote, &work, err);
    ds_dynamics_instances_clear(&w.instances);
    for (size_t i = 0; i < DS_HTTP_LANES; i++)
        ds_dynamics_chain_clear(&w.chains[i]);
    ds_buf_clear(&w.url);
    return rc;
}
