/* history: changes one by one as a table, of one deal or of the last runs. */
#include "cli/events.h"
#include "cli/find.h"

#include "base/arena.h"

struct looking {
    struct ds_shelf *shelf;
    struct ds_events events;
};

static int tell_run(void *arg, const struct ds_run *run, struct ds_err *err)
{
    struct looking *l = arg;

    return ds_story_of_run(l->shelf->store, run->id, ds_events_row, &l->events, err);
}

static int tell(struct looking *l, const struct ds_cli *cli, enum ds_field field,
                struct ds_err *err)
{
    struct ds_shelf *shelf = l->shelf;
    struct ds_stored_deal deal = {0};

    if (shelf->empty)
        return DS_OK;
    if (!cli->count)
        return ds_store_runs(shelf->store, &shelf->arena, shelf->connection, cli->look.limit,
                             tell_run, l, err);
    if (ds_find_deal(shelf, cli->words[0], &deal, err))
        return err->status;
    return ds_story(shelf->store, &deal, field, ds_events_row, &l->events, err);
}

int ds_cmd_history(struct ds_cli *cli, struct ds_err *err)
{
    struct ds_err later = {0};
    struct ds_shelf shelf;
    struct looking l = {.shelf = &shelf, .events = {.connection = cli->connection}};
    enum ds_field field;

    if (ds_find_field(cli->field, &field, err))
        return err->status;
    l.events.field = field;
    if (!ds_shelf_open(cli, cli->connection, &shelf, err) && !ds_events_open(cli, &l.events, err)) {
        tell(&l, cli, field, err);
        ds_table_close(l.events.table, "no changes", &later);
        if (err->status == DS_OK)
            *err = later;
    }
    ds_shelf_close(&shelf);
    return err->status;
}
