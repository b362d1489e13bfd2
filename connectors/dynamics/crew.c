#include "connectors/dynamics/crew.h"

enum {
    UNTOLD = 4,   /* requests at once when the environment gives no hint */
    FEW = 100,    /* requests, and */
    SHORT_S = 60, /* seconds of server time, that should be left of five minutes' limits */
};

/* Near the end of what is left one request at a time goes on, which can hardly use up either limit. */
static bool is_scarce(const struct ds_remote *remote)
{
    return (remote->requests_left >= 0 && remote->requests_left < FEW) ||
           (remote->seconds_left >= 0 && remote->seconds_left < SHORT_S);
}

size_t ds_dynamics_lanes(const struct ds_remote *remote)
{
    long lanes = remote->parallelism > 0 ? remote->parallelism : UNTOLD;

    if (lanes > remote->most_lanes)
        lanes = remote->most_lanes;
    if (is_scarce(remote))
        lanes = 1;
    return (size_t)lanes;
}

struct crew {
    struct ds_remote *remote;
    const struct ds_dynamics_work *work;
    bool busy[DS_HTTP_LANES];
    size_t working;
};

static int begin(struct crew *c, struct ds_err *err)
{
    size_t lanes = ds_dynamics_lanes(c->remote);
    int rc = DS_OK;

    for (size_t lane = 0; lane < lanes && c->working < lanes && !rc; lane++) {
        if (c->busy[lane])
            continue;
        rc = c->work->begin(c->work->arg, lane, lanes - c->working, &c->busy[lane], err);
        if (!c->busy[lane])
            break;
        c->working++;
    }
    return rc;
}

static int take(struct crew *c, struct ds_err *err)
{
    struct ds_api_reply reply;
    size_t lane = 0;
    int rc = ds_api_wait_any(c->remote->api, &lane, &reply, err);

    if (!rc) {
        c->busy[lane] = false;
        c->working--;
        rc = c->work->take(c->work->arg, lane, &reply, &c->busy[lane], err);
        c->working += c->busy[lane];
    } else if (c->work->failed) {
        rc = c->work->failed(c->work->arg, lane, err);
    }
    ds_api_reply_clear(&reply);
    return rc;
}

int ds_dynamics_crew(struct ds_remote *remote, const struct ds_dynamics_work *work,
                     struct ds_err *err)
{
    struct crew c = {.remote = remote, .work = work};
    int rc;

    ds_http_parallel(remote->http, (unsigned)ds_dynamics_lanes(remote));
    do {
        rc = begin(&c, err);
        if (!rc && c.working)
            rc = take(&c, err);
    } while (!rc && c.working);
    ds_api_abandon(remote->api);
    return rc;
}
