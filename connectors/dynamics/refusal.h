/*
 * refusal.h - what Dataverse says when it does not do something
 *
 * An error has a code, of which there are several spellings (DV-93), and a text; bodies have several
 * shapes (DV-94). failure.c makes an error of ours of it; here it is only read, for those who go on.
 */
#ifndef DS_CONNECTORS_DYNAMICS_REFUSAL_H
#define DS_CONNECTORS_DYNAMICS_REFUSAL_H

#include "connectors/dynamics/remote.h"

enum {
    DS_DYNAMICS_UNKNOWN_ROW = 0x80040217,
    DS_DYNAMICS_DUPLICATE = 0x80040237,
    DS_DYNAMICS_MISMATCH = 0x80060882,
    DS_DYNAMICS_CLOSED = 0x80040515,
    DS_DYNAMICS_KEPT_OPEN = 0x80040516,
    DS_DYNAMICS_PLUGIN = 0x80040265, /* refuses it, whatever the status says */
    DS_DYNAMICS_DEADLOCK = 0x80044150,
    DS_DYNAMICS_SQL_TIMEOUT = 0x80044151,
    DS_DYNAMICS_TOO_LONG = 0x80072321, /* these three: throttled (DV-89) */
    DS_DYNAMICS_TOO_MANY = 0x80072322,
    DS_DYNAMICS_AT_ONCE = 0x80072326,
    DS_DYNAMICS_EXPIRED = 0x80044352
};

struct ds_dynamics_refusal {
    uint32_t code;    /* 0: none */
    const char *text; /* borrowed from the body, NULL: none */
};

/* body may be NULL. */
struct ds_dynamics_refusal ds_dynamics_refusal(const json_t *body);

/* Whether a failure is that there is no such row; a wrong address is another matter. */
bool ds_dynamics_unknown_row(long status, const json_t *body);

/* kind->again: a deadlock or a time-out of the environment's database is over when it is told. */
int64_t ds_dynamics_again(void *arg, const struct ds_http_answer *answer, const json_t *body);

/* Makes an error of an answer that was taken with any status, the way failure.c makes one. */
int ds_dynamics_refused(struct ds_remote *remote, const char *method, const char *url,
                        struct ds_api_reply *reply, struct ds_err *err);

#endif
