/*
 * list.h - reading a list to its end, in the foreground
 *
 * For short lists beside the opportunities. Pages are followed under the same guards as theirs: links
 * byte for byte, never to a foreign origin, never in circles (DV-14, DV-19, DV-20).
 */
#ifndef DS_CONNECTORS_DYNAMICS_LIST_H
#define DS_CONNECTORS_DYNAMICS_LIST_H

#include "connectors/dynamics/remote.h"

/* GETs the environment's address followed by tail and calls each() with every row of every page; a
 * value other than 0 ends the list and becomes its result. */
int ds_dynamics_list(struct ds_remote *remote, const char *tail,
                     int (*each)(void *arg, const json_t *row, struct ds_err *err), void *arg,
                     struct ds_err *err);

#endif
