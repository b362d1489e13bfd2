/* The Salesforce org: everything under /services/. */
#ifndef SIM_SALESFORCE_H
#define SIM_SALESFORCE_H

#include "tests/sim/entity.h"
#include "tests/sim/http.h"

void salesforce_answer(const struct request *received, struct reply *reply);
void salesforce_refuse_token(struct reply *reply);
/* The documented array with one error. */
void salesforce_error(struct reply *reply, unsigned status, const char *code, const char *format,
                      ...) __attribute__((format(printf, 4, 5)));

#endif
