/* Writes of one record: by id, by external id, and new ones. */
#ifndef SIM_SF_WRITE_H
#define SIM_SF_WRITE_H

#include "tests/sim/sf_change.h"

void sf_create(const struct request *request, struct reply *reply);
void sf_update(const struct request *request, struct reply *reply, const char *id);
void sf_delete(const struct request *request, struct reply *reply, const char *id);
/* By the value of an external id field. */
void sf_upsert(const struct request *request, struct reply *reply, const char *version,
               const char *field, const char *value);
/* Plans an upsert: which record, or a new one. False when refused; 300 when several match. */
bool sf_upsert_plan(struct sf_change *c, const struct field *key, const char *value);

/* What is wrong with an If-Unmodified-Since for that record is said in the reply; false then. */
bool sf_unmodified(const struct request *request, struct reply *reply, uint32_t at);
/* The fault that locks the row, if it is this one's turn. */
bool sf_locked(struct sf_change *c, const struct request *request, bool first);
void sf_refuse_change(struct reply *reply, const struct sf_change *c);
/* 300: every record that matches. */
void sf_choices(struct reply *reply, const char *version, const struct field *key,
                const char *value);
void sf_unknown_key(struct reply *reply, const char *field);

#endif
