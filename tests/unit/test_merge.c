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
    for (int n = 1; n <= DS_M_TAKE_VALUE; n++)
        assert_int_equal(ds_merge_case(n)->number, n);
    for (int n = DS_M_DELETED_TOLD; n <= DS_M_UNDO; n++)
        assert_int_equal(ds_merge_case(n)->number, n);
    assert_null(ds_merge_case(0));
    assert_null(ds_merge_case(DS_M_TAKE_VALUE + 1));
    assert_null(ds_merge_case(DS_M_UNDO + 1));
}

/* [direction and field][owner][policy] of each comparison: what the terms make of it. */
enum { PULL, BOTH, PUSH, SENT_NOTHING };

static struct ds_terms terms_of(int way, enum ds_owner owner, enum ds_settle settle)
{
    return (struct ds_terms){.takes = way == PULL || way == BOTH,
                             .sends = way == BOTH || way == PUSH,
                             .owner = owner,
                             .settle = settle,
                             .ours_ms = 1000,
                             .theirs_ms = 2000};
}

static const struct {
    int compared;
    int way;
    enum ds_owner owner;
    enum ds_settle settle;
    int number;
    enum ds_move move;
} settled[] = {
    /* only theirs changed */
    {2, PULL, DS_OWNER_BOTH, DS_SETTLE_MANUAL, 2, DS_MOVE_TAKE},
    {2, PULL, DS_OWNER_STORE, DS_SETTLE_MANUAL, DS_M_KEEP_OWNED, DS_MOVE_NONE},
    {2, BOTH, DS_OWNER_STORE, DS_SETTLE_MANUAL, DS_M_SEND_OWNED, DS_MOVE_PUSH},
    {2, BOTH, DS_OWNER_CRM, DS_SETTLE_STORE, 2, DS_MOVE_TAKE},
    {2, PUSH, DS_OWNER_BOTH, DS_SETTLE_MANUAL, DS_M_SEND_OWNED, DS_MOVE_PUSH},
    {2, SENT_NOTHING, DS_OWNER_BOTH, DS_SETTLE_MANUAL, DS_M_KEEP_OWNED, DS_MOVE_NONE},
    /* only ours changed */
    {3, PULL, DS_OWNER_BOTH, DS_SETTLE_STORE, 3, DS_MOVE_NONE},
    {3, BOTH, DS_OWNER_BOTH, DS_SETTLE_MANUAL, DS_M_SEND, DS_MOVE_PUSH},
    {3, BOTH, DS_OWNER_CRM, DS_SETTLE_MANUAL, 3, DS_MOVE_NONE},
    {3, PUSH, DS_OWNER_STORE, DS_SETTLE_MANUAL, DS_M_SEND, DS_MOVE_PUSH},
    /* both changed, differently */
    {5, PULL, DS_OWNER_BOTH, DS_SETTLE_MANUAL, 5, DS_MOVE_CONFLICT},
    {5, BOTH, DS_OWNER_BOTH, DS_SETTLE_MANUAL, 5, DS_MOVE_CONFLICT},
    {5, PULL, DS_OWNER_BOTH, DS_SETTLE_CRM, DS_M_TAKE_POLICY, DS_MOVE_TAKE},
    {5, PULL, DS_OWNER_CRM, DS_SETTLE_MANUAL, DS_M_TAKE_POLICY, DS_MOVE_TAKE},
    {5, PULL, DS_OWNER_CRM, DS_SETTLE_STORE, DS_M_TAKE_POLICY, DS_MOVE_TAKE},
    {5, PULL, DS_OWNER_BOTH, DS_SETTLE_STORE, DS_M_KEEP_POLICY, DS_MOVE_AGREE},
    {5, BOTH, DS_OWNER_BOTH, DS_SETTLE_STORE, DS_M_KEEP_POLICY, DS_MOVE_PUSH},
    {5, BOTH, DS_OWNER_STORE, DS_SETTLE_CRM, DS_M_KEEP_POLICY, DS_MOVE_PUSH},
    {5, PUSH, DS_OWNER_BOTH, DS_SETTLE_CRM, DS_M_KEEP_POLICY, DS_MOVE_PUSH},
    {5, BOTH, DS_OWNER_BOTH, DS_SETTLE_NEWEST, DS_M_TAKE_NEWER, DS_MOVE_TAKE},
    /* first seen together */
    {7, PULL, DS_OWNER_BOTH, DS_SETTLE_MANUAL, 7, DS_MOVE_TAKE},
    {7, BOTH, DS_OWNER_STORE, DS_SETTLE_MANUAL, DS_M_KEEP_OWNED, DS_MOVE_NONE},
    {7, PUSH, DS_OWNER_BOTH, DS_SETTLE_MANUAL, DS_M_KEEP_OWNED, DS_MOVE_NONE},
    {7, SENT_NOTHING, DS_OWNER_BOTH, DS_SETTLE_MANUAL, DS_M_KEEP_OWNED, DS_MOVE_NONE},
    {8, PULL, DS_OWNER_BOTH, DS_SETTLE_MANUAL, 8, DS_MOVE_NONE},
    {8, BOTH, DS_OWNER_BOTH, DS_SETTLE_MANUAL, DS_M_FILL, DS_MOVE_PUSH},
    {8, BOTH, DS_OWNER_CRM, DS_SETTLE_MANUAL, 8, DS_MOVE_NONE},
    {9, BOTH, DS_OWNER_BOTH, DS_SETTLE_MANUAL, 9, DS_MOVE_CONFLICT},
    {9, BOTH, DS_OWNER_BOTH, DS_SETTLE_CRM, DS_M_TAKE_POLICY, DS_MOVE_TAKE},
};

static void each_cell_of_the_terms(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(settled) / sizeof(settled[0]); i++) {
        struct ds_terms t = terms_of(settled[i].way, settled[i].owner, settled[i].settle);
        struct ds_ruling r = ds_merge_settle(*ds_merge_case(settled[i].compared), &t);

        if (r.number != settled[i].number || r.move != settled[i].move)
            fail_msg("row %zu: M-%d, move %d", i, r.number, r.move);
    }
}

static void the_newer_one_wins_only_if_it_is_known(void **state)
{
    static const struct {
        int64_t ours, theirs;
        int number;
    } times[] = {{1, 2, DS_M_TAKE_NEWER}, {2, 1, DS_M_KEEP_NEWER}, {2, 2, 5}, {0, 2, 5}, {2, 0, 5}};

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct ds_terms t = terms_of(BOTH, DS_OWNER_BOTH, DS_SETTLE_NEWEST);

        t.ours_ms = times[i].ours;
        t.theirs_ms = times[i].theirs;
        assert_int_equal(ds_merge_settle(*ds_merge_case(5), &t).number, times[i].number);
    }
}

/* What can be joined is joined before any policy, unless one side owns the field. */
static void both_changes_stand_where_they_can(void **state)
{
    static const struct {
        int way;
        enum ds_owner owner;
        enum ds_settle settle;
        int number;
    } joins[] = {
        {BOTH, DS_OWNER_BOTH, DS_SETTLE_MANUAL, DS_M_JOIN},
        {PULL, DS_OWNER_BOTH, DS_SETTLE_CRM, DS_M_JOIN},
        {BOTH, DS_OWNER_BOTH, DS_SETTLE_STORE, DS_M_JOIN},
        {BOTH, DS_OWNER_CRM, DS_SETTLE_MANUAL, DS_M_TAKE_POLICY},
        {BOTH, DS_OWNER_STORE, DS_SETTLE_MANUAL, DS_M_KEEP_POLICY},
        {PUSH, DS_OWNER_BOTH, DS_SETTLE_MANUAL, DS_M_KEEP_POLICY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++) {
        struct ds_terms t = terms_of(joins[i].way, joins[i].owner, joins[i].settle);

        t.joins = true;
        assert_int_equal(ds_merge_settle(*ds_merge_case(5), &t).number, joins[i].number);
        assert_int_equal(ds_merge_settle(*ds_merge_case(9), &t).number, joins[i].number);
        assert_int_equal(ds_merge_settle(*ds_merge_case(4), &t).number, 4);
    }
}

/* Whatever the terms: nothing is taken that may not be, and nothing sent. */
static void terms_are_kept(void **state)
{
    static const int compared[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

    (void)state;
    for (size_t i = 0; i < 9 * 4 * 3 * 4 * 2; i++) {
        struct ds_terms t =
            terms_of((int)(i / 9 % 4), (enum ds_owner)(i / 36 % 3), (enum ds_settle)(i / 108 % 4));
        struct ds_ruling r;

        t.joins = i / 432;
        r = ds_merge_settle(*ds_merge_case(compared[i % 9]), &t);
        assert_int_not_equal(r.move, DS_MOVE_BUG);
        if (!t.takes)
            assert_true(r.move != DS_MOVE_TAKE && r.move != DS_MOVE_JOIN);
        if (!t.sends)
            assert_int_not_equal(r.move, DS_MOVE_PUSH);
        if (t.owner == DS_OWNER_STORE)
            assert_true(r.move != DS_MOVE_TAKE && r.move != DS_MOVE_JOIN);
        if (t.owner == DS_OWNER_CRM && t.takes)
            assert_true(r.move != DS_MOVE_PUSH);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cell_of_the_table),
        cmocka_unit_test(every_triple_is_ruled),
        cmocka_unit_test(the_table_is_symmetric),
        cmocka_unit_test(every_number_has_one_row),
        cmocka_unit_test(each_cell_of_the_terms),
        cmocka_unit_test(the_newer_one_wins_only_if_it_is_known),
        cmocka_unit_test(both_changes_stand_where_they_can),
        cmocka_unit_test(terms_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
