/*
 * target.h - what a path is when it is to be written
 *
 * Reading and writing call the same thing by different names: a choice is read by its label and
 * written by its number, a lookup is read as "_x_value" and written by binding a navigation property
 * (DV-72).
 */
#ifndef DS_CONNECTORS_DYNAMICS_TARGET_H
#define DS_CONNECTORS_DYNAMICS_TARGET_H

#include "connectors/dynamics/schema.h"

struct ds_dynamics_target {
    const struct ds_dynamics_column *column; /* of opportunity; says the JSON type */
    const struct ds_dynamics_choice
        *choice; /* the value is a label, its number is written; or NULL */
    /* The tables the lookup leads to: one, or two if only the id is given (the columns are the same
     * then, the navigation properties are not). NULL: the column is no lookup. */
    const struct ds_dynamics_lookup *lookups[2];
    const char *by; /* the column of that table that holds the value; NULL: the value is the id */
};

/* Settles what writing a path means; texts are from the arena. DS_E_CONFIG when it cannot be
 * written, and why. */
int ds_dynamics_target(struct ds_remote *remote, struct ds_arena *a, const char *path,
                       struct ds_dynamics_target *out, struct ds_err *err);

/* The number of the option that people see under this label, or that it already is; NULL: none. */
const struct ds_dynamics_option *ds_dynamics_option_called(const struct ds_dynamics_choice *choice,
                                                           const char *label);

#endif
