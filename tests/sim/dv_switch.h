/* How the Dynamics environment is set up, and which of several documented behaviours it shows. Turned
 * on the control endpoint by name; control writes under the world's lock. */
#ifndef SIM_DV_SWITCH_H
#define SIM_DV_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

struct dv_switches {
    int64_t retention;       /* days that a delta token is good for */
    int64_t tracking;        /* 0: off, refused; 1: on; 2: off, and no delta link is given */
    int64_t expired_status;  /* of an expired token: 400, 410 */
    int64_t expired_dumps;   /* an expired token answers every row instead */
    int64_t delta_both;      /* a deleted row comes as changed, too */
    int64_t concurrency;     /* IsOptimisticConcurrencyEnabled */
    int64_t gone_status;     /* of an etag on a deleted row: 404, 412 */
    int64_t need_if_match;   /* 428 without If-Match */
    int64_t close_by_patch;  /* PATCH may set statecode 1 and 2 */
    int64_t quotes;          /* draft quotes: nothing can be closed */
    int64_t invoices;        /* nothing can be deleted */
    int64_t calculated;      /* estimatedvalue while the revenue is calculated: 0 kept, 1 refused */
    int64_t read_only;       /* read-only columns in a write: 0 refused, 1 ignored */
    int64_t not_member;      /* every call is 403 0x80072560 */
    int64_t code_style;      /* of error codes: 0 hex, 1 decimal, 2 empty */
    int64_t error_shape;     /* 0 standard, 1 {"Message"}, 2 with all annotations, 3 innererror */
    int64_t custom_status;   /* status reasons of the customer's own */
    int64_t contact_share;   /* per cent of customers that are contacts */
    int64_t ignore_page;     /* odata.maxpagesize is ignored */
    int64_t relative_next;   /* next links without the origin */
    int64_t etag_last;       /* @odata.etag behind the columns */
    int64_t decimal_strings; /* decimals as JSON strings */
    int64_t more_text;       /* morerecords as "true" */
    int64_t no_cookie;       /* FetchXML without paging cookies */
    int64_t date_times;      /* dates as 2024-03-31T00:00:00Z, behaviour UserLocal */
    int64_t batch_limit;     /* operations */
    int64_t limit_requests;  /* in the window; 0: no limit */
    int64_t limit_time_ms;   /* summed, in the window; 0: no limit */
    int64_t limit_concurrent; /* 0: no limit */
    int64_t limit_window;     /* seconds of real time */
    int64_t retry_after;      /* seconds; 0: what is left of the window; negative: no header */
    int64_t retry_date;       /* Retry-After as a date */
    int64_t affinity;       /* ARRAffinity: a client that sends it back gets a tenth of the limit */
    int64_t dop_hint;       /* x-ms-dop-hint; 0: none */
    int64_t metadata_kb;    /* size that $metadata is filled up to */
    int64_t tokens_from;    /* versions of delta tokens below are void */
    int64_t signature_code; /* AADSTS number of a signature that does not verify: 50012, 700027 */
    char denied[256];       /* privileges that the caller lacks, by name, with commas */
    char denied_code[16];
    char hidden[256];   /* secured columns: null, and never written */
    char required[256]; /* columns that may not be emptied */
    char time_remaining
        [32];            /* x-ms-ratelimit-time-remaining-xrm-requests in place of the true one */
    char thumbprint[16]; /* what certificates may be named by: x5t, x5t#S256, "" for both */
};

extern struct dv_switches dv_switches;

/* false when none is called so, or when it takes a text and got a number. */
bool dv_switch_set(const char *name, const char *text, int64_t number);
/* Whether a list with commas holds the word. */
bool dv_listed(const char *list, const char *word);

#endif
