/* diff, verify, sync, backfill and apply: one run of a connection, watched and reported. */
#include "cli/exit.h"
#include "cli/find.h"
#include "cli/job.h"
#include "cli/progress.h"
#include "engine/planfile.h"
#include "engine/report/people.h"

#include "base/log.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

struct showing {
    const struct ds_cli *cli;
    const struct ds_job *job;
    struct ds_result result;
    int64_t since_ms; /* last success before this run; 0: none */
    struct ds_buf title;
    struct ds_report *report; /* NULL until there is something to show */
    struct ds_progress progress;
};

static bool is_dry(enum ds_command command)
{
    return command == DS_DIFF || command == DS_VERIFY || command == DS_UNDO;
}

/* A sync that nobody watches says one line. */
static struct ds_look look_for(const struct ds_cli *cli, enum ds_command command)
{
    struct ds_look look = cli->look;
    bool watched = command != DS_SYNC || isatty(STDOUT_FILENO) || look.verbose || look.all;

    look.sum_only = cli->quiet || !watched;
    return look;
}

/* "acme: dry run, records changed since 2026-08-21 06:00 UTC" */
static void add_title(struct showing *s)
{
    static const char *const kinds[] = {
        [DS_DIFF] = "dry run",      [DS_VERIFY] = "verify", [DS_SYNC] = "sync",
        [DS_BACKFILL] = "backfill", [DS_UNDO] = "dry run",  [DS_APPLY] = "apply"};

    ds_buf_addf(&s->title, "%s: %s, ", s->job->connection, kinds[s->job->command]);
    if (s->job->undo) {
        ds_buf_addf(&s->title, "what would undo run %" PRId64, s->job->undo);
    } else if (s->job->plan) {
        ds_buf_add(&s->title, "what the plan ");
        ds_people_value(&s->title, DS_NAME, s->job->plan);
        ds_buf_add(&s->title, " says");
    } else if (s->result.everything || !s->since_ms) {
        ds_buf_add(&s->title, "all records");
    } else {
        ds_buf_add(&s->title, "records changed since ");
        ds_people_instant(&s->title, s->since_ms);
    }
}

/* Not before the run has found out what it will read. */
static int begin(struct showing *s, struct ds_err *err)
{
    const struct ds_job *job = s->job;
    struct ds_look look = look_for(s->cli, job->command);
    bool backfill = job->backfill || job->command == DS_BACKFILL;
    struct ds_report_head head = {job->connection, s->cli->command, backfill ? "backfill" : "sync",
                                  NULL};

    ds_progress_hide(&s->progress);
    if (s->report)
        return DS_OK;
    add_title(s);
    head.title = s->title.text;
    return ds_report_open(stdout, &look, &head, &s->report, err);
}

static int show_item(void *arg, const struct ds_item *item, struct ds_err *err)
{
    struct showing *s = arg;

    /* A dry run that nobody reads can end; a real one goes on and main() tells. */
    if (is_dry(s->job->command) && ferror(stdout))
        return ds_fail(err, DS_E_STORE, "the output could not be written");
    return begin(s, err) ? err->status : ds_report_item(s->report, item, err);
}

static int show_refused(void *arg, const char *about, const char *name, const char *why,
                        struct ds_err *err)
{
    struct showing *s = arg;

    return begin(s, err) ? err->status : ds_report_refused(s->report, about, name, why, err);
}

static void show_notice(void *arg, const char *text)
{
    struct showing *s = arg;
    struct ds_err later = {0}; /* comes up again with the first item, or the end */

    if (begin(s, &later) == DS_OK)
        ds_report_notice(s->report, text);
}

static void show_progress(void *arg, uint64_t fetched, uint64_t expected)
{
    struct showing *s = arg;

    ds_progress_show(&s->progress, fetched, expected);
}

/* The last success before this run. */
static int read_since(struct showing *s, struct ds_err *err)
{
    struct ds_connection_state state = {0};
    struct ds_store *store = NULL;
    struct ds_arena a = {0};

    if (!ds_store_open(s->job->store_path, DS_STORE_READ, &store, err) &&
        !ds_store_connection(store, &a, s->job->connection, &state, err))
        s->since_ms = state.last_success_ms;
    ds_store_close(store);
    ds_arena_clear(&a);
    return err->status;
}

static bool would_change(const struct ds_result *result)
{
    const uint64_t *outcome = result->run.outcome;

    return outcome[DS_CREATED] || outcome[DS_UPDATED] || outcome[DS_HELD] || result->planned ||
           result->released;
}

/* Whether both sides are not what the last run left. */
static bool drifts(const struct ds_result *result)
{
    return would_change(result) || result->run.outcome[DS_CONFLICT] || result->vanished;
}

static int exit_for(const struct ds_cli *cli, enum ds_command command,
                    const struct ds_result *result)
{
    const struct ds_waiting *w = &result->waiting;

    if (command == DS_DIFF || command == DS_UNDO)
        return cli->exit_code && would_change(result) ? DS_EXIT_CHANGES : DS_EXIT_DONE;
    if (command == DS_VERIFY)
        return cli->exit_code && drifts(result) ? DS_EXIT_CHANGES : DS_EXIT_DONE;
    return result->refused || result->unmapped || w->conflicts || w->claims || w->holds_due ||
                   w->rejects
               ? DS_EXIT_WAITING
               : DS_EXIT_DONE;
}

/* The sum of a report that has no place for it. */
static void print_sum(const struct ds_cli *cli, const struct ds_job *job,
                      const struct ds_result *result)
{
    struct ds_buf line = DS_BUF_INIT(DS_MAX_TEXT);

    if (cli->quiet || cli->look.format != DS_CSV)
        return;
    ds_people_sum(&line, &result->run);
    fprintf(stderr, "%s: %s\n", job->connection, line.text);
    ds_buf_clear(&line);
}

/* Where the plan is, or how to get one. */
static void print_next(const struct ds_cli *cli, const struct ds_job *job)
{
    if (cli->quiet || cli->look.format != DS_TEXT)
        return;
    if (job->out)
        printf("the plan is in %s; to carry it out: dealsync apply %s\n", job->out, job->out);
    else if (job->undo)
        printf("to save it: dealsync undo %" PRId64 " --out FILE; then: dealsync apply FILE\n",
               job->undo);
}

static int run_job(struct ds_cli *cli, struct ds_job job, struct ds_err *err)
{
    struct showing s = {.cli = cli, .job = &job, .title = DS_BUF_INIT(DS_MAX_TEXT)};
    struct ds_watch watch = {.item = show_item,
                             .refused = show_refused,
                             .notice = show_notice,
                             .progress = show_progress,
                             .arg = &s};
    struct ds_err later = {0};

    if (read_since(&s, err))
        return err->status;
    ds_progress_begin(&s.progress, job.connection, cli->quiet);
    job.watch = &watch;
    ds_run(&job, &s.result, err);
    if (!begin(&s, &later))
        ds_report_close(s.report, &s.result, err, &later);
    ds_buf_clear(&s.title);
    if (err->status != DS_OK)
        return err->status;
    *err = later;
    cli->exit = ds_exit_worse(cli->exit, exit_for(cli, job.command, &s.result));
    print_sum(cli, &job, &s.result);
    print_next(cli, &job);
    return err->status;
}

/* undo: the run that is undone; 0: none */
static int run_one(struct ds_cli *cli, const char *name, enum ds_command command, int64_t undo,
                   struct ds_err *err)
{
    struct ds_cli_job j;

    ds_log_context_set(name);
    if (!ds_cli_job_open(cli, name, command, &j, err)) {
        j.job.undo = undo;
        if (run_job(cli, j.job, err))
            ds_err_where(err, "%s", name);
    }
    ds_cli_job_close(&j);
    ds_log_context_set(NULL);
    return err->status;
}

int ds_cmd_diff(struct ds_cli *cli, struct ds_err *err)
{
    return run_one(cli, cli->words[0], DS_DIFF, 0, err);
}

int ds_cmd_verify(struct ds_cli *cli, struct ds_err *err)
{
    return run_one(cli, cli->words[0], DS_VERIFY, 0, err);
}

/* Which fields a plan was made for: of a part, less can be carried out, and not more. */
static int take_fields(struct ds_cli *cli, const struct ds_plan_head *head, struct ds_err *err)
{
    struct ds_only made = {0};
    const char *words = head->only;
    char word[64];

    while (*words && err->status == DS_OK) {
        size_t len = strcspn(words, " ");

        snprintf(word, sizeof(word), "%.*s", (int)len, words);
        ds_only_add(&made, word, err);
        words += len + (words[len] == ' ');
    }
    if (err->status == DS_OK && made.fields && cli->only.fields & ~made.fields) {
        ds_fail(err, DS_E_USAGE, "the plan was made for other fields only");
        ds_hint(err, "make one with 'dealsync diff %s --out FILE'", head->connection);
    }
    cli->made = made.fields;
    if (!cli->only.fields)
        cli->only.fields = made.fields;
    return err->status;
}

/* The plan says which connection it is for, and how it was made. */
int ds_cmd_apply(struct ds_cli *cli, struct ds_err *err)
{
    struct ds_arena a = {0};
    struct ds_plan_head head;

    cli->plan = cli->words[0];
    if (!ds_planfile_head(cli->plan, &a, &head, err) && !take_fields(cli, &head, err)) {
        cli->backfill = strcmp(head.kind, "backfill") == 0;
        run_one(cli, head.connection, DS_APPLY, 0, err);
    }
    ds_arena_clear(&a);
    return err->status;
}

/* The run says which connection it was of. */
int ds_cmd_undo(struct ds_cli *cli, struct ds_err *err)
{
    struct ds_run run = {0};
    struct ds_shelf shelf;
    int64_t id = 0;

    if (ds_find_number("run", cli->words[0], &id, err))
        return err->status;
    if (!ds_shelf_open(cli, NULL, &shelf, err) &&
        !ds_store_run(shelf.store, &shelf.arena, id, &run, err)) {
        if (run.id) {
            run_one(cli, run.connection_name, DS_UNDO, id, err);
        } else {
            ds_fail(err, DS_E_USAGE, "there is no run %" PRId64, id);
            ds_hint(err, "'dealsync runs' lists the last ones");
        }
    }
    ds_shelf_close(&shelf);
    return err->status;
}

int ds_cmd_backfill(struct ds_cli *cli, struct ds_err *err)
{
    return run_one(cli, cli->words[0], DS_BACKFILL, 0, err);
}

/* One connection's failure is not another's: they all get their turn, unless the run is interrupted,
 * and the last error is the caller's to print. */
int ds_cmd_sync(struct ds_cli *cli, struct ds_err *err)
{
    if (cli->count > 1 && cli->look.format != DS_TEXT)
        return ds_fail(err, DS_E_USAGE, "--format concerns one connection, and %zu were named",
                       cli->count);
    for (size_t i = 0; i < cli->count; i++) {
        if (err->status != DS_OK) {
            cli->exit = ds_exit_worse(cli->exit, ds_exit_code(err->status));
            ds_exit_print(err);
            ds_err_clear(err);
        }
        if (*cli->interrupted && i)
            return ds_fail(err, DS_E_LATER, "interrupted before '%s'", cli->words[i]);
        run_one(cli, cli->words[i], DS_SYNC, 0, err);
    }
    return err->status;
}
