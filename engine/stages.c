#include "engine/running.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

#include <string.h>

#define EVERY_MS (24 * 60 * 60 * INT64_C(1000))
#define MOST     4096 /* stages that are watched */

/* The stages of a CRM as they are kept between runs: a JSON array of [process, name, label, active]. */
struct watching {
    struct running *r;
    json_t *now;
};

static int note_stage(void *arg, const struct ds_stage *s, struct ds_err *err)
{
    struct watching *w = arg;
    json_t *row;

    if (json_array_size(w->now) == MOST)
        return DS_OK;
    row = json_pack("[s,s,s,b]", s->process ? s->process : "", s->name,
                    s->label ? s->label : s->name, s->active);
    return row && json_array_append_new(w->now, row) == 0 ? DS_OK : ds_fail_nomem(err);
}

static const char *part(const json_t *row, size_t i)
{
    const char *text = json_string_value(json_array_get(row, i));

    return text ? text : "";
}

static const json_t *find(const json_t *list, const json_t *like)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *row = json_array_get(list, i);

        if (strcmp(part(row, 0), part(like, 0)) == 0 && strcmp(part(row, 1), part(like, 1)) == 0)
            return row;
    }
    return NULL;
}

static void tell(struct running *r, const json_t *row, const char *what, const char *more)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_TEXT);
    const char *process = part(row, 0);

    ds_buf_add(&text, "stage '");
    ds_text_to_terminal(&text, part(row, 1));
    ds_buf_add_char(&text, '\'');
    if (*process) {
        ds_buf_add(&text, " of '");
        ds_text_to_terminal(&text, process);
        ds_buf_add_char(&text, '\'');
    }
    ds_buf_addf(&text, " %s%s", what, more);
    ds_log(DS_LOG_WARNING, "%s", text.text);
    if (r->job->watch->notice)
        r->job->watch->notice(r->job->watch->arg, text.text);
    r->result->warnings++;
    ds_buf_clear(&text);
}

static bool is_mapped(const struct running *r, const json_t *row)
{
    const struct ds_mapping *m = r->job->mapping;
    const char *process = part(row, 0);

    if (!*process)
        process = NULL;
    return ds_mapping_stage(m, process, part(row, 1), -1) || ds_mapping_status(m, part(row, 1));
}

static void compare(struct running *r, const json_t *then, const json_t *now)
{
    const json_t *row, *other;
    size_t i;

    json_array_foreach(now, i, row)
    {
        bool active = json_is_true(json_array_get(row, 3));

        other = find(then, row);
        if (!other && active)
            tell(r, row, "is new in the CRM",
                 is_mapped(r, row) ? "" : ", and no line of the mapping names it (R-72)");
        else if (other && active != json_is_true(json_array_get(other, 3)))
            tell(r, row, active ? "is in use again" : "was deactivated in the CRM", "");
        else if (other && strcmp(part(row, 2), part(other, 2)) != 0)
            tell(r, row, "has another label in the CRM now: ", part(row, 2));
    }
    json_array_foreach(then, i, row) if (!find(now, row)) tell(
        r, row, "is gone in the CRM", is_mapped(r, row) ? ", and the mapping still names it" : "");
}

static int keep(struct running *r, const json_t *now, struct ds_err *err)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_PAGE);

    ds_json_add(&text, now);
    r->state.stages = ds_buf_failed(&text) ? NULL : ds_arena_dup(&r->lasting, text.text);
    r->state.stages_ms = r->policy.now_ms;
    ds_buf_clear(&text);
    return r->state.stages ? DS_OK : ds_fail_nomem(err);
}

int ds_stages_watch(struct running *r, struct ds_err *err)
{
    const struct ds_connector *c = r->job->connector;
    const char *path = ds_mapping_stage_path(r->job->mapping);
    struct watching w = {.r = r};
    struct ds_err failed = {0};
    json_t *then;

    if (!path || (c->abilities & DS_READS_ALL) ||
        (r->state.stages && r->policy.now_ms - r->state.stages_ms < EVERY_MS &&
         r->policy.now_ms >= r->state.stages_ms))
        return DS_OK;
    w.now = json_array();
    if (!w.now)
        return ds_fail_nomem(err);
    if (c->stages(r->remote, path, ds_mapping_process_path(r->job->mapping), note_stage, &w,
                  &failed)) {
        ds_log(DS_LOG_INFO, "whether stages have changed could not be seen: %s", failed.text);
    } else {
        then = r->state.stages ? json_loads(r->state.stages, 0, NULL) : NULL;
        if (then)
            compare(r, then, w.now);
        json_decref(then);
        keep(r, w.now, err);
    }
    json_decref(w.now);
    return err->status;
}
