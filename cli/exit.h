/*
 * exit.h - how the program ends
 */
#ifndef DS_CLI_EXIT_H
#define DS_CLI_EXIT_H

#include "base/err.h"

enum {
    DS_EXIT_DONE = 0,
    DS_EXIT_CHANGES = 2, /* diff --exit-code found some */
    DS_EXIT_WAITING = 3, /* done, and something waits for a person */
    DS_EXIT_GUARD = 4,
    DS_EXIT_USAGE = 64,
    DS_EXIT_INPUT = 65,
    DS_EXIT_REMOTE = 69,
    DS_EXIT_BUG = 70,
    DS_EXIT_STORE = 74,
    DS_EXIT_LATER = 75,
    DS_EXIT_AUTH = 77,
    DS_EXIT_CONFIG = 78
};

/* The exit code for a status. */
int ds_exit_code(int status);

/* The more urgent of two exit codes: several connections have one code to share. */
int ds_exit_worse(int a, int b);

/* "error: what and where", and the way out on the next line, on stderr. */
void ds_exit_print(const struct ds_err *err);

#endif
