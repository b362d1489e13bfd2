#include "connectors/salesforce/remote.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ds_sf_head(void *arg, struct ds_http_answer *answer)
{
    struct ds_remote *remote = arg;
    const char *usage = ds_http_header(answer, "sforce-limit-info");
    const char *warning;

    if (usage)
        ds_sf_usage_read(usage, &remote->usage);
    warning = ds_http_header(answer, "warning");
    if (warning && !*remote->warning)
        ds_log(DS_LOG_WARNING, "salesforce warns: %s", warning);
    if (warning)
        snprintf(remote->warning, sizeof(remote->warning), "%s", warning);
}

int ds_sf_get(struct ds_remote *remote, const char *path, json_t **out, int64_t *date_ms,
              struct ds_err *err)
{
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    int rc = ds_sf_budget(remote, err);

    ds_buf_addf(&url, "%s%s", remote->origin.text, path);
    if (!rc)
        rc = ds_api_get(remote->api, url.text, NULL, out, date_ms, err);
    ds_buf_clear(&url);
    return rc;
}

int ds_sf_ask(struct ds_remote *remote, size_t lane, const char *path, struct ds_err *err)
{
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    struct ds_api_call call = {.repeatable = true};
    int rc = ds_sf_budget(remote, err);

    ds_buf_addf(&url, "%s%s", remote->origin.text, path);
    call.url = url.text;
    if (!rc)
        rc = ds_api_begin(remote->api, lane, &call, err);
    ds_buf_clear(&url);
    return rc;
}

int ds_sf_answer(struct ds_remote *remote, size_t lane, json_t **out, int64_t *date_ms,
                 struct ds_err *err)
{
    struct ds_api_reply reply;
    int rc = ds_api_wait(remote->api, lane, &reply, err);

    if (!rc) {
        *out = json_incref(reply.json);
        if (date_ms)
            *date_ms = reply.date_ms;
    }
    ds_api_reply_clear(&reply);
    return rc;
}

int ds_sf_query_url(const struct ds_remote *remote, const char *resource, const char *soql,
                    struct ds_buf *out, struct ds_err *err)
{
    ds_buf_addf(out, "%s/services/data/%s/%s/?q=", remote->origin.text,
                ds_option(remote->options, "api_version"), resource);
    ds_http_escape(out, soql);
    if (!ds_buf_failed(out))
        return DS_OK;
    ds_fail(err, DS_E_CONFIG, "the query is longer than %u bytes", DS_MAX_URL);
    return ds_hint(err, "name fewer fields in the mapping, or a shorter 'where'");
}

int ds_sf_link(const struct ds_remote *remote, const char *link, struct ds_buf *out,
               struct ds_err *err)
{
    if (strncmp(link, "/services/", 10) != 0)
        return ds_fail(err, DS_E_REMOTE,
                       "a page leads to '%.200s', which is no path of this org: refused", link);
    ds_buf_add(out, remote->origin.text);
    ds_buf_add(out, link);
    return ds_buf_failed(out)
               ? ds_fail(err, DS_E_REMOTE, "the link to the next page is longer than %u bytes",
                         DS_MAX_URL)
               : DS_OK;
}

static int get_page(struct ds_remote *remote, const char *resource, const char *soql, json_t **out,
                    struct ds_err *err)
{
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    int rc = ds_sf_query_url(remote, resource, soql, &url, err);

    if (!rc)
        rc = ds_sf_get(remote, url.text + remote->origin.len, out, NULL, err);
    ds_buf_clear(&url);
    return rc;
}

int ds_sf_rows_of(struct ds_remote *remote, const char *resource, const char *soql, json_t **out,
                  struct ds_err *err)
{
    json_t *page = NULL, *records;
    int rc = get_page(remote, resource, soql, &page, err);

    records = json_object_get(page, "records");
    if (!rc && (!json_is_array(records) || !json_is_true(json_object_get(page, "done"))))
        rc = ds_fail(err, DS_E_REMOTE, "the answer to '%.200s' holds no complete list", soql);
    if (!rc)
        *out = json_incref(records);
    json_decref(page);
    return rc;
}

int ds_sf_rows(struct ds_remote *remote, const char *soql, json_t **out, struct ds_err *err)
{
    return ds_sf_rows_of(remote, "query", soql, out, err);
}

int ds_sf_total(struct ds_remote *remote, const char *soql, uint64_t *out, struct ds_err *err)
{
    json_t *page = NULL;
    int rc = get_page(remote, "queryAll", soql, &page, err);
    const char *total = ds_json_text(page, "totalSize");

    if (!rc && (!total || *total < '0' || *total > '9'))
        rc = ds_fail(err, DS_E_REMOTE, "the answer to '%.200s' tells no number", soql);
    if (!rc)
        *out = strtoull(total, NULL, 10);
    json_decref(page);
    return rc;
}

/* --- what Opportunity looks like ------------------------------------------------------------- */

static void add_describe_path(const struct ds_remote *remote, struct ds_buf *out)
{
    ds_buf_addf(out, "/services/data/%s/sobjects/Opportunity/describe",
                ds_option(remote->options, "api_version"));
}

int ds_sf_describe_ask(struct ds_remote *remote, size_t lane, struct ds_err *err)
{
    struct ds_buf path = DS_BUF_INIT(DS_MAX_URL);
    int rc;

    add_describe_path(remote, &path);
    rc = ds_sf_ask(remote, lane, path.text, err);
    ds_buf_clear(&path);
    return rc;
}

void ds_sf_describe_take(struct ds_remote *remote, size_t lane)
{
    struct ds_err ignored = {0};

    json_decref(remote->describe);
    remote->describe = NULL;
    ds_sf_answer(remote, lane, &remote->describe, &remote->described_ms, &ignored);
    ds_err_clear(&ignored);
}

/* An object that the user may not read at all is said not to be there. */
static int refuse_describe(struct ds_err *err)
{
    if (!strstr(err->text, " 404 "))
        return err->status;
    ds_err_clear(err);
    ds_fail(err, DS_E_AUTH, "the org has no Opportunity that this user may see (404)");
    return ds_hint(err, "grant the user 'Read' and 'View All' (permission set > Object Settings > "
                        "Opportunity); its licence must include sales objects");
}

int ds_sf_describe(struct ds_remote *remote, int64_t *date_ms, struct ds_err *err)
{
    struct ds_buf path = DS_BUF_INIT(DS_MAX_URL);
    int rc = DS_OK;

    add_describe_path(remote, &path);
    if (!remote->describe)
        rc = ds_sf_get(remote, path.text, &remote->describe, &remote->described_ms, err);
    ds_buf_clear(&path);
    if (rc)
        return refuse_describe(err);
    if (date_ms)
        *date_ms = remote->described_ms;
    return json_is_array(json_object_get(remote->describe, "fields"))
               ? DS_OK
               : ds_fail(err, DS_E_REMOTE, "the description of Opportunity lists no fields");
}
