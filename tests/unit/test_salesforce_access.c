/* Logging in to Salesforce, without an org: whom a login is addressed to, what refusals mean, and the
 * file of a refresh token after every way in which a run can end. */
#include "connectors/salesforce/refresh.h"
#include "connectors/salesforce/remote.h"
#include "connectors/salesforce/salesforce.h"
#include "tests/unit/temp.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- the file of a refresh token ------------------------------------------------------------- */

static const char *path;
static char next[80], lock[80];

static void write_file(const char *name, const char *text, size_t len)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
}

static void assert_file(const char *name, const char *text)
{
    char is[64] = "";
    FILE *f = fopen(name, "re");
    size_t n;

    assert_non_null(f);
    n = fread(is, 1, sizeof(is) - 1, f);
    fclose(f);
    is[n] = '\0';
    assert_string_equal(is, text);
}

static int set_up(void **state)
{
    (void)state;
    path = temp_write("first\n");
    snprintf(next, sizeof(next), "%s.new", path);
    snprintf(lock, sizeof(lock), "%s.lock", path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(next);
    unlink(lock);
    return 0;
}

static void begin(struct ds_sf_refresh *r)
{
    struct ds_err err = {0};

    ds_sf_refresh_init(r, path);
    assert_int_equal(ds_sf_refresh_begin(r, NULL, &err), DS_OK);
}

static void a_new_token_takes_the_place_of_the_old_one(void **state)
{
    struct ds_sf_refresh r;
    struct ds_err err = {0};
    struct stat st;

    (void)state;
    begin(&r);
    assert_string_equal(r.token.text, "first");
    assert_false(r.cut);
    assert_int_equal(access(next, F_OK), 0); /* written down before anything is sent */
    assert_int_equal(ds_sf_refresh_keep(&r, "second", &err), DS_OK);
    assert_file(path, "second\n");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    ds_sf_refresh_end(&r, false);
    assert_int_not_equal(access(next, F_OK), 0);
    begin(&r);
    assert_string_equal(r.token.text, "second");
    assert_false(r.cut);
    ds_sf_refresh_end(&r, true);
}

static void a_token_that_stays_leaves_no_trace(void **state)
{
    static const char *const same[] = {NULL, "first"};
    struct ds_sf_refresh r;
    struct ds_err err = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(same); i++) {
        begin(&r);
        assert_int_equal(ds_sf_refresh_keep(&r, same[i], &err), DS_OK);
        ds_sf_refresh_end(&r, false);
        assert_file(path, "first\n");
        assert_int_not_equal(access(next, F_OK), 0);
    }
}

/* How an exchange that got no new token shows in the next one. */
static void an_exchange_without_an_answer_is_remembered(void **state)
{
    struct ds_sf_refresh r;

    (void)state;
    begin(&r);
    ds_sf_refresh_end(&r, true); /* refused: no token is on its way */
    begin(&r);
    assert_false(r.cut);
    ds_sf_refresh_end(&r, false); /* never answered */
    begin(&r);
    assert_true(r.cut);
    assert_string_equal(r.token.text, "first");
    ds_sf_refresh_end(&r, true); /* refused for just that */
    begin(&r);
    assert_true(r.cut);
    ds_sf_refresh_end(&r, false);
}

/* What a run that was killed may leave in the new file, and the token that the next one sends. */
static const struct {
    const char *text;
    size_t len;
    const char *token;
    bool cut;
} remains[] = {
    {"second\n", 7, "second", false}, {"second\n\0\0\0\0", 11, "second", false},
    {"", 0, "first", true},           {"\0\0\0\0", 4, "first", true},
    {"seco", 4, "first", true},       {"\n", 1, "first", true},
};

static void what_a_killed_run_left_is_finished(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(remains); i++) {
        struct ds_sf_refresh r;

        tear_down(NULL);
        set_up(NULL);
        write_file(next, remains[i].text, remains[i].len);
        begin(&r);
        assert_string_equal(r.token.text, remains[i].token);
        assert_int_equal(r.cut, remains[i].cut);
        ds_sf_refresh_end(&r, true);
    }
}

static void what_a_person_put_there_since_counts(void **state)
{
    struct timespec early[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
    struct ds_sf_refresh r;

    (void)state;
    for (size_t i = 0; i < COUNT(remains); i++) {
        write_file(next, remains[i].text, remains[i].len);
        assert_int_equal(utimensat(AT_FDCWD, next, early, 0), 0);
        begin(&r);
        assert_string_equal(r.token.text, "first");
        assert_false(r.cut);
        ds_sf_refresh_end(&r, true);
    }
}

static void only_a_private_file_of_our_own_will_do(void **state)
{
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(ds_sf_refresh_check(path, &err), DS_OK);
    assert_int_equal(ds_sf_refresh_check("token", &err), DS_E_CONFIG);
    ds_err_clear(&err);
    assert_int_equal(ds_sf_refresh_check("/no/such/token", &err), DS_E_CONFIG);
    ds_err_clear(&err);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(ds_sf_refresh_check(path, &err), DS_E_CONFIG);
    assert_non_null(strstr(err.text, "0640"));
    assert_null(strstr(err.text, "first"));
}

/* --- settings -------------------------------------------------------------------------------- */

static int open_at(const char *url, const char *login, const char *audience, struct ds_remote **out,
                   struct ds_err *err)
{
    static const char *names[32], *values[32], *where[32];
    static struct ds_options options;
    const char *own[][2] = {{"url", url},           {"login_url", login},
                            {"audience", audience}, {"auth", "refresh_token"},
                            {"client_id", "id"},    {"refresh_token_file", path}};

    options = (struct ds_options){.connection = "acme", .names = names, .values = values};
    options.where = where;
    for (size_t i = 0; i < COUNT(own); i++) {
        names[i] = own[i][0];
        values[i] = own[i][1];
        where[i] = "a.conf:7";
    }
    options.count = COUNT(own);
    for (const struct ds_setting *s = ds_salesforce.settings; s->name; s++)
        if (s->fallback && strcmp(s->name, "auth") != 0) {
            names[options.count] = s->name;
            where[options.count] = NULL;
            values[options.count++] = s->fallback;
        }
    return ds_salesforce.open(&options, out, err);
}

#define PRODUCTION "https://login.salesforce.com"
#define SANDBOX    "https://test.salesforce.com"

static void the_audience_follows_from_the_address(void **state)
{
    static const char *const cases[][3] = {
        {"https://acme.my.salesforce.com", NULL, PRODUCTION},
        {"https://acme--uat.sandbox.my.salesforce.com", NULL, SANDBOX},
        {"https://acme--uat.my.salesforce.com", NULL, SANDBOX},
        {"https://acme-dev-ed.scratch.my.salesforce.com", NULL, SANDBOX},
        {"https://crm.acme-corp.example", NULL, PRODUCTION},
        {"https://crm.xn--acme-corp.example", NULL, PRODUCTION}, /* a name in another script */
        {"https://acme--uat.sandbox.my.salesforce.com", PRODUCTION, PRODUCTION},
        {"https://acme.my.salesforce.com", "https://acme.my.salesforce.com",
         "https://acme.my.salesforce.com"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ds_remote *remote = NULL;
        struct ds_err err = {0};

        assert_int_equal(open_at(cases[i][0], NULL, cases[i][1], &remote, &err), DS_OK);
        assert_string_equal(remote->audience, cases[i][2]);
        ds_salesforce.close(remote);
    }
}

static void a_login_says_who_and_for_whom(void **state)
{
    static const char *const names[] = {"client_id", "user"};
    static const char *const values[] = {"3MVG9", "o'brien&co+\"x\"@example.com"};
    const struct ds_options options = {.count = 2, .names = names, .values = values};
    const struct ds_remote remote = {.options = &options, .audience = SANDBOX};
    struct ds_buf claims = DS_BUF_INIT(DS_MAX_TEXT);

    (void)state;
    ds_sf_claims(&remote, 1000000000, &claims);
    assert_string_equal(claims.text,
                        "{\"iss\":\"3MVG9\",\"sub\":\"o'brien&co+\\\"x\\\"@example.com\","
                        "\"aud\":\"https://test.salesforce.com\",\"exp\":1000000120}");
    ds_buf_clear(&claims);
}

/* --- refusals -------------------------------------------------------------------------------- */

static const struct {
    const char *body;
    int status;
    const char *hint; /* a piece of it: where in Salesforce to look */
} refusals[] = {
    {"{\"error\":\"invalid_grant\",\"error_description\":\"user hasn't approved this consumer\"}",
     DS_E_AUTH, "Admin approved users are pre-authorized"},
    {"{\"error\":\"invalid_grant\",\"error_description\":\"audience is invalid\"}", DS_E_AUTH,
     "test.salesforce.com"},
    {"{\"error\":\"invalid_grant\",\"error_description\":\"Audience validation failed\"}",
     DS_E_AUTH, "test.salesforce.com"},
    {"{\"error\":\"invalid_grant\",\"error_description\":\"expired access/refresh token\"}",
     DS_E_AUTH, "Refresh Token Policy"},
    {"{\"error\":\"invalid_grant\",\"error_description\":\"invalid assertion\"}", DS_E_AUTH,
     "certificate"},
    {"{\"error\":\"invalid_grant\",\"error_description\":\"invalid user\"}", DS_E_AUTH,
     "Setup > Users"},
    {"{\"error\":\"invalid_grant\",\"error_description\":\"authentication failure\"}", DS_E_AUTH,
     "Login History"},
    {"{\"error\":\"invalid_grant\",\"error_description\":\"no client credentials user enabled\"}",
     DS_E_AUTH, "Run As"},
    {"{\"error\":\"invalid_grant\",\"error_description\":\"ip restricted\"}", DS_E_AUTH,
     "IP Relaxation"},
    {"{\"error\":\"invalid_grant\"}", DS_E_AUTH, "Login History"},
    {"{\"error\":\"invalid_client_id\",\"error_description\":\"client identifier invalid\"}",
     DS_E_AUTH, "consumer key"},
    {"{\"error\":\"invalid_client\",\"error_description\":\"invalid client credentials\"}",
     DS_E_AUTH, "secret"},
    {"{\"error\":\"invalid_client\",\"error_description\":\"app must be installed into org\"}",
     DS_E_AUTH, "Connected Apps OAuth Usage"},
    {"{\"error\":\"inactive_user\"}", DS_E_AUTH, "Setup > Users"},
    {"{\"error\":\"inactive_org\"}", DS_E_AUTH, "Company Information"},
    {"{\"error\":\"rate_limit_exceeded\"}", DS_E_LATER, "next run"},
    {"{\"error\":\"unsupported_grant_type\"}", DS_E_AUTH, "Flow Enablement"},
    {"{\"error\":\"invalid_request\"}", DS_E_AUTH, "OAuth settings"},
    {"{\"error\":\"something new\"}", DS_E_AUTH, "Login History"},
};

static int refuse(struct ds_remote *remote, const char *text, bool cut, struct ds_err *err)
{
    json_t *body = json_loads(text, 0, NULL);
    struct ds_http_answer answer;
    int rc;

    ds_http_answer_init(&answer);
    answer.status = 400;
    rc = ds_sf_refused(remote, &answer, body, cut, err);
    ds_http_answer_clear(&answer);
    json_decref(body);
    return rc;
}

static void every_refusal_says_where_to_look(void **state)
{
    struct ds_remote *remote = NULL;
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(open_at("https://acme.my.salesforce.com", NULL, NULL, &remote, &err), DS_OK);
    for (size_t i = 0; i < COUNT(refusals); i++) {
        ds_err_clear(&err);
        assert_int_equal(refuse(remote, refusals[i].body, false, &err), refusals[i].status);
        assert_non_null(strstr(err.hint, refusals[i].hint));
    }
    ds_err_clear(&err);
    refuse(remote, refusals[3].body, true, &err);
    assert_non_null(strstr(err.hint, "was killed while it exchanged the token"));
    ds_err_clear(&err);
    refuse(remote, refusals[0].body, true, &err); /* another matter */
    assert_non_null(strstr(err.hint, refusals[0].hint));
    ds_salesforce.close(remote);
}

#define ACCESS(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ACCESS(a_new_token_takes_the_place_of_the_old_one),
        ACCESS(a_token_that_stays_leaves_no_trace),
        ACCESS(an_exchange_without_an_answer_is_remembered),
        ACCESS(what_a_killed_run_left_is_finished),
        ACCESS(what_a_person_put_there_since_counts),
        ACCESS(only_a_private_file_of_our_own_will_do),
        ACCESS(the_audience_follows_from_the_address),
        ACCESS(a_login_says_who_and_for_whom),
        ACCESS(every_refusal_says_where_to_look),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
