#include "cli/config.h"

#include "base/text.h"
#include "cli/sections.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MAX_WORDS 64 /* keys that a misspelt one is compared with */

enum kind { CONNECTOR, PATH, TEXT, NUMBER, FLAG };

#define AT(member) offsetof(struct ds_config_connection, member)

/* The settings of every connection, and where each goes. */
static const struct {
    struct ds_setting setting;
    enum kind kind;
    size_t offset;
    long max;
} keys[] = {
    {{"connector", NULL, DS_SETTING_REQUIRED, "the kind of remote: salesforce, dynamics or file",
      "salesforce"},
     CONNECTOR,
     AT(connector),
     0},
    {{"mapping", NULL, DS_SETTING_REQUIRED, "the file that maps this company's fields and stages",
      "acme.mapping.conf"},
     PATH,
     AT(mapping),
     0},
    {{"guard_count", "100", 0, "a run stops before writing if it would change more deals than this",
      "100"},
     NUMBER,
     AT(guard.limit[DS_GUARD_CHANGES].count),
     1000000000},
    {{"guard_percent", "10", 0, "... and more than this share of all deals, in percent", "10"},
     NUMBER,
     AT(guard.limit[DS_GUARD_CHANGES].percent),
     100},
    {{"guard_creations_count", "1000", 0,
      "the same for a run that would create more deals (a first load may)", "1000"},
     NUMBER,
     AT(guard.limit[DS_GUARD_CREATIONS].count),
     1000000000},
    {{"guard_creations_percent", "20", 0, "... and than this share of all deals, in percent", "20"},
     NUMBER,
     AT(guard.limit[DS_GUARD_CREATIONS].percent),
     100},
    {{"guard_closings_count", "50", 0, "the same for a run that would close more deals", "50"},
     NUMBER,
     AT(guard.limit[DS_GUARD_CLOSINGS].count),
     1000000000},
    {{"guard_closings_percent", "5", 0, "... and than this share of all deals, in percent", "5"},
     NUMBER,
     AT(guard.limit[DS_GUARD_CLOSINGS].percent),
     100},
    {{"guard_values_count", "50", 0,
      "the same for a run that would change more values by a large factor", "50"},
     NUMBER,
     AT(guard.limit[DS_GUARD_VALUES].count),
     1000000000},
    {{"guard_values_percent", "5", 0, "... and than this share of all deals, in percent", "5"},
     NUMBER,
     AT(guard.limit[DS_GUARD_VALUES].percent),
     100},
    {{"guard_steps_back_count", "100", 0, "the same for a run that would take more stages back",
      "100"},
     NUMBER,
     AT(guard.limit[DS_GUARD_BACK].count),
     1000000000},
    {{"guard_steps_back_percent", "10", 0, "... and than this share of all deals, in percent",
      "10"},
     NUMBER,
     AT(guard.limit[DS_GUARD_BACK].percent),
     100},
    {{"guard_value_factor", "10", 0, "from which factor a change of a value is a large one", "10"},
     NUMBER,
     AT(guard.factor),
     1000000},
    {{"vetted", "no", 0, "yes if this company may create solution assessments (R-9)", "no"},
     FLAG,
     AT(vetted),
     0},
    {{"close_early", "no", 0, "yes to mark deals won without waiting 72 hours (R-79)", "no"},
     FLAG,
     AT(close_early),
     0},
    {{"shareable_solutions", NULL, 0, "ids of the solutions that may be shared (R-3)",
      "SOL-1001, SOL-1002"},
     TEXT,
     AT(shareable_solutions),
     0},
    {{"our_domains", NULL, 0, "email domains of our own people, in teams with partners (R-47)",
      "acme.example, acme.de"},
     TEXT,
     AT(our_domains),
     0},
    {{"incentive_solutions", NULL, 0, "ids of the solutions with an incentive (R-81, R-86)",
      "SOL-1001"},
     TEXT,
     AT(incentive_solutions),
     0},
    {{"incentive_minimum", "25000", 0, "US dollars that a deal needs to be registered (R-83)",
      "25000"},
     NUMBER,
     AT(incentive_minimum),
     1000000000},
    {{"expiry_days", "14", 0, "to answer a received deal that does not say until when (R-59)", "14"},
     NUMBER,
     AT(expiry_days),
     365},
    {{"expiry_warning_days", "3", 0, "before that time the report warns", "3"},
     NUMBER,
     AT(expiry_warning_days),
     365},
    {{"alarm_after", "24", 0, "hours without success after which status complains; 0: never", "24"},
     NUMBER,
     AT(alarm_after_hours),
     8760},
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* Settings of connectors whose value is a path. */
static const char *const path_settings[] = {"path", "ca_file", "fetchxml", NULL};

const struct ds_setting *ds_config_setting(size_t i)
{
    return i < KEYS ? &keys[i].setting : NULL;
}

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

static int take_connector(struct ds_config_connection *c, const struct ds_entry *e,
                          struct ds_err *err)
{
    if (ds_config_connector(e->value, DS_E_CONFIG, &c->connector, err))
        return ds_err_where(err, "%s", e->where);
    return DS_OK;
}

static int take_flag(bool *out, const struct ds_entry *e, struct ds_err *err)
{
    *out = strcmp(e->value, "yes") == 0;
    if (*out || strcmp(e->value, "no") == 0)
        return DS_OK;
    return ds_fail(err, DS_E_CONFIG, "%s: '%s' is '%s', and must be yes or no", e->where, e->name,
                   e->value);
}

static int take_number(uint64_t *out, long max, const struct ds_entry *e, struct ds_err *err)
{
    long n;

    if (!ds_text_int(e->value, 0, max, &n))
        return ds_fail(err, DS_E_CONFIG, "%s: '%s' is '%s', and must be a whole number up to %ld",
                       e->where, e->name, e->value, max);
    *out = (uint64_t)n;
    return DS_OK;
}

static int take_key(struct ds_arena *a, struct ds_config_connection *c, size_t i,
                    const struct ds_entry *e, struct ds_err *err)
{
    void *to = (char *)c + keys[i].offset;

    switch (keys[i].kind) {
    case CONNECTOR: return take_connector(c, e, err);
    case NUMBER: return take_number(to, keys[i].max, e, err);
    case FLAG: return take_flag(to, e, err);
    case TEXT: *(const char **)to = e->value; return DS_OK;
    case PATH: *(const char **)to = ds_entry_path(a, e, e->value); break;
    }
    return *(const char **)to ? DS_OK : ds_fail_nomem(err);
}

static size_t key_find(const char *name)
{
    size_t i = 0;

    while (i < KEYS && strcmp(keys[i].setting.name, name) != 0)
        i++;
    return i;
}

/* A name that ends in '*' takes any ending. */
static bool covers(const struct ds_setting *setting, const char *name)
{
    size_t len = strlen(setting->name);

    if (setting->name[len - 1] == '*')
        return strncmp(setting->name, name, len - 1) == 0 && name[len - 1];
    return strcmp(setting->name, name) == 0;
}

static const struct ds_setting *setting_find(const struct ds_connector *connector, const char *name)
{
    const struct ds_setting *s = connector->settings;

    while (s->name && !covers(s, name))
        s++;
    return s->name ? s : NULL;
}

static int fail_unknown(const struct ds_config_connection *c, const struct ds_entry *e,
                        struct ds_err *err)
{
    const char *words[MAX_WORDS] = {NULL};
    size_t n = 0;

    for (size_t i = 0; i < KEYS; i++)
        words[n++] = keys[i].setting.name;
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
    const struct ds_setting *setting;
    size_t i = key_find(e->name);
    const char *value;

    if (i < KEYS)
        return take_key(a, c, i, e, err);
    setting = setting_find(c->connector, e->name);
    if (!setting)
        return fail_unknown(c, e, err);
    value = option_value(a, setting, e);
    if (!value)
        return ds_fail_nomem(err);
    add_option(o, e->name, value, e->where);
    return DS_OK;
}

static int take_connection(struct ds_arena *a, const struct ds_section *s,
                           struct ds_config_connection *c, struct ds_err *err)
{
    const struct ds_entry *connector = ds_entry_find(s, "connector");
    struct options o = {0};

    c->name = s->connection;
    c->where = s->where;
    for (size_t i = 0; i < KEYS; i++) {
        const struct ds_setting *setting = &keys[i].setting;
        struct ds_entry fallback = {NULL, s->where, setting->name, setting->fallback, NULL};

        if (complete(s, setting, NULL, err) ||
            (setting->fallback && take_key(a, c, i, &fallback, err)))
            return err->status;
    }
    if (take_connector(c, connector, err) || make_room(a, s, c->connector, &o, err))
        return err->status;
    for (const struct ds_entry *e = s->entries; e; e = e->next)
        if (take_entry(a, c, e, &o, err))
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
