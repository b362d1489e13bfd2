/* Everything that was changed, as text that two runs can be compared by. */
#ifndef SIM_STATE_H
#define SIM_STATE_H

#include "tests/sim/settings.h"
#include "tests/sim/text.h"

/* One JSON object a line for each edited, created or deleted row of the CRM, by table and id, its
 * fields by name. Without stamps two runs that did the same give the same bytes. */
void state_write(struct buf *out, enum crm crm, bool stamps);

#endif
