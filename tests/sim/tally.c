#include "tests/sim/tally.h"

#include <stdlib.h>
#include <string.h>

static bool same(const struct tally *t, const struct tally_row *a, const struct buf *keys)
{
    for (size_t i = 0; i < t->nfields; i++)
        if (a->keys[i].len != keys[i].len || memcmp(a->keys[i].at, keys[i].at, keys[i].len) != 0)
            return false;
    return true;
}

bool tally_add(const struct row *row, void *arg)
{
    struct tally *t = arg;
    struct buf keys[MAX_GROUP_FIELDS] = {0};
    size_t at = 0;
    struct val v;

    for (size_t i = 0; i < t->nfields; i++) {
        field_get(row, t->fields[i], &v);
        val_write(&keys[i], &v, t->fields[i]->form);
    }
    while (at < t->n && !same(t, &t->rows[at], keys))
        at++;
    if (at == t->n) {
        t->rows = regrab(t->rows, (t->n + 1) * sizeof *t->rows);
        t->rows[t->n++] = (struct tally_row){0};
        memcpy(t->rows[at].keys, keys, sizeof keys);
    } else {
        for (size_t i = 0; i < t->nfields; i++)
            buf_free(&keys[i]);
    }
    t->rows[at].n++;
    return true;
}

void tally_free(struct tally *t)
{
    for (size_t i = 0; i < t->n; i++)
        for (size_t j = 0; j < t->nfields; j++)
            buf_free(&t->rows[i].keys[j]);
    free(t->rows);
}

bool count_add(const struct row *row, void *arg)
{
    (void)row;
    ++*(uint64_t *)arg;
    return true;
}
