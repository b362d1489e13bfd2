/* Salesforce's objects as data. */
#ifndef SIM_SF_TABLES_H
#define SIM_SF_TABLES_H

#include "tests/sim/entity.h"

extern const struct entity sf_opportunity;

/* Opportunity, OpportunityStage, Organization, RecordType or User, in any case; NULL otherwise. */
const struct entity *sf_entity(const char *name);

#endif
