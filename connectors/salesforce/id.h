/*
 * id.h - Salesforce ids in one spelling
 */
#ifndef DS_CONNECTORS_SALESFORCE_ID_H
#define DS_CONNECTORS_SALESFORCE_ID_H

#include <stdbool.h>

#define DS_SF_ID 19 /* 18 characters and the NUL */

/* The 18-character form of a 15- or 18-character id (SF-21): the letters of the first 15 count as
 * they are, and the last three say which of them are capitals. False when it is no id. */
bool ds_sf_id(const char *text, char out[DS_SF_ID]);

#endif
