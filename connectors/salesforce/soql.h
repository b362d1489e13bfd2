/*
 * soql.h - the queries this connector sends
 *
 * Text only, so that it can be tested without an org. Instants are whole seconds in UTC, unquoted and
 * with a Z (SF-42, SF-45); nothing that a record holds goes into a query, except its id.
 */
#ifndef DS_CONNECTORS_SALESFORCE_SOQL_H
#define DS_CONNECTORS_SALESFORCE_SOQL_H

#include "base/buf.h"

#include <stddef.h>
#include <stdint.h>

/* Which opportunities: lo_ms <= SystemModstamp < hi_ms (SF-1, SF-2), behind the id `after`, that also
 * meet the admin's own condition. */
struct ds_sf_range {
    int64_t lo_ms; /* 0: from the beginning (SF-86) */
    int64_t hi_ms;
    const char *after; /* an 18-character id; "": from the first */
    const char *where; /* NULL: none */
};

/* SELECT columns FROM Opportunity, in the order of ids, so that a fetch can go on behind any of them;
 * appended. */
void ds_sf_soql_range(struct ds_buf *out, const char *columns, const struct ds_sf_range *range);

/* How many opportunities hold each value of a field, or of two; appended. The count is named n.
 * process and where may be NULL. */
void ds_sf_soql_counts(struct ds_buf *out, const char *field, const char *process,
                       const char *where);

/* One opportunity, only to see whether the org understands the query; appended. */
void ds_sf_soql_probe(struct ds_buf *out, const char *columns, const char *where);

#endif
