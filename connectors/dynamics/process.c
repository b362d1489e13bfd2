#include "connectors/dynamics/process.h"

#include "base/date.h"
#include "connectors/dynamics/list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK                                                                                      \
    250 /* opportunities a request asks for: conditions are limited, and so is its length */

#define ABORTED "3" /* status of an instance that was given up */

/* An opportunity of the page, by its id, and its instance. */
struct member {
    char id[37];
    json_t *row; /* borrowed */
    json_t *instance;
    bool aborted;
    int64_t modified_ms;
};

struct ds_dynamics_page {
    struct ds_remote *remote;
    const struct ds_dynamics_flow *flow; /* that is being asked; NULL: all have been */
    const struct ds_dynamics_flow *asked;
    struct member *members; /* sorted by id */
    size_t count;
    size_t next; /* of the members, to be asked for */
};

bool ds_dynamics_process_wanted(const struct ds_dynamics_slot *slots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slots[i].apart)
            return true;
    return false;
}

/* --- the opportunities ----------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->id, ((const struct member *)b)->id);
}

static int take_members(struct ds_dynamics_page *p, const json_t *rows, struct ds_err *err)
{
    p->members = calloc(json_array_size(rows) + 1, sizeof(*p->members));
    if (!p->members)
        return ds_fail_nomem(err);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        const char *id = ds_json_text(row, "opportunityid");

        if (!id || !ds_dynamics_guid(id, p->members[p->count].id))
            continue;
        p->members[p->count++].row = row;
    }
    qsort(p->members, p->count, sizeof(*p->members), by_id);
    return DS_OK;
}

static struct member *member_of(const struct ds_dynamics_page *p, const char *id)
{
    struct member key = {0};

    return ds_dynamics_guid(id, key.id)
               ? bsearch(&key, p->members, p->count, sizeof(*p->members), by_id)
               : NULL;
}

/* --- the instances --------------------------------------------------------------------------- */

/* The newest counts, finished or not, of which two accounts exist; one that was aborted only where there
 * is no other. Of two from one second it is the one with the greater id, so that it is always the same
 * (DV-63). */
static bool comes_before(const struct member *m, const json_t *row, bool aborted, int64_t ms)
{
    const char *other = ds_json_text(m->instance, "businessprocessflowinstanceid");
    const char *own = ds_json_text(row, "businessprocessflowinstanceid");

    if (m->aborted != aborted)
        return m->aborted;
    return ms != m->modified_ms ? ms > m->modified_ms
                                : strcmp(own ? own : "", other ? other : "") > 0;
}

int ds_dynamics_page_take(void *arg, const json_t *row, struct ds_err *err)
{
    const struct ds_dynamics_page *p = arg;
    const char *id = ds_json_text(row, p->asked->column);
    const char *modified = ds_json_text(row, "modifiedon");
    const char *status = ds_json_text(row, "statuscode");
    bool aborted = status && strcmp(status, ABORTED) == 0;
    struct member *m = id ? member_of(p, id) : NULL;
    int64_t ms = 0;

    if (!m)
        return DS_OK;
    if (!modified || !ds_instant(modified, &ms))
        return ds_fail(err, DS_E_REMOTE, "an instance in %s has no 'modifiedon'", p->asked->set);
    if (m->instance && !comes_before(m, row, aborted, ms))
        return DS_OK;
    json_decref(m->instance);
    m->instance = json_deep_copy(row);
    m->aborted = aborted;
    m->modified_ms = ms;
    return m->instance ? DS_OK : ds_fail_nomem(err);
}

/* Rights on these tables are given one by one, and none comes with a usual role. */
static int no_rights(const struct ds_remote *remote, const struct ds_dynamics_flow *flow,
                     struct ds_err *err)
{
    if (remote->refused != 403)
        return err->status;
    ds_err_where(err, "business process flow '%s'", flow->table);
    err->hint[0] = '\0';
    return ds_hint(err,
                   "give the application user's role Read for the whole organisation on this "
                   "table and on 'Process' (under the role's tabs Business Process Flows and "
                   "Customization), or name the flows that count in 'processes' (%s)",
                   ds_option_where(remote->options, "processes"));
}

int ds_dynamics_page_refused(const struct ds_dynamics_page *p, struct ds_err *err)
{
    return no_rights(p->remote, p->asked, err);
}

bool ds_dynamics_page_ask(struct ds_dynamics_page *p, struct ds_buf *tail)
{
    const char *before = "";
    size_t end = p->next + CHUNK < p->count ? p->next + CHUNK : p->count;

    if (!p->flow || p->count == 0)
        return false;
    p->asked = p->flow;
    ds_buf_addf(tail,
                "%s?$select=%s,_activestageid_value,modifiedon,statuscode&$filter=", p->flow->set,
                p->flow->column);
    for (; p->next < end; p->next++) {
        ds_buf_addf(tail, "%s%s%%20eq%%20%s", before, p->flow->column, p->members[p->next].id);
        before = "%20or%20";
    }
    if (p->next == p->count) {
        p->flow = p->flow->next;
        p->next = 0;
    }
    return true;
}

/* --- into the rows --------------------------------------------------------------------------- */

/* A stage that was made a moment ago is not among the ones that are known. One that was taken out of its
 * flow never will be: it is noted without a name, so that nobody asks for it again. */
static int stage_of(struct ds_remote *remote, const char *id, json_t **out, struct ds_err *err)
{
    json_t *stages;
    int rc = ds_dynamics_stage_names(remote, false, &stages, err);

    *out = json_object_get(stages, id);
    if (rc || *out)
        return rc;
    rc = ds_dynamics_stage_names(remote, true, &stages, err);
    *out = json_object_get(stages, id);
    if (!rc && !*out && json_object_set_new(stages, id, json_object()))
        rc = ds_fail_nomem(err);
    return rc;
}

static int give(struct ds_dynamics_page *p, const struct member *m, struct ds_err *err)
{
    const char *version = ds_json_text(m->instance, "@odata.etag");
    const char *id = ds_json_text(m->instance, "_activestageid_value");
    json_t *stage = NULL, *process;
    int rc = id ? stage_of(p->remote, id, &stage, err) : DS_OK;

    if (rc)
        return rc;
    if (!version)
        version = ds_json_text(m->instance, "modifiedon");
    process = stage ? json_copy(stage) : json_object();
    if (!process ||
        json_object_set_new(process, DS_DYNAMICS_PROCESS_VERSION, json_string(version)) ||
        json_object_set(m->row, DS_DYNAMICS_PROCESS, process))
        rc = ds_fail_nomem(err);
    json_decref(process);
    return rc;
}

int ds_dynamics_page_open(struct ds_remote *remote, const json_t *rows,
                          struct ds_dynamics_page **out, struct ds_err *err)
{
    struct ds_dynamics_page *p = calloc(1, sizeof(*p));
    int rc;

    if (!p)
        return ds_fail_nomem(err);
    p->remote = remote;
    rc = ds_dynamics_flows(remote, &p->flow, err);
    if (!rc)
        rc = take_members(p, rows, err);
    if (rc)
        ds_dynamics_page_close(p);
    else
        *out = p;
    return rc;
}

int ds_dynamics_page_fill(struct ds_dynamics_page *p, struct ds_err *err)
{
    int rc = DS_OK;

    for (size_t i = 0; i < p->count && !rc; i++)
        if (p->members[i].instance)
            rc = give(p, &p->members[i], err);
    return rc;
}

void ds_dynamics_page_close(struct ds_dynamics_page *p)
{
    for (size_t i = 0; p && i < p->count; i++)
        json_decref(p->members[i].instance);
    if (p)
        free(p->members);
    free(p);
}

int ds_dynamics_process_fill(struct ds_remote *remote, const struct ds_dynamics_slot *slots,
                             size_t count, const json_t *rows, struct ds_err *err)
{
    struct ds_dynamics_page *p = NULL;
    struct ds_buf tail = DS_BUF_INIT(DS_MAX_URL);
    int rc;

    if (!ds_dynamics_process_wanted(slots, count))
        return DS_OK;
    rc = ds_dynamics_page_open(remote, rows, &p, err);
    while (!rc && ds_dynamics_page_ask(p, &tail)) {
        rc = ds_buf_failed(&tail)
                 ? ds_fail(err, DS_E_CONFIG, "a query for %s is too long", p->asked->set)
                 : ds_dynamics_list(remote, tail.text, ds_dynamics_page_take, p, err);
        if (rc)
            rc = ds_dynamics_page_refused(p, err);
        ds_buf_reset(&tail);
    }
    if (!rc)
        rc = ds_dynamics_page_fill(p, err);
    ds_dynamics_page_close(p);
    ds_buf_clear(&tail);
    return rc;
}

/* --- what was moved -------------------------------------------------------------------------- */

struct moved {
    const struct ds_dynamics_flow *flow;
    int (*each)(void *arg, const char *id, struct ds_err *err);
    void *arg;
};

static int take_moved(void *arg, const json_t *row, struct ds_err *err)
{
    const struct moved *m = arg;
    const char *text = ds_json_text(row, m->flow->column);
    char id[37];

    /* An instance of a flow that began elsewhere and has not come to an opportunity yet. */
    if (!text || !ds_dynamics_guid(text, id))
        return DS_OK;
    return m->each(m->arg, id, err);
}

int ds_dynamics_process_moved(struct ds_remote *remote, int64_t since_ms,
                              int (*each)(void *arg, const char *id, struct ds_err *err), void *arg,
                              struct ds_err *err)
{
    struct moved m = {.each = each, .arg = arg};
    char since[DS_INSTANT_TEXT], tail[512];
    int rc = ds_dynamics_flows(remote, &m.flow, err);

    ds_instant_text(since_ms, since);
    for (; m.flow && !rc; m.flow = m.flow->next) {
        snprintf(tail, sizeof(tail),
                 "%s?$select=%s&$filter=modifiedon%%20ge%%20%s"
                 "&$orderby=businessprocessflowinstanceid",
                 m.flow->set, m.flow->column, since);
        rc = ds_dynamics_list(remote, tail, take_moved, &m, err);
        if (rc)
            rc = no_rights(remote, m.flow, err);
    }
    return rc;
}
