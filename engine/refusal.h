/*
 * refusal.h - creations that the CRM refused
 *
 * There is no record that a conflict could be of, so it stands at a place of its deal (M-35). It is
 * sent again when the deal, the mapping or a setting has changed, or a person says so: never by every
 * run.
 */
#ifndef DS_ENGINE_REFUSAL_H
#define DS_ENGINE_REFUSAL_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* What stands for the id of the record: "(deal 12)", which is no id of any remote. NULL: no memory. */
const char *ds_refusal_place(struct ds_arena *a, int64_t deal);

bool ds_refusal_is_place(const char *remote_id);

#endif
