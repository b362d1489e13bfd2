/*
 * cloud.h - Microsoft's clouds by name
 *
 * A name stands for a sign-in host, so that nobody has to look it up. It is a convenience: hosts and
 * regions are added now and then, and the settings 'authority' and 'url' take any (DV-9).
 */
#ifndef DS_CONNECTORS_DYNAMICS_CLOUD_H
#define DS_CONNECTORS_DYNAMICS_CLOUD_H

#include "base/err.h"

/* The sign-in host of a cloud: "https://login.microsoftonline.us". DS_E_CONFIG for a name that is
 * none, or of a cloud that was closed. */
int ds_dynamics_cloud(const char *name, const char **authority, struct ds_err *err);

/* The cloud that an environment's origin tells by its ending, or NULL when it tells nothing. */
const char *ds_dynamics_cloud_of(const char *origin);

#endif
