/* What a CRM changes by itself when a field is set: stage, state and parents. */
#ifndef SIM_DERIVE_H
#define SIM_DERIVE_H

#include "tests/sim/world.h"

#include <jansson.h>

/* Completes the edit after `set` (an object of field names) was assigned to it; fields that are in
 * `set` themselves are left alone. */
void derive(const struct entity *e, struct edit *edit, const json_t *set);

#endif
