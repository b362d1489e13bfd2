/*
 * retry.h - whether to ask a remote again, and how long to wait first
 *
 * Arithmetic only, so that it can be tested without sleeping.
 */
#ifndef DS_CONNECTORS_RETRY_H
#define DS_CONNECTORS_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* Retry-After (seconds or an HTTP date, DV-90) in milliseconds from now. server_ms is the clock the
 * date is compared with, 0 for ours. 0 when text is NULL, unreadable or past. */
int64_t ds_retry_after(const char *text, int64_t server_ms);

/* Milliseconds to wait after `tried` failed attempts: after_ms and up to a second more when the
 * remote asked for it, else half a second doubled each time up to half a minute, jittered by the
 * random number. */
int64_t ds_retry_wait(unsigned tried, int64_t after_ms, uint32_t random);

/* Whether an answer of this status is worth the same request again after `tried` attempts, of which
 * the settings allow `most` more than one. Twice is enough for 420 (SF-25). */
bool ds_retry_status(long status, unsigned tried, unsigned most);

/* Whether an answer of this status is meant for every request, and not only the one it answers
 * (DV-89). */
bool ds_retry_throttled(long status);

#endif
