/* The table of field cases (docs/merge.md), cell by cell, and what must hold for any values. */
#include "engine/merge.h"

#include "mapping/deal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
    int number;
    bool with_base;
    const char *base, *ours, *theirs;
    enum ds_move move;
} table[] = {
    {1, true, "a", "a", "a", DS_MOVE_NONE},       {1, true, NULL, NULL, NULL, DS_MOVE_NONE},
    {2, true, "a", "a", "b", DS_MOVE_TAKE},       {2, true, NULL, NULL, "b", DS_MOVE_TAKE},
    {2, true, "a", "a", NULL, DS_MOVE_TAKE},      {3, true, "a", "b", "a", DS_MOVE_NONE},
    {3, true, "a", NULL, "a", DS_MOVE_NONE},      {3, true, NULL, "b", NULL, DS_MOVE_NONE},
    {4, true, "a", "b", "b", DS_MOVE_AGREE},      {4, true, "a", NULL, NULL, DS_MOVE_AGREE},
    {5, true, "a", "b", "c", DS_MOVE_CONFLICT},   {5, true, "a", "b", NULL, DS_MOVE_CONFLICT},
    {5, true, "a", NULL, "c", DS_MOVE_CONFLICT},  {5, true, NULL, "b", "c", DS_MOVE_CONFLICT},
    {6, false, NULL, "a", "a", DS_MOVE_AGREE},    {6, false, NULL, NULL, NULL, DS_MOVE_AGREE},
    {7, false, NULL, NULL, "b", DS_MOVE_TAKE},    {8, false, NULL, "a", NULL, DS_MOVE_NONE},
    {9, false, NULL, "a", "b", DS_MOVE_CONFLICT},
};

static void each_cell_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct ds_ruling r =
            ds_merge_field(table[i].with_base, table[i].base, table[i].ours, table[i].theirs);

        assert_int_equal(r.number, table[i].number);
        assert_int_equal(r.move, table[i].move);
        assert_non_null(r.why);
    }
}

/* All triples over three values and none: no case is missing, none is taken by accident. */
static void every_triple_is_ruled(void **state)
{
    static const char *const values[] = {NULL, "a", "b", "c"};
    bool reached[10] = {false};

    (void)state;
    for (size_t i = 0; i < 4 * 4 * 4 * 2; i++) {
        const char *base = values[i & 3], *ours = values[i >> 2 & 3], *theirs = values[i >> 4 & 3];
        bool with_base = i >> 6 & 1;
        struct ds_ruling r = ds_merge_field(with_base, base, ours, theirs);

        assert_int_not_equal(r.move, DS_MOVE_BUG);
        assert_in_range(r.number, 1, 9);
        reached[r.number] = true;
        if (r.move == DS_MOVE_AGREE)
            assert_true(ds_same(ours, theirs));
        if (r.move == DS_MOVE_TAKE) /* nothing that only ours holds is ever overwritten */
            assert_true(with_base ? ds_same(base, ours) : ours == NULL);
        if (r.move == DS_MOVE_CONFLICT)
            assert_false(ds_same(ours, theirs));
    }
    for (int n = 1; n <= 9; n++)
        assert_true(reached[n]);
}

/* Swapping the sides mirrors the ruling. */
static void the_table_is_symmetric(void **state)
{
    static const char *const values[] = {NULL, "a", "b"};
    static const int mirror[10] = {0, 1, 3, 2, 4, 5, 6, 8, 7, 9};

    (void)state;
    for (size_t i = 0; i < 3 * 3 * 3 * 2; i++) {
        const char *base = values[i % 3], *ours = values[i / 3 % 3], *theirs = values[i / 9 % 3];
        bool with_base = i / 27;
        int there = ds_merge_field(with_base, base, ours, theirs).number;
        int back = ds_merge_field(with_base, base, theirs, ours).number;

        assert_int_equal(back, mirror[there]);
    }
}

static void every_number_has_one_row(void **state)
{
    (void)state;
    for (int n = 1; n <= 14; n++)
        assert_int_equal(ds_merge_case(n)->number, n);
    for (int n = DS_M_UNCHANGED; n <= DS_M_REPEAT; n++)
        assert_int_equal(ds_merge_case(n)->number, n);
    assert_null(ds_merge_case(0));
    assert_null(ds_merge_case(15));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cell_of_the_table),
        cmocka_unit_test(every_triple_is_ruled),
        cmocka_unit_test(the_table_is_symmetric),
        cmocka_unit_test(every_number_has_one_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
