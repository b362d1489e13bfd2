/* Growing text, JSON strings, percent-encoding. A buffer that cannot grow ends the simulator. */
#ifndef SIM_TEXT_H
#define SIM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *at; /* NUL-terminated once something was added */
    size_t len;
    size_t room;
};

/* At least `more` writable bytes at at + len. */
char *buf_reserve(struct buf *b, size_t more);
void buf_add(struct buf *b, const char *s, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_addf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3), nonnull(2)));
void buf_number(struct buf *b, int64_t n);
/* A JSON string with its quotes. Bytes above 127 pass unchanged. */
void buf_json(struct buf *b, const char *s, size_t n);
void buf_json_text(struct buf *b, const char *s);
void buf_free(struct buf *b);

/* Allocation that cannot fail: the simulator ends instead. */
void *grab(size_t n);
void *regrab(void *p, size_t n);
char *grab_text(const char *s, size_t n);

/* Decodes %XX, and '+' when asked. NULL when malformed or when it decodes to a NUL byte. */
char *text_decode(const char *s, size_t n, bool plus);
/* One decoded parameter of a query string or form body, or NULL. The caller frees it. */
char *form_get(const char *form, const char *name);
/* A random text of n characters out of [0-9A-Za-z]. */
void text_random(char *out, size_t n);
/* Mixes bits; the same input gives the same output on every machine. */
uint64_t text_mix(uint64_t x);
bool text_starts(const char *s, const char *prefix);

#endif
