#include "tests/sim/dv_query.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/dv_tables.h"
#include "tests/sim/odata.h"
#include "tests/sim/skiptoken.h"
#include "tests/sim/world.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_PAGE = 5000, COUNT_CAP = 5000 };

enum { FORMATTED = 1, LOOKUP_NAME = 2, NAVIGATION = 4, TOTALS = 8 };

/* What the Prefer header asks for. */
struct wishes {
    uint64_t page; /* 0: not given */
    unsigned annotations;
    char annotation_text[128];
};

static struct wishes wishes_of(const struct request *request)
{
    static const struct {
        const char *part;
        unsigned bit;
    } known[] = {
        {"FormattedValue", FORMATTED},
        {"lookuplogicalname", LOOKUP_NAME},
        {"associatednavigationproperty", NAVIGATION},
        {"totalrecordcount", TOTALS},
        {"*", FORMATTED | LOOKUP_NAME | NAVIGATION | TOTALS},
    };
    const char *prefer = request_header(request, "Prefer");
    const char *page = prefer ? strstr(prefer, "odata.maxpagesize=") : NULL;
    const char *notes = prefer ? strstr(prefer, "odata.include-annotations=\"") : NULL;
    struct wishes w = {0};

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

static void applied(struct reply *reply, const struct wishes *w)
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

struct writer {
    const struct odata *query;
    const struct wishes *wishes;
    const struct fault *fault;
    struct buf *out;
    bool first;
};

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

static void note_lookup(const struct writer *w, const struct field *f, const struct val *v)
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
static void note_display(const struct writer *w, const struct field *f, const struct val *v)
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

static void write_notes(const struct writer *w, const struct field *f, const struct val *v)
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

static void write_value(const struct writer *w, const struct row *row, const struct field *f)
{
    struct val v;

    field_get(row, f, &v);
    if (w->wishes->annotations)
        write_notes(w, f, &v);
    write_key(w->out, leaf(f->name));
    if (!w->first || !fault_spoils(w->fault, f->aspect, w->out))
        write_styled(w->out, &v, f->form);
}

static size_t write_parent(const struct writer *w, const struct row *row, size_t i)
{
    const struct odata *q = w->query;
    const struct group *group = q->columns[i].group;
    struct val id;

    field_get(row, q->columns[i].key, &id);
    write_key(w->out, group->name);
    buf_puts(w->out, id.kind == V_NULL ? "null" : "{");
    for (; i < q->ncolumns && q->columns[i].group == group; i++)
        if (id.kind != V_NULL)
            write_value(w, row, q->columns[i].field);
    buf_puts(w->out, id.kind == V_NULL ? "" : "}");
    return i;
}

static void write_etag(struct buf *out, const struct row *row)
{
    buf_puts(out, "\"@odata.etag\":\"W/\\\"");
    buf_number(out, (int64_t)row->version);
    buf_puts(out, "\\\"\"");
}

/* Without the opening brace, so that a context can stand before it. */
static void write_members(const struct writer *w, const struct row *row)
{
    const struct odata *q = w->query;

    if (!dv_switches.etag_last)
        write_etag(w->out, row);
    for (size_t i = 0; i < q->ncolumns;) {
        if (q->columns[i].group)
            i = write_parent(w, row, i);
        else
            write_value(w, row, q->columns[i++].field);
    }
    if (dv_switches.etag_last) {
        buf_puts(w->out, ",");
        write_etag(w->out, row);
    }
    buf_puts(w->out, "}");
}

static void write_context(struct buf *out, const struct odata *q, bool single)
{
    buf_addf(out, "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#%s(", settings.origin[DYNAMICS],
             q->entity->name);
    for (size_t i = 0; i < q->ncolumns && !q->columns[i].group; i++)
        buf_addf(out, "%s%s", i ? "," : "", q->columns[i].field->name);
    buf_puts(out, single ? ")/$entity\"" : ")\"");
}

/* ---- pages ---- */

struct page {
    uint64_t limit;
    size_t n;
    struct place {
        uint32_t at;
        int64_t modified;
    } first, last;
    bool more;
    struct writer writer;
};

static bool page_row(const struct row *row, void *arg)
{
    struct page *p = arg;
    struct buf *out = p->writer.out;

    if (p->n == p->limit) {
        p->more = true;
        return false;
    }
    p->last = (struct place){row->at, row->modified};
    if (!p->n++)
        p->first = p->last;
    for (int times = p->writer.first && p->writer.fault->kind == FAULT_DUPLICATE ? 2 : 1; times;
         times--) {
        buf_puts(out, out->at[out->len - 1] == '[' ? "{" : ",{");
        write_members(&p->writer, row);
    }
    p->writer.first = false;
    return true;
}

static uint64_t page_limit(const struct odata *o, const struct wishes *w)
{
    uint64_t limit = LARGEST_PAGE;

    if (w->page && w->page < limit && !dv_switches.ignore_page)
        limit = w->page;
    if (settings.page && settings.page < limit)
        limit = settings.page;
    return o->has_top && !w->page && o->top < limit ? o->top : limit;
}

static uint64_t capped_count(const struct odata *o, bool *exceeded)
{
    struct scan scan = o->scan;
    struct runs runs = {.limit = COUNT_CAP + 1};

    scan.after = false;
    scan.norder = 0;
    scan_each(&scan, runs_add, &runs);
    free(runs.run);
    *exceeded = runs.rows > COUNT_CAP;
    return *exceeded ? COUNT_CAP : runs.rows;
}

static void write_count(struct buf *out, const struct odata *o, const struct wishes *w, bool none)
{
    bool exceeded = false;
    uint64_t n = none ? 0 : capped_count(o, &exceeded);

    buf_addf(out, ",\"@odata.count\":%llu", (unsigned long long)n);
    if (w->annotations & TOTALS)
        buf_addf(out,
                 ",\"@Microsoft.Dynamics.CRM.totalrecordcount\":%llu,"
                 "\"@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded\":%s",
                 (unsigned long long)n, exceeded ? "true" : "false");
}

static void write_next(const struct request *request, struct reply *reply, const struct page *p,
                       const struct skiptoken *came, const char *prefix)
{
    bool loop = request->fault.kind == FAULT_LOOP_NEXT && came->page > 1;
    struct skiptoken next = {came->page + 1, p->last.at, p->first.at, p->last.modified};
    struct buf link = {0};

    buf_addf(&link, "%s%s?%s%s",
             request->fault.kind == FAULT_FOREIGN_NEXT ? "https://evil.example"
             : dv_switches.relative_next               ? ""
                                                       : settings.origin[DYNAMICS],
             request->path, prefix, *prefix ? "&" : "");
    skiptoken_write(&link, prefix, loop ? came : &next);
    buf_puts(&reply->body, ",\"@odata.nextLink\":");
    buf_json(&reply->body, link.at, link.len);
    buf_free(&link);
}

static void answer_page(const struct request *request, struct reply *reply, struct odata *o,
                        const struct skiptoken *came, const char *prefix, bool none)
{
    struct wishes w = wishes_of(request);
    enum fault_kind kind = request->fault.kind;
    struct page p = {.limit = page_limit(o, &w),
                     .writer = {o, &w, &request->fault, &reply->body, true}};
    bool bounded = o->has_top && !w.page;

    if (kind == FAULT_SHORT_PAGE)
        p.limit = (p.limit + 1) / 2;
    applied(reply, &w);
    write_context(&reply->body, o, false);
    if (o->count)
        write_count(&reply->body, o, &w, none);
    buf_puts(&reply->body, ",\"value\":[");
    if (!none && !scan_each(&o->scan, page_row, &p)) {
        dynamics_error(reply, 400, "0x80060888", "The simulator sorts at most %d rows.",
                       MAX_SORT_ROWS);
        return;
    }
    buf_puts(&reply->body, "]");
    if ((p.more && !bounded) || kind == FAULT_FOREIGN_NEXT || kind == FAULT_LOOP_NEXT)
        write_next(request, reply, &p, came, prefix);
    buf_puts(&reply->body, "}");
}

static void answer_groups(struct reply *reply, const struct odata *o, bool none)
{
    struct tally tally = {.nfields = o->ngroups};

    memcpy(tally.fields, o->groups, sizeof tally.fields);
    if (!none)
        scan_each(&o->scan, tally_add, &tally);
    buf_addf(&reply->body, "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#%s\",\"value\":[",
             settings.origin[DYNAMICS], o->entity->name);
    for (size_t i = 0; i < tally.n; i++) {
        buf_puts(&reply->body, i ? ",{" : "{");
        for (size_t j = 0; j < o->ngroups; j++) {
            buf_addf(&reply->body, "\"%s\":", o->groups[j]->name);
            buf_add(&reply->body, tally.rows[i].keys[j].at, tally.rows[i].keys[j].len);
            buf_puts(&reply->body, ",");
        }
        buf_addf(&reply->body, "\"%s\":%llu}", o->alias, (unsigned long long)tally.rows[i].n);
    }
    buf_puts(&reply->body, "]}");
    tally_free(&tally);
}

static bool none_wanted(const struct request *request, const struct entity *entity)
{
    return entity == &dv_opportunity &&
           fault_stands(DYNAMICS, FAULT_EMPTY_RESULT, request->target, NULL);
}

static void refuse(struct reply *reply, const struct odata_error *error)
{
    dynamics_error(reply, error->status, error->code, "%s", error->message);
}

void dv_list(const struct request *request, struct reply *reply, const struct entity *entity)
{
    struct skiptoken came;
    struct odata_error error;
    struct odata o;
    char *prefix = skiptoken_read(request->query, &came);

    if (!prefix) {
        dynamics_error(reply, 400, "0x80060888",
                       "Malformed XML in the paging cookie: the link is not as it was given.");
        return;
    }
    world_read();
    if (!odata_parse(entity, prefix, &o, &error)) {
        refuse(reply, &error);
    } else if (o.ngroups) {
        answer_groups(reply, &o, none_wanted(request, entity));
    } else {
        o.scan.after = came.page > 1;
        o.scan.after_at = came.last;
        o.scan.after_modified = came.modified;
        answer_page(request, reply, &o, &came, prefix, none_wanted(request, entity));
    }
    odata_free(&o);
    world_unlock();
    free(prefix);
}

void dv_count(const struct request *request, struct reply *reply, const struct entity *entity)
{
    struct odata_error error;
    struct odata o;
    bool exceeded;

    world_read();
    if (odata_parse(entity, request->query, &o, &error)) {
        reply->type = "text/plain";
        buf_addf(
            &reply->body, "%llu",
            (unsigned long long)(none_wanted(request, entity) ? 0 : capped_count(&o, &exceeded)));
    } else {
        refuse(reply, &error);
    }
    odata_free(&o);
    world_unlock();
}

static bool find_row(const struct entity *entity, const struct dv_key *key, struct row *row)
{
    uint32_t at;

    if (key->field ? !dv_key_find(entity, key->field, key->text, &at)
                   : !dv_find(entity, key->text, &at))
        return false;
    entity_row(entity, at, row);
    return !row->deleted;
}

static void write_row(const struct request *request, struct reply *reply, const struct odata *o,
                      const struct wishes *w, const struct row *row)
{
    struct writer writer = {o, w, &request->fault, &reply->body, true};

    reply_header(reply, "ETag", "W/\"%llu\"", (unsigned long long)row->version);
    write_context(&reply->body, o, true);
    buf_puts(&reply->body, ",");
    write_members(&writer, row);
}

/* A conditional read; it does not go with $expand or annotations. */
static bool unchanged(const struct request *request, const struct wishes *w, const struct row *row)
{
    const char *none = request_header(request, "If-None-Match");
    char etag[32];

    snprintf(etag, sizeof etag, "W/\"%llu\"", (unsigned long long)row->version);
    return none && strcmp(none, etag) == 0 && !w->annotations && !strstr(request->query, "expand");
}

void dv_record(const struct request *request, struct reply *reply, const struct entity *entity,
               const struct dv_key *key)
{
    struct wishes w = wishes_of(request);
    struct odata_error error;
    struct odata o;
    struct row row;

    world_read();
    if (!odata_parse(entity, request->query, &o, &error)) {
        refuse(reply, &error);
    } else if (!find_row(entity, key, &row)) {
        dynamics_error(reply, 404, "0x80040217", "%s With Id = %s Does Not Exist",
                       odata_type(entity), key->text);
    } else if (unchanged(request, &w, &row)) {
        reply->status = 304;
        reply->type = NULL;
    } else {
        applied(reply, &w);
        write_row(request, reply, &o, &w, &row);
    }
    odata_free(&o);
    world_unlock();
}

/* The query without $expand. The caller frees it. */
static char *without_expand(const char *query)
{
    struct buf out = {0};

    buf_puts(&out, "");
    while (*query) {
        size_t n = strcspn(query, "&");

        if (!text_starts(query, "$expand=") && !text_starts(query, "%24expand="))
            buf_addf(&out, "%s%.*s", out.len ? "&" : "", (int)n, query);
        query += query[n] ? n + 1 : n;
    }
    return out.at;
}

void dv_representation(const struct request *request, struct reply *reply,
                       const struct entity *entity, uint32_t at)
{
    struct wishes w = wishes_of(request);
    char *query = without_expand(request->query);
    struct odata_error error;
    struct odata o;
    struct row row;

    if (odata_parse(entity, query, &o, &error)) {
        entity_row(entity, at, &row);
        reply_header(reply, "Preference-Applied", "return=representation");
        write_row(request, reply, &o, &w, &row);
    } else {
        refuse(reply, &error);
    }
    odata_free(&o);
    free(query);
}
