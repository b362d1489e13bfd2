/*
 * file.h - CSV and JSON Lines exports as a remote
 */
#ifndef DS_CONNECTORS_FILE_FILE_H
#define DS_CONNECTORS_FILE_FILE_H

#include "connectors/connector.h"

extern const struct ds_connector ds_file_connector;

#endif
