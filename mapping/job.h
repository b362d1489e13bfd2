/*
 * job.h - one record that is becoming a deal; private to mapping/
 *
 * map.c walks the fields, values.c reads and translates one value, progress.c puts status and stage
 * together, team.c the team. unmap.c reads what it is about to write with the same functions, so that
 * both directions cannot disagree.
 */
#ifndef DS_MAPPING_JOB_H
#define DS_MAPPING_JOB_H

#include "mapping/private.h"

struct ds_job {
    const struct ds_mapping *m;
    struct ds_arena *a;
    const struct ds_value *values; /* by path */
    struct ds_mapped *out;
    bool nomem;
};

/* text NULL: there was no memory to make it. */
void ds_job_problem(struct ds_job *j, enum ds_field f, int rule, const char *text);

/* "CloseDate '2026-02-31' is a day that does not exist" */
void ds_job_refuse(struct ds_job *j, enum ds_field f, int rule, const char *path, const char *value,
                   const char *why);

/* The value of a path without blanks at its ends, NULL when it is empty; false when it cannot be
 * used, which is reported as a problem of the field. */
bool ds_job_text(struct ds_job *j, enum ds_field f, int path, const char **text);

/* The canonical value of a source; false when there is a problem with it. */
bool ds_job_value(struct ds_job *j, int source, const char **value);

/* Sets status, stage and whether the deal is on hold. */
void ds_job_progress(struct ds_job *j);

/* Sets the team: the member of team.name, team.email and team.phone, then those of the lists. */
void ds_job_team(struct ds_job *j);

/* What the values say of the progress: the words of [status] and of [stages], and the one of both
 * that decides; NULL: none. */
struct ds_progress {
    const char *status;
    const char *stage;
    const char *word;
};

void ds_job_words(struct ds_job *j, struct ds_progress *out);

#endif
