#include "connectors/dynamics/list.h"

#include "connectors/dynamics/ahead.h"
#include "connectors/dynamics/chain.h"

int ds_dynamics_list(struct ds_remote *remote, const char *tail,
                     int (*each)(void *arg, const json_t *row, struct ds_err *err), void *arg,
                     struct ds_err *err)
{
    const char *headers[] = {DS_DYNAMICS_HEADERS, remote->prefer.text, NULL};
    struct ds_dynamics_chain chain;
    json_t *page = ds_dynamics_ahead_take(remote, tail, NULL);
    int rc = DS_OK;

    ds_dynamics_chain_init(&chain);
    ds_buf_addf(&chain.next, "%s%s", remote->base.text, tail);
    do {
        json_t *rows = NULL;

        rc = ds_dynamics_chain_turn(remote, &chain, err);
        remote->refused = 0;
        if (!rc && !page)
            rc = ds_api_get(remote->api, chain.url.text, headers, &page, NULL, err);
        if (!rc)
            rc = ds_dynamics_chain_take(remote, &chain, page, &rows, err);
        for (size_t i = 0; i < json_array_size(rows) && !rc; i++)
            rc = each(arg, json_array_get(rows, i), err);
        json_decref(page);
        page = NULL;
    } while (!rc && chain.next.len);
    ds_dynamics_chain_clear(&chain);
    return rc;
}
