#include "cli/exit.h"
#include "cli/options.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_int interrupted; /* read by the threads of the lanes */

/* The first signal lets the run finish its batch, the second ends it at once. */
static void on_signal(int number)
{
    if (interrupted) {
        signal(number, SIG_DFL);
        raise(number);
    }
    interrupted = 1;
}

static void catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM};
    struct sigaction action = {.sa_handler = on_signal}, before = {0};

    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &action, NULL);
    sigaction(SIGHUP, NULL, &before);
    if (before.sa_handler != SIG_IGN) /* else nohup wants it to go on */
        sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a reader that went away is a write error */
    signal(SIGXFSZ, SIG_IGN); /* and so is a file at its limit */
}

/* Where a standard file was closed, the next one opened would take its number, and what is printed
 * would go into the store, a plan or a connection. Opened the wrong way round, so that what is lost
 * still counts as an error. */
static void fill_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* Files we make are ours alone, and no core file shows a secret (P-9). */
static void keep_private(void)
{
    const struct rlimit none = {0, 0};

    umask(S_IRWXG | S_IRWXO);
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    unsetenv("SSLKEYLOGFILE"); /* libcurl would write the keys of its connections there */
}

/* Results that did not arrive are a failure, whatever the command says. */
static int check_output(struct ds_err *err)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return DS_OK;
    return ds_fail(err, DS_E_STORE, "the output could not be written: %s",
                   errno ? strerror(errno) : "an earlier write failed");
}

static int run(struct ds_cli *cli, const struct ds_cli_command *command, struct ds_err *err)
{
    bool unconfigured =
        command->run == ds_cmd_init || (command->run == ds_cmd_stages && !cli->count);
    int rc = DS_OK;

    if (!unconfigured)
        rc = ds_config_load(cli->config_path, &cli->config, err);
    if (!rc)
        rc = command->run(cli, err);
    ds_config_free(cli->config);
    return rc;
}

int main(int argc, char **argv)
{
    const struct ds_cli_command *command = NULL;
    struct ds_cli cli = {.interrupted = &interrupted};
    struct ds_err err = {0};
    int rc;

    fill_standard_files();
    keep_private();
    catch_signals();
    rc = ds_options_read(argc, argv, &cli, &command, &err);
    if (!rc && command)
        rc = run(&cli, command, &err);
    if (!rc)
        rc = check_output(&err);
    if (rc) {
        fflush(stdout);
        ds_exit_print(&err);
    }
    return rc ? ds_exit_worse(ds_exit_code(rc), cli.exit) : cli.exit;
}
