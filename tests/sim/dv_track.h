/* Change tracking: what changed since a token, deletions included. */
#ifndef SIM_DV_TRACK_H
#define SIM_DV_TRACK_H

#include "tests/sim/dynamics.h"
#include "tests/sim/entity.h"

/* Whether the request asks for changes: by its preference, its token, or the page of such a one. */
bool dv_tracked(const struct request *request);
void dv_track(const struct request *request, struct reply *reply, const struct entity *entity);
void dv_track_count(const struct request *request, struct reply *reply,
                    const struct entity *entity);

#endif
