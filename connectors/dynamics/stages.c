#include "connectors/dynamics/process.h"

#include "base/text.h"

#include <string.h>

#define MOST_VALUES 1000 /* more different ones are no list of stages */

/* A value that records hold, and how many do. */
struct tally {
    const char *value;   /* from the arena */
    const char *process; /* that goes with it; NULL: none is mapped, or they have none */
    int64_t records;     /* -1: unknown */
    bool listed;
};

/* A column, and what stands for its values. */
struct side {
    const struct ds_dynamics_column *column; /* NULL: there is none */
    const struct ds_dynamics_choice
        *labels; /* what records are read with; NULL: the value itself */
};

struct stages {
    struct ds_remote *remote;
    struct ds_arena arena;
    const char *field;
    const struct ds_dynamics_column *column;
    struct side process; /* what the values are divided by */
    char set[128];
    struct tally *tallies;
    size_t count;
    bool counted; /* the remote was willing to count */
    int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err);
    void *arg;
};

static int too_many(const struct stages *s, struct ds_err *err)
{
    ds_fail(err, DS_E_CONFIG, "'%s' holds more than %d different values", s->field, MOST_VALUES);
    return ds_hint(err, "it is no column of stages: look at what [stage] of the mapping reads");
}

static int add_tally(struct stages *s, const char *value, const char *process, int64_t records,
                     struct ds_err *err)
{
    struct tally *t = &s->tallies[s->count];
    const struct ds_dynamics_option *option =
        process && s->process.labels ? ds_dynamics_option(s->process.labels, process) : NULL;

    if (s->count == MOST_VALUES)
        return too_many(s, err);
    t->value = ds_arena_dup(&s->arena, value);
    t->process = process ? ds_arena_dup(&s->arena, option ? option->label : process) : NULL;
    t->records = records;
    s->count++;
    return t->value && (t->process || !process) ? DS_OK : ds_fail_nomem(err);
}

/* --- counting -------------------------------------------------------------------------------- */

/* Asks for what tail and option, a query option's value, say together. */
static int get_rows(struct stages *s, struct ds_buf *tail, const struct ds_buf *option,
                    json_t **page, json_t **rows, struct ds_err *err)
{
    int rc;

    ds_http_escape(tail, option->text);
    rc = ds_buf_failed(tail) || ds_buf_failed(option)
             ? ds_fail(err, DS_E_CONFIG, "the query for the values of '%s' is too long", s->field)
             : ds_dynamics_get(s->remote, tail->text, page, NULL, err);
    if (rc)
        return rc;
    *rows = ds_dynamics_rows(*page, err);
    return *rows ? DS_OK : err->status;
}

static int take_counts(struct stages *s, const json_t *rows, struct ds_err *err)
{
    int rc = DS_OK;

    for (size_t i = 0; i < json_array_size(rows) && !rc; i++) {
        const json_t *row = json_array_get(rows, i);
        const char *value = ds_json_text(row, s->column->name);
        const char *n = ds_json_text(row, "n");
        const struct ds_dynamics_column *by = s->process.column;
        long records = -1;

        if (value && n && ds_text_int(n, 0, INT32_MAX, &records))
            rc = add_tally(s, value, by ? ds_json_text(row, by->name) : NULL, records, err);
    }
    return rc;
}

/* More than 50,000 rows the server does not count; the list is worth having all the same. */
static int count_all(struct stages *s, struct ds_err *err)
{
    struct ds_buf apply = DS_BUF_INIT(DS_MAX_URL), tail = DS_BUF_INIT(DS_MAX_URL);
    json_t *page = NULL, *rows;
    int rc;

    if (s->remote->filter)
        ds_buf_addf(&apply, "filter(%s)/", s->remote->filter);
    ds_buf_addf(&apply, "groupby((%s%s%s),aggregate($count as n))", s->column->name,
                s->process.column ? "," : "", s->process.column ? s->process.column->name : "");
    ds_buf_addf(&tail, "%s?$apply=", s->set);
    rc = get_rows(s, &tail, &apply, &page, &rows, err);
    if (!rc) {
        s->counted = true;
        rc =
            json_object_get(page, "@odata.nextLink") ? too_many(s, err) : take_counts(s, rows, err);
    } else if (rc == DS_E_REMOTE) {
        ds_err_clear(err);
        rc = DS_OK;
    }
    json_decref(page);
    ds_buf_clear(&apply);
    ds_buf_clear(&tail);
    return rc;
}

/* --- listing what cannot be counted ---------------------------------------------------------- */

/* The condition for values behind the last one found. */
static void behind(const struct stages *s, struct ds_buf *out)
{
    const char *quote = s->column->type == DS_DYNAMICS_TEXT ? "'" : "";

    if (s->count == 0) {
        ds_buf_addf(out, "%s ne null", s->column->name);
    } else {
        ds_buf_addf(out, "%s gt %s", s->column->name, quote);
        for (const char *c = s->tallies[s->count - 1].value; *c; c++) {
            ds_buf_add(out, *c == '\'' ? "'" : ""); /* DV-24 */
            ds_buf_add_char(out, *c);
        }
        ds_buf_add(out, quote);
    }
    if (s->remote->filter)
        ds_buf_addf(out, " and (%s)", s->remote->filter);
}

/* Finds the next value, with a request of one row. */
static int next_value(struct stages *s, bool *found, struct ds_err *err)
{
    struct ds_buf filter = DS_BUF_INIT(DS_MAX_URL), tail = DS_BUF_INIT(DS_MAX_URL);
    const char *column = s->column->name, *value = NULL;
    json_t *page = NULL, *rows = NULL;
    int rc;

    behind(s, &filter);
    ds_buf_addf(&tail, "%s?$select=%s&$orderby=%s&$top=1&$filter=", s->set, column, column);
    rc = get_rows(s, &tail, &filter, &page, &rows, err);
    if (!rc)
        value = ds_json_text(json_array_get(rows, 0), column);
    *found = value && (s->count == 0 || strcmp(value, s->tallies[s->count - 1].value) != 0);
    if (!rc && *found)
        rc = add_tally(s, value, NULL, -1, err);
    json_decref(page);
    ds_buf_clear(&filter);
    ds_buf_clear(&tail);
    return rc;
}

/* --- handing over ---------------------------------------------------------------------------- */

static int hand_over(const struct stages *s, const char *name, const char *label, int state,
                     bool active, const char *process, int64_t records, struct ds_err *err)
{
    static const char *const outcomes[] = {"open", "won", "lost"};
    struct ds_stage stage = {
        .field = s->field,
        .name = name,
        .label = label,
        .process = process,
        .probability = -1,
        .outcome = state >= 0 ? outcomes[state] : NULL,
        .active = active,
        .records = records,
    };

    return s->each(s->arg, &stage, err);
}

/* Once for each process that has records in it, or once when none has. */
static int hand_over_option(struct stages *s, const struct ds_dynamics_option *option,
                            bool by_label, struct ds_err *err)
{
    const char *name = by_label ? option->label : option->value;
    const char *label = by_label ? NULL : option->label;
    bool listed = false;
    int rc = DS_OK;

    for (size_t k = 0; k < s->count && !rc; k++) {
        struct tally *t = &s->tallies[k];

        if (strcmp(t->value, option->value) != 0)
            continue;
        t->listed = listed = true;
        rc = hand_over(s, name, label, option->state, true, t->process, t->records, err);
    }
    return rc || listed
               ? rc
               : hand_over(s, name, label, option->state, true, NULL, s->counted ? 0 : -1, err);
}

static int list(struct stages *s, const struct ds_dynamics_slot *slot, struct ds_err *err)
{
    const struct ds_dynamics_choice *choice = slot->choice;
    bool is_choice = choice || s->column->type >= DS_DYNAMICS_PICKLIST, found = true;
    int rc = count_all(s, err);

    if (!rc && is_choice)
        rc = ds_dynamics_choice(s->remote, s->column, &choice, err);
    for (size_t i = 0; choice && i < choice->count && !rc; i++)
        rc = hand_over_option(s, &choice->options[i], slot->choice != NULL, err);
    while (!rc && !s->counted && !is_choice && found)
        rc = next_value(s, &found, err);
    for (size_t i = 0; i < s->count && !rc; i++)
        if (!s->tallies[i].listed)
            rc = hand_over(s, s->tallies[i].value, NULL, -1, !is_choice, s->tallies[i].process,
                           s->tallies[i].records, err);
    return rc;
}

/* The column a path is, if it is one of opportunity's own: others cannot be counted by. */
static int side_of(struct stages *s, const char *path, struct side *out, struct ds_err *err)
{
    struct ds_dynamics_slot slot;
    int rc = ds_dynamics_path(s->remote, &s->arena, path, &slot, err);

    if (rc || slot.navigation)
        return rc;
    out->labels = slot.choice;
    return ds_dynamics_column(s->remote, slot.column, &out->column, err);
}

int ds_dynamics_stages(struct ds_remote *remote, const char *field, const char *process_field,
                       int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err),
                       void *arg, struct ds_err *err)
{
    struct stages s = {.remote = remote, .field = field, .each = each, .arg = arg};
    struct ds_dynamics_table table;
    struct ds_dynamics_slot slot;
    int rc = ds_dynamics_path(remote, &s.arena, field, &slot, err);

    if (!rc && slot.apart) {
        rc = ds_dynamics_process_stages(remote, field, each, arg, err);
        goto out;
    }
    if (!rc && slot.navigation)
        rc = ds_fail(err, DS_E_CONFIG,
                     "'%s' is no column of opportunity, so its values cannot be listed", field);
    if (!rc)
        rc = ds_dynamics_table(remote, &table, err);
    if (!rc)
        rc = ds_dynamics_column(remote, slot.column, &s.column, err);
    if (!rc && process_field)
        rc = side_of(&s, process_field, &s.process, err);
    if (!rc) {
        memcpy(s.set, table.set, sizeof(s.set));
        s.tallies = ds_arena_alloc(&s.arena, MOST_VALUES * sizeof(*s.tallies));
        rc = s.tallies ? list(&s, &slot, err) : ds_fail_nomem(err);
    }
out:
    ds_arena_clear(&s.arena);
    return rc;
}
