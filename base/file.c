#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct kind {
    const char *prefix;
    int (*read)(const char *name, const char *what, struct ds_buf *out, struct ds_err *err);
};

/* Opening a pipe must not wait for its other end. */
int ds_file_open(const char *path, struct stat *st, struct ds_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

    if (fd < 0 || fstat(fd, st) != 0) {
        ds_fail(err, DS_E_INPUT, "cannot open '%s': %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (!S_ISREG(st->st_mode)) {
        ds_fail(err, DS_E_INPUT, "'%s' is no regular file", path);
        close(fd);
        return -1;
    }
    return fd;
}

/* The room is made at once: growing would leave copies of a secret behind. */
static int read_all(int fd, const char *path, const struct stat *st, struct ds_buf *out,
                    struct ds_err *err)
{
    size_t left = (size_t)st->st_size;
    char *to;

    if (left > out->max - out->len)
        return ds_fail(err, DS_E_INPUT, "'%s' is longer than %zu bytes", path, out->max);
    to = ds_buf_reserve(out, left);
    if (!to)
        return ds_fail_nomem(err);
    while (left) {
        ssize_t n = read(fd, to, left);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ds_fail(err, DS_E_INPUT, "cannot read '%s': %s", path, strerror(errno));
        if (n == 0)
            break;
        ds_buf_grown(out, (size_t)n);
        to += n;
        left -= (size_t)n;
    }
    return 0;
}

int ds_file_read(const char *path, struct ds_buf *out, struct ds_err *err)
{
    struct stat st;
    int fd = ds_file_open(path, &st, err);
    int rc;

    if (fd < 0)
        return err->status;
    rc = read_all(fd, path, &st, out, err);
    close(fd);
    return rc;
}

/* Whether the file's owner and mode keep a secret; `others` are the mode bits it must not have. */
static int check_private(const char *path, const struct stat *st, mode_t others, struct ds_err *err)
{
    if (st->st_uid != 0 && st->st_uid != geteuid()) {
        ds_fail(err, DS_E_CONFIG, "'%s' belongs to user %ju, who is neither root nor us", path,
                (uintmax_t)st->st_uid);
        return ds_hint(err, "run as that user, or give it to this one: chown %ju %s",
                       (uintmax_t)geteuid(), path);
    }
    if (st->st_mode & others) {
        ds_fail(err, DS_E_CONFIG, "'%s' has mode %04o, others can read it", path,
                (unsigned)(st->st_mode & 07777));
        return ds_hint(err, "chmod 600 %s", path);
    }
    return 0;
}

static int read_private(const char *path, const char *what, mode_t others, struct ds_buf *out,
                        struct ds_err *err)
{
    struct stat st;
    int fd = ds_file_open(path, &st, err);
    int rc = err->status;

    if (fd >= 0) {
        rc = check_private(path, &st, others, err);
        if (!rc)
            rc = read_all(fd, path, &st, out, err);
        close(fd);
    }
    if (fd < 0)
        ds_hint(err, "see whether it is there, and who may read it: namei -l '%s'", path);
    return rc ? ds_err_where(err, "%s", what) : 0;
}

static int read_file(const char *path, const char *what, struct ds_buf *out, struct ds_err *err)
{
    return read_private(path, what, 077, out, err);
}

static int read_credential(const char *name, const char *what, struct ds_buf *out,
                           struct ds_err *err)
{
    const char *directory = secure_getenv("CREDENTIALS_DIRECTORY");
    struct ds_buf path = DS_BUF_INIT(DS_MAX_TEXT);
    int rc;

    if (!*name || strchr(name, '/') || strcmp(name, "..") == 0)
        return ds_fail(err, DS_E_CONFIG, "%s: '%s' is no name of a credential", what, name);
    if (!directory) {
        ds_fail(err, DS_E_CONFIG, "%s: there is no credential '%s'", what, name);
        return ds_hint(err, "$CREDENTIALS_DIRECTORY is not set: run under systemd with "
                            "LoadCredential=, or use file:");
    }
    ds_buf_addf(&path, "%s/%s", directory, name);
    rc = ds_buf_failed(&path) ? ds_fail_nomem(err) : read_private(path.text, what, 07, out, err);
    ds_buf_clear(&path);
    return rc;
}

static int read_environment(const char *name, const char *what, struct ds_buf *out,
                            struct ds_err *err)
{
    const char *value = secure_getenv(name);

    if (!value)
        return ds_fail(err, DS_E_CONFIG, "%s: the environment variable '%s' is not set", what,
                       name);
    ds_buf_add(out, value);
    return ds_buf_failed(out)
               ? ds_fail(err, DS_E_CONFIG, "%s: the value of '%s' is too long", what, name)
               : 0;
}

static const struct kind kinds[] = {
    {"file:", read_file},
    {"credential:", read_credential},
    {"env:", read_environment},
};

static int take_secret(const struct kind *kind, const char *name, const char *what,
                       struct ds_buf *out, struct ds_err *err)
{
    size_t before = out->len;
    int rc = kind->read(name, what, out, err);

    if (rc) {
        if (rc == DS_E_INPUT)
            err->status = DS_E_CONFIG;
        return err->status;
    }
    if (out->len > before && out->text[out->len - 1] == '\n')
        out->len--;
    if (out->len > before && out->text[out->len - 1] == '\r')
        out->len--;
    if (out->len == before)
        return ds_fail(err, DS_E_CONFIG, "%s: '%s%s' is empty", what, kind->prefix, name);
    out->text[out->len] = '\0';
    if (strlen(out->text + before) != out->len - before)
        return ds_fail(err, DS_E_CONFIG, "%s: '%s%s' holds a NUL byte", what, kind->prefix, name);
    return 0;
}

int ds_secret_read(const char *reference, const char *what, struct ds_buf *out, struct ds_err *err)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t n = strlen(kinds[i].prefix);

        if (strncmp(reference, kinds[i].prefix, n) == 0)
            return take_secret(&kinds[i], reference + n, what, out, err);
    }
    ds_fail(err, DS_E_CONFIG, "%s: a secret may not stand in the configuration itself", what);
    return ds_hint(err, "put it into a file of mode 600 and write file:/path, credential:NAME or "
                        "env:NAME here");
}

void ds_secret_clear(struct ds_buf *b)
{
    if (b->size)
        explicit_bzero(b->text, b->size);
    ds_buf_clear(b);
}
