#include "connectors/dynamics/metadata.h"

#include "connectors/xml.h"

#include <libxml/xmlreader.h>
#include <stdio.h>
#include <string.h>

/* The document describes every table and has several megabytes, of which one table and the names of
 * the sets are kept: it is read as a stream. */
struct reading {
    xmlTextReader *reader;
    struct ds_arena *arena;
    struct ds_dynamics_schema *schema;
    bool table;                        /* inside the table's description */
    bool set;                          /* inside the table's set */
    struct ds_dynamics_column *column; /* the property we are in, or NULL */
    char navigation[128];              /* the navigation property we are in, or "" */
    char target[128];                  /* and the table it leads to */
    bool tracking;                     /* inside the annotation that tells of change tracking */
    char wrong[200];                   /* the parser's first complaint */
    int line;
};

static const struct {
    const char *edm;
    enum ds_dynamics_type type;
} types[] = {
    {"Edm.String", DS_DYNAMICS_TEXT},         {"Edm.Int16", DS_DYNAMICS_INTEGER},
    {"Edm.Int32", DS_DYNAMICS_INTEGER},       {"Edm.Int64", DS_DYNAMICS_INTEGER},
    {"Edm.Decimal", DS_DYNAMICS_DECIMAL},     {"Edm.Double", DS_DYNAMICS_DECIMAL},
    {"Edm.Boolean", DS_DYNAMICS_BOOLEAN},     {"Edm.Date", DS_DYNAMICS_TIME},
    {"Edm.DateTimeOffset", DS_DYNAMICS_TIME},
};

static void on_error(void *arg, xmlError *error)
{
    struct reading *r = arg;

    if (r->line || !error->message)
        return;
    r->line = error->line > 0 ? error->line : 1;
    snprintf(r->wrong, sizeof(r->wrong), "%.*s", (int)strcspn(error->message, "\n"),
             error->message);
}

static void attribute(const struct reading *r, const char *name, char *out, size_t size)
{
    xmlChar *value = xmlTextReaderGetAttribute(r->reader, (const xmlChar *)name);

    snprintf(out, size, "%s", value ? (const char *)value : "");
    xmlFree(value);
}

/* "opportunity" out of "mscrm.opportunity" and "Microsoft.Dynamics.CRM.opportunity". */
static const char *last_word(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? dot + 1 : name;
}

/* --- the table ------------------------------------------------------------------------------- */

/* Choices are plain numbers here; two of them everybody knows. */
static enum ds_dynamics_type type_of(const char *name, const char *edm)
{
    if (strcmp(name, "statecode") == 0)
        return DS_DYNAMICS_STATE;
    if (strcmp(name, "statuscode") == 0)
        return DS_DYNAMICS_STATUS;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].edm, edm) == 0)
            return types[i].type;
    return DS_DYNAMICS_PLAIN;
}

/* "ownerid" out of "_ownerid_value"; false if the property is no lookup. */
static bool lookup_name(const char *property, char out[128])
{
    static const char tail[] = "_value";
    size_t len = strlen(property), end = strlen(tail);

    if (*property != '_' || len < end + 2 || strcmp(property + len - end, tail) != 0)
        return false;
    snprintf(out, 128, "%.*s", (int)(len - end - 1), property + 1);
    return true;
}

static int on_property(struct reading *r, struct ds_err *err)
{
    char name[128], edm[64], logical[128];
    bool lookup;

    attribute(r, "Name", name, sizeof(name));
    attribute(r, "Type", edm, sizeof(edm));
    lookup = lookup_name(name, logical);
    r->column = ds_dynamics_add_column(r->arena, r->schema, lookup ? logical : name,
                                       lookup ? DS_DYNAMICS_LOOKUP : type_of(name, edm));
    if (!r->column)
        return ds_fail_nomem(err);
    r->column->creatable = r->column->updatable = true;
    r->column->day = strcmp(edm, "Edm.Date") == 0;
    return DS_OK;
}

static void on_navigation(struct reading *r)
{
    char type[128];

    attribute(r, "Name", r->navigation, sizeof(r->navigation));
    attribute(r, "Type", type, sizeof(type));
    snprintf(r->target, sizeof(r->target), "%s", last_word(type));
}

/* Only navigation properties to a single row have one. */
static int on_constraint(struct reading *r, struct ds_err *err)
{
    char property[128], key[128], column[128];
    struct ds_dynamics_lookup lookup = {
        .column = column, .navigation = r->navigation, .table = r->target, .key = key};

    attribute(r, "Property", property, sizeof(property));
    attribute(r, "ReferencedProperty", key, sizeof(key));
    if (!*r->navigation || !lookup_name(property, column))
        return DS_OK;
    return ds_dynamics_add_lookup(r->arena, r->schema, &lookup, err);
}

static void on_annotation(struct reading *r)
{
    char term[128], yes[8];

    attribute(r, "Term", term, sizeof(term));
    attribute(r, "Bool", yes, sizeof(yes));
    if (r->column && strcmp(term, "Org.OData.Core.V1.Computed") == 0 && strcmp(yes, "true") == 0)
        r->column->creatable = r->column->updatable = false;
    r->tracking = r->set && strcmp(term, "Org.OData.Capabilities.V1.ChangeTracking") == 0;
}

/* "Org.OData.Core.V1.PermissionType/Read" */
static void on_permission(struct reading *r)
{
    xmlChar *text = r->column ? xmlTextReaderReadString(r->reader) : NULL;
    const char *word = text ? strrchr((const char *)text, '/') : NULL;

    if (word && strcmp(word, "/Read") == 0)
        r->column->creatable = r->column->updatable = false;
    xmlFree(text);
}

/* --- the sets -------------------------------------------------------------------------------- */

static int on_set(struct reading *r, struct ds_err *err)
{
    char set[128], type[128];

    attribute(r, "Name", set, sizeof(set));
    attribute(r, "EntityType", type, sizeof(type));
    r->set = strcmp(last_word(type), "opportunity") == 0 && !xmlTextReaderIsEmptyElement(r->reader);
    return ds_dynamics_add_set(r->arena, r->schema, last_word(type), set, err);
}

static void on_value(struct reading *r)
{
    char property[32], yes[8];

    attribute(r, "Property", property, sizeof(property));
    attribute(r, "Bool", yes, sizeof(yes));
    if (r->tracking && strcmp(property, "Supported") == 0)
        r->schema->tracked = strcmp(yes, "true") == 0;
}

/* --- the walk -------------------------------------------------------------------------------- */

static void on_type(struct reading *r)
{
    char name[128];

    attribute(r, "Name", name, sizeof(name));
    r->table = strcmp(name, "opportunity") == 0 && !xmlTextReaderIsEmptyElement(r->reader);
}

static int on_element(struct reading *r, const char *name, struct ds_err *err)
{
    if (strcmp(name, "EntityType") == 0)
        on_type(r);
    else if (strcmp(name, "EntitySet") == 0)
        return on_set(r, err);
    else if (strcmp(name, "PropertyValue") == 0)
        on_value(r);
    else if (strcmp(name, "Annotation") == 0)
        on_annotation(r);
    if (!r->table)
        return DS_OK;
    if (strcmp(name, "Property") == 0)
        return on_property(r, err);
    if (strcmp(name, "NavigationProperty") == 0)
        on_navigation(r);
    else if (strcmp(name, "ReferentialConstraint") == 0)
        return on_constraint(r, err);
    else if (strcmp(name, "EnumMember") == 0)
        on_permission(r);
    return DS_OK;
}

static void on_end(struct reading *r, const char *name)
{
    if (strcmp(name, "EntityType") == 0)
        r->table = false;
    else if (strcmp(name, "EntitySet") == 0)
        r->set = false;
    else if (strcmp(name, "Annotation") == 0)
        r->tracking = false;
    else if (strcmp(name, "Property") == 0)
        r->column = NULL;
    else if (strcmp(name, "NavigationProperty") == 0)
        r->navigation[0] = '\0';
}

static int take_node(struct reading *r, struct ds_err *err)
{
    const char *name = (const char *)xmlTextReaderConstLocalName(r->reader);
    int type = xmlTextReaderNodeType(r->reader);
    int rc = DS_OK;

    if (type == XML_READER_TYPE_ELEMENT)
        rc = on_element(r, name, err);
    if (type == XML_READER_TYPE_END_ELEMENT ||
        (type == XML_READER_TYPE_ELEMENT && xmlTextReaderIsEmptyElement(r->reader)))
        on_end(r, name);
    return rc;
}

static int bad(const struct reading *r, const char *text, struct ds_err *err)
{
    ds_fail(err, DS_E_REMOTE, "$metadata:%d: %s", r->line, text);
    return ds_hint(err, "look whether a proxy stands in between, or use metadata = definitions");
}

int ds_dynamics_edmx_read(const char *text, size_t len, struct ds_arena *a,
                          struct ds_dynamics_schema *schema, struct ds_err *err)
{
    struct reading r = {.arena = a, .schema = schema, .line = 0};
    int more, rc = DS_OK;

    /* It could declare entities, and has no use for them. */
    if (memmem(text, len, "<!DOCTYPE", strlen("<!DOCTYPE")))
        return bad(&r, "a DOCTYPE is not accepted", err);
    if (ds_xml_crowded(text, len))
        return bad(&r, "an element has thousands of attributes", err);
    r.reader = xmlReaderForMemory(text, (int)len, NULL, "UTF-8", XML_PARSE_NONET);
    if (!r.reader)
        return ds_fail_nomem(err);
    xmlTextReaderSetStructuredErrorHandler(r.reader, on_error, &r);
    while (!rc && (more = xmlTextReaderRead(r.reader)) == 1)
        rc = take_node(&r, err);
    if (!rc && more < 0)
        rc = bad(&r, *r.wrong ? r.wrong : "the document is broken", err);
    xmlFreeTextReader(r.reader);
    if (!rc && !schema->count)
        rc = bad(&r, "there is no table 'opportunity' in it", err);
    schema->related = schema->plain = true;
    return rc;
}

int ds_dynamics_edmx(struct ds_remote *remote, struct ds_dynamics_schema *schema,
                     struct ds_err *err)
{
    static const char *const headers[] = {DS_DYNAMICS_HEADERS, "Accept: application/xml", NULL};
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    struct ds_api_call call = {.headers = headers, .repeatable = true, .raw = true};
    struct ds_api_reply reply = {0};
    int rc;

    ds_buf_addf(&url, "%s$metadata?annotations=true", remote->base.text);
    call.url = url.text;
    remote->refused = 0;
    rc = ds_buf_failed(&url) ? ds_fail_nomem(err) : ds_api_call(remote->api, &call, &reply, err);
    if (!rc)
        rc = ds_dynamics_edmx_read(reply.body.text, reply.body.len, &remote->arena, schema, err);
    ds_api_reply_clear(&reply);
    ds_buf_clear(&url);
    return rc;
}
