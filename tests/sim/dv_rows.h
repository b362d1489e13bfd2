/* Rows as JSON, with what the Prefer header asks for. */
#ifndef SIM_DV_ROWS_H
#define SIM_DV_ROWS_H

#include "tests/sim/http.h"
#include "tests/sim/odata.h"

enum { LARGEST_PAGE = 5000 };
enum { FORMATTED = 1, LOOKUP_NAME = 2, NAVIGATION = 4, TOTALS = 8, COOKIE = 16 };

/* What the Prefer header asks for. */
struct dv_wishes {
    uint64_t page; /* 0: not given */
    unsigned annotations;
    char annotation_text[128];
};

struct dv_writer {
    const struct odata *query;
    const struct dv_wishes *wishes;
    const struct fault *fault;
    struct buf *out;
    bool first;
};

struct dv_wishes dv_wishes_of(const struct request *request);
/* Preference-Applied */
void dv_applied(struct reply *reply, const struct dv_wishes *w);
/* "name":value, with its annotations and the comma before it. */
void dv_write_value(const struct dv_writer *w, const struct row *row, const struct field *f);
/* Without the opening brace, so that a context can stand before it. */
void dv_write_members(const struct dv_writer *w, const struct row *row);
/* {"@odata.context":... ; tail: ")", ")/$entity", ")/$delta" */
void dv_write_context(struct buf *out, const struct odata *q, const char *tail);
uint64_t dv_page_limit(const struct odata *o, const struct dv_wishes *w);

#endif
