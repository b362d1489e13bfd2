#include "connectors/file/file.h"

#include "connectors/file/ask.h"
#include "connectors/file/scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JOIN_PREFIX "lookup."

static const struct ds_setting settings[] = {
    {"path", NULL, DS_SETTING_REQUIRED, "the export, a CSV or JSON Lines file",
     "/var/lib/dealsync/import/opportunities.csv"},
    {"id", NULL, DS_SETTING_REQUIRED, "column that identifies a record", "opportunity_id"},
    {"format", NULL, 0, "csv or jsonl; by default the ending of the file's name tells", "csv"},
    {"delimiter", "comma", 0, "what separates CSV fields: comma, semicolon, tab or pipe",
     "semicolon"},
    {"modified", NULL, 0, "column with the instant of a record's last change, in UTC",
     "modified_at"},
    {JOIN_PREFIX "*", NULL, 0,
     "FILE COLUMN: joins the row of another CSV file whose COLUMN equals the column of this name",
     "accounts.csv account"},
    {0}};

/* A word of a setting, or a file's ending, and what it stands for. */
struct word {
    const char *word;
    const struct ds_rows_kind *kind;
    char delimiter;
};

static const struct word formats[] = {{"csv", &ds_csv, 0}, {"jsonl", &ds_jsonl, 0}, {0}};
static const struct word endings[] = {
    {".csv", &ds_csv, 0}, {".jsonl", &ds_jsonl, 0}, {".ndjson", &ds_jsonl, 0}, {0}};
static const struct word delimiters[] = {
    {"comma", NULL, ','}, {"semicolon", NULL, ';'}, {"tab", NULL, '\t'}, {"pipe", NULL, '|'}, {0}};

static const struct word *find_word(const struct word *words, const char *text)
{
    while (words->word && strcmp(words->word, text) != 0)
        words++;
    return words->word ? words : NULL;
}

static int fail_setting(const struct ds_options *options, const char *name, struct ds_err *err)
{
    const struct ds_setting *s = settings;

    while (strcmp(s->name, name) != 0)
        s++;
    if (ds_option(options, name))
        ds_fail(err, DS_E_CONFIG, "%s: '%s' is no value for '%s'", ds_option_where(options, name),
                ds_option(options, name), name);
    else
        ds_fail(err, DS_E_CONFIG, "%s: '%s' is missing", options->connection, name);
    return ds_hint(err, "%s: %s", name, s->help);
}

static int read_format(struct ds_remote *r, struct ds_err *err)
{
    const char *format = ds_option(r->options, "format");
    const char *ending = strrchr(r->path, '.');
    const struct word *word = format   ? find_word(formats, format)
                              : ending ? find_word(endings, ending)
                                       : NULL;

    if (word) {
        r->kind = word->kind;
        return DS_OK;
    }
    if (format)
        return fail_setting(r->options, "format", err);
    ds_fail(err, DS_E_CONFIG, "%s: the ending of '%s' does not tell its format",
            ds_option_where(r->options, "path"), r->path);
    return ds_hint(err, "say 'format = csv' or 'format = jsonl'");
}

static int read_delimiter(struct ds_remote *r, struct ds_err *err)
{
    const struct word *word = find_word(delimiters, ds_option(r->options, "delimiter"));

    if (!word)
        return fail_setting(r->options, "delimiter", err);
    r->delimiter = word->delimiter;
    return DS_OK;
}

/* "accounts.csv account": the name of the file holds no blanks, that of the column may. */
static int read_join(struct ds_remote *r, const char *setting, const char *value,
                     struct ds_err *err)
{
    size_t file_len = strcspn(value, " \t");
    const char *column = value + file_len + strspn(value + file_len, " \t");
    const char *slash = strrchr(r->path, '/');
    size_t dir_len = slash && *value != '/' ? (size_t)(slash - r->path) + 1 : 0;
    struct ds_join *join = &r->join[r->joins++];

    join->name = setting + strlen(JOIN_PREFIX);
    join->name_len = strlen(join->name);
    join->column = column;
    join->path =
        ds_arena_printf(&r->arena, "%.*s%.*s", (int)dir_len, r->path, (int)file_len, value);
    if (!join->path)
        return ds_fail_nomem(err);
    if (join->name_len > 0 && file_len > 0 && *column)
        return DS_OK;
    ds_fail(err, DS_E_CONFIG, "%s: '%s' does not say which file and column to look up in",
            ds_option_where(r->options, setting), value);
    return ds_hint(err, "for instance: " JOIN_PREFIX "account = accounts.csv account");
}

static int read_joins(struct ds_remote *r, struct ds_err *err)
{
    const struct ds_options *options = r->options;
    int rc = DS_OK;

    r->join = ds_arena_alloc(&r->arena, options->count * sizeof(*r->join));
    if (!r->join)
        return ds_fail_nomem(err);
    for (size_t i = 0; rc == DS_OK && i < options->count; i++)
        if (strncmp(options->names[i], JOIN_PREFIX, strlen(JOIN_PREFIX)) == 0)
            rc = read_join(r, options->names[i], options->values[i], err);
    return rc;
}

static int read_settings(struct ds_remote *r, struct ds_err *err)
{
    int rc;

    r->path = ds_option(r->options, "path");
    r->id = ds_option(r->options, "id");
    r->modified = ds_option(r->options, "modified");
    if (!r->path)
        return fail_setting(r->options, "path", err);
    if (!r->id)
        return fail_setting(r->options, "id", err);
    rc = read_format(r, err);
    if (rc == DS_OK)
        rc = read_delimiter(r, err);
    return rc == DS_OK ? read_joins(r, err) : rc;
}

static void file_close(struct ds_remote *r)
{
    if (!r)
        return;
    ds_arena_clear(&r->arena);
    free(r);
}

static int file_open(const struct ds_options *options, struct ds_remote **out, struct ds_err *err)
{
    struct ds_remote *r = calloc(1, sizeof(*r));
    int rc;

    if (!r)
        return ds_fail_nomem(err);
    r->options = options;
    rc = read_settings(r, err);
    if (rc == DS_OK)
        *out = r;
    else
        file_close(r);
    return rc;
}

/* Next month's export has another name, but its ids are the same company's. */
static int file_identify(struct ds_remote *r, struct ds_identity *out, struct ds_err *err)
{
    struct ds_scan *s;
    int rc = ds_scan_open(r, 0, &s, err);

    if (rc != DS_OK)
        return rc;
    snprintf(out->organisation, sizeof(out->organisation), "file:%s", r->id);
    out->user[0] = '\0';
    snprintf(out->detail, sizeof(out->detail), "%s, %" PRId64 " bytes", r->path, s->size);
    ds_scan_close(s);
    return DS_OK;
}

static int fetch_all(struct ds_scan *s, const struct ds_sink *sink, struct ds_err *err)
{
    const struct ds_record *record;
    int rc;

    while ((rc = ds_scan_next(s, &record, err)) == DS_OK && record) {
        rc = sink->record(sink->arg, record, err);
        if (rc != DS_OK)
            break;
    }
    return rc;
}

/* Never marks: a second row of one id is only known to be one when the first has been read, so an
 * interrupted import begins again, and finds what it has done unchanged. */
static int file_fetch(struct ds_remote *r, const struct ds_query *query, const struct ds_sink *sink,
                      struct ds_buf *next, struct ds_err *err)
{
    struct ds_scan *s = NULL;
    int rc = ds_scan_open(r, query->count, &s, err);

    for (size_t i = 0; rc == DS_OK && i < query->count; i++)
        rc = ds_scan_path(s, query->paths[i], err);
    if (rc == DS_OK)
        rc = fetch_all(s, sink, err);
    if (rc == DS_OK)
        ds_scan_file(s, next);
    ds_scan_close(s);
    return rc;
}

static void file_cost(struct ds_remote *r, struct ds_buf *out)
{
    (void)r;
    (void)out;
}

const struct ds_connector ds_file_connector = {
    .version = DS_CONNECTOR_VERSION,
    .name = "file",
    .title = "CSV or JSON Lines file",
    .abilities = DS_MAY_REPEAT | DS_READS_ALL,
    .settings = settings,
    .open = file_open,
    .close = file_close,
    .identify = file_identify,
    .check = ds_file_check,
    .fetch = file_fetch,
    .stages = ds_file_stages,
    .cost = file_cost,
};
