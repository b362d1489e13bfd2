/* The stages of business process flows: their names, and a list of them for who writes a mapping. */
#include "connectors/dynamics/process.h"

#include "base/log.h"
#include "base/text.h"
#include "connectors/dynamics/list.h"

#include <stdio.h>
#include <string.h>

static const char all_stages[] = "processstages?$select=processstageid,stagename,"
                                 "primaryentitytypecode&$expand=processid($select=name)"
                                 "&$orderby=processstageid";

/* --- names ----------------------------------------------------------------------------------- */

static int put(json_t *names, const char *name, const char *text)
{
    return text ? json_object_set_new(names, name, json_string(text)) : 0;
}

static int take_name(void *arg, const json_t *row, struct ds_err *err)
{
    const char *id = ds_json_text(row, "processstageid");
    json_t *names = json_object();

    if (!names || !id || put(names, DS_DYNAMICS_PROCESS_STAGE, ds_json_text(row, "stagename")) ||
        put(names, DS_DYNAMICS_PROCESS_NAME,
            ds_json_text(json_object_get(row, "processid"), "name"))) {
        json_decref(names);
        return id ? ds_fail_nomem(err) : DS_OK;
    }
    return json_object_set_new(arg, id, names) ? ds_fail_nomem(err) : DS_OK;
}

int ds_dynamics_stage_names(struct ds_remote *remote, bool again, json_t **out, struct ds_err *err)
{
    json_t *names;
    int rc;

    *out = remote->stages;
    if (*out && !again)
        return DS_OK;
    names = json_object();
    rc = names ? ds_dynamics_list(remote, all_stages, take_name, names, err) : ds_fail_nomem(err);
    if (rc) {
        json_decref(names);
        return rc;
    }
    json_decref(remote->stages);
    *out = remote->stages = names;
    return DS_OK;
}

/* --- the list -------------------------------------------------------------------------------- */

/* Instances that stand in a stage. One opportunity may have several, so it is an upper bound. */
struct tally {
    struct tally *next;
    const char *stage; /* id, from the arena */
    int64_t records;
};

struct listing {
    struct ds_remote *remote;
    struct ds_arena arena;
    const char *field;
    struct tally *tallies;
    bool counted;
    int (*each)(void *arg, const struct ds_stage *stage, struct ds_err *err);
    void *arg;
};

static struct tally *tally_of(struct listing *l, const char *stage)
{
    struct tally *t = l->tallies;

    while (t && strcmp(t->stage, stage) != 0)
        t = t->next;
    return t;
}

static int take_count(void *arg, const json_t *row, struct ds_err *err)
{
    struct listing *l = arg;
    const char *stage = ds_json_text(row, "_activestageid_value");
    const char *text = ds_json_text(row, "n");
    struct tally *t = stage ? tally_of(l, stage) : NULL;
    long n = 0;

    if (!stage || !text || !ds_text_int(text, 0, INT32_MAX, &n))
        return DS_OK;
    if (!t) {
        t = ds_arena_alloc(&l->arena, sizeof(*t));
        if (!t)
            return ds_fail_nomem(err);
        t->stage = ds_arena_dup(&l->arena, stage);
        if (!t->stage)
            return ds_fail_nomem(err);
        t->next = l->tallies;
        l->tallies = t;
    }
    t->records += n;
    return DS_OK;
}

/* The list is worth having without numbers, too: more than 50,000 rows the server does not count. */
static int count_all(struct listing *l, const struct ds_dynamics_flow *flow, struct ds_err *err)
{
    char tail[512];
    int rc = DS_OK;

    l->counted = true;
    for (; flow && !rc; flow = flow->next) {
        snprintf(tail, sizeof(tail),
                 "%s?$apply=groupby((_activestageid_value),aggregate($count%%20as%%20n))",
                 flow->set);
        rc = ds_dynamics_list(l->remote, tail, take_count, l, err);
        if (rc && l->remote->refused / 100 == 4 && l->remote->refused != 401) {
            ds_log(DS_LOG_INFO, "instances in %s are not counted: %s", flow->set, err->text);
            ds_err_clear(err);
            l->counted = false;
            rc = DS_OK;
        }
    }
    return rc;
}

static int take_stage(void *arg, const json_t *row, struct ds_err *err)
{
    struct listing *l = arg;
    const char *table = ds_json_text(row, "primaryentitytypecode");
    const char *id = ds_json_text(row, "processstageid");
    const struct tally *t = id ? tally_of(l, id) : NULL;
    struct ds_stage stage = {
        .field = l->field,
        .name = ds_json_text(row, "stagename"),
        .process = ds_json_text(json_object_get(row, "processid"), "name"),
        .probability = -1,
        .outcome = "open", /* a flow tells of the way, not of the end */
        .active = true,
        .records = !l->counted ? -1
                   : t         ? t->records
                               : 0,
    };

    /* A flow may begin with the stages of a lead, and go through other tables. */
    if (table && strcmp(table, "opportunity") != 0)
        return DS_OK;
    return stage.name ? l->each(l->arg, &stage, err) : DS_OK;
}

int ds_dynamics_process_stages(struct ds_remote *remote, const char *field,
                               int (*each)(void *arg, const struct ds_stage *stage,
                                           struct ds_err *err),
                               void *arg, struct ds_err *err)
{
    struct listing l = {.remote = remote, .field = field, .each = each, .arg = arg};
    const struct ds_dynamics_flow *flow;
    int rc = ds_dynamics_flows(remote, &flow, err);

    if (!rc)
        rc = count_all(&l, flow, err);
    if (!rc)
        rc = ds_dynamics_list(remote, all_stages, take_stage, &l, err);
    ds_arena_clear(&l.arena);
    return rc;
}
