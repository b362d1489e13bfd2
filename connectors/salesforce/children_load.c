#include "connectors/salesforce/children.h"

#include "base/log.h"
#include "connectors/salesforce/chain.h"
#include "connectors/salesforce/id.h"
#include "connectors/salesforce/soql.h"

#include <stdio.h>
#include <string.h>

enum {
    PLAIN = 15, /* characters that tell ids apart where case counts, as it does in a query */
    FEWEST = 50 /* ids in one request */
};

/* Where a load has got to: which list, and which of the ids come next. */
struct load {
    struct ds_sf_children *children;
    const char *const *ids;
    size_t count, at, list;
};

/* The query for the next ids, as many as fit into an address; false when there are none left. */
static bool next_query(struct load *load, struct ds_buf *soql, struct ds_sf_list **list)
{
    struct ds_buf columns = DS_BUF_INIT(DS_MAX_TEXT);
    char plain[PLAIN + 1];

    if (load->at == load->count) {
        load->at = 0;
        load->list++;
    }
    if (load->list == load->children->count)
        return false;
    *list = &load->children->list[load->list];
    ds_sf_children_columns(*list, &columns);
    ds_buf_reset(soql);
    ds_sf_soql_in(soql, columns.text, (*list)->kind->object, "OpportunityId");
    for (size_t n = 0; load->at < load->count && n < load->children->most; n++) {
        snprintf(plain, sizeof(plain), "%s", load->ids[load->at++]);
        ds_sf_soql_item(soql, plain);
    }
    ds_buf_add_char(soql, ')');
    ds_buf_clear(&columns);
    return true;
}

int ds_sf_children_refuse(const struct ds_sf_list *list, struct ds_err *err)
{
    struct ds_err cause = *err;

    if (!strstr(cause.text, "INVALID_TYPE"))
        return cause.status;
    ds_err_clear(err);
    ds_fail(err, DS_E_CONFIG, "the org has no %s for this user (path '%s')", list->kind->object,
            list->kind->path);
    return ds_hint(err, "%s", list->kind->hint);
}

/* One page of the query on a lane; the lane then goes on with the next page, or the next query. */
static int step(struct load *load, struct ds_sf_chain *chain, struct ds_sf_list **list,
                struct ds_buf *soql, struct ds_err *err)
{
    json_t *page = NULL, *records = NULL, *row;
    size_t i;
    int rc = ds_sf_chain_next(chain, &page, &records, err);

    if (rc)
        rc = ds_sf_children_refuse(*list, err);
    json_array_foreach(records, i, row)
    {
        if (rc)
            break;
        rc = ds_sf_children_take(load->children, *list, row, err);
    }
    json_decref(page);
    if (!rc && !chain->under_way && next_query(load, soql, list))
        rc = ds_sf_chain_begin(chain, "query", soql->text, err);
    return rc;
}

/* Takes what is still on its way after a failure, so that the lanes are free. */
static void drain(struct ds_sf_chain *chain)
{
    struct ds_api_reply reply;
    struct ds_err ignored = {0};

    if (chain->under_way)
        ds_api_wait(chain->remote->api, chain->lane, &reply, &ignored);
    if (chain->under_way)
        ds_api_reply_clear(&reply);
    ds_sf_chain_clear(chain);
}

static int run(struct load *load, struct ds_err *err)
{
    struct ds_sf_chain chain[DS_SF_CHILD_LANES];
    struct ds_sf_list *list[DS_SF_CHILD_LANES] = {0};
    struct ds_buf soql = DS_BUF_INIT(DS_MAX_TEXT);
    bool busy;
    int rc = DS_OK;

    for (size_t i = 0; i < DS_SF_CHILD_LANES; i++) {
        ds_sf_chain_init(&chain[i], load->children->remote, DS_SF_FIRST_CHILD_LANE + i);
        if (!rc && next_query(load, &soql, &list[i]))
            rc = ds_sf_chain_begin(&chain[i], "query", soql.text, err);
    }
    do {
        busy = false;
        for (size_t i = 0; i < DS_SF_CHILD_LANES && !rc; i++)
            if (chain[i].under_way) {
                busy = true;
                rc = step(load, &chain[i], &list[i], &soql, err);
            }
    } while (busy && !rc);
    for (size_t i = 0; i < DS_SF_CHILD_LANES; i++)
        drain(&chain[i]);
    ds_buf_clear(&soql);
    return rc;
}

static int load_all(struct ds_sf_children *children, const char *const *ids, size_t count,
                    struct ds_err *err)
{
    struct load load = {.children = children, .ids = ids, .count = count};

    ds_arena_reset(&children->page);
    for (size_t i = 0; i < children->count; i++)
        children->list[i].count = 0;
    return children->count && count ? run(&load, err) : DS_OK;
}

/* Whether it is worth another try with fewer ids at a time, now and from now on: something on the way
 * to the org may take shorter addresses than the org itself. */
static bool shorten(struct ds_sf_children *children, struct ds_err *err)
{
    if (!children->remote->too_long || children->most <= FEWEST)
        return false;
    children->remote->too_long = false;
    children->most /= 2;
    ds_log(DS_LOG_INFO, "children are asked for %zu opportunities at a time: %s", children->most,
           err->text);
    ds_err_clear(err);
    return true;
}

int ds_sf_children_load(struct ds_sf_children *children, const char *const *ids, size_t count,
                        struct ds_err *err)
{
    int rc;

    do
        rc = load_all(children, ids, count, err);
    while (rc && shorten(children, err));
    if (!rc)
        ds_sf_children_sort(children);
    return rc;
}
