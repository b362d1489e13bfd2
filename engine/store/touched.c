#include "engine/store/sqlite.h"

int ds_store_touched(struct ds_store *s, struct ds_arena *a, int64_t connection, int64_t after,
                     int64_t *deal, const char **remote_id, struct ds_err *err)
{
    static const char sql[] =
        "WITH next(deal) AS (SELECT min(deal) FROM touched WHERE connection = ?1 AND deal > ?2)"
        " SELECT deal, (SELECT l.remote_id FROM links l WHERE l.deal = next.deal"
        "   AND l.connection = ?1 ORDER BY l.deleted, l.id DESC LIMIT 1) FROM next";
    struct ds_sql_row row;
    int rc =
        ds_sql_row(s, SQL_TOUCHED, sql, DS_ARGS(DS_INT(connection), DS_INT(after)), a, &row, err);

    *deal = 0;
    *remote_id = NULL;
    if (rc <= 0)
        return rc;
    *deal = ds_sql_int(&row, 0);
    *remote_id = ds_sql_text(&row, 1);
    return ds_sql_end(&row, err);
}

int ds_store_unlinked(struct ds_store *s, int64_t connection, int64_t after, int64_t *deal,
                      struct ds_err *err)
{
    static const char sql[] =
        "SELECT d.id FROM deals d WHERE d.id > ?2"
        " AND NOT EXISTS (SELECT 1 FROM links l WHERE l.deal = d.id AND l.connection = ?1)"
        " AND NOT EXISTS (SELECT 1 FROM touched t WHERE t.connection = ?1 AND t.deal = d.id)"
        " ORDER BY d.id LIMIT 1";
    struct ds_sql_row row;
    int rc = ds_sql_row(s, SQL_UNLINKED, sql, DS_ARGS(DS_INT(connection), DS_INT(after)), NULL,
                        &row, err);

    *deal = 0;
    if (rc <= 0)
        return rc;
    *deal = ds_sql_int(&row, 0);
    return ds_sql_end(&row, err);
}

int ds_store_touch(struct ds_store *s, int64_t connection, int64_t deal, struct ds_err *err)
{
    return ds_sql_run(s, SQL_TOUCH, "INSERT OR IGNORE INTO touched VALUES (?1, ?2)",
                      DS_ARGS(DS_INT(connection), DS_INT(deal)), NULL, err);
}

int ds_store_untouch(struct ds_store *s, int64_t connection, int64_t deal, struct ds_err *err)
{
    return ds_sql_run(s, SQL_UNTOUCH, "DELETE FROM touched WHERE connection = ?1 AND deal = ?2",
                      DS_ARGS(DS_INT(connection), DS_INT(deal)), NULL, err);
}
