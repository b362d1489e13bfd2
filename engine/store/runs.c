#include "engine/store/sqlite.h"

#include <string.h>
#include <unistd.h>

const char *const ds_outcome_names[DS_OUTCOMES] = {
    [DS_UNCHANGED] = "unchanged", [DS_CREATED] = "created",   [DS_UPDATED] = "updated",
    [DS_HELD] = "held",           [DS_CONFLICT] = "conflict", [DS_REJECTED] = "rejected",
    [DS_IGNORED] = "ignored",
};

/* Whoever calls holds the connection's lock, so nobody is behind a row that says "running". */
static int interrupt(struct ds_store *s, int64_t connection, struct ds_err *err)
{
    static const char sql[] = "UPDATE runs SET state = 'interrupted',"
                              " message = 'process ' || pid || ' on ' || host || ' died'"
                              " WHERE connection = ?1 AND state = 'running'";

    return ds_sql_run(s, SQL_RUN_INTERRUPT, sql, DS_ARGS(DS_INT(connection)), NULL, err);
}

int ds_store_run_begin(struct ds_store *s, struct ds_run *run, struct ds_err *err)
{
    static const char sql[] =
        "INSERT INTO runs(connection, command, state, fingerprint, pid, host, started_ms, history)"
        " VALUES (?1, ?2, 'running', ?3, ?4, ?5, ?6, (SELECT coalesce(max(id), 0) FROM history))";
    char host[256];
    int rc = interrupt(s, run->connection, err);

    if (gethostname(host, sizeof(host)) != 0)
        host[0] = '\0';
    host[sizeof(host) - 1] = '\0';
    if (!rc)
        rc = ds_sql_run(s, SQL_RUN_BEGIN, sql,
                        DS_ARGS(DS_INT(run->connection), DS_TEXT(run->command),
                                DS_TEXT(run->fingerprint), DS_INT(getpid()), DS_TEXT(host),
                                DS_INT(run->started_ms)),
                        NULL, err);
    if (rc)
        return rc;
    run->id = sqlite3_last_insert_rowid(s->db);
    run->state = "running";
    return DS_OK;
}

int ds_store_run_save(struct ds_store *s, const struct ds_run *run, struct ds_err *err)
{
    static const char sql[] =
        "UPDATE runs SET state = ?2, message = ?3, cost = ?4, fingerprint = ?5, ended_ms = ?6,"
        " fetched = ?7, unchanged = ?8, created = ?9, updated = ?10, held = ?11, conflict = ?12,"
        " rejected = ?13, ignored = ?14, pushed = ?15 WHERE id = ?1";
    const uint64_t *n = run->outcome;

    return ds_sql_run(s, SQL_RUN_SAVE, sql,
                      DS_ARGS(DS_INT(run->id), DS_TEXT(run->state), DS_TEXT(run->message),
                              DS_TEXT(run->cost), DS_TEXT(run->fingerprint), DS_SOME(run->ended_ms),
                              DS_INT(run->fetched), DS_INT(n[DS_UNCHANGED]), DS_INT(n[DS_CREATED]),
                              DS_INT(n[DS_UPDATED]), DS_INT(n[DS_HELD]), DS_INT(n[DS_CONFLICT]),
                              DS_INT(n[DS_REJECTED]), DS_INT(n[DS_IGNORED]), DS_INT(run->pushed)),
                      NULL, err);
}

#define COLUMNS                                                                                    \
    "r.id, r.connection, c.name, r.command, r.state, r.message, r.cost, r.fingerprint,"            \
    " r.started_ms, r.ended_ms, r.fetched, r.unchanged, r.created, r.updated, r.held, r.conflict," \
    " r.rejected, r.ignored, r.pushed"

static struct ds_run run_of(struct ds_sql_row *row)
{
    struct ds_run run = {
        .id = ds_sql_int(row, 0),
        .connection = ds_sql_int(row, 1),
        .connection_name = ds_sql_text(row, 2),
        .command = ds_sql_text(row, 3),
        .state = ds_sql_text(row, 4),
        .message = ds_sql_text(row, 5),
        .cost = ds_sql_text(row, 6),
        .fingerprint = ds_sql_text(row, 7),
        .started_ms = ds_sql_int(row, 8),
        .ended_ms = ds_sql_int(row, 9),
        .fetched = (uint64_t)ds_sql_int(row, 10),
    };

    for (int i = 0; i < DS_OUTCOMES; i++)
        run.outcome[i] = (uint64_t)ds_sql_int(row, 11 + i);
    run.pushed = (uint64_t)ds_sql_int(row, 11 + DS_OUTCOMES);
    return run;
}

int ds_store_runs(struct ds_store *s, struct ds_arena *a, int64_t connection, size_t limit,
                  int (*each)(void *arg, const struct ds_run *run, struct ds_err *err), void *arg,
                  struct ds_err *err)
{
    static const char sql[] =
        "SELECT " COLUMNS " FROM runs r NOT INDEXED JOIN connections c ON c.id = r.connection"
        " WHERE r.id < ?1 AND (?2 = 0 OR r.connection = ?2) ORDER BY r.id DESC LIMIT 1";
    struct ds_run run = {.id = INT64_MAX};
    struct ds_sql_row row;
    int rc = DS_OK;

    while (limit-- > 0) {
        rc =
            ds_sql_row(s, SQL_RUNS, sql, DS_ARGS(DS_INT(run.id), DS_INT(connection)), a, &row, err);
        if (rc <= 0)
            return rc;
        run = run_of(&row);
        rc = ds_sql_end(&row, err);
        if (!rc)
            rc = each(arg, &run, err);
        if (rc)
            return rc;
    }
    return rc;
}

int ds_store_run(struct ds_store *s, struct ds_arena *a, int64_t id, struct ds_run *out,
                 struct ds_err *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM runs r"
                              " JOIN connections c ON c.id = r.connection WHERE r.id = ?1";
    struct ds_sql_row row;
    int rc = ds_sql_row(s, SQL_RUN, sql, DS_ARGS(DS_INT(id)), a, &row, err);

    *out = (struct ds_run){0};
    if (rc <= 0)
        return rc;
    *out = run_of(&row);
    return ds_sql_end(&row, err);
}
