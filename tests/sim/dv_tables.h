/* Dataverse's entity sets as data. */
#ifndef SIM_DV_TABLES_H
#define SIM_DV_TABLES_H

#include "tests/sim/entity.h"

extern const struct entity dv_opportunity;

/* opportunities, organizations, transactioncurrencies, systemusers; exact case; NULL otherwise. */
const struct entity *dv_entity(const char *set, size_t len);

#endif
