/* The parts of HTTP that need no network: addresses, headers, waits, and signed assertions. */
#include "base/date.h"
#include "connectors/gate.h"
#include "connectors/http.h"
#include "connectors/jwt.h"
#include "connectors/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- origins --------------------------------------------------------------------------------- */

static const struct {
    const char *url;
    const char *origin; /* NULL: refused */
} origins[] = {
    {"https://example.com", "https://example.com"},
    {"HTTPS://Example.COM/Path?q=1", "https://example.com"},
    {"https://example.com:443/", "https://example.com"},
    {"https://example.com:8443/x", "https://example.com:8443"},
    {"https://example.com:", "https://example.com"},
    {"https://a-b_c.example.com", "https://a-b_c.example.com"},
    {"https://[::1]:8443/x", "https://[::1]:8443"},
    {"https://[::1]", "https://[::1]"},
    {"http://example.com", NULL},
    {"https:/example.com", NULL},
    {"https://", NULL},
    {"https:///path", NULL},
    {"https://:443", NULL},
    {"https://user@example.com", NULL},
    {"https://example.com@evil.example", NULL},
    {"https://example.com:443@evil.example", NULL},
    {"https://example.com\\@evil.example", NULL},
    {"https://example.com?@evil.example", NULL},
    {"https://example.com#@evil.example", NULL},
    {"https://example.com/#x", NULL},
    {"https://example.com:80x/", NULL},
    {"https://example.com:123456/", NULL},
    {"https://ex%61mple.com/", NULL},
    {"https://ex ample.com/", NULL},
    {"https://example.com\n.evil/", NULL},
    {"https://[::1/", NULL},
    {"https://[::1]x/", NULL},
    {"https://[]/", NULL},
    {"https://b\xc3\xbc"
     "cher.example/",
     NULL},
    {"", NULL},
};

static void origins_are_read_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(origins); i++) {
        struct ds_buf out = DS_BUF_INIT(DS_MAX_URL);
        struct ds_err err = {0};
        int rc = ds_http_origin(origins[i].url, &out, &err);

        if (origins[i].origin) {
            assert_int_equal(rc, DS_OK);
            assert_string_equal(out.text, origins[i].origin);
        } else {
            assert_int_equal(rc, DS_E_CONFIG);
            assert_string_not_equal(err.hint, "");
        }
        ds_buf_clear(&out);
    }
}

static void escapes_all_but_the_unreserved(void **state)
{
    struct ds_buf out = DS_BUF_INIT(DS_MAX_URL);

    (void)state;
    ds_http_escape(&out, "aZ09-._~ +&='%/\n\xc3\xbc");
    assert_string_equal(out.text, "aZ09-._~%20%2B%26%3D%27%25%2F%0A%C3%BC");
    ds_buf_clear(&out);
}

/* --- answers --------------------------------------------------------------------------------- */

static void headers_are_found_one_after_the_other(void **state)
{
    struct ds_http_answer answer;

    (void)state;
    ds_http_answer_init(&answer);
    assert_null(ds_http_header(&answer, "date"));
    ds_buf_add(&answer.head, "date: now\nretry-after: 5\nempty: \nretry-after: 6\n");
    for (int again = 0; again < 2; again++) {
        assert_string_equal(ds_http_header(&answer, "retry-after"), "5");
        assert_string_equal(ds_http_header(&answer, "date"), "now");
        assert_string_equal(ds_http_header(&answer, "empty"), "");
        assert_null(ds_http_header(&answer, "retry"));
        assert_null(ds_http_header(&answer, "now"));
    }
    ds_http_answer_clear(&answer);
}

static const struct {
    long status;
    const char *head;
    const char *body;
    const char *said;
} answers[] = {
    {200, "", "", "an empty answer"},
    {503, "", "<html><head><TITLE lang=x>Down\r\n for  now </TITLE>",
     "an HTML page 'Down for now'"},
    {431, "", "<h1>Bad Message 431</h1><pre>x</pre>", "an HTML page 'Bad Message 431'"},
    {500, "", " \n<p>oops", "an HTML page"},
    {500, "", "<title", "an HTML page"},
    {302, "location: https://evil.example/a?token=1\n", "<title>x</title>",
     "a redirect to 'https://evil.example/a'"},
    {300, "", "[\"a\"]", "'[\"a\"]'"},
    {200, "", "access_token=secret", "a text of 19 bytes"},
    {500, "", "upstream\x1b[31m\tfailed\n", "'upstream [31m failed'"},
};

static void says_what_an_answer_holds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(answers); i++) {
        struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);
        struct ds_http_answer answer;

        ds_http_answer_init(&answer);
        answer.status = answers[i].status;
        ds_buf_add(&answer.head, answers[i].head);
        ds_buf_add(&answer.body, answers[i].body);
        ds_http_describe(&answer, &out);
        assert_string_equal(out.text, answers[i].said);
        ds_http_answer_clear(&answer);
        ds_buf_clear(&out);
    }
}

/* --- waits ----------------------------------------------------------------------------------- */

static void retry_after_is_seconds_or_a_date(void **state)
{
    int64_t noon;

    (void)state;
    assert_true(ds_instant("2026-08-04T12:00:00Z", &noon));
    assert_int_equal(ds_retry_after(NULL, noon), 0);
    assert_int_equal(ds_retry_after("120", noon), 120000);
    assert_int_equal(ds_retry_after("0", noon), 0);
    assert_int_equal(ds_retry_after("-5", noon), 0);
    assert_int_equal(ds_retry_after("soon", noon), 0);
    assert_int_equal(ds_retry_after("99999999999999999999", noon), 0);
    assert_int_equal(ds_retry_after("Tue, 04 Aug 2026 12:01:30 GMT", noon), 90000);
    assert_int_equal(ds_retry_after("Tue, 04 Aug 2026 11:00:00 GMT", noon), 0);
}

static void waits_grow_to_a_limit_and_vary(void **state)
{
    (void)state;
    for (uint32_t random = 0; random < 100000; random += 977) {
        int64_t most = 500;

        for (unsigned tried = 1; tried < 40; tried++) {
            int64_t wait = ds_retry_wait(tried, 0, random);

            assert_in_range(wait, most / 2, most);
            most = most * 2 < 30000 ? most * 2 : 30000;
        }
        assert_in_range(ds_retry_wait(1, 7000, random), 7000, 7999);
    }
    assert_int_not_equal(ds_retry_wait(5, 0, 1), ds_retry_wait(5, 0, 2));
}

static void only_passing_statuses_are_tried_again(void **state)
{
    (void)state;
    for (long status = 100; status < 600; status++) {
        bool passing = status == 408 || status == 420 || status == 429 || status == 500 ||
                       (status >= 502 && status <= 504);

        assert_int_equal(ds_retry_status(status, 1, 4), passing);
        assert_int_equal(ds_retry_status(status, 4, 4), passing && status != 420);
        assert_false(ds_retry_status(status, 5, 4));
        assert_false(ds_retry_status(status, 1, 0));
    }
}

static void throttling_is_for_everybody(void **state)
{
    (void)state;
    for (long status = 100; status < 600; status++)
        assert_int_equal(ds_retry_throttled(status), status == 429 || status == 503);
}

/* --- the gate -------------------------------------------------------------------------------- */

static unsigned enter_all(struct ds_gate *gate, int64_t now)
{
    unsigned n = 0;

    while (n < 100 && ds_gate_enter(gate, now))
        n++;
    return n;
}

static void leave_all(struct ds_gate *gate, bool good)
{
    while (gate->inside)
        ds_gate_leave(gate, good);
}

static void a_gate_is_as_wide_as_set(void **state)
{
    struct ds_gate gate = {0};

    (void)state;
    ds_gate_most(&gate, 0);
    assert_int_equal(enter_all(&gate, 0), 1);
    ds_gate_most(&gate, 5);
    assert_int_equal(enter_all(&gate, 0), 4);
    ds_gate_most(&gate, 2);
    leave_all(&gate, true);
    assert_int_equal(enter_all(&gate, 0), 2);
    assert_int_equal(gate.peak, 5);
}

static void a_gate_closes_and_is_half_as_wide(void **state)
{
    struct ds_gate gate = {0};

    (void)state;
    ds_gate_most(&gate, 8);
    assert_int_equal(enter_all(&gate, 1000), 8);
    ds_gate_close(&gate, 1000, 500);
    ds_gate_close(&gate, 1100, 100); /* the same trouble, told to another lane */
    leave_all(&gate, false);
    assert_int_equal(enter_all(&gate, 1499), 0);
    assert_int_equal(enter_all(&gate, 1500), 4);
    ds_gate_close(&gate, 1500, 500);
    ds_gate_close(&gate, 1600, 800);
    leave_all(&gate, false);
    assert_int_equal(enter_all(&gate, 2399), 0);
    assert_int_equal(enter_all(&gate, 2400), 2);
    for (int64_t now = 3000; now < 6000; now += 1000)
        ds_gate_close(&gate, now, 1);
    leave_all(&gate, false);
    assert_int_equal(enter_all(&gate, 6000), 1);
}

static void good_answers_widen_a_gate(void **state)
{
    struct ds_gate gate = {0};

    (void)state;
    ds_gate_most(&gate, 3);
    ds_gate_close(&gate, 0, 1);
    ds_gate_most(&gate, 4); /* a narrow one stays so */
    for (unsigned width = 1; width <= 4; width++)
        for (int good = 0; good < DS_GATE_GOOD; good++) {
            assert_int_equal(enter_all(&gate, 1), width);
            for (unsigned n = 1; n < width; n++)
                ds_gate_leave(&gate, false);
            ds_gate_leave(&gate, true);
        }
    assert_int_equal(enter_all(&gate, 1), 4);
}

/* --- assertions ------------------------------------------------------------------------------ */

static void key_to_pem(EVP_PKEY *key, const char *passphrase, struct ds_buf *out)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *text;
    long len;

    assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, passphrase ? EVP_aes_256_cbc() : NULL,
                                                   NULL, 0, NULL, (void *)(uintptr_t)passphrase),
                     1);
    len = BIO_get_mem_data(bio, &text);
    ds_buf_add_bytes(out, text, (size_t)len);
    BIO_free(bio);
}

/* base64url without padding, by way of OpenSSL's decoder. */
static size_t decode(const char *text, size_t len, unsigned char *out)
{
    char padded[4096];
    size_t n;

    assert_null(memchr(text, '=', len));
    for (n = 0; n < len; n++)
        padded[n] = (char)(text[n] == '-' ? '+' : text[n] == '_' ? '/' : text[n]);
    while (n % 4)
        padded[n++] = '=';
    assert_true(EVP_DecodeBlock(out, (unsigned char *)padded, (int)n) >= 0);
    return len * 3 / 4;
}

static void assertions_carry_a_good_signature(void **state)
{
    static const char *const claims[] = {"{}", "{\"a\":1}", "{\"ab\":\"\xc3\xbc>?\"}"};
    EVP_PKEY *key = EVP_RSA_gen(2048);
    struct ds_buf pem = DS_BUF_INIT(DS_MAX_TEXT);

    (void)state;
    key_to_pem(key, NULL, &pem);
    for (size_t i = 0; i < COUNT(claims); i++) {
        struct ds_buf jwt = DS_BUF_INIT(DS_MAX_TEXT);
        struct ds_err err = {0};
        EVP_MD_CTX *ctx = EVP_MD_CTX_new();
        unsigned char bytes[1024];
        const char *dot, *last;
        size_t len;

        ds_buf_add(&jwt, "x=");
        assert_int_equal(ds_jwt_rs256(claims[i], &pem, "key", &jwt, &err), DS_OK);
        dot = strchr(jwt.text, '.');
        last = strrchr(jwt.text, '.');
        len = decode(jwt.text + 2, (size_t)(dot - jwt.text - 2), bytes);
        assert_memory_equal(bytes, "{\"alg\":\"RS256\",\"typ\":\"JWT\"}", len);
        len = decode(dot + 1, (size_t)(last - dot - 1), bytes);
        assert_int_equal(len, strlen(claims[i]));
        assert_memory_equal(bytes, claims[i], len);
        len = decode(last + 1, strlen(last + 1), bytes);
        EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key);
        assert_int_equal(EVP_DigestVerify(ctx, bytes, len, (unsigned char *)jwt.text + 2,
                                          (size_t)(last - jwt.text - 2)),
                         1);
        EVP_MD_CTX_free(ctx);
        ds_buf_clear(&jwt);
    }
    ds_buf_clear(&pem);
    EVP_PKEY_free(key);
}

static void keys_that_cannot_sign_are_refused(void **state)
{
    EVP_PKEY *rsa = EVP_RSA_gen(2048), *ec = EVP_EC_gen("P-256");
    struct ds_buf pem[3] = {DS_BUF_INIT(DS_MAX_TEXT), DS_BUF_INIT(DS_MAX_TEXT),
                            DS_BUF_INIT(DS_MAX_TEXT)};
    static const char *const piece[] = {"passphrase", "no RSA key", "no private key"};

    (void)state;
    key_to_pem(rsa, "secret", &pem[0]);
    key_to_pem(ec, NULL, &pem[1]);
    ds_buf_add(&pem[2], "-----BEGIN PRIVATE KEY-----\nrubbish\n-----END PRIVATE KEY-----\n");
    for (size_t i = 0; i < COUNT(pem); i++) {
        struct ds_buf jwt = DS_BUF_INIT(DS_MAX_TEXT);
        struct ds_err err = {0};

        assert_int_equal(ds_jwt_rs256("{}", &pem[i], "a.conf:7", &jwt, &err), DS_E_CONFIG);
        assert_non_null(strstr(err.text, piece[i]));
        assert_non_null(strstr(err.text, "a.conf:7"));
        assert_null(strstr(err.text, "rubbish"));
        ds_buf_clear(&jwt);
        ds_buf_clear(&pem[i]);
    }
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(origins_are_read_or_refused),
        cmocka_unit_test(escapes_all_but_the_unreserved),
        cmocka_unit_test(headers_are_found_one_after_the_other),
        cmocka_unit_test(says_what_an_answer_holds),
        cmocka_unit_test(retry_after_is_seconds_or_a_date),
        cmocka_unit_test(waits_grow_to_a_limit_and_vary),
        cmocka_unit_test(only_passing_statuses_are_tried_again),
        cmocka_unit_test(throttling_is_for_everybody),
        cmocka_unit_test(a_gate_is_as_wide_as_set),
        cmocka_unit_test(a_gate_closes_and_is_half_as_wide),
        cmocka_unit_test(good_answers_widen_a_gate),
        cmocka_unit_test(assertions_carry_a_good_signature),
        cmocka_unit_test(keys_that_cannot_sign_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
