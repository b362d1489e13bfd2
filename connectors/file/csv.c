#include "connectors/file/rows.h"

#include "base/arena.h"
#include "base/text.h"
#include "connectors/file/hash64.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS 4096u

/* What may end a run of ordinary bytes. */
enum { DELIMITER = 1, QUOTE = 2, CR = 4, LF = 8, END = 16 };

struct csv {
    struct ds_rows rows;
    unsigned char class[256];
    struct ds_arena arena; /* the names */
    struct ds_buf text;    /* the fields of the row, each with a NUL behind it */
    size_t begin;          /* where the present field begins in text */
    size_t count;          /* fields of the row before it */
    size_t columns;        /* fields that are kept */
    struct ds_value fields[MAX_COLUMNS];
};

/* Behind a fault the rest of the row is read, but not kept. */
static int keep(struct csv *csv, const char *bytes, size_t len, struct ds_err *err)
{
    if (csv->rows.row.fault || csv->count >= csv->columns || len == 0)
        return DS_OK;
    if (csv->text.len - csv->begin + len > DS_MAX_FIELD)
        ds_rows_fault(&csv->rows, "has more than %u bytes in field %zu", DS_MAX_FIELD,
                      csv->count + 1);
    else if (csv->text.len + len > DS_MAX_ROW)
        ds_rows_fault(&csv->rows, "has more than %u bytes", DS_MAX_ROW);
    else
        ds_buf_add_bytes(&csv->text, bytes, len);
    return ds_buf_failed(&csv->text) ? ds_fail_nomem(err) : DS_OK;
}

/* Keeps bytes up to one of the classes in `until`, takes that one too and tells what it was. */
static int take(struct csv *csv, unsigned until, unsigned *stop, struct ds_err *err)
{
    struct ds_input *in = csv->rows.in;
    int byte;
    int rc;

    for (;;) {
        const char *from = in->block + in->at;
        const char *end = in->block + in->len;
        const char *to = from;

        while (to < end && !(csv->class[(unsigned char)*to] & until))
            to++;
        rc = keep(csv, from, (size_t)(to - from), err);
        in->at += (size_t)(to - from);
        if (rc != DS_OK)
            return rc;
        if (to < end) {
            *stop = csv->class[(unsigned char)*to];
            in->at++;
            return DS_OK;
        }
        rc = ds_input_peek(in, &byte, err);
        if (rc != DS_OK)
            return rc;
        if (byte == DS_INPUT_END) {
            *stop = END;
            return DS_OK;
        }
    }
}

/* Behind a row end: a CR takes the LF that belongs to it. */
static int end_line(struct csv *csv, unsigned stop, struct ds_err *err)
{
    int byte = 0;
    int rc = stop == CR ? ds_input_peek(csv->rows.in, &byte, err) : DS_OK;

    if (byte == '\n')
        csv->rows.in->at++;
    csv->rows.line++;
    return rc;
}

/* A quote where none may stand: nothing in this row can be trusted, the next line end ends it. */
static int stray_quote(struct csv *csv, const char *where, unsigned *stop, struct ds_err *err)
{
    ds_rows_fault(&csv->rows, "has a quote %s in line %" PRIu64, where, csv->rows.line);
    return take(csv, CR | LF, stop, err);
}

/* A line end inside a quoted field is kept as it is. */
static int quoted_line(struct csv *csv, unsigned stop, struct ds_err *err)
{
    int byte = 0;
    int rc = keep(csv, stop == CR ? "\r" : "\n", 1, err);

    if (rc == DS_OK && stop == CR)
        rc = ds_input_peek(csv->rows.in, &byte, err);
    if (byte != '\n')
        csv->rows.line++;
    return rc;
}

/* What stands behind a quote in a quoted field; 0: something that may not. */
static int behind_quote(struct csv *csv, unsigned *stop, struct ds_err *err)
{
    int byte;
    int rc = ds_input_peek(csv->rows.in, &byte, err);

    if (rc != DS_OK)
        return rc;
    *stop = byte == DS_INPUT_END ? END : csv->class[byte];
    if (*stop != 0 && *stop != END)
        csv->rows.in->at++;
    return DS_OK;
}

/* Behind the opening quote. */
static int quoted_field(struct csv *csv, unsigned *stop, struct ds_err *err)
{
    uint64_t line = csv->rows.line;
    int rc;

    while ((rc = take(csv, QUOTE | CR | LF, stop, err)) == DS_OK && *stop != END) {
        if (*stop != QUOTE) {
            rc = quoted_line(csv, *stop, err);
        } else {
            rc = behind_quote(csv, stop, err);
            if (rc == DS_OK && *stop == 0)
                return stray_quote(csv, "inside a quoted field", stop, err);
            if (rc == DS_OK && *stop != QUOTE)
                return DS_OK;
            if (rc == DS_OK)
                rc = keep(csv, "\"", 1, err);
        }
        if (rc != DS_OK)
            return rc;
    }
    if (rc != DS_OK)
        return rc;
    ds_fail(err, DS_E_INPUT, "the file ends inside a quoted field that began in line %" PRIu64,
            line);
    return ds_hint(err, "the export was cut off or a closing quote is missing: export it again");
}

static int field(struct csv *csv, unsigned *stop, struct ds_err *err)
{
    int rc = take(csv, DELIMITER | QUOTE | CR | LF, stop, err);

    if (rc == DS_OK && *stop == QUOTE)
        rc = csv->text.len > csv->begin
                 ? stray_quote(csv, "in a field that is not quoted", stop, err)
                 : quoted_field(csv, stop, err);
    if (rc != DS_OK)
        return rc;
    if (!csv->rows.row.fault && csv->count < csv->columns) {
        csv->fields[csv->count].len = csv->text.len - csv->begin;
        ds_buf_add_char(&csv->text, '\0');
        csv->begin = csv->text.len;
    }
    csv->count++;
    return ds_buf_failed(&csv->text) ? ds_fail_nomem(err) : DS_OK;
}

/* The text has grown, and may have moved, until here. */
static void place_fields(struct csv *csv)
{
    const char *at = csv->text.text;

    for (size_t i = 0; i < csv->count; i++) {
        csv->fields[i].text = at;
        at += csv->fields[i].len + 1;
    }
}

/* *more is false when the file ends behind them. */
static int skip_empty_lines(struct csv *csv, bool *more, struct ds_err *err)
{
    int byte;
    int rc = ds_input_peek(csv->rows.in, &byte, err);

    while (rc == DS_OK && (byte == '\r' || byte == '\n')) {
        csv->rows.in->at++;
        rc = end_line(csv, csv->class[byte], err);
        if (rc == DS_OK)
            rc = ds_input_peek(csv->rows.in, &byte, err);
    }
    *more = rc == DS_OK && byte != DS_INPUT_END;
    return rc;
}

/* Reads a row whatever it holds; *stop tells what ended it, 0: there was none. */
static int read_row(struct csv *csv, unsigned *stop, struct ds_err *err)
{
    bool more;
    int rc = skip_empty_lines(csv, &more, err);

    *stop = 0;
    if (rc != DS_OK || !more)
        return rc;
    ds_buf_reset(&csv->text);
    csv->begin = csv->count = 0;
    csv->rows.row = (struct ds_row){
        .number = csv->rows.names ? csv->rows.number + 1 : 0,
        .line = csv->rows.line,
        .values = csv->fields,
    };
    do
        rc = field(csv, stop, err);
    while (rc == DS_OK && *stop == DELIMITER);
    return rc == DS_OK && *stop != END ? end_line(csv, *stop, err) : rc;
}

static int check_count(struct csv *csv, unsigned stop, struct ds_err *err)
{
    if (csv->rows.row.fault || csv->count == csv->columns)
        return DS_OK;
    if (stop == END && csv->count < csv->columns) {
        ds_fail(err, DS_E_INPUT,
                "the file ends inside row %" PRIu64 ", line %" PRIu64 ", with %zu of %zu fields",
                csv->rows.row.number, csv->rows.row.line, csv->count, csv->columns);
        return ds_hint(err, "the export was cut off: export it again");
    }
    ds_rows_fault(&csv->rows, "has %zu field%s where the header has %zu", csv->count,
                  csv->count == 1 ? "" : "s", csv->columns);
    return DS_OK;
}

static int csv_next(struct ds_rows *rows, const struct ds_row **row, struct ds_err *err)
{
    struct csv *csv = (struct csv *)rows;
    unsigned stop;
    int rc = read_row(csv, &stop, err);

    *row = NULL;
    if (rc != DS_OK || stop == 0)
        return rc;
    rows->number++;
    rc = check_count(csv, stop, err);
    if (rc != DS_OK)
        return rc;
    if (!rows->row.fault)
        place_fields(csv);
    rows->row.hash = ds_hash64(csv->text.text, csv->text.len, 0);
    *row = &rows->row;
    return DS_OK;
}

static int csv_slot(struct ds_rows *rows, const char *path, size_t *slot, struct ds_err *err)
{
    return ds_column_find(rows->names, path, slot, err);
}

/* Two columns of one name: which of them is meant nobody knows. */
static int refuse_twins(const char *const *names, struct ds_err *err)
{
    for (size_t i = 0; names[i]; i++)
        for (size_t k = i + 1; names[i][0] && names[k]; k++)
            if (strcmp(names[i], names[k]) == 0) {
                ds_fail(err, DS_E_INPUT, "columns %zu and %zu are both called '%s'", i + 1, k + 1,
                        names[i]);
                return ds_hint(err, "export it again with different column names");
            }
    return DS_OK;
}

static int read_names(struct csv *csv, struct ds_err *err)
{
    const char **names = ds_arena_alloc(&csv->arena, (csv->count + 1) * sizeof(*names));

    if (!names)
        return ds_fail_nomem(err);
    for (size_t i = 0; i < csv->count; i++) {
        struct ds_value name = ds_value_trim(csv->fields[i]);
        const char *wrong = ds_text_fault(name.text, name.len);

        if (wrong) {
            ds_fail(err, DS_E_INPUT, "the name of column %zu has %s", i + 1, wrong);
            return ds_hint(err, "export it as UTF-8");
        }
        names[i] = ds_arena_dup_bytes(&csv->arena, name.text, name.len);
        if (!names[i])
            return ds_fail_nomem(err);
    }
    csv->rows.names = names;
    csv->columns = csv->count;
    return refuse_twins(names, err);
}

static int read_header(struct csv *csv, struct ds_err *err)
{
    unsigned stop;
    int rc;

    csv->columns = MAX_COLUMNS;
    rc = read_row(csv, &stop, err);
    if (rc != DS_OK)
        return rc;
    if (stop == 0)
        return ds_fail(err, DS_E_INPUT, "the file has no header, only empty lines");
    if (csv->count > MAX_COLUMNS)
        ds_rows_fault(&csv->rows, "has %zu columns, %u are allowed", csv->count, MAX_COLUMNS);
    if (csv->rows.row.fault)
        return ds_fail(err, DS_E_INPUT, "the header %s", csv->rows.row.fault);
    place_fields(csv);
    return read_names(csv, err);
}

static void csv_close(struct ds_rows *rows)
{
    struct csv *csv = (struct csv *)rows;

    if (!csv)
        return;
    ds_buf_clear(&csv->text);
    ds_arena_clear(&csv->arena);
    free(csv);
}

static int csv_open(struct ds_input *in, char delimiter, struct ds_rows **out, struct ds_err *err)
{
    struct csv *csv = calloc(1, sizeof(*csv));
    int rc;

    if (!csv)
        return ds_fail_nomem(err);
    csv->rows = (struct ds_rows){.kind = &ds_csv, .in = in, .line = 1};
    ds_buf_init(&csv->text, DS_MAX_ROW + MAX_COLUMNS);
    csv->class[(unsigned char)delimiter] = DELIMITER;
    csv->class['"'] = QUOTE;
    csv->class['\r'] = CR;
    csv->class['\n'] = LF;
    rc = read_header(csv, err);
    if (rc == DS_OK)
        *out = &csv->rows;
    else
        csv_close(&csv->rows);
    return rc;
}

const struct ds_rows_kind ds_csv = {csv_open, csv_close, csv_slot, csv_next};
