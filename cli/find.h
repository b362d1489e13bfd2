/*
 * find.h - what the words of a command line name
 *
 * What is not there is DS_E_USAGE, with the nearest name or where to look.
 */
#ifndef DS_CLI_FIND_H
#define DS_CLI_FIND_H

#include "cli/shelf.h"

/* A deal: a number is its id first; everything else, and a number that is none, a CRM id. */
int ds_find_deal(struct ds_shelf *shelf, const char *word, struct ds_stored_deal *out,
                 struct ds_err *err);

/* A field by its name; NULL: DS_FIELDS, which is none in particular. */
int ds_find_field(const char *name, enum ds_field *out, struct ds_err *err);

/* The number of a run or a conflict, which `what` says. */
int ds_find_number(const char *what, const char *word, int64_t *out, struct ds_err *err);

#endif
