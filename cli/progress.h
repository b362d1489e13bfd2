/*
 * progress.h - one line on a terminal that says how far a run has come and when it will end
 */
#ifndef DS_CLI_PROGRESS_H
#define DS_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct ds_progress {
    bool on;
    bool visible;
    const char *connection;
    int64_t began; /* ds_ticks() of the first call */
    int64_t shown; /* and of the last line */
};

/* Prints on stderr if that is a terminal and nobody wants quiet. */
void ds_progress_begin(struct ds_progress *p, const char *connection, bool quiet);

/* expected 0: unknown. */
void ds_progress_show(struct ds_progress *p, uint64_t fetched, uint64_t expected);

/* Takes the line away, so that something else can be printed. */
void ds_progress_hide(struct ds_progress *p);

#endif
