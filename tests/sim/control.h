/* /sim/...: how tests edit records, move the clock and make things fail. */
#ifndef SIM_CONTROL_H
#define SIM_CONTROL_H

#include "tests/sim/http.h"

void control_answer(const struct request *request, struct reply *reply);

/* Makes visible what has waited for its time (commit_after). Wants the world's lock not held. */
void control_settle(void);
/* The stamp of the oldest change that still waits, or INT64_MAX. Wants the lock. */
int64_t control_oldest_pending(enum crm crm);
void control_clear(void);

#endif
