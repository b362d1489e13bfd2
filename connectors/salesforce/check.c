#include "connectors/salesforce/remote.h"

#include "base/text.h"
#include "connectors/salesforce/columns.h"
#include "connectors/salesforce/soql.h"

#include <stdio.h>
#include <stdlib.h>

/* Turns a fault of the configuration into a finding, so that the check goes on. */
static int note_fault(struct ds_err *err, int rc, ds_note *note, void *arg)
{
    char text[sizeof(err->text) + sizeof(err->hint) + 2];

    if (rc != DS_E_CONFIG)
        return rc;
    snprintf(text, sizeof(text), "%s%s%s", err->text, *err->hint ? "; " : "", err->hint);
    ds_err_clear(err);
    return note(arg, DS_FINDING_PROBLEM, text);
}

/* Orgs with several currencies give amounts in the record's own one (SF-58). */
static int check_currency(struct ds_remote *remote, const struct ds_query *query, ds_note *note,
                          void *arg)
{
    bool amount = false, currency = false;

    for (size_t i = 0; i < query->count; i++) {
        amount = amount || ds_text_same_nocase(query->paths[i], "Amount");
        currency = currency || ds_text_same_nocase(query->paths[i], "CurrencyIsoCode");
    }
    if (amount && !currency && ds_sf_field(remote->describe, "CurrencyIsoCode"))
        return note(arg, DS_FINDING_WARNING,
                    "the org has several currencies and the mapping does not read "
                    "CurrencyIsoCode: amounts are in the record's own currency");
    return DS_OK;
}

/* Reads one record, for the org alone can judge fields of parents and `where`, and their spelling. */
static int read_one(struct ds_remote *remote, const struct ds_sf_columns *columns, bool *any,
                    struct ds_err *err)
{
    struct ds_buf list = DS_BUF_INIT(DS_MAX_TEXT), soql = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_value *values = calloc(columns->paths + 1, sizeof(*values));
    json_t *rows = NULL;
    int rc;

    ds_sf_columns_list(columns, &list);
    ds_sf_soql_probe(&soql, list.text, ds_option(remote->options, "where"));
    rc = values ? ds_sf_rows(remote, soql.text, &rows, err) : ds_fail_nomem(err);
    *any = json_array_size(rows) > 0;
    if (!rc && *any)
        rc = ds_sf_columns_read(columns, json_array_get(rows, 0), values, err);
    json_decref(rows);
    ds_buf_clear(&list);
    ds_buf_clear(&soql);
    free(values);
    return rc;
}

static int check_query(struct ds_remote *remote, const struct ds_sf_columns *columns, ds_note *note,
                       void *arg, struct ds_err *err)
{
    char text[64];
    bool any;
    int rc = read_one(remote, columns, &any, err);

    if (rc)
        return note_fault(err, rc, note, arg);
    if (!any)
        return note(arg, DS_FINDING_WARNING,
                    "no opportunity can be seen: look at the user's 'View All' on Opportunity and "
                    "at 'where'");
    snprintf(text, sizeof(text), "%zu paths can be read", columns->paths);
    return note(arg, DS_FINDING_OK, text);
}

int ds_sf_check(struct ds_remote *remote, const struct ds_query *query, ds_note *note, void *arg,
                struct ds_err *err)
{
    struct ds_sf_columns columns;
    size_t id;
    int rc = ds_sf_describe(remote, NULL, err);

    if (rc)
        return rc;
    rc = ds_sf_columns_init(&columns, remote->describe, query->count + 1, err);
    if (!rc)
        rc = ds_sf_columns_add(&columns, "Id", &id, err);
    for (size_t i = 0; i < query->count && !rc; i++)
        rc = note_fault(err, ds_sf_columns_path(&columns, query->paths[i], err), note, arg);
    if (!rc)
        rc = check_query(remote, &columns, note, arg, err);
    if (!rc)
        rc = check_currency(remote, query, note, arg);
    ds_sf_columns_clear(&columns);
    return rc;
}
