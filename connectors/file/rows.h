/*
 * rows.h - the rows of an export, whatever its format
 *
 * A format is a table of functions. Its reader hands out one row at a time, in memory that does not
 * grow with their number (P-12); a row that cannot be read carries a fault and the next one goes on
 * (P-8); a file that ends where no row may end is an error, never an end (P-7).
 */
#ifndef DS_CONNECTORS_FILE_ROWS_H
#define DS_CONNECTORS_FILE_ROWS_H

#include "connectors/connector.h"
#include "connectors/file/input.h"

#define DS_MAX_ROW (8u << 20) /* bytes of one row; longer ones are a fault */

struct ds_row {
    uint64_t number;   /* 1: the first record of the file; 0: the header */
    uint64_t line;     /* where the row begins, 1: the first line */
    uint64_t hash;     /* of its content */
    const char *fault; /* "has 7 fields where the header has 8 (row 12, line 14)"; NULL: none */
    const struct ds_value *values; /* by slot; each with a NUL behind it; undefined with a fault */
};

struct ds_rows;

struct ds_rows_kind {
    /* in outlives the rows. delimiter is for formats that have one. *out is closed by the caller.
     * */
    int (*open)(struct ds_input *in, char delimiter, struct ds_rows **out, struct ds_err *err);
    void (*close)(struct ds_rows *rows); /* NULL is fine */

    /* At which index of a row's values a path is found. DS_E_CONFIG names the columns there are, in
     * a format that has a header; otherwise any path may turn up. Before the first next(). */
    int (*slot)(struct ds_rows *rows, const char *path, size_t *slot, struct ds_err *err);

    /* The next row, valid until the call after this one; NULL: that was all. */
    int (*next)(struct ds_rows *rows, const struct ds_row **row, struct ds_err *err);
};

/* What the readers of all formats begin with. */
struct ds_rows {
    const struct ds_rows_kind *kind;
    struct ds_input *in;
    const char *const *names; /* columns, ends with NULL; without a header: the members of the first
                                 good row, and NULL before it has been read */
    uint64_t number;          /* of the row that was read last */
    uint64_t line;            /* in which the next byte stands */
    struct ds_row row;        /* the present one */
    char fault[640];
};

/* Strict RFC 4180: fields are quoted as a whole or not at all, quotes inside are doubled. Rows end
 * in LF, CRLF or CR. Empty lines are no rows. The first row is the header, its names trimmed. */
extern const struct ds_rows_kind ds_csv;

/* One JSON object a line. A path leads into nested objects ("Account.Name"), a member that has the
 * whole path as its name comes first. Arrays of plain values are joined with ';'. */
extern const struct ds_rows_kind ds_jsonl;

/* For readers: what is wrong with the present row; the first fault counts, the place is added. */
void ds_rows_fault(struct ds_rows *rows, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The index of a name. DS_E_CONFIG suggests the nearest and lists what there is. */
int ds_column_find(const char *const *names, const char *name, size_t *index, struct ds_err *err);

/* The part without blanks at the ends; the same blanks as ds_text_trim(). */
struct ds_value ds_value_trim(struct ds_value value);

#endif
