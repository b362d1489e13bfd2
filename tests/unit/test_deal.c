/* The deal: its table of fields and the one canonical form each value has. */
#include "mapping/deal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct ds_arena arena;

static void same(const char *input, const char *got, const char *want)
{
    if (!got || !want ? got != want : strcmp(got, want) != 0)
        fail_msg("\"%s\": got \"%s\", want \"%s\"", input, got ? got : "NULL",
                 want ? want : "NULL");
}

static const struct {
    enum ds_field f;
    const char *text, *canonical, *why;
} table[] = {
    {DS_NAME, "Contoso renewal", "Contoso renewal", NULL},
    {DS_NAME,
     " \xc2\xa0"
     "Contoso\t\n",
     "Contoso", NULL},
    {DS_NAME, "\xc3\xa9t\xc3\xa0", "\xc3\xa9t\xc3\xa0", NULL},
    {DS_NAME, "", NULL, NULL},
    {DS_NAME, " \xc2\xa0 ", NULL, NULL},
    {DS_CAMPAIGN_ID, "00AbC0", "00AbC0", NULL}, /* */
    {DS_STATUS, "won", "won", NULL},
    {DS_STATUS, "Declined", "declined", NULL},
    {DS_STATUS, "wom", NULL, "is not a standard word for status (as 'won')"},
    {DS_STATUS, "closed", NULL, "is not a standard word for status (as 'received')"},
    {DS_STAGE, "10", "10", NULL},
    {DS_STAGE, "100", "100", NULL},
    {DS_STAGE, "30", NULL, "is not a stage (10, 20, 40, 60, 80 or 100)"},
    {DS_STAGE, "0", NULL, "is not a stage (10, 20, 40, 60, 80 or 100)"},
    {DS_STAGE, "10.0", NULL, "is not a stage (10, 20, 40, 60, 80 or 100)"},
    {DS_REASON, "Abuse_or_spam", "abuse_or_spam", NULL},
    {DS_REASON, "no response", NULL, "is not a standard word for reason (as 'no_response')"},
    {DS_ON_HOLD, "yes", "yes", NULL},
    {DS_ON_HOLD, "TRUE", "yes", NULL},
    {DS_ON_HOLD, "1", "yes", NULL},
    {DS_ON_HOLD, "No", "no", NULL},
    {DS_ON_HOLD, "false", "no", NULL},
    {DS_ON_HOLD, "0", "no", NULL},
    {DS_ON_HOLD, "y", NULL, "is not yes or no"},
    {DS_VALUE, "12500.50", "12500.5", NULL},
    {DS_VALUE, "1.000,50", NULL, "is not a number"},
    {DS_EXPIRES, "2026-09-30T10:00:00Z", "2026-09-30T10:00:00Z", NULL},
    {DS_EXPIRES, "2026-09-30T10:00:00.999+0000", "2026-09-30T10:00:00Z", NULL},
    {DS_EXPIRES, "1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59Z", NULL},
    {DS_EXPIRES, "2026-09-30", NULL, "is not an instant (YYYY-MM-DDTHH:MM:SSZ)"},
    {DS_ORIGIN, "Inbound", "inbound", NULL},
    {DS_CURRENCY, "EUR", "EUR", NULL},
    {DS_CURRENCY, " usd ", "USD", NULL},
    {DS_CURRENCY, "EURO", NULL, "is not a currency code (three letters, as EUR)"},
    {DS_CURRENCY, "\xe2\x82\xac", NULL, "is not a currency code (three letters, as EUR)"},
    {DS_CURRENCY, "E1R", NULL, "is not a currency code (three letters, as EUR)"},
    {DS_CLOSE_DATE, "2026-09-30", "2026-09-30", NULL},
    {DS_CLOSE_DATE, "2026-09-30T00:00:00Z", "2026-09-30", NULL},
    {DS_CLOSE_DATE, "2026-02-31", NULL, "is a day that does not exist"},
    {DS_CUSTOMER_DUNS, "150483782", "150483782", NULL},
    {DS_CUSTOMER_DUNS, "15-048-3782", "150483782", NULL},
    {DS_CUSTOMER_DUNS, "15048378", NULL, "is not a D-U-N-S number (nine digits)"},
    {DS_CUSTOMER_DUNS, "15048378a", NULL, "is not a D-U-N-S number (nine digits)"},
    {DS_CUSTOMER_COUNTRY, "DE", "DE", NULL},
    {DS_CUSTOMER_COUNTRY, "de", "DE", NULL},
    {DS_CUSTOMER_COUNTRY, "UK", NULL, "is not a country code (ISO 3166-1, two letters, as DE)"},
    {DS_CUSTOMER_COUNTRY, "XX", NULL, "is not a country code (ISO 3166-1, two letters, as DE)"},
    {DS_CUSTOMER_COUNTRY, "Germany", NULL,
     "is not a country code (ISO 3166-1, two letters, as DE)"},
    {DS_HELP, "none", "none", NULL},
    {DS_HELP, "Quotes", "quotes", NULL},
    {DS_TEAM,
     "[{\"phone\":\"1\",\"name\":\"Bo\",\"email\":\"B@x\"},"
     "{\"email\":\"a@x\",\"name\":\"Al \",\"phone\":\"2\"}]",
     "[{\"email\":\"a@x\",\"name\":\"Al\",\"phone\":\"2\"},"
     "{\"email\":\"B@x\",\"name\":\"Bo\",\"phone\":\"1\"}]",
     NULL},
    {DS_TEAM, "[]", NULL, "is not a team (a JSON array of email, name and phone)"},
    {DS_TEAM, "Ann", NULL, "is not a team (a JSON array of email, name and phone)"},
    {DS_TEAM, "[{\"email\":\"a@x\",\"name\":\"Al\"}]", NULL,
     "has a member without email, name or phone"},
    {DS_TEAM, "[5]", NULL, "has a member without email, name or phone"},
    {DS_TEAM,
     "[{\"email\":\"a@x\",\"name\":\"Al\",\"phone\":\"2\"},"
     "{\"email\":\"A@x\",\"name\":\"Bo\",\"phone\":\"1\"}]",
     NULL, "has two members of one email"},
    {DS_SOLUTIONS, "SOL-2", "[\"SOL-2\"]", NULL},
    {DS_SOLUTIONS, " SOL-2; SOL-1 ;;SOL-2", "[\"SOL-1\",\"SOL-2\"]", NULL},
    {DS_SOLUTIONS, "[\"b\",\"a\\\"\",\"b\"]", "[\"a\\\"\",\"b\"]", NULL},
    {DS_SOLUTIONS, ";;", NULL, "names no solution"},
    {DS_SOLUTIONS, "[]", NULL, "is not a list of solutions (a JSON array of ids)"},
    {DS_SOLUTIONS, "[1]", NULL, "is not a list of solutions (a JSON array of ids)"},
    {DS_SOLUTIONS, "[\"a\"", NULL, "is not a list of solutions (a JSON array of ids)"},
};

static void each_canonical_form_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *why = "untouched";

        same(table[i].text, ds_field_canonical(&arena, table[i].f, table[i].text, &why),
             table[i].canonical);
        same(table[i].text, why, table[i].why);
    }
}

/* Or a value would change by being read again (P-3). */
static void a_canonical_form_is_its_own(void **state)
{
    const char *why;

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        if (table[i].canonical)
            same(table[i].text, ds_field_canonical(&arena, table[i].f, table[i].canonical, &why),
                 table[i].canonical);
}

static void long_text_is_refused_and_never_cut(void **state)
{
    char text[70000];
    const char *why;

    (void)state;
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        size_t max = ds_fields[f].max_chars;
        char want[80];

        if (!max)
            continue;
        for (size_t i = 0; i < max; i++)
            memcpy(text + 2 * i, "\xc3\xa9", 2); /* characters count, not bytes */
        text[2 * max] = '\0';
        same(ds_fields[f].name, ds_field_canonical(&arena, f, text, &why), text);
        text[2 * max] = 'x';
        text[2 * max + 1] = '\0';
        snprintf(want, sizeof(want), "has %zu characters, %zu are allowed", max + 1, max);
        assert_null(ds_field_canonical(&arena, f, text, &why));
        same(ds_fields[f].name, why, want);
    }
}

static void there_are_249_countries(void **state)
{
    int count = 0;
    const char *why;

    (void)state;
    for (char a = 'A'; a <= 'Z'; a++)
        for (char b = 'A'; b <= 'Z'; b++)
            count +=
                ds_field_canonical(&arena, DS_CUSTOMER_COUNTRY, (char[]){a, b, '\0'}, &why) != NULL;
    assert_int_equal(count, 249);
}

static void the_table_is_complete(void **state)
{
    const char *why;

    (void)state;
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        const struct ds_field_row *row = &ds_fields[f];

        assert_non_null(row->name);
        assert_non_null(row->title);
        assert_int_equal(ds_field_find(row->name), f);
        assert_int_equal(row->words != NULL, row->type == DS_T_WORD);
        assert_int_equal(row->max_chars != 0, row->type == DS_T_TEXT && f != DS_CUSTOMER_DUNS);
        assert_true(row->needed == DS_OPTIONAL || row->needed_rule);
        assert_int_equal(strlen(row->may), DS_PHASES);
        assert_int_equal(strspn(row->may, "w1a^+-?"), DS_PHASES);
        assert_int_equal(row->may[DS_P_CLOSED], DS_MAY_NOT); /* */
        assert_int_equal(row->may[DS_P_ACCEPTED] != DS_MAY_CHANGE ||
                             row->may[DS_P_SHARED] != DS_MAY_CHANGE,
                         row->frozen_rule != 0);
        assert_true(row->may[DS_P_ACCEPTED] != DS_MAY_NOT || row->may[DS_P_RECEIVED] == DS_MAY_NOT);
        assert_int_equal(row->merge == DS_MERGE_LIST,
                         row->type == DS_T_TEAM || row->type == DS_T_SOLUTIONS);
        assert_int_equal(row->merge == DS_MERGE_TEXT, f == DS_NOTES); /* */
        if (row->fallback)
            same(row->name, ds_field_canonical(&arena, f, row->fallback, &why), row->fallback);
        for (const char *const *w = row->words; w && *w; w++)
            same(row->name, ds_field_canonical(&arena, f, *w, &why), *w);
    }
    assert_int_equal(ds_field_find("nmae"), DS_FIELDS);
    assert_int_equal(ds_field_find(""), DS_FIELDS);
}

static void values_are_the_same_or_not(void **state)
{
    (void)state;
    assert_true(ds_same(NULL, NULL));
    assert_true(ds_same("a", "a"));
    assert_false(ds_same("a", NULL));
    assert_false(ds_same(NULL, "a"));
    assert_false(ds_same("a", "A"));
}

/* */
static void terminal_is_all_but_received_and_accepted(void **state)
{
    static const char *const terminal[] = {"won", "lost", "declined", "expired", "error"};

    (void)state;
    for (size_t i = 0; i < COUNT(terminal); i++)
        assert_true(ds_status_terminal(terminal[i]));
    assert_false(ds_status_terminal("received"));
    assert_false(ds_status_terminal("accepted"));
    assert_false(ds_status_terminal(NULL));
}

/* */
static void two_questions_decide_the_type(void **state)
{
    static const struct {
        const char *help, *visibility, *assessment, *type;
    } types[] = {
        {NULL, NULL, NULL, "private"},        {"none", "no", "no", "private"},
        {"none", "yes", "no", "partner-led"}, {NULL, "yes", NULL, "partner-led"},
        {"quotes", "no", "no", "co-sell"},    {"general", "yes", "no", "co-sell"},
        {"none", "no", "yes", "assessment"},  {"quotes", "yes", "yes", "assessment"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(types); i++) {
        struct ds_deal d = {0};

        d.value[DS_HELP] = types[i].help;
        d.value[DS_VISIBILITY] = types[i].visibility;
        d.value[DS_ASSESSMENT] = types[i].assessment;
        same(types[i].type, ds_deal_type(&d), types[i].type);
    }
}

static void given_fields_go_to_json_and_back(void **state)
{
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_deal deal = {0}, back;
    struct ds_err err = {0};

    (void)state;
    ds_deal_to_json(&out, &deal);
    assert_string_equal(out.text, "{}");
    assert_int_equal(ds_deal_from_json(&arena, out.text, &back, &err), 0);
    assert_int_equal(back.given, 0);
    ds_deal_set(&deal, DS_NAME, "say \"hi\"\n\xc3\xa9");
    ds_deal_set(&deal, DS_STAGE, NULL);
    ds_deal_set(&deal, DS_NOTES, "n");
    ds_buf_reset(&out);
    ds_deal_to_json(&out, &deal);
    assert_string_equal(out.text,
                        "{\"name\":\"say \\\"hi\\\"\\n\xc3\xa9\",\"stage\":null,\"notes\":\"n\"}");
    assert_int_equal(ds_deal_from_json(&arena, out.text, &back, &err), 0);
    assert_int_equal(back.given, deal.given);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        assert_true(ds_same(back.value[f], deal.value[f]));
    ds_buf_clear(&out);
}

static void json_that_is_no_deal_is_refused(void **state)
{
    static const char *const bad[][2] = {
        {"", "no JSON object"},
        {"[]", "no JSON object"},
        {"{\"name\":", "no JSON object"},
        {"{\"nmae\":\"x\"}", "'nmae' is no field"},
        {"{\"name\":5}", "'name' of a deal is neither text nor null"},
        {"{\"name\":\"a\",\"name\":\"b\"}", "duplicate"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct ds_err err = {0};
        struct ds_deal deal = {.given = 7};

        assert_int_equal(ds_deal_from_json(&arena, bad[i][0], &deal, &err), DS_E_INPUT);
        assert_int_equal(deal.given, 7);
        if (!strstr(err.text, bad[i][1]))
            fail_msg("%s: \"%s\" does not hold \"%s\"", bad[i][0], err.text, bad[i][1]);
    }
}

static void a_team_of_one_is_canonical(void **state)
{
    const char *team = ds_team_one(&arena, "Ann \"A\" \xc3\x89", "Ann@acme.example", "+1 555");
    const char *why;

    (void)state;
    same("team", team,
         "[{\"email\":\"Ann@acme.example\",\"name\":\"Ann \\\"A\\\" \xc3\x89\","
         "\"phone\":\"+1 555\"}]");
    same("again", ds_field_canonical(&arena, DS_TEAM, team, &why), team);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_canonical_form_of_the_table),
        cmocka_unit_test(a_canonical_form_is_its_own),
        cmocka_unit_test(long_text_is_refused_and_never_cut),
        cmocka_unit_test(there_are_249_countries),
        cmocka_unit_test(the_table_is_complete),
        cmocka_unit_test(values_are_the_same_or_not),
        cmocka_unit_test(terminal_is_all_but_received_and_accepted),
        cmocka_unit_test(two_questions_decide_the_type),
        cmocka_unit_test(given_fields_go_to_json_and_back),
        cmocka_unit_test(json_that_is_no_deal_is_refused),
        cmocka_unit_test(a_team_of_one_is_canonical),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    ds_arena_clear(&arena);
    return failed;
}
