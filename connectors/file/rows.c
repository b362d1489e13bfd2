#include "connectors/file/rows.h"

#include "base/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ds_rows_fault(struct ds_rows *rows, const char *fmt, ...)
{
    char why[sizeof(rows->fault) - 64];
    va_list ap;

    if (rows->row.fault)
        return;
    va_start(ap, fmt);
    vsnprintf(why, sizeof(why), fmt, ap);
    va_end(ap);
    if (rows->row.number)
        snprintf(rows->fault, sizeof(rows->fault), "%s (row %" PRIu64 ", line %" PRIu64 ")", why,
                 rows->row.number, rows->row.line);
    else
        snprintf(rows->fault, sizeof(rows->fault), "%s (line %" PRIu64 ")", why, rows->row.line);
    rows->row.fault = rows->fault;
}

int ds_column_find(const char *const *names, const char *name, size_t *index, struct ds_err *err)
{
    struct ds_buf list = DS_BUF_INIT(sizeof(err->hint) / 2);
    const char *nearest;

    for (size_t i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0) {
            *index = i;
            return DS_OK;
        }
    for (size_t i = 0; names[i]; i++)
        ds_buf_addf(&list, "%s'%s'", i ? ", " : "", names[i]);
    nearest = ds_text_nearest(name, names);
    ds_fail(err, DS_E_CONFIG, "there is no column '%s'%s%s%s", name,
            nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'" : "");
    ds_hint(err, "the columns are %s%s", list.text, ds_buf_failed(&list) ? ", ..." : "");
    ds_buf_clear(&list);
    return err->status;
}

/* Bytes of the blank at the beginning (or, if `last`, at the end) of the value; 0: there is none.
 * */
static size_t blank(struct ds_value v, int last)
{
    const char *at = v.text + (last ? v.len - 1 : 0);

    if (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n')
        return 1;
    if (v.len >= 2 && memcmp(last ? at - 1 : at, "\xc2\xa0", 2) == 0)
        return 2;
    return 0;
}

struct ds_value ds_value_trim(struct ds_value value)
{
    size_t n;

    while (value.len > 0 && (n = blank(value, 0)) > 0) {
        value.text += n;
        value.len -= n;
    }
    while (value.len > 0 && (n = blank(value, 1)) > 0)
        value.len -= n;
    return value;
}
