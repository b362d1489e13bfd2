#include "tests/sim/sf_job.h"
#include "tests/sim/clock.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/world.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400, JOB_DAYS = 7, BYTES_A_VALUE = 20 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct sf_job **jobs;
static size_t njobs;
static uint64_t last_job = 4711;

/* Quotas of the running day. */
static struct {
    int64_t since;
    uint32_t jobs;
    uint64_t bytes;
} today;

static int64_t real_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void begin_day(void)
{
    if (clock_now() - today.since >= DAY || clock_now() < today.since) {
        today.since = clock_now();
        today.jobs = 0;
        today.bytes = 0;
    }
}

static void job_free(struct sf_job *job)
{
    soql_free(&job->query);
    free(job->runs.run);
    free(job->kept);
    buf_free(&job->lines);
    free(job);
}

struct sf_job *sf_job_add(const struct soql *query)
{
    struct sf_job *job = grab(sizeof *job);

    job->refs = 2;
    job->query = *query;
    job->csv.query = &job->query;
    job->created = clock_now();
    job->started = real_ms();
    pthread_mutex_lock(&lock);
    begin_day();
    today.jobs++;
    job->n = ++last_job;
    sf_id(job->id, "750", job->n);
    jobs = regrab(jobs, (njobs + 1) * sizeof(void *));
    jobs[njobs++] = job;
    pthread_mutex_unlock(&lock);
    return job;
}

struct sf_job *sf_job_take(const char *id)
{
    struct sf_job *found = NULL;
    uint64_t n;

    if (!sf_id_parse(id, "750", &n))
        return NULL;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < njobs; i++)
        if (jobs[i]->n == n && clock_now() - jobs[i]->created < (int64_t)JOB_DAYS * DAY)
            found = jobs[i];
    if (found)
        found->refs++;
    pthread_mutex_unlock(&lock);
    return found;
}

struct sf_job *sf_job_at(size_t i)
{
    struct sf_job *job;

    pthread_mutex_lock(&lock);
    job = i < njobs ? jobs[i] : NULL;
    if (job)
        job->refs++;
    pthread_mutex_unlock(&lock);
    return job;
}

void sf_job_drop(struct sf_job *job)
{
    bool last;

    pthread_mutex_lock(&lock);
    last = --job->refs == 0;
    pthread_mutex_unlock(&lock);
    if (last)
        job_free(job);
}

void sf_job_remove(struct sf_job *job)
{
    bool found = false;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < njobs && !found; i++) {
        found = jobs[i] == job;
        if (found)
            memmove(&jobs[i], &jobs[i + 1], (--njobs - i) * sizeof(void *));
    }
    pthread_mutex_unlock(&lock);
    if (found)
        sf_job_drop(job);
}

void sf_job_clear(void)
{
    while (njobs)
        job_free(jobs[--njobs]);
    free(jobs);
    jobs = NULL;
}

/* ---- the result ---- */

static bool add_row(const struct row *row, void *arg)
{
    struct sf_job *job = arg;

    if (row->edit) {
        size_t from = job->lines.len;

        sf_csv_row(&job->csv, row, NULL, &job->lines);
        if ((job->nkept & (job->nkept + 1)) == 0)
            job->kept = regrab(job->kept, (job->nkept * 2 + 1) * sizeof *job->kept);
        job->kept[job->nkept++] = (struct kept_line){row->at, from, job->lines.len - from};
    }
    return runs_add(row, &job->runs);
}

static int by_row(const void *a, const void *b)
{
    const struct kept_line *x = a, *y = b;

    return (x->at > y->at) - (x->at < y->at);
}

static void complete(struct sf_job *job)
{
    bool good;

    job->query.scan.with_deleted = job->all;
    job->runs.limit = job->query.limit;
    world_read();
    good = scan_each(&job->query.scan, add_row, job);
    world_unlock();
    if (job->nkept)
        qsort(job->kept, job->nkept, sizeof *job->kept, by_row);
    job->processed = job->runs.rows;
    job->state = good ? JOB_COMPLETE : JOB_FAILED;
    pthread_mutex_lock(&lock);
    begin_day();
    today.bytes += job->runs.rows * job->query.ncolumns * BYTES_A_VALUE;
    pthread_mutex_unlock(&lock);
}

static pthread_mutex_t polling = PTHREAD_MUTEX_INITIALIZER;

void sf_job_poll(struct sf_job *job)
{
    pthread_mutex_lock(&polling);
    if (job->state == JOB_UPLOADED || job->state == JOB_RUNNING) {
        if (job->polls++ >= sf_settings.bulk_polls &&
            real_ms() - job->started >= (int64_t)sf_settings.bulk_ms)
            complete(job);
        else if (job->polls > 1 || sf_settings.bulk_polls == 1)
            job->state = JOB_RUNNING;
    }
    pthread_mutex_unlock(&polling);
}

uint32_t sf_jobs_today(void)
{
    uint32_t n;

    pthread_mutex_lock(&lock);
    begin_day();
    n = today.jobs;
    pthread_mutex_unlock(&lock);
    return n;
}

uint32_t sf_job_storage_today(void)
{
    uint32_t n;

    pthread_mutex_lock(&lock);
    begin_day();
    n = (uint32_t)(today.bytes >> 20);
    pthread_mutex_unlock(&lock);
    return n;
}
