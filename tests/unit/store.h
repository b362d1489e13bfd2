/*
 * store.h - a store in a directory of its own, for tests, and a second SQL client beside it
 */
#ifndef DS_TESTS_UNIT_STORE_H
#define DS_TESTS_UNIT_STORE_H

#include "engine/store/sqlite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW          INT64_C(1790000000000)

static char dir[64];
static char path[128];
static struct ds_store *store;
static struct ds_arena arena;
static struct ds_err err;
static int64_t connection;
static struct ds_run run;

static inline void works_at(int rc, const char *call, int line)
{
    if (rc)
        fail_msg("line %d: %s: %d %s (%s)", line, call, rc, err.text, err.hint);
}

#define WORKS(call) works_at((call), #call, __LINE__)

/* The call failed so, its text has this in it, and there is a hint. */
static inline void fails(int rc, int status, const char *part)
{
    if (rc != status || err.status != status || !strstr(err.text, part) || !err.hint[0])
        fail_msg("status %d \"%s\" (%s), want %d \"%s\"", rc, err.text, err.hint, status, part);
    ds_err_clear(&err);
}

static inline void same(const char *what, const char *got, const char *want)
{
    if (!got || !want ? got != want : strcmp(got, want) != 0)
        fail_msg("%s\n got: %s\nwant: %s", what, got ? got : "NULL", want ? want : "NULL");
}

/* What another SQL client sees: columns with '|', rows with ';' between them, or what it is told. */
static inline const char *sql(const char *text)
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

static inline const char *textf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline const char *textf(const char *fmt, ...)
{
    static char text[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return text;
}

static inline int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/dealsync-unit-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/deals.db", dir);
    return 0;
}

static inline int remove_dir(void **state)
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
static inline int make_store(void **state)
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

static inline void commit(void)
{
    WORKS(ds_store_commit(store, &err));
}

static inline void reopen(enum ds_store_mode mode)
{
    ds_store_close(store);
    WORKS(ds_store_open(path, mode, &store, &err));
}

/* A value that each field takes. */
static inline const char *sample(enum ds_field f)
{
    static const char *const values[DS_FIELDS] = {
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
        [DS_ORIGIN] = "outbound",
        [DS_PARTNER] = "none",
        [DS_MICROSOFT] = "asked",
        [DS_EXPIRES] = "2028-02-29T12:00:00Z",
    };

    return values[f];
}

/* Another one. */
static inline const char *other(enum ds_field f)
{
    static const char *const values[DS_FIELDS] = {
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
        [DS_ORIGIN] = "inbound",
        [DS_PARTNER] = "invited",
        [DS_MICROSOFT] = "declined",
        [DS_EXPIRES] = "2026-12-31T00:00:00Z",
    };

    return values[f];
}

static inline struct ds_deal sample_deal(void)
{
    struct ds_deal deal = {0};

    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        ds_deal_set(&deal, f, sample(f));
    return deal;
}

static inline int64_t add_deal(const struct ds_deal *deal)
{
    int64_t id = 0;

    WORKS(ds_store_deal_create(store, deal, connection, run.id, NOW, &id, &err));
    return id;
}

static inline int64_t add_sample(void)
{
    struct ds_deal deal = sample_deal();

    return add_deal(&deal);
}

static inline void add_link(const char *remote_id, int64_t deal)
{
    struct ds_link link = {.deal = deal, .version = "v1", .base = "{}", .seen_version = 1};

    WORKS(ds_store_link_save(store, connection, remote_id, &link, &err));
}

static inline struct ds_stored_deal deal_now(int64_t id)
{
    struct ds_stored_deal deal;

    WORKS(ds_store_deal(store, &arena, id, &deal, &err));
    return deal;
}

#define ON_STORE(test) cmocka_unit_test_setup_teardown(test, make_store, remove_dir)
#define ON_DIR(test)   cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

#endif
