/* A fetch by a view. Which opportunities belong to one may depend on the date of today and on other
 * tables, so it is read as a whole each time: what has not changed costs its reading and nothing more. */
#include "connectors/dynamics/fetch.h"

#include "base/log.h"
#include "connectors/dynamics/link.h"
#include "connectors/dynamics/process.h"
#include "connectors/dynamics/view.h"

#include <stdio.h>
#include <string.h>

struct walk {
    struct ds_dynamics_fetch *fetch;
    struct ds_dynamics_fetchxml *view;
    struct ds_dynamics_walk starts; /* a page begins with a row that none began with (DV-19) */
    struct ds_buf url;
    bool more;    /* behind the page that is being worked on */
    bool resumed; /* nothing has come yet, and the place is from an earlier run */
};

static int ask(struct walk *w, struct ds_err *err)
{
    static const char prefer[] = DS_DYNAMICS_FETCHXML_PREFER;
    static const char *const headers[] = {DS_DYNAMICS_HEADERS, prefer, NULL};
    struct ds_remote *remote = w->fetch->remote;
    struct ds_api_call call = {.headers = headers, .repeatable = true};
    int rc;

    ds_buf_reset(&w->url);
    ds_buf_addf(&w->url, "%s%s?", remote->base.text, w->fetch->reader.table.set);
    rc = ds_dynamics_fetchxml_query(w->view, &w->url, err);
    call.url = w->url.text;
    remote->refused = 0;
    return rc ? rc : ds_api_begin(remote->api, 0, &call, err);
}

/* "watermark fingerprint place" */
static int mark(struct walk *w, struct ds_err *err)
{
    struct ds_dynamics_fetch *f = w->fetch;

    ds_buf_reset(&f->resume);
    ds_buf_addf(&f->resume, "%s %s ", f->watermark, f->print);
    ds_dynamics_fetchxml_mark(w->view, &f->resume);
    if (ds_buf_failed(&f->resume))
        return ds_fail_nomem(err);
    return f->reader.sink->mark(f->reader.sink->arg, f->resume.text, err);
}

/* Takes up where an earlier run stopped, if it read the same view in the same way. */
static bool take_up(struct walk *w, const char *resume)
{
    struct ds_dynamics_fetch *f = w->fetch;
    size_t date = strcspn(resume, " "), len = strlen(f->print);
    const char *print = resume + date + (resume[date] == ' ');

    if (date >= sizeof(f->watermark) || strncmp(print, f->print, len) != 0 || print[len] != ' ' ||
        !ds_dynamics_fetchxml_resume(w->view, print + len + 1))
        return false;
    snprintf(f->watermark, sizeof(f->watermark), "%.*s", (int)date, resume);
    return true;
}

/* The page that was asked for; if the server does not take its cookie any more, the first instead. */
static int wait(struct walk *w, struct ds_api_reply *reply, struct ds_err *err)
{
    struct ds_remote *remote = w->fetch->remote;
    int rc = ds_api_wait(remote->api, 0, reply, err);

    if (!rc || !w->resumed || remote->refused / 100 != 4 || remote->refused == 401)
        return rc;
    ds_log(DS_LOG_INFO, "an interrupted fetch cannot go on where it was and starts again: %s",
           err->text);
    ds_err_clear(err);
    ds_instant_text(w->fetch->reader.table.date_ms, w->fetch->watermark);
    ds_dynamics_fetchxml_resume(w->view, "1:");
    rc = ask(w, err);
    return rc ? rc : ds_api_wait(remote->api, 0, reply, err);
}

static int check_start(struct walk *w, const json_t *rows, struct ds_err *err)
{
    const char *id = ds_json_text(json_array_get(rows, 0), "opportunityid");

    if (!id || !ds_dynamics_walk_repeats(&w->starts, id))
        return DS_OK;
    return ds_fail(err, DS_E_REMOTE,
                   "%s leads from page to page in a circle: the same records came "
                   "again",
                   w->fetch->remote->origin.text);
}

/* The next page is asked for before this one is handed over, so that it travels meanwhile. */
static int take(struct walk *w, const json_t *page, struct ds_err *err)
{
    json_t *rows = ds_dynamics_rows(page, err);
    int rc = rows ? ds_dynamics_fetchxml_next(w->view, page, &w->more, err) : err->status;

    if (!rc)
        rc = check_start(w, rows, err);
    if (!rc && w->more)
        rc = ask(w, err);
    for (size_t i = 0; i < json_array_size(rows) && !rc; i++)
        rc = ds_dynamics_fetchxml_row(json_array_get(rows, i), err);
    if (!rc)
        rc = ds_dynamics_process_fill(w->fetch->remote, w->fetch->reader.slots,
                                      w->fetch->reader.count, rows, err);
    if (!rc)
        rc = ds_dynamics_reader_rows(&w->fetch->reader, rows, err);
    return rc || !w->more ? rc : mark(w, err);
}

static int walk(struct walk *w, struct ds_err *err)
{
    int rc = ask(w, err);

    for (w->more = true; w->more && !rc; w->resumed = false) {
        struct ds_api_reply reply = {0};

        rc = wait(w, &reply, err);
        if (!rc)
            rc = take(w, reply.json, err);
        ds_api_reply_clear(&reply);
    }
    ds_api_abandon(w->fetch->remote->api);
    return rc;
}

/* Of the first page's query: a resumed fetch must ask the same. */
static int fingerprint(struct walk *w, struct ds_err *err)
{
    int rc = ds_dynamics_fetchxml_query(w->view, &w->url, err);

    ds_hash(w->url.text, w->url.len, w->fetch->print);
    return rc;
}

int ds_dynamics_fetch_view(struct ds_dynamics_fetch *f, const char *resume, struct ds_err *err)
{
    struct walk w = {.fetch = f, .url = DS_BUF_INIT(DS_MAX_URL)};
    int rc = ds_dynamics_view(f->remote, f->reader.slots, f->reader.count, f->remote->page_size,
                              &w.view, err);

    if (!rc)
        rc = fingerprint(&w, err);
    if (!rc) {
        w.resumed = resume && take_up(&w, resume);
        rc = walk(&w, err);
    }
    ds_dynamics_fetchxml_free(w.view);
    ds_buf_clear(&w.url);
    return rc;
}
