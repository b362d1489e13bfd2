#include "engine/store/sqlite.h"

#define COLUMNS                                                                                    \
    "id, organisation, fingerprint, cursor, resume, resume_fingerprint, last_success_ms, links,"   \
    " seen_deal, answer, stages, stages_ms, name"

static struct ds_connection_state state_of(struct ds_sql_row *row)
{
    return (struct ds_connection_state){
        .id = ds_sql_int(row, 0),
        .organisation = ds_sql_text(row, 1),
        .fingerprint = ds_sql_text(row, 2),
        .cursor = ds_sql_text(row, 3),
        .resume = ds_sql_text(row, 4),
        .resume_fingerprint = ds_sql_text(row, 5),
        .last_success_ms = ds_sql_int(row, 6),
        .links = ds_sql_int(row, 7),
        .seen_deal = ds_sql_int(row, 8),
        .answer = ds_sql_text(row, 9),
        .stages = ds_sql_text(row, 10),
        .stages_ms = ds_sql_int(row, 11),
    };
}

int ds_store_connection(struct ds_store *s, struct ds_arena *a, const char *name,
                        struct ds_connection_state *out, struct ds_err *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM connections WHERE name = ?1";
    struct ds_sql_row row;
    int rc = ds_sql_row(s, SQL_CONNECTION, sql, DS_ARGS(DS_TEXT(name)), a, &row, err);

    *out = (struct ds_connection_state){0};
    if (rc <= 0)
        return rc;
    *out = state_of(&row);
    return ds_sql_end(&row, err);
}

int ds_store_connection_ensure(struct ds_store *s, const char *name, int64_t *id,
                               struct ds_err *err)
{
    static const char sql[] = "INSERT INTO connections(name) VALUES (?1) ON CONFLICT DO NOTHING";
    struct ds_arena a = {0};
    struct ds_connection_state state;
    int rc = ds_sql_run(s, SQL_CONNECTION_ENSURE, sql, DS_ARGS(DS_TEXT(name)), NULL, err);

    if (!rc)
        rc = ds_store_connection(s, &a, name, &state, err);
    if (!rc)
        *id = state.id;
    ds_arena_clear(&a);
    return rc;
}

int ds_store_connection_save(struct ds_store *s, const struct ds_connection_state *state,
                             struct ds_err *err)
{
    static const char sql[] =
        "UPDATE connections SET organisation = ?2, fingerprint = ?3, cursor = ?4, resume = ?5,"
        " resume_fingerprint = ?6, last_success_ms = ?7, seen_deal = ?8, answer = ?9, stages = ?10,"
        " stages_ms = ?11 WHERE id = ?1";

    return ds_sql_run(
        s, SQL_CONNECTION_SAVE, sql,
        DS_ARGS(DS_INT(state->id), DS_TEXT(state->organisation), DS_TEXT(state->fingerprint),
                DS_TEXT(state->cursor), DS_TEXT(state->resume), DS_TEXT(state->resume_fingerprint),
                DS_SOME(state->last_success_ms), DS_INT(state->seen_deal), DS_TEXT(state->answer),
                DS_TEXT(state->stages), DS_SOME(state->stages_ms)),
        NULL, err);
}

int ds_store_connections(struct ds_store *s, struct ds_arena *a,
                         int (*each)(void *arg, const char *name,
                                     const struct ds_connection_state *state, struct ds_err *err),
                         void *arg, struct ds_err *err)
{
    static const char sql[] =
        "SELECT " COLUMNS " FROM connections WHERE id > ?1 ORDER BY id LIMIT 1";
    struct ds_connection_state state = {0};
    struct ds_sql_row row;
    const char *name;
    int rc;

    while ((rc = ds_sql_row(s, SQL_CONNECTIONS, sql, DS_ARGS(DS_INT(state.id)), a, &row, err)) >
           0) {
        state = state_of(&row);
        name = ds_sql_text(&row, 12);
        rc = ds_sql_end(&row, err);
        if (!rc)
            rc = each(arg, name, &state, err);
        if (rc)
            return rc;
    }
    return rc;
}

int ds_store_name(struct ds_store *s, struct ds_arena *a, const char **out, struct ds_err *err)
{
    struct ds_sql_row row;
    int rc = ds_sql_row(s, SQL_STORE_NAME, "SELECT name FROM store", NULL, 0, a, &row, err);

    *out = "";
    if (rc <= 0)
        return rc;
    *out = ds_sql_text(&row, 0);
    return ds_sql_end(&row, err);
}
