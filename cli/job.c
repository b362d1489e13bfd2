#include "cli/job.h"

#include "base/date.h"

/* The settings that choose which records are read. */
static void add_scope(struct ds_buf *out, const struct ds_ready *ready)
{
    static const char *const names[] = {"where", "filter", "fetchxml", "view", "id", NULL};

    ds_buf_add(out, ready->connection->connector->name);
    for (size_t i = 0; names[i]; i++) {
        const char *value = ds_option(&ready->options, names[i]);

        if (value)
            ds_buf_addf(out, "\n%s = %s", names[i], value);
    }
}

int ds_cli_job_open(const struct ds_cli *cli, const char *name, enum ds_command command,
                    struct ds_cli_job *out, struct ds_err *err)
{
    const struct ds_config_connection *c;

    *out = (struct ds_cli_job){.scope = DS_BUF_INIT(DS_MAX_TEXT)};
    if (ds_ready_find(cli, name, &out->ready, err) || ds_ready_writes(&out->ready, err))
        return err->status;
    c = out->ready.connection;
    add_scope(&out->scope, &out->ready);
    if (ds_buf_failed(&out->scope))
        return ds_fail_nomem(err);
    out->job = (struct ds_job){
        .connection = c->name,
        .connector = c->connector,
        .options = &out->ready.options,
        .mapping = out->ready.mapping,
        .scope = out->scope.text,
        .store_path = cli->config->store,
        .command = command,
        .backfill = cli->backfill,
        .policy = c->policy,
        .guard = c->guard,
        .only = cli->only,
        .made = cli->made,
        .out = cli->out,
        .plan = cli->plan,
    };
    out->job.policy.now_ms = ds_now();
    return DS_OK;
}

void ds_cli_job_close(struct ds_cli_job *j)
{
    ds_ready_close(&j->ready);
    ds_buf_clear(&j->scope);
}
