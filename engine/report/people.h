/*
 * people.h - how numbers, values and sums look to people
 *
 * Everything is appended, already escaped for a terminal.
 */
#ifndef DS_ENGINE_REPORT_PEOPLE_H
#define DS_ENGINE_REPORT_PEOPLE_H

#include "engine/store/store.h"

#define DS_PEOPLE_VALUE                                                                            \
    48 /* columns after which a value is cut; the other formats have all of it */

void ds_people_number(struct ds_buf *out, uint64_t n); /* "4,213" */
void ds_people_count(struct ds_buf *out, uint64_t n,
                     const char *what);                 /* "1 record", "2 records" */
void ds_people_age(struct ds_buf *out, int64_t ms);     /* "26 h", "3 days" */
void ds_people_instant(struct ds_buf *out, int64_t ms); /* "2026-08-24 09:12 UTC" */

/* Text on one line, cut with "..." when it is wider than the columns. */
void ds_people_text(struct ds_buf *out, const char *text, size_t columns);

/* A canonical value of a field: text in quotes, "40 %", "(empty)", team and solutions as lists. */
void ds_people_value(struct ds_buf *out, enum ds_field f, const char *value);

/* Blanks until what begins at offset `from` is that many columns wide. */
void ds_people_pad(struct ds_buf *out, size_t from, size_t columns);

/* "412 fetched: 1 created, 1 updated, ..., 405 unchanged" without what is zero (P-1). */
void ds_people_sum(struct ds_buf *out, const struct ds_run *run);

#endif
