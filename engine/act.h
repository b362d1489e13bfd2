/*
 * act.h - what people decide: conflicts, and which record belongs to which deal
 *
 * Each act is a run of its own in the history, under the lock of its connection, in one transaction:
 * done as a whole or not at all, and `undo` knows it. Nothing is sent to the CRM: the next sync does
 * that, under its rules and preconditions (P-5).
 */
#ifndef DS_ENGINE_ACT_H
#define DS_ENGINE_ACT_H

#include "engine/plan.h"

struct ds_act_job {
    const char *store_path;
    const char *connection;
    const struct ds_policy *policy; /* of the connection */
    bool dry;                       /* check everything, write nothing */
};

enum ds_take { DS_TAKE_CRM, DS_TAKE_STORE, DS_TAKE_BASE, DS_TAKE_VALUE, DS_TAKES };

extern const char *const ds_take_names[]; /* "crm", "store", "base", "value", NULL */

struct ds_settlement {
    int64_t id; /* of the conflict */
    enum ds_take take;
    const char *value; /* for DS_TAKE_VALUE: as people write it; NULL: empty */
    const char *where; /* "line 3", for messages; NULL */
};

/* Settles open conflicts of the job's connection. The deal must still have the value that the
 * conflict shows, and the rules must allow the one it gets; otherwise nothing at all is done, and the
 * error names the conflict (DS_E_USAGE: no such open conflict, or no such value; DS_E_STALE: the deal
 * has moved; DS_E_RECORD: a rule forbids it). A status, stage or reason of the CRM that must wait or go
 * with another is left to the next sync. `each` is told of every one, and the value that the
 * deal gets. */
int ds_act_settle(const struct ds_act_job *job, const struct ds_settlement *settlements,
                  size_t count,
                  int (*each)(void *arg, const struct ds_conflict *c, const char *value,
                              struct ds_err *err),
                  void *arg, struct ds_err *err);

/* Links a record to a deal, or (deal 0) says that it is a deal of its own. What they differ in is
 * merged by the next sync as if seen together for the first time. */
int ds_act_link(const struct ds_act_job *job, const char *remote_id, int64_t deal,
                struct ds_err *err);

/* Parts a record from its deal, which stays as it is: the record becomes no deal until it is linked
 * again. DS_E_LATER: what an earlier run has sent to it is not confirmed. */
int ds_act_unlink(const struct ds_act_job *job, const char *remote_id, struct ds_err *err);

#endif
