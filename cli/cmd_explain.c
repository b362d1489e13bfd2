/* explain: the story of one deal, for the person who asks a month later. */
#include "cli/events.h"
#include "cli/find.h"

#include "base/text.h"
#include "engine/merge.h"
#include "engine/report/people.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- as text ------------------------------------------------------------------------------- */

struct text {
    struct ds_buf line;
    size_t titles; /* columns of the widest title of a field */
};

/* How an event is told; what is not here is told by its own word. */
static const char *word_of(const struct ds_event *e)
{
    static const struct {
        const char *what;
        const char *word;
    } words[] = {
        {"waits", "put off"},
        {"conflict", "open conflict, seen"},
        {"pushed", "written in the CRM"},
        {"resolved", "resolved by a person,"},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i].what, e->what) == 0)
            return words[i].word;
    return e->what;
}

/* "2026-08-21 06:20 UTC  updated by run 3 of sf, in the CRM by Ann" */
static void add_origin(struct ds_buf *out, const struct ds_event *e)
{
    bool ties = strcmp(e->what, "linked") == 0 || strcmp(e->what, "unlinked") == 0;
    bool ours =
        strcmp(e->what, "undone") == 0; /* whoever changed the record last did not do that */

    ds_buf_add(out, strcmp(e->what, "waits") == 0 ? "waits until " : "");
    ds_people_instant(out, e->at_ms);
    ds_buf_addf(out, "  %s", word_of(e));
    if (ties && e->record) {
        ds_buf_addf(out, " %s record ", e->what[0] == 'l' ? "to" : "from");
        ds_people_text(out, e->record, DS_PEOPLE_VALUE);
    }
    if (e->run)
        ds_buf_addf(out, " by run %" PRId64 " of %s", e->run, e->connection ? e->connection : "?");
    else
        ds_buf_add(out, " in the store, by none of our runs");
    if (e->source && !ours) {
        ds_buf_add(out, ", in the CRM by ");
        ds_people_text(out, e->source, DS_PEOPLE_VALUE);
    }
    ds_buf_add_char(out, '\n');
}

static void add_case(struct ds_buf *out, const struct ds_event *e)
{
    const struct ds_ruling *ruling = e->case_number ? ds_merge_case(e->case_number) : NULL;

    if (ruling)
        ds_buf_addf(out, "   M-%d: %s", ruling->number, ruling->why);
    if (e->rule)
        ds_buf_addf(out, " (R-%d)", e->rule);
    ds_buf_add_char(out, '\n');
}

static void add_values(struct ds_buf *out, const struct ds_event *e)
{
    if (strcmp(e->what, "conflict") == 0) {
        ds_buf_add(out, "base ");
        ds_people_value(out, e->field, e->base);
        ds_buf_add(out, "   ours ");
        ds_people_value(out, e->field, e->before);
        ds_buf_add(out, "   theirs ");
    } else if (strcmp(e->what, "created") != 0) {
        ds_people_value(out, e->field, e->before);
        ds_buf_add(out, " -> ");
    }
    ds_people_value(out, e->field, e->after);
}

static int print_event(void *arg, const struct ds_event *e, struct ds_err *err)
{
    struct text *t = arg;
    struct ds_buf *out = &t->line;
    bool failed;
    size_t from;

    if (e->first)
        add_origin(out, e);
    if (e->field < DS_FIELDS) {
        ds_buf_add(out, "      ");
        from = out->len;
        ds_buf_add(out, ds_fields[e->field].title);
        ds_people_pad(out, from, t->titles + 2);
        add_values(out, e);
        add_case(out, e);
    }
    fwrite(out->text, 1, out->len, stdout);
    failed = ds_buf_failed(out);
    ds_buf_reset(out);
    return failed ? ds_fail_nomem(err) : DS_OK;
}

struct heading {
    struct ds_shelf *shelf;
    const struct ds_stored_deal *deal;
    struct ds_buf *out;
};

static int add_link(void *arg, const char *name, const struct ds_connection_state *state,
                    struct ds_err *err)
{
    struct heading *h = arg;
    const char *record = NULL;

    if (ds_store_link_of(h->shelf->store, &h->shelf->arena, state->id, h->deal->id, &record, err))
        return err->status;
    if (!record)
        return DS_OK;
    ds_buf_addf(h->out, "  %s: record ", name);
    ds_people_text(h->out, record, DS_PEOPLE_VALUE);
    ds_buf_add_char(h->out, '\n');
    return DS_OK;
}

static int add_heading(struct ds_shelf *shelf, const struct ds_stored_deal *deal,
                       struct ds_buf *out, struct ds_err *err)
{
    struct heading h = {shelf, deal, out};
    const char *const *value = deal->deal.value;

    ds_buf_addf(out, "deal %" PRId64 "  ", deal->id);
    ds_people_value(out, DS_NAME, value[DS_NAME]);
    ds_buf_addf(out, "  %s", ds_deal_type(&deal->deal));
    for (enum ds_field f = DS_STATUS; f <= DS_STAGE; f++) {
        ds_buf_add(out, ", ");
        ds_people_value(out, f, value[f]);
    }
    ds_buf_add(out, "\n  in the store since ");
    ds_people_instant(out, deal->created_ms);
    ds_buf_add_char(out, '\n');
    if (ds_store_connections(shelf->store, &shelf->arena, add_link, &h, err))
        return err->status;
    ds_buf_add_char(out, '\n');
    return DS_OK;
}

static int tell_people(struct ds_shelf *shelf, const struct ds_stored_deal *deal,
                       enum ds_field field, struct ds_err *err)
{
    struct text t = {.line = DS_BUF_INIT(DS_MAX_PAGE)};

    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (t.titles < ds_text_width(ds_fields[f].title))
            t.titles = ds_text_width(ds_fields[f].title);
    if (!add_heading(shelf, deal, &t.line, err))
        ds_story(shelf->store, deal, field, print_event, &t, err);
    fwrite(t.line.text, 1, t.line.len, stdout);
    ds_buf_clear(&t.line);
    return err->status;
}

/* --- for programs -------------------------------------------------------------------------- */

static int tell_programs(const struct ds_cli *cli, struct ds_shelf *shelf,
                         const struct ds_stored_deal *deal, enum ds_field field, struct ds_err *err)
{
    struct ds_events events = {.field = DS_FIELDS};
    struct ds_err later = {0};

    if (ds_events_open(cli, &events, err))
        return err->status;
    ds_story(shelf->store, deal, field, ds_events_row, &events, err);
    ds_table_close(events.table, NULL, &later);
    if (err->status == DS_OK)
        *err = later;
    return err->status;
}

int ds_cmd_explain(struct ds_cli *cli, struct ds_err *err)
{
    struct ds_stored_deal deal = {0};
    struct ds_shelf shelf;
    enum ds_field field;

    if (ds_find_field(cli->field, &field, err))
        return err->status;
    if (!ds_shelf_open(cli, NULL, &shelf, err) &&
        !ds_find_deal(&shelf, cli->words[0], &deal, err)) {
        if (cli->look.format == DS_TEXT)
            tell_people(&shelf, &deal, field, err);
        else
            tell_programs(cli, &shelf, &deal, field, err);
    }
    ds_shelf_close(&shelf);
    return err->status;
}
