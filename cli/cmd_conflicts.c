/* conflicts: what a person must decide, as a list, or one of them with all that is known of it. */
#include "cli/find.h"
#include "cli/list.h"
#include "cli/story.h"

#include "engine/merge.h"
#include "engine/refusal.h"
#include "engine/report/people.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* --- the list: fields in conflict, then records that claim a deal --------------------------------- */

/* `take` and `value` are for a person to fill in, and for `resolve --from` to read. */
static const struct ds_column columns[] = {
    {"id", "id", DS_COL_ID},
    {"kind", "kind", DS_COL_TEXT},
    {"connection", "connection", DS_COL_TEXT},
    {"deal", "deal", DS_COL_ID},
    {"record", "record", DS_COL_TEXT},
    {"name", "name", DS_COL_TEXT},
    {"field", "field", DS_COL_TEXT},
    {"base", "base", DS_COL_VALUE},
    {"ours", "ours", DS_COL_VALUE},
    {"theirs", "theirs", DS_COL_VALUE},
    {"case", "M", DS_COL_ID},
    {"rule", "R", DS_COL_ID},
    {"run", NULL, DS_COL_ID},
    {"since", "since", DS_COL_INSTANT},
    {"source", NULL, DS_COL_TEXT},
    {"theirs_at", NULL, DS_COL_INSTANT},
    {"why", NULL, DS_COL_TEXT},
    {"decision", NULL, DS_COL_TEXT},
    {"closed", NULL, DS_COL_INSTANT},
    {"take", NULL, DS_COL_TEXT},
    {"value", NULL, DS_COL_TEXT},
};

static int conflict_row(void *arg, const struct ds_conflict *c, struct ds_err *err)
{
    struct ds_shelf *shelf = arg;
    const struct ds_cell cells[] = {
        {NULL, c->id},
        {"conflict", 0},
        {c->connection_name, 0},
        {NULL, c->deal},
        {c->remote_id, 0},
        {c->name, 0},
        {ds_fields[c->field].name, 0},
        {c->base, (int64_t)c->field},
        {c->ours, (int64_t)c->field},
        {c->theirs, (int64_t)c->field},
        {NULL, c->case_number},
        {NULL, c->rule},
        {NULL, c->run},
        {NULL, c->at_ms},
        {c->source, 0},
        {NULL, c->theirs_ms},
        {c->why, 0},
        {c->decision, 0},
        {NULL, c->closed_ms},
        {NULL, 0},
        {NULL, 0},
    };

    _Static_assert(DS_LENGTH(cells) == DS_LENGTH(columns), "a cell for each column");
    ds_table_row(shelf->table, cells, err);
    ds_arena_reset(&shelf->arena);
    return err->status;
}

static int claim_row(void *arg, const struct ds_claim *c, struct ds_err *err)
{
    struct ds_shelf *shelf = arg;
    bool match = c->kind == DS_CLAIM_MATCH;
    const struct ds_cell cells[] = {
        {NULL, 0},
        {ds_claim_names[c->kind], 0},
        {c->connection_name, 0},
        {NULL, c->deal},
        {c->remote_id, 0},
        {c->name, 0},
        {NULL, 0},
        {NULL, DS_FIELDS},
        {NULL, DS_FIELDS},
        {NULL, DS_FIELDS},
        {NULL, match ? DS_M_MATCH : DS_M_RIVAL},
        {NULL, match ? 40 : 35},
        {NULL, c->run},
        {NULL, c->at_ms},
        {NULL, 0},
        {NULL, 0},
        {NULL, 0},
        {NULL, 0},
        {NULL, 0},
        {NULL, 0},
        {NULL, 0},
    };

    _Static_assert(DS_LENGTH(cells) == DS_LENGTH(columns), "a cell for each column");
    if (c->kind == DS_CLAIM_MATCH || c->kind == DS_CLAIM_RIVAL)
        ds_table_row(shelf->table, cells, err);
    ds_arena_reset(&shelf->arena);
    return err->status;
}

static int rows(struct ds_shelf *shelf, const struct ds_cli *cli, struct ds_err *err)
{
    (void)cli;
    if (ds_store_conflicts(shelf->store, &shelf->arena, shelf->connection, 0, conflict_row, shelf,
                           err))
        return err->status;
    return ds_store_claims(shelf->store, &shelf->arena, shelf->connection, claim_row, shelf, err);
}

/* --- one of them, for people ------------------------------------------------------------------- */

struct showing {
    const struct ds_conflict *conflict;
    struct ds_buf ours; /* how the deal came to what it has */
};

/* Keeps the last event that gave the deal what it has. */
static int look_at(void *arg, const struct ds_event *e, struct ds_err *err)
{
    struct showing *s = arg;
    bool pushed = strcmp(e->what, "pushed") == 0, open = strcmp(e->what, "conflict") == 0;

    (void)err;
    if (pushed || open || strcmp(e->what, "waits") == 0 || !ds_same(e->after, s->conflict->ours))
        return DS_OK;
    ds_buf_reset(&s->ours);
    ds_buf_addf(&s->ours, "%s ", e->what);
    ds_people_instant(&s->ours, e->at_ms);
    if (e->run)
        ds_buf_addf(&s->ours, " by run %" PRId64 " of %s", e->run,
                    e->connection ? e->connection : "?");
    else
        ds_buf_add(&s->ours, " in the store, by none of our runs");
    return DS_OK;
}

static void add_side(struct ds_buf *out, const struct ds_conflict *c, const char *side,
                     const char *value, const char *how)
{
    size_t from;

    ds_buf_addf(out, "    %-7s ", side);
    from = out->len;
    ds_people_value(out, c->field, value);
    if (how && *how) {
        ds_people_pad(out, from, 24);
        ds_buf_addf(out, "  %s", how);
    }
    ds_buf_add_char(out, '\n');
}

static void add_theirs(struct ds_buf *out, const struct ds_conflict *c)
{
    struct ds_buf how = DS_BUF_INIT(DS_MAX_TEXT);

    if (c->theirs_ms) {
        ds_buf_add(&how, "record changed ");
        ds_people_instant(&how, c->theirs_ms);
    }
    if (c->source) {
        ds_buf_add(&how, c->theirs_ms ? " by " : "record changed by ");
        ds_people_text(&how, c->source, DS_PEOPLE_VALUE);
    }
    add_side(out, c, "theirs", c->theirs, how.text);
    ds_buf_clear(&how);
}

static void add_head(struct ds_buf *out, const struct ds_conflict *c)
{
    ds_buf_addf(out, "conflict %" PRId64 " of %s, seen ", c->id, c->connection_name);
    ds_people_instant(out, c->at_ms);
    ds_buf_addf(out, " by run %" PRId64 "\n", c->run);
    if (c->closed_ms) {
        ds_buf_add(out, "  settled ");
        ds_people_instant(out, c->closed_ms);
        ds_buf_addf(out, "%s%s\n", c->decision ? " by: " : ", both sides have agreed",
                    c->decision ? c->decision : "");
    }
    ds_buf_addf(out, "  deal %" PRId64 "  ", c->deal);
    ds_people_value(out, DS_NAME, c->name);
    ds_buf_add(out, ", record ");
    ds_people_text(out, c->remote_id, DS_PEOPLE_VALUE);
    ds_buf_addf(out, "\n\n  %s\n", ds_fields[c->field].title);
}

static void add_reason(struct ds_buf *out, const struct ds_conflict *c)
{
    const struct ds_ruling *ruling = ds_merge_case(c->case_number);

    if (ruling)
        ds_buf_addf(out, "\n  M-%d: %s", ruling->number, ruling->why);
    if (c->rule)
        ds_buf_addf(out, " (R-%d)", c->rule);
    if (c->why) {
        ds_buf_add(out, ": ");
        ds_people_text(out, c->why, 400);
    }
    ds_buf_add_char(out, '\n');
}

static void add_ways(struct ds_buf *out, const struct ds_conflict *c)
{
    const struct {
        const char *take;
        const char *value;
        const char *verb;
    } ways[] = {
        {"crm", c->theirs, "gets"},
        {"store", c->ours, "keeps"},
        {"base", c->base, "gets"},
    };

    if (c->closed_ms)
        return;
    if (ds_refusal_is_place(c->remote_id)) {
        ds_buf_addf(out,
                    "\nthe deal has no record; it is sent again when it, the mapping or a setting "
                    "changes, or after\n  dealsync resolve %" PRId64 " --take store\n",
                    c->id);
        return;
    }
    ds_buf_add(out, "\nto settle it, one of:\n");
    for (size_t i = 0; i < DS_LENGTH(ways); i++) {
        ds_buf_addf(out, "  dealsync resolve %" PRId64 " --take %-5s  ", c->id, ways[i].take);
        ds_buf_addf(out, "the deal %s ", ways[i].verb);
        ds_people_value(out, c->field, ways[i].value);
        ds_buf_add_char(out, '\n');
    }
    ds_buf_addf(out,
                "  dealsync resolve %" PRId64 " --take value --value '...'\n"
                "the next sync tells the CRM, where the connection sends the field\n",
                c->id);
}

static int show_people(struct ds_shelf *shelf, const struct ds_conflict *c, struct ds_err *err)
{
    struct showing s = {.conflict = c, .ours = DS_BUF_INIT(DS_MAX_TEXT)};
    struct ds_buf out = DS_BUF_INIT(DS_MAX_PAGE);
    struct ds_stored_deal deal;

    if (!ds_store_deal(shelf->store, &shelf->arena, c->deal, &deal, err) &&
        !ds_story(shelf->store, &deal, c->field, look_at, &s, err)) {
        add_head(&out, c);
        add_side(&out, c, "base", c->base, "");
        add_side(&out, c, "ours", c->ours, s.ours.text);
        add_theirs(&out, c);
        add_reason(&out, c);
        add_ways(&out, c);
        fwrite(out.text, 1, out.len, stdout);
    }
    ds_buf_clear(&s.ours);
    ds_buf_clear(&out);
    return err->status;
}

static int show_programs(struct ds_shelf *shelf, const struct ds_cli *cli,
                         const struct ds_conflict *c, struct ds_err *err)
{
    struct ds_err later = {0};

    if (!ds_table_open(stdout, cli->look.format, "conflicts", columns, DS_LENGTH(columns),
                       &shelf->table, err))
        conflict_row(shelf, c, err);
    ds_table_close(shelf->table, NULL, &later);
    return err->status;
}

static int show(const struct ds_cli *cli, struct ds_err *err)
{
    struct ds_conflict c = {0};
    struct ds_shelf shelf;
    int64_t id = 0;

    if (ds_find_number("conflict", cli->words[1], &id, err))
        return err->status;
    if (!ds_shelf_open(cli, NULL, &shelf, err) &&
        !ds_store_conflict(shelf.store, &shelf.arena, id, &c, err)) {
        if (!c.id) {
            ds_fail(err, DS_E_USAGE, "there is no conflict %" PRId64, id);
            ds_hint(err, "'dealsync conflicts' lists those that are open");
        } else if (cli->look.format == DS_TEXT) {
            show_people(&shelf, &c, err);
        } else {
            show_programs(&shelf, cli, &c, err);
        }
    }
    ds_shelf_close(&shelf);
    return err->status;
}

int ds_cmd_conflicts(struct ds_cli *cli, struct ds_err *err)
{
    static const struct ds_list list = {"conflicts",
                                        columns,
                                        DS_LENGTH(columns),
                                        "no open conflicts",
                                        "to see one, and how to settle it: dealsync conflicts show "
                                        "ID\na match or a rival: dealsync link CONNECTION RECORD "
                                        "DEAL, or --new",
                                        rows};

    if (ds_list_shows(cli))
        return show(cli, err);
    return ds_list_words(cli, err) ? err->status : ds_list_print(cli, &list, err);
}
