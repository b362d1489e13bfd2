/*
 * running.h - what the parts of one run share; private to engine/
 *
 * run.c holds the order of a run, records.c takes one record after another, apply.c writes one item,
 * guard.c decides whether the run may go on.
 */
#ifndef DS_ENGINE_RUNNING_H
#define DS_ENGINE_RUNNING_H

#include "engine/run.h"

#define DS_BATCH_WRITES 5000 /* records in one transaction */

struct running {
    const struct ds_job *job;
    struct ds_result *result;
    struct ds_policy policy; /* of the job, with what this run has found out */
    struct ds_store *store;
    struct ds_remote *remote;
    struct ds_arena lasting; /* texts of the whole run */
    struct ds_arena batch;   /* texts of one record */
    struct ds_connection_state state;
    char fingerprint[DS_HASH_TEXT];
    bool dry;
    bool loaded;   /* a run of this connection has been complete */
    bool remapped; /* the mapping or scope changed: versions alone prove nothing */
    bool compare;  /* every record is compared, whatever its version: a parent may have changed */
    bool in_batch; /* a transaction is open */
    bool deferred; /* something waits in the spool: the resume point stays where it is (P-2) */
    bool any_rejects; /* this connection has rejected records, so a good one may end a rejection */
    unsigned writes;  /* in the open transaction */
    uint64_t committed[DS_OUTCOMES]; /* what the run had counted at the last commit */
    uint64_t deals;                  /* in the store when the run began */
    uint64_t planned;  /* deals that would be changed or made, beside those of a first load */
    uint64_t expected; /* records, if the remote told */
    uint64_t plan_hash;
    const char *go_on; /* where the interrupted fetch continues; NULL: from its start */
    struct ds_buf resume;
    struct ds_buf text;
    struct ds_item item;
};

/* Keeps under which mapping and filter this run writes, before its first write: if it is cut short,
 * the next one knows which records it must compare. */
int ds_extent_keep(struct running *r, struct ds_err *err);

/* The transaction of a batch; opening an open one does nothing. */
int ds_batch_open(struct running *r, struct ds_err *err);
int ds_batch_commit(struct running *r, struct ds_err *err);
void ds_batch_drop(struct running *r);

/* Writes an item into the store, within the open batch. *stale: the deal has moved since it was
 * planned, and nothing was written (P-5). */
int ds_apply(struct running *r, struct ds_item *item, const struct ds_sight *s, bool *stale,
             struct ds_err *err);

/* After every record has been read: rejected ones that are no longer there, or are good now, are
 * forgotten. */
int ds_rejects_prune(struct running *r, struct ds_err *err);

/* The sink of a fetch. */
int ds_records_take(void *arg, const struct ds_record *record, struct ds_err *err);
int ds_records_mark(void *arg, const char *resume, struct ds_err *err);
void ds_records_expect(void *arg, uint64_t records);

/* Carries out what was put aside until the guard had seen it. */
int ds_records_apply(struct running *r, struct ds_err *err);

/* Holds whose time has come: carried out, or told in a dry run. After the records, so that a newer
 * record of the same deal has had its say. */
int ds_records_release(struct running *r, struct ds_err *err);

/* Adds an item to what the guard watches, and to the plan's id. */
void ds_guard_count(struct running *r, const struct ds_item *item);

/* DS_E_GUARD when the run must stop before it writes (P-8). In a dry run the result tells. */
int ds_guard_pass(struct running *r, struct ds_err *err);

#endif
