#include "base/text.h"
#include "mapping/forms.h"
#include "mapping/job.h"

#include <jansson.h>
#include <string.h>

#define PARTS       3
#define NEEDS_PARTS "a team member needs name, email and phone"

static const char *const part_names[PARTS] = {"name", "email", "phone"};

struct team {
    struct ds_member *members;
    size_t count;
    size_t room;
    bool whole; /* nothing of it is missing */
};

static void add(struct ds_job *j, struct team *team, const char *const part[PARTS])
{
    if (team->count == team->room) {
        size_t room = 2 * team->room + 4;
        struct ds_member *more = ds_arena_alloc(j->a, room * sizeof(*more));

        j->nomem = j->nomem || !more;
        if (!more)
            return;
        if (team->count)
            memcpy(more, team->members, team->count * sizeof(*more));
        team->members = more;
        team->room = room;
    }
    team->members[team->count++] =
        (struct ds_member){.name = part[0], .email = part[1], .phone = part[2]};
}

/* One member, all of it or nothing. */
static void take_one(struct ds_job *j, struct team *team)
{
    const char *part[PARTS];
    bool readable = true;
    int given = 0;

    for (int i = 0; i < PARTS; i++) {
        readable = ds_job_value(j, DS_TEAM_NAME + i, &part[i]) && readable;
        given += part[i] != NULL;
    }
    team->whole = team->whole && readable && (!given || given == PARTS);
    if (!readable || !given)
        return;
    for (int i = 0; i < PARTS; i++)
        if (!part[i])
            ds_job_problem(j, DS_TEAM, ds_fields[DS_TEAM].needed_rule,
                           ds_arena_printf(j->a, "%s is empty: " NEEDS_PARTS,
                                           j->m->paths[j->m->source[DS_TEAM_NAME + i].path]));
    if (given == PARTS)
        add(j, team, part);
}

/* One part of a member of a list; NULL: empty, or a problem that has been told. */
static const char *read_part(struct ds_job *j, const char *path, const json_t *member, int i)
{
    const char *raw = json_string_value(json_object_get(member, part_names[i]));
    const char *text = ds_arena_dup(j->a, raw ? raw : ""), *why = ds_why_nomem, *value = NULL;

    if (text)
        value = ds_field_canonical(j->a, ds_source_form(DS_TEAM_NAME + i), text, &why);
    if (!value && !why)
        value = j->m->source[DS_TEAM_NAME + i].fallback;
    if (value)
        return value;
    if (why == ds_why_nomem)
        j->nomem = true;
    else if (why)
        ds_job_refuse(j, DS_TEAM, ds_fields[DS_TEAM].needed_rule, path, text, why);
    else
        ds_job_problem(
            j, DS_TEAM, ds_fields[DS_TEAM].needed_rule,
            ds_arena_printf(j->a, "%s has a member without %s: " NEEDS_PARTS, path, part_names[i]));
    return NULL;
}

static void take_member(struct ds_job *j, struct team *team, const char *path, const json_t *member)
{
    const char *part[PARTS];
    bool whole = true;

    for (int i = 0; i < PARTS; i++) {
        part[i] = read_part(j, path, member, i);
        whole = whole && part[i];
    }
    team->whole = team->whole && whole;
    if (whole)
        add(j, team, part);
}

static void take_list(struct ds_job *j, struct team *team, int at)
{
    const char *path = j->m->paths[at], *text;
    json_t *list;

    if (!ds_job_text(j, DS_TEAM, at, &text)) {
        team->whole = false;
        return;
    }
    list = text ? json_loads(text, 0, NULL) : NULL;
    if (text && !json_is_array(list)) {
        ds_job_refuse(j, DS_TEAM, ds_fields[DS_TEAM].needed_rule, path, text,
                      "is not a team (a JSON array of email, name and phone)");
        team->whole = false;
    }
    for (size_t i = 0; i < json_array_size(list) && j->out->problems < DS_MAX_PROBLEMS; i++)
        take_member(j, team, path, json_array_get(list, i));
    json_decref(list);
}

void ds_job_team(struct ds_job *j)
{
    const struct ds_mapping *m = j->m;
    struct team team = {.whole = true};
    const char *value = NULL;

    if (m->source[DS_TEAM_NAME].given)
        take_one(j, &team);
    for (size_t i = 0; i < m->team_paths; i++)
        take_list(j, &team, m->team_path[i]);
    if (!team.whole || !ds_mapping_gives(m, DS_TEAM))
        return;
    if (team.count)
        value = ds_team_write(j->a, team.members, team.count);
    j->nomem = j->nomem || (team.count && !value);
    ds_deal_set(&j->out->deal, DS_TEAM, value);
}
