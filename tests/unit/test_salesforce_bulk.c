/* Results of Bulk queries, as texts. */
#include "base/buf.h"
#include "connectors/salesforce/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What the rows of a text are: fields in brackets, "-" for null, a line for each row; or the error. */
static void read_all(const char *text, size_t len, struct ds_buf *out)
{
    struct ds_buf copy = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_sf_csv csv;
    struct ds_err err = {0};
    bool more = true;

    ds_buf_reset(out);
    ds_buf_add_bytes(&copy, text, len);
    ds_sf_csv_open(&csv, copy.text, copy.len);
    while (!ds_sf_csv_row(&csv, &more, &err) && more) {
        for (size_t i = 0; i < csv.fields; i++) {
            const struct ds_value *field = &csv.field[i];

            if (field->text) {
                assert_int_equal(field->text[field->len], '\0');
                ds_buf_add_char(out, '[');
                ds_buf_add_bytes(out, field->text, field->len);
                ds_buf_add_char(out, ']');
            } else {
                ds_buf_add(out, "-");
            }
        }
        ds_buf_add_char(out, '\n');
    }
    if (err.status)
        ds_buf_addf(out, "error %d: %s", err.status == DS_E_REMOTE, err.text);
    ds_buf_clear(&copy);
}

static const struct {
    const char *text, *rows;
} good[] = {
    {"", ""},
    {"\"Id\",\"Name\"\n", "[Id][Name]\n"},
    {"\"a\",\"b\"\n\"c\",\"\"\n", "[a][b]\n[c]-\n"},
    {"\"a\",\"b\"\r\n\"c\",\"d\"\r\n", "[a][b]\n[c][d]\n"},
    {"\"a\"\"b\"\n\"\"\"\"\n\"\"\"x\"\"\"\n", "[a\"b]\n[\"]\n[\"x\"]\n"},
    {"\"one\ntwo\r\nthree\rfour\",\"b\"\n", "[one\ntwo\r\nthree\rfour][b]\n"},
    {"\"a,b\",c\n", "[a,b][c]\n"},
    {"a,,c\n,,\n", "[a]-[c]\n---\n"},
    {"\" a \", b\n", "[ a ][ b]\n"},
    {"\xef\xbb\xbf\"Id\"\n\"x\"\n", "[Id]\n[x]\n"},
    {"\"#N/A\"\n", "[#N/A]\n"},
};

static const struct {
    const char *text, *rows;
} bad[] = {
    {"\"a\",\"b", "error 1: the result is broken at byte 4: a quoted value does not end"},
    {"\"a\",\"b\"", "error 1: the result is broken at byte 7: the last row does not end"},
    {"\"a\",", "error 1: the result is broken at byte 4: the last row does not end"},
    {"\"a\"\n\"", "[a]\nerror 1: the result is broken at byte 4: a quoted value does not end"},
    {"\"a\" ,\"b\"\n", "error 1: the result is broken at byte 3: something stands behind a value"},
    {"\"a\"b\n", "error 1: the result is broken at byte 3: something stands behind a value"},
    {"a\"b\n", "error 1: the result is broken at byte 1: a quote inside a value"},
    {"\"a\"\r\"b\"\n", "error 1: the result is broken at byte 4: something stands behind a value"},
    {"\"a\",\"b\"\n\"c\"\n",
     "[a][b]\nerror 1: the result is broken at byte 12: a row with another number of fields"},
    {"\"a\"\n\"b\",\"c\"\n",
     "[a]\nerror 1: the result is broken at byte 12: a row with another number of fields"},
    {"\"a\",\"b\"\n\n",
     "[a][b]\nerror 1: the result is broken at byte 9: a row with another number of fields"},
};

static void results_are_read(void **state)
{
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        read_all(good[i].text, strlen(good[i].text), &out);
        assert_string_equal(out.text, good[i].rows);
    }
    ds_buf_clear(&out);
}

static void damage_is_an_error(void **state)
{
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        read_all(bad[i].text, strlen(bad[i].text), &out);
        assert_string_equal(out.text, bad[i].rows);
    }
    ds_buf_clear(&out);
}

static void nuls_are_data(void **state)
{
    static const char text[] = "\"a\0b\",\"c\"\n";
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);

    (void)state;
    read_all(text, sizeof(text) - 1, &out);
    assert_int_equal(out.len, 9);
    assert_memory_equal(out.text, "[a\0b][c]\n", 9);
    ds_buf_clear(&out);
}

/* Every text that is cut short behind its head is an error, or holds fewer rows; it never holds other
 * values. */
static void a_cut_result_never_lies(void **state)
{
    static const char text[] = "\"Id\",\"Name\"\n\"1\",\"a \"\"b\"\"\nc\"\n\"2\",\"\"\n";
    static const char rows[] = "[Id][Name]\n[1][a \"b\"\nc]\n[2]-\n";
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);

    (void)state;
    for (size_t len = strcspn(text, "\n"); len < sizeof(text) - 1; len++) {
        size_t told;

        read_all(text, len, &out);
        told = strstr(out.text, "error") ? (size_t)(strstr(out.text, "error") - out.text) : out.len;
        if (memcmp(out.text, rows, told) != 0)
            fail_msg("cut at %zu: %s", len, out.text);
    }
    ds_buf_clear(&out);
}

static void more_fields_than_there_can_be_are_an_error(void **state)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_TEXT), out = DS_BUF_INIT(DS_MAX_TEXT);

    (void)state;
    for (int i = 0; i < DS_SF_MOST_FIELDS; i++)
        ds_buf_add(&text, i ? ",\"\"" : "\"\"");
    ds_buf_add(&text, "\n");
    read_all(text.text, text.len, &out);
    assert_int_equal(out.len, DS_SF_MOST_FIELDS + 1);
    ds_buf_reset(&text);
    for (int i = 0; i <= DS_SF_MOST_FIELDS; i++)
        ds_buf_add(&text, i ? ",\"\"" : "\"\"");
    ds_buf_add(&text, "\n");
    read_all(text.text, text.len, &out);
    assert_non_null(strstr(out.text, "more fields"));
    ds_buf_clear(&text);
    ds_buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_read),
        cmocka_unit_test(damage_is_an_error),
        cmocka_unit_test(nuls_are_data),
        cmocka_unit_test(a_cut_result_never_lies),
        cmocka_unit_test(more_fields_than_there_can_be_are_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
