#include "connectors/salesforce/check.h"

#include <stdarg.h>
#include <stdio.h>

int ds_sf_note(struct ds_sf_check *c, enum ds_finding finding, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return c->note(c->arg, finding, text);
}

int ds_sf_note_fault(struct ds_sf_check *c, int rc)
{
    struct ds_err told = *c->err;

    if (rc != DS_E_CONFIG)
        return rc;
    ds_err_clear(c->err);
    return ds_sf_note(c, DS_FINDING_PROBLEM, "%s%s%s", told.text, *told.hint ? "; " : "",
                      told.hint);
}

/* A refusal is about the one question; whatever else goes wrong is about the connection. */
static int answered(struct ds_sf_check *c, int rc)
{
    if (rc != DS_E_CONFIG && rc != DS_E_AUTH)
        return rc;
    ds_err_clear(c->err);
    return DS_OK;
}

int ds_sf_check_rows(struct ds_sf_check *c, const char *soql, json_t **rows)
{
    *rows = NULL;
    return answered(c, ds_sf_rows(c->remote, soql, rows, c->err));
}

int ds_sf_check_describe(struct ds_sf_check *c, const char *object, const json_t **out)
{
    struct ds_buf path = DS_BUF_INIT(DS_MAX_URL);
    json_t *answer = NULL;
    int rc = DS_OK;

    if (!json_object_get(c->parents, object)) {
        ds_buf_addf(&path, "/services/data/%s/sobjects/%s/describe",
                    ds_option(c->remote->options, "api_version"), object);
        rc = answered(c, ds_sf_get(c->remote, path.text, &answer, NULL, c->err));
        ds_buf_clear(&path);
        if (!rc && json_object_set_new(c->parents, object, answer ? answer : json_null()) != 0)
            rc = ds_fail_nomem(c->err);
    }
    *out = json_object_get(c->parents, object);
    if (!json_is_array(json_object_get(*out, "fields")))
        *out = NULL;
    return rc;
}

int ds_sf_check(struct ds_remote *remote, const struct ds_query *query, ds_note *note, void *arg,
                struct ds_err *err)
{
    struct ds_sf_check c = {remote, query, note, arg, err, json_object()};
    int64_t date_ms = 0;
    int rc = c.parents ? ds_sf_describe(remote, &date_ms, err) : ds_fail_nomem(err);

    if (!rc)
        rc = ds_sf_check_org(&c, date_ms);
    if (!rc)
        rc = ds_sf_check_paths(&c);
    json_decref(c.parents);
    return rc;
}
