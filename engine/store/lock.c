/*
 * One run per connection at a time. The lock is one byte of a file beside the store, at the offset
 * of the connection's id. It belongs to the open file, so the kernel takes it back when the process
 * is gone, however it went, and nobody ever has to remove a stale one. The file is never unlinked:
 * two processes could then hold the "same" lock on two files.
 */
#include "engine/store/sqlite.h"

#include "base/buf.h"
#include "base/date.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_file(struct ds_store *s, struct ds_err *err)
{
    struct ds_buf name;
    int rc = DS_OK;

    if (s->lock >= 0)
        return DS_OK;
    ds_buf_init(&name, DS_MAX_TEXT);
    ds_buf_addf(&name, "%s-lock", s->path);
    if (ds_buf_failed(&name)) {
        rc = ds_fail_nomem(err);
        goto out;
    }
    s->lock = open(name.text, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (s->lock < 0) {
        ds_fail(err, DS_E_STORE, "cannot open the lock file '%s': %s", name.text, strerror(errno));
        rc = ds_hint(err, "this user must be able to write it: namei -l '%s'", name.text);
    }
out:
    ds_buf_clear(&name);
    return rc;
}

/* The holder is the run that is on: its row was written under the lock. */
static int held(struct ds_store *s, int64_t connection, struct ds_err *err)
{
    static const char sql[] =
        "SELECT id, pid, host, started_ms FROM runs"
        " WHERE connection = ?1 AND state = 'running' ORDER BY id DESC LIMIT 1";
    struct ds_arena a = {0};
    struct ds_sql_row row;
    char since[DS_INSTANT_TEXT];
    int rc = ds_sql_row(s, SQL_HOLDER, sql, DS_ARGS(DS_INT(connection)), &a, &row, err);

    if (rc < 0)
        return rc;
    if (rc > 0) {
        const char *host = ds_sql_text(&row, 2);

        ds_fail(err, DS_E_LATER,
                "run %" PRId64 " holds the connection, process %" PRId64 " on %s since %s",
                ds_sql_int(&row, 0), ds_sql_int(&row, 1), host ? host : "?",
                ds_instant_people(ds_sql_int(&row, 3), since));
        ds_sql_end(&row, err);
    } else {
        ds_fail(err, DS_E_LATER, "another run holds the connection and is just starting");
    }
    ds_arena_clear(&a);
    return ds_hint(err, "nothing to do: the next run goes on where that one ends");
}

int ds_store_lock(struct ds_store *s, int64_t connection, struct ds_err *err)
{
    struct flock byte = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = connection, .l_len = 1};
    int rc;

    if (!s->path)
        return DS_OK;
    rc = open_file(s, err);
    if (rc)
        return rc;
    if (fcntl(s->lock, F_OFD_SETLK, &byte) == 0)
        return DS_OK;
    if (errno == EAGAIN || errno == EACCES)
        return held(s, connection, err);
    ds_fail(err, DS_E_STORE, "cannot lock '%s-lock': %s", s->path, strerror(errno));
    return ds_hint(err, "keep the store on a local disk");
}
