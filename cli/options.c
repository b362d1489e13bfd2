#include "cli/options.h"

#include "base/log.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/sections.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_CONFIG "/etc/dealsync/dealsync.conf"
#define DEFAULT_LIMIT  10
#define MANY           1000

enum {
    INIT = 1u << 0,
    CHECK = 1u << 1,
    STAGES = 1u << 2,
    DIFF = 1u << 3,
    SYNC = 1u << 4,
    BACKFILL = 1u << 5,
    CONFLICTS = 1u << 6,
    REJECTS = 1u << 7,
    HOLDS = 1u << 8,
    EXPLAIN = 1u << 9,
    STATUS = 1u << 10,
    RUNS = 1u << 11,
    VERIFY = 1u << 12,
    APPLY = 1u << 13,
    RESOLVE = 1u << 14,
    UNDO = 1u << 15,
    LINK = 1u << 16,
    UNLINK = 1u << 17,
    HISTORY = 1u << 18,
    EVERY = (1u << 19) - 1u,
    A_RUN = DIFF | VERIFY | SYNC | BACKFILL | APPLY | UNDO,
    TELLS = EVERY & ~(unsigned)(INIT | CHECK | LINK | UNLINK) /* has a format */
};

static const struct ds_cli_command commands[] = {
    {"init", INIT, "", 0, 0, ds_cmd_init, "write a first configuration and mapping to fill in"},
    {"check", CHECK, "[CONNECTION...]", 0, MANY, ds_cmd_check,
     "look whether configuration, store, remote and mapping work together"},
    {"stages", STAGES, "[CONNECTION]", 0, 1, ds_cmd_stages,
     "list the company's stages and what they map to"},
    {"diff", DIFF, "CONNECTION", 1, 1, ds_cmd_diff, "show what a run would do; write nothing"},
    {"apply", APPLY, "FILE", 1, 1, ds_cmd_apply, "carry out a plan that diff or undo has saved"},
    {"sync", SYNC, "CONNECTION...", 1, MANY, ds_cmd_sync, "bring in what has changed"},
    {"backfill", BACKFILL, "CONNECTION", 1, 1, ds_cmd_backfill,
     "bring in everything, once; goes on where it was interrupted"},
    {"verify", VERIFY, "CONNECTION", 1, 1, ds_cmd_verify,
     "compare everything on both sides; write nothing"},
    {"conflicts", CONFLICTS, "[CONNECTION | show ID]", 0, 2, ds_cmd_conflicts,
     "list what a person must decide on, or show one of them"},
    {"resolve", RESOLVE, "[ID...]", 0, MANY, ds_cmd_resolve,
     "settle conflicts: say which value counts"},
    {"link", LINK, "CONNECTION RECORD [DEAL]", 2, 3, ds_cmd_link,
     "say which deal a record is, or that it is one of its own"},
    {"unlink", UNLINK, "CONNECTION RECORD", 2, 2, ds_cmd_unlink, "part a record from its deal"},
    {"rejects", REJECTS, "[CONNECTION]", 0, 1, ds_cmd_rejects,
     "list the records that cannot become deals, and why"},
    {"holds", HOLDS, "[CONNECTION]", 0, 1, ds_cmd_holds,
     "list the changes that wait for their time"},
    {"explain", EXPLAIN, "DEAL", 1, 1, ds_cmd_explain,
     "tell the story of a deal, by its id or its CRM id"},
    {"history", HISTORY, "[DEAL]", 0, 1, ds_cmd_history,
     "list changes one by one, of a deal or of the last runs"},
    {"status", STATUS, "[CONNECTION]", 0, 1, ds_cmd_status,
     "show the last success of each connection, and what waits"},
    {"runs", RUNS, "[CONNECTION | show ID]", 0, 2, ds_cmd_runs,
     "list the last runs, or show all that one of them changed"},
    {"undo", UNDO, "RUN", 1, 1, ds_cmd_undo,
     "show what would restore what a run has replaced; write nothing"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* Options without a letter. */
enum {
    O_FIRST = 256,
    O_BACKFILL,
    O_EXIT_CODE,
    O_OUT,
    O_ONLY,
    O_ALL,
    O_FIELD,
    O_LIMIT,
    O_CRM,
    O_DIR,
    O_FROM,
    O_CONNECTOR,
    O_CONNECTION,
    O_DEAL,
    O_TAKE,
    O_VALUE,
    O_DRY,
    O_NEW,
    O_FORMAT,
    O_COLOR
};

static const struct {
    const char *name;
    int letter;
    const char *value;
    unsigned commands;
    const char *help;
} options[] = {
    {"backfill", O_BACKFILL, NULL, DIFF, "of what a backfill would do"},
    {"exit-code", O_EXIT_CODE, NULL, DIFF | VERIFY | UNDO, "exit with 2 when there are changes"},
    {"out", O_OUT, "FILE", DIFF | UNDO, "save the plan there, for 'apply'"},
    {"only", O_ONLY, "WHAT", DIFF | APPLY | UNDO,
     "only a part: deal=N, field=NAME, outcome=WORD or rule=R-N; may be given again"},
    {"all", O_ALL, NULL, A_RUN, "print every item as it comes, not only some of each kind"},
    {"field", O_FIELD, "FIELD", EXPLAIN | HISTORY | RESOLVE, "only of this field"},
    {"limit", O_LIMIT, "N", A_RUN | RUNS | HISTORY,
     "print at most so many of each kind, or runs (10)"},
    {"crm", O_CRM, "KIND", INIT, "salesforce, dynamics or file"},
    {"dir", O_DIR, "DIR", INIT, "where to write (the current directory)"},
    {"from", O_FROM, "FILE", STAGES | RESOLVE,
     "resolve: the CSV of 'conflicts', filled in; stages: of exported metadata"},
    {"connector", O_CONNECTOR, "KIND", STAGES, "what the file is from, without a connection"},
    {"connection", O_CONNECTION, "NAME", RESOLVE | HISTORY, "only of this connection"},
    {"deal", O_DEAL, "DEAL", RESOLVE, "only of this deal"},
    {"take", O_TAKE, "WHAT", RESOLVE, "crm, store, base or value: what the deal shall have"},
    {"value", O_VALUE, "TEXT", RESOLVE, "the value, for --take value; '' for none"},
    {"dry-run", O_DRY, NULL, RESOLVE | LINK | UNLINK, "only check it, and tell"},
    {"new", O_NEW, NULL, LINK, "the record is a deal of its own"},
    {"format", O_FORMAT, "FORMAT", TELLS, "text, json or csv (text)"},
    {"color", O_COLOR, "WHEN", EVERY, "auto, always or never (auto)"},
    {"config", 'c', "FILE", EVERY & ~(unsigned)INIT,
     "configuration to use ($DEALSYNC_CONFIG or " DEFAULT_CONFIG ")"},
    {"verbose", 'v', NULL, EVERY, "tell more; twice: each request, too"},
    {"quiet", 'q', NULL, EVERY, "tell only results and errors"},
    {"help", 'h', NULL, EVERY, "print this"},
    {"version", 'V', NULL, EVERY, "print the version"},
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

/* --- help --------------------------------------------------------------------------------- */

static void print_options(unsigned bits)
{
    printf("\noptions:\n");
    for (size_t i = 0; i < OPTIONS; i++) {
        char left[64];

        if (!(options[i].commands & bits))
            continue;
        snprintf(left, sizeof(left), "--%s%s%s", options[i].name, options[i].value ? " " : "",
                 options[i].value ? options[i].value : "");
        if (options[i].letter < O_FIRST)
            printf("  -%c, %-17s %s\n", options[i].letter, left, options[i].help);
        else
            printf("      %-17s %s\n", left, options[i].help);
    }
}

static void print_help(const struct ds_cli_command *c)
{
    if (c) {
        printf("usage: dealsync %s [OPTION...] %s\n\n%s\n", c->name, c->words, c->summary);
        print_options(c->bit);
        return;
    }
    printf("usage: dealsync COMMAND [OPTION...] [WORD...]\n\n"
           "keeps CRM opportunities and a deal store in agreement\n\ncommands:\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-10s %-26s %s\n", commands[i].name, commands[i].words, commands[i].summary);
    printf("\n'dealsync COMMAND --help' lists the options of a command; dealsync(1) has it all\n");
}

/* --- parsing ------------------------------------------------------------------------------ */

struct parsing {
    struct ds_cli *cli;
    unsigned used; /* bit per row of options */
    int verbose;
    bool help;
    bool version;
    const char *color;
    struct ds_err *err;
};

static int hint_help(struct ds_err *err)
{
    return ds_hint(err, "'dealsync --help' lists the commands, 'dealsync COMMAND --help' the "
                        "options of one");
}

static int take_word(const char *option, const char *value, const char *const *words,
                     struct ds_err *err)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], value) == 0)
            return i;
    ds_fail(err, DS_E_USAGE, "--%s cannot be '%s'", option, value);
    ds_hint_nearest(err, value, words);
    ds_hint(err, "'dealsync COMMAND --help' lists what it can be");
    return -1;
}

static int take_format(struct parsing *p, const char *value)
{
    int i = take_word("format", value, ds_format_names, p->err);

    if (i >= 0)
        p->cli->look.format = (enum ds_format)i;
    return p->err->status;
}

static int take_color(struct parsing *p, const char *value)
{
    static const char *const words[] = {"auto", "always", "never", NULL};
    int i = take_word("color", value, words, p->err);

    if (i >= 0)
        p->color = words[i];
    return p->err->status;
}

static int take_limit(struct parsing *p, const char *value)
{
    long n;

    if (!ds_text_int(value, 0, 1000000, &n))
        return ds_fail(p->err, DS_E_USAGE, "--limit is '%s', and must be a whole number", value);
    p->cli->look.limit = (size_t)n;
    return DS_OK;
}

static int take_option(struct parsing *p, int letter, const char *value)
{
    struct ds_cli *cli = p->cli;

    switch (letter) {
    case O_BACKFILL: cli->backfill = true; break;
    case O_EXIT_CODE: cli->exit_code = true; break;
    case O_OUT: cli->out = value; break;
    case O_ONLY: return ds_only_add(&cli->only, value, p->err);
    case O_ALL: cli->look.all = true; break;
    case O_FIELD: cli->field = value; break;
    case O_LIMIT: return take_limit(p, value);
    case O_CRM: cli->crm = value; break;
    case O_DIR: cli->dir = value; break;
    case O_FROM: cli->from = value; break;
    case O_CONNECTOR: cli->connector = value; break;
    case O_CONNECTION: cli->connection = value; break;
    case O_DEAL: cli->deal = value; break;
    case O_TAKE: cli->take = value; break;
    case O_VALUE: cli->value = value; break;
    case O_DRY: cli->dry = true; break;
    case O_NEW: cli->own = true; break;
    case O_FORMAT: return take_format(p, value);
    case O_COLOR: return take_color(p, value);
    case 'c': cli->config_path = value; break;
    case 'v': p->verbose++; break;
    case 'q': cli->quiet = true; break;
    case 'h': p->help = true; break;
    case 'V': p->version = true; break;
    default: break;
    }
    return DS_OK;
}

static int read_options(struct parsing *p, int argc, char **argv)
{
    struct option longs[OPTIONS + 1] = {{NULL, 0, NULL, 0}};
    int letter, row = 0;

    for (size_t i = 0; i < OPTIONS; i++)
        longs[i] = (struct option){options[i].name, options[i].value ? required_argument : 0, NULL,
                                   options[i].letter};
    opterr = 0;
    while ((letter = getopt_long(argc, argv, ":c:vqhV", longs, NULL)) != -1) {
        if (letter == ':' || letter == '?') {
            ds_fail(p->err, DS_E_USAGE,
                    letter == ':' ? "'%s' needs a value" : "unknown option '%s'", argv[optind - 1]);
            return hint_help(p->err);
        }
        for (row = 0; options[row].letter != letter; row++)
            ;
        p->used |= 1u << row;
        if (take_option(p, letter, optarg))
            return p->err->status;
    }
    return DS_OK;
}

static int find_command(const char *name, const struct ds_cli_command **out, struct ds_err *err)
{
    const char *words[COMMANDS + 1] = {NULL};

    for (size_t i = 0; i < COMMANDS; i++) {
        words[i] = commands[i].name;
        if (strcmp(commands[i].name, name) == 0) {
            *out = &commands[i];
            return DS_OK;
        }
    }
    ds_fail(err, DS_E_USAGE, "unknown command '%s'", name);
    ds_hint_nearest(err, name, words);
    return ds_hint(err, "'dealsync --help' lists the commands");
}

static int check_words(const struct parsing *p, const struct ds_cli_command *c)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if ((p->used >> i & 1u) && !(options[i].commands & c->bit)) {
            ds_fail(p->err, DS_E_USAGE, "--%s is no option of '%s'", options[i].name, c->name);
            return ds_hint(p->err, "'dealsync %s --help' lists them", c->name);
        }
    if (p->cli->count >= c->least && p->cli->count <= c->most)
        return DS_OK;
    ds_fail(p->err, DS_E_USAGE, "'%s' takes %s, and %zu word%s given", c->name,
            c->most ? c->words : "no words", p->cli->count, p->cli->count == 1 ? " was" : "s were");
    return ds_hint(p->err, "'dealsync %s --help' tells more", c->name);
}

/* NO_COLOR is obeyed unless a person says otherwise right now. */
static bool wants_color(const char *when)
{
    const char *no_color = getenv("NO_COLOR");

    if (strcmp(when, "auto") != 0)
        return strcmp(when, "always") == 0;
    return isatty(STDOUT_FILENO) && !(no_color && *no_color);
}

static void settle(struct parsing *p)
{
    struct ds_cli *cli = p->cli;
    const char *config = getenv("DEALSYNC_CONFIG");

    if (!cli->config_path)
        cli->config_path = config && *config ? config : DEFAULT_CONFIG;
    cli->look.color = wants_color(p->color);
    cli->look.verbose = p->verbose > 0;
    if (cli->quiet)
        ds_log_level_set(DS_LOG_ERROR);
    else if (p->verbose)
        ds_log_level_set(p->verbose > 1 ? DS_LOG_DEBUG : DS_LOG_INFO);
}

int ds_options_read(int argc, char **argv, struct ds_cli *cli,
                    const struct ds_cli_command **command, struct ds_err *err)
{
    struct parsing p = {.cli = cli, .color = "auto", .err = err};
    const struct ds_cli_command *c = NULL;

    cli->look.limit = DEFAULT_LIMIT;
    *command = NULL;
    if (read_options(&p, argc, argv))
        return err->status;
    if (p.version) {
        printf("dealsync %s\n", DS_VERSION);
        return DS_OK;
    }
    if (optind < argc && strcmp(argv[optind], "help") == 0) {
        p.help = true;
        optind++;
    }
    if (optind < argc && find_command(argv[optind], &c, err))
        return err->status;
    if (p.help) {
        print_help(c);
        return DS_OK;
    }
    if (!c) {
        ds_fail(err, DS_E_USAGE, "no command was given");
        return hint_help(err);
    }
    cli->command = c->name;
    cli->words = argv + optind + 1;
    cli->count = (size_t)(argc - optind - 1);
    settle(&p);
    *command = c;
    return check_words(&p, c);
}
