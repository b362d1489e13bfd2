#include "engine/running.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define REST_MS (60 * 60 * INT64_C(1000))

/* Stands for the version of a record that was asked for and could not be seen; no remote has such a one. */
static const char mark[] = "(unseen ";

bool ds_unseen_is(const struct ds_link *link)
{
    return link->version && strncmp(link->version, mark, sizeof(mark) - 1) == 0;
}

bool ds_unseen_rests(const struct running *r, const struct ds_link *link)
{
    int64_t now = r->policy.now_ms, at;

    if (!ds_unseen_is(link))
        return false;
    at = strtoll(link->version + sizeof(mark) - 1, NULL, 10);
    return now >= at && now - at < REST_MS;
}

int ds_unseen_keep(struct running *r, const char *id, struct ds_err *err)
{
    struct ds_link link;
    const char *version = ds_arena_printf(&r->batch, "%s%" PRId64 ")", mark, r->policy.now_ms);

    if (!version)
        return ds_fail_nomem(err);
    if (r->dry || r->plan || ds_store_link(r->store, &r->batch, r->state.id, id, &link, err) ||
        !link.deal || link.deleted || ds_unseen_rests(r, &link) || ds_batch_open(r, err))
        return err->status;
    link.version = version;
    return ds_store_link_save(r->store, r->state.id, id, &link, err);
}
