#include "tests/sim/dv_fetchxml.h"
#include "tests/sim/dv_rows.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/dv_tables.h"
#include "tests/sim/log.h"
#include "tests/sim/world.h"

#include <ctype.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_XML = 32768, SIMPLE_ROWS = 50000, MAX_COLUMNS = 400, GUID_LENGTH = 36 };

#define INVALID "0x80040203"

struct column {
    const struct field *field;
    char key[100]; /* of a link: "alias.attribute"; "" for the table's own */
};

struct fetch {
    const struct request *request;
    struct reply *reply;
    const struct entity *entity;
    struct column columns[MAX_COLUMNS];
    size_t ncolumns;
    struct expr *where;
    struct scan scan;
    bool by_link; /* ordered by a parent's column */
    uint64_t count, page, top;
    bool has_cookie;
    /* while answering */
    uint64_t skip, n;
    uint32_t first, last;
    bool more;
    struct odata odata; /* for the writer */
    struct dv_wishes wishes;
    struct dv_writer writer;
};

static bool refuse(const struct fetch *f, const char *what, const char *name)
{
    dynamics_error(f->reply, 400, INVALID, "Invalid FetchXML: %s '%.100s'.", what, name);
    return false;
}

/* ---- XML ---- */

static bool is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

/* A copy that the caller frees, or NULL. */
static char *attribute(xmlNode *node, const char *name)
{
    xmlChar *value = xmlGetProp(node, (const xmlChar *)name);
    char *copy = value ? grab_text((const char *)value, strlen((const char *)value)) : NULL;

    xmlFree(value);
    return copy;
}

static bool attribute_is(xmlNode *node, const char *name, const char *want)
{
    char *value = attribute(node, name);
    bool same = value && strcmp(value, want) == 0;

    free(value);
    return same;
}

/* ---- columns ---- */

/* "customerid" is _customerid_value; a link's stand behind its group's name. */
static const struct field *field_named(const struct fetch *f, const struct group *link,
                                       const char *name)
{
    char path[200];
    const struct field *found;

    snprintf(path, sizeof path, "%s%s%s", link ? link->name : "", link ? "." : "", name);
    found = entity_field(f->entity, path, strlen(path));
    if (found || link)
        return found;
    snprintf(path, sizeof path, "_%s_value", name);
    return entity_field(f->entity, path, strlen(path));
}

static const struct field *field_at(struct fetch *f, const struct group *link, xmlNode *node,
                                    const char *which)
{
    char *name = attribute(node, which);
    const struct field *found = name ? field_named(f, link, name) : NULL;

    if (!found)
        dynamics_error(f->reply, 400, "0x80041103",
                       "'%s' entity doesn't contain attribute with Name = '%s'.",
                       link ? link->type : dv_table(f->entity)->type, name ? name : "");
    free(name);
    return found;
}

static bool add_column(struct fetch *f, const struct field *field, const char *alias)
{
    const char *dot = strchr(field->name, '.');
    struct column *c = &f->columns[f->ncolumns];

    for (size_t i = 0; i < f->ncolumns && !*alias; i++)
        if (f->columns[i].field == field && !*f->columns[i].key)
            return true;
    if (f->ncolumns == MAX_COLUMNS)
        return refuse(f, "too many attributes, at", field->name);
    c->field = field;
    snprintf(c->key, sizeof c->key, "%s%s%s", alias, *alias ? "." : "",
             *alias && dot ? dot + 1
             : *alias      ? field->name
                           : "");
    f->ncolumns++;
    return true;
}

static bool read_attribute(struct fetch *f, const struct group *link, xmlNode *node,
                           const char *alias)
{
    const struct field *field = field_at(f, link, node, "name");
    char *name = field ? attribute(node, "alias") : NULL;
    bool good = field && add_column(f, field, alias);

    if (good && name)
        snprintf(f->columns[f->ncolumns - 1].key, sizeof f->columns->key, "%s", name);
    free(name);
    return good;
}

static bool add_all(struct fetch *f)
{
    for (size_t i = 0; i < f->entity->nfields; i++)
        if (!strchr(f->entity->fields[i].name, '.') && !add_column(f, &f->entity->fields[i], ""))
            return false;
    return true;
}

static bool read_order(struct fetch *f, const struct group *link, xmlNode *node)
{
    struct sort_key *k = &f->scan.order[f->scan.norder];

    if (f->scan.norder == MAX_SORT_KEYS)
        return refuse(f, "too many orders in", dv_table(f->entity)->type);
    k->field = field_at(f, link, node, "attribute");
    if (!k->field)
        return false;
    k->down = attribute_is(node, "descending", "true");
    f->by_link |= link != NULL;
    f->scan.norder++;
    return true;
}

/* ---- conditions ---- */

static struct expr *compare(struct fetch *f, enum op op, const struct field *field,
                            const char *value)
{
    enum kind kind = form_kind(field->form);
    size_t n = strlen(value);
    struct buf text = {0};
    struct expr *e;

    if (kind == V_ID && *value == '{' && n > 1)
        buf_add(&text, value + 1, n - 2);
    else
        buf_addf(&text, "%s%s", value, kind == V_TIME && n == 10 ? "T00:00:00Z" : "");
    if (kind == V_BOOL && (strcmp(value, "0") == 0 || strcmp(value, "1") == 0)) {
        text.len = 0;
        buf_puts(&text, *value == '1' ? "true" : "false");
    }
    for (size_t i = 0; kind == V_ID && i < text.len; i++)
        text.at[i] = (char)tolower((unsigned char)text.at[i]);
    e = op == OP_LIKE && kind != V_TEXT ? NULL : expr_compare(op, field, text.at);
    if (!e)
        refuse(f, "this is no value for the attribute:", value);
    return e;
}

/* in: any of the <value> children. */
static struct expr *compare_any(struct fetch *f, const struct field *field, xmlNode *node)
{
    struct expr *any = NULL;

    for (xmlNode *child = node->children; child; child = child->next) {
        xmlChar *text;
        struct expr *e;

        if (!is(child, "value"))
            continue;
        text = xmlNodeGetContent(child);
        e = compare(f, OP_EQ, field, text ? (const char *)text : "");
        xmlFree(text);
        if (!e) {
            expr_free(any);
            return NULL;
        }
        any = any ? expr_join(OP_OR, any, e) : e;
    }
    if (!any)
        refuse(f, "no values for", field->name);
    return any;
}

static const struct {
    const char *name;
    enum op op;
    bool not ;
    const char *before, *behind;
} operators[] = {
    {"eq", OP_EQ, false, "", ""},
    {"ne", OP_NE, false, "", ""},
    {"neq", OP_NE, false, "", ""},
    {"gt", OP_GT, false, "", ""},
    {"ge", OP_GE, false, "", ""},
    {"lt", OP_LT, false, "", ""},
    {"le", OP_LE, false, "", ""},
    {"on-or-after", OP_GE, false, "", ""},
    {"like", OP_LIKE, false, "", ""},
    {"not-like", OP_LIKE, true, "", ""},
    {"begins-with", OP_LIKE, false, "", "%"},
    {"ends-with", OP_LIKE, false, "%", ""},
};

static struct expr *compare_one(struct fetch *f, const struct field *field, const char *operator,
                                const char * value)
{
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        struct buf text = {0};
        struct expr *e;

        if (strcmp(operators[i].name, operator) != 0)
            continue;
        buf_addf(&text, "%s%s%s", operators[i].before, value, operators[i].behind);
        e = compare(f, operators[i].op, field, text.at);
        buf_free(&text);
        return e && operators[i].not ? expr_join(OP_NOT, e, NULL) : e;
    }
    refuse(f, "the simulator has no operator", operator);
    return NULL;
}

static struct expr *read_condition(struct fetch *f, const struct group *link, xmlNode *node)
{
    const struct field *field = field_at(f, link, node, "attribute");
    char *operator= attribute(node, "operator"), *value = attribute(node, "value");
    struct expr *e = NULL;

    if (field && !operator)
        refuse(f, "no operator for", field->name);
    else if (field && strcmp(operator, "null") == 0)
        e = expr_compare(OP_EQ, field, NULL);
    else if (field && strcmp(operator, "not-null") == 0)
        e = expr_compare(OP_NE, field, NULL);
    else if (field && (strcmp(operator, "in") == 0 || strcmp(operator, "not-in") == 0))
        e = compare_any(f, field, node);
    else if (field && !value)
        refuse(f, "no value for", field->name);
    else if (field)
        e = compare_one(f, field, operator, value);
    if (e && strcmp(operator, "not-in") == 0)
        e = expr_join(OP_NOT, e, NULL);
    free(operator);
    free(value);
    return e;
}

static struct expr *read_filter(struct fetch *f, const struct group *link, xmlNode *node, int depth)
{
    enum op op = attribute_is(node, "type", "or") ? OP_OR : OP_AND;
    struct expr *all = NULL;

    for (xmlNode *child = node->children; child; child = child->next) {
        struct expr *e = NULL;

        if (child->type != XML_ELEMENT_NODE)
            continue;
        if (is(child, "condition"))
            e = read_condition(f, link, child);
        else if (is(child, "filter") && depth < 20)
            e = read_filter(f, link, child, depth + 1);
        else
            refuse(f, "unexpected element", (const char *)child->name);
        if (!e) {
            expr_free(all);
            return NULL;
        }
        all = all ? expr_join(op, all, e) : e;
    }
    if (!all)
        refuse(f, "an empty", "filter");
    return all;
}

static bool add_condition(struct fetch *f, struct expr *e)
{
    if (e)
        f->where = f->where ? expr_join(OP_AND, f->where, e) : e;
    return e != NULL;
}

/* ---- links: from a lookup to its parent ---- */

static const struct group *find_link(struct fetch *f, xmlNode *node)
{
    char *name = attribute(node, "name"), *to = attribute(node, "to");
    const struct field *lookup = to ? field_named(f, NULL, to) : NULL;
    const struct group *found = NULL;

    for (size_t i = 0; i < f->entity->ngroups && name && lookup && !found; i++) {
        const struct group *g = &f->entity->groups[i];

        if (strcmp(g->type, name) == 0 &&
            (strcmp(g->twin, lookup->name) == 0 || strcmp(g->name, to) == 0))
            found = g;
    }
    if (!found)
        refuse(f, "the simulator has no such link to", name ? name : "");
    free(name);
    free(to);
    return found;
}

static bool read_link_child(struct fetch *f, const struct group *link, xmlNode *node,
                            const char *alias)
{
    if (is(node, "attribute"))
        return read_attribute(f, link, node, alias);
    if (is(node, "filter"))
        return add_condition(f, read_filter(f, link, node, 0));
    return is(node, "order") ? read_order(f, link, node)
                             : refuse(f, "unexpected element", (const char *)node->name);
}

static bool read_link(struct fetch *f, xmlNode *node)
{
    const struct group *link = find_link(f, node);
    char *alias = attribute(node, "alias");
    bool good = link != NULL;

    if (good && !attribute_is(node, "link-type", "outer"))
        good = add_condition(f, expr_compare(OP_NE, entity_group_key(f->entity, link), NULL));
    for (xmlNode *child = node->children; child && good; child = child->next)
        if (child->type == XML_ELEMENT_NODE)
            good = read_link_child(f, link, child, alias ? alias : link->type);
    free(alias);
    return good;
}

/* ---- the query ---- */

static bool read_entity_child(struct fetch *f, xmlNode *node)
{
    if (is(node, "attribute"))
        return read_attribute(f, NULL, node, "");
    if (is(node, "all-attributes"))
        return add_all(f);
    if (is(node, "order"))
        return read_order(f, NULL, node);
    if (is(node, "filter"))
        return add_condition(f, read_filter(f, NULL, node, 0));
    return is(node, "link-entity") ? read_link(f, node)
                                   : refuse(f, "unexpected element", (const char *)node->name);
}

static bool read_entity(struct fetch *f, xmlNode *node)
{
    if (!attribute_is(node, "name", dv_table(f->entity)->type)) {
        dynamics_error(f->reply, 400, "0x80041102",
                       "The entity in the FetchXML is not the '%s' of the request URI.",
                       dv_table(f->entity)->type);
        return false;
    }
    for (xmlNode *child = node->children; child; child = child->next)
        if (child->type == XML_ELEMENT_NODE && !read_entity_child(f, child))
            return false;
    return f->ncolumns || add_all(f);
}

static bool read_number(struct fetch *f, xmlNode *node, const char *name, uint64_t *n)
{
    char *text = attribute(node, name), *end;
    bool good = true;

    if (text) {
        *n = strtoull(text, &end, 10);
        good = (isdigit((unsigned char)*text) && !*end && *n > 0 && *n <= INT32_MAX) ||
               refuse(f, "this is no number for an attribute of fetch:", text);
    }
    free(text);
    return good;
}

/* <cookie page="1"><name last=... /><opportunityid last="{GUID}" first="{GUID}" /></cookie> */
static bool read_cookie(struct fetch *f, xmlNode *node)
{
    char *cookie = attribute(node, "paging-cookie");
    char marker[80], id[40];
    const char *at;
    struct row row;
    bool good = true;

    snprintf(marker, sizeof marker, "<%s last=\"{", entity_key(f->entity)->name);
    at = cookie ? strstr(cookie, marker) : NULL;
    if (cookie && *cookie) {
        snprintf(id, sizeof id, "%.*s", GUID_LENGTH, at ? at + strlen(marker) : "");
        f->has_cookie = f->scan.after = true;
        good =
            (text_starts(cookie, "<cookie page=") && dv_find(f->entity, id, &f->scan.after_at)) ||
            refuse(f, "malformed paging cookie", cookie);
        if (good) {
            entity_row(f->entity, f->scan.after_at, &row);
            f->scan.after_modified = row.modified;
        }
    }
    free(cookie);
    return good;
}

static bool read_fetch(struct fetch *f, xmlNode *root)
{
    xmlNode *entity = root->children;

    while (entity && !is(entity, "entity"))
        entity = entity->next;
    if (!is(root, "fetch") || !entity)
        return refuse(f, "the root must be fetch with an", "entity");
    if (attribute_is(root, "aggregate", "true")) {
        dynamics_error(f->reply, 501, INVALID, "The simulator does not aggregate by FetchXML.");
        return false;
    }
    if (!read_number(f, root, "count", &f->count) || !read_number(f, root, "page", &f->page) ||
        !read_number(f, root, "top", &f->top))
        return false;
    if (f->top && (f->count || f->page))
        return refuse(f, "top cannot be combined with", "page");
    if (!read_entity(f, entity) || !read_cookie(f, root))
        return false;
    if (!f->count || f->count > LARGEST_PAGE)
        f->count = LARGEST_PAGE;
    if (settings.page && settings.page < f->count)
        f->count = settings.page;
    f->page = f->page ? f->page : 1;
    return true;
}

/* Without entities, external ones or others. */
static xmlDoc *parse(const struct fetch *f, const char *xml)
{
    int options = XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING;
    size_t n = strlen(xml);
    xmlDoc *doc = n <= LARGEST_XML ? xmlReadMemory(xml, (int)n, NULL, NULL, options) : NULL;

    if (doc && !doc->intSubset && xmlDocGetRootElement(doc))
        return doc;
    xmlFreeDoc(doc);
    dynamics_error(f->reply, 400, "0x80041101", "Invalid XML.");
    return NULL;
}

/* ---- the answer ---- */

static void write_link_value(struct buf *out, const struct row *row, const struct column *c)
{
    struct val v;

    field_get(row, c->field, &v);
    buf_puts(out, ",");
    buf_json_text(out, c->key);
    buf_puts(out, ":");
    val_write(out, &v, c->field->form);
}

/* Null columns are left out. */
static void write_row(struct fetch *f, const struct row *row)
{
    struct buf *out = &f->reply->body;
    struct val v;

    buf_addf(out, "%s{\"@odata.etag\":\"W/\\\"%llu\\\"\"", out->at[out->len - 1] == '[' ? "" : ",",
             (unsigned long long)row->version);
    for (size_t i = 0; i < f->ncolumns; i++) {
        const struct column *c = &f->columns[i];

        field_get(row, c->field, &v);
        if (v.kind == V_NULL)
            continue;
        if (*c->key)
            write_link_value(out, row, c);
        else
            dv_write_value(&f->writer, row, c->field);
    }
    buf_puts(out, "}");
}

static bool add_row(const struct row *row, void *arg)
{
    struct fetch *f = arg;

    if (f->skip) {
        f->skip--;
        return true;
    }
    if (f->n == (f->top ? f->top : f->count)) {
        f->more = !f->top;
        return false;
    }
    f->last = row->at;
    if (!f->n++)
        f->first = row->at;
    write_row(f, row);
    f->writer.first = false;
    return true;
}

/* One round of percent-encoding, in lower case. */
static void encode(struct buf *out, const struct buf *text)
{
    for (size_t i = 0; i < text->len; i++) {
        const char *s = text->at + i;

        if (isalnum((unsigned char)*s) || strchr("-_.", *s))
            buf_add(out, s, 1);
        else
            buf_addf(out, "%%%02x", (unsigned char)*s);
    }
}

static void upper_id(const struct fetch *f, uint32_t at, char out[40])
{
    struct row row;
    struct val v;

    entity_row(f->entity, at, &row);
    field_get(&row, entity_key(f->entity), &v);
    snprintf(out, 40, "%.*s", (int)v.len, v.text);
    for (; *out; out++)
        *out = (char)toupper((unsigned char)*out);
}

static void write_order(struct buf *out, const struct fetch *f, const struct field *field)
{
    const uint32_t ends[] = {f->last, f->first};
    static const char *const names[] = {"last", "first"};

    buf_addf(out, "<%s", field->name);
    for (size_t i = 0; i < 2; i++) {
        struct buf text = {0};
        struct row row;
        struct val v;

        entity_row(f->entity, ends[i], &row);
        field_get(&row, field, &v);
        if (v.kind == V_TEXT || v.kind == V_ID)
            buf_add(&text, v.text, v.len);
        else
            val_write(&text, &v, field->form);
        buf_addf(out, " %s=\"", names[i]);
        for (size_t j = 0; j < text.len; j++)
            buf_addf(out, strchr("<>&\"", text.at[j]) ? "&#%d;" : "%c", text.at[j]);
        buf_puts(out, "\"");
        buf_free(&text);
    }
    buf_puts(out, " />");
}

/* Encoded twice inside an attribute; the number in it stays 2, whatever the page. */
static void write_cookie(struct fetch *f)
{
    struct buf inner = {0}, once = {0}, twice = {0}, cookie = {0};
    char last[40], first[40];

    upper_id(f, f->last, last);
    upper_id(f, f->first, first);
    buf_addf(&inner, "<cookie page=\"%llu\">", (unsigned long long)f->page);
    for (size_t i = 0; i < f->scan.norder; i++)
        if (!(f->scan.order[i].field->flags & KEY))
            write_order(&inner, f, f->scan.order[i].field);
    buf_addf(&inner, "<%s last=\"{%s}\" first=\"{%s}\" /></cookie>", entity_key(f->entity)->name,
             last, first);
    encode(&once, &inner);
    encode(&twice, &once);
    buf_addf(&cookie, "<cookie pagenumber=\"2\" pagingcookie=\"%s\" istracking=\"False\" />",
             twice.at);
    buf_puts(&f->reply->body, ",\"@Microsoft.Dynamics.CRM.fetchxmlpagingcookie\":");
    buf_json(&f->reply->body, cookie.at, cookie.len);
    buf_free(&inner), buf_free(&once), buf_free(&twice), buf_free(&cookie);
}

static void answer(struct fetch *f)
{
    struct buf rows, *out = &f->reply->body;
    bool paged = f->wishes.annotations & COOKIE;

    if (!f->has_cookie) {
        f->skip = (f->page - 1) * f->count;
        if (f->skip + f->count > SIMPLE_ROWS) {
            dynamics_error(f->reply, 400, "0x8004430A",
                           "Paging cookie is required when trying to retrieve a set of records on "
                           "any high pages.");
            return;
        }
    }
    f->odata = (struct odata){.entity = f->entity};
    f->writer = (struct dv_writer){&f->odata, &f->wishes, &f->request->fault, out, true};
    f->scan.entity = f->entity;
    f->scan.where = f->where;
    dv_applied(f->reply, &f->wishes);
    buf_puts(out, "[");
    if (!scan_each(&f->scan, add_row, f)) {
        dynamics_error(f->reply, 400, "0x80060888", "The simulator sorts at most %d rows.",
                       MAX_SORT_ROWS);
        return;
    }
    buf_puts(out, "]");
    rows = *out;
    *out = (struct buf){0};
    buf_addf(out, "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#%s\"",
             settings.origin[DYNAMICS], f->entity->name);
    if (paged && f->more && !f->by_link && !dv_switches.no_cookie)
        write_cookie(f);
    if (paged)
        buf_addf(out, ",\"@Microsoft.Dynamics.CRM.morerecords\":%s%s%s",
                 dv_switches.more_text ? "\"" : "", f->more ? "true" : "false",
                 dv_switches.more_text ? "\"" : "");
    buf_puts(out, ",\"value\":");
    buf_add(out, rows.at, rows.len);
    buf_puts(out, "}");
    buf_free(&rows);
    log_kind(DYNAMICS, "fetch");
}

void dv_fetch(const struct request *request, struct reply *reply, const struct entity *entity,
              const char *xml)
{
    struct fetch *f = grab(sizeof *f);
    xmlDoc *doc;

    f->request = request;
    f->reply = reply;
    f->entity = entity;
    f->wishes = dv_wishes_of(request);
    doc = parse(f, xml);
    world_read();
    if (doc && read_fetch(f, xmlDocGetRootElement(doc)) && add_column(f, entity_key(entity), ""))
        answer(f);
    world_unlock();
    expr_free(f->where);
    xmlFreeDoc(doc);
    free(f);
}
