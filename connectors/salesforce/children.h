/*
 * children.h - the rows that belong to an opportunity: its team, its contact roles, its products
 *
 * A path of these gives a JSON array, in an order of its own that stays the same, and null when there
 * are no such rows:
 *   OpportunityTeamMembers        {"email","name","phone"} of each member
 *   OpportunityContactRoles       the same of each contact
 *   OpportunityLineItems.FIELD    the texts of a field of the products: "Product2.ProductCode"
 * Whoever has no email address cannot be told from others and is left out; that is told once.
 *
 * They are read for a page of opportunities at a time, by their ids, several requests at once.
 */
#ifndef DS_CONNECTORS_SALESFORCE_CHILDREN_H
#define DS_CONNECTORS_SALESFORCE_CHILDREN_H

#include "base/arena.h"
#include "base/json.h"
#include "connectors/connector.h"
#include "connectors/salesforce/remote.h"

/* Opportunities of one request, as many as an address holds; and of one load, which occupies each lane
 * once for each list. */
#define DS_SF_CHILD_IDS  500
#define DS_SF_CHILD_LOAD (DS_SF_CHILD_IDS * DS_SF_CHILD_LANES)

struct ds_sf_kind {
    const char *path;   /* what a path begins with, or is */
    const char *object; /* what the org calls it */
    const char *person; /* the parent that is a person; NULL: texts of a field */
    const char *hint;   /* where to look when the org has no such object */
};

/* The kind of children that a path names, or NULL. */
const struct ds_sf_kind *ds_sf_child_kind(const char *path);

struct ds_sf_child {
    const char *id; /* of the opportunity */
    const char *text;
};

/* The children of one path. */
struct ds_sf_list {
    const struct ds_sf_kind *kind;
    const char *field; /* of the product */
    size_t path;       /* which of the query's */
    size_t count, size;
    struct ds_sf_child *child; /* sorted by opportunity and text */
};

struct ds_sf_children {
    struct ds_remote *remote;
    struct ds_arena arena; /* the lists */
    struct ds_arena page;  /* the texts of one page */
    size_t count;
    struct ds_sf_list *list;
    size_t most; /* opportunities of one request */
    struct ds_buf text;
    bool told;
};

int ds_sf_children_init(struct ds_sf_children *children, struct ds_remote *remote,
                        const struct ds_query *query, struct ds_err *err);
void ds_sf_children_clear(struct ds_sf_children *children);

/* children_load.c: reads the children of these opportunities, and forgets those of others. An object
 * that the org has not is DS_E_CONFIG. */
int ds_sf_children_load(struct ds_sf_children *children, const char *const *ids, size_t count,
                        struct ds_err *err);

/* Sets the values of the paths that name children. Good until the next load. False: no memory. */
bool ds_sf_children_values(struct ds_sf_children *children, const char *id,
                           struct ds_value *values);

/* Says of a failed query for the children of a list that the org has no such object, if that is why:
 * DS_E_CONFIG. Returns the status. */
int ds_sf_children_refuse(const struct ds_sf_list *list, struct ds_err *err);

/* Appends the columns that a list is read with. */
void ds_sf_children_columns(const struct ds_sf_list *list, struct ds_buf *out);

/* Takes one row of a list; for ds_sf_children_load() and tests. */
int ds_sf_children_take(struct ds_sf_children *children, struct ds_sf_list *list, const json_t *row,
                        struct ds_err *err);
void ds_sf_children_sort(struct ds_sf_children *children);

#endif
