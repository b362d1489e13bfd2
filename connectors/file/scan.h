/*
 * scan.h - one pass over an export: from rows to records
 *
 * Knows where each path of a query comes from: a column of the export, or, when its first part is
 * the name of a lookup, a column of the lookup's row.
 */
#ifndef DS_CONNECTORS_FILE_SCAN_H
#define DS_CONNECTORS_FILE_SCAN_H

#include "base/arena.h"
#include "connectors/file/lookup.h"
#include "connectors/file/rows.h"

#define DS_MAX_ID 255 /* bytes of a record's id */

/* "lookup.NAME = FILE COLUMN": the row of FILE whose COLUMN equals the export's column NAME. */
struct ds_join {
    const char *name;
    size_t name_len;
    const char *path;
    const char *column;
};

/* What the settings say. Everything lives in the arena or in the options. */
struct ds_remote {
    const struct ds_options *options;
    struct ds_arena arena;
    const char *path;
    const char *id;
    const char *modified; /* NULL: no column tells */
    const struct ds_rows_kind *kind;
    char delimiter;
    size_t joins;
    struct ds_join *join;
};

/* A lookup at work. */
struct ds_scan_join {
    struct ds_lookup *lookup;
    size_t slot;                /* of the column of the export */
    const struct ds_value *row; /* that belongs to the present row; NULL: none */
    uint64_t missing;           /* values so far that no row of the lookup has */
    char first_missing[64];
};

struct ds_scan_source {
    struct ds_scan_join *join; /* NULL: a column of the export */
    size_t slot;
};

struct ds_scan {
    const struct ds_remote *remote;
    int fd;
    int64_t size; /* of the file, when it was opened */
    int64_t mtime_ns;
    struct ds_input in;
    struct ds_rows *rows;
    struct ds_scan_join *join; /* in the order of the remote's */
    size_t id;                 /* slots */
    size_t modified;
    uint64_t seed; /* the rest of what a record is made of: column names and lookups */
    size_t paths;
    struct ds_scan_source *source;
    struct ds_value *values;
    struct ds_record record;
    char id_text[DS_MAX_ID + 1];
    char modified_text[DS_MAX_ID + 1];
    char version[17];
    char where[64];
    char fault[160];
};

/* Opens the export and its lookups for a query of up to max_paths. *out is closed by the caller. */
int ds_scan_open(const struct ds_remote *remote, size_t max_paths, struct ds_scan **out,
                 struct ds_err *err);
void ds_scan_close(struct ds_scan *s); /* NULL is fine */

/* Adds a path to the query; DS_E_CONFIG when there is no such column. Before the first record. */
int ds_scan_path(struct ds_scan *s, const char *path, struct ds_err *err);

/* The next record, valid until the call after this one; NULL: that was all, and the file is still
 * the one that was opened. */
int ds_scan_next(struct ds_scan *s, const struct ds_record **record, struct ds_err *err);

/* "size:mtime", appended: the same for the same version of the file. */
void ds_scan_file(const struct ds_scan *s, struct ds_buf *out);

#endif
