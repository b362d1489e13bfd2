#include "cli/ready.h"

int ds_ready_find(const struct ds_cli *cli, const char *name, struct ds_ready *out,
                  struct ds_err *err)
{
    *out = (struct ds_ready){0};
    if (ds_config_find(cli->config, name, &out->connection, err))
        return err->status;
    out->options = out->connection->options;
    out->options.interrupted = cli->interrupted;
    return ds_mapping_load(out->connection->mapping, &out->mapping, err);
}

int ds_ready_open(struct ds_ready *ready, struct ds_err *err)
{
    return ready->connection->connector->open(&ready->options, &ready->remote, err);
}

void ds_ready_close(struct ds_ready *ready)
{
    if (ready->remote)
        ready->connection->connector->close(ready->remote);
    ds_mapping_free(ready->mapping);
    *ready = (struct ds_ready){0};
}
