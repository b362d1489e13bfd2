/* stages: what the company calls its stages, what they map to, and lines to paste for the rest. */
#include "base/text.h"
#include "cli/ready.h"
#include "cli/stage.h"
#include "engine/report/table.h"

#include <stdio.h>
#include <string.h>

static const struct ds_column columns[] = {
    {"field", "field", DS_COL_TEXT},      {"process", "process", DS_COL_TEXT},
    {"stage", "stage", DS_COL_TEXT},      {"label", "label", DS_COL_TEXT},
    {"probability", "%", DS_COL_COUNT},   {"outcome", "outcome", DS_COL_TEXT},
    {"active", "active", DS_COL_TEXT},    {"records", "records", DS_COL_COUNT},
    {"standard", "maps to", DS_COL_TEXT},
};

struct listing {
    const struct ds_mapping *mapping; /* NULL: none yet */
    struct ds_table *table;
    bool labelled;         /* the mapping reads what people see, not what records hold */
    struct ds_buf names;   /* proposed for all processes: "\nNAME\n" each */
    struct ds_buf process; /* whose section comes last in the proposal; empty: none's */
    bool closed;           /* no line can belong to it */
    struct ds_buf proposal;
    struct ds_arena arena; /* of one stage */
};

/* A process gets a line of its own only for a stage that is not proposed for all. */
static void propose(struct listing *l, const struct ds_stage *stage)
{
    struct ds_buf name = DS_BUF_INIT(DS_MAX_FIELD);
    bool again;

    ds_buf_addf(&name, "\n%s\n", stage->name);
    again = stage->process && strstr(l->names.text, name.text);
    if (!stage->process)
        ds_buf_add(&l->names, name.text);
    ds_buf_clear(&name);
    if (again)
        return;
    if (stage->process && strcmp(l->process.text, stage->process) != 0) {
        ds_buf_reset(&l->process);
        ds_buf_add(&l->process, stage->process);
        ds_buf_add_char(&l->proposal, '\n');
        l->closed = !ds_stage_section(&l->proposal, stage->process);
    }
    if (!l->closed)
        ds_stage_line(&l->proposal, stage);
}

/* As a record's value is read: blanks around it do not count. */
static const char *trimmed(struct listing *l, const char *text)
{
    return text ? ds_text_trim(&l->arena, text, strlen(text)) : NULL;
}

static int take(void *arg, const struct ds_stage *stage, struct ds_err *err)
{
    struct listing *l = arg;
    struct ds_stage read = *stage;
    const char *standard;

    ds_arena_reset(&l->arena);
    read.name = trimmed(l, l->labelled && stage->label ? stage->label : stage->name);
    read.process = trimmed(l, stage->process);
    if (!read.name || (stage->process && !read.process))
        return ds_fail_nomem(err);
    standard = l->mapping ? ds_stage_standard(l->mapping, &read) : NULL;
    if (!standard && ds_stage_in_use(stage))
        propose(l, &read);

    const struct ds_cell cells[] = {
        {stage->field, 0},
        {stage->process, 0},
        {stage->name, 0},
        {stage->label, 0},
        {NULL, stage->probability},
        {stage->outcome, 0},
        {stage->active ? "yes" : "no", 0},
        {NULL, stage->records},
        {standard, 0},
    };

    _Static_assert(sizeof(cells) / sizeof(cells[0]) == sizeof(columns) / sizeof(columns[0]),
                   "a cell for each column");
    return ds_table_row(l->table, cells, err);
}

/* mapping: the file that lacks the lines; NULL: there is none yet. */
static void print_proposal(const struct ds_cli *cli, const struct listing *l, const char *mapping)
{
    if (cli->look.format != DS_TEXT || !l->proposal.len)
        return;
    printf("\nstages without a line in %s (R-72), to paste and to decide:\n\n%s%s",
           mapping ? mapping : "a mapping", l->names.len ? "[stages]\n" : "",
           l->proposal.text + (l->names.len ? 0 : strspn(l->proposal.text, "\n")));
}

/* What the stages come from: the remote, or a file that was exported from one. */
struct source {
    const struct ds_connector *connector;
    struct ds_remote *remote; /* NULL: the file */
    const char *file;
    const char *path; /* of the stage in a record */
    const char *process;
};

static int list(const struct ds_cli *cli, const struct source *from, struct listing *l,
                const char *mapping, struct ds_err *err)
{
    struct ds_err later = {0};

    ds_buf_init(&l->names, DS_MAX_PAGE);
    ds_buf_init(&l->process, DS_MAX_FIELD);
    ds_buf_init(&l->proposal, DS_MAX_PAGE);
    if (ds_table_open(stdout, cli->look.format, "stages", columns,
                      sizeof(columns) / sizeof(columns[0]), &l->table, err))
        return err->status;
    if (from->remote)
        from->connector->stages(from->remote, from->path, from->process, take, l, err);
    else
        from->connector->stages_in(from->file, take, l, err);
    ds_table_close(l->table, err->status == DS_OK ? "the remote lists no stages" : NULL, &later);
    if (err->status == DS_OK)
        print_proposal(cli, l, mapping);
    ds_buf_clear(&l->names);
    ds_buf_clear(&l->process);
    ds_buf_clear(&l->proposal);
    ds_arena_clear(&l->arena);
    return err->status;
}

/* --- without a connection -------------------------------------------------------------------- */

/* The connector that reads the file: the one that was named, or the first that knows of files. */
static int find_connector(const struct ds_cli *cli, const struct ds_connector **out,
                          struct ds_err *err)
{
    const struct ds_connector *const *c = ds_connectors;

    while (*c && !((*c)->stages_in && (!cli->connector || !strcmp((*c)->name, cli->connector))))
        c++;
    *out = *c;
    if (*c)
        return DS_OK;
    return ds_fail(err, DS_E_USAGE, "there is no connector '%s' that reads stages from a file",
                   cli->connector ? cli->connector : "");
}

static int list_file(const struct ds_cli *cli, struct ds_err *err)
{
    struct source from = {.file = cli->from};
    struct listing l = {0};

    if (!cli->from) {
        ds_fail(err, DS_E_USAGE, "'stages' takes a connection, or a file with --from");
        return ds_hint(err, "'dealsync stages --help' tells more");
    }
    if (find_connector(cli, &from.connector, err))
        return err->status;
    return list(cli, &from, &l, NULL, err);
}

/* --- with one -------------------------------------------------------------------------------- */

/* How a mapping says that it reads labels, in every connector that has them. */
static bool is_label(const char *path)
{
    size_t len = strlen(path);

    return len > 6 && strcmp(path + len - 6, ".label") == 0;
}

static int list_connection(const struct ds_cli *cli, struct ds_ready *ready, struct ds_err *err)
{
    const struct ds_config_connection *c = ready->connection;
    struct source from = {.connector = c->connector, .file = cli->from};
    struct listing l = {.mapping = ready->mapping};

    from.path = ds_mapping_stage_path(ready->mapping);
    from.process = ds_mapping_process_path(ready->mapping);
    if (!from.path) {
        ds_fail(err, DS_E_CONFIG, "%s: the mapping reads no stage", c->mapping);
        return ds_hint(err, "add [stage] and, below it, from = the path that holds the stage");
    }
    if (cli->connector)
        return ds_fail(err, DS_E_USAGE, "--connector is for files without a connection");
    if (cli->from && !c->connector->stages_in)
        return ds_fail(err, DS_E_USAGE, "a connection of kind '%s' reads no stages from a file",
                       c->connector->name);
    l.labelled = cli->from && is_label(from.path);
    if (!cli->from && ds_ready_open(ready, err))
        return err->status;
    from.remote = ready->remote;
    return list(cli, &from, &l, c->mapping, err);
}

int ds_cmd_stages(struct ds_cli *cli, struct ds_err *err)
{
    struct ds_ready ready = {0};

    if (!cli->count)
        return list_file(cli, err);
    if (!ds_ready_find(cli, cli->words[0], &ready, err) && list_connection(cli, &ready, err))
        ds_err_where(err, "%s", cli->words[0]);
    ds_ready_close(&ready);
    return err->status;
}
