#include "cli/shelf.h"

int ds_shelf_open(const struct ds_cli *cli, const char *name, struct ds_shelf *out,
                  struct ds_err *err)
{
    const struct ds_config_connection *configured;
    struct ds_connection_state state;

    *out = (struct ds_shelf){0};
    if (ds_store_open(cli->config->store, DS_STORE_READ, &out->store, err) || !name)
        return err->status;
    if (ds_store_connection(out->store, &out->arena, name, &state, err))
        return err->status;
    out->connection = state.id;
    out->empty = !state.id;
    return out->empty ? ds_config_find(cli->config, name, &configured, err) : DS_OK;
}

void ds_shelf_close(struct ds_shelf *shelf)
{
    ds_store_close(shelf->store);
    ds_arena_clear(&shelf->arena);
    *shelf = (struct ds_shelf){0};
}
