#include "connectors/salesforce/bulk.h"

#include "base/log.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_LOOK_MS = 100, LONGEST_LOOK_MS = 30000 };

void ds_sf_job_url(const struct ds_sf_fetch *f, const char *what, struct ds_buf *out)
{
    ds_buf_addf(out, "%s/services/data/%s/jobs/query", f->remote->origin.text, f->at.job.version);
    if (*f->at.job.id)
        ds_buf_addf(out, "/%s%s", f->at.job.id, what);
}

static int call(struct ds_sf_fetch *f, const char *method, const char *body,
                struct ds_api_reply *reply, struct ds_err *err)
{
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    struct ds_api_call call = {.method = method,
                               .body = body,
                               .body_len = body ? strlen(body) : 0,
                               .body_type = "application/json",
                               .repeatable = true, /* a second job costs one of a day's jobs */
                               .any_status = true};
    int rc = ds_sf_budget(f->remote, err);

    ds_sf_job_url(f, "", &url);
    call.url = url.text;
    if (!rc)
        rc = ds_api_call(f->remote->api, &call, reply, err);
    ds_buf_clear(&url);
    return rc;
}

/* --- creating -------------------------------------------------------------------------------- */

int ds_sf_job_do_without(const struct ds_sf_fetch *f, const struct ds_err *why, bool *refused,
                         struct ds_err *err)
{
    if (strcmp(ds_option(f->remote->options, "bulk"), "always") == 0) {
        *err = *why;
        return err->status;
    }
    ds_log(DS_LOG_WARNING, "%s; the window is read page by page instead", why->text);
    *refused = true;
    return DS_OK;
}

/* Whether the org's jobs of a day leave one for us. */
static int look_at_budget(struct ds_sf_fetch *f, bool *refused, struct ds_err *err)
{
    struct ds_err why = {0};
    int rc = ds_sf_limits_ask(f->remote, err);

    return rc || !ds_sf_bulk_budget(f->remote, &why) ? rc
                                                     : ds_sf_job_do_without(f, &why, refused, err);
}

/* How a query that Bulk cannot do is refused is nowhere written (SF-14, SF-15). */
static int take_refusal(struct ds_sf_fetch *f, const struct ds_api_reply *reply, bool *refused,
                        struct ds_err *err)
{
    struct ds_err why = {0};

    if (reply->status != 400 && reply->status != 403 && reply->status != 404)
        return ds_sf_reply_failed("the Bulk query", reply, err);
    ds_sf_reply_failed("the Bulk query", reply, &why);
    return ds_sf_job_do_without(f, &why, refused, err);
}

int ds_sf_job_create(struct ds_sf_fetch *f, const char *soql, bool *refused, struct ds_err *err)
{
    struct ds_sf_job *job = &f->at.job;
    struct ds_buf body = DS_BUF_INIT(DS_MAX_TEXT * 2);
    struct ds_api_reply reply = {0};
    const char *id;
    int rc;

    *refused = false;
    rc = look_at_budget(f, refused, err);
    if (rc || *refused)
        return rc;
    *job = (struct ds_sf_job){0};
    snprintf(job->version, sizeof(job->version), "%s",
             ds_option(f->remote->options, "api_version"));
    ds_buf_add(&body, "{\"operation\":\"queryAll\",\"query\":");
    ds_text_to_json(&body, soql);
    ds_buf_add(&body,
               ",\"contentType\":\"CSV\",\"columnDelimiter\":\"COMMA\",\"lineEnding\":\"LF\"}");
    rc = ds_buf_failed(&body) ? ds_fail_nomem(err) : call(f, "POST", body.text, &reply, err);
    ds_buf_clear(&body);
    if (rc)
        return rc;
    id = ds_json_text(reply.json, "id");
    if (reply.status / 100 != 2)
        rc = take_refusal(f, &reply, refused, err);
    else if (!id || !ds_sf_id(id, job->id))
        rc = ds_fail(err, DS_E_REMOTE, "the org made a Bulk job and does not tell its id");
    else
        f->remote->bulk_jobs++;
    ds_api_reply_clear(&reply);
    return rc;
}

/* --- looking --------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum ds_sf_job_state state;
} states[] = {
    {"UploadComplete", DS_SF_JOB_WORKING},
    {"InProgress", DS_SF_JOB_WORKING},
    {"JobComplete", DS_SF_JOB_COMPLETE},
};

static enum ds_sf_job_state state_of(const char *name)
{
    for (size_t i = 0; name && i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(states[i].name, name) == 0)
            return states[i].state;
    return DS_SF_JOB_BROKEN;
}

static void log_broken(const json_t *job)
{
    char text[2048];
    size_t len = json_dumpb(job, text, sizeof(text), JSON_COMPACT | JSON_SORT_KEYS);

    ds_log(DS_LOG_WARNING, "a Bulk job ended without a result: %.*s",
           (int)(len < sizeof(text) ? len : sizeof(text)), text);
}

/* A job that is gone, or that this user may not have: another one made it. */
static bool is_missing(const struct ds_api_reply *reply)
{
    struct ds_err why = {0};

    if (reply->status == 400) {
        ds_sf_reply_failed("the question for a Bulk job", reply, &why);
        ds_log(DS_LOG_WARNING, "%s", why.text);
    }
    return reply->status == 400 || reply->status == 404;
}

int ds_sf_job_look(struct ds_sf_fetch *f, enum ds_sf_job_state *state, uint64_t *rows,
                   struct ds_err *err)
{
    struct ds_api_reply reply = {0};
    const char *number;
    int rc = call(f, "GET", NULL, &reply, err);

    if (rc)
        return rc;
    *state = DS_SF_JOB_MISSING;
    if (reply.status / 100 == 2) {
        *state = state_of(ds_json_text(reply.json, "state"));
        number = ds_json_text(reply.json, "numberRecordsProcessed");
        *rows = number ? strtoull(number, NULL, 10) : 0;
        if (*state == DS_SF_JOB_COMPLETE && !number)
            rc = ds_fail(err, DS_E_REMOTE, "a Bulk job does not tell how many records it has");
        if (*state == DS_SF_JOB_BROKEN)
            log_broken(reply.json);
    } else if (!is_missing(&reply)) {
        rc = ds_sf_reply_failed("the question for a Bulk job", &reply, err);
    }
    ds_api_reply_clear(&reply);
    return rc;
}

int ds_sf_job_wait(struct ds_sf_fetch *f, enum ds_sf_job_state *state, uint64_t *rows,
                   struct ds_err *err)
{
    int64_t began = ds_ticks();
    int64_t pause = FIRST_LOOK_MS;
    int rc = ds_sf_job_look(f, state, rows, err);

    while (!rc && *state == DS_SF_JOB_WORKING) {
        if (ds_ticks() - began > (int64_t)f->remote->bulk_wait_s * 1000) {
            ds_fail(err, DS_E_LATER, "the org has not done Bulk job %s within %ld s", f->at.job.id,
                    f->remote->bulk_wait_s);
            return ds_hint(err, "an interrupted first load goes on with the same job; 'bulk_wait' "
                                "sets how long a run waits, 'bulk = never' does without jobs");
        }
        rc = ds_http_pause(f->remote->http, pause, err);
        pause = pause * 3 / 2 < LONGEST_LOOK_MS ? pause * 3 / 2 : LONGEST_LOOK_MS;
        if (!rc)
            rc = ds_sf_job_look(f, state, rows, err);
    }
    return rc;
}

void ds_sf_job_delete(struct ds_sf_fetch *f)
{
    struct ds_api_reply reply = {0};
    struct ds_err ignored = {0};

    if (!*f->at.job.id)
        return;
    if (call(f, "DELETE", NULL, &reply, &ignored))
        ds_log(DS_LOG_DEBUG, "Bulk job %s is left behind: %s", f->at.job.id, ignored.text);
    else
        ds_api_reply_clear(&reply);
    *f->at.job.id = '\0';
}
