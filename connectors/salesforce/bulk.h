/*
 * bulk.h - Bulk API 2.0 queries: the job, and the pages of its result
 *
 * job.c speaks to the org about jobs; rows.c reads a page of a result; bulk.c is the way from a window
 * to records.
 */
#ifndef DS_CONNECTORS_SALESFORCE_BULK_H
#define DS_CONNECTORS_SALESFORCE_BULK_H

#include "connectors/salesforce/fetch.h"

enum ds_sf_job_state {
    DS_SF_JOB_WORKING,
    DS_SF_JOB_COMPLETE,
    DS_SF_JOB_BROKEN, /* failed, aborted, or in a state nobody knows (SF-16) */
    DS_SF_JOB_MISSING /* there is no such job any more, or none for this user */
};

/* Makes a job of a query. *refused, which is then in the log: this org or user cannot have it, or not
 * today. */
int ds_sf_job_create(struct ds_sf_fetch *f, const char *soql, bool *refused, struct ds_err *err);

/* What Bulk does not do for us REST may: *refused, and a warning that says why. Where only a job will do
 * that is the error instead. */
int ds_sf_job_do_without(const struct ds_sf_fetch *f, const struct ds_err *why, bool *refused,
                         struct ds_err *err);

/* Looks at the job of f->at once. rows: how many records it has, when it is complete. A broken job is
 * logged as the org tells of it (SF-17). */
int ds_sf_job_look(struct ds_sf_fetch *f, enum ds_sf_job_state *state, uint64_t *rows,
                   struct ds_err *err);

/* Waits until it is complete or broken, looking less and less often (SF-85). */
int ds_sf_job_wait(struct ds_sf_fetch *f, enum ds_sf_job_state *state, uint64_t *rows,
                   struct ds_err *err);

/* Deletes it; that it cannot be deleted is no failure, for the org forgets it after seven days. */
void ds_sf_job_delete(struct ds_sf_fetch *f);

/* Appends the address of something of the job, "" for itself. */
void ds_sf_job_url(const struct ds_sf_fetch *f, const char *what, struct ds_buf *out);

/* Hands over every row of a page, which is used up. *count: how many there were. */
int ds_sf_bulk_rows(struct ds_sf_fetch *f, struct ds_buf *page, uint64_t *count,
                    struct ds_err *err);

#endif
