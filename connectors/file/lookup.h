/*
 * lookup.h - a small CSV file that is joined to the rows of an export
 *
 * Held in memory as a whole, so its size is bounded by DS_MAX_FILE. Keys and values are trimmed.
 */
#ifndef DS_CONNECTORS_FILE_LOOKUP_H
#define DS_CONNECTORS_FILE_LOOKUP_H

#include "connectors/connector.h"

struct ds_lookup;

/* key names the column that rows are found by. DS_E_INPUT when a row cannot be read, or when two
 * rows have one key: which of them is meant nobody knows. Rows without a key are left out. */
int ds_lookup_load(const char *path, char delimiter, const char *key, struct ds_lookup **out,
                   struct ds_err *err);
void ds_lookup_free(struct ds_lookup *lookup); /* NULL is fine */

/* The index of a column in the rows; DS_E_CONFIG when there is none of that name. */
int ds_lookup_column(const struct ds_lookup *lookup, const char *name, size_t *column,
                     struct ds_err *err);

/* The row with this key, one value a column, or NULL. Lives with the lookup. */
const struct ds_value *ds_lookup_row(const struct ds_lookup *lookup, struct ds_value key);

/* Of everything in it. */
uint64_t ds_lookup_hash(const struct ds_lookup *lookup);

#endif
