/*
 * running.h - what the parts of one run share; private to engine/
 *
 * run.c holds the order of a run, records.c takes one record after another, apply.c writes one item,
 * guard.c decides whether the run may go on.
 */
#ifndef DS_ENGINE_RUNNING_H
#define DS_ENGINE_RUNNING_H

#include "engine/planfile.h"
#include "engine/run.h"

#define DS_BATCH_WRITES 5000 /* records in one transaction */
#define DS_MERGE_TRIES  3    /* how often a lost race is merged again (P-5) */

struct running {
    const struct ds_job *job;
    int64_t undoes; /* the run that this one undoes; 0: none */
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
    bool empty;    /* the fetch has brought nothing: records that were asked for do not count */
    bool any_rejects; /* this connection has rejected records, so a good one may end a rejection */
    bool
        has_strangers; /* the store has deals that are not this connection's: one may look like a new
                           record */
    bool any_claims;   /* it has claims, so a record may be one of them */
    bool any_intents;  /* it has writes that an earlier run has not confirmed */
    bool asks;         /* records are asked for by id beside the fetch: what was fetched is noted */
    bool asking;       /* these are coming now; their versions prove nothing */
    const char *store_name;
    const bool *written;             /* for each path of the mapping: this run may set it */
    unsigned writes;                 /* in the open transaction */
    uint64_t committed[DS_OUTCOMES]; /* what the run had counted at the last commit */
    uint64_t deals;                  /* in the store when the run began */
    uint64_t planned[DS_GUARDS];     /* what the guards watch */
    struct ds_plan_writer *out;      /* of a dry run that saves its plan */
    const char *plan;                /* of an apply: the file */
    const char *answers;             /* of the plan that is saved or applied; "" */
    uint64_t expected;               /* records, if the remote told */
    int64_t newest_ms;               /* when the newest of those that were fetched was changed */
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

/* Once a day: whether the CRM's stages are others than when they were last looked at, so that nobody is
 * surprised by a record. */
int ds_stages_watch(struct running *r, struct ds_err *err);

/* The sink of a fetch. */
int ds_records_take(void *arg, const struct ds_record *record, struct ds_err *err);
int ds_records_mark(void *arg, const char *resume, struct ds_err *err);
void ds_records_expect(void *arg, uint64_t records);
int ds_records_whole(void *arg, const char *why, struct ds_err *err);

/* Carries out what was put aside until the guard had seen it. */
int ds_records_apply(struct running *r, struct ds_err *err);

/* Holds whose time has come: carried out, or told in a dry run. After the records, so that a newer
 * record of the same deal has had its say. */
int ds_records_release(struct running *r, struct ds_err *err);

/* Carries out the plan of an apply, item by item: each record is read again and planned again, and
 * written if that comes to the same (P-5). */
int ds_carry_out(struct running *r, struct ds_err *err);

/* Whether an item of this run is, as it stands, in the plan; if not, tells which has moved, unless
 * the plan does not speak of it, or was carried out already. */
int ds_carry_check(struct running *r, const struct ds_sight *s, const struct ds_item *item,
                   bool *go, struct ds_err *err);

/* What restores a deal as the undone run found it, on both sides, under the rules. */
int ds_undo_plan(struct running *r, struct ds_sight *s, struct ds_item *item, struct ds_err *err);
/* Plans it for every deal that the run has changed. */
int ds_undo_take(struct running *r, struct ds_err *err);

/* Linked records that a complete fetch has not brought. `verify` tells them one by one (M-53), but for
 * those that have changed behind its end; a run whose cursor counts no longer takes those that were
 * deleted. */
int ds_vanished(struct running *r, struct ds_err *err);

/* Records that the CRM need not have sent: those with writes that an earlier run has not confirmed,
 * those whose deal somebody else has changed. They are read by id and go the way of all others; deals
 * without a record go it, too, where this connection creates. */
int ds_asks_take(struct running *r, struct ds_err *err);

/* Reads the records of writes that an earlier run has not confirmed. */
struct ds_question;
int ds_intents_ask(struct ds_question *q, struct ds_err *err);

/* Reads records by id, a chunk at a time, and takes those that are handed over. */
struct ds_question *ds_question_open(struct running *r, struct ds_err *err); /* NULL: no memory */
int ds_question_add(struct ds_question *q, const char *id, struct ds_err *err);
struct running *ds_question_of(struct ds_question *q);
/* Asks for the rest; the question is gone. */
int ds_question_close(struct ds_question *q, struct ds_err *err);

/* A record that was asked for and could not be seen is noted at its link, and asked for again an hour
 * later: not by every run. A fetch that brings it ends that. */
int ds_unseen_keep(struct running *r, const char *id, struct ds_err *err);
bool ds_unseen_is(const struct ds_link *link);
bool ds_unseen_rests(const struct running *r, const struct ds_link *link);

/* Offers a deal without a record to the CRM. */
int ds_deal_offer(struct running *r, int64_t deal, struct ds_err *err);

/* Kinds of notes: they begin with what no id of a remote begins with. */
#define DS_NOTE_SEEN    '\a' /* a record that has come, or is asked for */
#define DS_NOTE_PLANNED '\b' /* what a plan says of an item */
#define DS_NOTE_DEALT   '\f' /* an item of a plan that was carried out, or refused */
#define DS_NOTE_UNDONE  '\t' /* a deal that an undo has planned */
#define DS_NOTE_CRM_ID  '\v' /* a CRM id that a planned deal will carry */
#define DS_NOTE_BEFORE  '\n' /* a record that a dry run has planned */
#define DS_NOTE_BAD     '\r' /* a record that this run has rejected */
#define DS_NOTE_CLAIMED '\1' /* a deal that a new record may be */

/* Notes a word for the rest of the run, and tells whether it was noted before; *note is what stood
 * with it then. */
int ds_running_note(struct running *r, char kind, const char *word, const char *note,
                    const char **before, struct ds_err *err);

/* Counts an item's outcome and tells of it. */
int ds_item_settle(struct running *r, const struct ds_item *item, struct ds_err *err);

/* Whether a fetched record is one of them, so that it is not asked for again. */
int ds_asks_note(struct running *r, const char *id, struct ds_err *err);

/* Plans a record, and writes it or puts it aside. link->deal 0: it has none. */
int ds_records_plan(struct running *r, struct ds_theirs *theirs, const struct ds_link *link,
                    struct ds_err *err);
/* The same for one that has been put aside: now it is written. */
int ds_records_write(struct running *r, struct ds_theirs *theirs, struct ds_err *err);

/* What a record says, mapped, in the arena of the batch. */
int ds_records_read(struct running *r, const struct ds_record *record, struct ds_theirs **out,
                    struct ds_err *err);

/* Whether the CRM has refused to create a record of the deal, and nothing has changed since. */
int ds_refusal_stands(struct running *r, int64_t deal, bool *stands, struct ds_err *err);
/* Such a refusal counts no longer. In the open batch, or opens one. */
int ds_refusal_forget(struct running *r, int64_t deal, struct ds_err *err);

/* Puts the intent to write an item's record into the outbox, in the open batch. */
int ds_intent_keep(struct running *r, const struct ds_item *item, struct ds_err *err);

/* What became of a write that an earlier run has not confirmed, by the record as it is now (P-4): what
 * has happened of it is confirmed, as that run would have done. *dealt: nothing of the record is left to
 * plan, and it is counted. link->deal 0: it was a creation. */
int ds_intent_settle(struct running *r, int64_t deal, const struct ds_record *now,
                     const struct ds_link *link, bool *dealt, struct ds_err *err);

/* Sends what the outbox holds. What cannot be sent now stays there. */
int ds_push(struct running *r, struct ds_err *err);

/* One conflict of a field, in the open batch. */
int ds_conflict_keep(struct running *r, const struct ds_item *item, const struct ds_change *c,
                     struct ds_err *err);

/* What an undo leaves of a field: a conflict that stands, or none where both have the same again. */
int ds_conflict_stand(struct running *r, const struct ds_item *item, struct ds_change *c,
                      struct ds_err *err);

/* The query for records of this run's mapping. */
struct ds_query ds_running_query(const struct running *r);

/* Adds an item to what the guard watches, and to the plan's id. */
void ds_guard_count(struct running *r, const struct ds_item *item);

/* DS_E_GUARD when the run must stop before it writes (P-8). In a dry run the result tells. */
int ds_guard_pass(struct running *r, struct ds_err *err);

#endif
