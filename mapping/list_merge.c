#include "mapping/lists.h"

#include "base/text.h"
#include "mapping/forms.h"

#include <stdlib.h>
#include <string.h>

enum { BASE, OURS, THEIRS, SIDES };

struct item {
    const char *key;
    const char *one; /* the canonical list of this item alone */
    int side;
};

struct items {
    struct item *list; /* of all sides, by key */
    size_t count;
};

static bool add(struct items *all, const char *key, const char *one, int side)
{
    all->list[all->count++] = (struct item){key, one, side};
    return key && one;
}

static const char *read_team(struct ds_arena *a, const char *text, struct items *all, int side)
{
    size_t count;
    const char *why = NULL;
    const struct ds_member *members = ds_team_read(a, text, &count, &why);

    if (!members)
        return why ? why : ds_why_nomem;
    all->list = ds_arena_alloc(a, count * sizeof(*all->list));
    for (size_t i = 0; all->list && i < count; i++)
        if (!add(all, ds_text_lower(a, members[i].email),
                 ds_team_one(a, members[i].name, members[i].email, members[i].phone), side))
            return ds_why_nomem;
    return all->list ? NULL : ds_why_nomem;
}

static const char *read_solutions(struct ds_arena *a, const char *text, struct items *all, int side)
{
    size_t count;
    const char **ids = ds_list_read(a, text, &count);

    all->list = ids ? ds_arena_alloc(a, (count + 1) * sizeof(*all->list)) : NULL;
    for (size_t i = 0; all->list && i < count; i++)
        if (!add(all, ids[i], ds_list_write(a, &(const char *){ids[i]}, 1), side))
            return ds_why_nomem;
    return all->list ? NULL : ds_why_nomem;
}

static int by_key(const void *a, const void *b)
{
    const struct item *left = a, *right = b;

    return strcmp(left->key, right->key);
}

/* The items of all three sides, in order; what is wrong with them, or NULL. */
static const char *read_all(struct ds_arena *a, enum ds_field f, const char *const text[SIDES],
                            struct items *all)
{
    struct items read[SIDES] = {{0}};
    const char *why = NULL;
    size_t count = 0;

    for (int s = 0; s < SIDES && !why; s++) {
        if (text[s])
            why = ds_fields[f].type == DS_T_TEAM ? read_team(a, text[s], &read[s], s)
                                                 : read_solutions(a, text[s], &read[s], s);
        count += read[s].count;
    }
    if (why)
        return why;
    all->list = ds_arena_alloc(a, (count + 1) * sizeof(*all->list));
    if (!all->list)
        return ds_why_nomem;
    for (int s = 0; s < SIDES; s++)
        for (size_t i = 0; i < read[s].count; i++)
            all->list[all->count++] = read[s].list[i];
    qsort(all->list, all->count, sizeof(*all->list), by_key);
    return NULL;
}

/* What becomes of one item; false: a person must say. */
static bool choose(const char *const one[SIDES], const char **out)
{
    const char *ours = one[OURS], *theirs = one[THEIRS];

    if (ds_same(ours, theirs) || ds_same(theirs, one[BASE]))
        *out = ours;
    else if (ds_same(ours, one[BASE]))
        *out = theirs;
    else if (ours && theirs && ds_text_same_nocase(ours, theirs))
        *out = strcmp(ours, theirs) < 0 ? ours : theirs;
    else
        return false;
    return true;
}

/* Appends the item of a list of one, which is what stands between the brackets. */
static void append(struct ds_buf *out, const char *one)
{
    ds_buf_add_char(out, out->len ? ',' : '[');
    ds_buf_add_bytes(out, one + 1, strlen(one) - 2);
}

static const char *merge_all(struct ds_arena *a, const struct items *all, struct ds_buf *out)
{
    for (size_t i = 0, next; i < all->count; i = next) {
        const char *one[SIDES] = {NULL}, *chosen;

        for (next = i; next < all->count && by_key(&all->list[i], &all->list[next]) == 0; next++)
            one[all->list[next].side] = all->list[next].one;
        if (!choose(one, &chosen)) {
            chosen = ds_arena_printf(a, "both sides changed '%s'", all->list[i].key);
            return chosen ? chosen : ds_why_nomem;
        }
        if (chosen)
            append(out, chosen);
    }
    return NULL;
}

const char *ds_list_merge(struct ds_arena *a, enum ds_field f, const char *base, const char *ours,
                          const char *theirs, const char **clash)
{
    const char *const text[SIDES] = {base, ours, theirs};
    struct ds_buf out = DS_BUF_INIT(DS_MAX_FIELD);
    struct items all = {0};
    const char *merged = NULL;

    *clash = read_all(a, f, text, &all);
    if (!*clash)
        *clash = merge_all(a, &all, &out);
    if (!*clash && out.len) {
        ds_buf_add_char(&out, ']');
        merged = ds_buf_failed(&out) ? NULL : ds_arena_dup(a, out.text);
        *clash = merged ? NULL : ds_why_nomem;
    }
    ds_buf_clear(&out);
    return merged;
}
