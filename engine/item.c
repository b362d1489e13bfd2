#include "engine/planning.h"

#include "base/text.h"

#include <string.h>

void ds_plan_start(struct ds_item *item, const struct ds_sight *s)
{
    const char *theirs_name = s->theirs->mapped.deal.value[DS_NAME];

    item->outcome = DS_UNCHANGED;
    item->case_number = 0;
    item->theirs = s->theirs;
    item->deal = s->ours.id;
    item->deal_version = s->ours.version;
    item->name = s->ours.deal.value[DS_NAME] ? s->ours.deal.value[DS_NAME] : theirs_name;
    item->changes = 0;
    memset(&item->write, 0, sizeof(item->write));
    memset(&item->push, 0, sizeof(item->push));
    memset(&item->wanted, 0, sizeof(item->wanted));
    item->assigns = 0;
    item->decided = 0;
    item->partial = false;
    item->claimed = false;
    item->base = s->base;
    item->conflicts = 0;
    item->until_ms = 0;
    item->hold_rule = 0;
    item->remarks = 0;
    item->warning = NULL;
    item->why = NULL;
}

struct ds_change *ds_plan_change(struct ds_item *item, enum ds_field f, int number, int rule,
                                 const char *why)
{
    struct ds_change *c = &item->change[item->changes++];

    *c = (struct ds_change){.field = f, .case_number = number, .rule = rule};
    c->move = ds_merge_case(number)->move;
    c->why = why ? why : ds_merge_case(number)->why;
    return c;
}

void ds_plan_remark(struct ds_item *item, const struct ds_ask *q)
{
    item->remarks = ds_rules_remarks(q, item->remark);
    for (size_t i = 0; i < item->remarks; i++)
        item->warning = i ? ds_arena_printf(q->arena, "%s; %s", item->warning, item->remark[i].text)
                          : item->remark[i].text;
}

/* --- what is kept and told of it -------------------------------------------------------------- */

const char *ds_item_decision(int case_number)
{
    switch (case_number) {
    case DS_M_TAKE_POLICY: return "crm";
    case DS_M_KEEP_POLICY: return "store";
    case DS_M_TAKE_NEWER:
    case DS_M_KEEP_NEWER: return "newest";
    default: return NULL;
    }
}

static void json_member(struct ds_buf *out, const char *key, const char *value)
{
    ds_buf_addf(out, ",\"%s\":", key);
    ds_text_to_json_or_null(out, value);
}

/* Whether a change moves the record, or else the deal, and what it becomes. */
static bool moves(const struct ds_change *c, bool pushed, const char **from, const char **to)
{
    *from = pushed ? c->theirs : c->ours;
    *to = c->move == DS_MOVE_JOIN ? c->joined : pushed ? c->ours : c->theirs;
    switch (c->move) {
    case DS_MOVE_TAKE:
    case DS_MOVE_WAIT: return !pushed;
    case DS_MOVE_PUSH: return pushed;
    case DS_MOVE_JOIN: return !ds_same(*from, *to);
    case DS_MOVE_BUG:
    case DS_MOVE_NONE:
    case DS_MOVE_AGREE:
    case DS_MOVE_CONFLICT: break;
    }
    return false;
}

void ds_item_changes_json(struct ds_buf *out, const struct ds_item *item, bool pushed)
{
    const char *between = "", *from, *to;

    ds_buf_add_char(out, '[');
    for (size_t i = 0; i < item->changes; i++) {
        const struct ds_change *c = &item->change[i];

        if (!moves(c, pushed, &from, &to))
            continue;
        ds_buf_addf(out, "%s{\"field\":\"%s\"", between, ds_fields[c->field].name);
        json_member(out, "old", from);
        json_member(out, "new", to);
        ds_buf_addf(out, ",\"case\":%d,\"rule\":%d}", c->case_number, c->rule);
        between = ",";
    }
    ds_buf_add_char(out, ']');
}

void ds_item_reasons_json(struct ds_buf *out, const struct ds_item *item)
{
    const struct ds_mapped *m = &item->theirs->mapped;

    ds_buf_add_char(out, '[');
    for (size_t i = 0; i < m->problems; i++) {
        const struct ds_problem *p = &m->problem[i];

        ds_buf_addf(out, "%s{\"rule\":%d", i ? "," : "", p->rule);
        json_member(out, "field", p->field < DS_FIELDS ? ds_fields[p->field].name : NULL);
        json_member(out, "text", p->text);
        ds_buf_add_char(out, '}');
    }
    ds_buf_add_char(out, ']');
}
