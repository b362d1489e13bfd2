#include "connectors/dynamics/chain.h"
#include "connectors/dynamics/fetch.h"
#include "connectors/dynamics/refusal.h"

#include <stdio.h>
#include <string.h>

/* No annotations, with which the link at the end has been seen missing (DV-40); ids are short, so the
 * pages are as large as they may be. */
static const char prefer[] = "Prefer: odata.track-changes,odata.maxpagesize=5000";

/* A column that every change moves stands beside the id, should only changes of selected columns
 * count. Nothing depends on the mapping, so a new mapping needs no new link. */
static const char columns[] = "$select=opportunityid,versionnumber";

struct track {
    struct ds_dynamics_fetch *fetch;
    struct ds_dynamics_chain chain;
    bool sets; /* the ids are wanted */
};

/* --- pages ----------------------------------------------------------------------------------- */

/* A tombstone is known by its context, and by nothing else (DV-43). */
static bool is_deleted(const json_t *row)
{
    const char *context = ds_json_text(row, "@odata.context");

    return context && strstr(context, "$deletedEntity");
}

/* The bare id, or an address with it in parentheses. */
static const char *id_of_deleted(const json_t *row, char out[37])
{
    const char *id = ds_json_text(row, "id");
    const char *open = id ? strrchr(id, '(') : NULL;

    snprintf(out, 37, "%.36s", open ? open + 1 : id ? id : "");
    return out;
}

static int take_rows(struct track *t, const json_t *rows, struct ds_err *err)
{
    struct ds_dynamics_fetch *f = t->fetch;
    int rc = DS_OK;

    for (size_t i = 0; i < json_array_size(rows) && !rc; i++) {
        const json_t *row = json_array_get(rows, i);
        bool deleted = is_deleted(row);
        char text[37], guid[37];
        const char *id = deleted ? id_of_deleted(row, text) : ds_json_text(row, "opportunityid");

        if (!id || !ds_dynamics_guid(id, guid))
            return ds_fail(err, DS_E_REMOTE, "change tracking told of a row without an id");
        rc = ds_dynamics_ids_add(deleted ? &f->gone : &f->ids, guid, err);
    }
    return rc;
}

/* Only the last page has the link that the next fetch goes on with (DV-41). */
static int take_page(struct track *t, const json_t *page, bool *more, struct ds_err *err)
{
    struct ds_dynamics_fetch *f = t->fetch;
    json_t *rows;
    int rc = ds_dynamics_chain_take(f->remote, &t->chain, page, &rows, err);

    if (!rc)
        rc = ds_dynamics_chain_link(f->remote, &t->chain, json_object_get(page, "@odata.deltaLink"),
                                    &f->link, err);
    *more = !rc && t->chain.next.len;
    if (*more)
        rc = ds_dynamics_chain_go_on(f->remote, 0, &t->chain, err);
    f->listed += json_array_size(rows);
    return rc || !t->sets ? rc : take_rows(t, rows, err);
}

static int walk(struct track *t, const char *url, struct ds_err *err)
{
    struct ds_remote *remote = t->fetch->remote;
    bool more = true;
    int rc;

    ds_dynamics_chain_init(&t->chain);
    ds_buf_reset(&t->fetch->link);
    rc = ds_dynamics_chain_start(remote, 0, &t->chain, url, prefer, err);
    while (!rc && more) {
        struct ds_api_reply reply;

        rc = ds_api_wait(remote->api, 0, &reply, err);
        if (!rc)
            rc = take_page(t, reply.json, &more, err);
        ds_api_reply_clear(&reply);
    }
    ds_api_abandon(remote->api);
    ds_dynamics_chain_clear(&t->chain);
    return rc;
}

/* --- starting -------------------------------------------------------------------------------- */

/* Whether the server will not have this request, as opposed to not now, or not from us. */
static bool is_refused(const struct ds_remote *remote)
{
    return remote->refused / 100 == 4 && remote->refused != 401 && remote->refused != 429;
}

int ds_dynamics_track_start(struct ds_dynamics_fetch *f, const char **why, struct ds_err *err)
{
    struct track t = {.fetch = f};
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    int rc;

    *why = NULL;
    f->listed = 0;
    ds_buf_addf(&url, "%s%s?%s", f->remote->base.text, f->reader.table.set, columns);
    rc = ds_buf_failed(&url) ? ds_fail_nomem(err) : walk(&t, url.text, err);
    ds_buf_clear(&url);
    if (rc && is_refused(f->remote))
        *why = f->remote->refused == 403
                   ? "it needs the right to read opportunities of the whole organisation"
                   : "the environment refuses it";
    else if (!rc && !f->link.len)
        *why = "the environment gives no link to go on with";
    if (!*why)
        return rc;
    ds_err_clear(err);
    ds_buf_reset(&f->link);
    return DS_OK;
}

/* --- going on -------------------------------------------------------------------------------- */

/* Whether what the server says of a link is that it cannot be followed any more, in whichever way it
 * says so (DV-47); never because of who asks, or how often. */
static const char *dead(const struct ds_remote *remote, const struct ds_err *err)
{
    long status = remote->refused;

    if (status / 100 != 4 || status == 401 || status == 403 || status == 429)
        return NULL;
    if (remote->refused_code == DS_DYNAMICS_EXPIRED || strcasestr(err->text, "version stamp") ||
        strcasestr(err->text, "full sync"))
        return "the change tracking token has expired, or the table was customised";
    if (status == 410)
        return "the change tracking token is gone";
    return status == 400 ? "the change tracking token was refused" : NULL;
}

int ds_dynamics_track(struct ds_dynamics_fetch *f, const char *link, const char **why,
                      struct ds_err *err)
{
    struct track t = {.fetch = f, .sets = true};
    int rc;

    *why = NULL;
    if (!ds_dynamics_same_origin(link, f->remote->origin.text)) {
        *why = "the change tracking link is of another address";
        return DS_OK;
    }
    rc = walk(&t, link, err);
    if (rc)
        *why = dead(f->remote, err);
    if (*why) {
        ds_err_clear(err);
        rc = DS_OK;
    } else if (!rc && !f->link.len) {
        ds_fail(err, DS_E_REMOTE, "change tracking ended without a link to go on with");
        rc = ds_hint(err, "nothing was concluded from it; if it stays, set 'tracking = off'");
    }
    if (!rc && !*why && (ds_dynamics_ids_full(&f->ids) || ds_dynamics_ids_full(&f->gone)))
        *why = "so much has changed that reading everything is quicker";
    return rc;
}

/* --- handing over ---------------------------------------------------------------------------- */

/* Deletions come last, whenever they happened: of an opportunity that is also among the changed ones,
 * only the environment knows which came last (DV-46). */
int ds_dynamics_track_read(struct ds_dynamics_fetch *f, struct ds_err *err)
{
    struct ds_dynamics_reader *reader = &f->reader;
    struct ds_dynamics_ids doubtful = {0};
    int rc;

    ds_dynamics_ids_sort(&f->ids);
    ds_dynamics_ids_sort(&f->gone);
    rc = ds_dynamics_read_ids(reader, &f->ids, true, err);
    for (size_t i = 0; i < f->gone.count && !rc; i++) {
        const struct ds_dynamics_id *changed = ds_dynamics_ids_find(&f->ids, f->gone.id[i].text);

        if (!changed)
            rc = ds_dynamics_reader_deleted(reader, f->gone.id[i].text, err);
        else if (!changed->done)
            rc = ds_dynamics_ids_add(&doubtful, changed->text, err);
    }
    if (!rc)
        rc = ds_dynamics_read_gone(reader, &doubtful, NULL, NULL, err);
    ds_dynamics_ids_clear(&doubtful);
    return rc;
}
