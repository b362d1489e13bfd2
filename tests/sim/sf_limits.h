/* What the org allows in a day and at a time, and how it says that it is used up. */
#ifndef SIM_SF_LIMITS_H
#define SIM_SF_LIMITS_H

#include "tests/sim/salesforce.h"

void sf_limits(struct reply *reply);
/* Sforce-Limit-Info */
void sf_limit_info(const struct request *request, struct reply *reply);
/* true: a limit or a fault has taken the answer's place. */
bool sf_limit_refuses(const struct request *request, struct reply *reply);

#endif
