#include "connectors/salesforce/bulk.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * The pages of a result are handed over in their order, so that one locator says what is left, and
 * several are on their way at once: from the list of pages where the version has one (58.0), else each
 * behind the locator that came with the one before.
 */
enum {
    MOST_RECORDS = 25000, /* of a page, where that is ours to say; fewer when that is too long */
    FEWEST_RECORDS = 500,
    LISTED = 8,     /* pages that one answer lists at most, with room: Salesforce lists five */
    LISTS_FROM = 58 /* version of the API */
};

struct bulk {
    struct ds_sf_fetch *f;
    uint64_t rows; /* that the job has */

    bool lists;         /* pages are listed */
    struct ds_buf more; /* address of the next list; "": there is none */
    struct ds_buf url[LISTED];
    size_t listed, taken; /* addresses of the list, and how many of them were sent for */

    int most;                      /* without a list: records of a page */
    char next[DS_SF_LOCATOR_TEXT]; /* without a list: of the page to send for, "": the first */
    bool at_end;                   /* without a list: the last page was sent for */

    char ahead[DS_SF_PAGE_LANES][DS_SF_LOCATOR_TEXT]; /* locators of the pages on their way */
    size_t first, under_way;
    bool damaged; /* the result is not what it should be: another job is wanted */
};

bool ds_sf_bulk_wanted(const struct ds_remote *remote, uint64_t expected)
{
    const char *bulk = ds_option(remote->options, "bulk");

    if (strcmp(bulk, "auto") == 0)
        return expected >= (uint64_t)remote->bulk_from;
    return strcmp(bulk, "always") == 0;
}

/* --- addresses ------------------------------------------------------------------------------- */

/* The locator in an address, as it stands there; false when there is none or it is too long. */
static bool locator_of(const char *url, char out[DS_SF_LOCATOR_TEXT])
{
    const char *at = strstr(url, "locator=");
    size_t len;

    if (!at)
        return false;
    at += strlen("locator=");
    len = strcspn(at, "&");
    if (len == 0 || len >= DS_SF_LOCATOR_TEXT)
        return false;
    memcpy(out, at, len);
    out[len] = '\0';
    return true;
}

static int take_list(struct bulk *b, const json_t *answer, struct ds_err *err)
{
    const json_t *pages = json_object_get(answer, "resultPages"), *page;
    const char *more = ds_json_text(answer, "nextRecordsUrl");
    size_t i;

    if (!more)
        more = ds_json_text(answer, "nextRecordUrl"); /* SF-81 */
    if (!json_is_array(pages) || json_array_size(pages) > LISTED)
        return ds_fail(err, DS_E_REMOTE, "the list of a Bulk job's pages holds %zu",
                       json_array_size(pages));
    b->listed = b->taken = 0;
    json_array_foreach(pages, i, page)
    {
        const char *url = ds_json_text(page, "resultUrl");

        ds_buf_reset(&b->url[i]);
        if (!url)
            return ds_fail(err, DS_E_REMOTE, "a page of a Bulk job has no address");
        if (ds_sf_link(b->f->remote, url, &b->url[i], err))
            return err->status;
        b->listed++;
    }
    ds_buf_reset(&b->more);
    if (!more || json_is_true(json_object_get(answer, "done")))
        return DS_OK;
    return ds_sf_link(b->f->remote, more, &b->more, err);
}

static int read_list(struct bulk *b, struct ds_err *err)
{
    struct ds_buf before = DS_BUF_INIT(DS_MAX_URL);
    json_t *answer = NULL;
    int rc = ds_sf_budget(b->f->remote, err);

    ds_buf_add(&before, b->more.text);
    if (!rc)
        rc = ds_api_get(b->f->remote->api, before.text, NULL, &answer, NULL, err);
    if (!rc)
        rc = take_list(b, answer, err);
    if (!rc && b->more.len && strcmp(b->more.text, before.text) == 0)
        rc = ds_fail(err, DS_E_REMOTE, "the list of a Bulk job's pages leads to itself");
    json_decref(answer);
    ds_buf_clear(&before);
    return rc;
}

/* Passes the pages that an interrupted run has handed over. One that cannot be found again in the list
 * is still good for itself. */
static int pass_pages(struct bulk *b, const char *wanted, struct ds_err *err)
{
    char locator[DS_SF_LOCATOR_TEXT];
    int rc = DS_OK;

    while (*wanted && !rc) {
        for (; b->taken < b->listed; b->taken++)
            if (locator_of(b->url[b->taken].text, locator) && strcmp(locator, wanted) == 0)
                return DS_OK;
        if (!b->more.len) {
            b->lists = false;
            memcpy(b->next, wanted, strlen(wanted) + 1);
            return DS_OK;
        }
        rc = read_list(b, err);
    }
    return rc;
}

static int begin_pages(struct bulk *b, struct ds_err *err)
{
    const struct ds_sf_job *job = &b->f->at.job;
    int rc;

    b->lists = strtol(job->version + 1, NULL, 10) >= LISTS_FROM;
    if (!b->lists) {
        memcpy(b->next, job->locator, sizeof(b->next));
        return DS_OK;
    }
    ds_sf_job_url(b->f, "/resultPages", &b->more);
    rc = read_list(b, err);
    return rc ? rc : pass_pages(b, job->locator, err);
}

/* The address of the next page; "" when it is not known yet, or there is none. */
static int next_url(struct bulk *b, struct ds_buf *url, char locator[DS_SF_LOCATOR_TEXT],
                    struct ds_err *err)
{
    int rc = DS_OK;

    if (b->lists) {
        while (b->taken == b->listed && b->more.len && !rc)
            rc = read_list(b, err);
        if (rc || b->taken == b->listed)
            return rc;
        ds_buf_add(url, b->url[b->taken].text);
        if (!locator_of(b->url[b->taken++].text, locator))
            *locator = '\0';
        return DS_OK;
    }
    if (b->at_end || b->under_way)
        return DS_OK;
    ds_sf_job_url(b->f, "/results?maxRecords=", url);
    ds_buf_addf(url, "%d%s%s", b->most, *b->next ? "&locator=" : "", b->next);
    memcpy(locator, b->next, DS_SF_LOCATOR_TEXT);
    b->at_end = true; /* until the page says otherwise */
    return DS_OK;
}

/* --- pages ----------------------------------------------------------------------------------- */

/* Sends for as many pages as there are lanes. */
static int send_for_pages(struct bulk *b, struct ds_err *err)
{
    static const char *const headers[] = {"Accept: text/csv", NULL};
    struct ds_buf url = DS_BUF_INIT(DS_MAX_URL);
    int rc = DS_OK;

    while (b->under_way < DS_SF_PAGE_LANES && !rc) {
        size_t lane = (b->first + b->under_way) % DS_SF_PAGE_LANES;
        struct ds_api_call call = {.headers = headers, .repeatable = true, .raw = true};

        ds_buf_reset(&url);
        rc = next_url(b, &url, b->ahead[lane], err);
        if (rc || !url.len)
            break;
        call.url = url.text;
        rc = ds_sf_budget(b->f->remote, err);
        if (!rc)
            rc = ds_api_begin(b->f->remote->api, lane, &call, err);
        b->under_way += !rc;
    }
    ds_buf_clear(&url);
    return rc;
}

/* What the head of a page says of the next one. Without a word it is the last only if the rows add up,
 * which is seen at the end (SF-19). */
static int read_locator(struct bulk *b, struct ds_api_reply *reply, struct ds_err *err)
{
    const char *locator = ds_api_header(reply, "sforce-locator");
    struct ds_buf escaped = DS_BUF_INIT(DS_SF_LOCATOR_TEXT - 1);
    int rc = DS_OK;

    if (b->lists || !locator || strcmp(locator, "null") == 0)
        return DS_OK;
    ds_http_escape(&escaped, locator); /* SF-90 */
    if (ds_buf_failed(&escaped))
        rc = ds_fail(err, DS_E_REMOTE, "the locator of a Bulk page is longer than %d bytes",
                     DS_SF_LOCATOR_TEXT);
    else if (strcmp(escaped.text, b->next) == 0)
        rc = ds_fail(err, DS_E_REMOTE, "a Bulk page leads to itself");
    else
        memcpy(b->next, escaped.text, escaped.len + 1);
    b->at_end = false;
    ds_buf_clear(&escaped);
    return rc;
}

/* A login or maintenance page in place of a page of the result says nothing of the result (SF-27). */
static int check_type(const struct bulk *b, struct ds_api_reply *reply, struct ds_err *err)
{
    struct ds_http_answer answer = {.status = reply->status, .body = reply->body};
    const char *type = ds_api_header(reply, "content-type");
    struct ds_buf said = DS_BUF_INIT(DS_MAX_TEXT);

    if (!type || !strcasestr(type, "html"))
        return DS_OK;
    ds_http_describe(&answer, &said);
    ds_fail(err, DS_E_REMOTE, "a page of Bulk job %s was answered with %s", b->f->at.job.id,
            said.text);
    ds_buf_clear(&said);
    return ds_hint(err,
                   "look whether a proxy or a maintenance page stands in between; the job stays, "
                   "and the next run goes on with it");
}

/* The rows of a page are as many as it says (SF-10, SF-89). */
static int take_rows(struct bulk *b, struct ds_api_reply *reply, struct ds_err *err)
{
    const char *told = ds_api_header(reply, "sforce-numberofrecords");
    uint64_t count, want = told ? strtoull(told, NULL, 10) : 0;
    int rc;

    told = told && *told >= '0' && *told <= '9' ? told : NULL;
    rc = ds_sf_bulk_rows(b->f, &reply->body, &count, err);
    if (rc)
        return rc;
    b->f->at.job.rows += count;
    if (told && count != want)
        return ds_fail(err, DS_E_REMOTE,
                       "a page of Bulk job %s announced %" PRIu64 " records and holds %" PRIu64,
                       b->f->at.job.id, want, count);
    return DS_OK;
}

/* Everything before the page that is next was handed over. */
static int mark(struct bulk *b, struct ds_err *err)
{
    struct ds_sf_job *job = &b->f->at.job;
    const char *next = b->next;
    char locator[DS_SF_LOCATOR_TEXT] = "";

    job->pages++;
    if (b->under_way)
        next = b->ahead[b->first];
    else if (b->lists && b->taken < b->listed && locator_of(b->url[b->taken].text, locator))
        next = locator;
    if (!*next || (!b->under_way && b->at_end))
        return DS_OK; /* the last one: the end of the fetch says it all */
    memcpy(job->locator, next, strlen(next) + 1);
    return ds_sf_fetch_mark(b->f, err);
}

/* How long listed pages are is the org's to say. One that is longer than we take is read again in
 * smaller ones, and so is all that follows. */
static int take_smaller(struct bulk *b, const char *locator, struct ds_err *err)
{
    if (!ds_http_too_long(err) || (!b->lists && b->most <= FEWEST_RECORDS))
        return err->status;
    ds_err_clear(err);
    ds_api_abandon(b->f->remote->api);
    if (!b->lists)
        b->most /= 2;
    b->lists = false;
    b->under_way = 0;
    memmove(b->next, locator, DS_SF_LOCATOR_TEXT);
    b->at_end = false;
    return send_for_pages(b, err);
}

static int take_page(struct bulk *b, struct ds_err *err)
{
    size_t lane = b->first;
    struct ds_api_reply reply;
    int rc = ds_api_wait(b->f->remote->api, lane, &reply, err);

    if (rc)
        return take_smaller(b, b->ahead[lane], err);
    b->first = (lane + 1) % DS_SF_PAGE_LANES;
    b->under_way--;
    rc = check_type(b, &reply, err);
    if (!rc)
        rc = read_locator(b, &reply, err);
    if (!rc)
        rc = send_for_pages(b, err);
    if (!rc) {
        rc = take_rows(b, &reply, err);
        b->damaged = rc == DS_E_REMOTE;
    }
    ds_api_reply_clear(&reply);
    return rc ? rc : mark(b, err);
}

static int take_pages(struct bulk *b, struct ds_err *err)
{
    int rc = begin_pages(b, err);

    if (!rc)
        rc = send_for_pages(b, err);
    while (!rc && b->under_way)
        rc = take_page(b, err);
    if (rc || b->f->at.job.rows == b->rows)
        return rc;
    b->damaged = true;
    return ds_fail(err, DS_E_REMOTE,
                   "Bulk job %s has %" PRIu64 " records and its pages held %" PRIu64,
                   b->f->at.job.id, b->rows, b->f->at.job.rows);
}

/* --- jobs ------------------------------------------------------------------------------------ */

static int create(struct ds_sf_fetch *f, bool *refused, struct ds_err *err)
{
    struct ds_sf_range range = ds_sf_fetch_range(f);
    int rc;

    ds_buf_reset(&f->text);
    ds_sf_soql_bulk(&f->text, f->reader.list.text, &range);
    rc = ds_buf_failed(&f->text) ? ds_fail_nomem(err)
                                 : ds_sf_job_create(f, f->text.text, refused, err);
    return rc || *refused ? rc : ds_sf_fetch_mark(f, err);
}

/* The job that is to be read, complete; a resumed one that is gone makes place for another. */
static int get_job(struct bulk *b, bool *refused, struct ds_err *err)
{
    struct ds_sf_fetch *f = b->f;
    enum ds_sf_job_state state = DS_SF_JOB_MISSING;
    bool resumed = *f->at.job.id != '\0';
    struct ds_err why = {0};
    int rc = DS_OK;

    if (resumed)
        rc = ds_sf_job_wait(f, &state, &b->rows, err);
    if (!rc && resumed && state != DS_SF_JOB_COMPLETE) {
        ds_log(DS_LOG_WARNING, "Bulk job %s cannot be had any more: its query is sent again",
               f->at.job.id);
        resumed = false;
    }
    if (rc || resumed)
        return rc;
    rc = create(f, refused, err);
    if (!rc && !*refused)
        rc = ds_sf_job_wait(f, &state, &b->rows, err);
    if (rc || *refused || state == DS_SF_JOB_COMPLETE)
        return rc;
    ds_sf_job_delete(f);
    ds_fail(&why, DS_E_REMOTE, "the org did not carry out the Bulk query");
    ds_hint(&why, "'bulk = auto' reads page by page then");
    return ds_sf_job_do_without(f, &why, refused, err);
}

/* Somebody deleted the job while it was read. Where we are is kept, and leads to another one. */
static int tell_gone(const struct bulk *b, struct ds_err *err)
{
    ds_err_clear(err);
    ds_fail(err, DS_E_REMOTE,
            "Bulk job %s is gone, with %" PRIu64 " of its %" PRIu64 " records read",
            b->f->at.job.id, b->f->at.job.rows, b->rows);
    return ds_hint(err,
                   "the next run sends its query again; look in Setup > Bulk Data Load Jobs who "
                   "deletes jobs");
}

int ds_sf_bulk(struct ds_sf_fetch *f, bool *refused, struct ds_err *err)
{
    struct bulk b = {.f = f, .most = MOST_RECORDS};
    int rc;

    ds_buf_init(&b.more, DS_MAX_URL);
    for (size_t i = 0; i < LISTED; i++)
        ds_buf_init(&b.url[i], DS_MAX_URL);
    *refused = false;
    rc = get_job(&b, refused, err);
    if (!rc && !*refused && b.rows > 0)
        rc = take_pages(&b, err);
    if (rc && f->remote->lost_job)
        rc = tell_gone(&b, err);
    if (!*refused && (!rc || b.damaged)) {
        ds_api_abandon(f->remote->api);
        ds_sf_job_delete(f);
        ds_hint(err,
                "nothing is concluded from it; the job is deleted, and the next run makes another");
    }
    if (*refused) {
        memset(&f->at.job, 0, sizeof(f->at.job));
        f->at.pieces = 1;
        f->at.piece[0] = (struct ds_sf_piece){0};
    }
    ds_buf_clear(&b.more);
    for (size_t i = 0; i < LISTED; i++)
        ds_buf_clear(&b.url[i]);
    return rc;
}
