/*
 * instances.h - business process flows, asked for in the lanes that the opportunities came by
 *
 * A page of opportunities needs a request for each flow and some hundred of them before it can be handed
 * over. The lane that has brought the page sends these, one after another, while other lanes bring and
 * complete theirs. Where no path needs a flow, pages pass unchanged.
 */
#ifndef DS_CONNECTORS_DYNAMICS_INSTANCES_H
#define DS_CONNECTORS_DYNAMICS_INSTANCES_H

#include "connectors/dynamics/chain.h"
#include "connectors/dynamics/process.h"

struct ds_dynamics_instances {
    struct ds_remote *remote;
    bool wanted;
    struct ds_dynamics_instances_lane {
        struct ds_dynamics_page *page; /* NULL: the lane asks for no instances */
        json_t *rows;                  /* the page's, ours */
        struct ds_dynamics_chain chain;
    } lane[DS_HTTP_LANES];
};

void ds_dynamics_instances_init(struct ds_dynamics_instances *in, struct ds_remote *remote,
                                const struct ds_dynamics_slot *slots, size_t count);
void ds_dynamics_instances_clear(struct ds_dynamics_instances *in);

/* Takes what a lane has brought: a page of the list, or an answer about one. *done becomes the rows of a
 * page that is complete, to be decreffed; else NULL, and the lane has begun another request. */
int ds_dynamics_instances_take(struct ds_dynamics_instances *in, size_t lane,
                               struct ds_dynamics_chain *list, const json_t *answer, json_t **done,
                               struct ds_err *err);

/* For crew.h: says which flow a refused request was about, if it was about one. */
int ds_dynamics_instances_failed(const struct ds_dynamics_instances *in, size_t lane,
                                 struct ds_err *err);

#endif
