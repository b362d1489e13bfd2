#include "tests/sim/control.h"
#include "tests/sim/clock.h"
#include "tests/sim/derive.h"
#include "tests/sim/dv_switch.h"
#include "tests/sim/dv_tables.h"
#include "tests/sim/log.h"
#include "tests/sim/sf_deleted.h"
#include "tests/sim/sf_rows.h"
#include "tests/sim/sf_settings.h"
#include "tests/sim/sf_tables.h"
#include "tests/sim/state.h"
#include "tests/sim/token.h"
#include "tests/sim/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One control request: its JSON body and where the answer goes. */
struct call {
    const struct request *request;
    json_t *body;
    struct reply *reply;
};

static void refuse(const struct call *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void refuse(const struct call *c, const char *format, ...)
{
    char message[512];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    c->reply->status = 400;
    c->reply->body.len = 0;
    buf_puts(&c->reply->body, "{\"error\":");
    buf_json_text(&c->reply->body, message);
    buf_puts(&c->reply->body, "}");
}

static void done(const struct call *c)
{
    buf_puts(&c->reply->body, "{\"ok\":true}");
}

/* ---- arguments, from the body or from the query ---- */

static char *argument(const struct call *c, const char *name)
{
    const char *text = json_string_value(json_object_get(c->body, name));

    return text ? grab_text(text, strlen(text)) : request_param(c->request, name);
}

static int64_t number(const struct call *c, const char *name, int64_t otherwise)
{
    const json_t *n = json_object_get(c->body, name);
    char *text = n ? NULL : request_param(c->request, name);

    if (json_is_integer(n))
        otherwise = (int64_t)json_integer_value(n);
    if (text)
        otherwise = strtoll(text, NULL, 10);
    free(text);
    return otherwise;
}

/* Without "crm" it is the one whose port was asked. */
static enum crm crm_of(const struct call *c)
{
    char *name = argument(c, "crm");
    enum crm crm = c->request->crm;

    if (name)
        crm = strcmp(name, "dynamics") == 0 ? DYNAMICS : SALESFORCE;
    free(name);
    return crm;
}

/* Without "object" it is the opportunity; NULL when the CRM has no such object. */
static const struct entity *entity_of(const struct call *c)
{
    char *object = argument(c, "object");
    const struct entity *e = crm_of(c) == SALESFORCE ? &sf_opportunity : &dv_opportunity;

    if (object)
        e = e == &sf_opportunity ? sf_any_entity(object) : dv_entity(object, strlen(object));
    if (!e || (object && !e->changes)) {
        refuse(c, "no object '%s' can be changed here", object);
        e = NULL;
    }
    free(object);
    return e;
}

static bool record_of(const struct call *c, const struct entity *e, uint32_t *at)
{
    char *id = argument(c, "id");
    bool found = e && id && (e->crm == DYNAMICS ? dv_find(e, id, at) : world_find(e, id, at));

    if (e == &dv_opportunity && id && !found)
        found = world_find(e, id, at);
    if (e && !found)
        refuse(c, "no record '%s' in %s", id ? id : "", e->name);
    free(id);
    return found;
}

/* ---- records ---- */

/* A JSON value as the text of a field; NULL for null. The caller frees it. */
static char *value_text(const json_t *value)
{
    if (json_is_null(value))
        return NULL;
    if (json_is_string(value))
        return grab_text(json_string_value(value), json_string_length(value));
    return json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
}

static bool set_one(const struct call *c, const struct entity *e, struct edit *edit,
                    const char *name, const json_t *value)
{
    const struct field *f = entity_any_field(e, name, strlen(name));
    char *text = value_text(value);
    bool good = false;
    struct val v;

    if (!f)
        refuse(c, "no field '%s' in %s", name, e->name);
    else if (text && !val_parse(form_kind(f->form), text, &v))
        refuse(c, "'%s' is no value for '%s'", text, name);
    else
        good = true;
    if (good && f->flags & STAMP && text)
        edit->modified = v.num;
    else if (good)
        world_assign(edit, f, text);
    free(text);
    return good;
}

static bool set_all(const struct call *c, const struct entity *e, struct edit *edit)
{
    json_t *set = json_object_get(c->body, "set");
    const char *name;
    json_t *value;

    if (!set)
        return true;
    json_object_foreach(set, name, value)
    {
        if (!set_one(c, e, edit, name, value))
            return false;
    }
    derive(e, edit, set);
    return true;
}

static void answer_id(const struct call *c, const struct entity *e, uint32_t at)
{
    struct row row;
    struct val id;

    world_row(e, at, &row);
    field_get(&row, entity_key(e), &id);
    buf_puts(&c->reply->body, "{\"id\":");
    val_write(&c->reply->body, &id, F_ID);
    buf_puts(&c->reply->body, "}");
}

/* ---- changes that become visible later than their stamp says ---- */

struct pending {
    struct pending *next;
    int64_t due, stamp;
    enum crm crm;
    void (*run)(const struct call *);
    json_t *body;
};

static struct pending *pending;
static _Atomic bool waiting;

/* Keeps the call for later when it says commit_after; true when it did. */
static bool postpone(const struct call *c, void (*run)(const struct call *))
{
    int64_t wait = number(c, "commit_after", 0);
    struct pending *p;

    if (wait <= 0)
        return false;
    p = grab(sizeof *p);
    *p = (struct pending){pending, clock_now() + wait,     clock_now(), crm_of(c),
                          run,     json_deep_copy(c->body)};
    json_object_del(p->body, "commit_after");
    json_object_set_new(p->body, "stamp", json_integer(p->stamp));
    pending = p;
    waiting = true;
    done(c);
    return true;
}

static void settle(struct pending *p)
{
    struct request request = {.crm = p->crm, .query = "", .method = "POST", .body = ""};
    struct reply reply = {.status = 200};
    struct call c = {&request, p->body, &reply};

    p->run(&c);
    buf_free(&reply.body);
    json_decref(p->body);
    free(p);
}

void control_settle(void)
{
    if (!waiting)
        return;
    world_write();
    for (struct pending **at = &pending; *at;) {
        struct pending *p = *at;

        if (p->due > clock_now()) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        settle(p);
    }
    waiting = pending != NULL;
    world_unlock();
}

int64_t control_oldest_pending(enum crm crm)
{
    int64_t oldest = INT64_MAX;

    for (const struct pending *p = pending; p; p = p->next)
        if (p->crm == crm && p->stamp < oldest)
            oldest = p->stamp;
    return oldest;
}

void control_clear(void)
{
    while (pending) {
        struct pending *p = pending;

        pending = p->next;
        json_decref(p->body);
        free(p);
    }
}

/* A new stamp, unless the call says otherwise. */
static void touch(const struct call *c, const struct entity *e, struct edit *edit)
{
    int64_t user_stamp = 0;

    if (json_is_false(json_object_get(c->body, "touch")))
        return;
    if (json_is_true(json_object_get(c->body, "automated")))
        user_stamp = sf_user_stamp(e, edit->at);
    world_touch(edit);
    if (user_stamp)
        sf_keep_user_stamp(e, edit, user_stamp);
    edit->modified = number(c, "stamp", edit->modified);
}

static void do_edit(const struct call *c)
{
    const struct entity *e = entity_of(c);
    struct edit *edit;
    uint32_t at;

    if (!record_of(c, e, &at) || postpone(c, do_edit))
        return;
    edit = world_edit(e, at);
    touch(c, e, edit);
    if (set_all(c, e, edit))
        answer_id(c, e, at);
    sf_follow_children(e, at);
}

static void do_create(const struct call *c)
{
    const struct entity *e = entity_of(c);
    struct edit *edit;

    if (!e || postpone(c, do_create))
        return;
    edit = world_create(e);
    edit->blank = e->crm == DYNAMICS && e != &dv_opportunity;
    touch(c, e, edit);
    edit->created = edit->modified;
    if (set_all(c, e, edit))
        answer_id(c, e, edit->at);
    sf_follow_children(e, edit->at);
}

static void set_deleted(const struct call *c, bool deleted, bool purged)
{
    const struct entity *e = entity_of(c);
    struct edit *edit;
    uint32_t at;

    if (!record_of(c, e, &at))
        return;
    edit = world_edit(e, at);
    if (!edit->deleted)
        edit->deleted_at = number(c, "stamp", clock_now());
    edit->deleted = deleted;
    edit->purged = purged;
    touch(c, e, edit);
    answer_id(c, e, at);
    sf_follow_children(e, at);
}

static void do_delete(const struct call *c)
{
    if (!postpone(c, do_delete))
        set_deleted(c, true, false);
}

static void do_undelete(const struct call *c)
{
    if (!postpone(c, do_undelete))
        set_deleted(c, false, false);
}

static void do_purge(const struct call *c)
{
    set_deleted(c, true, true);
}

/* The admin empties the bin: nothing deleted before is seen or told of any more. */
static void do_empty_bin(const struct call *c)
{
    uint32_t at;

    for (size_t i = 0; world_edit_at(&sf_opportunity, i, &at); i++)
        world_edit(&sf_opportunity, at)->purged |= world_edit(&sf_opportunity, at)->deleted;
    sf_deleted_forget(clock_now());
    done(c);
}

static void do_state(const struct call *c)
{
    char *stamps = argument(c, "stamps");
    enum crm crm = crm_of(c);
    const struct entity *e;

    for (size_t i = 0; crm == DYNAMICS && dv_table_at(i); i++)
        if (dv_table_at(i)->entity->changes)
            state_write(&c->reply->body, dv_table_at(i)->entity,
                        !stamps || strcmp(stamps, "no") != 0);
    for (size_t i = 0; crm == SALESFORCE && (e = sf_table(i)); i++)
        if (e->changes)
            state_write(&c->reply->body, e, !stamps || strcmp(stamps, "no") != 0);
    c->reply->type = "application/x-ndjson";
    free(stamps);
}

static void do_record(const struct call *c)
{
    const struct entity *e = entity_of(c);
    struct row row;
    struct val v;
    uint32_t at;

    if (!record_of(c, e, &at))
        return;
    world_row(e, at, &row);
    buf_addf(&c->reply->body, "{\"deleted\":%s,\"version\":%llu", row.deleted ? "true" : "false",
             (unsigned long long)row.version);
    for (size_t i = 0; i < e->nfields; i++) {
        if (e->fields[i].flags & FILLER)
            continue;
        buf_puts(&c->reply->body, ",");
        buf_json_text(&c->reply->body, e->fields[i].name);
        buf_puts(&c->reply->body, ":");
        field_get(&row, &e->fields[i], &v);
        val_write(&c->reply->body, &v, e->fields[i].form);
    }
    buf_puts(&c->reply->body, "}");
}

static const struct field *field_of(const struct entity *e, enum aspect aspect)
{
    for (size_t i = 0; i < e->nfields; i++)
        if (e->fields[i].aspect == aspect)
            return &e->fields[i];
    return NULL;
}

static enum outcome outcome_of(const struct entity *e, const struct row *row)
{
    struct val v;

    if (e->crm == DYNAMICS) {
        field_get(row, field_of(e, A_STATE), &v);
        return v.kind == V_NUMBER && v.num >= OPEN && v.num <= LOST ? (enum outcome)v.num : OPEN;
    }
    field_get(row, field_of(e, A_STAGE_CLOSED), &v);
    if (v.kind != V_BOOL || !v.num)
        return OPEN;
    field_get(row, field_of(e, A_STAGE_WON), &v);
    return v.kind == V_BOOL && v.num ? WON : LOST;
}

static bool outcome_named(const char *name, enum outcome *outcome)
{
    static const char *const names[] = {[OPEN] = "open", [WON] = "won", [LOST] = "lost"};

    for (int i = OPEN; i <= LOST; i++) {
        if (strcmp(name, names[i]) == 0) {
            *outcome = (enum outcome)i;
            return true;
        }
    }
    return false;
}

static void do_find(const struct call *c)
{
    const struct entity *e = crm_of(c) == SALESFORCE ? &sf_opportunity : &dv_opportunity;
    int64_t want = number(c, "n", 1), got = 0;
    char *where = argument(c, "where");
    enum outcome outcome = OPEN;
    struct row row;
    struct val id;

    if (!e) {
        free(where);
        return;
    }
    if (where && !outcome_named(where, &outcome)) {
        refuse(c, "where is open, won or lost, not '%s'", where);
        free(where);
        return;
    }
    buf_puts(&c->reply->body, "{\"ids\":[");
    for (uint32_t at = 0; at < world_rows(e) && got < want; at++) {
        world_row(e, at, &row);
        if (row.deleted || (where && outcome_of(e, &row) != outcome))
            continue;
        buf_puts(&c->reply->body, got++ ? "," : "");
        field_get(&row, entity_key(e), &id);
        val_write(&c->reply->body, &id, F_ID);
    }
    buf_puts(&c->reply->body, "]}");
    free(where);
}

/* ---- everything else ---- */

static void do_clock(const struct call *c)
{
    const char *now = json_string_value(json_object_get(c->body, "now"));
    int64_t seconds;
    struct val v = {.kind = V_TIME};

    if (now && !time_parse(now, &seconds)) {
        refuse(c, "'%s' is no time; write 2026-08-21T06:00:00Z", now);
        return;
    }
    if (now)
        clock_set(seconds);
    clock_advance(number(c, "advance", 0));
    v.num = clock_now();
    buf_puts(&c->reply->body, "{\"now\":");
    val_write(&c->reply->body, &v, F_ZULU);
    buf_puts(&c->reply->body, "}");
}

static void copy_text(const struct call *c, const char *name, char *to, size_t room)
{
    const char *text = json_string_value(json_object_get(c->body, name));

    snprintf(to, room, "%s", text ? text : "");
}

/* {"code":"0x80044150","message":"..."} as the body of an error of Dynamics. The caller frees it. */
static char *coded_body(const struct call *c)
{
    const char *code = json_string_value(json_object_get(c->body, "code"));
    const char *message = json_string_value(json_object_get(c->body, "message"));
    struct buf out = {0};

    if (!code)
        return NULL;
    buf_puts(&out, "{\"error\":{\"code\":");
    buf_json_text(&out, code);
    buf_puts(&out, ",\"message\":");
    buf_json_text(&out, message ? message : "An error occurred.");
    buf_puts(&out, "}}");
    return out.at;
}

static void do_fault(const struct call *c)
{
    const char *kind = json_string_value(json_object_get(c->body, "kind"));
    const char *body = json_string_value(json_object_get(c->body, "body"));
    struct fault f = {.kind = kind ? fault_named(kind) : FAULT_NONE, .crm = crm_of(c)};
    bool lasting =
        f.kind == FAULT_FOREVER401 || f.kind == FAULT_LOOP_NEXT || f.kind >= FAULT_EMPTY_RESULT;

    if (f.kind == FAULT_NONE) {
        refuse(c, "no fault is called '%s'", kind ? kind : "");
        return;
    }
    f.times = number(c, "times", lasting ? -1 : 1);
    f.after = number(c, "after", 0);
    f.status = (unsigned)number(c, "status", 500);
    f.retry_after = number(c, "retry_after", -1);
    f.ms = number(c, "ms", 1000);
    f.bytes = number(c, "bytes", 0);
    copy_text(c, "match", f.match, sizeof f.match);
    copy_text(c, "content_type", f.content_type, sizeof f.content_type);
    copy_text(c, "location", f.location, sizeof f.location);
    f.body = body ? grab_text(body, strlen(body)) : coded_body(c);
    fault_add(&f);
    done(c);
}

static void do_reset(const struct call *c)
{
    fault_reset();
    log_peak_anew();
    done(c);
}

static void do_log(const struct call *c)
{
    log_write(&c->reply->body, (uint64_t)number(c, "since", 0));
}

static void do_stats(const struct call *c)
{
    log_stats(&c->reply->body);
}

/* Those of Dynamics: {"dynamics":{"retention":7,...}}. */
static bool set_switches(const struct call *c)
{
    json_t *set = json_object_get(c->body, "dynamics");
    const char *name;
    json_t *value;

    json_object_foreach(set, name, value)
    {
        int64_t n = json_is_true(value) ? 1 : (int64_t)json_integer_value(value);

        if (!dv_switch_set(name, json_string_value(value), n)) {
            refuse(c, "Dynamics has no switch '%s' that takes such a value", name);
            return false;
        }
    }
    return true;
}

/* Every delta token given so far is void, as after a change of the table's columns. */
static void do_metadata(const struct call *c)
{
    dv_switches.tokens_from = (int64_t)world_next_version();
    done(c);
}

/* GET tells the refresh token that is good now, POST makes another one. */
static void do_refresh_token(const struct call *c)
{
    char text[64];

    token_refresh(text, request_is(c->request, "POST"));
    buf_addf(&c->reply->body, "{\"refresh_token\":\"%s\"}", text);
}

static void do_set(const struct call *c)
{
    const json_t *multi = json_object_get(c->body, "multi_currency");
    const json_t *jwt = json_object_get(c->body, "jwt_sim_clock");
    const char *refused;

    if (multi)
        settings.multi_currency = json_is_true(multi);
    if (jwt)
        settings.jwt_sim_clock = json_is_true(jwt);
    if (json_object_get(c->body, "limit_info"))
        copy_text(c, "limit_info", settings.limit_info, sizeof settings.limit_info);
    settings.page = (uint32_t)number(c, "page", settings.page);
    refused = sf_set(c->body);
    if (refused)
        refuse(c, "that is no value for '%s'", refused);
    else if (set_switches(c))
        done(c);
}

static const struct {
    const char *path, *method;
    void (*run)(const struct call *);
} calls[] = {
    {"/sim/edit", "POST", do_edit},
    {"/sim/create", "POST", do_create},
    {"/sim/delete", "POST", do_delete},
    {"/sim/undelete", "POST", do_undelete},
    {"/sim/record", "GET", do_record},
    {"/sim/find", "GET", do_find},
    {"/sim/clock", "POST", do_clock},
    {"/sim/clock", "GET", do_clock},
    {"/sim/fault", "POST", do_fault},
    {"/sim/reset", "POST", do_reset},
    {"/sim/log", "GET", do_log},
    {"/sim/stats", "GET", do_stats},
    {"/sim/set", "POST", do_set},
    {"/sim/purge", "POST", do_purge},
    {"/sim/refresh_token", "GET", do_refresh_token},
    {"/sim/refresh_token", "POST", do_refresh_token},
    {"/sim/state", "GET", do_state},
    {"/sim/empty_bin", "POST", do_empty_bin},
    {"/sim/metadata", "POST", do_metadata},
};

void control_answer(const struct request *request, struct reply *reply)
{
    struct call c = {.request = request, .reply = reply};
    json_error_t error;

    if (*request->body) {
        c.body = json_loads(request->body, 0, &error);
        if (!json_is_object(c.body)) {
            refuse(&c, "the body is no JSON object: %s", error.text);
            json_decref(c.body);
            return;
        }
    }
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (strcmp(calls[i].path, request->path) != 0 || !request_is(request, calls[i].method))
            continue;
        world_write();
        calls[i].run(&c);
        world_unlock();
        json_decref(c.body);
        return;
    }
    refuse(&c, "there is no %s %s", request->method, request->path);
    reply->status = 404;
    json_decref(c.body);
}
