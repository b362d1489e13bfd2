/*
 * member.h - the small pieces of what we print for programs
 *
 * A member of a JSON object puts a comma in front of itself unless an object or array has just been
 * opened, or the buffer is empty.
 */
#ifndef DS_ENGINE_REPORT_MEMBER_H
#define DS_ENGINE_REPORT_MEMBER_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

void ds_member(struct ds_buf *out, const char *name); /* the name; the value is the caller's */
void ds_member_text(struct ds_buf *out, const char *name, const char *text); /* NULL: null */
void ds_member_count(struct ds_buf *out, const char *name, uint64_t n);
void ds_member_id(struct ds_buf *out, const char *name, int64_t id); /* 0: null */
void ds_member_flag(struct ds_buf *out, const char *name, bool flag);
void ds_member_instant(struct ds_buf *out, const char *name, int64_t ms); /* 0: null */

/* The comma alone, for the next element of an array. */
void ds_member_next(struct ds_buf *out);

/* A CSV field in which nothing does anything: no formula, and control characters are visible, so that
 * a row is a line and the file can be shown on a terminal (P-10). JSON has the text as it is. */
void ds_csv_cell(struct ds_buf *out, const char *text);

#endif
