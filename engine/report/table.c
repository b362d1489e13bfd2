#include "engine/report/table.h"

#include "base/date.h"
#include "base/text.h"
#include "engine/report/member.h"
#include "engine/report/people.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MEASURED   200 /* rows that decide how wide the columns are */
#define TEXT_WIDTH 100

struct ds_table {
    FILE *out;
    enum ds_format format;
    const char *name;
    const struct ds_column *columns;
    size_t count;
    size_t last; /* column that people see */
    size_t rows;
    struct ds_buf line;
    /* Of text only: the first rows, each cell with its NUL, until the columns are measured. */
    struct ds_buf kept;
    size_t kept_rows;
    bool measured;
    size_t width[DS_TABLE_COLUMNS];
};

static int flush(struct ds_table *t, struct ds_err *err)
{
    bool failed = ds_buf_failed(&t->line) || ds_buf_failed(&t->kept);

    fwrite(t->line.text, 1, t->line.len, t->out);
    ds_buf_reset(&t->line);
    return failed ? ds_fail_nomem(err) : DS_OK;
}

/* --- cells -------------------------------------------------------------------------------- */

static bool empty(const struct ds_column *column, const struct ds_cell *cell)
{
    switch (column->type) {
    case DS_COL_TEXT:
    case DS_COL_VALUE: return !cell->text;
    case DS_COL_COUNT:
    case DS_COL_AGE: return cell->number < 0;
    case DS_COL_ID:
    case DS_COL_INSTANT: return !cell->number;
    }
    return true;
}

static void people_cell(struct ds_buf *out, const struct ds_column *column,
                        const struct ds_cell *cell)
{
    if (empty(column, cell)) {
        ds_buf_add(out, column->type == DS_COL_VALUE && cell->number < DS_FIELDS ? "(empty)" : "-");
        return;
    }
    switch (column->type) {
    case DS_COL_TEXT: ds_people_text(out, cell->text, TEXT_WIDTH); break;
    case DS_COL_VALUE: ds_people_value(out, (enum ds_field)cell->number, cell->text); break;
    case DS_COL_COUNT: ds_people_number(out, (uint64_t)cell->number); break;
    case DS_COL_ID: ds_buf_addf(out, "%" PRId64, cell->number); break;
    case DS_COL_INSTANT: ds_people_instant(out, cell->number); break;
    case DS_COL_AGE: ds_people_age(out, cell->number); break;
    }
}

/* The same for programs: as JSON and CSV have it, but for quotes. */
static void plain_cell(struct ds_buf *out, const struct ds_column *column,
                       const struct ds_cell *cell)
{
    char at[DS_INSTANT_TEXT];

    if (empty(column, cell))
        return;
    switch (column->type) {
    case DS_COL_TEXT:
    case DS_COL_VALUE: ds_buf_add(out, cell->text); break;
    case DS_COL_COUNT:
    case DS_COL_ID: ds_buf_addf(out, "%" PRId64, cell->number); break;
    case DS_COL_INSTANT: ds_buf_add(out, ds_instant_text(cell->number, at)); break;
    case DS_COL_AGE: ds_buf_addf(out, "%" PRId64, cell->number / 1000); break;
    }
}

static bool numeric(const struct ds_column *column)
{
    return column->type == DS_COL_COUNT || column->type == DS_COL_ID || column->type == DS_COL_AGE;
}

/* --- text --------------------------------------------------------------------------------- */

static void print_cell(struct ds_table *t, size_t column, const char *text, bool last)
{
    size_t width = ds_text_width(text);
    size_t blanks = t->width[column] > width ? t->width[column] - width : 0;
    bool right = numeric(&t->columns[column]);

    for (size_t i = 0; right && i < blanks; i++)
        ds_buf_add_char(&t->line, ' ');
    ds_buf_add(&t->line, text);
    for (size_t i = 0; !right && !last && i < blanks; i++)
        ds_buf_add_char(&t->line, ' ');
    ds_buf_add(&t->line, last ? "\n" : "  ");
}

static void keep_row(struct ds_table *t, const struct ds_cell *cells)
{
    for (size_t i = 0; i < t->count; i++) {
        size_t from = t->kept.len, width;

        if (!t->columns[i].title)
            continue;
        people_cell(&t->kept, &t->columns[i], &cells[i]);
        width = ds_text_width(t->kept.text + from);
        if (t->width[i] < width)
            t->width[i] = width;
        ds_buf_add_bytes(&t->kept, "", 1);
    }
    t->kept_rows++;
}

static void print_kept(struct ds_table *t)
{
    const char *text = t->kept.text;

    if (ds_buf_failed(&t->kept))
        return;
    for (size_t row = 0; row < t->kept_rows; row++)
        for (size_t i = 0; i < t->count; i++) {
            if (!t->columns[i].title)
                continue;
            print_cell(t, i, text, i == t->last);
            text += strlen(text) + 1;
        }
    ds_buf_reset(&t->kept);
    t->kept_rows = 0;
}

static void print_titles(struct ds_table *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const char *title = t->columns[i].title;
        size_t width = title ? ds_text_width(title) : 0;

        if (t->width[i] < width)
            t->width[i] = width;
    }
    for (size_t i = 0; i < t->count; i++)
        if (t->columns[i].title)
            print_cell(t, i, t->columns[i].title, i == t->last);
    t->measured = true;
}

static void text_row(struct ds_table *t, const struct ds_cell *cells)
{
    keep_row(t, cells);
    if (!t->measured && t->kept_rows < MEASURED)
        return;
    if (!t->measured)
        print_titles(t);
    print_kept(t);
}

/* --- json and csv --------------------------------------------------------------------------- */

static void json_row(struct ds_table *t, const struct ds_cell *cells)
{
    struct ds_buf cell = DS_BUF_INIT(DS_MAX_PAGE);

    ds_buf_add(&t->line, t->rows ? ",\n{" : "\n{");
    for (size_t i = 0; i < t->count; i++) {
        ds_buf_reset(&cell);
        plain_cell(&cell, &t->columns[i], &cells[i]);
        if (numeric(&t->columns[i])) {
            ds_member(&t->line, t->columns[i].name);
            ds_buf_add(&t->line, cell.len ? cell.text : "null");
        } else {
            ds_member_text(&t->line, t->columns[i].name,
                           empty(&t->columns[i], &cells[i]) ? NULL : cell.text);
        }
    }
    ds_buf_add_char(&t->line, '}');
    ds_buf_clear(&cell);
}

static void csv_titles(struct ds_table *t)
{
    for (size_t i = 0; i < t->count; i++)
        ds_buf_addf(&t->line, "%s%s", i ? "," : "", t->columns[i].name);
    ds_buf_add_char(&t->line, '\n');
}

static void csv_row(struct ds_table *t, const struct ds_cell *cells)
{
    struct ds_buf cell = DS_BUF_INIT(DS_MAX_PAGE);

    for (size_t i = 0; i < t->count; i++) {
        ds_buf_reset(&cell);
        plain_cell(&cell, &t->columns[i], &cells[i]);
        ds_buf_add(&t->line, i ? "," : "");
        ds_csv_cell(&t->line, cell.text);
    }
    ds_buf_add_char(&t->line, '\n');
    ds_buf_clear(&cell);
}

/* --- the table ------------------------------------------------------------------------------ */

int ds_table_open(FILE *out, enum ds_format format, const char *name,
                  const struct ds_column *columns, size_t count, struct ds_table **table,
                  struct ds_err *err)
{
    struct ds_table *t = calloc(1, sizeof(*t));

    if (!t)
        return ds_fail_nomem(err);
    *t = (struct ds_table){
        .out = out, .format = format, .name = name, .columns = columns, .count = count};
    for (size_t i = 0; i < count; i++)
        if (columns[i].title)
            t->last = i;
    ds_buf_init(&t->line, DS_MAX_PAGE);
    ds_buf_init(&t->kept, DS_MAX_PAGE);
    if (format == DS_JSON)
        ds_buf_addf(&t->line, "{\"format\":1,\"%s\":[", name);
    if (format == DS_CSV)
        csv_titles(t);
    *table = t;
    return DS_OK;
}

int ds_table_row(struct ds_table *t, const struct ds_cell *cells, struct ds_err *err)
{
    static void (*const rows[DS_FORMATS])(struct ds_table *, const struct ds_cell *) = {
        [DS_TEXT] = text_row, [DS_JSON] = json_row, [DS_CSV] = csv_row};

    rows[t->format](t, cells);
    t->rows++;
    return flush(t, err);
}

size_t ds_table_rows(const struct ds_table *t)
{
    return t->rows;
}

int ds_table_close(struct ds_table *t, const char *none, struct ds_err *err)
{
    int rc;

    if (!t)
        return DS_OK;
    if (t->format == DS_JSON)
        ds_buf_add(&t->line, t->rows ? "\n]}\n" : "]}\n");
    if (t->format == DS_TEXT && !t->rows && none)
        ds_buf_addf(&t->line, "%s\n", none);
    if (t->format == DS_TEXT && t->kept_rows) {
        print_titles(t);
        print_kept(t);
    }
    rc = flush(t, err);
    ds_buf_clear(&t->line);
    ds_buf_clear(&t->kept);
    free(t);
    return rc;
}
