/*
 * standard.h - what is known beforehand of Opportunity's own fields, for messages
 *
 * Salesforce describes only what the user may see, and never says why something is missing. Of a field
 * that every org has it is known, though: it is hidden. And some fields no permission makes writable.
 */
#ifndef DS_CONNECTORS_SALESFORCE_STANDARD_H
#define DS_CONNECTORS_SALESFORCE_STANDARD_H

#include "base/err.h"

/* Adds the hint why a field, or the parent of that name, is not in the description, and what to do;
 * the error's status. */
int ds_sf_hint_absent(struct ds_err *err, const char *name);

/* Why nobody can write a field, and what to write instead; NULL when permissions decide. */
const char *ds_sf_unwritable(const char *name);

#endif
