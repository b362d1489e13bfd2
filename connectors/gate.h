/*
 * gate.h - how many requests may be on their way at once, and from when on
 *
 * A remote that says it has too much to do closes the gate for a while and leaves it half as wide;
 * good answers widen it again one by one (DV-96). Arithmetic only, so that it can be tested without
 * sleeping: who shares a gate locks it, and hands in the time (ds_ticks()).
 */
#ifndef DS_CONNECTORS_GATE_H
#define DS_CONNECTORS_GATE_H

#include <stdbool.h>
#include <stdint.h>

enum { DS_GATE_GOOD = 10 }; /* answers in a row before one more request is let in */

struct ds_gate {
    unsigned most;     /* how wide it may become */
    unsigned width;    /* how wide it is, at least 1 */
    unsigned inside;   /* requests on their way */
    unsigned peak;     /* of inside, ever */
    unsigned good;     /* answers since the width changed */
    int64_t closed_to; /* nobody enters before that */
};

/* Sets how wide it may become, 1 at least. One that was not narrowed is that wide at once. */
void ds_gate_most(struct ds_gate *gate, unsigned most);

/* Whether there is room; the request then is inside. */
bool ds_gate_enter(struct ds_gate *gate, int64_t now_ms);

/* The request has been answered; good: as it should be. */
void ds_gate_leave(struct ds_gate *gate, bool good);

/* Nobody enters for that long. What comes while it is closed is about the same trouble and does not
 * narrow it once more. */
void ds_gate_close(struct ds_gate *gate, int64_t now_ms, int64_t ms);

#endif
