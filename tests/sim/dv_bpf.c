#include "tests/sim/dv_bpf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { GUID_LENGTH = 36 };

/* Stages are numbered through both processes, four each. */
static bool stage_number(const char *id, size_t n, uint32_t *at)
{
    char text[40];
    unsigned table;

    snprintf(text, sizeof text, "%.*s", n < 39 ? (int)n : 0, id);
    return guid_other_parse(text, &table, at) && table == DV_STAGE && *at < DV_STAGES;
}

static bool refuse(struct reply *reply, const char *why)
{
    dynamics_error(reply, 400, "0x80040203", "%s", why);
    return false;
}

static bool path_good(const char *path, const char *active)
{
    size_t n = strlen(path);

    for (size_t i = 0; i < n; i += GUID_LENGTH + 1) {
        uint32_t at;

        if (n - i < GUID_LENGTH || !stage_number(path + i, GUID_LENGTH, &at) ||
            (path[i + GUID_LENGTH] && path[i + GUID_LENGTH] != ','))
            return false;
    }
    return n >= GUID_LENGTH && strcasecmp(path + n - GUID_LENGTH, active) == 0;
}

bool dv_bpf_update(const struct dv_payload *payload, const struct row *row, struct reply *reply)
{
    static const char name[] = "_activestageid_value";
    const struct dv_change *stage = dv_payload_find(payload, name);
    const struct dv_change *path = dv_payload_find(payload, "traversedpath");
    uint32_t from, to;
    struct val v;

    if (!stage && !path)
        return true;
    if (!stage || !path || !stage->text || !path->text)
        return refuse(reply, "activestageid and traversedpath must be changed together.");
    if (!path_good(path->text, stage->text))
        return refuse(reply, "The traversed path must be stages that end with the active one.");
    field_get(row, entity_field(payload->entity, name, sizeof name - 1), &v);
    if (v.kind == V_NULL || !stage_number(v.text, v.len, &from))
        return true;
    stage_number(stage->text, strlen(stage->text), &to);
    if (from / 4 != to / 4)
        return refuse(reply, "The stage belongs to another process.");
    if (to + 1 != from && from + 1 != to && from != to)
        return refuse(reply, "Only the next or the previous stage can become the active one.");
    return true;
}
