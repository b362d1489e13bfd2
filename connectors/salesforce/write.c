#include "base/text.h"
#include "connectors/retry.h"
#include "connectors/salesforce/change.h"
#include "connectors/salesforce/read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { MOST_TRIES = 5 }; /* for a record that somebody else holds (SF-65) */

enum stage {
    PENDING, /* not sent yet, or locked when it was */
    SENT,    /* carried out, and to be read back */
    GONE,    /* there is nothing to change any more */
    TOLD
};

/* One change of a batch. */
struct item {
    const struct ds_write *write;
    size_t change;
    enum stage stage;
    json_t *row;      /* of the record as it was read last; NULL: not seen */
    size_t body;      /* where its members begin in the bodies, and how long they are */
    size_t body_len;  /* 0: nothing to send */
    const char *text; /* what Salesforce said last */
};

struct batch {
    struct ds_remote *remote;
    struct ds_sf_reader reader;
    bool creates;
    bool one_by_one;    /* the org does not create several in one request */
    const char *column; /* that the records are found by: "Id", or the field of keys */
    size_t count;
    struct item item[DS_SF_MOST_IDS];
    struct ds_arena arena;
    struct ds_buf bodies, request, url;
    int (*written)(void *arg, const struct ds_written *what, struct ds_err *err);
    void *arg;
};

static const char *name_of(const struct batch *b, const struct item *item)
{
    return b->creates ? item->write->key : item->write->id;
}

/* --- telling --------------------------------------------------------------------------------- */

/* now: tell the record as it was read last, if it was. */
static int tell(struct batch *b, struct item *item, int status, const char *text,
                struct ds_err *err)
{
    struct ds_written what = {.change = item->change, .status = status, .text = text};
    int rc = DS_OK;

    item->stage = TOLD;
    if (item->row)
        rc = ds_sf_reader_row(&b->reader, item->row, &what.now, err);
    return rc ? rc : b->written(b->arg, &what, err);
}

/* --- reading --------------------------------------------------------------------------------- */

static struct item *find(struct batch *b, const char *text)
{
    char id[DS_SF_ID];

    if (!b->creates && ds_sf_id(text, id))
        text = id;
    for (size_t i = 0; i < b->count; i++)
        if (strcasecmp(name_of(b, &b->item[i]), text) == 0 &&
            (b->creates || strcmp(name_of(b, &b->item[i]), text) == 0))
            return &b->item[i];
    return NULL;
}

static void attach(struct batch *b, const json_t *rows)
{
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        const char *text = ds_json_text(row, b->column);
        struct item *item = text ? find(b, text) : NULL;

        if (item && !item->row)
            item->row = json_incref(row);
    }
}

/* Reads the records of all items in one of two stages as they are now. */
static int read_items(struct batch *b, enum stage one, enum stage other, struct ds_err *err)
{
    const char *texts[DS_SF_MOST_IDS];
    json_t *rows = json_array();
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < b->count; i++) {
        struct item *item = &b->item[i];

        if (item->stage != one && item->stage != other)
            continue;
        json_decref(item->row);
        item->row = NULL;
        texts[n++] = name_of(b, item);
    }
    rc = n ? ds_sf_read_rows(&b->reader, b->column, texts, n, NULL, rows, err) : DS_OK;
    if (!rc)
        attach(b, rows);
    json_decref(rows);
    return rc;
}

/* --- judging --------------------------------------------------------------------------------- */

/* Composes what an item sends; tells what cannot be sent. */
static int compose(struct batch *b, struct item *item, const struct ds_record *now,
                   struct ds_err *err)
{
    const char *why = NULL;
    size_t count;

    item->body = b->bodies.len;
    if (!ds_sf_change_members(&b->reader, &b->arena, item->write, now, &b->bodies, &count, &why)) {
        b->bodies.len = item->body;
        return tell(b, item, DS_E_RECORD, why, err);
    }
    item->body_len = b->bodies.len - item->body;
    if (!b->creates && count == 0)
        return tell(b, item, DS_OK, NULL, err); /* it holds all of it already */
    return ds_buf_failed(&b->bodies) ? ds_fail_nomem(err) : DS_OK;
}

/* Whether an item may be sent, by the record as it was just read. */
static int judge(struct batch *b, struct item *item, struct ds_err *err)
{
    const struct ds_record *now = NULL;
    const char *why;
    int rc;

    if (item->row) {
        rc = ds_sf_reader_row(&b->reader, item->row, &now, err);
        if (rc)
            return rc;
    }
    if (b->creates)
        return item->row ? tell(b, item, DS_OK, NULL, err) /* it happened before (P-4) */
                         : compose(b, item, NULL, err);
    if (!now)
        return tell(b, item, DS_E_STALE, "the opportunity is gone, or hidden from this user", err);
    why = ds_sf_change_stale(&b->reader, &b->arena, item->write, now);
    return why ? tell(b, item, DS_E_STALE, why, err) : compose(b, item, now, err);
}

static int judge_all(struct batch *b, size_t *open, struct ds_err *err)
{
    int rc = read_items(b, PENDING, PENDING, err);

    ds_buf_reset(&b->bodies);
    *open = 0;
    for (size_t i = 0; i < b->count && !rc; i++)
        if (b->item[i].stage == PENDING) {
            rc = judge(b, &b->item[i], err);
            *open += b->item[i].stage == PENDING;
        }
    return rc;
}

/* --- sending --------------------------------------------------------------------------------- */

/* Takes the errors of one record. */
static int take_fate(struct batch *b, struct item *item, const json_t *errors, struct ds_err *err)
{
    switch (ds_sf_change_fate(&b->arena, errors, &item->text)) {
    case DS_SF_LOCKED: return DS_OK; /* it stays pending */
    case DS_SF_GONE: item->stage = GONE; return DS_OK;
    case DS_SF_STOPPED: return tell(b, item, DS_E_LATER, item->text, err);
    case DS_SF_REFUSED: break;
    }
    return tell(b, item, DS_E_RECORD, item->text, err);
}

/* What a request for one record was answered. A status that is not about the record ends the call:
 * whether the change happened is then not known. */
static int take_single(struct batch *b, struct item *item, struct ds_api_reply *reply,
                       struct ds_err *err)
{
    if (reply->status / 100 == 2) {
        item->stage = SENT;
        return DS_OK;
    }
    switch (reply->status) {
    case 300: /* SF-62 */
        return tell(b, item, DS_E_RECORD,
                    "more than one opportunity holds the key: look why the field of 'key_field' is "
                    "not unique",
                    err);
    case 412:
        item->text = "the opportunity was changed in the moment of the write";
        item->stage = GONE;
        return DS_OK;
    case 400:
    case 403:
    case 404:
        if (reply->json)
            return take_fate(b, item, reply->json, err);
        break;
    default: break;
    }
    return ds_sf_reply_failed(b->creates ? "the creation" : "the change", reply, err);
}

static int send(struct batch *b, const char *const *headers, bool any_status,
                struct ds_api_reply *reply, struct ds_err *err)
{
    const struct ds_api_call call = {
        .method = "PATCH",
        .url = b->url.text,
        .headers = headers,
        .body = b->request.text,
        .body_len = b->request.len,
        .body_type = "application/json",
        .any_status = any_status,
    };
    int rc = ds_sf_budget(b->remote, err);

    if (!rc && (ds_buf_failed(&b->url) || ds_buf_failed(&b->request)))
        rc = ds_fail_nomem(err);
    if (rc)
        return rc;
    return ds_api_call(b->remote->api, &call, reply, err);
}

static void begin_request(struct batch *b, const char *resource)
{
    ds_buf_reset(&b->request);
    ds_buf_reset(&b->url);
    ds_buf_addf(&b->url, "%s/services/data/%s/%s", b->remote->origin.text,
                ds_option(b->remote->options, "api_version"), resource);
}

/* One record: by its id, unless it was changed since its stamp (SF-59), or by its key. The stamp is
 * never earlier than the time of the last change, whichever of them the org compares with. */
static int send_single(struct batch *b, struct item *item, struct ds_err *err)
{
    char date[DS_SF_HTTP_DATE];
    struct ds_buf condition = DS_BUF_INIT(DS_MAX_TEXT);
    const char *headers[] = {NULL, NULL};
    const struct ds_record *now;
    struct ds_api_reply reply;
    int rc = DS_OK;

    begin_request(b, "sobjects/Opportunity/");
    if (b->creates)
        ds_buf_addf(&b->url, "%s/", b->column);
    ds_http_escape(&b->url, name_of(b, item)); /* SF-63 */
    ds_buf_add_char(&b->request, '{');
    ds_buf_add_bytes(&b->request, b->bodies.text + item->body, item->body_len);
    ds_buf_add_char(&b->request, '}');
    if (!b->creates)
        rc = ds_sf_reader_row(&b->reader, item->row, &now, err);
    if (!rc && !b->creates && b->reader.stamp_ms) {
        ds_buf_addf(&condition, "If-Unmodified-Since: %s",
                    ds_sf_http_date(b->reader.stamp_ms, date));
        headers[0] = condition.text;
    }
    if (!rc)
        rc = send(b, headers, true, &reply, err);
    if (!rc) {
        rc = take_single(b, item, &reply, err);
        ds_api_reply_clear(&reply);
    }
    ds_buf_clear(&condition);
    return rc;
}

/* Matches the results with what was sent, in its order (SF-61). */
static int take_results(struct batch *b, const json_t *results, struct item *const *sent,
                        size_t count, struct ds_err *err)
{
    int rc = DS_OK;

    if (!json_is_array(results) || json_array_size(results) != count)
        return ds_fail(err, DS_E_REMOTE, "%zu changes were sent and %zu results came back", count,
                       json_array_size(results));
    for (size_t i = 0; i < count && !rc; i++) {
        const json_t *result = json_array_get(results, i);
        const char *text = ds_json_text(result, "id");
        char id[DS_SF_ID];

        if (text && !b->creates && (!ds_sf_id(text, id) || strcmp(id, sent[i]->write->id) != 0))
            return ds_fail(err, DS_E_REMOTE, "the result of %s came back as that of '%.40s'",
                           sent[i]->write->id, text);
        if (json_is_true(json_object_get(result, "success")))
            sent[i]->stage = SENT;
        else
            rc = take_fate(b, sent[i], json_object_get(result, "errors"), err);
    }
    return rc;
}

/* Adds a record to the body of a request for several; a creation is found by its key (SF-67). */
static void add_record(struct batch *b, const struct item *item, bool first)
{
    ds_buf_addf(&b->request,
                "%s{\"attributes\":{\"type\":\"Opportunity\"},\"%s\":", first ? "" : ",",
                b->creates ? b->column : "id");
    ds_text_to_json(&b->request, name_of(b, item));
    ds_buf_add_char(&b->request, ',');
    ds_buf_add_bytes(&b->request, b->bodies.text + item->body, item->body_len);
    ds_buf_add_char(&b->request, '}');
}

/* All pending records in one request, each on its own. That several can be created so is nowhere
 * promised: a refusal of the request as a whole makes nothing, and they are sent one by one. */
static int send_many(struct batch *b, struct ds_err *err)
{
    struct item *sent[DS_SF_MOST_IDS];
    struct ds_api_reply reply;
    size_t count = 0;
    int rc;

    begin_request(b, "composite/sobjects");
    if (b->creates)
        ds_buf_addf(&b->url, "/Opportunity/%s", b->column);
    ds_buf_add(&b->request, "{\"allOrNone\":false,\"records\":[");
    for (size_t i = 0; i < b->count; i++)
        if (b->item[i].stage == PENDING) {
            add_record(b, &b->item[i], count == 0);
            sent[count++] = &b->item[i];
        }
    ds_buf_add(&b->request, "]}");
    rc = send(b, NULL, b->creates, &reply, err);
    if (rc)
        return rc;
    if (reply.status / 100 == 2)
        rc = take_results(b, reply.json, sent, count, err);
    else if (reply.status == 400 || reply.status == 404 || reply.status == 405)
        b->one_by_one = true;
    else
        rc = ds_sf_reply_failed("the creations", &reply, err);
    ds_api_reply_clear(&reply);
    return rc;
}

static int send_all(struct batch *b, size_t open, struct ds_err *err)
{
    int rc = DS_OK;

    if (open > 1 && !(b->creates && b->one_by_one)) {
        rc = send_many(b, err);
        if (rc || !(b->creates && b->one_by_one))
            return rc;
    }
    for (size_t i = 0; i < b->count && !rc; i++)
        if (b->item[i].stage == PENDING)
            rc = send_single(b, &b->item[i], err);
    return rc;
}

/* Reads what was written back, for triggers set more than was asked and some fields stay as they were
 * although the answer says otherwise (SF-55, SF-56). What happened is told even if that fails. */
static int read_back(struct batch *b, struct ds_err *err)
{
    struct ds_err told = {0};
    int rc = read_items(b, SENT, GONE, err);

    for (size_t i = 0; i < b->count; i++) {
        struct item *item = &b->item[i];
        int failed = DS_OK;

        if (item->stage == SENT)
            failed = tell(b, item, DS_OK, NULL, &told);
        else if (item->stage == GONE && !rc)
            failed = tell(b, item, DS_E_STALE, item->text, &told);
        if (failed && !rc) {
            *err = told;
            rc = failed;
        }
    }
    return rc;
}

static int wait_for_locks(struct batch *b, unsigned tried, struct ds_err *err)
{
    uint32_t random = 0;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
        random = 0;
    return ds_http_pause(b->remote->http, ds_retry_wait(tried, 0, random), err);
}

/* Whatever is left is locked by somebody for longer than we wait. */
static int give_up(struct batch *b, struct ds_err *err)
{
    int rc = DS_OK;

    for (size_t i = 0; i < b->count && !rc; i++)
        if (b->item[i].stage == PENDING)
            rc = tell(b, &b->item[i], DS_E_LATER, b->item[i].text, err);
    return rc;
}

/* Every attempt begins with the records as they are then (P-5). */
static int write_batch(struct batch *b, struct ds_err *err)
{
    for (unsigned tried = 1;; tried++) {
        size_t open = 0;
        int rc = judge_all(b, &open, err), failed;

        if (!rc && open)
            rc = send_all(b, open, err);
        failed = rc;
        if (failed) { /* of several requests some may have succeeded */
            struct ds_err later = {0};

            read_back(b, &later);
            return failed;
        }
        rc = read_back(b, err);
        open = 0;
        for (size_t i = 0; i < b->count; i++)
            open += b->item[i].stage == PENDING;
        if (rc || !open)
            return rc;
        if (tried == MOST_TRIES)
            return give_up(b, err);
        rc = wait_for_locks(b, tried, err);
        if (rc)
            return rc;
    }
}

/* --- batches --------------------------------------------------------------------------------- */

/* Takes the next changes, all of one sort and no record twice, so that each finds what it expects. */
static void fill(struct batch *b, const struct ds_write *writes, size_t count, size_t *at)
{
    b->count = 0;
    b->creates = !writes[*at].id;
    b->column = b->creates ? ds_option(b->remote->options, "key_field") : "Id";
    while (*at < count && b->count < (size_t)b->remote->batch) {
        const struct ds_write *write = &writes[*at];

        if (!write->id != b->creates || find(b, b->creates ? write->key : write->id))
            break;
        b->item[b->count++] = (struct item){.write = write, .change = (*at)++};
    }
}

static void empty(struct batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        json_decref(b->item[i].row);
    b->count = 0;
    ds_arena_reset(&b->arena);
}

int ds_sf_write(struct ds_remote *remote, const struct ds_query *query,
                const struct ds_write *writes, size_t count,
                int (*written)(void *arg, const struct ds_written *what, struct ds_err *err),
                void *arg, struct ds_err *err)
{
    struct batch *b = calloc(1, sizeof(*b));
    int rc;

    if (!b)
        return ds_fail_nomem(err);
    b->remote = remote;
    b->written = written;
    b->arg = arg;
    ds_buf_init(&b->bodies, DS_MAX_PAGE);
    ds_buf_init(&b->request, DS_MAX_PAGE);
    ds_buf_init(&b->url, DS_MAX_URL);
    rc = ds_sf_reader_open(&b->reader, remote, query, err);
    for (size_t at = 0; at < count && !rc;) {
        rc = ds_options_interrupted(remote->options, err);
        if (rc)
            break;
        fill(b, writes, count, &at);
        rc = b->column ? write_batch(b, err) : ds_sf_no_key(remote, err);
        empty(b);
    }
    ds_sf_reader_clear(&b->reader);
    ds_arena_clear(&b->arena);
    ds_buf_clear(&b->bodies);
    ds_buf_clear(&b->request);
    ds_buf_clear(&b->url);
    free(b);
    return rc;
}
