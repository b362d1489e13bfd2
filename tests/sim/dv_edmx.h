/* $metadata: the description of the service as XML, as large as real ones are. */
#ifndef SIM_DV_EDMX_H
#define SIM_DV_EDMX_H

#include "tests/sim/dynamics.h"

void dv_edmx(const struct request *request, struct reply *reply);

#endif
