/*
 * read.h - opportunities by their ids or keys, as they are now
 */
#ifndef DS_CONNECTORS_SALESFORCE_READ_H
#define DS_CONNECTORS_SALESFORCE_READ_H

#include "connectors/salesforce/reader.h"

/* Makes a reader ready, asking what Opportunity looks like if nobody has yet. ds_sf_reader_clear()
 * goes with it, also after a failure. */
int ds_sf_reader_open(struct ds_sf_reader *reader, struct ds_remote *remote,
                      const struct ds_query *query, struct ds_err *err);

/* Adds to `rows` (an array) every row whose field `column` ("Id") is one of the texts and that meets
 * the condition `where` (NULL: none), deleted ones too, and loads their children. */
int ds_sf_read_rows(struct ds_sf_reader *reader, const char *column, const char *const *texts,
                    size_t count, const char *where, json_t *rows, struct ds_err *err);

/* DS_E_CONFIG: creations need the setting 'key_field'. */
int ds_sf_no_key(const struct ds_remote *remote, struct ds_err *err);

#endif
