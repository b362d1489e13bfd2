/* Entity sets over HTTP: pages, single rows, counts, groups. */
#ifndef SIM_DV_QUERY_H
#define SIM_DV_QUERY_H

#include "tests/sim/dv_key.h"
#include "tests/sim/dynamics.h"

/* The set, or its groups with $apply. */
void dv_list(const struct request *request, struct reply *reply, const struct entity *entity);
/* set/$count */
void dv_count(const struct request *request, struct reply *reply, const struct entity *entity);
/* set(key) */
void dv_record(const struct request *request, struct reply *reply, const struct entity *entity,
               const struct dv_key *key);

/* The row as a write with return=representation answers it; $expand is ignored. */
void dv_representation(const struct request *request, struct reply *reply,
                       const struct entity *entity, uint32_t at);

#endif
