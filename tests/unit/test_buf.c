/* Memory: buffers with a maximum, arenas that stay flat, and the error that remembers its first
 * cause. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void an_empty_buffer_is_a_text(void **state)
{
    struct ds_buf b = DS_BUF_INIT(10);

    (void)state;
    assert_string_equal(b.text, "");
    ds_buf_reset(&b);
    assert_string_equal(b.text, "");
    ds_buf_add(&b, "");
    assert_string_equal(b.text, "");
    assert_false(ds_buf_failed(&b));
    ds_buf_clear(&b);
    ds_buf_clear(&b);
}

static void text_is_added_in_all_ways(void **state)
{
    struct ds_buf b = DS_BUF_INIT(1000);
    char *to;

    (void)state;
    ds_buf_add(&b, "one ");
    ds_buf_add_bytes(&b, "two\0x", 3);
    ds_buf_add_char(&b, ' ');
    ds_buf_addf(&b, "%d %s", 3, "four");
    to = ds_buf_reserve(&b, 5);
    memcpy(to, " five", 5);
    ds_buf_grown(&b, 5);
    assert_string_equal(b.text, "one two 3 four five");
    assert_int_equal(b.len, strlen(b.text));
    ds_buf_reset(&b);
    assert_string_equal(b.text, "");
    ds_buf_clear(&b);
}

static void the_maximum_is_exact_and_failing_sticks(void **state)
{
    (void)state;
    for (size_t max = 0; max < 200; max++) {
        struct ds_buf b = DS_BUF_INIT(max);

        for (size_t i = 0; i < max; i++)
            ds_buf_add_char(&b, 'x');
        assert_false(ds_buf_failed(&b));
        assert_int_equal(strlen(b.text), max);
        ds_buf_add(&b, "yz");
        assert_true(ds_buf_failed(&b));
        ds_buf_add(&b, "");
        ds_buf_addf(&b, "%d", 1);
        assert_true(ds_buf_failed(&b));
        assert_int_equal(strlen(b.text), max);
        ds_buf_reset(&b);
        assert_false(ds_buf_failed(&b));
        ds_buf_clear(&b);
    }
}

static void a_format_that_does_not_fit_fails(void **state)
{
    struct ds_buf b = DS_BUF_INIT(4);

    (void)state;
    ds_buf_addf(&b, "%s", "12345");
    assert_true(ds_buf_failed(&b));
    assert_string_equal(b.text, "");
    ds_buf_clear(&b);
    ds_buf_addf(&b, "%s", "1234");
    assert_string_equal(b.text, "1234");
    ds_buf_clear(&b);
}

static void arena_memory_is_zeroed_and_aligned(void **state)
{
    struct ds_arena a = {0};

    (void)state;
    for (int batch = 0; batch < 3; batch++) {
        for (size_t size = 0; size < 3000; size += 7) {
            unsigned char *p = ds_arena_alloc(&a, size);

            assert_non_null(p);
            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xff, size);
        }
        ds_arena_reset(&a);
    }
    ds_arena_clear(&a);
}

static void arena_texts_are_copies(void **state)
{
    struct ds_arena a = {0};
    char text[] = "abc";
    const char *copy = ds_arena_dup(&a, text), *part = ds_arena_dup_bytes(&a, text, 2);
    const char *printed = ds_arena_printf(&a, "%s-%d", text, 7);

    (void)state;
    text[0] = 'X';
    assert_string_equal(copy, "abc");
    assert_string_equal(part, "ab");
    assert_string_equal(printed, "abc-7");
    ds_arena_clear(&a);
}

/* P-12: the second batch lives in the memory of the first. */
static void a_batch_reuses_the_memory_of_the_last(void **state)
{
    struct ds_arena a = {0};
    const void *first[100];

    (void)state;
    for (int batch = 0; batch < 10; batch++) {
        int reused = 0;

        for (int i = 0; i < 100; i++) {
            const void *p = ds_arena_alloc(&a, 100u << 10); /* a block each */

            for (int k = 0; batch && k < 100; k++)
                reused += first[k] == p;
            if (!batch)
                first[i] = p;
        }
        assert_int_equal(reused, batch ? 100 : 0);
        ds_arena_reset(&a);
    }
    ds_arena_clear(&a);
}

static void a_value_larger_than_a_block_fits(void **state)
{
    struct ds_arena a = {0};

    (void)state;
    for (int i = 0; i < 3; i++) {
        memset(ds_arena_alloc(&a, DS_MAX_FIELD), 'x', DS_MAX_FIELD);
        assert_non_null(ds_arena_dup(&a, "small"));
        ds_arena_reset(&a);
    }
    ds_arena_clear(&a);
}

static void the_first_cause_wins(void **state)
{
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(ds_hint(&err, "nothing failed"), DS_OK);
    assert_string_equal(err.hint, "");
    assert_int_equal(ds_fail(&err, DS_E_INPUT, "row %d is bad", 7), DS_E_INPUT);
    assert_int_equal(ds_fail(&err, DS_E_STORE, "and so is the store"), DS_E_INPUT);
    assert_int_equal(ds_hint(&err, "repair it"), DS_E_INPUT);
    assert_int_equal(ds_hint(&err, "or do not"), DS_E_INPUT);
    assert_int_equal(ds_err_where(&err, "%s", "acme.csv"), DS_E_INPUT);
    assert_string_equal(err.text, "acme.csv: row 7 is bad");
    assert_string_equal(err.hint, "repair it");
    ds_err_clear(&err);
    assert_int_equal(ds_err_where(&err, "nowhere"), DS_OK);
    assert_int_equal(ds_fail_nomem(&err), DS_E_NOMEM);
    assert_string_equal(err.text, "out of memory");
    ds_err_clear(&err);
}

static void once_memory_has_run_out_every_failure_is_that(void **state)
{
    struct ds_err err = {0};

    (void)state;
    ds_nomem_note();
    assert_int_equal(ds_fail(&err, DS_E_REMOTE, "the text is too short"), DS_E_NOMEM);
    ds_hint(&err, "look at the text");
    assert_string_equal(err.text, "out of memory");
    assert_string_equal(err.hint, "");
    ds_err_clear(&err);
    assert_false(ds_nomem_noted());
    assert_int_equal(ds_fail(&err, DS_E_REMOTE, "it is down"), DS_E_REMOTE);
}

static void a_long_error_is_cut_and_not_overrun(void **state)
{
    struct ds_err err = {0};
    char text[2000];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ds_fail(&err, DS_E_INPUT, "%s", text);
    ds_hint(&err, "%s", text);
    ds_err_where(&err, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_buffer_is_a_text),
        cmocka_unit_test(text_is_added_in_all_ways),
        cmocka_unit_test(the_maximum_is_exact_and_failing_sticks),
        cmocka_unit_test(a_format_that_does_not_fit_fails),
        cmocka_unit_test(arena_memory_is_zeroed_and_aligned),
        cmocka_unit_test(arena_texts_are_copies),
        cmocka_unit_test(a_batch_reuses_the_memory_of_the_last),
        cmocka_unit_test(a_value_larger_than_a_block_fits),
        cmocka_unit_test(the_first_cause_wins),
        cmocka_unit_test(once_memory_has_run_out_every_failure_is_that),
        cmocka_unit_test(a_long_error_is_cut_and_not_overrun),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
