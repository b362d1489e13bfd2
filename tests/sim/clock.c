#include "tests/sim/clock.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static _Atomic int64_t ahead;

int64_t clock_now(void)
{
    return (int64_t)time(NULL) + ahead;
}

void clock_set(int64_t now)
{
    ahead = now - (int64_t)time(NULL);
}

void clock_advance(int64_t seconds)
{
    ahead += seconds;
}

int64_t civil_days(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct civil civil_from(int64_t seconds)
{
    int64_t rest = ((seconds % 86400) + 86400) % 86400;
    int64_t z = (seconds - rest) / 86400 + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);

    return (struct civil){
        .year = (int)(yoe + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(doy - (153 * mp + 2) / 5 + 1),
        .hour = (int)(rest / 3600),
        .minute = (int)(rest / 60 % 60),
        .second = (int)(rest % 60),
    };
}

/* Exactly n digits at *s, which moves behind them; -1 when there are not. */
static int digits(const char **s, int n)
{
    int value = 0;

    for (int i = 0; i < n; i++, (*s)++) {
        if (**s < '0' || **s > '9')
            return -1;
        value = value * 10 + (**s - '0');
    }
    return value;
}

static bool take(const char **s, char c)
{
    if (**s != c)
        return false;
    (*s)++;
    return true;
}

static bool date_at(const char **s, int64_t *days)
{
    static const int longest[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;
    struct civil back;

    if ((year = digits(s, 4)) < 0 || !take(s, '-') || (month = digits(s, 2)) < 1 || month > 12 ||
        !take(s, '-') || (day = digits(s, 2)) < 1 || day > longest[month - 1])
        return false;
    *days = civil_days(year, month, day);
    back = civil_from(*days * 86400);
    return back.day == day;
}

bool date_parse(const char *s, int64_t *days)
{
    return date_at(&s, days) && *s == '\0';
}

static bool zone_at(const char **s, int64_t *offset)
{
    int sign, hours, minutes;

    *offset = 0;
    if (take(s, 'Z'))
        return true;
    if (**s != '+' && **s != '-')
        return false;
    sign = *(*s)++ == '-' ? -1 : 1;
    if ((hours = digits(s, 2)) < 0)
        return false;
    take(s, ':');
    if ((minutes = digits(s, 2)) < 0 || hours > 14 || minutes > 59)
        return false;
    *offset = sign * (hours * 3600 + minutes * 60);
    return true;
}

bool time_parse(const char *s, int64_t *seconds)
{
    int64_t days, offset;
    int h, m, sec;

    if (!date_at(&s, &days) || !take(&s, 'T') || (h = digits(&s, 2)) < 0 || h > 23 ||
        !take(&s, ':') || (m = digits(&s, 2)) < 0 || m > 59 || !take(&s, ':') ||
        (sec = digits(&s, 2)) < 0 || sec > 59)
        return false;
    if (take(&s, '.'))
        s += strspn(s, "0123456789");
    if (!zone_at(&s, &offset) || *s)
        return false;
    *seconds = days * 86400 + h * 3600 + m * 60 + sec - offset;
    return true;
}

bool time_parse_http(const char *s, int64_t *seconds)
{
    struct tm t = {0};
    const char *end = strptime(s, "%a, %d %b %Y %H:%M:%S GMT", &t);

    if (!end || *end)
        return false;
    *seconds = civil_days(t.tm_year + 1900, t.tm_mon + 1, t.tm_mday) * 86400 + t.tm_hour * 3600 +
               t.tm_min * 60 + t.tm_sec;
    return true;
}

void time_http(int64_t seconds, char out[32])
{
    static const char days[] = "Thu\0Fri\0Sat\0Sun\0Mon\0Tue\0Wed";
    static const char months[] = "Jan\0Feb\0Mar\0Apr\0May\0Jun\0Jul\0Aug\0Sep\0Oct\0Nov\0Dec";
    struct civil c = civil_from(seconds);
    int64_t day = (seconds - (((seconds % 86400) + 86400) % 86400)) / 86400;

    snprintf(out, 32, "%s, %02d %s %04d %02d:%02d:%02d GMT", days + ((day % 7) + 7) % 7 * 4, c.day,
             months + (c.month - 1) * 4, c.year, c.hour, c.minute, c.second);
}
