#include "mapping/forms.h"

#include "base/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* A buffer on memory of the arena; it never grows, so nothing of it needs freeing. */
static bool arena_buf(struct ds_buf *b, struct ds_arena *a, size_t max)
{
    *b = (struct ds_buf){.text = ds_arena_alloc(a, max + 1), .size = max + 1, .max = max};
    return b->text != NULL;
}

/* R-46; of two with one key, the one that came first. */
static int by_key(const void *a, const void *b)
{
    const struct ds_member *left = a, *right = b;
    int order = strcmp(left->key, right->key);

    return order ? order : (left->place > right->place) - (left->place < right->place);
}

static void add_member(struct ds_buf *out, const struct ds_member *m)
{
    ds_buf_add(out, "{\"email\":");
    ds_text_to_json(out, m->email);
    ds_buf_add(out, ",\"name\":");
    ds_text_to_json(out, m->name);
    ds_buf_add(out, ",\"phone\":");
    ds_text_to_json(out, m->phone);
    ds_buf_add_char(out, '}');
}

/* A byte takes at most six in a JSON string. */
static size_t member_room(const struct ds_member *m)
{
    return 6 * (strlen(m->email) + strlen(m->name) + strlen(m->phone)) + 40;
}

static bool sort_members(struct ds_arena *a, struct ds_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        members[i].place = i;
        members[i].key = ds_text_lower(a, members[i].email);
        if (!members[i].key)
            return false;
    }
    qsort(members, count, sizeof(*members), by_key);
    return true;
}

const char *ds_team_write(struct ds_arena *a, struct ds_member *members, size_t count)
{
    struct ds_buf out;
    size_t room = 2;

    for (size_t i = 0; i < count; i++)
        room += member_room(&members[i]) + 1;
    if (!arena_buf(&out, a, room) || !sort_members(a, members, count))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (i && strcmp(members[i - 1].key, members[i].key) == 0)
            continue;
        ds_buf_add_char(&out, i ? ',' : '[');
        add_member(&out, &members[i]);
    }
    ds_buf_add_char(&out, ']');
    return out.text;
}

const char *ds_team_one(struct ds_arena *a, const char *name, const char *email, const char *phone)
{
    return ds_team_write(a, &(struct ds_member){.email = email, .name = name, .phone = phone}, 1);
}

/* A text of the arena without blanks at its ends; "" when it is missing or no text. */
static const char *member_text(struct ds_arena *a, const json_t *member, const char *key)
{
    const json_t *value = json_object_get(member, key);

    return ds_text_trim(a, json_string_length(value) ? json_string_value(value) : "",
                        json_string_length(value));
}

static bool read_member(struct ds_arena *a, const json_t *from, struct ds_member *m,
                        const char **why)
{
    m->email = member_text(a, from, "email");
    m->name = member_text(a, from, "name");
    m->phone = member_text(a, from, "phone");
    if (!m->email || !m->name || !m->phone)
        return false;
    if (*m->email && *m->name && *m->phone)
        return true;
    *why = "has a member without email, name or phone";
    return false;
}

struct ds_member *ds_team_read(struct ds_arena *a, const char *text, size_t *count,
                               const char **why)
{
    json_t *list = json_loads(text, 0, NULL);
    struct ds_member *members = NULL;

    *count = json_array_size(list);
    if (*count)
        members = ds_arena_alloc(a, *count * sizeof(*members));
    else
        *why = "is not a team (a JSON array of email, name and phone)";
    for (size_t i = 0; members && i < *count; i++)
        if (!read_member(a, json_array_get(list, i), &members[i], why))
            members = NULL;
    json_decref(list);
    return members;
}

const char *ds_form_team(struct ds_arena *a, const struct ds_field_row *row, const char *text,
                         const char **why)
{
    size_t count;
    struct ds_member *members = ds_team_read(a, text, &count, why);
    const char *team = members ? ds_team_write(a, members, count) : NULL;

    (void)row;
    for (size_t i = 1; team && i < count; i++) {
        if (strcmp(members[i - 1].key, members[i].key) == 0) {
            *why = "has two members of one email";
            return NULL;
        }
    }
    return team;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *ds_list_write(struct ds_arena *a, const char **items, size_t count)
{
    struct ds_buf out;
    size_t room = 2;

    for (size_t i = 0; i < count; i++)
        room += 6 * strlen(items[i]) + 3;
    if (!arena_buf(&out, a, room))
        return NULL;
    qsort(items, count, sizeof(*items), by_text);
    for (size_t i = 0; i < count; i++) {
        if (i && strcmp(items[i - 1], items[i]) == 0)
            continue;
        ds_buf_add_char(&out, i ? ',' : '[');
        ds_text_to_json(&out, items[i]);
    }
    ds_buf_add_char(&out, ']');
    return out.text;
}

/* The parts of "a; b" without blanks and empty ones. */
static const char **split_list(struct ds_arena *a, const char *text, size_t *count)
{
    const char **items, *end = text + strlen(text);
    size_t most = 1;

    for (const char *p = text; *p; p++)
        most += *p == ';';
    items = ds_arena_alloc(a, most * sizeof(*items));
    *count = 0;
    for (const char *p = text; items && p <= end;) {
        size_t len = strcspn(p, ";");
        const char *item = ds_text_trim(a, p, len);

        if (!item)
            return NULL;
        if (*item)
            items[(*count)++] = item;
        p += len + 1;
    }
    return items;
}

/* The items of a JSON array of texts; false when it is none, or one of them says nothing. */
static bool read_array(struct ds_arena *a, const json_t *list, const char **items, bool *nomem)
{
    const json_t *item;
    size_t i;

    *nomem = !items;
    if (!json_is_array(list) || !items)
        return false;
    json_array_foreach(list, i, item)
    {
        items[i] = ds_text_trim(a, json_string_length(item) ? json_string_value(item) : "",
                                json_string_length(item));
        *nomem = !items[i];
        if (*nomem || !*items[i])
            return false;
    }
    return true;
}

static const char **list_array(struct ds_arena *a, const char *text, size_t *count, bool *nomem)
{
    json_t *list = json_loads(text, 0, NULL);
    const char **items;

    *count = json_array_size(list);
    items = ds_arena_alloc(a, (*count + 1) * sizeof(*items));
    if (!read_array(a, list, items, nomem))
        items = NULL;
    json_decref(list);
    return items;
}

const char **ds_list_read(struct ds_arena *a, const char *text, size_t *count)
{
    const char **items;
    bool nomem = false;

    items = *text == '[' ? list_array(a, text, count, &nomem) : NULL;
    return items || nomem ? items : split_list(a, text, count);
}

/* What the store holds is JSON; what people write is "a; b". */
const char *ds_form_solutions(struct ds_arena *a, const struct ds_field_row *row, const char *text,
                              const char **why)
{
    bool array = *text == '[', nomem = false;
    size_t count = 0;
    const char **items = array ? list_array(a, text, &count, &nomem) : split_list(a, text, &count);

    (void)row;
    if (items && count)
        return ds_list_write(a, items, count);
    if (array && !nomem)
        *why = "is not a list of solutions (a JSON array of ids)";
    else if (!array && items)
        *why = "names no solution";
    return NULL;
}
