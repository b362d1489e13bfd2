/*
 * process.h - the stage of the business process flow
 *
 * Where a company works with business process flows, the stage of an opportunity is not in its row:
 * each flow has a table of its own with one instance for each opportunity that runs through it (DV-63).
 * An opportunity may have several; the one modified last counts, before those that were aborted. This
 * room finds the instances of a page of opportunities and writes them into its rows, as if they came
 * with a navigation property "process", so that nobody else has to know. Moving a stage changes the
 * instance and not necessarily the opportunity (DV-64): which ones were moved is a question of its own.
 */
#ifndef DS_CONNECTORS_DYNAMICS_PROCESS_H
#define DS_CONNECTORS_DYNAMICS_PROCESS_H

#include "connectors/dynamics/ahead.h"
#include "connectors/dynamics/query.h"

#define DS_DYNAMICS_PROCESS         "process" /* first word of the paths below */
#define DS_DYNAMICS_PROCESS_STAGE   "stage"   /* name of the active stage */
#define DS_DYNAMICS_PROCESS_NAME    "name"    /* name of the flow */
#define DS_DYNAMICS_PROCESS_VERSION "version" /* of the instance: part of the record's version */

/* Whether any of the slots needs an instance; the others do nothing when none does. */
bool ds_dynamics_process_wanted(const struct ds_dynamics_slot *slots, size_t count);

/* Gives each row of a page (a JSON array of opportunities) that has an instance the member "process",
 * an object with stage, name and version. Asks in requests of its own, in the foreground. */
int ds_dynamics_process_fill(struct ds_remote *remote, const struct ds_dynamics_slot *slots,
                             size_t count, const json_t *rows, struct ds_err *err);

/* The same step by step, for who asks in another way: open, as long as there is a question its rows,
 * fill, close. The rows outlive it. */
struct ds_dynamics_page;
int ds_dynamics_page_open(struct ds_remote *remote, const json_t *rows,
                          struct ds_dynamics_page **out, struct ds_err *err);
/* Appends the next question, behind the base address; false when there is none left. */
bool ds_dynamics_page_ask(struct ds_dynamics_page *page, struct ds_buf *tail);
/* Takes a row of the answer. */
int ds_dynamics_page_take(void *arg, const json_t *row, struct ds_err *err);
/* Says of a question that was refused what to do about it; returns the error's status. */
int ds_dynamics_page_refused(const struct ds_dynamics_page *page, struct ds_err *err);
int ds_dynamics_page_fill(struct ds_dynamics_page *page, struct ds_err *err);
void ds_dynamics_page_close(struct ds_dynamics_page *page); /* NULL is fine */

/* Calls each() with the id (lower case) of every opportunity with an instance that was modified at or
 * after since_ms; the same one may come more than once. */
int ds_dynamics_process_moved(struct ds_remote *remote, int64_t since_ms,
                              int (*each)(void *arg, const char *id, struct ds_err *err), void *arg,
                              struct ds_err *err);

/* What the stages of all flows are called, borrowed until it is asked for again: for the id of each an
 * object with stage and name. Asked for once, and once more on demand. */
int ds_dynamics_stage_names(struct ds_remote *remote, bool again, json_t **out, struct ds_err *err);

/* Adds what the functions above are going to ask the metadata, and the same of ds_dynamics_flows(). */
void ds_dynamics_process_ask(const struct ds_remote *remote, struct ds_dynamics_questions *q);
void ds_dynamics_flows_ask(const struct ds_remote *remote, struct ds_dynamics_questions *q);

/* Lists the stages of all flows of opportunities; each with its flow as the process. */
int ds_dynamics_process_stages(struct ds_remote *remote, const char *field,
                               int (*each)(void *arg, const struct ds_stage *stage,
                                           struct ds_err *err),
                               void *arg, struct ds_err *err);

/* The tables of flows that opportunities run through. */
struct ds_dynamics_flow {
    struct ds_dynamics_flow *next;
    const char *table;  /* "opportunitysalesprocess" */
    const char *set;    /* "opportunitysalesprocesses" */
    const char *column; /* the lookup to the opportunity: "_opportunityid_value" */
};

/* Read once: the setting 'processes', or else what the metadata lists. */
int ds_dynamics_flows(struct ds_remote *remote, const struct ds_dynamics_flow **out,
                      struct ds_err *err);

#endif
