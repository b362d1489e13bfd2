/* External id fields of Opportunity: which records hold a value. */
#ifndef SIM_SF_KEY_H
#define SIM_SF_KEY_H

#include "tests/sim/world.h"

/* The external id field of that name, or NULL. */
const struct field *sf_key_field(const char *name);
/* Up to `max` undeleted records with that value; how many there are. */
size_t sf_key_find(const struct field *key, const char *value, uint32_t *found, size_t max);

/* Told of each value that is assigned to an external id of the org's own. */
void sf_key_note(uint32_t at, const char *value);
void sf_key_clear(void);

#endif
