/* A table that can be asked: its fields as data, and where its rows come from. */
#ifndef SIM_ENTITY_H
#define SIM_ENTITY_H

#include "tests/sim/row.h"
#include "tests/sim/settings.h"

enum {
    NO_FILTER = 1,      /* may be selected, not filtered, sorted or grouped */
    WRITABLE = 2,       /* what describe says */
    ASCENDING = 4,      /* unedited rows ascend in it with their index */
    STAMP = 8,          /* the modification stamp itself */
    KEY = 16,           /* the id itself */
    CURRENCY = 32,      /* exists only with multi-currency */
    CUSTOM = 64,        /* not one of the CRM's own fields */
    REQUIRED = 128,     /* not nillable */
    CREATE_ONLY = 256,  /* writable when the record is made, not later */
    EXTERNAL_KEY = 512, /* an external id of the org's own */
    UNIQUE = 1024,      /* an alternate key */
    FILLER = 2048,      /* only makes the table as wide as real ones are */
    CREATION = 4096,    /* of generated rows: 30 to 31 days before the stamp */
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
    void (*load)(uint32_t at, struct row *row); /* as generated or loaded, or empty beyond count */
    /* The rest may be left out. */
    const char *prefix;                       /* of the ids, in Salesforce */
    unsigned overlay;                         /* which overlay; 0: that of the opportunities */
    void (*resolve)(struct row *row);         /* follows what the row refers to */
    bool (*hides)(const struct field *field); /* from the asking user */
};

/* SOQL names ignore case, OData names do not. NULL when there is none, or none that may be seen. */
const struct field *entity_field(const struct entity *e, const char *name, size_t len);
/* Hidden ones too. */
const struct field *entity_any_field(const struct entity *e, const char *name, size_t len);
const struct field *entity_key(const struct entity *e);
/* The parent whose name stands before the dot, or NULL. */
const struct group *entity_group(const struct entity *e, const char *name, size_t len);
const struct field *entity_group_key(const struct entity *e, const struct group *group);

/* Without edits of its own. */
void entity_base(const struct entity *e, uint32_t at, struct row *row);
/* With edits laid over it. */
void entity_row(const struct entity *e, uint32_t at, struct row *row);
void field_get(const struct row *row, const struct field *field, struct val *v);

#endif
