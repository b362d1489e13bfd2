/*
 * ready.h - a connection made ready for work: its mapping read, its settings with the run's own
 */
#ifndef DS_CLI_READY_H
#define DS_CLI_READY_H

#include "cli/cli.h"

struct ds_ready {
    const struct ds_config_connection *connection;
    struct ds_mapping *mapping;
    struct ds_options options;
    struct ds_remote *remote; /* NULL until ds_ready_open() */
};

/* Finds the connection and reads its mapping. ds_ready_close() goes with it, also after a failure. */
int ds_ready_find(const struct ds_cli *cli, const char *name, struct ds_ready *out,
                  struct ds_err *err);

/* DS_E_CONFIG when the connection is to write what its connector cannot. */
int ds_ready_writes(const struct ds_ready *ready, struct ds_err *err);

/* Opens the connector; sends nothing yet. */
int ds_ready_open(struct ds_ready *ready, struct ds_err *err);

void ds_ready_close(struct ds_ready *ready);

#endif
