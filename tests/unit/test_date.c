/* Days and instants: nothing shifts by a day, a zone or a leap year (SF-70, DV-60). */
#include "base/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY_MS       INT64_C(86400000)

#define NONE    "is not a date (YYYY-MM-DD)"
#define MISSING "is a day that does not exist"
#define TIME    "has a time of day"

static struct ds_arena arena;

static void same(const char *input, const char *got, const char *want)
{
    if (!got || !want ? got != want : strcmp(got, want) != 0)
        fail_msg("\"%s\": got \"%s\", want \"%s\"", input, got ? got : "NULL",
                 want ? want : "NULL");
}

static void each_date_of_the_table(void **state)
{
    static const struct {
        const char *text, *date, *why;
    } table[] = {
        {"2026-09-30", "2026-09-30", NULL},
        {"2026-09-30T00:00:00Z", "2026-09-30", NULL},
        {"2026-09-30T00:00:00.000+0000", "2026-09-30", NULL},
        {"2026-09-30T00:00:00+00:00", "2026-09-30", NULL},
        {"2024-02-29", "2024-02-29", NULL},
        {"2000-02-29", "2000-02-29", NULL},
        {"9999-12-31", "9999-12-31", NULL},
        {"1753-01-01", "1753-01-01", NULL},
        {"1752-12-31", NULL, MISSING},
        {"0000-01-01", NULL, MISSING},
        {"2026-02-29", NULL, MISSING},
        {"1900-02-29", NULL, MISSING},
        {"2026-02-31", NULL, MISSING},
        {"2026-04-31", NULL, MISSING},
        {"2026-00-10", NULL, MISSING},
        {"2026-13-01", NULL, MISSING},
        {"2026-01-00", NULL, MISSING},
        {"2026-09-30T00:00:01Z", NULL, TIME},
        {"2026-09-30T22:00:00Z", NULL, TIME},
        {"2026-09-30T00:00:00.001Z", NULL, TIME},
        {"2026-09-30T00:00:00+02:00", NULL, NONE},
        {"2026-09-30T00:00:00", NULL, NONE},
        {"2026-09-30T24:00:00Z", NULL, NONE},
        {"2026-09-30 ", NULL, NONE},
        {" 2026-09-30", NULL, NONE},
        {"2026-9-30", NULL, NONE},
        {"30.09.2026", NULL, NONE},
        {"09/30/2026", NULL, NONE},
        {"2026-09-3", NULL, NONE},
        {"20260930", NULL, NONE},
        {"-026-09-30", NULL, NONE},
        {"", NULL, NONE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *why = "untouched";

        same(table[i].text, ds_date(&arena, table[i].text, &why), table[i].date);
        same(table[i].text, why, table[i].why);
    }
}

/* Counting days one by one, by a rule that uses no arithmetic of the tested code. */
static void every_day_from_1753_to_2400(void **state)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = -79257; /* 1753-01-01 */

    (void)state;
    for (int year = 1753; year <= 2400; year++) {
        bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);

        for (int month = 1; month <= 12; month++) {
            int last = month_days[month - 1] + (month == 2 && leap);

            for (int day = 1; day <= last; day++, days++) {
                char date[32], instant[DS_INSTANT_TEXT];
                const char *why;

                snprintf(date, sizeof(date), "%04d-%02d-%02d", year, month, day);
                same(date, ds_date(&arena, date, &why), date);
                assert_int_equal(ds_date_days(date), days);
                ds_instant_text(days * DAY_MS, instant);
                assert_memory_equal(instant, date, 10);
                ds_instant_text(days * DAY_MS + DAY_MS - 1, instant);
                assert_memory_equal(instant, date, 10);
            }
            ds_arena_reset(&arena);
        }
    }
    assert_int_equal(ds_date_days("1970-01-01"), 0);
}

static void each_instant_of_the_table(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } table[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-08-01T10:11:12Z", 1785579072000},
        {"2026-08-01T10:11:12.000+0000", 1785579072000},
        {"2026-08-01T10:11:12+00:00", 1785579072000},
        {"2026-08-01T10:11:12.123Z", 1785579072123},
        {"2026-08-01T10:11:12.1Z", 1785579072100},
        {"2026-08-01T10:11:12.1239999Z", 1785579072123},
        {"2026-08-01T10:11:12", -1},
        {"2026-08-01T10:11:12.Z", -1},
        {"2026-08-01T10:11:12+0100", -1},
        {"2026-08-01T10:11:60Z", -1},
        {"2026-08-01T10:60:12Z", -1},
        {"2026-08-01T24:00:00Z", -1},
        {"2026-02-30T10:11:12Z", -1},
        {"2026-08-01 10:11:12Z", -1},
        {"2026-08-01T10:11:12Zx", -1},
        {"2026-08-01", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        int64_t ms = -1;

        assert_int_equal(ds_instant(table[i].text, &ms), table[i].ms >= 0);
        assert_int_equal(ms, table[i].ms);
    }
}

static void each_http_date_of_the_table(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } table[] = {
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Sat, 01 Aug 2026 10:11:12 GMT", 1785579072000},
        {"Sat, 01 Aug 2026 10:11:12 UTC", -1},
        {"Sat, 01 Aug 2026 10:11:12", -1},
        {"Sat, 1 Aug 2026 10:11:12 GMT", -1},
        {"Sat, 31 Apr 2026 10:11:12 GMT", -1},
        {"Sat, 01 Foo 2026 10:11:12 GMT", -1},
        {"Foo, 01 Aug 2026 10:11:12 GMT", -1},
        {"Sat, 01 Aug 2026 25:11:12 GMT", -1},
        {"Saturday, 01-Aug-26 10:11:12 GMT", -1},
        {"Sa", -1},
        {"Sat, 01 A", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        int64_t ms = -1;

        assert_int_equal(ds_instant_http(table[i].text, &ms), table[i].ms >= 0);
        assert_int_equal(ms, table[i].ms);
    }
}

static void instants_are_written_and_read_back(void **state)
{
    char text[DS_INSTANT_TEXT];

    (void)state;
    same("seconds", ds_instant_text(1785579072000, text), "2026-08-01T10:11:12Z");
    same("milliseconds", ds_instant_text(1785579072007, text), "2026-08-01T10:11:12.007Z");
    same("before 1970", ds_instant_text(-1, text), "1969-12-31T23:59:59.999Z");
    same("too late", ds_instant_text(INT64_MAX, text), "9999-12-31T23:59:59.999Z");
    same("too early", ds_instant_text(INT64_MIN, text), "0000-01-01T00:00:00Z");
    same("people", ds_instant_people(1785579072007, text), "2026-08-01 10:11 UTC");
    srandom(4);
    for (int i = 0; i < 200000; i++) {
        int64_t ms = ((int64_t)random() << 16 ^ random()) % (DAY_MS * 365 * 400) - DAY_MS * 50000;
        int64_t back = 0;

        assert_true(ds_instant(ds_instant_text(ms, text), &back));
        assert_int_equal(back, ms);
    }
}

static void a_test_can_set_the_clock(void **state)
{
    int64_t now;

    (void)state;
    setenv("DEALSYNC_NOW", "2026-08-01T10:11:12Z", 1);
    assert_int_equal(ds_now(), 1785579072000);
    unsetenv("DEALSYNC_NOW");
    now = ds_now();
    assert_true(now > 1500000000000);
    assert_true(ds_now() - now < DAY_MS);
    now = ds_ticks();
    assert_true(ds_ticks() >= now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_date_of_the_table),
        cmocka_unit_test(every_day_from_1753_to_2400),
        cmocka_unit_test(each_instant_of_the_table),
        cmocka_unit_test(each_http_date_of_the_table),
        cmocka_unit_test(instants_are_written_and_read_back),
        cmocka_unit_test(a_test_can_set_the_clock),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    ds_arena_clear(&arena);
    return failed;
}
