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

void expr_free(struct expr *e)
{
    if (!e)
        return;
    expr_free(e->left);
    expr_free(e->right);
    free(e->owned);
    free(e);
}

static unsigned char folded(char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : (unsigned char)c;
}

/* SQL's pattern: % any text, _ any byte, whatever the case. */
static bool like(const char *s, size_t n, const char *pattern, size_t m)
{
    size_t i = 0, j = 0, back = 0, star = SIZE_MAX;

    while (i < n) {
        if (j < m && pattern[j] == '%') {
            star = j++;
            back = i;
        } else if (j < m && (pattern[j] == '_' || folded(pattern[j]) == folded(s[i]))) {
            i++;
            j++;
        } else if (star != SIZE_MAX) {
            j = star + 1;
            i = ++back;
        } else {
            return false;
        }
    }
    while (j < m && pattern[j] == '%')
        j++;
    return j == m;
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
    case OP_LIKE: return !null && like(v.text, v.len, e->literal.text, e->literal.len);
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

struct span expr_span(const struct expr *e, const struct entity *entity)
{
    struct span all = {0, entity->count()}, a, b;

    if (!e || e->op == OP_NOT || e->op == OP_NE || e->op == OP_LIKE)
        return all;
    if (e->op == OP_AND || e->op == OP_OR) {
        a = expr_span(e->left, entity);
        b = expr_span(e->right, entity);
        if (e->op == OP_AND)
            return (struct span){higher(a.from, b.from), lower(a.to, b.to)};
        if (a.from >= a.to)
            return b;
        return b.from >= b.to ? a : (struct span){lower(a.from, b.from), higher(a.to, b.to)};
    }
    if (!(e->field->flags & ASCENDING) || e->literal.kind == V_NULL)
        return all;
    if (e->op == OP_EQ || e->op == OP_GE || e->op == OP_GT)
        all.from = bound(e, entity, e->op == OP_GT);
    if (e->op == OP_EQ || e->op == OP_LE || e->op == OP_LT)
        all.to = bound(e, entity, e->op != OP_LT);
    return all;
}
