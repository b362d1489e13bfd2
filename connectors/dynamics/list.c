#include "connectors/dynamics/list.h"

#include "connectors/dynamics/ahead.h"
#include "connectors/dynamics/link.h"

#include <string.h>

static int follow(const struct ds_remote *remote, const json_t *page, struct ds_buf *url,
                  struct ds_dynamics_walk *walk, struct ds_err *err)
{
    const char *link = json_string_value(json_object_get(page, "@odata.nextLink"));
    struct ds_buf next = DS_BUF_INIT(DS_MAX_URL);
    int rc = DS_OK;

    if (link)
        ds_dynamics_link(&next, url->text, link);
    ds_buf_reset(url);
    ds_buf_add(url, next.text);
    if (ds_buf_failed(&next) || ds_buf_failed(url))
        rc = ds_fail(err, DS_E_REMOTE, "the link to the next page is too long");
    else if (link && !ds_dynamics_same_origin(next.text, remote->origin.text))
        rc = ds_fail(err, DS_E_REMOTE, "the link to the next page leads to '%.*s' instead of %s",
                     (int)strcspn(next.text, "?#"), next.text, remote->origin.text);
    else if (link && ds_dynamics_walk_repeats(walk, next.text))
        rc = ds_fail(err, DS_E_REMOTE, "%s leads from page to page in a circle",
                     remote->origin.text);
    ds_buf_clear(&next);
    return rc;
}

int ds_dynamics_list(struct ds_remote *remote, const char *tail,
                     int (*each)(void *arg, const json_t *row, struct ds_err *err), void *arg,
                     struct ds_err *err)
{
    const char *headers[] = {DS_DYNAMICS_HEADERS, remote->prefer.text, NULL};
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    struct ds_dynamics_walk walk = {0};
    json_t *page = ds_dynamics_ahead_take(remote, tail, NULL);
    int rc;

    ds_buf_addf(&url, "%s%s", remote->base.text, tail);
    rc = ds_buf_failed(&url)
             ? ds_fail(err, DS_E_CONFIG, "a request is longer than %u bytes", DS_MAX_URL)
             : DS_OK;
    while (!rc && url.len) {
        json_t *rows = NULL;

        remote->refused = 0;
        if (!page)
            rc = ds_api_get(remote->api, url.text, headers, &page, NULL, err);
        if (!rc) {
            rows = ds_dynamics_rows(page, err);
            rc = rows ? DS_OK : err->status;
        }
        for (size_t i = 0; i < json_array_size(rows) && !rc; i++)
            rc = each(arg, json_array_get(rows, i), err);
        if (!rc)
            rc = follow(remote, page, &url, &walk, err);
        json_decref(page);
        page = NULL;
    }
    json_decref(page);
    ds_buf_clear(&url);
    return rc;
}
