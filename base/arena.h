/*
 * arena.h - memory that is dropped a batch at a time
 *
 * Everything made while a batch of records is handled comes from one arena and goes with it, so
 * that memory stays flat however many records there are (P-12). Blocks are kept for the next
 * batch. An allocation that fails returns NULL; text functions then pass the NULL on.
 */
#ifndef DS_BASE_ARENA_H
#define DS_BASE_ARENA_H

#include <stddef.h>

struct ds_arena_block;

struct ds_arena {
    struct ds_arena_block *blocks; /* all of them, newest first */
    struct ds_arena_block *now;    /* where the next allocation goes */
};

void *ds_arena_alloc(struct ds_arena *a, size_t size); /* zeroed, aligned for any type */
char *ds_arena_dup(struct ds_arena *a, const char *text);
char *ds_arena_dup_bytes(struct ds_arena *a, const char *bytes, size_t len); /* adds the NUL */
char *ds_arena_printf(struct ds_arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

void ds_arena_reset(struct ds_arena *a); /* everything made so far is gone */
void ds_arena_clear(struct ds_arena *a); /* the same, and the memory goes back */

#endif
