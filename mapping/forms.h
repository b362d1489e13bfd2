/*
 * forms.h - the canonical forms that take more than a few lines; private to mapping/
 *
 * A form takes text without blanks at its ends, never "". It returns the canonical text, from the
 * arena or static, or NULL: *why says what is wrong, and stays NULL when memory ran out.
 */
#ifndef DS_MAPPING_FORMS_H
#define DS_MAPPING_FORMS_H

#include "mapping/deal.h"

typedef const char *ds_form(struct ds_arena *a, const struct ds_field_row *row, const char *text,
                            const char **why);

ds_form ds_form_team;
ds_form ds_form_solutions;

struct ds_member {
    const char *email;
    const char *name;
    const char *phone;
    const char *key; /* the email without regard to case; filled in by ds_team_write() */
    size_t place;    /* likewise */
};

/* The members of a team in JSON, at least one; NULL as with a form. */
struct ds_member *ds_team_read(struct ds_arena *a, const char *text, size_t *count,
                               const char **why);

/* The canonical team of at least one member, of those with one email the first; sorts members, too.
 * NULL: out of memory. */
const char *ds_team_write(struct ds_arena *a, struct ds_member *members, size_t count);

/* The items of a JSON array of texts, or the parts of "a; b", without blanks and empty ones; NULL:
 * out of memory. */
const char **ds_list_read(struct ds_arena *a, const char *text, size_t *count);

/* The canonical list of at least one item, sorted, each once; sorts items, too. NULL: out of
 * memory. */
const char *ds_list_write(struct ds_arena *a, const char **items, size_t count);

#endif
