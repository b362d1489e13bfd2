/*
 * xml.h - XML that others wrote (libxml2)
 *
 * Read as data and nothing else: a document with a DOCTYPE is refused, so that it can declare no
 * entities, and nothing outside it is ever opened. Size, number of elements and depth are bounded.
 * Encodings are UTF-8, UTF-16, Latin 1 and ASCII; what is handed out is UTF-8. Elements and
 * attributes go by their names without a prefix, whatever their namespace.
 */
#ifndef DS_CONNECTORS_XML_H
#define DS_CONNECTORS_XML_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <libxml/tree.h>

/* Reads a document of at most DS_MAX_PAGE bytes; the caller frees *out with xmlFreeDoc(). what names
 * it for messages: "opportunity.xml", "the answer". DS_E_INPUT says in which line it is bad. */
int ds_xml_read(const char *text, size_t len, const char *what, xmlDoc **out, struct ds_err *err);

/* The same with a file of at most max bytes. */
int ds_xml_file(const char *path, size_t max, xmlDoc **out, struct ds_err *err);

/* Whether an element may have so many attributes that the parser, which compares each with all
 * before it, would take hours; for who parses by itself. */
bool ds_xml_crowded(const char *text, size_t len);

/* The outermost element; DS_E_INPUT unless it has this name. */
int ds_xml_root(const xmlDoc *doc, const char *name, const char *what, const xmlNode **out,
                struct ds_err *err);

/* The first element of this name below the parent, or behind the node on its level; NULL when there
 * is none, or nothing to look at. A NULL name stands for any. */
const xmlNode *ds_xml_child(const xmlNode *parent, const char *name);
const xmlNode *ds_xml_next(const xmlNode *node, const char *name);

/* The text of an element and of those below it without the blanks at its ends, or the value of an
 * attribute as it is. NULL when there is no such thing, when it is longer than DS_MAX_FIELD, or
 * without memory. */
const char *ds_xml_text(struct ds_arena *a, const xmlNode *node);
const char *ds_xml_attr(struct ds_arena *a, const xmlNode *node, const char *name);

#endif
