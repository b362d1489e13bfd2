/*
 * reader.h - from rows of Opportunity to records
 *
 * Whatever a row came by (a page of a query, a line of a Bulk result, an answer after a write), the
 * same record comes out, byte for byte: the version and instants are spelled one way (SF-39).
 *
 * A version is the stamp, and behind it a digest of the values that can change while the stamp stands
 * still: those of parents and children, labels and formulas (SF-24).
 */
#ifndef DS_CONNECTORS_SALESFORCE_READER_H
#define DS_CONNECTORS_SALESFORCE_READER_H

#include "base/date.h"
#include "connectors/salesforce/children.h"
#include "connectors/salesforce/columns.h"
#include "connectors/salesforce/id.h"
#include "connectors/salesforce/remote.h"

#define DS_SF_DIGEST 17 /* sixteen digits and the NUL */

/* The columns that the connector itself reads. */
enum ds_sf_own {
    DS_SF_OWN_ID,
    DS_SF_OWN_STAMP,
    DS_SF_OWN_DELETED,
    DS_SF_OWN_EDITOR,
    DS_SF_OWN_KEY, /* the field that holds keys of creations, when one is named */
    DS_SF_OWN_COLUMNS
};

struct ds_sf_reader {
    struct ds_remote *remote;
    struct ds_sf_columns columns;
    struct ds_sf_children children;
    size_t own[DS_SF_OWN_COLUMNS]; /* where they are among the columns */
    struct ds_value *values;
    struct ds_buf list; /* of SELECT */
    bool read_one;      /* a row has been read as it should be */

    struct ds_record record; /* the last one */
    int64_t stamp_ms;        /* its SystemModstamp, 0: unreadable */
    char id[DS_SF_ID];
    char version[DS_INSTANT_TEXT + 1 + DS_SF_DIGEST];
    char modified[DS_INSTANT_TEXT];
    char fault[sizeof(((struct ds_err *)0)->text)];
    struct ds_arena texts; /* of the record: instants respelled */
    struct ds_buf scratch;
};

/* Settles the paths of the query against what the org describes, which must have been asked for. */
int ds_sf_reader_init(struct ds_sf_reader *reader, struct ds_remote *remote,
                      const struct ds_query *query, struct ds_err *err);
void ds_sf_reader_clear(struct ds_sf_reader *reader);

/* Reads a row; *out is reader->record and is good until the next one. A row that is unlike the
 * others becomes a record with a fault (P-8); when the first row is, the paths are wrong:
 * DS_E_CONFIG. The children of the opportunity must have been loaded. */
int ds_sf_reader_row(struct ds_sf_reader *reader, const json_t *row, const struct ds_record **out,
                     struct ds_err *err);

/* The same of a row whose columns stand in columns.raw already. */
int ds_sf_reader_raw(struct ds_sf_reader *reader, const struct ds_record **out, struct ds_err *err);

#endif
