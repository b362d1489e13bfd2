/*
 * config.h - what the configuration file and its drop-ins say
 *
 * Strict: an unknown section or key, a value that cannot be, a key said twice or one that is missing
 * is DS_E_CONFIG with file and line. Next to the file, conf.d/ may hold more files named *.conf, read
 * in the order of their names; they add, they do not replace. Paths are relative to the file they
 * stand in. Secrets are references, and are neither read nor judged here (P-9).
 */
#ifndef DS_CLI_CONFIG_H
#define DS_CLI_CONFIG_H

#include "engine/run.h"

struct ds_config_connection {
    const char *name;
    const char *where; /* "file:line" of its first line */
    const struct ds_connector *connector;
    struct ds_options options; /* of the connector */
    const char *mapping;
    struct ds_guard guard;
    enum ds_direction direction;
    bool creates;
    enum ds_gone gone;
    const char *gone_reason; /* NULL: none */
    bool vetted;
    bool close_early;
    const char *shareable_solutions; /* NULL: none */
    const char *our_domains;         /* NULL: none */
    const char *incentive_solutions; /* NULL: none */
    uint64_t incentive_minimum;
    uint64_t expiry_days;
    uint64_t expiry_warning_days;
    uint64_t alarm_after_hours;
};

struct ds_config {
    const char *path;
    const char *store;
    size_t count;
    struct ds_config_connection *connections; /* in the order of the files */
    struct ds_arena arena;                    /* all of it lives here */
};

/* The caller frees *out. */
int ds_config_load(const char *path, struct ds_config **out, struct ds_err *err);
void ds_config_free(struct ds_config *config); /* NULL is fine */

/* The connection of that name; DS_E_USAGE with the nearest name when there is none. */
int ds_config_find(const struct ds_config *config, const char *name,
                   const struct ds_config_connection **out, struct ds_err *err);

/* The connector of that name; an error of that status, with the nearest name, when there is none. */
int ds_config_connector(const char *name, int status, const struct ds_connector **out,
                        struct ds_err *err);

/* The i-th of the keys that every connection has beside those of its connector; NULL past the end. */
const struct ds_setting *ds_config_setting(size_t i);

#endif
