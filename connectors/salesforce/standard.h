/*
 * standard.h - what is known beforehand of Opportunity's own fields, for messages
 *
 * Salesforce describes only what the user may see, and never says why something is missing. Of a field
 * that every org has it is known, though: it is hidden. And some fields no permission makes writable.
 */
#ifndef DS_CONNECTORS_SALESFORCE_STANDARD_H
#define DS_CONNECTORS_SALESFORCE_STANDARD_H

#include "base/err.h"

#include <stdbool.h>

/* Whether Salesforce documents a field, or a parent, of that name, in any case. */
bool ds_sf_is_standard(const char *name);

/* Adds the hint why a field, or a parent, is not in the description, and what to do; the error's
 * status. */
int ds_sf_hint_absent(struct ds_err *err, const char *name, bool parent);

/* Why nobody can write a field, and what to write instead; NULL when permissions decide. */
const char *ds_sf_unwritable(const char *name);

#endif
