#include "connectors/retry.h"
#include "connectors/salesforce/batch.h"
#include "connectors/salesforce/read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { MOST_TRIES = 5 }; /* for a record that somebody else holds (SF-65) */

/* --- telling --------------------------------------------------------------------------------- */

int ds_sf_item_tell(struct ds_sf_batch *b, struct ds_sf_item *item, int status, const char *text,
                    struct ds_err *err)
{
    struct ds_written what = {.change = item->change, .status = status, .text = text};
    int rc = DS_OK;

    item->stage = DS_SF_ITEM_TOLD;
    if (item->row)
        rc = ds_sf_reader_row(&b->reader, item->row, &what.now, err);
    return rc ? rc : b->written(b->arg, &what, err);
}

/* --- reading --------------------------------------------------------------------------------- */

static struct ds_sf_item *find(struct ds_sf_batch *b, const char *text)
{
    char id[DS_SF_ID];

    if (!b->creates && ds_sf_id(text, id))
        text = id;
    for (size_t i = 0; i < b->count; i++)
        if (strcasecmp(ds_sf_item_name(b, &b->item[i]), text) == 0 &&
            (b->creates || strcmp(ds_sf_item_name(b, &b->item[i]), text) == 0))
            return &b->item[i];
    return NULL;
}

static void attach(struct ds_sf_batch *b, const json_t *rows)
{
    json_t *row;
    size_t i;

    json_array_foreach(rows, i, row)
    {
        const char *text = ds_json_text(row, b->column);
        struct ds_sf_item *item = text ? find(b, text) : NULL;

        if (item && !item->row)
            item->row = json_incref(row);
    }
}

/* Reads the records of all items in one of two stages as they are now. */
static int read_items(struct ds_sf_batch *b, enum ds_sf_item_stage one, enum ds_sf_item_stage other,
                      struct ds_err *err)
{
    const char *texts[DS_SF_MOST_IDS];
    json_t *rows = json_array();
    size_t n = 0;
    int rc;

    for (size_t i = 0; i < b->count; i++) {
        struct ds_sf_item *item = &b->item[i];

        if (item->stage != one && item->stage != other)
            continue;
        json_decref(item->row);
        item->row = NULL;
        texts[n++] = ds_sf_item_name(b, item);
    }
    rc = n ? ds_sf_read_rows(&b->reader, b->column, texts, n, NULL, rows, err) : DS_OK;
    if (!rc)
        attach(b, rows);
    json_decref(rows);
    return rc;
}

/* --- judging --------------------------------------------------------------------------------- */

/* Composes what an item sends; tells what cannot be sent. */
static int compose(struct ds_sf_batch *b, struct ds_sf_item *item, const struct ds_record *now,
                   struct ds_err *err)
{
    const char *why = NULL;
    size_t count;

    item->body = b->bodies.len;
    if (!ds_sf_change_members(&b->reader, &b->arena, item->write, now, &b->bodies, &count, &why)) {
        b->bodies.len = item->body;
        return ds_sf_item_tell(b, item, DS_E_RECORD, why, err);
    }
    item->body_len = b->bodies.len - item->body;
    if (!b->creates && count == 0)
        return ds_sf_item_tell(b, item, DS_OK, NULL, err); /* it holds all of it already */
    return ds_buf_failed(&b->bodies) ? ds_fail_nomem(err) : DS_OK;
}

/* Whether an item may be sent, by the record as it was just read. */
static int judge(struct ds_sf_batch *b, struct ds_sf_item *item, struct ds_err *err)
{
    const struct ds_record *now = NULL;
    const char *why;
    int rc;

    if (item->row) {
        rc = ds_sf_reader_row(&b->reader, item->row, &now, err);
        if (rc)
            return rc;
    }
    if (b->creates)
        return item->row ? ds_sf_item_tell(b, item, DS_OK, NULL, err) /* it happened before (P-4) */
                         : compose(b, item, NULL, err);
    if (!now)
        return ds_sf_item_tell(b, item, DS_E_STALE,
                               "the opportunity is gone, or hidden from this user", err);
    why = ds_sf_change_stale(&b->reader, &b->arena, item->write, now);
    return why ? ds_sf_item_tell(b, item, DS_E_STALE, why, err) : compose(b, item, now, err);
}

static int judge_all(struct ds_sf_batch *b, size_t *open, struct ds_err *err)
{
    int rc = read_items(b, DS_SF_ITEM_PENDING, DS_SF_ITEM_PENDING, err);

    ds_buf_reset(&b->bodies);
    *open = 0;
    for (size_t i = 0; i < b->count && !rc; i++)
        if (b->item[i].stage == DS_SF_ITEM_PENDING) {
            rc = judge(b, &b->item[i], err);
            *open += b->item[i].stage == DS_SF_ITEM_PENDING;
        }
    return rc;
}

/* Reads what was written back, for triggers set more than was asked and some fields stay as they were
 * although the answer says otherwise (SF-55, SF-56). What happened is told even if that fails. */
static int read_back(struct ds_sf_batch *b, struct ds_err *err)
{
    struct ds_err told = {0};
    int rc = read_items(b, DS_SF_ITEM_SENT, DS_SF_ITEM_GONE, err);

    for (size_t i = 0; i < b->count; i++) {
        struct ds_sf_item *item = &b->item[i];
        int failed = DS_OK;

        if (item->stage == DS_SF_ITEM_SENT)
            failed = ds_sf_item_tell(b, item, DS_OK, NULL, &told);
        else if (item->stage == DS_SF_ITEM_GONE && !rc)
            failed = ds_sf_item_tell(b, item, DS_E_STALE, item->text, &told);
        if (failed && !rc) {
            *err = told;
            rc = failed;
        }
    }
    return rc;
}

static int wait_for_locks(struct ds_sf_batch *b, unsigned tried, struct ds_err *err)
{
    uint32_t random = 0;

    if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
        random = 0;
    return ds_http_pause(b->remote->http, ds_retry_wait(tried, 0, random), err);
}

/* Whatever is left is locked by somebody for longer than we wait. */
static int give_up(struct ds_sf_batch *b, struct ds_err *err)
{
    int rc = DS_OK;

    for (size_t i = 0; i < b->count && !rc; i++)
        if (b->item[i].stage == DS_SF_ITEM_PENDING)
            rc = ds_sf_item_tell(b, &b->item[i], DS_E_LATER, b->item[i].text, err);
    return rc;
}

static size_t pending(const struct ds_sf_batch *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->count; i++)
        n += b->item[i].stage == DS_SF_ITEM_PENDING;
    return n;
}

/* Every attempt begins with the records as they are then (P-5). What comes back because there were too
 * many in one request is sent again at once, in smaller ones. */
static int write_batch(struct ds_sf_batch *b, struct ds_err *err)
{
    for (unsigned tried = 1;; tried++) {
        size_t open = 0, width = b->width[b->creates];
        int rc = judge_all(b, &open, err), failed;

        if (!rc && open)
            rc = ds_sf_batch_send(b, err);
        failed = rc;
        if (failed) { /* of several requests some may have succeeded */
            struct ds_err later = {0};

            read_back(b, &later);
            return failed;
        }
        rc = read_back(b, err);
        if (rc || !pending(b))
            return rc;
        if (b->width[b->creates] < width) {
            tried = 0;
            continue;
        }
        if (tried == MOST_TRIES)
            return give_up(b, err);
        rc = wait_for_locks(b, tried, err);
        if (rc)
            return rc;
    }
}

/* --- batches --------------------------------------------------------------------------------- */

/* Takes the next changes, all of one sort and no record twice, so that each finds what it expects. */
static void fill(struct ds_sf_batch *b, const struct ds_write *writes, size_t count, size_t *at)
{
    b->count = 0;
    b->creates = !writes[*at].id;
    b->column = b->creates ? ds_option(b->remote->options, "key_field") : "Id";
    while (*at < count && b->count < (size_t)b->remote->batch) {
        const struct ds_write *write = &writes[*at];

        if (!write->id != b->creates || find(b, b->creates ? write->key : write->id))
            break;
        b->item[b->count++] = (struct ds_sf_item){.write = write, .change = (*at)++};
    }
}

static void empty(struct ds_sf_batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        json_decref(b->item[i].row);
    b->count = 0;
    ds_arena_reset(&b->arena);
}

int ds_sf_write(struct ds_remote *remote, const struct ds_query *query,
                const struct ds_write *writes, size_t count,
                int (*written)(void *arg, const struct ds_written *what, struct ds_err *err),
                void *arg, struct ds_err *err)
{
    struct ds_sf_batch *b = calloc(1, sizeof(*b));
    int rc;

    if (!b)
        return ds_fail_nomem(err);
    b->remote = remote;
    b->width[0] = b->width[1] = (size_t)remote->batch;
    b->written = written;
    b->arg = arg;
    ds_buf_init(&b->bodies, DS_MAX_PAGE);
    ds_buf_init(&b->request, DS_MAX_PAGE);
    ds_buf_init(&b->url, DS_MAX_URL);
    rc = ds_sf_reader_open(&b->reader, remote, query, err);
    for (size_t at = 0; at < count && !rc;) {
        rc = ds_options_interrupted(remote->options, err);
        if (rc)
            break;
        fill(b, writes, count, &at);
        rc = b->column ? write_batch(b, err) : ds_sf_no_key(remote, err);
        empty(b);
    }
    ds_sf_reader_clear(&b->reader);
    ds_arena_clear(&b->arena);
    ds_buf_clear(&b->bodies);
    ds_buf_clear(&b->request);
    ds_buf_clear(&b->url);
    free(b);
    return rc;
}
