#include "engine/store/sqlite.h"

int ds_store_reject_put(struct ds_store *s, const struct ds_reject *r, struct ds_err *err)
{
    static const char sql[] =
        "INSERT INTO rejects(connection, remote_id, name, reasons, run, at_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET name = excluded.name,"
        " reasons = excluded.reasons, run = excluded.run, at_ms = excluded.at_ms"
        " WHERE reasons <> excluded.reasons";

    return ds_sql_run(s, SQL_REJECT_PUT, sql,
                      DS_ARGS(DS_INT(r->connection), DS_TEXT(r->remote_id), DS_TEXT(r->name),
                              DS_TEXT(r->reasons), DS_SOME(r->run), DS_INT(r->at_ms)),
                      NULL, err);
}

int ds_store_reject_drop(struct ds_store *s, int64_t connection, const char *remote_id,
                         struct ds_err *err)
{
    static const char sql[] = "DELETE FROM rejects WHERE connection = ?1 AND remote_id = ?2";

    return ds_sql_run(s, SQL_REJECT_DROP, sql, DS_ARGS(DS_INT(connection), DS_TEXT(remote_id)),
                      NULL, err);
}

int ds_store_rejects(struct ds_store *s, struct ds_arena *a, int64_t connection,
                     int (*each)(void *arg, const struct ds_reject *r, struct ds_err *err),
                     void *arg, struct ds_err *err)
{
    static const char sql[] =
        "SELECT r.id, r.connection, c.name, r.remote_id, r.name, r.reasons, r.run, r.at_ms"
        " FROM rejects r NOT INDEXED CROSS JOIN connections c ON c.id = r.connection"
        " WHERE r.id > ?1 AND (?2 = 0 OR r.connection = ?2) ORDER BY r.id LIMIT 1";
    struct ds_sql_row row;
    int64_t id = 0;
    int rc;

    while ((rc = ds_sql_row(s, SQL_REJECTS, sql, DS_ARGS(DS_INT(id), DS_INT(connection)), a, &row,
                            err)) > 0) {
        struct ds_reject r = {
            .connection = ds_sql_int(&row, 1),
            .connection_name = ds_sql_text(&row, 2),
            .remote_id = ds_sql_text(&row, 3),
            .name = ds_sql_text(&row, 4),
            .reasons = ds_sql_text(&row, 5),
            .run = ds_sql_int(&row, 6),
            .at_ms = ds_sql_int(&row, 7),
        };

        id = ds_sql_int(&row, 0);
        rc = ds_sql_end(&row, err);
        if (!rc)
            rc = each(arg, &r, err);
        if (rc)
            return rc;
    }
    return rc;
}
