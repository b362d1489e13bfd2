/* holds and rejects: what the store holds, row by row; each row's texts are dropped behind it (P-12). */
#include "cli/list.h"

#include "base/date.h"
#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

        _Static_assert(DS_LENGTH(cells) == DS_LENGTH(hold_columns), "a cell for each column");
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
    static const struct ds_list list = {"holds",    hold_columns, DS_LENGTH(hold_columns),
                                        "no holds", NULL,         hold_rows};

    return ds_list_print(cli, &list, err);
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

    _Static_assert(DS_LENGTH(cells) == DS_LENGTH(reject_columns), "a cell for each column");
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
    static const struct ds_list list = {
        "rejects", reject_columns, DS_LENGTH(reject_columns), "no rejected records",
        NULL,      reject_rows};

    return ds_list_print(cli, &list, err);
}
