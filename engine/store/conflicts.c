#include "engine/store/sqlite.h"

#include <inttypes.h>

int ds_store_conflict_put(struct ds_store *s, const struct ds_conflict *c, bool *opened,
                          struct ds_err *err)
{
    static const char sql[] =
        "INSERT INTO conflicts(deal, connection, remote_id, field, case_number, rule, base, ours,"
        " theirs, why, source, theirs_ms, run, at_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?12, ?13, ?14, ?10, ?11)"
        " ON CONFLICT (connection, remote_id, field) WHERE closed_ms IS NULL DO UPDATE SET"
        " deal = excluded.deal, case_number = excluded.case_number, rule = excluded.rule,"
        " base = excluded.base, ours = excluded.ours, theirs = excluded.theirs,"
        " why = excluded.why, source = excluded.source, theirs_ms = excluded.theirs_ms,"
        " run = excluded.run, at_ms = excluded.at_ms"
        " WHERE (base, ours, theirs, case_number) IS NOT"
        " (excluded.base, excluded.ours, excluded.theirs, excluded.case_number)";
    int changed = 0;
    int rc = ds_sql_run(s, SQL_CONFLICT_PUT, sql,
                        DS_ARGS(DS_INT(c->deal), DS_INT(c->connection), DS_TEXT(c->remote_id),
                                DS_TEXT(ds_fields[c->field].name), DS_INT(c->case_number),
                                DS_SOME(c->rule), DS_TEXT(c->base), DS_TEXT(c->ours),
                                DS_TEXT(c->theirs), DS_SOME(c->run), DS_INT(c->at_ms),
                                DS_TEXT(c->why), DS_TEXT(c->source), DS_SOME(c->theirs_ms)),
                        &changed, err);

    *opened = changed > 0;
    return rc;
}

int ds_store_conflict_fields(struct ds_store *s, int64_t connection, const char *remote_id,
                             uint64_t *out, struct ds_err *err)
{
    static const char sql[] = "SELECT field FROM conflicts WHERE closed_ms IS NULL"
                              " AND connection = ?1 AND remote_id = ?2 AND field > ?3"
                              " ORDER BY field LIMIT 1";
    struct ds_arena a = {0};
    struct ds_sql_row row;
    const char *field = "";
    int rc;

    *out = 0;
    while ((rc = ds_sql_row(s, SQL_CONFLICT_FIELDS, sql,
                            DS_ARGS(DS_INT(connection), DS_TEXT(remote_id), DS_TEXT(field)), &a,
                            &row, err)) > 0) {
        field = ds_sql_text(&row, 0);
        rc = ds_sql_end(&row, err);
        if (rc)
            break;
        *out |= UINT64_C(1) << ds_field_find(field);
    }
    ds_arena_clear(&a);
    return rc;
}

int ds_store_conflict_close(struct ds_store *s, int64_t connection, const char *remote_id,
                            uint64_t keep, int64_t run, int64_t now_ms, struct ds_err *err)
{
    static const char sql[] = "UPDATE conflicts SET closed_run = ?4, closed_ms = ?5"
                              " WHERE closed_ms IS NULL"
                              " AND connection = ?1 AND remote_id = ?2 AND field = ?3";
    uint64_t open;
    int rc = ds_store_conflict_fields(s, connection, remote_id, &open, err);

    for (int f = 0; !rc && f < DS_FIELDS; f++)
        if ((open & ~keep) >> f & 1)
            rc = ds_sql_run(s, SQL_CONFLICT_CLOSE, sql,
                            DS_ARGS(DS_INT(connection), DS_TEXT(remote_id),
                                    DS_TEXT(ds_fields[f].name), DS_SOME(run), DS_INT(now_ms)),
                            NULL, err);
    return rc;
}

int ds_store_conflict_log(struct ds_store *s, const struct ds_conflict *c, struct ds_err *err)
{
    static const char sql[] =
        "INSERT INTO conflicts(deal, connection, remote_id, field, case_number, rule, base, ours,"
        " theirs, source, theirs_ms, run, at_ms, decision, closed_run, closed_ms)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?12, ?13)";

    return ds_sql_run(s, SQL_CONFLICT_LOG, sql,
                      DS_ARGS(DS_INT(c->deal), DS_INT(c->connection), DS_TEXT(c->remote_id),
                              DS_TEXT(ds_fields[c->field].name), DS_INT(c->case_number),
                              DS_SOME(c->rule), DS_TEXT(c->base), DS_TEXT(c->ours),
                              DS_TEXT(c->theirs), DS_TEXT(c->source), DS_SOME(c->theirs_ms),
                              DS_SOME(c->run), DS_INT(c->at_ms), DS_TEXT(c->decision)),
                      NULL, err);
}

int ds_store_conflict_settle(struct ds_store *s, int64_t id, const char *decision, int64_t run,
                             int64_t now_ms, struct ds_err *err)
{
    static const char sql[] = "UPDATE conflicts SET decision = ?2, closed_run = ?3, closed_ms = ?4"
                              " WHERE id = ?1 AND closed_ms IS NULL";

    return ds_sql_run(s, SQL_CONFLICT_SETTLE, sql,
                      DS_ARGS(DS_INT(id), DS_TEXT(decision), DS_SOME(run), DS_INT(now_ms)), NULL,
                      err);
}

#define COLUMNS                                                                                    \
    "f.id, f.deal, f.connection, c.name, f.remote_id, d.name, f.field, f.case_number, f.rule,"     \
    " f.base, f.ours, f.theirs, f.run, f.at_ms, f.why, f.decision, f.source, f.theirs_ms,"         \
    " f.closed_ms"
#define TABLES                                                                                     \
    " CROSS JOIN connections c ON c.id = f.connection CROSS JOIN deals d ON d.id = f.deal"

static struct ds_conflict conflict_of(struct ds_sql_row *row)
{
    return (struct ds_conflict){
        .id = ds_sql_int(row, 0),
        .deal = ds_sql_int(row, 1),
        .connection = ds_sql_int(row, 2),
        .connection_name = ds_sql_text(row, 3),
        .remote_id = ds_sql_text(row, 4),
        .name = ds_sql_text(row, 5),
        .field = ds_field_find((const char *)sqlite3_column_text(row->q, 6)),
        .case_number = (int)ds_sql_int(row, 7),
        .rule = (int)ds_sql_int(row, 8),
        .base = ds_sql_text(row, 9),
        .ours = ds_sql_text(row, 10),
        .theirs = ds_sql_text(row, 11),
        .run = ds_sql_int(row, 12),
        .at_ms = ds_sql_int(row, 13),
        .why = ds_sql_text(row, 14),
        .decision = ds_sql_text(row, 15),
        .source = ds_sql_text(row, 16),
        .theirs_ms = ds_sql_int(row, 17),
        .closed_ms = ds_sql_int(row, 18),
    };
}

/* Reads the one row that a query gives, if any. */
static int read_one(struct ds_store *s, enum ds_sql slot, const char *sql,
                    const struct ds_sql_arg *args, size_t count, struct ds_arena *a,
                    struct ds_conflict *out, struct ds_err *err)
{
    struct ds_sql_row row;
    int rc = ds_sql_row(s, slot, sql, args, count, a, &row, err);

    *out = (struct ds_conflict){0};
    if (rc <= 0)
        return rc;
    *out = conflict_of(&row);
    rc = ds_sql_end(&row, err);
    if (!rc && out->field == DS_FIELDS)
        rc = ds_fail(err, DS_E_STORE, "conflict %" PRId64 " is about no field of a deal", out->id);
    return rc ? rc : 1;
}

int ds_store_conflict(struct ds_store *s, struct ds_arena *a, int64_t id, struct ds_conflict *out,
                      struct ds_err *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM conflicts f" TABLES " WHERE f.id = ?1";

    read_one(s, SQL_CONFLICT, sql, DS_ARGS(DS_INT(id)), a, out, err);
    return err->status;
}

int ds_store_conflict_of(struct ds_store *s, struct ds_arena *a, int64_t connection,
                         const char *remote_id, enum ds_field field, struct ds_conflict *out,
                         struct ds_err *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM conflicts f" TABLES
                              " WHERE f.closed_ms IS NULL AND f.connection = ?1"
                              " AND f.remote_id = ?2 AND f.field = ?3";

    read_one(s, SQL_CONFLICT_OF, sql,
             DS_ARGS(DS_INT(connection), DS_TEXT(remote_id), DS_TEXT(ds_fields[field].name)), a,
             out, err);
    return err->status;
}

int ds_store_conflicts(struct ds_store *s, struct ds_arena *a, int64_t connection, int64_t deal,
                       int (*each)(void *arg, const struct ds_conflict *c, struct ds_err *err),
                       void *arg, struct ds_err *err)
{
    static const char sql[] =
        "SELECT " COLUMNS " FROM conflicts f NOT INDEXED" TABLES
        " WHERE f.closed_ms IS NULL AND f.id > ?1"
        " AND (?2 = 0 OR f.connection = ?2) AND (?3 = 0 OR f.deal = ?3) ORDER BY f.id LIMIT 1";
    struct ds_conflict c = {0};
    int rc;

    while ((rc = read_one(s, SQL_CONFLICTS, sql,
                          DS_ARGS(DS_INT(c.id), DS_INT(connection), DS_INT(deal)), a, &c, err)) >
           0) {
        rc = each(arg, &c, err);
        if (rc)
            return rc;
    }
    return rc;
}
