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

/* Which opportunities: lo_ms <= SystemModstamp < hi_ms (SF-1, SF-2), behind the id `after` up to and
 * including `until`, that also meet the admin's own condition. */
struct ds_sf_range {
    int64_t lo_ms; /* 0: from the beginning (SF-86) */
    int64_t hi_ms;
    const char *after; /* an 18-character id; "" or NULL: from the first */
    const char *until; /* an 18-character id; "" or NULL: to the last */
    const char *where; /* NULL: none */
};

/* SELECT columns FROM Opportunity, in the order of ids, so that a fetch can go on behind any of them;
 * appended. */
void ds_sf_soql_range(struct ds_buf *out, const char *columns, const struct ds_sf_range *range);

/* The same in no order, which a Bulk query wants. */
void ds_sf_soql_bulk(struct ds_buf *out, const char *columns, const struct ds_sf_range *range);

/* How many there are; appended. The answer's totalSize tells it. */
void ds_sf_soql_count(struct ds_buf *out, const struct ds_sf_range *range);

/* The id of the first or the last of them; appended. */
void ds_sf_soql_edge(struct ds_buf *out, bool last, const struct ds_sf_range *range);

/* Opportunities whose own stamp is before the window, and one of whose parents ("Account") or of their
 * parents was changed in it (SF-24), in the order of ids; appended. */
void ds_sf_soql_parents(struct ds_buf *out, const char *columns, const char *const *parents,
                        size_t count, const struct ds_sf_range *range);

/* A column of the rows of an object, in its order, of which they themselves (whose is "") or a parent
 * ("User") were changed in the window; appended. */
void ds_sf_soql_changed(struct ds_buf *out, const char *column, const char *object,
                        const char *const *whose, size_t count, int64_t lo_ms, int64_t hi_ms);

/* Opportunities whose own stamp is before the window, and that are in one of these currencies
 * ("'EUR','USD'"), in the order of ids; appended. */
void ds_sf_soql_currencies(struct ds_buf *out, const char *columns, const char *codes,
                           const struct ds_sf_range *range);

/* Begins "SELECT columns FROM object WHERE field IN (", to which ds_sf_soql_item() adds texts, quoted,
 * and which ")" ends; appended. */
void ds_sf_soql_in(struct ds_buf *out, const char *columns, const char *object, const char *field);
void ds_sf_soql_item(struct ds_buf *out, const char *text);

/* How many opportunities hold each value of a field, or of two; appended. The count is named n.
 * process and where may be NULL. */
void ds_sf_soql_counts(struct ds_buf *out, const char *field, const char *process,
                       const char *where);

/* One opportunity, only to see whether the org understands the query; appended. */
void ds_sf_soql_probe(struct ds_buf *out, const char *columns, const char *where);

#endif
