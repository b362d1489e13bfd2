/*
 * fetchxml_doc.h - the document that fetchxml.c prepares and fetchxml_page.c sends page by page
 */
#ifndef DS_CONNECTORS_DYNAMICS_FETCHXML_DOC_H
#define DS_CONNECTORS_DYNAMICS_FETCHXML_DOC_H

#include "connectors/dynamics/fetchxml.h"

#include <libxml/tree.h>

struct ds_dynamics_fetchxml {
    xmlDoc *doc;
    xmlNode *fetch;
    xmlNode *entity;
    xmlNode *conditions; /* our own filter; NULL: none yet */
    long page_size;
    long page;            /* the next one to ask for, from 1 */
    struct ds_buf cookie; /* for that page, decoded; empty: none */
};

#endif
