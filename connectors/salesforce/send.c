#include "base/log.h"
#include "base/text.h"
#include "connectors/salesforce/batch.h"

#include <string.h>

/* Triggers have limits for each request, however many records it has. */
static void shrink(struct ds_sf_batch *b, const struct ds_sf_item *item, size_t count)
{
    if (b->width[b->creates] <= count / 2)
        return;
    b->width[b->creates] = count / 2;
    ds_log(DS_LOG_WARNING,
           "%zu changes in one request are too many for the org's own code, 'batch' "
           "sets how many there are: %.200s",
           count, item->text);
}

/* Takes the errors of one record, of so many in the request. */
static int take_fate(struct ds_sf_batch *b, struct ds_sf_item *item, const json_t *errors,
                     size_t count, struct ds_err *err)
{
    switch (ds_sf_change_fate(&b->arena, errors, &item->text)) {
    case DS_SF_LOCKED: return DS_OK; /* it stays pending */
    case DS_SF_CROWDED:
        if (count == 1)
            break;
        shrink(b, item, count);
        return DS_OK;
    case DS_SF_GONE: item->stage = DS_SF_ITEM_GONE; return DS_OK;
    case DS_SF_STOPPED: return ds_sf_item_tell(b, item, DS_E_LATER, item->text, err);
    case DS_SF_REFUSED: break;
    }
    return ds_sf_item_tell(b, item, DS_E_RECORD, item->text, err);
}

/* An answer that is not about the records: what became of them is not known. */
static int take_failure(const struct ds_sf_batch *b, struct ds_api_reply *reply, struct ds_err *err)
{
    ds_sf_reply_failed(b->creates ? "a creation" : "a change", reply, err);
    return ds_hint(err, "whether it happened is looked up before anything is sent again");
}

/* What a request for one record was answered. A status that is not about the record ends the call:
 * whether the change happened is then not known. */
static int take_single(struct ds_sf_batch *b, struct ds_sf_item *item, struct ds_api_reply *reply,
                       struct ds_err *err)
{
    if (reply->status / 100 == 2) {
        item->stage = DS_SF_ITEM_SENT;
        return DS_OK;
    }
    switch (reply->status) {
    case 300: /* SF-62 */
        return ds_sf_item_tell(
            b, item, DS_E_RECORD,
            "more than one opportunity holds the key: look why the field of 'key_field' is "
            "not unique",
            err);
    case 412:
        item->text = "the opportunity was changed in the moment of the write";
        item->stage = DS_SF_ITEM_GONE;
        return DS_OK;
    case 400:
    case 403:
    case 404:
        if (reply->json)
            return take_fate(b, item, reply->json, 1, err);
        break;
    default: break;
    }
    return take_failure(b, reply, err);
}

static int send(struct ds_sf_batch *b, const char *const *headers, struct ds_api_reply *reply,
                struct ds_err *err)
{
    const struct ds_api_call call = {
        .method = "PATCH",
        .url = b->url.text,
        .headers = headers,
        .body = b->request.text,
        .body_len = b->request.len,
        .body_type = "application/json",
        .any_status = true,
    };
    int rc = ds_sf_budget(b->remote, err);

    if (!rc && (ds_buf_failed(&b->url) || ds_buf_failed(&b->request)))
        rc = ds_fail_nomem(err);
    if (rc)
        return rc;
    return ds_api_call(b->remote->api, &call, reply, err);
}

static void begin_request(struct ds_sf_batch *b, const char *resource)
{
    ds_buf_reset(&b->request);
    ds_buf_reset(&b->url);
    ds_buf_addf(&b->url, "%s/services/data/%s/%s", b->remote->origin.text,
                ds_option(b->remote->options, "api_version"), resource);
}

/* One record: by its id, unless it was changed since its stamp (SF-59), or by its key. The stamp is
 * never earlier than the time of the last change, whichever of them the org compares with. */
static int send_single(struct ds_sf_batch *b, struct ds_sf_item *item, struct ds_err *err)
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
    ds_http_escape(&b->url, ds_sf_item_name(b, item)); /* SF-63 */
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
        rc = send(b, headers, &reply, err);
    if (!rc) {
        rc = take_single(b, item, &reply, err);
        ds_api_reply_clear(&reply);
    }
    ds_buf_clear(&condition);
    return rc;
}

/* Matches the results with what was sent, in its order (SF-61). */
static int take_results(struct ds_sf_batch *b, const json_t *results,
                        struct ds_sf_item *const *sent, size_t count, struct ds_err *err)
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
            sent[i]->stage = DS_SF_ITEM_SENT;
        else
            rc = take_fate(b, sent[i], json_object_get(result, "errors"), count, err);
    }
    return rc;
}

/* Adds a record to the body of a request for several; a creation is found by its key (SF-67). */
static void add_record(struct ds_sf_batch *b, const struct ds_sf_item *item, bool first)
{
    ds_buf_addf(&b->request,
                "%s{\"attributes\":{\"type\":\"Opportunity\"},\"%s\":", first ? "" : ",",
                b->creates ? b->column : "id");
    ds_text_to_json(&b->request, ds_sf_item_name(b, item));
    ds_buf_add_char(&b->request, ',');
    ds_buf_add_bytes(&b->request, b->bodies.text + item->body, item->body_len);
    ds_buf_add_char(&b->request, '}');
}

/* Several records in one request, each on its own. That several can be created so is nowhere promised:
 * a refusal of the request as a whole makes nothing, and they are sent one by one. *whole: changes were
 * refused so, perhaps for one of them that cannot even be read. */
static int send_many(struct ds_sf_batch *b, struct ds_sf_item *const *sent, size_t count,
                     bool *whole, struct ds_err *err)
{
    struct ds_api_reply reply;
    int rc;

    *whole = false;

    begin_request(b, "composite/sobjects");
    if (b->creates)
        ds_buf_addf(&b->url, "/Opportunity/%s", b->column);
    ds_buf_add(&b->request, "{\"allOrNone\":false,\"records\":[");
    for (size_t i = 0; i < count; i++)
        add_record(b, sent[i], i == 0);
    ds_buf_add(&b->request, "]}");
    rc = send(b, NULL, &reply, err);
    if (rc)
        return rc;
    if (reply.status / 100 == 2)
        rc = take_results(b, reply.json, sent, count, err);
    else if (!b->creates && reply.status == 400)
        *whole = true;
    else if (reply.status == 400 || reply.status == 404 || reply.status == 405)
        b->width[b->creates] = 1;
    else
        rc = take_failure(b, &reply, err);
    ds_api_reply_clear(&reply);
    return rc;
}

/* The halves of a request that was refused as a whole go on without each other, down to the one that it
 * was refused for. */
static int send_some(struct ds_sf_batch *b, struct ds_sf_item *const *sent, size_t count,
                     struct ds_err *err)
{
    bool whole;
    int rc;

    if (count == 1)
        return send_single(b, sent[0], err);
    rc = send_many(b, sent, count, &whole, err);
    if (rc || !whole)
        return rc;
    rc = send_some(b, sent, count / 2, err);
    return rc ? rc : send_some(b, sent + count / 2, count - count / 2, err);
}

/* The next pending items, as many as go into one request. */
static size_t gather(struct ds_sf_batch *b, size_t *at, struct ds_sf_item **out)
{
    size_t count = 0;

    for (; *at < b->count && count < b->width[b->creates]; ++*at)
        if (b->item[*at].stage == DS_SF_ITEM_PENDING)
            out[count++] = &b->item[*at];
    return count;
}

int ds_sf_batch_send(struct ds_sf_batch *b, struct ds_err *err)
{
    struct ds_sf_item *sent[DS_SF_MOST_IDS];
    int rc = DS_OK;

    for (size_t at = 0; at < b->count && !rc;) {
        size_t from = at, count = gather(b, &at, sent);

        if (count > 0)
            rc = send_some(b, sent, count, err);
        if (count > 1 && b->width[b->creates] == 1)
            at = from; /* one by one */
    }
    return rc;
}
