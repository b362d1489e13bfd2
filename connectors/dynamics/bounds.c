#include "connectors/dynamics/bounds.h"

#include "base/date.h"
#include "base/text.h"
#include "connectors/dynamics/crew.h"

#include <string.h>

static const char total[] = "RetrieveTotalRecordCount(EntityNames=['opportunity'])";

/* The record with the first stamp, or the last; NULL when there is no memory for the question. */
static const char *edge(struct ds_dynamics_reader *reader, bool last)
{
    struct ds_buf tail = DS_BUF_INIT(DS_MAX_URL);
    const char *text;

    ds_buf_addf(&tail, "%s?$select=modifiedon", reader->table.set);
    ds_dynamics_filter(reader->remote, &tail, 0);
    ds_buf_addf(&tail, "&$orderby=modifiedon%s&$top=1", last ? "%20desc" : "");
    text = ds_buf_failed(&tail) ? NULL : ds_arena_dup(&reader->arena, tail.text);
    ds_buf_clear(&tail);
    return text;
}

void ds_dynamics_bounds_ask(struct ds_dynamics_reader *reader, struct ds_dynamics_questions *q)
{
    if (ds_dynamics_lanes(reader->remote) == 1)
        return;
    ds_dynamics_question(q, edge(reader, false), false);
    ds_dynamics_question(q, edge(reader, true), false);
    if (!reader->remote->filter)
        ds_dynamics_question(q, total, false);
}

/* --- the answers ----------------------------------------------------------------------------- */

static int64_t stamp_in(struct ds_remote *remote, const char *tail)
{
    json_t *page = tail ? ds_dynamics_ahead_take(remote, tail, NULL) : NULL;
    const char *text =
        ds_json_text(json_array_get(json_object_get(page, "value"), 0), "modifiedon");
    int64_t ms = 0;

    if (!text || !ds_instant(text, &ms))
        ms = 0;
    json_decref(page);
    return ms;
}

static uint64_t count_in(struct ds_remote *remote)
{
    json_t *json = ds_dynamics_ahead_take(remote, total, NULL);
    const json_t *counts =
        json_object_get(json_object_get(json, "EntityRecordCountCollection"), "Values");
    const char *text = json_string_value(json_array_get(counts, 0));
    long n = 0;

    if (!text || !ds_text_int(text, 0, INT32_MAX, &n))
        n = 0;
    json_decref(json);
    return (uint64_t)n;
}

void ds_dynamics_bounds(struct ds_dynamics_reader *reader, struct ds_dynamics_bounds *out)
{
    out->oldest_ms = stamp_in(reader->remote, edge(reader, false));
    out->newest_ms = stamp_in(reader->remote, edge(reader, true));
    out->records = count_in(reader->remote);
}
