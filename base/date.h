/*
 * date.h - days and instants
 *
 * A date without a time is a day on the calendar, text "2026-09-30", and never goes through a time
 * zone (SF-70, DV-60). An instant is milliseconds since 1970 UTC. Leap years are Gregorian; nothing
 * depends on the zone of this machine.
 */
#ifndef DS_BASE_DATE_H
#define DS_BASE_DATE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define DS_INSTANT_TEXT 32 /* room for the longest text below */

/* A day as "YYYY-MM-DD" from the arena, out of "2026-09-30" or a date-time at midnight
 * ("2026-09-30T00:00:00Z", DV-60). NULL: *why says what is wrong ("is not a date (YYYY-MM-DD)",
 * "is a day that does not exist", "has a time of day"). Years 1753 to 9999. */
const char *ds_date(struct ds_arena *a, const char *text, const char **why);

/* Days since 1970-01-01 of a canonical date. */
int64_t ds_date_days(const char *date);

/* Reads "2026-08-01T10:11:12Z", ".123", "+0000", "+00:00" (SF-40); false when it is none. */
bool ds_instant(const char *text, int64_t *ms);

/* An HTTP date, "Tue, 04 Aug 2026 10:11:12 GMT". */
bool ds_instant_http(const char *text, int64_t *ms);

/* "2026-08-01T10:11:12Z", with ".123" only when there are milliseconds. Returns out. An instant beyond
 * the years 0 to 9999 is the first or the last of them. */
const char *ds_instant_text(int64_t ms, char out[DS_INSTANT_TEXT]);

/* "2026-08-01 10:11 UTC", for people. Returns out. */
const char *ds_instant_people(int64_t ms, char out[DS_INSTANT_TEXT]);

/* The clock of this machine. The environment variable DEALSYNC_NOW (an instant) replaces it, so
 * that a test can live through 72 hours. */
int64_t ds_now(void);

/* Milliseconds that only run forward, for time-outs and rates. */
int64_t ds_ticks(void);

#endif
