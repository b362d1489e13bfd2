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
    bool guarded;    /* optimistic concurrency is on: writes may name a version (DV-76) */
    int64_t date_ms; /* the server's clock when it answered, never 0 */
};

/* Asked anew each time, because of the clock. */
int ds_dynamics_table(struct ds_remote *remote, struct ds_dynamics_table *out, struct ds_err *err);

/* Choices come last: whatever is not below DS_DYNAMICS_PICKLIST is one. */
enum ds_dynamics_type {
    DS_DYNAMICS_PLAIN,   /* none of these: written as a string, if at all */
    DS_DYNAMICS_TEXT,    /* a JSON string */
    DS_DYNAMICS_INTEGER, /* a JSON number */
    DS_DYNAMICS_DECIMAL, /* a JSON number with a fraction: money, decimals, floats */
    DS_DYNAMICS_BOOLEAN,
    DS_DYNAMICS_TIME,   /* a day or an instant, in a JSON string */
    DS_DYNAMICS_LOOKUP, /* Lookup, Customer or Owner (DV-36) */
    DS_DYNAMICS_PICKLIST,
    DS_DYNAMICS_STATUS,
    DS_DYNAMICS_STATE
};

struct ds_dynamics_column {
    const char *name;    /* as a query selects it: "name", "_ownerid_value" (DV-11) */
    const char *logical; /* as the metadata calls it: "name", "ownerid" */
    enum ds_dynamics_type type;
    bool creatable;  /* may be set when a row is made */
    bool updatable;  /* may be set later */
    long max_length; /* characters; these three: see ds_dynamics_limits() */
    long precision;  /* digits behind the point */
    bool day;        /* a day without a time of day (DV-60) */
};

/* Learns which columns there are, once; what is asked below does so by itself. */
int ds_dynamics_columns(struct ds_remote *remote, struct ds_err *err);

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

/* What ds_dynamics_choice() is going to ask the environment, for ahead.h; NULL: nothing. The columns
 * are known. */
const char *ds_dynamics_choice_question(struct ds_remote *remote,
                                        const struct ds_dynamics_column *column);

/* NULL for a number that is no option (any more). */
const struct ds_dynamics_option *ds_dynamics_option(const struct ds_dynamics_choice *choice,
                                                    const char *value);

/* Reads max_length (-1: unknown), precision (-1: unknown, or the currency's) and day of all columns;
 * a server that does not tell them leaves them unknown. */
int ds_dynamics_limits(struct ds_remote *remote, struct ds_err *err);

/* One table that a lookup column may point into. A customer has two, an owner as well. */
struct ds_dynamics_lookup {
    const struct ds_dynamics_lookup *next; /* of all there are */
    const char *column;                    /* logical name: "customerid" */
    const char *navigation; /* property to expand, and to bind by: "customerid_account" (DV-72) */
    const char *table;      /* "account" */
    const char *key;        /* "accountid" */
};

/* The first of all lookups, which `next` leads through. */
int ds_dynamics_lookups(struct ds_remote *remote, const struct ds_dynamics_lookup **out,
                        struct ds_err *err);

/* The lookup of a navigation property; DS_E_CONFIG with the nearest name if there is none. */
int ds_dynamics_navigation(struct ds_remote *remote, const char *navigation,
                           const struct ds_dynamics_lookup **out, struct ds_err *err);

/* The entity set of a table, asked for once: what a bind or a request for its rows begins with. */
int ds_dynamics_set(struct ds_remote *remote, const char *table, const char **out,
                    struct ds_err *err);

#endif
