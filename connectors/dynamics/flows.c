/* Which tables hold the instances of business process flows that opportunities run through. */
#include "connectors/dynamics/process.h"

#include "base/log.h"
#include "connectors/dynamics/list.h"

#include <string.h>

struct flows {
    struct ds_remote *remote;
    struct ds_dynamics_flow *first;
};

static int add(struct flows *f, const char *table, size_t len, const char *set, struct ds_err *err)
{
    struct ds_arena *a = &f->remote->arena;
    struct ds_dynamics_flow *flow = ds_arena_alloc(a, sizeof(*flow));

    if (!flow)
        return ds_fail_nomem(err);
    flow->table = ds_arena_dup_bytes(a, table, len);
    flow->set = set ? ds_arena_dup(a, set) : NULL;
    if (!flow->table || (set && !flow->set))
        return ds_fail_nomem(err);
    flow->next = f->first;
    f->first = flow;
    return DS_OK;
}

/* Whether a question failed because the server has no answer to it, and we can do without. */
static bool unanswered(const struct flows *f, int rc, struct ds_err *err)
{
    if (!rc || f->remote->refused / 100 != 4 || f->remote->refused == 401)
        return false;
    ds_log(DS_LOG_INFO, "the metadata of business process flows is not known: %s", err->text);
    ds_err_clear(err);
    return true;
}

/* --- which there are ------------------------------------------------------------------------- */

static const char flows_question[] = "EntityDefinitions?$select=LogicalName,EntitySetName&$filter="
                                     "IsBPFEntity%20eq%20true";
static const char relations_question[] =
    DS_DYNAMICS_TABLE "/OneToManyRelationships?$select=ReferencingEntity,ReferencingAttribute";

static bool are_named(const struct ds_remote *remote)
{
    const char *names = ds_option(remote->options, "processes");

    return names && strcmp(names, "auto") != 0;
}

void ds_dynamics_flows_ask(const struct ds_remote *remote, struct ds_dynamics_questions *q)
{
    if (remote->flows)
        return;
    if (!are_named(remote))
        ds_dynamics_question(q, flows_question, true);
    ds_dynamics_question(q, relations_question, true);
}

static int take_flow(void *arg, const json_t *row, struct ds_err *err)
{
    const char *table = ds_json_text(row, "LogicalName");
    const char *set = ds_json_text(row, "EntitySetName");

    return table && set ? add(arg, table, strlen(table), set, err) : DS_OK;
}

static int configured(struct flows *f, const char *names, struct ds_err *err)
{
    static const char between[] = " ,\t";
    int rc = DS_OK;

    for (names += strspn(names, between); *names && !rc; names += strspn(names, between)) {
        size_t len = strcspn(names, between);

        rc = add(f, names, len, NULL, err);
        names += len;
    }
    return rc;
}

static int listed(struct flows *f, struct ds_err *err)
{
    int rc = ds_dynamics_list(f->remote, flows_question, take_flow, f, err);

    /* What every environment with Sales has. */
    return unanswered(f, rc, err)
               ? configured(f, "opportunitysalesprocess leadtoopportunitysalesprocess", err)
               : rc;
}

/* --- how they lead to an opportunity --------------------------------------------------------- */

static int take_relation(void *arg, const json_t *row, struct ds_err *err)
{
    const struct flows *f = arg;
    const char *table = ds_json_text(row, "ReferencingEntity");
    const char *column = ds_json_text(row, "ReferencingAttribute");
    struct ds_dynamics_flow *flow;

    for (flow = f->first; flow && table && column; flow = flow->next) {
        if (strcmp(flow->table, table) != 0)
            continue;
        flow->column = ds_arena_printf(&f->remote->arena, "_%s_value", column);
        return flow->column ? DS_OK : ds_fail_nomem(err);
    }
    return DS_OK;
}

static bool is_standard(const char *table)
{
    return strcmp(table, "opportunitysalesprocess") == 0 ||
           strcmp(table, "leadtoopportunitysalesprocess") == 0;
}

/* A flow that leads to no opportunity is one of other tables, unless it was asked for by name. */
static int relate(struct flows *f, bool named, struct ds_err *err)
{
    int rc = ds_dynamics_list(f->remote, relations_question, take_relation, f, err);
    bool guess = unanswered(f, rc, err);

    if (rc && !guess)
        return rc;
    for (struct ds_dynamics_flow **at = &f->first; *at;) {
        struct ds_dynamics_flow *flow = *at;

        if (!flow->column && guess)
            flow->column =
                is_standard(flow->table) ? "_opportunityid_value" : "_bpf_opportunityid_value";
        if (!flow->column && named)
            return ds_fail(err, DS_E_CONFIG,
                           "%s: no business process flow of opportunities has the table '%s'",
                           ds_option_where(f->remote->options, "processes"), flow->table);
        if (flow->column)
            at = &flow->next;
        else
            *at = flow->next;
    }
    return DS_OK;
}

static int find_sets(struct flows *f, struct ds_err *err)
{
    int rc = DS_OK;

    for (struct ds_dynamics_flow *flow = f->first; flow && !rc; flow = flow->next)
        if (!flow->set)
            rc = ds_dynamics_set(f->remote, flow->table, &flow->set, err);
    return rc;
}

int ds_dynamics_flows(struct ds_remote *remote, const struct ds_dynamics_flow **out,
                      struct ds_err *err)
{
    bool named = are_named(remote);
    struct flows f = {.remote = remote};
    int rc = DS_OK;

    if (!remote->flows) {
        rc = named ? configured(&f, ds_option(remote->options, "processes"), err) : listed(&f, err);
        if (!rc)
            rc = relate(&f, named, err);
        if (!rc)
            rc = find_sets(&f, err);
        if (!rc && !f.first) {
            rc = ds_fail(err, DS_E_CONFIG,
                         "opportunities run through no business process flow here");
            ds_hint(err, "map the stage from another path, such as salesstage.label or stepname");
        }
        remote->flows = rc ? NULL : f.first;
    }
    *out = remote->flows;
    return rc;
}
