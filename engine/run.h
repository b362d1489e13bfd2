/*
 * run.h - one run of one connection, from the lock to the cursor
 *
 * The order of a run stands in ds_run() and nowhere else: open, lock, identify, release due holds,
 * fetch and plan, guard, apply, cursor. A dry run is the same with nothing written (P-6). Whatever
 * ends a run early leaves a store from which the next run goes on (P-4).
 */
#ifndef DS_ENGINE_RUN_H
#define DS_ENGINE_RUN_H

#include "connectors/connector.h"
#include "engine/guard.h"
#include "engine/only.h"

enum ds_command {
    DS_DIFF,   /* what a sync would do */
    DS_VERIFY, /* the same for everything on both sides, also what has not changed */
    DS_SYNC,
    DS_BACKFILL, /* a sync that reads everything again */
    DS_UNDO,     /* what would restore what a run has replaced; writes nothing but a plan */
    DS_APPLY     /* what a saved plan says, and nothing else */
};

/* What a run tells while it goes on. Values are borrowed for the call. */
struct ds_watch {
    /* Each item that is not unchanged, in the order of the fetch; in a real run once it is written. */
    int (*item)(void *arg, const struct ds_item *item, struct ds_err *err);
    /* An item of a plan that is not carried out, and what has moved since the plan was made. */
    int (*refused)(void *arg, const char *about, const char *name, const char *why,
                   struct ds_err *err);
    /* Something to tell before the items: "the mapping has changed since run 12: ..." */
    void (*notice)(void *arg, const char *text);
    /* Now and then; expected 0: unknown. */
    void (*progress)(void *arg, uint64_t fetched, uint64_t expected);
    void *arg;
};

struct ds_job {
    const char *connection;
    const struct ds_connector *connector;
    const struct ds_options *options;
    const struct ds_mapping *mapping;
    const char *scope; /* what else decides which records are read (filter, path): fingerprinted */
    const char *store_path;
    enum ds_command command;
    bool backfill; /* for DS_DIFF: of what a backfill would do */
    struct ds_policy policy;
    struct ds_guard guard;
    struct ds_only only;
    const char *out;  /* where a dry run saves its plan; NULL: nowhere */
    const char *plan; /* for DS_APPLY: the file, */
    uint64_t made;    /* and the fields it was cut down to when it was made; 0: all */
    int64_t undo;     /* for DS_UNDO: the run */
    const struct ds_watch *watch;
};

struct ds_result {
    struct ds_run run; /* id 0 in a dry run; texts are in `text` below */
    char organisation[128];
    uint64_t planned;  /* deals and records that are, or would be, changed */
    uint64_t refused;  /* items of a plan that were not carried out, */
    uint64_t done;     /* and those that an earlier apply had carried out */
    uint64_t vanished; /* linked records that were not among everything (P-7) */
    bool is_empty;     /* the remote had records and shows none */
    uint64_t released; /* what no fetched record led to, beside the sum of the run */
    uint64_t unsent;   /* writes that the CRM put off: the next run sends them */
    uint64_t warnings;
    uint64_t unmapped;         /* linked records whose stage no line of the mapping names */
    bool first_load;           /* history that is long won entered as it is */
    bool everything;           /* all records were read, not only what is new */
    char guard[256];           /* a dry run: what the guard would say; "" when it would pass */
    struct ds_waiting waiting; /* of this connection, afterwards */
    char cost[256];
};

/* Runs. The result is filled in as far as the run came, also on failure. */
int ds_run(const struct ds_job *job, struct ds_result *result, struct ds_err *err);

#endif
