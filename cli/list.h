/*
 * list.h - a command that prints rows of the store
 */
#ifndef DS_CLI_LIST_H
#define DS_CLI_LIST_H

#include "cli/shelf.h"

/* One list: its columns, and how its rows get out of the store. */
struct ds_list {
    const char *name;
    const struct ds_column *columns;
    size_t count;
    const char *none; /* what an empty list says */
    const char *hint; /* what one that is not ends with, for people; NULL: nothing */
    int (*rows)(struct ds_shelf *shelf, const struct ds_cli *cli, struct ds_err *err);
};

#define DS_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* Of the connection that the first word names, or of all. */
int ds_list_print(const struct ds_cli *cli, const struct ds_list *list, struct ds_err *err);

/* "show ID" stands where a list would have the name of a connection. */
bool ds_list_shows(const struct ds_cli *cli);

/* DS_E_USAGE when two words stand there otherwise. */
int ds_list_words(const struct ds_cli *cli, struct ds_err *err);

#endif
