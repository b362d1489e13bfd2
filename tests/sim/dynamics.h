/* The Dynamics 365 environment: /{tenant}/oauth2/... and /api/data/v9.x/. */
#ifndef SIM_DYNAMICS_H
#define SIM_DYNAMICS_H

#include "tests/sim/http.h"

void dynamics_answer(const struct request *request, struct reply *reply);
void dynamics_refuse_token(struct reply *reply);
/* {"error":{"code","message"}} */
void dynamics_error(struct reply *reply, unsigned status, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
