/* What the Salesforce connector sends for a change, and what it makes of the answers. */
#include "base/json.h"
#include "connectors/salesforce/change.h"
#include "connectors/salesforce/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static json_t *parse(const char *text)
{
    struct ds_buf scratch = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_err err = {0};
    json_t *json = NULL;

    assert_int_equal(ds_json_read(text, strlen(text), &scratch, &json, &err), DS_OK);
    ds_buf_clear(&scratch);
    return json;
}

static struct ds_value value_of(const char *text)
{
    return (struct ds_value){text, text ? strlen(text) : 0};
}

/* --- values ---------------------------------------------------------------------------------- */

static const struct {
    enum ds_sf_type type;
    const char *left, *right;
    bool same;
} pairs[] = {
    {DS_SF_TEXT, "a", "a", true},
    {DS_SF_TEXT, "a", "A", false},
    {DS_SF_TEXT, "1", "1.0", false},
    {DS_SF_TEXT, NULL, NULL, true},
    {DS_SF_TEXT, NULL, "a", false},
    {DS_SF_NUMBER, "100", "100.00", true},
    {DS_SF_NUMBER, "1e2", "100", true},
    {DS_SF_NUMBER, "100", "100.01", false},
    {DS_SF_NUMBER, "0.0", "-0", true},
    {DS_SF_NUMBER, "x", "100", false},
    {DS_SF_NUMBER, NULL, "0", false},
    {DS_SF_BOOLEAN, "true", "false", false},
    {DS_SF_DATE, "2026-09-30", "2026-09-30", true},
    {DS_SF_DATE, "2026-09-30", "2026-09-29", false},
    {DS_SF_INSTANT, "2026-08-01T10:11:12.000+0000", "2026-08-01T10:11:12Z", true},
    {DS_SF_INSTANT, "2026-08-01T10:11:12Z", "2026-08-01T10:11:13Z", false},
};

static void values_are_compared_by_type(void **state)
{
    struct ds_arena a = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct ds_value left = value_of(pairs[i].left), right = value_of(pairs[i].right);

        if (ds_sf_same(&a, pairs[i].type, &left, &right) != pairs[i].same)
            fail_msg("'%s' and '%s'", pairs[i].left, pairs[i].right);
        assert_int_equal(ds_sf_same(&a, pairs[i].type, &right, &left), pairs[i].same);
    }
    ds_arena_clear(&a);
}

/* --- changes --------------------------------------------------------------------------------- */

static const char *const paths[] = {
    "StageName",
    "Amount",
    "CloseDate",
    "Share__c",
    "Signed__c",
    "NextStep",
    "Account.Name",
    "IsWon",
    "Computed__c",
    "StageName.label",
    "OpportunityTeamMembers",
};

enum path { STAGE, AMOUNT, CLOSE, SHARE, SIGNED, STEP, ACCOUNT, WON, COMPUTED, LABEL, TEAM };

static const char org[] =
    "{\"fields\":["
    "{\"name\":\"Id\",\"type\":\"id\",\"updateable\":false},"
    "{\"name\":\"SystemModstamp\",\"type\":\"datetime\",\"updateable\":false},"
    "{\"name\":\"IsDeleted\",\"type\":\"boolean\",\"updateable\":false},"
    "{\"name\":\"LastModifiedById\",\"type\":\"reference\",\"relationshipName\":\"LastModifiedBy\"}"
    ","
    "{\"name\":\"AccountId\",\"type\":\"reference\",\"relationshipName\":\"Account\"},"
    "{\"name\":\"StageName\",\"type\":\"picklist\",\"updateable\":true,\"createable\":true},"
    "{\"name\":\"Amount\",\"type\":\"currency\",\"updateable\":true,\"createable\":true},"
    "{\"name\":\"CloseDate\",\"type\":\"date\",\"updateable\":true,\"createable\":true},"
    "{\"name\":\"Share__c\",\"type\":\"boolean\",\"updateable\":true,\"createable\":true},"
    "{\"name\":\"Signed__c\",\"type\":\"datetime\",\"updateable\":true,\"createable\":true},"
    "{\"name\":\"NextStep\",\"type\":\"string\",\"updateable\":true,\"createable\":true},"
    "{\"name\":\"IsWon\",\"type\":\"boolean\",\"updateable\":false,\"createable\":false},"
    "{\"name\":\"Computed__c\",\"type\":\"double\",\"calculated\":true,\"updateable\":false}]}";

static const char row_text[] =
    "{\"Id\":\"006D000000CpOSyIAN\",\"SystemModstamp\":\"2026-08-01T10:11:12.000+0000\","
    "\"IsDeleted\":false,\"LastModifiedBy\":{\"Name\":\"Ann\"},\"StageName\":\"Open\","
    "\"Amount\":1000.50,\"CloseDate\":\"2026-09-30\",\"Share__c\":false,"
    "\"Signed__c\":\"2026-08-01T10:00:00.000+0000\",\"NextStep\":null,\"Account\":{\"Name\":"
    "\"Acme\"},"
    "\"IsWon\":false,\"Computed__c\":7}";

struct world {
    struct ds_options options;
    struct ds_remote remote;
    struct ds_sf_reader reader;
    json_t *row;
    const struct ds_record *now;
    struct ds_arena arena;
};

static void open_world(struct world *w)
{
    struct ds_query query = {.count = COUNT(paths), .paths = paths};
    struct ds_err err = {0};

    memset(w, 0, sizeof(*w));
    w->remote.options = &w->options;
    w->remote.describe = parse(org);
    w->row = parse(row_text);
    ds_sf_columns_init(&w->reader.columns, w->remote.describe, COUNT(paths) + 8, &err);
    w->reader.remote = &w->remote;
    ds_buf_init(&w->reader.scratch, DS_MAX_TEXT);
    for (size_t i = 0; i < DS_SF_OWN_KEY; i++) {
        static const char *const own[] = {"Id", "SystemModstamp", "IsDeleted",
                                          "LastModifiedBy.Name"};
        assert_int_equal(ds_sf_columns_add(&w->reader.columns, own[i], &w->reader.own[i], &err),
                         DS_OK);
    }
    for (size_t i = 0; i < COUNT(paths); i++)
        assert_int_equal(ds_sf_columns_path(&w->reader.columns, paths[i], &err), DS_OK);
    w->reader.columns.labels = parse("{\"Open\":\"In work\",\"Won\":\"Done\",\"Old\":\"Done\"}");
    w->reader.values =
        ds_arena_alloc(&w->reader.columns.arena, COUNT(paths) * sizeof(*w->reader.values));
    assert_int_equal(ds_sf_children_init(&w->reader.children, &w->remote, &query, &err), DS_OK);
    assert_int_equal(ds_sf_reader_row(&w->reader, w->row, &w->now, &err), DS_OK);
}

static void close_world(struct world *w)
{
    json_decref(w->row);
    ds_sf_reader_clear(&w->reader);
    json_decref(w->remote.describe);
    ds_arena_clear(&w->arena);
}

static const struct {
    enum path path;
    const char *value;
    const char *member; /* NULL: nothing is sent, or `why` says why not */
    const char *why;
} changes[] = {
    {STAGE, "Won", "\"StageName\":\"Won\"", NULL},
    {STAGE, "Open", "", NULL},
    {STAGE, "say \"hi\"\n", "\"StageName\":\"say \\\"hi\\\"\\n\"", NULL},
    {AMOUNT, "1000.5", "", NULL},
    {AMOUNT, "123456789012345678.99", "\"Amount\":123456789012345678.99", NULL},
    {AMOUNT, "1e3", "\"Amount\":1000", NULL},
    {AMOUNT, NULL, "\"Amount\":null", NULL},
    {AMOUNT, "12,5", NULL, "'Amount' is not a number"},
    {CLOSE, "2026-10-01", "\"CloseDate\":\"2026-10-01\"", NULL},
    {CLOSE, "2026-02-31", NULL, "'CloseDate' is a day that does not exist"},
    {SHARE, "true", "\"Share__c\":true", NULL},
    {SHARE, "yes", NULL, "'Share__c' is neither true nor false"},
    {SIGNED, "2026-08-01T10:00:00Z", "", NULL},
    {SIGNED, "2026-08-02T10:00:00Z", "\"Signed__c\":\"2026-08-02T10:00:00Z\"", NULL},
    {STEP, NULL, "", NULL},
    {STEP, "call", "\"NextStep\":\"call\"", NULL},
    {STEP, "\xff", NULL, "'NextStep' holds bytes that are not UTF-8"},
    {ACCOUNT, "Other", NULL, "'Account.Name' belongs to another object"},
    {WON, "true", NULL, "'IsWon' may not be set by this user"},
    {COMPUTED, "8", NULL, "'Computed__c' is computed by the org"},
    {LABEL, "In work", "", NULL},
    {LABEL, "Done", NULL, "'StageName' names no stage, or more than one"},
    {TEAM, "[]", NULL, "'a list of children' belongs to another object"},
};

static void only_changed_fields_are_sent_each_by_its_type(void **state)
{
    struct world w;

    (void)state;
    open_world(&w);
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct ds_assign assign = {.path = changes[i].path, .value = value_of(changes[i].value)};
        struct ds_write write = {.count = 1, .values = &assign};
        struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);
        const char *why = NULL;
        size_t count;
        bool sent = ds_sf_change_members(&w.reader, &w.arena, &write, w.now, &out, &count, &why);

        if (sent != !changes[i].why)
            fail_msg("%s = %s: %s", paths[changes[i].path], changes[i].value, why);
        if (sent)
            assert_string_equal(out.text, changes[i].member);
        else if (strncmp(why, changes[i].why, strlen(changes[i].why)) != 0)
            fail_msg("%s", why);
        ds_buf_clear(&out);
    }
    close_world(&w);
}

static void a_creation_sends_everything(void **state)
{
    struct ds_assign assign[] = {{.path = STAGE, .value = {"Open", 4}},
                                 {.path = AMOUNT, .value = {"1000.50", 7}}};
    struct ds_write write = {.key = "k", .count = 2, .values = assign};
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);
    const char *why = NULL;
    struct world w;
    size_t count;

    (void)state;
    open_world(&w);
    assert_true(ds_sf_change_members(&w.reader, &w.arena, &write, NULL, &out, &count, &why));
    assert_string_equal(out.text, "\"StageName\":\"Open\",\"Amount\":1000.5");
    ds_buf_clear(&out);
    close_world(&w);
}

static void a_change_is_stale_by_version_or_by_value(void **state)
{
    struct ds_assign assign = {.path = AMOUNT, .before = {"1000.50", 7}, .value = {"2000", 4}};
    struct ds_write write = {.count = 1, .values = &assign};
    struct ds_record deleted;
    struct world w;
    char version[64];

    (void)state;
    open_world(&w);
    snprintf(version, sizeof(version), "%s", w.now->version);
    write.version = version;
    assert_null(ds_sf_change_stale(&w.reader, &w.arena, &write, w.now));
    assign.before = (struct ds_value){"1000.5", 6};
    assert_null(ds_sf_change_stale(&w.reader, &w.arena, &write, w.now));
    assign.before = (struct ds_value){"1000.6", 6};
    assert_non_null(ds_sf_change_stale(&w.reader, &w.arena, &write, w.now));
    assign.before = (struct ds_value){"1000.5", 6};
    write.version = "2026-08-01T10:11:11Z";
    assert_non_null(ds_sf_change_stale(&w.reader, &w.arena, &write, w.now));
    write.version = NULL;
    assert_null(ds_sf_change_stale(&w.reader, &w.arena, &write, w.now));
    deleted = *w.now;
    deleted.deleted = true;
    assert_non_null(ds_sf_change_stale(&w.reader, &w.arena, &write, &deleted));
    close_world(&w);
}

static void versions_differ_when_parents_do(void **state)
{
    struct ds_err err = {0};
    struct world w;
    char version[64];

    (void)state;
    open_world(&w);
    snprintf(version, sizeof(version), "%s", w.now->version);
    assert_int_equal(strncmp(version, "2026-08-01T10:11:12Z/", 21), 0);
    assert_int_equal(ds_sf_reader_row(&w.reader, w.row, &w.now, &err), DS_OK);
    assert_string_equal(w.now->version, version);
    json_object_set_new(json_object_get(w.row, "Account"), "Name", json_string("Acme 2"));
    assert_int_equal(ds_sf_reader_row(&w.reader, w.row, &w.now, &err), DS_OK);
    assert_string_not_equal(w.now->version, version);
    json_object_set_new(w.row, "Account", json_null());
    assert_int_equal(ds_sf_reader_row(&w.reader, w.row, &w.now, &err), DS_OK);
    assert_string_not_equal(w.now->version, version);
    close_world(&w);
}

/* --- answers --------------------------------------------------------------------------------- */

static const struct {
    const char *errors;
    enum ds_sf_fate fate;
    const char *text;
} fates[] = {
    {"[{\"statusCode\":\"UNABLE_TO_LOCK_ROW\",\"message\":\"unable to obtain exclusive access\","
     "\"fields\":[]}]",
     DS_SF_LOCKED, "UNABLE_TO_LOCK_ROW: unable to obtain exclusive access"},
    {"[{\"errorCode\":\"ENTITY_IS_DELETED\",\"message\":\"entity is deleted\"}]", DS_SF_GONE,
     "ENTITY_IS_DELETED: entity is deleted"},
    {"{\"errorCode\":\"NOT_FOUND\",\"message\":\"gone\"}", DS_SF_GONE, "NOT_FOUND: gone"},
    {"[{\"statusCode\":\"FIELD_CUSTOM_VALIDATION_EXCEPTION\",\"message\":\"Betrag fehlt\","
     "\"fields\":[\"Amount\",\"StageName\"]},{\"statusCode\":\"STRING_TOO_LONG\",\"message\":\"x\"}"
     "]",
     DS_SF_REFUSED,
     "FIELD_CUSTOM_VALIDATION_EXCEPTION: Betrag fehlt [Amount, StageName]; STRING_TOO_LONG: x"},
    {"[{\"errorCode\":\"REQUEST_LIMIT_EXCEEDED\",\"message\":\"TotalRequests Limit exceeded.\"}]",
     DS_SF_STOPPED, "REQUEST_LIMIT_EXCEEDED: TotalRequests Limit exceeded."},
    {"[{\"statusCode\":\"UNKNOWN_EXCEPTION\",\"message\":\"An unexpected error occurred.\"}]",
     DS_SF_STOPPED, "UNKNOWN_EXCEPTION: An unexpected error occurred."},
    {"[{\"statusCode\":\"REQUEST_RUNNING_TOO_LONG\",\"message\":\"x\"}]", DS_SF_STOPPED,
     "REQUEST_RUNNING_TOO_LONG: x"},
    {"[{\"statusCode\":\"QUERY_TIMEOUT\",\"message\":\"x\"}]", DS_SF_STOPPED, "QUERY_TIMEOUT: x"},
    {"[{\"statusCode\":\"CANNOT_EXECUTE_FLOW_TRIGGER\",\"message\":\"Apex CPU time limit "
     "exceeded\"}]",
     DS_SF_CROWDED, "CANNOT_EXECUTE_FLOW_TRIGGER: Apex CPU time limit exceeded"},
    {"[{\"statusCode\":\"CANNOT_EXECUTE_FLOW_TRIGGER\",\"message\":\"Too many SOQL queries: "
     "101\"}]",
     DS_SF_CROWDED, "CANNOT_EXECUTE_FLOW_TRIGGER: Too many SOQL queries: 101"},
    {"[{\"statusCode\":\"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY\",\"message\":\"T: first error: "
     "UNABLE_TO_LOCK_ROW, unable to obtain\",\"fields\":[]}]",
     DS_SF_LOCKED,
     "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: T: first error: UNABLE_TO_LOCK_ROW, unable to obtain"},
    {"[{\"statusCode\":\"CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY\",\"message\":\"T: "
     "System.LimitException: Too many SOQL queries: 101\",\"fields\":[]}]",
     DS_SF_CROWDED,
     "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY: T: System.LimitException: Too many SOQL queries: 101"},
    {"[{\"statusCode\":\"FIELD_CUSTOM_VALIDATION_EXCEPTION\",\"message\":\"UNABLE_TO_LOCK_ROW\"}]",
     DS_SF_REFUSED, "FIELD_CUSTOM_VALIDATION_EXCEPTION: UNABLE_TO_LOCK_ROW"},
    {"[]", DS_SF_REFUSED, "refused without a reason"},
    {"[{}]", DS_SF_REFUSED, "UNKNOWN: "},
};

static void errors_decide_the_fate(void **state)
{
    struct ds_arena a = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(fates); i++) {
        json_t *errors = parse(fates[i].errors);
        const char *text;

        assert_int_equal(ds_sf_change_fate(&a, errors, &text), fates[i].fate);
        assert_string_equal(text, fates[i].text);
        json_decref(errors);
    }
    ds_arena_clear(&a);
}

static void dates_of_headers_have_the_right_weekday(void **state)
{
    char out[DS_SF_HTTP_DATE];

    (void)state; /* SF-60 */
    assert_string_equal(ds_sf_http_date(1785838272000, out), "Tue, 04 Aug 2026 10:11:12 GMT");
    assert_string_equal(ds_sf_http_date(1785838271001, out), "Tue, 04 Aug 2026 10:11:12 GMT");
    assert_string_equal(ds_sf_http_date(1439164800000, out), "Mon, 10 Aug 2015 00:00:00 GMT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_compared_by_type),
        cmocka_unit_test(only_changed_fields_are_sent_each_by_its_type),
        cmocka_unit_test(a_creation_sends_everything),
        cmocka_unit_test(a_change_is_stale_by_version_or_by_value),
        cmocka_unit_test(versions_differ_when_parents_do),
        cmocka_unit_test(errors_decide_the_fate),
        cmocka_unit_test(dates_of_headers_have_the_right_weekday),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
