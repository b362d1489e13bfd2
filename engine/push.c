#include "engine/written.h"

#include "base/json.h"
#include "base/step.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BATCH 200 /* records in one call of the connector */

/* --- keeping an intent ------------------------------------------------------------------------ */

/* A creation's key is the same whenever it is asked for, and no other deal's (P-4). */
static const char *key_of(struct running *r, int64_t deal)
{
    char hash[DS_HASH_TEXT];
    const char *text =
        ds_arena_printf(&r->batch, "%s\n%s\n%" PRId64, r->store_name, r->job->connection, deal);

    if (!text)
        return NULL;
    ds_hash(text, strlen(text), hash);
    return ds_arena_printf(&r->batch, "%.8s-%.4s-8%.3s-a%.3s-%.12s", hash, hash + 8, hash + 12,
                           hash + 15, hash + 18);
}

static void sent_json(struct ds_buf *out, const struct ds_item *item)
{
    ds_buf_add_char(out, '[');
    for (size_t i = 0; i < item->assigns; i++) {
        ds_buf_addf(out, "%s[%zu,", i ? "," : "", item->assign[i].path);
        ds_text_to_json_or_null(out, item->assign[i].before.text);
        ds_buf_add_char(out, ',');
        ds_text_to_json_or_null(out, item->assign[i].value.text);
        ds_buf_add_char(out, ']');
    }
    ds_buf_add_char(out, ']');
}

int ds_intent_keep(struct running *r, const struct ds_item *item, struct ds_err *err)
{
    struct ds_buf sent = DS_BUF_INIT(DS_MAX_PAGE), wanted = DS_BUF_INIT(DS_MAX_PAGE);
    struct ds_buf changes = DS_BUF_INIT(DS_MAX_PAGE);
    const struct ds_theirs *t = item->theirs;
    struct ds_intent i = {.connection = r->state.id,
                          .deal = item->deal,
                          .remote_id = t->id,
                          .key = t->id ? NULL : key_of(r, item->deal),
                          .version = t->version,
                          .run = r->result->run.id,
                          .tries = t->tries,
                          .outcome = (int)item->outcome};

    sent_json(&sent, item);
    ds_deal_to_json(&wanted, &item->push);
    ds_item_changes_json(&changes, item, true);
    i.sent = sent.text;
    i.wanted = wanted.text;
    i.changes = changes.text;
    if (ds_buf_failed(&sent) || ds_buf_failed(&wanted) || ds_buf_failed(&changes) ||
        (!t->id && !i.key))
        ds_fail_nomem(err);
    else
        ds_store_intent_put(r->store, &i, r->policy.now_ms, err);
    ds_buf_clear(&sent);
    ds_buf_clear(&wanted);
    ds_buf_clear(&changes);
    return err->status;
}

/* --- one batch -------------------------------------------------------------------------------- */

/* What became of a write, kept until the call is over: other processes can write the store while its
 * requests are on their way. */
struct told {
    bool told;
    int status;
    const char *text;
    const struct ds_record *now;
};

struct pushing {
    struct running *r;
    struct ds_arena arena; /* texts of the batch */
    int64_t last;          /* the intent that was read last */
    size_t count;
    struct ds_intent intent[BATCH];
    struct ds_write write[BATCH];
    struct told told[BATCH];
};

static struct ds_value value_of(struct ds_arena *a, const json_t *json, bool *nomem)
{
    struct ds_value v = {NULL, 0};

    if (json_is_string(json)) {
        v.len = json_string_length(json);
        v.text = ds_arena_dup(a, json_string_value(json));
        *nomem = *nomem || !v.text;
    }
    return v;
}

static int read_write(struct pushing *p, const struct ds_intent *i, struct ds_write *out,
                      struct ds_err *err)
{
    json_t *sent = json_loads(i->sent, 0, NULL), *row;
    struct ds_assign *values =
        ds_arena_alloc(&p->arena, (json_array_size(sent) + 1) * sizeof(*values));
    bool nomem = !values;
    size_t n;

    *out = (struct ds_write){i->remote_id, i->version, i->key, json_array_size(sent), values};
    json_array_foreach(sent, n, row)
    {
        if (nomem)
            break;
        values[n].path = (size_t)json_integer_value(json_array_get(row, 0));
        values[n].before = value_of(&p->arena, json_array_get(row, 1), &nomem);
        values[n].value = value_of(&p->arena, json_array_get(row, 2), &nomem);
    }
    json_decref(sent);
    return nomem ? ds_fail_nomem(err) : DS_OK;
}

static int load(struct pushing *p, struct ds_err *err)
{
    struct running *r = p->r;

    ds_arena_reset(&p->arena);
    memset(p->told, 0, sizeof(p->told));
    for (p->count = 0; p->count < BATCH;) {
        struct ds_intent *i = &p->intent[p->count];
        bool linked = false;

        if (ds_store_intent(r->store, &p->arena, r->state.id, p->last, i, err))
            return err->status;
        if (!i->id)
            break;
        p->last = i->id;
        /* A deal that was to get a record may have been adopted by one in the same run. */
        if (!i->remote_id && ds_store_linked(r->store, r->state.id, i->deal, &linked, err))
            return err->status;
        if (i->run != r->result->run.id || linked) {
            if (ds_written_aside(r, i, err))
                return err->status;
            continue;
        }
        if (read_write(p, i, &p->write[p->count], err))
            return err->status;
        p->count++;
    }
    return ds_batch_commit(r, err);
}

/* --- what became of it ------------------------------------------------------------------------- */

static const char *copy_text(struct pushing *p, const char *text, bool *nomem)
{
    const char *copy = text ? ds_arena_dup(&p->arena, text) : NULL;

    *nomem = *nomem || (text && !copy);
    return copy;
}

static const struct ds_record *copy_record(struct pushing *p, const struct ds_record *from,
                                           bool *nomem)
{
    size_t count = ds_running_query(p->r).count;
    struct ds_record *record = ds_arena_alloc(&p->arena, sizeof(*record));
    struct ds_value *values = ds_arena_alloc(&p->arena, (count + 1) * sizeof(*values));

    if (!record || !values) {
        *nomem = true;
        return NULL;
    }
    *record = (struct ds_record){.id = copy_text(p, from->id, nomem),
                                 .version = copy_text(p, from->version, nomem),
                                 .modified = copy_text(p, from->modified, nomem),
                                 .modified_by = copy_text(p, from->modified_by, nomem),
                                 .where = copy_text(p, from->where, nomem),
                                 .fault = copy_text(p, from->fault, nomem),
                                 .deleted = from->deleted,
                                 .values = from->values ? values : NULL};
    for (size_t i = 0; from->values && i < count; i++) {
        const struct ds_value *v = &from->values[i];

        values[i].len = v->len;
        values[i].text = v->text ? ds_arena_dup_bytes(&p->arena, v->text, v->len) : NULL;
        *nomem = *nomem || (v->text && !values[i].text);
    }
    return record;
}

static int on_written(void *arg, const struct ds_written *what, struct ds_err *err)
{
    struct pushing *p = arg;
    struct told *told = p->told + (what->change < p->count ? what->change : 0);
    bool nomem = false;

    if (what->change >= p->count || told->told)
        return ds_fail(err, DS_E_BUG, "a write was told of twice, or was never asked for");
    ds_step();
    told->status = what->status;
    told->text = copy_text(p, what->text, &nomem);
    told->now = what->now ? copy_record(p, what->now, &nomem) : NULL;
    told->told = !nomem;
    return nomem ? ds_fail_nomem(err) : DS_OK;
}

static int settle(struct pushing *p, size_t n, struct ds_err *err)
{
    struct running *r = p->r;
    const struct ds_intent *i = &p->intent[n];
    const struct told *what = &p->told[n];

    ds_arena_reset(&r->batch);
    switch (what->status) {
    case DS_OK: return ds_written_done(r, i, what->now, what->text, err);
    case DS_E_STALE: return ds_written_raced(r, i, what->now, err);
    case DS_E_RECORD: return ds_written_refused(r, i, what->text, err);
    case DS_E_LATER: r->result->unsent++; return DS_OK;
    default: return ds_fail(err, DS_E_BUG, "a write ended with status %d", what->status);
    }
}

static int settle_all(struct pushing *p, struct ds_err *err)
{
    for (size_t n = 0; n < p->count; n++)
        if (p->told[n].told && settle(p, n, err)) {
            ds_batch_drop(p->r);
            return err->status;
        }
    return ds_batch_commit(p->r, err);
}

/* What was told of has happened, also when the call fails afterwards. */
static int send(struct pushing *p, struct ds_err *err)
{
    struct running *r = p->r;
    const struct ds_query query = ds_running_query(r);
    struct ds_err failed = {0};

    ds_step();
    r->job->connector->write(r->remote, &query, p->write, p->count, on_written, p, err);
    if (settle_all(p, &failed) && !err->status)
        *err = failed;
    return err->status ? err->status : ds_options_interrupted(r->job->options, err);
}

int ds_push(struct running *r, struct ds_err *err)
{
    struct pushing *p;

    if (r->dry || !r->policy.sends)
        return DS_OK;
    p = calloc(1, sizeof(*p));
    if (!p)
        return ds_fail_nomem(err);
    p->r = r;
    while (!load(p, err) && p->count && !send(p, err))
        continue;
    ds_arena_clear(&p->arena);
    free(p);
    return err->status;
}
