#include "tests/memory/remote.h"

#include "base/date.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

const char *const mem_paths[MEM_PATHS] = {"Id",
                                          "Name",
                                          "Amount",
                                          "Currency",
                                          "CloseDate",
                                          "Location",
                                          "Stage",
                                          "State",
                                          "Reason",
                                          "Shared",
                                          "Consent",
                                          "Help",
                                          "Campaign",
                                          "Notes",
                                          "Team",
                                          "Products",
                                          "Ref",
                                          "Account.Name",
                                          "Account.Street",
                                          "Account.City",
                                          "Account.Country",
                                          "Contact.First",
                                          "Contact.Last",
                                          "Contact.Email",
                                          "Contact.Phone"};

struct mem_world *mem_world;

struct ds_remote {
    struct mem_world *world;
};

/* --- the world --------------------------------------------------------------------------------- */

struct mem_world *mem_world_new(const char *organisation)
{
    struct mem_world *w =
        mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (w == MAP_FAILED)
        return NULL;
    snprintf(w->organisation, sizeof(w->organisation), "%s", organisation);
    return w;
}

void mem_touch(struct mem_world *w, struct mem_record *r)
{
    r->changed = r->edited = ++w->changes;
    r->modified_ms = w->now_ms;
}

void mem_set(struct mem_record *r, int column, const char *value)
{
    size_t len = value ? strnlen(value, MEM_TEXT - 1) : 0;

    if (len)
        memmove(r->value[column], value, len);
    r->value[column][len] = '\0';
}

int mem_record_new(struct mem_world *w)
{
    struct mem_record *r;
    char id[MEM_ID];

    if (w->records == MEM_RECORDS)
        return -1;
    r = &w->record[w->records];
    memset(r, 0, sizeof(*r));
    snprintf(id, sizeof(id), "%s-%03d", w->organisation, w->records + 1);
    memcpy(r->id, id, sizeof(id));
    mem_set(r, 0, id);
    mem_touch(w, r);
    return w->records++;
}

int mem_column(const char *path)
{
    for (int i = 0; i < MEM_PATHS; i++)
        if (strcmp(mem_paths[i], path) == 0)
            return i;
    return -1;
}

struct ds_record mem_view(const struct mem_record *r, const char *const *paths, size_t count,
                          struct ds_value *values, char version[MEM_ID], char modified[MEM_ID])
{
    for (size_t i = 0; i < count; i++) {
        int column = mem_column(paths[i]);
        const char *text = column < 0 ? "" : r->value[column];

        values[i] = (struct ds_value){*text ? text : NULL, strlen(text)};
    }
    snprintf(version, MEM_ID, "v%" PRIu64, r->changed);
    ds_instant_text(r->modified_ms, modified);
    return (struct ds_record){.id = r->id,
                              .version = version,
                              .modified = modified,
                              .modified_by = "somebody",
                              .deleted = r->deleted,
                              .values = r->deleted ? NULL : values};
}

/* Whether the fault is this one, and its time has come. */
static bool meets(struct mem_world *w, enum mem_fault fault)
{
    return w->fault == fault && ++w->seen == w->at;
}

static struct mem_record *find(struct mem_world *w, const char *id, bool by_key)
{
    for (int i = 0; i < w->records; i++)
        if (strcmp(by_key ? w->record[i].key : w->record[i].id, id) == 0)
            return &w->record[i];
    return NULL;
}

/* --- the connector ----------------------------------------------------------------------------- */

static int mem_open(const struct ds_options *options, struct ds_remote **out, struct ds_err *err)
{
    (void)options;
    *out = malloc(sizeof(**out));
    if (!*out)
        return ds_fail_nomem(err);
    (*out)->world = mem_world;
    mem_world->seen = 0;
    return DS_OK;
}

static void mem_close(struct ds_remote *remote)
{
    free(remote);
}

static int mem_identify(struct ds_remote *remote, struct ds_identity *out, struct ds_err *err)
{
    const struct mem_world *w = remote->world;

    if (w->fault == MEM_DOWN)
        return ds_fail(err, DS_E_REMOTE, "nobody answers");
    memset(out, 0, sizeof(*out));
    snprintf(out->organisation, sizeof(out->organisation), "%s%s", w->organisation,
             w->fault == MEM_ORGANISATION ? "-other" : "");
    return DS_OK;
}

static int mem_check(struct ds_remote *remote, const struct ds_query *query, ds_note *note,
                     void *arg, struct ds_err *err)
{
    (void)remote, (void)query, (void)note, (void)arg, (void)err;
    return DS_OK;
}

static int hand_over(const struct mem_record *r, const struct ds_query *query,
                     const struct ds_sink *sink, struct ds_err *err)
{
    struct ds_value values[MEM_PATHS * 2];
    char version[MEM_ID], modified[MEM_ID];
    struct ds_record record = mem_view(r, query->paths, query->count, values, version, modified);

    return sink->record(sink->arg, &record, err);
}

/* A cursor is the counter at the start of its fetch; `resume` adds how many records were looked at. */
static int mem_fetch(struct ds_remote *remote, const struct ds_query *query,
                     const struct ds_sink *sink, struct ds_buf *next, struct ds_err *err)
{
    struct mem_world *w = remote->world;
    uint64_t since = query->cursor ? strtoull(query->cursor, NULL, 10) : 0, start = w->changes;
    int handed = 0, from = 0;
    char mark[MEM_ID], *rest;

    w->requests++;
    since -= since < w->overlap ? since : w->overlap;
    if (query->resume) {
        start = strtoull(query->resume, &rest, 10);
        from = (int)strtol(rest + 1, NULL, 10);
    }
    for (int i = from; i < w->records && w->fault != MEM_EMPTY; i++) {
        if (w->record[i].changed <= since)
            continue;
        if (w->fault == MEM_CUT && handed == w->at)
            return ds_fail(err, DS_E_REMOTE, "the answer ended after %d records", handed);
        if (hand_over(&w->record[i], query, sink, err))
            return err->status;
        snprintf(mark, sizeof(mark), "%" PRIu64 "/%d", start, i + 1);
        if (++handed % MEM_PAGE == 0 && sink->mark && sink->mark(sink->arg, mark, err))
            return err->status;
    }
    ds_buf_addf(next, "%" PRIu64, w->fault == MEM_EMPTY ? since : start);
    return ds_buf_failed(next) ? ds_fail_nomem(err) : DS_OK;
}

static int mem_stages(struct ds_remote *remote, const char *field, const char *process_field,
                      int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err),
                      void *arg, struct ds_err *err)
{
    (void)remote, (void)field, (void)process_field, (void)each, (void)arg, (void)err;
    return DS_OK;
}

static int mem_read(struct ds_remote *remote, const struct ds_query *query, const char *const *ids,
                    size_t count, bool by_key, const struct ds_sink *sink, struct ds_err *err)
{
    struct mem_world *w = remote->world;

    w->requests++;
    if (meets(w, MEM_READ_FAILS))
        return ds_fail(err, DS_E_REMOTE, "the question was not answered");
    for (size_t i = 0; i < count && w->fault != MEM_BLIND; i++) {
        const struct mem_record *r = find(w, ids[i], by_key);

        if (r && hand_over(r, query, sink, err))
            return err->status;
    }
    return DS_OK;
}

/* --- writing ------------------------------------------------------------------------------------ */

static void keep(struct mem_world *w, const struct mem_record *r, bool created)
{
    struct mem_written *l = &w->log[w->logged % MEM_LOG];

    *l = (struct mem_written){.record = (int)(r - w->record), .created = created, .before = *r};
}

static struct mem_record *create(struct mem_world *w, const char *key)
{
    struct mem_record *r = find(w, key, true);
    int n;

    if (r) {
        w->twice++;
        return r;
    }
    n = mem_record_new(w);
    if (n < 0)
        return NULL;
    snprintf(w->record[n].key, MEM_ID, "%s", key);
    return &w->record[n];
}

static struct mem_record *carry_out(struct mem_world *w, const struct ds_query *query,
                                    const struct ds_write *write, bool cut)
{
    struct mem_record *r = write->id ? find(w, write->id, false) : create(w, write->key);

    if (!r)
        return NULL;
    keep(w, r, !write->id);
    for (size_t i = 0; i + (cut ? 1 : 0) < write->count; i++) {
        const struct ds_assign *a = &write->values[i];
        int column = mem_column(query->paths[a->path]);

        if (column > 0)
            mem_set(r, column, a->value.text);
    }
    r->changed = ++w->changes;
    r->modified_ms = w->now_ms;
    w->writes++;
    w->log[w->logged % MEM_LOG].after = *r;
    w->logged++;
    return r;
}

/* What is the matter with a change before it is made. */
static int refused(struct mem_world *w, const struct ds_write *write, const char **text)
{
    struct mem_record *r = write->id ? find(w, write->id, false) : NULL;
    char version[MEM_ID];

    if (w->fault == MEM_RACE && r && ++w->seen >= w->at && w->seen < w->at + 3) {
        snprintf(r->value[5], MEM_TEXT, "race %d", w->seen);
        mem_touch(w, r);
    }
    if (meets(w, MEM_STALE) && write->id)
        return DS_E_STALE;
    if (meets(w, MEM_LATER))
        return DS_E_LATER;
    if (meets(w, MEM_REFUSE)) {
        *text = "a rule of this organisation forbids it";
        return DS_E_RECORD;
    }
    if (!write->id)
        return DS_OK;
    snprintf(version, sizeof(version), "v%" PRIu64, r ? r->changed : 0);
    return r && !r->deleted && write->version && strcmp(version, write->version) == 0 ? DS_OK
                                                                                      : DS_E_STALE;
}

static int write_one(struct mem_world *w, const struct ds_query *query,
                     const struct ds_write *write, size_t n,
                     int (*written)(void *arg, const struct ds_written *what, struct ds_err *err),
                     void *arg, struct ds_err *err)
{
    struct ds_value values[MEM_PATHS * 2];
    char version[MEM_ID], modified[MEM_ID];
    struct ds_written what = {.change = n};
    struct mem_record *r = write->id ? find(w, write->id, false) : NULL;
    struct ds_record now;

    if (meets(w, MEM_WRITE_BEFORE))
        return ds_fail(err, DS_E_REMOTE, "the connection broke before the write");
    what.status = refused(w, write, &what.text);
    if (!what.status) {
        r = carry_out(w, query, write, meets(w, MEM_IGNORE));
        if (!r)
            return ds_fail(err, DS_E_REMOTE, "there is no room for another record");
        if (meets(w, MEM_WRITE_AFTER))
            return ds_fail(err, DS_E_REMOTE, "the connection broke after the write");
    }
    if (r && (what.status == DS_OK || what.status == DS_E_STALE) && !meets(w, MEM_UNSEEN)) {
        now = mem_view(r, query->paths, query->count, values, version, modified);
        what.now = &now;
    }
    return written(arg, &what, err);
}

static int mem_write(struct ds_remote *remote, const struct ds_query *query,
                     const struct ds_write *writes, size_t count,
                     int (*written)(void *arg, const struct ds_written *what, struct ds_err *err),
                     void *arg, struct ds_err *err)
{
    for (size_t i = 0; i < count; i++)
        if (write_one(remote->world, query, &writes[i], i, written, arg, err))
            return err->status;
    return DS_OK;
}

static void mem_cost(struct ds_remote *remote, struct ds_buf *out)
{
    (void)remote, (void)out;
}

const struct ds_connector mem_connector = {
    .version = DS_CONNECTOR_VERSION,
    .name = "memory",
    .title = "Memory",
    .abilities = DS_CAN_SEE_DELETED | DS_CAN_WRITE | DS_CAN_CREATE,
    .settings = (const struct ds_setting[]){{0}},
    .open = mem_open,
    .close = mem_close,
    .identify = mem_identify,
    .check = mem_check,
    .fetch = mem_fetch,
    .stages = mem_stages,
    .read = mem_read,
    .write = mem_write,
    .cost = mem_cost,
};
