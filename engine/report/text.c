/*
 * For a terminal and for mail. Items are either printed as they come (look.all), or kept in one group
 * an outcome, of which only the first few are written out: an admin reads the kinds of change, and
 * the other formats hold every one.
 */
#include "engine/report/format.h"

#include "base/text.h"
#include "engine/report/item.h"
#include "engine/report/people.h"
#include "engine/report/tally.h"

#include <string.h>

#define TALLY_LINES 20
#define TALLY_WIDTH 120

static const enum ds_outcome order[] = {
    DS_CREATED, DS_UPDATED, DS_UNCHANGED, DS_HELD, DS_CONFLICT, DS_REJECTED, DS_IGNORED,
};

#define GROUPS (sizeof(order) / sizeof(order[0]))

struct group {
    struct ds_buf text;
    uint64_t items;
};

struct own {
    struct group group[DS_OUTCOMES];
    struct group refused;
    uint64_t sends; /* items that change something in the CRM */
    struct ds_tally reasons;
    struct ds_tally stages;
    struct ds_tally warnings;
};

static void begin(struct ds_report *r)
{
    struct own *own = r->own;

    for (size_t i = 0; i < DS_OUTCOMES; i++)
        ds_buf_init(&own->group[i].text, DS_MAX_PAGE);
    ds_buf_init(&own->refused.text, DS_MAX_PAGE);
    if (!r->look.sum_only)
        ds_buf_addf(&r->line, "%s\n\n", r->head.title);
}

static void notice(struct ds_report *r, const char *text)
{
    if (r->look.sum_only)
        return;
    ds_buf_add(&r->line, "note: ");
    ds_text_to_terminal(&r->line, text);
    ds_buf_add(&r->line, "\n\n");
}

static void count_reason(void *arg, const struct ds_detail *d)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_PAGE);

    ds_item_reason(&text, d);
    ds_tally_add(arg, text.text, true);
    ds_buf_clear(&text);
}

static void count(struct own *own, const struct ds_item *i)
{
    ds_item_each_reason(i, count_reason, &own->reasons);
    if (i->theirs->mapped.unmapped_stage)
        ds_tally_add(&own->stages, i->theirs->mapped.unmapped_stage, false);
    else
        for (size_t n = 0; ds_item_warning(i, n); n++)
            ds_tally_add(&own->warnings, ds_item_warning(i, n), true);
}

/* Of the unchanged only those whose sides have come to the same value (M-4), of the ignored those
 * that somebody should look at. */
static bool has_lines(const struct ds_look *look, const struct ds_item *i)
{
    if (i->outcome == DS_IGNORED)
        return look->verbose || i->case_number == DS_M_DELETED_TOLD ||
               i->case_number == DS_M_OUT_OF_SIGHT || i->case_number == DS_M_UNDO;
    if (i->outcome != DS_UNCHANGED)
        return true;
    for (size_t k = 0; k < i->changes; k++)
        if (i->change[k].move == DS_MOVE_AGREE)
            return true;
    return false;
}

/* The word of a group in the legend. */
static const char *word(enum ds_outcome outcome)
{
    return outcome == DS_UNCHANGED ? "agreed" : ds_outcome_names[outcome];
}

static void item(struct ds_report *r, const struct ds_item *i)
{
    struct own *own = r->own;
    struct group *group = &own->group[i->outcome];

    if (r->look.sum_only) {
        if (i->theirs->mapped.unmapped_stage)
            ds_tally_add(&own->stages, i->theirs->mapped.unmapped_stage, false);
        return;
    }
    count(own, i);
    own->sends += i->assigns > 0;
    if (!has_lines(&r->look, i))
        return;
    group->items++;
    if (r->look.all)
        ds_item_lines(&r->line, &r->look, i);
    else if (group->items <= r->look.limit)
        ds_item_lines(&group->text, &r->look, i);
}

static void refused(struct ds_report *r, const struct ds_refused *what)
{
    struct own *own = r->own;
    struct ds_buf *out = r->look.all ? &r->line : &own->refused.text;

    if (r->look.sum_only || (++own->refused.items > r->look.limit && !r->look.all))
        return;
    ds_buf_add(out, "  ? ");
    ds_people_text(out, what->about, DS_PEOPLE_VALUE);
    if (what->name) {
        ds_buf_add(out, "  ");
        ds_people_value(out, DS_NAME, what->name);
    }
    ds_buf_add(out, "  ");
    ds_people_text(out, what->why, TALLY_WIDTH);
    ds_buf_add_char(out, '\n');
}

static void print_group(struct ds_report *r, const struct group *group, const char *name)
{
    if (!group->text.len)
        return;
    ds_buf_add_bytes(&r->line, group->text.text, group->text.len);
    if (group->items > r->look.limit) {
        ds_buf_add(&r->line, "    and ");
        ds_people_number(&r->line, group->items - r->look.limit);
        ds_buf_addf(&r->line, " more %s (--all shows them, --format csv or json has every one)\n",
                    name);
    }
    ds_buf_add_char(&r->line, '\n');
}

static void print_groups(struct ds_report *r)
{
    struct own *own = r->own;

    for (size_t i = 0; i < GROUPS; i++)
        print_group(r, &own->group[order[i]], word(order[i]));
    print_group(r, &own->refused, "refused");
}

/* Only the symbols that were used. */
static void print_legend(struct ds_report *r)
{
    struct own *own = r->own;
    const char *between = r->look.all ? "\n" : ""; /* a group has an empty line behind it */
    bool used = false;

    for (size_t i = 0; i < GROUPS; i++) {
        if (!own->group[order[i]].items)
            continue;
        used = true;
        ds_buf_add(&r->line, between);
        ds_item_symbol(&r->line, &r->look, order[i]);
        ds_buf_addf(&r->line, " %s", word(order[i]));
        between = "   ";
    }
    if (own->refused.items) {
        used = true;
        ds_buf_addf(&r->line, "%s? refused", between);
    }
    ds_buf_add(&r->line, used ? "\n" : "");
}

static void print_count(struct ds_report *r, uint64_t n, const char *text)
{
    struct ds_buf number = DS_BUF_INIT(DS_MAX_TEXT);

    ds_people_number(&number, n);
    ds_buf_addf(&r->line, "%11s  ", number.text);
    ds_people_text(&r->line, text, TALLY_WIDTH);
    ds_buf_add_char(&r->line, '\n');
    ds_buf_clear(&number);
}

static void print_tally(struct ds_report *r, const char *title, struct ds_tally *t)
{
    uint64_t others = t->others;

    if (!t->rows)
        return;
    ds_tally_sort(t);
    ds_buf_addf(&r->line, "\n%s:\n", title);
    for (size_t i = 0; i < t->rows; i++) {
        if (i < TALLY_LINES)
            print_count(r, t->row[i].count, t->row[i].text);
        else
            others += t->row[i].count;
    }
    if (others)
        print_count(r, others, "others");
}

static void print_sum(struct ds_report *r, const struct ds_result *result)
{
    ds_people_sum(&r->line, &result->run);
    ds_buf_add_char(&r->line, '\n');
    if (!result->released)
        return;
    ds_people_number(&r->line, result->released);
    ds_buf_add(
        &r->line,
        " beside these, from the store: holds that were due, deals without a record, or an undo\n");
}

/* What the sum does not hold. */
static void print_beside(struct ds_report *r, const struct ds_result *result)
{
    const struct {
        uint64_t count;
        const char *one;
        const char *many;
    } lines[] = {
        {result->unsent, "record could not be written in the CRM yet; the next run sends it",
         "records could not be written in the CRM yet; the next run sends them"},
        {result->refused, "item of the plan was refused, as it has moved since; make a new plan",
         "items of the plan were refused, as they have moved since; make a new plan"},
        {result->done, "item of the plan was carried out before",
         "items of the plan were carried out before"},
        {result->vanished, "linked record is not among the CRM's any more, and no one says deleted",
         "linked records are not among the CRM's any more, and no one says deleted"},
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (!lines[i].count)
            continue;
        if (r->look.sum_only)
            ds_buf_addf(&r->line, "%s: ", r->head.connection);
        ds_people_number(&r->line, lines[i].count);
        ds_buf_addf(&r->line, " %s\n", lines[i].count == 1 ? lines[i].one : lines[i].many);
    }
}

/* What a dry run leaves for a person to do. */
static void print_plan(struct ds_report *r, const struct ds_result *result)
{
    uint64_t sends = ((struct own *)r->own)->sends;

    if (result->run.id)
        return;
    if (sends) {
        ds_people_count(&r->line, sends, "record");
        ds_buf_add(&r->line, " would be written in the CRM\n");
    }
    if (result->planned || result->run.outcome[DS_CREATED])
        ds_buf_add(&r->line, "nothing was written\n");
    if (result->guard[0])
        ds_buf_addf(&r->line, "a run would stop: %s\n", result->guard);
    if (result->guard[0])
        ds_buf_addf(
            &r->line,
            "  if all of it is right: dealsync diff %s%s --out plan.json, then dealsync apply "
            "plan.json\n",
            r->head.connection, strcmp(r->head.real_command, "backfill") == 0 ? " --backfill" : "");
}

/* What must not be passed over in silence although nobody watches. */
static void print_unmapped(struct ds_report *r)
{
    struct ds_tally *stages = &((struct own *)r->own)->stages;

    ds_tally_sort(stages);
    for (size_t i = 0; i < stages->rows && i < TALLY_LINES; i++) {
        ds_buf_addf(&r->line, "%s: stage ", r->head.connection);
        ds_people_value(&r->line, DS_NAME, stages->row[i].text);
        ds_buf_add(&r->line, " has no line in the mapping: ");
        ds_people_number(&r->line, stages->row[i].count);
        ds_buf_addf(&r->line, " record%s (R-72)\n", stages->row[i].count == 1 ? "" : "s");
    }
}

static void end(struct ds_report *r, const struct ds_result *result, const struct ds_err *failure)
{
    struct own *own = r->own;

    if (r->look.sum_only) {
        if (failure->status != DS_OK && !result->run.fetched)
            return;
        ds_buf_addf(&r->line, "%s: ", r->head.connection);
        print_sum(r, result);
        print_beside(r, result);
        print_unmapped(r);
        return;
    }
    print_groups(r);
    print_legend(r);
    print_tally(r, "why records were rejected", &own->reasons);
    print_tally(r, "stages that no line of the mapping names (R-72)", &own->stages);
    print_tally(r, "warnings", &own->warnings);
    if (own->reasons.rows || own->stages.rows || own->warnings.rows)
        ds_buf_add_char(&r->line, '\n');
    print_sum(r, result);
    print_beside(r, result);
    if (result->cost[0])
        ds_buf_addf(&r->line, "cost: %s\n", result->cost);
    print_plan(r, result);
    if (failure->status != DS_OK) {
        ds_buf_add(&r->line, "not finished: ");
        ds_text_to_terminal(&r->line, failure->text);
        ds_buf_add_char(&r->line, '\n');
    }
}

static void drop(struct ds_report *r)
{
    struct own *own = r->own;

    for (size_t i = 0; i < DS_OUTCOMES; i++)
        ds_buf_clear(&own->group[i].text);
    ds_buf_clear(&own->refused.text);
    ds_tally_clear(&own->reasons);
    ds_tally_clear(&own->stages);
    ds_tally_clear(&own->warnings);
}

const struct ds_report_format ds_report_text = {
    sizeof(struct own), begin, notice, item, refused, end, drop};
