/*
 * check.h - one look at an environment, as check.c and check_privileges.c share it
 */
#ifndef DS_CONNECTORS_DYNAMICS_CHECK_H
#define DS_CONNECTORS_DYNAMICS_CHECK_H

#include "connectors/dynamics/privilege.h"
#include "connectors/dynamics/query.h"

/* A privilege that was looked at. */
struct ds_dynamics_known {
    const struct ds_dynamics_known *next;
    const char *name;
};

struct ds_dynamics_check {
    struct ds_remote *remote;
    struct ds_arena arena;
    struct ds_dynamics_table table;
    struct ds_dynamics_privileges privileges;
    const struct ds_dynamics_known *known;
    const struct ds_query *query;
    size_t problems;
    ds_note *note;
    void *arg;
};

/* --- check.c --- */

/* Notes a problem. */
int ds_dynamics_problem(struct ds_dynamics_check *c, const char *text);

/* Whether an error belongs to what is being checked, rather than keeps the check from going on. */
bool ds_dynamics_is_finding(const struct ds_dynamics_check *c, int rc);

/* Whether changes may set the i-th path, or any. */
bool ds_dynamics_written(const struct ds_dynamics_check *c, size_t i);
bool ds_dynamics_writes(const struct ds_dynamics_check *c);

/* --- check_privileges.c --- */

/* Notes which privileges are missing of those that the query needs. */
int ds_dynamics_check_privileges(struct ds_dynamics_check *c, struct ds_err *err);

#endif
