#include "connectors/dynamics/check.h"

#include "base/date.h"
#include "connectors/dynamics/cloud.h"
#include "connectors/dynamics/credential.h"
#include "connectors/dynamics/list.h"
#include "connectors/dynamics/metadata.h"
#include "connectors/dynamics/process.h"
#include "connectors/dynamics/target.h"
#include "connectors/dynamics/view.h"

#include <stdio.h>
#include <string.h>

#define SOON_MS (INT64_C(30) * 86400000) /* a certificate that ends within a month is told */

bool ds_dynamics_is_finding(const struct ds_dynamics_check *c, int rc)
{
    return rc == DS_E_CONFIG || rc == DS_E_INPUT ||
           (c->remote->refused / 100 == 4 && c->remote->refused != 401);
}

int ds_dynamics_problem(struct ds_dynamics_check *c, const char *text)
{
    c->problems++;
    return c->note(c->arg, DS_FINDING_PROBLEM, text);
}

/* Turns such an error into a finding. */
static int problem(struct ds_dynamics_check *c, int rc, struct ds_err *err)
{
    char text[sizeof(err->text) + sizeof(err->hint) + 2];

    if (!rc || !ds_dynamics_is_finding(c, rc))
        return rc;
    snprintf(text, sizeof(text), "%s%s%s", err->text, err->hint[0] ? "; " : "", err->hint);
    ds_err_clear(err);
    return ds_dynamics_problem(c, text);
}

bool ds_dynamics_written(const struct ds_dynamics_check *c, size_t i)
{
    return c->query->written && c->query->written[i];
}

bool ds_dynamics_writes(const struct ds_dynamics_check *c)
{
    for (size_t i = 0; i < c->query->count; i++)
        if (ds_dynamics_written(c, i))
            return true;
    return false;
}

/* --- who we are ------------------------------------------------------------------------------ */

static int note_roles(struct ds_dynamics_check *c, struct ds_err *err)
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
static int note_access(struct ds_dynamics_check *c)
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

static int note_table(struct ds_dynamics_check *c)
{
    int rc = c->table.tracked
                 ? c->note(c->arg, DS_FINDING_OK, "change tracking of opportunities is on")
                 : c->note(c->arg, DS_FINDING_WARNING,
                           "change tracking of opportunities is off, so deleted ones are not seen; "
                           "'Track changes' is in the table's advanced options in Power Apps, and "
                           "cannot be switched off again");

    if (rc)
        return rc;
    if (c->table.guarded)
        return c->note(c->arg, DS_FINDING_OK, "optimistic concurrency of opportunities is on");
    return ds_dynamics_writes(c)
               ? ds_dynamics_problem(
                     c, "optimistic concurrency of opportunities is off, so nothing can be "
                        "written safely; set IsOptimisticConcurrencyEnabled of the table")
               : c->note(
                     c->arg, DS_FINDING_OK,
                     "optimistic concurrency of opportunities is off, which only writing needs");
}

/* --- paths ----------------------------------------------------------------------------------- */

/* Asks for one row with these columns. */
static int probe(struct ds_dynamics_check *c, const struct ds_dynamics_slot *slots, size_t count,
                 bool filtered, json_t **page, struct ds_err *err)
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
static int check_path(struct ds_dynamics_check *c, size_t i, struct ds_err *err)
{
    struct ds_dynamics_slot slots[] = {{.column = "opportunityid"}, {0}};
    struct ds_dynamics_target target;
    json_t *page = NULL;
    int rc = ds_dynamics_path(c->remote, &c->arena, c->query->paths[i], &slots[1], err);

    if (!rc && ds_dynamics_written(c, i))
        rc = ds_dynamics_target(c->remote, &c->arena, c->query->paths[i], &target, err);
    if (rc || !slots[1].navigation || slots[1].apart)
        return rc;
    rc = probe(c, slots, 2, false, &page, err);
    json_decref(page);
    return rc ? ds_err_where(err, "'%s'", c->query->paths[i]) : DS_OK;
}

/* The same through the view that the settings name. */
static int probe_view(struct ds_dynamics_check *c, const struct ds_dynamics_slot *slots,
                      size_t count, json_t **page, struct ds_err *err)
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

static int check_query(struct ds_dynamics_check *c, struct ds_err *err)
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

static int check_paths(struct ds_dynamics_check *c, struct ds_err *err)
{
    size_t before = c->problems;
    int rc = DS_OK;

    for (size_t i = 0; i < c->query->count && !rc; i++)
        rc = problem(c, check_path(c, i, err), err);
    return rc || c->problems > before ? rc : check_query(c, err);
}

/* Whether a path of the mapping begins with this column. */
static bool reads_column(const struct ds_dynamics_check *c, const char *name)
{
    for (size_t i = 0; i < c->query->count; i++) {
        const char *path = c->query->paths[i];
        size_t len = strcspn(path, ".");

        if (strlen(name) == len && strncmp(path, name, len) == 0)
            return true;
    }
    return false;
}

/* A secured column reads as empty for whom it is not unlocked, without any error. */
static int check_secured(void *arg, const json_t *row, struct ds_err *err)
{
    struct ds_dynamics_check *c = arg;
    const char *name = ds_json_text(row, "LogicalName"), *secured = ds_json_text(row, "IsSecured");
    char text[256];

    (void)err;
    if (!name || !secured || strcmp(secured, "true") != 0 || !reads_column(c, name))
        return DS_OK;
    snprintf(text, sizeof(text),
             "the column '%.64s' is secured, and reads as empty unless the application user "
             "has a column security profile that unlocks it",
             name);
    return c->note(c->arg, DS_FINDING_WARNING, text);
}

/* People see a day of their own zone, while a moment comes and goes: midnight somewhere (DV-60). */
static int check_day(void *arg, const json_t *row, struct ds_err *err)
{
    struct ds_dynamics_check *c = arg;
    const char *name = ds_json_text(row, "LogicalName"), *format = ds_json_text(row, "Format");
    const char *behaviour = ds_json_text(json_object_get(row, "DateTimeBehavior"), "Value");
    char text[320];

    (void)err;
    if (!name || !format || !behaviour || strcmp(format, "DateOnly") != 0 ||
        strcmp(behaviour, "UserLocal") != 0 || !reads_column(c, name))
        return DS_OK;
    snprintf(
        text, sizeof(text),
        "the column '%.64s' shows days and holds moments in the zone of whoever enters them, so "
        "a day cannot be told for sure; change its behaviour to 'Date only' in Power Apps (for "
        "good)",
        name);
    return c->note(c->arg, DS_FINDING_WARNING, text);
}

/* What is said of columns, where the server tells it. */
static int note_columns(struct ds_dynamics_check *c, const char *tail,
                        int (*each)(void *arg, const json_t *row, struct ds_err *err),
                        struct ds_err *err)
{
    int rc = c->remote->edmx ? DS_OK : ds_dynamics_list(c->remote, tail, each, c, err);

    if (rc && ds_dynamics_is_finding(c, rc)) { /* an older server does not tell */
        ds_err_clear(err);
        rc = DS_OK;
    }
    return rc;
}

int ds_dynamics_check(struct ds_remote *remote, const struct ds_query *query, ds_note *note,
                      void *arg, struct ds_err *err)
{
    struct ds_dynamics_check c = {.remote = remote, .query = query, .note = note, .arg = arg};
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
        rc = ds_dynamics_check_privileges(&c, err);
    if (!rc)
        rc = note_columns(&c, DS_DYNAMICS_TABLE "/Attributes?$select=LogicalName,IsSecured",
                          check_secured, err);
    if (!rc)
        rc = note_columns(&c,
                          DS_DYNAMICS_TABLE "/Attributes" DS_DYNAMICS_CAST
                                            "DateTimeAttributeMetadata?$select=LogicalName,Format,"
                                            "DateTimeBehavior",
                          check_day, err);
    if (!rc)
        rc = check_paths(&c, err);
    json_decref(c.privileges.list);
    ds_arena_clear(&c.arena);
    return rc;
}
