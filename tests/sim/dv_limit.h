/* Service protection: requests, execution time and concurrency of the one user in a window. */
#ifndef SIM_DV_LIMIT_H
#define SIM_DV_LIMIT_H

#include "tests/sim/dynamics.h"

/* Milliseconds at which the request began, or -1 when it was refused into the reply. */
int64_t limit_enter(const struct request *request, struct reply *reply);
void limit_leave(const struct request *request, struct reply *reply, int64_t started);

#endif
