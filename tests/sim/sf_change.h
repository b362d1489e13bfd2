/* One record that a client creates or updates: what it sends is checked as a whole, then carried
 * out as a whole. */
#ifndef SIM_SF_CHANGE_H
#define SIM_SF_CHANGE_H

#include "tests/sim/salesforce.h"

#include <jansson.h>

struct sf_change {
    bool create;
    uint32_t at;  /* of an update; of a creation once it is carried out */
    json_t *set;  /* canonical field names to text or null */
    bool carried; /* out */
    /* why it is refused; NULL: it is not */
    const char *code;
    unsigned status;
    char message[512], field[64];
};

/* The JSON body, numbers as they were written; NULL when it was refused in the reply. */
json_t *sf_body(const struct request *request, struct reply *reply);

/* Checks the members of the body, "attributes" and id apart. False when refused. */
bool sf_change_check(struct sf_change *c, const json_t *body, const struct request *request);
bool sf_change_refuse(struct sf_change *c, unsigned status, const char *code, const char *field,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));
void sf_change_carry(struct sf_change *c);
void sf_change_free(struct sf_change *c);

/* Finds the record for an update by its id; refuses a malformed, unknown or deleted one. */
bool sf_change_find(struct sf_change *c, const char *id);
void sf_opportunity_id(uint32_t at, char out[19]);

#endif
