#include "connectors/salesforce/csv.h"

#include <string.h>

void ds_sf_csv_open(struct ds_sf_csv *csv, char *text, size_t len)
{
    csv->start = csv->at = text;
    csv->end = text + len;
    csv->fields = 0;
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        csv->at += 3;
}

static int broken(const struct ds_sf_csv *csv, const char *what, struct ds_err *err)
{
    return ds_fail(err, DS_E_REMOTE, "the result is broken at byte %zu: %s",
                   (size_t)(csv->at - csv->start), what);
}

/* A quoted field; two quotes become one, and what follows moves up. */
static int quoted(struct ds_sf_csv *csv, struct ds_value *out, struct ds_err *err)
{
    char *from = csv->at + 1, *to = from;

    out->text = from;
    for (;;) {
        char *quote = memchr(from, '"', (size_t)(csv->end - from));
        size_t len = quote ? (size_t)(quote - from) : 0;

        if (!quote)
            return broken(csv, "a quoted value does not end", err);
        if (to != from)
            memmove(to, from, len);
        to += len;
        from = quote + 1;
        if (from == csv->end || *from != '"')
            break;
        *to++ = '"';
        from++;
    }
    out->len = (size_t)(to - out->text);
    csv->at = from;
    return DS_OK;
}

static int bare(struct ds_sf_csv *csv, struct ds_value *out, struct ds_err *err)
{
    out->text = csv->at;
    while (csv->at < csv->end && *csv->at != ',' && *csv->at != '\n' && *csv->at != '\r') {
        if (*csv->at == '"')
            return broken(csv, "a quote inside a value", err);
        csv->at++;
    }
    out->len = (size_t)(csv->at - out->text);
    return DS_OK;
}

/* Passes what stands behind a field; *last: the row ends there. */
static int pass(struct ds_sf_csv *csv, bool *last, struct ds_err *err)
{
    *last = true;
    if (csv->at == csv->end)
        return broken(csv, "the last row does not end", err);
    if (*csv->at == ',') {
        *last = false;
        csv->at++;
        return DS_OK;
    }
    if (*csv->at == '\r' && csv->at + 1 < csv->end)
        csv->at++;
    if (*csv->at != '\n')
        return broken(csv, "something stands behind a value", err);
    csv->at++;
    return DS_OK;
}

/* What stood behind the field has been read, and makes room for its end. */
static void finish(struct ds_sf_csv *csv, struct ds_value *value)
{
    csv->start[(size_t)(value->text - csv->start) + value->len] = '\0';
    if (value->len == 0)
        value->text = NULL;
}

int ds_sf_csv_row(struct ds_sf_csv *csv, bool *more, struct ds_err *err)
{
    size_t n = 0;
    bool last = false;
    int rc = DS_OK;

    *more = csv->at < csv->end;
    while (*more && !last && !rc) {
        struct ds_value *value = &csv->field[n];

        if (n == DS_SF_MOST_FIELDS)
            return broken(csv, "a row with more fields than were asked for", err);
        if (csv->at < csv->end && *csv->at == '"')
            rc = quoted(csv, value, err);
        else
            rc = bare(csv, value, err);
        if (!rc)
            rc = pass(csv, &last, err);
        if (!rc)
            finish(csv, value);
        n++;
    }
    if (rc || !*more)
        return rc;
    if (csv->fields == 0)
        csv->fields = n;
    return n == csv->fields ? DS_OK : broken(csv, "a row with another number of fields", err);
}
