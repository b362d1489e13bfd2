/* The stages of business process flows: their names, and a list of them for who writes a mapping. */
#include "connectors/dynamics/process.h"

#include "base/log.h"
#include "base/text.h"
#include "connectors/dynamics/list.h"

#include <stdio.h>
#include <string.h>

/* --- names ----------------------------------------------------------------------------------- */

#define STAGE_FLOW  "flow"  /* id of the flow a stage belongs to */
#define STAGE_TABLE "table" /* that the stage is a step of: a flow may begin with a lead */

static int put(json_t *object, const char *name, const char *text)
{
    return text ? json_object_set_new(object, name, json_string(text)) : 0;
}

static int take_stage(void *arg, const json_t *row, struct ds_err *err)
{
    const char *id = ds_json_text(row, "processstageid");
    json_t *stage = json_object();

    if (!stage || !id || put(stage, DS_DYNAMICS_PROCESS_STAGE, ds_json_text(row, "stagename")) ||
        put(stage, STAGE_FLOW, ds_json_text(row, "_processid_value")) ||
        put(stage, STAGE_TABLE, ds_json_text(row, "primaryentitytypecode"))) {
        json_decref(stage);
        return id ? ds_fail_nomem(err) : DS_OK;
    }
    return json_object_set_new(arg, id, stage) ? ds_fail_nomem(err) : DS_OK;
}

/* A flow gives its name to all of its stages. */
static int take_flow(void *arg, const json_t *row, struct ds_err *err)
{
    const char *id = ds_json_text(row, "workflowid"), *name = ds_json_text(row, "name");
    const char *key, *flow;
    json_t *stage;

    json_object_foreach((json_t *)arg, key, stage)
    {
        flow = ds_json_text(stage, STAGE_FLOW);
        if (id && flow && strcmp(id, flow) == 0 && put(stage, DS_DYNAMICS_PROCESS_NAME, name))
            return ds_fail_nomem(err);
    }
    return DS_OK;
}

/* Workflows of all kinds are many; only those that have stages are asked for. */
static int name_flows(struct ds_remote *remote, json_t *stages, struct ds_err *err)
{
    struct ds_buf tail = DS_BUF_INIT(DS_MAX_URL);
    const char *key, *before = "";
    json_t *stage;
    int rc = DS_OK;

    ds_buf_add(&tail, "workflows?$select=workflowid,name&$filter=");
    json_object_foreach(stages, key, stage)
    {
        const char *flow = ds_json_text(stage, STAGE_FLOW);
        char id[37];

        if (!flow || !ds_dynamics_guid(flow, id) || strstr(tail.text, id))
            continue;
        ds_buf_addf(&tail, "%sworkflowid%%20eq%%20%s", before, id);
        before = "%20or%20";
    }
    if (ds_buf_failed(&tail))
        rc = ds_fail(err, DS_E_CONFIG, "there are too many business process flows to be named");
    else if (*before)
        rc = ds_dynamics_list(remote, tail.text, take_flow, stages, err);
    ds_buf_clear(&tail);
    return rc;
}

static const char stages_question[] = "processstages?$select=processstageid,stagename,"
                                      "_processid_value,primaryentitytypecode"
                                      "&$orderby=processstageid";

void ds_dynamics_process_ask(const struct ds_remote *remote, struct ds_dynamics_questions *q)
{
    ds_dynamics_flows_ask(remote, q);
    if (!remote->stages)
        ds_dynamics_question(q, stages_question, true);
}

int ds_dynamics_stage_names(struct ds_remote *remote, bool again, json_t **out, struct ds_err *err)
{
    json_t *stages;
    int rc;

    *out = remote->stages;
    if (*out && !again)
        return DS_OK;
    stages = json_object();
    rc = stages ? ds_dynamics_list(remote, stages_question, take_stage, stages, err)
                : ds_fail_nomem(err);
    if (!rc)
        rc = name_flows(remote, stages, err);
    if (!rc && remote->stages && json_object_update_missing(stages, remote->stages))
        rc = ds_fail_nomem(err);
    if (rc) {
        json_decref(stages);
        return rc;
    }
    json_decref(remote->stages);
    *out = remote->stages = stages;
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

static int hand_over(struct listing *l, const char *id, const json_t *names, struct ds_err *err)
{
    const char *table = ds_json_text(names, STAGE_TABLE);
    const struct tally *t = tally_of(l, id);
    struct ds_stage stage = {
        .field = l->field,
        .name = ds_json_text(names, DS_DYNAMICS_PROCESS_STAGE),
        .process = ds_json_text(names, DS_DYNAMICS_PROCESS_NAME),
        .probability = -1,
        .outcome = "open", /* a flow tells of the way, not of the end */
        .active = true,
        .records = !l->counted ? -1
                   : t         ? t->records
                               : 0,
    };

    /* A step of another table is listed only where opportunities stand in it. */
    if (!stage.name || (table && strcmp(table, "opportunity") != 0 && !t))
        return DS_OK;
    return l->each(l->arg, &stage, err);
}

int ds_dynamics_process_stages(struct ds_remote *remote, const char *field,
                               int (*each)(void *arg, const struct ds_stage *stage,
                                           struct ds_err *err),
                               void *arg, struct ds_err *err)
{
    struct listing l = {.remote = remote, .field = field, .each = each, .arg = arg};
    const struct ds_dynamics_flow *flow;
    const char *id;
    json_t *stages = NULL, *names;
    int rc = ds_dynamics_flows(remote, &flow, err);

    if (!rc)
        rc = count_all(&l, flow, err);
    if (!rc)
        rc = ds_dynamics_stage_names(remote, false, &stages, err);
    if (!rc)
        json_object_foreach(stages, id, names)
        {
            rc = hand_over(&l, id, names, err);
            if (rc)
                break;
        }
    ds_arena_clear(&l.arena);
    return rc;
}
