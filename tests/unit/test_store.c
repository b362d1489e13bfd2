/* The store on a real file: all or nothing (P-2), twice is once (P-3), no blind write (P-5), reading
 * changes nothing (P-6), and other SQL clients beside it. */
#include "engine/store/sqlite.h"

#include "base/hash.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW          INT64_C(1790000000000)
#define HOUR         INT64_C(3600000)

/* --- a store in a directory of its own, and a second client beside it ------------------------- */

static char dir[64];
static char path[128];
static struct ds_store *store;
static struct ds_arena arena;
static struct ds_err err;
static int64_t connection;
static struct ds_run run;

static void works_at(int rc, const char *call, int line)
{
    if (rc)
        fail_msg("line %d: %s: %d %s (%s)", line, call, rc, err.text, err.hint);
}

#define WORKS(call) works_at((call), #call, __LINE__)

/* The call failed so, its text has this in it, and there is a hint. */
static void fails(int rc, int status, const char *part)
{
    if (rc != status || err.status != status || !strstr(err.text, part) || !err.hint[0])
        fail_msg("status %d \"%s\" (%s), want %d \"%s\"", rc, err.text, err.hint, status, part);
    ds_err_clear(&err);
}

static void same(const char *what, const char *got, const char *want)
{
    if (!got || !want ? got != want : strcmp(got, want) != 0)
        fail_msg("%s\n got: %s\nwant: %s", what, got ? got : "NULL", want ? want : "NULL");
}

/* What another SQL client sees: columns with '|', rows with ';' between them, or what it is told. */
static const char *sql(const char *text)
{
    static char out[4096];
    sqlite3 *db;
    sqlite3_stmt *q = NULL;
    size_t len = 0;

    out[0] = '\0';
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, text, -1, &q, NULL) == SQLITE_OK) {
        while (sqlite3_step(q) == SQLITE_ROW)
            for (int i = 0; i < sqlite3_column_count(q); i++) {
                const char *value = (const char *)sqlite3_column_text(q, i);

                len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%s",
                                        len == 0 ? ""
                                        : i == 0 ? ";"
                                                 : "|",
                                        value ? value : "NULL");
                assert_true(len < sizeof(out));
            }
    }
    if (sqlite3_errcode(db) != SQLITE_OK && sqlite3_errcode(db) != SQLITE_DONE)
        snprintf(out, sizeof(out), "error: %s", sqlite3_errmsg(db));
    sqlite3_finalize(q);
    sqlite3_close(db);
    return out;
}

static const char *sqlf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static const char *sqlf(const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return sql(text);
}

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/dealsync-unit-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/deals.db", dir);
    return 0;
}

static int remove_dir(void **state)
{
    static const char *const names[] = {"", "-wal", "-shm", "-lock"};
    char name[160];

    (void)state;
    ds_store_close(store);
    store = NULL;
    ds_arena_clear(&arena);
    ds_err_clear(&err);
    chmod(dir, 0700);
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(name, sizeof(name), "%s%s", path, names[i]);
        unlink(name);
    }
    return rmdir(dir);
}

/* A store with a connection and a run, and a transaction that is open. */
static int make_store(void **state)
{
    if (make_dir(state))
        return -1;
    run = (struct ds_run){.command = "sync", .started_ms = NOW};
    WORKS(ds_store_open(path, DS_STORE_WRITE, &store, &err));
    WORKS(ds_store_begin(store, &err));
    WORKS(ds_store_connection_ensure(store, "acme", &connection, &err));
    run.connection = connection;
    WORKS(ds_store_run_begin(store, &run, &err));
    return 0;
}

static void commit(void)
{
    WORKS(ds_store_commit(store, &err));
}

static void reopen(enum ds_store_mode mode)
{
    ds_store_close(store);
    WORKS(ds_store_open(path, mode, &store, &err));
}

/* A value that each field takes. */
static const char *const sample[DS_FIELDS] = {
    [DS_NAME] = "Contoso \"renewal\"; DROP TABLE deals --",
    [DS_STATUS] = "accepted",
    [DS_STAGE] = "40",
    [DS_REASON] = "others",
    [DS_ON_HOLD] = "no",
    [DS_VALUE] = "123456789012345678.1234",
    [DS_CURRENCY] = "EUR",
    [DS_CLOSE_DATE] = "2028-02-29",
    [DS_LOCATION] = "4711",
    [DS_CUSTOMER_NAME] = "Contoso S\xc3\xa0rl",
    [DS_CUSTOMER_DUNS] = "123456789",
    [DS_CUSTOMER_STREET] = "Main Street 1",
    [DS_CUSTOMER_CITY] = "Springfield",
    [DS_CUSTOMER_STATE] = "IL",
    [DS_CUSTOMER_POSTAL_CODE] = "00123",
    [DS_CUSTOMER_COUNTRY] = "US",
    [DS_CONTACT_FIRST_NAME] = "Jane",
    [DS_CONTACT_LAST_NAME] = "Doe",
    [DS_CONTACT_EMAIL] = "jane@contoso.example",
    [DS_CONTACT_PHONE] = "+1 555 0100",
    [DS_CONSENT] = "yes",
    [DS_VISIBILITY] = "yes",
    [DS_HELP] = "general",
    [DS_ASSESSMENT] = "no",
    [DS_TEAM] = "[{\"email\":\"a@b.example\",\"name\":\"A\",\"phone\":\"1\"}]",
    [DS_SOLUTIONS] = "[\"A\",\"B\"]",
    [DS_CRM_ID] = "006A",
    [DS_CAMPAIGN_ID] = "0001",
    [DS_NOTES] = "first line\nsecond line",
};

/* Another one. */
static const char *const other[DS_FIELDS] = {
    [DS_NAME] = "Fabrikam",
    [DS_STATUS] = "won",
    [DS_STAGE] = "100",
    [DS_REASON] = "budget",
    [DS_ON_HOLD] = "yes",
    [DS_VALUE] = "-0.5",
    [DS_CURRENCY] = "JPY",
    [DS_CLOSE_DATE] = "2026-12-31",
    [DS_CUSTOMER_COUNTRY] = "DE",
    [DS_CONSENT] = "no",
    [DS_VISIBILITY] = "no",
    [DS_HELP] = "none",
    [DS_ASSESSMENT] = "yes",
    [DS_TEAM] = "[]",
    [DS_SOLUTIONS] = "[\"C\"]",
    [DS_CUSTOMER_DUNS] = "987654321",
    [DS_NOTES] = "x",
};

static struct ds_deal sample_deal(void)
{
    struct ds_deal deal = {0};

    for (int f = 0; f < DS_FIELDS; f++)
        ds_deal_set(&deal, (enum ds_field)f, sample[f]);
    return deal;
}

static int64_t add_deal(const struct ds_deal *deal)
{
    int64_t id = 0;

    WORKS(ds_store_deal_create(store, deal, connection, run.id, NOW, &id, &err));
    return id;
}

static int64_t add_sample(void)
{
    struct ds_deal deal = sample_deal();

    return add_deal(&deal);
}

static void add_link(const char *remote_id, int64_t deal)
{
    struct ds_link link = {.deal = deal, .version = "v1", .base = "{}", .seen_version = 1};

    WORKS(ds_store_link_save(store, connection, remote_id, &link, &err));
}

static struct ds_stored_deal deal_now(int64_t id)
{
    struct ds_stored_deal deal;

    WORKS(ds_store_deal(store, &arena, id, &deal, &err));
    return deal;
}

/* --- the schema and the table of fields -------------------------------------------------------- */

static void columns_and_fields_agree(void **state)
{
    (void)state;
    commit();
    assert_int_equal(strtol(sql("SELECT count(*) FROM pragma_table_info('deals')"), NULL, 10),
                     7 + DS_FIELDS);
    for (int f = 0; f < DS_FIELDS; f++) {
        const struct ds_field_row *row = &ds_fields[f];
        char want[128];

        snprintf(want, sizeof(want), "%s|%s|%s%s%s", row->name,
                 row->type == DS_T_PERCENT ? "INTEGER" : "TEXT",
                 row->fallback && f != DS_STAGE ? "'" : "", row->fallback ? row->fallback : "NULL",
                 row->fallback && f != DS_STAGE ? "'" : "");
        same("name, type and default",
             sqlf("SELECT name, type, dflt_value FROM pragma_table_info('deals') WHERE cid = %d",
                  7 + f),
             want);
    }
    same("all tables are strict",
         sql("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
             " AND NOT strict AND name NOT LIKE 'sqlite%'"),
         "0");
    same("schema and application", sql("SELECT * FROM pragma_user_version, pragma_application_id"),
         "1|1684365676");
}

static void every_word_is_taken_and_no_other(void **state)
{
    int64_t id = add_sample();

    (void)state;
    commit();
    for (int f = 0; f < DS_FIELDS; f++) {
        const struct ds_field_row *row = &ds_fields[f];

        if (row->type != DS_T_WORD)
            continue;
        for (size_t i = 0; row->words[i]; i++)
            same(row->words[i],
                 sqlf("UPDATE deals SET %s = '%s' WHERE id = %d RETURNING %s", row->name,
                      row->words[i], (int)id, row->name),
                 row->words[i]);
        same(row->name, sqlf("UPDATE deals SET %s = '%sx'", row->name, row->words[0]),
             sqlf("SELECT 'error: CHECK constraint failed: %s'", row->name));
    }
}

static void what_is_no_value_is_refused(void **state)
{
    static const struct {
        const char *set;
        const char *refused_by; /* NULL: it is taken */
    } table[] = {
        {"name = NULL", "error: NOT NULL constraint failed: deals.name"},
        {"stage = 50", "stage"},
        {"stage = 0", "stage"},
        {"stage = 'x'", "error: cannot store TEXT value in INTEGER column deals.stage"},
        {"stage = '60'", NULL},
        {"stage = NULL", NULL},
        {"on_hold = 'maybe'", "on_hold"},
        {"consent = 1", "consent"},
        {"visibility = ''", "visibility"},
        {"assessment = 'YES'", "assessment"},
        {"value = '0'", NULL},
        {"value = 1000", NULL},
        {"value = 12.5", NULL},
        {"value = '-17.25'", NULL},
        {"value = NULL", NULL},
        {"value = ''", "value"},
        {"value = '-'", "value"},
        {"value = '1.'", "value"},
        {"value = '1.2.3'", "value"},
        {"value = '1-2'", "value"},
        {"value = '1e3'", "value"},
        {"value = '1,000'", "value"},
        {"value = '1 000'", "value"},
        {"currency = 'EU'", "currency"},
        {"currency = 'eur'", "currency"},
        {"currency = 'EURO'", "currency"},
        {"close_date = '2026-02-29'", "close_date"},
        {"close_date = '2026-2-9'", "close_date"},
        {"close_date = '31.12.2026'", "close_date"},
        {"close_date = '2026-12-31T00:00:00Z'", "close_date"},
        {"customer_country = 'DEU'", "customer_country"},
        {"customer_country = 'de'", "customer_country"},
        {"team = 'nobody'", "team"},
        {"team = '{}'", "team"},
        {"team = '[]'", NULL},
        {"solutions = '[1,'", "solutions"},
        {"solutions = 'null'", "solutions"},
        {"solutions = '[\"B\",\"A\"]'", NULL},
    };
    int64_t id = add_sample();

    (void)state;
    commit();
    assert_int_equal(id, 1);
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *by = table[i].refused_by;
        char want[128];

        snprintf(want, sizeof(want), "%s%s",
                 !by || strchr(by, ' ') ? "" : "error: CHECK constraint failed: ", by ? by : "");
        same(table[i].set, sqlf("UPDATE deals SET %s", table[i].set), want);
    }
}

/* --- deals ------------------------------------------------------------------------------------- */

static void a_deal_comes_back_as_it_went_in(void **state)
{
    int64_t id = add_sample();
    struct ds_stored_deal got = deal_now(id);
    uint64_t count;

    (void)state;
    assert_int_equal(got.id, id);
    assert_int_equal(got.version, 1);
    assert_int_equal(got.created_ms, NOW);
    for (int f = 0; f < DS_FIELDS; f++) {
        assert_true(ds_given(&got.deal, (enum ds_field)f));
        same(ds_fields[f].name, got.deal.value[f], sample[f]);
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
    for (int f = 0; f < DS_FIELDS; f++) {
        struct ds_deal changes = {0};
        struct ds_stored_deal got;

        ds_deal_set(&changes, (enum ds_field)f, other[f] ? other[f] : f == DS_NAME ? "x" : NULL);
        WORKS(ds_store_deal_update(store, id, 1 + f, &changes, run.id, NOW + f, &stale, &err));
        assert_false(stale);
        got = deal_now(id);
        assert_int_equal(got.version, 2 + f);
        for (int g = 0; g < DS_FIELDS; g++)
            same(ds_fields[g].name, got.deal.value[g], g <= f ? other[g] : sample[g]);
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
    WORKS(ds_store_deal_update(store, id, 1, &changes, run.id, NOW, &stale, &err));
    assert_true(stale);
    assert_string_equal(deal_now(id).deal.value[DS_STAGE], "20");
    WORKS(ds_store_deal_update(store, id, 2, &changes, run.id, NOW, &stale, &err));
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

/* --- edits by other SQL clients ---------------------------------------------------------------- */

static void an_edit_elsewhere_moves_the_version_and_is_told(void **state)
{
    int64_t id = add_sample();

    (void)state;
    commit();
    for (int f = 0; f < DS_FIELDS; f++) {
        const char *name = ds_fields[f].name;
        const char *value = other[f] ? other[f] : "y";

        same(name, sqlf("UPDATE deals SET %s = '%s' WHERE id = %d", name, value, (int)id), "");
        same(name,
             sqlf("SELECT version, updated_run, updated_ms > %lld FROM deals", (long long)NOW),
             sqlf("SELECT '%d|NULL|1'", 2 + f));
        same(
            name,
            sqlf("SELECT h.kind, h.run, h.connection, json_array_length(h.changes), e.value ->> "
                 "'field',  e.value ->> 'old' FROM history h, json_each(h.changes) e ORDER BY h.id "
                 "DESC LIMIT 1"),
            sqlf("SELECT 'edited|NULL|NULL|1|%s|' || replace('%s', '\"\"', '')", name, sample[f]));
        same(name,
             sql("SELECT json_extract(changes, '$[0].new') FROM history ORDER BY id DESC"
                 " LIMIT 1"),
             value);
        assert_int_equal(deal_now(id).version, 2 + f);
    }
}

static void an_edit_that_changes_nothing_is_none(void **state)
{
    (void)state;
    add_sample();
    commit();
    same("the same", sql("UPDATE deals SET stage = 40, name = name, reason = 'others'"), "");
    same("times of ours", sql("UPDATE deals SET updated_ms = 5"), "");
    same("nothing told", sql("SELECT version, (SELECT count(*) FROM history) FROM deals"), "1|0");
    same("two at once", sql("UPDATE deals SET stage = NULL, notes = 'a\"b', name = name"), "");
    same("one row",
         sql("SELECT version, group_concat(changes) FROM deals d JOIN history h ON h.deal = d.id"),
         "2|[{\"field\":\"stage\",\"old\":\"40\",\"new\":null},{\"field\":\"notes\",\"old\":\"first"
         " line\\nsecond line\",\"new\":\"a\\\"b\"}]");
}

static void an_edit_is_read_in_canonical_form(void **state)
{
    struct ds_stored_deal got;
    int64_t id = add_sample();

    (void)state;
    commit();
    same("by hand",
         sql("UPDATE deals SET value = '0100.50', name = ' Fabrikam ', notes = '',"
             " solutions = '[\"B\", \"A\"]', customer_duns = '12-345-6789', location = 'x'"),
         "");
    got = deal_now(id);
    same("value", got.deal.value[DS_VALUE], "100.5");
    same("name", got.deal.value[DS_NAME], "Fabrikam");
    same("notes", got.deal.value[DS_NOTES], NULL);
    same("solutions", got.deal.value[DS_SOLUTIONS], "[\"A\",\"B\"]");
    same("duns", got.deal.value[DS_CUSTOMER_DUNS], "123456789");
    same("without a canonical form", sql("UPDATE deals SET customer_duns = 'none'"), "");
    same("duns as it is", deal_now(id).deal.value[DS_CUSTOMER_DUNS], "none");
}

static void a_deal_can_be_made_with_sql(void **state)
{
    struct ds_stored_deal got;

    (void)state;
    commit();
    same("a name is enough", sql("INSERT INTO deals(name) VALUES ('by hand') RETURNING id"), "1");
    got = deal_now(1);
    assert_int_equal(got.version, 1);
    assert_true(got.created_ms > NOW / 2);
    for (int f = DS_STATUS; f < DS_FIELDS; f++)
        same(ds_fields[f].name, got.deal.value[f], ds_fields[f].fallback);
}

static void what_would_break_us_is_refused(void **state)
{
    (void)state;
    add_sample();
    add_link("006A", 1);
    commit();
    same("delete", sql("DELETE FROM deals"),
         "error: deals are never deleted: give it an end status instead");
    same("id", sql("UPDATE deals SET id = 7"),
         "error: the id of a deal never changes, and its version never goes back");
    same("version", sql("UPDATE deals SET version = 0"),
         "error: the id of a deal never changes, and its version never goes back");
    same("gap", sql("INSERT INTO deals(id, name) VALUES (9, 'x')"),
         "error: deals are numbered by the store: leave out the id");
    same("below", sql("INSERT INTO deals(id, name) VALUES (0, 'x')"),
         "error: CHECK constraint failed: id");
    same("nothing happened", sql("SELECT id, version FROM deals"), "1|1");
}

/* --- links and connections --------------------------------------------------------------------- */

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
    WORKS(ds_store_connection(store, &arena, "acme", &acme, &err));
    assert_int_equal(acme.links, 2);
    WORKS(ds_store_link_of(store, &arena, connection, 2, &remote_id, &err));
    same("the live one", remote_id, "006B");
    WORKS(ds_store_link_of(store, &arena, connection, 1, &remote_id, &err));
    same("none any more", remote_id, NULL);
    WORKS(ds_store_link_of(store, &arena, connection + 1, 2, &remote_id, &err));
    same("of another connection", remote_id, NULL);
    WORKS(ds_store_link(store, &arena, connection + 1, "006A", &link, &err));
    assert_int_equal(link.deal, 0);
    commit();
    same("a link that goes", sql("DELETE FROM links WHERE remote_id = '006A'"), "");
    WORKS(ds_store_connection(store, &arena, "acme", &acme, &err));
    assert_int_equal(acme.links, 1);
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
                                           .first_load = true,
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
    assert_true(got.first_load);
    assert_int_equal(got.last_success_ms, NOW);
    WORKS(ds_store_connection_ensure(store, "acme", &id, &err));
    assert_int_equal(id, connection);
    WORKS(ds_store_connection_ensure(store, "beta", &id, &err));
    assert_int_not_equal(id, connection);
    WORKS(ds_store_connections(store, &arena, note_connection, names, &err));
    assert_string_equal(names, "acme:1 beta:2");
}

/* --- runs -------------------------------------------------------------------------------------- */

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
        same(ds_outcome_names[i], sqlf("SELECT %s FROM runs WHERE id = 3", ds_outcome_names[i]),
             sqlf("SELECT %d", i + 1));
}

/* --- conflicts --------------------------------------------------------------------------------- */

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
    assert_string_equal(c->name, sample[DS_NAME]);
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

/* --- holds and rejects ------------------------------------------------------------------------- */

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
    assert_string_equal(h->name, sample[DS_NAME]);
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

/* --- history ----------------------------------------------------------------------------------- */

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

/* --- twice is once ----------------------------------------------------------------------------- */

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

/* --- all or nothing ---------------------------------------------------------------------------- */

static void what_is_not_committed_never_was(void **state)
{
    (void)state;
    commit();
    WORKS(ds_store_begin(store, &err));
    add_sample();
    ds_store_rollback(store);
    ds_store_rollback(store);
    same("rolled back", sql("SELECT count(*) FROM deals"), "0");
    WORKS(ds_store_begin(store, &err));
    add_sample();
    reopen(DS_STORE_WRITE);
    same("closed", sql("SELECT count(*) FROM deals"), "0");
    WORKS(ds_store_begin(store, &err));
    add_sample();
    commit();
    same("committed", sql("SELECT count(*) FROM deals"), "1");
}

/* In a process of its own, where the commit is the first step. */
static int commit_a_deal(const char *where)
{
    connection = run.id = 1;
    if (ds_store_open(where, DS_STORE_WRITE, &store, &err) || ds_store_begin(store, &err))
        return 1;
    add_sample();
    return ds_store_commit(store, &err) ? 1 : 0;
}

static void a_killed_process_leaves_all_or_nothing(void **state)
{
    static const char *const steps[] = {"1", "2"};

    (void)state;
    commit();
    ds_store_close(store);
    store = NULL;
    for (size_t i = 0; i < COUNT(steps); i++) {
        pid_t child = fork();
        int status;

        if (child == 0) {
            setenv("DEALSYNC_DIE_AT", steps[i], 1);
            execl("/proc/self/exe", "test_store", path, (char *)NULL);
            _exit(2);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        same(steps[i], sql("SELECT count(*) FROM deals"), i ? "1" : "0");
    }
}

static void a_full_store_is_told_and_survives(void **state)
{
    struct ds_deal deal = sample_deal();
    int64_t id;
    int rc = 0;

    (void)state;
    add_sample();
    commit();
    WORKS(ds_sql_exec(store, "PRAGMA max_page_count = 1", &err));
    WORKS(ds_store_begin(store, &err));
    while (!rc)
        rc = ds_store_deal_create(store, &deal, connection, run.id, NOW, &id, &err);
    fails(rc, DS_E_STORE, "no space is left for the store");
    ds_store_rollback(store);
    same("what was committed", sql("SELECT count(*) FROM deals"), "1");
}

static void a_busy_store_is_for_later(void **state)
{
    struct ds_store *second;

    (void)state;
    WORKS(ds_store_open(path, DS_STORE_WRITE, &second, &err));
    sqlite3_busy_timeout(second->db, 20);
    fails(ds_store_begin(second, &err), DS_E_LATER, "the store is busy");
    commit();
    WORKS(ds_store_begin(second, &err));
    ds_store_close(second);
}

/* --- one run at a time ------------------------------------------------------------------------- */

static void the_lock_names_its_holder_and_dies_with_it(void **state)
{
    char want[64], byte;
    int told[2], status;
    pid_t child;

    (void)state;
    commit();
    ds_store_close(store);
    store = NULL;
    assert_int_equal(pipe(told), 0);
    child = fork();
    if (child == 0) {
        if (ds_store_open(path, DS_STORE_WRITE, &store, &err) ||
            ds_store_lock(store, connection, "acme", &err) || ds_store_begin(store, &err) ||
            ds_store_run_begin(store, &run, &err) || ds_store_commit(store, &err) ||
            write(told[1], "x", 1) != 1)
            _exit(1);
        pause();
    }
    assert_int_equal(read(told[0], &byte, 1), 1);
    WORKS(ds_store_open(path, DS_STORE_WRITE, &store, &err));
    snprintf(want, sizeof(want), "acme: run 2 holds the connection, process %d on ", (int)child);
    fails(ds_store_lock(store, connection, "acme", &err), DS_E_LATER, want);
    fails(ds_store_lock(store, connection, "acme", &err), DS_E_LATER, "since 2026-09-21 ");
    WORKS(ds_store_lock(store, connection + 1, "beta", &err));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    WORKS(ds_store_lock(store, connection, "acme", &err));
    close(told[0]);
    close(told[1]);
}

/* --- opening ----------------------------------------------------------------------------------- */

static void write_file(const char *text)
{
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void refused(const char *part)
{
    fails(ds_store_open(path, DS_STORE_READ, &store, &err), DS_E_STORE, part);
    assert_null(store);
    fails(ds_store_open(path, DS_STORE_WRITE, &store, &err), DS_E_STORE, part);
    assert_null(store);
}

static void what_is_not_ours_is_refused(void **state)
{
    (void)state;
    write_file("this is a text, and it is as long as the header of a database is, or even longer,"
               " so that nobody can take it for an empty file\n");
    refused("is not a database");
    unlink(path);
    sql("CREATE TABLE theirs(x)");
    refused("is the database of another application");
    same("left alone", sql("SELECT * FROM pragma_journal_mode, pragma_user_version"), "delete|0");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    refused("is not a regular file");
    assert_int_equal(rmdir(path), 0);
}

static void a_newer_schema_is_refused_with_both_numbers(void **state)
{
    char want[200];

    (void)state;
    WORKS(ds_store_open(path, DS_STORE_WRITE, &store, &err));
    ds_store_close(store);
    store = NULL;
    sql("PRAGMA user_version = 7");
    snprintf(want, sizeof(want), "'%s' has schema 7, this dealsync knows 1", path);
    refused(want);
    sql("PRAGMA user_version = 0");
    refused("has schema 0, this dealsync knows 1");
}

static void nobody_else_may_read_the_files(void **state)
{
    static const char *const names[] = {"", "-wal", "-shm", "-lock"};
    mode_t old = umask(0);

    WORKS(make_store(state));
    commit();
    WORKS(ds_store_lock(store, connection, "acme", &err));
    umask(old);
    for (size_t i = 0; i < COUNT(names); i++) {
        char name[160];
        struct stat st;

        snprintf(name, sizeof(name), "%s%s", path, names[i]);
        assert_int_equal(stat(name, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
}

static void a_missing_directory_is_told(void **state)
{
    (void)state;
    snprintf(path, sizeof(path), "%s/none/deals.db", dir);
    fails(ds_store_open(path, DS_STORE_WRITE, &store, &err), DS_E_STORE,
          "none/deals.db': No such file or directory");
    snprintf(path, sizeof(path), "%s/deals.db", dir);
}

static void processes_that_make_the_store_at_once_agree(void **state)
{
    enum { PROCESSES = 6 };
    pid_t children[PROCESSES];
    int status;

    (void)state;
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            char name[16];
            int64_t id;

            snprintf(name, sizeof(name), "c%d", i);
            if (ds_store_open(path, DS_STORE_WRITE, &store, &err) || ds_store_begin(store, &err) ||
                ds_store_connection_ensure(store, name, &id, &err) || ds_store_commit(store, &err))
                fprintf(stderr, "%s (%s)\n", err.text, err.hint);
            ds_store_close(store);
            _exit(err.status ? 1 : 0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    same("all", sql("SELECT count(*) FROM connections"), "6");
}

static void a_damaged_store_is_told(void **state)
{
    struct ds_stored_deal deal;
    FILE *f;

    (void)state;
    for (int i = 0; i < 50; i++)
        add_sample();
    commit();
    ds_store_close(store);
    store = NULL;
    f = fopen(path, "r+e");
    assert_non_null(f);
    assert_int_equal(fseek(f, 4096, SEEK_SET), 0);
    for (int i = 0; i < 25 * 4096; i++)
        fputc(0xee, f);
    assert_int_equal(fclose(f), 0);
    if (!ds_store_open(path, DS_STORE_WRITE, &store, &err))
        ds_store_deal(store, &arena, 40, &deal, &err);
    fails(err.status, DS_E_STORE, "the store is damaged");
}

/* --- reading changes nothing ------------------------------------------------------------------- */

static const char *file_hash(void)
{
    static char hash[DS_HASH_TEXT];
    static char bytes[1 << 20];
    FILE *f = fopen(path, "re");
    size_t len;

    assert_non_null(f);
    len = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    return ds_hash(bytes, len, hash);
}

static int nothing(void *arg, const struct ds_conflict *c, struct ds_err *e)
{
    (void)arg;
    (void)c;
    (void)e;
    return 0;
}

static void read_everything(void)
{
    const char *first;
    uint64_t count;

    WORKS(ds_store_begin(store, &err));
    WORKS(ds_store_deal_count(store, &count, &err));
    assert_int_equal(count, 1);
    assert_int_equal(deal_now(1).version, 1);
    WORKS(ds_store_conflicts(store, &arena, 0, 0, nothing, NULL, &err));
    WORKS(ds_store_seen(store, &arena, "006A", "page 1", &first, &err));
    assert_null(first);
    WORKS(ds_store_spool_add(store, "x", 1, &err));
    ds_store_rollback(store);
}

static void a_store_that_is_read_keeps_every_byte(void **state)
{
    char before[DS_HASH_TEXT];
    struct ds_deal deal = sample_deal();
    int64_t id;

    (void)state;
    add_sample();
    commit();
    ds_store_close(store);
    memcpy(before, file_hash(), sizeof(before));
    WORKS(ds_store_open(path, DS_STORE_READ, &store, &err));
    read_everything();
    fails(ds_store_deal_create(store, &deal, connection, 0, NOW, &id, &err), DS_E_STORE,
          "the store cannot be written");
    reopen(DS_STORE_READ);
    assert_string_equal(file_hash(), before);
}

/* A log that another process has left behind is read, and stays where it is. */
static void reading_does_not_clear_up_behind_a_writer(void **state)
{
    char before[DS_HASH_TEXT];
    int status;
    pid_t child;

    (void)state;
    commit();
    ds_store_close(store);
    store = NULL;
    child = fork();
    if (child == 0) {
        if (ds_store_open(path, DS_STORE_WRITE, &store, &err) || ds_store_begin(store, &err))
            _exit(1);
        add_sample();
        ds_store_commit(store, &err);
        kill(getpid(), SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    memcpy(before, file_hash(), sizeof(before));
    WORKS(ds_store_open(path, DS_STORE_READ, &store, &err));
    read_everything();
    reopen(DS_STORE_READ);
    read_everything();
    assert_string_equal(file_hash(), before);
}

/* As a user who may only read, where that can be had. */
static void a_directory_that_cannot_be_written_is_enough_to_read(void **state)
{
    pid_t child;
    int status;

    (void)state;
    add_sample();
    commit();
    ds_store_close(store);
    store = NULL;
    assert_int_equal(chmod(path, 0444) | chmod(dir, 0555), 0);
    child = fork();
    if (child == 0) {
        if (geteuid() == 0 && seteuid(65534) != 0)
            _exit(3);
        WORKS(ds_store_open(path, DS_STORE_READ, &store, &err));
        read_everything();
        reopen(DS_STORE_READ);
        ds_store_close(store);
        fails(ds_store_open(path, DS_STORE_WRITE, &store, &err), DS_E_STORE,
              "the store cannot be written");
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(chmod(dir, 0700), 0);
    same("no log was made", sql("SELECT count(*) FROM deals"), "1");
}

static void a_missing_or_empty_store_reads_as_an_empty_one(void **state)
{
    uint64_t count = 1;
    struct stat st;

    (void)state;
    for (int empty_file = 0; empty_file < 2; empty_file++) {
        if (empty_file)
            write_file("");
        WORKS(ds_store_open(path, DS_STORE_READ, &store, &err));
        WORKS(ds_store_begin(store, &err));
        WORKS(ds_store_deal_count(store, &count, &err));
        WORKS(ds_store_commit(store, &err));
        WORKS(ds_store_lock(store, 1, "acme", &err));
        assert_int_equal(count, 0);
        ds_store_close(store);
        store = NULL;
        assert_int_equal(stat(path, &st), empty_file - 1);
    }
    assert_int_equal(st.st_size, 0);
}

/* --- the spool --------------------------------------------------------------------------------- */

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

/* --- views ------------------------------------------------------------------------------------- */

static void the_type_is_the_same_in_sql_and_c(void **state)
{
    static const char *const flags[] = {"no", "yes", NULL};
    static const char *const helps[] = {"none", "general", NULL};

    (void)state;
    for (int i = 0; i < 27; i++) {
        struct ds_deal deal = sample_deal();
        int64_t id;

        ds_deal_set(&deal, DS_ASSESSMENT, flags[i % 3]);
        ds_deal_set(&deal, DS_VISIBILITY, flags[i / 3 % 3]);
        ds_deal_set(&deal, DS_HELP, helps[i / 9]);
        id = add_deal(&deal);
        commit();
        same("type", sqlf("SELECT type FROM v_deals WHERE id = %d", (int)id), ds_deal_type(&deal));
        WORKS(ds_store_begin(store, &err));
    }
}

static void deals_read_well(void **state)
{
    struct ds_deal deal = sample_deal();

    (void)state;
    add_link("006A", add_deal(&deal));
    ds_deal_set(&deal, DS_ASSESSMENT, "yes");
    ds_deal_set(&deal, DS_STAGE, "10");
    add_deal(&deal);
    add_link("006B", 1);
    commit();
    sql("INSERT INTO deals(name) VALUES ('by hand')");
    same("in words",
         sql("SELECT id, status, stage, stage_name, type, value, origin, records, created"
             " FROM v_deals WHERE id < 3 ORDER BY id"),
         "1|accepted|40|Developed|co-sell|123456789012345678.1234|acme|acme 006A, acme 006B|"
         "2026-09-21T14:13:20Z;"
         "2|accepted|10|Created|assessment|123456789012345678.1234|acme|NULL|"
         "2026-09-21T14:13:20Z");
    same("by hand", sql("SELECT stage_name, type, origin FROM v_deals WHERE id = 3"),
         "Created or Accepted|private|NULL");
}

static void open_conflicts_have_a_view(void **state)
{
    struct ds_conflict c = a_conflict(DS_VALUE, "12");
    bool opened;

    (void)state;
    add_sample();
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    c.field = DS_NOTES;
    c.rule = 0;
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    commit();
    same("view",
         sql("SELECT id, connection, remote_id, deal, field, base, ours, theirs, \"case\", rule,"
             " run, since FROM v_open_conflicts ORDER BY id"),
         "1|acme|006A|1|value|b|NULL|12|M-5|R-77|1|2026-09-21T14:13:20Z;"
         "2|acme|006A|1|notes|b|NULL|12|M-5|NULL|1|2026-09-21T14:13:20Z");
}

static void the_pipeline_is_added_exactly(void **state)
{
    static const struct {
        const char *values[4];
        const char *total;
    } table[] = {
        {{"0.1", "0.2"}, "0.3"},
        {{"1000", "1000.5"}, "2000.5"},
        {{"123456789012345678.1234", "0.8766"}, "123456789012345679"},
        {{"999999999999999999.9999", "0.0001", "1"}, "1000000000000000001"},
        {{"-0.5"}, "-0.5"},
        {{"-0.5", "0.5"}, "0"},
        {{"3", "-0.25"}, "2.75"},
        {{"-3", "0.25"}, "-2.75"},
        {{"-3.75", "-0.5"}, "-4.25"},
        {{"0.9999", "0.9999", "0.0003"}, "2.0001"},
        {{"7.05"}, "7.05"},
    };
    struct ds_deal deal = sample_deal();

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        char currency[4] = {'A', 'A', (char)('A' + i), '\0'};

        ds_deal_set(&deal, DS_CURRENCY, currency);
        ds_deal_set(&deal, DS_STATUS, "accepted");
        for (size_t n = 0; n < COUNT(table[i].values) && table[i].values[n]; n++) {
            ds_deal_set(&deal, DS_VALUE, table[i].values[n]);
            add_deal(&deal);
        }
        ds_deal_set(&deal, DS_STATUS, "lost");
        add_deal(&deal);
        commit();
        same(currency, sqlf("SELECT total FROM v_pipeline WHERE currency = '%s'", currency),
             table[i].total);
        WORKS(ds_store_begin(store, &err));
    }
    ds_deal_set(&deal, DS_STATUS, "accepted");
    ds_deal_set(&deal, DS_CURRENCY, "EUR");
    ds_deal_set(&deal, DS_VALUE, NULL);
    add_deal(&deal);
    ds_deal_set(&deal, DS_STAGE, NULL);
    add_deal(&deal);
    commit();
    same("without a value or a stage", sql("SELECT * FROM v_pipeline WHERE currency = 'EUR'"),
         "NULL|NULL|EUR|1|NULL;40|Developed|EUR|1|NULL");
}

/* ------------------------------------------------------------------------------------------------ */

#define ON_STORE(test) cmocka_unit_test_setup_teardown(test, make_store, remove_dir)
#define ON_DIR(test)   cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        ON_STORE(columns_and_fields_agree),
        ON_STORE(every_word_is_taken_and_no_other),
        ON_STORE(what_is_no_value_is_refused),
        ON_STORE(a_deal_comes_back_as_it_went_in),
        ON_STORE(only_given_fields_are_written),
        ON_STORE(a_write_on_an_old_version_is_refused),
        ON_STORE(deals_are_found_by_crm_id),
        ON_STORE(an_edit_elsewhere_moves_the_version_and_is_told),
        ON_STORE(an_edit_that_changes_nothing_is_none),
        ON_STORE(an_edit_is_read_in_canonical_form),
        ON_STORE(a_deal_can_be_made_with_sql),
        ON_STORE(what_would_break_us_is_refused),
        ON_STORE(links_are_kept_and_counted),
        ON_STORE(a_link_needs_its_deal),
        ON_STORE(a_connection_keeps_its_state),
        ON_STORE(runs_are_told_newest_first),
        ON_STORE(a_conflict_is_opened_once_and_closed_once),
        ON_STORE(holds_come_when_they_are_due),
        ON_STORE(a_rejection_stays_until_it_is_dropped),
        ON_STORE(what_waits_is_counted),
        ON_STORE(history_is_told_in_order),
        ON_STORE(the_same_again_writes_nothing),
        ON_STORE(what_is_not_committed_never_was),
        ON_STORE(a_killed_process_leaves_all_or_nothing),
        ON_STORE(a_full_store_is_told_and_survives),
        ON_STORE(a_busy_store_is_for_later),
        ON_STORE(the_lock_names_its_holder_and_dies_with_it),
        ON_DIR(what_is_not_ours_is_refused),
        ON_DIR(a_newer_schema_is_refused_with_both_numbers),
        ON_DIR(nobody_else_may_read_the_files),
        ON_DIR(a_missing_directory_is_told),
        ON_DIR(processes_that_make_the_store_at_once_agree),
        ON_STORE(a_damaged_store_is_told),
        ON_STORE(a_store_that_is_read_keeps_every_byte),
        ON_STORE(reading_does_not_clear_up_behind_a_writer),
        ON_STORE(a_directory_that_cannot_be_written_is_enough_to_read),
        ON_DIR(a_missing_or_empty_store_reads_as_an_empty_one),
        ON_STORE(the_spool_keeps_its_order),
        ON_STORE(an_id_is_seen_once),
        ON_STORE(the_type_is_the_same_in_sql_and_c),
        ON_STORE(deals_read_well),
        ON_STORE(open_conflicts_have_a_view),
        ON_STORE(the_pipeline_is_added_exactly),
    };

    return argc > 1 ? commit_a_deal(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
