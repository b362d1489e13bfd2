#include "base/date.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DAY_MS     INT64_C(86400000)
#define FIRST_MS   INT64_C(-62167219200000) /* 0000-01-01 */
#define LAST_MS    INT64_C(253402300799999) /* 9999-12-31 */
#define FIRST_YEAR 1753                     /* the earliest that either remote can hold */

static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
static const char weekdays[] = "MonTueWedThuFriSatSun";

struct moment {
    int year, month, day, hour, minute, second, ms;
};

static bool leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && leap(year));
}

/* Years begin in March here, so that the leap day is the last one and months need no table. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = y / 400;
    int64_t of_era = y % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void day_of(int64_t days, struct moment *m)
{
    int64_t era, of_era, of_year, year, month;

    days += 719468;
    era = (days >= 0 ? days : days - 146096) / 146097;
    of_era = days - era * 146097;
    year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    of_year = of_era - (365 * year + year / 4 - year / 100);
    month = (5 * of_year + 2) / 153;
    m->day = (int)(of_year - (153 * month + 2) / 5 + 1);
    m->month = (int)(month < 10 ? month + 3 : month - 9);
    m->year = (int)(year + era * 400 + (m->month <= 2));
}

/* Reads exactly n digits; NULL passes through, so that a chain is checked once, at its end. */
static const char *number(const char *p, int n, int *out)
{
    int value = 0;

    for (; p && n; n--, p++) {
        if (*p < '0' || *p > '9')
            return NULL;
        value = value * 10 + (*p - '0');
    }
    *out = value;
    return p;
}

static const char *literal(const char *p, char c)
{
    return p && *p == c ? p + 1 : NULL;
}

static bool day_exists(const struct moment *m)
{
    return m->year >= 1 && m->month >= 1 && m->month <= 12 && m->day >= 1 &&
           m->day <= month_days(m->year, m->month);
}

static bool time_exists(const struct moment *m)
{
    return m->hour <= 23 && m->minute <= 59 && m->second <= 59;
}

static const char *read_day(const char *p, struct moment *m)
{
    p = literal(number(p, 4, &m->year), '-');
    p = literal(number(p, 2, &m->month), '-');
    return number(p, 2, &m->day);
}

static const char *read_clock(const char *p, struct moment *m)
{
    p = literal(number(p, 2, &m->hour), ':');
    p = literal(number(p, 2, &m->minute), ':');
    return number(p, 2, &m->second);
}

/* Behind the point: milliseconds; digits after them are finer than anything here. */
static const char *read_fraction(const char *p, struct moment *m)
{
    int weight = 100;

    if (!p || *p != '.')
        return p;
    p++;
    if (*p < '0' || *p > '9')
        return NULL;
    for (; *p >= '0' && *p <= '9'; p++, weight /= 10)
        m->ms += (*p - '0') * weight;
    return p;
}

/* "T10:11:12.123Z" to the end of the text; only UTC is a zone. */
static bool read_time(const char *p, struct moment *m)
{
    static const char *const zones[] = {"Z", "+0000", "+00:00"};

    p = read_fraction(read_clock(literal(p, 'T'), m), m);
    for (size_t i = 0; p && i < sizeof(zones) / sizeof(zones[0]); i++)
        if (strcmp(p, zones[i]) == 0)
            return time_exists(m);
    return false;
}

static int64_t moment_ms(const struct moment *m)
{
    return days_of(m->year, m->month, m->day) * DAY_MS +
           ((m->hour * 60 + m->minute) * INT64_C(60) + m->second) * 1000 + m->ms;
}

/* An instant beyond the years of four digits is the first or the last of them. */
static void ms_moment(int64_t ms, struct moment *m)
{
    int64_t days;
    int of_day;

    ms = ms < FIRST_MS ? FIRST_MS : ms > LAST_MS ? LAST_MS : ms;
    days = ms / DAY_MS - (ms % DAY_MS < 0);
    of_day = (int)(ms - days * DAY_MS);
    day_of(days, m);
    m->ms = of_day % 1000;
    m->second = of_day / 1000 % 60;
    m->minute = of_day / 60000 % 60;
    m->hour = of_day / 3600000;
}

const char *ds_date(struct ds_arena *a, const char *text, const char **why)
{
    struct moment m = {0};
    const char *rest = read_day(text, &m);

    *why = NULL;
    if (!rest || (*rest && !read_time(rest, &m)))
        *why = "is not a date (YYYY-MM-DD)";
    else if (m.year < FIRST_YEAR || !day_exists(&m))
        *why = "is a day that does not exist";
    else if (m.hour || m.minute || m.second || m.ms)
        *why = "has a time of day";
    return *why ? NULL : ds_arena_dup_bytes(a, text, (size_t)(rest - text));
}

int64_t ds_date_days(const char *date)
{
    struct moment m = {0};

    read_day(date, &m);
    return days_of(m.year, m.month, m.day);
}

bool ds_instant(const char *text, int64_t *ms)
{
    struct moment m = {0};
    const char *rest = read_day(text, &m);

    if (!rest || !read_time(rest, &m) || !day_exists(&m))
        return false;
    *ms = moment_ms(&m);
    return true;
}

/* The place, from 1, of a three-letter name in a row of them; 0: it is none. */
static int name_place(const char *p, const char *names)
{
    for (int i = 0; names[3 * i]; i++)
        if (strncmp(p, names + 3 * i, 3) == 0)
            return i + 1;
    return 0;
}

bool ds_instant_http(const char *text, int64_t *ms)
{
    struct moment m = {0};
    const char *p = text;

    if (!name_place(p, weekdays))
        return false;
    p = literal(literal(p + 3, ','), ' ');
    p = literal(number(p, 2, &m.day), ' ');
    if (!p)
        return false;
    m.month = name_place(p, months);
    if (!m.month)
        return false;
    p = literal(number(literal(p + 3, ' '), 4, &m.year), ' ');
    p = read_clock(p, &m);
    if (!p || strcmp(p, " GMT") != 0 || !day_exists(&m) || !time_exists(&m))
        return false;
    *ms = moment_ms(&m);
    return true;
}

const char *ds_instant_text(int64_t ms, char out[DS_INSTANT_TEXT])
{
    struct moment m;
    char fraction[8] = "";

    ms_moment(ms, &m);
    if (m.ms)
        snprintf(fraction, sizeof(fraction), ".%03d", m.ms);
    snprintf(out, DS_INSTANT_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", m.year, m.month, m.day,
             m.hour, m.minute, m.second, fraction);
    return out;
}

const char *ds_instant_people(int64_t ms, char out[DS_INSTANT_TEXT])
{
    struct moment m;

    ms_moment(ms, &m);
    snprintf(out, DS_INSTANT_TEXT, "%04d-%02d-%02d %02d:%02d UTC", m.year, m.month, m.day, m.hour,
             m.minute);
    return out;
}

static int64_t clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t ds_now(void)
{
    const char *replaced = secure_getenv("DEALSYNC_NOW");
    int64_t ms;

    return replaced && ds_instant(replaced, &ms) ? ms : clock_ms(CLOCK_REALTIME);
}

int64_t ds_ticks(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}
