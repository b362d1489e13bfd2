#include "tests/sim/dv_principal.h"
#include "tests/sim/dv_query.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/dv_tables.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const verbs[] = {"Read",   "Write",    "Create", "Delete",
                                    "Append", "AppendTo", "Assign"};

/* Every verb on every table, but what the switch denies. */
static void write_privileges(struct buf *out)
{
    const struct dv_table *t;
    unsigned n = 0;
    bool first = true;

    for (size_t i = 0; (t = dv_table_at(i)); i++) {
        for (size_t j = 0; j < sizeof verbs / sizeof *verbs; j++, n++) {
            char name[100], global[110], id[37];

            snprintf(name, sizeof name, "prv%s%s", verbs[j], t->schema);
            snprintf(global, sizeof global, "%s:org", name);
            if (dv_listed(dv_switches.denied, name))
                continue;
            guid_other(id, 30, n);
            buf_addf(out,
                     "%s{\"Depth\":\"%s\",\"PrivilegeId\":\"%s\",\"BusinessUnitId\":"
                     "\"a1000005-5f2a-4d1c-8b00-000000000001\",\"PrivilegeName\":\"%s\"}",
                     first ? "" : ",", dv_listed(dv_switches.denied, global) ? "Local" : "Global",
                     id, name);
            first = false;
        }
    }
}

static void answer_privileges(struct reply *reply)
{
    buf_addf(&reply->body,
             "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM."
             "RetrieveUserPrivilegesResponse\",\"RolePrivileges\":[",
             settings.origin[DYNAMICS]);
    write_privileges(&reply->body);
    buf_puts(&reply->body, "]}");
}

static void answer_access(const struct request *request, struct reply *reply)
{
    static const char *const rights[] = {"Read", "Write", "Create", "Delete"};
    char *target = request_param(request, "@p");
    const char *open = target ? strstr(target, "opportunities(") : NULL;
    char name[40], id[40] = "";
    bool first = true;
    uint32_t at;

    snprintf(id, sizeof id, "%.36s", open ? open + strlen("opportunities(") : "");
    free(target);
    if (!dv_find(&dv_opportunity, id, &at)) {
        dynamics_error(reply, 404, "0x80040217", "opportunity With Id = %s Does Not Exist", id);
        return;
    }
    buf_addf(&reply->body,
             "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM."
             "RetrievePrincipalAccessResponse\",\"AccessRights\":\"",
             settings.origin[DYNAMICS]);
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
        snprintf(name, sizeof name, "prv%sOpportunity", rights[i]);
        if (dv_listed(dv_switches.denied, name))
            continue;
        buf_addf(&reply->body, "%s%sAccess", first ? "" : ", ", rights[i]);
        first = false;
    }
    buf_puts(&reply->body, first ? "None\"}" : "\"}");
}

bool dv_association(const struct request *request, struct reply *reply, const struct entity *entity,
                    const struct dv_key *key, const char *tail)
{
    const bool user = strcmp(dv_table(entity)->type, "systemuser") == 0;
    uint32_t at;
    bool known;

    world_read();
    known = user && dv_find(entity, key->text, &at);
    if (user && !known)
        dynamics_error(reply, 404, "0x80040217", "systemuser With Id = %s Does Not Exist",
                       key->text);
    else if (user && strcmp(tail, "/systemuserroles_association") == 0)
        dv_list(request, reply, dv_entity("roles", 5));
    else if (user && (strcmp(tail, "/Microsoft.Dynamics.CRM.RetrieveUserPrivileges") == 0 ||
                      strcmp(tail, "/Microsoft.Dynamics.CRM.RetrieveUserPrivileges()") == 0))
        answer_privileges(reply);
    else if (user &&
             text_starts(tail, "/Microsoft.Dynamics.CRM.RetrievePrincipalAccess(Target=@p)"))
        answer_access(request, reply);
    else
        known = false;
    world_unlock();
    return known || user;
}

/* RetrieveTotalRecordCount(EntityNames=['opportunity']): a snapshot, not older than a day. */
static void answer_total(const struct request *request, struct reply *reply)
{
    const char *open = strchr(request->path, '[');
    size_t n = open ? strcspn(open + 1, "']") : 0;
    const struct dv_table *t;

    if (open && open[1] == '\'') {
        open++;
        n = strcspn(open + 1, "'");
    }
    t = open ? dv_table_typed(open + 1, n) : NULL;
    if (!t) {
        dynamics_error(reply, 400, "0x80040203", "There is no such entity in 'EntityNames'.");
        return;
    }
    world_read();
    buf_addf(&reply->body,
             "{\"@odata.context\":\"%s/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM."
             "RetrieveTotalRecordCountResponse\",\"EntityRecordCountCollection\":{\"Count\":1,"
             "\"IsReadOnly\":false,\"Keys\":[\"%s\"],\"Values\":[%u]}}",
             settings.origin[DYNAMICS], t->type, world_rows(t->entity));
    world_unlock();
}

bool dv_principal(const struct request *request, struct reply *reply, const char *path)
{
    if (text_starts(path, "RetrieveTotalRecordCount(EntityNames=")) {
        answer_total(request, reply);
        return true;
    }
    return false;
}
