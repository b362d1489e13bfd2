/*
 * job.h - one run as the engine takes it, made of the command line and a connection's configuration
 */
#ifndef DS_CLI_JOB_H
#define DS_CLI_JOB_H

#include "cli/ready.h"

struct ds_cli_job {
    struct ds_job job;
    struct ds_ready ready;
    struct ds_buf scope;
};

/* Everything but what watches the run. ds_cli_job_close() goes with it, also after a failure. */
int ds_cli_job_open(const struct ds_cli *cli, const char *name, enum ds_command command,
                    struct ds_cli_job *out, struct ds_err *err);
void ds_cli_job_close(struct ds_cli_job *j);

#endif
