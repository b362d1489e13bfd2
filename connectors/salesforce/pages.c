#include "connectors/salesforce/chain.h"
#include "connectors/salesforce/fetch.h"

#include <string.h>

/*
 * The window is read in the order of ids, so that reading can go on behind any of them. A window with
 * many records is cut into pieces, which several lanes read side by side: whenever no piece waits for a
 * lane, the one whose page has just arrived gives away most of what is left of it. So all lanes are
 * busy to the end, however unevenly the ids are spread.
 */
enum {
    FROM = 10000,     /* records from which it is worth several lanes */
    PIECE = 8000,     /* records of a piece, unless there are too few for all lanes */
    MOST_SPLIT = 32,  /* pieces out of one */
    FEWEST_ROWS = 200 /* of a page, that the org lets us ask for */
};

enum state { FREE, WAITING, RUNNING };

struct part {
    struct ds_sf_piece piece; /* `after` moves on with what was handed over */
    enum state state;
};

struct reading {
    struct ds_sf_chain chain;
    struct part *part;        /* NULL: nothing to do */
    char restarted[DS_SF_ID]; /* the id behind which the query was sent again */
    bool is_restarted;
};

struct walk {
    struct ds_sf_fetch *f;
    struct part part[DS_SF_MOST_PIECES];
    struct reading reading[DS_SF_PAGE_LANES];
    char last[DS_SF_ID]; /* of the whole window; "": not known, nothing is cut */
};

static size_t parts(const struct walk *w, enum state state)
{
    size_t n = 0;

    for (size_t i = 0; i < DS_SF_MOST_PIECES; i++)
        n += w->part[i].state == state;
    return n;
}

/* --- lanes ----------------------------------------------------------------------------------- */

static int begin(struct walk *w, struct reading *r, struct ds_err *err)
{
    struct ds_sf_range range = ds_sf_fetch_range(w->f);

    range.after = r->part->piece.after;
    range.until = r->part->piece.until;
    ds_buf_reset(&w->f->text);
    ds_sf_soql_range(&w->f->text, w->f->reader.list.text, &range);
    return ds_sf_chain_begin(&r->chain, "queryAll", w->f->text.text, err);
}

/* Gives each idle lane a piece. */
static int employ(struct walk *w, struct ds_err *err)
{
    size_t at = 0;
    int rc = DS_OK;

    for (size_t i = 0; i < DS_SF_PAGE_LANES && !rc; i++) {
        struct reading *r = &w->reading[i];

        if (r->part)
            continue;
        while (at < DS_SF_MOST_PIECES && w->part[at].state != WAITING)
            at++;
        if (at == DS_SF_MOST_PIECES)
            break;
        r->part = &w->part[at];
        r->part->state = RUNNING;
        r->is_restarted = false;
        rc = begin(w, r, err);
    }
    return rc;
}

/* --- cutting --------------------------------------------------------------------------------- */

static bool worth_cutting(const struct walk *w, const struct reading *r)
{
    return *w->last && r->chain.next.len && parts(w, WAITING) == 0 &&
           r->chain.total - r->chain.rows >= FROM;
}

/* Cuts what is left of a piece. The ids it can hold lie behind the one handed over last. */
static void cut(struct walk *w, struct reading *r)
{
    struct ds_sf_piece out[MOST_SPLIT];
    struct ds_sf_piece *piece = &r->part->piece;
    uint64_t count = (r->chain.total - r->chain.rows) / PIECE;
    size_t room = parts(w, FREE) + 1, n;

    if (count < DS_SF_PAGE_LANES)
        count = DS_SF_PAGE_LANES;
    if (count > MOST_SPLIT)
        count = MOST_SPLIT;
    if (count > room)
        count = room;
    n = ds_sf_piece_split(piece, piece->after, *piece->until ? piece->until : w->last,
                          (size_t)count, out);
    if (n == 1)
        *w->last = '\0'; /* nor will the next one be cut */
    r->part->state = FREE;
    r->part = NULL;
    for (size_t i = 0, at = 0; i < n; at++)
        if (w->part[at].state == FREE)
            w->part[at] = (struct part){.piece = out[i++], .state = WAITING};
}

/* --- pages ----------------------------------------------------------------------------------- */

static int mark(struct walk *w, struct ds_err *err)
{
    struct ds_sf_resume *at = &w->f->at;

    at->pieces = 0;
    for (size_t i = 0; i < DS_SF_MOST_PIECES; i++)
        if (w->part[i].state != FREE)
            at->piece[at->pieces++] = w->part[i].piece;
    return ds_sf_fetch_mark(w->f, err);
}

/* A page that is longer than we take is read again in smaller ones, and so is all that follows. */
static bool take_smaller(struct reading *r, const struct ds_err *err)
{
    if (!ds_http_too_long(err) || r->chain.most <= FEWEST_ROWS)
        return false;
    r->chain.most = r->chain.most / 2 > FEWEST_ROWS ? r->chain.most / 2 : FEWEST_ROWS;
    return true;
}

/* A locator that is no longer good costs nothing but a new query behind the last id; twice at the same
 * place is a fault of the org (SF-44). */
static int restart(struct walk *w, struct reading *r, struct ds_err *err)
{
    const char *after = r->part->piece.after;

    if (take_smaller(r, err)) {
        ds_err_clear(err);
        return begin(w, r, err);
    }
    if (!w->f->remote->lost_locator)
        return err->status;
    w->f->remote->lost_locator = false;
    if (r->is_restarted && strcmp(r->restarted, after) == 0)
        return err->status;
    ds_err_clear(err);
    r->is_restarted = true;
    memcpy(r->restarted, after, DS_SF_ID);
    return begin(w, r, err);
}

/* One page: the next one is asked for first, so that it travels while this one is worked on. */
static int take(struct walk *w, struct reading *r, json_t *page, struct ds_err *err)
{
    char *after = r->part->piece.after, before[DS_SF_ID];
    json_t *rows;
    bool cutting = false;
    int rc = ds_sf_chain_take(&r->chain, page, &rows, err);

    memcpy(before, after, DS_SF_ID);
    if (!rc) {
        cutting = worth_cutting(w, r);
        rc = cutting ? DS_OK : ds_sf_chain_go_on(&r->chain, err);
    }
    if (!rc)
        rc = ds_sf_fetch_rows(w->f, rows, after, err);
    if (!rc && cutting && strcmp(before, after) == 0) { /* not one id: there is nowhere to cut */
        cutting = false;
        rc = ds_sf_chain_go_on(&r->chain, err);
    }
    if (rc)
        return rc;
    if (cutting) {
        cut(w, r);
    } else if (!r->chain.under_way) {
        r->part->state = FREE;
        r->part = NULL;
    }
    rc = mark(w, err);
    return rc ? rc : employ(w, err);
}

static int walk(struct walk *w, struct ds_err *err)
{
    int rc = DS_OK;

    while (!rc && parts(w, RUNNING)) {
        struct ds_api_reply reply;
        struct reading *r;
        size_t lane = 0;

        rc = ds_api_wait_any(w->f->remote->api, &lane, &reply, err);
        if (lane >= DS_SF_PAGE_LANES)
            return rc ? rc : ds_fail(err, DS_E_BUG, "a page came on lane %zu", lane);
        r = &w->reading[lane];
        if (rc)
            rc = r->part ? restart(w, r, err) : rc;
        else
            rc = take(w, r, reply.json, err);
        ds_api_reply_clear(&reply);
    }
    return rc;
}

/* The last id of the window says how far pieces reach. Without one nothing is cut. The first pages are
 * on their way meanwhile. */
static int find_last(struct walk *w, struct ds_err *err)
{
    struct ds_sf_range range = ds_sf_fetch_range(w->f);
    json_t *rows = NULL;
    const char *id;
    int rc;

    if (w->f->expected < FROM)
        return DS_OK;
    ds_buf_reset(&w->f->text);
    ds_sf_soql_edge(&w->f->text, true, &range);
    rc = ds_sf_rows_of(w->f->remote, "queryAll", w->f->text.text, &rows, err);
    if (rc && strstr(err->text, "QUERY_TIMEOUT")) {
        ds_err_clear(err);
        rc = DS_OK;
    }
    id = ds_json_text(json_array_get(rows, 0), "Id");
    if (!rc && id)
        ds_sf_id(id, w->last);
    json_decref(rows);
    return rc;
}

int ds_sf_pages(struct ds_sf_fetch *f, struct ds_err *err)
{
    struct walk w = {.f = f};
    int rc;

    for (size_t i = 0; i < f->at.pieces; i++)
        w.part[i] = (struct part){.piece = f->at.piece[i], .state = WAITING};
    for (size_t i = 0; i < DS_SF_PAGE_LANES; i++)
        ds_sf_chain_init(&w.reading[i].chain, f->remote, i);
    rc = employ(&w, err);
    if (!rc)
        rc = find_last(&w, err);
    if (!rc)
        rc = walk(&w, err);
    for (size_t i = 0; i < DS_SF_PAGE_LANES; i++)
        ds_sf_chain_clear(&w.reading[i].chain);
    return rc;
}
