/*
 * chain.h - one list of rows, page after page, in one lane
 *
 * A link is followed as it came, only to where the environment is, and never in circles (DV-14,
 * DV-19, DV-20). The next page can be asked for before this one is worked on.
 */
#ifndef DS_CONNECTORS_DYNAMICS_CHAIN_H
#define DS_CONNECTORS_DYNAMICS_CHAIN_H

#include "connectors/dynamics/link.h"
#include "connectors/dynamics/remote.h"

struct ds_dynamics_chain {
    const char *prefer;            /* the same for every page (DV-15) */
    struct ds_buf url;             /* of the page that was asked for last */
    struct ds_buf next;            /* of the page after that one; empty: none */
    struct ds_dynamics_walk links; /* guards against walking in circles */
    struct ds_dynamics_walk starts;
    unsigned empty; /* pages in a row that were */
};

void ds_dynamics_chain_init(struct ds_dynamics_chain *chain);
void ds_dynamics_chain_clear(struct ds_dynamics_chain *chain);

/* Asks for the first page. prefer, a whole header, outlives the chain. */
int ds_dynamics_chain_start(struct ds_remote *remote, size_t lane, struct ds_dynamics_chain *chain,
                            const char *url, const char *prefer, struct ds_err *err);

/* Looks at a page that has arrived: its rows, and whether there is another one (chain->next). */
int ds_dynamics_chain_take(const struct ds_remote *remote, struct ds_dynamics_chain *chain,
                           const json_t *page, json_t **rows, struct ds_err *err);

/* Makes the page after it the one to be asked for, by whoever asks in another way than in a lane. */
int ds_dynamics_chain_turn(const struct ds_remote *remote, struct ds_dynamics_chain *chain,
                           struct ds_err *err);

/* Asks for the page after it. */
int ds_dynamics_chain_go_on(struct ds_remote *remote, size_t lane, struct ds_dynamics_chain *chain,
                            struct ds_err *err);

/* Completes a link that a page names, and checks where it leads. */
int ds_dynamics_chain_link(const struct ds_remote *remote, const struct ds_dynamics_chain *chain,
                           const json_t *link, struct ds_buf *out, struct ds_err *err);

#endif
