/* $batch: many requests in one body, change sets all or nothing. */
#ifndef SIM_DV_BATCH_H
#define SIM_DV_BATCH_H

#include "tests/sim/dynamics.h"

void dv_batch(const struct request *request, struct reply *reply);

#endif
