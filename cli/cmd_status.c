/* status: is each connection alive, and what waits for a person. */
#include "cli/exit.h"
#include "cli/shelf.h"

#include "base/date.h"
#include "base/log.h"
#include "engine/report/people.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)

static const struct ds_column columns[] = {
    {"connection", "connection", DS_COL_TEXT},
    {"last_success", "last success", DS_COL_INSTANT},
    {"age_seconds", "age", DS_COL_AGE},
    {"last_run", "last run", DS_COL_ID},
    {"state", "ended as", DS_COL_TEXT},
    {"ended", "at", DS_COL_INSTANT},
    {"linked", "linked", DS_COL_COUNT},
    {"conflicts", "conflicts", DS_COL_COUNT},
    {"claims", "claims", DS_COL_COUNT},
    {"unsent", "unsent", DS_COL_COUNT},
    {"holds", "holds", DS_COL_COUNT},
    {"holds_due", "due", DS_COL_COUNT},
    {"rejected", "rejected", DS_COL_COUNT},
    {"alarm", "alarm", DS_COL_TEXT},
    {"cost", "cost", DS_COL_TEXT},
    {"message", "message", DS_COL_TEXT},
};

struct asking {
    struct ds_cli *cli;
    struct ds_shelf *shelf;
    int64_t now_ms;
    struct ds_run last; /* of the connection being looked at */
};

static int keep_run(void *arg, const struct ds_run *run, struct ds_err *err)
{
    struct asking *q = arg;

    (void)err;
    q->last = *run;
    return DS_OK;
}

/* Nobody notices a connection that fell silent. A warning beside the table: journal and cron show it. */
static bool alarm_for(const struct asking *q, const struct ds_config_connection *c, int64_t age_ms,
                      bool ever)
{
    struct ds_buf age = DS_BUF_INIT(DS_MAX_TEXT);

    if (!c->alarm_after_hours || (age_ms >= 0 && age_ms <= (int64_t)c->alarm_after_hours * HOUR_MS))
        return false;
    q->cli->exit = DS_EXIT_WAITING;
    if (age_ms < 0) {
        ds_log(DS_LOG_WARNING,
               ever ? "%s: the last success lies in the future; look at this machine's clock"
                    : "%s: no run has succeeded yet",
               c->name);
        return true;
    }
    ds_people_age(&age, age_ms);
    ds_log(DS_LOG_WARNING, "%s: no success for %s (alarm_after is %" PRIu64 " h)", c->name,
           age.text, c->alarm_after_hours);
    ds_buf_clear(&age);
    return true;
}

static int row(struct asking *q, const char *name, const struct ds_connection_state *state,
               struct ds_err *err)
{
    struct ds_shelf *shelf = q->shelf;
    int64_t age_ms = state->last_success_ms ? q->now_ms - state->last_success_ms : -1;
    const struct ds_config_connection *configured = NULL;
    struct ds_waiting w = {0};
    struct ds_err unknown = {0};
    bool alarm = false;

    q->last = (struct ds_run){0};
    if (state->id && (ds_store_waiting(shelf->store, state->id, q->now_ms, &w, err) ||
                      ds_store_runs(shelf->store, &shelf->arena, state->id, 1, keep_run, q, err)))
        return err->status;
    if (!ds_config_find(q->cli->config, name, &configured, &unknown))
        alarm = alarm_for(q, configured, age_ms, state->last_success_ms != 0);
    if (w.conflicts || w.claims || w.holds_due || w.rejects)
        q->cli->exit = DS_EXIT_WAITING;
    const struct ds_cell cells[] = {
        {name, 0},
        {NULL, state->last_success_ms},
        {NULL, age_ms},
        {NULL, q->last.id},
        {q->last.state, 0},
        {NULL, q->last.ended_ms},
        {NULL, state->links},
        {NULL, (int64_t)w.conflicts},
        {NULL, (int64_t)w.claims},
        {NULL, (int64_t)w.intents},
        {NULL, (int64_t)w.holds},
        {NULL, (int64_t)w.holds_due},
        {NULL, (int64_t)w.rejects},
        {alarm ? "yes" : "no", 0},
        {q->last.cost, 0},
        {configured ? q->last.message : "is not in the configuration", 0},
    };

    _Static_assert(sizeof(cells) / sizeof(cells[0]) == sizeof(columns) / sizeof(columns[0]),
                   "a cell for each column");
    return ds_table_row(shelf->table, cells, err);
}

static int configured_row(struct asking *q, const char *name, struct ds_err *err)
{
    struct ds_connection_state state;

    if (ds_store_connection(q->shelf->store, &q->shelf->arena, name, &state, err))
        return err->status;
    return row(q, name, &state, err);
}

/* Connections that only the store remembers. */
static int remembered_row(void *arg, const char *name, const struct ds_connection_state *state,
                          struct ds_err *err)
{
    struct asking *q = arg;
    const struct ds_config_connection *configured;
    struct ds_err unknown = {0};

    if (!ds_config_find(q->cli->config, name, &configured, &unknown))
        return DS_OK;
    return row(q, name, state, err);
}

static int rows(struct asking *q, struct ds_err *err)
{
    const struct ds_config *config = q->cli->config;

    if (q->cli->count)
        return configured_row(q, q->cli->words[0], err);
    for (size_t i = 0; i < config->count; i++)
        if (configured_row(q, config->connections[i].name, err))
            return err->status;
    return ds_store_connections(q->shelf->store, &q->shelf->arena, remembered_row, q, err);
}

int ds_cmd_status(struct ds_cli *cli, struct ds_err *err)
{
    struct ds_shelf shelf;
    struct asking q = {.cli = cli, .shelf = &shelf, .now_ms = ds_now()};
    struct ds_err later = {0};

    if (!ds_shelf_open(cli, cli->count ? cli->words[0] : NULL, &shelf, err) &&
        !ds_table_open(stdout, cli->look.format, "connections", columns,
                       sizeof(columns) / sizeof(columns[0]), &shelf.table, err)) {
        rows(&q, err);
        ds_table_close(shelf.table, "no connections", &later);
        if (err->status == DS_OK)
            *err = later;
    }
    ds_shelf_close(&shelf);
    return err->status;
}
