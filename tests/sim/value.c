#include "tests/sim/value.h"
#include "tests/sim/clock.h"

#include <string.h>
#include <strings.h>

__extension__ typedef __int128 wide;

enum kind form_kind(enum form form)
{
    static const enum kind kinds[] = {
        [F_TEXT] = V_TEXT,    [F_ID] = V_ID,       [F_INTEGER] = V_NUMBER, [F_TRIMMED] = V_NUMBER,
        [F_MONEY] = V_NUMBER, [F_RATE] = V_NUMBER, [F_BOOL] = V_BOOL,      [F_DATE] = V_DATE,
        [F_MILLIS] = V_TIME,  [F_ZULU] = V_TIME,
    };

    return kinds[form];
}

void val_null(struct val *v)
{
    v->kind = V_NULL;
}

void val_text(struct val *v, const char *s)
{
    v->kind = s ? V_TEXT : V_NULL;
    v->text = s;
    v->len = s ? strlen(s) : 0;
}

void val_number(struct val *v, int64_t num, int scale)
{
    v->kind = V_NUMBER;
    v->num = num;
    v->scale = scale;
}

void val_bool(struct val *v, bool b)
{
    v->kind = V_BOOL;
    v->num = b;
}

static bool number_parse(const char *s, struct val *v)
{
    bool negative = *s == '-';
    bool point = false;
    int digits = 0;

    val_number(v, 0, 0);
    for (s += negative || *s == '+'; *s; s++) {
        if (*s == '.' && !point) {
            point = true;
            continue;
        }
        if (*s < '0' || *s > '9' || ++digits > 18)
            return false;
        v->num = v->num * 10 + (*s - '0');
        v->scale += point;
    }
    if (negative)
        v->num = -v->num;
    return digits > 0;
}

bool val_parse(enum kind kind, const char *s, struct val *v)
{
    v->kind = kind;
    switch (kind) {
    case V_NUMBER: return number_parse(s, v);
    case V_DATE: return date_parse(s, &v->num);
    case V_TIME: return time_parse(s, &v->num);
    case V_BOOL: v->num = strcasecmp(s, "true") == 0; return v->num || strcasecmp(s, "false") == 0;
    case V_TEXT:
    case V_ID:
        v->text = s;
        v->len = strlen(s);
        return true;
    case V_NULL: return true;
    }
    return false;
}

static wide scaled(const struct val *v, int scale)
{
    wide n = v->num;

    for (int i = v->kind == V_NUMBER ? v->scale : 0; i < scale; i++)
        n *= 10;
    return n;
}

static int text_cmp(const struct val *a, const struct val *b)
{
    size_t n = a->len < b->len ? a->len : b->len;
    int order = a->kind == V_ID ? memcmp(a->text, b->text, n) : strncasecmp(a->text, b->text, n);

    return order ? order : (a->len > b->len) - (a->len < b->len);
}

int val_cmp(const struct val *a, const struct val *b)
{
    wide x, y;

    if (a->kind == V_NULL || b->kind == V_NULL)
        return (a->kind != V_NULL) - (b->kind != V_NULL);
    if (a->kind == V_TEXT || a->kind == V_ID)
        return text_cmp(a, b);
    if (a->kind != V_NUMBER || a->scale == b->scale)
        return (a->num > b->num) - (a->num < b->num);
    x = scaled(a, b->scale);
    y = scaled(b, a->scale);
    return (x > y) - (x < y);
}

static void put_digits(char *to, int n, int value)
{
    while (n--) {
        to[n] = (char)('0' + value % 10);
        value /= 10;
    }
}

static void put_date(char *to, const struct civil *c)
{
    put_digits(to, 4, c->year);
    to[4] = '-';
    put_digits(to + 5, 2, c->month);
    to[7] = '-';
    put_digits(to + 8, 2, c->day);
}

static void write_time(struct buf *b, int64_t seconds, const char *tail)
{
    struct civil c = civil_from(seconds);
    char text[] = "\"0000-00-00T00:00:00";

    put_date(text + 1, &c);
    put_digits(text + 12, 2, c.hour);
    put_digits(text + 15, 2, c.minute);
    put_digits(text + 18, 2, c.second);
    buf_add(b, text, 20);
    buf_puts(b, tail);
}

static void write_date(struct buf *b, int64_t days)
{
    struct civil c = civil_from(days * 86400);
    char text[] = "\"0000-00-00\"";

    put_date(text + 1, &c);
    buf_add(b, text, 12);
}

/* Never fewer than `least` digits after the point; those beyond it only when they count. */
static void write_decimal(struct buf *b, int64_t num, int scale, int least)
{
    char digits[40];
    uint64_t rest = num < 0 ? 0 - (uint64_t)num : (uint64_t)num;
    size_t i = sizeof digits;

    for (; scale > least && rest % 10 == 0; scale--)
        rest /= 10;
    for (int pad = scale; pad < least; pad++)
        digits[--i] = '0';
    for (int n = 0; n <= scale || rest; n++) {
        if (n == scale && (scale || least))
            digits[--i] = '.';
        digits[--i] = (char)('0' + rest % 10);
        rest /= 10;
    }
    if (num < 0)
        digits[--i] = '-';
    buf_add(b, digits + i, sizeof digits - i);
}

void val_write(struct buf *b, const struct val *v, enum form form)
{
    static const int least[] = {[F_TRIMMED] = 1, [F_MONEY] = 4, [F_RATE] = 10, [F_ZULU] = 0};

    switch (v->kind) {
    case V_NULL: buf_add(b, "null", 4); return;
    case V_TEXT:
    case V_ID: buf_json(b, v->text, v->len); return;
    case V_NUMBER: write_decimal(b, v->num, v->scale, least[form]); return;
    case V_BOOL: buf_puts(b, v->num ? "true" : "false"); return;
    case V_DATE: write_date(b, v->num); return;
    case V_TIME: write_time(b, v->num, form == F_MILLIS ? ".000+0000\"" : "Z\""); return;
    }
}
