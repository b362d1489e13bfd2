/* Reading from Dynamics 365, the parts that need no environment: ranges, cursors, links. */
#include "base/date.h"
#include "connectors/dynamics/crew.h"
#include "connectors/dynamics/range.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define DAY      INT64_C(86400000)

/* --- ranges ---------------------------------------------------------------------------------- */

/* A world of records, read by lanes that share ranges; every record must be handed over, and none
 * twice unless it stands on a border. */
struct world {
    const int64_t *stamps; /* ascending */
    size_t count;
    unsigned char *seen;
    size_t requests;
};

static size_t first_at(const struct world *w, int64_t ms)
{
    size_t i = 0;

    while (i < w->count && w->stamps[i] < ms)
        i++;
    return i;
}

/* Hands over the next page of a range; false when that was its last one. */
static bool page(struct world *w, struct ds_dynamics_range *range, size_t *next, size_t size)
{
    w->requests++;
    ds_dynamics_range_page(range);
    for (size_t n = 0; n < size; n++, (*next)++) {
        if (*next == w->count || w->stamps[*next] >= range->end_ms)
            return false;
        w->seen[*next]++;
        ds_dynamics_range_pass(range, w->stamps[*next]);
    }
    return true;
}

/* Tells how many pages it took with all lanes at work: the time, in pages. */
static size_t read_all(struct world *w, struct ds_dynamics_ranges *r, int lanes, size_t size)
{
    size_t next[16] = {0}, pages = 0;

    while (r->count > 0) {
        for (int lane = 0; lane < lanes; lane++) {
            struct ds_dynamics_range *range;
            size_t idle = 0;

            for (int other = 0; other < lanes; other++)
                idle += ds_dynamics_ranges_of(r, other) == NULL;
            if (ds_dynamics_ranges_of(r, lane))
                continue;
            range = ds_dynamics_ranges_take(r, idle, size);
            if (!range)
                continue;
            range->lane = lane;
            next[lane] = first_at(w, range->from_ms);
        }
        for (int lane = 0; lane < lanes; lane++) {
            struct ds_dynamics_range *range = ds_dynamics_ranges_of(r, lane);

            if (range && !page(w, range, &next[lane], size))
                ds_dynamics_ranges_drop(r, range);
        }
        assert_in_range(++pages, 1, 10000);
    }
    return pages;
}

enum spread { EVEN, LAST_DAY, ONE_SECOND, GROWING };

static void make_stamps(int64_t *stamps, size_t count, enum spread spread, int64_t now)
{
    for (size_t i = 0; i < count; i++) {
        double part = (double)i / (double)count;

        switch (spread) {
        case EVEN: stamps[i] = now - 900 * DAY + (int64_t)(part * 900 * (double)DAY); break;
        case LAST_DAY:
            stamps[i] = i == 0 ? now - 900 * DAY : now - DAY + (int64_t)(part * (double)DAY);
            break;
        case ONE_SECOND: stamps[i] = now - 900 * DAY; break;
        case GROWING:
            stamps[i] = now - (int64_t)((1 - part) * (1 - part) * 900 * (double)DAY);
            break;
        }
        stamps[i] -= stamps[i] % 1000;
    }
}

static void lanes_share_whatever_the_spread(void **state)
{
    static const struct {
        enum spread spread;
        size_t most; /* times the pages of a perfect split, in tenths */
    } cases[] = {{EVEN, 12}, {LAST_DAY, 12}, {ONE_SECOND, 90}, {GROWING, 12}};
    static int64_t stamps[60000];
    static unsigned char seen[COUNT(stamps)];
    int64_t now = INT64_C(1790000000000);

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct world w = {stamps, COUNT(stamps), seen, 0};
        struct ds_dynamics_ranges r;
        size_t pages, perfect = COUNT(stamps) / 200 / 8;

        make_stamps(stamps, COUNT(stamps), cases[c].spread, now);
        memset(seen, 0, sizeof(seen));
        ds_dynamics_ranges_start(&r, 0, now);
        pages = read_all(&w, &r, 8, 200);
        for (size_t i = 0; i < w.count; i++)
            assert_int_equal(seen[i], 1);
        assert_true(pages * 10 <= perfect * cases[c].most);
    }
}

/* Where the records lie is known: every lane is at work from the start, and few pages are short. */
static void shares_from_the_start_need_no_sharing_out(void **state)
{
    static const struct {
        enum spread spread;
        size_t most;     /* times the pages of a perfect split, in hundredths */
        size_t requests; /* beyond those of full pages */
    } cases[] = {{EVEN, 106, 6}, {LAST_DAY, 112, 16}, {GROWING, 112, 14}};
    static int64_t stamps[60000];
    static unsigned char seen[COUNT(stamps)];
    int64_t now = INT64_C(1790000000000);

    (void)state;
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct world w = {stamps, COUNT(stamps), seen, 0};
        struct ds_dynamics_ranges r;
        size_t pages, perfect = COUNT(stamps) / 200 / 8;

        make_stamps(stamps, COUNT(stamps), cases[c].spread, now);
        memset(seen, 0, sizeof(seen));
        ds_dynamics_ranges_start(&r, 0, now + 500 * DAY);
        ds_dynamics_ranges_share(&r, stamps[0], stamps[w.count - 1], 8);
        assert_int_equal(r.count, 8);
        assert_int_equal(r.range[0].from_ms, 0);
        assert_true(r.range[7].end_ms == DS_DYNAMICS_OPEN);
        pages = read_all(&w, &r, 8, 200);
        for (size_t i = 0; i < w.count; i++)
            assert_int_equal(seen[i], 1);
        assert_true(pages * 100 <= perfect * cases[c].most);
        assert_true(w.requests <= COUNT(stamps) / 200 + cases[c].requests);
    }
}

static void what_cannot_be_shared_stays_one_range(void **state)
{
    static const struct {
        int64_t oldest, newest;
        size_t shares;
    } cases[] = {{0, 0, 8},        {5000, 5000, 8}, {9000, 5000, 8}, {0, 90000, 8},
                 {5000, 90000, 1}, {5000, 7000, 8}, {5000, 90000, 0}};
    struct ds_dynamics_ranges r;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        ds_dynamics_ranges_start(&r, 0, 100000);
        ds_dynamics_ranges_share(&r, cases[i].oldest, cases[i].newest, cases[i].shares);
        assert_int_equal(r.count, 1);
        assert_true(r.range[0].end_ms == DS_DYNAMICS_OPEN);
    }
}

/* Whenever a reader stops, another one that starts with the text of the ranges misses nothing. */
static void ranges_go_on_from_their_text(void **state)
{
    static int64_t stamps[4000];
    static unsigned char seen[COUNT(stamps)];
    int64_t now = INT64_C(1790000000000);
    struct world w = {stamps, COUNT(stamps), seen, 0};

    (void)state;
    make_stamps(stamps, COUNT(stamps), GROWING, now);
    for (size_t stop = 1; stop < 40; stop++) {
        struct ds_buf text = DS_BUF_INIT(DS_MAX_TEXT);
        struct ds_dynamics_ranges r, again = {.now_ms = now};
        size_t next[8] = {0}, steps = 0;

        memset(seen, 0, sizeof(seen));
        ds_dynamics_ranges_start(&r, 0, now);
        for (int lane = 0; steps < stop && r.count > 0; lane = (lane + 1) % 8, steps++) {
            struct ds_dynamics_range *range = ds_dynamics_ranges_of(&r, lane);

            if (!range && (range = ds_dynamics_ranges_take(&r, 3, 50))) {
                range->lane = lane;
                next[lane] = first_at(&w, range->from_ms);
            }
            if (range && !page(&w, range, &next[lane], 100))
                ds_dynamics_ranges_drop(&r, range);
        }
        ds_dynamics_ranges_text(&text, &r);
        if (r.count > 0) {
            assert_true(ds_dynamics_ranges_read(&again, text.text, text.len));
            read_all(&w, &again, 4, 100);
        }
        for (size_t i = 0; i < w.count; i++)
            assert_true(seen[i] > 0);
        ds_buf_clear(&text);
    }
}

static void texts_that_are_no_ranges_are_refused(void **state)
{
    static const char *const good[] = {"-/-", "2024-01-01T06:00:00Z/-",
                                       "-/2024-01-01T06:00:00Z,2024-01-01T06:00:00Z/-"};
    static const char *const bad[] = {"",
                                      "-",
                                      "-/",
                                      "/-",
                                      "-/-,",
                                      "yesterday/-",
                                      "2024-01-01T06:00:00Z",
                                      "2024-01-02T06:00:00Z/2024-01-01T06:00:00Z",
                                      "2024-01-01T06:00:00Z/2024-01-01T06:00:00Z",
                                      "-/-/-"};
    struct ds_dynamics_ranges r;

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        struct ds_buf text = DS_BUF_INIT(DS_MAX_TEXT);

        assert_true(ds_dynamics_ranges_read(&r, good[i], strlen(good[i])));
        ds_dynamics_ranges_text(&text, &r);
        assert_string_equal(text.text, good[i]);
        ds_buf_clear(&text);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(ds_dynamics_ranges_read(&r, bad[i], strlen(bad[i])));
}

/* --- lanes ----------------------------------------------------------------------------------- */

static void lanes_follow_what_the_environment_tells(void **state)
{
    static const struct {
        long hint, most, requests, seconds; /* -1: not told */
        size_t lanes;
    } cases[] = {
        {-1, 8, -1, -1, 4},   {0, 8, -1, -1, 4},      {16, 8, -1, -1, 8}, {6, 8, 7999, 1200, 6},
        {6, 8, 100, 60, 6},   {6, 8, 99, 1200, 1},    {6, 8, 0, -1, 1},   {6, 8, 7999, 59, 1},
        {16, 1, 7999, 60, 1}, {-1, 2, 7999, 1200, 2},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct ds_remote remote = {.parallelism = cases[i].hint,
                                         .most_lanes = cases[i].most,
                                         .requests_left = cases[i].requests,
                                         .seconds_left = cases[i].seconds};

        assert_int_equal(ds_dynamics_lanes(&remote), cases[i].lanes);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(lanes_follow_what_the_environment_tells),
        cmocka_unit_test(lanes_share_whatever_the_spread),
        cmocka_unit_test(shares_from_the_start_need_no_sharing_out),
        cmocka_unit_test(what_cannot_be_shared_stays_one_range),
        cmocka_unit_test(ranges_go_on_from_their_text),
        cmocka_unit_test(texts_that_are_no_ranges_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
