/*
 * starter.h - the mapping that `init` writes: what a standard org has, for each kind of remote
 */
#ifndef DS_CLI_STARTER_H
#define DS_CLI_STARTER_H

#include "base/buf.h"

/* Appends the mapping for a connector's name. It loads as it is; what only an admin can know stands in
 * comments. */
void ds_starter_mapping(struct ds_buf *out, const char *connector);

#endif
