/* Exact money: what is read, what is refused, and that no digit changes (SF-69, DV-58). */
#include "base/decimal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NONE  "is not a number"
#define WHOLE "has more than 18 digits before the point"
#define FINE  "has more than 4 digits after the point"

static struct ds_arena arena;

static const struct {
    const char *text, *canonical, *why;
} table[] = {
    {"0", "0", NULL},
    {"-0", "0", NULL},
    {"-0.000", "0", NULL},
    {"0.0", "0", NULL},
    {"00012", "12", NULL},
    {"1000", "1000", NULL},
    {"1000.00", "1000", NULL},
    {"1000.0100", "1000.01", NULL},
    {"999999999999.9900", "999999999999.99", NULL},
    {"0.0001", "0.0001", NULL},
    {"-12.5", "-12.5", NULL},
    {"+7", "7", NULL},
    {" 7\r\n", "7", NULL},
    {".5", "0.5", NULL},
    {"5.", "5", NULL},
    {"1e3", "1000", NULL},
    {"1E+3", "1000", NULL},
    {"1.25e2", "125", NULL},
    {"12500e-2", "125", NULL},
    {"1e-4", "0.0001", NULL},
    {"10e-5", "0.0001", NULL},
    {"0e99999999999999999999", "0", NULL},
    {"123456789012345678", "123456789012345678", NULL},
    {"123456789012345678.1234", "123456789012345678.1234", NULL},
    {"1e17", "100000000000000000", NULL},
    {"0.00010000000000000000000000", "0.0001", NULL},
    {"1234567890123456789", NULL, WHOLE},
    {"1e18", NULL, WHOLE},
    {"1e99999999999999999999", NULL, WHOLE},
    {"0.00001", NULL, FINE},
    {"1e-5", NULL, FINE},
    {"1e-99999999999999999999", NULL, FINE},
    {"123456789012345678.12345", NULL, FINE},
    {"", NULL, NONE},
    {" ", NULL, NONE},
    {"-", NULL, NONE},
    {".", NULL, NONE},
    {"e5", NULL, NONE},
    {"1e", NULL, NONE},
    {"1e+", NULL, NONE},
    {"1,000", NULL, NONE},
    {"1 000", NULL, NONE},
    {"1.2.3", NULL, NONE},
    {"--1", NULL, NONE},
    {"0x10", NULL, NONE},
    {"1e1.5", NULL, NONE},
    {"inf", NULL, NONE},
    {"nan", NULL, NONE},
    {"\xd9\xa1", NULL, NONE},
};

static void same(const char *input, const char *got, const char *want)
{
    if (!got || !want ? got != want : strcmp(got, want) != 0)
        fail_msg("\"%s\": got \"%s\", want \"%s\"", input, got ? got : "NULL",
                 want ? want : "NULL");
}

static void each_case_of_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *why = "untouched";

        same(table[i].text, ds_decimal(&arena, table[i].text, &why), table[i].canonical);
        same(table[i].text, why, table[i].why);
    }
}

static void a_canonical_form_is_its_own(void **state)
{
    const char *why;

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        if (table[i].canonical)
            same(table[i].text, ds_decimal(&arena, table[i].canonical, &why), table[i].canonical);
}

/* A number kept as two integers; what the tested code never does. */
struct pair {
    bool negative;
    uint64_t whole;
    unsigned fraction; /* of 10,000 */
};

static uint64_t some(uint64_t below)
{
    return ((uint64_t)random() << 31 ^ (uint64_t)random()) % below;
}

static struct pair some_pair(void)
{
    static const uint64_t sizes[] = {1, 10, 1000, 1000000, UINT64_C(1000000000000000000)};
    static const unsigned steps[] = {10000, 1000, 100, 10, 1};
    struct pair p = {.whole = some(sizes[some(COUNT(sizes))])};
    unsigned step = steps[some(COUNT(steps))];

    p.fraction = (unsigned)some(10000 / step) * step;
    p.negative = (p.whole || p.fraction) && some(3) == 0;
    return p;
}

static void pair_canonical(const struct pair *p, char out[64])
{
    size_t len;

    snprintf(out, 64, "%s%llu.%04u", p->negative ? "-" : "", (unsigned long long)p->whole,
             p->fraction);
    for (len = strlen(out); out[len - 1] == '0'; len--)
        out[len - 1] = '\0';
    if (out[len - 1] == '.')
        out[len - 1] = '\0';
}

/* Some other way to write the same number: zeros in front and behind, or the point moved. */
static void pair_disguised(const struct pair *p, char out[128])
{
    static const char zeros[] = "00000";
    char digits[64];
    int len = snprintf(digits, sizeof(digits), "%.*s%llu%04u", (int)some(5), zeros,
                       (unsigned long long)p->whole, p->fraction);
    int point = (int)some((uint64_t)len + 1);

    snprintf(out, 128, "%s%.*s.%s%.*se%d",
             p->negative ? "-"
             : some(2)   ? "+"
                         : "",
             point, digits, digits + point, (int)some(5), zeros, len - 4 - point);
}

static void generated_numbers_keep_every_digit(void **state)
{
    (void)state;
    srandom(2);
    for (int i = 0; i < 200000; i++) {
        struct pair p = some_pair();
        char want[64], text[128];
        const char *why;

        pair_canonical(&p, want);
        pair_disguised(&p, text);
        same(text, ds_decimal(&arena, text, &why), want);
        same(want, ds_decimal(&arena, want, &why), want);
        ds_arena_reset(&arena);
    }
}

static int pair_compare(const struct pair *a, const struct pair *b)
{
    int sign = a->negative ? -1 : 1;

    if (a->negative != b->negative)
        return sign;
    if (a->whole != b->whole)
        return a->whole < b->whole ? -sign : sign;
    if (a->fraction != b->fraction)
        return a->fraction < b->fraction ? -sign : sign;
    return 0;
}

static void generated_numbers_are_ordered(void **state)
{
    (void)state;
    srandom(3);
    for (int i = 0; i < 200000; i++) {
        struct pair a = some_pair(), b = some(4) ? some_pair() : a;
        char left[64], right[64];

        pair_canonical(&a, left);
        pair_canonical(&b, right);
        if (ds_decimal_compare(left, right) != pair_compare(&a, &b))
            fail_msg("%s against %s: got %d", left, right, ds_decimal_compare(left, right));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_case_of_the_table),
        cmocka_unit_test(a_canonical_form_is_its_own),
        cmocka_unit_test(generated_numbers_keep_every_digit),
        cmocka_unit_test(generated_numbers_are_ordered),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    ds_arena_clear(&arena);
    return failed;
}
