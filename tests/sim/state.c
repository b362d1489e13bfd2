#include "tests/sim/state.h"
#include "tests/sim/world.h"

#include <stdlib.h>

static int by_index(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static void write_row(struct buf *out, const struct entity *e, uint32_t at, bool stamps)
{
    struct row row;
    struct val v;

    world_row(e, at, &row);
    buf_puts(out, "{\"object\":");
    buf_json_text(out, e->name);
    buf_addf(out, ",\"deleted\":%s", row.deleted ? "true" : "false");
    if (row.edit && row.edit->purged)
        buf_puts(out, ",\"purged\":true");
    if (stamps)
        buf_addf(out, ",\"version\":%llu", (unsigned long long)row.version);
    for (size_t i = 0; i < e->nfields; i++) {
        const struct field *f = &e->fields[i];

        if (!stamps && (form_kind(f->form) == V_TIME || f->aspect == A_VERSION))
            continue;
        buf_puts(out, ",");
        buf_json_text(out, f->name);
        buf_puts(out, ":");
        field_get(&row, f, &v);
        val_write(out, &v, f->form);
    }
    buf_puts(out, "}\n");
}

void state_write(struct buf *out, const struct entity *e, bool stamps)
{
    size_t n = world_edits(e);
    uint32_t *at = regrab(NULL, (n + 1) * sizeof *at);

    for (size_t i = 0; i < n; i++)
        world_edit_at(e, i, &at[i]);
    qsort(at, n, sizeof *at, by_index);
    for (size_t i = 0; i < n; i++)
        write_row(out, e, at[i], stamps);
    free(at);
}
