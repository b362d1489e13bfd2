/*
 * planfile.h - a plan as a file: for people, for programs, and for `apply`
 *
 * One JSON object; docs/reports.md describes it. Its items stand one a line, so that a plan of any
 * length is written and read in little memory. Each item names the versions it was made for and has
 * the sum of what it decided: `apply` plans the same record again and goes on only when the sums are
 * equal. The whole file has a sum too: a plan that was edited, or cut short, is refused. Nothing
 * secret is in it; it appears under its name when it is complete.
 */
#ifndef DS_ENGINE_PLANFILE_H
#define DS_ENGINE_PLANFILE_H

#include "engine/plan.h"

#include <jansson.h>

struct ds_plan_head {
    const char *store; /* its name (store.h); "": made before there was one */
    const char *connection;
    const char *organisation;
    const char *fingerprint;
    const char *kind;   /* "sync", "backfill" or "undo" */
    const char *only;   /* the words of --only, blanks between; "" */
    const char *answer; /* what applying it answers: DS_ANSWER_EMPTY, "organisation"; "" */
    const char *guard;  /* why a run stopped or would stop; "" */
    int64_t made_ms;
    int64_t undoes; /* the run; 0: none */
    uint64_t items;
};

struct ds_plan_writer;

/* Begins one, if it can be written there. */
int ds_planfile_create(const char *path, struct ds_plan_writer **out, struct ds_err *err);
int ds_planfile_add(struct ds_plan_writer *w, const struct ds_item *item, struct ds_err *err);
/* Completes the file: head, items, sum. The writer is gone either way; head NULL throws it away. */
int ds_planfile_finish(struct ds_plan_writer *w, const struct ds_plan_head *head,
                       struct ds_err *err);

/* Reads the head into the arena, after checking the whole file; DS_E_INPUT when it is no plan, of
 * another format, edited or incomplete. */
int ds_planfile_head(const char *path, struct ds_arena *a, struct ds_plan_head *out,
                     struct ds_err *err);
/* Calls each with every item, borrowed. */
int ds_planfile_each(const char *path,
                     int (*each)(void *arg, const json_t *item, struct ds_err *err), void *arg,
                     struct ds_err *err);

/* What an item is about, the same in every run: "record ID", "hold ID", "deal N", or
 * "repeat ID": it stands in the input again. */
const char *ds_plan_key(struct ds_arena *a, const struct ds_item *item);

/* The sum of what an item decides, and of the versions it was decided for. */
bool ds_plan_sum(const struct ds_item *item, char out[DS_HASH_TEXT]);

#endif
