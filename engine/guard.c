#include "engine/running.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* FNV-1a: the id of a plan only has to tell one plan from another. */
static void hash(struct running *r, const char *text)
{
    for (const char *p = text ? text : "\x01"; *p; p++)
        r->plan_hash = (r->plan_hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
    r->plan_hash = (r->plan_hash ^ 0xffu) * UINT64_C(1099511628211);
}

/* Counts what the guard watches, and makes it part of the plan's id. */
void ds_guard_count(struct running *r, const struct ds_item *item)
{
    if (item->theirs->released || (!item->write.given && !item->wanted.given))
        return;
    r->planned++;
    hash(r, item->theirs->id);
    hash(r, item->theirs->version);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_given(&item->write, f)) {
            hash(r, ds_fields[f].name);
            hash(r, item->write.value[f]);
        }
}

static int guard(struct running *r, struct ds_err *err)
{
    const struct ds_job *job = r->job;
    struct ds_result *res = r->result;
    bool backfill = job->backfill || job->command == DS_BACKFILL;
    /* A first load writes new deals as it reads them. */
    const char *written = !r->dry && res->run.outcome[DS_CREATED] + res->run.outcome[DS_HELD]
                              ? "new deals were created, no other was changed"
                              : "nothing was written";

    if (r->planned)
        snprintf(res->plan, sizeof(res->plan), "%016" PRIx64, r->plan_hash);
    if (res->everything && !r->go_on && res->run.fetched == 0 && r->state.links > 0) {
        ds_fail(err, DS_E_GUARD, "the remote had %" PRId64 " records and now shows none",
                r->state.links);
        return ds_hint(err, "nothing was written; see what the user of this connection may read");
    }
    if (r->planned <= job->guard.count || r->planned * 100 <= r->deals * job->guard.percent)
        return DS_OK;
    if (job->accept && strcmp(job->accept, res->plan) == 0)
        return DS_OK;
    ds_fail(err, DS_E_GUARD,
            "this run would change %" PRIu64 " of %" PRIu64 " deals (limit: %" PRIu64
            " and %" PRIu64 " %%)",
            r->planned, r->deals, job->guard.count, job->guard.percent);
    if (job->accept)
        return ds_hint(err, "%s; '%s' is no longer the plan, read 'dealsync diff %s%s' again",
                       written, job->accept, job->connection, backfill ? " --backfill" : "");
    return ds_hint(err,
                   "%s; read 'dealsync diff %s%s', and if it is right run 'dealsync %s %s --accept "
                   "%s'",
                   written, job->connection, backfill ? " --backfill" : "",
                   backfill ? "backfill" : "sync", job->connection, res->plan);
}

/* A dry run tells what the guard would say. */
int ds_guard_pass(struct running *r, struct ds_err *err)
{
    if (!guard(r, err) || !r->dry)
        return err->status;
    memcpy(r->result->guard, err->text, sizeof(r->result->guard));
    ds_err_clear(err);
    return DS_OK;
}
