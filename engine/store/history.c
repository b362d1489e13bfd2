#include "engine/store/sqlite.h"

int ds_store_history_add(struct ds_store *s, const struct ds_history *h, struct ds_err *err)
{
    static const char sql[] =
        "INSERT INTO history(deal, run, connection, at_ms, kind, source, changes)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";

    return ds_sql_run(s, SQL_HISTORY_ADD, sql,
                      DS_ARGS(DS_INT(h->deal), DS_SOME(h->run), DS_SOME(h->connection),
                              DS_INT(h->at_ms), DS_TEXT(h->kind), DS_TEXT(h->source),
                              DS_TEXT(h->changes)),
                      NULL, err);
}

int ds_store_history(struct ds_store *s, struct ds_arena *a, int64_t deal,
                     int (*each)(void *arg, const struct ds_history *h, struct ds_err *err),
                     void *arg, struct ds_err *err)
{
    static const char sql[] =
        "SELECT h.id, h.deal, h.run, h.connection, c.name, h.at_ms, h.kind, h.source, h.changes"
        " FROM history h LEFT JOIN connections c ON c.id = h.connection"
        " WHERE h.deal = ?1 AND h.id > ?2 ORDER BY h.id LIMIT 1";
    struct ds_sql_row row;
    int64_t id = 0;
    int rc;

    while ((rc = ds_sql_row(s, SQL_HISTORY, sql, DS_ARGS(DS_INT(deal), DS_INT(id)), a, &row, err)) >
           0) {
        struct ds_history h = {
            .deal = ds_sql_int(&row, 1),
            .run = ds_sql_int(&row, 2),
            .connection = ds_sql_int(&row, 3),
            .connection_name = ds_sql_text(&row, 4),
            .at_ms = ds_sql_int(&row, 5),
            .kind = ds_sql_text(&row, 6),
            .source = ds_sql_text(&row, 7),
            .changes = ds_sql_text(&row, 8),
        };

        id = ds_sql_int(&row, 0);
        rc = ds_sql_end(&row, err);
        if (!rc)
            rc = each(arg, &h, err);
        if (rc)
            return rc;
    }
    return rc;
}
