/* Remote text: recognised where it is broken, harmless where it leaves (P-10). */
#include "base/text.h"

#include <jansson.h>
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

#define NUL   "a NUL byte"
#define BYTES "bytes that are not UTF-8"

static void each_fault_is_found(void **state)
{
    static const struct {
        const char *text;
        size_t len;
        const char *fault;
    } table[] = {
        {"", 0, NULL},
        {"plain", 5, NULL},
        {"\x01\x7f\t\n", 4, NULL},
        {"\xc3\xa9", 2, NULL},
        {"\xe4\xb8\xad", 3, NULL},
        {"\xf0\x9f\x98\x80", 4, NULL},
        {"\xf4\x8f\xbf\xbf", 4, NULL},
        {"\xef\xbf\xbe", 3, NULL},
        {"\0", 1, NUL},
        {"abcdefgh\0ijklmnop", 17, NUL},
        {"\x80", 1, BYTES},
        {"\xff", 1, BYTES},
        {"\xc0\x80", 2, BYTES},
        {"\xc1\xbf", 2, BYTES},
        {"\xe0\x80\x80", 3, BYTES},
        {"\xed\xa0\x80", 3, BYTES},
        {"\xed\xbf\xbf", 3, BYTES},
        {"\xf0\x80\x80\x80", 4, BYTES},
        {"\xf4\x90\x80\x80", 4, BYTES},
        {"\xf5\x80\x80\x80", 4, BYTES},
        {"\xe4\xb8", 2, BYTES},
        {"\xe4\xb8\xad\xb8", 4, BYTES},
        {"\xc3(", 2, BYTES},
        {"\xef\xb7\x90", 3, BYTES}, /* U+FDD0 */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        same(table[i].text, ds_text_fault(table[i].text, table[i].len), table[i].fault);
}

/* Eight bytes are looked at together; a fault may stand at any of their places. */
static void a_fault_is_found_at_every_place(void **state)
{
    char text[40];

    (void)state;
    for (size_t len = 1; len <= sizeof(text); len++) {
        for (size_t at = 0; at < len; at++) {
            memset(text, 'x', sizeof(text));
            assert_null(ds_text_fault(text, len));
            text[at] = '\0';
            same("NUL", ds_text_fault(text, len), NUL);
            text[at] = '\x80';
            same("0x80", ds_text_fault(text, len), BYTES);
        }
    }
}

static size_t encode(uint32_t c, char *out)
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[n] | c);
    return n;
}

static void every_character_is_decoded(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        char text[4];
        size_t n = encode(c, text);
        uint32_t got = 0;
        bool surrogate = c >= 0xd800 && c <= 0xdfff;

        assert_int_equal(ds_text_decode(text, n, &got), surrogate ? 0 : n);
        if (!surrogate)
            assert_int_equal(got, c);
        assert_int_equal(ds_text_decode(text, n - 1, &got), 0);
    }
}

static void characters_and_columns(void **state)
{
    static const struct {
        const char *text;
        size_t chars, width;
    } table[] = {
        {"", 0, 0},
        {"abc", 3, 3},
        {"caf\xc3\xa9", 4, 4},
        {"cafe\xcc\x81", 5, 4},             /* a combining accent */
        {"\xe4\xb8\xad\xe6\x96\x87", 2, 4}, /* CJK */
        {"\xf0\x9f\x98\x80", 1, 2},         /* an emoji */
        {"\xed\x95\x9c", 1, 2},             /* Hangul */
        {"a\xe2\x80\x8d"
         "b",
         3, 2},                 /* a joiner */
        {"\xef\xbc\xa1", 1, 2}, /* full width A */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(ds_text_chars(table[i].text), table[i].chars);
        assert_int_equal(ds_text_width(table[i].text), table[i].width);
    }
}

static void blanks_go_at_both_ends(void **state)
{
    static const char *const table[][2] = {
        {"", ""},
        {" ", ""},
        {" \t\r\n\xc2\xa0", ""},
        {"a", "a"},
        {" a b ", "a b"},
        {"\xc2\xa0 a\xc2\xa0", "a"},
        {"\xc2\xa9 x \xc3\xa0", "\xc2\xa9 x \xc3\xa0"},
        {"\xc2\xa0", ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        same(table[i][0], ds_text_trim(&arena, table[i][0], strlen(table[i][0])), table[i][1]);
    same("\" ab \", 3 bytes", ds_text_trim(&arena, " ab ", 3), "ab");
}

static void only_ascii_letters_have_a_case(void **state)
{
    (void)state;
    assert_true(ds_text_same_nocase("Closed Won", "cLOSED wON"));
    assert_false(ds_text_same_nocase("Won", "Wonder"));
    assert_false(ds_text_same_nocase("Wonder", "Won"));
    assert_false(ds_text_same_nocase("\xc3\x84", "\xc3\xa4"));
    assert_false(ds_text_same_nocase("[", "{"));
    same("AZ[\xc3\x84", ds_text_lower(&arena, "AZ[\xc3\x84"), "az[\xc3\x84");
}

static void whole_numbers_and_nothing_else(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        long value;
    } table[] = {
        {"0", true, 0},
        {"7", true, 7},
        {"-5", true, -5},
        {"100", true, 100},
        {"101", false, 0},
        {"-6", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+7", false, 0},
        {" 7", false, 0},
        {"7 ", false, 0},
        {"7x", false, 0},
        {"0x7", false, 0},
        {"7.0", false, 0},
        {"--7", false, 0},
        {"007", true, 7},
        {"99999999999999999999", false, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        long value = 0;
        bool valid = ds_text_int(table[i].text, -5, 100, &value);

        if (valid != table[i].valid || value != table[i].value)
            fail_msg("\"%s\": got %d %ld", table[i].text, valid, value);
    }
}

static void slips_of_the_keyboard_are_recognised(void **state)
{
    static const char *const words[] = {"name", "value", "close_date", "customer_name", NULL};
    static const char *const table[][2] = {
        {"nmae", "name"},
        {"Name", "name"},
        {"vlue", "value"},
        {"closedate", "close_date"},
        {"close_dat", "close_date"},
        {"customr_nam", "customer_name"},
        {"foo", NULL},
        {"", NULL},
        {"x", NULL},
        {"customer", NULL},
    };
    char longest[200];

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        same(table[i][0], ds_text_nearest(table[i][0], words), table[i][1]);
    memset(longest, 'n', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_null(ds_text_nearest(longest, words));
}

static void nothing_reaches_the_terminal_unseen(void **state)
{
    static const char *const table[][2] = {
        {"plain caf\xc3\xa9 \xe4\xb8\xad", "plain caf\xc3\xa9 \xe4\xb8\xad"},
        {"a\nb\tc\r", "a\\nb\\tc\\r"},
        {"\x1b[31m", "\\x1b[31m"},
        {"\x7f", "\\x7f"},
        {"\xc2\x9b"
         "31m",
         "\\x9b31m"},
        {"\xe2\x80\xae"
         "cod.exe",
         "\\u202ecod.exe"},
        {"\xe2\x81\xa6x", "\\u2066x"},
        {"\xe2\x80\xa8", "\\u2028"},
        {"\xef\xb7\x90", "\\ufdd0"},
        {"\xef\xbb\xbfx", "\\ufeffx"},
        {"\xe2\x80\x8b", "\\u200b"},
        {"\xd8\x9c", "\\u061c"},
        {"\xf3\xa0\x81\x81", "\\ue0041"},
        {"x\xff\xfe", "x\\xff\\xfe"},
        {"\xe4\xb8", "\\xe4\\xb8"},
    };
    struct ds_buf out = DS_BUF_INIT(1000);

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        ds_buf_reset(&out);
        ds_text_to_terminal(&out, table[i][0]);
        same(table[i][0], out.text, table[i][1]);
    }
    ds_buf_clear(&out);
}

static void csv_fields_are_quoted_and_no_formulas(void **state)
{
    static const char *const table[][2] = {
        {"plain", "plain"},
        {"", ""},
        {"a,b", "\"a,b\""},
        {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"a\nb", "\"a\nb\""},
        {"=cmd()", "'=cmd()"},
        {"+1+cmd", "'+1+cmd"},
        {"-1-1", "'-1-1"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"\tx", "'\tx"},
        {"\rx", "\"'\rx\""},
        {"=a,\"b\"", "\"'=a,\"\"b\"\"\""},
        {"-12.50", "-12.50"},
        {"+3", "+3"},
        {"-", "'-"},
        {"-1.", "'-1."},
        {" =cmd()", "' =cmd()"},
        {"\xef\xbc\x9d"
         "1+1",
         "'\xef\xbc\x9d"
         "1+1"},
        {"\xef\xbc\x8b"
         "1",
         "'\xef\xbc\x8b"
         "1"},
        {"Ltd;=cmd();x", "Ltd;'=cmd();x"},
        {"a; -1,b;@c", "\"a;' -1,b;'@c\""},
        {"one;two; three", "one;two; three"},
        {";", ";"},
    };
    struct ds_buf out = DS_BUF_INIT(1000);

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        ds_buf_reset(&out);
        ds_text_to_csv(&out, table[i][0]);
        same(table[i][0], out.text, table[i][1]);
    }
    ds_buf_clear(&out);
}

static void json_strings_are_escaped(void **state)
{
    struct ds_buf out = DS_BUF_INIT(1000);

    (void)state;
    ds_text_to_json(&out, "a\"\\/\b\f\n\r\t\x01\x7f\xc3\xa9\xff");
    same("escapes", out.text, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u007f\xc3\xa9\\ufffd\"");
    ds_buf_clear(&out);
}

/* jansson is the judge: it must read back the same text. */
static void any_text_survives_json(void **state)
{
    struct ds_buf out = DS_BUF_INIT(10000);

    (void)state;
    srandom(1);
    for (int round = 0; round < 20000; round++) {
        char text[64];
        size_t len = 0, most = (size_t)random() % 15;
        json_t *back;

        for (size_t i = 0; i < most; i++) {
            uint32_t c = 1 + (uint32_t)random() % (random() % 3 ? 0x7f : 0x10fffe);

            if (c < 0xd800 || c > 0xdfff)
                len += encode(c, text + len);
        }
        text[len] = '\0';
        ds_buf_reset(&out);
        ds_text_to_json(&out, text);
        back = json_loadb(out.text, out.len, JSON_DECODE_ANY, NULL);
        same(out.text, json_string_value(back), text);
        json_decref(back);
    }
    ds_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_found),
        cmocka_unit_test(a_fault_is_found_at_every_place),
        cmocka_unit_test(every_character_is_decoded),
        cmocka_unit_test(characters_and_columns),
        cmocka_unit_test(blanks_go_at_both_ends),
        cmocka_unit_test(only_ascii_letters_have_a_case),
        cmocka_unit_test(whole_numbers_and_nothing_else),
        cmocka_unit_test(slips_of_the_keyboard_are_recognised),
        cmocka_unit_test(nothing_reaches_the_terminal_unseen),
        cmocka_unit_test(csv_fields_are_quoted_and_no_formulas),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(any_text_survives_json),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    ds_arena_clear(&arena);
    return failed;
}
