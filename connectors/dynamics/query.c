#include "connectors/dynamics/query.h"

#include "base/date.h"
#include "connectors/dynamics/process.h"

#include <string.h>

static const struct ds_dynamics_slot own[DS_DYNAMICS_OWN] = {
    [DS_DYNAMICS_ID] = {.column = "opportunityid"},
    [DS_DYNAMICS_MODIFIED] = {.column = "modifiedon"},
    [DS_DYNAMICS_VERSION] = {.column = "versionnumber"},
    [DS_DYNAMICS_MODIFIED_BY] = {.column = "_modifiedby_value"},
};

/* Lookups into two tables, which have a navigation property for each and may call the same thing by
 * two names. The first row that fits and all that follow for its word are tried in turn. */
static const struct party {
    const char *lookup;
    const char *word; /* NULL: any, and the column is called like it */
    const char *navigation;
    const char *column;
} parties[] = {
    {"customerid", "name", "customerid_account", "name"},
    {"customerid", "name", "customerid_contact", "fullname"},
    {"customerid", NULL, "customerid_account", NULL},
    {"customerid", NULL, "customerid_contact", NULL},
    {"ownerid", "name", "owninguser", "fullname"},
    {"ownerid", "name", "owningteam", "name"},
    {"ownerid", "email", "owninguser", "internalemailaddress"},
    {"ownerid", "email", "owningteam", "emailaddress"},
    {"ownerid", NULL, "owninguser", NULL},
};

#define PARTIES (sizeof(parties) / sizeof(parties[0]))

/* --- paths ----------------------------------------------------------------------------------- */

static int no_path(const char *path, struct ds_err *err)
{
    ds_fail(err, DS_E_CONFIG, "'%s' is no path of a Dynamics 365 record", path);
    return ds_hint(err, "write 'column', 'navigation.column' or 'column.label'");
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static const struct party *party_of(const char *lookup, const char *word)
{
    for (size_t i = 0; i < PARTIES; i++)
        if (strcmp(parties[i].lookup, lookup) == 0 &&
            (!parties[i].word || strcmp(parties[i].word, word) == 0))
            return &parties[i];
    return NULL;
}

static int party_slot(struct ds_arena *a, const struct party *party, const char *word,
                      struct ds_dynamics_slot *out, struct ds_err *err)
{
    const struct party *next = party + 1;
    struct ds_dynamics_slot *other;

    *out = (struct ds_dynamics_slot){.navigation = party->navigation,
                                     .column = party->column ? party->column : word};
    if (next == parties + PARTIES || strcmp(next->lookup, party->lookup) != 0 ||
        !same(next->word, party->word))
        return DS_OK;
    other = ds_arena_alloc(a, sizeof(*other));
    if (!other)
        return ds_fail_nomem(err);
    out->other = other;
    return party_slot(a, next, word, other, err);
}

static int process_slot(const char *path, const char *tail, struct ds_dynamics_slot *out,
                        struct ds_err *err)
{
    *out =
        (struct ds_dynamics_slot){.navigation = DS_DYNAMICS_PROCESS, .column = tail, .apart = true};
    if (strcmp(tail, DS_DYNAMICS_PROCESS_STAGE) == 0 || strcmp(tail, DS_DYNAMICS_PROCESS_NAME) == 0)
        return DS_OK;
    ds_fail(err, DS_E_CONFIG, "'%s': a business process flow has no '%s'", path, tail);
    return ds_hint(err, "there are process.stage, the name of the active stage, and process.name, "
                        "the name of the flow");
}

/* A path that leads to another row. */
static int far_slot(struct ds_arena *a, const char *path, const char *head, const char *tail,
                    struct ds_dynamics_slot *out, struct ds_err *err)
{
    const struct party *party = party_of(head, tail);

    if (strcmp(head, DS_DYNAMICS_PROCESS) == 0)
        return process_slot(path, tail, out, err);
    if (party)
        return party_slot(a, party, tail, out, err);
    *out = (struct ds_dynamics_slot){.navigation = head, .column = tail};
    return DS_OK;
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
    if (tail && strcmp(tail, "label") != 0)
        return far_slot(a, path, head, tail, out, err);
    *out = (struct ds_dynamics_slot){.column = head};
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

/* Walks through slots and what stands in for them: NULL at the end. Starts with {0}. */
struct walk {
    const struct ds_dynamics_slot *now;
    size_t taken;
};

static const struct ds_dynamics_slot *next_slot(struct walk *w,
                                                const struct ds_dynamics_slot *slots, size_t count)
{
    if (w->now && w->now->other)
        w->now = w->now->other;
    else
        w->now = w->taken < count ? &slots[w->taken++] : NULL;
    return w->now && w->now->apart ? next_slot(w, slots, count) : w->now;
}

/* Whether an earlier slot has the same navigation property, and the same column if that counts. */
static bool seen(const struct ds_dynamics_slot *slots, size_t count,
                 const struct ds_dynamics_slot *slot, bool column)
{
    struct walk w = {0};
    const struct ds_dynamics_slot *s;

    while ((s = next_slot(&w, slots, count)) != slot)
        if (same(s->navigation, slot->navigation) && (!column || same(s->column, slot->column)))
            return true;
    return false;
}

static void add_columns(struct ds_buf *out, const struct ds_dynamics_slot *slots, size_t count,
                        const char *navigation)
{
    const char *before = "$select=";
    const struct ds_dynamics_slot *s;

    for (struct walk w = {0}; (s = next_slot(&w, slots, count));) {
        if (!same(s->navigation, navigation) || seen(slots, count, s, true))
            continue;
        ds_buf_add(out, before);
        ds_buf_add(out, s->column);
        before = ",";
    }
}

void ds_dynamics_select(struct ds_buf *out, const struct ds_dynamics_slot *slots, size_t count)
{
    const char *before = "&$expand=";
    const struct ds_dynamics_slot *s;

    add_columns(out, slots, count, NULL);
    for (struct walk w = {0}; (s = next_slot(&w, slots, count));) {
        if (!s->navigation || seen(slots, count, s, false))
            continue;
        ds_buf_addf(out, "%s%s(", before, s->navigation);
        add_columns(out, slots, count, s->navigation);
        ds_buf_add_char(out, ')');
        before = ",";
    }
}

int ds_dynamics_slots_each(const struct ds_dynamics_slot *slots, size_t count,
                           int (*each)(void *arg, const struct ds_dynamics_slot *slot,
                                       struct ds_err *err),
                           void *arg, struct ds_err *err)
{
    const struct ds_dynamics_slot *s;
    int rc = DS_OK;

    for (struct walk w = {0}; !rc && (s = next_slot(&w, slots, count));)
        if (!seen(slots, count, s, true))
            rc = each(arg, s, err);
    return rc;
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

/* The row a slot's value stands in; slot becomes the one that stands in for it where there is none. */
static const json_t *row_of(const json_t *row, const struct ds_dynamics_slot **slot)
{
    const json_t *from = row;

    while ((*slot)->navigation) {
        from = json_object_get(row, (*slot)->navigation);
        if ((from && !json_is_null(from)) || !(*slot)->other)
            break;
        *slot = (*slot)->other;
    }
    return from;
}

int ds_dynamics_values(const json_t *row, const struct ds_dynamics_slot *slots, size_t count,
                       struct ds_value *out, struct ds_err *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct ds_dynamics_slot *slot = &slots[i];
        const json_t *from = row_of(row, &slot);

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
