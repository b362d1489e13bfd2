/*
 * options.h - from argv to a struct ds_cli, and the help that goes with it
 *
 * Commands and options are two tables; parsing, --help and the list of commands walk them.
 */
#ifndef DS_CLI_OPTIONS_H
#define DS_CLI_OPTIONS_H

#include "cli/cli.h"

struct ds_cli_command {
    const char *name;
    unsigned bit;      /* names the command in the table of options */
    const char *words; /* what stands behind it: "CONNECTION..." */
    size_t least;
    size_t most;
    int (*run)(struct ds_cli *cli, struct ds_err *err);
    const char *summary;
};

/* Fills *cli. *command is what to run; NULL when the answer was help or the version, which has been
 * printed. DS_E_USAGE says what is wrong and which command's help to read. */
int ds_options_read(int argc, char **argv, struct ds_cli *cli,
                    const struct ds_cli_command **command, struct ds_err *err);

#endif
