/*
 * schema.h - what the environment says about its opportunity table
 *
 * One unknown column fails a whole query (DV-13), and choices are numbers whose labels only the
 * metadata knows for sure (DV-25). So columns are looked up before they are asked for. Everything
 * is read once and lives as long as the remote.
 */
#ifndef DS_CONNECTORS_DYNAMICS_SCHEMA_H
#define DS_CONNECTORS_DYNAMICS_SCHEMA_H

#include "connectors/dynamics/remote.h"

#define DS_DYNAMICS_TABLE "EntityDefinitions(LogicalName='opportunity')"

struct ds_dynamics_table {
    char set[128];   /* "opportunities": never derived from the table's name (DV-10) */
    bool tracked;    /* change tracking is on */
    int64_t date_ms; /* the server's clock when it answered, never 0 */
};

/* Asked anew each time, because of the clock. */
int ds_dynamics_table(struct ds_remote *remote, struct ds_dynamics_table *out, struct ds_err *err);

enum ds_dynamics_type {
    DS_DYNAMICS_PLAIN,
    DS_DYNAMICS_TEXT,
    DS_DYNAMICS_LOOKUP, /* Lookup, Customer or Owner (DV-36) */
    DS_DYNAMICS_PICKLIST,
    DS_DYNAMICS_STATUS,
    DS_DYNAMICS_STATE
};

struct ds_dynamics_column {
    const char *name;    /* as a query selects it: "name", "_ownerid_value" (DV-11) */
    const char *logical; /* as the metadata calls it: "name", "ownerid" */
    enum ds_dynamics_type type;
};

/* The column a query would select by this name; DS_E_CONFIG with the nearest name if there is
 * none. */
int ds_dynamics_column(struct ds_remote *remote, const char *name,
                       const struct ds_dynamics_column **out, struct ds_err *err);

struct ds_dynamics_option {
    const char *value; /* the number rows hold, as text */
    const char *label;
    int state; /* 0 open, 1 won, 2 lost; -1: the option belongs to no state */
};

struct ds_dynamics_choice {
    const struct ds_dynamics_choice *next; /* of the ones read so far */
    const struct ds_dynamics_column *column;
    size_t count;
    struct ds_dynamics_option *options;
};

/* The options of a choice, status or state column; DS_E_CONFIG for any other. */
int ds_dynamics_choice(struct ds_remote *remote, const struct ds_dynamics_column *column,
                       const struct ds_dynamics_choice **out, struct ds_err *err);

/* NULL for a number that is no option (any more). */
const struct ds_dynamics_option *ds_dynamics_option(const struct ds_dynamics_choice *choice,
                                                    const char *value);

#endif
