/*
 * written.h - what becomes of a write to a CRM; private to engine/
 *
 * push.c sends what the outbox holds, written.c settles each outcome, late.c those of a run that died
 * before it could. Everything here works in the batch that is open, or opens one; texts come from the
 * arena of the batch.
 */
#ifndef DS_ENGINE_WRITTEN_H
#define DS_ENGINE_WRITTEN_H

#include "engine/running.h"

/* A write that has happened, or a part of it. */
struct ds_written_sight {
    const struct ds_intent *intent;
    const char *remote_id;    /* of a creation, too */
    struct ds_theirs *theirs; /* the record afterwards, mapped; NULL: it cannot be told */
    struct ds_link link;      /* as it was before */
    struct ds_deal wanted;
    struct ds_deal base;   /* filled in by ds_written_keep(): as it is now, */
    struct ds_deal missed; /* and what the record does not hold */
};

/* The record as it is now, mapped; NULL when it cannot be told. */
int ds_written_look(struct running *r, const struct ds_record *now, struct ds_theirs **out,
                    struct ds_err *err);

/* Moves the base to what the record now holds of a write; the rest has been missed. */
void ds_written_compare(const struct ds_deal *wanted, const struct ds_deal *is,
                        struct ds_deal *base, struct ds_deal *missed);

/* Moves the base of the link, drops the intent and adds the history, but for what was missed. */
int ds_written_keep(struct running *r, struct ds_written_sight *w, struct ds_err *err);

/* What an undo has sent stands against the deal, which nobody has changed back (M-38). */
int ds_written_stand(struct running *r, const struct ds_written_sight *w, struct ds_err *err);

/* It was done: settles it by the record as it was read afterwards. why: the CRM refuses what is missing
 * of it, in its own words; else NULL. */
int ds_written_done(struct running *r, const struct ds_intent *i, const struct ds_record *now,
                    const char *why, struct ds_err *err);

/* The CRM refused it: its fields are left in conflict (M-35), or the deal is, if it was a creation. */
int ds_written_refused(struct running *r, const struct ds_intent *i, const char *why,
                       struct ds_err *err);

/* The record has moved: it is merged again as it is now, a bounded number of times (P-5, M-37). */
int ds_written_raced(struct running *r, const struct ds_intent *i, const struct ds_record *now,
                     struct ds_err *err);

/* An intent that this run has not planned again: its record cannot be seen, or be read. The deal is
 * looked at again by the next run. */
int ds_written_aside(struct running *r, const struct ds_intent *i, struct ds_err *err);

/* Whether an undo wanted it: it sends what no side of a merge has. */
bool ds_written_undo(const struct ds_intent *i);

/* A JSON value as text. NULL: no memory. */
const char *ds_written_json(struct ds_arena *a, const json_t *json);

#endif
