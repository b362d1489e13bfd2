/*
 * fetch.h - one fetch, as fetch.c, window.c, track.c and parents.c share it
 *
 * fetch.c decides what has to be read and where the next fetch starts; window.c reads what was
 * modified since a moment, in ranges and by all lanes, and bounds.c tells where these lie; track.c asks
 * the environment's change tracking; fetch_view.c reads a view; parents.c finds what changed without
 * the opportunity itself.
 */
#ifndef DS_CONNECTORS_DYNAMICS_FETCH_H
#define DS_CONNECTORS_DYNAMICS_FETCH_H

#include "base/date.h"
#include "base/hash.h"
#include "connectors/dynamics/range.h"
#include "connectors/dynamics/reader.h"

struct ds_dynamics_fetch {
    struct ds_remote *remote;
    struct ds_dynamics_reader reader;
    char watermark[DS_INSTANT_TEXT]; /* the server's clock before anything was read */
    char print[DS_HASH_TEXT];        /* what is being asked, so that no other query is resumed */
    struct ds_buf link;              /* where change tracking goes on; empty: without it */
    uint64_t listed;                 /* opportunities there were when that link was asked for */
    struct ds_dynamics_ranges ranges;
    struct ds_dynamics_ids ids;  /* to be read because of something else than their own stamp */
    struct ds_dynamics_ids gone; /* deleted, says change tracking */
    struct ds_buf resume;
};

/* --- fetch.c --- */

/* Hands over what an interrupted fetch continues with. */
int ds_dynamics_mark(struct ds_dynamics_fetch *f, struct ds_err *err);

/* --- window.c --- */

/* Reads f->ranges to their end. Ticks off f->ids what has been handed over. */
int ds_dynamics_window(struct ds_dynamics_fetch *f, struct ds_err *err);

/* Appends the address of a range's first page. */
void ds_dynamics_window_url(const struct ds_dynamics_fetch *f,
                            const struct ds_dynamics_range *range, struct ds_buf *out);

/* --- track.c --- */

/* Walks through everything there is, ids only, to the link that tells what happens from now on
 * (DV-42). Without one, f->link is empty and *why says why. */
int ds_dynamics_track_start(struct ds_dynamics_fetch *f, const char **why, struct ds_err *err);

/* Follows the link to its end and sets f->ids, f->gone and the next link. A link that cannot be
 * followed any more is no error: *why says it then, and nothing is concluded (DV-47). */
int ds_dynamics_track(struct ds_dynamics_fetch *f, const char *link, const char **why,
                      struct ds_err *err);

/* Hands over f->ids and the tombstones of f->gone. */
int ds_dynamics_track_read(struct ds_dynamics_fetch *f, struct ds_err *err);

/* --- fetch_view.c --- */

/* Reads every opportunity of the view that the settings name. */
int ds_dynamics_fetch_view(struct ds_dynamics_fetch *f, const char *resume, struct ds_err *err);

/* --- parents.c --- */

/* Adds to f->ids the opportunities that point to a row which was modified since then, as far as the
 * query reads such rows, and those whose business process flow moved. */
int ds_dynamics_parents(struct ds_dynamics_fetch *f, int64_t since_ms, struct ds_err *err);

#endif
