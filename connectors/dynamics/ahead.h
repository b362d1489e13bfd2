/*
 * ahead.h - questions that are asked side by side, before their answers are needed
 *
 * What a run has to know before its first record it asks for one thing after another, each of which
 * costs a round trip. Whoever can tell several of these questions has them asked at once; each answer
 * then waits for the one who asks by ds_dynamics_get() or ds_dynamics_list(), and is given once.
 * Nothing depends on it: a question that failed is forgotten, and asked again by whoever can say what
 * its failure means.
 */
#ifndef DS_CONNECTORS_DYNAMICS_AHEAD_H
#define DS_CONNECTORS_DYNAMICS_AHEAD_H

#include "connectors/dynamics/remote.h"

enum {
    DS_DYNAMICS_AHEAD = 24
}; /* answers that wait at most; more questions are asked when it is time */

struct ds_dynamics_questions {
    size_t count;
    struct {
        const char *tail; /* behind the base address */
        bool listed;      /* ds_dynamics_list() will ask */
    } question[DS_DYNAMICS_AHEAD];
};

/* Adds one, unless there are enough or it is there already. The text is borrowed; NULL is none. */
void ds_dynamics_question(struct ds_dynamics_questions *q, const char *tail, bool listed);

/* Asks all of them at once. An error is one that keeps others from being asked, too. */
int ds_dynamics_ahead(struct ds_remote *remote, const struct ds_dynamics_questions *q,
                      struct ds_err *err);

/* The answer to a question asked ahead, an object, which the caller decrefs; NULL: there is none.
 * date_ms may be NULL. */
json_t *ds_dynamics_ahead_take(struct ds_remote *remote, const char *tail, int64_t *date_ms);

void ds_dynamics_ahead_clear(struct ds_remote *remote);

/* --- foresee.c --- */

/* Asks ahead what reading these paths will ask of the metadata. */
struct ds_dynamics_reader;
int ds_dynamics_foresee(struct ds_dynamics_reader *reader, bool whole, struct ds_err *err);

#endif
