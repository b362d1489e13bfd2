/* runs: the last ones, or one of them with all that it changed. */
#include "cli/events.h"
#include "cli/find.h"
#include "cli/list.h"

#include "base/text.h"
#include "engine/report/people.h"

#include <inttypes.h>
#include <stdio.h>

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
    {"pushed", "written", DS_COL_COUNT},
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
        {NULL, (int64_t)r->pushed},
        {r->message, 0},
    };

    _Static_assert(DS_LENGTH(cells) == DS_LENGTH(run_columns), "a cell for each column");
    return ds_table_row(shelf->table, cells, err);
}

static int run_rows(struct ds_shelf *shelf, const struct ds_cli *cli, struct ds_err *err)
{
    return ds_store_runs(shelf->store, &shelf->arena, shelf->connection, cli->look.limit, run_row,
                         shelf, err);
}

static const struct ds_list list = {"runs",        run_columns, DS_LENGTH(run_columns),
                                    "no runs yet", NULL,        run_rows};

/* --- one of them --------------------------------------------------------------------------- */

static void print_head(const struct ds_run *r)
{
    struct ds_buf out = DS_BUF_INIT(DS_MAX_PAGE);

    ds_buf_addf(&out, "run %" PRId64 ": %s of %s, ", r->id, r->command, r->connection_name);
    ds_people_instant(&out, r->started_ms);
    ds_buf_addf(&out, ", %s", r->state);
    if (r->ended_ms)
        ds_buf_addf(&out, " after %" PRId64 " s", (r->ended_ms - r->started_ms) / 1000);
    ds_buf_add(&out, "\n  ");
    ds_people_sum(&out, r);
    if (r->cost)
        ds_buf_addf(&out, "\n  cost: %s", r->cost);
    if (r->message) {
        ds_buf_add(&out, "\n  ");
        ds_text_to_terminal(&out, r->message);
    }
    printf("%s\n\n", out.text);
    ds_buf_clear(&out);
}

static int show_run(const struct ds_cli *cli, struct ds_err *err)
{
    struct ds_events events = {.field = DS_FIELDS};
    struct ds_err later = {0};
    struct ds_run run = {0};
    struct ds_shelf shelf;
    int64_t id = 0;

    if (ds_find_number("run", cli->words[1], &id, err))
        return err->status;
    if (!ds_shelf_open(cli, NULL, &shelf, err) &&
        !ds_store_run(shelf.store, &shelf.arena, id, &run, err)) {
        if (!run.id) {
            ds_fail(err, DS_E_USAGE, "there is no run %" PRId64, id);
            ds_hint(err, "'dealsync runs' lists the last ones");
        } else {
            if (cli->look.format == DS_TEXT)
                print_head(&run);
            if (!ds_events_open(cli, &events, err))
                ds_story_of_run(shelf.store, id, ds_events_row, &events, err);
            ds_table_close(events.table, "it changed no deal and no record", &later);
        }
    }
    ds_shelf_close(&shelf);
    return err->status;
}

int ds_cmd_runs(struct ds_cli *cli, struct ds_err *err)
{
    if (ds_list_shows(cli))
        return show_run(cli, err);
    return ds_list_words(cli, err) ? err->status : ds_list_print(cli, &list, err);
}
