#include "tests/sim/soql.h"
#include "tests/sim/sf_tables.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LONGEST_LITERAL = 4000 };

enum token_kind { T_END, T_NAME, T_LITERAL, T_STRING, T_SIGN };

struct parser {
    const char *at; /* behind the token */
    enum token_kind kind;
    const char *token;
    size_t len;
    struct soql *query;
    struct soql_error *error;
    enum { WHOLE, CHILDREN, SEMI_JOIN } part;
};

/* What stands between SELECT and FROM, before the object is known. */
struct item {
    const char *path, *alias;
    size_t path_len, alias_len;
    enum soql_function function;
    struct soql *sub;
};

static bool fail(struct parser *p, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fail(struct parser *p, const char *code, const char *format, ...)
{
    va_list args;

    if (p->error->code)
        return false;
    p->error->code = code;
    va_start(args, format);
    vsnprintf(p->error->message, sizeof p->error->message, format, args);
    va_end(args);
    return false;
}

static bool unexpected(struct parser *p)
{
    if (p->kind == T_END)
        return fail(p, "MALFORMED_QUERY", "unexpected token: '<EOF>'");
    return fail(p, "MALFORMED_QUERY", "unexpected token: '%.*s'", (int)p->len, p->token);
}

/* ---- tokens ---- */

static size_t string_length(const char *s)
{
    size_t n = 1;

    while (s[n] && s[n] != '\'')
        n += s[n] == '\\' && s[n + 1] ? 2 : 1;
    return s[n] ? n + 1 : 0;
}

static size_t sign_length(const char *s)
{
    if ((s[0] == '!' && s[1] == '=') || (s[0] == '<' && (s[1] == '=' || s[1] == '>')) ||
        (s[0] == '>' && s[1] == '='))
        return 2;
    return 1;
}

static bool next(struct parser *p)
{
    const char *s = p->at + strspn(p->at, " \t\r\n");

    p->token = s;
    if (!*s) {
        p->kind = T_END;
        p->len = 0;
    } else if (isalpha((unsigned char)*s) || *s == '_') {
        p->kind = T_NAME;
        for (p->len = 1; isalnum((unsigned char)s[p->len]) || s[p->len] == '_' || s[p->len] == '.';)
            p->len++;
    } else if (isdigit((unsigned char)*s) || *s == '-' || *s == '+' || *s == '.') {
        p->kind = T_LITERAL;
        for (p->len = 1;
             isalnum((unsigned char)s[p->len]) || (s[p->len] && strchr(".:+-", s[p->len]));)
            p->len++;
    } else if (*s == '\'') {
        p->kind = T_STRING;
        p->len = string_length(s);
        if (!p->len)
            return fail(p, "MALFORMED_QUERY", "unterminated string literal");
    } else {
        p->kind = T_SIGN;
        p->len = sign_length(s);
    }
    p->at = s + p->len;
    return true;
}

static bool is(const struct parser *p, const char *word)
{
    return p->kind != T_STRING && strlen(word) == p->len &&
           strncasecmp(p->token, word, p->len) == 0;
}

static bool accept(struct parser *p, const char *word)
{
    return is(p, word) && next(p);
}

static bool expect(struct parser *p, const char *word)
{
    return is(p, word) ? next(p) : unexpected(p);
}

static char *unescape(const char *s, size_t n)
{
    static const char from[] = "nrtbf\\'\"", to[] = "\n\r\t\b\f\\'\"";
    char *out = regrab(NULL, n + 1);
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        const char *known;

        if (s[i] == '\\') {
            known = i + 1 < n ? strchr(from, s[++i]) : NULL;
            if (!known) {
                free(out);
                return NULL;
            }
            out[len++] = to[known - from];
        } else {
            out[len++] = s[i];
        }
    }
    out[len] = '\0';
    return out;
}

/* ---- names ---- */

static const struct field *resolve(struct parser *p, const char *name, size_t len)
{
    const struct entity *e = p->query->entity;
    const struct field *f = entity_field(e, name, len);
    const char *dot = memchr(name, '.', len);

    if (f)
        return f;
    if (dot && !entity_group(e, name, (size_t)(dot - name)))
        fail(p, "INVALID_FIELD",
             "Didn't understand relationship '%.*s' in field path. If you are attempting to use a "
             "custom relationship, be sure to append the '__r' after the custom relationship name. "
             "Please reference your WSDL or the describe call for the appropriate names.",
             (int)(dot - name), name);
    else
        fail(
            p, "INVALID_FIELD",
            "No such column '%.*s' on entity '%s'. If you are attempting to use a custom field, be "
            "sure to append the '__c' after the custom field name. Please reference your WSDL or "
            "the describe call for the appropriate names.",
            (int)len, name, e->name);
    return NULL;
}

static const struct field *usable(struct parser *p, const char *verb)
{
    const struct field *f;

    if (p->kind != T_NAME) {
        unexpected(p);
        return NULL;
    }
    f = resolve(p, p->token, p->len);
    if (f && f->flags & NO_FILTER) {
        fail(p, "INVALID_FIELD", "field '%s' can not be %s in a query call", f->name, verb);
        return NULL;
    }
    return f && next(p) ? f : NULL;
}

/* ---- SELECT ---- */

static bool parse_body(struct parser *p);

/* A query in parentheses; the token is its SELECT, and afterwards the one behind its end. */
static struct soql *parse_inner(struct parser *p, int part)
{
    struct soql *inner = grab(sizeof *inner);
    struct parser q = {.at = p->token, .query = inner, .error = p->error};

    q.part = part == CHILDREN ? CHILDREN : SEMI_JOIN;
    if (p->part != WHOLE)
        fail(p, "MALFORMED_QUERY", "a query inside a query cannot hold another one");
    else if (parse_body(&q) && is(&q, ")")) {
        p->at = q.at;
        inner->scan.entity = inner->entity;
        inner->scan.where = inner->where;
        if (next(p))
            return inner;
    } else {
        unexpected(&q);
    }
    soql_free(inner);
    free(inner);
    return NULL;
}

static enum soql_function function_named(const char *name, size_t len)
{
    static const char *const names[] = {[FN_COUNT] = "COUNT", [FN_MIN] = "MIN", [FN_MAX] = "MAX"};

    for (int i = FN_COUNT; i <= FN_MAX; i++)
        if (strlen(names[i]) == len && strncasecmp(names[i], name, len) == 0)
            return (enum soql_function)i;
    return FN_NONE;
}

static bool parse_item(struct parser *p, struct item *item)
{
    *item = (struct item){0};
    if (accept(p, "(")) {
        if (!is(p, "SELECT"))
            return unexpected(p);
        item->sub = parse_inner(p, CHILDREN);
        return item->sub != NULL;
    }
    if (p->kind != T_NAME)
        return unexpected(p);
    item->path = p->token;
    item->path_len = p->len;
    if (!next(p))
        return false;
    if (is(p, "(")) {
        item->function = function_named(item->path, item->path_len);
        if (!item->function || !next(p))
            return unexpected(p);
        item->path_len = 0;
        if (p->kind == T_NAME) {
            item->path = p->token;
            item->path_len = p->len;
            if (!next(p))
                return false;
        }
        if (!expect(p, ")"))
            return false;
    }
    if (p->kind == T_NAME && !is(p, "FROM")) {
        item->alias = p->token;
        item->alias_len = p->len;
        return next(p);
    }
    return true;
}

static bool add_column(struct parser *p, const struct item *item, unsigned *unnamed)
{
    struct soql *q = p->query;
    struct soql_column *c = &q->columns[q->ncolumns];
    const char *dot = item->path_len ? memchr(item->path, '.', item->path_len) : NULL;

    if (item->sub) {
        if (q->entity != sf_any_entity("Opportunity"))
            return fail(p, "INVALID_TYPE", "Didn't understand relationship in FROM part of query");
        c->sub = item->sub;
        snprintf(c->alias, sizeof c->alias, "%ss", item->sub->entity->name);
        q->ncolumns++;
        return true;
    }
    if (item->function && !item->path_len) {
        q->count = item->function == FN_COUNT;
        return q->count || fail(p, "MALFORMED_QUERY", "a function needs a field");
    }
    c->field = resolve(p, item->path, item->path_len);
    if (!c->field)
        return false;
    c->group = dot ? entity_group(q->entity, item->path, (size_t)(dot - item->path)) : NULL;
    c->key = c->group ? entity_group_key(q->entity, c->group) : NULL;
    for (size_t i = 0; i < q->ncolumns && !item->function; i++)
        if (q->columns[i].field == c->field)
            return fail(p, "INVALID_FIELD", "duplicate field selected: %s", c->field->name);
    c->function = item->function;
    if (item->function) {
        c->of = c->field;
        c->field = NULL;
        if (item->alias)
            snprintf(c->alias, sizeof c->alias, "%.*s", (int)item->alias_len, item->alias);
        else
            snprintf(c->alias, sizeof c->alias, "expr%u", (*unnamed)++);
    } else if (item->alias) {
        return fail(p, "MALFORMED_QUERY", "only aggregate expressions use field aliasing");
    }
    q->ncolumns++;
    return true;
}

/* Columns of one parent move together, to where the first of them stands. */
static void gather_parents(struct soql *q)
{
    for (size_t i = 0; i < q->ncolumns; i++) {
        size_t at = i + 1;

        if (!q->columns[i].group)
            continue;
        for (size_t j = i + 1; j < q->ncolumns; j++) {
            struct soql_column moved = q->columns[j];

            if (moved.group != q->columns[i].group)
                continue;
            memmove(&q->columns[at + 1], &q->columns[at], (j - at) * sizeof moved);
            q->columns[at++] = moved;
        }
    }
}

static bool parse_items(struct parser *p, struct item *items, size_t *count)
{
    size_t n = 0;
    unsigned unnamed = 0;
    char name[64];

    do {
        if (n == MAX_COLUMNS)
            return fail(p, "QUERY_TOO_COMPLICATED", "too many fields");
        if (!parse_item(p, &items[n]))
            return false;
        *count = ++n;
    } while (accept(p, ","));
    if (!expect(p, "FROM"))
        return false;
    if (p->kind != T_NAME)
        return unexpected(p);
    snprintf(name, sizeof name, "%.*s", (int)p->len, p->token);
    p->query->entity = p->part == CHILDREN ? sf_child(name) : sf_entity(name);
    if (!p->query->entity && p->part == CHILDREN)
        return fail(p, "INVALID_TYPE",
                    "Didn't understand relationship '%s' in FROM part of query call. If you are "
                    "attempting to use a custom relationship, be sure to append the '__r' after "
                    "the custom relationship name. Please reference your WSDL or the describe call "
                    "for the appropriate names.",
                    name);
    if (!p->query->entity)
        return fail(p, "INVALID_TYPE",
                    "sObject type '%s' is not supported. If you are attempting to use a custom "
                    "object, be sure to append the '__c' after the entity name. Please reference "
                    "your WSDL or the describe call for the appropriate names.",
                    name);
    for (size_t i = 0; i < n; i++)
        if (!add_column(p, &items[i], &unnamed))
            return false;
        else
            items[i].sub = NULL; /* it is the column's now */
    gather_parents(p->query);
    return next(p);
}

static bool parse_select(struct parser *p)
{
    struct item items[MAX_COLUMNS];
    size_t n = 0;
    bool good = expect(p, "SELECT") && parse_items(p, items, &n);

    for (size_t i = 0; i < n; i++) {
        if (items[i].sub)
            soql_free(items[i].sub);
        free(items[i].sub);
    }
    return good;
}

/* ---- WHERE ---- */

static bool operator_of(struct parser *p, enum op *op)
{
    static const struct {
        const char *sign;
        enum op op;
    } signs[] = {
        {"=", OP_EQ},  {"!=", OP_NE}, {"<>", OP_NE}, {"<", OP_LT},
        {"<=", OP_LE}, {">", OP_GT},  {">=", OP_GE},
    };

    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (is(p, signs[i].sign)) {
            *op = signs[i].op;
            return next(p);
        }
    }
    return unexpected(p);
}

static const char *kind_name(const struct field *f)
{
    static const char *const names[] = {
        [V_NULL] = "null",    [V_TEXT] = "string", [V_ID] = "id",         [V_NUMBER] = "double",
        [V_BOOL] = "boolean", [V_DATE] = "date",   [V_TIME] = "dateTime",
    };

    return names[form_kind(f->form)];
}

/* An id of 15 characters is the same as its 18. */
static char *full_id(char *text)
{
    char id[19];
    uint64_t n;

    if (strlen(text) != 15 || !sf_id_parse(text, (char[]){text[0], text[1], text[2], '\0'}, &n))
        return text;
    sf_id(id, (char[]){text[0], text[1], text[2], '\0'}, n);
    free(text);
    return grab_text(id, 18);
}

static bool like_id(const char *text)
{
    size_t n = strlen(text);

    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)text[i]))
            return false;
    return n == 15 || n == 18;
}

static struct expr *literal(struct parser *p, enum op op, const struct field *f)
{
    enum kind kind = form_kind(f->form);
    bool wants_quotes = kind == V_TEXT || kind == V_ID;
    struct expr *e = NULL;
    char *text;

    if (is(p, "null"))
        return next(p) ? expr_compare(op, f, NULL) : NULL;
    if (p->kind == T_END || p->kind == T_SIGN) {
        unexpected(p);
        return NULL;
    }
    if (wants_quotes != (p->kind == T_STRING)) {
        fail(p, "INVALID_FIELD",
             "value of filter criterion for field '%s' must be of type %s and should %sbe enclosed "
             "in quotes",
             f->name, kind_name(f), wants_quotes ? "" : "not ");
        return NULL;
    }
    text = wants_quotes ? unescape(p->token + 1, p->len - 2) : grab_text(p->token, p->len);
    if (!text || strlen(text) > LONGEST_LITERAL) {
        fail(p, "MALFORMED_QUERY", "invalid string literal '%.*s'", (int)p->len, p->token);
        free(text);
        return NULL;
    }
    if (kind == V_ID && *text && !like_id(text)) {
        fail(p, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: %s", text);
        free(text);
        return NULL;
    }
    e = expr_compare(op, f, kind == V_ID ? full_id(text) : text);
    if (!e) {
        fail(p, p->kind == T_LITERAL ? "MALFORMED_QUERY" : "INVALID_FIELD",
             "value of filter criterion for field '%s' must be of type %s: '%.*s'", f->name,
             kind_name(f), (int)p->len, p->token);
        return NULL;
    }
    if (!next(p)) {
        expr_free(e);
        return NULL;
    }
    return e;
}

struct texts {
    struct expr *list;
    const struct field *from;
};

static bool collect(const struct row *row, void *arg)
{
    struct texts *t = arg;
    struct val v;
    struct expr *one;

    field_get(row, t->from, &v);
    if ((v.kind != V_TEXT && v.kind != V_ID) || !v.len)
        return true;
    one = expr_compare(OP_EQ, t->list->field, grab_text(v.text, v.len));
    if (one)
        expr_list_add(t->list, one);
    return true;
}

/* The ids that an inner query finds now. */
static bool semi_join(struct parser *p, struct expr *list)
{
    struct soql *inner = parse_inner(p, SEMI_JOIN);
    struct texts t = {list, inner ? inner->columns[0].field : NULL};
    bool good = inner && inner->ncolumns == 1 && t.from && form_kind(t.from->form) == V_ID;

    if (good)
        scan_each(&inner->scan, collect, &t);
    else if (inner)
        fail(p, "MALFORMED_QUERY", "the inner query of a semi-join selects one id field");
    if (inner)
        soql_free(inner);
    free(inner);
    return good;
}

static bool parse_among(struct parser *p, struct expr *list)
{
    if (!expect(p, "("))
        return false;
    if (is(p, "SELECT"))
        return semi_join(p, list);
    do {
        struct expr *one = literal(p, OP_EQ, list->field);

        if (!one)
            return false;
        expr_list_add(list, one);
    } while (accept(p, ","));
    return expect(p, ")");
}

static struct expr *parse_list(struct parser *p, const struct field *f)
{
    struct expr *list = expr_list(f);

    if (!parse_among(p, list)) {
        expr_free(list);
        return NULL;
    }
    expr_list_close(list);
    return list;
}

static struct expr *parse_or(struct parser *p, int depth);

static struct expr *comparison(struct parser *p)
{
    const struct field *f = usable(p, "filtered");
    struct expr *list;
    enum op op = OP_EQ;

    if (!f)
        return NULL;
    if (accept(p, "IN"))
        return parse_list(p, f);
    if (accept(p, "NOT")) {
        list = expect(p, "IN") ? parse_list(p, f) : NULL;
        return list ? expr_join(OP_NOT, list, NULL) : NULL;
    }
    return operator_of(p, &op) ? literal(p, op, f) : NULL;
}

static struct expr *parse_unary(struct parser *p, int depth)
{
    struct expr *e;

    if (depth > 50) {
        fail(p, "QUERY_TOO_COMPLICATED", "the condition is nested too deeply");
        return NULL;
    }
    if (accept(p, "NOT")) {
        e = parse_unary(p, depth + 1);
        return e ? expr_join(OP_NOT, e, NULL) : NULL;
    }
    if (!accept(p, "("))
        return comparison(p);
    e = parse_or(p, depth + 1);
    if (e && !expect(p, ")")) {
        expr_free(e);
        return NULL;
    }
    return e;
}

static struct expr *chain(struct parser *p, enum op op, const char *word, int depth)
{
    struct expr *left = op == OP_OR ? chain(p, OP_AND, "AND", depth) : parse_unary(p, depth);

    while (left && accept(p, word)) {
        struct expr *right = op == OP_OR ? chain(p, OP_AND, "AND", depth) : parse_unary(p, depth);

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
    return chain(p, OP_OR, "OR", depth);
}

/* ---- the rest ---- */

static bool parse_order(struct parser *p)
{
    struct scan *scan = &p->query->scan;

    do {
        struct sort_key *k = &scan->order[scan->norder];

        if (scan->norder == MAX_SORT_KEYS)
            return fail(p, "MALFORMED_QUERY", "too many fields in ORDER BY");
        k->field = usable(p, "sorted");
        if (!k->field)
            return false;
        k->down = accept(p, "DESC");
        if (!k->down)
            accept(p, "ASC");
        if (accept(p, "NULLS") && !accept(p, "FIRST"))
            return unexpected(p);
        scan->norder++;
    } while (accept(p, ","));
    return true;
}

static bool parse_limit(struct parser *p)
{
    if (p->kind != T_LITERAL)
        return unexpected(p);
    p->query->limit = strtoull(p->token, NULL, 10);
    return p->query->limit > 0 ? next(p) : unexpected(p);
}

static bool is_grouped(const struct soql *q, const struct field *f)
{
    for (size_t i = 0; i < q->ngroups; i++)
        if (q->groups[i] == f)
            return true;
    return false;
}

static bool parse_groups(struct parser *p)
{
    struct soql *q = p->query;

    do {
        const struct field *f = usable(p, "grouped");

        if (!f)
            return false;
        if (q->ngroups == MAX_GROUP_FIELDS)
            return fail(p, "MALFORMED_QUERY", "grouping by more fields is not simulated");
        q->groups[q->ngroups++] = f;
    } while (accept(p, ","));
    return true;
}

/* Every plain column must be a grouped one, and a count needs a group. */
static bool check_grouping(struct parser *p)
{
    const struct soql *q = p->query;
    size_t functions = 0;

    for (size_t i = 0; i < q->ncolumns; i++) {
        const struct field *f = q->columns[i].field;

        if (f && q->ngroups && !is_grouped(q, f))
            return fail(p, "MALFORMED_QUERY", "Field must be grouped or aggregated: %s", f->name);
        if (q->columns[i].sub && (q->ngroups || p->part != WHOLE))
            return fail(p, "MALFORMED_QUERY", "a subquery cannot stand here");
        functions += q->columns[i].function != FN_NONE;
        if (q->columns[i].function > FN_COUNT && q->ngroups)
            return fail(p, "MALFORMED_QUERY", "the simulator groups counts only");
    }
    if (functions && functions != q->ncolumns && !q->ngroups)
        return fail(p, "MALFORMED_QUERY", "a function beside fields needs GROUP BY");
    if (q->count && (q->ncolumns || q->ngroups))
        return fail(p, "MALFORMED_QUERY", "COUNT() must be the only element in the SELECT list");
    return true;
}

static bool parse_body(struct parser *p)
{
    if (!next(p) || !parse_select(p))
        return false;
    if (accept(p, "WHERE") && !(p->query->where = parse_or(p, 0)))
        return false;
    if (accept(p, "GROUP") && (!expect(p, "BY") || !parse_groups(p)))
        return false;
    if (accept(p, "ORDER") && (!expect(p, "BY") || !parse_order(p)))
        return false;
    if (accept(p, "LIMIT") && !parse_limit(p))
        return false;
    return !p->error->code && check_grouping(p);
}

bool soql_parse(const char *text, struct soql *query, struct soql_error *error)
{
    struct parser p = {.at = text, .query = query, .error = error};
    bool ok;

    *query = (struct soql){0};
    error->code = NULL;
    ok = parse_body(&p);
    if (ok && p.kind != T_END)
        ok = unexpected(&p);
    query->scan.entity = query->entity;
    query->scan.where = query->where;
    return ok;
}

void soql_free(struct soql *query)
{
    expr_free(query->where);
    query->where = NULL;
    for (size_t i = 0; i < query->ncolumns; i++) {
        if (query->columns[i].sub)
            soql_free(query->columns[i].sub);
        free(query->columns[i].sub);
        query->columns[i].sub = NULL;
    }
}
