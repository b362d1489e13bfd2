/* What the store keeps: versions guard every write (P-5), and twice is once (P-3). */
#include "tests/unit/store.h"

#define HOUR INT64_C(3600000)

/* --- deals --------------------------------------------------------------------------------------- */

static void a_deal_comes_back_as_it_went_in(void **state)
{
    int64_t id = add_sample();
    struct ds_stored_deal got = deal_now(id);
    uint64_t count;

    (void)state;
    assert_int_equal(got.id, id);
    assert_int_equal(got.version, 1);
    assert_int_equal(got.created_ms, NOW);
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        assert_true(ds_given(&got.deal, f));
        same(ds_fields[f].name, got.deal.value[f], sample(f));
    }
    WORKS(ds_store_deal_count(store, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(deal_now(id + 1).id, 0);
}

static void only_given_fields_are_written(void **state)
{
    int64_t id = add_sample();
    bool stale = true;

    (void)state;
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        struct ds_deal changes = {0};
        struct ds_stored_deal got;

        ds_deal_set(&changes, f, other(f) ? other(f) : f == DS_NAME ? "x" : NULL);
        WORKS(ds_store_deal_update(store, id, 1 + f, &changes, run.connection, run.id, NOW + f,
                                   &stale, &err));
        assert_false(stale);
        got = deal_now(id);
        assert_int_equal(got.version, 2 + f);
        for (enum ds_field g = 0; g < DS_FIELDS; g++)
            same(ds_fields[g].name, got.deal.value[g], g <= f ? other(g) : sample(g));
    }
    commit();
    same("our own changes are no edits", sql("SELECT count(*) FROM history"), "0");
}

static void a_write_on_an_old_version_is_refused(void **state)
{
    int64_t id = add_sample();
    struct ds_deal changes = {0};
    bool stale = false;

    (void)state;
    commit();
    ds_deal_set(&changes, DS_STAGE, "60");
    same("somebody is faster", sql("UPDATE deals SET stage = 20"), "");
    WORKS(ds_store_begin(store, &err));
    WORKS(ds_store_deal_update(store, id, 1, &changes, run.connection, run.id, NOW, &stale, &err));
    assert_true(stale);
    assert_string_equal(deal_now(id).deal.value[DS_STAGE], "20");
    WORKS(ds_store_deal_update(store, id, 2, &changes, run.connection, run.id, NOW, &stale, &err));
    assert_false(stale);
    assert_string_equal(deal_now(id).deal.value[DS_STAGE], "60");
}

static void deals_are_found_by_crm_id(void **state)
{
    struct ds_deal deal = sample_deal();
    uint64_t count;
    int64_t id;

    (void)state;
    add_deal(&deal);
    ds_deal_set(&deal, DS_CRM_ID, NULL);
    add_deal(&deal);
    ds_deal_set(&deal, DS_CRM_ID, "twice");
    add_deal(&deal);
    add_deal(&deal);
    WORKS(ds_store_deal_by_crm_id(store, "006A", &count, &id, &err));
    assert_int_equal(count, 1);
    assert_int_equal(id, 1);
    WORKS(ds_store_deal_by_crm_id(store, "twice", &count, &id, &err));
    assert_int_equal(count, 2);
    assert_int_equal(id, 3);
    WORKS(ds_store_deal_by_crm_id(store, "006a", &count, &id, &err));
    assert_int_equal(count, 0);
    assert_int_equal(id, 0);
}

/* --- links and connections ----------------------------------------------------------------------- */

static void links_are_kept_and_counted(void **state)
{
    struct ds_connection_state acme;
    struct ds_link link = {.deal = 9};
    const char *remote_id = "?";

    (void)state;
    WORKS(ds_store_link(store, &arena, connection, "006A", &link, &err));
    assert_int_equal(link.deal, 0);
    add_sample();
    add_sample();
    add_link("006A", 1);
    add_link("006B", 2);
    link = (struct ds_link){
        .deal = 2, .version = "v2", .base = "{\"name\":null}", .seen_version = 3, .deleted = true};
    WORKS(ds_store_link_save(store, connection, "006A", &link, &err));
    memset(&link, 0, sizeof(link));
    WORKS(ds_store_link(store, &arena, connection, "006A", &link, &err));
    assert_int_equal(link.deal, 2);
    assert_string_equal(link.version, "v2");
    assert_string_equal(link.base, "{\"name\":null}");
    assert_int_equal(link.seen_version, 3);
    assert_int_equal(link.deal_version, 1);
    assert_true(link.deleted);
    WORKS(ds_store_link_of(store, &arena, connection, 2, &remote_id, &err));
    same("the live one", remote_id, "006B");
    WORKS(ds_store_link_of(store, &arena, connection, 1, &remote_id, &err));
    same("none any more", remote_id, NULL);
    WORKS(ds_store_link_of(store, &arena, connection + 1, 2, &remote_id, &err));
    same("of another connection", remote_id, NULL);
    WORKS(ds_store_link(store, &arena, connection + 1, "006A", &link, &err));
    assert_int_equal(link.deal, 0);
    commit();
    WORKS(ds_store_connection(store, &arena, "acme", &acme, &err));
    assert_int_equal(acme.links, 2);
    same("a link that goes", sql("DELETE FROM links WHERE remote_id = '006A'"), "");
    WORKS(ds_store_connection(store, &arena, "acme", &acme, &err));
    assert_int_equal(acme.links, 1);
}

static int64_t links_of(const char *name)
{
    struct ds_connection_state state;

    WORKS(ds_store_connection(store, &arena, name, &state, &err));
    return state.links;
}

static void links_are_counted_with_the_commit(void **state)
{
    struct ds_link link = {.deal = 1, .seen_version = 1};
    int64_t beta;

    (void)state;
    WORKS(ds_store_connection_ensure(store, "beta", &beta, &err));
    add_sample();
    commit();
    for (int kept = 0; kept < 2; kept++) {
        WORKS(ds_store_begin(store, &err));
        add_link("006A", 1);
        WORKS(ds_store_link_save(store, beta, "006A", &link, &err));
        WORKS(ds_store_link_save(store, beta, "006B", &link, &err));
        add_link("006A", 1);
        add_link("006C", 1);
        if (kept)
            commit();
        else
            ds_store_rollback(store);
        assert_int_equal(links_of("acme"), kept ? 2 : 0);
        assert_int_equal(links_of("beta"), kept ? 2 : 0);
    }
}

static void a_link_needs_its_deal(void **state)
{
    struct ds_link link = {.deal = 77, .seen_version = 1};

    (void)state;
    fails(ds_store_link_save(store, connection, "006A", &link, &err), DS_E_STORE,
          "FOREIGN KEY constraint failed");
}

static int note_connection(void *arg, const char *name, const struct ds_connection_state *state,
                           struct ds_err *e)
{
    char *names = arg;

    (void)e;
    snprintf(names + strlen(names), 64 - strlen(names), "%s%s:%d", *names ? " " : "", name,
             (int)state->id);
    ds_arena_reset(&arena);
    return 0;
}

static void a_connection_keeps_its_state(void **state)
{
    struct ds_connection_state got, put = {.organisation = "00D",
                                           .fingerprint = "f",
                                           .cursor = "c",
                                           .resume = "r",
                                           .resume_fingerprint = "rf",
                                           .last_success_ms = NOW};
    int64_t id;
    char names[64] = "";

    (void)state;
    WORKS(ds_store_connection(store, &arena, "nobody", &got, &err));
    assert_int_equal(got.id, 0);
    WORKS(ds_store_connection(store, &arena, "acme", &got, &err));
    assert_int_equal(got.id, connection);
    assert_true(!got.organisation && !got.fingerprint && !got.cursor && !got.resume);
    assert_int_equal(got.last_success_ms, 0);
    put.id = connection;
    WORKS(ds_store_connection_save(store, &put, &err));
    WORKS(ds_store_connection(store, &arena, "acme", &got, &err));
    assert_string_equal(got.organisation, "00D");
    assert_string_equal(got.fingerprint, "f");
    assert_string_equal(got.cursor, "c");
    assert_string_equal(got.resume, "r");
    assert_string_equal(got.resume_fingerprint, "rf");
    assert_int_equal(got.last_success_ms, NOW);
    WORKS(ds_store_connection_ensure(store, "acme", &id, &err));
    assert_int_equal(id, connection);
    WORKS(ds_store_connection_ensure(store, "beta", &id, &err));
    assert_int_not_equal(id, connection);
    WORKS(ds_store_connections(store, &arena, note_connection, names, &err));
    assert_string_equal(names, "acme:1 beta:2");
}

/* --- runs ---------------------------------------------------------------------------------------- */

static int note_run(void *arg, const struct ds_run *r, struct ds_err *e)
{
    char *out = arg;

    (void)e;
    snprintf(out + strlen(out), 256 - strlen(out), "%s%d %s %s %s", *out ? ", " : "", (int)r->id,
             r->connection_name, r->command, r->state);
    return 0;
}

static int keep_run(void *arg, const struct ds_run *r, struct ds_err *e)
{
    (void)e;
    *(struct ds_run *)arg = *r;
    return 0;
}

static void runs_are_told_newest_first(void **state)
{
    struct ds_run second = {.command = "backfill", .started_ms = NOW + 1};
    struct ds_run got;
    char out[256] = "";

    (void)state;
    WORKS(ds_store_connection_ensure(store, "beta", &second.connection, &err));
    WORKS(ds_store_run_begin(store, &second, &err));
    WORKS(ds_store_run_begin(store, &run, &err));
    WORKS(ds_store_runs(store, &arena, 0, 10, note_run, out, &err));
    assert_string_equal(out,
                        "3 acme sync running, 2 beta backfill running, 1 acme sync interrupted");
    out[0] = '\0';
    WORKS(ds_store_runs(store, &arena, connection, 1, note_run, out, &err));
    assert_string_equal(out, "3 acme sync running");
    out[0] = '\0';
    WORKS(ds_store_runs(store, &arena, second.connection, 10, note_run, out, &err));
    assert_string_equal(out, "2 beta backfill running");

    run.state = "done";
    run.cost = "12 requests";
    run.fingerprint = "f";
    run.ended_ms = NOW + 9;
    run.fetched = 28;
    for (int i = 0; i < DS_OUTCOMES; i++)
        run.outcome[i] = (uint64_t)i + 1;
    WORKS(ds_store_run_save(store, &run, &err));
    WORKS(ds_store_runs(store, &arena, 0, 1, keep_run, &got, &err));
    assert_string_equal(got.state, "done");
    assert_string_equal(got.cost, "12 requests");
    assert_string_equal(got.fingerprint, "f");
    assert_null(got.message);
    assert_int_equal(got.started_ms, NOW);
    assert_int_equal(got.ended_ms, NOW + 9);
    assert_int_equal(got.fetched, 28);
    for (int i = 0; i < DS_OUTCOMES; i++)
        assert_int_equal(got.outcome[i], i + 1);
    commit();
    for (int i = 0; i < DS_OUTCOMES; i++)
        assert_int_equal(
            strtol(sql(textf("SELECT %s FROM runs WHERE id = 3", ds_outcome_names[i])), NULL, 10),
            i + 1);
}

/* --- conflicts ----------------------------------------------------------------------------------- */

static struct ds_conflict a_conflict(enum ds_field field, const char *theirs)
{
    return (struct ds_conflict){.deal = 1,
                                .connection = connection,
                                .remote_id = "006A",
                                .field = field,
                                .case_number = 5,
                                .rule = 77,
                                .base = "b",
                                .theirs = theirs,
                                .run = run.id,
                                .at_ms = NOW};
}

static int note_conflict(void *arg, const struct ds_conflict *c, struct ds_err *e)
{
    char *out = arg;

    (void)e;
    assert_int_equal(c->case_number, 5);
    assert_string_equal(c->base, "b");
    assert_null(c->ours);
    assert_string_equal(c->connection_name, "acme");
    assert_string_equal(c->name, sample(DS_NAME));
    snprintf(out + strlen(out), 256 - strlen(out), "%s%d %s %s R-%d", *out ? ", " : "", (int)c->id,
             ds_fields[c->field].name, c->theirs, c->rule);
    ds_arena_reset(&arena);
    return 0;
}

static const char *conflicts_now(int64_t of_connection, int64_t deal)
{
    static char out[256];

    out[0] = '\0';
    WORKS(ds_store_conflicts(store, &arena, of_connection, deal, note_conflict, out, &err));
    return out;
}

static void a_conflict_is_opened_once_and_closed_once(void **state)
{
    struct ds_conflict c = a_conflict(DS_VALUE, "12");
    uint64_t open, bit_of_value = UINT64_C(1) << DS_VALUE, bit_of_notes = UINT64_C(1) << DS_NOTES;
    bool opened = false;

    (void)state;
    add_sample();
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    assert_true(opened);
    c.run = 0;
    c.at_ms = NOW + 1;
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    assert_false(opened);
    c = a_conflict(DS_NOTES, "n");
    c.rule = 0;
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    WORKS(ds_store_conflict_fields(store, connection, "006A", &open, &err));
    assert_int_equal(open, bit_of_value | bit_of_notes);
    c = a_conflict(DS_VALUE, "13");
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    assert_true(opened);
    same("an open one moves on", conflicts_now(0, 0), "1 value 13 R-77, 2 notes n R-0");

    WORKS(ds_store_conflict_close(store, connection, "006A", bit_of_notes, run.id, NOW, &err));
    same("value is settled", conflicts_now(connection, 1), "2 notes n R-0");
    WORKS(ds_store_conflict_close(store, connection, "006A", bit_of_notes, run.id, NOW, &err));
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    assert_true(opened);
    same("again is another one", conflicts_now(0, 1), "2 notes n R-0, 3 value 13 R-77");
    same("another deal", conflicts_now(0, 2), "");
    same("another connection", conflicts_now(connection + 1, 0), "");
    WORKS(ds_store_conflict_close(store, connection, "006A", 0, 0, NOW + 5, &err));
    same("none", conflicts_now(0, 0), "");
    commit();
    same("they stay", sql("SELECT id, closed_run, closed_ms FROM conflicts"),
         "1|1|1790000000000;2|NULL|1790000000005;3|NULL|1790000000005");
}

/* --- holds and rejects --------------------------------------------------------------------------- */

static bool put_hold(const char *remote_id, int64_t until_ms)
{
    struct ds_hold h = {.deal = 1,
                        .connection = connection,
                        .remote_id = remote_id,
                        .wanted = "{\"status\":\"won\"}",
                        .until_ms = until_ms,
                        .rule = 78,
                        .run = run.id};
    bool news;

    WORKS(ds_store_hold_put(store, &h, &news, &err));
    return news;
}

static int note_hold(void *arg, const struct ds_hold *h, struct ds_err *e)
{
    char *out = arg;

    (void)e;
    assert_string_equal(h->wanted, "{\"status\":\"won\"}");
    assert_string_equal(h->name, sample(DS_NAME));
    assert_int_equal(h->rule, 78);
    snprintf(out + strlen(out), 256 - strlen(out), "%s%s", *out ? " " : "", h->remote_id);
    return 0;
}

/* What a run does with those that are due: carry out, let go, commit, go on. */
static int release_hold(void *arg, const struct ds_hold *h, struct ds_err *e)
{
    note_hold(arg, h, e);
    if (ds_store_hold_drop(store, h->connection, h->remote_id, e) || ds_store_commit(store, e) ||
        ds_store_begin(store, e))
        return e->status;
    ds_arena_reset(&arena);
    return 0;
}

static void holds_come_when_they_are_due(void **state)
{
    char out[256] = "";

    (void)state;
    add_sample();
    assert_true(put_hold("late", NOW + 2 * HOUR));
    assert_true(put_hold("soon", NOW + HOUR));
    assert_true(put_hold("now", NOW));
    assert_true(put_hold("now too", NOW));
    assert_true(put_hold("past", NOW + 3 * HOUR));
    assert_false(put_hold("soon", NOW + HOUR));
    assert_true(put_hold("past", NOW - 1));
    WORKS(ds_store_holds(store, &arena, 0, 0, 0, note_hold, out, &err));
    assert_string_equal(out, "past now now too soon late");
    out[0] = '\0';
    WORKS(ds_store_holds(store, &arena, connection, 1, NOW, note_hold, out, &err));
    assert_string_equal(out, "past now now too");
    out[0] = '\0';
    WORKS(ds_store_holds(store, &arena, 0, 2, 0, note_hold, out, &err));
    WORKS(ds_store_holds(store, &arena, connection + 1, 0, 0, note_hold, out, &err));
    assert_string_equal(out, "");
    WORKS(ds_store_holds(store, &arena, 0, 0, NOW, release_hold, out, &err));
    assert_string_equal(out, "past now now too");
    out[0] = '\0';
    WORKS(ds_store_holds(store, &arena, 0, 0, 0, note_hold, out, &err));
    assert_string_equal(out, "soon late");
}

static void put_reject(const char *remote_id, const char *reasons, int64_t at_ms)
{
    struct ds_reject r = {.connection = connection,
                          .remote_id = remote_id,
                          .name = "Tailspin",
                          .reasons = reasons,
                          .run = run.id,
                          .at_ms = at_ms};

    WORKS(ds_store_reject_put(store, &r, &err));
}

static int note_reject(void *arg, const struct ds_reject *r, struct ds_err *e)
{
    char *out = arg;

    (void)e;
    assert_string_equal(r->name, "Tailspin");
    assert_string_equal(r->connection_name, "acme");
    snprintf(out + strlen(out), 256 - strlen(out), "%s%s %s +%d", *out ? ", " : "", r->remote_id,
             r->reasons, (int)(r->at_ms - NOW));
    return 0;
}

static void a_rejection_stays_until_it_is_dropped(void **state)
{
    char out[256] = "";

    (void)state;
    put_reject("006X", "[1]", NOW);
    put_reject("006Y", "[1]", NOW + 1);
    put_reject("006X", "[1]", NOW + 2);
    put_reject("006Y", "[2]", NOW + 3);
    WORKS(ds_store_rejects(store, &arena, connection, note_reject, out, &err));
    assert_string_equal(out, "006X [1] +0, 006Y [2] +3");
    WORKS(ds_store_reject_drop(store, connection, "006X", &err));
    WORKS(ds_store_reject_drop(store, connection, "006X", &err));
    out[0] = '\0';
    WORKS(ds_store_rejects(store, &arena, 0, note_reject, out, &err));
    assert_string_equal(out, "006Y [2] +3");
}

static void what_waits_is_counted(void **state)
{
    struct ds_conflict c = a_conflict(DS_VALUE, "1");
    struct ds_waiting all, acme, other_one;
    bool opened;

    (void)state;
    add_sample();
    add_sample();
    add_link("006A", 1);
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    c.field = DS_NOTES;
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    WORKS(
        ds_store_conflict_close(store, connection, "006A", UINT64_C(1) << DS_VALUE, 0, NOW, &err));
    put_hold("006A", NOW);
    put_hold("006B", NOW + 1);
    put_reject("006C", "[]", NOW);
    commit();
    WORKS(ds_store_waiting(store, 0, NOW, &all, &err));
    WORKS(ds_store_waiting(store, connection, NOW, &acme, &err));
    WORKS(ds_store_waiting(store, connection + 1, NOW, &other_one, &err));
    assert_int_equal(all.deals, 2);
    assert_int_equal(acme.deals, 1);
    all.deals = acme.deals = 0;
    assert_memory_equal(&all, &acme, sizeof(all));
    assert_int_equal(all.conflicts, 1);
    assert_int_equal(all.holds, 2);
    assert_int_equal(all.holds_due, 1);
    assert_int_equal(all.rejects, 1);
    assert_memory_equal(&other_one, &(struct ds_waiting){0}, sizeof(other_one));
}

/* --- history ------------------------------------------------------------------------------------- */

static int note_history(void *arg, const struct ds_history *h, struct ds_err *e)
{
    char *out = arg;

    (void)e;
    snprintf(out + strlen(out), 256 - strlen(out), "%s%s %s %s %s", *out ? ", " : "", h->kind,
             h->connection_name ? h->connection_name : "-", h->source ? h->source : "-",
             h->changes);
    return 0;
}

static void history_is_told_in_order(void **state)
{
    struct ds_history h = {.deal = 1,
                           .run = run.id,
                           .connection = connection,
                           .at_ms = NOW,
                           .kind = "created",
                           .changes = "[]"};
    char out[256] = "";

    (void)state;
    add_sample();
    add_sample();
    WORKS(ds_store_history_add(store, &h, &err));
    h.deal = 2;
    WORKS(ds_store_history_add(store, &h, &err));
    h.deal = 1;
    h.kind = "updated";
    h.source = "jane";
    h.changes = "[1]";
    WORKS(ds_store_history_add(store, &h, &err));
    commit();
    sql("UPDATE deals SET location = '5' WHERE id = 1");
    WORKS(ds_store_history(store, &arena, 1, note_history, out, &err));
    assert_string_equal(out, "created acme - [], updated acme jane [1], edited - - "
                             "[{\"field\":\"location\",\"old\":\"4711\",\"new\":\"5\"}]");
}

/* --- twice is once ------------------------------------------------------------------------------- */

static void the_same_again_writes_nothing(void **state)
{
    struct ds_conflict c = a_conflict(DS_VALUE, "1");
    int64_t id;
    int writes;
    bool opened;

    (void)state;
    add_sample();
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    put_hold("006A", NOW);
    put_reject("006A", "[]", NOW);
    writes = sqlite3_total_changes(store->db);
    c.at_ms++;
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    put_hold("006A", NOW);
    put_reject("006A", "[]", NOW + 1);
    WORKS(ds_store_connection_ensure(store, "acme", &id, &err));
    WORKS(ds_store_conflict_close(store, connection, "006A", ~UINT64_C(0), run.id, NOW, &err));
    WORKS(ds_store_hold_drop(store, connection, "006Z", &err));
    WORKS(ds_store_reject_drop(store, connection, "006Z", &err));
    assert_int_equal(sqlite3_total_changes(store->db), writes);
}

/* --- the spool ----------------------------------------------------------------------------------- */

static int note_bytes(void *arg, const void *bytes, size_t len, struct ds_err *e)
{
    uint32_t *next = arg, number;

    (void)e;
    assert_true(len >= sizeof(number));
    memcpy(&number, bytes, sizeof(number));
    assert_int_equal(number, *next);
    assert_int_equal(len, sizeof(number) + number % 100);
    (*next)++;
    return 0;
}

static int stop_at_two(void *arg, const void *bytes, size_t len, struct ds_err *e)
{
    (void)bytes;
    (void)len;
    return ++*(int *)arg < 2 ? 0 : ds_fail(e, DS_E_LATER, "enough");
}

static void the_spool_keeps_its_order(void **state)
{
    enum { MANY = 20000 };
    uint32_t next = 0;
    int calls = 0;

    (void)state;
    for (uint32_t i = 0; i < MANY; i++) {
        char bytes[128] = {0};

        memcpy(bytes, &i, sizeof(i));
        WORKS(ds_store_spool_add(store, bytes, sizeof(i) + i % 100, &err));
    }
    ds_store_rollback(store);
    WORKS(ds_store_spool_each(store, note_bytes, &next, &err));
    assert_int_equal(next, MANY);
    assert_int_equal(ds_store_spool_each(store, stop_at_two, &calls, &err), DS_E_LATER);
    assert_int_equal(calls, 2);
    ds_err_clear(&err);
    WORKS(ds_store_spool_clear(store, &err));
    next = 0;
    WORKS(ds_store_spool_each(store, note_bytes, &next, &err));
    assert_int_equal(next, 0);
}

static void an_id_is_seen_once(void **state)
{
    const char *first = "?";

    (void)state;
    WORKS(ds_store_seen(store, &arena, "006A", "line 7", &first, &err));
    assert_null(first);
    WORKS(ds_store_seen(store, &arena, "006a", "line 8", &first, &err));
    assert_null(first);
    ds_store_rollback(store);
    WORKS(ds_store_seen(store, &arena, "006A", "line 9", &first, &err));
    assert_string_equal(first, "line 7");
    WORKS(ds_store_seen(store, &arena, "006A", "line 10", &first, &err));
    assert_string_equal(first, "line 7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STORE(a_deal_comes_back_as_it_went_in),
        ON_STORE(only_given_fields_are_written),
        ON_STORE(a_write_on_an_old_version_is_refused),
        ON_STORE(deals_are_found_by_crm_id),
        ON_STORE(links_are_kept_and_counted),
        ON_STORE(links_are_counted_with_the_commit),
        ON_STORE(a_link_needs_its_deal),
        ON_STORE(a_connection_keeps_its_state),
        ON_STORE(runs_are_told_newest_first),
        ON_STORE(a_conflict_is_opened_once_and_closed_once),
        ON_STORE(holds_come_when_they_are_due),
        ON_STORE(a_rejection_stays_until_it_is_dropped),
        ON_STORE(what_waits_is_counted),
        ON_STORE(history_is_told_in_order),
        ON_STORE(the_same_again_writes_nothing),
        ON_STORE(the_spool_keeps_its_order),
        ON_STORE(an_id_is_seen_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
