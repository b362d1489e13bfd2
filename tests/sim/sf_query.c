#include "tests/sim/sf_query.h"
#include "tests/sim/clock.h"
#include "tests/sim/log.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/sf_tables.h"
#include "tests/sim/soql.h"
#include "tests/sim/tally.h"
#include "tests/sim/world.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    CURSORS = 128,
    LARGEST_PAGE = 2000,
    SMALLEST_PAGE = 200,
    CHILD_PAGE = 500,
    LONGEST_QUERY = 100000,
};

/* A result whose ids are fixed; values are read when a page is. */
struct cursor {
    uint64_t id;
    int64_t expires;
    bool all;
    bool nested;           /* a page of children continues */
    uint64_t page, issued; /* issued: the furthest offset that was given out */
    struct soql query;
    struct runs runs;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cursor *cursors[CURSORS];
static uint64_t last_cursor = 57331;

static void cursor_free(struct cursor *c)
{
    if (!c)
        return;
    soql_free(&c->query);
    free(c->runs.run);
    free(c);
}

void sf_query_clear(void)
{
    for (size_t i = 0; i < CURSORS; i++) {
        cursor_free(cursors[i]);
        cursors[i] = NULL;
    }
}

/* ---- records ---- */

struct page {
    const struct soql *query;
    const char *version;
    const struct fault *fault;
    struct buf *out;
    bool first;
    struct cursor *cursor; /* NULL: nothing follows a page of children */
};

static void write_attributes(struct buf *out, const char *version, const char *type,
                             const struct val *id)
{
    buf_puts(out, "{\"attributes\":{\"type\":\"");
    buf_puts(out, type);
    buf_puts(out, "\",\"url\":\"/services/data/v");
    buf_puts(out, version);
    buf_puts(out, "/sobjects/");
    buf_puts(out, type);
    buf_puts(out, "/");
    buf_add(out, id->text, id->len);
    buf_puts(out, "\"}");
}

static void write_key(struct buf *out, const char *name)
{
    const char *dot = strchr(name, '.');

    buf_add(out, ",\"", 2);
    buf_puts(out, dot ? dot + 1 : name);
    buf_add(out, "\":", 2);
}

static void write_value(const struct page *p, const struct row *row, const struct field *f)
{
    struct val v;

    write_key(p->out, f->name);
    if (p->first && fault_spoils(p->fault, f->aspect, p->out))
        return;
    field_get(row, f, &v);
    val_write(p->out, &v, f->form);
}

/* The columns of one parent, which stand together; returns the first behind them. */
static size_t write_parent(const struct page *p, const struct row *row, size_t i)
{
    const struct soql *q = p->query;
    const struct group *group = q->columns[i].group;
    struct val id;

    field_get(row, q->columns[i].key, &id);
    write_key(p->out, group->name);
    if (id.kind == V_NULL)
        buf_puts(p->out, "null");
    else
        write_attributes(p->out, p->version, group->type, &id);
    for (; i < q->ncolumns && q->columns[i].group == group; i++)
        if (id.kind != V_NULL)
            write_value(p, row, q->columns[i].field);
    if (id.kind != V_NULL)
        buf_puts(p->out, "}");
    return i;
}

static void write_record(const struct page *p, const struct row *row);

/* Children of one record, up to a page of them from a place on. */
struct children {
    const struct page *page; /* of the children's own columns */
    uint64_t from, seen, written, limit;
    bool more;
};

static bool write_child(const struct row *row, void *arg)
{
    struct children *c = arg;

    if (c->seen++ < c->from)
        return c->seen != c->limit;
    if (c->written == CHILD_PAGE) {
        c->more = true;
        return true; /* only to count them */
    }
    if (c->more)
        return c->seen != c->limit;
    buf_puts(c->page->out, c->written++ ? "," : "");
    write_record(c->page, row);
    return c->seen != c->limit;
}

static void write_children(const struct page *p, uint32_t parent, const struct soql *sub,
                           size_t column, uint64_t from)
{
    struct buf records = {0};
    struct page inner = {sub, p->version, p->fault, &records, false, NULL};
    struct children c = {&inner, from, 0, 0, sub->limit, false};
    struct expr is = {.op = OP_EQ, .field = entity_any_field(sub->entity, "OpportunityId", 13)};
    struct expr both = {.op = OP_AND, .left = &is, .right = sub->where};
    struct scan scan = sub->scan;
    char id[19];

    sf_id(id, "006", (uint64_t)parent + 1);
    is.literal.kind = V_ID;
    is.literal.text = id;
    is.literal.len = 18;
    scan.where = sub->where ? &both : &is;
    buf_puts(&records, "");
    scan_each(&scan, write_child, &c);
    if (c.seen == 0) {
        buf_puts(p->out, "null");
    } else {
        buf_addf(p->out, "{\"totalSize\":%llu,\"done\":%s", (unsigned long long)c.seen,
                 c.more ? "false" : "true");
        if (c.more && p->cursor) {
            uint64_t next = from + c.written;

            p->cursor->nested = true;
            sf_id(id, "0r8", p->cursor->id);
            buf_addf(p->out, ",\"nextRecordsUrl\":\"/services/data/v%s/query/%s-c%zu.%u.%llu\"",
                     p->version, id, column, parent, (unsigned long long)next);
        }
        buf_puts(p->out, ",\"records\":[");
        buf_add(p->out, records.at, records.len);
        buf_puts(p->out, "]}");
    }
    buf_free(&records);
}

static void write_record(const struct page *p, const struct row *row)
{
    const struct soql *q = p->query;
    struct val id;

    field_get(row, entity_key(q->entity), &id);
    write_attributes(p->out, p->version, q->entity->name, &id);
    for (size_t i = 0; i < q->ncolumns;) {
        if (q->columns[i].sub) {
            write_key(p->out, q->columns[i].alias);
            write_children(p, row->at, q->columns[i].sub, i, 0);
            i++;
        } else if (q->columns[i].group)
            i = write_parent(p, row, i);
        else
            write_value(p, row, q->columns[i++].field);
    }
    buf_puts(p->out, "}");
}

/* ---- pages ---- */

static void write_next(struct buf *out, const char *version, struct cursor *c, uint64_t offset,
                       const struct fault *fault)
{
    char id[19];

    sf_id(id, "0r8", c->id);
    buf_addf(out, ",\"nextRecordsUrl\":\"%s/services/data/v%s/query/%s-%llu\"",
             fault->kind == FAULT_FOREIGN_NEXT ? "https://evil.example" : "", version, id,
             (unsigned long long)offset);
    if (offset > c->issued)
        c->issued = offset;
}

static void write_rows(struct page *p, struct cursor *c, uint64_t from, size_t n)
{
    uint32_t *at = regrab(NULL, (n + 1) * sizeof *at);
    struct row row;
    bool comma = false;

    n = runs_copy(&c->runs, from, n, at);
    for (size_t i = 0; i < n; i++) {
        entity_row(c->query.entity, at[i], &row);
        if (row.deleted && !c->all)
            continue; /* gone since the query ran */
        for (int times = p->first && p->fault->kind == FAULT_DUPLICATE ? 2 : 1; times; times--) {
            if (comma)
                buf_add(p->out, ",", 1);
            write_record(p, &row);
            comma = true;
        }
        p->first = false;
    }
    free(at);
}

/* true when there is a page behind this one. */
static bool write_page(const struct request *request, struct reply *reply, const char *version,
                       struct cursor *c, uint64_t from)
{
    struct page p = {&c->query, version, &request->fault, &reply->body, true, c};
    enum fault_kind kind = request->fault.kind;
    uint64_t n = c->runs.rows - from;
    bool more;

    if (n > c->page)
        n = c->page;
    if (kind == FAULT_SHORT_PAGE)
        n = (n + 1) / 2;
    more = from + n < c->runs.rows || kind == FAULT_FOREIGN_NEXT || kind == FAULT_LOOP_NEXT;
    buf_addf(&reply->body, "{\"totalSize\":%llu,\"done\":%s", (unsigned long long)c->runs.rows,
             more ? "false" : "true");
    if (more)
        write_next(&reply->body, version, c, kind == FAULT_LOOP_NEXT && from ? from : from + n,
                   &request->fault);
    buf_puts(&reply->body, ",\"records\":[");
    write_rows(&p, c, from, (size_t)n);
    buf_puts(&reply->body, "]}");
    return more;
}

static uint64_t page_size(const struct request *request)
{
    const char *options = request_header(request, "Sforce-Query-Options");
    uint64_t page = LARGEST_PAGE;

    if (options && strncasecmp(options, "batchSize=", 10) == 0) {
        page = strtoull(options + 10, NULL, 10);
        if (page < SMALLEST_PAGE || page > LARGEST_PAGE)
            page = page < SMALLEST_PAGE ? SMALLEST_PAGE : LARGEST_PAGE;
    }
    return settings.page && settings.page < page ? settings.page : page;
}

static void keep(struct cursor *c)
{
    struct cursor **slot = &cursors[c->id % CURSORS];

    cursor_free(*slot);
    *slot = c;
}

static void too_many(struct reply *reply)
{
    salesforce_error(reply, 400, "QUERY_TOO_COMPLICATED",
                     "the simulator sorts at most %d rows; order by Id or by SystemModstamp, Id",
                     MAX_SORT_ROWS);
}

static void first_page(const struct request *request, struct reply *reply, const char *version,
                       struct cursor *c, bool none)
{
    c->runs.limit = c->query.limit;
    if (!none && !scan_each(&c->query.scan, runs_add, &c->runs)) {
        too_many(reply);
        cursor_free(c);
        return;
    }
    c->page = page_size(request);
    c->expires = clock_now() + (int64_t)sf_settings.locator_life;
    pthread_mutex_lock(&lock);
    c->id = ++last_cursor;
    if (write_page(request, reply, version, c, 0) || c->nested)
        keep(c);
    else
        cursor_free(c);
    pthread_mutex_unlock(&lock);
}

/* ---- counts ---- */

static void answer_count(struct reply *reply, const struct soql *q, bool none)
{
    uint64_t n = 0;

    if (!none)
        scan_each(&q->scan, count_add, &n);
    buf_addf(&reply->body, "{\"totalSize\":%llu,\"done\":true,\"records\":[]}",
             (unsigned long long)n);
}

static void answer_groups(struct reply *reply, const struct soql *q, bool none)
{
    struct tally tally = {.nfields = q->ngroups};
    struct scan scan = q->scan;

    memcpy(tally.fields, q->groups, sizeof q->groups);
    scan.norder = 0;
    if (!none)
        scan_each(&scan, tally_add, &tally);
    buf_addf(&reply->body, "{\"totalSize\":%zu,\"done\":true,\"records\":[", tally.n);
    for (size_t i = 0; i < tally.n; i++) {
        buf_puts(&reply->body, i ? "," : "");
        buf_puts(&reply->body, "{\"attributes\":{\"type\":\"AggregateResult\"}");
        for (size_t j = 0; j < q->ncolumns; j++) {
            const struct soql_column *c = &q->columns[j];
            size_t at = c->field && c->field != q->groups[0];

            write_key(&reply->body, c->field ? c->field->name : c->alias);
            if (c->field)
                buf_add(&reply->body, tally.rows[i].keys[at].at, tally.rows[i].keys[at].len);
            else
                buf_number(&reply->body, (int64_t)tally.rows[i].n);
        }
        buf_puts(&reply->body, "}");
    }
    buf_puts(&reply->body, "]}");
    tally_free(&tally);
}

/* What the functions of a query without groups have seen so far. */
struct sums {
    const struct soql *query;
    uint64_t n[MAX_COLUMNS];
    struct val best[MAX_COLUMNS];
};

static bool add_sums(const struct row *row, void *arg)
{
    struct sums *s = arg;

    for (size_t i = 0; i < s->query->ncolumns; i++) {
        const struct soql_column *c = &s->query->columns[i];
        struct val v;
        int order;

        field_get(row, c->of, &v);
        if (v.kind == V_NULL)
            continue;
        order = s->n[i]++ ? val_cmp(&v, &s->best[i]) : 0;
        if (s->n[i] > 1 && (c->function == FN_MIN ? order >= 0 : order <= 0))
            continue;
        s->best[i] = v;
        if (v.text == v.room)
            s->best[i].text = s->best[i].room;
    }
    return true;
}

static void answer_functions(struct reply *reply, const struct soql *q, bool none)
{
    struct sums *s = grab(sizeof *s);
    struct scan scan = q->scan;

    s->query = q;
    scan.norder = 0;
    if (!none)
        scan_each(&scan, add_sums, s);
    buf_puts(&reply->body, "{\"totalSize\":1,\"done\":true,\"records\":[{\"attributes\":{\"type\":"
                           "\"AggregateResult\"}");
    for (size_t i = 0; i < q->ncolumns; i++) {
        write_key(&reply->body, q->columns[i].alias);
        if (q->columns[i].function == FN_COUNT)
            buf_number(&reply->body, (int64_t)s->n[i]);
        else
            val_write(&reply->body, &s->best[i], q->columns[i].of->form);
    }
    buf_puts(&reply->body, "}]}");
    free(s);
}

/* ---- endpoints ---- */

static bool is_aggregate(const struct soql *q)
{
    return q->ngroups || (q->ncolumns && q->columns[0].function);
}

static void run(const struct request *request, struct reply *reply, const char *version,
                struct cursor *c)
{
    bool none = c->query.entity == &sf_opportunity &&
                fault_stands(SALESFORCE, FAULT_EMPTY_RESULT, request->target, NULL);

    c->query.scan.with_deleted = c->all;
    if (c->query.count || is_aggregate(&c->query)) {
        if (c->query.count)
            answer_count(reply, &c->query, none);
        else if (!c->query.ngroups)
            answer_functions(reply, &c->query, none);
        else
            answer_groups(reply, &c->query, none);
        cursor_free(c);
    } else {
        first_page(request, reply, version, c, none);
    }
}

void sf_query(const struct request *request, struct reply *reply, const char *version, bool all)
{
    char *text = request_param(request, "q");
    struct cursor *c;
    struct soql_error error;

    if (!text || strlen(text) > LONGEST_QUERY) {
        salesforce_error(reply, 400, "MALFORMED_QUERY", "A query string has to be specified");
        free(text);
        return;
    }
    c = grab(sizeof *c);
    c->all = all;
    world_read();
    if (soql_parse(text, &c->query, &error)) {
        run(request, reply, version, c);
    } else {
        salesforce_error(reply, 400, error.code, "%s", error.message);
        cursor_free(c);
    }
    world_unlock();
    free(text);
}

static struct cursor *find_cursor(const char *locator, uint64_t *offset)
{
    char id[19] = "";
    uint64_t n;
    char *end = NULL;
    struct cursor *c;

    if (strlen(locator) < 20 || locator[18] != '-')
        return NULL;
    memcpy(id, locator, 18);
    *offset = locator[19] == 'c' ? 0 : strtoull(locator + 19, &end, 10);
    if ((locator[19] != 'c' && *end) || !sf_id_parse(id, "0r8", &n))
        return NULL;
    c = cursors[n % CURSORS];
    return c && c->id == n && c->expires > clock_now() && *offset <= c->issued &&
                   *offset <= c->runs.rows
               ? c
               : NULL;
}

/* place: "column.parent.offset" */
static void more_children(struct reply *reply, const char *version, struct cursor *c,
                          const char *place, const struct request *request)
{
    struct page p = {&c->query, version, &request->fault, &reply->body, false, c};
    char *end;
    size_t column = strtoul(place, &end, 10);
    uint32_t parent = (uint32_t)strtoul(*end ? end + 1 : end, &end, 10);
    uint64_t from = strtoull(*end ? end + 1 : end, NULL, 10);

    if (column < c->query.ncolumns && c->query.columns[column].sub)
        write_children(&p, parent, c->query.columns[column].sub, column, from);
    else
        salesforce_error(reply, 400, "INVALID_QUERY_LOCATOR", "invalid query locator");
}

void sf_query_more(const struct request *request, struct reply *reply, const char *version,
                   const char *locator)
{
    uint64_t offset;
    struct cursor *c;

    world_read();
    pthread_mutex_lock(&lock);
    c = find_cursor(locator, &offset);
    if (c && locator[19] == 'c')
        more_children(reply, version, c, locator + 20, request);
    else if (c)
        write_page(request, reply, version, c, offset);
    else
        salesforce_error(reply, 400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    pthread_mutex_unlock(&lock);
    world_unlock();
}

/* ---- records by id ---- */

/* A query that shows the named fields, or all. The caller frees it. */
static struct soql *show(const struct entity *e, const char *names, struct reply *reply)
{
    struct soql *q = grab(sizeof *q);
    struct soql_error error;
    struct buf text = {0};
    bool comma = false;

    buf_puts(&text, "SELECT ");
    buf_puts(&text, names ? names : "");
    for (size_t i = 0; i < e->nfields && !names; i++) {
        const struct field *f = &e->fields[i];

        if (strchr(f->name, '.') || !entity_field(e, f->name, strlen(f->name)))
            continue;
        buf_puts(&text, comma ? "," : "");
        buf_puts(&text, f->name);
        comma = true;
    }
    buf_addf(&text, " FROM %s", e->name);
    if (!soql_parse(text.at, q, &error)) {
        salesforce_error(reply, 400, error.code, "%s", error.message);
        soql_free(q);
        free(q);
        q = NULL;
    }
    buf_free(&text);
    return q;
}

static bool find_row(const struct entity *e, const char *id, struct row *row)
{
    uint64_t n;

    if (!sf_id_parse(id, e->prefix, &n) || n == 0 || n > (e->changes ? world_rows(e) : e->count()))
        return false;
    entity_row(e, (uint32_t)n - 1, row);
    return !world_is_gone(row);
}

static bool not_modified(const struct request *request, struct reply *reply, const struct row *row)
{
    const char *since = request_header(request, "If-Modified-Since");
    int64_t seconds;

    if (!since || !time_parse_http(since, &seconds) || row->modified > seconds)
        return false;
    reply->status = 304;
    reply->type = NULL;
    return true;
}

void sf_record(const struct request *request, struct reply *reply, const char *version,
               const struct entity *e, const char *id)
{
    char *fields = request_param(request, "fields");
    struct soql *q = NULL;
    struct row row;

    world_read();
    if (!find_row(e, id, &row))
        salesforce_error(reply, 404, "NOT_FOUND",
                         "Provided external ID field does not exist or is not accessible: %s", id);
    else if (row.deleted)
        salesforce_error(reply, 404, "ENTITY_IS_DELETED", "entity is deleted");
    else if (!not_modified(request, reply, &row) && (q = show(e, fields, reply)))
        write_record(&(struct page){q, version, &request->fault, &reply->body, true, NULL}, &row);
    world_unlock();
    if (q)
        soql_free(q);
    free(q);
    free(fields);
}

void sf_records(const struct request *request, struct reply *reply, const char *version,
                const struct entity *e, const char *const *ids, size_t n, const char *fields)
{
    struct page p = {NULL, version, &request->fault, &reply->body, true, NULL};
    struct soql *q;
    struct row row;

    world_read();
    q = show(e, fields, reply);
    p.query = q;
    buf_puts(&reply->body, q ? "[" : "");
    for (size_t i = 0; i < n && q; i++) {
        buf_puts(&reply->body, i ? "," : "");
        if (find_row(e, ids[i], &row) && !row.deleted)
            write_record(&p, &row);
        else
            buf_puts(&reply->body, "null");
        p.first = false;
    }
    buf_puts(&reply->body, q ? "]" : "");
    world_unlock();
    if (q)
        soql_free(q);
    free(q);
    log_kind(SALESFORCE, "retrieve");
}
