#include "engine/store/sqlite.h"

#include "base/step.h"

#include <string.h>

/* --- failures ------------------------------------------------------------------------------- */

/* Primary result codes that a person can do something about; the hint goes on with the path. */
static const struct complaint {
    int code;
    int status;
    const char *what;
    const char *hint;
} complaints[] = {
    {SQLITE_BUSY, DS_E_LATER, "the store is busy",
     "another program keeps writing to it; see which: fuser -v"},
    {SQLITE_FULL, DS_E_STORE, "no space is left for the store",
     "make room, then run again; what was committed is safe: df -h"},
    {SQLITE_IOERR, DS_E_STORE, "the store cannot be read or written",
     "look for disk errors with dmesg, then: echo 'PRAGMA integrity_check' | sqlite3"},
    {SQLITE_CORRUPT, DS_E_STORE, "the store is damaged",
     "restore a backup, or see how much is damaged: echo 'PRAGMA integrity_check' | sqlite3"},
    {SQLITE_NOTADB, DS_E_STORE, "the store is not a database",
     "check the path of the store in the configuration: file"},
    {SQLITE_CANTOPEN, DS_E_STORE, "the store cannot be opened",
     "see who may use the file and its directory: namei -l"},
    {SQLITE_READONLY, DS_E_STORE, "the store cannot be written",
     "see who may use the file and its directory: namei -l"},
    {SQLITE_PERM, DS_E_STORE, "the store cannot be opened",
     "see who may use the file and its directory: namei -l"},
    {SQLITE_CONSTRAINT, DS_E_STORE, "the store refuses a value",
     "see what its columns take: echo .schema | sqlite3"},
};

static const struct complaint *complaint_of(int code)
{
    for (size_t i = 0; i < sizeof(complaints) / sizeof(complaints[0]); i++)
        if (complaints[i].code == code)
            return &complaints[i];
    return NULL;
}

static const char *path_of(const struct ds_store *s, const sqlite3 *db)
{
    if (db == s->scratch)
        return "a temporary file in $TMPDIR or /var/tmp";
    return s->path ? s->path : "in memory";
}

int ds_sql_fail(const struct ds_store *s, sqlite3 *db, struct ds_err *err)
{
    const char *path = path_of(s, db);
    int code = sqlite3_errcode(db) & 0xff;
    const struct complaint *c = complaint_of(code);
    int number = sqlite3_system_errno(db);
    bool by_system = number && (code == SQLITE_CANTOPEN || code == SQLITE_IOERR);

    if (code == SQLITE_NOMEM)
        return ds_fail_nomem(err);
    ds_fail(err, c ? c->status : DS_E_STORE, "%s: '%s': %s", c ? c->what : "the store failed", path,
            by_system ? strerror(number) : sqlite3_errmsg(db));
    return c ? ds_hint(err, "%s '%s'", c->hint, path) : err->status;
}

/* --- statements ----------------------------------------------------------------------------- */

int ds_sql_exec(struct ds_store *s, const char *sql, struct ds_err *err)
{
    if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return ds_sql_fail(s, s->db, err);
    return DS_OK;
}

sqlite3_stmt *ds_sql_query(struct ds_store *s, enum ds_sql slot, const char *sql,
                           struct ds_err *err)
{
    sqlite3 *db = slot < SQL_SCRATCH ? s->db : s->scratch;

    if (!s->query[slot] &&
        sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->query[slot], NULL))
        ds_sql_fail(s, db, err);
    return s->query[slot];
}

static int bind(sqlite3_stmt *q, const struct ds_sql_arg *args, size_t count)
{
    int rc = SQLITE_OK;

    for (int i = 0; i < (int)count && rc == SQLITE_OK; i++) {
        const struct ds_sql_arg *arg = &args[i];

        if (arg->type == SQLITE_INTEGER)
            rc = sqlite3_bind_int64(q, i + 1, arg->number);
        else
            rc = sqlite3_bind_text(q, i + 1, arg->text, -1, SQLITE_STATIC);
    }
    return rc;
}

int ds_sql_step(struct ds_store *s, sqlite3_stmt *q, int *changed, struct ds_err *err)
{
    sqlite3 *db = sqlite3_db_handle(q);
    int code = sqlite3_step(q);
    int rc = DS_OK;

    if (code != SQLITE_DONE && code != SQLITE_ROW)
        rc = ds_sql_fail(s, db, err);
    else if (changed)
        *changed = sqlite3_changes(db);
    sqlite3_reset(q);
    return rc;
}

int ds_sql_run(struct ds_store *s, enum ds_sql slot, const char *sql, const struct ds_sql_arg *args,
               size_t count, int *changed, struct ds_err *err)
{
    sqlite3_stmt *q = ds_sql_query(s, slot, sql, err);

    if (!q)
        return err->status;
    if (bind(q, args, count) != SQLITE_OK)
        return ds_sql_fail(s, sqlite3_db_handle(q), err);
    return ds_sql_step(s, q, changed, err);
}

int ds_sql_row(struct ds_store *s, enum ds_sql slot, const char *sql, const struct ds_sql_arg *args,
               size_t count, struct ds_arena *a, struct ds_sql_row *row, struct ds_err *err)
{
    sqlite3_stmt *q = ds_sql_query(s, slot, sql, err);
    int code;
    int rc = DS_OK;

    if (!q)
        return err->status;
    if (bind(q, args, count) != SQLITE_OK)
        return ds_sql_fail(s, sqlite3_db_handle(q), err);
    code = sqlite3_step(q);
    if (code == SQLITE_ROW) {
        *row = (struct ds_sql_row){q, a, false};
        return 1;
    }
    if (code != SQLITE_DONE)
        rc = ds_sql_fail(s, sqlite3_db_handle(q), err);
    sqlite3_reset(q);
    return rc;
}

const char *ds_sql_text(struct ds_sql_row *row, int column)
{
    const char *text = (const char *)sqlite3_column_text(row->q, column);
    size_t len = (size_t)sqlite3_column_bytes(row->q, column);
    char *copy;

    if (!text) {
        row->nomem |= sqlite3_column_type(row->q, column) != SQLITE_NULL;
        return NULL;
    }
    copy = ds_arena_dup_bytes(row->a, text, len);
    row->nomem |= !copy;
    return copy;
}

int64_t ds_sql_int(const struct ds_sql_row *row, int column)
{
    return sqlite3_column_int64(row->q, column);
}

int ds_sql_end(struct ds_sql_row *row, struct ds_err *err)
{
    sqlite3_reset(row->q);
    return row->nomem ? ds_fail_nomem(err) : DS_OK;
}

/* --- transactions --------------------------------------------------------------------------- */

int ds_store_begin(struct ds_store *s, struct ds_err *err)
{
    /* Immediate: a lock that cannot be had is found here, where nothing has been done yet. On a
     * store that is only read SQLite makes a plain snapshot of it. */
    return ds_sql_run(s, SQL_BEGIN, "BEGIN IMMEDIATE", NULL, 0, NULL, err);
}

int ds_store_commit(struct ds_store *s, struct ds_err *err)
{
    int rc = ds_nomem_noted() ? ds_fail_nomem(err) : ds_sql_count_links(s, err);

    ds_step();
    if (!rc)
        rc = ds_sql_run(s, SQL_COMMIT, "COMMIT", NULL, 0, NULL, err);
    if (rc)
        ds_store_rollback(s);
    else
        ds_step();
    return rc;
}

void ds_store_rollback(struct ds_store *s)
{
    struct ds_err ignored = {0};

    s->links_added = 0;
    /* After a full disk SQLite may have rolled back by itself. */
    if (!sqlite3_get_autocommit(s->db))
        ds_sql_run(s, SQL_ROLLBACK, "ROLLBACK", NULL, 0, NULL, &ignored);
}
