/*
 * sections.h - the configuration files as sections of entries, before anyone asks what they mean
 *
 * A section may be continued, also in a drop-in; an entry may not be repeated.
 */
#ifndef DS_CLI_SECTIONS_H
#define DS_CLI_SECTIONS_H

#include "base/arena.h"
#include "base/err.h"

struct ds_entry {
    const char *file;
    const char *where; /* "file:line" */
    const char *name;
    const char *value;
    struct ds_entry *next;
};

struct ds_section {
    const char *connection; /* its name; NULL: [store] */
    const char *where;      /* of its first entry */
    struct ds_entry *entries;
    struct ds_section *next;
};

/* Reads the file, and conf.d/ next to it. All of *out lives in the arena. */
int ds_sections_read(const char *path, struct ds_arena *a, struct ds_section **out,
                     struct ds_err *err);

/* NULL when there is none of that name. */
const struct ds_entry *ds_entry_find(const struct ds_section *section, const char *name);

/* A path as seen from the file that the entry stands in; NULL: out of memory. */
const char *ds_entry_path(struct ds_arena *a, const struct ds_entry *entry, const char *path);

/* Adds "did you mean 'x'?" to the error if a word (list ends with NULL) is near. Returns the error's
 * status. */
int ds_hint_nearest(struct ds_err *err, const char *word, const char *const *words);

#endif
