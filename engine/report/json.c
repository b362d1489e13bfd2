/* One document, written as it comes; docs/reports.md describes every member. */
#include "engine/report/format.h"

#include "base/text.h"
#include "engine/report/member.h"

#include <inttypes.h>

struct own {
    struct ds_buf notices; /* they stand behind the items, which are streamed */
    bool items;            /* there has been one */
};

static void begin(struct ds_report *r)
{
    struct own *own = r->own;

    ds_buf_init(&own->notices, DS_MAX_PAGE);
    ds_buf_add_char(&r->line, '{');
    ds_member_count(&r->line, "format", 1);
    ds_member_text(&r->line, "connection", r->head.connection);
    ds_member_text(&r->line, "command", r->head.command);
    ds_buf_add(&r->line, ",\n\"items\":[");
}

static void notice(struct ds_report *r, const char *text)
{
    struct own *own = r->own;

    ds_buf_add(&own->notices, own->notices.len ? "," : "");
    ds_text_to_json(&own->notices, text);
}

static void add_change(void *arg, const struct ds_detail *d)
{
    struct ds_buf *out = arg;

    ds_member_next(out);
    ds_buf_add_char(out, '{');
    ds_member_text(out, "field", ds_fields[d->field].name);
    ds_member_text(out, "effect", d->effect);
    ds_member_text(out, "base", d->base);
    ds_member_text(out, "ours", d->ours);
    ds_member_text(out, "theirs", d->theirs);
    ds_member_text(out, "joined", d->joined);
    ds_member_id(out, "case", d->case_number);
    ds_member_id(out, "rule", d->rule);
    ds_member_text(out, "why", d->why);
    ds_buf_add_char(out, '}');
}

static void add_reason(void *arg, const struct ds_detail *d)
{
    struct ds_buf *out = arg;

    ds_member_next(out);
    ds_buf_add_char(out, '{');
    ds_member_text(out, "field", d->field < DS_FIELDS ? ds_fields[d->field].name : NULL);
    ds_member_id(out, "rule", d->rule);
    ds_member_text(out, "text", d->why);
    ds_buf_add_char(out, '}');
}

static void item(struct ds_report *r, const struct ds_item *i)
{
    struct own *own = r->own;
    struct ds_buf *out = &r->line;

    ds_buf_add(out, own->items ? ",\n{" : "\n{");
    own->items = true;
    ds_member_text(out, "outcome", ds_outcome_names[i->outcome]);
    ds_member_id(out, "case", i->case_number);
    ds_member_text(out, "why", i->why);
    ds_member_text(out, "record", i->theirs->id);
    ds_member_text(out, "where", i->theirs->where);
    ds_member_id(out, "deal", i->deal);
    ds_member_text(out, "name", i->name);
    ds_member(out, "changes");
    ds_buf_add_char(out, '[');
    ds_item_each_change(i, add_change, out);
    ds_buf_add_char(out, ']');
    ds_member(out, "reasons");
    ds_buf_add_char(out, '[');
    ds_item_each_reason(i, add_reason, out);
    ds_buf_add_char(out, ']');
    ds_member_instant(out, "until", i->until_ms);
    ds_member_id(out, "until_rule", i->hold_rule);
    ds_member_text(out, "unmapped_stage", i->theirs->mapped.unmapped_stage);
    ds_member_text(out, "warning", i->warning);
    ds_buf_add_char(out, '}');
}

static void refused(struct ds_report *r, const struct ds_refused *what)
{
    struct own *own = r->own;
    struct ds_buf *out = &r->line;

    ds_buf_add(out, own->items ? ",\n{" : "\n{");
    own->items = true;
    ds_member_text(out, "outcome", "refused");
    ds_member_text(out, "why", what->why);
    ds_member_text(out, "record", what->record);
    ds_member(out, "deal");
    ds_buf_add(out, what->deal ? what->deal : "null");
    ds_member_text(out, "name", what->name);
    ds_buf_add(out, ",\"changes\":[],\"reasons\":[]}");
}

static void add_waiting(struct ds_buf *out, const struct ds_waiting *w)
{
    ds_member(out, "waiting");
    ds_buf_add_char(out, '{');
    ds_member_count(out, "conflicts", w->conflicts);
    ds_member_count(out, "claims", w->claims);
    ds_member_count(out, "unsent", w->intents);
    ds_member_count(out, "holds", w->holds);
    ds_member_count(out, "holds_due", w->holds_due);
    ds_member_count(out, "rejected", w->rejects);
    ds_buf_add_char(out, '}');
}

static void add_summary(struct ds_buf *out, const struct ds_result *result)
{
    ds_member(out, "summary");
    ds_buf_add_char(out, '{');
    ds_member_id(out, "run", result->run.id);
    ds_member_count(out, "fetched", result->run.fetched);
    for (size_t i = 0; i < DS_OUTCOMES; i++)
        ds_member_count(out, ds_outcome_names[i], result->run.outcome[i]);
    ds_member_count(out, "released", result->released);
    ds_member_count(out, "pushed", result->run.pushed);
    ds_member_count(out, "unsent", result->unsent);
    ds_member_count(out, "refused", result->refused);
    ds_member_count(out, "done", result->done);
    ds_member_count(out, "vanished", result->vanished);
    ds_member_count(out, "warnings", result->warnings);
    ds_member_flag(out, "everything", result->everything);
    ds_member_flag(out, "first_load", result->first_load);
    ds_member_text(out, "organisation", result->organisation[0] ? result->organisation : NULL);
    ds_buf_addf(out, ",\"planned\":%" PRIu64, result->planned);
    ds_member_text(out, "guard", result->guard[0] ? result->guard : NULL);
    ds_member_text(out, "cost", result->cost[0] ? result->cost : NULL);
    add_waiting(out, &result->waiting);
    ds_buf_add_char(out, '}');
}

static void add_error(struct ds_buf *out, const struct ds_err *failure)
{
    ds_member(out, "error");
    if (failure->status == DS_OK) {
        ds_buf_add(out, "null");
        return;
    }
    ds_buf_add_char(out, '{');
    ds_member_text(out, "status", ds_status_word(failure->status));
    ds_member_text(out, "text", failure->text);
    ds_member_text(out, "hint", failure->hint[0] ? failure->hint : NULL);
    ds_buf_add_char(out, '}');
}

static void end(struct ds_report *r, const struct ds_result *result, const struct ds_err *failure)
{
    struct own *own = r->own;
    struct ds_buf *out = &r->line;

    ds_buf_add(out, "\n],\n\"notices\":[");
    ds_buf_add_bytes(out, own->notices.text, own->notices.len);
    ds_buf_add_char(out, ']');
    add_summary(out, result);
    add_error(out, failure);
    ds_buf_add(out, "}\n");
}

static void drop(struct ds_report *r)
{
    struct own *own = r->own;

    ds_buf_clear(&own->notices);
}

const struct ds_report_format ds_report_json = {
    sizeof(struct own), begin, notice, item, refused, end, drop};
