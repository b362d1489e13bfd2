#include "engine/running.h"

#include "base/json.h"
#include "base/log.h"
#include "base/text.h"

#include <string.h>

#define EVERY_MS (24 * 60 * 60 * INT64_C(1000))
#define MOST     4096 /* stages that are watched */

/*
 * The stages of a CRM as they are kept between runs: {"from": PATH, "stages": [[process, name, label,
 * active, probability], ...]}. A list from another path, or of an older version, is compared with nothing.
 * What records of each process hold changes with every sale and is not asked for: a process is one that
 * stages themselves belong to.
 */
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
    row = json_pack("[s,s,s,b,i]", s->process ? s->process : "", s->name,
                    s->label ? s->label : s->name, s->active, s->probability);
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

struct naming {
    const char *name;
    bool found;
};

static void look(void *arg, const char *name, int line)
{
    struct naming *n = arg;

    (void)line;
    n->found = n->found || ds_text_same_nocase(name, n->name);
}

/* Whether a line names the stage; one that belongs to no process may be named for any. */
static bool is_named(const struct running *r, const json_t *row)
{
    const struct ds_mapping *m = r->job->mapping;
    struct naming named = {.name = part(row, 1)};

    if (!*part(row, 0))
        ds_mapping_stage_lines(m, look, &named);
    return named.found || ds_mapping_stage(m, part(row, 0), named.name, -1) ||
           ds_mapping_status(m, named.name);
}

static bool is_mapped(const struct running *r, const json_t *row)
{
    int percent = (int)json_integer_value(json_array_get(row, 4));

    return is_named(r, row) || ds_mapping_stage(r->job->mapping, NULL, part(row, 1), percent);
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
    json_array_foreach(then, i, row)
    {
        if (json_is_true(json_array_get(row, 3)) && !find(now, row))
            tell(r, row, "is gone: nothing in the CRM has or offers it",
                 is_named(r, row) ? ", and the mapping still names it" : "");
    }
}

/* The list that was kept, if it can be compared with one from this path. */
static json_t *kept(const struct running *r, const char *path)
{
    json_t *list = r->state.stages ? json_loads(r->state.stages, 0, NULL) : NULL;
    const char *from = json_string_value(json_object_get(list, "from"));
    json_t *stages = NULL;

    if (from && strcmp(from, path) == 0)
        stages = json_incref(json_object_get(list, "stages"));
    json_decref(list);
    return stages;
}

static int keep(struct running *r, const char *path, json_t *now, struct ds_err *err)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_PAGE);
    json_t *list = json_pack("{s:s,s:O}", "from", path, "stages", now);

    ds_json_add(&text, list);
    r->state.stages = !list || ds_buf_failed(&text) ? NULL : ds_arena_dup(&r->lasting, text.text);
    r->state.stages_ms = r->policy.now_ms;
    json_decref(list);
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
    if (c->stages(r->remote, path, NULL, note_stage, &w, &failed)) {
        ds_log(DS_LOG_INFO, "whether stages have changed could not be seen: %s", failed.text);
    } else {
        then = kept(r, path);
        if (then)
            compare(r, then, w.now);
        json_decref(then);
        keep(r, path, w.now, err);
    }
    json_decref(w.now);
    return err->status;
}
