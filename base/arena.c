#include "base/arena.h"

#include "base/err.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (64u << 10)
/* A block made for one large value is not worth keeping for the next batch. */
#define KEEP_BYTES (256u << 10)

struct ds_arena_block {
    struct ds_arena_block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) char bytes[];
};

static struct ds_arena_block *block_new(struct ds_arena *a, size_t size)
{
    size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;
    struct ds_arena_block *b = malloc(sizeof(*b) + room);

    if (!b) {
        ds_nomem_note();
        return NULL;
    }
    b->size = room;
    b->used = 0;
    b->next = a->blocks;
    a->blocks = b;
    return b;
}

/* Blocks before `now` in the list are empty ones kept by a reset; the list runs newest first. */
void *ds_arena_alloc(struct ds_arena *a, size_t size)
{
    size_t need = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct ds_arena_block *b = a->now;
    void *p;

    while (b && b->size - b->used < need)
        b = b->next;
    if (!b)
        b = block_new(a, need);
    if (!b)
        return NULL;
    a->now = b;
    p = b->bytes + b->used;
    b->used += need;
    memset(p, 0, need);
    return p;
}

char *ds_arena_dup_bytes(struct ds_arena *a, const char *bytes, size_t len)
{
    char *p = ds_arena_alloc(a, len + 1);

    if (p && len)
        memcpy(p, bytes, len);
    return p;
}

char *ds_arena_dup(struct ds_arena *a, const char *text)
{
    return ds_arena_dup_bytes(a, text, strlen(text));
}

char *ds_arena_printf(struct ds_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    char *p = NULL;
    int n;

    va_start(ap, fmt);
    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n >= 0)
        p = ds_arena_alloc(a, (size_t)n + 1);
    if (p)
        vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    return p;
}

void ds_arena_reset(struct ds_arena *a)
{
    struct ds_arena_block **at = &a->blocks;

    while (*at) {
        struct ds_arena_block *b = *at;

        if (b->size > KEEP_BYTES) {
            *at = b->next;
            free(b);
        } else {
            b->used = 0;
            at = &b->next;
        }
    }
    a->now = a->blocks;
}

void ds_arena_clear(struct ds_arena *a)
{
    while (a->blocks) {
        struct ds_arena_block *next = a->blocks->next;

        free(a->blocks);
        a->blocks = next;
    }
    a->now = NULL;
}
