#include "connectors/dynamics/query.h"

#include <stdio.h>
#include <string.h>

struct check {
    struct ds_remote *remote;
    struct ds_arena arena;
    struct ds_dynamics_table table;
    ds_note *note;
    void *arg;
};

/* Whether an error belongs to what is being checked, rather than keeps the check from going on. */
static bool is_finding(const struct check *c, int rc)
{
    return rc == DS_E_CONFIG || (c->remote->refused / 100 == 4 && c->remote->refused != 401);
}

/* Turns such an error into a finding. */
static int problem(const struct check *c, int rc, struct ds_err *err)
{
    char text[sizeof(err->text) + sizeof(err->hint) + 2];

    if (!is_finding(c, rc))
        return rc;
    snprintf(text, sizeof(text), "%s%s%s", err->text, err->hint[0] ? "; " : "", err->hint);
    ds_err_clear(err);
    return c->note(c->arg, DS_FINDING_PROBLEM, text);
}

/* Asks for one row with these columns. */
static int probe(struct check *c, const struct ds_dynamics_slot *slots, size_t count, bool filtered,
                 size_t *rows, struct ds_err *err)
{
    struct ds_buf tail = DS_BUF_INIT(DS_MAX_URL);
    json_t *page = NULL, *list;
    int rc;

    ds_buf_addf(&tail, "%s?", c->table.set);
    ds_dynamics_select(&tail, slots, count);
    if (filtered)
        ds_dynamics_filter(c->remote, &tail, 0);
    ds_buf_add(&tail, "&$top=1");
    rc = ds_buf_failed(&tail) ? ds_fail(err, DS_E_CONFIG, "the query is too long")
                              : ds_dynamics_get(c->remote, tail.text, &page, NULL, err);
    if (!rc) {
        list = ds_dynamics_rows(page, err);
        *rows = json_array_size(list);
        rc = list ? DS_OK : err->status;
    }
    json_decref(page);
    ds_buf_clear(&tail);
    return rc;
}

/* Columns are known from the metadata (DV-13); what lies behind a navigation property, and whether
 * we may read it, shows when it is asked for. */
static int check_path(struct check *c, const char *path, struct ds_err *err)
{
    struct ds_dynamics_slot slots[] = {{.column = "opportunityid"}, {0}};
    size_t rows;
    int rc = ds_dynamics_path(c->remote, &c->arena, path, &slots[1], err);

    if (rc || !slots[1].navigation)
        return rc;
    rc = probe(c, slots, 2, false, &rows, err);
    return rc ? ds_err_where(err, "'%s'", path) : DS_OK;
}

static int check_query(struct check *c, const struct ds_query *query, struct ds_err *err)
{
    struct ds_dynamics_slot *slots;
    char text[128];
    size_t rows = 0;
    int rc = ds_dynamics_slots(c->remote, &c->arena, query, &slots, err);

    if (!rc)
        rc = probe(c, slots, DS_DYNAMICS_OWN + query->count, true, &rows, err);
    if (rc)
        return problem(c, rc, err);
    if (!rows)
        return c->note(c->arg, DS_FINDING_WARNING,
                       "no opportunity can be seen: either there is none (that matches 'filter'), "
                       "or the application user's role reads opportunities only of its own "
                       "instead of the whole organisation");
    snprintf(text, sizeof(text), "all %zu paths of the mapping can be read", query->count);
    return c->note(c->arg, DS_FINDING_OK, text);
}

static int note_tracking(const struct check *c)
{
    char text[256];

    snprintf(text, sizeof(text),
             "change tracking of opportunities is %s; it is not used, so that opportunities "
             "deleted in Dynamics 365 are not seen",
             c->table.tracked ? "on" : "off");
    return c->note(c->arg, DS_FINDING_OK, text);
}

int ds_dynamics_check(struct ds_remote *remote, const struct ds_query *query, ds_note *note,
                      void *arg, struct ds_err *err)
{
    struct check c = {.remote = remote, .note = note, .arg = arg};
    size_t problems = 0;
    int rc = ds_dynamics_table(remote, &c.table, err);

    if (!rc)
        rc = note_tracking(&c);
    for (size_t i = 0; i < query->count && !rc; i++) {
        rc = check_path(&c, query->paths[i], err);
        if (rc) {
            rc = problem(&c, rc, err);
            problems++;
        }
    }
    if (!rc && !problems)
        rc = check_query(&c, query, err);
    ds_arena_clear(&c.arena);
    return rc;
}
