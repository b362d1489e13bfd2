#include "engine/store/sqlite.h"

#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How long to wait for a lock that another process holds. */
#define BUSY_MS  10000
#define RETRY_MS 20

/* The CHECKs of the schema are for other SQL clients: what we write is canonical already, and the
 * tests let integrity_check, which looks at CHECKs too, go over it. WAL needs synchronous=FULL for a
 * commit to survive a loss of power. mmap stays off because a read error of a mapped page is a signal,
 * not a status. What is temporary here are the few pages that a statement may have to take back; as a
 * file they would cost 64 KiB of memory a statement. */
static const char session[] = "PRAGMA foreign_keys = ON;"
                              "PRAGMA ignore_check_constraints = ON;"
                              "PRAGMA recursive_triggers = OFF;"
                              "PRAGMA cell_size_check = ON;"
                              "PRAGMA synchronous = FULL;"
                              "PRAGMA cache_size = -8192;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA mmap_size = 0;"
                              "PRAGMA wal_autocheckpoint = 8000;";

static int connect(struct ds_store *s, const char *name, int flags, struct ds_err *err)
{
    int code;

    /* Only one thread of this program knows SQLite, so it need not lock, nor count its memory. When it
     * is in use already this changes nothing. */
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    code = sqlite3_open_v2(name, &s->db, flags, NULL);
    if (!s->db)
        return ds_fail_nomem(err);
    if (code != SQLITE_OK)
        return ds_sql_fail(s, s->db, err);
    sqlite3_extended_result_codes(s->db, 1);
    sqlite3_busy_timeout(s->db, BUSY_MS);
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    /* SQLite 3.40 takes its own JSON functions for unsafe ones, and the schema checks JSON. Trusting
     * it is harmless: we add no functions of our own that it could call. */
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1, NULL);
    return ds_sql_exec(s, session, err);
}

/* Refuses what we must not touch; *schema 0 is a database that nobody has used yet. */
static int recognise(struct ds_store *s, int64_t *schema, struct ds_err *err)
{
    int64_t application;
    bool empty;
    int rc = ds_sql_identity(s, &application, schema, &empty, err);

    if (rc || (empty && !application && !*schema))
        return rc;
    if (application != DS_SQL_APPLICATION_ID) {
        ds_fail(err, DS_E_STORE, "'%s' is the database of another application", s->path);
        return ds_hint(err, "check the path of the store in the configuration");
    }
    if (*schema < DS_SQL_FIRST) {
        ds_fail(err, DS_E_STORE, "'%s' has schema %" PRId64 ", from before the first release",
                s->path, *schema);
        return ds_hint(err, "backfill into a new file: nothing can be taken over from this one");
    }
    if (*schema > DS_SQL_SCHEMA) {
        ds_fail(err, DS_E_STORE, "'%s' has schema %" PRId64 ", this dealsync knows %d", s->path,
                *schema, DS_SQL_SCHEMA);
        return ds_hint(err, "a newer dealsync has been here: install that version or a later one");
    }
    return DS_OK;
}

/* Looks without opening: to close a descriptor would drop the locks that this process may hold on
 * the file through another one. */
static int find_file(const char *path, bool *exists, struct ds_err *err)
{
    struct stat st;

    *exists = stat(path, &st) == 0;
    if (*exists && !S_ISREG(st.st_mode)) {
        ds_fail(err, DS_E_STORE, "the store '%s' is not a regular file", path);
        return ds_hint(err, "check the path of the store in the configuration");
    }
    if (*exists || errno == ENOENT)
        return DS_OK;
    ds_fail(err, DS_E_STORE, "cannot find the store '%s': %s", path, strerror(errno));
    return ds_hint(err, "see who may use its directory: namei -l '%s'", path);
}

/* --- writing -------------------------------------------------------------------------------- */

/* Made by us and not by SQLite, so that it never exists with a mode that lets others in; -wal and
 * -shm take over the mode. */
static int make_file(const char *path, struct ds_err *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd >= 0) {
        close(fd);
        return DS_OK;
    }
    if (errno == EEXIST) /* another process was faster */
        return DS_OK;
    ds_fail(err, DS_E_STORE, "cannot make the store '%s': %s", path, strerror(errno));
    if (errno == ENOENT)
        return ds_hint(err, "make its directory first: install -d -m 700 \"$(dirname '%s')\"",
                       path);
    return ds_hint(err, "this user must be able to write the directory: namei -l '%s'", path);
}

static int note_wal(void *is_wal, int columns, char **values, char **names)
{
    (void)names;
    *(bool *)is_wal = columns == 1 && strcmp(values[0], "wal") == 0;
    return 0;
}

/* SQLite does not wait for others while it changes the journal mode, which happens once in the life
 * of a store. */
static int use_wal(struct ds_store *s, struct ds_err *err)
{
    bool is_wal = false;
    int code;

    for (int waited = 0;; waited += sqlite3_sleep(RETRY_MS)) {
        code = sqlite3_exec(s->db, "PRAGMA journal_mode = WAL", note_wal, &is_wal, NULL);
        if ((code & 0xff) != SQLITE_BUSY || waited >= BUSY_MS)
            break;
    }
    if (code != SQLITE_OK)
        return ds_sql_fail(s, s->db, err);
    if (is_wal)
        return DS_OK;
    ds_fail(err, DS_E_STORE, "'%s' is on a file system without shared memory", s->path);
    return ds_hint(err, "keep the store on a local disk");
}

static int open_write(struct ds_store *s, struct ds_err *err)
{
    int64_t schema;
    bool exists;
    int rc = find_file(s->path, &exists, err);

    if (!rc && !exists)
        rc = make_file(s->path, err);
    if (!rc)
        rc = connect(s, s->path, SQLITE_OPEN_READWRITE, err);
    if (!rc)
        rc = recognise(s, &schema, err);
    if (!rc && sqlite3_db_readonly(s->db, "main")) {
        ds_fail(err, DS_E_STORE, "the store '%s' cannot be written by this user", s->path);
        rc = ds_hint(err, "run as its owner, or see its mode: namei -l '%s'", s->path);
    }
    if (!rc)
        rc = use_wal(s, err);
    return rc ? rc : ds_sql_migrate(s, err);
}

/* --- reading -------------------------------------------------------------------------------- */

static int open_memory(struct ds_store *s, struct ds_err *err)
{
    int rc;

    sqlite3_close(s->db);
    free(s->path);
    s->path = NULL;
    rc = connect(s, ":memory:", SQLITE_OPEN_READWRITE, err);
    return rc ? rc : ds_sql_migrate(s, err);
}

static bool has_wal(const char *path)
{
    struct ds_buf name;
    struct stat st;
    bool has;

    ds_buf_init(&name, DS_MAX_TEXT);
    ds_buf_addf(&name, "%s-wal", path);
    has = ds_buf_failed(&name) || (stat(name.text, &st) == 0 && st.st_size > 0);
    ds_buf_clear(&name);
    return has;
}

/* Reading beside a writer needs the -shm file, and a directory where SQLite may make it. Where that
 * cannot be and no log waits to be read, nobody is writing, and the file can be read as it is. */
static int open_immutable(struct ds_store *s, int64_t *schema, struct ds_err *err)
{
    struct ds_buf uri;
    int rc;

    ds_buf_init(&uri, DS_MAX_TEXT);
    ds_buf_add(&uri, "file:");
    for (const char *p = s->path; *p; p++)
        if (strchr("%?#", *p))
            ds_buf_addf(&uri, "%%%02x", (unsigned char)*p);
        else
            ds_buf_add_char(&uri, *p);
    ds_buf_add(&uri, "?immutable=1");
    sqlite3_close(s->db);
    s->db = NULL;
    if (ds_buf_failed(&uri))
        rc = ds_fail_nomem(err);
    else
        rc = connect(s, uri.text, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    ds_buf_clear(&uri);
    return rc ? rc : recognise(s, schema, err);
}

/* Whether a failure to read was about the -shm file. */
static bool wants_shm(const struct ds_store *s)
{
    int code = sqlite3_errcode(s->db) & 0xff;

    return code == SQLITE_CANTOPEN || code == SQLITE_READONLY;
}

static int read_unshared(struct ds_store *s, int64_t *schema, struct ds_err *err)
{
    ds_err_clear(err);
    if (!has_wal(s->path))
        return open_immutable(s, schema, err);
    ds_fail(err, DS_E_STORE,
            "cannot read '%s': reading its log '%s-wal' takes a directory that can be written",
            s->path, s->path);
    return ds_hint(err, "run as the owner of the store");
}

static int open_read(struct ds_store *s, struct ds_err *err)
{
    int64_t schema = 0;
    bool exists;
    int rc = find_file(s->path, &exists, err);

    if (rc)
        return rc;
    if (!exists)
        return open_memory(s, err);
    rc = connect(s, s->path, SQLITE_OPEN_READONLY, err);
    if (!rc)
        rc = recognise(s, &schema, err);
    if (rc && s->db && wants_shm(s))
        rc = read_unshared(s, &schema, err);
    if (rc)
        return rc;
    return schema == 0 ? open_memory(s, err) : DS_OK;
}

static_assert(DS_SQL_SCHEMA == DS_SQL_FIRST,
              "open_read() must say that an older schema waits for a sync");

/* --- both ----------------------------------------------------------------------------------- */

int ds_store_open(const char *path, enum ds_store_mode mode, struct ds_store **out,
                  struct ds_err *err)
{
    struct ds_store *s = calloc(1, sizeof(*s));
    int rc;

    *out = NULL;
    if (!s)
        return ds_fail_nomem(err);
    s->lock = -1;
    s->path = strdup(path);
    if (!s->path)
        rc = ds_fail_nomem(err);
    else
        rc = mode == DS_STORE_WRITE ? open_write(s, err) : open_read(s, err);
    if (rc)
        ds_store_close(s);
    else
        *out = s;
    return rc;
}

void ds_store_close(struct ds_store *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(s->query[i]);
    /* An open transaction ends with its connection, and ends as if it had never been. */
    sqlite3_close(s->db);
    sqlite3_close(s->scratch);
    if (s->lock >= 0)
        close(s->lock);
    free(s->path);
    free(s);
}
