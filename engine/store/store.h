/*
 * store.h - the deal store
 *
 * Deals, and beside them everything the engine must not forget: connections with their cursors,
 * links with their bases, runs, history, conflicts, holds and rejected records. Nobody but the
 * implementation knows SQL. Merge policy is not decided here.
 *
 * Writes happen between ds_store_begin() and ds_store_commit(): all of them or none, durable when
 * commit returns. A deal carries a version; every change moves it, also one made by another SQL
 * client (a trigger sees to that, and writes the history of it), so "unchanged since" is one
 * comparison (P-5). A store opened for reading is never changed by a single byte (P-6).
 *
 * Errors: DS_E_STORE, DS_E_LATER when another process holds a lock for too long. Texts that come out
 * live in the arena passed in.
 */
#ifndef DS_ENGINE_STORE_STORE_H
#define DS_ENGINE_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "mapping/deal.h"

#include <stdbool.h>
#include <stdint.h>

struct ds_store;

enum ds_store_mode {
    DS_STORE_READ, /* reports and dry runs; the store must exist */
    DS_STORE_WRITE /* made or migrated if need be */
};

/* Opens the store; *out is closed by the caller. A store made by a newer dealsync is refused with
 * both version numbers; an older one is migrated in one transaction (in write mode). A missing store
 * in read mode: *out is set to a private empty one in memory, so that a first dry run works. */
int ds_store_open(const char *path, enum ds_store_mode mode, struct ds_store **out,
                  struct ds_err *err);
void ds_store_close(struct ds_store *s); /* NULL is fine; an open transaction is rolled back */

/* The store's own name, which no other store has. */
int ds_store_name(struct ds_store *s, struct ds_arena *a, const char **out, struct ds_err *err);

int ds_store_begin(struct ds_store *s, struct ds_err *err);
int ds_store_commit(struct ds_store *s, struct ds_err *err);
void ds_store_rollback(struct ds_store *s);

/* --- connections -------------------------------------------------------------------------- */

struct ds_connection_state {
    int64_t id;               /* 0: the store has never seen this connection */
    const char *organisation; /* NULL: not known yet */
    const char
        *fingerprint;   /* of object, filter and mapping at the last complete run; NULL: none */
    const char *cursor; /* where the next fetch starts; NULL: at the beginning */
    const char *resume; /* an interrupted fetch goes on here; NULL: none is open */
    const char *resume_fingerprint; /* mapping fingerprint the open fetch runs under */
    int64_t last_success_ms;        /* 0: never */
    int64_t links;                  /* how many records it has linked */
    int64_t seen_deal; /* deals up to this id have been offered to the CRM, or put into `touched` */
    const char *stages; /* the CRM's stages when they were last looked at, as JSON; NULL: never */
    int64_t stages_ms;  /* when that was */
    const char *answer; /* what a person has answered a guard of this connection; NULL: nothing */
};

int ds_store_connection(struct ds_store *s, struct ds_arena *a, const char *name,
                        struct ds_connection_state *out, struct ds_err *err);

/* Makes the connection's row if there is none, and tells its id. In a transaction. */
int ds_store_connection_ensure(struct ds_store *s, const char *name, int64_t *id,
                               struct ds_err *err);

/* Writes organisation, fingerprint, cursor, resume, resume_fingerprint, last_success_ms, seen_deal,
 * answer, stages and stages_ms as they are in *state. In a transaction (P-2). */
int ds_store_connection_save(struct ds_store *s, const struct ds_connection_state *state,
                             struct ds_err *err);

/* One run per connection at a time: holds a lock that the system takes back when this process dies.
 * DS_E_LATER names the holder and since when. Released by ds_store_close(). */
int ds_store_lock(struct ds_store *s, int64_t connection, struct ds_err *err);

/* --- runs --------------------------------------------------------------------------------- */

enum ds_outcome {
    DS_UNCHANGED,
    DS_CREATED,
    DS_UPDATED,
    DS_HELD,
    DS_CONFLICT,
    DS_REJECTED,
    DS_IGNORED,
    DS_OUTCOMES
};

extern const char *const ds_outcome_names[DS_OUTCOMES]; /* "unchanged", "created", ... */

struct ds_run {
    int64_t id;
    int64_t connection;
    const char *connection_name;
    const char *command; /* "sync", "backfill", "apply", "resolve", "link", "unlink" */
    const char *state;   /* "running", "done", "failed", "interrupted", "guarded" */
    const char *message; /* why it did not end as "done"; NULL */
    const char *cost;    /* requests and remote budget, one line; NULL */
    const char *fingerprint;
    int64_t started_ms;
    int64_t ended_ms; /* 0: not ended */
    uint64_t fetched;
    uint64_t outcome[DS_OUTCOMES];
    uint64_t pushed; /* records written in the CRM */
};

/* Makes a row with state "running"; marks rows this connection left "running" as "interrupted" (the
 * lock proves that they are dead). In a transaction. Fills run->id. */
int ds_store_run_begin(struct ds_store *s, struct ds_run *run, struct ds_err *err);
int ds_store_run_save(struct ds_store *s, const struct ds_run *run, struct ds_err *err);

/* Newest first, at most limit. connection 0: all. */
int ds_store_runs(struct ds_store *s, struct ds_arena *a, int64_t connection, size_t limit,
                  int (*each)(void *arg, const struct ds_run *run, struct ds_err *err), void *arg,
                  struct ds_err *err);

/* One run; id 0: there is none of that number. */
int ds_store_run(struct ds_store *s, struct ds_arena *a, int64_t id, struct ds_run *out,
                 struct ds_err *err);

/* --- deals and links ------------------------------------------------------------------------ */

struct ds_link {
    int64_t deal; /* 0: there is no link */
    const char
        *version;     /* of the record when it was last merged, or a note that no record has; NULL:
                             unknown */
    const char *base; /* ds_deal_to_json() of what both sides last agreed on */
    int64_t seen_version; /* of the deal when it was last merged */
    int64_t deal_version; /* of the deal now */
    bool deleted;         /* the CRM has sent a tombstone for the record */
};

int ds_store_link(struct ds_store *s, struct ds_arena *a, int64_t connection, const char *remote_id,
                  struct ds_link *out, struct ds_err *err);

/* The record on this connection that a deal is linked to and that is not deleted: its id, or NULL. */
int ds_store_link_of(struct ds_store *s, struct ds_arena *a, int64_t connection, int64_t deal,
                     const char **remote_id, struct ds_err *err);

/* Whether a deal has, or had, a record on this connection. */
int ds_store_linked(struct ds_store *s, int64_t connection, int64_t deal, bool *linked,
                    struct ds_err *err);

/* Writes or replaces a link (deal, version, base, seen_version, deleted). In a transaction. */
int ds_store_link_save(struct ds_store *s, int64_t connection, const char *remote_id,
                       const struct ds_link *link, struct ds_err *err);

/* Takes a link away; its deal and its record stay. In a transaction. */
int ds_store_link_drop(struct ds_store *s, int64_t connection, const char *remote_id,
                       struct ds_err *err);

/* The links of a connection, in the order in which they were made. */
int ds_store_links(struct ds_store *s, struct ds_arena *a, int64_t connection,
                   int (*each)(void *arg, const char *remote_id, const struct ds_link *link,
                               struct ds_err *err),
                   void *arg, struct ds_err *err);

struct ds_stored_deal {
    int64_t id; /* 0: there is none */
    int64_t version;
    int64_t created_ms;
    int64_t updated_ms;
    struct ds_deal deal; /* every field given, canonical */
};

int ds_store_deal(struct ds_store *s, struct ds_arena *a, int64_t id, struct ds_stored_deal *out,
                  struct ds_err *err);
int ds_store_deal_count(struct ds_store *s, uint64_t *out, struct ds_err *err);

/* Whether there is a deal that has no link on the connection. Looks at all deals when there is none. */
int ds_store_has_strangers(struct ds_store *s, int64_t connection, bool *out, struct ds_err *err);

/* How many deals carry this CRM id, and one of them. */
int ds_store_deal_by_crm_id(struct ds_store *s, const char *crm_id, uint64_t *count, int64_t *id,
                            struct ds_err *err);

/* A deal of exactly this name, customer and value that has no link on the connection: how many, and
 * one of them. Nothing but a suggestion. */
int ds_store_deal_match(struct ds_store *s, int64_t connection, const struct ds_deal *like,
                        uint64_t *count, int64_t *id, struct ds_err *err);

/* Makes a deal at version 1 from the given fields; *id is set. In a transaction. */
int ds_store_deal_create(struct ds_store *s, const struct ds_deal *deal, int64_t connection,
                         int64_t run, int64_t now_ms, int64_t *id, struct ds_err *err);

/* Writes the given fields if the deal is still at `version`, and moves it on to version + 1. If it
 * is not, nothing is written and *stale is set. Links on other connections than this one are
 * touched. In a transaction. */
int ds_store_deal_update(struct ds_store *s, int64_t id, int64_t version,
                         const struct ds_deal *changes, int64_t connection, int64_t run,
                         int64_t now_ms, bool *stale, struct ds_err *err);

/* --- touched: deals that a connection must look at though its CRM says nothing ---------------- */

/* The next deal behind `after` that somebody else than a run of the connection has changed. remote_id
 * NULL: it has none, and waits to be created in the CRM. deal 0: there is none. */
int ds_store_touched(struct ds_store *s, struct ds_arena *a, int64_t connection, int64_t after,
                     int64_t *deal, const char **remote_id, struct ds_err *err);
/* The next deal behind `after` that has no link on the connection, and is not touched. deal 0: there is
 * none. */
int ds_store_unlinked(struct ds_store *s, int64_t connection, int64_t after, int64_t *deal,
                      struct ds_err *err);
int ds_store_touch(struct ds_store *s, int64_t connection, int64_t deal, struct ds_err *err);
int ds_store_untouch(struct ds_store *s, int64_t connection, int64_t deal, struct ds_err *err);

/* --- the outbox: writes to a CRM that are intended and not confirmed (P-4) --------------------- */

struct ds_intent {
    int64_t id;
    int64_t connection;
    int64_t deal;
    const char *remote_id; /* NULL: a creation */
    const char *key;       /* of a creation; NULL: a change */
    const char *version;   /* of the record when it was decided */
    const char *wanted;    /* ds_deal_to_json() of the values both sides shall have */
    const char *sent;      /* JSON array of [path, before, value], in the CRM's words */
    const char *changes;   /* what the history will tell, when it is done */
    int64_t run;           /* that decided it */
    int tries;             /* lost races so far */
    int outcome;           /* enum ds_outcome that the record was counted as */
};

/* One a deal and connection: another one replaces it. Sets i->id. In a transaction. */
int ds_store_intent_put(struct ds_store *s, struct ds_intent *i, int64_t now_ms,
                        struct ds_err *err);
int ds_store_intent_drop(struct ds_store *s, int64_t connection, int64_t deal, struct ds_err *err);

/* The next one behind `after`; id 0: there is none. */
int ds_store_intent(struct ds_store *s, struct ds_arena *a, int64_t connection, int64_t after,
                    struct ds_intent *out, struct ds_err *err);
/* That of a deal; id 0: there is none. */
int ds_store_intent_of(struct ds_store *s, struct ds_arena *a, int64_t connection, int64_t deal,
                       struct ds_intent *out, struct ds_err *err);

/* --- claims: records about which a person must say which deal is theirs ------------------------- */

enum ds_claim_kind {
    DS_CLAIM_MATCH, /* looks like the deal; nobody has said that it is */
    DS_CLAIM_RIVAL, /* carries the CRM id of the deal, which is another record's, or of several */
    DS_CLAIM_APART, /* a person has unlinked it: it becomes no deal */
    DS_CLAIM_OWN,   /* a person has said that it is a deal of its own */
    DS_CLAIMS
};

extern const char *const ds_claim_names[DS_CLAIMS]; /* "match", "rival", "apart", "own" */

struct ds_claim {
    int64_t connection;
    const char *connection_name; /* filled on reading */
    const char *remote_id;
    const char *name; /* of the record */
    int64_t deal;     /* 0: none */
    enum ds_claim_kind kind;
    int64_t run; /* that first saw it; 0: a person's */
    int64_t at_ms;
};

/* Keeps or replaces; the same again is no write. In a transaction. */
int ds_store_claim_put(struct ds_store *s, const struct ds_claim *c, struct ds_err *err);
int ds_store_claim_drop(struct ds_store *s, int64_t connection, const char *remote_id,
                        struct ds_err *err);
/* kind DS_CLAIMS: there is none. */
int ds_store_claim(struct ds_store *s, struct ds_arena *a, int64_t connection,
                   const char *remote_id, struct ds_claim *out, struct ds_err *err);
/* Whether a new record may be this deal. */
int ds_store_is_claimed(struct ds_store *s, int64_t connection, int64_t deal, bool *claimed,
                        struct ds_err *err);
int ds_store_any_claims(struct ds_store *s, int64_t connection, bool *any, struct ds_err *err);
/* Those that are not settled: matches and rivals, which wait for a person, and deals of their own,
 * which wait for the next sync. connection 0: all. */
int ds_store_claims(struct ds_store *s, struct ds_arena *a, int64_t connection,
                    int (*each)(void *arg, const struct ds_claim *c, struct ds_err *err), void *arg,
                    struct ds_err *err);

/* --- history ------------------------------------------------------------------------------- */

struct ds_history {
    int64_t deal;
    int64_t run;                 /* 0: not by a run (an edit by another SQL client) */
    int64_t connection;          /* 0: none */
    const char *connection_name; /* filled on reading */
    int64_t at_ms;
    const char *kind;   /* "created", "updated", "adopted", "held", "released", "edited", "pushed",
                         "resolved", "undone", "linked", "unlinked" */
    const char *source; /* who changed it in the CRM, where it tells, or here; NULL */
    const char *remote_id; /* the record that caused it, or was written; NULL: none */
    const char *changes;   /* JSON array of {"field","old","new","case","rule"} */
};

int ds_store_history_add(struct ds_store *s, const struct ds_history *h, struct ds_err *err);

/* Oldest first. */
int ds_store_history(struct ds_store *s, struct ds_arena *a, int64_t deal,
                     int (*each)(void *arg, const struct ds_history *h, struct ds_err *err),
                     void *arg, struct ds_err *err);

/* What a run did, oldest first. */
int ds_store_history_of_run(struct ds_store *s, struct ds_arena *a, int64_t run,
                            int (*each)(void *arg, const struct ds_history *h, struct ds_err *err),
                            void *arg, struct ds_err *err);

/* Whether a deal has changed since a run began. */
int ds_store_changed_since(struct ds_store *s, int64_t deal, int64_t run, bool *changed,
                           struct ds_err *err);

/* When the store's side of each field last changed behind deal version `since`, for DS_NEWEST: at
 * least as late as the truth. Fields without a change get 0. */
int ds_store_field_times(struct ds_store *s, int64_t deal, int64_t since_ms, int64_t out[DS_FIELDS],
                         struct ds_err *err);

/* --- conflicts ----------------------------------------------------------------------------- */

struct ds_conflict {
    int64_t id;
    int64_t deal;
    int64_t connection;
    const char *connection_name; /* filled on reading */
    const char *remote_id;
    const char *name; /* of the deal; filled on reading */
    enum ds_field field;
    int case_number; /* M-n */
    int rule;        /* R-n, 0: none */
    const char *base;
    const char *ours;
    const char *theirs;
    const char *why;      /* what the CRM said of a change that it refused; NULL */
    const char *decision; /* how it was settled: "crm", "store", "base", "value", "newest"; NULL */
    const char *source;   /* who changed it in the CRM, where it tells; NULL */
    int64_t theirs_ms;    /* when the record was last changed there; 0: not told */
    int64_t run;          /* that opened it, or last saw other values */
    int64_t at_ms;
    int64_t closed_ms; /* 0: open */
};

/* Opens the conflict of this link and field, or brings an open one up to date; one with the same
 * three values is left as it is (no write). *opened tells whether it is new or different. */
int ds_store_conflict_put(struct ds_store *s, const struct ds_conflict *c, bool *opened,
                          struct ds_err *err);

/* Writes a conflict that is settled already, by its decision. In a transaction. */
int ds_store_conflict_log(struct ds_store *s, const struct ds_conflict *c, struct ds_err *err);

/* One conflict, open or not; id 0: there is none of that number. */
int ds_store_conflict(struct ds_store *s, struct ds_arena *a, int64_t id, struct ds_conflict *out,
                      struct ds_err *err);

/* The open one of a link and field; id 0: there is none. */
int ds_store_conflict_of(struct ds_store *s, struct ds_arena *a, int64_t connection,
                         const char *remote_id, enum ds_field field, struct ds_conflict *out,
                         struct ds_err *err);

/* Closes one with the decision of a person. In a transaction. */
int ds_store_conflict_settle(struct ds_store *s, int64_t id, const char *decision, int64_t run,
                             int64_t now_ms, struct ds_err *err);

/* Closes the open conflicts of a link whose fields are not in `keep` (bit per field). */
int ds_store_conflict_close(struct ds_store *s, int64_t connection, const char *remote_id,
                            uint64_t keep, int64_t run, int64_t now_ms, struct ds_err *err);

/* Bit per field with an open conflict on this link. */
int ds_store_conflict_fields(struct ds_store *s, int64_t connection, const char *remote_id,
                             uint64_t *out, struct ds_err *err);

/* Open ones, oldest first. connection 0: all; deal 0: all. */
int ds_store_conflicts(struct ds_store *s, struct ds_arena *a, int64_t connection, int64_t deal,
                       int (*each)(void *arg, const struct ds_conflict *c, struct ds_err *err),
                       void *arg, struct ds_err *err);

/* --- holds --------------------------------------------------------------------------------- */

/* Changes that must wait. One a link: a newer record replaces the older one's hold. */
struct ds_hold {
    int64_t deal;
    int64_t connection;
    const char *connection_name; /* filled on reading */
    const char *remote_id;
    const char *name;   /* of the deal; filled on reading */
    const char *wanted; /* ds_deal_to_json() of the values to set */
    int64_t until_ms;
    int rule;
    int64_t run;
};

/* *news: there was none yet, or another one; the same again is no write. */
int ds_store_hold_put(struct ds_store *s, const struct ds_hold *h, bool *news, struct ds_err *err);
int ds_store_hold_drop(struct ds_store *s, int64_t connection, const char *remote_id,
                       struct ds_err *err);

/* Earliest first; until_ms 0: all, else those due at that time. connection 0: all; deal 0: all. */
int ds_store_holds(struct ds_store *s, struct ds_arena *a, int64_t connection, int64_t deal,
                   int64_t until_ms,
                   int (*each)(void *arg, const struct ds_hold *h, struct ds_err *err), void *arg,
                   struct ds_err *err);

/* --- rejected records ------------------------------------------------------------------------ */

struct ds_reject {
    int64_t connection;
    const char *connection_name; /* filled on reading */
    const char *remote_id;
    const char *name;    /* as far as it is known; NULL */
    const char *reasons; /* JSON array of {"field","rule","text"} */
    int64_t run;         /* that first saw these reasons */
    int64_t at_ms;
};

/* Keeps or replaces; the same reasons again are no write. */
int ds_store_reject_put(struct ds_store *s, const struct ds_reject *r, struct ds_err *err);
int ds_store_reject_drop(struct ds_store *s, int64_t connection, const char *remote_id,
                         struct ds_err *err);
int ds_store_rejects(struct ds_store *s, struct ds_arena *a, int64_t connection,
                     int (*each)(void *arg, const struct ds_reject *r, struct ds_err *err),
                     void *arg, struct ds_err *err);

/* --- counts for `status` -------------------------------------------------------------------- */

struct ds_waiting {
    uint64_t deals;
    uint64_t conflicts; /* open */
    uint64_t claims;    /* records about which a person must say which deal is theirs */
    uint64_t intents;   /* writes to the CRM that are not confirmed */
    uint64_t holds;
    uint64_t holds_due; /* past their time at now_ms */
    uint64_t rejects;
};

int ds_store_waiting(struct ds_store *s, int64_t connection, int64_t now_ms, struct ds_waiting *out,
                     struct ds_err *err); /* connection 0: all */

int ds_store_connections(struct ds_store *s, struct ds_arena *a,
                         int (*each)(void *arg, const char *name,
                                     const struct ds_connection_state *state, struct ds_err *err),
                         void *arg, struct ds_err *err);

/* --- the spool: what a run has seen, on disk but not in the store (P-12) --------------------- */

/* Notes that this run met the id at `where`; *first is where it was met before, from the arena, or
 * NULL. Works in read mode too. */
int ds_store_seen(struct ds_store *s, struct ds_arena *a, const char *remote_id, const char *where,
                  const char **first, struct ds_err *err);

/* Puts bytes aside, and gives them back in the same order; the pointer lives until the next call. */
int ds_store_spool_add(struct ds_store *s, const void *bytes, size_t len, struct ds_err *err);
int ds_store_spool_each(struct ds_store *s,
                        int (*each)(void *arg, const void *bytes, size_t len, struct ds_err *err),
                        void *arg, struct ds_err *err);
int ds_store_spool_clear(struct ds_store *s, struct ds_err *err);

#endif
