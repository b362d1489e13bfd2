#include "base/buf.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char ds_buf_empty[1] = "";

void ds_buf_init(struct ds_buf *b, size_t max)
{
    *b = (struct ds_buf)DS_BUF_INIT(max);
}

char *ds_buf_reserve(struct ds_buf *b, size_t len)
{
    size_t need = b->len + len + 1;
    size_t size = b->size ? b->size : 64;
    char *text;

    if (b->failed || len > b->max - b->len) {
        b->failed = true;
        return NULL;
    }
    if (need <= b->size)
        return b->text + b->len;
    while (size < need)
        size *= 2;
    text = realloc(b->size ? b->text : NULL, size);
    if (!text) {
        ds_nomem_note();
        b->failed = true;
        return NULL;
    }
    b->text = text;
    b->size = size;
    b->text[b->len] = '\0';
    return b->text + b->len;
}

void ds_buf_grown(struct ds_buf *b, size_t len)
{
    b->len += len;
    b->text[b->len] = '\0';
}

void ds_buf_addf(struct ds_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    char *to;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    to = n < 0 ? NULL : ds_buf_reserve(b, (size_t)n);
    if (to) {
        vsnprintf(to, (size_t)n + 1, fmt, again);
        ds_buf_grown(b, (size_t)n);
    } else {
        b->failed = true;
    }
    va_end(again);
}

bool ds_buf_failed(const struct ds_buf *b)
{
    return b->failed;
}

void ds_buf_reset(struct ds_buf *b)
{
    b->len = 0;
    b->failed = false;
    if (b->size)
        b->text[0] = '\0';
}

void ds_buf_clear(struct ds_buf *b)
{
    if (b->size)
        free(b->text);
    ds_buf_init(b, b->max);
}
