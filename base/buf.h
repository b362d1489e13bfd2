/*
 * buf.h - strings that are being built
 *
 * A buffer cannot be made without its maximum. Going over it, or running out of memory, sticks:
 * later additions do nothing and ds_buf_failed() is asked once, at the end of a chain. The text
 * is always NUL-terminated and never a NULL pointer. The maxima stand here, together.
 */
#ifndef DS_BASE_BUF_H
#define DS_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define DS_MAX_PAGE  (32u << 20) /* one page of a remote listing, unzipped */
#define DS_MAX_FIELD (1u << 20)  /* one value of a record; longer ones reject the record */
#define DS_MAX_TOKEN 16384u      /* bearer tokens grow with their claims */
#define DS_MAX_URL   32768u      /* the longer of both remotes' limits (DV-23) */
#define DS_MAX_TEXT  (64u << 10) /* messages, headers, short documents */
#define DS_MAX_FILE  (16u << 20) /* configuration, mapping, keys, lookup tables */

struct ds_buf {
    char *text;
    size_t len;
    size_t size;
    size_t max;
    bool failed;
};

extern char ds_buf_empty[1];

#define DS_BUF_INIT(maximum)                                                                       \
    {                                                                                              \
        ds_buf_empty, 0, 0, (maximum), false                                                       \
    }

void ds_buf_init(struct ds_buf *b, size_t max);
void ds_buf_addf(struct ds_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Makes room for len more bytes and returns where they go, or NULL; the caller then adds len of
 * them with ds_buf_grown(). For hot paths that write in place. */
char *ds_buf_reserve(struct ds_buf *b, size_t len);
void ds_buf_grown(struct ds_buf *b, size_t len);

/* Short additions are most of the work of writing JSON, so they stand here to be inlined. */
static inline void ds_buf_add_bytes(struct ds_buf *b, const void *bytes, size_t len)
{
    bool fits = !b->failed && len < b->size - b->len && len <= b->max - b->len;
    char *to = fits ? b->text + b->len : ds_buf_reserve(b, len);

    if (!to)
        return;
    memcpy(to, bytes, len);
    b->len += len;
    b->text[b->len] = '\0';
}

static inline void ds_buf_add(struct ds_buf *b, const char *text)
{
    ds_buf_add_bytes(b, text, strlen(text));
}

static inline void ds_buf_add_char(struct ds_buf *b, char c)
{
    ds_buf_add_bytes(b, &c, 1);
}

bool ds_buf_failed(const struct ds_buf *b);
void ds_buf_reset(struct ds_buf *b); /* empty again, the memory and the maximum are kept */
void ds_buf_clear(struct ds_buf *b); /* frees the memory; the buffer can be used again */

#endif
