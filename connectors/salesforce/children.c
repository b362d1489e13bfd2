#include "connectors/salesforce/children.h"

#include "base/log.h"
#include "base/text.h"
#include "connectors/salesforce/id.h"

#include <stdlib.h>
#include <string.h>

static const struct ds_sf_kind kinds[] = {
    {"OpportunityTeamMembers", "OpportunityTeamMember", "User",
     "the org has no opportunity teams, or hides them: switch on Setup > Opportunity Team "
     "Settings, "
     "or take the path out of the mapping"},
    {"OpportunityContactRoles", "OpportunityContactRole", "Contact",
     "give the user 'Read' on Contact, or take the path out of the mapping"},
    {"OpportunityLineItems.", "OpportunityLineItem", NULL,
     "the org has no products, or hides them: give the user 'Read' on Product, or take the path "
     "out "
     "of the mapping"},
};

const struct ds_sf_kind *ds_sf_child_kind(const char *path)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].person ? ds_text_same_nocase(path, kinds[i].path)
                            : strncasecmp(path, kinds[i].path, strlen(kinds[i].path)) == 0)
            return &kinds[i];
    return NULL;
}

int ds_sf_children_init(struct ds_sf_children *children, struct ds_remote *remote,
                        const struct ds_query *query, struct ds_err *err)
{
    *children = (struct ds_sf_children){.remote = remote, .most = DS_SF_CHILD_IDS};
    ds_buf_init(&children->text, DS_MAX_FIELD);
    children->list = ds_arena_alloc(&children->arena, (query->count + 1) * sizeof(*children->list));
    if (!children->list)
        return ds_fail_nomem(err);
    for (size_t i = 0; i < query->count; i++) {
        const struct ds_sf_kind *kind = ds_sf_child_kind(query->paths[i]);

        if (kind)
            children->list[children->count++] = (struct ds_sf_list){
                .kind = kind,
                .path = i,
                .field = kind->person
                             ? NULL
                             : ds_arena_dup(&children->arena, query->paths[i] + strlen(kind->path)),
            };
    }
    return DS_OK;
}

void ds_sf_children_clear(struct ds_sf_children *children)
{
    for (size_t i = 0; i < children->count; i++)
        free(children->list[i].child);
    ds_arena_clear(&children->arena);
    ds_arena_clear(&children->page);
    ds_buf_clear(&children->text);
    *children = (struct ds_sf_children){0};
}

void ds_sf_children_columns(const struct ds_sf_list *list, struct ds_buf *out)
{
    const char *person = list->kind->person;

    ds_buf_add(out, "OpportunityId,");
    if (person)
        ds_buf_addf(out, "%s.Email,%s.Name,%s.Phone", person, person, person);
    else
        ds_buf_add(out, list->field);
}

/* --- rows ------------------------------------------------------------------------------------ */

/* The text at "Product2.ProductCode" of a row; NULL when it or a parent is null (SF-41). */
static const char *text_at(const json_t *row, const char *path)
{
    char key[128];

    for (;;) {
        size_t len = strcspn(path, ".");

        if (len >= sizeof(key))
            return NULL;
        memcpy(key, path, len);
        key[len] = '\0';
        if (path[len] == '\0')
            return ds_json_text(row, key);
        row = json_object_get(row, key);
        path += len + 1;
    }
}

static void add_member(struct ds_buf *out, const char *name, const char *value)
{
    ds_buf_addf(out, "%s\"%s\":", *name == 'e' ? "" : ",", name);
    ds_text_to_json(out, value ? value : "");
}

/* The text of a child; NULL when it has none. */
static const char *child_text(struct ds_sf_children *children, const struct ds_sf_list *list,
                              const json_t *row)
{
    const json_t *person = list->kind->person ? json_object_get(row, list->kind->person) : NULL;
    const char *text =
        list->kind->person ? ds_json_text(person, "Email") : text_at(row, list->field);

    if (!text || !*text)
        return NULL;
    ds_buf_reset(&children->text);
    if (list->kind->person) {
        ds_buf_add_char(&children->text, '{');
        add_member(&children->text, "email", text);
        add_member(&children->text, "name", ds_json_text(person, "Name"));
        add_member(&children->text, "phone", ds_json_text(person, "Phone"));
        ds_buf_add_char(&children->text, '}');
    } else {
        ds_text_to_json(&children->text, text);
    }
    return children->text.text;
}

static void tell(struct ds_sf_children *children, const struct ds_sf_list *list, const char *id)
{
    if (children->told || !list->kind->person)
        return;
    children->told = true;
    ds_log(DS_LOG_WARNING,
           "%s of opportunity %s: someone has no email address and is left out; so may others be",
           list->kind->path, id);
}

int ds_sf_children_take(struct ds_sf_children *children, struct ds_sf_list *list, const json_t *row,
                        struct ds_err *err)
{
    const char *owner = ds_json_text(row, "OpportunityId");
    const char *text = child_text(children, list, row);
    char id[DS_SF_ID];

    if (!owner || !ds_sf_id(owner, id))
        return ds_fail(err, DS_E_REMOTE, "a row of %s does not tell its opportunity",
                       list->kind->object);
    if (!text) {
        tell(children, list, id);
        return DS_OK;
    }
    if (list->count == list->size) {
        size_t size = list->size ? list->size * 2 : 256;
        struct ds_sf_child *more = realloc(list->child, size * sizeof(*more));

        if (!more)
            return ds_fail_nomem(err);
        list->child = more;
        list->size = size;
    }
    list->child[list->count] = (struct ds_sf_child){.id = ds_arena_dup(&children->page, id),
                                                    .text = ds_arena_dup(&children->page, text)};
    if (!list->child[list->count].id || !list->child[list->count].text ||
        ds_buf_failed(&children->text))
        return ds_fail_nomem(err);
    list->count++;
    return DS_OK;
}

static int by_owner_and_text(const void *a, const void *b)
{
    const struct ds_sf_child *left = a, *right = b;
    int owner = strcmp(left->id, right->id);

    return owner ? owner : strcmp(left->text, right->text);
}

void ds_sf_children_sort(struct ds_sf_children *children)
{
    for (size_t i = 0; i < children->count; i++)
        if (children->list[i].count)
            qsort(children->list[i].child, children->list[i].count,
                  sizeof(*children->list[i].child), by_owner_and_text);
}

/* The first child of an opportunity, or where it would be. */
static size_t first_of(const struct ds_sf_list *list, const char *id)
{
    size_t lo = 0, hi = list->count;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (strcmp(list->child[mid].id, id) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

bool ds_sf_children_values(struct ds_sf_children *children, const char *id, struct ds_value *values)
{
    for (size_t i = 0; i < children->count; i++) {
        const struct ds_sf_list *list = &children->list[i];
        size_t first = first_of(list, id), at = first;
        struct ds_buf *out = &children->text;
        char *text;

        ds_buf_reset(out);
        for (; at < list->count && strcmp(list->child[at].id, id) == 0; at++) {
            if (at > first && strcmp(list->child[at].text, list->child[at - 1].text) == 0)
                continue;
            ds_buf_add_char(out, at == first ? '[' : ',');
            ds_buf_add(out, list->child[at].text);
        }
        values[list->path] = (struct ds_value){0};
        if (at == first)
            continue;
        ds_buf_add_char(out, ']');
        text = ds_buf_failed(out) ? NULL : ds_arena_dup(&children->page, out->text);
        if (!text)
            return false;
        values[list->path] = (struct ds_value){text, out->len};
    }
    return true;
}
