/* link and unlink: a person says which record is which deal. */
#include "cli/find.h"

#include "base/date.h"
#include "base/log.h"
#include "engine/act.h"

#include <inttypes.h>
#include <stdio.h>

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

int ds_cmd_link(struct ds_cli *cli, struct ds_err *err)
{
    struct ds_policy policy;
    struct ds_act_job job;
    int64_t deal;

    if (find_terms(cli, &policy, &job, err) || find_deal(cli, &deal, err) ||
        ds_act_link(&job, cli->words[1], deal, err))
        return err->status;
    if (cli->quiet)
        return DS_OK;
    if (cli->dry)
        printf("it can be done; nothing was written\n");
    else if (deal)
        printf("the record is linked to deal %" PRId64
               "; the next sync merges them as if seen together for the first time\n",
               deal);
    else
        printf("the record is a deal of its own; the next sync creates it\n");
    return DS_OK;
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
