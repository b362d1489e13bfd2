#include "tests/sim/sf_csv.h"

#include <string.h>

static void end_line(const struct sf_csv *csv, struct buf *out)
{
    buf_add(out, csv->crlf ? "\r\n" : "\n", csv->crlf ? 2 : 1);
}

static const struct field *column(const struct sf_csv *csv, size_t i)
{
    return csv->query->columns[(i + csv->first) % csv->query->ncolumns].field;
}

void sf_csv_header(const struct sf_csv *csv, struct buf *out)
{
    for (size_t i = 0; i < csv->query->ncolumns; i++) {
        if (i)
            buf_add(out, &csv->delimiter, 1);
        buf_add(out, "\"", 1);
        buf_puts(out, column(csv, i)->name);
        buf_add(out, "\"", 1);
    }
    end_line(csv, out);
}

static void write_text(struct buf *out, const char *s, size_t n)
{
    const char *quote;

    buf_add(out, "\"", 1);
    while ((quote = memchr(s, '"', n))) {
        size_t part = (size_t)(quote - s) + 1;

        buf_add(out, s, part);
        buf_add(out, "\"", 1);
        s += part;
        n -= part;
    }
    buf_add(out, s, n);
    buf_add(out, "\"", 1);
}

/* From ten million on as Java prints doubles: one digit, the rest behind the point, an exponent. */
static void write_scientific(struct buf *out, const struct val *v)
{
    uint64_t rest = v->num < 0 ? 0 - (uint64_t)v->num : (uint64_t)v->num;
    struct buf digits = {0};
    int exponent;

    while (rest && rest % 10 == 0 && rest >= 10)
        rest /= 10;
    buf_number(&digits, v->num < 0 ? -v->num : v->num);
    exponent = (int)digits.len - 1 - v->scale;
    digits.len = 0;
    buf_number(&digits, (int64_t)rest);
    buf_addf(out, "%s%c.%sE%d", v->num < 0 ? "-" : "", digits.at[0],
             digits.len > 1 ? digits.at + 1 : "0", exponent);
    buf_free(&digits);
}

static bool is_large(const struct val *v)
{
    int64_t bound = 10000000;

    for (int i = 0; i < v->scale; i++)
        bound *= 10;
    return v->num >= bound || v->num <= -bound;
}

static void write_value(const struct sf_csv *csv, struct buf *out, const struct val *v,
                        enum form form)
{
    switch (v->kind) {
    case V_NULL: buf_add(out, "\"\"", 2); return;
    case V_TEXT: write_text(out, v->text, v->len); return;
    case V_ID:
        buf_add(out, "\"", 1);
        buf_add(out, v->text, v->len);
        break;
    case V_DATE: val_write(out, v, form); return;
    case V_TIME:
        val_write(out, v, F_MILLIS);
        out->len -= strlen("+0000\"");
        buf_add(out, "Z", 1);
        break;
    case V_NUMBER:
    case V_BOOL:
        buf_add(out, "\"", 1);
        if (csv->scientific && v->kind == V_NUMBER && is_large(v))
            write_scientific(out, v);
        else
            val_write(out, v, form);
        break;
    }
    buf_add(out, "\"", 1);
}

static bool write_spoilt(struct buf *out, const struct fault *fault, const struct field *f)
{
    static const char nul[] = "\"Acme\0Corp\"";
    struct buf json = {0};
    bool spoilt = fault && fault_spoils(fault, f->aspect, &json);

    if (spoilt && fault->kind == FAULT_NUL)
        buf_add(out, nul, sizeof nul - 1);
    else if (spoilt && json.at[0] == '"')
        buf_add(out, json.at, json.len);
    else if (spoilt)
        write_text(out, json.at, json.len);
    buf_free(&json);
    return spoilt;
}

void sf_csv_row(const struct sf_csv *csv, const struct row *row, const struct fault *fault,
                struct buf *out)
{
    struct val v;

    for (size_t i = 0; i < csv->query->ncolumns; i++) {
        const struct field *f = column(csv, i);

        if (i)
            buf_add(out, &csv->delimiter, 1);
        if (fault && write_spoilt(out, fault, f))
            continue;
        field_get(row, f, &v);
        write_value(csv, out, &v, f->form);
    }
    end_line(csv, out);
}
