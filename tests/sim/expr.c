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
    case OP_IN: return is_among(e, row);
    default: return compare(e, row);
    }
}

/* The first index whose value is not below the literal, or, with `beyond`, above it. */
static uint32_t bound(const struct field *field, const struct val *literal,
                      const struct entity *entity, bool beyond)
{
    uint32_t from = 0, to = entity->count();
    struct row row;
    struct val v;

    while (from < to) {
        uint32_t mid = from + (to - from) / 2;
        int order;

        entity->load(mid, &row);
        field_get(&row, field, &v);
        order = val_cmp(&v, literal);
        if (order < 0 || (beyond && order == 0))
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

static const struct field *stamp_of(const struct entity *entity)
{
    for (size_t i = 0; i < entity->nfields; i++)
        if (entity->fields[i].flags & STAMP)
            return &entity->fields[i];
    return NULL;
}

enum { DAY = 86400 };

/* Where rows can stand that were created at such a time: their stamps tell. */
static struct span created_span(const struct expr *e, const struct entity *entity)
{
    struct span all = {0, entity->count()};
    struct val stamp = e->literal;
    const struct field *f = stamp_of(entity);

    if (settings.dataset || !f)
        return all;
    stamp.num = e->literal.num + 30 * DAY;
    if (e->op == OP_EQ || e->op == OP_GE || e->op == OP_GT)
        all.from = bound(f, &stamp, entity, false);
    stamp.num = e->literal.num + 31 * DAY;
    if (e->op == OP_EQ || e->op == OP_LE || e->op == OP_LT)
        all.to = bound(f, &stamp, entity, true);
    return all;
}

static struct span compared_span(const struct expr *e, const struct entity *entity)
{
    struct span all = {0, entity->count()};

    if (e->op == OP_NOT || e->op == OP_NE || e->op == OP_LIKE || e->op == OP_IN ||
        e->literal.kind == V_NULL)
        return all;
    if (e->field->flags & CREATION)
        return created_span(e, entity);
    if (!(e->field->flags & ASCENDING))
        return all;
    if (e->op == OP_EQ || e->op == OP_GE || e->op == OP_GT)
        all.from = bound(e->field, &e->literal, entity, e->op == OP_GT);
    if (e->op == OP_EQ || e->op == OP_LE || e->op == OP_LT)
        all.to = bound(e->field, &e->literal, entity, e->op != OP_LT);
    return all;
}

/* Appends, joined with the last when they touch; one that finds no room widens the last. */
static void append(struct spans *out, struct span s)
{
    struct span *last = out->n ? &out->span[out->n - 1] : NULL;

    if (s.from >= s.to)
        return;
    if (last && (s.from <= last->to || out->n == MAX_SPANS))
        last->to = s.to > last->to ? s.to : last->to;
    else
        out->span[out->n++] = s;
}

static void unite(const struct spans *a, const struct spans *b, struct spans *out)
{
    size_t i = 0, j = 0;

    out->n = 0;
    while (i < a->n || j < b->n) {
        if (j == b->n || (i < a->n && a->span[i].from <= b->span[j].from))
            append(out, a->span[i++]);
        else
            append(out, b->span[j++]);
    }
}

static void intersect(const struct spans *a, const struct spans *b, struct spans *out)
{
    size_t i = 0, j = 0;

    out->n = 0;
    while (i < a->n && j < b->n) {
        struct span x = a->span[i], y = b->span[j];

        append(out, (struct span){x.from > y.from ? x.from : y.from, x.to < y.to ? x.to : y.to});
        if (x.to < y.to)
            i++;
        else
            j++;
    }
}

/* The list ascends. */
static void listed_spans(const struct expr *e, const struct entity *entity, struct spans *spans)
{
    for (size_t i = 0; i < e->namong; i++)
        append(spans, compared_span(e->among[i], entity));
}

void expr_spans(const struct expr *e, const struct entity *entity, struct spans *spans)
{
    struct spans *sides;

    spans->n = 0;
    if (e && e->op == OP_IN && e->field->flags & ASCENDING) {
        listed_spans(e, entity, spans);
        return;
    }
    if (!e || (e->op != OP_AND && e->op != OP_OR)) {
        append(spans, e ? compared_span(e, entity) : (struct span){0, entity->count()});
        return;
    }
    sides = grab(2 * sizeof *sides);
    expr_spans(e->left, entity, &sides[0]);
    expr_spans(e->right, entity, &sides[1]);
    if (e->op == OP_AND)
        intersect(&sides[0], &sides[1], spans);
    else
        unite(&sides[0], &sides[1], spans);
    free(sides);
}
