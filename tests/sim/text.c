#include "tests/sim/text.h"

#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *regrab(void *p, size_t n)
{
    void *q = realloc(p, n ? n : 1);

    if (!q) {
        fputs("dealsync-sim: out of memory\n", stderr);
        abort();
    }
    return q;
}

void *grab(size_t n)
{
    return memset(regrab(NULL, n), 0, n);
}

char *grab_text(const char *s, size_t n)
{
    char *copy = regrab(NULL, n + 1);

    memcpy(copy, s, n);
    copy[n] = '\0';
    return copy;
}

char *buf_reserve(struct buf *b, size_t more)
{
    if (b->room - b->len <= more) {
        b->room = (b->room + more + 256) * 3 / 2;
        b->at = regrab(b->at, b->room);
    }
    return b->at + b->len;
}

void buf_add(struct buf *b, const char *s, size_t n)
{
    char *to = buf_reserve(b, n + 1);

    memcpy(to, s, n);
    to[n] = '\0';
    b->len += n;
}

void buf_puts(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_addf(struct buf *b, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n < 0)
        abort();
    buf_reserve(b, (size_t)n + 1);
    va_start(args, format);
    vsnprintf(b->at + b->len, (size_t)n + 1, format, args);
    va_end(args);
    b->len += (size_t)n;
}

void buf_number(struct buf *b, int64_t n)
{
    char digits[24];
    size_t i = sizeof digits;
    uint64_t rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

    do {
        digits[--i] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (n < 0)
        digits[--i] = '-';
    buf_add(b, digits + i, sizeof digits - i);
}

static const char *escape(unsigned char c, char room[8])
{
    switch (c) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: snprintf(room, 8, "\\u%04x", c); return room;
    }
}

void buf_json(struct buf *b, const char *s, size_t n)
{
    char room[8];
    size_t from = 0;

    buf_reserve(b, n + 3);
    buf_add(b, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];

        if (c >= ' ' && c != '"' && c != '\\')
            continue;
        buf_add(b, s + from, i - from);
        buf_puts(b, escape(c, room));
        from = i + 1;
    }
    buf_add(b, s + from, n - from);
    buf_add(b, "\"", 1);
}

void buf_json_text(struct buf *b, const char *s)
{
    buf_json(b, s, strlen(s));
}

void buf_free(struct buf *b)
{
    free(b->at);
    *b = (struct buf){0};
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

char *text_decode(const char *s, size_t n, bool plus)
{
    char *out = regrab(NULL, n + 1);
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        int high, low;

        if (s[i] != '%') {
            out[len++] = plus && s[i] == '+' ? ' ' : s[i];
            continue;
        }
        high = n - i > 2 ? hex(s[i + 1]) : -1;
        low = n - i > 2 ? hex(s[i + 2]) : -1;
        if (high < 0 || low < 0 || (high == 0 && low == 0)) {
            free(out);
            return NULL;
        }
        out[len++] = (char)(high * 16 + low);
        i += 2;
    }
    out[len] = '\0';
    return out;
}

char *form_get(const char *form, const char *name)
{
    while (form && *form) {
        size_t n = strcspn(form, "&");
        size_t key = 0;
        char *decoded;
        bool found;

        while (key < n && form[key] != '=')
            key++;
        decoded = text_decode(form, key, true);
        found = decoded && strcmp(decoded, name) == 0;
        free(decoded);
        if (found)
            return key < n ? text_decode(form + key + 1, n - key - 1, true) : grab_text("", 0);
        form += form[n] ? n + 1 : n;
    }
    return NULL;
}

void text_random(char *out, size_t n)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    for (size_t i = 0; i < n; i++) {
        unsigned char c;

        if (RAND_bytes(&c, 1) != 1)
            abort();
        out[i] = letters[c % 62];
    }
    out[n] = '\0';
}

uint64_t text_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

bool text_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}
