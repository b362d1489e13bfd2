/*
 * format.h - between report.c and the formats
 *
 * A format writes into r->line; report.c takes it to the file after each call. What a format must
 * remember, it keeps in its own memory at r->own.
 */
#ifndef DS_ENGINE_REPORT_FORMAT_H
#define DS_ENGINE_REPORT_FORMAT_H

#include "engine/report/report.h"

struct ds_report {
    const struct ds_report_format *format;
    FILE *out;
    struct ds_look look;
    struct ds_report_head head;
    struct ds_buf line; /* what is to be printed; empty at the start of each call */
    void *own;
};

/* An item of a plan that was not carried out. */
struct ds_refused {
    const char *about;  /* "record 006A1", "hold 006A1", "deal 12" */
    const char *record; /* the id in it; NULL: it is about a deal */
    const char *deal;   /* the number in it; NULL */
    const char *name;   /* NULL: not known */
    const char *why;
};

struct ds_report_format {
    size_t own_size; /* zeroed memory it gets at r->own */
    void (*begin)(struct ds_report *r);
    void (*notice)(struct ds_report *r, const char *text);
    void (*item)(struct ds_report *r, const struct ds_item *item);
    void (*refused)(struct ds_report *r, const struct ds_refused *what);
    void (*end)(struct ds_report *r, const struct ds_result *result, const struct ds_err *failure);
    void (*drop)(struct ds_report *r); /* frees what r->own points to; NULL: nothing */
};

extern const struct ds_report_format ds_report_text;
extern const struct ds_report_format ds_report_json;
extern const struct ds_report_format ds_report_csv;

/* One line of an item's story. */
struct ds_detail {
    enum ds_field field; /* DS_FIELDS: the record as a whole */
    enum ds_move move;
    const char *effect; /* as in ds_move_names, or "reject" */
    int case_number;    /* M-n */
    int rule;           /* R-n, 0: none */
    const char *base;
    const char *ours;
    const char *theirs;
    const char *joined; /* what both get; NULL: nothing of that kind */
    const char *why;
};

typedef void ds_detail_fn(void *arg, const struct ds_detail *detail);

/* Every change, and every value that a new deal or record gets. */
void ds_item_each_change(const struct ds_item *item, ds_detail_fn *each, void *arg);

/* Every reason of a rejection; its text is `why`. */
void ds_item_each_reason(const struct ds_item *item, ds_detail_fn *each, void *arg);

/* "guard", "store", ...: the word for a status in reports; "ok" for DS_OK. */
const char *ds_status_word(int status);

#endif
