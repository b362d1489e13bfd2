/*
 * crew.h - work that is shared by the lanes of a connection
 *
 * As many requests at once as the environment says it takes well (x-ms-dop-hint), no more than the
 * setting allows, and no more than there are lanes. Throttling is the transport's: it holds all back.
 */
#ifndef DS_CONNECTORS_DYNAMICS_CREW_H
#define DS_CONNECTORS_DYNAMICS_CREW_H

#include "connectors/dynamics/remote.h"

struct ds_dynamics_work {
    /* Begins a request in an idle lane, one of `idle`; *busy is set if there was something to do. */
    int (*begin)(void *arg, size_t lane, size_t idle, bool *busy, struct ds_err *err);
    /* Works on what a lane has brought; *busy says whether it has begun another one. */
    int (*take)(void *arg, size_t lane, struct ds_api_reply *reply, bool *busy, struct ds_err *err);
    /* Says more of the failure of a lane's request; returns its status. NULL: nothing. */
    int (*failed)(void *arg, size_t lane, struct ds_err *err);
    void *arg;
};

/* How many requests the crew has under way at most: what the environment hints at and the settings
 * allow, and one while little is left of its limits. */
size_t ds_dynamics_lanes(const struct ds_remote *remote);

/* Until nobody has anything to do any more. Nothing is left in the background. */
int ds_dynamics_crew(struct ds_remote *remote, const struct ds_dynamics_work *work,
                     struct ds_err *err);

#endif
