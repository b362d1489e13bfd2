/*
 * bounds.h - where the records of a first load lie
 *
 * The first stamp there is and the last, and how many records, as far as the environment tells: enough
 * to share the load among the lanes before anything has come. All of it is a guess that costs no time,
 * for it is asked ahead; without an answer the load shares itself out as it goes.
 */
#ifndef DS_CONNECTORS_DYNAMICS_BOUNDS_H
#define DS_CONNECTORS_DYNAMICS_BOUNDS_H

#include "connectors/dynamics/ahead.h"
#include "connectors/dynamics/reader.h"

struct ds_dynamics_bounds {
    int64_t oldest_ms; /* these two: 0 is unknown */
    int64_t newest_ms;
    uint64_t records; /* a day old at most; 0: unknown */
};

/* Adds the questions, as far as there are lanes to share the load. */
void ds_dynamics_bounds_ask(struct ds_dynamics_reader *reader, struct ds_dynamics_questions *q);

/* What was answered. */
void ds_dynamics_bounds(struct ds_dynamics_reader *reader, struct ds_dynamics_bounds *out);

#endif
