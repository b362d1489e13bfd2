#include "engine/refusal.h"

#include "engine/running.h"

#include <inttypes.h>
#include <string.h>

static const char place[] = "(deal ";

const char *ds_refusal_place(struct ds_arena *a, int64_t deal)
{
    return ds_arena_printf(a, "%s%" PRId64 ")", place, deal);
}

bool ds_refusal_is_place(const char *remote_id)
{
    return strncmp(remote_id, place, sizeof(place) - 1) == 0;
}

static int find(struct running *r, int64_t deal, const char **at, struct ds_conflict *out,
                struct ds_err *err)
{
    *at = ds_refusal_place(&r->batch, deal);
    return *at ? ds_store_conflict_of(r->store, &r->batch, r->state.id, *at, DS_NAME, out, err)
               : ds_fail_nomem(err);
}

int ds_refusal_stands(struct running *r, int64_t deal, bool *stands, struct ds_err *err)
{
    struct ds_conflict refused;
    struct ds_run run;
    const char *at;
    bool changed = false;

    *stands = false;
    if (find(r, deal, &at, &refused, err) || !refused.id ||
        ds_store_run(r->store, &r->batch, refused.run, &run, err) ||
        ds_store_changed_since(r->store, deal, refused.run, &changed, err))
        return err->status;
    *stands = !changed && ds_same(run.fingerprint, r->fingerprint);
    return DS_OK;
}

int ds_refusal_forget(struct running *r, int64_t deal, struct ds_err *err)
{
    struct ds_conflict refused;
    const char *at;

    if (find(r, deal, &at, &refused, err) || !refused.id || ds_batch_open(r, err))
        return err->status;
    return ds_store_conflict_close(r->store, r->state.id, at, 0, r->result->run.id,
                                   r->policy.now_ms, err);
}
