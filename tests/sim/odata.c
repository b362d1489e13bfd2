#include "tests/sim/odata.h"
#include "tests/sim/dv_tables.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUID_LENGTH = 36 };

enum token_kind { T_END, T_WORD, T_STRING, T_SIGN };

struct parser {
    const char *at; /* behind the token */
    enum token_kind kind;
    const char *token;
    size_t len;
    struct odata *o;
    struct odata_error *error;
};

static bool fail(struct parser *p, unsigned status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static bool fail(struct parser *p, unsigned status, const char *code, const char *format, ...)
{
    va_list args;

    if (p->error->status)
        return false;
    p->error->status = status;
    snprintf(p->error->code, sizeof p->error->code, "%s", code);
    va_start(args, format);
    vsnprintf(p->error->message, sizeof p->error->message, format, args);
    va_end(args);
    return false;
}

static bool unexpected(struct parser *p)
{
    return fail(p, 400, "0x0", "Syntax error: '%.*s' is not expected here.",
                p->kind == T_END ? 3 : (int)p->len, p->kind == T_END ? "end" : p->token);
}

const char *odata_type(const struct entity *entity)
{
    return dv_table(entity)->type;
}

/* ---- tokens ---- */

static size_t string_length(const char *s)
{
    size_t n = 1;

    while (s[n] && (s[n] != '\'' || s[n + 1] == '\''))
        n += s[n] == '\'' ? 2 : 1;
    return s[n] ? n + 1 : 0;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || (c && strchr("_.:+-$@/", c));
}

static bool next(struct parser *p)
{
    const char *s = p->at + strspn(p->at, " \t");

    p->token = s;
    p->len = 0;
    if (!*s) {
        p->kind = T_END;
    } else if (*s == '\'') {
        p->kind = T_STRING;
        p->len = string_length(s);
        if (!p->len)
            return fail(p, 400, "0x0", "There is an unterminated string literal.");
    } else if (in_word(*s) && *s != '/') {
        p->kind = T_WORD;
        while (in_word(s[p->len]))
            p->len++;
    } else {
        p->kind = T_SIGN;
        p->len = 1;
    }
    p->at = s + p->len;
    return true;
}

static bool is(const struct parser *p, const char *word)
{
    return p->kind != T_STRING && strlen(word) == p->len && memcmp(p->token, word, p->len) == 0;
}

static bool accept(struct parser *p, const char *word)
{
    return is(p, word) && next(p);
}

static bool expect(struct parser *p, const char *word)
{
    return is(p, word) ? next(p) : unexpected(p);
}

static struct parser sub_parser(const struct parser *p, const char *text)
{
    return (struct parser){.at = text, .o = p->o, .error = p->error};
}

/* ---- properties ---- */

static bool is_navigation(const struct entity *e, const char *name, size_t len)
{
    char lookup[96];

    snprintf(lookup, sizeof lookup, "_%.*s_value", (int)len, name);
    return entity_group(e, name, len) || entity_field(e, lookup, strlen(lookup));
}

/* A property by its path, where a parent's are written parent/property. */
static const struct field *resolve(struct parser *p, const char *name, size_t len)
{
    const struct entity *e = p->o->entity;
    const struct field *f = NULL;
    char path[128];
    char *slash;

    snprintf(path, sizeof path, "%.*s", (int)len, name);
    slash = strchr(path, '/');
    if (slash)
        *slash = '.';
    if (!memchr(name, '.', len))
        f = entity_field(e, path, strlen(path));
    if (!f && !slash && is_navigation(e, name, len))
        fail(p, 400, "0x80060888",
             "The navigation property '%.*s' cannot be used here; use its lookup property "
             "'_%.*s_value'.",
             (int)len, name, (int)len, name);
    else if (!f)
        fail(p, 400, "0x0",
             "Could not find a property named '%.*s' on type 'Microsoft.Dynamics.CRM.%s'.",
             (int)len, name, odata_type(e));
    return f;
}

static const struct field *property(struct parser *p)
{
    const struct field *f;

    if (p->kind != T_WORD) {
        unexpected(p);
        return NULL;
    }
    f = resolve(p, p->token, p->len);
    return f && next(p) ? f : NULL;
}

static bool add_column(struct parser *p, const struct field *f, const struct group *group)
{
    struct odata *o = p->o;

    for (size_t i = 0; i < o->ncolumns; i++)
        if (o->columns[i].field == f)
            return true;
    if (o->ncolumns == MAX_ODATA_COLUMNS)
        return fail(p, 400, "0x0", "Too many properties are selected.");
    o->columns[o->ncolumns++] =
        (struct odata_column){f, group, group ? entity_group_key(o->entity, group) : NULL};
    return true;
}

/* ---- $select ---- */

static bool add_named(struct parser *p, const char *name)
{
    const struct field *f = entity_field(p->o->entity, name, strlen(name));

    return !f || add_column(p, f, NULL);
}

static bool parse_select(struct parser *p)
{
    bool money = false;

    do {
        const struct field *f = property(p);

        if (!f || !add_column(p, f, NULL))
            return false;
        money |= f->form == F_MONEY;
    } while (accept(p, ","));
    return p->kind == T_END ? !money || add_named(p, "_transactioncurrencyid_value")
                            : unexpected(p);
}

static bool select_all(struct parser *p)
{
    const struct entity *e = p->o->entity;

    for (size_t i = 0; i < e->nfields; i++)
        if (!strchr(e->fields[i].name, '.') && !add_column(p, &e->fields[i], NULL))
            return false;
    return true;
}

/* ---- $expand ---- */

static bool add_child(struct parser *p, const struct group *g, const char *name, size_t len)
{
    char path[160];
    const struct field *f;

    snprintf(path, sizeof path, "%s.%.*s", g->name, (int)len, name);
    f = entity_field(p->o->entity, path, strlen(path));
    if (!f)
        return fail(p, 400, "0x0",
                    "Could not find a property named '%.*s' on type 'Microsoft.Dynamics.CRM.%s'.",
                    (int)len, name, g->type);
    return add_column(p, f, g);
}

static bool add_children(struct parser *p, const struct group *g)
{
    const struct entity *e = p->o->entity;
    size_t n = strlen(g->name);

    for (size_t i = 0; i < e->nfields; i++)
        if (text_starts(e->fields[i].name, g->name) && e->fields[i].name[n] == '.' &&
            !add_column(p, &e->fields[i], g))
            return false;
    return true;
}

static bool parse_child_select(struct parser *p, const struct group *g)
{
    if (!expect(p, "$select") || !expect(p, "="))
        return false;
    do {
        if (p->kind != T_WORD)
            return unexpected(p);
        if (!add_child(p, g, p->token, p->len) || !next(p))
            return false;
    } while (accept(p, ","));
    return expect(p, ")") &&
           add_child(p, g, strchr(g->key, '.') + 1, strlen(strchr(g->key, '.') + 1));
}

static bool parse_expand(struct parser *p)
{
    do {
        const struct group *g =
            p->kind == T_WORD ? entity_group(p->o->entity, p->token, p->len) : NULL;

        if (!g)
            return fail(p, 400, "0x0",
                        "Could not find a property named '%.*s' on type "
                        "'Microsoft.Dynamics.CRM.%s'.",
                        (int)p->len, p->token, odata_type(p->o->entity));
        if (!next(p) || !(accept(p, "(") ? parse_child_select(p, g) : add_children(p, g)))
            return false;
    } while (accept(p, ","));
    return p->kind == T_END || unexpected(p);
}

/* ---- $filter ---- */

static char *unquote(const char *s, size_t n)
{
    char *out = regrab(NULL, n + 1);
    size_t len = 0;

    for (size_t i = 1; i + 1 < n; i++) {
        out[len++] = s[i];
        i += s[i] == '\'';
    }
    out[len] = '\0';
    return out;
}

static const char *edm_type(const struct field *f)
{
    static const char *const names[] = {
        [V_NULL] = "Edm.Null",           [V_TEXT] = "Edm.String",  [V_ID] = "Edm.Guid",
        [V_NUMBER] = "Edm.Decimal",      [V_BOOL] = "Edm.Boolean", [V_DATE] = "Edm.Date",
        [V_TIME] = "Edm.DateTimeOffset",
    };

    return names[form_kind(f->form)];
}

static struct expr *literal(struct parser *p, enum op op, const struct field *f)
{
    enum kind kind = form_kind(f->form);
    struct expr *e;
    char *text;

    if (accept(p, "null"))
        return expr_compare(op, f, NULL);
    if (p->kind != T_WORD && p->kind != T_STRING) {
        unexpected(p);
        return NULL;
    }
    if ((kind == V_TEXT) != (p->kind == T_STRING)) {
        fail(
            p, 400, "0x80060888",
            "A binary operator with incompatible types was detected: '%s' is of type %s and '%.*s' "
            "is not.",
            f->name, edm_type(f), (int)p->len, p->token);
        return NULL;
    }
    text = kind == V_TEXT ? unquote(p->token, p->len) : grab_text(p->token, p->len);
    for (char *c = text; kind == V_ID && *c; c++)
        *c = (char)tolower((unsigned char)*c);
    e = expr_compare(op, f, text);
    if (kind == V_ID && e && e->literal.len != GUID_LENGTH) {
        expr_free(e);
        e = NULL;
    }
    if (!e)
        fail(p, 400, "0x80060888", "'%.*s' is not of type %s.", (int)p->len, p->token, edm_type(f));
    if (e && !next(p)) {
        expr_free(e);
        return NULL;
    }
    return e;
}

static bool operator_of(struct parser *p, enum op *op)
{
    static const char *const words[] = {
        [OP_EQ] = "eq", [OP_NE] = "ne", [OP_LT] = "lt",
        [OP_LE] = "le", [OP_GT] = "gt", [OP_GE] = "ge",
    };

    for (int i = OP_EQ; i <= OP_GE; i++) {
        if (is(p, words[i])) {
            *op = (enum op)i;
            return next(p);
        }
    }
    return unexpected(p);
}

static struct expr *parse_or(struct parser *p, int depth);

/* contains(name,'x') and its kin; % and _ of the text are SQL's. */
static struct expr *parse_function(struct parser *p, const char *before, const char *behind)
{
    const struct field *f;
    struct buf pattern = {0};
    struct expr *e;
    char *text;

    if (!next(p) || !expect(p, "("))
        return NULL;
    f = property(p);
    if (!f || !expect(p, ","))
        return NULL;
    if (p->kind != T_STRING || form_kind(f->form) != V_TEXT) {
        unexpected(p);
        return NULL;
    }
    text = unquote(p->token, p->len);
    buf_addf(&pattern, "%s%s%s", before, text, behind);
    free(text);
    e = expr_compare(OP_LIKE, f, pattern.at);
    if (next(p) && expect(p, ")"))
        return e;
    expr_free(e);
    return NULL;
}

static struct expr *parse_unary(struct parser *p, int depth)
{
    const struct field *f;
    struct expr *e;
    enum op op = OP_EQ;

    if (depth > 50) {
        fail(p, 400, "0x0", "The filter is nested too deeply.");
        return NULL;
    }
    if (accept(p, "not")) {
        e = parse_unary(p, depth + 1);
        return e ? expr_join(OP_NOT, e, NULL) : NULL;
    }
    if (is(p, "contains"))
        return parse_function(p, "%", "%");
    if (is(p, "startswith"))
        return parse_function(p, "", "%");
    if (is(p, "endswith"))
        return parse_function(p, "%", "");
    if (!accept(p, "(")) {
        f = property(p);
        return f && operator_of(p, &op) ? literal(p, op, f) : NULL;
    }
    e = parse_or(p, depth + 1);
    if (e && !expect(p, ")")) {
        expr_free(e);
        return NULL;
    }
    return e;
}

static struct expr *chain(struct parser *p, enum op op, const char *word, int depth)
{
    struct expr *left = op == OP_OR ? chain(p, OP_AND, "and", depth) : parse_unary(p, depth);

    while (left && accept(p, word)) {
        struct expr *right = op == OP_OR ? chain(p, OP_AND, "and", depth) : parse_unary(p, depth);

        if (!right) {
            expr_free(left);
            return NULL;
        }
        left = expr_join(op, left, right);
    }
    return left;
}

static struct expr *parse_or(struct parser *p, int depth)
{
    return chain(p, OP_OR, "or", depth);
}

static bool add_condition(struct parser *p)
{
    struct expr *e = parse_or(p, 0);

    if (e)
        p->o->where = p->o->where ? expr_join(OP_AND, p->o->where, e) : e;
    return e != NULL;
}

static bool parse_filter(struct parser *p)
{
    return add_condition(p) && (p->kind == T_END || unexpected(p));
}

/* ---- the other options ---- */

static bool parse_orderby(struct parser *p)
{
    struct scan *scan = &p->o->scan;

    do {
        struct sort_key *k = &scan->order[scan->norder];

        if (scan->norder == MAX_SORT_KEYS)
            return fail(p, 400, "0x0", "Too many properties in $orderby.");
        k->field = property(p);
        if (!k->field)
            return false;
        k->down = accept(p, "desc");
        if (!k->down)
            accept(p, "asc");
        scan->norder++;
    } while (accept(p, ","));
    return p->kind == T_END || unexpected(p);
}

static bool parse_top(struct parser *p)
{
    char *end;

    p->o->has_top = true;
    p->o->top = strtoull(p->token, &end, 10);
    return p->kind == T_WORD && end == p->token + p->len ? true : unexpected(p);
}

static bool parse_count(struct parser *p)
{
    p->o->count = is(p, "true");
    return p->o->count || is(p, "false") || unexpected(p);
}

/* [filter(...)/]groupby((a[,b]),aggregate($count as n)) */
static bool parse_apply(struct parser *p)
{
    struct odata *o = p->o;

    if (accept(p, "filter") &&
        (!expect(p, "(") || !add_condition(p) || !expect(p, ")") || !expect(p, "/")))
        return false;
    if (!expect(p, "groupby") || !expect(p, "(") || !expect(p, "("))
        return false;
    do {
        if (o->ngroups == MAX_GROUP_FIELDS)
            return fail(p, 501, "0x0", "The simulator groups by at most two properties.");
        o->groups[o->ngroups] = property(p);
        if (!o->groups[o->ngroups++])
            return false;
    } while (accept(p, ","));
    if (!expect(p, ")") || !expect(p, ",") || !expect(p, "aggregate") || !expect(p, "(") ||
        !expect(p, "$count") || !expect(p, "as"))
        return false;
    snprintf(o->alias, sizeof o->alias, "%.*s", (int)p->len, p->token);
    return p->kind == T_WORD && next(p) && expect(p, ")") && expect(p, ")") &&
           (p->kind == T_END || unexpected(p));
}

static bool parse_option(struct parser *p, const char *name, const char *value)
{
    static const struct {
        const char *name;
        bool (*parse)(struct parser *);
    } known[] = {
        {"$select", parse_select}, {"$expand", parse_expand},   {"$filter", parse_filter},
        {"$top", parse_top},       {"$orderby", parse_orderby}, {"$count", parse_count},
        {"$apply", parse_apply},
    };
    struct parser sub = sub_parser(p, value);

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, name) == 0)
            return next(&sub) && known[i].parse(&sub);
    if (strcmp(name, "$skip") == 0)
        return fail(p, 400, "0x80060888", "Skip Clause is not supported in CRM");
    if (strcmp(name, "$search") == 0)
        return fail(p, 501, "0x80060888", "The $search query option is not supported.");
    return fail(p, 400, "0x80060888", "The query parameter '%s' is not supported.", name);
}

/* Own columns must come before those of parents, so $expand waits for the rest. */
static bool parse_options(struct parser *p, const char *query, bool expands)
{
    while (*query) {
        size_t n = strcspn(query, "&");
        size_t key = strcspn(query, "=&");
        char *name = text_decode(query, key, true);
        char *value = key < n ? text_decode(query + key + 1, n - key - 1, true) : NULL;
        bool good = true;

        if (!name || !value)
            good = fail(p, 400, "0x0", "The query '%.*s' is malformed.", (int)n, query);
        else if ((strcmp(name, "$expand") == 0) == expands)
            good = parse_option(p, name, value);
        free(name);
        free(value);
        if (!good)
            return false;
        query += query[n] ? n + 1 : n;
    }
    return true;
}

bool odata_parse(const struct entity *entity, const char *query, struct odata *o,
                 struct odata_error *error)
{
    struct parser p = {.o = o, .error = error};
    bool good;

    *o = (struct odata){.entity = entity};
    *error = (struct odata_error){0};
    good = parse_options(&p, query, false) && (o->ncolumns || select_all(&p)) &&
           add_column(&p, entity_key(entity), NULL) && parse_options(&p, query, true);
    o->scan.entity = entity;
    o->scan.where = o->where;
    return good;
}

void odata_free(struct odata *o)
{
    expr_free(o->where);
    o->where = NULL;
}
