#include "engine/store/sqlite.h"

int ds_store_history_add(struct ds_store *s, const struct ds_history *h, struct ds_err *err)
{
    static const char sql[] =
        "INSERT INTO history(deal, run, connection, at_ms, kind, source, remote_id, changes)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

    return ds_sql_run(s, SQL_HISTORY_ADD, sql,
                      DS_ARGS(DS_INT(h->deal), DS_SOME(h->run), DS_SOME(h->connection),
                              DS_INT(h->at_ms), DS_TEXT(h->kind), DS_TEXT(h->source),
                              DS_TEXT(h->remote_id), DS_TEXT(h->changes)),
                      NULL, err);
}

#define COLUMNS                                                                                    \
    "h.id, h.deal, h.run, h.connection, c.name, h.at_ms, h.kind, h.source, h.remote_id, h.changes"
#define TABLES " FROM history h LEFT JOIN connections c ON c.id = h.connection"

static struct ds_history history_of(struct ds_sql_row *row)
{
    return (struct ds_history){
        .deal = ds_sql_int(row, 1),
        .run = ds_sql_int(row, 2),
        .connection = ds_sql_int(row, 3),
        .connection_name = ds_sql_text(row, 4),
        .at_ms = ds_sql_int(row, 5),
        .kind = ds_sql_text(row, 6),
        .source = ds_sql_text(row, 7),
        .remote_id = ds_sql_text(row, 8),
        .changes = ds_sql_text(row, 9),
    };
}

static int walk(struct ds_store *s, enum ds_sql slot, const char *sql, int64_t of,
                struct ds_arena *a,
                int (*each)(void *arg, const struct ds_history *h, struct ds_err *err), void *arg,
                struct ds_err *err)
{
    struct ds_sql_row row;
    int64_t id = 0;
    int rc;

    while ((rc = ds_sql_row(s, slot, sql, DS_ARGS(DS_INT(of), DS_INT(id)), a, &row, err)) > 0) {
        struct ds_history h = history_of(&row);

        id = ds_sql_int(&row, 0);
        rc = ds_sql_end(&row, err);
        if (!rc)
            rc = each(arg, &h, err);
        if (rc)
            return rc;
    }
    return rc;
}

int ds_store_history(struct ds_store *s, struct ds_arena *a, int64_t deal,
                     int (*each)(void *arg, const struct ds_history *h, struct ds_err *err),
                     void *arg, struct ds_err *err)
{
    static const char sql[] =
        "SELECT " COLUMNS TABLES " WHERE h.deal = ?1 AND h.id > ?2 ORDER BY h.id LIMIT 1";

    return walk(s, SQL_HISTORY, sql, deal, a, each, arg, err);
}

/* What a run wrote lies behind the row at which it began, and other connections' rows in between. */
int ds_store_history_of_run(struct ds_store *s, struct ds_arena *a, int64_t run,
                            int (*each)(void *arg, const struct ds_history *h, struct ds_err *err),
                            void *arg, struct ds_err *err)
{
    static const char sql[] =
        "SELECT " COLUMNS TABLES " WHERE h.run = ?1"
        " AND h.id > max(?2, (SELECT history FROM runs WHERE id = ?1)) ORDER BY h.id LIMIT 1";

    return walk(s, SQL_HISTORY_OF_RUN, sql, run, a, each, arg, err);
}

/* By the order of the rows, for clocks go wrong. */
int ds_store_changed_since(struct ds_store *s, int64_t deal, int64_t run, bool *changed,
                           struct ds_err *err)
{
    static const char sql[] = "SELECT 1 FROM history WHERE deal = ?1 AND kind <> 'pushed'"
                              " AND id > (SELECT history FROM runs WHERE id = ?2) LIMIT 1";
    struct ds_sql_row row;
    int rc =
        ds_sql_row(s, SQL_CHANGED_SINCE, sql, DS_ARGS(DS_INT(deal), DS_INT(run)), NULL, &row, err);

    *changed = rc > 0;
    return rc > 0 ? ds_sql_end(&row, err) : rc;
}

int ds_store_field_times(struct ds_store *s, int64_t deal, int64_t since_ms, int64_t out[DS_FIELDS],
                         struct ds_err *err)
{
    static const char sql[] =
        "SELECT max(h.at_ms) FROM history h, json_each(h.changes) c WHERE h.deal = ?1"
        " AND h.kind <> 'pushed' AND h.at_ms >= ?2 AND c.value ->> 'field' = ?3";

    for (int f = 0; f < DS_FIELDS; f++) {
        struct ds_sql_row row;
        int rc = ds_sql_row(s, SQL_FIELD_TIMES, sql,
                            DS_ARGS(DS_INT(deal), DS_INT(since_ms), DS_TEXT(ds_fields[f].name)),
                            NULL, &row, err);

        out[f] = 0;
        if (rc < 0)
            return rc;
        if (rc == 0)
            continue;
        out[f] = ds_sql_int(&row, 0);
        if (ds_sql_end(&row, err))
            return err->status;
    }
    return DS_OK;
}
