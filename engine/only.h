/*
 * only.h - a part of a plan: by deal, field, outcome or rule
 *
 * Several words of one kind are alternatives; each kind that is named must be met. Fields also cut an
 * item down: only they are changed, and the record is looked at again by the next run.
 */
#ifndef DS_ENGINE_ONLY_H
#define DS_ENGINE_ONLY_H

#include "engine/plan.h"

#define DS_ONLY_MOST 64

struct ds_only {
    size_t deals;
    int64_t deal[DS_ONLY_MOST];
    size_t rules;
    int rule[DS_ONLY_MOST];
    unsigned outcomes; /* bit per outcome; 0: all */
    uint64_t fields;   /* bit per field; 0: all */
};

/* Adds "deal=12", "field=close_date", "outcome=conflict" or "rule=R-78". DS_E_USAGE says what is
 * wrong with it. */
int ds_only_add(struct ds_only *only, const char *text, struct ds_err *err);

/* Whether it leaves anything out. */
bool ds_only_any(const struct ds_only *only);

/* Whether an item belongs to the part. Its fields have been cut down already (struct ds_policy). */
bool ds_only_takes(const struct ds_only *only, const struct ds_item *item);

/* As text that ds_only_add() understands word by word, blanks between them, appended. */
void ds_only_text(const struct ds_only *only, struct ds_buf *out);

#endif
