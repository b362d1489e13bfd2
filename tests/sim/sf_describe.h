/* What the asking user may see and do with an object. */
#ifndef SIM_SF_DESCRIBE_H
#define SIM_SF_DESCRIBE_H

#include "tests/sim/salesforce.h"

/* The names of all objects. */
void sf_describe_all(struct reply *reply, const char *version);
void sf_describe(const struct request *request, struct reply *reply, const struct entity *e,
                 const char *version);

#endif
