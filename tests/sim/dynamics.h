/* The Dynamics 365 environment: /{tenant}/oauth2/... and /api/data/v9.x/. */
#ifndef SIM_DYNAMICS_H
#define SIM_DYNAMICS_H

#include "tests/sim/http.h"

void dynamics_answer(const struct request *request, struct reply *reply);
void dynamics_refuse_token(struct reply *reply);
/* What stands behind "/api/data/v9.n/", or NULL. */
const char *dynamics_path(const char *path);
/* A request whose token and headers are good; path is what stands behind the service's root. */
void dynamics_serve(const struct request *request, struct reply *reply, const char *path);
/* {"error":{"code","message"}} */
void dynamics_error(struct reply *reply, unsigned status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* 403 and false when the caller lacks the privilege. */
bool dynamics_allowed(struct reply *reply, const char *privilege, const char *type);

#endif
