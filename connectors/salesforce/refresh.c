#include "connectors/salesforce/refresh.h"

#include "base/date.h"
#include "base/file.h"
#include "base/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TURN_MS = 60000, LOOK_MS = 200 };

void ds_sf_refresh_init(struct ds_sf_refresh *r, const char *path)
{
    *r = (struct ds_sf_refresh){.path = path, .lock = -1, .fd = -1};
    ds_buf_init(&r->token, DS_MAX_TOKEN);
    ds_buf_init(&r->next, DS_MAX_TEXT);
    ds_buf_addf(&r->next, "%s.new", path);
}

/* The directory a file is in; path is absolute. */
static void add_directory(struct ds_buf *out, const char *path)
{
    size_t len = (size_t)(strrchr(path, '/') - path);

    ds_buf_add_bytes(out, path, len ? len : 1);
}

static int read_token(const char *path, struct ds_buf *out, struct ds_err *err)
{
    struct ds_buf reference = DS_BUF_INIT(DS_MAX_TEXT);
    int rc;

    ds_buf_addf(&reference, "file:%s", path);
    rc = ds_secret_read(reference.text, "refresh_token_file", out, err);
    ds_buf_clear(&reference);
    return rc;
}

int ds_sf_refresh_check(const char *path, struct ds_err *err)
{
    struct ds_buf directory = DS_BUF_INIT(DS_MAX_TEXT), token = DS_BUF_INIT(DS_MAX_TOKEN);
    int rc;

    if (*path != '/')
        return ds_fail(err, DS_E_CONFIG, "'refresh_token_file' must begin with /");
    add_directory(&directory, path);
    rc = read_token(path, &token, err);
    if (!rc && access(directory.text, W_OK | X_OK) != 0) {
        ds_fail(err, DS_E_CONFIG, "this user cannot write in '%s': %s", directory.text,
                strerror(errno));
        rc = ds_hint(err, "Salesforce may replace the token with each login, so the file must "
                          "stand where it can be replaced, as in /var/lib/dealsync");
    }
    ds_secret_clear(&token);
    ds_buf_clear(&directory);
    return rc;
}

/* --- one at a time --------------------------------------------------------------------------- */

/* The lock belongs to the open file, so it is gone with its process; the file stays. */
static int take_lock(struct ds_sf_refresh *r, struct ds_http *http, struct ds_err *err)
{
    struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct ds_buf name = DS_BUF_INIT(DS_MAX_TEXT);
    int64_t until = ds_ticks() + TURN_MS;
    int rc = DS_OK;

    ds_buf_addf(&name, "%s.lock", r->path);
    r->lock = open(name.text, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (r->lock < 0)
        rc = ds_fail(err, DS_E_STORE, "cannot open '%s': %s", name.text, strerror(errno));
    while (!rc && fcntl(r->lock, F_OFD_SETLK, &all) != 0) {
        if (errno != EAGAIN && errno != EACCES)
            rc = ds_fail(err, DS_E_STORE, "cannot lock '%s': %s", name.text, strerror(errno));
        else if (ds_ticks() >= until)
            rc = ds_fail(err, DS_E_LATER, "another run holds '%s' for more than %d s", name.text,
                         TURN_MS / 1000);
        else
            rc = ds_http_pause(http, LOOK_MS, err);
    }
    ds_buf_clear(&name);
    return rc;
}

/* --- what is durable ------------------------------------------------------------------------- */

static int lost(const struct ds_sf_refresh *r, const char *what, struct ds_err *err)
{
    ds_fail(err, DS_E_STORE, "the new refresh token could not be kept: cannot %s '%s': %s", what,
            r->next.text, strerror(errno));
    return ds_hint(err,
                   "the old one may be dead by now: authorise the app again and put the new "
                   "token into '%s'",
                   r->path);
}

/* Names are durable once their directory is. */
static int sync_directory(const struct ds_sf_refresh *r)
{
    struct ds_buf name = DS_BUF_INIT(DS_MAX_TEXT);
    int fd, rc;

    add_directory(&name, r->path);
    fd = open(name.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    rc = fd < 0 ? -1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    ds_buf_clear(&name);
    return rc;
}

/* The new file takes the old one's place, in one step. */
static int replace(struct ds_sf_refresh *r, struct ds_err *err)
{
    if (rename(r->next.text, r->path) != 0)
        return lost(r, "rename", err);
    if (sync_directory(r) != 0)
        return lost(r, "sync the directory of", err);
    ds_step();
    return DS_OK;
}

/* The length of the line that the file begins with, its end included; 0: none is complete. */
static off_t line_length(int fd)
{
    char text[DS_MAX_TOKEN];
    ssize_t n = pread(fd, text, sizeof(text), 0);
    const char *end = n > 1 ? memchr(text, '\n', (size_t)n) : NULL;
    off_t len = end ? end - text + 1 : 0;

    explicit_bzero(text, sizeof(text));
    return len > 1 ? len : 0;
}

/* Whether a person has put another token in place since. */
static bool outdated(const struct ds_sf_refresh *r)
{
    struct stat old, new;

    if (stat(r->path, &old) != 0 || fstat(r->fd, &new) != 0)
        return false;
    return old.st_mtim.tv_sec > new.st_mtim.tv_sec ||
           (old.st_mtim.tv_sec == new.st_mtim.tv_sec &&old.st_mtim.tv_nsec > new.st_mtim.tv_nsec);
}

/* What an earlier run left: a token that only waits for its name, or nothing but the intention. */
static int finish_earlier(struct ds_sf_refresh *r, struct ds_err *err)
{
    off_t len;

    r->fd = open(r->next.text, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (r->fd < 0)
        return DS_OK;
    len = line_length(r->fd);
    if (outdated(r)) {
        unlink(r->next.text);
    } else if (len == 0) {
        r->cut = true;
    } else if (ftruncate(r->fd, len) != 0 || fsync(r->fd) != 0) {
        lost(r, "write", err);
    } else {
        replace(r, err);
    }
    close(r->fd);
    r->fd = -1;
    return err->status;
}

static int write_down(struct ds_sf_refresh *r, struct ds_err *err)
{
    ds_step();
    r->fd = open(r->next.text, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (r->fd >= 0 && fchmod(r->fd, S_IRUSR | S_IWUSR) == 0 && ftruncate(r->fd, 0) == 0 &&
        (errno = posix_fallocate(r->fd, 0, DS_MAX_TOKEN)) == 0 && fsync(r->fd) == 0 &&
        sync_directory(r) == 0) {
        ds_step();
        return DS_OK;
    }
    ds_fail(err, DS_E_STORE, "cannot write '%s': %s", r->next.text, strerror(errno));
    return ds_hint(err, "nothing is lost yet: make room, or let this user write there");
}

/* --- an exchange ----------------------------------------------------------------------------- */

int ds_sf_refresh_begin(struct ds_sf_refresh *r, struct ds_http *http, struct ds_err *err)
{
    if (ds_buf_failed(&r->next))
        return ds_fail_nomem(err);
    if (take_lock(r, http, err) || finish_earlier(r, err) || read_token(r->path, &r->token, err))
        return err->status;
    return write_down(r, err);
}

int ds_sf_refresh_keep(struct ds_sf_refresh *r, const char *token, struct ds_err *err)
{
    struct ds_buf line = DS_BUF_INIT(DS_MAX_TOKEN);
    int rc = DS_OK;

    if (!token || strcmp(token, r->token.text) == 0) {
        unlink(r->next.text);
        return DS_OK;
    }
    ds_buf_addf(&line, "%s\n", token);
    ds_step(); /* the one instant in which a token can be lost: it is here and nowhere else */
    if (ds_buf_failed(&line))
        rc = ds_fail(err, DS_E_REMOTE, "the new refresh token is longer than %u bytes",
                     DS_MAX_TOKEN);
    else if (pwrite(r->fd, line.text, line.len, 0) != (ssize_t)line.len ||
             ftruncate(r->fd, (off_t)line.len) != 0 || fsync(r->fd) != 0)
        rc = lost(r, "write", err);
    ds_secret_clear(&line);
    ds_step();
    return rc ? rc : replace(r, err);
}

void ds_sf_refresh_end(struct ds_sf_refresh *r, bool answered)
{
    if (r->fd >= 0 && answered && !r->cut)
        unlink(r->next.text);
    if (r->fd >= 0)
        close(r->fd);
    if (r->lock >= 0)
        close(r->lock);
    ds_secret_clear(&r->token);
    ds_buf_clear(&r->next);
}
