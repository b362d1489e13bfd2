#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ONES         UINT64_C(0x0101010101010101)
#define HIGHS        (ONES << 7)
#define NOT_UTF8     0xfdd0u /* json.h */
#define NEAREST_SIZE 48

static const char *const not_utf8 = "bytes that are not UTF-8";

/* Tables of them are sorted. */
struct range {
    uint32_t first;
    uint32_t last;
};

/* Combining marks and other characters without a column of their own, in the scripts one meets. */
static const struct range no_width[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x05bf, 0x05bf}, {0x05c1, 0x05c2},
    {0x05c4, 0x05c5}, {0x05c7, 0x05c7}, {0x0610, 0x061a}, {0x064b, 0x065f}, {0x0670, 0x0670},
    {0x06d6, 0x06dc}, {0x06df, 0x06e4}, {0x06e7, 0x06e8}, {0x06ea, 0x06ed}, {0x0900, 0x0902},
    {0x093a, 0x093a}, {0x093c, 0x093c}, {0x0941, 0x0948}, {0x094d, 0x094d}, {0x0951, 0x0957},
    {0x0e31, 0x0e31}, {0x0e34, 0x0e3a}, {0x0e47, 0x0e4e}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
    {0x200b, 0x200f}, {0x202a, 0x202e}, {0x2060, 0x2069}, {0x20d0, 0x20ff}, {0x302a, 0x302d},
    {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}, {0xe0001, 0xe01ef},
};

static const struct range double_width[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26a1, 0x26a1},
    {0x26bd, 0x26be},   {0x26d4, 0x26d4},   {0x2705, 0x2705},   {0x270a, 0x270b},
    {0x2728, 0x2728},   {0x274c, 0x274c},   {0x2753, 0x2755},   {0x2757, 0x2757},
    {0x2795, 0x2797},   {0x2b1b, 0x2b1c},   {0x2b50, 0x2b50},   {0x2e80, 0x303e},
    {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0xa4cf},   {0xa960, 0xa97f},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
    {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f7e0, 0x1f7eb},
    {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
};

/* What could hide or reorder the text around it: marks of direction, line and paragraph ends, and
 * json.h's mark for broken bytes. */
static const struct range unsafe[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},         {0x061c, 0x061c}, {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2066, 0x2069}, {NOT_UTF8, NOT_UTF8}, {0xfeff, 0xfeff}, {0xe0001, 0xe007f},
};

static bool within(const struct range *ranges, size_t count, uint32_t c)
{
    while (count) {
        size_t half = count / 2;

        if (c > ranges[half].last) {
            ranges += half + 1;
            count -= half + 1;
        } else if (c < ranges[half].first) {
            count = half;
        } else {
            return true;
        }
    }
    return false;
}

#define WITHIN(ranges, c) within(ranges, sizeof(ranges) / sizeof((ranges)[0]), c)

size_t ds_text_decode(const char *text, size_t len, uint32_t *c)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *s = (const unsigned char *)text;
    uint32_t code;
    size_t n;

    if (!len)
        return 0;
    if (s[0] < 0x80) {
        *c = s[0];
        return 1;
    }
    n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
    if (s[0] < 0xc2 || s[0] > 0xf4 || n > len)
        return 0;
    code = s[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (s[i] & 0x3fu);
    }
    if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *c = code;
    return n;
}

const char *ds_text_fault(const char *text, size_t len)
{
    const char *end = text + len;

    while (text < end) {
        uint64_t word;
        uint32_t c;
        size_t n;

        if (end - text >= 8) {
            memcpy(&word, text, 8);
            if (!(((word - ONES) | word) & HIGHS)) { /* eight bytes of 1 to 127 */
                text += 8;
                continue;
            }
        }
        if (!*text)
            return "a NUL byte";
        n = ds_text_decode(text, (size_t)(end - text), &c);
        if (!n || c == NOT_UTF8)
            return not_utf8;
        text += n;
    }
    return NULL;
}

size_t ds_text_chars(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

size_t ds_text_width(const char *text)
{
    size_t len = strlen(text), width = 0, n;
    uint32_t c;

    for (; len; text += n, len -= n) {
        n = ds_text_decode(text, len, &c);
        if (!n)
            n = 1;
        else if (n > 1 && WITHIN(no_width, c))
            continue;
        else if (n > 1 && WITHIN(double_width, c))
            width++;
        width++;
    }
    return width;
}

/* How many bytes of a blank stand at text; 0: none. */
static size_t blank_first(const char *text, size_t len)
{
    if (!len)
        return 0;
    if (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n')
        return 1;
    return len > 1 && memcmp(text, "\xc2\xa0", 2) == 0 ? 2 : 0;
}

static size_t blank_last(const char *text, size_t len)
{
    if (len > 1 && memcmp(text + len - 2, "\xc2\xa0", 2) == 0)
        return 2;
    return len ? blank_first(text + len - 1, 1) : 0;
}

char *ds_text_trim(struct ds_arena *a, const char *text, size_t len)
{
    size_t n;

    while ((n = blank_first(text, len)) > 0) {
        text += n;
        len -= n;
    }
    while ((n = blank_last(text, len)) > 0)
        len -= n;
    return ds_arena_dup_bytes(a, text, len);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool ds_text_same_nocase(const char *a, const char *b)
{
    while (*a && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

char *ds_text_lower(struct ds_arena *a, const char *text)
{
    char *copy = ds_arena_dup(a, text);

    for (char *p = copy; p && *p; p++)
        *p = lower(*p);
    return copy;
}

bool ds_text_int(const char *text, long min, long max, long *out)
{
    const char *digits = *text == '-' ? text + 1 : text;
    char *end;
    long n;

    if (*digits < '0' || *digits > '9')
        return false;
    errno = 0;
    n = strtol(text, &end, 10);
    if (errno || *end || n < min || n > max)
        return false;
    *out = n;
    return true;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that lead from a to b. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t rows[3][NEAREST_SIZE + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];

    for (size_t j = 0; j <= b_len; j++)
        last[j] = before[j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        size_t *spare = before;

        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            bool same = lower(a[i - 1]) == lower(b[j - 1]);

            now[j] = smaller(smaller(last[j], now[j - 1]) + 1, last[j - 1] + !same);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                now[j] = smaller(now[j], before[j - 2] + 1);
        }
        before = last;
        last = now;
        now = spare;
    }
    return last[b_len];
}

const char *ds_text_nearest(const char *text, const char *const *words)
{
    size_t len = strlen(text), best = smaller(len / 3, 3) + 1;
    const char *nearest = NULL;

    if (len > NEAREST_SIZE)
        return NULL;
    for (; *words; words++) {
        size_t word_len = strlen(*words), d;

        if (word_len > NEAREST_SIZE)
            continue;
        d = distance(text, len, *words, word_len);
        if (d < best) {
            best = d;
            nearest = *words;
        }
    }
    return nearest;
}

/* Adds what makes one dangerous character visible. */
static void add_visible(struct ds_buf *out, uint32_t c)
{
    switch (c) {
    case '\n': ds_buf_add(out, "\\n"); break;
    case '\r': ds_buf_add(out, "\\r"); break;
    case '\t': ds_buf_add(out, "\\t"); break;
    default: ds_buf_addf(out, c < 0x100 ? "\\x%02x" : "\\u%04x", c); break;
    }
}

void ds_text_to_terminal(struct ds_buf *out, const char *text)
{
    const char *from = text, *end = text + strlen(text);

    while (text < end) {
        uint32_t c = (unsigned char)*text;
        size_t n = ds_text_decode(text, (size_t)(end - text), &c);

        if (n && !WITHIN(unsafe, c)) {
            text += n;
            continue;
        }
        ds_buf_add_bytes(out, from, (size_t)(text - from));
        add_visible(out, c);
        text += n ? n : 1;
        from = text;
    }
    ds_buf_add_bytes(out, from, (size_t)(end - from));
}

static void add_json_escape(struct ds_buf *out, unsigned char c)
{
    static const char shorts[] = "\"\"\\\\\bb\ff\nn\rr\tt";

    for (const char *s = shorts; *s; s += 2) {
        if (c == (unsigned char)s[0]) {
            ds_buf_add_bytes(out, (const char[]){'\\', s[1]}, 2);
            return;
        }
    }
    ds_buf_addf(out, "\\u%04x", c < 0x80 ? c : 0xfffdu);
}

/* What of the text can stand in a JSON string as it is: the end of its first run of that. */
static const char *json_plain(const char *text, const char *end)
{
    while (text < end) {
        unsigned char byte = (unsigned char)*text;
        uint32_t c;
        size_t n = byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7f;

        if (byte >= 0x80)
            n = ds_text_decode(text, (size_t)(end - text), &c);
        if (!n)
            break;
        text += n;
    }
    return text;
}

void ds_text_to_json(struct ds_buf *out, const char *text)
{
    const char *end = text + strlen(text);

    ds_buf_add_char(out, '"');
    while (text < end) {
        const char *to = json_plain(text, end);

        ds_buf_add_bytes(out, text, (size_t)(to - text));
        if (to < end)
            add_json_escape(out, (unsigned char)*to++);
        text = to;
    }
    ds_buf_add_char(out, '"');
}

void ds_text_to_json_or_null(struct ds_buf *out, const char *text)
{
    if (text)
        ds_text_to_json(out, text);
    else
        ds_buf_add(out, "null");
}

static bool plain_number(const char *text)
{
    size_t digits;

    text += *text == '-' || *text == '+';
    digits = strspn(text, "0123456789");
    if (!digits)
        return false;
    text += digits;
    if (*text != '.')
        return !*text;
    digits = strspn(text + 1, "0123456789");
    return digits && !text[1 + digits];
}

/* What a spreadsheet reads as a formula: also behind blanks, and with the wide signs of East Asian
 * keyboards. */
static bool begins_formula(const char *text)
{
    text += strspn(text, " ");
    if (strncmp(text, "\xef\xbc", 2) == 0)
        return text[2] && strchr("\x9d\x8b\x8d\xa0", text[2]);
    return *text && strchr("=+-@\t\r\n", *text);
}

/* Where the comma is for decimals, spreadsheets end a field at a semicolon, whatever the quotes. */
void ds_text_to_csv(struct ds_buf *out, const char *text)
{
    bool quoted = strpbrk(text, ",\"\r\n") != NULL;

    if (quoted)
        ds_buf_add_char(out, '"');
    if (begins_formula(text) && !plain_number(text))
        ds_buf_add_char(out, '\'');
    while (*text) {
        size_t n = strcspn(text, "\";");

        ds_buf_add_bytes(out, text, n);
        text += n;
        if (!*text)
            break;
        ds_buf_add(out, *text == '"' ? "\"\"" : ";");
        if (*text++ == ';' && begins_formula(text))
            ds_buf_add_char(out, '\'');
    }
    if (quoted)
        ds_buf_add_char(out, '"');
}
