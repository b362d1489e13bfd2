/* What tests and clients have changed, as JSON lines: for comparing two runs byte for byte. */
#ifndef SIM_STATE_H
#define SIM_STATE_H

#include "tests/sim/entity.h"

/* Every record of the table that was edited or created, in the order of their ids; without the
 * fields that tell when. The world's lock is held by the caller. */
void state_write(struct buf *out, const struct entity *e, bool stamps);

#endif
