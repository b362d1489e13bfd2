/* What is known of an org without asking it: versions, limits, standard fields, what errors mean. */
#include "base/date.h"
#include "base/json.h"
#include "connectors/salesforce/limits.h"
#include "connectors/salesforce/remote.h"
#include "connectors/salesforce/standard.h"
#include "connectors/salesforce/version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- versions -------------------------------------------------------------------------------- */

static void versions_have_a_release_and_an_end(void **state)
{
    static const struct {
        const char *text;
        long number;
        const char *release, *until;
    } versions[] = {
        {"v60.0", 60, "Spring '24", "2027-02"}, {"v64.0", 64, "Summer '25", "2028-06"},
        {"65.0", 65, "Winter '26", "2028-10"},  {"v66.0", 66, "Spring '26", "2029-02"},
        {"v67.0", 67, "Summer '26", "2029-06"}, {"v68.0", 68, "Winter '27", "2029-10"},
    };
    static const char *const none[] = {"", "v", "67", "v67", "v67.1", "v0.0", "v-1.0", "v9999.0"};
    struct ds_sf_version v;

    (void)state;
    for (size_t i = 0; i < COUNT(versions); i++) {
        char until[DS_INSTANT_TEXT];

        assert_true(ds_sf_version_read(versions[i].text, &v));
        assert_int_equal(v.number, versions[i].number);
        assert_string_equal(v.release, versions[i].release);
        assert_string_equal(v.until, versions[i].until);
        assert_memory_equal(ds_instant_text(v.until_ms, until), v.until, strlen(v.until));
    }
    for (size_t i = 0; i < COUNT(none); i++)
        assert_false(ds_sf_version_read(none[i], &v));
}

/* --- limits ---------------------------------------------------------------------------------- */

static json_t *parse(const char *text)
{
    struct ds_buf scratch = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_err err = {0};
    json_t *json = NULL;

    assert_int_equal(ds_json_read(text, strlen(text), &scratch, &json, &err), DS_OK);
    ds_buf_clear(&scratch);
    return json;
}

static void limits_tell_what_is_left(void **state)
{
    static const struct {
        const char *answer;
        struct ds_sf_limits limits;
    } cases[] = {
        {"{\"DailyApiRequests\":{\"Max\":100000,\"Remaining\":14998,\"My App\":{\"Max\":0,"
         "\"Remaining\":0}},\"DailyBulkV2QueryJobs\":{\"Max\":10000,\"Remaining\":9990},"
         "\"DailyBulkV2QueryFileStorageMB\":{\"Max\":976562,\"Remaining\":976562}}",
         {{85002, 100000}, {10, 10000}, {0, 976562}}},
        {"{\"DailyApiRequests\":{\"Max\":15000}}", {{0, 0}, {0, 0}, {0, 0}}},
        {"{\"DailyApiRequests\":7,\"Other\":{}}", {{0, 0}, {0, 0}, {0, 0}}},
        {"[]", {{0, 0}, {0, 0}, {0, 0}}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ds_sf_limits limits = {0};
        json_t *answer = parse(cases[i].answer);

        ds_sf_limits_read(answer, &limits);
        assert_memory_equal(&limits, &cases[i].limits, sizeof(limits));
        json_decref(answer);
    }
}

static struct ds_remote remote_of(long used, long most)
{
    static struct ds_options options = {.connection = "acme"};

    return (struct ds_remote){.options = &options,
                              .origin = DS_BUF_INIT(DS_MAX_URL),
                              .usage.org = {used, most},
                              .daily_share = 80,
                              .bulk_share = 50,
                              .limits_asked = true};
}

static void a_budget_that_is_used_up_says_until_when(void **state)
{
    struct ds_remote remote = remote_of(80, 100);
    struct ds_err err = {0};

    (void)state;
    setenv("DEALSYNC_NOW", "2026-08-21T06:00:00Z", 1);
    assert_int_equal(ds_sf_budget(&remote, &err), DS_E_LATER);
    assert_non_null(strstr(err.text, "80 of the 100 daily requests"));
    assert_non_null(strstr(err.hint, "2026-08-22 06:00 UTC"));
    assert_non_null(strstr(err.hint, "'daily_share'"));
    unsetenv("DEALSYNC_NOW");
    ds_err_clear(&err);
    remote.usage.org.used = 79;
    assert_int_equal(ds_sf_budget(&remote, &err), DS_OK);
}

static void jobs_of_this_run_count(void **state)
{
    struct ds_remote remote = remote_of(1, 100);
    struct ds_err err = {0};

    (void)state;
    remote.limits.bulk_jobs = (struct ds_sf_share){48, 100};
    remote.bulk_jobs = 1;
    assert_int_equal(ds_sf_bulk_budget(&remote, &err), DS_OK);
    remote.bulk_jobs = 2;
    assert_int_equal(ds_sf_bulk_budget(&remote, &err), DS_E_LATER);
    assert_non_null(strstr(err.text, "50 of the 100 daily Bulk query jobs"));
    assert_non_null(strstr(err.hint, "'bulk_share'"));
    ds_err_clear(&err);
    remote.limits.bulk_jobs = (struct ds_sf_share){0, 0}; /* not told */
    assert_int_equal(ds_sf_bulk_budget(&remote, &err), DS_OK);
}

/* --- one code, two meanings ------------------------------------------------------------------ */

static void too_many_at_once_is_not_too_many_a_day(void **state)
{
    static const struct {
        const char *message;
        long used, most;
        bool busy;
    } cases[] = {
        {"TotalRequests Limit exceeded.", 100, 100, false},
        {"TotalRequests Limit exceeded.", 99, 100, true}, /* the numbers decide */
        {"TotalRequests Limit exceeded.", 0, 0, false},   /* nothing was ever told */
        {"ConcurrentRequests (Concurrent API Requests) Limit exceeded.", 0, 0, true},
        {"ConcurrentRequests (Concurrent API Requests) Limit exceeded.", 100, 100, true},
        {"", 100, 100, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ds_remote remote = remote_of(cases[i].used, cases[i].most);
        struct ds_http_request request = {.method = "PATCH", .url = "/services/data?q=secret"};
        struct ds_http_answer answer = {.status = 403, .body = DS_BUF_INIT(1)};
        json_t *body = json_pack("[{s:s,s:s}]", "errorCode", "REQUEST_LIMIT_EXCEEDED", "message",
                                 cases[i].message);
        struct ds_err err = {0};
        int64_t ms = ds_sf_again(&remote, &answer, body);

        assert_int_equal(ms > 0, cases[i].busy);
        assert_true(ms == 0 || (ms >= 30000 && ms < 60000));
        assert_int_equal(ds_sf_failure(&remote, &request, &answer, body, &err), DS_E_LATER);
        assert_non_null(strstr(err.text, "PATCH /services/data: 403"));
        assert_int_equal(strstr(err.hint, "run at once") != NULL, cases[i].busy);
        json_decref(body);
    }
}

/* --- shapes of errors ------------------------------------------------------------------------ */

static void an_error_is_read_in_every_shape(void **state)
{
    static const struct {
        const char *type, *body;
        int status;
        const char *text;
    } cases[] = {
        {"json", "[{\"message\":\"No such column\",\"errorCode\":\"INVALID_FIELD\"}]", DS_E_CONFIG,
         "INVALID_FIELD: No such column"},
        {"json", "{\"message\":\"gone\",\"errorCode\":\"NOT_FOUND\"}", DS_E_CONFIG,
         "NOT_FOUND: gone"},
        {"json", "{\"exceptionCode\":\"ExceededQuota\",\"exceptionMessage\":\"no more\"}",
         DS_E_LATER, "ExceededQuota: no more"},
        {"xml",
         "<?xml version=\"1.0\"?><error xmlns=\"http://www.force.com/2009/06/asyncapi/dataload\">"
         "<exceptionCode>FeatureNotEnabled</exceptionCode><exceptionMessage>Async API not enabled"
         "</exceptionMessage></error>",
         DS_E_AUTH, "FeatureNotEnabled: Async API not enabled"},
        {"xml",
         "<Errors><Error><errorCode>SERVER_UNAVAILABLE</errorCode><message>m</message></Error>"
         "</Errors>",
         DS_E_LATER, "SERVER_UNAVAILABLE: m"},
        {"html", "<html><head><title>Down</title></head><body/></html>", DS_E_REMOTE, "'Down'"},
        {"xml", "<!DOCTYPE a [<!ENTITY b \"c\">]><a><errorCode>&b;</errorCode></a>", DS_E_REMOTE,
         "400"},
        {"json", "", DS_E_REMOTE, "empty"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ds_remote remote = remote_of(0, 0);
        struct ds_http_request request = {.method = "GET", .url = "/x"};
        struct ds_http_answer answer;
        struct ds_err err = {0};
        json_t *body = NULL;

        ds_http_answer_init(&answer);
        answer.status = 400;
        ds_buf_addf(&answer.head, "content-type: text/%s\n", cases[i].type);
        ds_buf_add(&answer.body, cases[i].body);
        if (strcmp(cases[i].type, "json") == 0 && *cases[i].body)
            body = parse(cases[i].body);
        assert_int_equal(ds_sf_failure(&remote, &request, &answer, body, &err), cases[i].status);
        assert_non_null(strstr(err.text, cases[i].text));
        json_decref(body);
        ds_http_answer_clear(&answer);
    }
}

/* --- standard fields ------------------------------------------------------------------------- */

static void a_field_that_every_org_has_is_hidden(void **state)
{
    static const struct {
        const char *name, *piece;
        bool parent;
    } cases[] = {
        {"Amount", "every org has it, so it is hidden", false},
        {"amount", "every org has it, so it is hidden", false},
        {"Account", "read access to 'AccountId'", true},
        {"Account", "like 'Account.Name'", false},
        {"CurrencyIsoCode", "several currencies", false},
        {"RecordType", "record types", true},
        {"AgeInDays", "Pipeline Inspection", false},
        {"Region__c", "does not tell whether it is missing or hidden", false},
        {"Region__r", "does not tell whether it is missing or hidden", true},
        {"Regoin", "correct the mapping", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ds_err err = {0};

        ds_fail(&err, DS_E_CONFIG, "x");
        assert_int_equal(ds_sf_hint_absent(&err, cases[i].name, cases[i].parent), DS_E_CONFIG);
        assert_non_null(strstr(err.hint, cases[i].piece));
    }
    assert_non_null(strstr(ds_sf_unwritable("ForecastCategory"), "ForecastCategoryName"));
    assert_non_null(strstr(ds_sf_unwritable("iswon"), "StageName"));
    assert_null(ds_sf_unwritable("Amount"));
    assert_null(ds_sf_unwritable("Region__c"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_have_a_release_and_an_end),
        cmocka_unit_test(limits_tell_what_is_left),
        cmocka_unit_test(a_budget_that_is_used_up_says_until_when),
        cmocka_unit_test(jobs_of_this_run_count),
        cmocka_unit_test(too_many_at_once_is_not_too_many_a_day),
        cmocka_unit_test(an_error_is_read_in_every_shape),
        cmocka_unit_test(a_field_that_every_org_has_is_hidden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
