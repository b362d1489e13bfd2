/* Dataverse's tables as data: entity sets, what their columns take, where their lookups lead. */
#ifndef SIM_DV_TABLES_H
#define SIM_DV_TABLES_H

#include "tests/sim/entity.h"

/* Numbers of tables, in the ids of their rows. */
enum {
    DV_ACCOUNT = 1,
    DV_USER = 2,
    DV_CURRENCY = 3,
    DV_CAMPAIGN = 4,
    DV_ROBOT = 6, /* the application user */
    DV_CONTACT = 8,
    DV_MADE_UP = 9, /* accounts that exist only as an edit of an opportunity */
    DV_BPF = 10,
    DV_LEAD_BPF = 11,
    DV_STAGE = 12,
    DV_PROCESS = 13,
    DV_TEAM = 14,
    DV_ROLE = 15,
    DV_CLOSE = 16,
    DV_QUERY = 17,
    DV_USER_QUERY = 18,
    DV_COMPETITOR = 19,
    DV_PARTNER_BPF = 21, /* a flow of somebody's own */
    DV_ACCOUNT_BPF = 22, /* one that opportunities do not run through */
    DV_UNIT = 5,
};

enum { DV_CONTACTS = 40, DV_STAGES = 12 };

struct dv_table {
    const struct entity *entity;
    const char *type;    /* "opportunity" */
    const char *schema;  /* "Opportunity" */
    const char *primary; /* name column */
    unsigned number;     /* in ids; 0: opportunities */
    int code;            /* ObjectTypeCode */
    bool bpf, tracked, writable;
};

extern const struct entity dv_opportunity;

/* Exact case; NULL otherwise. */
const struct entity *dv_entity(const char *set, size_t len);
const struct dv_table *dv_table(const struct entity *e);
const struct dv_table *dv_table_typed(const char *type, size_t len);
const struct dv_table *dv_table_at(size_t i); /* NULL behind the last */
/* The row whose key that is, deleted or not. */
bool dv_find(const struct entity *e, const char *id, uint32_t *at);

/* What a column takes. */
struct dv_column {
    bool create, update;
    int length;       /* of texts */
    int64_t min, max; /* of numbers, whole units */
    int precision;
    const char *required; /* "None", "ApplicationRequired", "SystemRequired" */
};
struct dv_column dv_column(const struct field *f);
/* "customerid" for _customerid_value. */
void dv_logical_name(const struct field *f, char out[64]);

/* A single-valued navigation property: one of those that set the lookup. */
struct dv_nav {
    const char *set, *name, *lookup, *type, *relationship;
    bool writable;
};
const struct dv_nav *dv_nav_at(size_t i);
/* The property of that name that leads to that type (NULL: to any). */
const struct dv_nav *dv_nav(const struct entity *e, const char *name, const char *type);
/* The table that the id in a lookup is a row of. */
const char *dv_target(const struct entity *e, const struct field *lookup, const char *id);

/* The state that a status reason belongs to, or -1. */
int dv_status_state(int64_t status);

#endif
