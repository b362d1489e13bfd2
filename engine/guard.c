#include "engine/running.h"

#include "base/decimal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const ds_guard_names[DS_GUARDS] = {
    [DS_GUARD_CHANGES] = "guard",           [DS_GUARD_CREATIONS] = "guard_creations",
    [DS_GUARD_CLOSINGS] = "guard_closings", [DS_GUARD_VALUES] = "guard_values",
    [DS_GUARD_BACK] = "guard_steps_back",
};

static const char *const does[DS_GUARDS] = {
    [DS_GUARD_CHANGES] = "change",
    [DS_GUARD_CREATIONS] = "create",
    [DS_GUARD_CLOSINGS] = "close",
    [DS_GUARD_VALUES] = "change the value by more than the factor of",
    [DS_GUARD_BACK] = "take the stage back of",
};

const char *ds_guard_does(enum ds_guard_kind kind)
{
    return does[kind];
}

/* A stage as a number; 0: none. */
static int percent(const char *stage)
{
    int n = 0;

    for (const char *p = stage ? stage : ""; *p >= '0' && *p <= '9'; p++)
        n = n * 10 + (*p - '0');
    return n;
}

/* Where a field of this item goes, on either side. */
static bool goes(const struct ds_change *c, const char **from, const char **to)
{
    switch (c->move) {
    case DS_MOVE_TAKE:
    case DS_MOVE_WAIT:
        *from = c->ours;
        *to = c->theirs;
        return true;
    case DS_MOVE_PUSH:
        *from = c->theirs;
        *to = c->ours;
        return true;
    case DS_MOVE_BUG:
    case DS_MOVE_NONE:
    case DS_MOVE_AGREE:
    case DS_MOVE_JOIN:
    case DS_MOVE_CONFLICT: break;
    }
    return false;
}

static void add_change(const struct ds_guard *guard, const struct ds_change *c, bool *kinds)
{
    const char *from = NULL, *to = NULL;

    if (!goes(c, &from, &to))
        return;
    if (c->field == DS_STATUS && ds_status_terminal(to))
        kinds[DS_GUARD_CLOSINGS] = true;
    if (c->field == DS_STAGE && percent(to) < percent(from))
        kinds[DS_GUARD_BACK] = true;
    if (c->field == DS_VALUE && from && to && ds_decimal_beyond(from, to, guard->factor))
        kinds[DS_GUARD_VALUES] = true;
}

void ds_guard_add(const struct ds_guard *guard, const struct ds_item *item,
                  uint64_t counts[DS_GUARDS])
{
    bool creates = item->case_number == DS_M_CREATE || item->case_number == DS_M_CREATE_THERE;
    bool kinds[DS_GUARDS] = {[DS_GUARD_CHANGES] = true, [DS_GUARD_CREATIONS] = creates};

    if (!item->write.given && !item->push.given && !item->wanted.given)
        return;
    for (size_t i = 0; !creates && i < item->changes; i++)
        add_change(guard, &item->change[i], kinds);
    for (int k = 0; k < DS_GUARDS; k++)
        counts[k] += kinds[k];
}

enum ds_guard_kind ds_guard_tripped(const struct ds_guard *guard, const uint64_t counts[DS_GUARDS],
                                    uint64_t deals)
{
    enum ds_guard_kind k = 0;

    while (k < DS_GUARDS && (counts[k] <= guard->limit[k].count ||
                             counts[k] * 100 <= deals * guard->limit[k].percent))
        k++;
    return k;
}

/* A hold that comes due was counted when it was made. A first load may create what it likes. */
void ds_guard_count(struct running *r, const struct ds_item *item)
{
    bool first = !r->loaded && item->case_number == DS_M_CREATE;

    if ((item->theirs->released && item->theirs->id) || first)
        return;
    ds_guard_add(&r->job->guard, item, r->planned);
}

static int how_to_go_on(const struct running *r, const char *what, struct ds_err *err)
{
    bool backfill = r->job->backfill || r->job->command == DS_BACKFILL;

    return ds_hint(err,
                   "%s; 'dealsync diff %s%s --out plan.json' shows it: read it, and if it is right "
                   "run 'dealsync apply plan.json'",
                   what, r->job->connection, backfill ? " --backfill" : "");
}

static bool is_suddenly_empty(const struct running *r)
{
    return r->result->everything && !r->go_on && r->empty && r->state.links > 0;
}

static int guard(struct running *r, struct ds_err *err)
{
    const struct ds_guard *limits = &r->job->guard;
    struct ds_result *res = r->result;
    enum ds_guard_kind k = ds_guard_tripped(limits, r->planned, r->deals);
    /* A first load writes new deals as it reads them. */
    const char *written = !r->dry && res->run.outcome[DS_CREATED] + res->run.outcome[DS_HELD]
                              ? "new deals were created, no other was changed"
                              : "nothing was written";

    if (is_suddenly_empty(r) &&
        !(r->state.answer && strcmp(r->state.answer, DS_ANSWER_EMPTY) == 0)) {
        res->is_empty = true;
        ds_fail(err, DS_E_GUARD, "the remote had %" PRId64 " records and now shows none",
                r->state.links);
        return how_to_go_on(r, "nothing was written; see what the user of this connection may read",
                            err);
    }
    if (k == DS_GUARDS)
        return DS_OK;
    ds_fail(err, DS_E_GUARD,
            "this run would %s %" PRIu64 " of %" PRIu64 " deals (%s_count is %" PRIu64
            ", %s_percent %" PRIu64 ")",
            does[k], r->planned[k], r->deals, ds_guard_names[k], limits->limit[k].count,
            ds_guard_names[k], limits->limit[k].percent);
    return how_to_go_on(r, written, err);
}

/* A dry run tells what the guard would say. */
int ds_guard_pass(struct running *r, struct ds_err *err)
{
    if (r->plan || !guard(r, err) || !r->dry)
        return err->status;
    memcpy(r->result->guard, err->text, sizeof(r->result->guard));
    ds_err_clear(err);
    return DS_OK;
}
