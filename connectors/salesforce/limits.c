#include "connectors/salesforce/limits.h"

#include "base/date.h"
#include "base/text.h"
#include "connectors/salesforce/remote.h"

#include <inttypes.h>
#include <stdlib.h>

#define DAY_MS (24 * 3600 * INT64_C(1000))

static void read_limit(const json_t *answer, const char *name, struct ds_sf_share *out)
{
    const json_t *limit = json_object_get(answer, name);
    const char *most = ds_json_text(limit, "Max"), *left = ds_json_text(limit, "Remaining");
    long m, l;

    if (!most || !left || !ds_text_int(most, 0, INT32_MAX, &m) ||
        !ds_text_int(left, INT32_MIN, INT32_MAX, &l))
        return;
    out->most = m;
    out->used = m - l;
}

void ds_sf_limits_read(const json_t *answer, struct ds_sf_limits *out)
{
    read_limit(answer, "DailyApiRequests", &out->requests);
    read_limit(answer, "DailyBulkV2QueryJobs", &out->bulk_jobs);
    read_limit(answer, "DailyBulkV2QueryFileStorageMB", &out->bulk_mb);
}

int ds_sf_limits_ask(struct ds_remote *remote, struct ds_err *err)
{
    struct ds_buf path = DS_BUF_INIT(DS_MAX_URL);
    json_t *answer = NULL;
    int rc = DS_OK;

    if (remote->limits_asked)
        return DS_OK;
    ds_buf_addf(&path, "/services/data/%s/limits", ds_option(remote->options, "api_version"));
    rc = ds_sf_get(remote, path.text, &answer, NULL, err);
    if (!rc)
        ds_sf_limits_read(answer, &remote->limits);
    json_decref(answer);
    ds_buf_clear(&path);
    if (rc == DS_E_AUTH || rc == DS_E_CONFIG) { /* not for this user, or not in this org */
        ds_err_clear(err);
        rc = DS_OK;
    }
    remote->limits_asked = rc == DS_OK;
    return rc;
}

/* --- budgets --------------------------------------------------------------------------------- */

/* What is counted now leaves the count within a day; when exactly, nobody tells. */
static int later(const struct ds_remote *remote, const char *setting, struct ds_err *err)
{
    char until[DS_INSTANT_TEXT];

    return ds_hint(err,
                   "it goes on as older ones leave the count; those of now have left it by %s; "
                   "'%s' moves the limit (%s)",
                   ds_instant_people(ds_now() + DAY_MS, until), setting,
                   ds_option_where(remote->options, setting));
}

int ds_sf_budget(const struct ds_remote *remote, struct ds_err *err)
{
    const struct ds_sf_share *over = ds_sf_usage_over(&remote->usage, remote->daily_share);

    if (!over)
        return DS_OK;
    ds_fail(err, DS_E_LATER,
            "%ld of the %ld daily requests of the %s are used, and this connection stops at %ld %%",
            over->used, over->most, over == &remote->usage.org ? "org" : "app",
            remote->daily_share);
    return later(remote, "daily_share", err);
}

int ds_sf_bulk_budget(const struct ds_remote *remote, struct ds_err *err)
{
    struct ds_sf_share jobs = remote->limits.bulk_jobs; /* before the jobs of this run */

    jobs.used += (long)remote->bulk_jobs;
    if (!ds_sf_share_over(&jobs, remote->bulk_share))
        return DS_OK;
    ds_fail(
        err, DS_E_LATER,
        "%ld of the %ld daily Bulk query jobs of the org are used, and this connection stops at "
        "%ld %%",
        jobs.used, jobs.most, remote->bulk_share);
    return later(remote, "bulk_share", err);
}

/* --- what a run costs ------------------------------------------------------------------------ */

void ds_sf_usage_text(const struct ds_remote *remote, struct ds_buf *out)
{
    const struct ds_sf_usage *usage = &remote->usage;

    if (usage->org.most)
        ds_buf_addf(out, "%ld of %ld daily requests of the org used", usage->org.used,
                    usage->org.most);
    if (usage->app.most)
        ds_buf_addf(out, "%s%ld of %ld of this app", out->len ? ", " : "", usage->app.used,
                    usage->app.most);
}

void ds_sf_cost(struct ds_remote *remote, struct ds_buf *out)
{
    uint64_t requests = ds_http_requests(remote->http);
    struct ds_buf usage = DS_BUF_INIT(DS_MAX_TEXT);

    ds_buf_addf(out, "%" PRIu64 " request%s", requests, requests == 1 ? "" : "s");
    if (remote->usage.org.most)
        ds_buf_addf(out, " (%.2f %% of a day's)",
                    (double)requests * 100 / (double)remote->usage.org.most);
    if (remote->bulk_jobs)
        ds_buf_addf(out, ", %" PRIu64 " Bulk job%s", remote->bulk_jobs,
                    remote->bulk_jobs == 1 ? "" : "s");
    ds_sf_usage_text(remote, &usage);
    ds_buf_addf(out, "%s%s", usage.len ? "; " : "", usage.text);
    ds_buf_clear(&usage);
}
