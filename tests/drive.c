/*
 * drive.c - one call into a connector, from the command line, told as JSON lines
 *
 *   dealsync-drive CONNECTOR WORD [OPTION...] [SETTING=VALUE...]
 *
 * For tests of what a connector does by itself, the writing above all. WORD is one of
 *
 *   identify  who and where we are
 *   check     what an admin should know
 *   fetch     every record of the query
 *   read      the records whose ids, or keys with --by-key, stand on standard input, one a line
 *   write     carries out the changes on standard input, one JSON object a line:
 *             {"id":ID,"version":V,"set":{PATH:NEW},"before":{PATH:OLD}}, with "key" in place of id
 *             and version for a creation. Values are texts or null; every path of "set" is among the
 *             paths and counts as written
 *
 * What comes out, one object a line: {"expect":N}, {"whole":WHY}, {"record":{...}}, {"mark":TEXT},
 * {"written":{"change":N,"status":"ok",...,"now":{...}}}, {"identity":{...}}, {"ok":TEXT}, {"warning":TEXT}, {"problem":TEXT}, {"next":CURSOR},
 * {"records":N}, {"cost":TEXT}, and {"error":{"status":...,"text":...,"hint":...}} at the end of a
 * call that failed. Exits 0 when the call succeeded, 1 when it failed, 64 on wrong usage. SIGINT
 * interrupts the run as it does for the program itself.
 */
#include "base/date.h"
#include "base/log.h"
#include "base/text.h"
#include "connectors/connector.h"

#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PATHS = 128, MOST_WORDS = 256, EXIT_USAGE = 64 };

struct drive {
    const struct ds_connector *connector;
    struct ds_arena arena;
    struct ds_options options;
    struct ds_remote *remote;
    struct ds_query query;
    const char *paths[MOST_PATHS];
    bool written[MOST_PATHS];
    const char *names[MOST_WORDS];
    const char *values[MOST_WORDS];
    const char *where[MOST_WORDS];
    json_t *changes; /* as they were read: their texts are borrowed */
    uint64_t records;
    long stop_after; /* records after which the run is interrupted; 0: never */
    long die_after;  /* marks after which the process is gone; 0: never */
    bool quiet;      /* tells only how many records there were */
    bool by_key;
};

static atomic_int interrupted;

static void interrupt(int sig)
{
    (void)sig;
    interrupted = 1;
}

/* --- what comes out -------------------------------------------------------------------------- */

static void emit(const char *name, json_t *value)
{
    json_t *line = json_pack("{s:o}", name, value);

    json_dumpf(line, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(line);
}

/* Bytes that are not UTF-8 are shown as a terminal would be shown them. */
static json_t *text_of(const char *text, size_t len)
{
    struct ds_buf shown = DS_BUF_INIT((size_t)DS_MAX_FIELD * 8);
    json_t *value;

    if (!text)
        return json_null();
    value = ds_text_fault(text, len) ? NULL : json_stringn(text, len);
    if (!value) {
        ds_text_to_terminal(&shown, text);
        value = json_string(shown.text);
        ds_buf_clear(&shown);
    }
    return value;
}

static json_t *texts_of(const char *text)
{
    return text_of(text, text ? strlen(text) : 0);
}

static json_t *record_of(const struct drive *d, const struct ds_record *r)
{
    json_t *out = json_object(), *values = json_object();

    json_object_set_new(out, "id", texts_of(r->id));
    json_object_set_new(out, "version", texts_of(r->version));
    json_object_set_new(out, "modified", texts_of(r->modified));
    json_object_set_new(out, "modified_by", texts_of(r->modified_by));
    if (r->fault)
        json_object_set_new(out, "fault", texts_of(r->fault));
    json_object_set_new(out, "deleted", json_boolean(r->deleted));
    for (size_t i = 0; i < d->query.count && r->values; i++)
        json_object_set_new(values, d->paths[i], text_of(r->values[i].text, r->values[i].len));
    json_object_set_new(out, "values", values);
    return out;
}

static const char *status_word(int status)
{
    static const struct {
        int status;
        const char *word;
    } words[] = {
        {DS_OK, "ok"},           {DS_E_RECORD, "record"}, {DS_E_LATER, "later"},
        {DS_E_REMOTE, "remote"}, {DS_E_AUTH, "auth"},     {DS_E_INPUT, "input"},
        {DS_E_CONFIG, "config"}, {DS_E_STALE, "stale"},   {DS_E_NOMEM, "nomem"},
        {DS_E_BUG, "bug"},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i].status == status)
            return words[i].word;
    return "other";
}

/* --- the sink -------------------------------------------------------------------------------- */

static int take_record(void *arg, const struct ds_record *record, struct ds_err *err)
{
    struct drive *d = arg;

    d->records++;
    if (!d->quiet)
        emit("record", record_of(d, record));
    if (d->stop_after && d->records >= (uint64_t)d->stop_after)
        return ds_fail(err, DS_E_LATER, "stopped after %ld records", d->stop_after);
    return DS_OK;
}

static int take_mark(void *arg, const char *resume, struct ds_err *err)
{
    struct drive *d = arg;

    (void)err;
    emit("mark", texts_of(resume));
    if (d->die_after && --d->die_after == 0) {
        fflush(stdout);
        _Exit(137);
    }
    return DS_OK;
}

static void take_expect(void *arg, uint64_t records)
{
    (void)arg;
    emit("expect", json_integer((json_int_t)records));
}

static int take_whole(void *arg, const char *why, struct ds_err *err)
{
    (void)arg;
    (void)err;
    emit("whole", texts_of(why));
    return DS_OK;
}

static int take_written(void *arg, const struct ds_written *what, struct ds_err *err)
{
    json_t *out = json_object();

    (void)err;
    json_object_set_new(out, "change", json_integer((json_int_t)what->change));
    json_object_set_new(out, "status", json_string(status_word(what->status)));
    json_object_set_new(out, "text", texts_of(what->text));
    json_object_set_new(out, "now", what->now ? record_of(arg, what->now) : json_null());
    emit("written", out);
    fflush(stdout);
    return DS_OK;
}

/* --- what goes in ---------------------------------------------------------------------------- */

static char *read_line(struct drive *d)
{
    char *line = NULL, *copy = NULL;
    size_t size = 0;
    ssize_t len = getline(&line, &size, stdin);

    if (len > 0 && line[len - 1] == '\n')
        line[--len] = '\0';
    if (len > 0)
        copy = ds_arena_dup(&d->arena, line);
    free(line);
    return copy;
}

static size_t path_index(struct drive *d, const char *path)
{
    size_t i = 0;

    while (i < d->query.count && strcmp(d->paths[i], path) != 0)
        i++;
    return i;
}

static struct ds_value value_of(const json_t *value)
{
    return json_is_string(value)
               ? (struct ds_value){json_string_value(value), json_string_length(value)}
               : (struct ds_value){0};
}

/* The texts of a change are borrowed from the JSON, which lives as long as the drive. */
static bool read_change(struct drive *d, const char *line, struct ds_write *out)
{
    json_error_t at;
    json_t *change = json_loads(line, JSON_ALLOW_NUL, &at);
    json_t *set = json_object_get(change, "set"), *before = json_object_get(change, "before");
    struct ds_assign *assign = ds_arena_alloc(&d->arena, MOST_PATHS * sizeof(*assign));
    const char *path;
    json_t *value;

    if (change && json_array_append_new(d->changes, change))
        abort();
    if (!json_is_object(set) || !assign || json_object_size(set) > MOST_PATHS) {
        fprintf(stderr, "dealsync-drive: '%s' is no change\n", line);
        return false;
    }
    *out = (struct ds_write){
        .id = json_string_value(json_object_get(change, "id")),
        .version = json_string_value(json_object_get(change, "version")),
        .key = json_string_value(json_object_get(change, "key")),
        .values = assign,
    };
    json_object_foreach(set, path, value)
    {
        size_t i = path_index(d, path);

        if (i == d->query.count) {
            fprintf(stderr, "dealsync-drive: '%s' is not among the paths\n", path);
            return false;
        }
        d->written[i] = true;
        assign[out->count++] = (struct ds_assign){
            .path = i, .before = value_of(json_object_get(before, path)), .value = value_of(value)};
    }
    return true;
}

/* --- words ----------------------------------------------------------------------------------- */

static struct ds_sink sink_of(struct drive *d)
{
    return (struct ds_sink){.record = take_record,
                            .mark = take_mark,
                            .expect = take_expect,
                            .whole = take_whole,
                            .arg = d};
}

static int take_note(void *arg, enum ds_finding finding, const char *text)
{
    static const char *const names[] = {
        [DS_FINDING_OK] = "ok", [DS_FINDING_WARNING] = "warning", [DS_FINDING_PROBLEM] = "problem"};

    (void)arg;
    emit(names[finding], json_string(text));
    return DS_OK;
}

static int drive_check(struct drive *d, struct ds_err *err)
{
    return d->connector->check(d->remote, &d->query, take_note, d, err);
}

static int drive_identify(struct drive *d, struct ds_err *err)
{
    struct ds_identity who = {0};
    int rc = d->connector->identify(d->remote, &who, err);

    if (!rc)
        emit("identity", json_pack("{s:s,s:s,s:s}", "organisation", who.organisation, "user",
                                   who.user, "detail", who.detail));
    return rc;
}

static int drive_fetch(struct drive *d, struct ds_err *err)
{
    const struct ds_sink sink = sink_of(d);
    struct ds_buf next = DS_BUF_INIT(DS_MAX_TEXT);
    int rc = d->connector->fetch(d->remote, &d->query, &sink, &next, err);

    if (!rc)
        emit("next", texts_of(next.text));
    ds_buf_clear(&next);
    return rc;
}

static int drive_read(struct drive *d, struct ds_err *err)
{
    const struct ds_sink sink = sink_of(d);
    size_t count = 0, size = 0;
    const char **ids = NULL;
    int rc;

    for (char *line; (line = read_line(d)); ids[count++] = line)
        if (count == size) {
            size = size ? size * 2 : 64;
            ids = realloc(ids, size * sizeof(*ids));
            if (!ids)
                abort();
        }
    rc = d->connector->read(d->remote, &d->query, ids, count, d->by_key, &sink, err);
    free(ids);
    return rc;
}

static int drive_write(struct drive *d, struct ds_err *err)
{
    size_t count = 0, size = 0;
    struct ds_write *writes = NULL;
    int rc = DS_OK;

    for (char *line; (line = read_line(d)); count++) {
        if (count == size) {
            size = size ? size * 2 : 64;
            writes = realloc(writes, size * sizeof(*writes));
            if (!writes)
                abort();
        }
        if (!read_change(d, line, &writes[count]))
            exit(EXIT_USAGE);
    }
    rc = d->connector->write(d->remote, &d->query, writes, count, take_written, d, err);
    free(writes);
    return rc;
}

static const struct word {
    const char *name;
    unsigned needs; /* DS_CAN_ bits */
    int (*drive)(struct drive *d, struct ds_err *err);
} words[] = {
    {"identify", 0, drive_identify},
    {"check", 0, drive_check},
    {"fetch", 0, drive_fetch},
    {"read", DS_CAN_WRITE, drive_read},
    {"write", DS_CAN_WRITE, drive_write},
};

/* --- the command line ------------------------------------------------------------------------ */

static int usage(const char *why, const char *what)
{
    fprintf(stderr, "dealsync-drive: %s%s%s\n", why, *what ? ": " : "", what);
    fputs("usage: dealsync-drive CONNECTOR identify|check|fetch|read|write [--paths A,B,C] "
          "[--written "
          "A,B]\n"
          "           [--cursor TEXT] [--resume TEXT] [--by-key] [--stop-after RECORDS]\n"
          "           [--die-after MARKS] [--deadline SECONDS] [--quiet] [--verbose]\n"
          "           [SETTING=VALUE...]\n",
          stderr);
    return EXIT_USAGE;
}

static bool read_paths(struct drive *d, const char *list)
{
    char *rest = ds_arena_dup(&d->arena, list);

    for (char *part; (part = strsep(&rest, ","));) {
        if (d->query.count == MOST_PATHS)
            return false;
        d->paths[d->query.count++] = part;
    }
    return true;
}

static bool read_written(struct drive *d, const char *list)
{
    char *rest = ds_arena_dup(&d->arena, list);

    for (char *part; (part = strsep(&rest, ","));) {
        size_t i = path_index(d, part);

        if (i == d->query.count)
            return false;
        d->written[i] = true;
    }
    return true;
}

static const struct ds_setting *setting_of(const struct ds_connector *connector, const char *name)
{
    for (const struct ds_setting *s = connector->settings; s->name; s++) {
        size_t len = strcspn(s->name, "*");

        if (strncmp(s->name, name, len) == 0 && (s->name[len] == '*' || name[len] == '\0'))
            return s;
    }
    return NULL;
}

static void add_setting(struct drive *d, const char *name, const char *value, const char *where)
{
    size_t n = d->options.count++;

    d->names[n] = name;
    d->values[n] = value;
    d->where[n] = where;
}

/* The settings given, then the fallbacks of those that were not. */
static const char *read_settings(struct drive *d, char **words_left)
{
    for (; *words_left; words_left++) {
        char *name = ds_arena_dup(&d->arena, *words_left);
        char *value = strchr(name, '=');

        if (!value || d->options.count == MOST_WORDS)
            return *words_left;
        *value++ = '\0';
        if (!setting_of(d->connector, name))
            return *words_left;
        add_setting(d, name, value, "the command line");
    }
    for (const struct ds_setting *s = d->connector->settings; s->name; s++)
        if (s->fallback && !ds_option(&d->options, s->name) && d->options.count < MOST_WORDS)
            add_setting(d, s->name, s->fallback, NULL);
    return NULL;
}

enum choice {
    PATHS,
    WRITTEN,
    CURSOR,
    RESUME,
    BY_KEY,
    STOP_AFTER,
    DIE_AFTER,
    DEADLINE,
    QUIET,
    VERBOSE
};

static const struct option long_options[] = {
    {"paths", required_argument, NULL, PATHS},
    {"written", required_argument, NULL, WRITTEN},
    {"cursor", required_argument, NULL, CURSOR},
    {"resume", required_argument, NULL, RESUME},
    {"by-key", no_argument, NULL, BY_KEY},
    {"stop-after", required_argument, NULL, STOP_AFTER},
    {"die-after", required_argument, NULL, DIE_AFTER},
    {"deadline", required_argument, NULL, DEADLINE},
    {"quiet", no_argument, NULL, QUIET},
    {"verbose", no_argument, NULL, VERBOSE},
    {NULL, 0, NULL, 0},
};

static bool read_option(struct drive *d, int choice)
{
    switch (choice) {
    case PATHS: return read_paths(d, optarg);
    case WRITTEN: return read_written(d, optarg);
    case CURSOR: d->query.cursor = optarg; return true;
    case RESUME: d->query.resume = optarg; return true;
    case STOP_AFTER: return ds_text_int(optarg, 1, INT32_MAX, &d->stop_after);
    case DIE_AFTER: return ds_text_int(optarg, 1, INT32_MAX, &d->die_after);
    case DEADLINE:
        d->options.deadline_ms = ds_ticks() + strtol(optarg, NULL, 10) * 1000;
        return true;
    case BY_KEY: d->by_key = true; return true;
    case QUIET: d->quiet = true; return true;
    case VERBOSE: ds_log_level_set(DS_LOG_DEBUG); return true;
    default: return false;
    }
}

static int call(struct drive *d, const struct word *word)
{
    struct ds_buf cost = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_err err = {0};
    int rc = d->connector->open(&d->options, &d->remote, &err);

    if (!rc)
        rc = word->drive(d, &err);
    emit("records", json_integer((json_int_t)d->records));
    if (d->remote && d->connector->cost) {
        d->connector->cost(d->remote, &cost);
        emit("cost", texts_of(cost.text));
    }
    if (rc)
        emit("error", json_pack("{s:s,s:s,s:s}", "status", status_word(rc), "text", err.text,
                                "hint", err.hint));
    d->connector->close(d->remote);
    ds_buf_clear(&cost);
    return rc ? 1 : 0;
}

int main(int argc, char **argv)
{
    static struct drive d;
    const struct word *word = NULL;
    const char *unknown;
    int at;

    signal(SIGINT, interrupt);
    d.query.paths = d.paths;
    d.query.written = d.written;
    d.changes = json_array();
    d.options.connection = "drive";
    d.options.names = d.names;
    d.options.values = d.values;
    d.options.where = d.where;
    d.options.interrupted = &interrupted;
    while ((at = getopt_long(argc, argv, "", long_options, NULL)) != -1)
        if (!read_option(&d, at))
            return usage("wrong option", optarg ? optarg : "");
    if (argc - optind < 2)
        return usage("a connector and a word are wanted", "");
    d.connector = ds_connector_find(argv[optind]);
    if (!d.connector)
        return usage("no such connector", argv[optind]);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(words[i].name, argv[optind + 1]) == 0)
            word = &words[i];
    if (!word)
        return usage("no such word", argv[optind + 1]);
    if ((d.connector->abilities & word->needs) != word->needs)
        return usage("the connector cannot do that", argv[optind + 1]);
    unknown = read_settings(&d, argv + optind + 2);
    if (unknown)
        return usage("no such setting", unknown);
    at = call(&d, word);
    json_decref(d.changes);
    ds_arena_clear(&d.arena);
    return at;
}
