/* link and unlink: a person says which record is which deal. */
#include "cli/find.h"
#include "cli/ready.h"

#include "base/date.h"
#include "base/log.h"
#include "engine/act.h"
#include "engine/known.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static int find_terms(const struct ds_cli *cli, struct ds_policy *policy, struct ds_act_job *job,
                      struct ds_err *err)
{
    const struct ds_config_connection *c;

    if (ds_config_find(cli->config, cli->words[0], &c, err))
        return err->status;
    *policy = c->policy;
    policy->now_ms = ds_now();
    *job = (struct ds_act_job){cli->config->store, c->name, policy, cli->dry};
    ds_log_context_set(c->name);
    return DS_OK;
}

/* --new answers a claim: a word that no record has would wait for ever, and nobody would know. */
static int check_claim(const struct ds_cli *cli, struct ds_err *err)
{
    const char *record = cli->words[1];
    struct ds_claim claim = {0};
    struct ds_link link = {0};
    struct ds_shelf shelf;

    if (!ds_shelf_open(cli, cli->words[0], &shelf, err) && !shelf.empty &&
        !ds_store_link(shelf.store, &shelf.arena, shelf.connection, record, &link, err) &&
        !ds_store_claim(shelf.store, &shelf.arena, shelf.connection, record, &claim, err) &&
        !link.deal && claim.kind == DS_CLAIMS) {
        ds_fail(err, DS_E_USAGE, "no record '%s' of '%s' claims a deal", record, cli->words[0]);
        ds_hint(err, "'dealsync conflicts %s' lists those that do, by their whole ids",
                cli->words[0]);
    }
    ds_shelf_close(&shelf);
    return err->status;
}

/* The deal that the third word names; 0: --new says that it is one of its own. */
static int find_deal(const struct ds_cli *cli, int64_t *deal, struct ds_err *err)
{
    struct ds_stored_deal found = {0};
    struct ds_shelf shelf;

    *deal = 0;
    if (cli->own == (cli->count == 3)) {
        ds_fail(err, DS_E_USAGE, "'link' takes a deal, or --new for a record that is none yet");
        return ds_hint(err, "'dealsync link --help' tells more");
    }
    if (cli->own)
        return check_claim(cli, err);
    if (!ds_shelf_open(cli, NULL, &shelf, err) && !ds_find_deal(&shelf, cli->words[2], &found, err))
        *deal = found.id;
    ds_shelf_close(&shelf);
    return err->status;
}

/* What the store knows of a word. */
struct knowledge {
    bool enough; /* it has met such a record */
    char organisation[sizeof(((struct ds_identity *)0)->organisation)]; /* ""; not known yet */
};

static int look_up(const struct ds_cli *cli, struct knowledge *out, struct ds_err *err)
{
    struct ds_connection_state state = {0};
    struct ds_claim claim = {.kind = DS_CLAIMS};
    struct ds_link link = {0};
    struct ds_shelf shelf;

    *out = (struct knowledge){0};
    if (!ds_shelf_open(cli, cli->words[0], &shelf, err) && !shelf.empty &&
        !ds_store_link(shelf.store, &shelf.arena, shelf.connection, cli->words[1], &link, err) &&
        !ds_store_claim(shelf.store, &shelf.arena, shelf.connection, cli->words[1], &claim, err) &&
        !ds_store_connection(shelf.store, &shelf.arena, cli->words[0], &state, err) &&
        state.organisation)
        snprintf(out->organisation, sizeof(out->organisation), "%s", state.organisation);
    out->enough = shelf.empty || link.deal || claim.kind != DS_CLAIMS;
    ds_shelf_close(&shelf);
    return err->status;
}

/* Asks the remote, which must be the one that the store knows. */
static int ask(const struct ds_cli *cli, struct ds_ready *ready, const char *organisation,
               struct ds_arena *a, struct ds_known *out, struct ds_err *err)
{
    const struct ds_connector *c = ready->connection->connector;
    struct ds_identity who = {0};

    if (ds_ready_open(ready, err) || c->identify(ready->remote, &who, err))
        return err->status;
    if (*organisation && strcmp(organisation, who.organisation) != 0)
        return ds_fail(err, DS_E_CONFIG,
                       "the remote is another organisation: '%s', and this connection belongs to "
                       "'%s'",
                       who.organisation, organisation);
    return ds_known_find(c, ready->remote, ready->mapping, cli->words[1], a, out, err);
}

/* A word that no record has would hang at its deal for ever: the store has met it, or the CRM is asked,
 * which also tells how it spells the id. */
static int find_record(const struct ds_cli *cli, struct ds_arena *a, const char **id,
                       struct ds_err *err)
{
    const char *name = cli->words[0], *word = cli->words[1];
    struct ds_ready ready = {0};
    struct ds_known found = {0};
    struct knowledge known;

    *id = word;
    if (look_up(cli, &known, err) || known.enough)
        return err->status;
    if (ds_ready_find(cli, name, &ready, err) ||
        ask(cli, &ready, known.organisation, a, &found, err)) {
        ds_err_where(err, "whether '%s' is a record of '%s' could not be asked", word, name);
    } else if (!found.id) {
        ds_fail(err, DS_E_USAGE, "'%s' has no record '%s' that can be seen", name, word);
        ds_hint(err,
                "copy the id from the CRM or from 'dealsync conflicts %s'; nothing was "
                "written",
                name);
    } else if (found.deleted) {
        ds_fail(err, DS_E_USAGE, "'%s' has no record '%s': it was deleted, or never was there",
                name, found.id);
        ds_hint(err, "restore it in the CRM first, or check the id; nothing was written");
    }
    *id = found.id;
    ds_ready_close(&ready);
    return err->status;
}

static void print_linked(const struct ds_cli *cli, int64_t deal)
{
    if (cli->dry)
        printf("it can be done; nothing was written\n");
    else if (deal)
        printf("the record is linked to deal %" PRId64
               "; the next sync merges them as if seen together for the first time\n",
               deal);
    else
        printf("the record is a deal of its own; the next sync creates it\n");
}

int ds_cmd_link(struct ds_cli *cli, struct ds_err *err)
{
    struct ds_policy policy;
    struct ds_act_job job;
    struct ds_arena a = {0};
    const char *id = NULL;
    int64_t deal;

    if (!find_terms(cli, &policy, &job, err) && !find_deal(cli, &deal, err) &&
        !find_record(cli, &a, &id, err) && !ds_act_link(&job, id, deal, err) && !cli->quiet)
        print_linked(cli, deal);
    ds_arena_clear(&a);
    return err->status;
}

int ds_cmd_unlink(struct ds_cli *cli, struct ds_err *err)
{
    struct ds_policy policy;
    struct ds_act_job job;

    if (find_terms(cli, &policy, &job, err) || ds_act_unlink(&job, cli->words[1], err))
        return err->status;
    if (!cli->quiet)
        printf(cli->dry ? "it can be done; nothing was written\n"
                        : "the record is no deal's any more; both stay as they are, and the record "
                          "becomes no deal until it is linked again\n");
    return DS_OK;
}
