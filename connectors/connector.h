/*
 * connector.h - the contract between the engine and a kind of remote
 *
 * A connector turns one configured remote into a stream of records: a remote id, a version and raw
 * named values; and it turns changes, which name the version they were based on, into writes. It
 * knows HTTP, OAuth, paging and throttling; it knows nothing of deals, stages or SQL, does not talk
 * to people, and never decides what a value means. This header needs nothing of ours but base/, so
 * that a connector can be written against it alone.
 *
 * Memory belongs to whoever made it, and what is passed to a callback is borrowed for the call.
 * A function returns 0 or a negative enum ds_status with *err filled in.
 */
#ifndef DS_CONNECTORS_CONNECTOR_H
#define DS_CONNECTORS_CONNECTOR_H

#include "base/buf.h"
#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DS_CONNECTOR_VERSION 3 /* moves when anything below does; another one is refused */

/* A value as the remote gave it. text is NULL for null, empty or absent; numbers keep their
 * characters, booleans are "true" and "false". Not yet checked for UTF-8 or NUL. */
struct ds_value {
    const char *text;
    size_t len;
};

struct ds_record {
    const char *id;          /* the remote's key in one fixed spelling; NULL when it has none */
    const char *version;     /* differs whenever the record does; compared for equality only */
    const char *modified;    /* instant, or NULL */
    const char *modified_by; /* who, where the remote tells it; else NULL */
    const char *where;       /* for messages: "row 12", or NULL */
    const char *fault;       /* why it cannot be read at all; NULL when it can */
    bool deleted;            /* a positive tombstone, never a mere absence (P-7) */
    const struct ds_value *values; /* one for each path of the query, in its order */
};

/* One setting of a connection; the table of a connector ends with a NULL name. */
struct ds_setting {
    const char *name;     /* a trailing '*' takes any ending: "lookup.*" */
    const char *fallback; /* used when the setting is absent; NULL: none */
    unsigned flags;       /* DS_SETTING_ bits */
    const char *help;     /* one line, for `dealsync init` and for messages */
    const char *example;
};

enum {
    DS_SETTING_REQUIRED = 1u,
    DS_SETTING_SECRET = 2u /* the value is a reference that ds_secret_read() resolves */
};

/* The settings of one connection, as configured, fallbacks filled in. */
struct ds_options {
    const char *connection; /* its name, for messages */
    size_t count;
    const char *const *names;
    const char *const *values;
    const char *const *where;      /* "file:line" of each; NULL: a fallback */
    int64_t deadline_ms;           /* ds_ticks() after which nothing is tried again; 0: none */
    const atomic_int *interrupted; /* becomes non-zero when the run must end soon; NULL: never */
};

struct ds_identity {
    char organisation[128]; /* never changes for the same remote organisation */
    char user[128];
    char detail[256]; /* one line for `check`: version, edition, limits; may be empty */
};

/* What to read. cursor and resume are a connector's own text from an earlier fetch. A path whose
 * value is a list (the members of a team, the products of an opportunity) has it as a JSON array; the
 * connector's documentation names such paths. */
struct ds_query {
    size_t count;
    const char *const *paths; /* "Name", "Account.Name", "statuscode.label" */
    const bool *written;      /* for each path, whether changes may set it; NULL: none is */
    bool creates;             /* and records may be made; for check() */
    const char *cursor;       /* only what changed since; NULL: everything */
    const char *resume;       /* go on within an interrupted fetch; NULL: from its start */
};

struct ds_sink {
    /* Takes a record; a value other than 0 ends the fetch and becomes its result. */
    int (*record)(void *arg, const struct ds_record *record, struct ds_err *err);
    /* Everything before this call has been handed over, and a fetch with this text as `resume` (and
     * the same cursor) continues behind it. Called between pages; a connector that never does is read
     * from the start again after an interruption. Same result rule. */
    int (*mark)(void *arg, const char *resume, struct ds_err *err);
    /* How many records to expect in all, when the remote told; once, before the first; for progress. */
    void (*expect)(void *arg, uint64_t records);
    /* What follows is every record that the query's conditions let through, and not an increment: the
     * cursor cannot be continued, `why` says in which way. Called before the first record, or never. */
    int (*whole)(void *arg, const char *why, struct ds_err *err);
    void *arg;
};

/* A value to be set; `path` is one of the query's, by index. */
struct ds_assign {
    size_t path;
    struct ds_value before; /* what the record held when the change was decided */
    struct ds_value value;
};

/* One record to be changed, or to be created. */
struct ds_write {
    const char *id;      /* NULL: create a record */
    const char *version; /* of the record when the change was decided; creations: NULL */
    const char
        *key; /* of a creation: a UUID of our own, in small letters, durable before it is sent */
    size_t count;
    const struct ds_assign *values;
};

/* What became of one change. */
struct ds_written {
    size_t change; /* its index */
    /* DS_OK: done. DS_E_STALE: the record is not what the change was based on, or is gone, and nothing was
     * written. DS_E_RECORD: the remote refuses it, and will again; nothing was written. DS_E_LATER: not
     * now, and maybe a part of it was written; the rest goes on. */
    int status;
    /* Why, in the remote's own words; NULL when done. With DS_OK: the remote refuses a part of it, and
     * `now` tells which. */
    const char *text;
    /* The record as it was read after the write or, when stale, instead of it: every path of the query;
     * NULL when it cannot be read. */
    const struct ds_record *now;
};

/* A stage, sales process or status value that the remote offers. */
struct ds_stage {
    const char *field;   /* the path that holds it: "StageName", "salesstage.label" */
    const char *name;    /* the value records hold */
    const char *label;   /* what people see; NULL: the same */
    const char *process; /* record type or sales process it belongs to; NULL: any */
    int probability;     /* percent, -1: unknown */
    const char *outcome; /* "open", "won" or "lost"; NULL: unknown */
    bool active;
    int64_t records; /* how many records hold it now; -1: unknown */
};

/* One finding of `check`. */
enum ds_finding { DS_FINDING_OK, DS_FINDING_WARNING, DS_FINDING_PROBLEM };
typedef int ds_note(void *arg, enum ds_finding finding, const char *text);

enum {
    DS_CAN_SEE_DELETED = 1u, /* fetch hands over tombstones */
    DS_MAY_REPEAT = 2u, /* one fetch may hold two different records of one id, a fault of the input:
                                never resumed, so that both are seen */
    DS_READS_ALL = 4u,  /* knows no increments: every fetch is complete */
    DS_CAN_WRITE = 8u,  /* has read and write */
    DS_CAN_CREATE = 16u /* write can create, once for each key (P-4) */
};

struct ds_remote; /* the connector's own */

struct ds_connector {
    unsigned version;   /* DS_CONNECTOR_VERSION at build time */
    const char *name;   /* the word in the configuration: "salesforce" */
    const char *title;  /* for people: "Salesforce" */
    unsigned abilities; /* DS_CAN_ and DS_MAY_ bits */
    const struct ds_setting *settings;

    /* Checks the settings and reads the secrets; sends nothing yet. *out is closed by the caller. */
    int (*open)(const struct ds_options *options, struct ds_remote **out, struct ds_err *err);
    void (*close)(struct ds_remote *remote); /* NULL is fine */

    /* Logs in and tells who and where we are. */
    int (*identify)(struct ds_remote *remote, struct ds_identity *out, struct ds_err *err);

    /* Looks whether the paths can be read, and written where they are to be, and notes what an admin
     * should know. */
    int (*check)(struct ds_remote *remote, const struct ds_query *query, ds_note *note, void *arg,
                 struct ds_err *err);

    /* Hands over every record of the query, in any order. Sets next (appended; the cursor of the
     * following fetch) only if everything arrived: a short answer is an error, never an end (P-7).
     * A path that the remote does not have is DS_E_CONFIG before the first record. */
    int (*fetch)(struct ds_remote *remote, const struct ds_query *query, const struct ds_sink *sink,
                 struct ds_buf *next, struct ds_err *err);

    /* Lists the stages, with the number of records in each where the remote can count. `field` names
     * the path the mapping reads stages from, for remotes where any field may hold them. */
    int (*stages)(struct ds_remote *remote, const char *field, const char *process_field,
                  int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err),
                  void *arg, struct ds_err *err);

    /* The stages that an exported description of the remote lists (a metadata file), without the
     * remote. A hostile or broken file is DS_E_INPUT. NULL: there is no such file for this remote. */
    int (*stages_in)(const char *file,
                     int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err),
                     void *arg, struct ds_err *err);

    /* Hands over the records of these ids as they are now, in any order, deleted ones with their flag;
     * one that is not handed over cannot be seen. by_key: the ids are keys of creations, and a record
     * is handed over only if that creation happened. NULL unless DS_CAN_WRITE. */
    int (*read)(struct ds_remote *remote, const struct ds_query *query, const char *const *ids,
                size_t count, bool by_key, const struct ds_sink *sink, struct ds_err *err);

    /* Carries out changes, each on its own: one that is stale or refused does not touch another. Calls
     * `written` for each as soon as its outcome is known. When the call fails, the changes that were
     * not told of may or may not have happened. NULL unless DS_CAN_WRITE. */
    int (*write)(struct ds_remote *remote, const struct ds_query *query,
                 const struct ds_write *writes, size_t count,
                 int (*written)(void *arg, const struct ds_written *what, struct ds_err *err),
                 void *arg, struct ds_err *err);

    /* The requests sent and what the remote says is left of its budget, one line; may be empty. */
    void (*cost)(struct ds_remote *remote, struct ds_buf *out);
};

/* The connectors linked in; ends with NULL. */
extern const struct ds_connector *const ds_connectors[];

/* NULL when there is none of that name. */
const struct ds_connector *ds_connector_find(const char *name);

/* The value of a setting, or NULL. */
const char *ds_option(const struct ds_options *options, const char *name);

/* "file:line" of a setting, or the connection's name, for messages. */
const char *ds_option_where(const struct ds_options *options, const char *name);

/* Whether the run was interrupted; reports DS_E_LATER if so. */
int ds_options_interrupted(const struct ds_options *options, struct ds_err *err);

#endif
