/* sObject Collections: up to 200 writes in one request, up to 2,000 records read in one. */
#ifndef SIM_SF_COLLECTION_H
#define SIM_SF_COLLECTION_H

#include "tests/sim/salesforce.h"

/* rest is what stands behind "/composite/sobjects". */
void sf_collection(const struct request *request, struct reply *reply, const char *version,
                   const char *rest);

#endif
