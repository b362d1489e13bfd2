#include "mapping/words.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 64

/* FNV-1a over the text in lower case, so that one search meets all spellings. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c >= 'A' && c <= 'Z')
            c = (unsigned char)(c + ('a' - 'A'));
        hash = (hash ^ c) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static uint64_t hash_key(int kind, const char *scope, const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) + (unsigned)kind;

    hash = (hash_text(hash, scope) ^ 0xff) * UINT64_C(0x100000001b3);
    return hash_text(hash, text);
}

static bool same_word(const struct ds_word *a, int kind, const char *scope, const char *text)
{
    return a->kind == kind && strcmp(a->scope, scope) == 0 && strcmp(a->text, text) == 0;
}

static bool grow(struct ds_words *w, struct ds_arena *a)
{
    size_t size = w->size ? 2 * w->size : FIRST_SIZE;
    struct ds_word *slots = ds_arena_alloc(a, size * sizeof(*slots));

    if (!slots)
        return false;
    for (size_t i = 0; i < w->size; i++) {
        size_t at = w->slots[i].hash & (size - 1);

        if (!w->slots[i].text)
            continue;
        while (slots[at].text)
            at = (at + 1) & (size - 1);
        slots[at] = w->slots[i];
    }
    w->slots = slots;
    w->size = size;
    return true;
}

const struct ds_word *ds_words_add(struct ds_words *w, struct ds_arena *a,
                                   const struct ds_word *word, bool *nomem)
{
    uint64_t hash = hash_key(word->kind, word->scope, word->text);
    size_t at;

    *nomem = 2 * w->count >= w->size && !grow(w, a);
    if (*nomem)
        return NULL;
    for (at = hash & (w->size - 1); w->slots[at].text; at = (at + 1) & (w->size - 1))
        if (same_word(&w->slots[at], word->kind, word->scope, word->text))
            return &w->slots[at];
    w->slots[at] = *word;
    w->slots[at].hash = hash;
    w->count++;
    return NULL;
}

const char *ds_words_find(const struct ds_words *w, int kind, const char *scope, const char *text)
{
    uint64_t hash = hash_key(kind, scope, text);
    const char *near = NULL;
    bool ambiguous = false;

    if (!w->size)
        return NULL;
    for (size_t at = hash & (w->size - 1); w->slots[at].text; at = (at + 1) & (w->size - 1)) {
        const struct ds_word *s = &w->slots[at];

        if (s->hash != hash)
            continue;
        if (same_word(s, kind, scope, text))
            return s->standard;
        if (s->kind != kind || !ds_text_same_nocase(s->scope, scope) ||
            !ds_text_same_nocase(s->text, text))
            continue;
        ambiguous = ambiguous || (near && strcmp(near, s->standard) != 0);
        near = s->standard;
    }
    return ambiguous ? NULL : near;
}

const struct ds_word *ds_words_next(const struct ds_words *w, int kind, const char *scope,
                                    const char *standard, int after)
{
    const struct ds_word *first = NULL;

    for (size_t i = 0; i < w->size; i++) {
        const struct ds_word *s = &w->slots[i];

        if (s->text && s->kind == kind && s->line > after && (!first || s->line < first->line) &&
            (!scope || ds_text_same_nocase(s->scope, scope)) && strcmp(s->standard, standard) == 0)
            first = s;
    }
    return first;
}

static int by_key(const void *a, const void *b)
{
    const struct ds_word *left = *(const struct ds_word *const *)a;
    const struct ds_word *right = *(const struct ds_word *const *)b;
    int order = (left->kind > right->kind) - (left->kind < right->kind);

    if (!order)
        order = strcmp(left->scope, right->scope);
    if (!order)
        order = strcmp(left->standard, right->standard);
    return order ? order : (left->line > right->line) - (left->line < right->line);
}

const struct ds_word **ds_words_sorted(const struct ds_words *w, struct ds_arena *a)
{
    const struct ds_word **all = ds_arena_alloc(a, (w->count + 1) * sizeof(*all));
    size_t n = 0;

    for (size_t i = 0; all && i < w->size; i++)
        if (w->slots[i].text)
            all[n++] = &w->slots[i];
    if (all)
        qsort(all, n, sizeof(*all), by_key);
    return all;
}
