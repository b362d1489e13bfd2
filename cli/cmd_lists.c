/* conflicts, holds, rejects and runs: what the store holds, row by row; each row's texts are dropped
 * behind it (P-12). */
#include "cli/shelf.h"

#include "base/date.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One list: its columns, and how its rows get out of the store. */
struct list {
    const char *name;
    const struct ds_column *columns;
    size_t count;
    const char *none;
    int (*rows)(struct ds_shelf *shelf, const struct ds_cli *cli, struct ds_err *err);
};

static int print(const struct ds_cli *cli, const struct list *list, struct ds_err *err)
{
    struct ds_shelf shelf;
    struct ds_err later = {0};

    if (!ds_shelf_open(cli, cli->count ? cli->words[0] : NULL, &shelf, err) &&
        !ds_table_open(stdout, cli->look.format, list->name, list->columns, list->count,
                       &shelf.table, err)) {
        if (!shelf.empty)
            list->rows(&shelf, cli, err);
        ds_table_close(shelf.table, list->none, &later);
        if (err->status == DS_OK)
            *err = later;
    }
    ds_shelf_close(&shelf);
    return err->status;
}

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* --- conflicts ---------------------------------------------------------------------------- */

static const struct ds_column conflict_columns[] = {
    {"connection", "connection", DS_COL_TEXT},
    {"deal", "deal", DS_COL_ID},
    {"record", "record", DS_COL_TEXT},
    {"name", "name", DS_COL_TEXT},
    {"field", "field", DS_COL_TEXT},
    {"base", "base", DS_COL_VALUE},
    {"ours", "ours", DS_COL_VALUE},
    {"theirs", "theirs", DS_COL_VALUE},
    {"case", "M", DS_COL_ID},
    {"rule", "R", DS_COL_ID},
    {"run", "run", DS_COL_ID},
    {"since", "since", DS_COL_INSTANT},
};

static int conflict_row(void *arg, const struct ds_conflict *c, struct ds_err *err)
{
    struct ds_shelf *shelf = arg;
    const struct ds_cell cells[] = {
        {c->connection_name, 0},
        {NULL, c->deal},
        {c->remote_id, 0},
        {c->name, 0},
        {ds_fields[c->field].name, 0},
        {c->base, (int64_t)c->field},
        {c->ours, (int64_t)c->field},
        {c->theirs, (int64_t)c->field},
        {NULL, c->case_number},
        {NULL, c->rule},
        {NULL, c->run},
        {NULL, c->at_ms},
    };

    _Static_assert(LENGTH(cells) == LENGTH(conflict_columns), "a cell for each column");
    ds_table_row(shelf->table, cells, err);
    ds_arena_reset(&shelf->arena);
    return err->status;
}

static int conflict_rows(struct ds_shelf *shelf, const struct ds_cli *cli, struct ds_err *err)
{
    (void)cli;
    return ds_store_conflicts(shelf->store, &shelf->arena, shelf->connection, 0, conflict_row,
                              shelf, err);
}

int ds_cmd_conflicts(struct ds_cli *cli, struct ds_err *err)
{
    static const struct list list = {"conflicts", conflict_columns, LENGTH(conflict_columns),
                                     "no open conflicts", conflict_rows};

    return print(cli, &list, err);
}

/* --- holds: a row for each field that will change ------------------------------------------- */

static const struct ds_column hold_columns[] = {
    {"connection", "connection", DS_COL_TEXT},
    {"deal", "deal", DS_COL_ID},
    {"record", "record", DS_COL_TEXT},
    {"name", "name", DS_COL_TEXT},
    {"until", "until", DS_COL_INSTANT},
    {"rule", "R", DS_COL_ID},
    {"field", "field", DS_COL_TEXT},
    {"value", "will be", DS_COL_VALUE},
    {"run", "run", DS_COL_ID},
};

static int hold_row(void *arg, const struct ds_hold *h, struct ds_err *err)
{
    struct ds_shelf *shelf = arg;
    struct ds_deal wanted = {0};

    if (ds_deal_from_json(&shelf->arena, h->wanted, &wanted, err))
        return err->status;
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        const struct ds_cell cells[] = {
            {h->connection_name, 0}, {NULL, h->deal},
            {h->remote_id, 0},       {h->name, 0},
            {NULL, h->until_ms},     {NULL, h->rule},
            {ds_fields[f].name, 0},  {wanted.value[f], (int64_t)f},
            {NULL, h->run},
        };

        _Static_assert(LENGTH(cells) == LENGTH(hold_columns), "a cell for each column");
        if (ds_given(&wanted, f) && ds_table_row(shelf->table, cells, err))
            return err->status;
    }
    ds_arena_reset(&shelf->arena);
    return DS_OK;
}

static int hold_rows(struct ds_shelf *shelf, const struct ds_cli *cli, struct ds_err *err)
{
    (void)cli;
    return ds_store_holds(shelf->store, &shelf->arena, shelf->connection, 0, 0, hold_row, shelf,
                          err);
}

int ds_cmd_holds(struct ds_cli *cli, struct ds_err *err)
{
    static const struct list list = {"holds", hold_columns, LENGTH(hold_columns), "no holds",
                                     hold_rows};

    return print(cli, &list, err);
}

/* --- rejects: a row for each reason --------------------------------------------------------- */

static const struct ds_column reject_columns[] = {
    {"connection", "connection", DS_COL_TEXT},
    {"record", "record", DS_COL_TEXT},
    {"name", "name", DS_COL_TEXT},
    {"field", "field", DS_COL_TEXT},
    {"reason", "reason", DS_COL_TEXT},
    {"rule", "R", DS_COL_ID},
    {"run", "run", DS_COL_ID},
    {"since", "since", DS_COL_INSTANT},
};

static int reason_row(struct ds_shelf *shelf, const struct ds_reject *r, const json_t *reason,
                      struct ds_err *err)
{
    const char *rule = ds_json_text(reason, "rule");
    const struct ds_cell cells[] = {
        {r->connection_name, 0},
        {r->remote_id, 0},
        {r->name, 0},
        {ds_json_text(reason, "field"), 0},
        {ds_json_text(reason, "text"), 0},
        {NULL, rule ? strtol(rule, NULL, 10) : 0},
        {NULL, r->run},
        {NULL, r->at_ms},
    };

    _Static_assert(LENGTH(cells) == LENGTH(reject_columns), "a cell for each column");
    return ds_table_row(shelf->table, cells, err);
}

static int reject_row(void *arg, const struct ds_reject *r, struct ds_err *err)
{
    struct ds_shelf *shelf = arg;
    struct ds_buf scratch = DS_BUF_INIT(DS_MAX_PAGE);
    json_t *reasons = NULL, *reason;
    size_t i;

    if (!ds_json_read(r->reasons, strlen(r->reasons), &scratch, &reasons, err))
        json_array_foreach(reasons, i, reason) if (reason_row(shelf, r, reason, err)) break;
    json_decref(reasons);
    ds_buf_clear(&scratch);
    ds_arena_reset(&shelf->arena);
    return err->status;
}

static int reject_rows(struct ds_shelf *shelf, const struct ds_cli *cli, struct ds_err *err)
{
    (void)cli;
    return ds_store_rejects(shelf->store, &shelf->arena, shelf->connection, reject_row, shelf, err);
}

int ds_cmd_rejects(struct ds_cli *cli, struct ds_err *err)
{
    static const struct list list = {"rejects", reject_columns, LENGTH(reject_columns),
                                     "no rejected records", reject_rows};

    return print(cli, &list, err);
}

/* --- runs --------------------------------------------------------------------------------- */

static const struct ds_column run_columns[] = {
    {"run", "run", DS_COL_ID},
    {"connection", "connection", DS_COL_TEXT},
    {"command", "command", DS_COL_TEXT},
    {"started", "started", DS_COL_INSTANT},
    {"seconds", "seconds", DS_COL_COUNT},
    {"state", "state", DS_COL_TEXT},
    {"fetched", "fetched", DS_COL_COUNT},
    {"created", "created", DS_COL_COUNT},
    {"updated", "updated", DS_COL_COUNT},
    {"held", "held", DS_COL_COUNT},
    {"conflict", "conflict", DS_COL_COUNT},
    {"rejected", "rejected", DS_COL_COUNT},
    {"ignored", "ignored", DS_COL_COUNT},
    {"unchanged", "unchanged", DS_COL_COUNT},
    {"message", "message", DS_COL_TEXT},
};

static int run_row(void *arg, const struct ds_run *r, struct ds_err *err)
{
    struct ds_shelf *shelf = arg;
    const struct ds_cell cells[] = {
        {NULL, r->id},
        {r->connection_name, 0},
        {r->command, 0},
        {NULL, r->started_ms},
        {NULL, r->ended_ms ? (r->ended_ms - r->started_ms) / 1000 : -1},
        {r->state, 0},
        {NULL, (int64_t)r->fetched},
        {NULL, (int64_t)r->outcome[DS_CREATED]},
        {NULL, (int64_t)r->outcome[DS_UPDATED]},
        {NULL, (int64_t)r->outcome[DS_HELD]},
        {NULL, (int64_t)r->outcome[DS_CONFLICT]},
        {NULL, (int64_t)r->outcome[DS_REJECTED]},
        {NULL, (int64_t)r->outcome[DS_IGNORED]},
        {NULL, (int64_t)r->outcome[DS_UNCHANGED]},
        {r->message, 0},
    };

    _Static_assert(LENGTH(cells) == LENGTH(run_columns), "a cell for each column");
    return ds_table_row(shelf->table, cells, err);
}

static int run_rows(struct ds_shelf *shelf, const struct ds_cli *cli, struct ds_err *err)
{
    return ds_store_runs(shelf->store, &shelf->arena, shelf->connection, cli->look.limit, run_row,
                         shelf, err);
}

int ds_cmd_runs(struct ds_cli *cli, struct ds_err *err)
{
    static const struct list list = {"runs", run_columns, LENGTH(run_columns), "no runs yet",
                                     run_rows};

    return print(cli, &list, err);
}
