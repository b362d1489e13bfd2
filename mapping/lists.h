/*
 * lists.h - lists and growing texts that both sides changed
 *
 * What stands in the `merge` column of the field table, as pure functions of base, ours and theirs.
 * Values are canonical, and so is what comes out: merging it again with either side changes nothing.
 * NULL is empty. The result is from the arena, or one of the sides. *clash is NULL when all went well;
 * else the result counts for nothing, and *clash says what a person has to decide ("both sides changed
 * 'ann@acme.example'") or is ds_why_nomem.
 */
#ifndef DS_MAPPING_LISTS_H
#define DS_MAPPING_LISTS_H

#include "mapping/deal.h"

/* A list by key: what either side added stays, what one side removed goes if it was in the base, and
 * an item that both changed differently clashes. The case of ASCII letters alone is no
 * difference worth a person: one of the two spellings is taken, always the same. */
const char *ds_list_merge(struct ds_arena *a, enum ds_field f, const char *base, const char *ours,
                          const char *theirs, const char **clash);

/* A text that both sides write on: what was appended to the base, in whole lines, stays once, ours
 * first. Nothing is said twice and nothing is cut: a side that rewrote earlier text while the other
 * one wrote too clashes, and so does more than the field may hold. */
const char *ds_text_merge(struct ds_arena *a, enum ds_field f, const char *base, const char *ours,
                          const char *theirs, const char **clash);

#endif
