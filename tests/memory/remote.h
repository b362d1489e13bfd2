/*
 * remote.h - a remote in memory, written against connectors/connector.h alone
 *
 * A world is a CRM with a few records in memory that processes share: it survives the death of a child
 * that talks to it. Whoever has the world edits it as sales people would, and says which faults the next
 * run meets; the connector "memory" does the rest as the contract asks, with pages, marks, a cursor that
 * overlaps, tombstones and preconditions. Each version is the number of the change that made it.
 *
 * What runs write is kept in a log of its own, so that a test can ask what was overwritten.
 */
#ifndef DS_TESTS_MEMORY_REMOTE_H
#define DS_TESTS_MEMORY_REMOTE_H

#include "connectors/connector.h"

enum {
    MEM_PATHS = 25,
    MEM_RECORDS = 48,
    MEM_TEXT = 1200,
    MEM_ID = 48,
    MEM_PAGE = 5,
    MEM_LOG = 128
};

extern const char *const mem_paths[MEM_PATHS]; /* "Id" first; the rest can be written */

struct mem_record {
    char id[MEM_ID];
    char key[MEM_ID]; /* of its creation; "": made by a person */
    bool deleted;
    uint64_t changed; /* by which change: its version */
    uint64_t edited;  /* by which change of somebody else than a run */
    int64_t modified_ms;
    char value[MEM_PATHS][MEM_TEXT]; /* "": null */
};

/* What a run has written. */
struct mem_written {
    int record;
    bool created;
    bool unsure; /* its run has not come to its end */
    struct mem_record before, after;
};

enum mem_fault {
    MEM_NONE,
    MEM_WRITE_BEFORE, /* the call fails before the n-th change */
    MEM_WRITE_AFTER,  /* the n-th change is made, and the answer lost */
    MEM_STALE,        /* the n-th change is called stale, though it is not */
    MEM_RACE,         /* somebody changes the record before the n-th change and two more */
    MEM_REFUSE,       /* the n-th change is refused */
    MEM_IGNORE,       /* the n-th change loses its last field */
    MEM_LATER,        /* the n-th change is put off */
    MEM_UNSEEN,       /* the n-th change is made, and the record not read back */
    MEM_CUT,          /* the fetch ends with an error after n records */
    MEM_EMPTY,        /* the fetch is empty */
    MEM_BLIND,        /* nothing is handed over by id */
    MEM_READ_FAILS,   /* the n-th question by id fails */
    MEM_ORGANISATION, /* another organisation answers */
    MEM_DOWN,         /* nobody answers */
    MEM_FAULTS
};

struct mem_world {
    char organisation[32];
    uint64_t changes; /* counter of changes: the cursor */
    int64_t now_ms;
    unsigned overlap; /* how many changes a cursor looks back */
    enum mem_fault fault;
    int at; /* the n of the fault */
    int seen;
    int records;
    struct mem_record record[MEM_RECORDS];
    unsigned requests; /* that read */
    unsigned writes;   /* changes made by runs */
    unsigned twice;    /* creations asked for again: a promise broken (P-4) */
    int logged;        /* all of them; the last ones are kept */
    struct mem_written log[MEM_LOG];
};

extern const struct ds_connector mem_connector;

/* The world that the connector talks to in this process. */
extern struct mem_world *mem_world;

/* A world of its own, shared with children; ends with the process. NULL: no memory. */
struct mem_world *mem_world_new(const char *organisation);

/* A new record without values; -1: there is no room. */
int mem_record_new(struct mem_world *w);
/* Notes that somebody has changed a record. */
void mem_touch(struct mem_world *w, struct mem_record *r);
/* The column of a path; -1: there is none. */
int mem_column(const char *path);
void mem_set(struct mem_record *r, int column, const char *value);
/* A record as a run would see it, for a query of these paths; values has room for all of them. */
struct ds_record mem_view(const struct mem_record *r, const char *const *paths, size_t count,
                          struct ds_value *values, char version[MEM_ID], char modified[MEM_ID]);

#endif
