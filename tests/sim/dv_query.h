/* Entity sets over HTTP: pages, single rows, counts, groups. */
#ifndef SIM_DV_QUERY_H
#define SIM_DV_QUERY_H

#include "tests/sim/dynamics.h"
#include "tests/sim/entity.h"

/* The set, or its groups with $apply. */
void dv_list(const struct request *request, struct reply *reply, const struct entity *entity);
/* set/$count */
void dv_count(const struct request *request, struct reply *reply, const struct entity *entity);
/* set(id) */
void dv_record(const struct request *request, struct reply *reply, const struct entity *entity,
               const char *id);

#endif
