/* dealsync-sim: plays a Salesforce org and a Dynamics 365 environment on two TLS ports. */
#include "tests/sim/catalog.h"
#include "tests/sim/control.h"
#include "tests/sim/dataset.h"
#include "tests/sim/dv_assertion.h"
#include "tests/sim/http.h"
#include "tests/sim/log.h"
#include "tests/sim/sf_job.h"
#include "tests/sim/sf_key.h"
#include "tests/sim/sf_query.h"
#include "tests/sim/token.h"
#include "tests/sim/world.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LARGEST_PEM = 1 << 20, EXIT_USAGE = 64 };

enum text_option { CERT, KEY_FILE, JWT_CERT, READY, DATASET, CLIENT_CERT, TEXT_OPTIONS };
enum number_option { SF_PORT, DV_PORT, COUNT, OPEN_SHARE, PAGE, SEED, TOKEN_LIFE, NUMBER_OPTIONS };

struct options {
    const char *text[TEXT_OPTIONS];
    uint64_t number[NUMBER_OPTIONS];
};

static const struct option long_options[] = {
    {"cert", required_argument, NULL, CERT},
    {"key", required_argument, NULL, KEY_FILE},
    {"jwt-cert", required_argument, NULL, JWT_CERT},
    {"ready", required_argument, NULL, READY},
    {"dataset", required_argument, NULL, DATASET},
    {"client-cert", required_argument, NULL, CLIENT_CERT},
    {"salesforce-port", required_argument, NULL, TEXT_OPTIONS + SF_PORT},
    {"dynamics-port", required_argument, NULL, TEXT_OPTIONS + DV_PORT},
    {"count", required_argument, NULL, TEXT_OPTIONS + COUNT},
    {"open-share", required_argument, NULL, TEXT_OPTIONS + OPEN_SHARE},
    {"page", required_argument, NULL, TEXT_OPTIONS + PAGE},
    {"seed", required_argument, NULL, TEXT_OPTIONS + SEED},
    {"token-life", required_argument, NULL, TEXT_OPTIONS + TOKEN_LIFE},
    {NULL, 0, NULL, 0},
};

static const uint64_t largest[NUMBER_OPTIONS] = {65535, 65535,      25000000,  100,
                                                 5000,  UINT32_MAX, UINT32_MAX};

static int usage(void)
{
    fputs("usage: dealsync-sim --cert FILE --key FILE --jwt-cert FILE --ready FILE\n"
          "           [--client-cert FILE]\n"
          "           [--salesforce-port N] [--dynamics-port N] [--count N | --dataset DIR]\n"
          "           [--open-share PERCENT] [--page N] [--seed N] [--token-life SECONDS]\n",
          stderr);
    return EXIT_USAGE;
}

static bool read_number(const char *text, uint64_t max, uint64_t *n)
{
    char *end;

    errno = 0;
    *n = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && !errno && *n <= max;
}

static bool read_options(int argc, char **argv, struct options *o)
{
    int at;

    while ((at = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        if (at == '?')
            return false;
        if (at < TEXT_OPTIONS) {
            o->text[at] = optarg;
        } else if (!read_number(optarg, largest[at - TEXT_OPTIONS],
                                &o->number[at - TEXT_OPTIONS])) {
            fprintf(stderr, "dealsync-sim: '%s' is not a number from 0 to %llu\n", optarg,
                    (unsigned long long)largest[at - TEXT_OPTIONS]);
            return false;
        }
    }
    return optind == argc && o->text[CERT] && o->text[KEY_FILE] && o->text[JWT_CERT] &&
           o->text[READY];
}

static char *read_pem(const char *path)
{
    char *text = grab(LARGEST_PEM + 1);
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(text, 1, LARGEST_PEM, f) : 0;

    if (f)
        fclose(f);
    if (n == 0) {
        fprintf(stderr, "dealsync-sim: cannot read '%s'\n", path);
        free(text);
        return NULL;
    }
    return regrab(text, n + 1);
}

static bool write_ready(const char *path)
{
    char part[4096];
    FILE *f;
    bool good;

    snprintf(part, sizeof part, "%s.part", path);
    f = fopen(part, "w");
    if (!f) {
        fprintf(stderr, "dealsync-sim: cannot write '%s'\n", part);
        return false;
    }
    fprintf(f, "salesforce=%s\ndynamics=%s\npid=%ld\n", settings.origin[SALESFORCE],
            settings.origin[DYNAMICS], (long)getpid());
    good = fclose(f) == 0 && rename(part, path) == 0;
    if (!good)
        fprintf(stderr, "dealsync-sim: cannot write '%s'\n", path);
    return good;
}

/* Where the option does not say: beside the other key, if it is there. */
static bool load_client(const struct options *o)
{
    const char *other = o->text[JWT_CERT], *slash = strrchr(other, '/');
    char beside[4096];

    if (o->text[CLIENT_CERT])
        return assertion_load(o->text[CLIENT_CERT]);
    snprintf(beside, sizeof beside, "%.*sdv-client.pem", slash ? (int)(slash + 1 - other) : 0,
             other);
    return access(beside, R_OK) != 0 || assertion_load(beside);
}

static bool prepare(const struct options *o)
{
    settings = (struct settings){
        .count = (uint32_t)o->number[COUNT],
        .dataset = o->text[DATASET] != NULL,
        .seed = o->number[SEED],
        .open_share = (uint32_t)o->number[OPEN_SHARE],
        .page = (uint32_t)o->number[PAGE],
        .token_life = (int64_t)o->number[TOKEN_LIFE],
        .multi_currency = true,
    };
    if (!token_load_key(o->text[JWT_CERT]) || !load_client(o))
        return false;
    if (settings.dataset)
        return dataset_load(o->text[DATASET]);
    catalog_build();
    return true;
}

/* Runs until SIGTERM or SIGINT, which all threads leave to this one. */
static int serve(const struct options *o, const sigset_t *signals)
{
    struct http_config config = {
        .ports = {(uint16_t)o->number[SF_PORT], (uint16_t)o->number[DV_PORT]},
        .cert = read_pem(o->text[CERT]),
        .key = read_pem(o->text[KEY_FILE]),
    };
    int status = EXIT_FAILURE, signal;

    if (config.cert && config.key && http_start(&config) && write_ready(o->text[READY]) &&
        sigwait(signals, &signal) == 0)
        status = EXIT_SUCCESS;
    http_stop();
    free(config.cert);
    free(config.key);
    return status;
}

int main(int argc, char **argv)
{
    struct options o = {.number = {[COUNT] = 1000, [OPEN_SHARE] = 50, [SEED] = 1}};
    sigset_t signals;
    int status = EXIT_FAILURE;

    if (!read_options(argc, argv, &o))
        return usage();
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (prepare(&o))
        status = serve(&o, &signals);
    sf_query_clear();
    sf_job_clear();
    control_clear();
    world_clear();
    sf_key_clear();
    dataset_clear();
    catalog_clear();
    token_clear();
    fault_reset();
    log_clear();
    return status;
}
