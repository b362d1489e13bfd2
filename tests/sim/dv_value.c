#include "tests/sim/dv_value.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/dv_tables.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <string.h>

/* Of every process the same four. */
enum { STEPS = 4 };
static const char *const stage_names[STEPS] = {"Qualify", "Develop", "Propose", "Close"};

static void put_id(struct val *v, unsigned table, uint64_t n)
{
    guid_other(v->room, table, n);
    v->kind = V_ID;
    v->text = v->room;
    v->len = 36;
}

static void put_own(struct val *v, uint32_t at)
{
    guid_opportunity(v->room, at);
    v->kind = V_ID;
    v->text = v->room;
    v->len = 36;
}

/* ---- parents ---- */

/* The table of a dotted field. */
static const struct entity *owner_of(const struct field *field)
{
    const struct dv_table *t;

    for (size_t i = 0; (t = dv_table_at(i)); i++)
        if (field >= t->entity->fields && field < t->entity->fields + t->entity->nfields)
            return t->entity;
    return &dv_opportunity;
}

/* Edits of a parent show in its children; so do lookups that were pointed elsewhere. */
static bool parent_value(const struct row *row, const struct field *field, size_t n, struct val *v)
{
    const struct entity *own = owner_of(field);
    const struct group *group = entity_group(own, field->name, n);
    const struct field *key = group ? entity_group_key(own, group) : NULL;
    const struct dv_table *parent = group ? dv_table_typed(group->type, strlen(group->type)) : NULL;
    const struct field *leaf;
    struct row there;
    char id[40];
    uint32_t at;

    if (!parent || key == field)
        return false;
    leaf = entity_field(parent->entity, field->name + n + 1, strlen(field->name + n + 1));
    field_get(row, key, v);
    if (v->kind == V_NULL)
        return true;
    snprintf(id, sizeof id, "%.*s", (int)v->len, v->text);
    if (!leaf || !dv_find(parent->entity, id, &at))
        return false;
    entity_row(parent->entity, at, &there);
    field_get(&there, leaf, v);
    return true;
}

/* ---- rows that a client created ---- */

static bool blank_value(const struct row *row, const struct field *field, struct val *v)
{
    static const enum aspect kept[] = {
        A_GUID,         A_CREATED,       A_MODIFIED,      A_VERSION,       A_ONE,
        A_FALSE,        A_CURRENCY_GUID, A_CURRENCY_CODE, A_CURRENCY_NAME, A_CURRENCY_PRECISION,
        A_CURRENCY_RATE};

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (field->aspect == kept[i])
            return false;
    val_null(v);
    if (field->aspect >= A_DV_KEY)
        put_id(v, (unsigned)(field->aspect - A_DV_KEY), row->at);
    else if (field->aspect == A_STATE || field->aspect == A_DV_BPF_STATE)
        val_number(v, 0, 0);
    else if (field->aspect == A_STATUS || field->aspect == A_DV_BPF_STATUS)
        val_number(v, 1, 0);
    else if (field->form == F_BOOL)
        val_bool(v, false);
    return true;
}

/* ---- the other tables ---- */

static void bpf_path(const struct row *row, struct val *v)
{
    unsigned first = row->person ? (row->person - 1) / STEPS * STEPS : 0;
    unsigned n = row->person - first;

    v->kind = n ? V_TEXT : V_NULL;
    v->text = v->room;
    v->len = 0;
    for (unsigned i = 0; i < n; i++) {
        if (i)
            v->room[v->len++] = ',';
        guid_other(v->room + v->len, DV_STAGE, first + i);
        v->len += 36;
    }
}

static void bpf_get(const struct row *row, enum aspect aspect, struct val *v)
{
    bool open = stages[row->stage].outcome == OPEN;

    val_null(v);
    if (aspect == A_DV_BPF_OPPORTUNITY) {
        put_own(v, row->at);
        return;
    }
    if (aspect == A_DV_BPF_STATE || aspect == A_DV_BPF_STATUS) {
        val_number(v, aspect == A_DV_BPF_STATE ? !open : open ? 1 : 2, 0);
        return;
    }
    if (!row->person)
        return;
    switch ((int)aspect) {
    case A_DV_STAGE_GUID: put_id(v, DV_STAGE, row->person - 1); return;
    case A_DV_STAGE_PROCESS: put_id(v, DV_PROCESS, (row->person - 1) / STEPS); return;
    case A_DV_STAGE_NAME: val_text(v, stage_names[(row->person - 1) % STEPS]); return;
    case A_DV_STAGE_CATEGORY: val_number(v, (row->person - 1) % STEPS, 0); return;
    default: bpf_path(row, v); return;
    }
}

static void contact_get(const struct row *row, enum aspect aspect, struct val *v)
{
    static const char *const first[] = {"Ada", "Björn", "Chloé", "Dmitri", "Elif"};
    static const char *const last[] = {"Moreau", "Okafor", "Schmidt", "Tanaka",
                                       "Ueda",   "Varga",  "Wójcik",  "Xu"};
    unsigned n = row->person - 1;

    if (!row->person) {
        val_null(v);
        return;
    }
    v->kind = V_TEXT;
    v->text = v->room;
    if (aspect == A_DV_CONTACT_NAME)
        snprintf(v->room, sizeof v->room, "%s %s", first[n % 5], last[n / 5 % 8]);
    else if (aspect == A_DV_CONTACT_EMAIL)
        snprintf(v->room, sizeof v->room, "contact%u@example.com", n);
    else
        snprintf(v->room, sizeof v->room, "+1 555 01%02u", n);
    v->len = strlen(v->room);
}

static bool robot_get(enum aspect aspect, struct val *v)
{
    switch ((int)aspect) {
    case A_AGENT_GUID: put_id(v, DV_ROBOT, 0); return true;
    case A_AGENT_NAME: val_text(v, "# Deal Synchronisation"); return true;
    case A_AGENT_EMAIL: val_text(v, "dealsync@example.com"); return true;
    case A_AGENT_PHONE: val_null(v); return true;
    default: return false;
    }
}

bool dv_value(const struct row *row, const struct field *field, struct val *v)
{
    const char *dot = row->edit || world_has_edits() ? strchr(field->name, '.') : NULL;
    enum aspect aspect = field->aspect;

    if (*dv_switches.hidden && dv_listed(dv_switches.hidden, field->name)) {
        val_null(v);
        return true;
    }
    if (dot && parent_value(row, field, (size_t)(dot - field->name), v))
        return true;
    if (row->edit && row->edit->blank)
        return blank_value(row, field, v);
    if (aspect >= A_DV_KEY) {
        put_id(v, (unsigned)(aspect - A_DV_KEY), row->at);
        return true;
    }
    if (aspect >= A_AGENT_SF && aspect <= A_AGENT_PHONE && row->agent >= (int)catalog.nagents)
        return robot_get(aspect, v);
    switch ((int)aspect) {
    case A_DV_CUSTOMER:
        if (row->person)
            put_id(v, DV_CONTACT, row->person - 1);
        else if (row->account >= 0)
            put_id(v, DV_ACCOUNT, (uint64_t)row->account);
        else
            val_null(v);
        return true;
    case A_DV_CONTACT:
        val_null(v);
        if (row->person)
            put_id(v, DV_CONTACT, row->person - 1);
        return true;
    case A_DV_STAGE_OPTION: val_number(v, 100000000 + row->stage, 0); return true;
    case A_DV_INDEX: val_number(v, 0, 0); return true;
    case A_DV_USER_DISABLED: val_bool(v, false); return true;
    case A_DV_LIST_NAME: val_text(v, row->list ? row->list[0] : NULL); return true;
    case A_DV_LIST_CODE: val_text(v, row->list ? row->list[1] : NULL); return true;
    case A_DV_QUERY_XML: val_text(v, row->list ? row->list[2] : NULL); return true;
    case A_DV_STAGE_TABLE: val_text(v, "opportunity"); return true;
    case A_DV_CONTACT_NAME:
    case A_DV_CONTACT_EMAIL:
    case A_DV_CONTACT_PHONE: contact_get(row, aspect, v); return true;
    case A_DV_STAGE_GUID:
    case A_DV_STAGE_PROCESS:
    case A_DV_STAGE_NAME:
    case A_DV_STAGE_CATEGORY:
    case A_DV_BPF_OPPORTUNITY:
    case A_DV_BPF_STATE:
    case A_DV_BPF_STATUS:
    case A_DV_BPF_PATH: bpf_get(row, aspect, v); return true;
    default: return false;
    }
}
