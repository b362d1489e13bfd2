/* Dataverse's paging link: a cookie inside a cookie, encoded twice, and good only byte for byte. */
#ifndef SIM_SKIPTOKEN_H
#define SIM_SKIPTOKEN_H

#include "tests/sim/text.h"

struct skiptoken {
    uint64_t page; /* the one to be read; 1: there was no token */
    uint32_t last, first;
    int64_t modified; /* of the last row */
};

/* "$skiptoken=..." for the page behind `token->last`; prefix is the rest of the query. */
void skiptoken_write(struct buf *out, const char *prefix, const struct skiptoken *token);
/* Splits a query as received into its rest, which the caller frees, and the token. NULL when the
 * link is not exactly one that was given out. */
char *skiptoken_read(const char *query, struct skiptoken *token);

#endif
