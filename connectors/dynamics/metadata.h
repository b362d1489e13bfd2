/*
 * metadata.h - where the schema comes from
 *
 * Two documents tell what the opportunity table has: the definitions, JSON with types, choices,
 * labels and limits, and $metadata, one large XML document (EDMX) that has names, plain types and
 * navigation properties only. The setting 'metadata' says which is read; schema.c keeps what was
 * learnt. Labels, limits and choices are in the definitions alone.
 */
#ifndef DS_CONNECTORS_DYNAMICS_METADATA_H
#define DS_CONNECTORS_DYNAMICS_METADATA_H

#include "connectors/dynamics/ahead.h"
#include "connectors/dynamics/schema.h"

#define DS_DYNAMICS_CAST "/Microsoft.Dynamics.CRM."

/* The entity set of a table, once known. */
struct ds_dynamics_set {
    const struct ds_dynamics_set *next;
    const char *table;
    const char *set;
};

struct ds_dynamics_schema {
    size_t count;
    size_t room;
    struct ds_dynamics_column *columns;
    const char **names; /* of the columns, NULL-terminated, for suggestions */
    const struct ds_dynamics_choice *choices;
    struct ds_dynamics_lookup *lookups;
    const struct ds_dynamics_set *sets;
    bool related; /* the lookups have been read */
    bool limited; /* the limits have been asked for */
    bool plain;   /* from $metadata: any whole number may be a choice */
    bool tracked; /* change tracking is on; what $metadata says of it */
};

/* Adds a column, of which nothing but name and type is known yet. NULL: out of memory. */
struct ds_dynamics_column *ds_dynamics_add_column(struct ds_arena *a,
                                                  struct ds_dynamics_schema *schema,
                                                  const char *logical, enum ds_dynamics_type type);

/* Adds where a lookup leads to; the owner, an abstract table, leads to users and teams. Texts are
 * copied. */
int ds_dynamics_add_lookup(struct ds_arena *a, struct ds_dynamics_schema *schema,
                           const struct ds_dynamics_lookup *lookup, struct ds_err *err);

int ds_dynamics_add_set(struct ds_arena *a, struct ds_dynamics_schema *schema, const char *table,
                        const char *set, struct ds_err *err);

/* --- definitions.c: JSON, one table at a time (DV-33) --- */
int ds_dynamics_definitions(struct ds_remote *remote, struct ds_dynamics_schema *schema,
                            struct ds_err *err);
int ds_dynamics_definition(struct ds_remote *remote, struct ds_dynamics_table *out,
                           struct ds_err *err);
int ds_dynamics_definitions_related(struct ds_remote *remote, struct ds_dynamics_schema *schema,
                                    struct ds_err *err);
int ds_dynamics_definitions_limits(struct ds_remote *remote, struct ds_dynamics_schema *schema,
                                   struct ds_err *err);
int ds_dynamics_definitions_set(struct ds_remote *remote, const char *table,
                                struct ds_dynamics_schema *schema, struct ds_err *err);
void ds_dynamics_definitions_ask(const struct ds_remote *remote, struct ds_dynamics_questions *q);
/* wanted: which kind of choice to ask for. The question is NULL when there is no memory for it. */
const char *ds_dynamics_options_question(struct ds_remote *remote,
                                         const struct ds_dynamics_column *column,
                                         enum ds_dynamics_type wanted);
int ds_dynamics_definitions_options(struct ds_remote *remote, struct ds_dynamics_choice *choice,
                                    enum ds_dynamics_type wanted, struct ds_err *err);

/* --- edmx.c: the XML document; columns, lookups and sets at once --- */
int ds_dynamics_edmx(struct ds_remote *remote, struct ds_dynamics_schema *schema,
                     struct ds_err *err);

/* The same from text, for it needs no remote. */
int ds_dynamics_edmx_read(const char *text, size_t len, struct ds_arena *a,
                          struct ds_dynamics_schema *schema, struct ds_err *err);

#endif
