#include "connectors/dynamics/cloud.h"
#include "connectors/dynamics/credential.h"
#include "connectors/dynamics/list.h"
#include "connectors/dynamics/privilege.h"
#include "connectors/dynamics/process.h"
#include "connectors/dynamics/target.h"
#include "connectors/dynamics/view.h"

#include "base/date.h"

#include <stdio.h>
#include <string.h>

#define SOON_MS (INT64_C(30) * 86400000) /* a certificate that ends within a month is told */

/* A privilege that was looked at. */
struct known {
    const struct known *next;
    const char *name;
};

struct check {
    struct ds_remote *remote;
    struct ds_arena arena;
    struct ds_dynamics_table table;
    struct ds_dynamics_privileges privileges;
    const struct known *known;
    const struct ds_query *query;
    size_t problems;
    ds_note *note;
    void *arg;
};

/* Whether an error belongs to what is being checked, rather than keeps the check from going on. */
static bool is_finding(const struct check *c, int rc)
{
    return rc == DS_E_CONFIG || rc == DS_E_INPUT ||
           (c->remote->refused / 100 == 4 && c->remote->refused != 401);
}

static int problem_text(struct check *c, const char *text)
{
    c->problems++;
    return c->note(c->arg, DS_FINDING_PROBLEM, text);
}

/* Turns such an error into a finding. */
static int problem(struct check *c, int rc, struct ds_err *err)
{
    char text[sizeof(err->text) + sizeof(err->hint) + 2];

    if (!rc || !is_finding(c, rc))
        return rc;
    snprintf(text, sizeof(text), "%s%s%s", err->text, err->hint[0] ? "; " : "", err->hint);
    ds_err_clear(err);
    return problem_text(c, text);
}

static bool is_written(const struct check *c, size_t i)
{
    return c->query->written && c->query->written[i];
}

static bool writes(const struct check *c)
{
    for (size_t i = 0; i < c->query->count; i++)
        if (is_written(c, i))
            return true;
    return false;
}

/* --- who we are ------------------------------------------------------------------------------ */

static int note_roles(struct check *c, struct ds_err *err)
{
    struct ds_buf roles = DS_BUF_INIT(DS_MAX_TEXT);
    char text[512];
    int rc = ds_dynamics_roles(c->remote, c->privileges.user, &roles, err);

    if (!rc && roles.len) {
        snprintf(text, sizeof(text), "the application user %s has the roles: %.400s",
                 c->privileges.user, roles.text);
        rc = c->note(c->arg, DS_FINDING_OK, text);
    }
    ds_buf_clear(&roles);
    return rc;
}

/* What will stop it one day, while there is time. */
static int note_access(struct check *c)
{
    const char *cloud = ds_option(c->remote->options, "cloud");
    const char *told = ds_dynamics_cloud_of(c->remote->origin.text);
    int64_t until_ms = ds_dynamics_certificate_end(c->remote);
    char text[256], day[DS_INSTANT_TEXT];
    int rc = DS_OK;

    if (until_ms) {
        snprintf(text, sizeof(text), "the certificate is good until %s",
                 ds_instant_people(until_ms, day));
        rc = c->note(c->arg, until_ms - ds_now() < SOON_MS ? DS_FINDING_WARNING : DS_FINDING_OK,
                     text);
    }
    if (rc || !cloud || !told || strcmp(cloud, told) == 0 || strcmp(cloud, "gcc") == 0)
        return rc;
    snprintf(text, sizeof(text), "'cloud' is %.32s, but the address is one of the cloud %s", cloud,
             told);
    return c->note(c->arg, DS_FINDING_WARNING, text);
}

/* --- the table ------------------------------------------------------------------------------- */

static int note_table(struct check *c)
{
    int rc = c->table.tracked
                 ? c->note(c->arg, DS_FINDING_OK, "change tracking of opportunities is on")
                 : c->note(c->arg, DS_FINDING_WARNING,
                           "change tracking of opportunities is off, so deleted ones are not seen; "
                           "'Track changes' is in the table's advanced options in Power Apps, and "
                           "cannot be switched off again");

    if (rc || !writes(c))
        return rc;
    return c->table.guarded
               ? c->note(c->arg, DS_FINDING_OK, "optimistic concurrency of opportunities is on")
               : problem_text(c,
                              "optimistic concurrency of opportunities is off, so nothing can be "
                              "written safely; set IsOptimisticConcurrencyEnabled of the table");
}

/* --- privileges ------------------------------------------------------------------------------ */

/* Many paths lead to one table. */
static bool is_known(struct check *c, const char *name)
{
    struct known *known;

    for (const struct known *k = c->known; k; k = k->next)
        if (strcmp(k->name, name) == 0)
            return true;
    known = ds_arena_alloc(&c->arena, sizeof(*known));
    if (known) {
        *known = (struct known){c->known, ds_arena_dup(&c->arena, name)};
        c->known = known->name ? known : c->known;
    }
    return false;
}

static int need(struct check *c, const char *verb, const char *table, const char *what_for)
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
        return problem_text(c, text);
    }
    if (depth != DS_DYNAMICS_PARTLY)
        return DS_OK;
    snprintf(text, sizeof(text),
             "'%s' on the table %.64s reaches only rows of the application user or of its business "
             "units; set it to the whole organisation in the role",
             verb, table);
    return c->note(c->arg, DS_FINDING_WARNING, text);
}

static int need_lookup(struct check *c, const char *path, const struct ds_dynamics_lookup *lookup,
                       bool written)
{
    int rc = need(c, DS_DYNAMICS_READ, lookup->table, path);

    if (!rc && written)
        rc = need(c, DS_DYNAMICS_APPEND_TO, lookup->table, path);
    return !rc && written ? need(c, DS_DYNAMICS_APPEND, "opportunity", path) : rc;
}

static int need_flows(struct check *c, const char *path, struct ds_err *err)
{
    const struct ds_dynamics_flow *flow;
    int rc = ds_dynamics_flows(c->remote, &flow, err);

    for (; flow && !rc; flow = flow->next)
        rc = need(c, DS_DYNAMICS_READ, flow->table, path);
    return rc;
}

/* The tables behind a path. */
static int need_path(struct check *c, size_t i, struct ds_err *err)
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
            rc = need_lookup(c, path, lookup, is_written(c, i));
    }
    return rc;
}

/* Closing an opportunity makes an activity. */
static bool closes(const char *path)
{
    return strncmp(path, "statuscode", 10) == 0 || strncmp(path, "statecode", 9) == 0;
}

/* What is wrong with a path shows when it is tried. */
static int check_privileges(struct check *c, struct ds_err *err)
{
    size_t before = c->problems;
    int rc;

    if (!c->privileges.list)
        return c->note(c->arg, DS_FINDING_OK,
                       "the server does not tell which privileges we have: trying shows it");
    rc = need(c, DS_DYNAMICS_READ, "opportunity", "every fetch");
    if (!rc && writes(c))
        rc = need(c, DS_DYNAMICS_WRITE, "opportunity", "writing");
    for (size_t i = 0; i < c->query->count && !rc; i++) {
        rc = need_path(c, i, err);
        if (rc && is_finding(c, rc)) {
            ds_err_clear(err);
            rc = DS_OK;
        }
        if (!rc && is_written(c, i) && closes(c->query->paths[i]))
            rc = need(c, DS_DYNAMICS_CREATE, "opportunityclose", "closing opportunities");
    }
    if (rc || c->problems > before)
        return rc;
    return c->note(c->arg, DS_FINDING_OK, "no privilege that the mapping needs is missing");
}

/* --- paths ----------------------------------------------------------------------------------- */

/* Asks for one row with these columns. */
static int probe(struct check *c, const struct ds_dynamics_slot *slots, size_t count, bool filtered,
                 json_t **page, struct ds_err *err)
{
    struct ds_buf tail = DS_BUF_INIT(DS_MAX_URL);
    int rc;

    ds_buf_addf(&tail, "%s?", c->table.set);
    ds_dynamics_select(&tail, slots, count);
    if (filtered)
        ds_dynamics_filter(c->remote, &tail, 0);
    ds_buf_add(&tail, "&$top=1");
    rc = ds_buf_failed(&tail) ? ds_fail(err, DS_E_CONFIG, "the query is too long")
                              : ds_dynamics_get(c->remote, tail.text, page, NULL, err);
    if (!rc)
        rc = ds_dynamics_rows(*page, err) ? DS_OK : err->status;
    ds_buf_clear(&tail);
    return rc;
}

/* Columns are known from the metadata (DV-13); what lies behind a navigation property, and whether
 * we may read it, shows when it is asked for. */
static int check_path(struct check *c, size_t i, struct ds_err *err)
{
    struct ds_dynamics_slot slots[] = {{.column = "opportunityid"}, {0}};
    struct ds_dynamics_target target;
    json_t *page = NULL;
    int rc = ds_dynamics_path(c->remote, &c->arena, c->query->paths[i], &slots[1], err);

    if (!rc && is_written(c, i))
        rc = ds_dynamics_target(c->remote, &c->arena, c->query->paths[i], &target, err);
    if (rc || !slots[1].navigation || slots[1].apart)
        return rc;
    rc = probe(c, slots, 2, false, &page, err);
    json_decref(page);
    return rc ? ds_err_where(err, "'%s'", c->query->paths[i]) : DS_OK;
}

/* The same through the view that the settings name. */
static int probe_view(struct check *c, const struct ds_dynamics_slot *slots, size_t count,
                      json_t **page, struct ds_err *err)
{
    struct ds_buf tail = DS_BUF_INIT(DS_MAX_URL);
    struct ds_dynamics_fetchxml *view = NULL;
    int rc = ds_dynamics_view(c->remote, slots, count, 1, &view, err);

    ds_buf_addf(&tail, "%s?", c->table.set);
    if (!rc)
        rc = ds_dynamics_fetchxml_query(view, &tail, err);
    if (!rc)
        rc = ds_dynamics_get(c->remote, tail.text, page, NULL, err);
    if (!rc)
        rc = ds_dynamics_rows(*page, err) ? DS_OK : err->status;
    ds_dynamics_fetchxml_free(view);
    ds_buf_clear(&tail);
    return rc;
}

static int check_query(struct check *c, struct ds_err *err)
{
    size_t count = DS_DYNAMICS_OWN + c->query->count;
    struct ds_dynamics_slot *slots;
    json_t *page = NULL, *rows;
    char text[128];
    bool none;
    int rc = ds_dynamics_slots(c->remote, &c->arena, c->query, &slots, err);

    if (!rc)
        rc = ds_dynamics_viewed(c->remote) ? probe_view(c, slots, count, &page, err)
                                           : probe(c, slots, count, true, &page, err);
    rows = json_object_get(page, "value");
    none = json_array_size(rows) == 0;
    if (!rc)
        rc = ds_dynamics_process_fill(c->remote, slots, count, rows, err);
    json_decref(page);
    if (rc)
        return problem(c, rc, err);
    if (none)
        return c->note(
            c->arg, DS_FINDING_WARNING,
            "no opportunity can be seen: either there is none (that matches 'filter' or the "
            "view), "
            "or the application user's role reads opportunities only of its own "
            "instead of the whole organisation");
    snprintf(text, sizeof(text), "all %zu paths of the mapping can be read", c->query->count);
    return c->note(c->arg, DS_FINDING_OK, text);
}

static int check_paths(struct check *c, struct ds_err *err)
{
    size_t before = c->problems;
    int rc = DS_OK;

    for (size_t i = 0; i < c->query->count && !rc; i++)
        rc = problem(c, check_path(c, i, err), err);
    return rc || c->problems > before ? rc : check_query(c, err);
}

/* A secured column reads as empty for whom it is not unlocked, without any error. */
static int check_secured(void *arg, const json_t *row, struct ds_err *err)
{
    struct check *c = arg;
    const char *name = ds_json_text(row, "LogicalName"), *secured = ds_json_text(row, "IsSecured");
    char text[256];

    (void)err;
    if (!name || !secured || strcmp(secured, "true") != 0)
        return DS_OK;
    for (size_t i = 0; i < c->query->count; i++) {
        const char *path = c->query->paths[i];
        size_t len = strcspn(path, ".");

        if (strlen(name) != len || strncmp(path, name, len) != 0)
            continue;
        snprintf(text, sizeof(text),
                 "the column '%.64s' is secured, and reads as empty unless the application user "
                 "has a column security profile that unlocks it",
                 name);
        return c->note(c->arg, DS_FINDING_WARNING, text);
    }
    return DS_OK;
}

static int note_secured(struct check *c, struct ds_err *err)
{
    int rc = c->remote->edmx
                 ? DS_OK
                 : ds_dynamics_list(c->remote,
                                    DS_DYNAMICS_TABLE "/Attributes?$select=LogicalName,IsSecured",
                                    check_secured, c, err);

    if (rc && is_finding(c, rc)) { /* an older server does not tell */
        ds_err_clear(err);
        rc = DS_OK;
    }
    return rc;
}

int ds_dynamics_check(struct ds_remote *remote, const struct ds_query *query, ds_note *note,
                      void *arg, struct ds_err *err)
{
    struct check c = {.remote = remote, .query = query, .note = note, .arg = arg};
    int rc = ds_dynamics_table(remote, &c.table, err);

    if (!rc)
        rc = ds_dynamics_privileges(remote, &c.privileges, err);
    if (!rc)
        rc = note_roles(&c, err);
    if (!rc)
        rc = note_access(&c);
    if (!rc)
        rc = note_table(&c);
    if (!rc)
        rc = check_privileges(&c, err);
    if (!rc)
        rc = note_secured(&c, err);
    if (!rc)
        rc = check_paths(&c, err);
    json_decref(c.privileges.list);
    ds_arena_clear(&c.arena);
    return rc;
}
