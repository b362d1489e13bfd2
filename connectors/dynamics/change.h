/*
 * change.h - what one change comes to, as requests
 *
 * Only the columns that are set, each in the JSON of its type. The state of an opportunity is no
 * column like others: it is closed by an action of its own (DV-77), after everything else that is to
 * be changed, and a closed one is reopened before anything else, for it is read-only (DV-83).
 */
#ifndef DS_CONNECTORS_DYNAMICS_CHANGE_H
#define DS_CONNECTORS_DYNAMICS_CHANGE_H

#include "connectors/dynamics/target.h"

struct ds_dynamics_change {
    const char *reopen; /* body of a PATCH that comes first, or NULL */
    const char
        *fields; /* body of the PATCH, or of the POST of a creation; NULL: no column changes */
    const char *action;  /* "WinOpportunity" or "LoseOpportunity", which comes last; NULL: none */
    const char *status;  /* the status reason it sets (DV-78) */
    const char *ended;   /* when it was closed, an instant, or NULL */
    const char *revenue; /* what it was closed with, or NULL */
};

/* What is learnt once for all changes of a call. Starts as {0} with the first three set. */
struct ds_dynamics_changes {
    struct ds_remote *remote;
    const struct ds_query *query;
    struct ds_arena *lasting;
    struct ds_dynamics_target *targets; /* of the query's paths */
    bool *settled;                      /* which of them have been looked up */
    struct ds_dynamics_found *found;    /* rows that lookups lead to */
};

/* Texts are from the arena. DS_E_RECORD: this change cannot be made, and err says why. */
int ds_dynamics_change(struct ds_dynamics_changes *changes, struct ds_arena *a,
                       const struct ds_write *write, struct ds_dynamics_change *out,
                       struct ds_err *err);

/* Appends a value as a column of that type wants it in JSON; false: *why says why it cannot be. */
bool ds_dynamics_json(struct ds_buf *out, const struct ds_dynamics_column *column,
                      struct ds_value value, const char **why);

/* --- bind.c --- */

/* Appends "navigation@odata.bind":"/set(id)" for a value of a lookup (DV-72, DV-73). */
int ds_dynamics_bind(struct ds_dynamics_changes *changes, struct ds_buf *out,
                     const struct ds_dynamics_target *target, struct ds_value value,
                     struct ds_err *err);

#endif
