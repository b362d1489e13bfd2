/* explain: the story of one deal, for the person who asks a month later. */
#include "cli/sections.h"
#include "cli/shelf.h"
#include "cli/story.h"

#include "base/text.h"
#include "engine/merge.h"
#include "engine/report/people.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* --- which deal ---------------------------------------------------------------------------- */

struct finding {
    struct ds_shelf *shelf;
    const char *word;
    int64_t deal; /* 0: not found */
};

/* Whether the word is a record's id on this connection. */
static int look_up_link(void *arg, const char *name, const struct ds_connection_state *state,
                        struct ds_err *err)
{
    struct finding *f = arg;
    struct ds_link link = {0};

    (void)name;
    if (f->deal)
        return DS_OK;
    if (ds_store_link(f->shelf->store, &f->shelf->arena, state->id, f->word, &link, err))
        return err->status;
    f->deal = link.deal;
    return DS_OK;
}

static int look_up_crm_id(struct finding *f, struct ds_err *err)
{
    uint64_t count = 0;
    int64_t id = 0;

    if (ds_store_deal_by_crm_id(f->shelf->store, f->word, &count, &id, err))
        return err->status;
    if (count > 1)
        return ds_fail(err, DS_E_USAGE,
                       "%" PRIu64 " deals carry the CRM id '%s'; name one by its "
                       "own id, deal %" PRId64 " for instance",
                       count, f->word, id);
    f->deal = id;
    return DS_OK;
}

/* A number is a deal's id first; everything else, and a number that is none, a CRM id. */
static int find_deal(struct ds_shelf *shelf, const char *word, struct ds_stored_deal *out,
                     struct ds_err *err)
{
    struct finding f = {.shelf = shelf, .word = word};
    long number;

    if (ds_text_int(word, 1, LONG_MAX, &number)) {
        if (ds_store_deal(shelf->store, &shelf->arena, number, out, err) || out->id)
            return err->status;
    }
    if (ds_store_connections(shelf->store, &shelf->arena, look_up_link, &f, err) ||
        (!f.deal && look_up_crm_id(&f, err)))
        return err->status;
    if (f.deal)
        return ds_store_deal(shelf->store, &shelf->arena, f.deal, out, err);
    ds_fail(err, DS_E_USAGE, "no deal has the id or CRM id '%s'", word);
    return ds_hint(err, "a record that could not become a deal stands in 'dealsync rejects'");
}

/* --- as text ------------------------------------------------------------------------------- */

struct text {
    struct ds_buf line;
    size_t titles; /* columns of the widest title of a field */
};

/* "2026-08-21 06:20 UTC  updated by run 3 of sf, in the CRM by Ann" */
static void add_origin(struct ds_buf *out, const struct ds_event *e)
{
    bool waits = strcmp(e->what, "waits") == 0;
    bool open = strcmp(e->what, "conflict") == 0;

    ds_buf_add(out, waits ? "waits until " : "");
    ds_people_instant(out, e->at_ms);
    ds_buf_addf(out, "  %s", waits ? "put off" : open ? "open conflict, seen" : e->what);
    if (e->run)
        ds_buf_addf(out, " by run %" PRId64 " of %s", e->run, e->connection ? e->connection : "?");
    else
        ds_buf_add(out, " in the store, by none of our runs");
    if (e->source) {
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

static const struct ds_column columns[] = {
    {"deal", "deal", DS_COL_ID},       {"at", "at", DS_COL_INSTANT},
    {"event", "event", DS_COL_TEXT},   {"connection", "connection", DS_COL_TEXT},
    {"run", "run", DS_COL_ID},         {"source", "source", DS_COL_TEXT},
    {"field", "field", DS_COL_TEXT},   {"base", "base", DS_COL_TEXT},
    {"before", "before", DS_COL_TEXT}, {"after", "after", DS_COL_TEXT},
    {"case", "M", DS_COL_ID},          {"rule", "R", DS_COL_ID},
};

struct rows {
    struct ds_table *table;
    int64_t deal;
};

static int event_row(void *arg, const struct ds_event *e, struct ds_err *err)
{
    struct rows *rows = arg;
    const struct ds_cell cells[] = {
        {NULL, rows->deal},
        {NULL, e->at_ms},
        {e->what, 0},
        {e->connection, 0},
        {NULL, e->run},
        {e->source, 0},
        {e->field < DS_FIELDS ? ds_fields[e->field].name : NULL, 0},
        {e->base, 0},
        {e->before, 0},
        {e->after, 0},
        {NULL, e->case_number},
        {NULL, e->rule},
    };

    _Static_assert(sizeof(cells) / sizeof(cells[0]) == sizeof(columns) / sizeof(columns[0]),
                   "a cell for each column");
    return ds_table_row(rows->table, cells, err);
}

static int tell_programs(const struct ds_cli *cli, struct ds_shelf *shelf,
                         const struct ds_stored_deal *deal, enum ds_field field, struct ds_err *err)
{
    struct rows rows = {.deal = deal->id};
    struct ds_err later = {0};

    if (ds_table_open(stdout, cli->look.format, "events", columns,
                      sizeof(columns) / sizeof(columns[0]), &rows.table, err))
        return err->status;
    ds_story(shelf->store, deal, field, event_row, &rows, err);
    ds_table_close(rows.table, "", &later);
    if (err->status == DS_OK)
        *err = later;
    return err->status;
}

static int find_field(const char *name, enum ds_field *out, struct ds_err *err)
{
    const char *words[DS_FIELDS + 1] = {NULL};

    *out = name ? ds_field_find(name) : DS_FIELDS;
    if (!name || *out != DS_FIELDS)
        return DS_OK;
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        words[f] = ds_fields[f].name;
    ds_fail(err, DS_E_USAGE, "a deal has no field '%s'", name);
    ds_hint_nearest(err, name, words);
    return ds_hint(err, "dealsync.conf(5) lists the fields");
}

int ds_cmd_explain(struct ds_cli *cli, struct ds_err *err)
{
    struct ds_stored_deal deal = {0};
    struct ds_shelf shelf;
    enum ds_field field;

    if (find_field(cli->field, &field, err))
        return err->status;
    if (!ds_shelf_open(cli, NULL, &shelf, err) && !find_deal(&shelf, cli->words[0], &deal, err)) {
        if (cli->look.format == DS_TEXT)
            tell_people(&shelf, &deal, field, err);
        else
            tell_programs(cli, &shelf, &deal, field, err);
    }
    ds_shelf_close(&shelf);
    return err->status;
}
