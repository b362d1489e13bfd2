/*
 * words.h - company words and the standard words they stand for
 *
 * One hash table for all sections of a mapping: a word belongs to a kind (which table), a scope (a
 * sales process, "" for none) and is looked up exactly first, then without regard to ASCII case.
 * Private to mapping/.
 */
#ifndef DS_MAPPING_WORDS_H
#define DS_MAPPING_WORDS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ds_word {
    int kind;
    const char *scope;
    const char *text;     /* the company's */
    const char *standard; /* ours */
    int line;
    uint64_t hash;
};

struct ds_words {
    struct ds_word *slots; /* open addressing; a free slot has no text */
    size_t size;           /* a power of two, or 0 */
    size_t count;
};

/* Adds a word; texts are borrowed, memory is the arena's. An exact equal is not added again: it is
 * returned, with its line. NULL: added, or *nomem. */
const struct ds_word *ds_words_add(struct ds_words *w, struct ds_arena *a,
                                   const struct ds_word *word, bool *nomem);

/* The standard word, or NULL: there is none, or several that differ only in case stand for
 * different words and none of them is exactly this one. */
const char *ds_words_find(const struct ds_words *w, int kind, const char *scope, const char *text);

/* The first line behind line `after` with this standard word, or NULL. scope NULL: any; its case does
 * not count. Takes as long as the table is, which only what is written back costs. */
const struct ds_word *ds_words_next(const struct ds_words *w, int kind, const char *scope,
                                    const char *standard, int after);

/* All words, sorted so that the order of lines matters only among those of one standard word, of
 * which the first is written back; NULL: out of memory. */
const struct ds_word **ds_words_sorted(const struct ds_words *w, struct ds_arena *a);

#endif
