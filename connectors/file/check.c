#include "connectors/file/ask.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NOTE 2048u /* bytes; lists of columns end with "..." */

struct check {
    struct ds_remote *remote;
    const struct ds_query *query;
    struct ds_scan *scan;
    ds_note *note;
    void *arg;
    uint64_t *filled; /* by path that is there: records with a value */
    const char **paths;
    uint64_t records;
    uint64_t no_id;
    uint64_t no_modified;
    uint64_t faults;
    struct ds_buf first_fault;
    bool all; /* the sample is the whole file */
};

static int say(struct check *c, enum ds_finding finding, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static int say(struct check *c, enum ds_finding finding, const char *fmt, ...)
{
    char text[MAX_NOTE];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return c->note(c->arg, finding, text);
}

static int find_paths(struct check *c, struct ds_err *err)
{
    int rc = DS_OK;

    for (size_t i = 0; rc == DS_OK && i < c->query->count; i++) {
        rc = ds_scan_path(c->scan, c->query->paths[i], err);
        if (rc == DS_OK) {
            c->paths[c->scan->paths - 1] = c->query->paths[i];
        } else if (rc == DS_E_CONFIG) {
            rc = say(c, DS_FINDING_PROBLEM, "%s; %s", err->text, err->hint);
            ds_err_clear(err);
        }
    }
    return rc;
}

static void look_at(struct check *c, const struct ds_record *record)
{
    c->records++;
    if (record->fault && c->faults++ == 0)
        ds_buf_add(&c->first_fault, record->fault);
    if (record->fault)
        return;
    c->no_id += !record->id;
    c->no_modified += !record->modified;
    for (size_t i = 0; i < c->scan->paths; i++)
        c->filled[i] += record->values[i].len > 0;
}

static int sample(struct check *c, struct ds_err *err)
{
    const struct ds_record *record = NULL;
    int rc = DS_OK;

    while (rc == DS_OK && c->records < DS_SAMPLE) {
        rc = ds_scan_next(c->scan, &record, err);
        if (rc == DS_OK && !record) {
            c->all = true;
            break;
        }
        if (rc == DS_OK)
            look_at(c, record);
    }
    return rc;
}

static bool leads_to(const char *path, const char *column)
{
    size_t len = strlen(column);

    return strncmp(path, column, len) == 0 && (path[len] == '\0' || path[len] == '.');
}

static bool used(const struct check *c, const char *column)
{
    const struct ds_remote *r = c->remote;

    if (strcmp(column, r->id) == 0 || (r->modified && strcmp(column, r->modified) == 0))
        return true;
    for (size_t i = 0; i < r->joins; i++)
        if (strcmp(column, r->join[i].name) == 0)
            return true;
    for (size_t i = 0; i < c->scan->paths; i++)
        if (leads_to(c->paths[i], column))
            return true;
    return false;
}

static int say_columns(struct check *c, bool in_use, const char *what)
{
    struct ds_buf list = DS_BUF_INIT(MAX_NOTE / 2);
    const char *const *names = c->scan->rows->names;
    int rc = DS_OK;

    for (size_t i = 0; names && names[i]; i++)
        if (used(c, names[i]) == in_use)
            ds_buf_addf(&list, "%s'%s'", list.len ? ", " : "", names[i]);
    if (list.len > 0)
        rc =
            say(c, DS_FINDING_OK, "%s: %s%s", what, list.text, ds_buf_failed(&list) ? ", ..." : "");
    ds_buf_clear(&list);
    return rc;
}

static int say_rows(struct check *c)
{
    const struct ds_remote *r = c->remote;
    int rc = say(c, DS_FINDING_OK, "%s: %s%" PRIu64 " rows read", r->path,
                 c->all ? "all " : "the first ", c->records);

    if (rc == DS_OK && c->faults)
        rc = say(c, DS_FINDING_WARNING, "rows that cannot be read: %" PRIu64 ", the first one %s",
                 c->faults, c->first_fault.text);
    if (rc == DS_OK && c->no_id)
        rc = say(c, DS_FINDING_WARNING, "rows without an id in '%s': %" PRIu64, r->id, c->no_id);
    if (rc == DS_OK && r->modified && c->no_modified)
        rc = say(c, DS_FINDING_WARNING,
                 "rows without an instant such as 2026-08-01T10:11:12Z in '%s': %" PRIu64,
                 r->modified, c->no_modified);
    return rc;
}

static int say_empty_paths(struct check *c)
{
    int rc = DS_OK;

    for (size_t i = 0; rc == DS_OK && c->records > c->faults && i < c->scan->paths; i++)
        if (c->filled[i] == 0)
            rc = say(c, DS_FINDING_WARNING, "'%s' is empty in every row read", c->paths[i]);
    return rc;
}

static int say_lookups(struct check *c)
{
    int rc = DS_OK;

    for (size_t i = 0; rc == DS_OK && i < c->remote->joins; i++) {
        const struct ds_join *join = &c->remote->join[i];
        const struct ds_scan_join *seen = &c->scan->join[i];

        if (seen->missing)
            rc = say(c, DS_FINDING_WARNING,
                     "rows whose '%s' is not in %s: %" PRIu64 ", the first one '%s'", join->name,
                     join->path, seen->missing, seen->first_missing);
    }
    return rc;
}

static int report(struct check *c)
{
    int rc = say_rows(c);

    if (rc == DS_OK)
        rc = say_columns(c, true, "columns used");
    if (rc == DS_OK)
        rc = say_columns(c, false, "columns not used");
    if (rc == DS_OK)
        rc = say_empty_paths(c);
    return rc == DS_OK ? say_lookups(c) : rc;
}

static int look(struct check *c, struct ds_err *err)
{
    int rc = ds_scan_open(c->remote, c->query->count, &c->scan, err);

    if (rc == DS_OK)
        rc = find_paths(c, err);
    if (rc == DS_OK)
        rc = sample(c, err);
    if (rc == DS_OK)
        rc = report(c);
    ds_scan_close(c->scan);
    return rc;
}

int ds_file_check(struct ds_remote *remote, const struct ds_query *query, ds_note *note, void *arg,
                  struct ds_err *err)
{
    struct check c = {.remote = remote, .query = query, .note = note, .arg = arg};
    int rc;

    ds_buf_init(&c.first_fault, DS_MAX_TEXT);
    c.filled = calloc(query->count + 1, sizeof(*c.filled));
    c.paths = calloc(query->count + 1, sizeof(*c.paths));
    if (c.filled && c.paths)
        rc = look(&c, err);
    else
        rc = ds_fail_nomem(err);
    ds_buf_clear(&c.first_fault);
    free(c.filled);
    free(c.paths);
    return rc;
}
