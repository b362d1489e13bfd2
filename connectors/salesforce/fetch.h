/*
 * fetch.h - one fetch, as the files that carry it out share it
 *
 * fetch.c decides what the window is, and by which way it is read: pages.c, page by page over REST, or
 * bulk.c, as one Bulk job. related.c and deleted.c then hand over what the stamps of opportunities do
 * not tell.
 */
#ifndef DS_CONNECTORS_SALESFORCE_FETCH_H
#define DS_CONNECTORS_SALESFORCE_FETCH_H

#include "connectors/salesforce/cursor.h"
#include "connectors/salesforce/reader.h"
#include "connectors/salesforce/soql.h"

struct ds_sf_fetch {
    struct ds_remote *remote;
    const struct ds_sink *sink;
    struct ds_sf_reader reader;
    struct ds_sf_resume at; /* the window, and what of it is left to read */
    int64_t now_ms;         /* the org's clock */
    uint64_t expected;      /* records in the window; UINT64_MAX: very many */
    struct ds_buf text;     /* scratch: queries, marks */
};

/* The window as a range, without bounds of ids. */
struct ds_sf_range ds_sf_fetch_range(const struct ds_sf_fetch *f);

/* Loads the children of these rows and hands over each of them. last, if not NULL, is the id of the
 * one handed over last, kept up to date. Rows are dropped as they are used. */
int ds_sf_fetch_rows(struct ds_sf_fetch *f, json_t *rows, char last[DS_SF_ID], struct ds_err *err);

/* Tells the sink that everything up to f->at was handed over. */
int ds_sf_fetch_mark(struct ds_sf_fetch *f, struct ds_err *err);

/* pages.c: what f->at leaves to read, over REST. */
int ds_sf_pages(struct ds_sf_fetch *f, struct ds_err *err);

/* bulk.c: the same by a Bulk job, a new one or that of f->at. *refused: the org does no Bulk queries
 * for this user, and nothing was handed over. */
int ds_sf_bulk(struct ds_sf_fetch *f, bool *refused, struct ds_err *err);

/* Whether that is the better way for so many records. */
bool ds_sf_bulk_wanted(const struct ds_remote *remote, uint64_t expected);

/* related.c: opportunities of which a mapped parent or child was changed in the window (SF-24). */
int ds_sf_related(struct ds_sf_fetch *f, struct ds_err *err);

/* deleted.c: what the org says was deleted since an instant. */
struct ds_sf_deleted {
    json_t *list;       /* of {"id","deletedDate"} */
    int64_t covered_ms; /* deletions up to then are known */
    const char *whole;  /* why nothing is known, and everything has to be read; NULL: it is known */
};

/* Asks for the deletions from since_ms on; the caller decrefs out->list. */
int ds_sf_deleted_ask(struct ds_sf_fetch *f, int64_t since_ms, struct ds_sf_deleted *out,
                      struct ds_err *err);

/* Hands over a tombstone for each that the window's query does not show: it is no longer in the
 * recycle bin, or its stamp did not move. */
int ds_sf_deleted_tell(struct ds_sf_fetch *f, const struct ds_sf_deleted *deleted,
                       struct ds_err *err);

#endif
