#include "tests/sim/scan.h"
#include "tests/sim/dv_tables.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>

enum order_class { BY_ID, BY_STAMP, BY_VALUE };

static enum order_class classify(const struct scan *scan)
{
    const struct sort_key *k = scan->order;

    if (scan->norder == 0)
        return BY_ID;
    if (k[0].field->flags & KEY)
        return BY_ID;
    if (k[0].field->flags & STAMP &&
        (scan->norder == 1 || (k[1].down == k[0].down && k[1].field->flags & KEY)))
        return BY_STAMP;
    return BY_VALUE;
}

struct place {
    int64_t modified; /* 0 when only the id orders */
    uint64_t rank;    /* of the id */
    uint32_t at;
};

static int place_cmp(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->modified != y->modified)
        return x->modified < y->modified ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* Two ordered streams: unedited rows of a span, and the edited and created ones. */
struct merge {
    const struct scan *scan;
    bool stamps;
    bool down; /* from the last to the first */
    struct spans base;
    struct place *edited;
    size_t nedited, next;
    struct place after;
};

/* Clients of Dynamics choose ids, which then stand anywhere among the others. */
static uint64_t rank_of(const struct merge *m, const struct row *row)
{
    struct val id;
    char text[40];

    if (m->scan->entity != &dv_opportunity)
        return row->at;
    if (!row->edit || !row->edit->blank)
        return guid_opportunity_rank(row->at);
    field_get(row, entity_key(&dv_opportunity), &id);
    snprintf(text, sizeof text, "%.*s", (int)id.len, id.text);
    return guid_rank(text);
}

static struct place place_of(const struct merge *m, const struct row *row)
{
    return (struct place){m->stamps ? row->modified : 0, rank_of(m, row), row->at};
}

static bool in_order(const struct merge *m, const struct place *a, const struct place *b)
{
    return m->down ? place_cmp(a, b) > 0 : place_cmp(a, b) < 0;
}

static void open_edited(struct merge *m)
{
    const struct entity *e = m->scan->entity;
    struct row row;
    uint32_t at;

    m->edited = regrab(NULL, (world_edits(e) + 1) * sizeof *m->edited);
    for (size_t i = 0; world_edit_at(e, i, &at); i++) {
        world_row(e, at, &row);
        m->edited[m->nedited++] = place_of(m, &row);
    }
    qsort(m->edited, m->nedited, sizeof *m->edited, place_cmp);
    for (size_t i = 0; m->down && i < m->nedited / 2; i++) {
        struct place other = m->edited[i];

        m->edited[i] = m->edited[m->nedited - 1 - i];
        m->edited[m->nedited - 1 - i] = other;
    }
}

static bool wanted(const struct merge *m, const struct row *row)
{
    struct place here = place_of(m, row);

    if (m->scan->after && !in_order(m, &m->after, &here))
        return false;
    if (row->deleted && (!m->scan->with_deleted || world_is_gone(row)))
        return false;
    return expr_true(m->scan->where, row);
}

/* The edited rows that come before `limit`, or all. */
static bool pass_edited(struct merge *m, const struct place *limit, scan_row *each, void *arg)
{
    struct row row;

    for (; m->next < m->nedited; m->next++) {
        if (limit && in_order(m, limit, &m->edited[m->next]))
            return true;
        world_row(m->scan->entity, m->edited[m->next].at, &row);
        if (wanted(m, &row) && !each(&row, arg)) {
            m->next = m->nedited;
            return false;
        }
    }
    return true;
}

/* false: the walk is over. */
static bool merge_span(struct merge *m, const struct span *span, scan_row *each, void *arg)
{
    const struct entity *e = m->scan->entity;
    struct row row;

    for (uint32_t i = 0; span->from < span->to && i < span->to - span->from; i++) {
        uint32_t at = m->down ? span->to - 1 - i : span->from + i;

        if (m->nedited && world_is_edited(e, at))
            continue;
        entity_base(e, at, &row);
        if (m->next < m->nedited) {
            struct place here = place_of(m, &row);

            if (!pass_edited(m, &here, each, arg))
                return false;
        }
        if (wanted(m, &row) && !each(&row, arg))
            return false;
    }
    return true;
}

static void merge(struct merge *m, scan_row *each, void *arg)
{
    for (size_t i = 0; i < m->base.n; i++)
        if (!merge_span(m, &m->base.span[m->down ? m->base.n - 1 - i : i], each, arg))
            return;
    pass_edited(m, NULL, each, arg);
}

/* Unedited rows ascend in stamp and index alike: what stands before `after` on the way is cut off. */
static void skip_span(const struct merge *m, struct span *span)
{
    uint32_t from = span->from, to = span->to;
    struct row row;

    while (from < to) {
        uint32_t mid = from + (to - from) / 2;
        struct place here;
        int order;

        m->scan->entity->load(mid, &row);
        here = place_of(m, &row);
        order = place_cmp(&here, &m->after);
        if (order < 0 || (order == 0 && !m->down))
            from = mid + 1;
        else
            to = mid;
    }
    if (m->down)
        span->to = from;
    else
        span->from = from;
}

static void walk(const struct scan *scan, bool stamps, scan_row *each, void *arg)
{
    struct merge m = {.scan = scan, .stamps = stamps};
    struct row row;

    m.down = scan->norder && scan->order[0].down;
    expr_spans(scan->where, scan->entity, &m.base);
    if (scan->entity->changes)
        open_edited(&m);
    if (scan->after) {
        entity_row(scan->entity, scan->after_at, &row);
        m.after = place_of(&m, &row);
        m.after.modified = stamps ? scan->after_modified : 0;
        for (size_t i = 0; i < m.base.n; i++)
            skip_span(&m, &m.base.span[i]);
    }
    merge(&m, each, arg);
    free(m.edited);
}

struct sorter {
    const struct scan *scan;
    uint32_t *at;
    size_t n;
};

static bool collect(const struct row *row, void *arg)
{
    struct sorter *s = arg;

    if ((s->n & (s->n + 1)) == 0)
        s->at = regrab(s->at, (s->n * 2 + 1) * sizeof *s->at);
    s->at[s->n++] = row->at;
    return s->n <= MAX_SORT_ROWS;
}

static int sorter_cmp(const void *a, const void *b, void *arg)
{
    const struct scan *scan = ((const struct sorter *)arg)->scan;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    struct row left, right;
    struct val v, w;

    entity_row(scan->entity, x, &left);
    entity_row(scan->entity, y, &right);
    for (size_t i = 0; i < scan->norder; i++) {
        int order;

        field_get(&left, scan->order[i].field, &v);
        field_get(&right, scan->order[i].field, &w);
        order = val_cmp(&v, &w);
        if (order)
            return scan->order[i].down ? -order : order;
    }
    return (x > y) - (x < y);
}

static bool walk_sorted(const struct scan *scan, scan_row *each, void *arg)
{
    struct sorter s = {.scan = scan};
    struct scan plain = *scan;
    struct row row;

    plain.after = false;
    plain.norder = 0;
    walk(&plain, false, collect, &s);
    if (s.n > MAX_SORT_ROWS) {
        free(s.at);
        return false;
    }
    if (s.n)
        qsort_r(s.at, s.n, sizeof *s.at, sorter_cmp, &s);
    for (size_t i = 0; i < s.n; i++) {
        if (scan->after && sorter_cmp(&s.at[i], &scan->after_at, &s) <= 0)
            continue;
        entity_row(scan->entity, s.at[i], &row);
        if (!each(&row, arg))
            break;
    }
    free(s.at);
    return true;
}

bool scan_each(const struct scan *scan, scan_row *each, void *arg)
{
    enum order_class class = classify(scan);

    if (class == BY_VALUE)
        return walk_sorted(scan, each, arg);
    walk(scan, class == BY_STAMP, each, arg);
    return true;
}

bool runs_add(const struct row *row, void *arg)
{
    struct runs *r = arg;
    struct run *last = r->n ? &r->run[r->n - 1] : NULL;

    r->rows++;
    if (last && last->at + last->n == row->at) {
        last->n++;
        return r->rows != r->limit;
    }
    if (!r->run || r->n == r->room) {
        r->room = r->room * 2 + 4;
        r->run = regrab(r->run, r->room * sizeof *r->run);
    }
    r->run[r->n++] = (struct run){row->at, 1};
    return r->rows != r->limit;
}

size_t runs_copy(const struct runs *runs, uint64_t from, size_t n, uint32_t *out)
{
    size_t got = 0;

    for (size_t i = 0; i < runs->n && got < n; i++) {
        const struct run *run = &runs->run[i];

        for (; from < run->n && got < n; from++)
            out[got++] = run->at + (uint32_t)from;
        if (got < n)
            from -= run->n;
    }
    return got;
}
