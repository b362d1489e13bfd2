#include "cli/config.h"

#include "cli/keys.h"

#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 64 /* keys that a misspelt one is compared with */

/* Settings of connectors whose value is a path. */
static const char *const path_settings[] = {"path", "ca_file", "fetchxml", NULL};

int ds_config_connector(const char *name, int status, const struct ds_connector **out,
                        struct ds_err *err)
{
    const char *words[MAX_WORDS] = {NULL};

    *out = ds_connector_find(name);
    if (*out)
        return DS_OK;
    for (size_t i = 0; i < MAX_WORDS - 1 && ds_connectors[i]; i++)
        words[i] = ds_connectors[i]->name;
    ds_fail(err, status, "there is no connector '%s'", name);
    ds_hint_nearest(err, name, words);
    return ds_hint(err, "%s", ds_config_setting(0)->help);
}

static const struct ds_setting *setting_find(const struct ds_connector *connector, const char *name)
{
    const struct ds_setting *s = connector->settings;

    while (s->name && !ds_setting_covers(s, name))
        s++;
    return s->name ? s : NULL;
}

static int fail_unknown(const struct ds_config_connection *c, const struct ds_entry *e,
                        struct ds_err *err)
{
    const char *words[MAX_WORDS] = {NULL};
    size_t n = 0;

    for (size_t i = 0; ds_config_setting(i) && n < MAX_WORDS - 1; i++)
        words[n++] = ds_config_setting(i)->name;
    for (const struct ds_setting *s = c->connector->settings; s->name && n < MAX_WORDS - 1; s++)
        words[n++] = s->name;
    ds_fail(err, DS_E_CONFIG, "%s: unknown key '%s' for the connector '%s'", e->where, e->name,
            c->connector->name);
    ds_hint_nearest(err, e->name, words);
    return ds_hint(err, "dealsync.conf(5) lists the keys");
}

/* Only files need a second look: what is no reference at all, ds_secret_read() refuses. */
static const char *reference(struct ds_arena *a, const struct ds_entry *e)
{
    static const char *const file = "file:";
    const char *path;

    if (strncmp(e->value, file, strlen(file)) != 0)
        return e->value;
    path = ds_entry_path(a, e, e->value + strlen(file));
    return path ? ds_arena_printf(a, "%s%s", file, path) : NULL;
}

static const char *option_value(struct ds_arena *a, const struct ds_setting *setting,
                                const struct ds_entry *e)
{
    if (setting->flags & DS_SETTING_SECRET)
        return reference(a, e);
    for (size_t i = 0; path_settings[i]; i++)
        if (strcmp(setting->name, path_settings[i]) == 0)
            return ds_entry_path(a, e, e->value);
    return e->value;
}

/* The connector's options while they are collected; the struct it gets points to const. */
struct options {
    size_t count;
    const char **names;
    const char **values;
    const char **where;
};

static void add_option(struct options *o, const char *name, const char *value, const char *where)
{
    o->names[o->count] = name;
    o->values[o->count] = value;
    o->where[o->count] = where;
    o->count++;
}

static int make_room(struct ds_arena *a, const struct ds_section *s,
                     const struct ds_connector *connector, struct options *o, struct ds_err *err)
{
    size_t most = 0;

    for (const struct ds_entry *e = s->entries; e; e = e->next)
        most++;
    for (const struct ds_setting *setting = connector->settings; setting->name; setting++)
        most++;
    o->names = ds_arena_alloc(a, most * sizeof(*o->names));
    o->values = ds_arena_alloc(a, most * sizeof(*o->values));
    o->where = ds_arena_alloc(a, most * sizeof(*o->where));
    return o->names && o->values && o->where ? DS_OK : ds_fail_nomem(err);
}

/* What is missing gets its fallback, unless it must be there. */
static int complete(const struct ds_section *s, const struct ds_setting *setting, struct options *o,
                    struct ds_err *err)
{
    if (ds_entry_find(s, setting->name))
        return DS_OK;
    if (setting->flags & DS_SETTING_REQUIRED) {
        ds_fail(err, DS_E_CONFIG, "%s: [connection %s] has no '%s'", s->where, s->connection,
                setting->name);
        return ds_hint(err, "add: %s = %s   ; %s", setting->name, setting->example, setting->help);
    }
    if (setting->fallback && o)
        add_option(o, setting->name, setting->fallback, NULL);
    return DS_OK;
}

static int take_entry(struct ds_arena *a, struct ds_config_connection *c, const struct ds_entry *e,
                      struct options *o, struct ds_err *err)
{
    const struct ds_setting *setting = setting_find(c->connector, e->name);
    const char *value;

    if (!setting)
        return fail_unknown(c, e, err);
    value = option_value(a, setting, e);
    if (!value)
        return ds_fail_nomem(err);
    add_option(o, e->name, value, e->where);
    return DS_OK;
}

/* The keys that every connection has: what is missing gets its fallback; what is said of one field
 * comes after what is said of all. */
static int take_keys(struct ds_arena *a, const struct ds_section *s, struct ds_config_connection *c,
                     struct ds_err *err)
{
    const struct ds_setting *setting;

    for (size_t i = 0; (setting = ds_config_setting(i)) != NULL; i++) {
        struct ds_entry fallback = {NULL, s->where, setting->name, setting->fallback, NULL};

        if (complete(s, setting, NULL, err) ||
            (setting->fallback && ds_key_take(a, c, i, &fallback, err)))
            return err->status;
    }
    for (int of_field = 0; of_field < 2; of_field++)
        for (const struct ds_entry *e = s->entries; e; e = e->next) {
            size_t i = ds_key_find(e->name);

            if (ds_config_setting(i) && ds_key_of_field(i) == of_field &&
                ds_key_take(a, c, i, e, err))
                return err->status;
        }
    return ds_keys_agree(s, c, err);
}

static int take_connection(struct ds_arena *a, const struct ds_section *s,
                           struct ds_config_connection *c, struct ds_err *err)
{
    struct options o = {0};

    c->name = s->connection;
    c->where = s->where;
    if (take_keys(a, s, c, err) || make_room(a, s, c->connector, &o, err))
        return err->status;
    for (const struct ds_entry *e = s->entries; e; e = e->next)
        if (!ds_config_setting(ds_key_find(e->name)) && take_entry(a, c, e, &o, err))
            return err->status;
    for (const struct ds_setting *setting = c->connector->settings; setting->name; setting++)
        if (complete(s, setting, &o, err))
            return err->status;
    c->options = (struct ds_options){.connection = c->name,
                                     .count = o.count,
                                     .names = o.names,
                                     .values = o.values,
                                     .where = o.where};
    return DS_OK;
}

static int take_store(struct ds_config *config, const struct ds_section *s, struct ds_err *err)
{
    for (const struct ds_entry *e = s->entries; e; e = e->next) {
        if (strcmp(e->name, "path") != 0) {
            ds_fail(err, DS_E_CONFIG, "%s: unknown key '%s' in [store]", e->where, e->name);
            return ds_hint(err, "[store] has one key: path");
        }
        config->store = ds_entry_path(&config->arena, e, e->value);
        if (!config->store)
            return ds_fail_nomem(err);
    }
    return DS_OK;
}

static int understand(struct ds_config *config, const struct ds_section *sections,
                      struct ds_err *err)
{
    struct ds_arena *a = &config->arena;
    size_t count = 0;

    for (const struct ds_section *s = sections; s; s = s->next)
        count++;
    config->connections = ds_arena_alloc(a, (count + 1) * sizeof(*config->connections));
    if (!config->connections)
        return ds_fail_nomem(err);
    for (const struct ds_section *s = sections; s; s = s->next) {
        if (!s->connection)
            take_store(config, s, err);
        else
            take_connection(a, s, &config->connections[config->count++], err);
        if (err->status != DS_OK)
            return err->status;
    }
    if (config->store)
        return DS_OK;
    ds_fail(err, DS_E_CONFIG, "%s: there is no [store] with a 'path'", config->path);
    return ds_hint(err, "add [store] and, below it, path = /var/lib/dealsync/deals.db");
}

int ds_config_load(const char *path, struct ds_config **out, struct ds_err *err)
{
    struct ds_config *config = calloc(1, sizeof(*config));
    struct ds_section *sections = NULL;

    if (!config)
        return ds_fail_nomem(err);
    config->path = ds_arena_dup(&config->arena, path);
    if (!config->path)
        ds_fail_nomem(err);
    else if (ds_sections_read(path, &config->arena, &sections, err) == DS_OK)
        understand(config, sections, err);
    if (err->status != DS_OK)
        ds_config_free(config);
    else
        *out = config;
    return err->status;
}

void ds_config_free(struct ds_config *config)
{
    if (!config)
        return;
    ds_arena_clear(&config->arena);
    free(config);
}

static int fail_no_connection(const struct ds_config *config, const char *name, struct ds_err *err)
{
    const char *words[MAX_WORDS] = {NULL};
    struct ds_buf all = DS_BUF_INIT(sizeof(err->hint));

    for (size_t i = 0; i < config->count; i++) {
        if (i < MAX_WORDS - 1)
            words[i] = config->connections[i].name;
        ds_buf_addf(&all, "%s%s", i ? ", " : "", config->connections[i].name);
    }
    ds_fail(err, DS_E_USAGE, "there is no connection '%s' in '%s'", name, config->path);
    ds_hint_nearest(err, name, words);
    ds_hint(err, "it has: %s", all.len ? all.text : "none yet");
    ds_buf_clear(&all);
    return err->status;
}

int ds_config_find(const struct ds_config *config, const char *name,
                   const struct ds_config_connection **out, struct ds_err *err)
{
    for (size_t i = 0; i < config->count; i++) {
        if (strcmp(config->connections[i].name, name) == 0) {
            *out = &config->connections[i];
            return DS_OK;
        }
    }
    return fail_no_connection(config, name, err);
}
