#include "tests/sim/expr.h"

#include <stdlib.h>

struct expr *expr_join(enum op op, struct expr *left, struct expr *right)
{
    struct expr *e = grab(sizeof *e);

    e->op = op;
    e->left = left;
    e->right = right;
    return e;
}

struct expr *expr_compare(enum op op, const struct field *field, char *text)
{
    struct expr *e = grab(sizeof *e);

    e->op = op;
    e->field = field;
    e->owned = text;
    if (text && !val_parse(form_kind(field->form), text, &e->literal)) {
        expr_free(e);
        return NULL;
    }
    return e;
}

struct expr *expr_list(const struct field *field)
{
    struct expr *e = grab(sizeof *e);

    e->op = OP_IN;
    e->field = field;
    return e;
}

void expr_list_add(struct expr *list, struct expr *equal)
{
    if ((list->namong & (list->namong + 1)) == 0)
        list->among = regrab(list->among, (list->namong * 2 + 1) * sizeof(void *));
    list->among[list->namong++] = equal;
}

static int among_cmp(const void *a, const void *b)
{
    return val_cmp(&(*(struct expr *const *)a)->literal, &(*(struct expr *const *)b)->literal);
}

void expr_list_close(struct expr *list)
{
    if (list->namong)
        qsort(list->among, list->namong, sizeof(void *), among_cmp);
}

static int find_cmp(const void *value, const void *b)
{
    return val_cmp(value, &(*(struct expr *const *)b)->literal);
}

static bool is_among(const struct expr *list, const struct row *row)
{
    struct val v;

    field_get(row, list->field, &v);
    return list->namong && bsearch(&v, list->among, list->namong, sizeof(void *), find_cmp);
}

void expr_free(struct expr *e)
{
    if (!e)
        return;
    expr_free(e->left);
    expr_free(e->right);
    for (size_t i = 0; i < e->namong; i++)
        expr_free(e->among[i]);
    free(e->among);
    free(e->owned);
    free(e);
}

static bool compare(const struct expr *e, const struct row *row)
{
    struct val v;
    bool null;
    int order;

    field_get(row, e->field, &v);
    null = v.kind == V_NULL || e->literal.kind == V_NULL;
    order = val_cmp(&v, &e->literal);
    switch ((int)e->op) {
    case OP_EQ: return order == 0;
    case OP_NE: return order != 0;
    case OP_LT: return !null && order < 0;
    case OP_LE: return !null && order <= 0;
    case OP_GT: return !null && order > 0;
    default: return !null && order >= 0;
    }
}

bool expr_true(const struct expr *e, const struct row *row)
{
    if (!e)
        return true;
    switch ((int)e->op) {
    case OP_AND: return expr_true(e->left, row) && expr_true(e->right, row);
    case OP_OR: return expr_true(e->left, row) || expr_true(e->right, row);
    case OP_NOT: return !expr_true(e->left, row);
    case OP_IN: return is_among(e, row);
    default: return compare(e, row);
    }
}

/* The first index whose value is not below the literal, or, with `beyond`, above it. */
static uint32_t bound(const struct expr *e, const struct entity *entity, bool beyond)
{
    uint32_t from = 0, to = entity->count();
    struct row row;
    struct val v;

    while (from < to) {
        uint32_t mid = from + (to - from) / 2;
        int order;

        entity->load(mid, &row);
        field_get(&row, e->field, &v);
        order = val_cmp(&v, &e->literal);
        if (order < 0 || (beyond && order == 0))
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

static uint32_t lower(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t higher(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static struct span span_of(const struct expr *e, const struct entity *entity)
{
    struct span all = {0, entity->count()};

    if (!(e->field->flags & ASCENDING) || e->literal.kind == V_NULL)
        return all;
    if (e->op == OP_EQ || e->op == OP_GE || e->op == OP_GT)
        all.from = bound(e, entity, e->op == OP_GT);
    if (e->op == OP_EQ || e->op == OP_LE || e->op == OP_LT)
        all.to = bound(e, entity, e->op != OP_LT);
    return all;
}

struct span expr_span(const struct expr *e, const struct entity *entity)
{
    struct span all = {0, entity->count()}, a, b;

    if (!e || e->op == OP_NOT || e->op == OP_NE)
        return all;
    if (e->op == OP_IN) {
        if (!(e->field->flags & ASCENDING) || !e->namong)
            return all;
        return (struct span){span_of(e->among[0], entity).from,
                             span_of(e->among[e->namong - 1], entity).to};
    }
    if (e->op != OP_AND && e->op != OP_OR)
        return span_of(e, entity);
    a = expr_span(e->left, entity);
    b = expr_span(e->right, entity);
    if (e->op == OP_AND)
        return (struct span){higher(a.from, b.from), lower(a.to, b.to)};
    if (a.from >= a.to)
        return b;
    return b.from >= b.to ? a : (struct span){lower(a.from, b.from), higher(a.to, b.to)};
}

/* A list on an ascending field that everything else is joined to with AND. */
static const struct expr *ruling_list(const struct expr *e)
{
    const struct expr *found = NULL;

    if (e && e->op == OP_IN)
        return e->field->flags & ASCENDING ? e : NULL;
    if (e && e->op == OP_AND && !(found = ruling_list(e->left)))
        found = ruling_list(e->right);
    return found;
}

size_t expr_spans(const struct expr *e, const struct entity *entity, struct span *out, size_t n)
{
    const struct expr *list = ruling_list(e);
    struct span whole = expr_span(e, entity);
    size_t used = 0;

    if (!list || list->namong > n) {
        out[0] = whole;
        return 1;
    }
    for (size_t i = 0; i < list->namong; i++) {
        struct span s = span_of(list->among[i], entity);

        s.from = higher(s.from, used ? out[used - 1].to : whole.from);
        s.to = lower(s.to, whole.to);
        if (s.from < s.to)
            out[used++] = s;
    }
    return used;
}
