#include "connectors/dynamics/change.h"

#include "base/date.h"
#include "base/text.h"

#include <string.h>

enum { OPEN, WON, LOST, UNKNOWN = -1 };

/* What becomes part of the closing instead of the opportunity, which takes both from there. */
struct closing {
    struct ds_value ended;
    struct ds_value revenue;
};

struct composing {
    struct ds_dynamics_changes *changes;
    struct ds_arena *arena;
    const struct ds_write *write;
    struct ds_dynamics_change *out;
    struct ds_buf body;
    int from, to;       /* state, before and after */
    const char *status; /* the status reason wanted, or NULL */
    struct closing closing;
};

/* --- values ---------------------------------------------------------------------------------- */

static bool is_number(struct ds_value value, bool fraction)
{
    size_t at = value.len > 0 && value.text[0] == '-', digits = at;

    at += strspn(value.text + at, "0123456789");
    if (at == digits || (at - digits > 1 && value.text[digits] == '0'))
        return false;
    if (fraction && value.text[at] == '.') {
        size_t more = strspn(value.text + at + 1, "0123456789");

        at += more ? more + 1 : 0;
    }
    return at == value.len;
}

static bool add_number(struct ds_buf *out, struct ds_value value, bool fraction, const char **why)
{
    *why = fraction ? "is no number" : "is no whole number";
    if (!is_number(value, fraction))
        return false;
    ds_buf_add(out, value.text); /* the characters stay, as a double would not let them (DV-58) */
    return true;
}

/* A day for a column of days, an instant for one of instants, whichever it was given (DV-60). */
static bool add_time(struct ds_buf *out, struct ds_value value, bool day, const char **why)
{
    int64_t ms;
    char date[11];

    *why = "is neither a day nor an instant";
    if (value.len < 10)
        return false;
    memcpy(date, value.text, 10);
    date[10] = '\0';
    if (value.len == 10 ? strspn(date, "0123456789-") != 10 : !ds_instant(value.text, &ms))
        return false;
    if (day)
        ds_buf_addf(out, "\"%s\"", date);
    else
        ds_buf_addf(out, "\"%s%s\"", value.text, value.len == 10 ? "T00:00:00Z" : "");
    return true;
}

static bool add_flag(struct ds_buf *out, struct ds_value value, const char **why)
{
    *why = "is neither true nor false";
    if (strcmp(value.text, "true") != 0 && strcmp(value.text, "false") != 0)
        return false;
    ds_buf_add(out, value.text);
    return true;
}

bool ds_dynamics_json(struct ds_buf *out, const struct ds_dynamics_column *column,
                      struct ds_value value, const char **why)
{
    if (!value.text) {
        ds_buf_add(out, "null");
        return true;
    }
    *why = ds_text_fault(value.text, value.len) ? "is no plain text" : NULL;
    if (*why)
        return false;
    switch (column->type) {
    case DS_DYNAMICS_INTEGER:
    case DS_DYNAMICS_PICKLIST:
    case DS_DYNAMICS_STATUS:
    case DS_DYNAMICS_STATE: return add_number(out, value, false, why);
    case DS_DYNAMICS_DECIMAL: return add_number(out, value, true, why);
    case DS_DYNAMICS_BOOLEAN: return add_flag(out, value, why);
    case DS_DYNAMICS_TIME: return add_time(out, value, column->day, why);
    case DS_DYNAMICS_PLAIN:
    case DS_DYNAMICS_TEXT:
    case DS_DYNAMICS_LOOKUP: break;
    }
    ds_text_to_json(out, value.text);
    return true;
}

/* --- columns --------------------------------------------------------------------------------- */

static int target_of(struct composing *c, size_t path, const struct ds_dynamics_target **out,
                     struct ds_err *err)
{
    struct ds_dynamics_changes *changes = c->changes;
    size_t count = changes->query->count;
    int rc = DS_OK;

    if (!changes->targets) {
        changes->targets = ds_arena_alloc(changes->lasting, count * sizeof(*changes->targets));
        changes->settled = ds_arena_alloc(changes->lasting, count * sizeof(*changes->settled));
        if (!changes->targets || !changes->settled)
            return ds_fail_nomem(err);
    }
    if (!changes->settled[path])
        rc = ds_dynamics_target(changes->remote, changes->lasting, changes->query->paths[path],
                                &changes->targets[path], err);
    changes->settled[path] = !rc;
    *out = &changes->targets[path];
    return rc;
}

static int not_possible(const struct composing *c, size_t path, struct ds_value value,
                        const char *why, struct ds_err *err)
{
    return ds_fail(err, DS_E_RECORD, "%s: '%.100s' %s", c->changes->query->paths[path],
                   value.text ? value.text : "", why);
}

/* The number of a label; a value that is a number already stays. */
static int number_of(const struct composing *c, const struct ds_dynamics_target *target,
                     size_t path, struct ds_value *value, struct ds_err *err)
{
    const struct ds_dynamics_option *option;

    if (!target->choice || !value->text)
        return DS_OK;
    option = ds_dynamics_option_called(target->choice, value->text);
    if (!option)
        return not_possible(c, path, *value, "is none of its options", err);
    *value = (struct ds_value){option->value, strlen(option->value)};
    return DS_OK;
}

static void separate(struct composing *c)
{
    ds_buf_add(&c->body, c->body.len > 1 ? "," : "");
}

static int add_column(struct composing *c, const struct ds_dynamics_target *target, size_t path,
                      struct ds_value value, struct ds_err *err)
{
    const char *why;

    separate(c);
    if (target->lookups[0])
        return ds_dynamics_bind(c->changes, &c->body, target, value, err)
                   ? ds_err_where(err, "%s", c->changes->query->paths[path])
                   : DS_OK;
    ds_buf_addf(&c->body, "\"%s\":", target->column->logical);
    return ds_dynamics_json(&c->body, target->column, value, &why)
               ? DS_OK
               : not_possible(c, path, value, why, err);
}

/* --- the state ------------------------------------------------------------------------------- */

/* The state that a status or state value stands for. */
static int state_of(struct composing *c, const struct ds_dynamics_target *target,
                    struct ds_value value, int *state, struct ds_err *err)
{
    const struct ds_dynamics_choice *choice = target->choice;
    const struct ds_dynamics_option *option;
    int rc = choice ? DS_OK : ds_dynamics_choice(c->changes->remote, target->column, &choice, err);

    if (rc || !value.text)
        return rc;
    option = ds_dynamics_option_called(choice, value.text);
    if (option && option->state >= 0)
        *state = option->state;
    return DS_OK;
}

static int take_state(struct composing *c, const struct ds_dynamics_target *target,
                      const struct ds_assign *assign, struct ds_err *err)
{
    struct ds_value value = assign->value;
    int to = UNKNOWN;
    int rc = state_of(c, target, assign->before, &c->from, err);

    if (!rc)
        rc = state_of(c, target, value, &to, err);
    if (!rc)
        rc = number_of(c, target, assign->path, &value, err);
    if (rc)
        return rc;
    if (to == UNKNOWN)
        return not_possible(c, assign->path, value, "belongs to no state", err);
    if (c->to != UNKNOWN && c->to != to)
        return not_possible(c, assign->path, value, "contradicts the other state of the change",
                            err);
    c->to = to;
    if (target->column->type == DS_DYNAMICS_STATUS)
        c->status = ds_arena_dup(c->arena, value.text);
    return DS_OK;
}

/* The status reason that is wanted, or the first one of the state. */
static int status_for(struct composing *c, const char **out, struct ds_err *err)
{
    const struct ds_dynamics_column *column;
    const struct ds_dynamics_choice *choice = NULL;
    int rc = ds_dynamics_column(c->changes->remote, "statuscode", &column, err);

    *out = c->status;
    if (!rc && !c->status)
        rc = ds_dynamics_choice(c->changes->remote, column, &choice, err);
    for (size_t i = 0; choice && i < choice->count && !*out; i++)
        if (choice->options[i].state == c->to)
            *out = choice->options[i].value;
    if (!rc && !*out)
        rc = ds_fail(err, DS_E_RECORD, "opportunity has no status reason for state %d", c->to);
    return rc;
}

/* Between two reasons of the same state the status is a column like any other, and so it is for a
 * record that is made, which is open by itself. */
static int settle_state(struct composing *c, struct ds_err *err)
{
    const char *status;
    int rc;

    if (c->to == UNKNOWN || (c->to == c->from && !c->status))
        return DS_OK;
    rc = status_for(c, &status, err);
    if (rc)
        return rc;
    if (c->to == c->from || (c->to == OPEN && !c->write->id)) {
        separate(c);
        ds_buf_addf(&c->body, "\"statuscode\":%s", status);
    } else if (c->to == OPEN) {
        c->out->reopen = ds_arena_printf(c->arena, "{\"statecode\":0,\"statuscode\":%s}", status);
        rc = c->out->reopen ? DS_OK : ds_fail_nomem(err);
    } else {
        c->out->action = c->to == WON ? "WinOpportunity" : "LoseOpportunity";
        c->out->status = status;
    }
    return rc;
}

/* --- a change -------------------------------------------------------------------------------- */

static struct ds_value *part_of_closing(struct composing *c, const char *column)
{
    if (strcmp(column, "actualclosedate") == 0)
        return &c->closing.ended;
    return strcmp(column, "actualvalue") == 0 ? &c->closing.revenue : NULL;
}

static int take_states(struct composing *c, struct ds_err *err)
{
    int rc = DS_OK;

    for (size_t i = 0; i < c->write->count && !rc; i++) {
        const struct ds_dynamics_target *target;

        rc = target_of(c, c->write->values[i].path, &target, err);
        if (!rc && (target->column->type == DS_DYNAMICS_STATUS ||
                    target->column->type == DS_DYNAMICS_STATE))
            rc = take_state(c, target, &c->write->values[i], err);
    }
    return rc ? rc : settle_state(c, err);
}

static int take_columns(struct composing *c, struct ds_err *err)
{
    int rc = DS_OK;

    for (size_t i = 0; i < c->write->count && !rc; i++) {
        const struct ds_assign *assign = &c->write->values[i];
        const struct ds_dynamics_target *target;
        struct ds_value value = assign->value, *closing;

        rc = target_of(c, assign->path, &target, err);
        if (rc || target->column->type == DS_DYNAMICS_STATUS ||
            target->column->type == DS_DYNAMICS_STATE)
            continue;
        closing = c->out->action ? part_of_closing(c, target->column->logical) : NULL;
        if (closing) {
            *closing = value;
            continue;
        }
        rc = number_of(c, target, assign->path, &value, err);
        if (!rc)
            rc = add_column(c, target, assign->path, value, err);
    }
    return rc;
}

/* Noon, so that it is the same day in most of the world: the activity holds an instant. */
static int take_closing(struct composing *c, struct ds_err *err)
{
    const char *why;

    if (c->closing.ended.text) {
        c->out->ended = ds_date(c->arena, c->closing.ended.text, &why);
        if (!c->out->ended)
            return ds_fail(err, DS_E_RECORD, "actualclosedate: '%.100s' %s", c->closing.ended.text,
                           why);
        c->out->ended = ds_arena_printf(c->arena, "%sT12:00:00Z", c->out->ended);
        if (!c->out->ended)
            return ds_fail_nomem(err);
    }
    if (!c->closing.revenue.text)
        return DS_OK;
    if (!is_number(c->closing.revenue, true))
        return ds_fail(err, DS_E_RECORD, "actualvalue: '%.100s' is no number",
                       c->closing.revenue.text);
    c->out->revenue = ds_arena_dup(c->arena, c->closing.revenue.text);
    return c->out->revenue ? DS_OK : ds_fail_nomem(err);
}

int ds_dynamics_change(struct ds_dynamics_changes *changes, struct ds_arena *a,
                       const struct ds_write *write, struct ds_dynamics_change *out,
                       struct ds_err *err)
{
    struct composing c = {.changes = changes,
                          .arena = a,
                          .write = write,
                          .out = out,
                          .body = DS_BUF_INIT(DS_MAX_PAGE),
                          .from = write->id ? UNKNOWN : OPEN,
                          .to = UNKNOWN};
    int rc;

    *out = (struct ds_dynamics_change){0};
    ds_buf_add(&c.body, "{");
    if (!write->id)
        ds_buf_addf(&c.body, "\"opportunityid\":\"%s\"", write->key);
    rc = take_states(&c, err);
    if (!rc)
        rc = take_columns(&c, err);
    if (!rc)
        rc = take_closing(&c, err);
    if (!rc && c.body.len > 1) {
        ds_buf_add(&c.body, "}");
        out->fields = ds_buf_failed(&c.body) ? NULL : ds_arena_dup(a, c.body.text);
        rc = out->fields ? DS_OK : ds_fail_nomem(err);
    }
    ds_buf_clear(&c.body);
    return rc;
}
