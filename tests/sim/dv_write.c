#include "tests/sim/dv_write.h"
#include "tests/sim/clock.h"
#include "tests/sim/dv_bpf.h"
#include "tests/sim/dv_key.h"
#include "tests/sim/dv_payload.h"
#include "tests/sim/dv_query.h"
#include "tests/sim/dv_state.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One write on one row. */
struct task {
    const struct request *request;
    struct reply *reply;
    const struct entity *entity;
    const struct dv_table *table;
    struct dv_key key;
    bool exists;
    uint32_t at; /* of the row, deleted or not, when `known` */
    bool known;
    json_t *body;
    struct dv_payload payload;
};

static void not_found(const struct task *t)
{
    dynamics_error(t->reply, 404, "0x80040217", "%s With Id = %s Does Not Exist", t->table->type,
                   t->key.text);
}

static const char *condition(const struct task *t, const char *name)
{
    const char *value = request_header(t->request, name);

    return value && strcmp(value, "null") != 0 && *value ? value : NULL;
}

/* ---- preconditions ---- */

static bool etag_parse(const char *etag, uint64_t *version)
{
    char *end;

    if (!text_starts(etag, "W/\""))
        return false;
    *version = strtoull(etag + 3, &end, 10);
    return end > etag + 3 && strcmp(end, "\"") == 0;
}

static bool refuse_version(const struct task *t)
{
    dynamics_error(t->reply, 412, "0x80060882",
                   "The version of the existing record doesn't match the RowVersion property "
                   "provided.");
    return false;
}

static bool check_match(const struct task *t, const char *match)
{
    uint64_t version;
    struct row row;

    if (!t->exists) {
        if (strcmp(match, "*") != 0 && dv_switches.gone_status == 412)
            return refuse_version(t);
        not_found(t);
        return false;
    }
    if (strcmp(match, "*") == 0)
        return true;
    if (!etag_parse(match, &version)) {
        dynamics_error(t->reply, 400, "0x80060888", "The etag '%.60s' in If-Match is malformed.",
                       match);
        return false;
    }
    if (!dv_switches.concurrency) {
        dynamics_error(t->reply, 400, "0x8006088D",
                       "Optimistic concurrency isn't enabled for entity type %s. The "
                       "IfVersionMatches behaviour can only be used if optimistic concurrency is "
                       "enabled.",
                       t->table->type);
        return false;
    }
    entity_row(t->entity, t->at, &row);
    return row.version == version || refuse_version(t);
}

static bool duplicate(const struct task *t)
{
    dynamics_error(t->reply, 412, "0x80040237",
                   "A record with matching key values already exists.");
    return false;
}

static bool preconditions(const struct task *t)
{
    const char *match = condition(t, "If-Match");
    const char *none = condition(t, "If-None-Match");

    if (match && none) {
        dynamics_error(t->reply, 400, "0x80060888",
                       "If-Match and If-None-Match exclude each other.");
        return false;
    }
    if (none && strcmp(none, "*") == 0 && t->exists)
        return duplicate(t);
    if (!match && !none && t->exists && dv_switches.need_if_match) {
        dynamics_error(t->reply, 428, "0x80060883", "The request must be conditional.");
        return false;
    }
    return !match || check_match(t, match);
}

static bool allowed(const struct task *t, const char *verb)
{
    char privilege[100];

    snprintf(privilege, sizeof privilege, "prv%s%s", verb, t->table->schema);
    return dynamics_allowed(t->reply, privilege, t->table->type);
}

/* ---- rules ---- */

/* A key that another row carries already. */
static bool keys_free(const struct task *t, uint32_t own)
{
    for (size_t i = 0; i < t->payload.n; i++) {
        const struct dv_change *c = &t->payload.changes[i];
        uint32_t at;

        if (c->field->flags & UNIQUE && c->text && dv_key_find(t->entity, c->field, c->text, &at) &&
            at != own)
            return duplicate(t);
    }
    return true;
}

static void drop_change(struct dv_payload *p, const char *field)
{
    struct dv_change *c = dv_payload_find(p, field);

    if (!c)
        return;
    free(c->text);
    *c = p->changes[--p->n];
}

/* While the revenue is calculated the estimated value is the system's. */
static bool check_revenue(struct task *t, const struct row *row)
{
    static const char name[] = "isrevenuesystemcalculated";
    const struct dv_change *set = dv_payload_find(&t->payload, name);
    struct val v;

    if (!dv_payload_find(&t->payload, "estimatedvalue"))
        return true;
    field_get(row, entity_field(t->entity, name, sizeof name - 1), &v);
    if (set ? !set->text || strcmp(set->text, "true") != 0 : v.kind != V_BOOL || !v.num)
        return true;
    if (dv_switches.calculated) {
        dynamics_error(t->reply, 400, "0x80040203",
                       "The estimated revenue is calculated by the system and cannot be set.");
        return false;
    }
    drop_change(&t->payload, "estimatedvalue");
    return true;
}

/* ---- answers ---- */

static bool wants_representation(const struct request *request)
{
    const char *prefer = request_header(request, "Prefer");

    return prefer && strstr(prefer, "return=representation");
}

static void id_of(const struct task *t, uint32_t at, char out[40])
{
    struct row row;
    struct val v;

    entity_row(t->entity, at, &row);
    field_get(&row, entity_key(t->entity), &v);
    snprintf(out, 40, "%.*s", (int)v.len, v.text);
}

static void answer_written(const struct task *t, uint32_t at, bool created, bool posted)
{
    char id[40];

    id_of(t, at, id);
    if (wants_representation(t->request)) {
        dv_representation(t->request, t->reply, t->entity, at);
        t->reply->status = created ? 201 : 200;
    } else {
        t->reply->status = 204;
        t->reply->type = NULL;
    }
    if (t->reply->status < 300 && posted)
        reply_header(t->reply, "Location", "%s/api/data/v9.2/%s(%s)", settings.origin[DYNAMICS],
                     t->entity->name, id);
    reply_header(t->reply, "OData-EntityId", "%s/api/data/v9.2/%s(%s)", settings.origin[DYNAMICS],
                 t->entity->name, id);
}

/* ---- create ---- */

static void set_text(const struct task *t, struct edit *edit, const char *field, const char *text)
{
    const struct field *f = entity_field(t->entity, field, strlen(field));

    if (f && !world_is_set(edit, f))
        world_assign(edit, f, text);
}

static void own_it(const struct task *t, struct edit *edit)
{
    char robot[37];

    guid_other(robot, DV_ROBOT, 0);
    set_text(t, edit, "_createdby_value", robot);
    if (dv_payload_find(&t->payload, "_ownerid_value"))
        return;
    set_text(t, edit, "_ownerid_value", robot);
    set_text(t, edit, "_owninguser_value", robot);
    set_text(t, edit, "owninguser.systemuserid", robot);
}

static void follow_creation(const struct task *t, struct edit *edit)
{
    const struct dv_change *on = dv_payload_find(&t->payload, "overriddencreatedon");
    struct val v;

    if (on && on->text && val_parse(V_TIME, on->text, &v))
        edit->created = v.num;
    if (t->entity == &dv_opportunity)
        own_it(t, edit);
}

static void create(struct task *t, const char *id, bool posted)
{
    struct edit *edit;

    if (!allowed(t, "Create") || !keys_free(t, UINT32_MAX) ||
        (t->entity == &dv_opportunity && !dv_state_create(&t->payload, t->reply)))
        return;
    edit = t->known ? world_edit(t->entity, t->at) : world_create(t->entity);
    world_blank(edit);
    world_touch(edit);
    if (id)
        world_assign(edit, entity_key(t->entity), id);
    if (t->key.field)
        world_assign(edit, t->key.field, t->key.text);
    dv_payload_apply(&t->payload, edit);
    follow_creation(t, edit);
    dv_write_finish(t->entity, edit);
    log_kind(DYNAMICS, posted ? "create" : "upsert");
    answer_written(t, edit->at, true, posted);
}

static void post(struct task *t)
{
    struct dv_change *id;
    char text[40];

    if (!dv_payload_read(t->body, t->entity, true, &t->payload, t->reply))
        return;
    id = dv_payload_find(&t->payload, entity_key(t->entity)->name);
    if (!id) {
        create(t, NULL, true);
        return;
    }
    snprintf(text, sizeof text, "%s", id->text ? id->text : "");
    t->known = dv_find(t->entity, text, &t->at);
    if (t->known) {
        struct row row;

        entity_row(t->entity, t->at, &row);
        if (!row.deleted) {
            dynamics_error(t->reply, 412, "0x80040237", "Cannot insert duplicate key.");
            return;
        }
    }
    create(t, text, true);
}

/* ---- update ---- */

static void update(struct task *t)
{
    struct edit *edit;
    struct row row;

    entity_row(t->entity, t->at, &row);
    if (!allowed(t, "Write") || !keys_free(t, t->at) || !check_revenue(t, &row) ||
        (dv_payload_find(&t->payload, "_ownerid_value") && !allowed(t, "Assign")))
        return;
    if (t->entity == &dv_opportunity && !dv_state_update(&t->payload, &row, t->reply))
        return;
    if (t->table->bpf && !dv_bpf_update(&t->payload, &row, t->reply))
        return;
    if (t->payload.n) {
        edit = world_edit(t->entity, t->at);
        dv_payload_apply(&t->payload, edit);
        world_touch(edit);
        dv_write_finish(t->entity, edit);
    }
    log_kind(DYNAMICS, "update");
    answer_written(t, t->at, false, false);
}

static void patch(struct task *t)
{
    if (!preconditions(t) ||
        !dv_payload_read(t->body, t->entity, !t->exists, &t->payload, t->reply))
        return;
    if (t->exists)
        update(t);
    else
        create(t, t->key.field ? NULL : t->key.text, false);
}

static void delete (struct task *t)
{
    struct edit *edit;

    if (!t->exists)
        not_found(t);
    else if (dv_switches.invoices)
        dynamics_error(
            t->reply, 405, "0x80048d21",
            "The object you tried to delete is associated with another object and cannot "
            "be deleted.");
    else if (preconditions(t) && allowed(t, "Delete")) {
        edit = world_edit(t->entity, t->at);
        edit->deleted = true;
        world_touch(edit);
        log_kind(DYNAMICS, "delete");
        t->reply->status = 204;
        t->reply->type = NULL;
    }
}

/* ---- single properties and references, as objects of one member ---- */

static json_t *wrap(const struct task *t, const char *name, const char *member)
{
    json_t *value = json_object_get(t->body, member);
    json_t *object = json_object();
    char bind[160];

    snprintf(bind, sizeof bind, "%s%s", name, strcmp(member, "value") == 0 ? "" : "@odata.bind");
    json_object_set(object, bind, value ? value : json_null());
    return object;
}

static void one_property(struct task *t, const char *tail)
{
    const char *slash = strchr(tail, '/');
    bool reference = slash && strcmp(slash, "/$ref") == 0;
    char name[128];
    json_t *object;

    snprintf(name, sizeof name, "%.*s", (int)(slash ? slash - tail : (long)strlen(tail)), tail);
    if ((slash && !reference) || request_is(t->request, "PATCH") ||
        request_is(t->request, "POST")) {
        dynamics_error(t->reply, 405, "0x80060888", "The HTTP method '%s' is not supported here.",
                       t->request->method);
        return;
    }
    if (!t->exists) {
        not_found(t);
        return;
    }
    object = wrap(t, name, reference ? "@odata.id" : "value");
    if (preconditions(t) && dv_payload_read(object, t->entity, false, &t->payload, t->reply))
        update(t);
    json_decref(object);
}

/* ---- the request ---- */

static bool read_body(struct task *t)
{
    const char *type = request_header(t->request, "Content-Type");
    json_error_t error;

    if (request_is(t->request, "DELETE"))
        return true;
    if (!type || strncasecmp(type, "application/json", 16) != 0) {
        dynamics_error(t->reply, 415, "0x80060888",
                       "The content type '%s' is not supported; use application/json.",
                       type ? type : "");
        return false;
    }
    t->body = json_loads(t->request->body, JSON_REJECT_DUPLICATES, &error);
    if (t->body)
        return true;
    dv_payload_refuse(t->reply, t->entity, "Microsoft.OData.ODataException: %s", error.text);
    return false;
}

static bool find_target(struct task *t, const char **tail)
{
    const char *rest = *tail;
    struct row row;

    if (!*rest)
        return true;
    if (!dv_key_read(t->entity, rest, &t->key, tail, t->reply))
        return false;
    t->known = t->key.field ? dv_key_find(t->entity, t->key.field, t->key.text, &t->at)
                            : dv_find(t->entity, t->key.text, &t->at);
    if (t->known)
        entity_row(t->entity, t->at, &row);
    t->exists = t->known && !row.deleted;
    return true;
}

static void decide(struct task *t, const char *rest)
{
    const char *tail = rest;

    if (!t->table->writable) {
        dynamics_error(t->reply, 405, "0x80060888", "The simulator does not write '%s'.",
                       t->entity->name);
        return;
    }
    if (!find_target(t, &tail) || !read_body(t))
        return;
    if (!*rest && request_is(t->request, "POST"))
        post(t);
    else if (*tail == '/')
        one_property(t, tail + 1);
    else if (*rest && !*tail && request_is(t->request, "PATCH"))
        patch(t);
    else if (*rest && !*tail && request_is(t->request, "DELETE"))
        delete (t);
    else
        dynamics_error(t->reply, 405, "0x80060888", "The HTTP method '%s' is not supported here.",
                       t->request->method);
}

void dv_write(const struct request *request, struct reply *reply, const struct entity *entity,
              const char *rest)
{
    struct task t = {
        .request = request, .reply = reply, .entity = entity, .table = dv_table(entity)};

    world_write();
    decide(&t, rest);
    world_unlock();
    dv_payload_free(&t.payload);
    dv_key_free(&t.key);
    json_decref(t.body);
}
