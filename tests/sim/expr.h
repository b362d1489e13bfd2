/* Conditions of SOQL and OData, as a tree. */
#ifndef SIM_EXPR_H
#define SIM_EXPR_H

#include "tests/sim/entity.h"

enum op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_IN, OP_AND, OP_OR, OP_NOT, OP_LIKE };

struct expr {
    enum op op;
    struct expr *left, *right; /* AND, OR, NOT (left only) */
    const struct field *field; /* comparisons */
    struct val literal;
    char *owned;         /* the literal's text */
    struct expr **among; /* IN: comparisons with =, sorted by literal once the list is closed */
    size_t namong;
};

struct expr *expr_join(enum op op, struct expr *left, struct expr *right);
/* Takes over text; a null text compares with null. NULL when it is no value of that kind. */
struct expr *expr_compare(enum op op, const struct field *field, char *text);
/* An empty list to be filled, then closed. */
struct expr *expr_list(const struct field *field);
void expr_list_add(struct expr *list, struct expr *equal);
void expr_list_close(struct expr *list);
void expr_free(struct expr *e);

/* NULL is true. */
bool expr_true(const struct expr *e, const struct row *row);

/* Half-open ranges of indices outside which no unedited row can satisfy it: ascending, apart. */
enum { MAX_SPANS = 5000 };
struct span {
    uint32_t from, to;
};
struct spans {
    size_t n;
    struct span span[MAX_SPANS];
};
void expr_spans(const struct expr *e, const struct entity *entity, struct spans *spans);

#endif
