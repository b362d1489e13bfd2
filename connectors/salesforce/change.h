/*
 * change.h - one change of an opportunity: whether it may be sent, as what, and what became of it
 *
 * Pure: rows and answers go in, texts come out.
 */
#ifndef DS_CONNECTORS_SALESFORCE_CHANGE_H
#define DS_CONNECTORS_SALESFORCE_CHANGE_H

#include "connectors/salesforce/reader.h"

#define DS_SF_HTTP_DATE 80

/* Whether the record is what the change was decided on: its version and what it holds in the fields to
 * be set (P-5). NULL when it is, else why not. now is what the reader read last. */
const char *ds_sf_change_stale(struct ds_sf_reader *reader, struct ds_arena *a,
                               const struct ds_write *write, const struct ds_record *now);

/* Adds the members of the body ("\"Amount\":10,...") that the change sets to something else than now
 * holds (NULL: a creation), and how many. False when a value or a field will not do; *why says it. */
bool ds_sf_change_members(struct ds_sf_reader *reader, struct ds_arena *a,
                          const struct ds_write *write, const struct ds_record *now,
                          struct ds_buf *out, size_t *count, const char **why);

enum ds_sf_fate {
    DS_SF_LOCKED,  /* somebody else holds it for a moment (SF-65) */
    DS_SF_CROWDED, /* the org's own code cannot bear so many records in one request */
    DS_SF_GONE,    /* there is no such record any more */
    DS_SF_REFUSED, /* and will be again */
    DS_SF_STOPPED  /* none of the others will fare better now */
};

/* What the errors of one record mean: a list of {"statusCode" or "errorCode","message","fields"}
 * (SF-61), or one such object (SF-64). *text, from the arena, is what Salesforce says. */
enum ds_sf_fate ds_sf_change_fate(struct ds_arena *a, const json_t *errors, const char **text);

/* "Tue, 04 Aug 2026 10:11:12 GMT", rounded up to the whole second (SF-60). */
const char *ds_sf_http_date(int64_t ms, char out[DS_SF_HTTP_DATE]);

#endif
