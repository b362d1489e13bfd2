/* What the asking user may see and do with an object. */
#ifndef SIM_SF_DESCRIBE_H
#define SIM_SF_DESCRIBE_H

#include "tests/sim/salesforce.h"

void sf_describe(const struct request *request, struct reply *reply, const struct entity *e,
                 const char *version);

#endif
