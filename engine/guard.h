/*
 * guard.h - how much a run may change before a person has looked (P-8)
 *
 * Each kind of change has a count and a share, and trips when both are exceeded. What answers a guard
 * is a plan that a person has read and applies: nothing that could end up in a unit file.
 */
#ifndef DS_ENGINE_GUARD_H
#define DS_ENGINE_GUARD_H

#include "engine/plan.h"

enum ds_guard_kind {
    DS_GUARD_CHANGES,   /* deals or records that change in any way */
    DS_GUARD_CREATIONS, /* new deals, but for a connection's first load; new records in the CRM */
    DS_GUARD_CLOSINGS,  /* deals that end */
    DS_GUARD_VALUES,    /* values that change by more than a factor */
    DS_GUARD_BACK,      /* stages that go back */
    DS_GUARDS
};

/* What the two settings of each begin with: "guard_closings". */
extern const char *const ds_guard_names[DS_GUARDS];

struct ds_guard {
    struct {
        uint64_t count;
        uint64_t percent; /* of the deals in the store */
    } limit[DS_GUARDS];
    uint64_t factor; /* for DS_GUARD_VALUES */
};

/* Answers that an applied plan gives, as words of the connection's row. */
#define DS_ANSWER_EMPTY "empty" /* the remote has no records any more */

#define DS_ANSWER_ORGANISATION "organisation" /* the organisation has another id now */

/* Adds an item to the counts. */
void ds_guard_add(const struct ds_guard *guard, const struct ds_item *item,
                  uint64_t counts[DS_GUARDS]);

/* The kind that is exceeded, or DS_GUARDS. */
enum ds_guard_kind ds_guard_tripped(const struct ds_guard *guard, const uint64_t counts[DS_GUARDS],
                                    uint64_t deals);

/* What the kind counts, for people: "would close". */
const char *ds_guard_does(enum ds_guard_kind kind);

#endif
