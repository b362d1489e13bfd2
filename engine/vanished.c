#include "engine/running.h"

#include "base/date.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK 200 /* ids in one question */
/* That are asked for: of more, something else is wrong, or a filter has left them out. */
#define MOST_TOLD  1000
#define MOST_TAKEN 10000
/* A fetch ends a little before now, for commits that come late, and clocks differ. */
#define LATE_MS (15 * 60 * INT64_C(1000))

struct missing {
    const char *id;
    const char *version;
    int64_t deal;
    bool seen;
};

struct missed {
    struct running *r;
    bool tells;            /* those that cannot be seen; else takes those that were deleted */
    struct ds_arena arena; /* of the chunk */
    size_t asked;
    size_t count;
    struct missing record[CHUNK];
};

/* Whether the fetch could not have brought it: changed behind its end, or deleted. What is older than
 * something that it did bring, it has left out. */
static bool is_late(const struct running *r, const struct ds_record *record)
{
    int64_t modified_ms;

    if (record->deleted)
        return true;
    return record->modified && ds_instant(record->modified, &modified_ms) &&
           modified_ms > r->newest_ms && modified_ms > r->policy.now_ms - LATE_MS;
}

static int take(void *arg, const struct ds_record *record, struct ds_err *err)
{
    struct missed *m = arg;

    if (!m->tells)
        return record->deleted ? ds_records_take(m->r, record, err) : DS_OK;
    for (size_t i = 0; record->id && i < m->count; i++)
        if (strcmp(m->record[i].id, record->id) == 0)
            m->record[i].seen = is_late(m->r, record);
    return DS_OK;
}

static int tell(struct running *r, const struct missing *record, struct ds_err *err)
{
    struct ds_item *item = &r->item;
    struct ds_theirs theirs = {.id = record->id, .version = record->version, .released = true};
    struct ds_stored_deal deal;

    if (ds_store_deal(r->store, &r->batch, record->deal, &deal, err))
        return err->status;
    memset(item, 0, sizeof(*item));
    item->theirs = &theirs;
    item->deal = record->deal;
    item->name = deal.deal.value[DS_NAME];
    item->outcome = DS_IGNORED;
    item->case_number = DS_M_OUT_OF_SIGHT;
    item->why = ds_merge_case(DS_M_OUT_OF_SIGHT)->why;
    r->result->vanished++;
    return r->job->watch->item ? r->job->watch->item(r->job->watch->arg, item, err) : DS_OK;
}

static int ask(struct missed *m, struct ds_err *err)
{
    struct running *r = m->r;
    const struct ds_query query = ds_running_query(r);
    const struct ds_sink sink = {.record = take, .arg = m};
    const char *ids[CHUNK];

    for (size_t i = 0; i < m->count; i++)
        ids[i] = m->record[i].id;
    if (ds_batch_commit(r, err)) /* nobody waits for the store while we wait for an answer */
        return err->status;
    r->asking = true;
    if (m->count && r->asks && m->asked < (m->tells ? MOST_TOLD : MOST_TAKEN))
        r->job->connector->read(r->remote, &query, ids, m->count, false, &sink, err);
    r->asking = false;
    m->asked += m->count;
    for (size_t i = 0; m->tells && !err->status && i < m->count; i++) {
        ds_arena_reset(&r->batch);
        if (!m->record[i].seen)
            tell(r, &m->record[i], err);
    }
    m->count = 0;
    ds_arena_reset(&m->arena);
    return err->status ? err->status : ds_options_interrupted(r->job->options, err);
}

static int on_link(void *arg, const char *remote_id, const struct ds_link *link, struct ds_err *err)
{
    struct missed *m = arg;
    struct running *r = m->r;
    struct missing *record = &m->record[m->count];
    const char *seen = NULL;

    if (!link->deleted && ds_running_note(r, DS_NOTE_SEEN, remote_id, "", &seen, err))
        return err->status;
    if (!link->deleted && !seen) {
        *record = (struct missing){.id = ds_arena_dup(&m->arena, remote_id),
                                   .version = link->version ? ds_arena_dup(&m->arena, link->version)
                                                            : NULL,
                                   .deal = link->deal};
        if (!record->id || (link->version && !record->version))
            return ds_fail_nomem(err);
        m->count++;
    }
    ds_arena_reset(&r->batch);
    return m->count < CHUNK ? DS_OK : ask(m, err);
}

/* Reading everything anew does not tell what was deleted since the last run. */
static bool takes(const struct running *r)
{
    return r->loaded && r->result->everything && r->asks && !r->empty;
}

/* What has not been asked for is not passed over in silence. */
static int tell_rest(struct running *r, size_t missing, struct ds_err *err)
{
    const struct ds_watch *w = r->job->watch;
    const char *text = ds_arena_printf(
        &r->lasting,
        "%zu linked records did not come, and %d of them were asked for: whether the others were "
        "deleted is not known, 'dealsync verify %s' names them",
        missing, MOST_TAKEN, r->job->connection);

    if (!text)
        return ds_fail_nomem(err);
    if (w->notice)
        w->notice(w->arg, text);
    return DS_OK;
}

int ds_vanished(struct running *r, struct ds_err *err)
{
    bool tells = r->job->command == DS_VERIFY && r->state.id;
    struct missed *m;

    if (!tells && !takes(r))
        return DS_OK;
    m = calloc(1, sizeof(*m));
    if (!m)
        return ds_fail_nomem(err);
    m->r = r;
    m->tells = tells;
    ds_arena_reset(&r->batch);
    if (!ds_store_links(r->store, &r->batch, r->state.id, on_link, m, err) && !ask(m, err) &&
        !tells && m->asked > MOST_TAKEN)
        tell_rest(r, m->asked, err);
    ds_arena_clear(&m->arena);
    free(m);
    return err->status;
}
