/* SOQL over HTTP: query, queryAll, and the pages that follow. */
#ifndef SIM_SF_QUERY_H
#define SIM_SF_QUERY_H

#include "tests/sim/salesforce.h"

/* version is the "67.0" of the path, for the URLs in the answer. */
void sf_query(const struct request *request, struct reply *reply, const char *version, bool all);
/* locator is what stands behind "/query/". */
void sf_query_more(const struct request *request, struct reply *reply, const char *version,
                   const char *locator);
/* One whole record, or the fields named in the parameter `fields`. */
void sf_record(const struct request *request, struct reply *reply, const char *version,
               const struct entity *e, const char *id);
/* Records by id, null for those that are not there, in the order of the ids. */
void sf_records(const struct request *request, struct reply *reply, const char *version,
                const struct entity *e, const char *const *ids, size_t n, const char *fields);
void sf_query_clear(void);

#endif
