#include "connectors/dynamics/query.h"

#include "base/date.h"

#include <string.h>

static const struct ds_dynamics_slot own[DS_DYNAMICS_OWN] = {
    [DS_DYNAMICS_ID] = {NULL, "opportunityid", NULL},
    [DS_DYNAMICS_MODIFIED] = {NULL, "modifiedon", NULL},
    [DS_DYNAMICS_VERSION] = {NULL, "versionnumber", NULL},
    [DS_DYNAMICS_MODIFIED_BY] = {NULL, "_modifiedby_value", NULL},
};

/* --- paths ----------------------------------------------------------------------------------- */

static int no_path(const char *path, struct ds_err *err)
{
    ds_fail(err, DS_E_CONFIG, "'%s' is no path of a Dynamics 365 record", path);
    return ds_hint(err, "write 'column', 'navigation.column' or 'column.label'");
}

int ds_dynamics_path(struct ds_remote *remote, struct ds_arena *a, const char *path,
                     struct ds_dynamics_slot *out, struct ds_err *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t first = strspn(path, letters);
    size_t second = path[first] == '.' ? strspn(path + first + 1, letters) : 0;
    const struct ds_dynamics_column *column = NULL;
    const char *head, *tail;
    int rc;

    if (first == 0 || path[first + (second ? second + 1 : 0)] != '\0')
        return no_path(path, err);
    head = ds_arena_dup_bytes(a, path, first);
    tail = second ? ds_arena_dup(a, path + first + 1) : NULL;
    if (!head || (second && !tail))
        return ds_fail_nomem(err);
    if (tail && strcmp(tail, "label") != 0) {
        *out = (struct ds_dynamics_slot){head, tail, NULL};
        return DS_OK;
    }
    *out = (struct ds_dynamics_slot){NULL, head, NULL};
    rc = ds_dynamics_column(remote, head, &column, err);
    if (!rc && tail)
        rc = ds_dynamics_choice(remote, column, &out->choice, err);
    return rc;
}

int ds_dynamics_slots(struct ds_remote *remote, struct ds_arena *a, const struct ds_query *query,
                      struct ds_dynamics_slot **out, struct ds_err *err)
{
    struct ds_dynamics_slot *slots =
        ds_arena_alloc(a, (DS_DYNAMICS_OWN + query->count) * sizeof(*slots));
    int rc = DS_OK;

    if (!slots)
        return ds_fail_nomem(err);
    memcpy(slots, own, sizeof(own));
    for (size_t i = 0; i < query->count && !rc; i++)
        rc = ds_dynamics_path(remote, a, query->paths[i], &slots[DS_DYNAMICS_OWN + i], err);
    *out = slots;
    return rc;
}

/* --- the request ----------------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether an earlier slot has the same navigation property, and the same column if that counts. */
static bool seen(const struct ds_dynamics_slot *slots, size_t at, bool column)
{
    for (size_t i = 0; i < at; i++)
        if (same(slots[i].navigation, slots[at].navigation) &&
            (!column || same(slots[i].column, slots[at].column)))
            return true;
    return false;
}

static void add_columns(struct ds_buf *out, const struct ds_dynamics_slot *slots, size_t count,
                        const char *navigation)
{
    const char *before = "$select=";

    for (size_t i = 0; i < count; i++) {
        if (!same(slots[i].navigation, navigation) || seen(slots, i, true))
            continue;
        ds_buf_add(out, before);
        ds_buf_add(out, slots[i].column);
        before = ",";
    }
}

void ds_dynamics_select(struct ds_buf *out, const struct ds_dynamics_slot *slots, size_t count)
{
    const char *before = "&$expand=";

    add_columns(out, slots, count, NULL);
    for (size_t i = 0; i < count; i++) {
        if (!slots[i].navigation || seen(slots, i, false))
            continue;
        ds_buf_addf(out, "%s%s(", before, slots[i].navigation);
        add_columns(out, slots, count, slots[i].navigation);
        ds_buf_add_char(out, ')');
        before = ",";
    }
}

void ds_dynamics_filter(const struct ds_remote *remote, struct ds_buf *out, int64_t since_ms)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_URL);
    char since[DS_INSTANT_TEXT];

    if (since_ms)
        ds_buf_addf(&text, "modifiedon ge %s", ds_instant_text(since_ms, since));
    if (remote->filter)
        ds_buf_addf(&text, since_ms ? " and (%s)" : "%s", remote->filter);
    if (text.len) {
        ds_buf_add(out, "&$filter=");
        ds_http_escape(out, text.text);
    }
    out->failed |= ds_buf_failed(&text);
    ds_buf_clear(&text);
}

/* --- rows ------------------------------------------------------------------------------------ */

static struct ds_value value_of(const json_t *value)
{
    if (json_is_string(value) && json_string_length(value) > 0)
        return (struct ds_value){json_string_value(value), json_string_length(value)};
    if (json_is_true(value))
        return (struct ds_value){"true", 4};
    if (json_is_false(value))
        return (struct ds_value){"false", 5};
    return (struct ds_value){NULL, 0};
}

/* A number that is no option any more stays a number: reported by whoever cannot map it. */
static struct ds_value label_of(const struct ds_dynamics_choice *choice, struct ds_value value)
{
    const struct ds_dynamics_option *option =
        value.text ? ds_dynamics_option(choice, value.text) : NULL;

    return option ? (struct ds_value){option->label, strlen(option->label)} : value;
}

int ds_dynamics_values(const json_t *row, const struct ds_dynamics_slot *slots, size_t count,
                       struct ds_value *out, struct ds_err *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct ds_dynamics_slot *slot = &slots[i];
        const json_t *from = slot->navigation ? json_object_get(row, slot->navigation) : row;

        if (slot->navigation && json_is_array(from)) {
            ds_fail(err, DS_E_CONFIG, "'%s' leads from an opportunity to many rows",
                    slot->navigation);
            return ds_hint(err, "only navigation properties with a single row can be mapped");
        }
        out[i] = value_of(json_object_get(from, slot->column));
        if (slot->choice)
            out[i] = label_of(slot->choice, out[i]);
    }
    return DS_OK;
}
