/*
 * batch.h - many requests in one: the text of a $batch and of its answer
 *
 * Pure text work. The requests stand each on its own, never in a change set: one that is refused does
 * not touch another. Every line of what is sent ends in CRLF, or the server loses the last request
 * (DV-84).
 */
#ifndef DS_CONNECTORS_DYNAMICS_BATCH_H
#define DS_CONNECTORS_DYNAMICS_BATCH_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

#define DS_DYNAMICS_BATCH_MOST 1000 /* requests in one batch */

/* Between the parts. A JSON body has no raw line end, so no line of one can be taken for it. */
#define DS_DYNAMICS_BOUNDARY "batch_dealsync"

struct ds_dynamics_part {
    const char *method;
    const char *path;   /* "/api/data/v9.2/opportunities(...)" */
    const char *match;  /* the etag the row must have, for If-Match; NULL: no header */
    const char *prefer; /* value of Prefer, or NULL */
    const char *body;   /* JSON, or NULL */
};

/* Appends a request; n is its number, from 1, which the answer repeats (DV-85). */
void ds_dynamics_batch_add(struct ds_buf *out, unsigned n, const struct ds_dynamics_part *part);

/* Appends what ends the batch. */
void ds_dynamics_batch_end(struct ds_buf *out);

/* The answer to one request of a batch; borrowed from the text. */
struct ds_dynamics_said {
    unsigned n; /* the request's number, 0: not repeated */
    long status;
    char retry_after[40]; /* as the server says it; empty: it does not */
    const char *body;
    size_t body_len; /* 0: none */
};

struct ds_dynamics_batch {
    const char *at, *end;
    char boundary[80];
};

/* Starts to read an answer. The boundary is the server's own, from its Content-Type, quoted or not
 * (DV-86); DS_E_REMOTE when there is none. */
int ds_dynamics_batch_open(struct ds_dynamics_batch *b, const char *content_type, const char *text,
                           size_t len, struct ds_err *err);

/* The next answer: *more is false behind the last one. One that was cut short is DS_E_REMOTE, and so
 * is an answer whose end is missing. */
int ds_dynamics_batch_next(struct ds_dynamics_batch *b, struct ds_dynamics_said *out, bool *more,
                           struct ds_err *err);

#endif
