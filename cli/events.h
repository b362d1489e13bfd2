/*
 * events.h - events of a story as the rows of a table
 */
#ifndef DS_CLI_EVENTS_H
#define DS_CLI_EVENTS_H

#include "cli/shelf.h"
#include "cli/story.h"

struct ds_events {
    struct ds_table *table;
    const char *connection; /* only of this one; NULL: of all */
    enum ds_field field;    /* only of this one; DS_FIELDS: of all */
};

/* Opens the table; the caller closes it. */
int ds_events_open(const struct ds_cli *cli, struct ds_events *events, struct ds_err *err);

/* A ds_event_fn: arg is a struct ds_events. */
int ds_events_row(void *arg, const struct ds_event *event, struct ds_err *err);

#endif
