#include "engine/report/report.h"

#include "engine/report/format.h"

#include <stdlib.h>
#include <string.h>

const char *const ds_format_names[] = {"text", "json", "csv", NULL};

static const struct ds_report_format *const formats[DS_FORMATS] = {
    [DS_TEXT] = &ds_report_text,
    [DS_JSON] = &ds_report_json,
    [DS_CSV] = &ds_report_csv,
};

static void report_free(struct ds_report *r)
{
    if (r->own && r->format->drop)
        r->format->drop(r);
    ds_buf_clear(&r->line);
    free(r->own);
    free(r);
}

/* Takes what the format has written to the file. */
static int flush(struct ds_report *r, struct ds_err *err)
{
    bool failed = ds_buf_failed(&r->line);

    fwrite(r->line.text, 1, r->line.len, r->out);
    ds_buf_reset(&r->line);
    return failed ? ds_fail_nomem(err) : DS_OK;
}

int ds_report_open(FILE *out, const struct ds_look *look, const struct ds_report_head *head,
                   struct ds_report **report, struct ds_err *err)
{
    struct ds_report *r = calloc(1, sizeof(*r));
    int rc;

    if (!r)
        return ds_fail_nomem(err);
    r->format = formats[look->format];
    r->out = out;
    r->look = *look;
    r->head = *head;
    ds_buf_init(&r->line, DS_MAX_PAGE);
    r->own = calloc(1, r->format->own_size);
    if (!r->own) {
        report_free(r);
        return ds_fail_nomem(err);
    }
    r->format->begin(r);
    rc = flush(r, err);
    if (rc != DS_OK)
        report_free(r);
    else
        *report = r;
    return rc;
}

void ds_report_notice(struct ds_report *r, const char *text)
{
    r->format->notice(r, text);
}

int ds_report_item(struct ds_report *r, const struct ds_item *item, struct ds_err *err)
{
    r->format->item(r, item);
    return flush(r, err);
}

int ds_report_refused(struct ds_report *r, const char *about, const char *name, const char *why,
                      struct ds_err *err)
{
    const char *blank = strchr(about, ' ');
    const char *id = blank ? blank + 1 : about;
    bool is_deal = strncmp(about, "deal ", 5) == 0;
    const struct ds_refused what = {about, is_deal ? NULL : id, is_deal ? id : NULL, name, why};

    r->format->refused(r, &what);
    return flush(r, err);
}

int ds_report_close(struct ds_report *r, const struct ds_result *result,
                    const struct ds_err *failure, struct ds_err *err)
{
    int rc;

    r->format->end(r, result, failure);
    rc = flush(r, err);
    report_free(r);
    return rc;
}

/* The values of a record that becomes a deal: no field of it has a case of its own. */
static void each_value(const struct ds_item *item, const struct ds_deal *values, enum ds_move move,
                       ds_detail_fn *each, void *arg)
{
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_given(values, f) && values->value[f])
            each(arg, &(struct ds_detail){.field = f,
                                          .move = move,
                                          .effect = ds_move_names[move],
                                          .case_number = item->case_number,
                                          .rule = move == DS_MOVE_WAIT ? item->hold_rule : 0,
                                          .theirs = values->value[f],
                                          .why = item->why});
}

void ds_item_each_change(const struct ds_item *item, ds_detail_fn *each, void *arg)
{
    for (size_t i = 0; i < item->changes; i++) {
        const struct ds_change *c = &item->change[i];

        each(arg, &(struct ds_detail){c->field, c->move, ds_move_names[c->move], c->case_number,
                                      c->rule, c->base, c->ours, c->theirs, c->joined, c->why});
    }
    if (item->case_number == DS_M_CREATE) {
        each_value(item, &item->write, DS_MOVE_TAKE, each, arg);
        each_value(item, &item->wanted, DS_MOVE_WAIT, each, arg);
    }
}

void ds_item_each_reason(const struct ds_item *item, ds_detail_fn *each, void *arg)
{
    const struct ds_mapped *mapped = &item->theirs->mapped;

    for (size_t i = 0; i < mapped->problems; i++) {
        const struct ds_problem *p = &mapped->problem[i];

        each(arg, &(struct ds_detail){.field = p->field,
                                      .move = DS_MOVE_NONE,
                                      .effect = "reject",
                                      .case_number = item->case_number,
                                      .rule = p->rule,
                                      .why = p->text});
    }
}

const char *ds_status_word(int status)
{
    static const char *const words[] = {"ok",        "record", "later", "remote", "auth",
                                        "input",     "config", "store", "guard",  "usage",
                                        "no memory", "bug",    "stale"};
    size_t i = (size_t)-status;

    return i < sizeof(words) / sizeof(words[0]) ? words[i] : "bug";
}
