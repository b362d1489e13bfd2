/* Salesforce's objects as data. */
#ifndef SIM_SF_TABLES_H
#define SIM_SF_TABLES_H

#include "tests/sim/entity.h"

extern const struct entity sf_opportunity;

/* The object of that name, in any case; NULL when there is none, or its feature is off. */
const struct entity *sf_entity(const char *name);
/* That too when its feature is off. */
const struct entity *sf_any_entity(const char *name);
/* All of them, Opportunity first; NULL behind the last. */
const struct entity *sf_table(size_t i);
/* The object behind a child relationship of Opportunity, or NULL. */
const struct entity *sf_child(const char *relationship);

#endif
