#include "tests/sim/dv_state.h"
#include "tests/sim/clock.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/dv_write.h"
#include "tests/sim/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

static const char *const state_names[] = {"Open", "Won", "Lost"};

static const struct field *field_of(const struct entity *e, const char *name)
{
    return entity_field(e, name, strlen(name));
}

static int64_t number_of(const struct row *row, const char *name)
{
    struct val v;

    field_get(row, field_of(&dv_opportunity, name), &v);
    return v.kind == V_NUMBER ? v.num : 0;
}

static bool wrong_status(struct reply *reply, int64_t status, int64_t state)
{
    dynamics_error(reply, 400, "0x80048408",
                   "%lld is not a valid status code for state code OpportunityState.%s on "
                   "opportunity.",
                   (long long)status, state_names[state]);
    return false;
}

static int64_t changed(const struct dv_payload *p, const char *name, int64_t otherwise)
{
    const struct dv_change *c = dv_payload_find(p, name);

    return c && c->text ? strtoll(c->text, NULL, 10) : otherwise;
}

bool dv_state_create(struct dv_payload *payload, struct reply *reply)
{
    int64_t status = changed(payload, "statuscode", 1);

    return dv_status_state(status) == OPEN || wrong_status(reply, status, OPEN);
}

static void add_status(struct dv_payload *p, int64_t status)
{
    char text[24];

    if (dv_payload_find(p, "statuscode"))
        return;
    snprintf(text, sizeof text, "%lld", (long long)status);
    p->changes = regrab(p->changes, (p->n + 1) * sizeof *p->changes);
    p->changes[p->n++] = (struct dv_change){
        .field = field_of(p->entity, "statuscode"),
        .text = grab_text(text, strlen(text)),
    };
}

/* Nothing but state and status. */
static bool only_state(const struct dv_payload *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->changes[i].field->name, "statecode") != 0 &&
            strcmp(p->changes[i].field->name, "statuscode") != 0)
            return false;
    return true;
}

static bool reopen(struct dv_payload *p, struct reply *reply)
{
    int64_t status = changed(p, "statuscode", 1);

    if (dv_status_state(status) != OPEN)
        return wrong_status(reply, status, OPEN);
    add_status(p, status);
    log_kind(DYNAMICS, "reopen");
    return true;
}

static bool closed_already(struct reply *reply)
{
    dynamics_error(reply, 400, "0x80040515", "The opportunity is already closed.");
    return false;
}

static bool close_by_patch(struct dv_payload *p, int64_t to, struct reply *reply)
{
    static const int64_t defaults[] = {1, 3, 4};
    int64_t status = changed(p, "statuscode", defaults[to]);

    if (!dv_switches.close_by_patch) {
        dynamics_error(reply, 400, "0x80040203",
                       "This message can not be used to set the state of opportunity to %s. In "
                       "order to set the state of opportunity to %s, use the %sOpportunityRequest "
                       "message instead.",
                       state_names[to], state_names[to], to == WON ? "Win" : "Lose");
        return false;
    }
    if (dv_status_state(status) != (int)to)
        return wrong_status(reply, status, to);
    add_status(p, status);
    return true;
}

bool dv_state_update(struct dv_payload *p, const struct row *row, struct reply *reply)
{
    int64_t now = number_of(row, "statecode");
    int64_t to = changed(p, "statecode", now);
    int64_t status = changed(p, "statuscode", number_of(row, "statuscode"));

    if (!p->n)
        return true;
    if (now != OPEN && (to != OPEN || !only_state(p)))
        return closed_already(reply);
    if (now != OPEN)
        return reopen(p, reply);
    if (to != OPEN)
        return close_by_patch(p, to, reply);
    if (dv_payload_find(p, "statecode") && status == number_of(row, "statuscode") &&
        only_state(p)) {
        dynamics_error(reply, 400, "0x8004051a", "The opportunity is already in the open state.");
        return false;
    }
    return dv_status_state(status) == OPEN || wrong_status(reply, status, OPEN);
}

/* x_base = x / exchangerate, four digits. */
static void set_base(const struct entity *e, struct edit *edit, const char *name, const char *base)
{
    const struct field *f = field_of(e, name), *b = field_of(e, base);
    struct val v, rate;
    struct buf text = {0};
    struct row row;
    wide n;

    if (!f || !b || (!world_is_set(edit, f) && !world_is_set(edit, field_of(e, "exchangerate"))))
        return;
    world_row(e, edit->at, &row);
    field_get(&row, f, &v);
    field_get(&row, field_of(e, "exchangerate"), &rate);
    if (v.kind != V_NUMBER || rate.kind != V_NUMBER || rate.num <= 0) {
        world_assign(edit, b, NULL);
        return;
    }
    n = (wide)v.num * 10000;
    for (int i = 0; i < rate.scale; i++)
        n *= 10;
    for (int i = 0; i < v.scale; i++)
        n /= 10;
    val_number(&v, (int64_t)(n / rate.num), 4);
    val_write(&text, &v, F_MONEY);
    world_assign(edit, b, text.at);
    buf_free(&text);
}

void dv_write_finish(const struct entity *e, struct edit *edit)
{
    char robot[37];

    if (e != &dv_opportunity)
        return;
    guid_other(robot, DV_ROBOT, 0);
    world_assign(edit, field_of(e, "_modifiedby_value"), robot);
    world_assign(edit, field_of(e, "modifiedby.systemuserid"), robot);
    set_base(e, edit, "estimatedvalue", "estimatedvalue_base");
    set_base(e, edit, "actualvalue", "actualvalue_base");
}

/* ---- win and lose ---- */

struct closing {
    struct reply *reply;
    const struct entity *table; /* opportunitycloses */
    struct dv_payload payload;
    int64_t status;
    uint32_t at;
    struct row row;
    bool won;
};

static bool refuse_action(const struct closing *c, const char *why, const char *name)
{
    dv_payload_refuse(c->reply, c->table, "Microsoft.OData.ODataException: %s '%s' of the action.",
                      why, name);
    return false;
}

static bool read_action(struct closing *c, const json_t *body)
{
    const json_t *status = json_object_get(body, "Status");
    const json_t *close = json_object_get(body, "OpportunityClose");
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)body, name, value)
    {
        if (strcmp(name, "Status") != 0 && strcmp(name, "OpportunityClose") != 0)
            return refuse_action(c, "There is no parameter", name);
    }
    if (!json_is_integer(status))
        return refuse_action(c, "A number is wanted in the parameter", "Status");
    if (!json_is_object(close))
        return refuse_action(c, "An object is wanted in the parameter", "OpportunityClose");
    c->status = (int64_t)json_integer_value(status);
    return dv_payload_read(close, c->table, true, &c->payload, c->reply);
}

static bool find_opportunity(struct closing *c)
{
    const struct dv_change *id = dv_payload_find(&c->payload, "_opportunityid_value");

    if (!id || !id->text) {
        dynamics_error(c->reply, 400, "0x80040203",
                       "Required field 'opportunityid' is missing in 'OpportunityClose'.");
        return false;
    }
    if (!dv_find(&dv_opportunity, id->text, &c->at))
        return false;
    entity_row(&dv_opportunity, c->at, &c->row);
    return true;
}

static bool same_currency(const struct closing *c)
{
    const struct dv_change *id = dv_payload_find(&c->payload, "_transactioncurrencyid_value");
    struct val v;

    field_get(&c->row, field_of(&dv_opportunity, "_transactioncurrencyid_value"), &v);
    if (!id || !id->text || (v.len == strlen(id->text) && memcmp(v.text, id->text, v.len) == 0))
        return true;
    dynamics_error(c->reply, 400, "0x80040203",
                   "The currency of the opportunityclose does not match the currency of the "
                   "opportunity.");
    return false;
}

static bool may_close(const struct closing *c)
{
    if (!dynamics_allowed(c->reply, "prvWriteOpportunity", "opportunity") ||
        !dynamics_allowed(c->reply, "prvCreateOpportunityClose", "opportunityclose"))
        return false;
    if (number_of(&c->row, "statecode") != OPEN)
        return closed_already(c->reply);
    if (dv_switches.quotes) {
        dynamics_error(c->reply, 400, "0x80040516", "The opportunity cannot be closed.");
        return false;
    }
    if (dv_status_state(c->status) != (c->won ? WON : LOST))
        return wrong_status(c->reply, c->status, c->won ? WON : LOST);
    return same_currency(c);
}

static void assign(struct edit *edit, const char *name, const char *text)
{
    world_assign(edit, field_of(&dv_opportunity, name), text);
}

static void close_day(const struct closing *c, char out[16])
{
    const struct dv_change *end = dv_payload_find(&c->payload, "actualend");
    struct civil day;
    struct val v;

    if (!end || !end->text || !val_parse(V_TIME, end->text, &v))
        v.num = clock_now();
    day = civil_from(v.num);
    snprintf(out, 16, "%04d-%02d-%02d", day.year % 10000, day.month % 100, day.day % 100);
}

static void close_value(const struct closing *c, struct edit *edit)
{
    const struct dv_change *revenue = dv_payload_find(&c->payload, "actualrevenue");
    struct buf text = {0};
    struct val v;

    if (revenue && revenue->text) {
        assign(edit, "actualvalue", revenue->text);
        return;
    }
    if (!c->won)
        return;
    field_get(&c->row, field_of(&dv_opportunity, "estimatedvalue"), &v);
    if (v.kind == V_NUMBER)
        val_write(&text, &v, F_MONEY);
    assign(edit, "actualvalue", text.at);
    buf_free(&text);
}

static void do_close(struct closing *c)
{
    struct edit *edit = world_edit(&dv_opportunity, c->at);
    struct edit *activity;
    char status[24], day[16];

    snprintf(status, sizeof status, "%lld", (long long)c->status);
    close_day(c, day);
    assign(edit, "statecode", c->won ? "1" : "2");
    assign(edit, "statuscode", status);
    assign(edit, "actualclosedate", day);
    close_value(c, edit);
    world_touch(edit);
    dv_write_finish(&dv_opportunity, edit);

    activity = world_create(c->table);
    world_blank(activity);
    world_touch(activity);
    dv_payload_apply(&c->payload, activity);
    world_assign(activity, field_of(c->table, "opportunitystatuscode"), status);
    log_kind(DYNAMICS, c->won ? "win" : "lose");
    c->reply->status = 204;
    c->reply->type = NULL;
}

void dv_close(const struct request *request, struct reply *reply, bool won)
{
    struct closing c = {.reply = reply, .won = won, .table = dv_entity("opportunitycloses", 17)};
    json_error_t error;
    json_t *body = json_loads(request->body, JSON_REJECT_DUPLICATES, &error);

    world_write();
    if (!json_is_object(body))
        dv_payload_refuse(reply, c.table, "Microsoft.OData.ODataException: %s", error.text);
    else if (read_action(&c, body) && find_opportunity(&c) && may_close(&c))
        do_close(&c);
    world_unlock();
    dv_payload_free(&c.payload);
    json_decref(body);
}
