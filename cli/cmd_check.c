/* check: from the configuration to the last stage, everything that a run needs, before it does. */
#include "cli/exit.h"
#include "cli/ready.h"
#include "cli/stage.h"

#include "base/text.h"
#include "engine/report/people.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAMED 10 /* unmapped stages that are named; `stages` lists all of them */

struct checking {
    struct ds_cli *cli;
    struct ds_ready ready;
    uint64_t unmapped;     /* stages */
    uint64_t gone;         /* lines for stages */
    uint64_t sends;        /* fields that the connection writes in the CRM, a bit each */
    struct ds_buf names;   /* of any of these */
    struct ds_buf offered; /* stages in use: "\nNAME\n" each */
    struct ds_arena arena;
};

static void print_finding(const struct checking *c, enum ds_finding finding, const char *text)
{
    static const struct {
        const char *word;
        const char *color;
    } looks[] = {
        [DS_FINDING_OK] = {"ok", "\x1b[32m"},
        [DS_FINDING_WARNING] = {"warning", "\x1b[33m"},
        [DS_FINDING_PROBLEM] = {"problem", "\x1b[31m"},
    };
    struct ds_buf safe = DS_BUF_INIT(DS_MAX_TEXT);
    bool color = c->cli->look.color;

    ds_text_to_terminal(&safe, text);
    printf("  %s%-7s%s  %s\n", color ? looks[finding].color : "", looks[finding].word,
           color ? "\x1b[0m" : "", safe.text);
    ds_buf_clear(&safe);
}

static int note(void *arg, enum ds_finding finding, const char *text)
{
    struct checking *c = arg;

    print_finding(c, finding, text);
    if (finding == DS_FINDING_PROBLEM)
        c->cli->exit = ds_exit_worse(c->cli->exit, DS_EXIT_CONFIG);
    return DS_OK;
}

static void notef(struct checking *c, enum ds_finding finding, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void notef(struct checking *c, enum ds_finding finding, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    note(c, finding, text);
}

/* A failure is a finding here; the check goes on with the next connection. */
static void note_failure(struct checking *c, struct ds_err *err)
{
    c->cli->exit = ds_exit_worse(c->cli->exit, ds_exit_code(err->status));
    print_finding(c, DS_FINDING_PROBLEM, err->text);
    if (err->hint[0])
        printf("           %s\n", err->hint);
    ds_err_clear(err);
}

/* --- the mapping ----------------------------------------------------------------------------- */

static void check_mapping(struct checking *c)
{
    const struct ds_mapping *m = c->ready.mapping;
    size_t paths;

    ds_mapping_paths(m, &paths);
    notef(c, DS_FINDING_OK, "%s reads %zu fields of each record", c->ready.connection->mapping,
          paths);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_fields[f].needed == DS_MANDATORY && !ds_fields[f].fallback &&
            !ds_mapping_gives(m, f))
            notef(c, DS_FINDING_PROBLEM,
                  "the mapping says nothing about '%s', and every new deal must have it (R-%d)",
                  ds_fields[f].name, ds_fields[f].needed_rule);
}

/* --- what is sent ---------------------------------------------------------------------------- */

/* A field that the store owns, and that stays here all the same, is more than a remark. */
static void check_field(struct checking *c, enum ds_field f)
{
    const struct ds_policy *policy = &c->ready.connection->policy;
    const char *why = NULL;

    if (ds_mapping_writes(c->ready.mapping, f, &why)) {
        c->sends |= UINT64_C(1) << f;
        return;
    }
    if (policy->owner[f] == DS_OWNER_STORE || policy->settle[f] == DS_SETTLE_STORE)
        notef(c, DS_FINDING_WARNING, "the store's value of '%s' counts, and is not sent: it %s",
              ds_fields[f].name, why);
    ds_buf_addf(&c->names, "%s%s", c->names.len ? ", " : "", ds_fields[f].name);
}

static void check_sending(struct checking *c)
{
    const struct ds_policy *policy = &c->ready.connection->policy;
    struct ds_err err = {0};

    c->sends = 0;
    if (policy->direction == DS_PULL)
        return;
    if (ds_ready_writes(&c->ready, &err)) {
        note_failure(c, &err);
        return;
    }
    ds_buf_init(&c->names, DS_MAX_TEXT);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_mapping_gives(c->ready.mapping, f) && policy->owner[f] != DS_OWNER_CRM)
            check_field(c, f);
    notef(c, DS_FINDING_OK, "%d fields are sent to the CRM%s%s", __builtin_popcountll(c->sends),
          c->names.len ? ", and these are not: " : "", c->names.len ? c->names.text : "");
    ds_buf_clear(&c->names);
}

/* --- the store ------------------------------------------------------------------------------- */

/* Where a store is going to be. */
static int check_place(struct checking *c, const char *path, struct ds_err *err)
{
    struct ds_arena a = {0};
    const char *slash = strrchr(path, '/');
    const char *dir = slash ? ds_arena_dup_bytes(&a, path, (size_t)(slash - path) + 1) : ".";

    if (!dir)
        return ds_fail_nomem(err);
    if (access(dir, W_OK | X_OK) == 0)
        notef(c, DS_FINDING_OK, "the store '%s' is not there yet: the first run makes it", path);
    else
        notef(c, DS_FINDING_PROBLEM, "this user cannot make the store '%s' in '%s': %s", path, dir,
              strerror(errno));
    ds_arena_clear(&a);
    return DS_OK;
}

static int check_store(struct checking *c, const char *organisation, struct ds_err *err)
{
    const char *path = c->cli->config->store;
    struct ds_connection_state state = {0};
    struct ds_store *store = NULL;
    struct ds_arena a = {0};

    if (access(path, F_OK) != 0)
        return check_place(c, path, err);
    if (!ds_store_open(path, DS_STORE_READ, &store, err) &&
        !ds_store_connection(store, &a, c->ready.connection->name, &state, err)) {
        if (access(path, W_OK) != 0)
            notef(c, DS_FINDING_PROBLEM, "the store '%s' cannot be written by this user", path);
        else
            notef(c, DS_FINDING_OK, "the store '%s' has %" PRId64 " of this connection's records",
                  path, state.links);
        if (state.organisation && organisation[0] && strcmp(state.organisation, organisation) != 0)
            notef(c, DS_FINDING_PROBLEM,
                  "the remote is organisation '%s', and the store holds records of '%s'",
                  organisation, state.organisation);
    }
    ds_store_close(store);
    ds_arena_clear(&a);
    return err->status;
}

/* --- the stages ------------------------------------------------------------------------------ */

static int take_stage(void *arg, const struct ds_stage *stage, struct ds_err *err)
{
    struct checking *c = arg;

    (void)err;
    if (ds_stage_in_use(stage))
        ds_buf_addf(&c->offered, "\n%s\n", stage->name);
    if (!ds_stage_in_use(stage) || ds_stage_standard(c->ready.mapping, stage))
        return DS_OK;
    if (c->unmapped++ >= NAMED)
        return DS_OK;
    ds_buf_addf(&c->names, "%s'", c->names.len ? ", " : "");
    ds_people_text(&c->names, stage->name, DS_PEOPLE_VALUE);
    ds_buf_add(&c->names, "'");
    if (stage->records >= 0) {
        ds_buf_add(&c->names, " (");
        ds_people_count(&c->names, (uint64_t)stage->records, "record");
        ds_buf_add(&c->names, ")");
    }
    return DS_OK;
}

static void take_line(void *arg, const char *name, int line)
{
    struct checking *c = arg;
    struct ds_buf wanted = DS_BUF_INIT(DS_MAX_TEXT);
    bool found;

    ds_buf_addf(&wanted, "\n%s\n", name);
    found = strcasestr(c->offered.text, wanted.text) != NULL;
    ds_buf_clear(&wanted);
    if (found || c->gone++ >= NAMED)
        return;
    ds_buf_addf(&c->names, "%s'", c->names.len ? ", " : "");
    ds_people_text(&c->names, name, DS_PEOPLE_VALUE);
    ds_buf_addf(&c->names, "' (line %d)", line);
}

/* A stage that was renamed shows twice: the new name has no line, and the old line no stage. */
static void check_lines(struct checking *c)
{
    ds_buf_reset(&c->names);
    ds_mapping_stage_lines(c->ready.mapping, take_line, c);
    if (c->gone)
        notef(c, DS_FINDING_OK,
              "%" PRIu64 " lines of the mapping are for stages that nothing has or offers, renamed "
              "or switched off perhaps: %s%s",
              c->gone, c->names.text, c->gone > NAMED ? ", ..." : "");
}

static int check_stages(struct checking *c, struct ds_err *err)
{
    const char *path = ds_mapping_stage_path(c->ready.mapping);
    int rc;

    if (!path)
        return DS_OK;
    c->unmapped = c->gone = 0;
    ds_buf_init(&c->names, DS_MAX_TEXT);
    ds_buf_init(&c->offered, DS_MAX_PAGE);
    rc = c->ready.connection->connector->stages(
        c->ready.remote, path, ds_mapping_process_path(c->ready.mapping), take_stage, c, err);
    if (!rc && c->unmapped) {
        notef(c, DS_FINDING_WARNING,
              "%" PRIu64 " stages without a line in the mapping (R-72): %s%s", c->unmapped,
              c->names.text, c->unmapped > NAMED ? ", ..." : "");
        printf("           'dealsync stages %s' proposes lines\n", c->ready.connection->name);
    } else if (!rc) {
        note(c, DS_FINDING_OK, "every stage has its place");
    }
    if (!rc)
        check_lines(c);
    ds_buf_clear(&c->names);
    ds_buf_clear(&c->offered);
    return rc;
}

/* --- one connection -------------------------------------------------------------------------- */

static int check_remote(struct checking *c, struct ds_identity *who, struct ds_err *err)
{
    const struct ds_connector *connector = c->ready.connection->connector;
    struct ds_query query = {0};

    query.paths = ds_mapping_paths(c->ready.mapping, &query.count);
    query.written = ds_mapping_written(c->ready.mapping, &c->arena, c->sends);
    query.creates = c->ready.connection->policy.creates;
    if (!query.written)
        return ds_fail_nomem(err);
    if (ds_ready_open(&c->ready, err) || connector->identify(c->ready.remote, who, err))
        return err->status;
    notef(c, DS_FINDING_OK, "organisation '%s'%s%s%s%s%s", who->organisation,
          who->user[0] ? ", as '" : "", who->user, who->user[0] ? "'" : "",
          who->detail[0] ? ", " : "", who->detail);
    return connector->check(c->ready.remote, &query, note, c, err);
}

static void check_connection(struct checking *c, const char *name, struct ds_err *err)
{
    struct ds_identity who = {0};

    printf("%s\n", name);
    if (!ds_ready_find(c->cli, name, &c->ready, err)) {
        check_mapping(c);
        check_sending(c);
        if (check_remote(c, &who, err) || check_stages(c, err))
            note_failure(c, err);
        if (check_store(c, who.organisation, err))
            note_failure(c, err);
    }
    if (err->status != DS_OK)
        note_failure(c, err);
    ds_ready_close(&c->ready);
    ds_arena_reset(&c->arena);
}

int ds_cmd_check(struct ds_cli *cli, struct ds_err *err)
{
    const struct ds_config *config = cli->config;
    struct checking c = {.cli = cli};
    const struct ds_config_connection *found;

    for (size_t i = 0; i < cli->count; i++)
        if (ds_config_find(config, cli->words[i], &found, err))
            return err->status;
    printf("%s: %zu connection%s\n", config->path, config->count, config->count == 1 ? "" : "s");
    for (size_t i = 0; !cli->count && i < config->count; i++)
        check_connection(&c, config->connections[i].name, err);
    for (size_t i = 0; i < cli->count; i++)
        check_connection(&c, cli->words[i], err);
    ds_arena_clear(&c.arena);
    return err->status;
}
