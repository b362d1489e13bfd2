/* The text of a batch of requests, and of its answer. */
#include "connectors/dynamics/batch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void a_batch_is_written_with_crlf(void **state)
{
    static const struct ds_dynamics_part parts[] = {
        {"PATCH", "/api/data/v9.2/opportunities(1)", "W/\"7\"", "return=representation",
         "{\"name\":\"x\"}"},
        {"GET", "/api/data/v9.2/WhoAmI", NULL, NULL, NULL},
    };
    static const char text[] = "--batch_dealsync\r\n"
                               "Content-Type: application/http\r\n"
                               "Content-Transfer-Encoding: binary\r\n"
                               "Content-ID: 1\r\n"
                               "\r\n"
                               "PATCH /api/data/v9.2/opportunities(1) HTTP/1.1\r\n"
                               "Accept: application/json\r\n"
                               "OData-MaxVersion: 4.0\r\n"
                               "OData-Version: 4.0\r\n"
                               "If-Match: W/\"7\"\r\n"
                               "Prefer: return=representation\r\n"
                               "Content-Type: application/json\r\n"
                               "Content-Length: 12\r\n"
                               "\r\n"
                               "{\"name\":\"x\"}\r\n"
                               "--batch_dealsync\r\n"
                               "Content-Type: application/http\r\n"
                               "Content-Transfer-Encoding: binary\r\n"
                               "Content-ID: 2\r\n"
                               "\r\n"
                               "GET /api/data/v9.2/WhoAmI HTTP/1.1\r\n"
                               "Accept: application/json\r\n"
                               "OData-MaxVersion: 4.0\r\n"
                               "OData-Version: 4.0\r\n"
                               "\r\n"
                               "\r\n"
                               "--batch_dealsync--\r\n";
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);

    (void)state;
    for (unsigned i = 0; i < COUNT(parts); i++)
        ds_dynamics_batch_add(&out, i + 1, &parts[i]);
    ds_dynamics_batch_end(&out);
    assert_false(ds_buf_failed(&out));
    assert_string_equal(out.text, text);
    for (size_t i = 0; i < out.len; i++)
        if (out.text[i] == '\n')
            assert_int_equal(out.text[i - 1], '\r'); /* DV-84 */
    ds_buf_clear(&out);
}

#define ANSWER                                                                                     \
    "--batchresponse_f27e\r\n"                                                                     \
    "Content-Type: application/http\r\n"                                                           \
    "Content-Transfer-Encoding: binary\r\n"                                                        \
    "Content-ID: 1\r\n"                                                                            \
    "\r\n"                                                                                         \
    "HTTP/1.1 204 No Content\r\n"                                                                  \
    "OData-Version: 4.0\r\n"                                                                       \
    "\r\n"                                                                                         \
    "\r\n"                                                                                         \
    "--batchresponse_f27e\r\n"                                                                     \
    "Content-Type: application/http\r\n"                                                           \
    "Content-Transfer-Encoding: binary\r\n"                                                        \
    "\r\n"                                                                                         \
    "HTTP/1.1 412 Precondition Failed\r\n"                                                         \
    "Content-Type: application/json\r\n"                                                           \
    "content-id: 2\r\n"                                                                            \
    "retry-after:  Fri, 21 Aug 2026 06:00:17 GMT\r\n"                                              \
    "\r\n"                                                                                         \
    "{\"error\":{\"code\":\"\",\"message\":\"see --batchresponse_f27e\"}}\r\n"                     \
    "--batchresponse_f27e--\r\n"

static void answers_are_taken_apart(void **state)
{
    static const char *const types[] = {
        "multipart/mixed; boundary=batchresponse_f27e",
        "multipart/mixed; boundary=\"batchresponse_f27e\"; charset=utf-8",
        "Multipart/Mixed;BOUNDARY=batchresponse_f27e",
    };
    struct ds_dynamics_batch b;
    struct ds_dynamics_said said;
    struct ds_err err = {0};
    bool more;

    (void)state;
    for (size_t i = 0; i < COUNT(types); i++) {
        assert_int_equal(ds_dynamics_batch_open(&b, types[i], ANSWER, strlen(ANSWER), &err), DS_OK);
        assert_int_equal(ds_dynamics_batch_next(&b, &said, &more, &err), DS_OK);
        assert_true(more);
        assert_int_equal(said.n, 1);
        assert_int_equal(said.status, 204);
        assert_int_equal(said.body_len, 0);
        assert_string_equal(said.retry_after, "");
        assert_int_equal(ds_dynamics_batch_next(&b, &said, &more, &err), DS_OK);
        assert_true(more);
        assert_int_equal(said.n, 2);
        assert_int_equal(said.status, 412);
        assert_string_equal(said.retry_after, "Fri, 21 Aug 2026 06:00:17 GMT");
        assert_int_equal(said.body_len, strlen("{\"error\":{\"code\":\"\",\"message\":\"see "
                                               "--batchresponse_f27e\"}}"));
        assert_int_equal(said.body[0], '{');
        assert_int_equal(ds_dynamics_batch_next(&b, &said, &more, &err), DS_OK);
        assert_false(more);
    }
}

/* Wherever an answer is cut, the answers before are told and the rest is an error, never an end. */
static void cut_answers_are_errors(void **state)
{
    static const char type[] = "multipart/mixed; boundary=batchresponse_f27e";
    size_t whole = strlen(ANSWER) - strlen("--\r\n");

    (void)state;
    for (size_t len = 0; len < whole; len++) {
        char *text = malloc(len + 1); /* so that reading beyond it is noticed */
        struct ds_dynamics_batch b;
        struct ds_dynamics_said said;
        struct ds_err err = {0};
        bool more = true;
        int rc;

        assert_non_null(text);
        memcpy(text, ANSWER, len);
        rc = ds_dynamics_batch_open(&b, type, text, len, &err);
        for (int i = 0; i < 4 && !rc && more; i++)
            rc = ds_dynamics_batch_next(&b, &said, &more, &err);
        assert_int_equal(rc, DS_E_REMOTE);
        free(text);
    }
}

static void nonsense_is_refused(void **state)
{
    static const char *const types[] = {
        NULL, "application/json", "multipart/mixed; boundary=", "multipart/mixed; boundary=\"\""};
    static const char *const bodies[] = {
        "", "no boundary at all", "--b\r\n\r\nHTTP/1.1 twenty\r\n\r\n\r\n--b--\r\n",
        "--b\r\nContent-Type: application/http\r\n\r\nnot http at all\r\n\r\n--b--\r\n"};
    struct ds_dynamics_batch b;
    struct ds_dynamics_said said;

    (void)state;
    for (size_t i = 0; i < COUNT(types); i++) {
        struct ds_err err = {0};

        assert_int_equal(ds_dynamics_batch_open(&b, types[i], "", 0, &err), DS_E_REMOTE);
    }
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct ds_err err = {0};
        bool more;
        int rc = ds_dynamics_batch_open(&b, "multipart/mixed; boundary=b", bodies[i],
                                        strlen(bodies[i]), &err);

        if (!rc)
            rc = ds_dynamics_batch_next(&b, &said, &more, &err);
        assert_int_equal(rc, DS_E_REMOTE);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_written_with_crlf),
        cmocka_unit_test(answers_are_taken_apart),
        cmocka_unit_test(cut_answers_are_errors),
        cmocka_unit_test(nonsense_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
