/*
 * ask.h - what an admin asks of an export before a run: can it be read, and which stages are in it
 */
#ifndef DS_CONNECTORS_FILE_ASK_H
#define DS_CONNECTORS_FILE_ASK_H

#include "connectors/file/scan.h"

/* As in the contract of struct ds_connector. check looks at the first DS_SAMPLE records; stages at
 * all, and refuses a column of more than DS_MAX_STAGES different values: it holds no stages. */
#define DS_SAMPLE     10000u
#define DS_MAX_STAGES 1000u

int ds_file_check(struct ds_remote *remote, const struct ds_query *query, ds_note *note, void *arg,
                  struct ds_err *err);
int ds_file_stages(struct ds_remote *remote, const char *field, const char *process_field,
                   int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err),
                   void *arg, struct ds_err *err);

#endif
