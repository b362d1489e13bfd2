/* EntityDefinitions(LogicalName='opportunity') and what lies below it. */
#ifndef SIM_DV_METADATA_H
#define SIM_DV_METADATA_H

#include "tests/sim/dynamics.h"

/* rest is the path behind "EntityDefinitions". */
void dv_metadata(const struct request *request, struct reply *reply, const char *rest);

#endif
