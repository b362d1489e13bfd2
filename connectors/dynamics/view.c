#include "connectors/dynamics/view.h"

#include "base/file.h"
#include "connectors/dynamics/list.h"

#include <stdio.h>
#include <string.h>

bool ds_dynamics_viewed(const struct ds_remote *remote)
{
    return ds_option(remote->options, "fetchxml") || ds_option(remote->options, "view");
}

int ds_dynamics_view_settings(const struct ds_options *options, struct ds_err *err)
{
    static const char *const names[] = {"filter", "fetchxml", "view"};
    const char *first = NULL;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!ds_option(options, names[i]))
            continue;
        if (first) {
            ds_fail(err, DS_E_CONFIG, "%s: '%s' and '%s' cannot both be set",
                    ds_option_where(options, names[i]), first, names[i]);
            return ds_hint(err, "each is the whole condition for opportunities: keep one");
        }
        first = names[i];
    }
    if (!first || strcmp(first, "filter") == 0 || strcmp(ds_option(options, "tracking"), "on") != 0)
        return DS_OK;
    ds_fail(err, DS_E_CONFIG, "%s: change tracking knows no views",
            ds_option_where(options, "tracking"));
    return ds_hint(err, "leave 'tracking' out, or use 'filter' instead of '%s'", first);
}

static int read_file(struct ds_remote *remote, struct ds_dynamics_fetchxml **out,
                     struct ds_err *err)
{
    const char *path = ds_option(remote->options, "fetchxml");
    struct ds_buf text = DS_BUF_INIT(DS_MAX_TEXT);
    int rc = ds_file_read(path, &text, err);

    rc = rc ? ds_err_where(err, "%s", ds_option_where(remote->options, "fetchxml"))
            : ds_dynamics_fetchxml_read(text.text, text.len, path, out, err);
    ds_buf_clear(&text);
    return rc;
}

/* --- a view by its name ---------------------------------------------------------------------- */

struct found {
    struct ds_buf text;
    unsigned count;
};

static int take_view(void *arg, const json_t *row, struct ds_err *err)
{
    struct found *found = arg;
    const char *text = ds_json_text(row, "fetchxml");

    found->count++;
    ds_buf_reset(&found->text);
    ds_buf_add(&found->text, text ? text : "");
    return ds_buf_failed(&found->text)
               ? ds_fail(err, DS_E_REMOTE, "the FetchXML of the view is too long")
               : DS_OK;
}

/* Quick finds, lookups and parts of forms are kept beside the public views and are often called the same,
 * and so are views that were switched off. */
static int ask_view(struct ds_remote *remote, const char *name, struct found *found,
                    struct ds_err *err)
{
    struct ds_buf filter = DS_BUF_INIT(DS_MAX_TEXT), tail = DS_BUF_INIT(DS_MAX_URL);
    int rc;

    ds_buf_add(
        &filter,
        "returnedtypecode eq 'opportunity' and querytype eq 0 and statecode eq 0 and name eq '");
    for (; *name; name++) {
        ds_buf_add(&filter, *name == '\'' ? "'" : ""); /* DV-24 */
        ds_buf_add_char(&filter, *name);
    }
    ds_buf_add_char(&filter, '\'');
    ds_buf_add(&tail, "savedqueries?$select=name,fetchxml&$filter=");
    ds_http_escape(&tail, filter.text);
    rc = ds_buf_failed(&filter) || ds_buf_failed(&tail)
             ? ds_fail(err, DS_E_CONFIG, "the name of the view is too long")
             : ds_dynamics_list(remote, tail.text, take_view, found, err);
    ds_buf_clear(&filter);
    ds_buf_clear(&tail);
    return rc;
}

static int read_view(struct ds_remote *remote, struct ds_dynamics_fetchxml **out,
                     struct ds_err *err)
{
    const char *name = ds_option(remote->options, "view");
    const char *where = ds_option_where(remote->options, "view");
    struct found found = {.text = DS_BUF_INIT(DS_MAX_TEXT)};
    int rc = ask_view(remote, name, &found, err);

    if (!rc && found.count != 1) {
        rc = ds_fail(err, DS_E_CONFIG, "%s: there %s of opportunities called '%.100s'", where,
                     found.count ? "are several public views" : "is no public view", name);
        ds_hint(err, "download its FetchXML into a file and name that in 'fetchxml'");
    }
    if (!rc)
        rc = ds_dynamics_fetchxml_read(found.text.text, found.text.len, name, out, err);
    ds_buf_clear(&found.text);
    return rc;
}

/* --- both ------------------------------------------------------------------------------------ */

/* A condition names columns as the metadata does, not as queries do. */
static int check_column(void *arg, const char *logical, struct ds_err *err)
{
    struct ds_remote *remote = arg;
    const struct ds_dynamics_column *column;
    char lookup[160];
    int rc;

    snprintf(lookup, sizeof(lookup), "_%.128s_value", logical);
    if (!ds_dynamics_column(remote, lookup, &column, err))
        return DS_OK;
    if (err->status != DS_E_CONFIG)
        return err->status;
    ds_err_clear(err);
    rc = ds_dynamics_column(remote, logical, &column, err);
    return rc ? ds_err_where(err, "FetchXML") : DS_OK;
}

int ds_dynamics_view(struct ds_remote *remote, const struct ds_dynamics_slot *slots, size_t count,
                     long page_size, struct ds_dynamics_fetchxml **out, struct ds_err *err)
{
    const struct ds_dynamics_lookup *lookups = NULL;
    struct ds_dynamics_fetchxml *x = NULL;
    int rc = ds_option(remote->options, "fetchxml") ? read_file(remote, &x, err)
                                                    : read_view(remote, &x, err);

    if (!rc)
        rc = ds_dynamics_fetchxml_columns(x, check_column, remote, err);
    if (!rc)
        rc = ds_dynamics_lookups(remote, &lookups, err);
    if (!rc)
        rc = ds_dynamics_fetchxml_select(x, slots, count, lookups, page_size, err);
    if (rc) {
        ds_dynamics_fetchxml_free(x);
        return rc;
    }
    *out = x;
    return DS_OK;
}
