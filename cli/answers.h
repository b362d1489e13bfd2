/*
 * answers.h - what a person has said to conflicts, gathered before anything is done
 *
 * From the words of the command line, from a filter, or from the CSV that `conflicts` prints with its
 * columns `take` and `value` filled in. In the order of connections and conflicts.
 */
#ifndef DS_CLI_ANSWERS_H
#define DS_CLI_ANSWERS_H

#include "cli/shelf.h"
#include "engine/act.h"

struct ds_answers {
    struct ds_arena arena; /* the texts */
    size_t count;
    size_t room;
    struct ds_settlement *of;
    size_t bad; /* of those that cannot be carried out */
};

/* The same decision for one conflict more. */
int ds_answers_add(struct ds_answers *answers, const struct ds_settlement *s, struct ds_err *err);

/* Those of the file; rows that say nothing are left out, those that are bad are complained of. */
int ds_answers_read(struct ds_answers *answers, const char *path, struct ds_err *err);

/* Counts one that cannot be carried out, and says on stderr why, of the first ones: a file may hold a
 * million. */
void ds_answers_complain(struct ds_answers *answers, const struct ds_err *why);

/* "crm", "store", "base" or "value"; DS_E_USAGE otherwise. */
int ds_answers_take(const char *word, enum ds_take *out, struct ds_err *err);

void ds_answers_clear(struct ds_answers *answers);

#endif
