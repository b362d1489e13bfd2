/*
 * csv.h - reading the results of Bulk queries
 *
 * Strict, so that damage is an error and never a value (SF-10): one delimiter, a comma; fields quoted
 * as RFC 4180 wants it, or bare without a quote in them; lines end with LF or CRLF, the last one
 * too, and inside quotes they are data; every row has as many fields as the first. Values are not trimmed and keep their NULs.
 * An empty field is null, for Salesforce stores no empty texts (SF-50).
 */
#ifndef DS_CONNECTORS_SALESFORCE_CSV_H
#define DS_CONNECTORS_SALESFORCE_CSV_H

#include "connectors/connector.h"

#define DS_SF_MOST_FIELDS 512

struct ds_sf_csv {
    char *start, *at, *end;
    size_t fields; /* of each row; 0 before the first */
    struct ds_value field[DS_SF_MOST_FIELDS];
};

/* text is worked on in place, must outlive what is read from it, and has room for one more byte. A
 * byte order mark is skipped (SF-76). */
void ds_sf_csv_open(struct ds_sf_csv *csv, char *text, size_t len);

/* Reads the next row into field, each with a NUL behind it. *more is false when there is none. DS_E_REMOTE says at which byte the
 * text is broken. */
int ds_sf_csv_row(struct ds_sf_csv *csv, bool *more, struct ds_err *err);

#endif
