/*
 * cursor.h - where a fetch begins, and where an interrupted one goes on, as texts
 *
 * Text only, so that it can be tested without an org. Read strictly: what is not exactly one of these
 * was written by somebody else.
 *
 * A cursor is the end of the last fetch's window, and behind a bar the instant up to which deletions
 * are known; older ones have the window only:
 *   2026-08-01T10:00:00Z|2026-08-01T10:04:00Z
 *
 * A place to resume at is the window's end and beginning (empty: none), and then what is left to read:
 * pieces of the range of ids, each from behind one id up to and including another (empty: no bound),
 * or a Bulk job with the API version it belongs to, the pages and rows of it that were handed over,
 * and the locator of the page that is next. Older ones have the window's end and one id.
 *   2026-08-01T10:00:00Z||006...AAC:006...AAK,006...AAX:
 *   2026-08-01T10:00:00Z||v67.0 750R0000000zlh9IAA 3 75000 MDowR2FI
 */
#ifndef DS_CONNECTORS_SALESFORCE_CURSOR_H
#define DS_CONNECTORS_SALESFORCE_CURSOR_H

#include "base/buf.h"
#include "connectors/salesforce/id.h"

#include <stddef.h>
#include <stdint.h>

#define DS_SF_MOST_PIECES  64
#define DS_SF_LOCATOR_TEXT 256
#define DS_SF_VERSION_TEXT 16

struct ds_sf_cursor {
    int64_t hi_ms;
    int64_t deleted_ms; /* 0: not told */
};

bool ds_sf_cursor_read(const char *text, struct ds_sf_cursor *out);
void ds_sf_cursor_text(const struct ds_sf_cursor *cursor, struct ds_buf *out);

/* Ids behind `after`, up to and including `until`; "": no bound. */
struct ds_sf_piece {
    char after[DS_SF_ID];
    char until[DS_SF_ID];
};

struct ds_sf_job {
    char id[DS_SF_ID];                /* "": no job */
    char version[DS_SF_VERSION_TEXT]; /* "v67.0": results can be read with no other (SF-38) */
    uint64_t pages, rows;             /* handed over */
    char locator[DS_SF_LOCATOR_TEXT]; /* of the next page; "": the first */
};

struct ds_sf_resume {
    int64_t lo_ms; /* 0: from the beginning */
    int64_t hi_ms;
    struct ds_sf_job job;
    size_t pieces; /* without a job */
    struct ds_sf_piece piece[DS_SF_MOST_PIECES];
};

bool ds_sf_resume_read(const char *text, struct ds_sf_resume *out);
void ds_sf_resume_text(const struct ds_sf_resume *resume, struct ds_buf *out);

/* Divides a piece whose ids lie between two others into up to `count` pieces of the same width, as the
 * digits of ids count. Together they are the piece, whatever order the org sorts ids in; only their
 * size depends on it. Returns how many there are, 1 when it cannot be divided. */
size_t ds_sf_piece_split(const struct ds_sf_piece *piece, const char *first, const char *last,
                         size_t count, struct ds_sf_piece *out);

#endif
