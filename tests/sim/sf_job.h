/* Bulk API 2.0 query jobs: what each was asked, how far it is, and the result it holds: which rows,
 * and the lines of those that differ from the generated ones, as they were when the job ended. */
#ifndef SIM_SF_JOB_H
#define SIM_SF_JOB_H

#include "tests/sim/sf_csv.h"

enum job_state { JOB_UPLOADED, JOB_RUNNING, JOB_COMPLETE, JOB_FAILED, JOB_ABORTED };

/* A line that no longer needs its row. */
struct kept_line {
    uint32_t at;
    size_t from, len; /* in the job's lines */
};

struct sf_job {
    uint64_t n;
    char id[19];
    unsigned refs;
    bool all, foreign; /* foreign: of another user */
    char version[8];
    const char *delimiter_name;
    struct sf_csv csv;
    struct soql query;
    int64_t created; /* by the simulator's clock */
    int64_t started; /* milliseconds of real time */
    unsigned polls;
    enum job_state state;
    struct runs runs;
    struct kept_line *kept;
    size_t nkept;
    struct buf lines;
    uint64_t processed;
};

/* Takes over what the query holds. Borrowed, as from sf_job_take. */
struct sf_job *sf_job_add(const struct soql *query);
/* Borrowed until sf_job_drop; NULL when there is none, or it is too old. */
struct sf_job *sf_job_take(const char *id);
void sf_job_drop(struct sf_job *job);
/* Not found any more from now on. */
void sf_job_remove(struct sf_job *job);
/* The i-th, borrowed, or NULL. */
struct sf_job *sf_job_at(size_t i);
void sf_job_clear(void);

/* A poll: moves the job on when its time has come. */
void sf_job_poll(struct sf_job *job);

uint32_t sf_jobs_today(void);
uint32_t sf_job_storage_today(void); /* MB */

#endif
