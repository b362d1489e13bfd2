/* The simulator's own clock, and the calendar. Real time until a test moves it. */
#ifndef SIM_CLOCK_H
#define SIM_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct civil {
    int year, month, day, hour, minute, second;
};

int64_t clock_now(void); /* seconds since 1970, UTC */
void clock_set(int64_t now);
void clock_advance(int64_t seconds);

int64_t civil_days(int year, int month, int day); /* since 1970-01-01 */
struct civil civil_from(int64_t seconds);

/* "2026-08-21" to days; the whole text must be a real date. */
bool date_parse(const char *s, int64_t *days);
/* "2026-08-21T06:00:00[.fff](Z|+00:00|+0000)" to seconds; the zone is mandatory. */
bool time_parse(const char *s, int64_t *seconds);
/* "Fri, 21 Aug 2026 06:00:00 GMT" */
void time_http(int64_t seconds, char out[32]);

/* That text to seconds; a wrong weekday is not noticed. */
bool time_parse_http(const char *s, int64_t *seconds);

#endif
