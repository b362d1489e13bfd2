/* The key in a URL: a GUID, or an alternate key such as new_dealkey='...'. */
#ifndef SIM_DV_KEY_H
#define SIM_DV_KEY_H

#include "tests/sim/dynamics.h"
#include "tests/sim/entity.h"

struct dv_key {
    const struct field *field; /* of an alternate key, or NULL */
    char *text;
};

/* Reads "(...)" and moves *tail behind it. Refuses into the reply and returns false. */
bool dv_key_read(const struct entity *e, const char *rest, struct dv_key *key, const char **tail,
                 struct reply *reply);
void dv_key_free(struct dv_key *key);
/* The row that lives and carries that key. */
bool dv_key_find(const struct entity *e, const struct field *field, const char *text, uint32_t *at);

#endif
