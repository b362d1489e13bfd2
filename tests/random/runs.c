#include "tests/random/random.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- what every run promises, also one that died ------------------------------------------------ */

/* Deals as they are, before a run. */
static void remember(struct play *p)
{
    char sql[64];
    sqlite3_stmt *q = NULL;

    if (access(p->store, F_OK) != 0)
        return;
    p->history = sql_int(p, "SELECT max(id) FROM history");
    p->deals = 0;
    for (int f = 0; f < DS_FIELDS; f++) {
        int n = 0;

        snprintf(sql, sizeof(sql), "SELECT %s FROM deals ORDER BY id", ds_fields[f].name);
        sqlite3_prepare_v2(db_open(p), sql, -1, &q, NULL);
        while (q && sqlite3_step(q) == SQLITE_ROW && n < MOST_DEALS) {
            const char *value = (const char *)sqlite3_column_text(q, 0);

            free(p->deal[n][f]);
            p->deal[n++][f] = value ? strdup(value) : NULL;
        }
        sqlite3_finalize(q);
        p->deals = n;
    }
}

/* P-11: what a run has overwritten stands in the history. */
static void check_history(struct play *p)
{
    static const char sql[] =
        "SELECT count(*) FROM history h, json_each(h.changes) c WHERE h.deal = ?1 AND h.id > ?2"
        " AND c.value ->> 'field' = ?3 AND c.value ->> 'old' IS ?4 AND h.kind <> 'pushed'"
        " AND h.kind <> 'held'";
    char column[64];
    sqlite3_stmt *q = NULL, *h = NULL;

    sqlite3_prepare_v2(db_open(p), sql, -1, &h, NULL);
    for (int f = 0; f < DS_FIELDS && h; f++) {
        snprintf(column, sizeof(column), "SELECT %s FROM deals ORDER BY id", ds_fields[f].name);
        sqlite3_prepare_v2(db_open(p), column, -1, &q, NULL);
        for (int n = 0; n < p->deals && sqlite3_step(q) == SQLITE_ROW; n++) {
            const char *now = (const char *)sqlite3_column_text(q, 0);

            if (ds_same(now, p->deal[n][f]))
                continue;
            sqlite3_bind_int(h, 1, n + 1);
            sqlite3_bind_int64(h, 2, p->history);
            sqlite3_bind_text(h, 3, ds_fields[f].name, -1, SQLITE_STATIC);
            sqlite3_bind_text(h, 4, p->deal[n][f], -1, SQLITE_STATIC);
            if (sqlite3_step(h) == SQLITE_ROW && sqlite3_column_int(h, 0) == 0)
                broken(p, "deal %d: %s was '%s' and is '%s', and the history does not know it",
                       n + 1, ds_fields[f].name, p->deal[n][f] ? p->deal[n][f] : "NULL",
                       now ? now : "NULL");
            sqlite3_reset(h);
        }
        sqlite3_finalize(q);
    }
    sqlite3_finalize(h);
}

/* --- children ----------------------------------------------------------------------------------- */

struct task {
    struct play *p;
    struct side *s;
    const struct order *order;
    const struct ds_settlement *settlement;
    const char *remote_id;
    int64_t deal;
    bool away;
};

static int each_settled(void *arg, const struct ds_conflict *c, const char *value,
                        struct ds_err *err)
{
    (void)arg, (void)c, (void)value, (void)err;
    return DS_OK;
}

static void act(const struct task *t, struct ds_err *err)
{
    struct ds_policy policy = t->s->policy;
    struct ds_act_job job = {t->p->store, t->s->name, &policy, false};

    policy.now_ms = t->p->now_ms;
    if (t->settlement)
        ds_act_settle(&job, t->settlement, 1, each_settled, NULL, err);
    else if (t->away)
        ds_act_unlink(&job, t->remote_id, err);
    else
        ds_act_link(&job, t->remote_id, t->deal, err);
}

static void run(const struct task *t, struct ds_err *err)
{
    const struct order *o = t->order;
    struct ds_options options = {.connection = t->s->name};
    struct ds_watch watch = {0};
    struct ds_result result;
    struct ds_job job = {.connection = t->s->name,
                         .connector = &mem_connector,
                         .options = &options,
                         .mapping = t->s->mapping,
                         .scope = "all",
                         .store_path = t->p->store,
                         .command = o->command,
                         .backfill = o->backfill,
                         .policy = t->s->policy,
                         .guard = t->s->guard,
                         .only = o->only,
                         .out = o->out,
                         .plan = o->plan,
                         .undo = o->undo,
                         .watch = &watch};

    job.policy.now_ms = t->p->now_ms;
    mem_world = t->s->world;
    ds_run(&job, &result, err);
    t->p->told->planned = result.planned;
    memcpy(t->p->told->guard, result.guard, sizeof(result.guard));
}

static void child(const struct task *t)
{
    struct told *told = t->p->told;
    struct ds_err err = {0};
    char die_at[24];

    if (t->order && t->order->die_at) {
        snprintf(die_at, sizeof(die_at), "%ld", t->order->die_at);
        setenv("DEALSYNC_DIE_AT", die_at, 1);
    }
    if (t->order)
        run(t, &err);
    else
        act(t, &err);
    told->status = err.status;
    memcpy(told->text, err.text, sizeof(told->text));
    told->whole = true;
}

static bool work(struct play *p, const struct task *t, const char *what)
{
    struct mem_world *w = t->s->world;
    int logged = w->logged;
    bool may_die = t->order && t->order->die_at;
    int status = 0;
    pid_t pid;

    remember(p);
    db_close(p);
    memset(p->told, 0, sizeof(*p->told));
    fflush(stdout);
    p->runs++;
    pid = fork();
    if (pid == 0) {
        child(t);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        broken(p, "no child could be made");
        return false;
    }
    say(p, "%s: %s%s%s", what,
        !p->told->whole    ? "died"
        : !p->told->status ? "done"
                           : "failed: ",
        p->told->text, p->told->guard);
    if (!p->told->whole && !(may_die && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL))
        broken(p, "a run ended by itself, wait status %d", status);
    if (p->told->status == DS_E_BUG || p->told->status == DS_E_STORE ||
        p->told->status == DS_E_NOMEM)
        broken(p, "a run failed with status %d: %s", p->told->status, p->told->text);
    for (int i = logged; i < w->logged && i < MEM_LOG; i++)
        w->log[i].unsure = !p->told->whole || p->told->status;
    if (p->deals)
        check_history(p);
    return p->told->whole;
}

bool play_run(struct play *p, struct side *s, const struct order *order)
{
    static const char *const words[] = {"diff", "verify", "sync", "backfill", "undo", "apply"};
    char what[128];

    snprintf(what, sizeof(what), "%s %s%s fault %d at %d, dies at %ld", words[order->command],
             s->name, order->backfill ? " --backfill" : "", (int)s->world->fault, s->world->at,
             order->die_at);
    return work(p, &(struct task){.p = p, .s = s, .order = order}, what);
}

bool play_resolve(struct play *p, struct side *s, const struct ds_settlement *settlement)
{
    char what[128];

    snprintf(what, sizeof(what), "resolve %s %" PRId64 " --take %s", s->name, settlement->id,
             ds_take_names[settlement->take]);
    return work(p, &(struct task){.p = p, .s = s, .settlement = settlement}, what);
}

bool play_link(struct play *p, struct side *s, const char *remote_id, int64_t deal, bool away)
{
    struct task t = {.p = p, .s = s, .remote_id = remote_id, .deal = deal, .away = away};
    char what[128];

    snprintf(what, sizeof(what), "%s %s %s %" PRId64, away ? "unlink" : "link", s->name, remote_id,
             deal);
    return work(p, &t, what);
}
