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

struct member {
    const char *email;
    const char *name;
    const char *phone;
    const char *key; /* the email without regard to case */
};

static int by_key(const void *a, const void *b)
{
    const struct member *left = a, *right = b;

    return strcmp(left->key, right->key);
}

static void add_member(struct ds_buf *out, const struct member *m)
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
static size_t member_room(const struct member *m)
{
    return 6 * (strlen(m->email) + strlen(m->name) + strlen(m->phone)) + 40;
}

static const char *write_team(struct ds_arena *a, const struct member *members, size_t count)
{
    struct ds_buf out;
    size_t room = 2;

    for (size_t i = 0; i < count; i++)
        room += member_room(&members[i]) + 1;
    if (!arena_buf(&out, a, room))
        return NULL;
    for (size_t i = 0; i < count; i++) {
        ds_buf_add_char(&out, i ? ',' : '[');
        add_member(&out, &members[i]);
    }
    ds_buf_add_char(&out, ']');
    return out.text;
}

const char *ds_team_one(struct ds_arena *a, const char *name, const char *email, const char *phone)
{
    return write_team(a, &(struct member){.email = email, .name = name, .phone = phone}, 1);
}

/* A text of the arena without blanks at its ends; "" when it is missing or no text. */
static const char *member_text(struct ds_arena *a, const json_t *member, const char *key)
{
    const json_t *value = json_object_get(member, key);

    return ds_text_trim(a, json_string_length(value) ? json_string_value(value) : "",
                        json_string_length(value));
}

static const char *read_team(struct ds_arena *a, const json_t *list, const char **why)
{
    size_t count = json_array_size(list);
    struct member *members = ds_arena_alloc(a, (count + 1) * sizeof(*members));

    if (!members)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        const json_t *from = json_array_get(list, i);
        struct member *m = &members[i];

        *m = (struct member){member_text(a, from, "email"), member_text(a, from, "name"),
                             member_text(a, from, "phone"), NULL};
        if (!m->email || !m->name || !m->phone || !(m->key = ds_text_lower(a, m->email)))
            return NULL;
        if (!*m->email || !*m->name || !*m->phone) {
            *why = "has a member without email, name or phone";
            return NULL;
        }
    }
    qsort(members, count, sizeof(*members), by_key);
    for (size_t i = 1; i < count; i++) {
        if (by_key(&members[i - 1], &members[i]) == 0) {
            *why = "has two members of one email";
            return NULL;
        }
    }
    return write_team(a, members, count);
}

const char *ds_form_team(struct ds_arena *a, const struct ds_field_row *row, const char *text,
                         const char **why)
{
    json_t *list = json_loads(text, 0, NULL);
    const char *team = NULL;

    (void)row;
    if (json_array_size(list))
        team = read_team(a, list, why);
    else
        *why = "is not a team (a JSON array of email, name and phone)";
    json_decref(list);
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

const char **ds_list_split(struct ds_arena *a, const char *text, size_t *count)
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

static const char *split_list(struct ds_arena *a, const char *text, const char **why)
{
    size_t count;
    const char **items = ds_list_split(a, text, &count);

    if (!items)
        return NULL;
    if (count)
        return ds_list_write(a, items, count);
    *why = "names no solution";
    return NULL;
}

static const char *read_list(struct ds_arena *a, const json_t *list, const char **why)
{
    size_t count = json_array_size(list);
    const char **items = ds_arena_alloc(a, (count + 1) * sizeof(*items));

    for (size_t i = 0; items && i < count; i++) {
        items[i] = json_string_value(json_array_get(list, i));
        if (!items[i] || !*items[i])
            count = 0;
    }
    if (count)
        return items ? ds_list_write(a, items, count) : NULL;
    *why = "is not a list of solutions (a JSON array of ids)";
    return NULL;
}

/* What the store holds is JSON; what people write is "a; b". */
const char *ds_form_solutions(struct ds_arena *a, const struct ds_field_row *row, const char *text,
                              const char **why)
{
    json_t *list;
    const char *value;

    (void)row;
    if (*text != '[')
        return split_list(a, text, why);
    list = json_loads(text, 0, NULL);
    value = read_list(a, list, why);
    json_decref(list);
    return value;
}
