/* A table that can be asked: its fields as data, and where its rows come from. */
#ifndef SIM_ENTITY_H
#define SIM_ENTITY_H

#include "tests/sim/row.h"
#include "tests/sim/settings.h"

enum {
    NO_FILTER = 1,   /* may be selected, not filtered, sorted or grouped */
    WRITABLE = 2,    /* what describe says */
    ASCENDING = 4,   /* unedited rows ascend in it with their index */
    STAMP = 8,       /* the modification stamp itself */
    KEY = 16,        /* the id itself */
    CURRENCY = 32,   /* exists only with multi-currency */
    CUSTOM = 64,     /* not one of the CRM's own fields */
    REQUIRED = 128,  /* not nillable */
    UNIQUE = 256,    /* an alternate key */
    CREATION = 1024, /* of generated rows: 30 to 31 days before the stamp */
    FILLER = 512,    /* only makes the table as wide as real ones are */
};

struct field {
    const char *name; /* dotted when it is a parent's: "Account.Name" */
    const char *type; /* in the CRM's words */
    enum form form;
    enum aspect aspect;
    unsigned flags;
    const char *label;
    const struct choice *options; /* of a choice */
    unsigned noptions;
};

/* A parent that is shown as an object of its own. */
struct group {
    const char *name; /* "Account" */
    const char *type; /* of the parent table */
    const char *key;  /* the field that is null when there is no parent */
    const char *twin; /* the field that holds the same id */
};

struct entity {
    const char *name;
    const struct field *fields;
    size_t nfields;
    const struct group *groups;
    size_t ngroups;
    enum crm crm;
    bool changes;                               /* has an overlay of edits */
    uint32_t (*count)(void);                    /* rows that nobody created through control */
    void (*load)(uint32_t at, struct row *row); /* as generated or loaded */
};

/* SOQL names ignore case, OData names do not. NULL when there is none. */
const struct field *entity_field(const struct entity *e, const char *name, size_t len);
const struct field *entity_key(const struct entity *e);
/* The parent whose name stands before the dot, or NULL. */
const struct group *entity_group(const struct entity *e, const char *name, size_t len);
const struct field *entity_group_key(const struct entity *e, const struct group *group);

/* With edits laid over it. */
void entity_row(const struct entity *e, uint32_t at, struct row *row);
void field_get(const struct row *row, const struct field *field, struct val *v);

#endif
