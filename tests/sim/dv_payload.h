/* What a client writes: a JSON object checked against a table's columns and lookups. */
#ifndef SIM_DV_PAYLOAD_H
#define SIM_DV_PAYLOAD_H

#include "tests/sim/dv_tables.h"
#include "tests/sim/dynamics.h"
#include "tests/sim/world.h"

#include <jansson.h>

struct dv_change {
    const struct field *field; /* of a lookup: the property that shows it */
    const struct dv_nav *nav;  /* of a lookup, or NULL */
    char *text;                /* NULL: null */
};

struct dv_payload {
    const struct entity *entity;
    struct dv_change *changes;
    size_t n;
};

/* Refuses into the reply and returns false, or fills the payload. The caller frees it in any case.
 * Columns that may be given only on creation, or only later, are told apart by `create`. The world is
 * locked. */
bool dv_payload_read(const json_t *body, const struct entity *e, bool create,
                     struct dv_payload *payload, struct reply *reply);
void dv_payload_free(struct dv_payload *payload);

/* The change of that column, or NULL. */
struct dv_change *dv_payload_find(const struct dv_payload *payload, const char *field);
void dv_payload_apply(const struct dv_payload *payload, struct edit *edit);
void dv_lookup_apply(const struct entity *e, struct edit *edit, const struct field *lookup,
                     const struct dv_nav *nav, const char *id);

/* "accounts(guid)", relative or below this origin, as the id of an existing row of the type that the
 * property leads to. The caller frees it; NULL when refused. */
char *dv_reference(const struct entity *e, const char *name, const char *uri,
                   const struct dv_nav **found, struct reply *reply);

/* 400 0x80048d19: the payload cannot be read. */
void dv_payload_refuse(struct reply *reply, const struct entity *e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
