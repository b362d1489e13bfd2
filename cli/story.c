#include "cli/story.h"

#include "base/json.h"

#include <stdlib.h>
#include <string.h>

struct telling {
    const struct ds_stored_deal *deal;
    enum ds_field field;
    struct ds_deal before; /* each field's value before its first change */
    struct ds_arena lasting;
    struct ds_arena row;
    bool first; /* no change of this row has been told yet */
    ds_event_fn *each;
    void *arg;
};

static bool wanted(const struct telling *t, enum ds_field f)
{
    return t->field == DS_FIELDS || t->field == f;
}

/* Calls change() for each element of a history row's changes. */
static int each_change(struct telling *t, const struct ds_history *h,
                       int (*change)(struct telling *t, const struct ds_history *h, const json_t *c,
                                     struct ds_err *err),
                       struct ds_err *err)
{
    struct ds_buf scratch = DS_BUF_INIT(DS_MAX_PAGE);
    json_t *changes = NULL, *c;
    size_t i;

    t->first = true;
    if (!ds_json_read(h->changes, strlen(h->changes), &scratch, &changes, err))
        json_array_foreach(changes, i, c) if (change(t, h, c, err)) break;
    json_decref(changes);
    ds_buf_clear(&scratch);
    return err->status;
}

static enum ds_field field_of(const json_t *change)
{
    const char *name = ds_json_text(change, "field");

    return name ? ds_field_find(name) : DS_FIELDS;
}

static int number_of(const json_t *change, const char *key)
{
    const char *text = ds_json_text(change, key);

    return text ? (int)strtol(text, NULL, 10) : 0;
}

/* --- what it was created with --------------------------------------------------------------- */

static int note_before(struct telling *t, const struct ds_history *h, const json_t *c,
                       struct ds_err *err)
{
    enum ds_field f = field_of(c);
    const char *before = ds_json_text(c, "old");

    /* What was written in the CRM tells of the record and not of the deal. */
    if (f == DS_FIELDS || ds_given(&t->before, f) || strcmp(h->kind, "pushed") == 0)
        return DS_OK;
    ds_deal_set(&t->before, f, before ? ds_arena_dup(&t->lasting, before) : NULL);
    return before && !t->before.value[f] ? ds_fail_nomem(err) : DS_OK;
}

static int look_back(void *arg, const struct ds_history *h, struct ds_err *err)
{
    struct telling *t = arg;
    int rc = each_change(t, h, note_before, err);

    ds_arena_reset(&t->row);
    return rc;
}

/* --- telling ------------------------------------------------------------------------------- */

static struct ds_event event_of(const struct ds_history *h)
{
    return (struct ds_event){.at_ms = h->at_ms,
                             .deal = h->deal,
                             .what = h->kind,
                             .connection = h->connection_name,
                             .run = h->run,
                             .source = h->source,
                             .record = h->remote_id,
                             .field = DS_FIELDS,
                             .first = true};
}

static int tell_change(struct telling *t, const struct ds_history *h, const json_t *c,
                       struct ds_err *err)
{
    struct ds_event e = event_of(h);

    e.field = field_of(c);
    e.before = ds_json_text(c, "old");
    e.after = ds_json_text(c, "new");
    e.case_number = number_of(c, "case");
    e.rule = number_of(c, "rule");
    e.first = t->first;
    if (!wanted(t, e.field))
        return DS_OK;
    t->first = false;
    return t->each(t->arg, &e, err);
}

static int tell_creation(struct telling *t, const struct ds_history *h, struct ds_err *err)
{
    struct ds_event e = event_of(h);

    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        e.field = f;
        e.after = ds_given(&t->before, f) ? t->before.value[f] : t->deal->deal.value[f];
        if (!wanted(t, f) || !e.after)
            continue;
        if (t->each(t->arg, &e, err))
            return err->status;
        e.first = false;
    }
    return DS_OK;
}

static int tell_history(void *arg, const struct ds_history *h, struct ds_err *err)
{
    struct telling *t = arg;
    struct ds_event e = event_of(h);

    if (strcmp(h->kind, "created") == 0 && t->deal)
        tell_creation(t, h, err);
    else if (t->field == DS_FIELDS && strcmp(h->changes, "[]") == 0)
        t->each(t->arg, &e, err);
    else
        each_change(t, h, tell_change, err);
    ds_arena_reset(&t->row);
    return err->status;
}

static int tell_conflict(void *arg, const struct ds_conflict *c, struct ds_err *err)
{
    struct telling *t = arg;
    const struct ds_event e = {.at_ms = c->at_ms,
                               .deal = c->deal,
                               .what = "conflict",
                               .connection = c->connection_name,
                               .run = c->run,
                               .source = c->source,
                               .record = c->remote_id,
                               .field = c->field,
                               .base = c->base,
                               .before = c->ours,
                               .after = c->theirs,
                               .case_number = c->case_number,
                               .rule = c->rule,
                               .first = true};

    if (wanted(t, c->field))
        t->each(t->arg, &e, err);
    ds_arena_reset(&t->row);
    return err->status;
}

static int tell_hold(void *arg, const struct ds_hold *h, struct ds_err *err)
{
    struct telling *t = arg;
    struct ds_event e = {.at_ms = h->until_ms,
                         .deal = h->deal,
                         .what = "waits",
                         .connection = h->connection_name,
                         .run = h->run,
                         .record = h->remote_id,
                         .rule = h->rule,
                         .first = true};
    struct ds_deal values = {0};

    if (ds_deal_from_json(&t->row, h->wanted, &values, err))
        return err->status;
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        if (!wanted(t, f) || !ds_given(&values, f))
            continue;
        e.field = f;
        e.before = t->deal->deal.value[f];
        e.after = values.value[f];
        if (t->each(t->arg, &e, err))
            return err->status;
        e.first = false;
    }
    ds_arena_reset(&t->row);
    return DS_OK;
}

int ds_story(struct ds_store *s, const struct ds_stored_deal *deal, enum ds_field field,
             ds_event_fn *each, void *arg, struct ds_err *err)
{
    struct telling t = {.deal = deal, .field = field, .each = each, .arg = arg};

    if (!ds_store_history(s, &t.row, deal->id, look_back, &t, err) &&
        !ds_store_history(s, &t.row, deal->id, tell_history, &t, err) &&
        !ds_store_conflicts(s, &t.row, 0, deal->id, tell_conflict, &t, err))
        ds_store_holds(s, &t.row, 0, deal->id, 0, tell_hold, &t, err);
    ds_arena_clear(&t.row);
    ds_arena_clear(&t.lasting);
    return err->status;
}

int ds_story_of_run(struct ds_store *s, int64_t run, ds_event_fn *each, void *arg,
                    struct ds_err *err)
{
    struct telling t = {.field = DS_FIELDS, .each = each, .arg = arg};

    ds_store_history_of_run(s, &t.row, run, tell_history, &t, err);
    ds_arena_clear(&t.row);
    return err->status;
}
