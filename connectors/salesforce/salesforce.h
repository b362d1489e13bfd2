/*
 * salesforce.h - Salesforce orgs over the REST API
 */
#ifndef DS_CONNECTORS_SALESFORCE_SALESFORCE_H
#define DS_CONNECTORS_SALESFORCE_SALESFORCE_H

#include "connectors/connector.h"

extern const struct ds_connector ds_salesforce;

#endif
