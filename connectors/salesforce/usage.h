/*
 * usage.h - what the org has used of its daily requests
 *
 * Every data answer tells it in the header Sforce-Limit-Info, for the org and, where an app has a
 * quota of its own, for this app (SF-18).
 */
#ifndef DS_CONNECTORS_SALESFORCE_USAGE_H
#define DS_CONNECTORS_SALESFORCE_USAGE_H

#include <stdbool.h>

struct ds_sf_share {
    long used;
    long most; /* 0: not told */
};

struct ds_sf_usage {
    struct ds_sf_share org;
    struct ds_sf_share app;
};

/* Reads the header's segments in any order; what is unreadable or unknown changes nothing. */
void ds_sf_usage_read(const char *header, struct ds_sf_usage *out);

/* Whether it is told and has used `percent` or more. */
bool ds_sf_share_over(const struct ds_sf_share *share, long percent);

/* The share that has used `percent` of its requests or more, or NULL. */
const struct ds_sf_share *ds_sf_usage_over(const struct ds_sf_usage *usage, long percent);

#endif
