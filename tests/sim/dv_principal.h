/* Who the caller is and what it may: roles, privileges, access to one row. */
#ifndef SIM_DV_PRINCIPAL_H
#define SIM_DV_PRINCIPAL_H

#include "tests/sim/dv_key.h"
#include "tests/sim/dynamics.h"

/* Functions of the service; false when the path is none of them. */
bool dv_principal(const struct request *request, struct reply *reply, const char *path);
/* What stands behind set(key); false when there is no such thing. */
bool dv_association(const struct request *request, struct reply *reply, const struct entity *entity,
                    const struct dv_key *key, const char *tail);

#endif
