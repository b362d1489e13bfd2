/* What the Salesforce connector asks for, and where it goes on: queries, cursors, places to resume at,
 * pieces of ranges, children. */
#include "base/date.h"
#include "base/json.h"
#include "connectors/salesforce/children.h"
#include "connectors/salesforce/cursor.h"
#include "connectors/salesforce/soql.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- queries --------------------------------------------------------------------------------- */

static int64_t instant(const char *text)
{
    int64_t ms;

    assert_true(ds_instant(text, &ms));
    return ms;
}

static void queries_say_what_they_should(void **state)
{
    static const char *const whose[] = {"", "User"};
    static const char *const parents[] = {"Account", "Account.Owner"};
    struct ds_sf_range range = {.lo_ms = instant("2026-08-01T09:00:00Z"),
                                .hi_ms = instant("2026-08-01T10:00:00Z"),
                                .after = "006D000000CpOSyIAN",
                                .until = "006D000000CpOSzIAN",
                                .where = "IsWon = true"};
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);

    (void)state;
    ds_sf_soql_bulk(&out, "Id", &range);
    assert_string_equal(out.text,
                        "SELECT Id FROM Opportunity WHERE SystemModstamp < 2026-08-01T10:00:00Z "
                        "AND SystemModstamp >= 2026-08-01T09:00:00Z AND (IsWon = true) AND Id > "
                        "'006D000000CpOSyIAN' AND Id <= '006D000000CpOSzIAN'");
    ds_buf_reset(&out);
    range.after = range.until = NULL;
    range.where = NULL;
    ds_sf_soql_count(&out, &range);
    assert_string_equal(out.text, "SELECT COUNT() FROM Opportunity WHERE SystemModstamp < "
                                  "2026-08-01T10:00:00Z AND SystemModstamp >= "
                                  "2026-08-01T09:00:00Z");
    ds_buf_reset(&out);
    ds_sf_soql_edge(&out, true, &range);
    assert_string_equal(out.text, "SELECT Id FROM Opportunity WHERE SystemModstamp < "
                                  "2026-08-01T10:00:00Z AND SystemModstamp >= "
                                  "2026-08-01T09:00:00Z ORDER BY Id DESC LIMIT 1");
    ds_buf_reset(&out);
    ds_sf_soql_parents(&out, "Id", parents, COUNT(parents), &range);
    assert_string_equal(
        out.text,
        "SELECT Id FROM Opportunity WHERE SystemModstamp < 2026-08-01T09:00:00Z AND "
        "((Account.SystemModstamp >= 2026-08-01T09:00:00Z AND Account.SystemModstamp < "
        "2026-08-01T10:00:00Z) OR (Account.Owner.SystemModstamp >= 2026-08-01T09:00:00Z AND "
        "Account.Owner.SystemModstamp < 2026-08-01T10:00:00Z)) ORDER BY Id");
    ds_buf_reset(&out);
    ds_sf_soql_changed(&out, "OpportunityId", "OpportunityTeamMember", whose, COUNT(whose),
                       range.lo_ms, range.hi_ms);
    assert_string_equal(out.text,
                        "SELECT OpportunityId FROM OpportunityTeamMember WHERE (SystemModstamp >= "
                        "2026-08-01T09:00:00Z AND SystemModstamp < 2026-08-01T10:00:00Z) OR "
                        "(User.SystemModstamp >= 2026-08-01T09:00:00Z AND User.SystemModstamp < "
                        "2026-08-01T10:00:00Z) ORDER BY OpportunityId");
    ds_buf_reset(&out);
    ds_sf_soql_currencies(&out, "Id", "'EUR','USD'", &range);
    assert_string_equal(out.text,
                        "SELECT Id FROM Opportunity WHERE SystemModstamp < 2026-08-01T09:00:00Z "
                        "AND CurrencyIsoCode IN ('EUR','USD') ORDER BY Id");
    ds_buf_reset(&out);
    ds_sf_soql_in(&out, "Id", "Opportunity", "Key__c");
    ds_sf_soql_item(&out, "a");
    ds_sf_soql_item(&out, "it's \\");
    assert_string_equal(out.text, "SELECT Id FROM Opportunity WHERE Key__c IN ('a','it\\'s \\\\'");
    ds_buf_clear(&out);
}

/* --- cursors --------------------------------------------------------------------------------- */

static const char *const cursors[] = {
    "2026-08-01T10:00:00Z",
    "2026-08-01T10:00:00Z|2026-08-01T10:04:00Z",
};

static const char *const no_cursors[] = {
    "",
    "|",
    "x",
    "2026-08-01",
    "2026-08-01T10:00:00Z|",
    "2026-08-01T10:00:00Z|x",
    "2026-08-01T10:00:00Z|2026-08-01T10:04:00Z|",
    "2026-08-01T10:00:00Z|2026-08-01T10:04:00Z ",
    "|2026-08-01T10:00:00Z",
    "2026-08-01T10:00:00Z||v67.0 750R0000000zlh9IAA 3 75000 MDowR2FI",
    "2026-08-01T10:00:00.000000000000000000000000000000000000Z",
};

static void cursors_are_read_strictly(void **state)
{
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_sf_cursor cursor;

    (void)state;
    for (size_t i = 0; i < COUNT(cursors); i++) {
        ds_buf_reset(&out);
        assert_true(ds_sf_cursor_read(cursors[i], &cursor));
        ds_sf_cursor_text(&cursor, &out);
        assert_string_equal(out.text, cursors[i]);
    }
    for (size_t i = 0; i < COUNT(no_cursors); i++)
        if (ds_sf_cursor_read(no_cursors[i], &cursor))
            fail_msg("'%s'", no_cursors[i]);
    ds_buf_clear(&out);
}

static const struct {
    const char *text;
    const char *again; /* NULL: the same */
} places[] = {
    {"2026-08-01T10:00:00Z||:", NULL},
    {"2026-08-01T10:00:00Z||", NULL},
    {"2026-08-01T10:00:00Z|2026-07-01T10:00:00Z|006D000000CpOSyIAN:", NULL},
    {"2026-08-01T10:00:00Z||006D000000CpOSyIAN:00Dxx0000001gPLEAY,00Dxx0000001gPLEAY:", NULL},
    {"2026-08-01T10:00:00Z||v67.0 750R0000000zlh9IAA 3 75000 MDowR2FI", NULL},
    {"2026-08-01T10:00:00Z||v67.0 750R0000000zlh9IAA 0 0 ", NULL},
    {"2026-08-01T10:00:00Z|006D000000CpOSyIAN", "2026-08-01T10:00:00Z||006D000000CpOSyIAN:"},
    {"2026-08-01T10:00:00Z|", "2026-08-01T10:00:00Z||:"},
};

static const char *const no_places[] = {
    "",
    "2026-08-01T10:00:00Z",
    "x|006D000000CpOSyIAN",
    "2026-08-01T10:00:00Z|006",
    "2026-08-01T10:00:00Z||006D000000CpOSyIAN",
    "2026-08-01T10:00:00Z||006D000000CpOSyIAN:x",
    "2026-08-01T10:00:00Z||006D000000CpOSyIAN:006D000000CpOSyIAN:",
    "2026-08-01T10:00:00Z|x|:",
    "2026-08-01T10:00:00Z||v67.0",
    "2026-08-01T10:00:00Z||v67.0 750 0 0 ",
    "2026-08-01T10:00:00Z||v67.0 750R0000000zlh9IAA -1 0 ",
    "2026-08-01T10:00:00Z||v67.0 750R0000000zlh9IAA 1 x y",
    "2026-08-01T10:00:00Z||v67.0  0 0 ",
    "2026-08-01T10:00:00Z||v67.0 750R0000000zlh9IAA  0 ",
    "2026-08-01T10:00:00Z||v67.0 750R0000000zlh9IAA 123456789012345678901 0 ",
    "2026-08-01T10:00:00Z||v67.0 750R0000000zlh9IAA750R0000000zlh9IAA 0 0 ",
    "2026-08-01T10:00:00Z||v67.0v67.0v67.0v67.0v67.0v67.0 750R0000000zlh9IAA 0 0 ",
    "2026-08-01T10:00:00Z||x:",
    "2026-08-01T10:00:00Z||006D000000CpOSyIAN006D000000CpOSyIAN:",
};

static void places_to_resume_at_are_read_strictly(void **state)
{
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_sf_resume resume;

    (void)state;
    for (size_t i = 0; i < COUNT(places); i++) {
        ds_buf_reset(&out);
        if (!ds_sf_resume_read(places[i].text, &resume))
            fail_msg("'%s'", places[i].text);
        ds_sf_resume_text(&resume, &out);
        assert_string_equal(out.text, places[i].again ? places[i].again : places[i].text);
    }
    for (size_t i = 0; i < COUNT(no_places); i++)
        if (ds_sf_resume_read(no_places[i], &resume))
            fail_msg("'%s'", no_places[i]);
    ds_buf_clear(&out);
}

static void too_many_pieces_are_no_place(void **state)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_sf_resume resume;

    (void)state;
    ds_buf_add(&text, "2026-08-01T10:00:00Z||:");
    for (int i = 1; i < DS_SF_MOST_PIECES; i++)
        ds_buf_add(&text, ",:");
    assert_true(ds_sf_resume_read(text.text, &resume));
    assert_int_equal(resume.pieces, DS_SF_MOST_PIECES);
    ds_buf_add(&text, ",:");
    assert_false(ds_sf_resume_read(text.text, &resume));
    ds_buf_clear(&text);
}

/* --- pieces ---------------------------------------------------------------------------------- */

static void pieces_are_the_whole_and_do_not_overlap(void **state)
{
    static const struct {
        const char *first, *last;
        size_t count, pieces;
    } splits[] = {
        {"0065e0000000001AAA", "0065e000000Zzz9AAA", 16, 16},
        {"0065e0000000001AAA", "0065e000000000aAAA", 4, 4},
        {"0065e0000000001AAA", "0065e0000000003AAA", 16, 2},
        {"0065e0000000001AAA", "0065e0000000001AAA", 16, 1},
        {"0065e0000000009AAA", "0065e0000000001AAA", 16, 1},
        {"0060000000000AAAAA", "006zzzzzzzzzzzzAAA", 64, 64},
    };
    struct ds_sf_piece whole = {"0065e0000000000AAA", "006zzzzzzzzzzzzAAA"};
    struct ds_sf_piece out[DS_SF_MOST_PIECES];

    (void)state;
    for (size_t i = 0; i < COUNT(splits); i++) {
        size_t n = 0;

        memset(out, 0, sizeof(out));
        n = ds_sf_piece_split(&whole, splits[i].first, splits[i].last, splits[i].count, out);
        assert_int_equal(n, splits[i].pieces);
        assert_string_equal(out[0].after, whole.after);
        assert_string_equal(out[n - 1].until, whole.until);
        for (size_t k = 1; k < n; k++) {
            char id[DS_SF_ID];

            assert_string_equal(out[k].after, out[k - 1].until);
            assert_true(ds_sf_id(out[k].after, id));
            assert_string_equal(id, out[k].after);
            assert_true(strncmp(splits[i].first, out[k].after, 15) < 0);
            assert_true(strncmp(out[k].after, splits[i].last, 15) <= 0);
            assert_true(k < 2 || strncmp(out[k - 1].after, out[k].after, 15) < 0);
        }
    }
}

/* --- children -------------------------------------------------------------------------------- */

static json_t *parse(const char *text)
{
    struct ds_buf scratch = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_err err = {0};
    json_t *json = NULL;

    assert_int_equal(ds_json_read(text, strlen(text), &scratch, &json, &err), DS_OK);
    ds_buf_clear(&scratch);
    return json;
}

static const char *const child_paths[] = {"Name", "OpportunityTeamMembers",
                                          "OpportunityLineItems.Product2.ProductCode"};

static const struct {
    size_t list;
    const char *row;
} rows[] = {
    {0, "{\"OpportunityId\":\"006D000000CpOSyIAN\",\"User\":{\"Email\":\"b@x\",\"Name\":\"B\","
        "\"Phone\":\"1\"}}"},
    {0, "{\"OpportunityId\":\"006D000000CpOSy\",\"User\":{\"Email\":\"a@x\",\"Name\":\"\\\"A\\\"\","
        "\"Phone\":null}}"},
    {0, "{\"OpportunityId\":\"006D000000CpOSyIAN\",\"User\":{\"Email\":\"b@x\",\"Name\":\"B\","
        "\"Phone\":\"1\"}}"},
    {0, "{\"OpportunityId\":\"006D000000CpOSyIAN\",\"User\":{\"Email\":null,\"Name\":\"C\"}}"},
    {0, "{\"OpportunityId\":\"006D000000CpOSyIAN\",\"User\":null}"},
    {0, "{\"OpportunityId\":\"006D000000CpOSzIAN\",\"User\":{\"Email\":\"z@x\"}}"},
    {1, "{\"OpportunityId\":\"006D000000CpOSyIAN\",\"Product2\":{\"ProductCode\":\"P 1\"}}"},
    {1, "{\"OpportunityId\":\"006D000000CpOSyIAN\",\"Product2\":{\"ProductCode\":null}}"},
    {1, "{\"OpportunityId\":\"006D000000CpOSyIAN\",\"Product2\":null}"},
};

static void children_become_arrays(void **state)
{
    struct ds_query query = {.count = COUNT(child_paths), .paths = child_paths};
    struct ds_value values[COUNT(child_paths)] = {{"kept", 4}, {0}, {0}};
    struct ds_sf_children children;
    struct ds_buf columns = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(ds_sf_children_init(&children, NULL, &query, &err), DS_OK);
    assert_int_equal(children.count, 2);
    ds_sf_children_columns(&children.list[0], &columns);
    assert_string_equal(columns.text, "OpportunityId,User.Email,User.Name,User.Phone");
    for (size_t i = 0; i < COUNT(rows); i++) {
        json_t *row = parse(rows[i].row);

        assert_int_equal(ds_sf_children_take(&children, &children.list[rows[i].list], row, &err),
                         DS_OK);
        json_decref(row);
    }
    ds_sf_children_sort(&children);
    assert_true(ds_sf_children_values(&children, "006D000000CpOSyIAN", values));
    assert_string_equal(values[0].text, "kept");
    assert_string_equal(values[1].text,
                        "[{\"email\":\"a@x\",\"name\":\"\\\"A\\\"\",\"phone\":\"\"},"
                        "{\"email\":\"b@x\",\"name\":\"B\",\"phone\":\"1\"}]");
    assert_int_equal(values[1].len, strlen(values[1].text));
    assert_string_equal(values[2].text, "[\"P 1\"]");
    assert_true(ds_sf_children_values(&children, "006D000000CpOS0IAN", values));
    assert_null(values[1].text);
    assert_null(values[2].text);
    ds_buf_clear(&columns);
    ds_sf_children_clear(&children);
}

static void paths_of_children_are_known(void **state)
{
    (void)state;
    assert_non_null(ds_sf_child_kind("OpportunityTeamMembers"));
    assert_non_null(ds_sf_child_kind("opportunitycontactroles"));
    assert_non_null(ds_sf_child_kind("OpportunityLineItems.Product2.Name"));
    assert_null(ds_sf_child_kind("OpportunityTeamMembers.Name"));
    assert_null(ds_sf_child_kind("OpportunityLineItems"));
    assert_null(ds_sf_child_kind("Name"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_say_what_they_should),
        cmocka_unit_test(cursors_are_read_strictly),
        cmocka_unit_test(places_to_resume_at_are_read_strictly),
        cmocka_unit_test(too_many_pieces_are_no_place),
        cmocka_unit_test(pieces_are_the_whole_and_do_not_overlap),
        cmocka_unit_test(children_become_arrays),
        cmocka_unit_test(paths_of_children_are_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
