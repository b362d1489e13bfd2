/*
 * story.h - everything the store knows of how a deal came to be what it is, as a row of events
 *
 * Oldest first; what is still open (conflicts, holds) comes at the end. The values that a deal was
 * created with are not kept twice: they are what its history, walked back from today, begins with.
 */
#ifndef DS_CLI_STORY_H
#define DS_CLI_STORY_H

#include "engine/store/store.h"

struct ds_event {
    int64_t at_ms;
    int64_t deal;
    const char *what;       /* "created", "updated", ... as in the history; "conflict", "waits" */
    const char *connection; /* NULL: none; so for the other texts */
    int64_t run;            /* 0: none */
    const char *source;     /* who changed it in the CRM */
    const char *record;     /* that it came from, or went to */
    enum ds_field field;    /* DS_FIELDS: the event has no values */
    const char *base;       /* of a conflict */
    const char *before;
    const char *after;
    int case_number;
    int rule;
    bool first; /* of several with the same origin */
};

typedef int ds_event_fn(void *arg, const struct ds_event *event, struct ds_err *err);

/* Calls each() for every event of the deal that concerns the field; DS_FIELDS: all of them. */
int ds_story(struct ds_store *s, const struct ds_stored_deal *deal, enum ds_field field,
             ds_event_fn *each, void *arg, struct ds_err *err);

/* The same for what one run has done. The values that it created deals with are left out. */
int ds_story_of_run(struct ds_store *s, int64_t run, ds_event_fn *each, void *arg,
                    struct ds_err *err);

#endif
