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

int ds_ready_writes(const struct ds_ready *ready, struct ds_err *err)
{
    const struct ds_config_connection *c = ready->connection;
    unsigned can = c->connector->abilities;
    bool writes = c->policy.direction != DS_PULL;

    if (writes && !(can & DS_CAN_WRITE)) {
        ds_fail(err, DS_E_CONFIG, "%s: [connection %s]: the connector '%s' cannot write", c->where,
                c->name, c->connector->name);
        return ds_hint(err, "take 'direction' away, or say: direction = pull");
    }
    if (writes && c->policy.creates && !(can & DS_CAN_CREATE)) {
        ds_fail(err, DS_E_CONFIG, "%s: [connection %s]: the connector '%s' cannot create records",
                c->where, c->name, c->connector->name);
        return ds_hint(err, "take 'create' away");
    }
    return DS_OK;
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
