/* The part of OData that an integration needs, refused where Dataverse refuses. */
#ifndef SIM_ODATA_H
#define SIM_ODATA_H

#include "tests/sim/tally.h"

enum { MAX_ODATA_COLUMNS = 600 };

struct odata_column {
    const struct field *field;
    const struct group *group; /* of an expanded parent, or NULL */
    const struct field *key;   /* the parent's */
};

struct odata {
    const struct entity *entity;
    size_t ncolumns;
    struct odata_column columns[MAX_ODATA_COLUMNS]; /* own ones first, then parent by parent */
    struct expr *where;
    struct scan scan; /* its condition and order */
    bool has_top, count;
    uint64_t top;
    size_t ngroups; /* of $apply; 0: none */
    const struct field *groups[MAX_GROUP_FIELDS];
    char alias[64];
};

struct odata_error {
    unsigned status;
    char code[16];
    char message[512];
};

/* query is as received, without $skiptoken. The caller releases with odata_free, in any case. */
bool odata_parse(const struct entity *entity, const char *query, struct odata *o,
                 struct odata_error *error);
void odata_free(struct odata *o);
/* "opportunity" for opportunities. */
const char *odata_type(const struct entity *entity);

#endif
