#include "cli/sections.h"

#include "base/ini.h"
#include "base/text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_BYTES 64

struct reading {
    const char *path;
    struct ds_arena *arena;
    struct ds_section **sections;
};

static bool name_ok(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    return len && !name[len] && len <= NAME_MAX_BYTES && name[0] != '-' && name[0] != '.';
}

/* Tells [store] from [connection NAME]; *connection is NULL for the former. */
static int section_kind(const struct ds_ini_line *line, const char **connection, struct ds_err *err)
{
    static const char *const words[] = {"store", "connection", NULL};
    static const char *const prefix = "connection ";
    char first[NAME_MAX_BYTES];

    *connection = NULL;
    if (strcmp(line->section, "store") == 0)
        return DS_OK;
    if (strncmp(line->section, prefix, strlen(prefix)) == 0) {
        *connection = line->section + strlen(prefix);
        *connection += strspn(*connection, " \t");
        if (name_ok(*connection))
            return DS_OK;
        ds_ini_fail(err, line, "'%s' cannot be the name of a connection", *connection);
        return ds_hint(err, "letters, digits, '.', '_' and '-', at most %d", NAME_MAX_BYTES);
    }
    if (!*line->section)
        return ds_ini_fail(err, line, "'%s' stands before the first section", line->name);
    ds_ini_fail(err, line, "unknown section '[%s]'", line->section);
    snprintf(first, sizeof(first), "%.*s", (int)strcspn(line->section, " \t"), line->section);
    ds_hint_nearest(err, first, words);
    return ds_hint(err, "the sections are [store] and [connection NAME]");
}

static bool same(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static struct ds_section *section_of(struct reading *r, const char *connection, const char *where)
{
    struct ds_section **s = r->sections;

    while (*s && !same((*s)->connection, connection))
        s = &(*s)->next;
    if (*s)
        return *s;
    *s = ds_arena_alloc(r->arena, sizeof(**s));
    if (!*s)
        return NULL;
    (*s)->connection = connection ? ds_arena_dup(r->arena, connection) : NULL;
    (*s)->where = where;
    return *s;
}

/* What may be longer than a line: it stands on several, and is joined with blanks. */
static const char *const long_keys[] = {"shareable_solutions", "incentive_solutions", "our_domains",
                                        "where", "filter"};

/* The same key of the same section again. */
static int again(struct reading *r, struct ds_entry *first, const struct ds_ini_line *line,
                 struct ds_err *err)
{
    for (size_t i = 0; i < sizeof(long_keys) / sizeof(long_keys[0]); i++) {
        if (strcmp(long_keys[i], line->name) != 0)
            continue;
        first->value = ds_arena_printf(r->arena, "%s %s", first->value, line->value);
        return first->value ? DS_OK : ds_fail_nomem(err);
    }
    return ds_ini_fail(err, line, "'%s' of [%s] stands in %s already", line->name, line->section,
                       first->where);
}

static int take(void *arg, const struct ds_ini_line *line, struct ds_err *err)
{
    struct reading *r = arg;
    struct ds_entry *e = ds_arena_alloc(r->arena, sizeof(*e));
    const char *connection;
    struct ds_section *s;
    struct ds_entry **tail;

    if (section_kind(line, &connection, err))
        return err->status;
    if (!*line->value) {
        ds_ini_fail(err, line, "'%s' has no value", line->name);
        return ds_hint(err, "fill it in, or take the line away");
    }
    if (!e)
        return ds_fail_nomem(err);
    e->file = ds_arena_dup(r->arena, line->file);
    e->where = ds_arena_printf(r->arena, "%s:%d", line->file, line->line);
    e->name = ds_arena_dup(r->arena, line->name);
    e->value = ds_arena_dup(r->arena, line->value);
    s = section_of(r, connection, e->where);
    if (!s || !e->file || !e->where || !e->name || !e->value)
        return ds_fail_nomem(err);
    for (tail = &s->entries; *tail; tail = &(*tail)->next)
        if (strcmp((*tail)->name, e->name) == 0)
            return again(r, *tail, line, err);
    *tail = e;
    return DS_OK;
}

/* "dir/of/file/" of a path, "" when there is none. */
static const char *directory_of(struct ds_arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');

    return ds_arena_dup_bytes(a, path, slash ? (size_t)(slash - path) + 1 : 0);
}

static bool ends(const char *name, const char *ending)
{
    size_t len = strlen(name), end = strlen(ending);

    return len > end && strcmp(name + len - end, ending) == 0;
}

/* A mapping may lie beside the connection that uses it. */
static int is_conf(const struct dirent *entry)
{
    const char *name = entry->d_name;

    return name[0] != '.' && ends(name, ".conf") && !ends(name, ".mapping.conf");
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_drop_ins(struct reading *r, struct ds_err *err)
{
    const char *own = directory_of(r->arena, r->path);
    const char *directory = ds_arena_printf(r->arena, "%sconf.d", own ? own : "");
    struct dirent **names = NULL;
    int count;

    if (!own || !directory)
        return ds_fail_nomem(err);
    count = scandir(directory, &names, is_conf, by_name);
    if (count < 0 && errno != ENOENT)
        return ds_fail(err, DS_E_CONFIG, "cannot read '%s': %s", directory, strerror(errno));
    for (int i = 0; i < count; i++) {
        const char *path = ds_arena_printf(r->arena, "%s/%s", directory, names[i]->d_name);

        if (!path)
            ds_fail_nomem(err);
        else if (err->status == DS_OK)
            ds_ini_read(path, take, r, err);
        free(names[i]);
    }
    free(names);
    return err->status;
}

int ds_sections_read(const char *path, struct ds_arena *a, struct ds_section **out,
                     struct ds_err *err)
{
    struct reading r = {path, a, out};

    *out = NULL;
    if (ds_ini_read(path, take, &r, err)) {
        if (access(path, R_OK) == 0)
            return err->status;
        if (errno == EACCES)
            return ds_hint(err, "see who may read it: namei -l '%s'", path);
        return ds_hint(err, "name another file with --config, or make one with 'dealsync init'");
    }
    return read_drop_ins(&r, err);
}

const struct ds_entry *ds_entry_find(const struct ds_section *section, const char *name)
{
    const struct ds_entry *e = section->entries;

    while (e && strcmp(e->name, name) != 0)
        e = e->next;
    return e;
}

const char *ds_entry_path(struct ds_arena *a, const struct ds_entry *entry, const char *path)
{
    const char *directory = directory_of(a, entry->file);

    if (!directory)
        return NULL;
    return *path == '/' ? path : ds_arena_printf(a, "%s%s", directory, path);
}

int ds_hint_nearest(struct ds_err *err, const char *word, const char *const *words)
{
    const char *nearest = ds_text_nearest(word, words);

    return nearest ? ds_hint(err, "did you mean '%s'?", nearest) : err->status;
}
