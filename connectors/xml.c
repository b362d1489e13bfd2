#include "connectors/xml.h"

#include "base/file.h"
#include "base/text.h"

#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/xmlerror.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MOST_ELEMENTS 1000000 /* and attributes of a document, some 200 bytes each (P-12) */
#define MOST_EQUALS   4096    /* between two '<'; each stands for an attribute, or is text */

/* What has been found while a document is read. */
struct reading {
    size_t elements;
    int line; /* 0: nothing is wrong yet */
    char wrong[256];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void set_up(void)
{
    xmlInitParser();
    atexit(xmlCleanupParser);
}

/* --- what the parser tells ------------------------------------------------------------------- */

/* Keeps the first cause, and of it the first line: what follows quotes the document. */
static void note(xmlParserCtxt *parser, int line, const char *text)
{
    struct reading *reading = parser->_private;

    if (reading->line)
        return;
    reading->line = line > 0 ? line : 1;
    snprintf(reading->wrong, sizeof(reading->wrong), "%.*s", (int)strcspn(text, "\n"), text);
}

static void refuse(xmlParserCtxt *parser, const char *text)
{
    note(parser, xmlSAX2GetLineNumber(parser), text);
    xmlStopParser(parser);
}

static void on_error(void *parser, const char *format, ...)
{
    const xmlError *error = xmlCtxtGetLastError(parser);

    (void)format;
    if (error && error->message)
        note(parser, error->line, error->message);
}

/* Troubles that belong to no parser, which libxml2 would print. */
static void on_stray_error(void *arg, const char *format, ...)
{
    (void)arg, (void)format;
}

static void on_doctype(void *parser, const xmlChar *name, const xmlChar *id, const xmlChar *uri)
{
    (void)name, (void)id, (void)uri;
    refuse(parser, "it has a DOCTYPE, which is not allowed");
}

/* In others '<' and '=' may be spelled in ways that ds_xml_crowded() does not see. */
static void on_start(void *arg)
{
    static const char *const known[] = {"UTF-8", "UTF-16", "ISO-8859-1", "US-ASCII"};
    xmlParserCtxt *parser = arg;
    const xmlChar *declared = parser->encoding ? parser->encoding : parser->input->encoding;
    const char *name = (const char *)declared;
    bool fine = !name;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]) && !fine; i++)
        fine = strcasecmp(name, known[i]) == 0;
    if (fine)
        xmlSAX2StartDocument(parser);
    else
        refuse(parser, "its encoding is none of UTF-8, UTF-16, ISO-8859-1 and US-ASCII");
}

static void on_element(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
                       int namespaces, const xmlChar **declared, int attributes, int defaulted,
                       const xmlChar **values)
{
    xmlParserCtxt *parser = arg;
    struct reading *reading = parser->_private;

    reading->elements += 1 + (size_t)attributes + (size_t)namespaces;
    if (reading->elements > MOST_ELEMENTS)
        refuse(parser, "it holds more elements than can be held");
    else
        xmlSAX2StartElementNs(parser, name, prefix, uri, namespaces, declared, attributes,
                              defaulted, values);
}

/* --- reading --------------------------------------------------------------------------------- */

/* UTF-16 begins with a mark, or its first '<' has a NUL beside it. */
bool ds_xml_crowded(const char *text, size_t len)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t width = len > 1 && (c[0] >= 0xfe || !c[0] || !c[1]) ? 2 : 1;
    size_t low = width == 2 && (c[0] == 0xfe || !c[0]) ? 1 : 0, equals = 0;

    for (size_t i = 0; i + width <= len; i += width) {
        if (width == 2 && c[i + 1 - low])
            continue;
        equals = c[i + low] == '<' ? 0 : equals + (c[i + low] == '=');
        if (equals > MOST_EQUALS)
            return true;
    }
    return false;
}

static int parse(xmlParserCtxt *parser, const char *text, size_t len, xmlDoc **out)
{
    struct reading *reading = parser->_private;

    parser->sax->error = on_error;
    parser->sax->warning = NULL;
    parser->sax->startDocument = on_start;
    parser->sax->internalSubset = on_doctype;
    parser->sax->startElementNs = on_element;
    xmlSetGenericErrorFunc(NULL, on_stray_error); /* of this thread */
    *out =
        xmlCtxtReadMemory(parser, text, (int)len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOCDATA);
    xmlSetGenericErrorFunc(NULL, NULL);
    if (!*out && !reading->line)
        note(parser, 1, "it is no XML");
    if (*out && reading->line) {
        xmlFreeDoc(*out);
        *out = NULL;
    }
    return *out ? DS_OK : DS_E_INPUT;
}

int ds_xml_read(const char *text, size_t len, const char *what, xmlDoc **out, struct ds_err *err)
{
    struct reading reading = {0};
    xmlParserCtxt *parser;
    bool no_memory;
    int rc;

    *out = NULL;
    if (len > DS_MAX_PAGE)
        return ds_fail(err, DS_E_INPUT, "%s: it is longer than %u bytes", what, DS_MAX_PAGE);
    if (ds_xml_crowded(text, len))
        return ds_fail(err, DS_E_INPUT, "%s: it has an element with more than %d attributes", what,
                       MOST_EQUALS);
    pthread_once(&once, set_up);
    parser = xmlNewParserCtxt();
    if (!parser)
        return ds_fail_nomem(err);
    parser->_private = &reading;
    rc = parse(parser, text, len, out);
    no_memory = parser->errNo == XML_ERR_NO_MEMORY;
    xmlFreeParserCtxt(parser);
    if (!rc)
        return DS_OK;
    if (no_memory)
        return ds_fail_nomem(err);
    ds_fail(err, DS_E_INPUT, "%s, line %d: %s", what, reading.line, reading.wrong);
    return ds_hint(err, "it must be XML as the remote exports it, unchanged and whole");
}

int ds_xml_file(const char *path, size_t max, xmlDoc **out, struct ds_err *err)
{
    struct ds_buf text = DS_BUF_INIT(max);
    int rc = ds_file_read(path, &text, err);

    *out = NULL;
    if (!rc)
        rc = ds_xml_read(text.text, text.len, path, out, err);
    ds_buf_clear(&text);
    return rc;
}

/* --- looking around -------------------------------------------------------------------------- */

int ds_xml_root(const xmlDoc *doc, const char *name, const char *what, const xmlNode **out,
                struct ds_err *err)
{
    *out = xmlDocGetRootElement(doc);
    if (*out && strcmp((const char *)(*out)->name, name) == 0)
        return DS_OK;
    return ds_fail(err, DS_E_INPUT, "%s: expected <%s>, found <%.100s>", what, name,
                   *out ? (const char *)(*out)->name : "");
}

static const xmlNode *element(const xmlNode *node, const char *name)
{
    while (node && (node->type != XML_ELEMENT_NODE ||
                    (name && strcmp((const char *)node->name, name) != 0)))
        node = node->next;
    return node;
}

const xmlNode *ds_xml_child(const xmlNode *parent, const char *name)
{
    return parent ? element(parent->children, name) : NULL;
}

const xmlNode *ds_xml_next(const xmlNode *node, const char *name)
{
    return node ? element(node->next, name) : NULL;
}

/* No deeper than the parser went. */
static void collect(const xmlNode *node, struct ds_buf *out)
{
    for (; node; node = node->next)
        if (node->type == XML_TEXT_NODE)
            ds_buf_add(out, (const char *)node->content);
        else if (node->type == XML_ELEMENT_NODE)
            collect(node->children, out);
}

static const char *text_of(struct ds_arena *a, const xmlNode *first, bool trim)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_FIELD);
    const char *copy = NULL;

    collect(first, &text);
    if (!ds_buf_failed(&text))
        copy = trim ? ds_text_trim(a, text.text, text.len) : ds_arena_dup(a, text.text);
    ds_buf_clear(&text);
    return copy;
}

const char *ds_xml_text(struct ds_arena *a, const xmlNode *node)
{
    return node ? text_of(a, node->children, true) : NULL;
}

const char *ds_xml_attr(struct ds_arena *a, const xmlNode *node, const char *name)
{
    const xmlAttr *attr = node ? node->properties : NULL;

    while (attr && strcmp((const char *)attr->name, name) != 0)
        attr = attr->next;
    return attr ? text_of(a, attr->children, false) : NULL;
}
