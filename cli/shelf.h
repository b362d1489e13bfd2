/*
 * shelf.h - the store as the lists read it: opened for reading, for one connection or for all
 */
#ifndef DS_CLI_SHELF_H
#define DS_CLI_SHELF_H

#include "cli/cli.h"
#include "engine/report/table.h"

struct ds_shelf {
    struct ds_store *store;
    int64_t connection; /* 0: all */
    bool empty;         /* the connection is configured, and the store has never seen it */
    struct ds_arena arena;
    struct ds_table *table; /* that the rows go into */
};

/* name NULL: all connections. One that neither the configuration nor the store knows is DS_E_USAGE.
 * ds_shelf_close() goes with it, also after a failure. */
int ds_shelf_open(const struct ds_cli *cli, const char *name, struct ds_shelf *out,
                  struct ds_err *err);

void ds_shelf_close(struct ds_shelf *shelf);

#endif
