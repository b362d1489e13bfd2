#include "engine/report/tally.h"

#include <stdlib.h>
#include <string.h>

static const char *const date_shape = "dddd-dd-dd";

static bool date_at(const char *text)
{
    for (const char *shape = date_shape; *shape; shape++, text++)
        if (*shape == 'd' ? *text < '0' || *text > '9' : *text != *shape)
            return false;
    return true;
}

static void strip_values(struct ds_buf *out, const char *text)
{
    while (*text) {
        const char *close = *text == '\'' ? strchr(text + 1, '\'') : NULL;

        if (close) {
            ds_buf_add(out, "'...'");
            text = close + 1;
        } else if (date_at(text)) {
            ds_buf_add(out, "...");
            text += strlen(date_shape);
        } else {
            ds_buf_add_char(out, *text++);
        }
    }
}

static void count(struct ds_tally *t, const char *text)
{
    size_t i = 0;

    while (i < t->rows && strcmp(t->row[i].text, text) != 0)
        i++;
    if (i == t->rows && i < DS_TALLY_SIZE && (t->row[i].text = strdup(text)) != NULL)
        t->rows++;
    if (i < t->rows)
        t->row[i].count++;
    else
        t->others++;
}

void ds_tally_add(struct ds_tally *t, const char *text, bool without_values)
{
    struct ds_buf plain = DS_BUF_INIT(DS_MAX_TEXT);

    if (without_values)
        strip_values(&plain, text);
    else
        ds_buf_add(&plain, text);
    count(t, plain.text);
    ds_buf_clear(&plain);
}

static int by_count(const void *a, const void *b)
{
    const struct ds_tally_row *x = a, *y = b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->text, y->text);
}

void ds_tally_sort(struct ds_tally *t)
{
    qsort(t->row, t->rows, sizeof(t->row[0]), by_count);
}

void ds_tally_clear(struct ds_tally *t)
{
    for (size_t i = 0; i < t->rows; i++)
        free(t->row[i].text);
    memset(t, 0, sizeof(*t));
}
