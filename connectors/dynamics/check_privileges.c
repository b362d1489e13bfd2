#include "connectors/dynamics/check.h"

#include "connectors/dynamics/process.h"
#include "connectors/dynamics/target.h"

#include <stdio.h>
#include <string.h>

/* Many paths lead to one table. */
static bool is_known(struct ds_dynamics_check *c, const char *name)
{
    struct ds_dynamics_known *known;

    for (const struct ds_dynamics_known *k = c->known; k; k = k->next)
        if (strcmp(k->name, name) == 0)
            return true;
    known = ds_arena_alloc(&c->arena, sizeof(*known));
    if (known) {
        *known = (struct ds_dynamics_known){c->known, ds_arena_dup(&c->arena, name)};
        c->known = known->name ? known : c->known;
    }
    return false;
}

static int need(struct ds_dynamics_check *c, const char *verb, const char *table,
                const char *what_for)
{
    enum ds_dynamics_depth depth = ds_dynamics_privilege(c->privileges.list, verb, table);
    char name[160], text[512];

    snprintf(name, sizeof(name), "%s %.128s", verb, table);
    if (is_known(c, name))
        return DS_OK;
    if (depth == DS_DYNAMICS_MISSING) {
        snprintf(text, sizeof(text),
                 "no role of the application user allows '%s' on the table %.64s, which %.100s "
                 "needs; give it in the role, for the whole organisation",
                 verb, table, what_for);
        return ds_dynamics_problem(c, text);
    }
    if (depth != DS_DYNAMICS_PARTLY)
        return DS_OK;
    snprintf(text, sizeof(text),
             "'%s' on the table %.64s reaches only rows of the application user or of its business "
             "units; set it to the whole organisation in the role",
             verb, table);
    return c->note(c->arg, DS_FINDING_WARNING, text);
}

/* What setting a lookup takes beside writing; an owner is set by a verb of its own. */
static int need_target(struct ds_dynamics_check *c, const char *path, struct ds_err *err)
{
    struct ds_dynamics_target target;
    int rc = ds_dynamics_target(c->remote, &c->arena, path, &target, err);

    if (rc || !target.lookups[0])
        return rc;
    if (strcmp(target.column->logical, "ownerid") == 0)
        return need(c, DS_DYNAMICS_ASSIGN, "opportunity", path);
    rc = need(c, DS_DYNAMICS_APPEND, "opportunity", path);
    for (size_t n = 0; n < 2 && target.lookups[n] && !rc; n++)
        rc = need(c, DS_DYNAMICS_APPEND_TO, target.lookups[n]->table, path);
    return rc;
}

static int need_flows(struct ds_dynamics_check *c, const char *path, struct ds_err *err)
{
    const struct ds_dynamics_flow *flow;
    int rc = ds_dynamics_flows(c->remote, &flow, err);

    for (; flow && !rc; flow = flow->next)
        rc = need(c, DS_DYNAMICS_READ, flow->table, path);
    return rc;
}

/* The tables behind a path. */
static int need_path(struct ds_dynamics_check *c, size_t i, struct ds_err *err)
{
    const char *path = c->query->paths[i];
    struct ds_dynamics_slot first;
    const struct ds_dynamics_lookup *lookup;
    int rc = ds_dynamics_path(c->remote, &c->arena, path, &first, err);

    if (!rc && first.apart)
        return need_flows(c, path, err);
    for (const struct ds_dynamics_slot *slot = &first; !rc && slot && slot->navigation;
         slot = slot->other) {
        rc = ds_dynamics_navigation(c->remote, slot->navigation, &lookup, err);
        if (!rc)
            rc = need(c, DS_DYNAMICS_READ, lookup->table, path);
    }
    return !rc && ds_dynamics_written(c, i) ? need_target(c, path, err) : rc;
}

/* Closing an opportunity makes an activity. */
static bool closes(const char *path)
{
    return strncmp(path, "statuscode", 10) == 0 || strncmp(path, "statecode", 9) == 0;
}

/* What is wrong with a path shows when it is tried. */
int ds_dynamics_check_privileges(struct ds_dynamics_check *c, struct ds_err *err)
{
    size_t before = c->problems;
    int rc;

    if (!c->privileges.list)
        return c->note(c->arg, DS_FINDING_OK,
                       "the server does not tell which privileges we have: trying shows it");
    rc = need(c, DS_DYNAMICS_READ, "opportunity", "every fetch");
    if (!rc && ds_dynamics_writes(c))
        rc = need(c, DS_DYNAMICS_WRITE, "opportunity", "writing");
    if (!rc && c->query->creates)
        rc = need(c, DS_DYNAMICS_CREATE, "opportunity", "'create = yes'");
    for (size_t i = 0; i < c->query->count && !rc; i++) {
        rc = need_path(c, i, err);
        if (rc && ds_dynamics_is_finding(c, rc)) {
            ds_err_clear(err);
            rc = DS_OK;
        }
        if (!rc && ds_dynamics_written(c, i) && closes(c->query->paths[i]))
            rc = need(c, DS_DYNAMICS_CREATE, "opportunityclose", "closing opportunities");
    }
    if (rc || c->problems > before)
        return rc;
    return c->note(c->arg, DS_FINDING_OK, "no privilege that the mapping needs is missing");
}
