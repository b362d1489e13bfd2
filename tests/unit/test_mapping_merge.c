/* Lists by key and texts that grow: what both sides changed comes together, or is told as a clash. */
#include "mapping/lists.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MAX_NOTES    32000

typedef const char *merging(struct ds_arena *a, enum ds_field f, const char *base, const char *ours,
                            const char *theirs, const char **clash);

static struct ds_arena arena;

static const char *shown(const char *text)
{
    return text ? text : "NULL";
}

static void check(merging *merge, enum ds_field f, const char *const row[5])
{
    const char *clash = "untouched";
    const char *got = merge(&arena, f, row[0], row[1], row[2], &clash);

    if (!ds_same(clash, row[4]) || (!clash && !ds_same(got, row[3])))
        fail_msg("%s / %s / %s\ngot  %s (%s)\nwant %s (%s)", shown(row[0]), shown(row[1]),
                 shown(row[2]), shown(got), shown(clash), shown(row[3]), shown(row[4]));
    ds_arena_reset(&arena);
}

#define M(email, name) "{\"email\":\"" email "\",\"name\":\"" name "\",\"phone\":\"1\"}"

static void lists_of_three_sides(void **state)
{
    /* base, ours, theirs, merged, clash */
    static const char *const solutions[][5] = {
        {NULL, NULL, NULL, NULL, NULL},
        {NULL, "[\"a\"]", NULL, "[\"a\"]", NULL},
        {NULL, NULL, "[\"a\"]", "[\"a\"]", NULL},
        {NULL, "[\"a\"]", "[\"b\"]", "[\"a\",\"b\"]", NULL},
        {"[\"b\"]", "[\"a\",\"b\"]", "[\"b\",\"c\"]", "[\"a\",\"b\",\"c\"]", NULL},
        {"[\"a\",\"b\"]", "[\"a\"]", "[\"a\",\"b\",\"c\"]", "[\"a\",\"c\"]", NULL},
        {"[\"a\",\"b\"]", "[\"b\"]", "[\"a\"]", NULL, NULL},
        {"[\"a\"]", "[\"b\"]", "[\"b\"]", "[\"b\"]", NULL},
        {"[\"a\\\"b\"]", "[\"a\\\"b\",\"c\"]", "[\"a\\\"b\",\"B\"]", "[\"B\",\"a\\\"b\",\"c\"]",
         NULL},
    };
    static const char *const teams[][5] = {
        {NULL, "[" M("ann@x", "Ann") "]", "[" M("bob@x", "Bob") "]",
         "[" M("ann@x", "Ann") "," M("bob@x", "Bob") "]", NULL},
        {"[" M("ann@x", "Ann") "]", "[" M("ann@x", "Ann Lee") "]",
         "[" M("ann@x", "Ann") "," M("bob@x", "Bob") "]",
         "[" M("ann@x", "Ann Lee") "," M("bob@x", "Bob") "]", NULL},
        /* who is not in the base cannot have been removed */
        {NULL, "[" M("ann@x", "Ann") "]", NULL, "[" M("ann@x", "Ann") "]", NULL},
        {"[" M("ann@x", "Ann") "]", "[" M("bob@x", "Bob") "]", "[" M("ann@x", "Ann") "]",
         "[" M("bob@x", "Bob") "]", NULL},
        {"[" M("ann@x", "Ann") "]", "[" M("ann@x", "Ann Lee") "]", "[" M("bob@x", "Bob") "]", NULL,
         "both sides changed 'ann@x'"},
        {"[" M("ann@x", "Ann") "]", "[" M("Ann@x", "Anna") "]", "[" M("ann@x", "Anne") "]", NULL,
         "both sides changed 'ann@x'"},
        {NULL, "[" M("ann@x", "Ann") "]", "[" M("ann@x", "Anne") "]", NULL,
         "both sides changed 'ann@x'"},
        {NULL, "[" M("ann@x", "Ann") "]", "[" M("Ann@X", "Ann") "]", "[" M("Ann@X", "Ann") "]",
         NULL},
        {NULL, "[" M("Ann@X", "Ann") "]", "[" M("ann@x", "Ann") "]", "[" M("Ann@X", "Ann") "]",
         NULL},
        {"[" M("bob@x", "Bob") "]", "[" M("Al@x", "Al") "," M("bob@x", "Bob") "]",
         "[" M("bob@x", "Bob") "," M("Cy@x", "Cy") "]",
         "[" M("Al@x", "Al") "," M("bob@x", "Bob") "," M("Cy@x", "Cy") "]", NULL},
        {"[" M("ann@x", "Ann") "]", "Ann", "[" M("bob@x", "Bob") "]", NULL,
         "is not a team (a JSON array of email, name and phone)"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(solutions); i++)
        check(ds_list_merge, DS_SOLUTIONS, solutions[i]);
    for (size_t i = 0; i < COUNT(teams); i++)
        check(ds_list_merge, DS_TEAM, teams[i]);
}

static void texts_of_three_sides(void **state)
{
    static const char both[] = "both sides changed it, and not only by adding to it";
    static const char *const table[][5] = {
        {NULL, NULL, NULL, NULL, NULL},
        {NULL, "a", NULL, "a", NULL},
        {"a", "a", NULL, NULL, NULL},
        {"a", "b", "a", "b", NULL},
        {"a", "b", "b", "b", NULL},
        {NULL, "a", "b", "a\nb", NULL},
        {"a", "a\nb", "a\nc", "a\nb\nc", NULL},
        {"a", "a\n\nb", "a\n\nc", "a\n\nb\n\nc", NULL},
        {"a", "a\r\nb", "a\r\nc", "a\r\nb\r\nc", NULL},
        {"a", "a one", "a two", "a one\ntwo", NULL},
        {"a", "a one", "a \ntwo", "a one\ntwo", NULL},
        /* nothing is said twice */
        {"a", "a\nb\nc", "a\nb", "a\nb\nc", NULL},
        {"a", "a\nb", "a\nb\nc", "a\nb\nc", NULL},
        {"a", "a\nb\nc", "a\nc", "a\nb\nc", NULL},
        {"a", "a\nc", "a\nb\n c \nd", "a\nb\n c \nd", NULL},
        {"a", "a\nb\nc", "a\nb\nd", "a\nb\nc\nd", NULL},
        {"a", "a\nb\nc\nd", "a\nc\nd\ne", "a\nb\nc\nd\ne", NULL},
        {"a", "a\nMon\nno answer", "a\nTue\nno answer", "a\nMon\nno answer\nTue\nno answer", NULL},
        {"a", "a\nok then", "a\nok", "a\nok then\nok", NULL}, /* whole lines */
        {"a\nb", "a\nb\nc", "x\nb\nd", NULL, both},
        {"a", "a\nb", NULL, NULL, both},
        {"a", NULL, "a\nb", NULL, both},
        {"Room 1", "Room 12", "Room 1\nb", NULL, both}, /* a longer word is another one */
        {"a", "b", "c", NULL, both},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        check(ds_text_merge, DS_NOTES, table[i]);
}

/* as long as it may be, and never cut. */
static void too_much_text_is_a_clash(void **state)
{
    char ours[MAX_NOTES], theirs[8] = "\xc3\xa9\xc3\xa9";
    const char *clash;

    (void)state;
    memset(ours, 'x', sizeof(ours));
    ours[MAX_NOTES - 3] = '\0';
    assert_non_null(ds_text_merge(&arena, DS_NOTES, NULL, ours, theirs, &clash));
    assert_null(clash);
    ours[MAX_NOTES - 3] = 'x';
    ours[MAX_NOTES - 2] = '\0';
    assert_null(ds_text_merge(&arena, DS_NOTES, NULL, ours, theirs, &clash));
    assert_string_equal(clash,
                        "what both sides wrote has 32001 characters together, 32000 are allowed");
    ds_arena_reset(&arena);
}

/* ---- generated cases */

static uint64_t seed;

static unsigned pick(unsigned below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % below;
}

static const char *must(merging *merge, enum ds_field f, const char *base, const char *ours,
                        const char *theirs)
{
    const char *clash, *got = merge(&arena, f, base, ours, theirs, &clash);

    if (clash)
        fail_msg("%s / %s / %s: %s", shown(base), shown(ours), shown(theirs), clash);
    return got;
}

static void same(const char *what, const char *const side[3], const char *got, const char *want)
{
    if (!ds_same(got, want))
        fail_msg("%s: %s / %s / %s\ngot  %s\nwant %s", what, shown(side[0]), shown(side[1]),
                 shown(side[2]), shown(got), shown(want));
}

/* What holds for every merge; the result, or NULL with *clash. */
static const char *check_laws(merging *merge, enum ds_field f, const char *const side[3],
                              const char **clash)
{
    const char *b = side[0], *o = side[1], *t = side[2], *why;
    const char *got = merge(&arena, f, b, o, t, clash);

    same("only ours changed", side, must(merge, f, b, o, b), o);
    same("only theirs changed", side, must(merge, f, b, b, t), t);
    same("both changed alike", side, must(merge, f, b, o, o), o);
    if (*clash)
        return NULL;
    same("again with theirs", side, must(merge, f, b, got, t), got);
    same("again with ours", side, must(merge, f, b, o, got), got);
    if (got)
        same("canonical", side, ds_field_canonical(&arena, f, got, &why), got);
    return got;
}

static const char *const ids[] = {"al@x", "Bo@x", "cy@x"};

static const char *random_list(enum ds_field f)
{
    static const char *const members[][3] = {
        {M("al@x", "Al"), M("al@x", "Alan"), M("AL@x", "Al")},
        {M("Bo@x", "Bo"), M("Bo@x", "Bob"), M("bo@x", "Bo")},
        {M("cy@x", "Cy"), M("cy@x", "C\xc3\xa9"), M("Cy@x", "Cy")},
    };
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);
    const char *text, *why;

    for (unsigned i = 0; i < COUNT(members); i++) {
        if (pick(5) < 2)
            continue;
        ds_buf_add_char(&out, out.len ? ',' : '[');
        if (f == DS_TEAM)
            ds_buf_add(&out, members[i][pick(3) ? 0 : 1 + pick(2)]);
        else
            ds_buf_addf(&out, "\"%s\"", ids[i]);
    }
    ds_buf_add(&out, out.len ? "]" : "");
    text = out.len ? ds_field_canonical(&arena, f, ds_arena_dup(&arena, out.text), &why) : NULL;
    ds_buf_clear(&out);
    return text;
}

/* Each item stays unless it was in the base and one side removed it. */
static void check_items(const char *const side[3], const char *got)
{
    for (size_t i = 0; i < COUNT(ids); i++) {
        bool in[3], want;

        for (int s = 0; s < 3; s++)
            in[s] = side[s] && strstr(side[s], ids[i]);
        want = in[0] ? in[1] && in[2] : in[1] || in[2];
        if (want != (got && strstr(got, ids[i])))
            fail_msg("%s: %s / %s / %s -> %s", ids[i], shown(side[0]), shown(side[1]),
                     shown(side[2]), shown(got));
    }
}

static void lists_keep_their_laws(void **state)
{
    static const enum ds_field fields[] = {DS_TEAM, DS_SOLUTIONS};
    unsigned clashes = 0;

    (void)state;
    seed = 1;
    for (int i = 0; i < 6000; i++) {
        enum ds_field f = fields[i % 2];
        const char *side[3], *clash, *swapped, *got;

        for (int s = 0; s < 3; s++)
            side[s] = random_list(f);
        got = check_laws(ds_list_merge, f, side, &clash);
        same("swapped", side, ds_list_merge(&arena, f, side[0], side[2], side[1], &swapped), got);
        same("swapped", side, swapped, clash);
        clashes += clash != NULL;
        if (f == DS_SOLUTIONS) {
            assert_null(clash);
            check_items(side, got);
        }
        ds_arena_reset(&arena);
    }
    assert_in_range(clashes, 300, 2700);
}

static const char *const lines[] = {"called", "no answer", "\xc3\xa9", "offer sent", "a b"};

static const char *random_lines(const char *base)
{
    static const char *const ends[] = {"\n", "\n", "\n\n", "\r\n", " "};
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);
    const char *text;
    bool parted = !base;

    ds_buf_add(&out, base ? base : "");
    for (unsigned n = pick(4); n; n--) {
        ds_buf_add(&out, parted ? "" : ends[pick(COUNT(ends))]);
        ds_buf_add(&out, lines[pick(COUNT(lines))]);
        parted = false;
    }
    text = out.len ? ds_arena_dup(&arena, out.text) : NULL;
    ds_buf_clear(&out);
    return text;
}

static void texts_keep_their_laws(void **state)
{
    (void)state;
    seed = 2;
    for (int i = 0; i < 6000; i++) {
        const char *base = random_lines(NULL), *other = random_lines(NULL);
        const char *side[3] = {base, random_lines(base), pick(4) ? random_lines(base) : other};
        const char *clash, *got = check_laws(ds_text_merge, DS_NOTES, side, &clash);

        if (side[2] != other && (clash || !got != (!side[1] && !side[2])))
            fail_msg("%s / %s / %s: %s", shown(base), shown(side[1]), shown(side[2]), shown(clash));
        if (!clash && got && base && side[2] != other)
            assert_memory_equal(got, base, strlen(base));
        for (size_t k = 0; got && side[2] != other && k < COUNT(lines); k++)
            for (int s = 1; s < 3; s++)
                assert_true(!side[s] || !strstr(side[s], lines[k]) || strstr(got, lines[k]));
        ds_arena_reset(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_three_sides),     cmocka_unit_test(texts_of_three_sides),
        cmocka_unit_test(too_much_text_is_a_clash), cmocka_unit_test(lists_keep_their_laws),
        cmocka_unit_test(texts_keep_their_laws),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    ds_arena_clear(&arena);
    return failed;
}
