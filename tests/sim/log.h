/* What was asked: counters, and the last requests in a ring. */
#ifndef SIM_LOG_H
#define SIM_LOG_H

#include "tests/sim/settings.h"
#include "tests/sim/text.h"

/* One answered request; the control endpoint is not logged. token may be NULL and is kept only as
 * a hash. */
void log_request(enum crm crm, const char *method, const char *target, unsigned status,
                 const char *token, size_t bytes);
/* A write inside a batch: it mutates, and is no request of its own. */
void log_part(enum crm crm, const char *method, const char *target, unsigned status);
void log_token(enum crm crm);
/* Counts one of that kind ("update", "bulk_page"); the text is kept, not copied. */
void log_kind(enum crm crm, const char *kind);
/* So many are being answered at once; the most since log_peak_anew() is kept. */
void log_busy(enum crm crm, unsigned n);
void log_peak_anew(void);
/* Requests answered so far. */
uint64_t log_count(enum crm crm);
void log_write(struct buf *out, uint64_t since);
void log_stats(struct buf *out);
void log_clear(void);

#endif
