/* Service protection: requests, execution time and concurrency of the one user in a window. */
#ifndef SIM_DV_LIMIT_H
#define SIM_DV_LIMIT_H

#include "tests/sim/dynamics.h"

/* A request begins (1) or ends (-1); what it waits for on purpose is inside. */
void limit_active(int more);
/* Milliseconds at which the request began, or -1 when it was refused into the reply. */
int64_t limit_enter(const struct request *request, struct reply *reply);
void limit_leave(const struct request *request, int64_t started);

#endif
