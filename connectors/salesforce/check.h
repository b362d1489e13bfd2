/*
 * check.h - what the files of `check` share
 */
#ifndef DS_CONNECTORS_SALESFORCE_CHECK_H
#define DS_CONNECTORS_SALESFORCE_CHECK_H

#include "connectors/salesforce/remote.h"

struct ds_sf_check {
    struct ds_remote *remote;
    const struct ds_query *query;
    ds_note *note;
    void *arg;
    struct ds_err *err;
    json_t *parents; /* what the org says of other objects, by name; null: nothing */
};

/* Notes a finding; the status that the note wants the check to end with. */
int ds_sf_note(struct ds_sf_check *c, enum ds_finding finding, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Turns a fault of the configuration into a finding, so that the check goes on. */
int ds_sf_note_fault(struct ds_sf_check *c, int rc);

/* Runs a query whose refusal is no fault, only an answer that is not given: *rows is then NULL. */
int ds_sf_check_rows(struct ds_sf_check *c, const char *soql, json_t **rows);

/* What the org says of an object, borrowed; NULL: nothing, to this user. */
int ds_sf_check_describe(struct ds_sf_check *c, const char *object, const json_t **out);

/* check_org.c: the org, its API, its limits, what the user may see, what is switched on. date_ms: the
 * org's time. */
int ds_sf_check_org(struct ds_sf_check *c, int64_t date_ms);

/* check_paths.c: whether each path can be read, and written where it is to be. */
int ds_sf_check_paths(struct ds_sf_check *c);

#endif
