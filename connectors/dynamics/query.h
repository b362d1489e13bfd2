/*
 * query.h - from paths to a request, and from a row to values
 *
 * A path is "column", "navigation.column" or "column.label"; "customerid.column" and
 * "ownerid.column" read whichever row is there, account or contact, user or team; "process.stage" and
 * "process.name" come from the business process flow. What a path means is settled once a fetch; for
 * a row, only the values are picked.
 */
#ifndef DS_CONNECTORS_DYNAMICS_QUERY_H
#define DS_CONNECTORS_DYNAMICS_QUERY_H

#include "connectors/dynamics/schema.h"

/* Where a value stands in a row. */
struct ds_dynamics_slot {
    const char *navigation; /* NULL: in the row itself */
    const char *column;
    const struct ds_dynamics_choice *choice; /* labels to hand over instead of numbers, or NULL */
    const struct ds_dynamics_slot *other;    /* where it stands if there is no such row, or NULL */
    bool apart; /* put into the row later, by process.h: no part of the query */
};

/* What every query asks for besides its paths, in this order before them. */
enum {
    DS_DYNAMICS_ID,
    DS_DYNAMICS_MODIFIED,
    DS_DYNAMICS_VERSION,
    DS_DYNAMICS_MODIFIED_BY,
    DS_DYNAMICS_OWN
};

/* What a path means; texts are from the arena. DS_E_CONFIG when it is no path or names no column of
 * opportunity. The far side of a navigation property is not looked up. */
int ds_dynamics_path(struct ds_remote *remote, struct ds_arena *a, const char *path,
                     struct ds_dynamics_slot *out, struct ds_err *err);

/* The slots of a whole query: DS_DYNAMICS_OWN of ours, then one for each path. */
int ds_dynamics_slots(struct ds_remote *remote, struct ds_arena *a, const struct ds_query *query,
                      struct ds_dynamics_slot **out, struct ds_err *err);

/* Appends "$select=...&$expand=...", each column once. */
void ds_dynamics_select(struct ds_buf *out, const struct ds_dynamics_slot *slots, size_t count);

/* Calls each() for every different column that a query has to ask for. */
int ds_dynamics_slots_each(const struct ds_dynamics_slot *slots, size_t count,
                           int (*each)(void *arg, const struct ds_dynamics_slot *slot,
                                       struct ds_err *err),
                           void *arg, struct ds_err *err);

/* Appends "&$filter=..." for rows modified at or after since_ms (0: all) that also match the
 * setting 'filter'; nothing when there is nothing to filter. */
void ds_dynamics_filter(const struct ds_remote *remote, struct ds_buf *out, int64_t since_ms);

/* Picks the values of a row, borrowed from it; DS_E_CONFIG when a navigation property leads to many
 * rows. */
int ds_dynamics_values(const json_t *row, const struct ds_dynamics_slot *slots, size_t count,
                       struct ds_value *out, struct ds_err *err);

#endif
