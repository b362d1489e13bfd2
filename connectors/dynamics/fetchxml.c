#include "connectors/dynamics/fetchxml_doc.h"

#include "connectors/xml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what may stand in a document ------------------------------------------------------------ */

static const struct rule {
    const char *name;
    const char *parents;    /* "" for the outermost */
    const char *attributes; /* blanks between */
} rules[] = {
    {"fetch", "",
     " version output-format mapping distinct count page paging-cookie top aggregate "
     "returntotalrecordcount min-active-row-version utc-offset no-lock latematerialize options "
     "useraworderby savedqueryid "},
    {"entity", " fetch ", " name enableprefiltering prefilterparametername "},
    {"all-attributes", " entity link-entity ", " "},
    {"attribute", " entity link-entity ",
     " name alias aggregate groupby dategrouping distinct usertimezone "},
    {"order", " entity link-entity ", " attribute alias descending entityname "},
    {"link-entity", " entity link-entity filter ",
     " name from to alias link-type visible intersect enableprefiltering prefilterparametername "},
    {"filter", " entity link-entity filter ",
     " type hint isquickfindfields overridequickfindrecordlimitenabled "},
    {"condition", " filter ",
     " attribute operator value entityname valueof column alias uiname uitype uihidden "},
    {"value", " condition ", " uiname uitype "},
};

static bool listed(const char *list, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = strstr(list, name); len && at; at = strstr(at + 1, name))
        if (at > list && at[-1] == ' ' && at[len] == ' ')
            return true;
    return false;
}

static const struct rule *rule_of(const char *name)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strcmp(rules[i].name, name) == 0)
            return &rules[i];
    return NULL;
}

static const char *name_of(const xmlNode *node)
{
    return (const char *)node->name;
}

static bool is(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp(name_of(node), name) == 0;
}

static int wrong(const char *what, const xmlNode *node, const char *text, const char *name,
                 struct ds_err *err)
{
    ds_fail(err, DS_E_CONFIG, "%s:%ld: %s '%.64s'", what, xmlGetLineNo(node), text, name);
    return ds_hint(err, "download the FetchXML of a view of opportunities (Power Apps or Advanced "
                        "Find, 'Download FetchXML') and take that");
}

static int check_attributes(const char *what, const xmlNode *node, const struct rule *rule,
                            struct ds_err *err)
{
    for (const xmlAttr *attr = node->properties; attr; attr = attr->next)
        if (!listed(rule->attributes, (const char *)attr->name))
            return wrong(what, node, "FetchXML has no such attribute:", (const char *)attr->name,
                         err);
    return DS_OK;
}

/* Goes through everything below a node, and takes out what says nothing to the server. */
static int check_below(const char *what, xmlNode *parent, struct ds_err *err)
{
    int rc = DS_OK;

    for (xmlNode *node = parent->children, *next; node && !rc; node = next) {
        const struct rule *rule;

        next = node->next;
        if (node->type == XML_TEXT_NODE && is(parent, "value"))
            continue;
        if (node->type != XML_ELEMENT_NODE) {
            xmlUnlinkNode(node);
            xmlFreeNode(node);
            continue;
        }
        rule = rule_of(name_of(node));
        if (!rule || !listed(rule->parents, name_of(parent)))
            return wrong(what, node, "FetchXML has no such element here:", name_of(node), err);
        rc = check_attributes(what, node, rule, err);
        if (!rc)
            rc = check_below(what, node, err);
    }
    return rc;
}

static bool has(const xmlNode *node, const char *name, const char *value)
{
    xmlChar *found = xmlGetNoNsProp(node, (const xmlChar *)name);
    bool same = found && (!value || strcmp((const char *)found, value) == 0);

    xmlFree(found);
    return same;
}

/* One table, opportunity, and rows of it instead of sums or the first few. */
static int check_query(struct ds_dynamics_fetchxml *x, const char *what, struct ds_err *err)
{
    if (has(x->fetch, "top", NULL))
        return wrong(what, x->fetch, "pages cannot be combined with", "top", err); /* DV-32 */
    if (has(x->fetch, "aggregate", "true") || has(x->fetch, "aggregate", "1"))
        return wrong(what, x->fetch, "sums are no opportunities:", "aggregate", err);
    for (xmlNode *node = x->fetch->children; node; node = node->next) {
        if (x->entity)
            return wrong(what, node, "there may be one element", "entity", err);
        x->entity = node;
    }
    if (!x->entity || !has(x->entity, "name", "opportunity"))
        return wrong(what, x->entity ? x->entity : x->fetch, "the entity must be", "opportunity",
                     err);
    return DS_OK;
}

/* --- taking it apart ------------------------------------------------------------------------- */

static void remove_all(xmlNode *parent, const char *names)
{
    for (xmlNode *node = parent->children, *next; node; node = next) {
        next = node->next;
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (listed(names, name_of(node))) {
            xmlUnlinkNode(node);
            xmlFreeNode(node);
        } else {
            remove_all(node, names);
        }
    }
}

/* A joined row that occurs twice would bring its opportunity twice. */
static bool joins(const xmlNode *entity)
{
    for (const xmlNode *node = entity->children; node; node = node->next)
        if (is(node, "link-entity"))
            return true;
    return false;
}

static void strip(struct ds_dynamics_fetchxml *x)
{
    static const char *const ours[] = {"count", "page", "paging-cookie", "returntotalrecordcount",
                                       "savedqueryid"};

    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
        xmlUnsetProp(x->fetch, (const xmlChar *)ours[i]);
    remove_all(x->entity, " attribute all-attributes order ");
    if (joins(x->entity))
        xmlSetProp(x->fetch, (const xmlChar *)"distinct", (const xmlChar *)"true");
}

int ds_dynamics_fetchxml_read(const char *text, size_t len, const char *what,
                              struct ds_dynamics_fetchxml **out, struct ds_err *err)
{
    struct ds_dynamics_fetchxml *x = calloc(1, sizeof(*x));
    const xmlNode *root;
    int rc;

    if (!x)
        return ds_fail_nomem(err);
    ds_buf_init(&x->cookie, DS_MAX_TEXT);
    x->page = 1;
    rc = ds_xml_read(text, len, what, &x->doc, err);
    if (!rc)
        rc = ds_xml_root(x->doc, "fetch", what, &root, err);
    if (!rc) {
        x->fetch = xmlDocGetRootElement(x->doc);
        rc = check_attributes(what, x->fetch, &rules[0], err);
    }
    if (!rc)
        rc = check_below(what, x->fetch, err);
    if (!rc)
        rc = check_query(x, what, err);
    if (rc) {
        ds_dynamics_fetchxml_free(x);
        return rc;
    }
    strip(x);
    *out = x;
    return DS_OK;
}

void ds_dynamics_fetchxml_free(struct ds_dynamics_fetchxml *x)
{
    if (!x)
        return;
    xmlFreeDoc(x->doc);
    ds_buf_clear(&x->cookie);
    free(x);
}

/* Conditions of joined tables name other tables' columns. */
static int each_condition(const xmlNode *parent,
                          int (*each)(void *arg, const char *logical, struct ds_err *err),
                          void *arg, struct ds_err *err)
{
    int rc = DS_OK;

    for (const xmlNode *node = parent->children; node && !rc; node = node->next) {
        xmlChar *name;

        if (is(node, "filter"))
            rc = each_condition(node, each, arg, err);
        if (!is(node, "condition") || has(node, "entityname", NULL))
            continue;
        name = xmlGetNoNsProp(node, (const xmlChar *)"attribute");
        rc = name ? each(arg, (const char *)name, err) : DS_OK;
        xmlFree(name);
    }
    return rc;
}

int ds_dynamics_fetchxml_columns(const struct ds_dynamics_fetchxml *x,
                                 int (*each)(void *arg, const char *logical, struct ds_err *err),
                                 void *arg, struct ds_err *err)
{
    return each_condition(x->entity, each, arg, err);
}

/* --- putting ours in ------------------------------------------------------------------------- */

static xmlNode *add(xmlNode *parent, const char *name)
{
    return parent ? xmlNewChild(parent, NULL, (const xmlChar *)name, NULL) : NULL;
}

static bool set(xmlNode *node, const char *name, const char *value)
{
    return node && xmlSetProp(node, (const xmlChar *)name, (const xmlChar *)value);
}

/* "ownerid" out of "_ownerid_value" (DV-11). */
static bool add_attribute(xmlNode *parent, const char *column)
{
    static const char tail[] = "_value";
    size_t len = strlen(column), end = strlen(tail);
    char name[128];

    if (*column == '_' && len > end + 1 && strcmp(column + len - end, tail) == 0)
        snprintf(name, sizeof(name), "%.*s", (int)(len - end - 1), column + 1);
    else
        snprintf(name, sizeof(name), "%s", column);
    return set(add(parent, "attribute"), "name", name);
}

struct selection {
    struct ds_dynamics_fetchxml *x;
    const struct ds_dynamics_lookup *lookups;
};

/* The join of a navigation property, made when it is needed first. */
static int join_of(const struct selection *s, const char *navigation, xmlNode **out,
                   struct ds_err *err)
{
    const struct ds_dynamics_lookup *lookup = s->lookups;

    for (xmlNode *node = s->x->entity->children; node; node = node->next)
        if (is(node, "link-entity") && has(node, "alias", navigation)) {
            *out = node;
            return DS_OK;
        }
    while (lookup && strcmp(lookup->navigation, navigation) != 0)
        lookup = lookup->next;
    if (!lookup)
        return ds_fail(err, DS_E_CONFIG,
                       "opportunity has no navigation property '%s' to a single row", navigation);
    *out = add(s->x->entity, "link-entity");
    return set(*out, "name", lookup->table) && set(*out, "from", lookup->key) &&
                   set(*out, "to", lookup->column) && set(*out, "link-type", "outer") &&
                   set(*out, "alias", navigation)
               ? DS_OK
               : ds_fail_nomem(err);
}

static int add_slot(void *arg, const struct ds_dynamics_slot *slot, struct ds_err *err)
{
    const struct selection *s = arg;
    xmlNode *parent = s->x->entity;
    int rc = slot->navigation ? join_of(s, slot->navigation, &parent, err) : DS_OK;

    if (rc)
        return rc;
    return add_attribute(parent, slot->column) ? DS_OK : ds_fail_nomem(err);
}

/* An alias of the document's own that is the name of a navigation property would be taken for it. */
static int check_aliases(const xmlNode *parent, const struct ds_dynamics_lookup *lookups,
                         struct ds_err *err)
{
    int rc = DS_OK;

    for (const xmlNode *node = parent->children; node && !rc; node = node->next) {
        for (const struct ds_dynamics_lookup *l = lookups; l && is(node, "link-entity");
             l = l->next)
            if (has(node, "alias", l->navigation)) {
                ds_fail(err, DS_E_CONFIG, "the FetchXML uses the alias '%s', which is reserved",
                        l->navigation);
                return ds_hint(err, "it is the name of a navigation property: rename the alias");
            }
        rc = check_aliases(node, lookups, err);
    }
    return rc;
}

int ds_dynamics_fetchxml_select(struct ds_dynamics_fetchxml *x,
                                const struct ds_dynamics_slot *slots, size_t count,
                                const struct ds_dynamics_lookup *lookups, long page_size,
                                struct ds_err *err)
{
    struct selection s = {x, lookups};
    xmlNode *order;
    char size[16];
    int rc = check_aliases(x->entity, lookups, err);

    if (!rc)
        rc = ds_dynamics_slots_each(slots, count, add_slot, &s, err);
    if (rc)
        return rc;
    snprintf(size, sizeof(size), "%ld", page_size);
    x->page_size = page_size;
    order = add(x->entity, "order");
    return set(order, "attribute", "opportunityid") && set(x->fetch, "count", size)
               ? DS_OK
               : ds_fail_nomem(err);
}

int ds_dynamics_fetchxml_where(struct ds_dynamics_fetchxml *x, const char *column,
                               const char *operator_name, const char *value, struct ds_err *err)
{
    xmlNode *condition;

    if (!x->conditions) {
        x->conditions = add(x->entity, "filter");
        if (!set(x->conditions, "type", "and"))
            return ds_fail_nomem(err);
        for (xmlNode *node = x->entity->children, *next; node; node = next) {
            next = node->next;
            if (node == x->conditions || !is(node, "filter"))
                continue;
            xmlUnlinkNode(node);
            xmlAddChild(x->conditions, node);
        }
    }
    condition = add(x->conditions, "condition");
    return set(condition, "attribute", column) && set(condition, "operator", operator_name) &&
                   set(condition, "value", value)
               ? DS_OK
               : ds_fail_nomem(err);
}
