#include "tests/sim/sf_deleted.h"
#include "tests/sim/clock.h"
#include "tests/sim/control.h"
#include "tests/sim/scan.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/world.h"

#include <stdlib.h>
#include <string.h>

enum { DELETED_DAYS = 15, UPDATED_DAYS = 30, DAY = 86400, MINUTE = 60 };

static int64_t forgotten; /* deletions before that moment */

void sf_deleted_forget(int64_t before)
{
    forgotten = before;
}

static void write_stamp(struct buf *out, const char *name, int64_t seconds)
{
    struct val v = {.kind = V_TIME, .num = seconds};

    buf_addf(out, "\"%s\":", name);
    val_write(out, &v, F_MILLIS);
}

/* The window in whole minutes; the answer is refused when it is none. */
static bool read_window(const struct request *request, struct reply *reply, int64_t *start,
                        int64_t *end)
{
    char *from = request_param(request, "start"), *to = request_param(request, "end");
    bool good = from && to && time_parse(from, start) && time_parse(to, end);

    if (!good)
        salesforce_error(reply, 400, "INVALID_ARGUMENT_VALUE",
                         "start and end must be dateTime values in ISO 8601 with a zone");
    free(from);
    free(to);
    if (!good)
        return false;
    *start -= *start % MINUTE;
    *end -= *end % MINUTE;
    if (*start >= *end) {
        salesforce_error(reply, 400, "INVALID_REPLICATION_DATE",
                         "startDate before endDate: the window must span more than one minute");
        return false;
    }
    return true;
}

/* Nothing is promised beyond now, nor beyond a change that has not been committed. */
static int64_t covered(int64_t end)
{
    int64_t oldest = control_oldest_pending(SALESFORCE);
    int64_t to = end < clock_now() ? end : clock_now();

    if (oldest < to)
        to = oldest;
    return to - to % MINUTE;
}

static void too_many(struct reply *reply)
{
    salesforce_error(reply, 400, "EXCEEDED_ID_LIMIT",
                     "exceeded the limit of %u ids; use a smaller window",
                     sf_settings.replication_limit);
}

static void write_id(struct buf *out, const struct entity *e, uint32_t at)
{
    struct row row;
    struct val id;

    world_row(e, at, &row);
    field_get(&row, entity_key(e), &id);
    val_write(out, &id, F_ID);
}

void sf_deleted(const struct request *request, struct reply *reply, const struct entity *e)
{
    int64_t start, end, earliest = clock_now() - (int64_t)DELETED_DAYS * DAY;
    uint32_t n = 0, at;

    if (!read_window(request, reply, &start, &end))
        return;
    if (forgotten > earliest)
        earliest = forgotten;
    if (start < earliest - earliest % MINUTE) {
        salesforce_error(reply, 400, "INVALID_REPLICATION_DATE",
                         "startDate cannot be before the earliest date that is available");
        return;
    }
    buf_puts(&reply->body, "{\"deletedRecords\":[");
    for (size_t i = 0; e->changes && world_edit_at(e, i, &at); i++) {
        const struct edit *edit = world_find_edit(e, at);

        if (!edit->deleted || edit->deleted_at < start || edit->deleted_at >= end + MINUTE)
            continue;
        buf_puts(&reply->body, n++ ? ",{\"id\":" : "{\"id\":");
        write_id(&reply->body, e, at);
        buf_puts(&reply->body, ",");
        write_stamp(&reply->body, "deletedDate", edit->deleted_at);
        buf_puts(&reply->body, "}");
    }
    if (n > sf_settings.replication_limit) {
        too_many(reply);
        return;
    }
    buf_puts(&reply->body, "],");
    write_stamp(&reply->body, "earliestDateAvailable", earliest);
    buf_puts(&reply->body, ",");
    write_stamp(&reply->body, "latestDateCovered", covered(end));
    buf_puts(&reply->body, "}");
}

struct updated {
    int64_t from, to;
    const struct entity *entity;
    struct buf *out;
    uint32_t n;
};

static bool add_updated(const struct row *row, void *arg)
{
    struct updated *u = arg;

    if (row->modified < u->from || row->modified >= u->to)
        return true;
    buf_puts(u->out, u->n++ ? "," : "");
    write_id(u->out, u->entity, row->at);
    return u->n <= sf_settings.replication_limit;
}

static struct expr *stamp_limit(const struct entity *e, enum op op, int64_t seconds)
{
    struct val v = {.kind = V_TIME, .num = seconds};
    struct buf text = {0};
    struct expr *limit;

    val_write(&text, &v, F_ZULU);
    limit = expr_compare(op, entity_any_field(e, "SystemModstamp", 14),
                         grab_text(text.at + 1, text.len - 2));
    buf_free(&text);
    return limit;
}

void sf_updated(const struct request *request, struct reply *reply, const struct entity *e)
{
    struct updated u = {.entity = e, .out = &reply->body};
    struct scan scan = {.entity = e};
    struct expr *where;

    if (!read_window(request, reply, &u.from, &u.to))
        return;
    if (u.from < clock_now() - (int64_t)UPDATED_DAYS * DAY) {
        salesforce_error(reply, 400, "INVALID_REPLICATION_DATE",
                         "startDate cannot be more than %d days ago", UPDATED_DAYS);
        return;
    }
    u.to += MINUTE;
    where = expr_join(OP_AND, stamp_limit(e, OP_GE, u.from), stamp_limit(e, OP_LT, u.to));
    scan.where = where;
    buf_puts(&reply->body, "{\"ids\":[");
    scan_each(&scan, add_updated, &u);
    expr_free(where);
    if (u.n > sf_settings.replication_limit) {
        too_many(reply);
        return;
    }
    buf_puts(&reply->body, "],");
    write_stamp(&reply->body, "latestDateCovered", covered(u.to - MINUTE));
    buf_puts(&reply->body, "}");
}
