/*
 * keys.h - the settings that every connection has beside those of its connector
 *
 * One table: what each is called, what it is without a line, and where its value goes.
 */
#ifndef DS_CLI_KEYS_H
#define DS_CLI_KEYS_H

#include "cli/config.h"
#include "cli/sections.h"

/* Whether a setting is meant by a name; one that ends in '*' takes any ending. */
bool ds_setting_covers(const struct ds_setting *setting, const char *name);

/* The key of that name, by its place for ds_config_setting(); past the end when there is none. */
size_t ds_key_find(const char *name);

/* Whether it speaks of one field, and so counts more than what is said of all. */
bool ds_key_of_field(size_t i);

/* Takes the value of the i-th key into the connection; DS_E_CONFIG says what is wrong with it. */
int ds_key_take(struct ds_arena *a, struct ds_config_connection *c, size_t i,
                const struct ds_entry *e, struct ds_err *err);

/* Whether what has been taken goes together. */
int ds_keys_agree(const struct ds_section *s, const struct ds_config_connection *c,
                  struct ds_err *err);

#endif
