#include "tests/sim/state.h"
#include "tests/sim/world.h"

#include <stdlib.h>
#include <string.h>

struct line {
    const char *table;
    struct buf text; /* starts with the id, so that lines sort by it */
};

static int field_cmp(const void *a, const void *b)
{
    const struct assignment *x = a, *y = b;

    return strcmp(x->field->name, y->field->name);
}

static void write_set(struct buf *out, const struct edit *edit, bool stamps)
{
    struct assignment *set = regrab(NULL, (edit->n + 1) * sizeof *set);
    bool first = true;

    if (edit->n) {
        memcpy(set, edit->set, edit->n * sizeof *set);
        qsort(set, edit->n, sizeof *set, field_cmp);
    }
    for (size_t i = 0; i < edit->n; i++) {
        struct val v;

        if (set[i].field->flags & FILLER && !set[i].text)
            continue;
        if (!stamps && form_kind(set[i].field->form) == V_TIME)
            continue;
        buf_puts(out, first ? "" : ",");
        buf_json_text(out, set[i].field->name);
        buf_puts(out, ":");
        val_null(&v);
        if (set[i].text)
            val_parse(form_kind(set[i].field->form), set[i].text, &v);
        val_write(out, &v, set[i].field->form);
        first = false;
    }
    free(set);
}

static struct line line_of(const struct entity *e, uint32_t at, bool stamps)
{
    const struct edit *edit = world_edit_of(e, at);
    struct line line = {.table = e->name};
    struct buf *out = &line.text;
    struct val id;
    struct row row;

    if (!edit || edit->ghost || (!edit->n && !edit->version && !edit->modified && !edit->deleted))
        return line;
    world_row(e, at, &row);
    field_get(&row, entity_key(e), &id);
    buf_puts(out, "{\"id\":");
    val_write(out, &id, F_ID);
    buf_puts(out, ",\"table\":");
    buf_json_text(out, e->name);
    buf_addf(out, ",\"deleted\":%s", edit->deleted ? "true" : "false");
    if (stamps)
        buf_addf(out, ",\"version\":%llu,\"modified\":%lld", (unsigned long long)row.version,
                 (long long)row.modified);
    buf_puts(out, ",\"set\":{");
    write_set(out, edit, stamps);
    buf_puts(out, "}}\n");
    return line;
}

static int line_cmp(const void *a, const void *b)
{
    const struct line *x = a, *y = b;
    int order = strcmp(x->table, y->table);

    return order ? order : strcmp(x->text.at, y->text.at);
}

void state_write(struct buf *out, enum crm crm, bool stamps)
{
    struct line *lines = NULL;
    const struct entity *e;
    size_t n = 0;
    uint32_t at;

    for (size_t i = 0; (e = world_table(i)); i++) {
        if (e->crm != crm)
            continue;
        lines = regrab(lines, (n + world_edits(e) + 1) * sizeof *lines);
        for (size_t j = 0; world_edit_at(e, j, &at); j++) {
            lines[n] = line_of(e, at, stamps);
            n += lines[n].text.len != 0;
        }
    }
    if (n)
        qsort(lines, n, sizeof *lines, line_cmp);
    for (size_t i = 0; i < n; i++) {
        buf_puts(out, lines[i].text.at);
        buf_free(&lines[i].text);
    }
    free(lines);
}
