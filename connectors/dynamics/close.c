#include "connectors/dynamics/list.h"
#include "connectors/dynamics/writer.h"

#include <string.h>

#define CHUNK 100 /* opportunities a request asks for */

struct look {
    struct ds_dynamics_writer *w;
    const char *currency; /* navigation property of the closing activity */
};

/* --- the bodies ------------------------------------------------------------------------------ */

/* What the activity is said in must be the currency of the opportunity (DV-80). */
static int add_revenue(const struct look *look, const struct ds_dynamics_item *item,
                       const json_t *row, struct ds_buf *out, struct ds_err *err)
{
    const char *currency = ds_json_text(row, "_transactioncurrencyid_value");
    const char *set;
    int rc;

    ds_buf_addf(out, ",\"actualrevenue\":%s", item->change.revenue);
    if (!currency)
        return DS_OK;
    rc = ds_dynamics_set(look->w->remote, "transactioncurrency", &set, err);
    if (!rc)
        ds_buf_addf(out, ",\"%s@odata.bind\":\"/%s(%s)\"", look->currency, set, currency);
    return rc;
}

static int compose(const struct look *look, struct ds_dynamics_item *item, const json_t *row,
                   struct ds_err *err)
{
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);
    const struct ds_dynamics_change *change = &item->change;
    int rc = DS_OK;

    ds_buf_addf(&out,
                "{\"Status\":%s,\"OpportunityClose\":{\"subject\":\"%s\","
                "\"opportunityid@odata.bind\":\"/%s(%s)\"",
                change->status, change->action[0] == 'W' ? "Won Opportunity" : "Lost Opportunity",
                look->w->reader.table.set, item->id);
    if (change->ended)
        ds_buf_addf(&out, ",\"actualend\":\"%s\"", change->ended); /* DV-82 */
    if (change->revenue)
        rc = add_revenue(look, item, row, &out, err);
    ds_buf_add(&out, "}}");
    if (!rc) {
        item->close = ds_buf_failed(&out) ? NULL : ds_arena_dup(&look->w->arena, out.text);
        rc = item->close ? DS_OK : ds_fail_nomem(err);
    }
    ds_buf_clear(&out);
    return rc;
}

/* --- looking --------------------------------------------------------------------------------- */

static bool closes(const struct ds_dynamics_item *item)
{
    return item->status == DS_DYNAMICS_PENDING && item->change.action && !item->close;
}

static int take_row(void *arg, const json_t *row, struct ds_err *err)
{
    const struct look *look = arg;
    const char *id = ds_json_text(row, "opportunityid");
    const char *etag = ds_json_text(row, "@odata.etag");
    const char *state = ds_json_text(row, "statecode");
    char guid[37];
    int rc = DS_OK;

    if (!id || !ds_dynamics_guid(id, guid))
        return DS_OK;
    for (size_t i = 0; i < look->w->count && !rc; i++) {
        struct ds_dynamics_item *item = &look->w->items[i];

        if (!closes(item) || strcmp(item->id, guid) != 0)
            continue;
        item->sent = true; /* so that it is read */
        if (!etag || (item->etag[0] && strcmp(etag, item->etag) != 0))
            ds_dynamics_item_end(item, DS_E_STALE, "it has been changed before it could be closed");
        else if (!state || strcmp(state, "0") != 0)
            ds_dynamics_item_end(item, DS_E_STALE, "it is closed already");
        else
            rc = compose(look, item, row, err);
    }
    return rc;
}

/* The metadata knows what the lookup is called, which in an activity may have the table's name in
 * it. */
static int learn_currency(struct look *look, struct ds_err *err)
{
    json_t *json = NULL;
    const json_t *rows;
    const char *name = NULL;
    int rc = ds_dynamics_get(look->w->remote,
                             "EntityDefinitions(LogicalName='opportunityclose')/"
                             "ManyToOneRelationships?$select=ReferencingAttribute,"
                             "ReferencingEntityNavigationPropertyName",
                             &json, NULL, err);

    look->currency = "transactioncurrencyid";
    if (rc && look->w->remote->refused / 100 == 4) {
        ds_err_clear(err);
        rc = DS_OK;
    }
    rows = rc ? NULL : json_object_get(json, "value");
    for (size_t i = 0; i < json_array_size(rows) && !name; i++) {
        const json_t *row = json_array_get(rows, i);
        const char *column = ds_json_text(row, "ReferencingAttribute");

        if (column && strcmp(column, "transactioncurrencyid") == 0)
            name = ds_json_text(row, "ReferencingEntityNavigationPropertyName");
    }
    if (name)
        look->currency = ds_arena_dup(&look->w->arena, name);
    json_decref(json);
    return rc ? rc : look->currency ? DS_OK : ds_fail_nomem(err);
}

/* Asks for the next of those that are to be closed; *from moves behind them. */
static int look_at(struct look *look, size_t *from, struct ds_err *err)
{
    struct ds_dynamics_writer *w = look->w;
    struct ds_buf tail = DS_BUF_INIT(DS_MAX_URL), where = DS_BUF_INIT(DS_MAX_URL);
    size_t n = 0;
    int rc = DS_OK;

    for (; *from < w->count && n < CHUNK; (*from)++)
        if (closes(&w->items[*from]))
            ds_buf_addf(&where, "%sopportunityid eq %s", n++ ? " or " : "", w->items[*from].id);
    ds_buf_addf(&tail, "%s?$select=opportunityid,statecode,_transactioncurrencyid_value&$filter=",
                w->reader.table.set);
    ds_http_escape(&tail, where.text);
    if (ds_buf_failed(&tail) || ds_buf_failed(&where))
        rc = ds_fail_nomem(err);
    else if (n)
        rc = ds_dynamics_list(w->remote, tail.text, take_row, look, err);
    ds_buf_clear(&tail);
    ds_buf_clear(&where);
    return rc;
}

int ds_dynamics_look(struct ds_dynamics_writer *w, struct ds_err *err)
{
    struct look look = {.w = w};
    bool revenue = false;
    int rc = DS_OK;

    for (size_t i = 0; i < w->count; i++)
        revenue = revenue || (closes(&w->items[i]) && w->items[i].change.revenue);
    if (revenue)
        rc = learn_currency(&look, err);
    for (size_t from = 0; from < w->count && !rc;)
        rc = look_at(&look, &from, err);
    for (size_t i = 0; i < w->count && !rc; i++)
        if (closes(&w->items[i]))
            ds_dynamics_item_end(&w->items[i], DS_E_STALE, "it cannot be seen any more");
    return rc;
}
