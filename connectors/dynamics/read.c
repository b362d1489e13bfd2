#include "connectors/dynamics/chain.h"
#include "connectors/dynamics/crew.h"
#include "connectors/dynamics/instances.h"
#include "connectors/dynamics/reader.h"
#include "connectors/dynamics/refusal.h"

#include <string.h>

/* Opportunities a request asks for: the conditions of a query are limited, and so is its length. */
#define CHUNK 100

/* --- by ids ---------------------------------------------------------------------------------- */

struct reading {
    struct ds_dynamics_reader *reader;
    struct ds_dynamics_ids *ids;
    bool filtered;
    size_t next; /* of the ids, to be asked for */
    struct ds_buf url;
    struct ds_dynamics_chain chains[DS_HTTP_LANES];
    struct ds_dynamics_instances instances;
};

static void compose(struct reading *r)
{
    const struct ds_dynamics_reader *reader = r->reader;
    struct ds_buf where = DS_BUF_INIT(DS_MAX_URL);
    const char *before = "(";

    for (size_t n = 0; n < CHUNK && r->next < r->ids->count; r->next++) {
        if (r->ids->id[r->next].done)
            continue;
        ds_buf_addf(&where, "%sopportunityid eq %s", before, r->ids->id[r->next].text);
        before = " or ";
        n++;
    }
    ds_buf_add(&where, ")");
    if (r->filtered && reader->remote->filter)
        ds_buf_addf(&where, " and (%s)", reader->remote->filter);
    ds_buf_reset(&r->url);
    ds_buf_addf(&r->url, "%s%s?", reader->remote->base.text, reader->table.set);
    ds_dynamics_select(&r->url, reader->slots, reader->count);
    ds_buf_add(&r->url, "&$filter=");
    ds_http_escape(&r->url, where.text);
    r->url.failed |= ds_buf_failed(&where);
    ds_buf_clear(&where);
}

static int begin_chunk(void *arg, size_t lane, size_t idle, bool *busy, struct ds_err *err)
{
    struct reading *r = arg;
    struct ds_remote *remote = r->reader->remote;

    (void)idle;
    while (r->next < r->ids->count && r->ids->id[r->next].done)
        r->next++;
    *busy = r->next < r->ids->count;
    if (!*busy)
        return DS_OK;
    compose(r);
    if (ds_buf_failed(&r->url))
        return ds_fail(err, DS_E_CONFIG, "the query for opportunities is longer than %u bytes",
                       DS_MAX_URL);
    return ds_dynamics_chain_start(remote, lane, &r->chains[lane], r->url.text, remote->prefer.text,
                                   err);
}

static int deliver(struct reading *r, size_t lane, json_t *rows, bool *busy, struct ds_err *err)
{
    struct ds_dynamics_chain *chain = &r->chains[lane];
    int rc = DS_OK;

    *busy = chain->next.len > 0;
    if (*busy)
        rc = ds_dynamics_chain_go_on(r->reader->remote, lane, chain, err);
    for (size_t i = 0; i < json_array_size(rows) && !rc; i++) {
        const char *id = ds_json_text(json_array_get(rows, i), "opportunityid");
        struct ds_dynamics_id *known = ds_dynamics_ids_find(r->ids, id);

        if (known)
            known->done = true;
    }
    return rc ? rc : ds_dynamics_reader_rows(r->reader, rows, err);
}

static int take_chunk(void *arg, size_t lane, struct ds_api_reply *reply, bool *busy,
                      struct ds_err *err)
{
    struct reading *r = arg;
    json_t *done = NULL;
    int rc =
        ds_dynamics_instances_take(&r->instances, lane, &r->chains[lane], reply->json, &done, err);

    *busy = !rc && !done;
    if (done)
        rc = deliver(r, lane, done, busy, err);
    json_decref(done);
    return rc;
}

static int failed(void *arg, size_t lane, struct ds_err *err)
{
    const struct reading *r = arg;

    return ds_dynamics_instances_failed(&r->instances, lane, err);
}

int ds_dynamics_read_ids(struct ds_dynamics_reader *reader, struct ds_dynamics_ids *ids,
                         bool filtered, struct ds_err *err)
{
    struct reading r = {
        .reader = reader, .ids = ids, .filtered = filtered, .url = DS_BUF_INIT(DS_MAX_URL)};
    const struct ds_dynamics_work work = {begin_chunk, take_chunk, failed, &r};
    int rc;

    for (size_t i = 0; i < DS_HTTP_LANES; i++)
        ds_dynamics_chain_init(&r.chains[i]);
    ds_dynamics_instances_init(&r.instances, reader->remote, reader->slots, reader->count);
    rc = ds_dynamics_crew(reader->remote, &work, err);
    ds_dynamics_instances_clear(&r.instances);
    for (size_t i = 0; i < DS_HTTP_LANES; i++)
        ds_dynamics_chain_clear(&r.chains[i]);
    ds_buf_clear(&r.url);
    return rc;
}

/* --- what is gone ---------------------------------------------------------------------------- */

struct asking {
    struct ds_dynamics_reader *reader;
    struct ds_dynamics_ids *ids;
    size_t next;
    size_t asked[DS_HTTP_LANES]; /* the id that each lane asks for */
    int (*deleted)(void *arg, const char *id, struct ds_err *err);
    void *arg;
};

static int begin_asking(void *arg, size_t lane, size_t idle, bool *busy, struct ds_err *err)
{
    static const char *const headers[] = {DS_DYNAMICS_HEADERS, NULL};
    struct asking *a = arg;
    const struct ds_dynamics_reader *reader = a->reader;
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    struct ds_api_call call = {.headers = headers, .repeatable = true, .any_status = true};
    int rc;

    (void)idle;
    while (a->next < a->ids->count && a->ids->id[a->next].done)
        a->next++;
    *busy = a->next < a->ids->count;
    if (!*busy)
        return DS_OK;
    a->asked[lane] = a->next++;
    ds_buf_addf(&url, "%s%s(%s)?$select=opportunityid", reader->remote->base.text,
                reader->table.set, a->ids->id[a->asked[lane]].text);
    call.url = url.text;
    rc = ds_buf_failed(&url) ? ds_fail_nomem(err)
                             : ds_api_begin(reader->remote->api, lane, &call, err);
    ds_buf_clear(&url);
    return rc;
}

/* A row that the role may not see is refused, one that does not exist is unknown: only the second is
 * gone. */
static int take_answer(void *arg, size_t lane, struct ds_api_reply *reply, bool *busy,
                       struct ds_err *err)
{
    struct asking *a = arg;
    struct ds_dynamics_id *id = &a->ids->id[a->asked[lane]];

    *busy = false;
    if (reply->status / 100 == 2 || reply->status == 403)
        return DS_OK;
    if (!ds_dynamics_unknown_row(reply->status, reply->json))
        return ds_dynamics_refused(a->reader->remote, "GET", a->reader->remote->base.text, reply,
                                   err);
    id->done = true;
    return a->deleted ? a->deleted(a->arg, id->text, err)
                      : ds_dynamics_reader_deleted(a->reader, id->text, err);
}

int ds_dynamics_read_gone(struct ds_dynamics_reader *reader, struct ds_dynamics_ids *ids,
                          int (*deleted)(void *arg, const char *id, struct ds_err *err), void *arg,
                          struct ds_err *err)
{
    struct asking a = {.reader = reader, .ids = ids, .deleted = deleted, .arg = arg};
    const struct ds_dynamics_work work = {begin_asking, take_answer, NULL, &a};

    return ds_dynamics_crew(reader->remote, &work, err);
}

/* --- the connector's function ---------------------------------------------------------------- */

int ds_dynamics_read(struct ds_remote *remote, const struct ds_query *query, const char *const *ids,
                     size_t count, bool by_key, const struct ds_sink *sink, struct ds_err *err)
{
    struct ds_dynamics_reader reader;
    struct ds_dynamics_ids set = {0};
    int rc = ds_dynamics_reader_open(&reader, remote, query, sink, DS_DYNAMICS_SOME, err);

    for (size_t from = 0; from < count && !rc;) {
        while (from < count && !ds_dynamics_ids_full(&set) && !rc)
            rc = ds_dynamics_ids_add(&set, ids[from++], err);
        ds_dynamics_ids_sort(&set);
        if (!rc)
            rc = ds_dynamics_read_ids(&reader, &set, false, err);
        if (!rc && !by_key) /* a key is the id that we chose: unknown means never made */
            rc = ds_dynamics_read_gone(&reader, &set, NULL, NULL, err);
        set.count = 0;
    }
    ds_dynamics_ids_clear(&set);
    ds_dynamics_reader_close(&reader);
    return rc;
}
