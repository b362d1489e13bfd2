#include "tests/sim/sf_bulk.h"
#include "tests/sim/log.h"
#include "tests/sim/sf_job.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/sf_tables.h"
#include "tests/sim/token.h"
#include "tests/sim/world.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PARALLEL_VERSION = 58, PARALLEL_URLS = 5, ROWS_A_PART = 400 };

static const struct {
    const char *name;
    char delimiter;
} delimiters[] = {
    {"COMMA", ','}, {"BACKQUOTE", '`'}, {"CARET", '^'},
    {"PIPE", '|'},  {"SEMICOLON", ';'}, {"TAB", '\t'},
};

static void not_found(struct reply *reply)
{
    salesforce_error(reply, 404, "NOT_FOUND", "The requested resource does not exist");
}

/* ---- job info ---- */

static const char *text_of_state(enum job_state state)
{
    static const char *const names[] = {"UploadComplete", "InProgress", "JobComplete", "Failed",
                                        "Aborted"};

    return names[state];
}

static void write_stamp(struct buf *out, const char *name, int64_t seconds)
{
    struct val v = {.kind = V_TIME, .num = seconds};

    buf_addf(out, ",\"%s\":", name);
    val_write(out, &v, F_MILLIS);
}

static void write_job(struct buf *out, const struct sf_job *job, bool full)
{
    const struct soql *q = &job->query;

    buf_addf(out, "{\"id\":\"%s\",\"operation\":\"%s\",\"object\":\"%s\",\"createdById\":\"%s\"",
             job->id, job->all ? "queryAll" : "query", q->entity->name, SIM_USER_ID);
    write_stamp(out, "createdDate", job->created);
    write_stamp(out, "systemModstamp", job->created);
    buf_addf(out,
             ",\"state\":\"%s\",\"concurrencyMode\":\"Parallel\",\"contentType\":\"CSV\","
             "\"apiVersion\":%s,\"lineEnding\":\"%s\",\"columnDelimiter\":\"%s\"",
             text_of_state(job->state), job->version, job->csv.crlf ? "CRLF" : "LF",
             job->delimiter_name);
    if (full)
        buf_addf(out,
                 ",\"jobType\":\"V2Query\",\"numberRecordsProcessed\":%llu,\"retries\":0,"
                 "\"totalProcessingTime\":%llu,\"isPkChunkingSupported\":%s",
                 (unsigned long long)job->processed, (unsigned long long)job->processed / 100 + 1,
                 sf_settings.bulk_pk_chunking && !q->scan.norder && !q->limit ? "true" : "false");
    buf_puts(out, "}");
}

/* ---- creation ---- */

/* The words that a Bulk query must not have, outside of its strings. */
static const char *forbidden(const char *query)
{
    static const char *const words[] = {"OFFSET", "TYPEOF", "FIELDS", "GROUP", "HAVING"};
    bool quoted = false;

    for (const char *s = query; *s; s++) {
        if (*s == '\\' && s[1])
            s++;
        else if (*s == '\'')
            quoted = !quoted;
        for (size_t i = 0; !quoted && i < sizeof words / sizeof *words; i++) {
            size_t n = strlen(words[i]);

            if (strncasecmp(s, words[i], n) == 0 && (s == query || strchr(" (,\t\n", s[-1])) &&
                (strchr(" (\t\n", s[n]) || !s[n]))
                return words[i];
        }
    }
    return NULL;
}

static bool columns_allowed(const struct soql *q, struct reply *reply)
{
    bool counts = q->count || q->ngroups;

    for (size_t i = 0; i < q->ncolumns; i++) {
        if (q->columns[i].sub) {
            salesforce_error(reply, 400, "API_ERROR", "Nested queries not supported in Bulk Query");
            return false;
        }
        counts |= !q->columns[i].field;
    }
    if (counts)
        salesforce_error(reply, 400, "API_ERROR",
                         "Aggregate Relationships not supported in Bulk Query");
    return !counts;
}

static bool parse_query(const char *text, struct soql *q, struct reply *reply)
{
    const char *word = forbidden(text);
    struct soql_error error;
    bool good = false;

    if (word) {
        salesforce_error(reply, 400, "API_ERROR", "%s is not supported in Bulk Query", word);
        return false;
    }
    world_read();
    if (!soql_parse(text, q, &error))
        salesforce_error(reply, 400, error.code, "%s", error.message);
    else if (strcmp(q->entity->name, "OpportunityStage") == 0)
        salesforce_error(reply, 400, "INVALIDENTITY",
                         "Entity '%s' is not supported by the Bulk API.", q->entity->name);
    else
        good = columns_allowed(q, reply);
    world_unlock();
    if (!good)
        soql_free(q);
    return good;
}

static bool quota_left(struct reply *reply)
{
    if (!sf_settings.bulk_enabled)
        salesforce_error(reply, 400, "FeatureNotEnabled", "Async API not enabled");
    else if (sf_jobs_today() >= sf_settings.bulk_jobs_max)
        salesforce_error(reply, 400, "EXCEEDEDQUOTA",
                         "Max bulk v2 query jobs (%u) per 24 hrs has been reached",
                         sf_settings.bulk_jobs_max);
    else if (sf_job_storage_today() >= sf_settings.bulk_storage_max)
        salesforce_error(reply, 400, "EXCEEDEDQUOTA",
                         "Max bulk v2 query result size stored (%llu) kb per 24 hrs has been "
                         "exceeded",
                         (unsigned long long)sf_settings.bulk_storage_max * 1024);
    else
        return true;
    return false;
}

struct wish {
    const char *operation, *query, *content, *delimiter, *ending;
    size_t at; /* of the delimiter */
};

static const char *member(const json_t *body, const char *name, const char *otherwise)
{
    const char *text = json_string_value(json_object_get(body, name));

    return text ? text : otherwise;
}

static bool understand(const json_t *body, struct wish *w, struct reply *reply)
{
    size_t n = sizeof delimiters / sizeof *delimiters;

    w->operation = member(body, "operation", "");
    w->query = member(body, "query", "");
    w->content = member(body, "contentType", "CSV");
    w->delimiter = member(body, "columnDelimiter", "COMMA");
    w->ending = member(body, "lineEnding", "LF");
    while (w->at < n && strcmp(delimiters[w->at].name, w->delimiter) != 0)
        w->at++;
    if (strcmp(w->operation, "query") != 0 && strcmp(w->operation, "queryAll") != 0)
        salesforce_error(reply, 400, "INVALIDJOB", "operation must be query or queryAll");
    else if (strcmp(w->content, "CSV") != 0)
        salesforce_error(reply, 400, "INVALIDJOB", "contentType must be CSV");
    else if (w->at == n)
        salesforce_error(reply, 400, "INVALIDJOB", "unknown columnDelimiter %s", w->delimiter);
    else if (strcmp(w->ending, "LF") != 0 && strcmp(w->ending, "CRLF") != 0)
        salesforce_error(reply, 400, "INVALIDJOB", "unknown lineEnding %s", w->ending);
    else
        return true;
    return false;
}

static void create(const struct request *request, struct reply *reply, const char *version)
{
    const char *type = request_header(request, "Content-Type");
    struct soql *q = grab(sizeof *q);
    json_t *body = json_loads(request->body, 0, NULL);
    struct wish w = {.at = 0};
    struct sf_job *job;

    if (!type || strncasecmp(type, "application/json", 16) != 0) {
        salesforce_error(reply, 415, "UNSUPPORTED_MEDIA_TYPE", "the body must be application/json");
    } else if (!json_is_object(body)) {
        salesforce_error(reply, 400, "JSON_PARSER_ERROR", "the body is no JSON object");
    } else if (quota_left(reply) && understand(body, &w, reply) && parse_query(w.query, q, reply)) {
        job = sf_job_add(q);
        job->all = strcmp(w.operation, "queryAll") == 0;
        job->foreign = sf_settings.bulk_other_user;
        job->csv.delimiter = delimiters[w.at].delimiter;
        job->csv.scientific = sf_settings.bulk_scientific;
        job->csv.crlf = strcmp(w.ending, "CRLF") == 0;
        job->delimiter_name = delimiters[w.at].name;
        snprintf(job->version, sizeof job->version, "%s", version);
        write_job(&reply->body, job, false);
        sf_job_drop(job);
        log_kind(SALESFORCE, "bulk_job");
    }
    json_decref(body);
    free(q);
}

/* ---- results ---- */

static void base64_encode(const char *in, char *out)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = strlen(in);
    unsigned bits = 0, held = 0;

    for (size_t i = 0; i < n; i++) {
        bits = (bits << 8 | (unsigned char)in[i]) & 0xffff;
        for (held += 8; held >= 6; held -= 6)
            *out++ = letters[bits >> (held - 6) & 63];
    }
    if (held)
        *out++ = letters[bits << (6 - held) & 63];
    *out = '\0';
}

/* Place and size of a page, as a text that says nothing to anybody else. */
static void make_locator(const struct sf_job *job, uint64_t from, uint64_t n, char out[96])
{
    char plain[64];

    snprintf(plain, sizeof plain, "0:%.15s:%llu:%llu", job->id, (unsigned long long)from,
             (unsigned long long)n);
    base64_encode(plain, out);
}

static int value64(char c)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(letters, c) : NULL;

    return at ? (int)(at - letters) : -1;
}

static bool read_locator(const struct sf_job *job, const char *text, uint64_t *from, uint64_t *n)
{
    char plain[80], again[96];
    unsigned bits = 0, held = 0;
    size_t len = 0;
    char *end;

    for (; *text && len < sizeof plain - 1; text++) {
        int value = value64(*text);

        if (value < 0)
            return false;
        bits = (bits << 6 | (unsigned)value) & 0xffff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            plain[len++] = (char)(bits >> held);
        }
    }
    plain[len] = '\0';
    if (len < 19 || strncmp(plain, "0:", 2) != 0 || strncmp(plain + 2, job->id, 15) != 0)
        return false;
    *from = strtoull(plain + 18, &end, 10);
    *n = *end ? strtoull(end + 1, NULL, 10) : 0;
    make_locator(job, *from, *n, again);
    return *from <= job->runs.rows;
}

/* A page while it is sent. */
struct page {
    struct sf_job *job;
    struct sf_csv csv;
    struct fault fault;
    bool header, live; /* live: of rows as they are now */
    size_t run;
    uint32_t in_run;
    uint64_t left;
};

static void page_free(void *arg)
{
    struct page *p = arg;

    sf_job_drop(p->job);
    free(p);
}

static void seek(struct page *p, uint64_t from)
{
    const struct runs *r = &p->job->runs;

    while (p->run < r->n && from >= r->run[p->run].n)
        from -= r->run[p->run++].n;
    p->in_run = (uint32_t)from;
}

static uint32_t step(struct page *p)
{
    const struct run *run = &p->job->runs.run[p->run];
    uint32_t at = run->at + p->in_run;

    if (++p->in_run == run->n) {
        p->in_run = 0;
        p->run++;
    }
    return at;
}

static const struct kept_line *kept_line(const struct sf_job *job, uint32_t at)
{
    size_t from = 0, to = job->nkept;

    while (from < to) {
        size_t mid = from + (to - from) / 2;

        if (job->kept[mid].at < at)
            from = mid + 1;
        else
            to = mid;
    }
    return from < job->nkept && job->kept[from].at == at ? &job->kept[from] : NULL;
}

static void write_row(struct page *p, uint32_t at, struct buf *out)
{
    const struct kept_line *line = p->live ? NULL : kept_line(p->job, at);
    const struct entity *e = p->job->query.entity;
    struct row row;

    if (line) {
        buf_add(out, p->job->lines.at + line->from, line->len);
        return;
    }
    if (p->live)
        entity_row(e, at, &row);
    else
        entity_base(e, at, &row);
    sf_csv_row(&p->csv, &row, p->fault.kind ? &p->fault : NULL, out);
}

static bool page_part(void *arg, struct buf *out)
{
    struct page *p = arg;

    if (p->header)
        sf_csv_header(&p->csv, out);
    p->header = false;
    world_read();
    for (int i = 0; i < ROWS_A_PART && p->left; i++, p->left--) {
        uint32_t at = step(p);

        if (p->fault.kind == FAULT_DUPLICATE)
            write_row(p, at, out);
        write_row(p, at, out);
        p->fault.kind = FAULT_NONE; /* only the first */
    }
    world_unlock();
    return p->left > 0;
}

static void send_page(const struct request *request, struct reply *reply, struct sf_job *job,
                      uint64_t from, uint64_t n)
{
    struct page *p = grab(sizeof *p);
    enum fault_kind kind = request->fault.kind;
    uint64_t rest = job->runs.rows - from;
    uint64_t size = kind == FAULT_SHORT_PAGE && rest > 1 ? (n < rest ? n : rest) / 2 + 1 : n;
    char locator[96];

    if (size > rest)
        size = rest;
    make_locator(job, kind == FAULT_LOOP_NEXT ? from : from + size, n, locator);
    reply->type = "text/csv";
    if (!sf_settings.bulk_no_locator)
        reply_header(reply, "Sforce-Locator", "%s",
                     from + size < job->runs.rows || kind == FAULT_LOOP_NEXT ? locator : "null");
    if (!sf_settings.bulk_no_count)
        reply_header(reply, "Sforce-NumberOfRecords", "%llu", (unsigned long long)size);
    p->job = sf_job_take(job->id);
    if (!p->job) {
        free(p);
        not_found(reply);
        return;
    }
    p->csv = job->csv;
    p->fault = request->fault;
    p->fault.body = NULL;
    p->header = size || !sf_settings.bulk_empty_body;
    p->live = sf_settings.bulk_shuffle || (kind >= FAULT_INVALID_UTF8 && kind <= FAULT_BADDATE);
    if (sf_settings.bulk_shuffle)
        p->csv.first = from / (n ? n : 1) % job->query.ncolumns;
    p->left = kind == FAULT_LOST_ROWS ? size / 2 : size;
    seek(p, from);
    reply->part = page_part;
    reply->release = page_free;
    reply->arg = p;
    log_kind(SALESFORCE, "bulk_page");
}

/* What every reading of a result asks for first. */
static bool readable(const struct sf_job *job, struct reply *reply, const char *version)
{
    if (strcmp(job->version, version) != 0)
        salesforce_error(reply, 409, "CONFLICT",
                         "The job was created with API version %s; read its results with the same",
                         job->version);
    else if (job->state != JOB_COMPLETE)
        salesforce_error(reply, 400, "INVALIDJOBSTATE",
                         "The results of a job in state %s cannot be read",
                         text_of_state(job->state));
    else
        return true;
    return false;
}

static void results(const struct request *request, struct reply *reply, struct sf_job *job,
                    const char *version)
{
    const char *accept = request_header(request, "Accept");
    char *max = request_param(request, "maxRecords"), *locator = request_param(request, "locator");
    uint64_t from = 0, n = 0;

    if (!readable(job, reply, version)) {
        /* said */
    } else if (accept && !strstr(accept, "text/csv") && !strstr(accept, "*/*")) {
        salesforce_error(reply, 406, "NOT_ACCEPTABLE", "the results are text/csv");
    } else if (locator && !read_locator(job, locator, &from, &n)) {
        salesforce_error(reply, 400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    } else {
        if (max && strtoull(max, NULL, 10) > 0)
            n = strtoull(max, NULL, 10);
        send_page(request, reply, job, from, n ? n : sf_settings.bulk_page);
    }
    free(max);
    free(locator);
}

static void result_pages(const struct request *request, struct reply *reply, struct sf_job *job,
                         const char *version)
{
    char *locator = request_param(request, "locator");
    uint64_t from = 0, n = 0, size = sf_settings.bulk_page;
    struct buf *out = &reply->body;
    char text[96];

    if (readable(job, reply, version) && locator && !read_locator(job, locator, &from, &n))
        salesforce_error(reply, 400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    free(locator);
    if (reply->status != 200)
        return;
    if (n)
        size = n;
    buf_puts(out, "{\"resultPages\":[");
    for (int i = 0; i < PARALLEL_URLS && from < job->runs.rows; i++, from += size) {
        if (i == 1 && request->fault.kind == FAULT_LOST_ROWS)
            continue;
        make_locator(job, from, size, text);
        buf_addf(out, "%s{\"resultUrl\":\"/services/data/v%s/jobs/query/%s/results?locator=%s\"}",
                 i ? "," : "", version, job->id, text);
    }
    buf_puts(out, "]");
    if (from < job->runs.rows) {
        make_locator(job, from, size, text);
        buf_addf(out, ",\"%s\":\"/services/data/v%s/jobs/query/%s/resultpages?locator=%s\"",
                 sf_settings.bulk_next_record_url ? "nextRecordUrl" : "nextRecordsUrl", version,
                 job->id, text);
    }
    buf_addf(out, ",\"done\":%s}", from < job->runs.rows ? "false" : "true");
}

/* ---- one job ---- */

static bool ended(const struct sf_job *job)
{
    return job->state != JOB_UPLOADED && job->state != JOB_RUNNING;
}

static void wrong_state(const struct sf_job *job, struct reply *reply)
{
    salesforce_error(reply, 400, "INVALIDJOBSTATE", "The job is in state %s",
                     text_of_state(job->state));
}

static void poll_job(const struct request *request, struct reply *reply, struct sf_job *job)
{
    if (!ended(job) && request->fault.kind == FAULT_JOB_FAILS) {
        job->state = JOB_FAILED;
        job->processed = 1;
    } else if (!ended(job) && request->fault.kind == FAULT_JOB_ABORTS) {
        job->state = JOB_ABORTED;
    } else {
        sf_job_poll(job);
    }
    write_job(&reply->body, job, true);
    log_kind(SALESFORCE, "bulk_poll");
}

static void abort_job(const struct request *request, struct reply *reply, struct sf_job *job)
{
    json_t *body = json_loads(request->body, 0, NULL);

    if (strcmp(member(body, "state", ""), "Aborted") != 0) {
        salesforce_error(reply, 400, "INVALIDJOB", "the state can only be set to Aborted");
    } else if (ended(job)) {
        wrong_state(job, reply);
    } else {
        job->state = JOB_ABORTED;
        write_job(&reply->body, job, false);
    }
    json_decref(body);
}

static void delete_job(struct reply *reply, struct sf_job *job)
{
    if (!ended(job)) {
        wrong_state(job, reply);
        return;
    }
    sf_job_remove(job);
    reply->status = 204;
    reply->type = NULL;
    log_kind(SALESFORCE, "bulk_delete");
}

static void not_allowed(const struct request *request, struct reply *reply)
{
    salesforce_error(reply, 405, "METHOD_NOT_ALLOWED", "HTTP Method '%s' not allowed",
                     request->method);
}

static void one_job(const struct request *request, struct reply *reply, struct sf_job *job,
                    const char *version, const char *part)
{
    bool get = request_is(request, "GET");
    bool other = request_is(request, "PATCH") || request_is(request, "DELETE");

    if (!get && (*part || !other))
        not_allowed(request, reply);
    else if (strcmp(part, "/results") == 0)
        results(request, reply, job, version);
    else if (strcasecmp(part, "/resultPages") == 0 && strtol(version, NULL, 10) >= PARALLEL_VERSION)
        result_pages(request, reply, job, version);
    else if (*part && strcmp(part, "/") != 0)
        not_found(reply);
    else if (get)
        poll_job(request, reply, job);
    else if (request_is(request, "PATCH"))
        abort_job(request, reply, job);
    else
        delete_job(reply, job);
}

static void list(struct reply *reply)
{
    struct sf_job *job;

    buf_puts(&reply->body, "{\"done\":true,\"records\":[");
    for (size_t i = 0; (job = sf_job_at(i)); i++) {
        buf_puts(&reply->body, i ? "," : "");
        write_job(&reply->body, job, false);
        sf_job_drop(job);
    }
    buf_puts(&reply->body, "],\"nextRecordsUrl\":null}");
}

void sf_bulk(const struct request *request, struct reply *reply, const char *version,
             const char *rest)
{
    struct sf_job *job;
    char id[24];

    rest += *rest == '/';
    if (!*rest) {
        if (request_is(request, "POST"))
            create(request, reply, version);
        else if (request_is(request, "GET"))
            list(reply);
        else
            not_allowed(request, reply);
        return;
    }
    snprintf(id, sizeof id, "%.*s", (int)strcspn(rest, "/"), rest);
    job = sf_job_take(id);
    if (job && request->fault.kind == FAULT_JOB_GONE) {
        sf_job_remove(job);
        sf_job_drop(job);
        job = NULL;
    }
    if (!job) {
        not_found(reply);
        return;
    }
    if (job->foreign)
        salesforce_error(reply, 400, "INVALIDUSER", "The job was created by another user");
    else
        one_job(request, reply, job, version, rest + strcspn(rest, "/"));
    sf_job_drop(job);
}
