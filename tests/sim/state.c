#include "tests/sim/state.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct place {
    char id[40];
    uint32_t at;
};

static int by_id(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    return strcmp(x->id, y->id);
}

/* What was undone, or never done, is no change. */
static bool changed(const struct edit *edit)
{
    return !edit->ghost && (edit->n || edit->version || edit->modified || edit->deleted);
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

        if (f->flags & FILLER && !world_is_set(row.edit, f))
            continue;
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

static struct place place_of(const struct entity *e, uint32_t at)
{
    struct place place = {.at = at};
    struct row row;
    struct val id;

    world_row(e, at, &row);
    field_get(&row, entity_key(e), &id);
    snprintf(place.id, sizeof place.id, "%.*s", (int)id.len, id.text);
    return place;
}

void state_write(struct buf *out, const struct entity *e, bool stamps)
{
    struct place *places = regrab(NULL, (world_edits(e) + 1) * sizeof *places);
    size_t n = 0;
    uint32_t at;

    for (size_t i = 0; world_edit_at(e, i, &at); i++)
        if (changed(world_find_edit(e, at)))
            places[n++] = place_of(e, at);
    qsort(places, n, sizeof *places, by_id);
    for (size_t i = 0; i < n; i++)
        write_row(out, e, places[i].at, stamps);
    free(places);
}
