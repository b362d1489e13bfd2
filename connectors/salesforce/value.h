/*
 * value.h - a field's values by its type: compared, and written into the body of a request
 *
 * What a field holds is told by the org (describe). Numbers stay text (SF-69) and days stay days
 * (SF-70) on the way out as they do on the way in.
 */
#ifndef DS_CONNECTORS_SALESFORCE_VALUE_H
#define DS_CONNECTORS_SALESFORCE_VALUE_H

#include "base/arena.h"
#include "base/json.h"
#include "connectors/connector.h"

enum ds_sf_type { DS_SF_TEXT, DS_SF_NUMBER, DS_SF_BOOLEAN, DS_SF_DATE, DS_SF_INSTANT };

/* field: an element of the org's list; NULL counts as text. */
enum ds_sf_type ds_sf_type(const json_t *field);

/* Whether two values of a field mean the same: "100" and "100.00" do. */
bool ds_sf_same(struct ds_arena *a, enum ds_sf_type type, const struct ds_value *left,
                const struct ds_value *right);

/* Adds a value as JSON: a number bare, a null as null. False when it is none of that type; *why then
 * says what is wrong. */
bool ds_sf_value_json(struct ds_arena *a, enum ds_sf_type type, const struct ds_value *value,
                      struct ds_buf *out, const char **why);

#endif
