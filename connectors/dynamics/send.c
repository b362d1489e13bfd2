#include "connectors/dynamics/writer.h"
#include "connectors/retry.h"

#include <stdio.h>
#include <string.h>

#define PAUSE_MS 5000 /* after a throttled part that does not say how long */

/* Refusals that are not what their HTTP status says. */
static const struct {
    uint32_t code;
    int status;
} verdicts[] = {
    {DS_DYNAMICS_MISMATCH, DS_E_STALE},    {DS_DYNAMICS_UNKNOWN_ROW, DS_E_STALE},
    {DS_DYNAMICS_CLOSED, DS_E_STALE},      {DS_DYNAMICS_DUPLICATE, DS_E_RECORD},
    {DS_DYNAMICS_PLUGIN, DS_E_RECORD},     {DS_DYNAMICS_DEADLOCK, DS_E_LATER},
    {DS_DYNAMICS_SQL_TIMEOUT, DS_E_LATER}, {DS_DYNAMICS_TOO_LONG, DS_E_LATER},
    {DS_DYNAMICS_TOO_MANY, DS_E_LATER},    {DS_DYNAMICS_AT_ONCE, DS_E_LATER},
};

/* What an admin can do about a refusal, where its own words do not say. */
static const struct {
    uint32_t code;
    const char *text;
} advice[] = {
    {DS_DYNAMICS_KEPT_OPEN, "close or delete its draft and active quotes first"}, /* DV-79 */
    {0x80040220, "the application user's role lacks a privilege for it"},
    {DS_DYNAMICS_PLUGIN, "a plug-in or workflow of yours refuses it"},
    {0x8006088d, "switch on optimistic concurrency for the opportunity table"}, /* DV-76 */
};

int ds_dynamics_verdict(long status, const struct ds_dynamics_refusal *said)
{
    for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
        if (verdicts[i].code == said->code)
            return verdicts[i].status;
    if (status == 412 || status == 404) /* the code may be empty (DV-69) */
        return DS_E_STALE;
    return status == 401 || status == 408 || status == 429 || status / 100 == 5 ? DS_E_LATER
                                                                                : DS_E_RECORD;
}

void ds_dynamics_item_end(struct ds_dynamics_item *item, int status, const char *text)
{
    item->status = status;
    item->text = text;
}

static const char *words(struct ds_arena *a, long status, const struct ds_dynamics_refusal *said)
{
    const char *more = NULL;
    char code[16] = "";

    for (size_t i = 0; i < sizeof(advice) / sizeof(advice[0]); i++)
        if (advice[i].code == said->code)
            more = advice[i].text;
    if (said->code)
        snprintf(code, sizeof(code), ", 0x%08x", said->code);
    return ds_arena_printf(a, "%.400s (%ld%s)%s%s", said->text ? said->text : "refused", status,
                           code, more ? "; " : "", more ? more : "");
}

/* --- the requests ---------------------------------------------------------------------------- */

static const char *body_of(const struct ds_dynamics_item *item, enum ds_dynamics_step step)
{
    if (item->status != DS_DYNAMICS_PENDING)
        return NULL;
    if (step == DS_DYNAMICS_REOPEN)
        return item->change.reopen;
    return step == DS_DYNAMICS_FIELDS ? item->change.fields : item->close;
}

/* Whether a later step needs the version that this one makes. */
static bool goes_on(const struct ds_dynamics_item *item, enum ds_dynamics_step step)
{
    return step != DS_DYNAMICS_CLOSE &&
           (item->change.action || (step == DS_DYNAMICS_REOPEN && item->change.fields));
}

/* Never without a version, for such a PATCH would create the row (DV-68). */
static const char *path_of(struct ds_dynamics_writer *w, const struct ds_dynamics_item *item,
                           enum ds_dynamics_step step)
{
    const char *base = w->remote->base.text + w->remote->origin.len;
    const char *set = w->reader.table.set;
    const char *select = goes_on(item, step) ? "?$select=opportunityid" : "";

    if (step == DS_DYNAMICS_CLOSE)
        return ds_arena_printf(&w->arena, "%s%s", base, item->change.action);
    if (!item->write->id)
        return ds_arena_printf(&w->arena, "%s%s%s", base, set, select);
    return ds_arena_printf(&w->arena, "%s%s(%s)%s", base, set, item->id, select);
}

static int add_part(struct ds_dynamics_writer *w, struct ds_dynamics_item *item,
                    enum ds_dynamics_step step, struct ds_buf *out, unsigned n, struct ds_err *err)
{
    bool post = step == DS_DYNAMICS_CLOSE || !item->write->id;
    struct ds_dynamics_part part = {
        .method = post ? "POST" : "PATCH",
        .path = path_of(w, item, step),
        .match = post ? NULL : item->etag,
        .prefer = goes_on(item, step) ? "return=representation" : NULL, /* DV-70 */
        .body = body_of(item, step),
    };

    if (!part.path)
        return ds_fail_nomem(err);
    item->sent = true;
    ds_dynamics_batch_add(out, n, &part);
    return DS_OK;
}

/* --- the answers ----------------------------------------------------------------------------- */

static void take_success(struct ds_dynamics_item *item, enum ds_dynamics_step step,
                         const json_t *body)
{
    const char *etag = ds_json_text(body, "@odata.etag");

    item->moved = true;
    item->etag[0] = '\0';
    if (etag)
        ds_dynamics_etag(etag, item->etag);
    if (!goes_on(item, step))
        ds_dynamics_item_end(item, DS_OK, NULL);
    else if (!item->etag[0] && step == DS_DYNAMICS_REOPEN)
        ds_dynamics_item_end(item, DS_E_STALE, "reopened, but its new version was not told");
}

static void take_refusal(struct ds_dynamics_writer *w, struct ds_dynamics_item *item,
                         enum ds_dynamics_step step, long status, const json_t *body)
{
    struct ds_dynamics_refusal said = ds_dynamics_refusal(body);

    if (step == DS_DYNAMICS_REOPEN && said.code == 0x8004051a)
        return; /* open already: what else is to be changed says whether it has moved */
    item->repeated = step == DS_DYNAMICS_FIELDS && !item->write->id &&
                     (said.code == DS_DYNAMICS_DUPLICATE || status == 412);
    ds_dynamics_item_end(item, ds_dynamics_verdict(status, &said), words(&w->arena, status, &said));
}

/* A part that is throttled holds up what comes after the batch, as an answer of its own would. */
static void hold(struct ds_dynamics_writer *w, const struct ds_dynamics_said *said,
                 int64_t server_ms)
{
    int64_t ms = ds_retry_after(said->retry_after, server_ms);

    if (ds_retry_throttled(said->status))
        ds_http_hold(w->remote->http, ms > 0 ? ms : PAUSE_MS);
}

static int take_part(struct ds_dynamics_writer *w, struct ds_dynamics_item *item,
                     enum ds_dynamics_step step, const struct ds_dynamics_said *said,
                     struct ds_err *err)
{
    struct ds_buf scratch = DS_BUF_INIT((size_t)DS_MAX_PAGE * 3);
    struct ds_err ignored = {0};
    json_t *body = NULL;

    if (said->body_len)
        ds_json_read(said->body, said->body_len, &scratch, &body, &ignored);
    ds_buf_clear(&scratch);
    if (said->status / 100 == 2)
        take_success(item, step, body);
    else
        take_refusal(w, item, step, said->status, body);
    json_decref(body);
    return item->status == DS_E_RECORD && !item->text ? ds_fail_nomem(err) : DS_OK;
}

/* Answers come in the order of the requests; one that says its number is taken by it (DV-85). */
static int take_answers(struct ds_dynamics_writer *w, enum ds_dynamics_step step,
                        struct ds_dynamics_item **items, unsigned count, struct ds_api_reply *reply,
                        struct ds_err *err)
{
    struct ds_dynamics_batch b;
    struct ds_dynamics_said said;
    unsigned taken = 0;
    bool more = true;
    int rc = ds_dynamics_batch_open(&b, ds_api_header(reply, "content-type"), reply->body.text,
                                    reply->body.len, err);

    while (!rc) {
        struct ds_dynamics_item *item;

        rc = ds_dynamics_batch_next(&b, &said, &more, err);
        if (rc || !more)
            break;
        taken++;
        if (said.n == 0)
            said.n = taken;
        hold(w, &said, reply->date_ms);
        item = said.n <= count ? items[said.n - 1] : NULL;
        if (item)
            rc = take_part(w, item, step, &said, err);
        if (said.n <= count)
            items[said.n - 1] = NULL; /* once */
    }
    if (!rc && taken < count)
        rc = ds_fail(err, DS_E_REMOTE, "%u of %u changes got no answer", count - taken, count);
    return rc;
}

/* --- a step ---------------------------------------------------------------------------------- */

static bool is_multipart(struct ds_api_reply *reply)
{
    const char *type = ds_api_header(reply, "content-type");

    return type && strncasecmp(type, "multipart/", strlen("multipart/")) == 0;
}

/* Never repeated blindly: when the answer is lost, whoever asked reads before anything is sent again
 * (DV-92). */
static int post(struct ds_dynamics_writer *w, const struct ds_buf *body, struct ds_api_reply *reply,
                struct ds_err *err)
{
    static const char *const headers[] = {DS_DYNAMICS_HEADERS, "Accept: application/json",
                                          "Prefer: odata.continue-on-error", NULL};
    struct ds_buf url = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_api_call call = {.method = "POST",
                               .headers = headers,
                               .body = body->text,
                               .body_len = body->len,
                               .body_type = "multipart/mixed; boundary=" DS_DYNAMICS_BOUNDARY,
                               .raw = true,
                               .any_status = true};
    int rc;

    ds_buf_addf(&url, "%s$batch", w->remote->base.text);
    call.url = url.text;
    rc = ds_buf_failed(&url) ? ds_fail_nomem(err) : ds_api_call(w->remote->api, &call, reply, err);
    if (!rc && !is_multipart(reply))
        rc = ds_dynamics_refused(w->remote, "POST", url.text, reply, err);
    ds_buf_clear(&url);
    return rc;
}

int ds_dynamics_send(struct ds_dynamics_writer *w, enum ds_dynamics_step step, struct ds_err *err)
{
    struct ds_buf body = DS_BUF_INIT(DS_MAX_FILE);
    struct ds_dynamics_item *items[DS_DYNAMICS_BATCH_MOST];
    struct ds_api_reply reply = {0};
    unsigned count = 0;
    int rc = DS_OK;

    for (size_t i = 0; i < w->count && !rc; i++) {
        if (!body_of(&w->items[i], step))
            continue;
        items[count++] = &w->items[i];
        rc = add_part(w, &w->items[i], step, &body, count, err);
    }
    ds_dynamics_batch_end(&body);
    if (!rc && ds_buf_failed(&body)) {
        ds_fail(err, DS_E_CONFIG, "%u changes make a request of more than %u bytes", count,
                DS_MAX_FILE);
        rc = ds_hint(err, "make 'batch' smaller");
    }
    if (!rc && count) {
        rc = post(w, &body, &reply, err);
        if (!rc)
            rc = take_answers(w, step, items, count, &reply, err);
        ds_api_reply_clear(&reply);
    }
    ds_buf_clear(&body);
    return rc;
}
