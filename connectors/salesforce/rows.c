#include "connectors/salesforce/bulk.h"
#include "connectors/salesforce/csv.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { BATCH = DS_SF_CHILD_LOAD }; /* rows that are held until their children are read */

struct page {
    struct ds_sf_fetch *f;
    struct ds_sf_csv csv;
    size_t columns;
    size_t *from; /* for each column, which field of the page holds it */
    size_t held;
    struct ds_value *raw; /* of the rows held, a row after the other */
    const char **ids;     /* of those that have one */
    size_t named;
};

static bool is_named(const struct ds_value *field, const char *name)
{
    return field->len == strlen(name) && strncasecmp(field->text, name, field->len) == 0;
}

/* Every page has a head of its own, and its columns may stand in an order of their own (SF-37,
 * SF-88). */
static int read_head(struct page *p, bool *more, struct ds_err *err)
{
    const struct ds_sf_columns *columns = &p->f->reader.columns;
    int rc = ds_sf_csv_row(&p->csv, more, err);

    for (size_t i = 0; i < columns->count && *more && !rc; i++) {
        size_t at = 0;

        while (at < p->csv.fields && !is_named(&p->csv.field[at], columns->column[i].name))
            at++;
        if (at == p->csv.fields)
            rc = ds_fail(err, DS_E_REMOTE, "a page of the result has no column '%s'",
                         columns->column[i].name);
        p->from[i] = at;
    }
    return rc;
}

static struct ds_value *raw_of(const struct page *p, size_t row)
{
    return p->raw + row * p->columns;
}

static void hold(struct page *p)
{
    struct ds_value *raw = raw_of(p, p->held++);
    const char *id;

    for (size_t i = 0; i < p->columns; i++)
        raw[i] = p->csv.field[p->from[i]];
    id = raw[p->f->reader.own[DS_SF_OWN_ID]].text;
    if (id)
        p->ids[p->named++] = id;
}

static int hand_over(struct page *p, size_t row, struct ds_err *err)
{
    struct ds_sf_reader *reader = &p->f->reader;
    const struct ds_record *record;
    int rc;

    memcpy(reader->columns.raw, raw_of(p, row), p->columns * sizeof(*p->raw));
    rc = ds_sf_reader_raw(reader, &record, err);
    return rc ? rc : p->f->sink->record(p->f->sink->arg, record, err);
}

static int flush(struct page *p, struct ds_err *err)
{
    struct ds_sf_children *children = &p->f->reader.children;
    int rc = ds_sf_children_load(children, p->ids, p->named, err);

    for (size_t i = 0; i < p->held && !rc; i++)
        rc = hand_over(p, i, err);
    p->held = p->named = 0;
    return rc;
}

static int read_rows(struct page *p, uint64_t *count, struct ds_err *err)
{
    bool more;
    int rc = read_head(p, &more, err);

    while (!rc && more) {
        rc = ds_sf_csv_row(&p->csv, &more, err);
        if (rc && p->named)
            return ds_err_where(err, "behind %s", p->ids[p->named - 1]);
        if (rc || !more)
            break;
        hold(p);
        ++*count;
        if (p->held == BATCH)
            rc = flush(p, err);
    }
    return rc ? rc : flush(p, err);
}

int ds_sf_bulk_rows(struct ds_sf_fetch *f, struct ds_buf *page, uint64_t *count, struct ds_err *err)
{
    struct page *p = calloc(1, sizeof(*p));
    size_t columns = f->reader.columns.count;
    int rc;

    *count = 0;
    if (!p)
        return ds_fail_nomem(err);
    p->f = f;
    p->columns = columns;
    p->from = calloc(columns, sizeof(*p->from));
    p->raw = calloc(columns * BATCH, sizeof(*p->raw));
    p->ids = calloc(BATCH, sizeof(*p->ids));
    ds_sf_csv_open(&p->csv, page->text, page->len);
    rc = p->from && p->raw && p->ids ? read_rows(p, count, err) : ds_fail_nomem(err);
    free(p->from);
    free(p->raw);
    free(p->ids);
    free(p);
    return rc;
}
