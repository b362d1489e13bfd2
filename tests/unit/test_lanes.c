/* Several requests at once, against a server that listens on loopback. */
#include "connectors/api.h"
#include "connectors/gate.h"
#include "tests/unit/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static atomic_int interrupted;
static const char *token;
static unsigned logins, failures;
static struct ds_options options;
static struct ds_http *http;
static struct ds_api *api;

/* --- the connector --------------------------------------------------------------------------- */

static int login(void *arg, struct ds_http *h, struct ds_token *out, struct ds_err *err)
{
    (void)arg, (void)h, (void)err;
    logins++;
    ds_buf_add(&out->text, token);
    return DS_OK;
}

static int failure(void *arg, const struct ds_http_request *request, struct ds_http_answer *answer,
                   json_t *body, struct ds_err *err)
{
    (void)arg, (void)request;
    assert_non_null(body);
    failures++;
    return ds_fail(err, DS_E_AUTH, "refused with %ld", answer->status);
}

/* 403 is this remote's word for having too much to do. */
static int64_t again(void *arg, const struct ds_http_answer *answer, const json_t *body)
{
    (void)arg, (void)body;
    return answer->status == 403 || answer->status == 501 ? 300 : 0;
}

static int open_api(void **state)
{
    static const struct ds_api_kind kind = {.login = login, .failure = failure, .again = again};
    static const char *const names[] = {"ca_file", "proxy", "timeout", "retries"};
    static const char *values[] = {NULL, NULL, "10", "1"};
    static const char *const where[COUNT(values)] = {NULL};
    struct ds_err err = {0};

    (void)state;
    if (!values[0])
        values[0] = temp_write(server.cert);
    options = (struct ds_options){
        .connection = "test",
        .count = COUNT(values),
        .names = names,
        .values = values,
        .where = where,
        .interrupted = &interrupted,
    };
    interrupted = 0;
    server.token = token = "t1";
    logins = failures = 0;
    server_reset();
    if (ds_http_open(&options, server.origin, &http, &err) ||
        ds_api_open(http, &kind, NULL, &api, &err))
        fail_msg("%s", err.text);
    return 0;
}

static int close_api(void **state)
{
    (void)state;
    ds_api_close(api);
    ds_http_close(http);
    return 0;
}

/* --- calls ----------------------------------------------------------------------------------- */

/* A call whose texts are gone when it has begun. */
static int begin(size_t lane, struct ds_api_call call, const char *path)
{
    struct ds_err err = {0};
    char url[128], body[64] = "";
    int rc;

    snprintf(url, sizeof(url), "%s%s", server.origin, path);
    call.url = url;
    if (call.body) {
        memcpy(body, call.body, call.body_len);
        call.body = body;
    }
    rc = ds_api_begin(api, lane, &call, &err);
    memset(url, 'x', sizeof(url) - 1);
    memset(body, 'x', sizeof(body) - 1);
    return rc;
}

static void get(size_t lane, const char *path)
{
    assert_int_equal(begin(lane, (struct ds_api_call){.repeatable = true}, path), DS_OK);
}

static void ends(size_t lane, int status, const char *path)
{
    struct ds_api_reply reply;
    struct ds_err err = {0};

    assert_int_equal(ds_api_wait(api, lane, &reply, &err), status);
    assert_int_equal(err.status, status);
    if (status)
        assert_null(reply.json);
    else
        assert_string_equal(ds_json_text(reply.json, "path"), path);
    ds_api_reply_clear(&reply);
}

static int call(const char *method, const char *path, const char *body, bool repeatable)
{
    struct ds_api_call what = {.method = method, .body = body, .repeatable = repeatable};
    struct ds_api_reply reply;
    struct ds_err err = {0};
    char url[128];
    int rc;

    snprintf(url, sizeof(url), "%s%s", server.origin, path);
    what.url = url;
    what.body_len = body ? strlen(body) : 0;
    rc = ds_api_call(api, &what, &reply, &err);
    ds_api_reply_clear(&reply);
    return rc;
}

/* --- lanes ----------------------------------------------------------------------------------- */

static void all_lanes_are_on_their_way_at_once(void **state)
{
    struct ds_http_usage usage;

    (void)state;
    for (size_t lane = 0; lane < DS_HTTP_LANES; lane++)
        get(lane, "/meet/8");
    for (size_t lane = DS_HTTP_LANES; lane-- > 0;)
        ends(lane, DS_OK, "/meet/8");
    ds_http_usage(http, &usage);
    assert_int_equal(usage.requests, 8);
    assert_int_equal(usage.peak, 8);
    assert_in_range(usage.bytes, 8 * 40, 8 * 80);
    assert_int_equal(logins, 1);
}

static void answers_are_taken_in_the_order_they_arrive(void **state)
{
    static const struct {
        size_t lane;
        const char *path;
    } order[] = {{5, "/slow/1"}, {0, "/slow/300"}, {3, "/slow/600"}};

    (void)state;
    get(0, order[1].path);
    get(3, order[2].path);
    get(5, order[0].path);
    server_nap(900);
    for (size_t i = 0; i < COUNT(order); i++) {
        struct ds_api_reply reply;
        struct ds_err err = {0};
        size_t lane = 99;

        assert_int_equal(ds_api_wait_any(api, &lane, &reply, &err), DS_OK);
        assert_int_equal(lane, order[i].lane);
        assert_string_equal(ds_json_text(reply.json, "path"), order[i].path);
        ds_api_reply_clear(&reply);
    }
}

static void a_lane_is_used_by_one_request(void **state)
{
    struct ds_api_reply reply;
    struct ds_err err = {0};
    size_t lane;

    (void)state;
    assert_int_equal(ds_api_wait_any(api, &lane, &reply, &err), DS_E_BUG);
    ds_err_clear(&err);
    assert_int_equal(ds_api_wait(api, 2, &reply, &err), DS_E_BUG);
    get(2, "/slow/1");
    assert_int_equal(begin(2, (struct ds_api_call){.repeatable = true}, "/slow/2"), DS_E_BUG);
    assert_int_equal(begin(8, (struct ds_api_call){.repeatable = true}, "/slow/2"), DS_E_BUG);
    assert_int_equal(call("GET", "/slow/3", NULL, true), DS_OK);
    ends(2, DS_OK, "/slow/1");
    get(2, "/slow/2");
    ends(2, DS_OK, "/slow/2");
}

static void what_nobody_wants_ends_at_once(void **state)
{
    int64_t start;

    (void)state;
    for (size_t lane = 0; lane < DS_HTTP_LANES; lane++)
        get(lane, "/stay");
    while (server_look(&server.inside) < DS_HTTP_LANES)
        server_nap(10);
    start = ds_ticks();
    ds_api_abandon(api);
    assert_in_range(ds_ticks() - start, 0, 5000);
    get(0, "/slow/1");
    ends(0, DS_OK, "/slow/1");
}

static void an_interruption_ends_all_lanes(void **state)
{
    int64_t start;

    (void)state;
    get(0, "/stay");
    while (server_look(&server.inside) == 0)
        server_nap(10);
    ds_http_hold(http, 5000);
    get(1, "/slow/1");
    start = ds_ticks();
    interrupted = 1;
    ends(0, DS_E_LATER, NULL);
    ends(1, DS_E_LATER, NULL);
    assert_in_range(ds_ticks() - start, 0, 5000);
    assert_int_equal(server_asked("/slow/1"), 0);
}

/* --- tokens ---------------------------------------------------------------------------------- */

static void one_login_serves_all_lanes(void **state)
{
    (void)state;
    for (size_t lane = 0; lane < 4; lane++)
        get(lane, lane % 2 ? "/slow/100" : "/token");
    for (size_t lane = 0; lane < 4; lane++)
        ends(lane, DS_OK, lane % 2 ? "/slow/100" : "/token");
    assert_int_equal(logins, 1);
    for (size_t lane = 0; lane < 4; lane++)
        get(lane, "/slow/50"); /* with a token that ends meanwhile */
    for (size_t lane = 0; lane < 4; lane++)
        ends(lane, DS_OK, "/slow/50");
    server.token = token = "t2";
    for (size_t lane = 0; lane < 4; lane++)
        get(lane, "/token");
    for (size_t lane = 0; lane < 4; lane++)
        ends(lane, DS_OK, "/token");
    assert_int_equal(logins, 2);
    assert_int_equal(server_asked("/token"), 2 + 8);
}

static void a_token_is_renewed_once_a_request(void **state)
{
    (void)state;
    server.token = "another";
    get(0, "/token");
    ends(0, DS_E_AUTH, NULL);
    assert_int_equal(logins, 2);
    assert_int_equal(failures, 1);
    assert_int_equal(server_asked("/token"), 2);
}

/* --- throttling ------------------------------------------------------------------------------ */

static void a_pause_for_one_is_a_pause_for_all(void **state)
{
    int64_t first;
    struct ds_http_usage usage;

    (void)state;
    get(0, "/once/429/1");
    while (server_asked("/once/429/1") == 0)
        server_nap(10);
    server_nap(100);
    for (size_t lane = 1; lane < 4; lane++)
        get(lane, "/slow/1");
    for (size_t lane = 1; lane < 4; lane++)
        ends(lane, DS_OK, "/slow/1");
    ends(0, DS_OK, "/once/429/1");
    first = server.notes[0].at_ms;
    assert_int_equal(server.count, 5);
    for (unsigned i = 1; i < server.count; i++)
        assert_in_range(server.notes[i].at_ms - first, 1000, 9000);
    ds_http_usage(http, &usage);
    assert_int_equal(usage.width, DS_HTTP_LANES / 2);
}

static void a_connectors_own_pause_is_for_all_too(void **state)
{
    int64_t first;

    (void)state;
    get(0, "/once/403/0");
    get(1, "/status/403");
    ends(0, DS_OK, "/once/403/0");
    first = server.notes[0].at_ms;
    assert_in_range(server.notes[2].at_ms - first, 300, 9000);
    ends(1, DS_E_AUTH, NULL);
    assert_int_equal(server_asked("/status/403"), 4); /* three pauses and no more */
}

static void no_more_are_on_their_way_than_the_gate_lets_in(void **state)
{
    struct ds_http_usage usage;

    (void)state;
    ds_http_parallel(http, 2);
    for (size_t lane = 0; lane < 6; lane++)
        get(lane, "/slow/50");
    for (size_t lane = 0; lane < 6; lane++)
        ends(lane, DS_OK, "/slow/50");
    assert_int_equal(server.most_inside, 2);
    ds_http_hold(http, 1);
    server_nap(10);
    server_reset();
    for (size_t lane = 0; lane < 4; lane++)
        get(lane, "/slow/50");
    for (size_t lane = 0; lane < 4; lane++)
        ends(lane, DS_OK, "/slow/50");
    assert_int_equal(server.most_inside, 1);
    for (size_t i = 0; i < DS_GATE_GOOD; i++) {
        get(i % 4, "/slow/1");
        ends(i % 4, DS_OK, "/slow/1");
    }
    ds_http_usage(http, &usage);
    assert_int_equal(usage.width, 2);
}

static void who_waits_longest_is_let_in_first(void **state)
{
    static const struct {
        size_t lane;
        const char *path;
    } order[] = {{6, "/slow/900"}, {3, "/slow/1"}, {5, "/slow/2"}, {1, "/slow/3"}, {4, "/slow/4"}};

    (void)state;
    ds_http_parallel(http, 1);
    for (size_t i = 0; i < COUNT(order); i++) {
        get(order[i].lane, order[i].path);
        server_nap(100);
    }
    for (size_t i = 0; i < COUNT(order); i++)
        ends(order[i].lane, DS_OK, order[i].path);
    for (size_t i = 0; i < COUNT(order); i++)
        assert_string_equal(server.notes[i].path, order[i].path);
}

static void a_pause_that_does_not_fit_ends_the_request(void **state)
{
    (void)state;
    options.deadline_ms = ds_ticks() + 2000;
    ds_http_hold(http, 3000);
    get(0, "/slow/1");
    ends(0, DS_E_LATER, NULL);
    assert_int_equal(call("GET", "/slow/1", NULL, true), DS_E_LATER);
    assert_int_equal(server.count, 0);
}

/* --- writes ---------------------------------------------------------------------------------- */

static const struct {
    const char *path, *body;
    bool repeatable;
    int status;
    unsigned asked; /* at least, for libcurl repeats on its own what may be repeated */
} writes[] = {
    {"/once/429/0", "a=1", false, DS_OK, 2}, /* refused, so nothing was written */
    {"/once/503/0", "a=1", false, DS_E_REMOTE, 1}, {"/once/503/0", "a=1", true, DS_OK, 2},
    {"/once/403/0", "a=1", false, DS_OK, 2},       {"/once/501/0", "a=1", false, DS_E_AUTH, 1},
    {"/once/501/0", "a=1", true, DS_OK, 2},        {"/break", "a=1", false, DS_E_REMOTE, 1},
    {"/break", NULL, false, DS_E_REMOTE, 1},       {"/break", "a=1", true, DS_E_REMOTE, 2},
};

/* Each on a connection that stands open, where it can. */
static void writes_are_not_repeated_blindly(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(writes); i++) {
        const char *path = writes[i].path;
        unsigned asked;

        server_reset();
        assert_int_equal(call("GET", "/slow/1", NULL, true), DS_OK);
        if (call("PATCH", path, writes[i].body, writes[i].repeatable) != writes[i].status)
            fail_msg("%s ends otherwise", path);
        asked = server_asked(path);
        if (asked < writes[i].asked || (!writes[i].repeatable && asked > writes[i].asked))
            fail_msg("%s with body %s: asked %u times", path, writes[i].body, asked);
    }
}

static const struct {
    const char *method, *body, *type, *said;
} bodies[] = {
    {"POST", "a=1", "text/plain", "text/plain|a=1"},
    {"PATCH", "", "application/json", "application/json|"},
    {"PUT", NULL, NULL, "|"},
    {"POST", NULL, NULL, "|"},
    {"DELETE", NULL, NULL, "|"},
    {"GET", NULL, NULL, "|"},
};

static void requests_carry_their_body(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct ds_api_call request = {
            .method = bodies[i].method,
            .body = bodies[i].body,
            .body_len = bodies[i].body ? strlen(bodies[i].body) : 0,
            .body_type = bodies[i].type,
        };
        struct ds_api_reply reply;
        struct ds_err err = {0};

        assert_int_equal(begin(i, request, "/echo"), DS_OK);
        assert_int_equal(ds_api_wait(api, i, &reply, &err), DS_OK);
        assert_string_equal(ds_json_text(reply.json, "method"), bodies[i].method);
        assert_string_equal(ds_json_text(reply.json, "said"), bodies[i].said);
        ds_api_reply_clear(&reply);
    }
}

/* --- replies --------------------------------------------------------------------------------- */

static const struct {
    const char *path;
    struct ds_api_call call;
    int rc;
    long status;
    bool json;
    bool body;
} replies[] = {
    {"/slow/1", {.method = "GET"}, DS_OK, 200, true, false},
    {"/slow/1", {.method = "GET", .raw = true}, DS_OK, 200, false, true},
    {"/csv", {.method = "GET", .raw = true}, DS_OK, 200, false, true},
    {"/csv", {.method = "GET"}, DS_E_REMOTE, 0, false, false},
    {"/html", {.method = "POST"}, DS_E_REMOTE, 0, false, false},
    {"/empty", {.method = "GET"}, DS_E_REMOTE, 0, false, false},
    {"/empty", {.method = "PATCH"}, DS_OK, 204, false, false},
    {"/empty", {.method = "GET", .raw = true}, DS_OK, 204, false, false},
    {"/status/412", {.method = "PATCH"}, DS_E_AUTH, 0, false, false},
    {"/status/412", {.method = "PATCH", .any_status = true}, DS_OK, 412, true, false},
    {"/status/412", {.method = "PATCH", .any_status = true, .raw = true}, DS_OK, 412, true, false},
    {"/status/500", {.method = "PATCH"}, DS_E_REMOTE, 0, false, false},
    {"/status/500", {.method = "PATCH", .any_status = true}, DS_OK, 500, true, false},
    {"/status/401", {.method = "GET", .any_status = true}, DS_OK, 401, true, false},
    {"/status/429", {.method = "GET", .any_status = true}, DS_E_LATER, 0, false, false},
};

static void replies_hold_what_was_answered(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(replies); i++) {
        struct ds_api_reply reply;
        struct ds_err err = {0};

        assert_int_equal(begin(0, replies[i].call, replies[i].path), DS_OK);
        if (ds_api_wait(api, 0, &reply, &err) != replies[i].rc)
            fail_msg("%s: %s", replies[i].path, err.text);
        assert_int_equal(reply.status, replies[i].status);
        assert_int_equal(reply.json != NULL, replies[i].json);
        assert_int_equal(reply.body.len > 0, replies[i].body);
        if (replies[i].rc) {
            assert_null(ds_api_header(&reply, "x-test"));
        } else {
            assert_string_equal(ds_api_header(&reply, "x-test"), "here");
            assert_true(reply.date_ms > 0);
        }
        ds_api_reply_clear(&reply);
    }
}

static int start(void **state)
{
    (void)state;
    server_start();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    server_stop();
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_api, close_api)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_lanes_are_on_their_way_at_once),
        TEST(answers_are_taken_in_the_order_they_arrive),
        TEST(a_lane_is_used_by_one_request),
        TEST(what_nobody_wants_ends_at_once),
        TEST(an_interruption_ends_all_lanes),
        TEST(one_login_serves_all_lanes),
        TEST(a_token_is_renewed_once_a_request),
        TEST(a_pause_for_one_is_a_pause_for_all),
        TEST(a_connectors_own_pause_is_for_all_too),
        TEST(no_more_are_on_their_way_than_the_gate_lets_in),
        TEST(who_waits_longest_is_let_in_first),
        TEST(a_pause_that_does_not_fit_ends_the_request),
        TEST(writes_are_not_repeated_blindly),
        TEST(requests_carry_their_body),
        TEST(replies_hold_what_was_answered),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
