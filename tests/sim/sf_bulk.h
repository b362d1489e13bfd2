/* Bulk API 2.0 over HTTP: query jobs, their results page by page. */
#ifndef SIM_SF_BULK_H
#define SIM_SF_BULK_H

#include "tests/sim/salesforce.h"

/* rest is what stands behind "/jobs/query". */
void sf_bulk(const struct request *request, struct reply *reply, const char *version,
             const char *rest);

#endif
