/* Files and secrets: a secret that others can read is refused, and no message repeats one (P-9). */
#include "base/file.h"

#include "tests/unit/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECRET       "s3cr3t-value"

static void must_hold(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" does not hold \"%s\"", text, part);
}

static void a_file_is_appended_whole(void **state)
{
    struct ds_buf out = DS_BUF_INIT(100000);
    struct ds_err err = {0};
    char bytes[5000];

    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    bytes[100] = '\0';
    ds_buf_add(&out, "before");
    assert_int_equal(ds_file_read(temp_write_bytes(bytes, sizeof(bytes), 0644), &out, &err), 0);
    assert_int_equal(out.len, 6 + sizeof(bytes));
    assert_memory_equal(out.text + 6, bytes, sizeof(bytes));
    assert_int_equal(ds_file_read(temp_write(""), &out, &err), 0);
    assert_int_equal(out.len, 6 + sizeof(bytes));
    ds_buf_clear(&out);
}

static void what_is_no_small_file_is_refused(void **state)
{
    static const char *const table[][2] = {
        {"/nonexistent", "No such file"},
        {"/tmp", "is no regular file"},
        {"/dev/null", "is no regular file"},
    };
    struct ds_buf out = DS_BUF_INIT(4);
    struct ds_err err = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        ds_err_clear(&err);
        assert_int_equal(ds_file_read(table[i][0], &out, &err), DS_E_INPUT);
        must_hold(err.text, table[i][1]);
    }
    ds_err_clear(&err);
    assert_int_equal(ds_file_read(temp_write("1234"), &out, &err), 0);
    ds_buf_reset(&out);
    assert_int_equal(ds_file_read(temp_write("12345"), &out, &err), DS_E_INPUT);
    must_hold(err.text, "is longer than 4 bytes");
    ds_buf_clear(&out);
}

/* A pipe without a writer would be waited for until the timer's end. */
static void a_pipe_is_refused_at_once(void **state)
{
    char path[64];
    struct ds_buf out = DS_BUF_INIT(100);
    struct ds_err err = {0};

    (void)state;
    snprintf(path, sizeof(path), "/tmp/dealsync-unit-pipe-%d", (int)getpid());
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(ds_file_read(path, &out, &err), DS_E_INPUT);
    unlink(path);
    must_hold(err.text, "is no regular file");
    ds_buf_clear(&out);
}

static int read_secret(const char *reference, struct ds_buf *out, struct ds_err *err)
{
    ds_buf_reset(out);
    ds_err_clear(err);
    return ds_secret_read(reference, "client_secret", out, err);
}

static void the_line_end_is_no_part_of_a_secret(void **state)
{
    static const char *const table[][2] = {
        {SECRET, SECRET},
        {SECRET "\n", SECRET},
        {SECRET "\r\n", SECRET},
        {SECRET "\n\n", SECRET "\n"},
        {" " SECRET " ", " " SECRET " "},
    };
    struct ds_buf out = DS_BUF_INIT(100);
    struct ds_err err = {0};
    char reference[80];

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        snprintf(reference, sizeof(reference), "file:%s", temp_write(table[i][0]));
        assert_int_equal(read_secret(reference, &out, &err), 0);
        assert_string_equal(out.text, table[i][1]);
        assert_int_equal(out.len, strlen(table[i][1]));
    }
    ds_secret_clear(&out);
    ds_secret_clear(&out);
}

static void a_secret_that_others_can_read_is_refused(void **state)
{
    static const struct {
        mode_t mode;
        bool file, credential;
    } table[] = {
        {0400, true, true},   {0600, true, true},   {0700, true, true},   {0440, false, true},
        {0640, false, true},  {0660, false, true},  {0604, false, false}, {0644, false, false},
        {0602, false, false}, {0777, false, false},
    };
    struct ds_buf out = DS_BUF_INIT(100);
    struct ds_err err = {0};
    char reference[80], hint[80];

    (void)state;
    setenv("CREDENTIALS_DIRECTORY", "/tmp", 1);
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *path = temp_write_bytes(SECRET, strlen(SECRET), table[i].mode);

        snprintf(reference, sizeof(reference), "file:%s", path);
        assert_int_equal(read_secret(reference, &out, &err), table[i].file ? 0 : DS_E_CONFIG);
        assert_string_equal(out.text, table[i].file ? SECRET : "");
        if (!table[i].file) {
            snprintf(hint, sizeof(hint), "chmod 600 %s", path);
            assert_string_equal(err.hint, hint);
            must_hold(err.text, "client_secret: ");
            snprintf(hint, sizeof(hint), "'%s' has mode %04o", path, (unsigned)table[i].mode);
            must_hold(err.text, hint);
        }
        snprintf(reference, sizeof(reference), "credential:%s", path + strlen("/tmp/"));
        assert_int_equal(read_secret(reference, &out, &err), table[i].credential ? 0 : DS_E_CONFIG);
    }
    unsetenv("CREDENTIALS_DIRECTORY");
    ds_secret_clear(&out);
}

/* Giving a file away needs root. */
static void a_secret_of_another_user_is_refused(void **state)
{
    struct ds_buf out = DS_BUF_INIT(100);
    struct ds_err err = {0};
    char reference[80];
    const char *path = temp_write(SECRET);

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(path, 1234, (gid_t)-1), 0);
    snprintf(reference, sizeof(reference), "file:%s", path);
    assert_int_equal(read_secret(reference, &out, &err), DS_E_CONFIG);
    must_hold(err.text, "belongs to user 1234");
    assert_string_equal(out.text, "");
    ds_secret_clear(&out);
}

static void secrets_come_from_the_environment(void **state)
{
    struct ds_buf out = DS_BUF_INIT(20);
    struct ds_err err = {0};

    (void)state;
    setenv("UNIT_SECRET", SECRET, 1);
    assert_int_equal(read_secret("env:UNIT_SECRET", &out, &err), 0);
    assert_string_equal(out.text, SECRET);
    setenv("UNIT_SECRET", SECRET SECRET, 1);
    assert_int_equal(read_secret("env:UNIT_SECRET", &out, &err), DS_E_CONFIG);
    must_hold(err.text, "'UNIT_SECRET' is too long");
    unsetenv("UNIT_SECRET");
    assert_int_equal(read_secret("env:UNIT_SECRET", &out, &err), DS_E_CONFIG);
    must_hold(err.text, "'UNIT_SECRET' is not set");
    ds_secret_clear(&out);
}

static void bad_references_are_refused(void **state)
{
    static const char *const table[][2] = {
        {SECRET, "may not stand in the configuration"},
        {"", "may not stand in the configuration"},
        {"File:/etc/x", "may not stand in the configuration"},
        {"file:/nonexistent", "cannot open '/nonexistent'"},
        {"file:", "cannot open ''"},
        {"credential:x", "no credential 'x'"},
        {"credential:../x", "is no name of a credential"},
        {"credential:..", "is no name of a credential"},
        {"credential:", "is no name of a credential"},
    };
    struct ds_buf out = DS_BUF_INIT(100);
    struct ds_err err = {0};

    (void)state;
    unsetenv("CREDENTIALS_DIRECTORY");
    for (size_t i = 0; i < COUNT(table); i++) {
        assert_int_equal(read_secret(table[i][0], &out, &err), DS_E_CONFIG);
        must_hold(err.text, "client_secret: ");
        must_hold(err.text, table[i][1]);
        assert_null(strstr(err.text, SECRET));
        assert_null(strstr(err.hint, SECRET));
    }
    ds_secret_clear(&out);
}

static void a_secret_is_a_text_that_is_not_empty(void **state)
{
    struct ds_buf out = DS_BUF_INIT(100);
    struct ds_err err = {0};
    char reference[80];

    (void)state;
    snprintf(reference, sizeof(reference), "file:%s", temp_write("\n"));
    assert_int_equal(read_secret(reference, &out, &err), DS_E_CONFIG);
    must_hold(err.text, "is empty");
    snprintf(reference, sizeof(reference), "file:%s", temp_write_bytes("a\0b", 3, 0600));
    assert_int_equal(read_secret(reference, &out, &err), DS_E_CONFIG);
    must_hold(err.text, "holds a NUL byte");
    ds_secret_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_appended_whole),
        cmocka_unit_test(what_is_no_small_file_is_refused),
        cmocka_unit_test(a_pipe_is_refused_at_once),
        cmocka_unit_test(the_line_end_is_no_part_of_a_secret),
        cmocka_unit_test(a_secret_that_others_can_read_is_refused),
        cmocka_unit_test(a_secret_of_another_user_is_refused),
        cmocka_unit_test(secrets_come_from_the_environment),
        cmocka_unit_test(bad_references_are_refused),
        cmocka_unit_test(a_secret_is_a_text_that_is_not_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
