#include "connectors/dynamics/privilege.h"

#include "base/log.h"
#include "base/text.h"
#include "connectors/dynamics/list.h"

#include <stdio.h>
#include <string.h>

/* Privileges are called after tables, but for these. */
static const struct {
    const char *table, *called;
} names[] = {
    {"systemuser", "User"},
    {"opportunityclose", "Activity"},
};

/* Whether a question is one that the server does not answer to us. */
static bool unanswered(const struct ds_remote *remote, int rc, struct ds_err *err)
{
    if (!rc || remote->refused / 100 != 4 || remote->refused == 401)
        return false;
    ds_log(DS_LOG_INFO, "roles are not known: %s", err->text);
    ds_err_clear(err);
    return true;
}

int ds_dynamics_privileges(struct ds_remote *remote, struct ds_dynamics_privileges *out,
                           struct ds_err *err)
{
    json_t *json = NULL;
    const char *user;
    char tail[160];
    int rc = ds_dynamics_get(remote, DS_DYNAMICS_WHO, &json, NULL, err);

    *out = (struct ds_dynamics_privileges){0};
    if (rc)
        return rc;
    user = ds_json_text(json, "UserId");
    if (!user || !ds_dynamics_guid(user, out->user))
        rc = ds_fail(err, DS_E_REMOTE, "%s does not tell who we are", remote->origin.text);
    json_decref(json);
    if (rc)
        return rc;
    json = NULL;
    snprintf(tail, sizeof(tail), "systemusers(%s)/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()",
             out->user);
    rc = ds_dynamics_get(remote, tail, &json, NULL, err);
    if (unanswered(remote, rc, err))
        return DS_OK;
    out->list = json_incref(json_object_get(json, "RolePrivileges"));
    json_decref(json);
    return rc;
}

/* In words, and in older answers as a number. */
static enum ds_dynamics_depth depth_of(const char *depth)
{
    if (!depth)
        return DS_DYNAMICS_PARTLY;
    return strcmp(depth, "Global") == 0 || strcmp(depth, "3") == 0 ? DS_DYNAMICS_WHOLLY
                                                                   : DS_DYNAMICS_PARTLY;
}

/* What a table's privileges are called by, as people know it. */
static const char *called(const char *table)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i].table, table) == 0)
            return names[i].called;
    return table;
}

enum ds_dynamics_depth ds_dynamics_privilege(const json_t *list, const char *verb,
                                             const char *table)
{
    enum ds_dynamics_depth most = json_is_array(list) ? DS_DYNAMICS_MISSING : DS_DYNAMICS_UNTOLD;
    char name[128], plain[128];

    snprintf(name, sizeof(name), "prv%s%.100s", verb, called(table));
    snprintf(plain, sizeof(plain), "prv%s%.100s", verb, table);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        const char *has = ds_json_text(one, "PrivilegeName");
        enum ds_dynamics_depth depth = depth_of(ds_json_text(one, "Depth"));

        if (has && depth > most &&
            (ds_text_same_nocase(has, name) || ds_text_same_nocase(has, plain)))
            most = depth;
    }
    return most;
}

static int take_role(void *arg, const json_t *row, struct ds_err *err)
{
    struct ds_buf *out = arg;
    const char *name = ds_json_text(row, "name");

    (void)err;
    if (name)
        ds_buf_addf(out, "%s%.100s", out->len ? ", " : "", name);
    return DS_OK;
}

int ds_dynamics_roles(struct ds_remote *remote, const char *user, struct ds_buf *out,
                      struct ds_err *err)
{
    char tail[128];
    int rc;

    snprintf(tail, sizeof(tail), "systemusers(%s)/systemuserroles_association?$select=name", user);
    rc = ds_dynamics_list(remote, tail, take_role, out, err);
    return unanswered(remote, rc, err) ? DS_OK : rc;
}
