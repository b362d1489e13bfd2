#include "base/decimal.h"

#include <stdbool.h>
#include <string.h>

#define DIGITS   (DS_DECIMAL_WHOLE + DS_DECIMAL_FRACTION)
#define EXPONENT 100000000L /* larger ones change nothing any more */

/* The number 0.DIGITS * 10^point; digits begin and end with something other than 0. */
struct number {
    bool negative;
    size_t count; /* of digits; only the first DIGITS are kept */
    long point;
    char digits[DIGITS];
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t\r\n");
}

/* Zeros are counted, and only written once another digit follows them. */
static const char *read_digits(struct number *n, const char *p)
{
    bool fraction = false, any = false;
    size_t zeros = 0;

    for (;; p++) {
        if (*p == '.' && !fraction) {
            fraction = true;
            continue;
        }
        if (!is_digit(*p))
            break;
        any = true;
        if (!fraction && (n->count || *p != '0'))
            n->point++;
        if (*p == '0') {
            if (n->count)
                zeros++;
            else if (fraction)
                n->point--;
            continue;
        }
        for (; zeros; zeros--, n->count++)
            if (n->count < DIGITS)
                n->digits[n->count] = '0';
        if (n->count < DIGITS)
            n->digits[n->count] = *p;
        n->count++;
    }
    return any ? p : NULL;
}

static const char *read_exponent(struct number *n, const char *p)
{
    bool negative = *p == '-';
    long exponent = 0;

    if (*p == '-' || *p == '+')
        p++;
    if (!is_digit(*p))
        return NULL;
    for (; is_digit(*p); p++)
        if (exponent < EXPONENT)
            exponent = exponent * 10 + (*p - '0');
    n->point += negative ? -exponent : exponent;
    return p;
}

static bool read_number(struct number *n, const char *p)
{
    p = skip_blanks(p);
    n->negative = *p == '-';
    if (*p == '-' || *p == '+')
        p++;
    p = read_digits(n, p);
    if (p && (*p == 'e' || *p == 'E'))
        p = read_exponent(n, p + 1);
    return p && !*skip_blanks(p);
}

static const char *write_number(struct ds_arena *a, const struct number *n)
{
    size_t whole = n->point > 0 ? (size_t)n->point : 0;
    size_t gap = n->point < 0 ? (size_t)-n->point : 0; /* zeros right behind the point */
    size_t kept = n->count < whole ? n->count : whole;
    char text[DIGITS + 4], *p = text;

    if (n->negative)
        *p++ = '-';
    memcpy(p, n->digits, kept);
    memset(p + kept, '0', whole - kept);
    p += whole;
    if (!whole)
        *p++ = '0';
    if (n->count > whole) {
        *p++ = '.';
        memset(p, '0', gap);
        p += gap;
        memcpy(p, n->digits + kept, n->count - kept);
        p += n->count - kept;
    }
    return ds_arena_dup_bytes(a, text, (size_t)(p - text));
}

const char *ds_decimal(struct ds_arena *a, const char *text, const char **why)
{
    struct number n = {0};

    *why = NULL;
    if (!read_number(&n, text))
        *why = "is not a number";
    else if (!n.count)
        return ds_arena_dup(a, "0");
    else if (n.point > DS_DECIMAL_WHOLE)
        *why = "has more than 18 digits before the point";
    else if ((long)n.count - n.point > DS_DECIMAL_FRACTION)
        *why = "has more than 4 digits after the point";
    return *why ? NULL : write_number(a, &n);
}

int ds_decimal_compare(const char *a, const char *b)
{
    int sign = *a == '-' ? -1 : 1;
    size_t a_whole, b_whole;
    int order;

    if ((*a == '-') != (*b == '-'))
        return sign;
    if (sign < 0) {
        a++;
        b++;
    }
    a_whole = strcspn(a, ".");
    b_whole = strcspn(b, ".");
    order = a_whole == b_whole ? strcmp(a, b) : a_whole < b_whole ? -1 : 1;
    return order < 0 ? -sign : order > 0 ? sign : 0;
}

/* In units of the last digit after the point: 22 digits at most. */
static unsigned __int128 units(const char *text)
{
    unsigned __int128 n = 0;
    int fraction = -1;

    for (const char *p = text + (*text == '-'); *p; p++) {
        if (*p == '.')
            fraction = 0;
        else
            n = n * 10 + (unsigned)(*p - '0');
        fraction += fraction >= 0 && *p != '.';
    }
    for (int i = fraction < 0 ? 0 : fraction; i < DS_DECIMAL_FRACTION; i++)
        n *= 10;
    return n;
}

bool ds_decimal_beyond(const char *a, const char *b, uint64_t factor)
{
    unsigned __int128 left = units(a), right = units(b);

    if ((*a == '-') != (*b == '-') && (left || right))
        return true;
    return left > right * factor || right > left * factor;
}
