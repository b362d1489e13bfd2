#include "tests/sim/sf_query.h"
#include "tests/sim/clock.h"
#include "tests/sim/sf_tables.h"
#include "tests/sim/soql.h"
#include "tests/sim/tally.h"
#include "tests/sim/world.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    CURSORS = 8,
    LARGEST_PAGE = 2000,
    SMALLEST_PAGE = 200,
    CURSOR_LIFE = 2 * 86400,
    LONGEST_QUERY = 100000,
};

/* A result whose ids are fixed; values are read when a page is. */
struct cursor {
    uint64_t id;
    int64_t expires;
    bool all;
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

static void write_record(const struct page *p, const struct row *row)
{
    const struct soql *q = p->query;
    struct val id;

    field_get(row, entity_key(q->entity), &id);
    write_attributes(p->out, p->version, q->entity->name, &id);
    for (size_t i = 0; i < q->ncolumns;) {
        if (q->columns[i].group)
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
    struct page p = {&c->query, version, &request->fault, &reply->body, true};
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
    c->expires = clock_now() + CURSOR_LIFE;
    pthread_mutex_lock(&lock);
    c->id = ++last_cursor;
    if (write_page(request, reply, version, c, 0))
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
    struct tally tally = {.fields = {q->group}, .nfields = q->group ? 1 : 0};
    struct scan scan = q->scan;

    scan.norder = 0;
    if (!none)
        scan_each(&scan, tally_add, &tally);
    buf_addf(&reply->body, "{\"totalSize\":%zu,\"done\":true,\"records\":[", tally.n);
    for (size_t i = 0; i < tally.n; i++) {
        buf_puts(&reply->body, i ? "," : "");
        buf_puts(&reply->body, "{\"attributes\":{\"type\":\"AggregateResult\"}");
        for (size_t j = 0; j < q->ncolumns; j++) {
            const struct soql_column *c = &q->columns[j];

            write_key(&reply->body, c->field ? c->field->name : c->alias);
            if (c->field)
                buf_add(&reply->body, tally.rows[i].keys[0].at, tally.rows[i].keys[0].len);
            else
                buf_number(&reply->body, (int64_t)tally.rows[i].n);
        }
        buf_puts(&reply->body, "}");
    }
    buf_puts(&reply->body, "]}");
    tally_free(&tally);
}

/* ---- endpoints ---- */

static bool is_aggregate(const struct soql *q)
{
    return q->group || (q->ncolumns == 1 && !q->columns[0].field);
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
    char *end;
    struct cursor *c;

    if (strlen(locator) < 20 || locator[18] != '-')
        return NULL;
    memcpy(id, locator, 18);
    *offset = strtoull(locator + 19, &end, 10);
    if (*end || !sf_id_parse(id, "0r8", &n))
        return NULL;
    c = cursors[n % CURSORS];
    return c && c->id == n && c->expires > clock_now() && *offset <= c->issued &&
                   *offset <= c->runs.rows
               ? c
               : NULL;
}

void sf_query_more(const struct request *request, struct reply *reply, const char *version,
                   const char *locator)
{
    uint64_t offset;
    struct cursor *c;

    world_read();
    pthread_mutex_lock(&lock);
    c = find_cursor(locator, &offset);
    if (c)
        write_page(request, reply, version, c, offset);
    else
        salesforce_error(reply, 400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    pthread_mutex_unlock(&lock);
    world_unlock();
}

/* Fills the columns of a query that shows one record. */
static bool choose_fields(struct soql *q, const char *names, struct reply *reply)
{
    for (const char *at = names; at && *at;) {
        size_t n = strcspn(at, ",");
        const struct field *f = entity_field(q->entity, at, n);

        if (!f || q->ncolumns == MAX_COLUMNS) {
            salesforce_error(reply, 400, "INVALID_FIELD",
                             "No such column '%.*s' on sobject of type Opportunity", (int)n, at);
            return false;
        }
        q->columns[q->ncolumns++].field = f;
        at += n + (at[n] == ',');
    }
    for (size_t i = 0; i < q->entity->nfields && !names; i++) {
        const struct field *f = &q->entity->fields[i];

        if (!strchr(f->name, '.') && entity_field(q->entity, f->name, strlen(f->name)))
            q->columns[q->ncolumns++].field = f;
    }
    return true;
}

void sf_record(const struct request *request, struct reply *reply, const char *version,
               const char *id)
{
    struct soql query = {.entity = &sf_opportunity};
    struct page p = {&query, version, &request->fault, &reply->body, true};
    char *fields = request_param(request, "fields");
    uint32_t at;
    uint64_t n;
    struct row row;

    world_read();
    if (!sf_id_parse(id, "006", &n) || !world_find(&sf_opportunity, id, &at)) {
        salesforce_error(reply, 404, "NOT_FOUND",
                         "Provided external ID field does not exist or is not accessible: %s", id);
    } else if (choose_fields(&query, fields, reply)) {
        entity_row(&sf_opportunity, at, &row);
        if (row.deleted)
            salesforce_error(reply, 404, "ENTITY_IS_DELETED", "entity is deleted");
        else
            write_record(&p, &row);
    }
    world_unlock();
    free(fields);
}
