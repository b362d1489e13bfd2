/*
 * sqlite.h - what the rooms of the SQLite store share, and nobody else
 *
 * Every statement is prepared once and kept in a slot of its own. A row is read by one call of
 * ds_sql_row() up to ds_sql_end(), which lets go of it; lists are walked one row a query, each
 * beginning behind the last one. So no read is ever open while a callback runs: it may write,
 * commit, reset the arena or walk the same list.
 */
#ifndef DS_ENGINE_STORE_SQLITE_H
#define DS_ENGINE_STORE_SQLITE_H

#include "engine/store/store.h"

#include <sqlite3.h>

/* The text of each stands where it is used. */
enum ds_sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_CONNECTION,
    SQL_CONNECTION_ENSURE,
    SQL_CONNECTION_SAVE,
    SQL_CONNECTIONS,
    SQL_HOLDER,
    SQL_RUN_INTERRUPT,
    SQL_RUN_BEGIN,
    SQL_RUN_SAVE,
    SQL_RUNS,
    SQL_LINK,
    SQL_LINK_OF,
    SQL_LINKED,
    SQL_LINK_ADD,
    SQL_LINK_SAVE,
    SQL_LINK_COUNT,
    SQL_DEAL,
    SQL_DEAL_COUNT,
    SQL_DEAL_STRANGERS,
    SQL_DEAL_BY_CRM_ID,
    SQL_DEAL_CREATE,
    SQL_DEAL_UPDATE,
    SQL_HISTORY_ADD,
    SQL_HISTORY,
    SQL_CONFLICT_PUT,
    SQL_CONFLICT_CLOSE,
    SQL_CONFLICT_FIELDS,
    SQL_CONFLICTS,
    SQL_HOLD_PUT,
    SQL_HOLD_DROP,
    SQL_HOLDS,
    SQL_REJECT_PUT,
    SQL_REJECT_DROP,
    SQL_REJECTS,
    SQL_WAITING,
    SQL_STORE_NAME,
    SQL_RUN,
    SQL_LINK_DROP,
    SQL_LINKS,
    SQL_DEAL_MATCH,
    SQL_TOUCHED,
    SQL_UNLINKED,
    SQL_TOUCH,
    SQL_TOUCH_LINKS,
    SQL_UNTOUCH,
    SQL_INTENT_PUT,
    SQL_INTENT_DROP,
    SQL_INTENT,
    SQL_INTENT_OF,
    SQL_CLAIM_PUT,
    SQL_CLAIM_DROP,
    SQL_CLAIM,
    SQL_CLAIMED,
    SQL_ANY_CLAIMS,
    SQL_CLAIMS,
    SQL_HISTORY_OF_RUN,
    SQL_FIELD_TIMES,
    SQL_CHANGED_SINCE,
    SQL_CONFLICT,
    SQL_CONFLICT_OF,
    SQL_CONFLICT_LOG,
    SQL_CONFLICT_SETTLE,
    SQL_SCRATCH, /* from here on statements run on the scratch database */
    SQL_SEEN_ADD = SQL_SCRATCH,
    SQL_SEEN_WHERE,
    SQL_SPOOL_ADD,
    SQL_SPOOL_EACH,
    SQL_SPOOL_CLEAR,
    SQL_COUNT
};

struct ds_store {
    sqlite3 *db;
    sqlite3 *scratch;    /* NULL until a run puts something aside (spool.c) */
    char *path;          /* NULL: in memory, and gone with the process */
    int lock;            /* descriptor of the lock file, -1: none */
    int64_t links_of;    /* the connection that links were added to, */
    int64_t links_added; /* and how many, since the transaction began */
    sqlite3_stmt *query[SQL_COUNT];
};

#define DS_SQL_SCHEMA         2          /* what this program reads and writes */
#define DS_SQL_FIRST          2          /* the oldest that was ever released */
#define DS_SQL_APPLICATION_ID 0x6465616c /* "deal" */

/* ds_sql_ddl[n] makes schema n + 1 out of schema n, the first one out of nothing; part after part up
 * to a NULL (ddl.c). What was released once is never edited. */
#define DS_SQL_PARTS 16
extern const char *const ds_sql_ddl[DS_SQL_SCHEMA][DS_SQL_PARTS];

/* Brings an empty or older store up to DS_SQL_SCHEMA, in one transaction (schema.c). */
int ds_sql_migrate(struct ds_store *s, struct ds_err *err);

/* Reads whose database this is, and which schema it has; *empty: nobody's yet. */
int ds_sql_identity(struct ds_store *s, int64_t *application, int64_t *schema, bool *empty,
                    struct ds_err *err);

/* Adds the links of this transaction to their connection's counter: once, and not once a link. */
int ds_sql_count_links(struct ds_store *s, struct ds_err *err);

/* Runs SQL that gives no rows or whose rows nobody wants. */
int ds_sql_exec(struct ds_store *s, const char *sql, struct ds_err *err);

/* Reports what SQLite last complained about on this connection, with a hint where there is one. */
int ds_sql_fail(const struct ds_store *s, sqlite3 *db, struct ds_err *err);

/* --- values going in ------------------------------------------------------------------------ */

struct ds_sql_arg {
    int type; /* SQLITE_INTEGER, SQLITE_TEXT or SQLITE_NULL */
    int64_t number;
    const char *text; /* NULL is NULL; must stay until the statement has run */
};

#define DS_INT(value)  ((struct ds_sql_arg){SQLITE_INTEGER, (int64_t)(value), NULL})
#define DS_TEXT(value) ((struct ds_sql_arg){SQLITE_TEXT, 0, (value)})
/* A number whose 0 means that there is none, which is NULL in the tables. */
#define DS_SOME(value) ds_sql_some((int64_t)(value))

static inline struct ds_sql_arg ds_sql_some(int64_t value)
{
    return (struct ds_sql_arg){value ? SQLITE_INTEGER : SQLITE_NULL, value, NULL};
}

#define DS_ARGS(...)                                                                               \
    (const struct ds_sql_arg[]){__VA_ARGS__},                                                      \
        sizeof((struct ds_sql_arg[]){__VA_ARGS__}) / sizeof(struct ds_sql_arg)

/* The statement of this slot, ready for values; NULL with err filled. */
sqlite3_stmt *ds_sql_query(struct ds_store *s, enum ds_sql slot, const char *sql,
                           struct ds_err *err);

/* Runs a statement that gives no rows; *changed, when wanted, is how many it wrote. */
int ds_sql_run(struct ds_store *s, enum ds_sql slot, const char *sql, const struct ds_sql_arg *args,
               size_t count, int *changed, struct ds_err *err);

/* The same for one that is bound already. */
int ds_sql_step(struct ds_store *s, sqlite3_stmt *q, int *changed, struct ds_err *err);

/* --- values coming out ---------------------------------------------------------------------- */

struct ds_sql_row {
    sqlite3_stmt *q;
    struct ds_arena *a;
    bool nomem;
};

/* 1: there is a row, to be read and ended; 0: there is none; negative: failed. */
int ds_sql_row(struct ds_store *s, enum ds_sql slot, const char *sql, const struct ds_sql_arg *args,
               size_t count, struct ds_arena *a, struct ds_sql_row *row, struct ds_err *err);

const char *ds_sql_text(struct ds_sql_row *row, int column);  /* from the arena; NULL is NULL */
int64_t ds_sql_int(const struct ds_sql_row *row, int column); /* NULL is 0 */

/* Lets go of the row. Fails when the arena could not hold it. */
int ds_sql_end(struct ds_sql_row *row, struct ds_err *err);

#endif
