/*
 * err.h - one way to report a failure
 *
 * A function that can fail returns 0 or one of the negative statuses below: what the caller
 * can do about it. What happened is told by struct ds_err: the first cause fills it in and
 * nobody overwrites it on the way up; who deals with an error clears it. Reporting needs no
 * memory of its own. Library code prints nothing: cli/ prints, and picks the exit code.
 */
#ifndef DS_BASE_ERR_H
#define DS_BASE_ERR_H

#include <stdbool.h>

enum ds_status {
    DS_OK = 0,
    DS_E_RECORD = -1, /* this record is rejected; go on with the next one */
    DS_E_LATER =
        -2, /* throttled, budget used up, locked or interrupted; a later run goes on (75) */
    DS_E_REMOTE = -3, /* the remote is down or answers nonsense (69) */
    DS_E_AUTH = -4,   /* the remote does not let us (77) */
    DS_E_INPUT = -5,  /* a file we were given is bad (65) */
    DS_E_CONFIG = -6, /* the configuration is bad (78) */
    DS_E_STORE = -7,  /* the store cannot be read or written (74) */
    DS_E_GUARD = -8,  /* the plan is larger than its guard allows; nothing was written (4) */
    DS_E_USAGE = -9,  /* the command was called wrongly (64) */
    DS_E_NOMEM = -10, /* out of memory (70) */
    DS_E_BUG = -11,   /* an impossible case, reported with its inputs (70) */
    DS_E_STALE = -12  /* a record is not what a change of it was based on; nothing was written */
};

struct ds_err {
    int status;
    char text[512]; /* what and where: lower case, no full stop, never a secret */
    char hint[512]; /* what to do next; may be empty */
};

/* Fill in the first cause and return its status: `return ds_fail(err, DS_E_INPUT, "...")`. */
int ds_fail(struct ds_err *err, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds what to do next to the error just reported, unless there is a hint already. Returns the
 * error's status. */
int ds_hint(struct ds_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "where: " before the text, for instance the connection or the file. Returns the status. */
int ds_err_where(struct ds_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int ds_fail_nomem(struct ds_err *err);

/* Once memory has run out somewhere, a text that was being built may be too short, and what is wrong with
 * it is no news: every failure from then on is that one, and nothing more is sent or committed. That ends
 * when it is forgotten, or the error that came of it is cleared. */
void ds_nomem_note(void);
bool ds_nomem_noted(void);
void ds_nomem_forget(void);

void ds_err_clear(struct ds_err *err);

#endif
