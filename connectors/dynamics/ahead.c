#include "connectors/dynamics/ahead.h"

#include "connectors/dynamics/crew.h"
#include "connectors/dynamics/refusal.h"

#include <stdlib.h>
#include <string.h>

struct ds_dynamics_waiting {
    struct ds_dynamics_waiting *next;
    json_t *json;
    int64_t date_ms;
    char tail[];
};

void ds_dynamics_question(struct ds_dynamics_questions *q, const char *tail, bool listed)
{
    if (!tail || q->count == DS_DYNAMICS_AHEAD)
        return;
    for (size_t i = 0; i < q->count; i++)
        if (strcmp(q->question[i].tail, tail) == 0)
            return;
    q->question[q->count].tail = tail;
    q->question[q->count++].listed = listed;
}

/* --- the answers ----------------------------------------------------------------------------- */

static int keep(struct ds_remote *remote, const char *tail, const struct ds_api_reply *reply,
                struct ds_err *err)
{
    size_t len = strlen(tail) + 1;
    struct ds_dynamics_waiting *one = malloc(sizeof(*one) + len);

    if (!one)
        return ds_fail_nomem(err);
    memcpy(one->tail, tail, len);
    one->json = json_incref(reply->json);
    one->date_ms = reply->date_ms;
    one->next = remote->waiting;
    remote->waiting = one;
    return DS_OK;
}

json_t *ds_dynamics_ahead_take(struct ds_remote *remote, const char *tail, int64_t *date_ms)
{
    for (struct ds_dynamics_waiting **at = &remote->waiting; *at; at = &(*at)->next) {
        struct ds_dynamics_waiting *one = *at;
        json_t *json = one->json;

        if (strcmp(one->tail, tail) != 0)
            continue;
        if (date_ms)
            *date_ms = one->date_ms;
        *at = one->next;
        free(one);
        return json;
    }
    return NULL;
}

void ds_dynamics_ahead_clear(struct ds_remote *remote)
{
    while (remote->waiting) {
        struct ds_dynamics_waiting *one = remote->waiting;

        remote->waiting = one->next;
        json_decref(one->json);
        free(one);
    }
}

/* --- asking ---------------------------------------------------------------------------------- */

struct asking {
    struct ds_remote *remote;
    const struct ds_dynamics_questions *questions;
    size_t next;
    size_t asked[DS_HTTP_LANES]; /* the question that each lane asks */
};

static int begin(void *arg, size_t lane, size_t idle, bool *busy, struct ds_err *err)
{
    struct asking *a = arg;
    const char *headers[] = {DS_DYNAMICS_HEADERS, a->remote->prefer.text, NULL};
    static const char *const plain[] = {DS_DYNAMICS_HEADERS, NULL};
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    struct ds_api_call call = {.repeatable = true, .any_status = true};
    int rc;

    (void)idle;
    *busy = a->next < a->questions->count;
    if (!*busy)
        return DS_OK;
    a->asked[lane] = a->next++;
    ds_buf_addf(&url, "%s%s", a->remote->base.text, a->questions->question[a->asked[lane]].tail);
    call.url = url.text;
    call.headers = a->questions->question[a->asked[lane]].listed ? headers : plain;
    rc = ds_buf_failed(&url)
             ? ds_fail(err, DS_E_CONFIG, "a request is longer than %u bytes", DS_MAX_URL)
             : ds_api_begin(a->remote->api, lane, &call, err);
    ds_buf_clear(&url);
    return rc;
}

static int take(void *arg, size_t lane, struct ds_api_reply *reply, bool *busy, struct ds_err *err)
{
    struct asking *a = arg;
    const char *tail = a->questions->question[a->asked[lane]].tail;

    *busy = false;
    if (reply->status == 401) /* so will be the others */
        return ds_dynamics_refused(a->remote, "GET", a->remote->base.text, reply, err);
    if (reply->status / 100 != 2 || !json_is_object(reply->json))
        return DS_OK;
    return keep(a->remote, tail, reply, err);
}

int ds_dynamics_ahead(struct ds_remote *remote, const struct ds_dynamics_questions *q,
                      struct ds_err *err)
{
    struct asking a = {.remote = remote, .questions = q};
    const struct ds_dynamics_work work = {begin, take, NULL, &a};

    return q->count > 1 ? ds_dynamics_crew(remote, &work, err) : DS_OK;
}
