#include "base/log.h"
#include "connectors/dynamics/fetch.h"
#include "connectors/dynamics/list.h"
#include "connectors/dynamics/process.h"

#include <string.h>

struct parents {
    struct ds_dynamics_fetch *fetch;
    int64_t since_ms;
    const char *asked[64]; /* navigation properties, each once */
    size_t count;
};

static int take_id(void *arg, const char *id, struct ds_err *err)
{
    struct ds_dynamics_fetch *f = arg;

    return ds_dynamics_ids_add(&f->ids, id, err);
}

static int take_row(void *arg, const json_t *row, struct ds_err *err)
{
    return take_id(arg, ds_json_text(row, "opportunityid"), err);
}

/* A table that does not say when its rows were modified cannot be asked; its changes arrive with the
 * next one of the opportunity (DV-37). */
static int cannot(const struct parents *p, const char *navigation, int rc, struct ds_err *err)
{
    if (p->fetch->remote->refused != 400 && p->fetch->remote->refused != 403)
        return rc;
    ds_log(DS_LOG_INFO, "changes behind '%s' cannot be seen by themselves: %s", navigation,
           err->text);
    ds_err_clear(err);
    return DS_OK;
}

static int ask(struct parents *p, const char *navigation, struct ds_err *err)
{
    const struct ds_dynamics_fetch *f = p->fetch;
    struct ds_buf tail = DS_BUF_INIT(DS_MAX_URL), where = DS_BUF_INIT(DS_MAX_URL);
    char since[DS_INSTANT_TEXT];
    int rc;

    ds_buf_addf(&where, "%s/modifiedon ge %s", navigation, ds_instant_text(p->since_ms, since));
    if (f->remote->filter)
        ds_buf_addf(&where, " and (%s)", f->remote->filter);
    ds_buf_addf(&tail,
                "%s?$select=opportunityid&$orderby=opportunityid&$filter=", f->reader.table.set);
    ds_http_escape(&tail, where.text);
    f->remote->refused = 0;
    rc = ds_buf_failed(&where) || ds_buf_failed(&tail)
             ? ds_fail(err, DS_E_CONFIG, "the query for '%s' is too long", navigation)
             : ds_dynamics_list(f->remote, tail.text, take_row, p->fetch, err);
    ds_buf_clear(&where);
    ds_buf_clear(&tail);
    return rc ? cannot(p, navigation, rc, err) : DS_OK;
}

/* The code of a currency never changes, but its row does with every exchange rate: asking for it would
 * read everything once a day. */
static bool constant(const struct ds_dynamics_slot *slot)
{
    return strcmp(slot->column, "isocurrencycode") == 0;
}

static int take_slot(void *arg, const struct ds_dynamics_slot *slot, struct ds_err *err)
{
    struct parents *p = arg;

    if (!slot->navigation || constant(slot))
        return DS_OK;
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->asked[i], slot->navigation) == 0)
            return DS_OK;
    if (p->count == sizeof(p->asked) / sizeof(p->asked[0]))
        return DS_OK;
    p->asked[p->count++] = slot->navigation;
    return ask(p, slot->navigation, err);
}

int ds_dynamics_parents(struct ds_dynamics_fetch *f, int64_t since_ms, struct ds_err *err)
{
    struct parents p = {.fetch = f, .since_ms = since_ms};
    int rc = ds_dynamics_slots_each(f->reader.slots, f->reader.count, take_slot, &p, err);

    if (!rc && ds_dynamics_process_wanted(f->reader.slots, f->reader.count))
        rc = ds_dynamics_process_moved(f->remote, since_ms, take_id, f, err);
    return rc;
}
