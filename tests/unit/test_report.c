/*
 * Reports: one made-up run with one of everything, hostile names included (P-10), in every format,
 * against tests/golden/. GOLDEN=write rewrites the files; the difference is the review.
 */
#include "engine/report/people.h"
#include "engine/report/report.h"
#include "engine/report/table.h"
#include "engine/report/tally.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define T_2026_08_24 INT64_C(1787562720000) /* 2026-08-24T09:12:00Z */

/* --- golden files ---------------------------------------------------------------------------- */

static char *read_golden(const char *path)
{
    char *text = calloc(1, 1u << 20);
    FILE *f = fopen(path, "r");

    assert_non_null(text);
    if (f) {
        size_t n = fread(text, 1, (1u << 20) - 1, f);

        text[n] = '\0';
        fclose(f);
    }
    return text;
}

static void compare(const char *name, const char *got)
{
    const char *mode = getenv("GOLDEN");
    char path[128], *want;

    snprintf(path, sizeof(path), "tests/golden/%s", name);
    if (mode && strcmp(mode, "write") == 0) {
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        fputs(got, f);
        fclose(f);
    }
    want = read_golden(path);
    if (strcmp(got, want) != 0)
        fail_msg("%s differs; got\n%s\nwant\n%s", path, got, want);
    free(want);
}

/* --- the run --------------------------------------------------------------------------------- */

#define REFUSED 2

static struct ds_theirs theirs[13];
static struct ds_item items[13];

static struct ds_item *add(size_t i, const char *record, enum ds_outcome outcome, int number,
                           int64_t deal, const char *name)
{
    theirs[i] = (struct ds_theirs){.id = record};
    items[i] = (struct ds_item){.outcome = outcome,
                                .case_number = number,
                                .why = ds_merge_case(number)->why,
                                .theirs = &theirs[i],
                                .name = name,
                                .deal = deal};
    return &items[i];
}

static void change(struct ds_item *item, enum ds_field f, int number, int rule, const char *base,
                   const char *ours, const char *new)
{
    const struct ds_ruling *ruling = ds_merge_case(number);

    item->change[item->changes++] =
        (struct ds_change){f, number, rule, ruling->move, base, ours, new, NULL, ruling->why};
}

static void reject(size_t i, enum ds_field f, int rule, const char *text)
{
    theirs[i].mapped.problem[theirs[i].mapped.problems++] = (struct ds_problem){f, rule, text};
}

static void join(struct ds_item *item, enum ds_field f, const char *ours, const char *new,
                 const char *joined)
{
    change(item, f, DS_M_JOIN, 0, NULL, ours, new);
    item->change[item->changes - 1].joined = joined;
    if (strcmp(joined, ours) != 0)
        ds_deal_set(&item->write, f, joined);
    if (strcmp(joined, new) != 0)
        ds_deal_set(&item->push, f, joined);
}

static void make_items_of_both_ways(void)
{
    struct ds_item *item = add(8, "006E1", DS_UPDATED, DS_M_MERGE, 4420, "Litware upgrade");

    change(item, DS_VALUE, 2, 0, "10000", "10000", "12000");
    change(item, DS_CLOSE_DATE, DS_M_SEND, 0, "2026-10-01", "2026-10-15", "2026-10-01");
    ds_deal_set(&item->push, DS_CLOSE_DATE, "2026-10-15");
    join(item, DS_NOTES, "one two", "one three", "one two three");
    join(item, DS_SOLUTIONS, "[\"A\",\"B\"]", "[\"A\"]", "[\"A\",\"B\"]");
    item->assigns = 3;
    item = add(9, "006F1", DS_CONFLICT, DS_M_MATCH, 31, "Wingtip");
    item->why = "name, customer and value are those of deal 31 (R-40)";
    add(10, "006G1", DS_IGNORED, DS_M_OUT_OF_SIGHT, 44, "Proseware");
    item = add(11, NULL, DS_UPDATED, DS_M_CREATE_THERE, 45, "Fourth Coffee");
    ds_deal_set(&item->push, DS_NAME, item->name);
    ds_deal_set(&item->push, DS_STAGE, "20");
    change(item, DS_NAME, DS_M_CREATE_THERE, 0, NULL, item->name, NULL);
    change(item, DS_STAGE, DS_M_CREATE_THERE, 0, NULL, "20", NULL);
    item->assigns = 2;
    item = add(12, "006H1", DS_IGNORED, DS_M_UNDO, 46, "Lucerne");
    change(item, DS_VALUE, DS_M_SET, 0, "1", "3", "1");
    item->change[0].move = DS_MOVE_NONE;
    item->change[0].why = "has been changed since, and stays";
}

static void make_items(void)
{
    struct ds_item *item;

    item = add(0, "006A1", DS_UPDATED, DS_M_MERGE, 4402, "Contoso renewal");
    theirs[0].mapped.stage_name = "Negotiation";
    change(item, DS_STAGE, 2, 0, "40", "40", "60");
    change(item, DS_CLOSE_DATE, 2, 0, "2026-09-30", "2026-09-30", "2026-10-15");
    change(item, DS_NOTES, 3, 0, "one", "two\nlines", "one");
    change(item, DS_TEAM, 2, 0, NULL, NULL,
           "[{\"email\":\"ann@example.com\",\"name\":\"Ann\",\"phone\":\"1\"}]");
    item = add(1, "006A2", DS_CONFLICT, DS_M_MERGE, 4410, "Fabrikam pilot");
    change(item, DS_VALUE, 5, 0, "10000", "11500", "12000");
    change(item, DS_LOCATION, DS_M_FORBIDDEN, 32, "1", "1", NULL);
    item->warning = "open past its close date 2026-01-31 (R-34)";
    item = add(2, "006A3", DS_HELD, DS_M_MERGE, 4417, "Adatum rollout");
    change(item, DS_STATUS, DS_M_WAIT, 78, "accepted", "accepted", "won");
    item->until_ms = T_2026_08_24;
    item->hold_rule = 78;
    item = add(3, "006A9", DS_CREATED, DS_M_CREATE, 0, "=cmd|'/c calc'!A1");
    ds_deal_set(&item->write, DS_NAME, item->name);
    ds_deal_set(&item->write, DS_STATUS, "accepted");
    ds_deal_set(&item->write, DS_STAGE, "10");
    ds_deal_set(&item->write, DS_VALUE, "-1000.5");
    ds_deal_set(&item->write, DS_CURRENCY, "USD");
    ds_deal_set(&item->write, DS_CUSTOMER_NAME, "\x1b]0;owned\a \xe2\x80\xaegpj.exe \xe6\xa0\xaa");
    add(4, "006B2", DS_REJECTED, DS_M_REJECT, 0, "<script>alert(1)</script>\ttab\r\n");
    theirs[4].where = "row 12, line 14";
    reject(4, DS_CLOSE_DATE, 34, "close date is missing: a deal must have it");
    reject(4, DS_CUSTOMER_COUNTRY, 0, "Country 'Kenia' has no line in [values customer_country]");
    add(5, NULL, DS_REJECTED, DS_M_REJECT, 0, NULL);
    reject(5, DS_FIELDS, 0, "has no id");
    reject(5, DS_CUSTOMER_COUNTRY, 0, "Country 'Iran' has no line in [values customer_country]");
    add(6, "006C1", DS_IGNORED, DS_M_DELETED, 12, "Northwind");
    item = add(7, "006D1", DS_UNCHANGED, DS_M_MERGE, 7, "Tailspin");
    theirs[7].mapped.unmapped_stage = "Pondering";
    item->warning = "stage 'Pondering' has no line in the mapping";
    make_items_of_both_ways();
}

static struct ds_result make_result(void)
{
    struct ds_result r = {.run = {.fetched = 412}, .planned = 7, .warnings = 2};

    r.run.outcome[DS_CREATED] = 1;
    r.run.outcome[DS_UPDATED] = 1;
    r.run.outcome[DS_HELD] = 1;
    r.run.outcome[DS_CONFLICT] = 1;
    r.run.outcome[DS_REJECTED] = 2;
    r.run.outcome[DS_IGNORED] = 1;
    r.run.outcome[DS_UNCHANGED] = 405;
    snprintf(r.organisation, sizeof(r.organisation), "00D000000000001EAA");
    return r;
}

static char *render(const struct ds_look *look, const struct ds_result *result,
                    const struct ds_err *failure)
{
    const struct ds_report_head head = {"acme", "diff", "sync", "acme: dry run, all records"};
    struct ds_report *report = NULL;
    struct ds_err err = {0};
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    assert_non_null(f);
    make_items();
    assert_int_equal(ds_report_open(f, look, &head, &report, &err), DS_OK);
    ds_report_notice(report, "the mapping has changed \"since\" run 12");
    for (size_t i = 0; i < COUNT(items); i++)
        assert_int_equal(ds_report_item(report, &items[i], &err), DS_OK);
    assert_int_equal(ds_report_refused(report, "record 006I1", "=1+1\x1b",
                                       "the record has changed in the CRM since", &err),
                     DS_OK);
    assert_int_equal(ds_report_refused(report, "deal 47", NULL, "it cannot be seen any more", &err),
                     DS_OK);
    assert_int_equal(ds_report_close(report, result, failure, &err), DS_OK);
    assert_int_equal(fclose(f), 0);
    return text;
}

static const struct ds_err no_failure;

static void check(const char *name, const struct ds_look *look, const struct ds_result *result,
                  const struct ds_err *failure)
{
    char *text = render(look, result, failure);

    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 && *p != '\n' && !look->color)
            fail_msg("%s: control character %d\n%s", name, *p, text);
    compare(name, text);
    free(text);
}

static void text_in_groups(void **state)
{
    const struct ds_look look = {.format = DS_TEXT, .limit = 1};
    const struct ds_result result = make_result();

    (void)state;
    check("groups.txt", &look, &result, &no_failure);
}

static void text_of_everything_in_colour(void **state)
{
    const struct ds_look look = {
        .format = DS_TEXT, .limit = 20, .all = true, .verbose = true, .color = true};
    struct ds_result result = make_result();

    (void)state;
    result.run.id = 13;
    result.released = 1234;
    result.run.pushed = 2;
    result.unsent = 1;
    result.refused = REFUSED;
    result.vanished = 1;
    snprintf(result.cost, sizeof(result.cost), "12 requests");
    check("all.txt", &look, &result, &no_failure);
}

static void text_of_a_run_that_was_stopped(void **state)
{
    const struct ds_look look = {.format = DS_TEXT, .limit = 0};
    struct ds_result result = make_result();
    struct ds_err failure = {0};

    (void)state;
    ds_fail(&failure, DS_E_REMOTE, "login refused for 'x\x1b[2J'");
    snprintf(result.guard, sizeof(result.guard),
             "this run would change 500 of 1000 deals (limit: 100 and 10 %%)");
    check("stopped.txt", &look, &result, &failure);
}

static void text_of_the_sum(void **state)
{
    const struct ds_look look = {.format = DS_TEXT, .sum_only = true};
    struct ds_result result = make_result();
    char *text = render(&look, &result, &no_failure);
    struct ds_err failure = {.status = DS_E_AUTH};

    (void)state;
    assert_string_equal(text, "acme: 412 fetched: 1 created, 1 updated, 1 held, 1 conflict, "
                              "2 rejected, 1 ignored, 405 unchanged\n"
                              "acme: stage \"Pondering\" has no line in the mapping: 1 record "
                              "(R-72)\n");
    free(text);
    result.run.fetched = 0;
    text = render(&look, &result, &failure);
    assert_string_equal(text, "");
    free(text);
}

static void json_is_one_document(void **state)
{
    const struct ds_look look = {.format = DS_JSON};
    struct ds_result result = make_result();
    struct ds_err failure = {0};
    json_t *document;
    char *text;

    (void)state;
    ds_fail(&failure, DS_E_GUARD, "too \"many\"");
    ds_hint(&failure, "read the plan");
    check("report.json", &look, &result, &failure);
    text = render(&look, &result, &failure);
    document = json_loads(text, 0, NULL);
    assert_non_null(document);
    assert_int_equal(json_array_size(json_object_get(document, "items")), COUNT(items) + REFUSED);
    assert_string_equal(json_string_value(json_object_get(
                            json_array_get(json_object_get(document, "items"), 4), "name")),
                        "<script>alert(1)</script>\ttab\r\n");
    json_decref(document);
    free(text);
}

static void csv_has_a_row_for_each_change(void **state)
{
    const struct ds_look look = {.format = DS_CSV};
    struct ds_result result = make_result();
    struct ds_err failure = {0};

    (void)state;
    ds_fail(&failure, DS_E_GUARD, "too, many");
    check("report.csv", &look, &result, &failure);
}

/* --- lists ----------------------------------------------------------------------------------- */

static const struct ds_column columns[] = {
    {"name", "name", DS_COL_TEXT},        {"value", "value", DS_COL_VALUE},
    {"records", "records", DS_COL_COUNT}, {"deal", "deal", DS_COL_ID},
    {"at", "at", DS_COL_INSTANT},         {"age_seconds", "age", DS_COL_AGE},
    {"hidden", NULL, DS_COL_TEXT},
};

static void each_format_of_a_list(void **state)
{
    static const char *const names[DS_FORMATS] = {"table.txt", "table.json", "table.csv"};
    static const struct ds_cell rows[][COUNT(columns)] = {
        {{"plain", 0},
         {"40", DS_STAGE},
         {NULL, 1234567},
         {NULL, 12},
         {NULL, T_2026_08_24},
         {NULL, 7200000},
         {"for programs", 0}},
        {{"\xe6\xa0\xaa\xe5\xbc\x8f, \"wide\"", 0},
         {NULL, DS_NAME},
         {NULL, -1},
         {NULL, 0},
         {NULL, 0},
         {NULL, -1},
         {NULL, 0}},
        {{"=1+1\n\x1b", 0},
         {"+x", DS_NAME},
         {NULL, 0},
         {NULL, 1234567},
         {NULL, 1},
         {NULL, 900000000},
         {NULL, 0}},
        {{"no value at all", 0},
         {NULL, DS_FIELDS},
         {NULL, 0},
         {NULL, 0},
         {NULL, 0},
         {NULL, -1},
         {NULL, 0}},
    };

    (void)state;
    for (enum ds_format format = 0; format < DS_FORMATS; format++) {
        struct ds_table *table = NULL;
        struct ds_err err = {0};
        char *text = NULL;
        size_t len = 0;
        FILE *f = open_memstream(&text, &len);

        assert_int_equal(ds_table_open(f, format, "rows", columns, COUNT(columns), &table, &err),
                         DS_OK);
        for (size_t i = 0; i < COUNT(rows); i++)
            assert_int_equal(ds_table_row(table, rows[i], &err), DS_OK);
        assert_int_equal(ds_table_close(table, "none", &err), DS_OK);
        fclose(f);
        compare(names[format], text);
        free(text);
    }
}

static void an_empty_list(void **state)
{
    static const char *const want[DS_FORMATS] = {"nothing\n", "{\"format\":1,\"rows\":[]}\n",
                                                 "name,value,records,deal,at,age_seconds,hidden\n"};

    (void)state;
    for (enum ds_format format = 0; format < DS_FORMATS; format++) {
        struct ds_table *table = NULL;
        struct ds_err err = {0};
        char *text = NULL;
        size_t len = 0;
        FILE *f = open_memstream(&text, &len);

        assert_int_equal(ds_table_open(f, format, "rows", columns, COUNT(columns), &table, &err),
                         DS_OK);
        assert_int_equal(ds_table_close(table, "nothing", &err), DS_OK);
        fclose(f);
        assert_string_equal(text, want[format]);
        free(text);
    }
}

/* More rows than decide the widths: all come out, in order, and memory does not hold them all. */
static void a_long_list_streams(void **state)
{
    static const struct ds_column one[] = {{"n", "n", DS_COL_ID}};
    struct ds_table *table = NULL;
    struct ds_err err = {0};
    char *text = NULL, want[32];
    size_t len = 0, lines = 0;
    FILE *f = open_memstream(&text, &len);

    (void)state;
    assert_int_equal(ds_table_open(f, DS_TEXT, "rows", one, 1, &table, &err), DS_OK);
    for (int64_t i = 1; i <= 1000; i++)
        assert_int_equal(ds_table_row(table, &(struct ds_cell){NULL, i}, &err), DS_OK);
    fflush(f);
    assert_true(len > 4000); /* most of it is out before the end is known */
    assert_int_equal(ds_table_close(table, "none", &err), DS_OK);
    fclose(f);
    for (char *p = text; *p; p += strlen(p) + 1, lines++) {
        p[strcspn(p, "\n")] = '\0';
        snprintf(want, sizeof(want), "%zu", lines);
        assert_string_equal(p + strspn(p, " "), lines ? want : "n");
    }
    assert_int_equal(lines, 1001);
    free(text);
}

/* --- small things ------------------------------------------------------------------------------ */

static void numbers_ages_and_texts(void **state)
{
    static const struct {
        uint64_t n;
        const char *want;
    } numbers[] = {{0, "0"},
                   {999, "999"},
                   {1000, "1,000"},
                   {12345, "12,345"},
                   {100000, "100,000"},
                   {1234567, "1,234,567"},
                   {UINT64_MAX, "18,446,744,073,709,551,615"}};
    static const struct {
        int64_t ms;
        const char *want;
    } ages[] = {{0, "0 min"},     {3600000, "60 min"}, {7199999, "119 min"},
                {7200000, "2 h"}, {172799999, "47 h"}, {172800000, "2 days"}};
    static const struct {
        const char *text;
        size_t columns;
        const char *want;
    } texts[] = {
        {"abcdef", 6, "abcdef"},
        {"abcdefg", 6, "abc..."},
        {"", 6, ""},
        {"\xe6\xa0\xaa\xe6\xa0\xaa\xe6\xa0\xaa", 6, "\xe6\xa0\xaa\xe6\xa0\xaa\xe6\xa0\xaa"},
        {"\xe6\xa0\xaa\xe6\xa0\xaa\xe6\xa0\xaa\xe6\xa0\xaa", 6, "\xe6\xa0\xaa..."},
        {"a\nb", 6, "a\\nb"}};
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);

    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++, ds_buf_reset(&out)) {
        ds_people_number(&out, numbers[i].n);
        assert_string_equal(out.text, numbers[i].want);
    }
    for (size_t i = 0; i < COUNT(ages); i++, ds_buf_reset(&out)) {
        ds_people_age(&out, ages[i].ms);
        assert_string_equal(out.text, ages[i].want);
    }
    for (size_t i = 0; i < COUNT(texts); i++, ds_buf_reset(&out)) {
        ds_people_text(&out, texts[i].text, texts[i].columns);
        assert_string_equal(out.text, texts[i].want);
    }
    ds_buf_clear(&out);
}

static void reasons_are_counted_without_their_values(void **state)
{
    struct ds_tally t = {0};
    char text[64];

    (void)state;
    ds_tally_add(&t, "x '1' on 2026-01-31 is bad", true);
    ds_tally_add(&t, "x '22' on 2027-01-31 is bad", true);
    ds_tally_add(&t, "it isn't", true);
    ds_tally_sort(&t);
    assert_int_equal(t.rows, 2);
    assert_string_equal(t.row[0].text, "x '...' on ... is bad");
    assert_int_equal(t.row[0].count, 2);
    assert_string_equal(t.row[1].text, "it isn't");
    for (int i = 0; i < 2 * DS_TALLY_SIZE; i++) {
        snprintf(text, sizeof(text), "reason number %d", i);
        ds_tally_add(&t, text, true);
    }
    assert_int_equal(t.rows, DS_TALLY_SIZE);
    assert_int_equal(t.others, DS_TALLY_SIZE + 2);
    ds_tally_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_in_groups),
        cmocka_unit_test(text_of_everything_in_colour),
        cmocka_unit_test(text_of_a_run_that_was_stopped),
        cmocka_unit_test(text_of_the_sum),
        cmocka_unit_test(json_is_one_document),
        cmocka_unit_test(csv_has_a_row_for_each_change),
        cmocka_unit_test(each_format_of_a_list),
        cmocka_unit_test(an_empty_list),
        cmocka_unit_test(a_long_list_streams),
        cmocka_unit_test(numbers_ages_and_texts),
        cmocka_unit_test(reasons_are_counted_without_their_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
