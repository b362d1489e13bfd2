/* JSON from remotes: no digit lost, one broken byte breaks one value only, and nothing that is no
 * JSON is read as if it were (SF-69, SF-74, P-8). */
#include "base/json.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct ds_buf scratch = DS_BUF_INIT(DS_MAX_PAGE);

static void same(const char *input, const char *got, const char *want)
{
    if (!got || !want ? got != want : strcmp(got, want) != 0)
        fail_msg("%s: got %s, want %s", input, got ? got : "NULL", want ? want : "NULL");
}

/* The document as jansson writes it, or the error's text. */
static void check(const char *text, const char *want)
{
    char got[sizeof(((struct ds_err *)0)->text)];
    struct ds_err err = {0};
    json_t *root = NULL;

    if (ds_json_read(text, strlen(text), &scratch, &root, &err) == 0) {
        got[json_dumpb(root, got, sizeof(got) - 1, JSON_COMPACT)] = '\0';
        json_decref(root);
    } else {
        assert_null(root);
        assert_int_equal(err.status, DS_E_REMOTE);
        memcpy(got, err.text, sizeof(got));
    }
    same(text, got, want);
}

static void numbers_keep_their_characters(void **state)
{
    (void)state;
    check("{\"a\":1}", "{\"a\":\"1\"}");
    check("{\"a\":999999999999.9900}", "{\"a\":\"999999999999.9900\"}");
    check("[0.0, -1, 1e3, 1E+30, 1e999, -0.5e-7]",
          "[\"0.0\",\"-1\",\"1e3\",\"1E+30\",\"1e999\",\"-0.5e-7\"]");
    check("[123456789012345678901234567890]", "[\"123456789012345678901234567890\"]");
    check("[ 1 , 2\n]", "[\"1\",\"2\"]");
    check("{\"1\":\"2 3\",\"\\\"4\":[true,false,null,5]}",
          "{\"1\":\"2 3\",\"\\\"4\":[true,false,null,\"5\"]}");
    check("[\"a\\\\\",6,\"\\\\\\\"7\"]", "[\"a\\\\\",\"6\",\"\\\\\\\"7\"]");
}

static void one_broken_byte_breaks_one_value(void **state)
{
    (void)state;
    check("[\"a\xff"
          "b\",\"c\"]",
          "[\"a\xef\xb7\x90"
          "b\",\"c\"]");
    check("[\"\xe4\xb8\"]", "[\"\xef\xb7\x90\xef\xb7\x90\"]");
    check("[\"\xc0\x80\"]", "[\"\xef\xb7\x90\xef\xb7\x90\"]");
    check("[\"caf\xc3\xa9 \xf0\x9f\x98\x80\"]", "[\"caf\xc3\xa9 \xf0\x9f\x98\x80\"]");
    check("[\"\\ud83d\\ude00\"]", "[\"\xf0\x9f\x98\x80\"]");
    check("[\"\\ud83d\"]", "[\"\xef\xb7\x90\"]");
    check("[\"\\ude00x\"]", "[\"\xef\xb7\x90x\"]");
    check("[\"\\ud83d\\u0041\"]", "[\"\xef\xb7\x90"
                                  "A\"]");
    check("[\"\\ud83d\\ud83d\\ude00\"]", "[\"\xef\xb7\x90\xf0\x9f\x98\x80\"]");
}

static void what_was_broken_is_a_fault_of_the_value(void **state)
{
    static const char text[] = "{\"a\":\"x\xff\",\"b\":\"\\ud800\",\"c\":\"fine\"}";
    struct ds_err err = {0};
    json_t *root;

    (void)state;
    assert_int_equal(ds_json_read(text, sizeof(text) - 1, &scratch, &root, &err), 0);
    for (const char *key = "abc"; *key; key++) {
        const json_t *value = json_object_get(root, (char[]){*key, '\0'});
        const char *fault = ds_text_fault(json_string_value(value), json_string_length(value));

        same(text, fault, *key == 'c' ? NULL : "bytes that are not UTF-8");
    }
    json_decref(root);
}

static void nul_characters_keep_their_length(void **state)
{
    struct ds_err err = {0};
    const json_t *value;
    json_t *root;

    (void)state;
    assert_int_equal(ds_json_read("[\"a\\u0000b\"]", 12, &scratch, &root, &err), 0);
    value = json_array_get(root, 0);
    assert_int_equal(json_string_length(value), 3);
    same("a NUL", ds_text_fault(json_string_value(value), 3), "a NUL byte");
    json_decref(root);
}

static void errors_say_where_and_hide_what(void **state)
{
    (void)state;
    check("", "expected JSON, got nothing");
    check(" \n", "expected JSON, got nothing");
    check("5", "expected JSON, got text: '5'");
    check("<html>\x1b[31m", "expected JSON, got an HTML page: '<html>\\x1b[31m'");
    check("[1.]", "bad JSON at byte 3 of 4: invalid token");
    check("{\"a\":12,\"b\":secret}", "bad JSON at byte 18 of 19: invalid token");
    check("[12,\"\xff\",34,\"\xff\" x]", "bad JSON at byte 16 of 17: ']' expected");
    check("[1,2", "bad JSON at byte 4 of 4: ']' expected near end of file");
    check("[1]]", "bad JSON at byte 4 of 4: end of file expected");
}

/* A small page may be dear to take apart (P-12). */
static void a_document_of_too_many_values_is_refused(void **state)
{
    static char page[3 * 1000000 + 16];
    struct ds_buf copy = DS_BUF_INIT(DS_MAX_PAGE);
    struct ds_err err = {0};
    json_t *root = NULL;
    size_t n = 0;

    (void)state;
    page[n++] = '[';
    for (int i = 0; i < 1000000; i++) {
        memcpy(page + n, "{},", 3);
        n += 3;
    }
    memcpy(page + n, "1]", 2);
    assert_int_equal(ds_json_read(page, n + 2, &copy, &root, &err), DS_E_REMOTE);
    assert_null(root);
    assert_non_null(strstr(err.text, "values"));
    ds_buf_clear(&copy);
}

static void a_document_that_does_not_fit_is_refused(void **state)
{
    struct ds_buf small = DS_BUF_INIT(8);
    struct ds_err err = {0};
    json_t *root = NULL;

    (void)state;
    assert_int_equal(ds_json_read("[1,2,3]", 7, &small, &root, &err), DS_E_REMOTE);
    assert_null(root);
    assert_non_null(strstr(err.text, "more than can be held"));
    ds_buf_clear(&small);
}

/* A document that jansson refuses is refused, and the other way round, except for numbers that only
 * overflow a double. */
static void whatever_jansson_refuses_is_refused(void **state)
{
    static const char *const pieces[] = {
        "{",    "}",  "[",       "]", ",",      ":",  "\"", "\"a\"", "\"k\":", "0",
        "1",    "12", "-",       "+", ".",      "e",  "E5", " ",     "\n",     "true",
        "null", "\\", "\\u0041", "x", "-1.5e3", "01", "1.", ".5",
    };

    (void)state;
    srandom(5);
    for (int round = 0; round < 300000; round++) {
        char text[64] = "";
        size_t len = 0;
        struct ds_err err = {0};
        json_error_t problem;
        json_t *theirs, *ours = NULL;

        text[len++] = random() % 2 ? '[' : '{';
        for (long n = random() % 7; n >= 0; n--)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "%s",
                                    pieces[(size_t)random() % COUNT(pieces)]);
        if (random() % 4)
            text[len++] = text[0] == '[' ? ']' : '}';
        text[len] = '\0';
        theirs = json_loadb(text, len, JSON_ALLOW_NUL, &problem);
        ds_json_read(text, len, &scratch, &ours, &err);
        if (!theirs != !ours && json_error_code(&problem) != json_error_numeric_overflow)
            fail_msg("%s: jansson %s, we %s", text, theirs ? "reads it" : problem.text,
                     ours ? "read it" : err.text);
        json_decref(theirs);
        json_decref(ours);
    }
}

/* Strings are looked at eight bytes at a time: each special byte at each place of a long one. */
static void every_place_of_a_string_is_looked_at(void **state)
{
    static const char *const specials[][2] = {
        {"\\\"", "\\\""},         {"\\\\", "\\\\"}, {"\xff", "\xef\xb7\x90"},
        {"\xc3\xa9", "\xc3\xa9"}, {"1", "1"},
    };

    (void)state;
    for (size_t s = 0; s < COUNT(specials); s++) {
        for (int len = 0; len < 40; len++) {
            for (int at = 0; at <= len; at++) {
                char text[128], want[128];

                snprintf(text, sizeof(text), "[\"%.*s%s%.*s\",1]", at,
                         "________________________________________", specials[s][0], len - at,
                         "----------------------------------------");
                snprintf(want, sizeof(want), "[\"%.*s%s%.*s\",\"1\"]", at,
                         "________________________________________", specials[s][1], len - at,
                         "----------------------------------------");
                check(text, want);
            }
        }
    }
}

/* A copy of exactly the right size makes any reading beyond the end visible to ASan. */
static void a_cut_document_is_refused_at_every_byte(void **state)
{
    static const char text[] = "{\"a\":[1,-2.5e3,\"x\\u00e9\\ud83d\\ude00\xc3\xa9\xff\",true,null],"
                               "\"b\":{\"c\":\"\\\\\"}}";

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        char *cut = malloc(len + 1);
        struct ds_err err = {0};
        json_t *root = NULL;

        assert_non_null(cut);
        memcpy(cut + 1, text, len);
        assert_int_equal(ds_json_read(cut + 1, len, &scratch, &root, &err), DS_E_REMOTE);
        free(cut);
    }
}

static void text_of_a_member(void **state)
{
    static const char text[] =
        "{\"s\":\"x\",\"n\":1.50,\"t\":true,\"f\":false,\"z\":null,\"a\":[]}";
    struct ds_err err = {0};
    json_t *root;

    (void)state;
    assert_int_equal(ds_json_read(text, sizeof(text) - 1, &scratch, &root, &err), 0);
    same("s", ds_json_text(root, "s"), "x");
    same("n", ds_json_text(root, "n"), "1.50");
    same("t", ds_json_text(root, "t"), "true");
    same("f", ds_json_text(root, "f"), "false");
    same("z", ds_json_text(root, "z"), NULL);
    same("a", ds_json_text(root, "a"), NULL);
    same("absent", ds_json_text(root, "absent"), NULL);
    same("of nothing", ds_json_text(NULL, "s"), NULL);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_keep_their_characters),
        cmocka_unit_test(one_broken_byte_breaks_one_value),
        cmocka_unit_test(what_was_broken_is_a_fault_of_the_value),
        cmocka_unit_test(nul_characters_keep_their_length),
        cmocka_unit_test(errors_say_where_and_hide_what),
        cmocka_unit_test(a_document_that_does_not_fit_is_refused),
        cmocka_unit_test(a_document_of_too_many_values_is_refused),
        cmocka_unit_test(whatever_jansson_refuses_is_refused),
        cmocka_unit_test(every_place_of_a_string_is_looked_at),
        cmocka_unit_test(a_cut_document_is_refused_at_every_byte),
        cmocka_unit_test(text_of_a_member),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    ds_buf_clear(&scratch);
    return failed;
}
