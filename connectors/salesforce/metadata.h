/*
 * metadata.h - stages out of exported metadata, without an org
 *
 * The value set OpportunityStage lists the stages; sales processes (BusinessProcess) each allow some of
 * them, and record types name their process. Both layouts of such exports are understood: one file for
 * each thing (source format), and all of an object in one (Metadata API format).
 */
#ifndef DS_CONNECTORS_SALESFORCE_METADATA_H
#define DS_CONNECTORS_SALESFORCE_METADATA_H

#include "connectors/connector.h"

/* file: a StandardValueSet, a BusinessProcess, a CustomObject, or the directory that holds
 * standardValueSets/ and objects/. The connector's function of that name. */
int ds_sf_stages_in(const char *file,
                    int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err),
                    void *arg, struct ds_err *err);

#endif
