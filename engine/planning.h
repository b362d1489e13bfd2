/*
 * planning.h - what the parts of the planner share; private to engine/
 *
 * plan.c decides what becomes of a record, plan_fields.c what becomes of its fields, item.c how that is
 * written down.
 */
#ifndef DS_ENGINE_PLANNING_H
#define DS_ENGINE_PLANNING_H

#include "engine/plan.h"

/* Adds a change of a field under a case. why NULL: that of the case. */
struct ds_change *ds_plan_change(struct ds_item *item, enum ds_field f, int number, int rule,
                                 const char *why);

/* Adds what is worth a line, singly and in one text. */
void ds_plan_remark(struct ds_item *item, const struct ds_ask *q);

/* Merges the fields of theirs with the deal and its base, under the terms and the rules, and concludes
 * the outcome of the item. */
void ds_plan_fields(const struct ds_policy *policy, struct ds_arena *a, struct ds_item *item,
                    const struct ds_sight *s, const struct ds_deal *theirs);

#endif
