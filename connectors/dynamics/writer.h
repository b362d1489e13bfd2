/*
 * writer.h - changes on their way; private to write.c, send.c and close.c
 *
 * A call takes its changes a batch at a time: prepared, sent step by step, read back, told. write.c
 * holds that order, send.c carries out a step for all changes of a batch at once, close.c looks before
 * opportunities are closed.
 */
#ifndef DS_CONNECTORS_DYNAMICS_WRITER_H
#define DS_CONNECTORS_DYNAMICS_WRITER_H

#include "connectors/dynamics/batch.h"
#include "connectors/dynamics/change.h"
#include "connectors/dynamics/reader.h"
#include "connectors/dynamics/refusal.h"

enum { DS_DYNAMICS_PENDING = 1 }; /* not refused so far */

/* One change of the batch. */
struct ds_dynamics_item {
    const struct ds_write *write;
    char id[37];
    char etag[128]; /* of the row as it should be now; empty: not told */
    struct ds_dynamics_change change;
    const char *close; /* body of the closing action, once it may be sent */
    int status;        /* as in struct ds_written, or DS_DYNAMICS_PENDING */
    const char *text;
    bool sent;     /* a request about it has been sent */
    bool moved;    /* something was written */
    bool repeated; /* its creation was refused because the row exists */
    bool told;
};

struct ds_dynamics_writer {
    struct ds_remote *remote;
    struct ds_dynamics_reader reader;
    struct ds_dynamics_changes changes;
    struct ds_arena lasting; /* texts of the whole call */
    struct ds_arena arena;   /* texts of the batch */
    const struct ds_write *writes;
    struct ds_dynamics_item *items;
    size_t count;
    bool warned; /* of a change of this batch that has to wait */
    int (*written)(void *arg, const struct ds_written *what, struct ds_err *err);
    void *arg;
};

/* --- send.c --- */

enum ds_dynamics_step { DS_DYNAMICS_REOPEN, DS_DYNAMICS_FIELDS, DS_DYNAMICS_CLOSE };

/* Carries out one step of every change that is still pending and has it. Fails when it is not known
 * what became of some. */
int ds_dynamics_send(struct ds_dynamics_writer *w, enum ds_dynamics_step step, struct ds_err *err);

/* What a refusal means for one change: DS_E_STALE, DS_E_RECORD or DS_E_LATER. */
int ds_dynamics_verdict(long status, const struct ds_dynamics_refusal *said);

/* Ends a change with a status and a text from the batch's arena. */
void ds_dynamics_item_end(struct ds_dynamics_item *item, int status, const char *text);

/* --- close.c --- */

/* Looks at the opportunities that are about to be closed: the actions take no version (DV-81), so
 * whatever has moved is left alone. Makes the bodies of the actions. */
int ds_dynamics_look(struct ds_dynamics_writer *w, struct ds_err *err);

#endif
