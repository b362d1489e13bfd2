/*
 * version.h - the versions of the Salesforce API
 *
 * There are three a year, named after seasons, and each is promised for three years from its release.
 * Text and arithmetic only, so that it can be tested without an org.
 */
#ifndef DS_CONNECTORS_SALESFORCE_VERSION_H
#define DS_CONNECTORS_SALESFORCE_VERSION_H

#include <stdbool.h>
#include <stdint.h>

struct ds_sf_version {
    long number;      /* 67 of "v67.0" */
    char release[16]; /* "Summer '26" */
    char until[16];   /* "2029-06": from then on the org may stop offering it */
    int64_t until_ms;
};

/* Reads "v67.0" and "67.0"; false when it is neither. */
bool ds_sf_version_read(const char *text, struct ds_sf_version *out);

#endif
