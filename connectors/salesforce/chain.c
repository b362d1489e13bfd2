#include "connectors/salesforce/chain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_EMPTY_PAGES = 3, MOST_ROWS = 2000 };

void ds_sf_chain_init(struct ds_sf_chain *chain, struct ds_remote *remote, size_t lane)
{
    *chain = (struct ds_sf_chain){.remote = remote, .lane = lane, .most = MOST_ROWS};
    ds_buf_init(&chain->url, DS_MAX_URL);
    ds_buf_init(&chain->next, DS_MAX_URL);
}

void ds_sf_chain_clear(struct ds_sf_chain *chain)
{
    ds_buf_clear(&chain->url);
    ds_buf_clear(&chain->next);
}

static int send(struct ds_sf_chain *chain, const char *url, struct ds_err *err)
{
    char option[64];
    const char *const headers[] = {option, NULL};
    const struct ds_api_call call = {
        .method = "GET", .url = url, .headers = headers, .repeatable = true};
    int rc = ds_sf_budget(chain->remote, err);

    snprintf(option, sizeof(option), "Sforce-Query-Options: batchSize=%u", chain->most);
    if (!rc)
        rc = ds_api_begin(chain->remote->api, chain->lane, &call, err);
    chain->under_way = !rc;
    return rc;
}

int ds_sf_chain_begin(struct ds_sf_chain *chain, const char *resource, const char *soql,
                      struct ds_err *err)
{
    int rc;

    chain->first_page = true;
    chain->rows = 0;
    chain->empty = 0;
    ds_buf_reset(&chain->url);
    rc = ds_sf_query_url(chain->remote, resource, soql, &chain->url, err);
    return rc ? rc : send(chain, chain->url.text, err);
}

/* The address of the page after this one, "" when this is the last. It is a path of this org, or it
 * is refused with the token unsent (SF-73). */
static int read_link(struct ds_sf_chain *chain, const json_t *page, struct ds_err *err)
{
    const char *link = ds_json_text(page, "nextRecordsUrl");

    ds_buf_reset(&chain->next);
    if (json_is_true(json_object_get(page, "done")) || !link)
        return DS_OK;
    if (ds_sf_link(chain->remote, link, &chain->next, err))
        return err->status;
    if (strcmp(chain->next.text, chain->url.text) == 0)
        return ds_fail(err, DS_E_REMOTE, "a page leads to itself ('%.200s')", link);
    return DS_OK;
}

static int read_total(struct ds_sf_chain *chain, const json_t *page, struct ds_err *err)
{
    const char *text = ds_json_text(page, "totalSize");

    if (!text || *text < '0' || *text > '9')
        return ds_fail(err, DS_E_REMOTE, "a page does not tell how many records there are");
    chain->total = strtoull(text, NULL, 10);
    chain->first_page = false;
    return DS_OK;
}

/* Looks at a page before anything of it is used: the sum, the rows, the way on. */
static int read_head(struct ds_sf_chain *chain, const json_t *page, json_t **records,
                     struct ds_err *err)
{
    int rc = chain->first_page ? read_total(chain, page, err) : DS_OK;

    if (rc)
        return rc;
    *records = json_object_get(page, "records");
    if (!json_is_array(*records))
        return ds_fail(err, DS_E_REMOTE, "a page holds no list of records");
    chain->rows += json_array_size(*records);
    chain->empty = json_array_size(*records) == 0 ? chain->empty + 1 : 0;
    if (chain->rows > chain->total || chain->empty > MOST_EMPTY_PAGES)
        return ds_fail(err, DS_E_REMOTE,
                       "the org announced %" PRIu64 " records and does not end after %" PRIu64,
                       chain->total, chain->rows);
    return read_link(chain, page, err);
}

int ds_sf_chain_take(struct ds_sf_chain *chain, const json_t *page, json_t **records,
                     struct ds_err *err)
{
    int rc = read_head(chain, page, records, err);

    chain->under_way = false;
    if (!rc && !chain->next.len && chain->rows != chain->total)
        return ds_fail(err, DS_E_REMOTE, "the org announced %" PRIu64 " records and sent %" PRIu64,
                       chain->total, chain->rows);
    return rc;
}

int ds_sf_chain_go_on(struct ds_sf_chain *chain, struct ds_err *err)
{
    struct ds_buf used = chain->url;

    chain->url = chain->next;
    chain->next = used;
    return chain->url.len ? send(chain, chain->url.text, err) : DS_OK;
}

int ds_sf_chain_next(struct ds_sf_chain *chain, json_t **page, json_t **records, struct ds_err *err)
{
    struct ds_api_reply reply;
    int rc = ds_api_wait(chain->remote->api, chain->lane, &reply, err);

    chain->under_way = false;
    *page = json_incref(reply.json);
    ds_api_reply_clear(&reply);
    if (!rc)
        rc = ds_sf_chain_take(chain, *page, records, err);
    return rc ? rc : ds_sf_chain_go_on(chain, err);
}

int ds_sf_chain_each(struct ds_remote *remote, size_t lane, const char *resource, const char *soql,
                     int (*each)(void *arg, json_t *row, struct ds_err *err), void *arg,
                     struct ds_err *err)
{
    struct ds_sf_chain chain;
    int rc;

    ds_sf_chain_init(&chain, remote, lane);
    rc = ds_sf_chain_begin(&chain, resource, soql, err);
    while (!rc && chain.under_way) {
        json_t *page = NULL, *records = NULL, *row;
        size_t i;

        rc = ds_sf_chain_next(&chain, &page, &records, err);
        json_array_foreach(records, i, row)
        {
            if (rc)
                break;
            rc = each(arg, row, err);
        }
        json_decref(page);
    }
    ds_sf_chain_clear(&chain);
    return rc;
}
