/* resolve: conflicts settled as a person says; all of them, or none. */
#include "cli/answers.h"
#include "cli/find.h"
#include "cli/list.h"

#include "base/date.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct ds_column columns[] = {
    {"id", "id", DS_COL_ID},         {"connection", "connection", DS_COL_TEXT},
    {"deal", "deal", DS_COL_ID},     {"name", "name", DS_COL_TEXT},
    {"field", "field", DS_COL_TEXT}, {"before", "had", DS_COL_VALUE},
    {"after", "gets", DS_COL_VALUE},
};

struct resolving {
    struct ds_cli *cli;
    struct ds_shelf shelf;
    struct ds_answers answers;
    struct ds_settlement said; /* on the command line; id 0 */
    enum ds_field field;       /* of the filter; DS_FIELDS: any */
};

/* --- what is to be settled ----------------------------------------------------------------------- */

static int read_decision(struct resolving *r, struct ds_err *err)
{
    const struct ds_cli *cli = r->cli;

    if (cli->from && (cli->take || cli->value || cli->count || cli->connection)) {
        ds_fail(err, DS_E_USAGE, "--from says everything: it stands alone");
    } else if (!cli->from && !cli->take) {
        ds_fail(err, DS_E_USAGE, "which value is to count?");
        ds_hint(err, "say --take crm, store, base or value");
    } else if (!cli->from && !cli->count == !cli->connection) {
        ds_fail(err, DS_E_USAGE,
                "'resolve' takes the ids of conflicts, or --connection for all of "
                "one, or --from a file");
    } else if (cli->take && !ds_answers_take(cli->take, &r->said.take, err) &&
               (r->said.take == DS_TAKE_VALUE) != (cli->value != NULL)) {
        ds_fail(err, DS_E_USAGE, "--take value and --value belong together");
    }
    if (err->status == DS_OK && cli->count && (cli->field || cli->deal))
        ds_fail(err, DS_E_USAGE, "--field and --deal go with --connection, not with ids");
    r->said.value = cli->value;
    return ds_find_field(cli->field, &r->field, err);
}

static int take_conflict(void *arg, const struct ds_conflict *c, struct ds_err *err)
{
    struct resolving *r = arg;
    struct ds_settlement s = r->said;

    s.id = c->id;
    if (r->field == DS_FIELDS || r->field == c->field)
        ds_answers_add(&r->answers, &s, err);
    ds_arena_reset(&r->shelf.arena);
    return err->status;
}

static int gather_filtered(struct resolving *r, struct ds_err *err)
{
    struct ds_stored_deal deal = {0};
    struct ds_shelf *shelf = &r->shelf;

    if (shelf->empty || (r->cli->deal && ds_find_deal(shelf, r->cli->deal, &deal, err)))
        return err->status;
    return ds_store_conflicts(shelf->store, &shelf->arena, shelf->connection, deal.id,
                              take_conflict, r, err);
}

static int gather(struct resolving *r, struct ds_err *err)
{
    const struct ds_cli *cli = r->cli;
    struct ds_settlement s = r->said;

    if (cli->from)
        return ds_answers_read(&r->answers, cli->from, err);
    if (cli->connection)
        return gather_filtered(r, err);
    for (size_t i = 0; i < cli->count; i++)
        if (ds_find_number("conflict", cli->words[i], &s.id, err) ||
            ds_answers_add(&r->answers, &s, err))
            return err->status;
    return DS_OK;
}

/* --- settling ------------------------------------------------------------------------------------ */

static int say_nothing(void *arg, const struct ds_conflict *c, const char *value,
                       struct ds_err *err)
{
    (void)arg, (void)c, (void)value, (void)err;
    return DS_OK;
}

static int row(void *arg, const struct ds_conflict *c, const char *value, struct ds_err *err)
{
    struct ds_shelf *shelf = arg;
    const struct ds_cell cells[] = {
        {NULL, c->id},
        {c->connection_name, 0},
        {NULL, c->deal},
        {c->name, 0},
        {ds_fields[c->field].name, 0},
        {c->ours, (int64_t)c->field},
        {value, (int64_t)c->field},
    };

    _Static_assert(DS_LENGTH(cells) == DS_LENGTH(columns), "a cell for each column");
    return ds_table_row(shelf->table, cells, err);
}

/* Settles answers of one connection in one transaction; a dry act checks them. */
static int act(struct resolving *r, const struct ds_settlement *s, size_t count, bool dry,
               struct ds_err *err)
{
    const struct ds_config_connection *c = NULL;
    struct ds_conflict conflict = {0};
    struct ds_policy policy;
    struct ds_act_job job = {.store_path = r->cli->config->store, .policy = &policy, .dry = dry};
    bool told = r->shelf.table != NULL;

    if (ds_store_conflict(r->shelf.store, &r->shelf.arena, s->id, &conflict, err))
        return err->status;
    if (!conflict.id) {
        ds_fail(err, DS_E_USAGE, "there is no conflict %" PRId64, s->id);
        ds_hint(err, "'dealsync conflicts' lists those that are open");
        return s->where ? ds_err_where(err, "%s", s->where) : err->status;
    }
    if (ds_config_find(r->cli->config, conflict.connection_name, &c, err))
        return err->status;
    policy = c->policy;
    policy.now_ms = ds_now();
    job.connection = c->name;
    return ds_act_settle(&job, s, count, told ? row : say_nothing, &r->shelf, err);
}

/* Each on its own and without writing, so that every bad one is told at once. */
static int check(struct resolving *r, struct ds_err *err)
{
    struct ds_answers *all = &r->answers;

    for (size_t i = 0; i < all->count; i++) {
        const struct ds_settlement *s = &all->of[i];
        struct ds_err why = {0};

        if (i && s->id == s[-1].id)
            ds_fail(&why, DS_E_USAGE, "%s%sconflict %" PRId64 " is named twice",
                    s->where ? s->where : "", s->where ? ": " : "", s->id);
        else
            act(r, s, 1, true, &why);
        ds_arena_reset(&r->shelf.arena);
        if (why.status == DS_OK)
            continue;
        if (all->count == 1 && !all->bad) {
            *err = why;
            return err->status;
        }
        ds_answers_complain(all, &why);
    }
    if (!all->bad)
        return DS_OK;
    return ds_fail(err, DS_E_USAGE, "%zu of the answers cannot be carried out; nothing was done",
                   all->bad);
}

static int by_id(const void *a, const void *b)
{
    const struct ds_settlement *x = a, *y = b;

    return x->id < y->id ? -1 : x->id > y->id;
}

static int64_t connection_of(struct resolving *r, const struct ds_settlement *s, struct ds_err *err)
{
    struct ds_conflict c = {0};

    ds_store_conflict(r->shelf.store, &r->shelf.arena, s->id, &c, err);
    ds_arena_reset(&r->shelf.arena);
    return c.connection;
}

/* Neighbours of one connection are settled together. */
static int settle(struct resolving *r, struct ds_err *err)
{
    struct ds_answers *all = &r->answers;

    for (size_t from = 0, to; from < all->count && err->status == DS_OK; from = to) {
        int64_t connection = connection_of(r, &all->of[from], err);

        for (to = from + 1; to < all->count; to++)
            if (connection_of(r, &all->of[to], err) != connection)
                break;
        act(r, &all->of[from], to - from, r->cli->dry, err);
    }
    return err->status;
}

static int resolve(struct resolving *r, struct ds_err *err)
{
    const struct ds_cli *cli = r->cli;
    struct ds_err later = {0};

    if (gather(r, err))
        return err->status;
    if (r->answers.count)
        qsort(r->answers.of, r->answers.count, sizeof(*r->answers.of), by_id);
    if (check(r, err) || ds_table_open(stdout, cli->look.format, "settled", columns,
                                       DS_LENGTH(columns), &r->shelf.table, err))
        return err->status;
    settle(r, err);
    ds_table_close(r->shelf.table, "no open conflict is meant", &later);
    if (err->status == DS_OK && r->answers.count && cli->look.format == DS_TEXT)
        printf(cli->dry ? "nothing was written\n"
                        : "the next sync tells the CRM, where the connection sends the field\n");
    return err->status;
}

int ds_cmd_resolve(struct ds_cli *cli, struct ds_err *err)
{
    struct resolving r = {.cli = cli};

    if (!read_decision(&r, err) && !ds_shelf_open(cli, cli->connection, &r.shelf, err))
        resolve(&r, err);
    ds_shelf_close(&r.shelf);
    ds_answers_clear(&r.answers);
    return err->status;
}
