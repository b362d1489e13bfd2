/* What a field of a Dynamics table shows where the neutral row does not say it: other tables, the
 * parents that a lookup leads to, and rows that a client created. */
#ifndef SIM_DV_VALUE_H
#define SIM_DV_VALUE_H

#include "tests/sim/entity.h"

/* false: the neutral row says it. */
bool dv_value(const struct row *row, const struct field *field, struct val *v);

#endif
