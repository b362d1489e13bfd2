/*
 * ids.h - a bounded set of opportunities, by their ids
 *
 * Filled in any order, then sorted once; afterwards each id can be found and ticked off.
 */
#ifndef DS_CONNECTORS_DYNAMICS_IDS_H
#define DS_CONNECTORS_DYNAMICS_IDS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

#define DS_DYNAMICS_MOST_IDS                                                                       \
    200000u /* more that changed at once are read as a whole: that is faster */

struct ds_dynamics_id {
    char text[37]; /* lower case, without braces */
    bool done;
};

/* Starts as {0}. */
struct ds_dynamics_ids {
    struct ds_dynamics_id *id;
    size_t count, size;
};

/* Adds a GUID in any spelling; what is none is left out. A full set stays as it is: see
 * ds_dynamics_ids_full(). */
int ds_dynamics_ids_add(struct ds_dynamics_ids *ids, const char *text, struct ds_err *err);
bool ds_dynamics_ids_full(const struct ds_dynamics_ids *ids);

/* Sorts and drops what is there twice. */
void ds_dynamics_ids_sort(struct ds_dynamics_ids *ids);

/* The member of a sorted set, or NULL. */
struct ds_dynamics_id *ds_dynamics_ids_find(const struct ds_dynamics_ids *ids, const char *text);

void ds_dynamics_ids_clear(struct ds_dynamics_ids *ids);

#endif
