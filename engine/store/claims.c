#include "engine/store/sqlite.h"

#include <string.h>

const char *const ds_claim_names[DS_CLAIMS] = {
    [DS_CLAIM_MATCH] = "match",
    [DS_CLAIM_RIVAL] = "rival",
    [DS_CLAIM_APART] = "apart",
    [DS_CLAIM_OWN] = "own",
};

int ds_store_claim_put(struct ds_store *s, const struct ds_claim *c, struct ds_err *err)
{
    static const char sql[] =
        "INSERT INTO claims(connection, remote_id, name, deal, kind, run, at_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (connection, remote_id) DO UPDATE SET"
        " name = excluded.name, deal = excluded.deal, kind = excluded.kind, run = excluded.run,"
        " at_ms = excluded.at_ms"
        " WHERE (name, deal, kind) IS NOT (excluded.name, excluded.deal, excluded.kind)";

    return ds_sql_run(s, SQL_CLAIM_PUT, sql,
                      DS_ARGS(DS_INT(c->connection), DS_TEXT(c->remote_id), DS_TEXT(c->name),
                              DS_SOME(c->deal), DS_TEXT(ds_claim_names[c->kind]), DS_SOME(c->run),
                              DS_INT(c->at_ms)),
                      NULL, err);
}

int ds_store_claim_drop(struct ds_store *s, int64_t connection, const char *remote_id,
                        struct ds_err *err)
{
    return ds_sql_run(s, SQL_CLAIM_DROP,
                      "DELETE FROM claims WHERE connection = ?1 AND remote_id = ?2",
                      DS_ARGS(DS_INT(connection), DS_TEXT(remote_id)), NULL, err);
}

#define COLUMNS "k.id, k.connection, c.name, k.remote_id, k.name, k.deal, k.kind, k.run, k.at_ms"

static enum ds_claim_kind kind_of(const char *name)
{
    enum ds_claim_kind kind = 0;

    while (kind < DS_CLAIMS && strcmp(ds_claim_names[kind], name) != 0)
        kind++;
    return kind;
}

static struct ds_claim claim_of(struct ds_sql_row *row)
{
    return (struct ds_claim){
        .connection = ds_sql_int(row, 1),
        .connection_name = ds_sql_text(row, 2),
        .remote_id = ds_sql_text(row, 3),
        .name = ds_sql_text(row, 4),
        .deal = ds_sql_int(row, 5),
        .kind = kind_of((const char *)sqlite3_column_text(row->q, 6)),
        .run = ds_sql_int(row, 7),
        .at_ms = ds_sql_int(row, 8),
    };
}

int ds_store_claim(struct ds_store *s, struct ds_arena *a, int64_t connection,
                   const char *remote_id, struct ds_claim *out, struct ds_err *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM claims k"
                              " JOIN connections c ON c.id = k.connection"
                              " WHERE k.connection = ?1 AND k.remote_id = ?2";
    struct ds_sql_row row;
    int rc = ds_sql_row(s, SQL_CLAIM, sql, DS_ARGS(DS_INT(connection), DS_TEXT(remote_id)), a, &row,
                        err);

    *out = (struct ds_claim){.kind = DS_CLAIMS};
    if (rc <= 0)
        return rc;
    *out = claim_of(&row);
    return ds_sql_end(&row, err);
}

int ds_store_is_claimed(struct ds_store *s, int64_t connection, int64_t deal, bool *claimed,
                        struct ds_err *err)
{
    static const char sql[] =
        "SELECT 1 FROM claims WHERE connection = ?1 AND deal = ?2 AND kind = 'match'";
    struct ds_sql_row row;
    int rc =
        ds_sql_row(s, SQL_CLAIMED, sql, DS_ARGS(DS_INT(connection), DS_INT(deal)), NULL, &row, err);

    *claimed = rc > 0;
    return rc > 0 ? ds_sql_end(&row, err) : rc;
}

int ds_store_any_claims(struct ds_store *s, int64_t connection, bool *any, struct ds_err *err)
{
    static const char sql[] = "SELECT 1 FROM claims WHERE connection = ?1 LIMIT 1";
    struct ds_sql_row row;
    int rc = ds_sql_row(s, SQL_ANY_CLAIMS, sql, DS_ARGS(DS_INT(connection)), NULL, &row, err);

    *any = rc > 0;
    return rc > 0 ? ds_sql_end(&row, err) : rc;
}

int ds_store_claims(struct ds_store *s, struct ds_arena *a, int64_t connection,
                    int (*each)(void *arg, const struct ds_claim *c, struct ds_err *err), void *arg,
                    struct ds_err *err)
{
    static const char sql[] =
        "SELECT " COLUMNS " FROM claims k JOIN connections c ON c.id = k.connection"
        " WHERE k.id > ?1 AND (?2 = 0 OR k.connection = ?2) AND k.kind <> 'apart'"
        " ORDER BY k.id LIMIT 1";
    struct ds_sql_row row;
    int64_t id = 0;
    int rc;

    while ((rc = ds_sql_row(s, SQL_CLAIMS, sql, DS_ARGS(DS_INT(id), DS_INT(connection)), a, &row,
                            err)) > 0) {
        struct ds_claim claim = claim_of(&row);

        id = ds_sql_int(&row, 0);
        rc = ds_sql_end(&row, err);
        if (!rc)
            rc = each(arg, &claim, err);
        if (rc)
            return rc;
    }
    return rc;
}
