/*
 * chain.h - the pages of one query, one after the other, on one lane of the transport
 *
 * The next page is on its way while the last one is worked on. A page is looked at before anything of
 * it is used: the rows add up to what the org announced (P-7), and a link leads to this org (SF-73).
 */
#ifndef DS_CONNECTORS_SALESFORCE_CHAIN_H
#define DS_CONNECTORS_SALESFORCE_CHAIN_H

#include "connectors/salesforce/remote.h"

struct ds_sf_chain {
    struct ds_remote *remote;
    size_t lane;
    struct ds_buf url, next; /* of the page under way, and of the one behind it */
    bool under_way;          /* a page has been asked for and not taken yet */
    bool first_page;
    uint64_t total; /* rows of the query, as the org told */
    uint64_t rows;  /* so far */
    unsigned empty; /* pages without a row, one after the other */
    unsigned most;  /* rows of a page, as far as the org lets us say */
};

void ds_sf_chain_init(struct ds_sf_chain *chain, struct ds_remote *remote, size_t lane);
void ds_sf_chain_clear(struct ds_sf_chain *chain);

/* Sends a query; resource is "query" or "queryAll". Does not wait. */
int ds_sf_chain_begin(struct ds_sf_chain *chain, const char *resource, const char *soql,
                      struct ds_err *err);

/* Looks at the page that arrived; *records is borrowed from it. The chain has ended when there is no
 * address of a page behind it: next.len is then 0. */
int ds_sf_chain_take(struct ds_sf_chain *chain, const json_t *page, json_t **records,
                     struct ds_err *err);

/* Sends for the next page, when there is one. Does not wait. */
int ds_sf_chain_go_on(struct ds_sf_chain *chain, struct ds_err *err);

/* Waits for the page under way, takes it and goes on; the caller decrefs *page. */
int ds_sf_chain_next(struct ds_sf_chain *chain, json_t **page, json_t **records,
                     struct ds_err *err);

/* All rows of a query, each handed to `each`, which may end it with its own result. */
int ds_sf_chain_each(struct ds_remote *remote, size_t lane, const char *resource, const char *soql,
                     int (*each)(void *arg, json_t *row, struct ds_err *err), void *arg,
                     struct ds_err *err);

#endif
