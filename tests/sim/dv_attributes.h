/* EntityDefinitions(...)/Attributes: columns, their limits and their options. */
#ifndef SIM_DV_ATTRIBUTES_H
#define SIM_DV_ATTRIBUTES_H

#include "tests/sim/dv_tables.h"
#include "tests/sim/dynamics.h"

/* What a request for metadata asks; type is that of the cast, "" without one. */
struct dv_asked {
    char *select, *expand, *filter;
    const char *type;
};

/* All columns of the type, or the one that `wanted` names. */
void dv_attributes(struct reply *reply, const struct dv_table *table, const struct dv_asked *asked,
                   const char *wanted);
/* Whether a list with commas holds the word; NULL holds every word. */
bool dv_selected(const char *list, const char *word);
void dv_metadata_id(struct buf *out, unsigned n);
/* A text in the user's language; NULL: none. */
void dv_label(struct buf *out, const char *text);

#endif
