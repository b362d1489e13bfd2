#include "engine/store/sqlite.h"

int ds_store_intent_put(struct ds_store *s, struct ds_intent *i, int64_t now_ms, struct ds_err *err)
{
    static const char sql[] =
        "INSERT OR REPLACE INTO outbox(connection, deal, remote_id, key, version, wanted, sent,"
        " changes, run, tries, outcome, at_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?12, ?8, ?9, ?10, ?11)";
    int rc = ds_sql_run(s, SQL_INTENT_PUT, sql,
                        DS_ARGS(DS_INT(i->connection), DS_INT(i->deal), DS_TEXT(i->remote_id),
                                DS_TEXT(i->key), DS_TEXT(i->version), DS_TEXT(i->wanted),
                                DS_TEXT(i->sent), DS_SOME(i->run), DS_INT(i->tries),
                                DS_INT(i->outcome), DS_INT(now_ms), DS_TEXT(i->changes)),
                        NULL, err);

    if (!rc)
        i->id = sqlite3_last_insert_rowid(s->db);
    return rc;
}

int ds_store_intent_drop(struct ds_store *s, int64_t connection, int64_t deal, struct ds_err *err)
{
    return ds_sql_run(s, SQL_INTENT_DROP, "DELETE FROM outbox WHERE connection = ?1 AND deal = ?2",
                      DS_ARGS(DS_INT(connection), DS_INT(deal)), NULL, err);
}

#define INTENT                                                                                     \
    "SELECT id, deal, remote_id, key, version, wanted, sent, run, tries, outcome, changes"         \
    " FROM outbox WHERE connection = ?1 AND "

static int find(struct ds_store *s, struct ds_arena *a, enum ds_sql slot, const char *sql,
                int64_t connection, int64_t number, struct ds_intent *out, struct ds_err *err)
{
    struct ds_sql_row row;
    int rc = ds_sql_row(s, slot, sql, DS_ARGS(DS_INT(connection), DS_INT(number)), a, &row, err);

    *out = (struct ds_intent){0};
    if (rc <= 0)
        return rc;
    *out = (struct ds_intent){
        .id = ds_sql_int(&row, 0),
        .connection = connection,
        .deal = ds_sql_int(&row, 1),
        .remote_id = ds_sql_text(&row, 2),
        .key = ds_sql_text(&row, 3),
        .version = ds_sql_text(&row, 4),
        .wanted = ds_sql_text(&row, 5),
        .sent = ds_sql_text(&row, 6),
        .run = ds_sql_int(&row, 7),
        .tries = (int)ds_sql_int(&row, 8),
        .outcome = (int)ds_sql_int(&row, 9),
        .changes = ds_sql_text(&row, 10),
    };
    return ds_sql_end(&row, err);
}

int ds_store_intent(struct ds_store *s, struct ds_arena *a, int64_t connection, int64_t after,
                    struct ds_intent *out, struct ds_err *err)
{
    return find(s, a, SQL_INTENT, INTENT "id > ?2 ORDER BY id LIMIT 1", connection, after, out,
                err);
}

int ds_store_intent_of(struct ds_store *s, struct ds_arena *a, int64_t connection, int64_t deal,
                       struct ds_intent *out, struct ds_err *err)
{
    return find(s, a, SQL_INTENT_OF, INTENT "deal = ?2", connection, deal, out, err);
}
