#include "engine/report/item.h"

#include "base/text.h"
#include "engine/report/people.h"

#include <inttypes.h>
#include <string.h>

#define NAME_AT 22 /* columns before the name, unless what stands there is longer */
#define INDENT  "      "

static const struct {
    const char *symbol;
    const char *color;
} looks[DS_OUTCOMES] = {
    [DS_UNCHANGED] = {"o", "\x1b[2m"},   [DS_CREATED] = {"+", "\x1b[32m"},
    [DS_UPDATED] = {"~", "\x1b[33m"},    [DS_HELD] = {"=", "\x1b[36m"},
    [DS_CONFLICT] = {"!", "\x1b[1;31m"}, [DS_REJECTED] = {"x", "\x1b[31m"},
    [DS_IGNORED] = {"-", "\x1b[2m"},
};

void ds_item_symbol(struct ds_buf *out, const struct ds_look *look, enum ds_outcome outcome)
{
    if (look->color && *looks[outcome].color)
        ds_buf_addf(out, "%s%s\x1b[0m", looks[outcome].color, looks[outcome].symbol);
    else
        ds_buf_add(out, looks[outcome].symbol);
}

static void add_rule(struct ds_buf *out, int rule)
{
    if (rule)
        ds_buf_addf(out, " (R-%d)", rule);
}

void ds_item_reason(struct ds_buf *out, const struct ds_detail *reason)
{
    ds_people_text(out, reason->why, 160);
    add_rule(out, reason->rule);
}

/* What the lines of one item have in common. */
struct lines {
    struct ds_buf *out;
    const struct ds_item *item;
    bool verbose;
    size_t title; /* columns of the widest title, */
    size_t from;  /* of the widest value on the left of an arrow, */
    size_t to;    /* and on the right, */
    size_t side;  /* and of what is said of the side that changes */
};

/* Items of which a person needs the record's id as well as the deal's. */
static bool names_both(const struct ds_item *i)
{
    static const int cases[] = {DS_M_DELETED_TOLD, DS_M_DELETED_CLOSE, DS_M_OUT_OF_SIGHT};

    for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
        if (i->case_number == cases[k])
            return i->theirs->id != NULL;
    return false;
}

/* Why the record is here at all; that it was merged, its changes tell better. */
static void add_case(struct ds_buf *out, const struct ds_item *i)
{
    const char *before = "  ";

    if (i->case_number != DS_M_MERGE || (!i->changes && !i->warning)) {
        ds_buf_addf(out, "  M-%d: %s", i->case_number, i->why);
        before = "; ";
    }
    if (i->case_number == DS_M_CREATE_THERE && i->push.given) {
        ds_buf_addf(out, "%sgoes to the CRM", before);
        before = "; ";
    }
    if (names_both(i)) {
        ds_buf_addf(out, "%srecord ", before);
        ds_people_text(out, i->theirs->id, DS_PEOPLE_VALUE);
        before = "; ";
    }
    if (i->theirs->where) {
        ds_buf_addf(out, "%s%s", before, i->theirs->where);
        before = "; ";
    }
    if (i->until_ms) {
        ds_buf_addf(out, "%swaits until ", before);
        ds_people_instant(out, i->until_ms);
        add_rule(out, i->hold_rule);
    }
}

static void head(struct lines *l, const struct ds_look *look)
{
    const struct ds_item *i = l->item;
    struct ds_buf *out = l->out;
    size_t from;

    ds_buf_add(out, "  ");
    ds_item_symbol(out, look, i->outcome);
    ds_buf_add_char(out, ' ');
    from = out->len;
    if (i->deal && i->case_number != DS_M_CREATE && i->case_number != DS_M_MATCH) {
        ds_buf_addf(out, "deal %" PRId64, i->deal);
    } else {
        ds_buf_add(out, "record ");
        ds_people_text(out, i->theirs->id ? i->theirs->id : "without an id", DS_PEOPLE_VALUE);
    }
    if (i->name) {
        ds_buf_add(out, "  ");
        ds_people_pad(out, from, NAME_AT);
        ds_people_value(out, DS_NAME, i->name);
    }
    add_case(out, i);
    ds_buf_add_char(out, '\n');
}

static void widen(size_t *columns, enum ds_field f, const char *value)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_TEXT);
    size_t width;

    ds_people_value(&text, f, value);
    width = ds_text_width(text.text);
    if (*columns < width)
        *columns = width;
    ds_buf_clear(&text);
}

/* Where a value goes. */
struct way {
    const char *from;
    const char *to;
    const char *side; /* that changes; "": the store, as ever */
};

static struct way way_of(const struct lines *l, const struct ds_detail *d)
{
    bool sends = ds_given(&l->item->push, d->field);

    if (d->move == DS_MOVE_PUSH)
        return (struct way){d->theirs, d->ours, "to the CRM"};
    if (d->move != DS_MOVE_JOIN)
        return (struct way){d->ours, d->theirs, ""};
    if (sends && !ds_given(&l->item->write, d->field))
        return (struct way){d->theirs, d->joined, "to the CRM"};
    return (struct way){d->ours, d->joined, sends ? "to both" : ""};
}

static bool moves(const struct ds_detail *d)
{
    return d->move == DS_MOVE_TAKE || d->move == DS_MOVE_WAIT || d->move == DS_MOVE_PUSH ||
           d->move == DS_MOVE_JOIN;
}

/* What stays as it is, is for the curious; but an undo tells why it does. */
static bool shown(const struct lines *l, const struct ds_detail *d)
{
    return l->verbose || moves(d) || d->move == DS_MOVE_CONFLICT || d->move == DS_MOVE_AGREE ||
           l->item->case_number == DS_M_UNDO;
}

static void measure(void *arg, const struct ds_detail *d)
{
    struct lines *l = arg;
    size_t title = ds_text_width(ds_fields[d->field].title);

    if (!shown(l, d))
        return;
    if (l->title < title)
        l->title = title;
    if (moves(d)) {
        struct way way = way_of(l, d);

        widen(&l->from, d->field, way.from);
        widen(&l->to, d->field, way.to);
        if (l->side < strlen(way.side))
            l->side = strlen(way.side);
    }
}

static void add_value(struct ds_buf *out, enum ds_field f, const char *value, size_t columns)
{
    size_t from = out->len;

    ds_people_value(out, f, value);
    ds_people_pad(out, from, columns);
}

static void add_why(struct lines *l, const struct ds_detail *d)
{
    const char *stage = l->item->theirs->mapped.stage_name;

    ds_buf_addf(l->out, "   M-%d: %s", d->case_number, d->why);
    add_rule(l->out, d->rule);
    if (d->field == DS_STAGE && stage) {
        ds_buf_add(l->out, " (");
        ds_people_value(l->out, DS_NAME, stage);
        ds_buf_add_char(l->out, ')');
    }
    ds_buf_add_char(l->out, '\n');
}

static void add_three(struct ds_buf *out, const struct ds_detail *d)
{
    ds_buf_add(out, "base ");
    ds_people_value(out, d->field, d->base);
    ds_buf_add(out, "   ours ");
    ds_people_value(out, d->field, d->ours);
    ds_buf_add(out, "   theirs ");
    ds_people_value(out, d->field, d->theirs);
}

static void add_way(struct lines *l, const struct ds_detail *d)
{
    struct way way = way_of(l, d);
    size_t from;

    add_value(l->out, d->field, way.from, l->from);
    ds_buf_add(l->out, " -> ");
    add_value(l->out, d->field, way.to, l->to);
    if (!l->side)
        return;
    ds_buf_add(l->out, "   ");
    from = l->out->len;
    ds_buf_add(l->out, way.side);
    ds_people_pad(l->out, from, l->side);
}

static void change(void *arg, const struct ds_detail *d)
{
    struct lines *l = arg;
    struct ds_buf *out = l->out;
    size_t from;

    if (!shown(l, d))
        return;
    ds_buf_add(out, INDENT);
    from = out->len;
    ds_buf_add(out, ds_fields[d->field].title);
    ds_people_pad(out, from, l->title + 2);
    if (moves(d))
        add_way(l, d);
    else
        add_three(out, d);
    add_why(l, d);
}

/* What is new on one side had no values before; of what was refused only the conflict counts. */
static bool creates(const struct ds_item *item)
{
    return item->case_number == DS_M_CREATE ||
           (item->case_number == DS_M_CREATE_THERE && item->outcome != DS_CONFLICT);
}

/* A value of a new deal or record: it has no case of its own. */
static void value(void *arg, const struct ds_detail *d)
{
    struct lines *l = arg;
    size_t from;

    ds_buf_add(l->out, INDENT);
    from = l->out->len;
    ds_buf_add(l->out, ds_fields[d->field].title);
    ds_people_pad(l->out, from, l->title + 2);
    ds_people_value(l->out, d->field, d->theirs ? d->theirs : d->ours);
    ds_buf_add(l->out, d->move == DS_MOVE_WAIT ? ", later" : "");
    ds_buf_add(l->out, d->move == DS_MOVE_NONE ? "   stays here\n" : "\n");
}

/* A new deal or record in one line; --verbose shows all of it. */
static void summary(struct lines *l, const struct ds_deal *deal)
{
    static const enum ds_field fields[] = {
        DS_STATUS, DS_STAGE, DS_VALUE, DS_CURRENCY, DS_CLOSE_DATE, DS_CUSTOMER_NAME,
    };
    const char *between = INDENT;

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        if (!deal->value[fields[i]])
            continue;
        ds_buf_add(l->out, fields[i] == DS_CURRENCY ? " " : between);
        ds_people_value(l->out, fields[i], deal->value[fields[i]]);
        between = ", ";
    }
    ds_buf_add_char(l->out, '\n');
}

static void reason(void *arg, const struct ds_detail *d)
{
    struct lines *l = arg;

    ds_buf_add(l->out, INDENT);
    ds_item_reason(l->out, d);
    ds_buf_add_char(l->out, '\n');
}

const char *ds_item_warning(const struct ds_item *item, size_t i)
{
    if (item->remarks)
        return i < item->remarks ? item->remark[i].text : NULL;
    return i ? NULL : item->warning;
}

void ds_item_lines(struct ds_buf *out, const struct ds_look *look, const struct ds_item *item)
{
    struct lines l = {.out = out, .item = item, .verbose = look->verbose};

    head(&l, look);
    if (creates(item) && !look->verbose) {
        if (item->write.given || item->push.given)
            summary(&l, item->case_number == DS_M_CREATE ? &item->write : &item->push);
    } else {
        ds_item_each_change(item, measure, &l);
        ds_item_each_change(item, creates(item) ? value : change, &l);
    }
    ds_item_each_reason(item, reason, &l);
    for (size_t i = 0; ds_item_warning(item, i); i++) {
        ds_buf_add(out, INDENT "warning: ");
        ds_people_text(out, ds_item_warning(item, i), 160);
        ds_buf_add_char(out, '\n');
    }
}
