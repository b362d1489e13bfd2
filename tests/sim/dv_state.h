/* Open, won, lost: what may change when, and what follows. */
#ifndef SIM_DV_STATE_H
#define SIM_DV_STATE_H

#include "tests/sim/dv_payload.h"

/* Whether the payload keeps the rules of states; it adds what follows from it. */
bool dv_state_create(struct dv_payload *payload, struct reply *reply);
bool dv_state_update(struct dv_payload *payload, const struct row *row, struct reply *reply);
/* The values that the system keeps, after any write. */
void dv_write_finish(const struct entity *e, struct edit *edit);

#endif
