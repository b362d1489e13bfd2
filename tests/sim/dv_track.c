#include "tests/sim/dv_track.h"
#include "tests/sim/clock.h"
#include "tests/sim/dv_rows.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/dv_tables.h"
#include "tests/sim/log.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char delta_start[] = "$deltatoken=";
static const char page_start[] = "$skiptoken=%3Ccookie%20pagenumber=%22";

/* Where a tracked read stands. A full load goes by id, a delta by version, deletions last. */
struct place {
    uint64_t page;  /* 1: the first */
    uint64_t since; /* a delta's token; 0: a full load */
    uint64_t until; /* the version that the next token carries */
    int64_t date;   /* of that token */
    bool deletions;
    uint64_t after; /* version, or row + 1 of a full load */
};

struct track {
    const struct request *request;
    struct reply *reply;
    const struct entity *entity;
    char *prefix; /* the query without tokens */
    struct place place, came;
    struct odata odata;
    struct dv_wishes wishes;
    struct dv_writer writer;
    uint64_t limit, n;
    bool more;
};

bool dv_tracked(const struct request *request)
{
    const char *prefer = request_header(request, "Prefer");

    return (prefer && strstr(prefer, "odata.track-changes")) ||
           strstr(request->query, "deltatoken=") || strstr(request->query, "istracking=%22True%22");
}

/* ---- tokens ---- */

/* "919042!08/22/2017 08:10:44", percent-encoded as the service does. */
static void write_delta_token(struct buf *out, uint64_t version, int64_t date)
{
    struct civil c = civil_from(date);

    buf_addf(out, "%s%llu%%21%02d%%2f%02d%%2f%04d%%20%02d%%3a%02d%%3a%02d", delta_start,
             (unsigned long long)version, c.month, c.day, c.year, c.hour, c.minute, c.second);
}

static bool read_delta_token(const char *token, uint64_t *version, int64_t *date)
{
    static const char wanted[] = "%21NN%2fNN%2fNNNN%20NN%3aNN%3aNN";
    struct buf same = {0};
    char *end;
    bool good;

    token += strlen(delta_start);
    *version = strtoull(token, &end, 10);
    if (strlen(end) != sizeof wanted - 1)
        return false;
    *date = civil_days((int)strtol(end + 13, NULL, 10), (int)strtol(end + 3, NULL, 10),
                       (int)strtol(end + 8, NULL, 10)) *
                86400 +
            strtol(end + 20, NULL, 10) * 3600 + strtol(end + 25, NULL, 10) * 60 +
            strtol(end + 30, NULL, 10);
    write_delta_token(&same, *version, *date);
    good = strcmp(same.at + strlen(delta_start), token) == 0;
    buf_free(&same);
    return good;
}

static uint64_t checksum(const char *prefix, const struct place *p)
{
    uint64_t h = text_mix(p->page ^ text_mix(p->since ^ text_mix(p->until ^ text_mix(p->after))));

    h = text_mix(h ^ (uint64_t)p->date ^ p->deletions);
    for (; *prefix; prefix++)
        h = text_mix(h ^ (unsigned char)*prefix);
    return h;
}

static void write_page_token(struct buf *out, const char *prefix, const struct place *p)
{
    buf_addf(out,
             "%s%llu%%22%%20pagingcookie=%%22%%253ccookie%%2520since%%253d%%2522%llu%%2522%%2520"
             "until%%253d%%2522%llu%%2522%%2520date%%253d%%2522%lld%%2522%%2520after%%253d%%2522"
             "%llu%%2522%%2520gone%%253d%%2522%d%%2522%%2520sum%%253d%%2522%016llx%%2522%%2520"
             "%%252f%%253e%%22%%20istracking=%%22True%%22%%20/%%3E",
             page_start, (unsigned long long)p->page, (unsigned long long)p->since,
             (unsigned long long)p->until, (long long)p->date, (unsigned long long)p->after,
             p->deletions, (unsigned long long)checksum(prefix, p));
}

static uint64_t number_behind(const char *text, const char *name)
{
    const char *at = strstr(text, name);

    return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

static bool read_page_token(const char *token, const char *prefix, struct place *p)
{
    struct buf same = {0};
    bool good;

    *p = (struct place){
        .page = number_behind(token, page_start),
        .since = number_behind(token, "since%253d%2522"),
        .until = number_behind(token, "until%253d%2522"),
        .date = (int64_t)number_behind(token, "date%253d%2522"),
        .after = number_behind(token, "after%253d%2522"),
        .deletions = number_behind(token, "gone%253d%2522") == 1,
    };
    write_page_token(&same, prefix, p);
    good = strcmp(same.at, token) == 0;
    buf_free(&same);
    return good;
}

static bool refuse_token(const struct track *t)
{
    dynamics_error(t->reply, 400, "0x80060888",
                   "The token in the link is malformed: the link is not as it was given.");
    return false;
}

static bool expired(const struct track *t, int64_t date)
{
    if (dv_switches.expired_dumps)
        return false;
    if ((int64_t)t->place.since >= dv_switches.tokens_from &&
        clock_now() - date <= dv_switches.retention * 86400)
        return false;
    dynamics_error(t->reply, (unsigned)dv_switches.expired_status, "0x80044352",
                   "Version stamp associated with the client has expired. Please perform a full "
                   "sync.");
    return true;
}

/* Finds out where to go on: at the start, behind a token, or on a page of either. */
static bool read_place(struct track *t)
{
    const char *query = t->request->query;
    const char *delta = strstr(query, delta_start), *page = strstr(query, page_start);
    const char *token = delta ? delta : page;
    size_t n = token ? (size_t)(token - query) : strlen(query);
    int64_t date;

    if (token && token > query && token[-1] != '&')
        return refuse_token(t);
    t->prefix = grab_text(query, token && n ? n - 1 : n);
    t->place = (struct place){.page = 1, .until = world_version(), .date = clock_now()};
    if (page && !delta)
        return read_page_token(page, t->prefix, &t->place) || refuse_token(t);
    if (!delta)
        return !strstr(query, "token=") || refuse_token(t);
    if (!read_delta_token(delta, &t->place.since, &date) || t->place.since > t->place.until)
        return refuse_token(t);
    t->place.after = t->place.since;
    if (expired(t, date))
        return false;
    if (clock_now() - date > dv_switches.retention * 86400)
        t->place.since = t->place.after = 0; /* what 2021 did: everything again */
    return true;
}

/* Only $select goes with change tracking. */
static bool check_options(const struct track *t)
{
    static const char *const refused[] = {"filter", "orderby", "expand", "top", "apply"};

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char name[16];
        char *value;

        snprintf(name, sizeof name, "$%s", refused[i]);
        value = form_get(t->prefix, name);
        free(value);
        if (!value)
            continue;
        dynamics_error(t->reply, 400, "0x80060888",
                       "The \"$%s\" query parameter isn't supported when Change Tracking is "
                       "enabled.",
                       refused[i]);
        return false;
    }
    return true;
}

static bool may_track(const struct track *t)
{
    const struct dv_table *table = dv_table(t->entity);
    char global[100];

    snprintf(global, sizeof global, "prvRead%s:org", table->schema);
    if (!dynamics_allowed(t->reply, global, table->type))
        return false;
    if (table->tracked && dv_switches.tracking)
        return true;
    dynamics_error(t->reply, 400, "0x80040203",
                   "Change tracking is not enabled for the entity '%s'.", table->type);
    return false;
}

/* ---- rows ---- */

static void open_item(struct track *t)
{
    struct buf *out = &t->reply->body;

    buf_puts(out, out->at[out->len - 1] == '[' ? "{" : ",{");
}

static bool add_row(const struct row *row, void *arg)
{
    struct track *t = arg;

    if (t->n == t->limit) {
        t->more = true;
        return false;
    }
    t->n++;
    t->place.after = t->place.since ? row->version : (uint64_t)row->at + 1;
    open_item(t);
    dv_write_members(&t->writer, row);
    t->writer.first = false;
    return true;
}

static bool add_deleted(struct track *t, const struct row *row)
{
    struct buf *out = &t->reply->body;
    struct val id;

    if (t->n == t->limit) {
        t->more = true;
        return false;
    }
    t->n++;
    t->place.after = row->version;
    field_get(row, entity_key(t->entity), &id);
    open_item(t);
    buf_addf(out, "\"@odata.context\":\"%s/api/data/v9.2/$metadata#%s/$deletedEntity\",\"id\":",
             settings.origin[DYNAMICS], t->entity->name);
    val_write(out, &id, F_ID);
    buf_puts(out, ",\"reason\":\"deleted\"}");
    return true;
}

static void full_load(struct track *t)
{
    struct scan scan = t->odata.scan;

    scan.after = t->place.after > 0;
    scan.after_at = (uint32_t)(t->place.after - 1);
    scan_each(&scan, add_row, t);
}

struct change {
    uint64_t version;
    uint32_t at;
};

static int change_cmp(const void *a, const void *b)
{
    const struct change *x = a, *y = b;

    return (x->version > y->version) - (x->version < y->version);
}

/* Rows whose last version is behind the token, by version. The caller frees the list. */
static struct change *changes(const struct track *t, bool deleted, size_t *n)
{
    struct change *list = regrab(NULL, (world_edits(t->entity) + 1) * sizeof *list);
    uint32_t at;

    *n = 0;
    for (size_t i = 0; world_edit_at(t->entity, i, &at); i++) {
        const struct edit *edit = world_find_edit(t->entity, at);
        bool wanted = edit->deleted == deleted || (dv_switches.delta_both && !deleted);

        if (!edit->ghost && wanted && edit->version > t->place.since &&
            edit->version <= t->place.until)
            list[(*n)++] = (struct change){edit->version, at};
    }
    if (*n)
        qsort(list, *n, sizeof *list, change_cmp);
    return list;
}

static void delta_part(struct track *t, bool deleted)
{
    struct row row;
    size_t n;
    struct change *list = changes(t, deleted, &n);

    for (size_t i = 0; i < n; i++) {
        if (list[i].version <= t->place.after)
            continue;
        entity_row(t->entity, list[i].at, &row);
        if (!(deleted ? add_deleted(t, &row) : add_row(&row, t)))
            break;
    }
    free(list);
}

static void delta(struct track *t)
{
    if (!t->place.deletions)
        delta_part(t, false);
    if (t->more)
        return;
    if (!t->place.deletions)
        t->place.after = t->place.since;
    t->place.deletions = true;
    delta_part(t, true);
}

/* ---- the page ---- */

static void write_link(struct track *t)
{
    struct buf link = {0};
    enum fault_kind kind = t->request->fault.kind;
    bool silent = t->wishes.annotations || dv_switches.tracking == 2;

    if (kind == FAULT_FOREIGN_NEXT || (kind == FAULT_LOOP_NEXT && t->place.page > 1))
        t->more = true;
    buf_addf(&link, "%s%s?%s%s",
             kind == FAULT_FOREIGN_NEXT  ? "https://evil.example"
             : dv_switches.relative_next ? ""
                                         : settings.origin[DYNAMICS],
             t->request->path, t->prefix, *t->prefix ? "&" : "");
    if (t->more) {
        if (kind == FAULT_LOOP_NEXT && t->place.page > 1)
            t->place = t->came;
        else
            t->place.page++;
        write_page_token(&link, t->prefix, &t->place);
    } else {
        write_delta_token(&link, t->place.until, t->place.date);
    }
    if (t->more || !silent) {
        buf_addf(&t->reply->body, ",\"@odata.%s\":", t->more ? "nextLink" : "deltaLink");
        buf_json(&t->reply->body, link.at, link.len);
    }
    buf_free(&link);
}

static void answer(struct track *t)
{
    bool tracking = dv_switches.tracking == 1;

    t->came = t->place;
    t->limit = dv_page_limit(&t->odata, &t->wishes);
    t->writer =
        (struct dv_writer){&t->odata, &t->wishes, &t->request->fault, &t->reply->body, true};
    if (t->request->fault.kind == FAULT_SHORT_PAGE)
        t->limit = (t->limit + 1) / 2;
    if (tracking && t->wishes.page)
        reply_header(t->reply, "Preference-Applied", "odata.track-changes,odata.maxpagesize=%llu",
                     (unsigned long long)t->wishes.page);
    else if (tracking)
        reply_header(t->reply, "Preference-Applied", "odata.track-changes");
    dv_write_context(&t->reply->body, &t->odata, t->place.since ? ")/$delta" : ")");
    buf_puts(&t->reply->body, ",\"value\":[");
    if (t->entity == &dv_opportunity &&
        fault_stands(DYNAMICS, FAULT_EMPTY_RESULT, t->request->line, NULL))
        t->more = false;
    else if (t->place.since)
        delta(t);
    else
        full_load(t);
    buf_puts(&t->reply->body, "]");
    write_link(t);
    buf_puts(&t->reply->body, "}");
    log_kind(DYNAMICS, t->place.since ? "delta" : "tracked");
}

static bool prepare(struct track *t)
{
    struct odata_error error;

    if (!may_track(t) || !read_place(t) || !check_options(t))
        return false;
    if (odata_parse(t->entity, t->prefix, &t->odata, &error))
        return true;
    dynamics_error(t->reply, error.status, error.code, "%s", error.message);
    return false;
}

static void finish(struct track *t)
{
    odata_free(&t->odata);
    free(t->prefix);
}

void dv_track(const struct request *request, struct reply *reply, const struct entity *entity)
{
    struct track t = {.request = request, .reply = reply, .entity = entity};

    t.wishes = dv_wishes_of(request);
    world_read();
    if (prepare(&t))
        answer(&t);
    finish(&t);
    world_unlock();
}

void dv_track_count(const struct request *request, struct reply *reply, const struct entity *entity)
{
    struct track t = {.request = request, .reply = reply, .entity = entity};
    size_t changed, deleted;

    world_read();
    if (prepare(&t)) {
        free(changes(&t, false, &changed));
        free(changes(&t, true, &deleted));
        reply->type = "text/plain";
        buf_addf(&reply->body, "%zu", changed + deleted);
    }
    finish(&t);
    world_unlock();
}
