/*
 * theirs.h - a mapped record as bytes, for the spool
 *
 * What a run means to change waits on disk until the guard has seen all of it (P-8, P-12). The bytes
 * never outlive the run that wrote them.
 */
#ifndef DS_ENGINE_THEIRS_H
#define DS_ENGINE_THEIRS_H

#include "engine/plan.h"

/* Appended. */
void ds_theirs_pack(struct ds_buf *out, const struct ds_theirs *t);

/* Texts are borrowed from bytes. DS_E_BUG when they are not what ds_theirs_pack() wrote. */
int ds_theirs_unpack(struct ds_arena *a, const void *bytes, size_t len, struct ds_theirs *out,
                     struct ds_err *err);

#endif
