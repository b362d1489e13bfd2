/* The replication resources: which records were deleted or updated in a window of minutes. */
#ifndef SIM_SF_DELETED_H
#define SIM_SF_DELETED_H

#include "tests/sim/salesforce.h"

void sf_deleted(const struct request *request, struct reply *reply, const struct entity *e);
void sf_updated(const struct request *request, struct reply *reply, const struct entity *e);
/* Deletions before that moment are not told of any more. */
void sf_deleted_forget(int64_t before);

#endif
