/* What goes wrong on purpose. Tests queue faults; each waits for a request that it matches. */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "tests/sim/row.h"
#include "tests/sim/settings.h"

enum fault_kind {
    FAULT_NONE,
    /* in place of the answer */
    FAULT_STATUS,
    FAULT_HTML500,
    FAULT_HTML200,
    FAULT_EMPTY,
    FAULT_REDIRECT,
    FAULT_THROTTLE,
    FAULT_EXPIRE_TOKEN,
    FAULT_FOREVER401,
    /* to the bytes of the answer */
    FAULT_TRUNCATE,
    FAULT_CUT,
    FAULT_GZIP_LIE,
    FAULT_GZIP_CUT,
    FAULT_SLOW,
    FAULT_STALL,
    /* to the connection: before the request is carried out, or after, in place of the answer */
    FAULT_CUT_BEFORE,
    FAULT_CUT_AFTER,
    FAULT_STATUS_AFTER,
    /* to what Salesforce is asked to do */
    FAULT_LOCK_ROW,
    FAULT_LOST_ROWS,
    FAULT_JOB_FAILS,
    FAULT_JOB_ABORTS,
    FAULT_JOB_GONE,
    FAULT_DAILY_LIMIT,
    FAULT_CONCURRENT_LIMIT,
    FAULT_MAINTENANCE,
    FAULT_XML_ERROR,
    FAULT_HEADERS_TOO_LARGE,
    /* in the records of the answer */
    FAULT_INVALID_UTF8,
    FAULT_NUL,
    FAULT_BIGFIELD,
    FAULT_BIGNUMBER,
    FAULT_BADDATE,
    FAULT_DUPLICATE,
    FAULT_SHORT_PAGE,
    FAULT_FOREIGN_NEXT,
    FAULT_LOOP_NEXT,
    FAULT_STUCK_NEXT,
    /* standing until reset: they do not use up the queue */
    FAULT_EMPTY_RESULT,
    FAULT_WRONG_ORG,
    FAULT_LATENCY,
    FAULT_KINDS
};

struct fault {
    enum fault_kind kind;
    enum crm crm;
    char match[128]; /* part of "METHOD path?query"; "" matches all */
    int64_t times;   /* how often; negative: for ever */
    int64_t after;   /* matching requests to let pass first */
    unsigned status;
    int64_t retry_after; /* seconds; negative: no header */
    int64_t ms;
    int64_t bytes;
    char content_type[64];
    char location[256];
    char *body; /* owned by the queue until it is reset */
};

/* The kind's name on the control endpoint, or FAULT_NONE. */
enum fault_kind fault_named(const char *name);
/* Queues a copy; takes over body. */
void fault_add(const struct fault *fault);
void fault_reset(void);

/* The first queued fault for this request line ("GET /path?query"), used up once, or kind
 * FAULT_NONE. */
struct fault fault_take(enum crm crm, const char *line);
/* Whether a standing fault of that kind is set, for that target or, with NULL, at all; fills *ms
 * when not NULL. */
bool fault_stands(enum crm crm, enum fault_kind kind, const char *target, int64_t *ms);

/* The broken JSON value that the first record of a page shows in place of that one, if any. */
bool fault_spoils(const struct fault *fault, enum aspect aspect, struct buf *out);

#endif
