#include "base/json.h"

#include "base/json_memory.h"
#include "base/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Before anything is allocated. Under a sanitizer each value keeps memory of its own, which is what
 * the sanitizer watches. */
__attribute__((constructor)) static void choose_memory(void)
{
#ifndef __SANITIZE_ADDRESS__
    ds_json_memory_use();
#endif
}

#define MAX_VALUES 1000000 /* of one page, some 100 bytes of memory each (P-12) */
#define BEGINNING  60      /* bytes of a text that is no JSON, shown in the message */

static const char broken[] = "\xef\xb7\x90"; /* U+FDD0 */

/* The text is copied in long runs; only what is put in between ends one. */
struct copy {
    const char *text;
    const char *from; /* beginning of the run that has not been copied yet */
    const char *end;
    struct ds_buf *out;
    size_t wanted; /* a place in the copy */
    size_t found;  /* the same place in the text */
    size_t values; /* at least as many as there are: what a page costs when it is taken apart */
};

/* Ends the run before `to`, adds something to the copy and goes on at `next`. */
static void put(struct copy *c, const char *to, const char *added, const char *next)
{
    size_t run = (size_t)(to - c->from);

    if (c->wanted >= c->out->len)
        c->found = (size_t)(c->from - c->text) +
                   (c->wanted - c->out->len < run ? c->wanted - c->out->len : run);
    ds_buf_add_bytes(c->out, c->from, run);
    ds_buf_add(c->out, added);
    c->from = next;
}

static const char *digits(const char *p, const char *end)
{
    while (p < end && *p >= '0' && *p <= '9')
        p++;
    return p;
}

/* The end of a number as RFC 8259 writes it, or NULL. */
static const char *number_end(const char *p, const char *end)
{
    const char *first;

    p += *p == '-';
    first = p;
    p = digits(p, end);
    if (p == first || (*first == '0' && p > first + 1))
        return NULL;
    if (p < end && *p == '.') {
        first = ++p;
        p = digits(p, end);
        if (p == first)
            return NULL;
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        first = p;
        p = digits(p, end);
        if (p == first)
            return NULL;
    }
    return p;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Only a number that stands as a value, with its end in sight, gets quotes; whatever else begins
 * like one is left for jansson to refuse. */
static const char *copy_number(struct copy *c, const char *p)
{
    const char *to = number_end(p, c->end), *next = to;

    if (!to)
        return p + 1;
    while (next < c->end && is_blank(*next))
        next++;
    if (next < c->end && *next != ',' && *next != ']' && *next != '}')
        return to;
    put(c, p, "\"", p);
    put(c, to, "\"", to);
    return next;
}

/* The value of the escape \uXXXX at p, or -1. */
static int unit(const char *p, const char *end)
{
    int value = 0;

    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        char x = p[i];
        int digit = x >= '0' && x <= '9'   ? x - '0'
                    : x >= 'a' && x <= 'f' ? x - 'a' + 10
                    : x >= 'A' && x <= 'F' ? x - 'A' + 10
                                           : -1;

        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

static const char *copy_escape(struct copy *c, const char *p)
{
    int first = unit(p, c->end), second;

    if (first < 0xd800 || first > 0xdfff)
        return c->end - p < 2 ? c->end : p + 2;
    second = unit(p + 6, c->end);
    if (first <= 0xdbff && second >= 0xdc00 && second <= 0xdfff)
        return p + 12;
    put(c, p, broken, p + 6);
    return p + 6;
}

/* The first quote, backslash or byte above 127. */
static const char *skip_plain(const char *p, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones << 7;

    for (; end - p >= 8; p += 8) {
        uint64_t word, quote, slash;

        memcpy(&word, p, 8);
        quote = word ^ (ones * '"');
        slash = word ^ (ones * '\\');
        if ((word | (quote - ones) | (slash - ones)) & highs)
            break;
    }
    while (p < end && *p != '"' && *p != '\\' && !((unsigned char)*p & 0x80))
        p++;
    return p;
}

/* From behind the opening quote to behind the closing one. */
static const char *copy_string(struct copy *c, const char *p)
{
    for (;;) {
        uint32_t code;
        size_t n;

        p = skip_plain(p, c->end);
        if (p >= c->end)
            return c->end;
        if (*p == '"')
            return p + 1;
        if (*p == '\\') {
            p = copy_escape(c, p);
            continue;
        }
        n = ds_text_decode(p, (size_t)(c->end - p), &code);
        if (!n)
            put(c, p, broken, p + 1);
        p += n ? n : 1;
    }
}

static void prepare(struct copy *c)
{
    const char *p = c->text;

    while (p < c->end) {
        if (*p == '"')
            p = copy_string(c, p + 1);
        else if (*p == '-' || (*p >= '0' && *p <= '9'))
            p = copy_number(c, p);
        else
            c->values += *p == ',' || *p == '{' || *p == '[', p++;
    }
    put(c, c->end, "", c->end);
}

static int fail_no_json(const char *text, size_t len, struct ds_err *err)
{
    struct ds_buf shown = DS_BUF_INIT(8 * BEGINNING);
    char beginning[BEGINNING + 1];

    if (!len)
        return ds_fail(err, DS_E_REMOTE, "expected JSON, got nothing");
    snprintf(beginning, sizeof(beginning), "%.*s", len < BEGINNING ? (int)len : BEGINNING, text);
    ds_text_to_terminal(&shown, beginning);
    ds_fail(err, DS_E_REMOTE, "expected JSON, got %s: '%s'", *text == '<' ? "an HTML page" : "text",
            shown.text);
    ds_buf_clear(&shown);
    return err->status;
}

/* What jansson quotes from the document is left out: it could be a token (P-9). */
static int fail_syntax(const struct copy *first, json_error_t *problem, struct ds_err *err)
{
    struct copy again = *first;
    char *quote = strstr(problem->text, " near '");

    if (json_error_code(problem) == json_error_out_of_memory)
        return ds_fail_nomem(err);
    if (quote)
        *quote = '\0';
    again.from = again.text;
    again.wanted = (size_t)problem->position;
    ds_buf_reset(again.out);
    prepare(&again);
    return ds_fail(err, DS_E_REMOTE, "bad JSON at byte %zu of %zu: %s", again.found,
                   (size_t)(again.end - again.text), problem->text);
}

int ds_json_read(const char *text, size_t len, struct ds_buf *scratch, json_t **out,
                 struct ds_err *err)
{
    struct copy c = {.text = text, .from = text, .end = text + len, .out = scratch};
    const char *first = text;
    json_error_t problem;
    json_t *root;

    while (first < c.end && is_blank(*first))
        first++;
    if (first == c.end || (*first != '{' && *first != '['))
        return fail_no_json(first, (size_t)(c.end - first), err);
    ds_buf_reset(scratch);
    ds_buf_reserve(scratch, len);
    prepare(&c);
    if (ds_buf_failed(scratch))
        return ds_fail(err, DS_E_REMOTE, "JSON of %zu bytes is more than can be held (%zu)", len,
                       scratch->max);
    if (c.values > MAX_VALUES)
        return ds_fail(err, DS_E_REMOTE, "JSON of %zu bytes holds more than %d values", len,
                       MAX_VALUES);
    root = json_loadb(scratch->text, scratch->len, JSON_ALLOW_NUL, &problem);
    if (!root)
        return fail_syntax(&c, &problem, err);
    *out = root;
    return 0;
}

const char *ds_json_text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    return json_string_value(value);
}

void ds_json_free(char *dump)
{
    json_free_t release;

    json_get_alloc_funcs(NULL, &release);
    release(dump);
}
