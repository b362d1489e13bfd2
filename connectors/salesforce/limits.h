/*
 * limits.h - what the org has left of its day
 *
 * The header of every answer tells the requests that are used (usage.h); the resource /limits tells
 * what is left of them and of Bulk jobs, to users who may see the setup. All are counted over the last
 * 24 hours, for all programs of the org together.
 */
#ifndef DS_CONNECTORS_SALESFORCE_LIMITS_H
#define DS_CONNECTORS_SALESFORCE_LIMITS_H

#include "connectors/salesforce/usage.h"

#include <jansson.h>

struct ds_sf_limits {
    struct ds_sf_share requests;
    struct ds_sf_share bulk_jobs; /* queries of Bulk API 2.0 */
    struct ds_sf_share bulk_mb;   /* of their results */
};

/* Reads the answer of /limits; what is missing or unreadable stays 0. */
void ds_sf_limits_read(const json_t *answer, struct ds_sf_limits *out);

#endif
