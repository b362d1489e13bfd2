/*
 * reader.h - from rows of opportunities to records
 *
 * The one way by which a row becomes a record, whoever asked for it, so that the same record always
 * has the same version.
 */
#ifndef DS_CONNECTORS_DYNAMICS_READER_H
#define DS_CONNECTORS_DYNAMICS_READER_H

#include "connectors/dynamics/ids.h"
#include "connectors/dynamics/query.h"

struct ds_dynamics_reader {
    struct ds_remote *remote;
    const struct ds_query *query;
    const struct ds_sink *sink; /* who gets the records */
    struct ds_arena arena;
    struct ds_dynamics_table table;
    struct ds_dynamics_slot *slots;
    struct ds_value *values;
    size_t count; /* of both */
    struct ds_buf version;
};

/* What is going to be read. */
enum ds_dynamics_extent {
    DS_DYNAMICS_SOME, /* records that somebody knows */
    DS_DYNAMICS_CHANGES, /* what a fetch finds: it needs the server's time, and asks for the table anew */
    DS_DYNAMICS_WHOLE /* the same, and from the first record to the last */
};

/* Looks up what the paths mean; the query and the sink outlive the reader. */
int ds_dynamics_reader_open(struct ds_dynamics_reader *reader, struct ds_remote *remote,
                            const struct ds_query *query, const struct ds_sink *sink,
                            enum ds_dynamics_extent extent, struct ds_err *err);
void ds_dynamics_reader_close(struct ds_dynamics_reader *reader);

/* Hands over the rows of a page, which are used up; instances of flows are in them already. */
int ds_dynamics_reader_rows(struct ds_dynamics_reader *reader, json_t *rows, struct ds_err *err);

/* Hands over a tombstone. */
int ds_dynamics_reader_deleted(struct ds_dynamics_reader *reader, const char *id,
                               struct ds_err *err);

/* The first part of a record's version: what If-Match names. Copies it; false when it is none. */
bool ds_dynamics_etag(const char *version, char out[128]);

/* --- read.c --- */

/* Hands over the rows of a sorted set as they are now, and ticks them off; those not found stay. With
 * filtered only those that the setting 'filter' lets through. */
int ds_dynamics_read_ids(struct ds_dynamics_reader *reader, struct ds_dynamics_ids *ids,
                         bool filtered, struct ds_err *err);

/* Asks for each one that is not ticked off whether it exists; those that do not for sure are handed
 * over as deleted if deleted is NULL, or else told to it, and ticked off (P-7). */
int ds_dynamics_read_gone(struct ds_dynamics_reader *reader, struct ds_dynamics_ids *ids,
                          int (*deleted)(void *arg, const char *id, struct ds_err *err), void *arg,
                          struct ds_err *err);

#endif
