#include "tests/sim/dv_query.h"
#include "tests/sim/dv_rows.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/dv_tables.h"
#include "tests/sim/dv_track.h"
#include "tests/sim/skiptoken.h"
#include "tests/sim/world.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_CAP = 5000 };

/* ---- pages ---- */

struct page {
    uint64_t limit;
    size_t n;
    struct place {
        uint32_t at;
        int64_t modified;
    } first, last;
    bool more;
    struct dv_writer writer;
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
        dv_write_members(&p->writer, row);
    }
    p->writer.first = false;
    return true;
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

static void write_count(struct buf *out, const struct odata *o, const struct dv_wishes *w,
                        bool none)
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
    bool stuck = request->fault.kind == FAULT_STUCK_NEXT && came->page > 1;
    struct skiptoken next = {came->page + 1, p->last.at, p->first.at, p->last.modified};
    struct buf link = {0};

    if (stuck) { /* only the number advances */
        next = *came;
        next.page++;
    }
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
    struct dv_wishes w = dv_wishes_of(request);
    enum fault_kind kind = request->fault.kind;
    struct page p = {.limit = dv_page_limit(o, &w),
                     .writer = {o, &w, &request->fault, &reply->body, true}};
    bool bounded = o->has_top && !w.page;

    if (kind == FAULT_SHORT_PAGE)
        p.limit = (p.limit + 1) / 2;
    dv_applied(reply, &w);
    dv_write_context(&reply->body, o, ")");
    if (o->count)
        write_count(&reply->body, o, &w, none);
    buf_puts(&reply->body, ",\"value\":[");
    if (!none && !scan_each(&o->scan, page_row, &p)) {
        dynamics_error(reply, 400, "0x80060888", "The simulator sorts at most %d rows.",
                       MAX_SORT_ROWS);
        return;
    }
    buf_puts(&reply->body, "]");
    if ((p.more && !bounded) || kind == FAULT_FOREIGN_NEXT || kind == FAULT_LOOP_NEXT ||
        kind == FAULT_STUCK_NEXT)
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
           fault_stands(DYNAMICS, FAULT_EMPTY_RESULT, request->line, NULL);
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
    char *prefix;

    if (dv_tracked(request)) {
        dv_track(request, reply, entity);
        return;
    }
    prefix = skiptoken_read(request->query, &came);
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

    if (dv_tracked(request)) {
        dv_track_count(request, reply, entity);
        return;
    }
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
                      const struct dv_wishes *w, const struct row *row)
{
    struct dv_writer writer = {o, w, &request->fault, &reply->body, true};

    reply_header(reply, "ETag", "W/\"%llu\"", (unsigned long long)row->version);
    dv_write_context(&reply->body, o, ")/$entity");
    buf_puts(&reply->body, ",");
    dv_write_members(&writer, row);
}

/* A conditional read; it does not go with $expand or annotations. */
static bool unchanged(const struct request *request, const struct dv_wishes *w,
                      const struct row *row)
{
    const char *none = request_header(request, "If-None-Match");
    char etag[32];

    snprintf(etag, sizeof etag, "W/\"%llu\"", (unsigned long long)row->version);
    return none && strcmp(none, etag) == 0 && !w->annotations && !strstr(request->query, "expand");
}

void dv_record(const struct request *request, struct reply *reply, const struct entity *entity,
               const struct dv_key *key)
{
    struct dv_wishes w = dv_wishes_of(request);
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
        dv_applied(reply, &w);
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
    struct dv_wishes w = dv_wishes_of(request);
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
