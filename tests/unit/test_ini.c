/* Strict INI: what each line becomes, and that nothing is joined, cut or ignored. */
#include "base/ini.h"

#include "base/buf.h"
#include "tests/unit/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* One entry: "line[section]name=value;", quoted values in <>. */
static int write_entry(void *arg, const struct ds_ini_line *line, struct ds_err *err)
{
    if (strcmp(line->name, "refused") == 0)
        return ds_ini_fail(err, line, "refused");
    ds_buf_addf(arg, line->quoted ? "%d[%s]%s=<%s>;" : "%d[%s]%s=%s;", line->line, line->section,
                line->name, line->value);
    return 0;
}

/* The entries, and the error behind them without the file's name. */
static void check(const char *text, size_t len, const char *want)
{
    struct ds_buf got = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_err err = {0};
    const char *path = temp_write_bytes(text, len, 0600);
    int rc = ds_ini_read(path, write_entry, &got, &err);

    assert_int_equal(rc, err.status);
    if (rc) {
        assert_int_equal(rc, DS_E_CONFIG);
        assert_memory_equal(err.text, path, strlen(path));
        ds_buf_add(&got, err.text + strlen(path));
    }
    if (strcmp(got.text, want) != 0)
        fail_msg("%s\ngot  %s\nwant %s", text, got.text, want);
    ds_buf_clear(&got);
}

static void each_case_of_the_table(void **state)
{
    static const char *const table[][2] = {
        {"", ""},
        {"\n\n; only\n# comments\n", ""},
        {"a = b", "1[]a=b;"},
        {"[s]\na = b\n", "2[s]a=b;"},
        {"[s]\r\na = b\r\n\r\nc=d\r\n", "2[s]a=b;4[s]c=d;"},
        {"\xef\xbb\xbf[s]\na=b\n", "2[s]a=b;"},
        {"[ stages  Partner ] ; text\na=b\n", "2[stages  Partner]a=b;"},
        {"[s]\na=b\n[t]\na=b\n", "2[s]a=b;4[t]a=b;"},
        {"[a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3]\na=b\n",
         "2[a b c d e f g h i j k l m n o p q r s t u v w x y z 0 1 2 3]a=b;"},
        /* leading blanks join nothing */
        {"[s]\na = b\n  c = d\n\te = f\n", "2[s]a=b;3[s]c=d;4[s]e=f;"},
        {"  [s]\n  a = b\n", "2[s]a=b;"},
        /* comments and quotes */
        {"a = b ; c\n", "1[]a=b;"},
        {"a = b;c\n", "1[]a=b;c;"},
        {"a = b # c\n", "1[]a=b # c;"},
        {"a = \"b ; c\"\n", "1[]a=<b ; c>;"},
        {"a = \" b \" ; \"c\"\n", "1[]a=< b >;"},
        {"a = \"\"\n", "1[]a=<>;"},
        {"a = \"say \"hi\" now\"\n", "1[]a=<say \"hi\" now>;"},
        {"a = \"\"quoted\"\"\n", "1[]a=<\"quoted\">;"},
        {"a = b \"c\"\n", "1[]a=b \"c\";"},
        {"a =\n", "1[]a=;"},
        {"a = ; c\n", "1[]a=;"},
        {" = b\n", "1[]=b;"},
        {"a : b\n", "1[]a=b;"},
        {"a = \xe4\xb8\xad\n", "1[]a=\xe4\xb8\xad;"},
        /* refused */
        {"a = \"b\n", ":1: the value has no closing quote"},
        {"a = \"b\" c\n", ":1: the value has no closing quote"},
        {"[s]\na\n", ":2: expected 'name = value' or '[section]'"},
        {"[s]\na = b\nlost\nc = d\n", "2[s]a=b;:3: expected 'name = value' or '[section]'"},
        {"[s]\na = b\nlost", "2[s]a=b;:3: expected 'name = value' or '[section]'"},
        {"[s\na = b\n", ":1: the section has no closing bracket"},
        {"[s] a = b\n", ":1: text after the section's closing bracket"},
        {"a = b\nrefused = x\nc = d\n", "1[]a=b;:2: refused"},
        {"a = \xff\n", ": the file holds bytes that are not UTF-8"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        check(table[i][0], strlen(table[i][0]), table[i][1]);
    check("a=b\0c\n", 6, ": the file holds a NUL byte");
}

static void the_longest_line_is_whole_and_a_longer_one_refused(void **state)
{
    char text[400], want[400];

    (void)state;
    for (int len = 180; len < 300; len++) {
        int digits = len - 4;

        snprintf(text, sizeof(text), "   a = %0*d\nc = d\n", digits, 7);
        if (len <= 198)
            snprintf(want, sizeof(want), "1[]a=%0*d;2[]c=d;", digits, 7);
        else
            snprintf(want, sizeof(want), ":1: the line is longer than 198 bytes");
        check(text, strlen(text), want);
    }
}

static void a_missing_file_is_a_configuration_error(void **state)
{
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(ds_ini_read("/nonexistent/x.conf", write_entry, NULL, &err), DS_E_CONFIG);
    assert_string_equal(err.text, "cannot open '/nonexistent/x.conf': No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_of_the_table),
        cmocka_unit_test(the_longest_line_is_whole_and_a_longer_one_refused),
        cmocka_unit_test(a_missing_file_is_a_configuration_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
