#include "connectors/dynamics/writer.h"

#include "base/log.h"

#include <string.h>

/* --- telling --------------------------------------------------------------------------------- */

/* What is for later every time has a reason that somebody should know. */
static void warn(struct ds_dynamics_writer *w, const struct ds_dynamics_item *item)
{
    if (!w->warned && item->text)
        ds_log(DS_LOG_WARNING, "opportunity '%s' waits for a later run: %s", item->id, item->text);
    w->warned = true;
}

static int tell(struct ds_dynamics_writer *w, struct ds_dynamics_item *item,
                const struct ds_record *now, struct ds_err *err)
{
    struct ds_written what = {
        .change = (size_t)(item->write - w->writes),
        .status = item->status == DS_DYNAMICS_PENDING ? DS_OK : item->status,
        .now = now,
    };

    what.text = what.status ? item->text : NULL;
    /* One of its requests was carried out, and a later one was not. */
    if (item->moved && what.status)
        what.status = what.status == DS_E_RECORD && now ? DS_OK : DS_E_LATER;
    item->told = true;
    if (what.status == DS_E_LATER)
        warn(w, item);
    return w->written(w->arg, &what, err);
}

/* A refusal that looks like a lost race and is none: the record is what the change was based on, so
 * it is something in the change itself, such as an account that does not exist. */
static bool stands(const struct ds_dynamics_item *item, const struct ds_record *now)
{
    char is[128], was[128];

    return !item->moved && ds_dynamics_etag(now->version, is) &&
           ds_dynamics_etag(item->write->version, was) && strcmp(is, was) == 0;
}

static int take_now(void *arg, const struct ds_record *now, struct ds_err *err)
{
    struct ds_dynamics_writer *w = arg;
    int rc = DS_OK;

    for (size_t i = 0; i < w->count && !rc && now->id; i++) {
        struct ds_dynamics_item *item = &w->items[i];

        if (item->told || !item->sent || strcmp(item->id, now->id) != 0)
            continue;
        if (item->repeated) /* the first of two equal requests has made it (P-4) */
            item->status = DS_OK;
        else if (item->status == DS_E_STALE && stands(item, now))
            item->status = DS_E_RECORD;
        rc = tell(w, item, now, err);
    }
    return rc;
}

/* --- a batch --------------------------------------------------------------------------------- */

static int prepare(struct ds_dynamics_writer *w, struct ds_dynamics_item *item,
                   const struct ds_write *write, struct ds_err *err)
{
    const char *id = write->id ? write->id : write->key;
    int rc;

    *item = (struct ds_dynamics_item){.write = write, .status = DS_DYNAMICS_PENDING};
    if (!id || !ds_dynamics_guid(id, item->id))
        return ds_fail(err, DS_E_BUG, "'%.100s' is no id of an opportunity", id ? id : "");
    if (write->id && !ds_dynamics_etag(write->version, item->etag)) {
        ds_dynamics_item_end(item, DS_E_STALE, "the version it was based on is not known");
        item->sent = true; /* so that it is read */
        return DS_OK;
    }
    rc = ds_dynamics_change(&w->changes, &w->arena, write, &item->change, err);
    if (rc == DS_E_RECORD) {
        ds_dynamics_item_end(item, DS_E_RECORD, ds_arena_dup(&w->arena, err->text));
        ds_err_clear(err);
        rc = item->text ? DS_OK : ds_fail_nomem(err);
    } else if (!item->change.fields && !item->change.reopen && !item->change.action) {
        item->sent = true; /* nothing to do, and read all the same */
    }
    return rc;
}

static int prepare_all(struct ds_dynamics_writer *w, const struct ds_write *writes, size_t count,
                       struct ds_err *err)
{
    int rc = DS_OK;

    ds_arena_reset(&w->arena);
    w->items = ds_arena_alloc(&w->arena, count * sizeof(*w->items));
    if (!w->items)
        return ds_fail_nomem(err);
    for (w->count = 0; w->count < count && !rc; w->count++)
        rc = prepare(w, &w->items[w->count], &writes[w->count], err);
    return rc;
}

/* Field changes first, closing last. */
static int carry_out(struct ds_dynamics_writer *w, struct ds_err *err)
{
    int rc = ds_dynamics_send(w, DS_DYNAMICS_REOPEN, err);

    if (!rc)
        rc = ds_dynamics_send(w, DS_DYNAMICS_FIELDS, err);
    if (!rc)
        rc = ds_dynamics_look(w, err);
    return rc ? rc : ds_dynamics_send(w, DS_DYNAMICS_CLOSE, err);
}

static int take_gone(void *arg, const char *id, struct ds_err *err)
{
    struct ds_dynamics_writer *w = arg;
    int rc = DS_OK;

    for (size_t i = 0; i < w->count && !rc; i++)
        if (!w->items[i].told && w->items[i].sent && strcmp(w->items[i].id, id) == 0) {
            if (!w->items[i].write->id && w->items[i].status == DS_E_STALE)
                w->items[i].status =
                    DS_E_RECORD; /* a creation: something it points to is missing */
            rc = tell(w, &w->items[i], NULL, err);
        }
    return rc;
}

/* Reads what the records are now, so that fields the remote has ignored or added are seen, and tells
 * of each. */
static int read_back(struct ds_dynamics_writer *w, struct ds_err *err)
{
    struct ds_dynamics_ids ids = {0};
    int rc = DS_OK;

    for (size_t i = 0; i < w->count && !rc; i++)
        if (w->items[i].sent)
            rc = ds_dynamics_ids_add(&ids, w->items[i].id, err);
    ds_dynamics_ids_sort(&ids);
    if (!rc)
        rc = ds_dynamics_read_ids(&w->reader, &ids, false, err);
    if (!rc)
        rc = ds_dynamics_read_gone(&w->reader, &ids, take_gone, w, err);
    ds_dynamics_ids_clear(&ids);
    return rc;
}

/* Whose outcome is known is told whatever happens to the others. */
static int tell_rest(struct ds_dynamics_writer *w, bool carried_out, struct ds_err *err)
{
    int rc = DS_OK;

    for (size_t i = 0; i < w->count && !rc; i++) {
        struct ds_dynamics_item *item = &w->items[i];

        if (!item->told && (carried_out || item->status != DS_DYNAMICS_PENDING))
            rc = tell(w, item, NULL, err);
    }
    return rc;
}

static int write_batch(struct ds_dynamics_writer *w, const struct ds_write *writes, size_t count,
                       struct ds_err *err)
{
    struct ds_err later = {0};
    int rc = prepare_all(w, writes, count, err), told;
    bool carried_out = false;

    w->warned = false;
    if (rc)
        return rc;
    rc = carry_out(w, err);
    carried_out = !rc;
    if (!rc)
        rc = read_back(w, err);
    told = tell_rest(w, carried_out, rc ? &later : err);
    return rc ? rc : told;
}

/* --- the connector's function ---------------------------------------------------------------- */

static int check_table(const struct ds_dynamics_writer *w, struct ds_err *err)
{
    if (w->reader.table.guarded)
        return DS_OK;
    ds_fail(err, DS_E_CONFIG,
            "opportunities have no optimistic concurrency, so a change could "
            "overwrite somebody else's");
    return ds_hint(err,
                   "nothing was written; enable it for the table (IsOptimisticConcurrencyEnabled; "
                   "tables that are enabled for offline use have it)"); /* DV-76 */
}

int ds_dynamics_write(struct ds_remote *remote, const struct ds_query *query,
                      const struct ds_write *writes, size_t count,
                      int (*written)(void *arg, const struct ds_written *what, struct ds_err *err),
                      void *arg, struct ds_err *err)
{
    struct ds_dynamics_writer w = {
        .remote = remote, .writes = writes, .written = written, .arg = arg};
    const struct ds_sink sink = {.record = take_now, .arg = &w};
    size_t most = (size_t)remote->batch;
    int rc = ds_dynamics_reader_open(&w.reader, remote, query, &sink, DS_DYNAMICS_SOME, err);

    w.changes =
        (struct ds_dynamics_changes){.remote = remote, .query = query, .lasting = &w.lasting};
    if (!rc)
        rc = check_table(&w, err);
    if (!rc)
        rc = ds_dynamics_limits(remote, err);
    for (size_t from = 0; from < count && !rc; from += most)
        rc = write_batch(&w, writes + from, count - from < most ? count - from : most, err);
    ds_dynamics_reader_close(&w.reader);
    ds_arena_clear(&w.arena);
    ds_arena_clear(&w.lasting);
    return rc;
}
