/*
 * log.h - one line an event, on stderr
 *
 * Lines read well in the journal: "<6>" prefixes when stderr is the journal ($JOURNAL_STREAM), the
 * run id and connection in front once they are known. Text is escaped for a terminal. Never pass a
 * secret or a query's values here (P-9).
 */
#ifndef DS_BASE_LOG_H
#define DS_BASE_LOG_H

enum ds_log_level { DS_LOG_ERROR, DS_LOG_WARNING, DS_LOG_INFO, DS_LOG_DEBUG };

void ds_log_level_set(enum ds_log_level most); /* default: DS_LOG_WARNING */

/* What each line begins with, for instance "acme run 12"; copied. */
void ds_log_context_set(const char *context);

void ds_log(enum ds_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
