/*
 * dynamics.h - Dynamics 365 environments over the Dataverse Web API
 */
#ifndef DS_CONNECTORS_DYNAMICS_DYNAMICS_H
#define DS_CONNECTORS_DYNAMICS_DYNAMICS_H

#include "connectors/connector.h"

extern const struct ds_connector ds_dynamics;

#endif
