/* stages: what the company calls its stages, what they map to, and lines to paste for the rest. */
#include "cli/ready.h"
#include "cli/stage.h"
#include "engine/report/table.h"

#include <stdio.h>

static const struct ds_column columns[] = {
    {"field", "field", DS_COL_TEXT},      {"process", "process", DS_COL_TEXT},
    {"stage", "stage", DS_COL_TEXT},      {"label", "label", DS_COL_TEXT},
    {"probability", "%", DS_COL_COUNT},   {"outcome", "outcome", DS_COL_TEXT},
    {"active", "active", DS_COL_TEXT},    {"records", "records", DS_COL_COUNT},
    {"standard", "maps to", DS_COL_TEXT},
};

struct listing {
    const struct ds_mapping *mapping;
    struct ds_table *table;
    struct ds_buf proposal;
};

static int take(void *arg, const struct ds_stage *stage, struct ds_err *err)
{
    struct listing *l = arg;
    const char *standard = ds_stage_standard(l->mapping, stage);
    const struct ds_cell cells[] = {
        {stage->field, 0},
        {stage->process, 0},
        {stage->name, 0},
        {stage->label, 0},
        {NULL, stage->probability},
        {stage->outcome, 0},
        {stage->active ? "yes" : "no", 0},
        {NULL, stage->records},
        {standard, 0},
    };

    _Static_assert(sizeof(cells) / sizeof(cells[0]) == sizeof(columns) / sizeof(columns[0]),
                   "a cell for each column");
    if (!standard && ds_stage_in_use(stage))
        ds_stage_line(&l->proposal, stage);
    return ds_table_row(l->table, cells, err);
}

static void print_proposal(const struct ds_cli *cli, const struct listing *l, const char *file)
{
    if (cli->look.format != DS_TEXT || !l->proposal.len)
        return;
    printf("\nstages without a line in %s (R-72), to paste and to decide:\n\n[stages]\n%s", file,
           l->proposal.text);
}

static int list(const struct ds_cli *cli, struct ds_ready *ready, struct ds_err *err)
{
    const struct ds_config_connection *c = ready->connection;
    struct listing l = {.mapping = ready->mapping, .proposal = DS_BUF_INIT(DS_MAX_PAGE)};
    const char *path = ds_mapping_stage_path(ready->mapping);
    struct ds_err later = {0};

    if (!path) {
        ds_fail(err, DS_E_CONFIG, "%s: the mapping reads no stage", c->mapping);
        return ds_hint(err, "add [stage] and, below it, from = the path that holds the stage");
    }
    if (ds_ready_open(ready, err) ||
        ds_table_open(stdout, cli->look.format, "stages", columns,
                      sizeof(columns) / sizeof(columns[0]), &l.table, err))
        return err->status;
    c->connector->stages(ready->remote, path, ds_mapping_process_path(ready->mapping), take, &l,
                         err);
    ds_table_close(l.table, err->status == DS_OK ? "the remote lists no stages" : NULL, &later);
    if (err->status == DS_OK)
        print_proposal(cli, &l, c->mapping);
    ds_buf_clear(&l.proposal);
    return err->status;
}

int ds_cmd_stages(struct ds_cli *cli, struct ds_err *err)
{
    struct ds_ready ready;

    if (!ds_ready_find(cli, cli->words[0], &ready, err) && list(cli, &ready, err))
        ds_err_where(err, "%s", cli->words[0]);
    ds_ready_close(&ready);
    return err->status;
}
