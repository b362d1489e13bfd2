#include "connectors/salesforce/fetch.h"

#include "base/date.h"
#include "connectors/salesforce/read.h"

#include <stdio.h>
#include <string.h>

enum { MINUTE_MS = 60000 };
static const int64_t kept_ms = (int64_t)15 * 86400 * 1000; /* how far back the org remembers */

/* --- asking ---------------------------------------------------------------------------------- */

/* What the org's refusals to tell mean: they will not pass, and only reading everything helps. */
static const struct {
    const char *code;
    const char *whole;
} refusals[] = {
    {"INVALID_REPLICATION_DATE", "the org no longer knows what was deleted since the last fetch"},
    {"EXCEEDED_ID_LIMIT", "more was deleted since the last fetch than the org lists"},
};

static const char *refusal(const json_t *body)
{
    const json_t *error = json_is_array(body) ? json_array_get(body, 0) : body;
    const char *code = ds_json_text(error, "errorCode");

    for (size_t i = 0; code && i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (strcmp(code, refusals[i].code) == 0)
            return refusals[i].whole;
    return NULL;
}

static int take(struct ds_api_reply *reply, int64_t since_ms, struct ds_sf_deleted *out,
                struct ds_err *err)
{
    const char *earliest = ds_json_text(reply->json, "earliestDateAvailable");
    const char *covered = ds_json_text(reply->json, "latestDateCovered");
    json_t *list = json_object_get(reply->json, "deletedRecords");
    int64_t ms;

    if (!json_is_array(list) || !covered || !ds_instant(covered, &ms))
        return ds_fail(err, DS_E_REMOTE, "the org's list of deletions is incomplete");
    if (ms > out->covered_ms || ms < since_ms)
        ms = ms < since_ms ? since_ms : out->covered_ms;
    out->covered_ms = ms; /* the next list begins there (SF-48) */
    if (earliest && ds_instant(earliest, &ms) && ms > since_ms)
        out->whole = refusals[0].whole;
    else
        out->list = json_incref(list);
    return DS_OK;
}

static void compose(const struct ds_sf_fetch *f, int64_t since_ms, int64_t until_ms,
                    struct ds_buf *url)
{
    char instant[DS_INSTANT_TEXT];

    ds_buf_addf(url,
                "%s/services/data/%s/sobjects/Opportunity/deleted/?start=", f->remote->origin.text,
                ds_option(f->remote->options, "api_version"));
    ds_http_escape(url, ds_instant_text(since_ms, instant));
    ds_buf_add(url, "&end=");
    ds_http_escape(url, ds_instant_text(until_ms, instant));
}

/* Whole minutes, for seconds are cut off anyway, and one of them at least (SF-47). */
int ds_sf_deleted_ask(struct ds_sf_fetch *f, int64_t since_ms, struct ds_sf_deleted *out,
                      struct ds_err *err)
{
    int64_t until_ms = f->now_ms - f->now_ms % MINUTE_MS;
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    struct ds_api_reply reply = {0};
    int rc = DS_OK;

    since_ms -= since_ms % MINUTE_MS;
    *out = (struct ds_sf_deleted){.covered_ms = since_ms};
    if (since_ms > until_ms - MINUTE_MS)
        return DS_OK; /* the next run asks */
    if (f->now_ms - since_ms > kept_ms) {
        out->whole = "the last fetch is longer ago than the org remembers deletions";
        return DS_OK;
    }
    out->covered_ms = until_ms;
    compose(f, since_ms, until_ms, &url);
    rc = ds_sf_budget(f->remote, err);
    if (!rc)
        rc = ds_api_call(
            f->remote->api,
            &(struct ds_api_call){.url = url.text, .repeatable = true, .any_status = true}, &reply,
            err);
    ds_buf_clear(&url);
    if (rc && ds_http_too_long(err)) {
        ds_err_clear(err);
        out->whole = refusals[1].whole;
        return DS_OK;
    }
    if (rc)
        return rc;
    if (reply.status / 100 == 2)
        rc = take(&reply, since_ms, out, err);
    else if (!(out->whole = refusal(reply.json))) /* SF-49 */
        rc = ds_sf_reply_failed("the question for deletions", &reply, err);
    ds_api_reply_clear(&reply);
    return rc;
}

/* --- telling --------------------------------------------------------------------------------- */

static bool in_window(const struct ds_sf_fetch *f, int64_t stamp_ms)
{
    return stamp_ms >= f->at.lo_ms && stamp_ms < f->at.hi_ms;
}

static int tell_gone(struct ds_sf_fetch *f, const json_t *one, const char *id, struct ds_err *err)
{
    const char *when = ds_json_text(one, "deletedDate");
    char instant[DS_INSTANT_TEXT], version[DS_INSTANT_TEXT + 16];
    struct ds_record record = {.id = id, .deleted = true, .values = f->reader.values};
    int64_t ms;

    memset(f->reader.values, 0, f->reader.columns.paths * sizeof(*f->reader.values));
    if (when && ds_instant(when, &ms)) {
        record.modified = ds_instant_text(ms, instant);
        snprintf(version, sizeof(version), "deleted %s", instant);
        record.version = version;
    }
    return f->sink->record(f->sink->arg, &record, err);
}

static const json_t *find(const json_t *rows, const char *id)
{
    const json_t *row;
    char one[DS_SF_ID];
    size_t i;

    json_array_foreach(rows, i, row)
    {
        const char *text = ds_json_text(row, "Id");

        if (text && ds_sf_id(text, one) && strcmp(one, id) == 0)
            return row;
    }
    return NULL;
}

/* What the recycle bin still holds came with the window, if the deletion moved its stamp; whether it
 * does is nowhere promised. What was restored since is for the window alone. */
static int tell_one(struct ds_sf_fetch *f, const json_t *one, const char *id, const json_t *rows,
                    struct ds_err *err)
{
    const json_t *row = find(rows, id);
    const struct ds_record *record;
    int rc;

    if (!row)
        return tell_gone(f, one, id, err);
    rc = ds_sf_reader_row(&f->reader, row, &record, err);
    if (rc || !record->deleted || in_window(f, f->reader.stamp_ms))
        return rc;
    return f->sink->record(f->sink->arg, record, err);
}

int ds_sf_deleted_tell(struct ds_sf_fetch *f, const struct ds_sf_deleted *deleted,
                       struct ds_err *err)
{
    size_t count = json_array_size(deleted->list);
    int rc = DS_OK;

    for (size_t at = 0; at < count && !rc;) {
        char id[DS_SF_MOST_IDS][DS_SF_ID];
        const char *ids[DS_SF_MOST_IDS];
        const json_t *one[DS_SF_MOST_IDS];
        json_t *rows = json_array();
        size_t n = 0;

        for (; at < count && n < DS_SF_MOST_IDS; at++) {
            const char *text;

            one[n] = json_array_get(deleted->list, at);
            text = ds_json_text(one[n], "id");
            if (!text || !ds_sf_id(text, id[n]))
                rc = ds_fail(err, DS_E_REMOTE, "the org's list of deletions holds no id");
            ids[n] = id[n];
            n++;
        }
        if (!rc)
            rc = ds_sf_read_rows(&f->reader, "Id", ids, n, NULL, rows, err);
        for (size_t i = 0; i < n && !rc; i++)
            rc = tell_one(f, one[i], id[i], rows, err);
        json_decref(rows);
    }
    return rc;
}
