/* The file: all or nothing (P-2, P-4), one run at a time, reading changes no byte (P-6). */
#include "tests/unit/store.h"

#include "base/hash.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

/* --- all or nothing ------------------------------------------------------------------------------ */

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

static const char *program;

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
            execl(program, program, path, (char *)NULL);
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

/* --- one run at a time --------------------------------------------------------------------------- */

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
            ds_store_lock(store, connection, &err) || ds_store_begin(store, &err) ||
            ds_store_run_begin(store, &run, &err) || ds_store_commit(store, &err) ||
            write(told[1], "x", 1) != 1)
            _exit(1);
        pause();
    }
    assert_int_equal(read(told[0], &byte, 1), 1);
    WORKS(ds_store_open(path, DS_STORE_WRITE, &store, &err));
    snprintf(want, sizeof(want), "run 2 holds the connection, process %d on ", (int)child);
    fails(ds_store_lock(store, connection, &err), DS_E_LATER, want);
    fails(ds_store_lock(store, connection, &err), DS_E_LATER, "since 2026-09-21 ");
    WORKS(ds_store_lock(store, connection + 1, &err));
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    WORKS(ds_store_lock(store, connection, &err));
    close(told[0]);
    close(told[1]);
}

/* --- opening ------------------------------------------------------------------------------------- */

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
    snprintf(want, sizeof(want), "'%s' has schema 7, this dealsync knows 2", path);
    refused(want);
    sql("PRAGMA user_version = 0");
    refused("has schema 0, from before the first release");
}

static void nobody_else_may_read_the_files(void **state)
{
    static const char *const names[] = {"", "-wal", "-shm", "-lock"};
    mode_t old = umask(0);

    (void)state;
    WORKS(ds_store_open(path, DS_STORE_WRITE, &store, &err));
    WORKS(ds_store_lock(store, 1, &err));
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

/* --- reading changes nothing --------------------------------------------------------------------- */

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

static void a_file_that_cannot_be_written_is_told_at_once(void **state)
{
    pid_t child;
    int status;

    (void)state;
    commit();
    ds_store_close(store);
    store = NULL;
    assert_int_equal(chmod(path, 0444) | chmod(dir, 0777), 0);
    child = fork();
    if (child == 0) {
        if (geteuid() == 0 && seteuid(65534) != 0)
            _exit(3);
        fails(ds_store_open(path, DS_STORE_WRITE, &store, &err), DS_E_STORE,
              "cannot be written by this user");
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
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
        WORKS(ds_store_lock(store, 1, &err));
        assert_int_equal(count, 0);
        ds_store_close(store);
        store = NULL;
        assert_int_equal(stat(path, &st), empty_file - 1);
    }
    assert_int_equal(st.st_size, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
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
        ON_STORE(a_file_that_cannot_be_written_is_told_at_once),
        ON_DIR(a_missing_or_empty_store_reads_as_an_empty_one),
    };

    program = argv[0];
    return argc > 1 ? commit_a_deal(argv[1]) : cmocka_run_group_tests(tests, NULL, NULL);
}
