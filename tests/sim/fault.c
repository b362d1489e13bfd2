#include "tests/sim/fault.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[FAULT_KINDS] = {
    [FAULT_STATUS] = "status",
    [FAULT_HTML500] = "html500",
    [FAULT_HTML200] = "html200",
    [FAULT_EMPTY] = "empty",
    [FAULT_REDIRECT] = "redirect",
    [FAULT_THROTTLE] = "throttle",
    [FAULT_EXPIRE_TOKEN] = "expire_token",
    [FAULT_FOREVER401] = "forever401",
    [FAULT_TRUNCATE] = "truncate",
    [FAULT_CUT] = "cut",
    [FAULT_GZIP_LIE] = "gzip_lie",
    [FAULT_GZIP_CUT] = "gzip_cut",
    [FAULT_SLOW] = "slow",
    [FAULT_STALL] = "stall",
    [FAULT_CUT_BEFORE] = "cut_before",
    [FAULT_CUT_AFTER] = "cut_after",
    [FAULT_STATUS_AFTER] = "status_after",
    [FAULT_LOCK_ROW] = "lock_row",
    [FAULT_LOST_ROWS] = "lost_rows",
    [FAULT_JOB_FAILS] = "job_fails",
    [FAULT_JOB_ABORTS] = "job_aborts",
    [FAULT_JOB_GONE] = "job_gone",
    [FAULT_DAILY_LIMIT] = "daily_limit",
    [FAULT_CONCURRENT_LIMIT] = "concurrent_limit",
    [FAULT_MAINTENANCE] = "maintenance",
    [FAULT_XML_ERROR] = "xml_error",
    [FAULT_HEADERS_TOO_LARGE] = "headers_too_large",
    [FAULT_INVALID_UTF8] = "invalid_utf8",
    [FAULT_NUL] = "nul",
    [FAULT_BIGFIELD] = "bigfield",
    [FAULT_BIGNUMBER] = "bignumber",
    [FAULT_BADDATE] = "baddate",
    [FAULT_DUPLICATE] = "duplicate",
    [FAULT_SHORT_PAGE] = "short_page",
    [FAULT_FOREIGN_NEXT] = "foreign_next",
    [FAULT_LOOP_NEXT] = "loop_next",
    [FAULT_STUCK_NEXT] = "stuck_next",
    [FAULT_EMPTY_RESULT] = "empty_result",
    [FAULT_WRONG_ORG] = "wrong_org",
    [FAULT_LATENCY] = "latency",
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct fault *queue;
static size_t nqueue;

enum fault_kind fault_named(const char *name)
{
    for (int kind = FAULT_NONE + 1; kind < FAULT_KINDS; kind++)
        if (strcmp(names[kind], name) == 0)
            return (enum fault_kind)kind;
    return FAULT_NONE;
}

void fault_add(const struct fault *fault)
{
    pthread_mutex_lock(&lock);
    queue = regrab(queue, (nqueue + 1) * sizeof *queue);
    queue[nqueue++] = *fault;
    pthread_mutex_unlock(&lock);
}

void fault_reset(void)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < nqueue; i++)
        free(queue[i].body);
    free(queue);
    queue = NULL;
    nqueue = 0;
    pthread_mutex_unlock(&lock);
}

static bool matches(const struct fault *f, enum crm crm, const char *target)
{
    return f->crm == crm && f->times != 0 && (!target || strstr(target, f->match));
}

struct fault fault_take(enum crm crm, const char *line)
{
    struct fault taken = {.kind = FAULT_NONE};
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < nqueue; i++) {
        struct fault *f = &queue[i];

        if (f->kind >= FAULT_EMPTY_RESULT || !matches(f, crm, line))
            continue;
        if (f->after > 0) {
            f->after--;
            continue;
        }
        if (f->times > 0)
            f->times--;
        taken = *f;
        taken.body = f->body ? grab_text(f->body, strlen(f->body)) : NULL;
        break;
    }
    pthread_mutex_unlock(&lock);
    return taken;
}

bool fault_stands(enum crm crm, enum fault_kind kind, const char *target, int64_t *ms)
{
    bool found = false;

    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < nqueue && !found; i++) {
        found = queue[i].kind == kind && matches(&queue[i], crm, target);
        if (found && ms)
            *ms = queue[i].ms;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static void spoil_big(struct buf *out, int64_t bytes)
{
    size_t n = bytes > 0 ? (size_t)bytes : 40u << 20;

    buf_puts(out, "\"");
    memset(buf_reserve(out, n + 1), 'x', n);
    out->len += n;
    buf_puts(out, "\"");
}

bool fault_spoils(const struct fault *fault, enum aspect aspect, struct buf *out)
{
    static const struct {
        enum aspect aspect;
        const char *json;
    } spoilt[FAULT_KINDS] = {
        [FAULT_INVALID_UTF8] = {A_NAME, "\"Acme \xc3\x28 Ltd\""},
        [FAULT_NUL] = {A_NAME, "\"Acme\\u0000Corp\""},
        [FAULT_BIGFIELD] = {A_NAME, NULL},
        [FAULT_BIGNUMBER] = {A_AMOUNT, "123456789012345678901234567890.12"},
        [FAULT_BADDATE] = {A_CLOSE, "\"2026-02-31\""},
    };

    if (aspect == A_NULL || spoilt[fault->kind].aspect != aspect)
        return false;
    if (spoilt[fault->kind].json)
        buf_puts(out, spoilt[fault->kind].json);
    else
        spoil_big(out, fault->bytes);
    return true;
}
