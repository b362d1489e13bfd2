#include "connectors/file/scan.h"

#include "base/date.h"
#include "base/text.h"
#include "connectors/file/hash64.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t mtime_ns(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Opening a pipe must not wait for its other end. */
static int open_regular(struct ds_scan *s, struct stat *st, struct ds_err *err)
{
    const char *path = s->remote->path;

    s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (s->fd < 0 || fstat(s->fd, st) != 0)
        return ds_fail(err, DS_E_INPUT, "cannot open '%s': %s", path, strerror(errno));
    if (!S_ISREG(st->st_mode))
        return ds_fail(err, DS_E_INPUT, "'%s' is no regular file", path);
    return DS_OK;
}

static int open_file(struct ds_scan *s, struct ds_err *err)
{
    struct stat st;

    if (open_regular(s, &st, err) != DS_OK)
        return ds_hint(err, "'path' is set in %s", ds_option_where(s->remote->options, "path"));
    s->size = st.st_size;
    s->mtime_ns = mtime_ns(&st);
    return DS_OK;
}

/* Not beyond the size at the beginning, so that a file that grows as fast as it is read has an end;
 * check_unchanged() then refuses it. */
static int read_file(void *arg, int64_t offset, char *into, size_t room, size_t *got,
                     struct ds_err *err)
{
    const struct ds_scan *s = arg;
    size_t left = (size_t)(s->size - offset);
    int rc = ds_options_interrupted(s->remote->options, err);
    ssize_t n;

    if (rc != DS_OK)
        return rc;
    if (room > left)
        room = left;
    do
        n = pread(s->fd, into, room, offset);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return ds_fail(err, DS_E_INPUT, "cannot be read: %s", strerror(errno));
    *got = (size_t)n;
    return DS_OK;
}

/* An export that is still being written would end too early, or hold two states (P-7). */
static int check_unchanged(const struct ds_scan *s, struct ds_err *err)
{
    struct stat st;

    if (fstat(s->fd, &st) == 0 && st.st_size == s->size && mtime_ns(&st) == s->mtime_ns)
        return DS_OK;
    ds_fail(err, DS_E_LATER, "the file changed while it was read");
    return ds_hint(err, "write exports under another name and rename them when they are complete");
}

static int open_join(struct ds_scan *s, size_t i, struct ds_err *err)
{
    const struct ds_join *join = &s->remote->join[i];
    struct ds_scan_join *at = &s->join[i];
    uint64_t hash;
    int rc = s->rows->kind->slot(s->rows, join->name, &at->slot, err);

    if (rc != DS_OK)
        return ds_err_where(err, "%s", s->remote->path);
    rc = ds_lookup_load(join->path, s->remote->delimiter, join->column, &at->lookup, err);
    if (rc != DS_OK)
        return ds_hint(err, "'lookup.%s' joins this file", join->name);
    hash = ds_lookup_hash(at->lookup);
    s->seed = ds_hash64(&hash, sizeof(hash), s->seed);
    return DS_OK;
}

static int open_rows(struct ds_scan *s, struct ds_err *err)
{
    const struct ds_remote *remote = s->remote;
    int rc = ds_input_open(&s->in, read_file, s, err);

    if (rc == DS_OK)
        rc = remote->kind->open(&s->in, remote->delimiter, &s->rows, err);
    if (rc == DS_OK)
        rc = remote->kind->slot(s->rows, remote->id, &s->id, err);
    if (rc == DS_OK && remote->modified)
        rc = remote->kind->slot(s->rows, remote->modified, &s->modified, err);
    if (rc != DS_OK)
        return ds_err_where(err, "%s", remote->path);
    for (size_t i = 0; s->rows->names && s->rows->names[i]; i++)
        s->seed = ds_hash64(s->rows->names[i], strlen(s->rows->names[i]), s->seed);
    return DS_OK;
}

int ds_scan_open(const struct ds_remote *remote, size_t max_paths, struct ds_scan **out,
                 struct ds_err *err)
{
    struct ds_scan *s = calloc(1, sizeof(*s));
    int rc;

    if (!s)
        return ds_fail_nomem(err);
    s->remote = remote;
    s->fd = -1;
    s->join = calloc(remote->joins + 1, sizeof(*s->join));
    s->source = calloc(max_paths + 1, sizeof(*s->source));
    s->values = calloc(max_paths + 1, sizeof(*s->values));
    rc = s->join && s->source && s->values ? open_file(s, err) : ds_fail_nomem(err);
    if (rc == DS_OK)
        rc = open_rows(s, err);
    for (size_t i = 0; rc == DS_OK && i < remote->joins; i++)
        rc = open_join(s, i, err);
    if (rc == DS_OK)
        *out = s;
    else
        ds_scan_close(s);
    return rc;
}

void ds_scan_close(struct ds_scan *s)
{
    if (!s)
        return;
    for (size_t i = 0; s->join && i < s->remote->joins; i++)
        ds_lookup_free(s->join[i].lookup);
    s->remote->kind->close(s->rows);
    ds_input_close(&s->in);
    if (s->fd >= 0)
        close(s->fd);
    free(s->join);
    free(s->source);
    free(s->values);
    free(s);
}

int ds_scan_path(struct ds_scan *s, const char *path, struct ds_err *err)
{
    struct ds_scan_source *source = &s->source[s->paths];
    int rc;

    for (size_t i = 0; i < s->remote->joins && !source->join; i++) {
        const struct ds_join *join = &s->remote->join[i];

        if (strncmp(path, join->name, join->name_len) == 0 && path[join->name_len] == '.') {
            source->join = &s->join[i];
            path += join->name_len + 1;
        }
    }
    if (source->join)
        rc = ds_lookup_column(source->join->lookup, path, &source->slot, err);
    else if ((rc = s->rows->kind->slot(s->rows, path, &source->slot, err)) != DS_OK)
        ds_err_where(err, "%s", s->remote->path);
    s->paths += rc == DS_OK;
    return rc;
}

/* A text that everything after us can hold as a C string, or false. */
static bool copy_text(struct ds_value v, char *out, size_t room)
{
    if (v.len >= room || ds_text_fault(v.text, v.len))
        return false;
    memcpy(out, v.text, v.len);
    out[v.len] = '\0';
    return true;
}

static void read_id(struct ds_scan *s, const struct ds_row *row)
{
    struct ds_value id = ds_value_trim(row->values[s->id]);

    if (id.len == 0)
        return;
    if (copy_text(id, s->id_text, sizeof(s->id_text))) {
        s->record.id = s->id_text;
        return;
    }
    snprintf(s->fault, sizeof(s->fault), "has an id with %s (%s)",
             id.len > DS_MAX_ID ? "more than 255 bytes" : ds_text_fault(id.text, id.len), s->where);
    s->record.fault = s->fault;
}

static void read_modified(struct ds_scan *s, const struct ds_row *row)
{
    struct ds_value v = ds_value_trim(row->values[s->modified]);
    int64_t ms;

    if (v.len > 0 && copy_text(v, s->modified_text, sizeof(s->modified_text)) &&
        ds_instant(s->modified_text, &ms))
        s->record.modified = s->modified_text;
}

static void join_row(struct ds_scan_join *join, const struct ds_row *row)
{
    struct ds_value key = row->values[join->slot];

    if (key.len > 0)
        key = ds_value_trim(key);
    join->row = key.len > 0 ? ds_lookup_row(join->lookup, key) : NULL;
    if (key.len == 0 || join->row)
        return;
    if (join->missing++ == 0)
        snprintf(join->first_missing, sizeof(join->first_missing), "%.*s", (int)key.len, key.text);
}

static void read_values(struct ds_scan *s, const struct ds_row *row)
{
    for (size_t i = 0; i < s->remote->joins; i++)
        join_row(&s->join[i], row);
    for (size_t i = 0; i < s->paths; i++) {
        const struct ds_scan_source *source = &s->source[i];
        const struct ds_value *from = source->join ? source->join->row : row->values;

        if (from && from[source->slot].len > 0)
            s->values[i] = from[source->slot];
        else
            s->values[i] = (struct ds_value){NULL, 0};
    }
}

static void tell_version(struct ds_scan *s, uint64_t hash)
{
    for (size_t i = 16; i-- > 0; hash >>= 4)
        s->version[i] = "0123456789abcdef"[hash & 15];
}

int ds_scan_next(struct ds_scan *s, const struct ds_record **record, struct ds_err *err)
{
    const struct ds_row *row;
    int rc = s->rows->kind->next(s->rows, &row, err);

    *record = NULL;
    if (rc == DS_OK && !row)
        rc = check_unchanged(s, err);
    if (rc != DS_OK)
        return ds_err_where(err, "%s", s->remote->path);
    if (!row)
        return DS_OK;
    snprintf(s->where, sizeof(s->where), "row %" PRIu64 ", line %" PRIu64, row->number, row->line);
    tell_version(s, row->hash ^ s->seed);
    s->record = (struct ds_record){
        .version = s->version, .where = s->where, .fault = row->fault, .values = s->values};
    if (row->fault) {
        memset(s->values, 0, s->paths * sizeof(*s->values));
    } else {
        read_id(s, row);
        if (s->remote->modified)
            read_modified(s, row);
        read_values(s, row);
    }
    *record = &s->record;
    return DS_OK;
}

void ds_scan_file(const struct ds_scan *s, struct ds_buf *out)
{
    ds_buf_addf(out, "%" PRId64 ":%" PRId64, s->size, s->mtime_ns);
}
