/* init: a first configuration and mapping, generated so that they fit this program's own tables. */
#include "cli/cli.h"
#include "cli/starter.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const config_head =
    "; dealsync configuration; dealsync.conf(5) describes every key\n"
    ";\n"
    "; 1. fill in what is empty in [connection %s]; a line that begins with ';' is a comment\n"
    "; 2. put each secret into a file of its own that only its owner can read (umask 077), and\n"
    ";    write file:/PATH here; never the secret itself\n"
    "; 3. go through %s.mapping.conf\n"
    "; 4. dealsync check              until it finds no problem\n"
    "; 5. dealsync stages %s  and give each of the company's stages its line in the mapping\n"
    "; 6. dealsync diff %s    read what would happen; nothing is written\n"
    "; 7. dealsync backfill %s once, and dealsync sync %s from then on, by the timer\n"
    "\n"
    "[store]\n"
    "; the file that holds the deals; under systemd /var/lib/dealsync/deals.db\n"
    "path = %s\n"
    "\n"
    "[connection %s]\n"
    "connector = %s\n"
    "mapping = %s.mapping.conf\n";

/* A key that must be filled in stands there empty, so that it cannot be forgotten; the others show
 * what they are without a line. */
static void add_setting(struct ds_buf *out, const struct ds_setting *s)
{
    size_t len = strlen(s->name);
    bool any = s->name[len - 1] == '*';
    const char *value = s->fallback ? s->fallback : s->example;

    ds_buf_addf(out, "\n; %s", s->help);
    if (s->flags & DS_SETTING_REQUIRED)
        ds_buf_addf(out, ", for instance %s\n%s =\n", s->example, s->name);
    else
        ds_buf_addf(out, "\n; %.*s%s = %s\n", (int)(any ? len - 1 : len), s->name,
                    any ? "NAME" : "", value);
}

static void add_config(struct ds_buf *out, const struct ds_connector *c, const char *dir)
{
    const char *n = c->name;
    const char *store = strncmp(dir, "/etc", 4) == 0 ? "/var/lib/dealsync/deals.db" : "deals.db";
    const struct ds_setting *s;

    ds_buf_addf(out, config_head, n, n, n, n, n, n, store, n, n, n);
    for (s = c->settings; s->name; s++)
        add_setting(out, s);
    for (size_t i = 0; (s = ds_config_setting(i)) != NULL; i++)
        if (!(s->flags & DS_SETTING_REQUIRED))
            add_setting(out, s);
}

static int fail_there(const char *path, struct ds_err *err)
{
    ds_fail(err, DS_E_USAGE, "'%s' is there already", path);
    return ds_hint(err, "name another directory with --dir, or move it away");
}

/* Never over a file that is there: it may be the work of days. Not secret, and the service's user
 * must be able to read it. */
static int write_file(const char *path, const struct ds_buf *text, struct ds_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    ssize_t n;

    if (fd < 0 && errno == EEXIST)
        return fail_there(path, err);
    if (fd < 0)
        return ds_fail(err, DS_E_CONFIG, "cannot make '%s': %s", path, strerror(errno));
    n = write(fd, text->text, text->len);
    if (n != (ssize_t)text->len || fchmod(fd, S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH) != 0)
        ds_fail(err, DS_E_CONFIG, "cannot write '%s': %s", path, strerror(errno));
    if (close(fd) != 0)
        ds_fail(err, DS_E_CONFIG, "cannot write '%s': %s", path, strerror(errno));
    return err->status;
}

static int write_both(const char *dir, const struct ds_connector *c, struct ds_err *err)
{
    struct ds_buf path[2] = {DS_BUF_INIT(PATH_MAX), DS_BUF_INIT(PATH_MAX)};
    struct ds_buf text[2] = {DS_BUF_INIT(DS_MAX_FILE), DS_BUF_INIT(DS_MAX_FILE)};

    ds_buf_addf(&path[0], "%s/%s.mapping.conf", dir, c->name);
    ds_buf_addf(&path[1], "%s/dealsync.conf", dir);
    ds_starter_mapping(&text[0], c->name);
    add_config(&text[1], c, dir);
    for (size_t i = 0; i < 2 && err->status == DS_OK; i++)
        if (access(path[i].text, F_OK) == 0)
            fail_there(path[i].text, err);
    for (size_t i = 0; i < 2 && err->status == DS_OK; i++) {
        if (ds_buf_failed(&path[i]) || ds_buf_failed(&text[i]))
            ds_fail(err, DS_E_USAGE, "'%s' is too long", dir);
        else
            write_file(path[i].text, &text[i], err);
    }
    if (err->status == DS_OK)
        printf("wrote %s\nwrote %s\nnow read the first lines of %s: they say what to do next\n",
               path[0].text, path[1].text, path[1].text);
    for (size_t i = 0; i < 2; i++) {
        ds_buf_clear(&path[i]);
        ds_buf_clear(&text[i]);
    }
    return err->status;
}

/* Like the files in it, a new directory can be read by the service's user. */
static int make_dir(const char *dir, struct ds_err *err)
{
    if (mkdir(dir, S_IRWXU) == 0 ? chmod(dir, S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH) == 0
                                 : errno == EEXIST)
        return DS_OK;
    return ds_fail(err, DS_E_CONFIG, "cannot make '%s': %s", dir, strerror(errno));
}

int ds_cmd_init(struct ds_cli *cli, struct ds_err *err)
{
    const char *dir = cli->dir ? cli->dir : ".";
    const struct ds_connector *connector;

    if (!cli->crm) {
        ds_fail(err, DS_E_USAGE, "init needs to know the kind of remote");
        return ds_hint(err, "say --crm salesforce, --crm dynamics or --crm file");
    }
    if (ds_config_connector(cli->crm, DS_E_USAGE, &connector, err) || make_dir(dir, err))
        return err->status;
    return write_both(dir, connector, err);
}
