/*
 * report.h - what a run did, or would do, for people and for programs
 *
 * One report a run: opened before it, given every item as it comes, closed with the result. Each
 * format is a table of functions; docs/reports.md describes what they print. Memory does not grow
 * with the number of records (P-12): JSON and CSV are streams, text keeps a few items of each outcome
 * and counts the rest. Remote text is escaped on its way out (P-10). Whether the output arrived is
 * asked once, of the FILE, by whoever opened it.
 */
#ifndef DS_ENGINE_REPORT_REPORT_H
#define DS_ENGINE_REPORT_REPORT_H

#include "engine/run.h"

#include <stdbool.h>
#include <stdio.h>

enum ds_format { DS_TEXT, DS_JSON, DS_CSV, DS_FORMATS };

extern const char *const ds_format_names[]; /* "text", "json", "csv", NULL */

struct ds_look {
    enum ds_format format;
    bool color;
    bool verbose;  /* ignored records and every value, too */
    bool all;      /* text: every item as it comes, and not `limit` of each outcome in groups */
    bool sum_only; /* text: one line, "acme: 412 fetched: ..." */
    size_t limit;
};

/* What is known before the run. The texts are borrowed until the report is closed. */
struct ds_report_head {
    const char *connection;
    const char *command;      /* "diff", "verify", "sync", "backfill", "apply", ... */
    const char *real_command; /* that carries out what a diff shows: "sync" or "backfill" */
    const char *title;        /* for people: "acme: dry run, records changed since ..." */
};

struct ds_report;

int ds_report_open(FILE *out, const struct ds_look *look, const struct ds_report_head *head,
                   struct ds_report **report, struct ds_err *err);

/* Something to tell before the items. */
void ds_report_notice(struct ds_report *report, const char *text);

/* Fails with DS_E_NOMEM only. */
int ds_report_item(struct ds_report *report, const struct ds_item *item, struct ds_err *err);

/* An item of a plan that was not carried out: "record 006A1", its name or NULL, what has moved. */
int ds_report_refused(struct ds_report *report, const char *about, const char *name,
                      const char *why, struct ds_err *err);

/* Prints the end: legend, counts, the sum (P-1), why the run stopped if it did. Frees the report.
 * failure has status DS_OK when the run was finished. */
int ds_report_close(struct ds_report *report, const struct ds_result *result,
                    const struct ds_err *failure, struct ds_err *err);

#endif
