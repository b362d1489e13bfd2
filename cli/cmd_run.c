/* diff, sync and backfill: one run of a connection, watched and reported. */
#include "cli/exit.h"
#include "cli/progress.h"
#include "cli/ready.h"
#include "engine/report/people.h"

#include "base/date.h"
#include "base/log.h"

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
        [DS_DIFF] = "dry run", [DS_SYNC] = "sync", [DS_BACKFILL] = "backfill"};

    ds_buf_addf(&s->title, "%s: %s, ", s->job->connection, kinds[s->job->command]);
    if (s->result.everything || !s->since_ms) {
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
    if (s->job->command == DS_DIFF && ferror(stdout))
        return ds_fail(err, DS_E_STORE, "the output could not be written");
    return begin(s, err) ? err->status : ds_report_item(s->report, item, err);
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

/* The settings that choose which records are read. */
static void add_scope(struct ds_buf *out, const struct ds_ready *ready)
{
    static const char *const names[] = {"where", "filter", "id", NULL};

    ds_buf_add(out, ready->connection->connector->name);
    for (size_t i = 0; names[i]; i++) {
        const char *value = ds_option(&ready->options, names[i]);

        if (value)
            ds_buf_addf(out, "\n%s = %s", names[i], value);
    }
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

static struct ds_job make_job(const struct ds_cli *cli, const struct ds_ready *ready,
                              enum ds_command command)
{
    const struct ds_config_connection *c = ready->connection;

    return (struct ds_job){
        .connection = c->name,
        .connector = c->connector,
        .options = &ready->options,
        .mapping = ready->mapping,
        .store_path = cli->config->store,
        .command = command,
        .backfill = cli->backfill,
        .policy = {.now_ms = ds_now(),
                   .first_load = false,
                   .vetted = c->vetted,
                   .close_early = c->close_early,
                   .shareable = c->shareable_solutions,
                   .our_domains = c->our_domains,
                   .incentive_solutions = c->incentive_solutions,
                   .incentive_minimum = c->incentive_minimum,
                   .expiry_days = c->expiry_days,
                   .expiry_warning_days = c->expiry_warning_days,
                   .direction = c->direction,
                   .creates = c->creates,
                   .gone = c->gone,
                   .gone_reason = c->gone_reason},
        .guard = c->guard,
        .only = cli->only,
        .out = cli->out,
    };
}

static bool would_change(const struct ds_result *result)
{
    const uint64_t *outcome = result->run.outcome;

    return outcome[DS_CREATED] || outcome[DS_UPDATED] || outcome[DS_HELD] || result->planned ||
           result->released;
}

static int exit_for(const struct ds_cli *cli, enum ds_command command,
                    const struct ds_result *result)
{
    const struct ds_waiting *w = &result->waiting;

    if (command == DS_DIFF)
        return cli->exit_code && would_change(result) ? DS_EXIT_CHANGES : DS_EXIT_DONE;
    return result->unmapped || w->conflicts || w->holds_due || w->rejects ? DS_EXIT_WAITING
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

static int run_job(struct ds_cli *cli, struct ds_job job, struct ds_err *err)
{
    struct showing s = {.cli = cli, .job = &job, .title = DS_BUF_INIT(DS_MAX_TEXT)};
    struct ds_watch watch = {
        .item = show_item, .notice = show_notice, .progress = show_progress, .arg = &s};
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
    return err->status;
}

static int run_one(struct ds_cli *cli, const char *name, enum ds_command command,
                   struct ds_err *err)
{
    struct ds_buf scope = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_ready ready;
    struct ds_job job;

    ds_log_context_set(name);
    if (!ds_ready_find(cli, name, &ready, err)) {
        job = make_job(cli, &ready, command);
        add_scope(&scope, &ready);
        job.scope = scope.text;
        if (run_job(cli, job, err))
            ds_err_where(err, "%s", name);
    }
    ds_ready_close(&ready);
    ds_buf_clear(&scope);
    ds_log_context_set(NULL);
    return err->status;
}

int ds_cmd_diff(struct ds_cli *cli, struct ds_err *err)
{
    return run_one(cli, cli->words[0], DS_DIFF, err);
}

int ds_cmd_backfill(struct ds_cli *cli, struct ds_err *err)
{
    return run_one(cli, cli->words[0], DS_BACKFILL, err);
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
        run_one(cli, cli->words[i], DS_SYNC, err);
    }
    return err->status;
}
