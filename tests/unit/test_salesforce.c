/* The parts of the Salesforce connector that need no org: ids, usage, queries, columns, settings. */
#include "base/date.h"
#include "base/json.h"
#include "connectors/salesforce/columns.h"
#include "connectors/salesforce/id.h"
#include "connectors/salesforce/salesforce.h"
#include "connectors/salesforce/soql.h"
#include "connectors/salesforce/usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- ids ------------------------------------------------------------------------------------- */

static void ids_have_one_spelling(void **state)
{
    /* From samples of the API's documentation. */
    static const char *const full[] = {"006D000000CpOSyIAN", "750R0000000zlh9IAA",
                                       "005R0000000GiwjIAC", "001RM000003oCprYAE",
                                       "a00D0000008pQRAIA2", "00Dxx0000001gPLEAY"};
    static const char *const none[] = {"",
                                       "006D000000CpOSy1",
                                       "006D000000CpOS",
                                       "006D000000CpOSyIANx",
                                       "006D000000CpO'y",
                                       "006D000000CpOSyIA "};
    char id[DS_SF_ID], half[16];

    (void)state;
    for (size_t i = 0; i < COUNT(full); i++) {
        assert_true(ds_sf_id(full[i], id));
        assert_string_equal(id, full[i]);
        memcpy(half, full[i], 15);
        half[15] = '\0';
        assert_true(ds_sf_id(half, id));
        assert_string_equal(id, full[i]);
    }
    for (size_t i = 0; i < COUNT(none); i++)
        assert_false(ds_sf_id(none[i], id));
}

/* --- usage ----------------------------------------------------------------------------------- */

static const struct {
    const char *header;
    struct ds_sf_usage usage;
} usages[] = {
    {"api-usage=10018/100000", {{10018, 100000}, {0, 0}}},
    {"api-usage=25/5000; per-app-api-usage=17/250(appName=sample)", {{25, 5000}, {17, 250}}},
    {"per-app-api-usage=17/250(appName=a;b);api-usage=25/5000", {{25, 5000}, {17, 250}}},
    {"API-Usage=1/2", {{1, 2}, {0, 0}}},
    {"new-kind=3/4; api-usage=1/2", {{1, 2}, {0, 0}}},
    {"api-usage=1", {{0, 0}, {0, 0}}},
    {"api-usage=1/0", {{0, 0}, {0, 0}}},
    {"api-usage=x/y", {{0, 0}, {0, 0}}},
    {"my-api-usage=9/9", {{0, 0}, {0, 0}}},
    {";;; ", {{0, 0}, {0, 0}}},
    {"", {{0, 0}, {0, 0}}},
};

static void usage_is_read_by_segments(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(usages); i++) {
        struct ds_sf_usage usage = {0};

        ds_sf_usage_read(usages[i].header, &usage);
        assert_memory_equal(&usage, &usages[i].usage, sizeof(usage));
    }
}

static void usage_is_over_at_its_share(void **state)
{
    struct ds_sf_usage usage = {0};

    (void)state;
    assert_null(ds_sf_usage_over(&usage, 80));
    usage.org = (struct ds_sf_share){79999, 100000};
    assert_null(ds_sf_usage_over(&usage, 80));
    usage.org.used = 80000;
    assert_ptr_equal(ds_sf_usage_over(&usage, 80), &usage.org);
    assert_null(ds_sf_usage_over(&usage, 100));
    usage.org.used = 5;
    usage.app = (struct ds_sf_share){250, 250};
    assert_ptr_equal(ds_sf_usage_over(&usage, 100), &usage.app);
}

/* --- queries --------------------------------------------------------------------------------- */

static int64_t instant(const char *text)
{
    int64_t ms;

    assert_true(ds_instant(text, &ms));
    return ms;
}

static void queries_say_what_they_should(void **state)
{
    struct ds_sf_range range = {.hi_ms = instant("2026-08-01T10:00:00Z"), .after = ""};
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);

    (void)state;
    ds_sf_soql_range(&out, "Id,Name", &range);
    assert_string_equal(out.text, "SELECT Id,Name FROM Opportunity WHERE SystemModstamp < "
                                  "2026-08-01T10:00:00Z ORDER BY Id");
    range.lo_ms = instant("2026-08-01T09:00:00Z");
    range.where = "Amount > 0 OR IsWon = true";
    range.after = "006D000000CpOSyIAN";
    ds_buf_reset(&out);
    ds_sf_soql_range(&out, "Id", &range);
    assert_string_equal(out.text,
                        "SELECT Id FROM Opportunity WHERE SystemModstamp < 2026-08-01T10:00:00Z "
                        "AND SystemModstamp >= 2026-08-01T09:00:00Z AND (Amount > 0 OR IsWon = "
                        "true) AND Id > '006D000000CpOSyIAN' ORDER BY Id");
    ds_buf_reset(&out);
    ds_sf_soql_counts(&out, "StageName", NULL, NULL);
    assert_string_equal(out.text,
                        "SELECT StageName, COUNT(Id) n FROM Opportunity GROUP BY StageName");
    ds_buf_reset(&out);
    ds_sf_soql_counts(&out, "StageName", "RecordType.DeveloperName", "IsWon = true");
    assert_string_equal(out.text, "SELECT RecordType.DeveloperName, StageName, COUNT(Id) n FROM "
                                  "Opportunity WHERE (IsWon = true) GROUP BY "
                                  "RecordType.DeveloperName, StageName");
    ds_buf_reset(&out);
    ds_sf_soql_probe(&out, "Id", "IsWon = true");
    assert_string_equal(out.text, "SELECT Id FROM Opportunity WHERE (IsWon = true) LIMIT 1");
    ds_buf_clear(&out);
}

/* --- columns --------------------------------------------------------------------------------- */

static json_t *parse(const char *text)
{
    struct ds_buf scratch = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_err err = {0};
    json_t *json = NULL;

    assert_int_equal(ds_json_read(text, strlen(text), &scratch, &json, &err), DS_OK);
    ds_buf_clear(&scratch);
    return json;
}

static json_t *describe(void)
{
    return parse("{\"fields\":["
                 "{\"name\":\"Id\",\"type\":\"id\",\"relationshipName\":null},"
                 "{\"name\":\"StageName\",\"type\":\"picklist\"},"
                 "{\"name\":\"Amount\",\"type\":\"currency\"},"
                 "{\"name\":\"IsWon\",\"type\":\"boolean\"},"
                 "{\"name\":\"Place__c\",\"type\":\"location\"},"
                 "{\"name\":\"AccountId\",\"type\":\"reference\",\"relationshipName\":\"Account\"}"
                 "]}");
}

static void paths_become_columns_and_values(void **state)
{
    static const char *const paths[] = {
        "stagename", "StageName.label", "Amount",    "account.Name",
        "IsWon",     "AccountId",       "STAGENAME", "Account.Owner.Name"};
    static const char *const expected[] = {
        "Won", "Closed & won", "123456789012345678.90", "A\"cme", "true", NULL, "Won", NULL};
    json_t *fields = describe();
    json_t *record = parse("{\"attributes\":{\"type\":\"Opportunity\"},\"StageName\":\"Won\","
                           "\"Amount\":123456789012345678.90,\"IsWon\":true,\"AccountId\":null,"
                           "\"Account\":{\"Name\":\"A\\\"cme\",\"Owner\":null}}");
    struct ds_buf list = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_value values[COUNT(paths)];
    struct ds_sf_columns columns;
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(ds_sf_columns_init(&columns, fields, COUNT(paths), &err), DS_OK);
    for (size_t i = 0; i < COUNT(paths); i++)
        assert_int_equal(ds_sf_columns_path(&columns, paths[i], &err), DS_OK);
    assert_true(columns.labelled);
    columns.labels = parse("{\"Won\":\"Closed & won\"}");
    ds_sf_columns_list(&columns, &list);
    assert_string_equal(list.text,
                        "StageName,Amount,Account.Name,IsWon,AccountId,Account.Owner.Name");
    assert_int_equal(ds_sf_columns_read(&columns, record, values, &err), DS_OK);
    for (size_t i = 0; i < COUNT(paths); i++) {
        if (expected[i])
            assert_string_equal(values[i].text, expected[i]);
        else
            assert_null(values[i].text);
        assert_int_equal(values[i].len, expected[i] ? strlen(expected[i]) : 0);
    }
    ds_sf_columns_clear(&columns);
    ds_buf_clear(&list);
    json_decref(record);
    json_decref(fields);
}

static const struct {
    const char *path;
    const char *piece; /* of text or hint */
} unknown[] = {
    {"StageNmae", "did you mean 'StageName'"},
    {"Acount.Name", "did you mean 'Account'"},
    {"StageName.Name", "no parent 'StageName'"},
    {"CurrencyIsoCode", "several currencies"},
    {"Zzz__c", "missing or hidden"},
    {"Place__c", "of type location"},
    {"Account", "like 'Account.Name'"},
    {"Account..Name", "no path"},
    {".Name", "no path"},
    {"", "no path"},
    {"Name FROM User", "no path"},
    {"Account.a.b.c.d.e.f", "no path"},
};

static void paths_that_are_not_there_are_named(void **state)
{
    json_t *fields = describe();
    struct ds_sf_columns columns;
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(ds_sf_columns_init(&columns, fields, 1, &err), DS_OK);
    for (size_t i = 0; i < COUNT(unknown); i++) {
        assert_int_equal(ds_sf_columns_path(&columns, unknown[i].path, &err), DS_E_CONFIG);
        assert_true(strstr(err.text, unknown[i].piece) || strstr(err.hint, unknown[i].piece));
        assert_non_null(strstr(err.text, unknown[i].path));
        ds_err_clear(&err);
    }
    assert_int_equal(ds_sf_columns_path(&columns, "Amount", &err), DS_OK);
    assert_int_equal(columns.paths, 1);
    ds_sf_columns_clear(&columns);
    json_decref(fields);
}

/* SF-22: absent is not null. */
static void a_column_that_is_missing_is_no_null(void **state)
{
    static const char *const records[] = {"{}", "{\"Account\":{}}", "{\"Account\":\"x\"}",
                                          "{\"Account\":{\"Name\":{}}}"};
    json_t *fields = describe();
    struct ds_sf_columns columns;
    struct ds_err err = {0};
    struct ds_value value;

    (void)state;
    assert_int_equal(ds_sf_columns_init(&columns, fields, 1, &err), DS_OK);
    assert_int_equal(ds_sf_columns_path(&columns, "Account.Name", &err), DS_OK);
    for (size_t i = 0; i < COUNT(records); i++) {
        json_t *record = parse(records[i]);

        assert_int_equal(ds_sf_columns_read(&columns, record, &value, &err), DS_E_CONFIG);
        assert_non_null(strstr(err.text, "Account.Name"));
        ds_err_clear(&err);
        json_decref(record);
    }
    ds_sf_columns_clear(&columns);
    json_decref(fields);
}

/* --- settings -------------------------------------------------------------------------------- */

static const struct {
    const char *name, *value; /* replaces one good setting */
    const char *piece;        /* of the refusal */
} bad_settings[] = {
    {"url", "http://a.my.salesforce.com", "no https address"},
    {"url", "https://a.lightning.force.com", "address of the pages"},
    {"url", "https://a.salesforce-setup.com", "address of the Setup pages"},
    {"url", "https://login.salesforce.com", "login page of all orgs"},
    {"url", "https://a.my.salesforce.com/home", "without a path"},
    {"login_url", "https://test.salesforce.com", "login page of all orgs"},
    {"auth", "password", "jwt, client_credentials or refresh_token"},
    {"auth", "refresh_token", "'refresh_token_file' is missing"},
    {"auth", "jwt", "'key' is missing"},
    {"client_secret", "verysecret", "client_secret"},
    {"api_version", "67", "v67.0"},
    {"api_version", "v67.0/../x", "v67.0"},
    {"overlap", "-1", "overlap"},
    {"commit_lag", "5m", "commit_lag"},
    {"daily_share", "0", "daily_share"},
    {"timeout", "0", "timeout"},
    {"retries", "x", "retries"},
    {"proxy", "http://u:verysecret@p:1", "proxy"},
};

/* Opens a connection with one setting replaced. */
static int open_with(const char *name, const char *value, struct ds_err *err)
{
    const char *names[32] = {"url", "auth", "client_id", "client_secret"};
    const char *values[32] = {"https://a.my.salesforce.com", "client_credentials", "id",
                              "env:DEALSYNC_TEST_SECRET"};
    const char *where[32];
    struct ds_options options = {.connection = "acme", .names = names, .values = values};
    struct ds_remote *remote = NULL;
    int rc;

    options.where = where;
    options.count = 4;
    for (const struct ds_setting *s = ds_salesforce.settings; s->name; s++)
        if (s->fallback && strcmp(s->name, "auth") != 0) {
            names[options.count] = s->name;
            values[options.count++] = s->fallback;
        }
    names[options.count] = "login_url";
    values[options.count++] = values[0];
    names[options.count] = "proxy";
    values[options.count++] = NULL;
    for (size_t i = 0; i < options.count; i++) {
        where[i] = "a.conf:7";
        if (strcmp(names[i], name) == 0)
            values[i] = value;
    }
    rc = ds_salesforce.open(&options, &remote, err);
    ds_salesforce.close(remote);
    return rc;
}

static void settings_are_checked_before_anything_is_sent(void **state)
{
    struct ds_err err = {0};

    (void)state;
    setenv("DEALSYNC_TEST_SECRET", "s", 1);
    assert_int_equal(open_with("", "", &err), DS_OK);
    for (size_t i = 0; i < COUNT(bad_settings); i++) {
        assert_int_equal(open_with(bad_settings[i].name, bad_settings[i].value, &err), DS_E_CONFIG);
        assert_non_null(strstr(err.text, bad_settings[i].piece));
        assert_true(strstr(err.text, "a.conf:7") || strstr(err.text, "acme: "));
        assert_null(strstr(err.text, "verysecret"));
        ds_err_clear(&err);
    }
}

/* A query may be worked on for 120 s, and half of the time without a byte is too long. */
static void the_org_has_its_time_for_a_query(void **state)
{
    const struct ds_setting *s = ds_salesforce.settings;

    (void)state;
    while (strcmp(s->name, "timeout") != 0)
        s++;
    assert_true(strtol(s->fallback, NULL, 10) / 2 > 120);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_have_one_spelling),
        cmocka_unit_test(usage_is_read_by_segments),
        cmocka_unit_test(usage_is_over_at_its_share),
        cmocka_unit_test(queries_say_what_they_should),
        cmocka_unit_test(paths_become_columns_and_values),
        cmocka_unit_test(paths_that_are_not_there_are_named),
        cmocka_unit_test(a_column_that_is_missing_is_no_null),
        cmocka_unit_test(settings_are_checked_before_anything_is_sent),
        cmocka_unit_test(the_org_has_its_time_for_a_query),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
