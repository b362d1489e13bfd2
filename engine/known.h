/*
 * known.h - whether what a person has typed is a record, and how its id is spelt
 *
 * The remote is asked, and nothing is written anywhere.
 */
#ifndef DS_ENGINE_KNOWN_H
#define DS_ENGINE_KNOWN_H

#include "base/arena.h"
#include "connectors/connector.h"
#include "mapping/mapping.h"

struct ds_known {
    const char *id; /* as the connector spells it; NULL: there is no such record in sight */
    bool deleted;   /* there was one */
};

/* Looks the word up as an id, by one question where the remote takes one; one that is read as a whole
 * is read. The id lives in the arena. */
int ds_known_find(const struct ds_connector *connector, struct ds_remote *remote,
                  const struct ds_mapping *mapping, const char *word, struct ds_arena *a,
                  struct ds_known *out, struct ds_err *err);

#endif
