/* Writes: create, update, upsert, delete, single properties, references; winning and losing. */
#ifndef SIM_DV_WRITE_H
#define SIM_DV_WRITE_H

#include "tests/sim/dynamics.h"
#include "tests/sim/entity.h"

/* `rest` is what stands behind the set's name: "", "(key)", "(key)/property", "(key)/nav/$ref". */
void dv_write(const struct request *request, struct reply *reply, const struct entity *entity,
              const char *rest);
/* POST WinOpportunity, LoseOpportunity */
void dv_close(const struct request *request, struct reply *reply, bool won);

#endif
