#include "engine/store/sqlite.h"

int ds_store_waiting(struct ds_store *s, int64_t connection, int64_t now_ms, struct ds_waiting *out,
                     struct ds_err *err)
{
    /* Every part is a number that is kept, or a count over an index of what waits. */
    static const char sql[] =
        "SELECT CASE ?1 WHEN 0 THEN (SELECT max(id) FROM deals)"
        " ELSE (SELECT links FROM connections WHERE id = ?1) END,"
        " (SELECT count(*) FROM conflicts WHERE closed_ms IS NULL AND (?1 = 0 OR connection = ?1)),"
        " (SELECT count(*) FROM holds WHERE ?1 = 0 OR connection = ?1),"
        " (SELECT count(*) FROM holds WHERE until_ms <= ?2 AND (?1 = 0 OR connection = ?1)),"
        " (SELECT count(*) FROM rejects WHERE ?1 = 0 OR connection = ?1),"
        " (SELECT count(*) FROM claims WHERE kind IN ('match', 'rival')"
        "   AND (?1 = 0 OR connection = ?1)),"
        " (SELECT count(*) FROM outbox WHERE ?1 = 0 OR connection = ?1)";
    struct ds_sql_row row;
    int rc = ds_sql_row(s, SQL_WAITING, sql, DS_ARGS(DS_INT(connection), DS_INT(now_ms)), NULL,
                        &row, err);

    *out = (struct ds_waiting){0};
    if (rc <= 0)
        return rc;
    *out = (struct ds_waiting){
        .deals = (uint64_t)ds_sql_int(&row, 0),
        .conflicts = (uint64_t)ds_sql_int(&row, 1),
        .holds = (uint64_t)ds_sql_int(&row, 2),
        .holds_due = (uint64_t)ds_sql_int(&row, 3),
        .rejects = (uint64_t)ds_sql_int(&row, 4),
        .claims = (uint64_t)ds_sql_int(&row, 5),
        .intents = (uint64_t)ds_sql_int(&row, 6),
    };
    return ds_sql_end(&row, err);
}
