#include "tests/sim/dv_rows.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/dv_tables.h"
#include "tests/sim/world.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dv_wishes dv_wishes_of(const struct request *request)
{
    static const struct {
        const char *part;
        unsigned bit;
    } known[] = {
        {"FormattedValue", FORMATTED},
        {"lookuplogicalname", LOOKUP_NAME},
        {"associatednavigationproperty", NAVIGATION},
        {"totalrecordcount", TOTALS},
        {"fetchxmlpagingcookie", COOKIE},
        {"*", FORMATTED | LOOKUP_NAME | NAVIGATION | TOTALS | COOKIE},
    };
    const char *prefer = request_header(request, "Prefer");
    const char *page = prefer ? strstr(prefer, "odata.maxpagesize=") : NULL;
    const char *notes = prefer ? strstr(prefer, "odata.include-annotations=\"") : NULL;
    struct dv_wishes w = {0};

    if (page)
        w.page = strtoull(page + strlen("odata.maxpagesize="), NULL, 10);
    if (notes) {
        notes += strlen("odata.include-annotations=\"");
        snprintf(w.annotation_text, sizeof w.annotation_text, "%.*s", (int)strcspn(notes, "\""),
                 notes);
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(w.annotation_text, known[i].part))
            w.annotations |= known[i].bit;
    return w;
}

void dv_applied(struct reply *reply, const struct dv_wishes *w)
{
    char page[48] = "";

    if (w->page)
        snprintf(page, sizeof page, "odata.maxpagesize=%llu", (unsigned long long)w->page);
    if (w->annotation_text[0])
        reply_header(reply, "Preference-Applied", "%s%sodata.include-annotations=\"%s\"", page,
                     *page ? "," : "", w->annotation_text);
    else if (*page)
        reply_header(reply, "Preference-Applied", "%s", page);
}

/* ---- records ---- */

static const char *leaf(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot ? dot + 1 : name;
}

static void write_key(struct buf *out, const char *name)
{
    buf_puts(out, strchr("{,", out->at[out->len - 1]) ? "\"" : ",\"");
    buf_puts(out, name);
    buf_puts(out, "\":");
}

static void write_note(struct buf *out, const char *name, const char *annotation, const char *text,
                       size_t len)
{
    char key[160];

    snprintf(key, sizeof key, "%s@%s", name, annotation);
    write_key(out, key);
    buf_json(out, text, len);
}

/* The name of the row that a lookup leads to. */
static void label_of(const struct dv_table *t, const char *id, struct buf *out)
{
    const struct field *f = entity_field(t->entity, t->primary, strlen(t->primary));
    struct row row;
    struct val v;
    uint32_t at;

    if (!f || !dv_find(t->entity, id, &at))
        return;
    entity_row(t->entity, at, &row);
    field_get(&row, f, &v);
    if (v.kind == V_TEXT)
        buf_add(out, v.text, v.len);
}

static const struct dv_nav *nav_of(const struct entity *e, const struct field *f, const char *type)
{
    const struct dv_nav *nav;

    for (size_t i = 0; (nav = dv_nav_at(i)); i++)
        if (strcmp(nav->set, e->name) == 0 && strcmp(nav->lookup, f->name) == 0 &&
            strcmp(nav->type, type) == 0)
            return nav;
    return NULL;
}

static void note_lookup(const struct dv_writer *w, const struct field *f, const struct val *v)
{
    const struct entity *e = w->query->entity;
    char id[40];
    const char *type;
    const struct dv_nav *nav;
    struct buf label = {0};

    snprintf(id, sizeof id, "%.*s", (int)v->len, v->text);
    type = dv_target(e, f, id);
    nav = type ? nav_of(e, f, type) : NULL;
    if (!nav)
        return;
    if (w->wishes->annotations & FORMATTED)
        label_of(dv_table_typed(type, strlen(type)), id, &label);
    if (label.len)
        write_note(w->out, f->name, "OData.Community.Display.V1.FormattedValue", label.at,
                   label.len);
    if (w->wishes->annotations & NAVIGATION)
        write_note(w->out, f->name, "Microsoft.Dynamics.CRM.associatednavigationproperty",
                   nav->name, strlen(nav->name));
    if (w->wishes->annotations & LOOKUP_NAME)
        write_note(w->out, f->name, "Microsoft.Dynamics.CRM.lookuplogicalname", type, strlen(type));
    buf_free(&label);
}

/* "$25,000.00", "3/31/2024", "In Progress", "Yes": for people, in the caller's locale. */
static void note_display(const struct dv_writer *w, const struct field *f, const struct val *v)
{
    struct buf text = {0}, plain = {0};
    size_t point;

    for (unsigned i = 0; i < f->noptions; i++)
        if (f->options[i].value == v->num)
            buf_puts(&text, f->options[i].label);
    val_write(&plain, v, f->form);
    if (f->form == F_MONEY) {
        point = strcspn(plain.at, ".");
        buf_puts(&text, "$");
        for (size_t i = 0; i < point + 3 && i < plain.len; i++) {
            buf_add(&text, plain.at + i, 1);
            if (i + 1 < point && (point - i - 1) % 3 == 0 && isdigit((unsigned char)plain.at[i]))
                buf_puts(&text, ",");
        }
    } else if (v->kind == V_BOOL) {
        buf_puts(&text, v->num ? "Yes" : "No");
    } else if (v->kind == V_DATE || v->kind == V_TIME) {
        buf_addf(&text, "%.2s/%.2s/%.4s", plain.at + 6, plain.at + 9, plain.at + 1);
    } else if (!text.len) {
        buf_puts(&text, plain.at);
    }
    write_note(w->out, leaf(f->name), "OData.Community.Display.V1.FormattedValue", text.at,
               text.len);
    buf_free(&text);
    buf_free(&plain);
}

static void write_notes(const struct dv_writer *w, const struct field *f, const struct val *v)
{
    if (v->kind == V_NULL || v->kind == V_TEXT)
        return;
    if (v->kind == V_ID)
        note_lookup(w, f, v);
    else if (w->wishes->annotations & FORMATTED)
        note_display(w, f, v);
}

/* Dates as date-times, decimals as strings: legal, and some servers do it. */
static void write_styled(struct buf *out, const struct val *v, enum form form)
{
    bool text =
        dv_switches.decimal_strings && (form == F_MONEY || form == F_RATE) && v->kind == V_NUMBER;
    struct val midnight = {.kind = V_TIME};

    if (dv_switches.date_times && v->kind == V_DATE) {
        midnight.num = v->num * 86400;
        val_write(out, &midnight, F_ZULU);
        return;
    }
    buf_puts(out, text ? "\"" : "");
    val_write(out, v, form);
    buf_puts(out, text ? "\"" : "");
}

void dv_write_value(const struct dv_writer *w, const struct row *row, const struct field *f)
{
    struct val v;

    field_get(row, f, &v);
    if (w->wishes->annotations)
        write_notes(w, f, &v);
    write_key(w->out, leaf(f->name));
    if (!w->first || !fault_spoils(w->fault, f->aspect, w->out))
        write_styled(w->out, &v, f->form);
}

static size_t write_parent(const struct dv_writer *w, const struct row *row, size_t i)
{
    const struct odata *q = w->query;
    const struct group *group = q->columns[i].group;
    struct val id;

    field_get(row, q->columns[i].key, &id);
    write_key(w->out, group->name);
    buf_puts(w->out, id.kind == V_NULL ? "null" : "{");
    for (; i < q->ncolumns && q->columns[i].group == group; i++)
        if (id.kind != V_NULL)
            dv_write_value(w, row, q->columns[i].field);
    buf_puts(w->out, id.kind == V_NULL ? "" : "}");
    return i;
}

static void write_etag(struct buf *out, const struct row *row)
{
    buf_puts(out, "\"@odata.etag\":\"W/\\\"");
    buf_number(out, (int64_t)row->version);
    buf_puts(out, "\\\"\"");
}

void dv_write_members(const struct dv_writer *w, const struct row *row)
{
    const struct odata *q = w->query;

    if (!dv_switches.etag_last)
        write_etag(w->out, row);
    for (size_t i = 0; i < q->ncolumns;) {
        if (q->columns[i].group)
            i = write_parent(w, row, i);
        else
            dv_write_value(w, row, q->columns[i++].field);
    }
    if (dv_switches.etag_last) {
        buf_puts(w->out, ",");
        write_etag(w->out, row);
    }
    buf_puts(w->out, "}");
}

void dv_write_context(struct buf *out, const struct odata *q, const char *tail)
{
    buf_addf(out, "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#%s(", settings.origin[DYNAMICS],
             q->entity->name);
    for (size_t i = 0; i < q->ncolumns && !q->columns[i].group; i++)
        buf_addf(out, "%s%s", i ? "," : "", q->columns[i].field->name);
    buf_addf(out, "%s\"", tail);
}

uint64_t dv_page_limit(const struct odata *o, const struct dv_wishes *w)
{
    uint64_t limit = LARGEST_PAGE;

    if (w->page && w->page < limit && !dv_switches.ignore_page)
        limit = w->page;
    if (settings.page && settings.page < limit)
        limit = settings.page;
    return o->has_top && !w->page && o->top < limit ? o->top : limit;
}
