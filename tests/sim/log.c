#include "tests/sim/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { RING = 4000, LONGEST_TARGET = 2000, KINDS = 32 };

struct entry {
    uint64_t n;
    enum crm crm;
    char method[8];
    char *target;
    unsigned status;
    uint32_t token;
    size_t bytes;
};

struct counters {
    uint64_t requests, mutating, tokens;
    unsigned peak;
    struct {
        const char *name;
        uint64_t n;
    } kinds[KINDS];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry ring[RING];
static uint64_t total;
static struct counters counters[CRMS];

static uint32_t hash(const char *s)
{
    uint64_t h = 0;

    for (; s && *s; s++)
        h = text_mix(h ^ (unsigned char)*s);
    return (uint32_t)h;
}

/* Posts that only ask: for a token, for records by id, for a query in the background. What a batch
 * changes is told part by part. */
static bool only_asks(const char *method, const char *target)
{
    const char *retrieve = strstr(target, "/composite/sobjects/");

    return strstr(target, "/oauth2/") || strstr(target, "/jobs/query") ||
           strstr(target, "/$batch") || (retrieve && retrieve[20] && strcmp(method, "POST") == 0);
}

static bool mutating(const char *method, const char *target)
{
    return strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0 && !only_asks(method, target);
}

static void enter(enum crm crm, const char *method, const char *target, unsigned status,
                  const char *token, size_t bytes)
{
    struct entry *e;

    counters[crm].mutating += mutating(method, target);
    e = &ring[total % RING];
    free(e->target);
    *e = (struct entry){
        .n = ++total,
        .crm = crm,
        .target = grab_text(target, strnlen(target, LONGEST_TARGET)),
        .status = status,
        .token = hash(token),
        .bytes = bytes,
    };
    memcpy(e->method, method, strnlen(method, sizeof e->method - 1));
}

void log_request(enum crm crm, const char *method, const char *target, unsigned status,
                 const char *token, size_t bytes)
{
    pthread_mutex_lock(&lock);
    counters[crm].requests++;
    enter(crm, method, target, status, token, bytes);
    pthread_mutex_unlock(&lock);
}

void log_part(enum crm crm, const char *method, const char *target, unsigned status)
{
    pthread_mutex_lock(&lock);
    enter(crm, method, target, status, NULL, 0);
    pthread_mutex_unlock(&lock);
}

void log_token(enum crm crm)
{
    pthread_mutex_lock(&lock);
    counters[crm].tokens++;
    pthread_mutex_unlock(&lock);
}

void log_kind(enum crm crm, const char *kind)
{
    struct counters *c = &counters[crm];

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < KINDS; i++) {
        if (c->kinds[i].name && strcmp(c->kinds[i].name, kind) != 0)
            continue;
        c->kinds[i].name = kind;
        c->kinds[i].n++;
        break;
    }
    pthread_mutex_unlock(&lock);
}

uint64_t log_count(enum crm crm)
{
    uint64_t n;

    pthread_mutex_lock(&lock);
    n = counters[crm].requests;
    pthread_mutex_unlock(&lock);
    return n;
}

static void write_entry(struct buf *out, const struct entry *e)
{
    buf_addf(out, "{\"n\":%llu,\"crm\":\"%s\",\"method\":", (unsigned long long)e->n,
             e->crm == SALESFORCE ? "salesforce" : "dynamics");
    buf_json_text(out, e->method);
    buf_puts(out, ",\"path\":");
    buf_json_text(out, e->target);
    buf_addf(out, ",\"status\":%u,\"token\":\"%08x\",\"bytes\":%zu}", e->status, e->token,
             e->bytes);
}

static void write_counters(struct buf *out, const struct counters *c)
{
    buf_addf(out, "\"requests\":%llu,\"mutating\":%llu,\"tokens\":%llu",
             (unsigned long long)c->requests, (unsigned long long)c->mutating,
             (unsigned long long)c->tokens);
}

void log_busy(enum crm crm, unsigned n)
{
    pthread_mutex_lock(&lock);
    if (n > counters[crm].peak)
        counters[crm].peak = n;
    pthread_mutex_unlock(&lock);
}

void log_peak_anew(void)
{
    pthread_mutex_lock(&lock);
    counters[SALESFORCE].peak = counters[DYNAMICS].peak = 0;
    pthread_mutex_unlock(&lock);
}

static void write_kinds(struct buf *out, const struct counters *c)
{
    buf_addf(out, ",\"peak\":%u,\"kinds\":{", c->peak);
    for (size_t i = 0; i < KINDS && c->kinds[i].name; i++)
        buf_addf(out, "%s\"%s\":%llu", i ? "," : "", c->kinds[i].name,
                 (unsigned long long)c->kinds[i].n);
    buf_puts(out, "}");
}

void log_stats(struct buf *out)
{
    struct counters sum;

    pthread_mutex_lock(&lock);
    sum = (struct counters){
        .requests = counters[SALESFORCE].requests + counters[DYNAMICS].requests,
        .mutating = counters[SALESFORCE].mutating + counters[DYNAMICS].mutating,
        .tokens = counters[SALESFORCE].tokens + counters[DYNAMICS].tokens,
    };
    buf_puts(out, "{");
    write_counters(out, &sum);
    buf_puts(out, ",\"salesforce\":{");
    write_counters(out, &counters[SALESFORCE]);
    write_kinds(out, &counters[SALESFORCE]);
    buf_puts(out, "},\"dynamics\":{");
    write_counters(out, &counters[DYNAMICS]);
    write_kinds(out, &counters[DYNAMICS]);
    buf_puts(out, "}}");
    pthread_mutex_unlock(&lock);
}

void log_write(struct buf *out, uint64_t since)
{
    uint64_t from;

    pthread_mutex_lock(&lock);
    from = total > RING ? total - RING : 0;
    if (since > from)
        from = since;
    buf_addf(out, "{\"next\":%llu,\"requests\":[", (unsigned long long)total);
    for (uint64_t n = from; n < total; n++) {
        if (n > from)
            buf_puts(out, ",");
        write_entry(out, &ring[n % RING]);
    }
    buf_puts(out, "]}");
    pthread_mutex_unlock(&lock);
}

void log_clear(void)
{
    for (size_t i = 0; i < RING; i++) {
        free(ring[i].target);
        ring[i].target = NULL;
    }
}
