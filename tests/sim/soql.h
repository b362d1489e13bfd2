/* The part of SOQL that an integration needs, refused where Salesforce refuses. */
#ifndef SIM_SOQL_H
#define SIM_SOQL_H

#include "tests/sim/scan.h"
#include "tests/sim/tally.h"

enum { MAX_COLUMNS = 100 };

struct soql;

enum soql_function { FN_NONE, FN_COUNT, FN_MIN, FN_MAX };

struct soql_column {
    const struct field *field; /* NULL: a function, or a subquery */
    enum soql_function function;
    const struct field *of;    /* what the function is of */
    const struct group *group; /* the parent it belongs to, or NULL */
    const struct field *key;   /* the parent's */
    char alias[64];            /* of a function; the relationship of a subquery */
    struct soql *sub;          /* the children, or NULL */
};

struct soql {
    const struct entity *entity;
    bool count;                                   /* SELECT COUNT() */
    const struct field *groups[MAX_GROUP_FIELDS]; /* GROUP BY */
    size_t ngroups;
    struct expr *where;
    struct scan scan; /* its condition and order */
    uint64_t limit;   /* 0: none */
    size_t ncolumns;
    struct soql_column columns[MAX_COLUMNS]; /* a parent's columns stand together */
};

struct soql_error {
    const char *code; /* "MALFORMED_QUERY" */
    char message[512];
};

/* The caller releases with soql_free what was parsed, in any case. */
bool soql_parse(const char *text, struct soql *query, struct soql_error *error);
void soql_free(struct soql *query);

#endif
