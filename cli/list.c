#include "cli/list.h"

#include <string.h>

int ds_list_print(const struct ds_cli *cli, const struct ds_list *list, struct ds_err *err)
{
    struct ds_shelf shelf;
    struct ds_err later = {0};
    bool hints;

    if (!ds_shelf_open(cli, cli->count ? cli->words[0] : NULL, &shelf, err) &&
        !ds_table_open(stdout, cli->look.format, list->name, list->columns, list->count,
                       &shelf.table, err)) {
        if (!shelf.empty)
            list->rows(&shelf, cli, err);
        hints = list->hint && cli->look.format == DS_TEXT && ds_table_rows(shelf.table);
        ds_table_close(shelf.table, list->none, &later);
        if (hints && !cli->quiet)
            printf("\n%s\n", list->hint);
        if (err->status == DS_OK)
            *err = later;
    }
    ds_shelf_close(&shelf);
    return err->status;
}

bool ds_list_shows(const struct ds_cli *cli)
{
    return cli->count == 2 && strcmp(cli->words[0], "show") == 0;
}

int ds_list_words(const struct ds_cli *cli, struct ds_err *err)
{
    if (cli->count < 2)
        return DS_OK;
    ds_fail(err, DS_E_USAGE, "'%s' takes one connection, and %zu words were given", cli->command,
            cli->count);
    return ds_hint(err, "'dealsync %s show ID' shows one of them", cli->command);
}
