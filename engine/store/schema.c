#include "engine/store/sqlite.h"

#include <assert.h>

static_assert(SQLITE_VERSION_NUMBER >= 3038000, "STRICT tables and JSON are needed");

int ds_sql_identity(struct ds_store *s, int64_t *application, int64_t *schema, bool *empty,
                    struct ds_err *err)
{
    static const char sql[] = "SELECT a.application_id, u.user_version,"
                              " NOT EXISTS (SELECT 1 FROM sqlite_schema)"
                              " FROM pragma_application_id a, pragma_user_version u";
    sqlite3_stmt *q = NULL;
    int rc = DS_OK;

    if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) != SQLITE_OK ||
        sqlite3_step(q) != SQLITE_ROW) {
        rc = ds_sql_fail(s, s->db, err);
    } else {
        *application = sqlite3_column_int64(q, 0);
        *schema = sqlite3_column_int64(q, 1);
        *empty = sqlite3_column_int(q, 2) != 0;
    }
    sqlite3_finalize(q);
    return rc;
}

#define TEXT_OF(macro) TEXT(macro)
#define TEXT(tokens)   #tokens

static int migrate_from(struct ds_store *s, int64_t schema, struct ds_err *err)
{
    int rc = DS_OK;

    for (int64_t n = schema; n < DS_SQL_SCHEMA; n++)
        for (size_t i = 0; !rc && i < DS_SQL_PARTS && ds_sql_ddl[n][i]; i++)
            rc = ds_sql_exec(s, ds_sql_ddl[n][i], err);
    if (rc)
        return rc;
    return ds_sql_exec(s,
                       "PRAGMA application_id = " TEXT_OF(
                           DS_SQL_APPLICATION_ID) ";"
                                                  "PRAGMA user_version = " TEXT_OF(DS_SQL_SCHEMA),
                       err);
}

int ds_sql_migrate(struct ds_store *s, struct ds_err *err)
{
    int64_t application = 0, schema = 0;
    bool empty = false;
    int rc = ds_sql_identity(s, &application, &schema, &empty, err);

    if (rc || schema == DS_SQL_SCHEMA)
        return rc;
    rc = ds_store_begin(s, err);
    if (rc)
        return rc;
    /* Asked again under the lock: another process may have been faster. */
    rc = ds_sql_identity(s, &application, &schema, &empty, err);
    if (!rc)
        rc = migrate_from(s, schema, err);
    if (!rc)
        return ds_store_commit(s, err);
    ds_store_rollback(s);
    return rc;
}
