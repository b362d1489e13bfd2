#include "engine/store/sqlite.h"

int ds_store_hold_put(struct ds_store *s, const struct ds_hold *h, bool *news, struct ds_err *err)
{
    static const char sql[] =
        "INSERT INTO holds(deal, connection, remote_id, wanted, until_ms, rule, run)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET deal = excluded.deal,"
        " wanted = excluded.wanted, until_ms = excluded.until_ms, rule = excluded.rule,"
        " run = excluded.run WHERE (deal, wanted, until_ms, rule) IS NOT"
        " (excluded.deal, excluded.wanted, excluded.until_ms, excluded.rule)";
    int changed = 0;
    int rc = ds_sql_run(s, SQL_HOLD_PUT, sql,
                        DS_ARGS(DS_INT(h->deal), DS_INT(h->connection), DS_TEXT(h->remote_id),
                                DS_TEXT(h->wanted), DS_INT(h->until_ms), DS_SOME(h->rule),
                                DS_SOME(h->run)),
                        &changed, err);

    *news = changed > 0;
    return rc;
}

int ds_store_hold_drop(struct ds_store *s, int64_t connection, const char *remote_id,
                       struct ds_err *err)
{
    static const char sql[] = "DELETE FROM holds WHERE connection = ?1 AND remote_id = ?2";

    return ds_sql_run(s, SQL_HOLD_DROP, sql, DS_ARGS(DS_INT(connection), DS_TEXT(remote_id)), NULL,
                      err);
}

#define WANTED "(?3 = 0 OR connection = ?3) AND (?4 = 0 OR deal = ?4)"

int ds_store_holds(struct ds_store *s, struct ds_arena *a, int64_t connection, int64_t deal,
                   int64_t until_ms,
                   int (*each)(void *arg, const struct ds_hold *h, struct ds_err *err), void *arg,
                   struct ds_err *err)
{
    /* The next one: with the same time and a larger id, or else with a later time. As one
     * comparison of pairs, SQLite would walk all that share a time again for each of them. */
    static const char sql[] =
        "SELECT h.id, h.deal, h.connection, c.name, h.remote_id, d.name, h.wanted, h.until_ms,"
        " h.rule, h.run FROM holds h"
        " JOIN connections c ON c.id = h.connection JOIN deals d ON d.id = h.deal"
        " WHERE h.id = coalesce((SELECT id FROM holds WHERE until_ms = ?1 AND id > ?2 AND " WANTED
        " ORDER BY id LIMIT 1), (SELECT id FROM holds WHERE until_ms > ?1 AND " WANTED
        " AND (?5 = 0 OR until_ms <= ?5) ORDER BY until_ms, id LIMIT 1))";
    struct ds_hold h = {.until_ms = INT64_MIN};
    struct ds_sql_row row;
    int64_t id = 0;
    int rc;

    while ((rc = ds_sql_row(s, SQL_HOLDS, sql,
                            DS_ARGS(DS_INT(h.until_ms), DS_INT(id), DS_INT(connection),
                                    DS_INT(deal), DS_INT(until_ms)),
                            a, &row, err)) > 0) {
        id = ds_sql_int(&row, 0);
        h = (struct ds_hold){
            .deal = ds_sql_int(&row, 1),
            .connection = ds_sql_int(&row, 2),
            .connection_name = ds_sql_text(&row, 3),
            .remote_id = ds_sql_text(&row, 4),
            .name = ds_sql_text(&row, 5),
            .wanted = ds_sql_text(&row, 6),
            .until_ms = ds_sql_int(&row, 7),
            .rule = (int)ds_sql_int(&row, 8),
            .run = ds_sql_int(&row, 9),
        };
        rc = ds_sql_end(&row, err);
        if (!rc)
            rc = each(arg, &h, err);
        if (rc)
            return rc;
    }
    return rc;
}
