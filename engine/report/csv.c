/* A row for each change and each reason, for spreadsheets; docs/reports.md describes the columns. */
#include "engine/report/format.h"

#include "base/date.h"
#include "engine/report/member.h"

#include <inttypes.h>
#include <stdio.h>

enum column {
    CONNECTION,
    OUTCOME,
    RECORD,
    DEAL,
    NAME,
    WHERE,
    FIELD,
    BASE,
    OURS,
    THEIRS,
    JOINED,
    EFFECT,
    CASE,
    RULE,
    WHY,
    UNTIL,
    WARNING,
    COLUMNS
};

static const char *const titles[COLUMNS] = {
    "connection", "outcome", "record", "deal", "name", "where", "field", "base",    "ours",
    "theirs",     "joined",  "effect", "case", "rule", "why",   "until", "warning",
};

/* The item whose details are being written. */
struct own {
    struct ds_report *report;
    const struct ds_item *item;
    size_t rows; /* of this item so far */
};

static void row(struct ds_report *r, const char *const *cells)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (i)
            ds_buf_add_char(&r->line, ',');
        if (cells[i])
            ds_csv_cell(&r->line, cells[i]);
    }
    ds_buf_add_char(&r->line, '\n');
}

/* A row that is about the run and not about a record. */
static void remark(struct ds_report *r, const char *kind, const char *text)
{
    const char *cells[COLUMNS] = {
        [CONNECTION] = r->head.connection,
        [OUTCOME] = kind,
        [WHY] = text,
    };

    row(r, cells);
}

static void begin(struct ds_report *r)
{
    row(r, titles);
}

static void notice(struct ds_report *r, const char *text)
{
    remark(r, "notice", text);
}

/* "" for 0, which is none. */
static const char *numbered(char out[24], const char *prefix, int64_t n)
{
    if (n)
        snprintf(out, 24, "%s%" PRId64, prefix, n);
    else
        out[0] = '\0';
    return out;
}

static void detail(void *arg, const struct ds_detail *d)
{
    struct own *own = arg;
    const struct ds_item *i = own->item;
    char deal[24], number[24], rule[24], until[DS_INSTANT_TEXT];
    const char *cells[COLUMNS] = {
        [CONNECTION] = own->report->head.connection,
        [OUTCOME] = ds_outcome_names[i->outcome],
        [RECORD] = i->theirs->id,
        [DEAL] = numbered(deal, "", i->deal),
        [NAME] = i->name,
        [WHERE] = i->theirs->where,
        [FIELD] = d->field < DS_FIELDS ? ds_fields[d->field].name : NULL,
        [BASE] = d->base,
        [OURS] = d->ours,
        [THEIRS] = d->theirs,
        [JOINED] = d->joined,
        [EFFECT] = d->effect,
        [CASE] = numbered(number, "M-", d->case_number),
        [RULE] = numbered(rule, "R-", d->rule),
        [WHY] = d->why,
        [UNTIL] = i->until_ms ? ds_instant_text(i->until_ms, until) : NULL,
        [WARNING] = i->warning,
    };

    row(own->report, cells);
    own->rows++;
}

static void item(struct ds_report *r, const struct ds_item *i)
{
    struct own *own = r->own;

    *own = (struct own){r, i, 0};
    ds_item_each_change(i, detail, own);
    ds_item_each_reason(i, detail, own);
    if (!own->rows)
        detail(own, &(struct ds_detail){
                        .field = DS_FIELDS, .case_number = i->case_number, .why = i->why});
}

static void refused(struct ds_report *r, const struct ds_refused *what)
{
    const char *cells[COLUMNS] = {
        [CONNECTION] = r->head.connection,
        [OUTCOME] = "refused",
        [RECORD] = what->record,
        [DEAL] = what->deal,
        [NAME] = what->name,
        [WHY] = what->why,
    };

    row(r, cells);
}

static void end(struct ds_report *r, const struct ds_result *result, const struct ds_err *failure)
{
    if (result->guard[0])
        remark(r, "guard", result->guard);
    if (failure->status != DS_OK)
        remark(r, "error", failure->text);
}

const struct ds_report_format ds_report_csv = {
    sizeof(struct own), begin, notice, item, refused, end, NULL};
