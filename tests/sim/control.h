/* /sim/...: how tests edit records, move the clock and make things fail. */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "tests/sim/http.h"

void control_answer(const struct request *request, struct reply *reply);

#endif
