/*
 * cli.h - one call of the program: what was asked, and the commands that answer
 *
 * A command prints its results on stdout and everything else on stderr. It returns DS_OK or a status
 * with *err filled in, which main() prints and turns into the exit code; a command that has finished
 * sets `exit` when that is not 0.
 */
#ifndef DS_CLI_CLI_H
#define DS_CLI_CLI_H

#include "cli/config.h"
#include "engine/report/report.h"

struct ds_cli {
    const char *command;
    size_t count; /* of the words behind the command */
    char *const *words;
    struct ds_config *config; /* NULL: the command needs none */
    const char *config_path;
    struct ds_look look;
    bool quiet;
    bool backfill;
    bool exit_code;
    struct ds_only only;
    uint64_t made;    /* fields that the plan of an apply was made for; 0: all */
    const char *plan; /* NULL: not given; so for the other texts */
    const char *out;
    const char *field;
    const char *crm;
    const char *dir;
    const char *from;
    const char *connection;
    const char *deal;
    const char *take;
    const char *value;
    bool dry; /* check, and write nothing */
    bool own; /* link: the record is a deal of its own */
    const char *connector;
    const atomic_int *interrupted;
    int exit;
};

int ds_cmd_init(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_check(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_stages(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_diff(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_verify(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_apply(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_sync(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_backfill(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_conflicts(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_holds(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_rejects(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_resolve(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_link(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_unlink(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_undo(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_history(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_runs(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_status(struct ds_cli *cli, struct ds_err *err);
int ds_cmd_explain(struct ds_cli *cli, struct ds_err *err);

#endif
