/*
 * What a run has seen and put aside lives in a database of its own: a temporary file without a name,
 * in $TMPDIR or /var/tmp, gone with the process. A batch that is rolled back does not take it away,
 * and a dry run can use it without touching the store (P-6). It is one transaction that never ends,
 * without a journal, and only what does not fit in the cache ever reaches the disk.
 */
#include "engine/store/sqlite.h"

static const char scratch[] =
    "PRAGMA journal_mode = OFF;"
    "PRAGMA synchronous = OFF;"
    "PRAGMA cache_size = -8192;"
    "BEGIN;"
    "CREATE TABLE seen(remote_id TEXT PRIMARY KEY, place TEXT) WITHOUT ROWID;"
    "CREATE TABLE spool(id INTEGER PRIMARY KEY, bytes BLOB);";

static int scratch_open(struct ds_store *s, struct ds_err *err)
{
    if (s->scratch)
        return DS_OK;
    if (sqlite3_open_v2("", &s->scratch, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(s->scratch, scratch, NULL, NULL, NULL) != SQLITE_OK)
        return s->scratch ? ds_sql_fail(s, s->scratch, err) : ds_fail_nomem(err);
    return DS_OK;
}

int ds_store_seen(struct ds_store *s, struct ds_arena *a, const char *remote_id, const char *where,
                  const char **first, struct ds_err *err)
{
    static const char add[] = "INSERT INTO seen VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    static const char find[] = "SELECT place FROM seen WHERE remote_id = ?1";
    struct ds_sql_row row;
    int added = 0;
    int rc = scratch_open(s, err);

    *first = NULL;
    if (!rc)
        rc = ds_sql_run(s, SQL_SEEN_ADD, add, DS_ARGS(DS_TEXT(remote_id), DS_TEXT(where)), &added,
                        err);
    if (rc || added)
        return rc;
    rc = ds_sql_row(s, SQL_SEEN_WHERE, find, DS_ARGS(DS_TEXT(remote_id)), a, &row, err);
    if (rc <= 0)
        return rc;
    *first = ds_sql_text(&row, 0);
    return ds_sql_end(&row, err);
}

int ds_store_spool_add(struct ds_store *s, const void *bytes, size_t len, struct ds_err *err)
{
    sqlite3_stmt *q;
    int rc = scratch_open(s, err);

    if (rc)
        return rc;
    q = ds_sql_query(s, SQL_SPOOL_ADD, "INSERT INTO spool(bytes) VALUES (?1)", err);
    if (!q)
        return err->status;
    if (sqlite3_bind_blob64(q, 1, bytes, len, SQLITE_STATIC) != SQLITE_OK)
        return ds_sql_fail(s, s->scratch, err);
    return ds_sql_step(s, q, NULL, err);
}

int ds_store_spool_each(struct ds_store *s,
                        int (*each)(void *arg, const void *bytes, size_t len, struct ds_err *err),
                        void *arg, struct ds_err *err)
{
    sqlite3_stmt *q;
    int rc = scratch_open(s, err);
    int code = SQLITE_DONE;

    if (rc)
        return rc;
    q = ds_sql_query(s, SQL_SPOOL_EACH, "SELECT bytes FROM spool ORDER BY id", err);
    if (!q)
        return err->status;
    while (!rc && (code = sqlite3_step(q)) == SQLITE_ROW)
        rc = each(arg, sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0), err);
    if (!rc && code != SQLITE_DONE)
        rc = ds_sql_fail(s, s->scratch, err);
    sqlite3_reset(q);
    return rc;
}

int ds_store_spool_clear(struct ds_store *s, struct ds_err *err)
{
    if (!s->scratch)
        return DS_OK;
    return ds_sql_run(s, SQL_SPOOL_CLEAR, "DELETE FROM spool", NULL, 0, NULL, err);
}
