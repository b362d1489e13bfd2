#include "connectors/dynamics/instances.h"

void ds_dynamics_instances_init(struct ds_dynamics_instances *in, struct ds_remote *remote,
                                const struct ds_dynamics_slot *slots, size_t count)
{
    *in = (struct ds_dynamics_instances){.remote = remote,
                                         .wanted = ds_dynamics_process_wanted(slots, count)};
    for (size_t i = 0; i < DS_HTTP_LANES; i++)
        ds_dynamics_chain_init(&in->lane[i].chain);
}

static void forget(struct ds_dynamics_instances_lane *l)
{
    ds_dynamics_page_close(l->page);
    json_decref(l->rows);
    l->page = NULL;
    l->rows = NULL;
}

void ds_dynamics_instances_clear(struct ds_dynamics_instances *in)
{
    for (size_t i = 0; i < DS_HTTP_LANES; i++) {
        forget(&in->lane[i]);
        ds_dynamics_chain_clear(&in->lane[i].chain);
    }
}

/* Asks the next question, or completes the page. */
static int go_on(struct ds_dynamics_instances *in, size_t lane, json_t **done, struct ds_err *err)
{
    struct ds_dynamics_instances_lane *l = &in->lane[lane];
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    int rc;

    *done = NULL;
    ds_buf_add(&url, in->remote->base.text);
    if (!ds_dynamics_page_ask(l->page, &url)) {
        rc = ds_dynamics_page_fill(l->page, err);
        *done = rc ? NULL : json_incref(l->rows);
        forget(l);
    } else if (ds_buf_failed(&url)) {
        rc = ds_fail(err, DS_E_CONFIG, "a query for business process flows is too long");
    } else {
        rc = ds_dynamics_chain_start(in->remote, lane, &l->chain, url.text, in->remote->prefer.text,
                                     err);
    }
    ds_buf_clear(&url);
    return rc;
}

static int begin(struct ds_dynamics_instances *in, size_t lane, json_t *rows, json_t **done,
                 struct ds_err *err)
{
    struct ds_dynamics_instances_lane *l = &in->lane[lane];
    int rc;

    if (!in->wanted) {
        *done = json_incref(rows);
        return DS_OK;
    }
    rc = ds_dynamics_page_open(in->remote, rows, &l->page, err);
    if (rc)
        return rc;
    l->rows = json_incref(rows);
    return go_on(in, lane, done, err);
}

static int take(struct ds_dynamics_instances *in, size_t lane, const json_t *rows, json_t **done,
                struct ds_err *err)
{
    struct ds_dynamics_instances_lane *l = &in->lane[lane];
    int rc = DS_OK;

    for (size_t i = 0; i < json_array_size(rows) && !rc; i++)
        rc = ds_dynamics_page_take(l->page, json_array_get(rows, i), err);
    if (rc)
        return rc;
    return l->chain.next.len ? ds_dynamics_chain_go_on(in->remote, lane, &l->chain, err)
                             : go_on(in, lane, done, err);
}

int ds_dynamics_instances_take(struct ds_dynamics_instances *in, size_t lane,
                               struct ds_dynamics_chain *list, const json_t *answer, json_t **done,
                               struct ds_err *err)
{
    bool asked = in->lane[lane].page != NULL;
    json_t *rows;
    int rc = ds_dynamics_chain_take(in->remote, asked ? &in->lane[lane].chain : list, answer, &rows,
                                    err);

    *done = NULL;
    if (rc)
        return rc;
    return asked ? take(in, lane, rows, done, err) : begin(in, lane, rows, done, err);
}

int ds_dynamics_instances_failed(const struct ds_dynamics_instances *in, size_t lane,
                                 struct ds_err *err)
{
    const struct ds_dynamics_page *page = in->lane[lane].page;

    return page ? ds_dynamics_page_refused(page, err) : err->status;
}
