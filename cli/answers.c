#include "cli/answers.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/exit.h"
#include "cli/sections.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST      1000000u
#define MOST_TOLD 20

int ds_answers_add(struct ds_answers *answers, const struct ds_settlement *s, struct ds_err *err)
{
    if (answers->count == MOST)
        return ds_fail(err, DS_E_INPUT, "more than %u conflicts at once", MOST);
    if (answers->count == answers->room) {
        size_t room = answers->room ? 2 * answers->room : 64;
        struct ds_settlement *of = realloc(answers->of, room * sizeof(*of));

        if (!of)
            return ds_fail_nomem(err);
        answers->of = of;
        answers->room = room;
    }
    answers->of[answers->count++] = *s;
    return DS_OK;
}

int ds_answers_take(const char *word, enum ds_take *out, struct ds_err *err)
{
    int i = 0;

    while (i < DS_TAKES && strcmp(ds_take_names[i], word) != 0)
        i++;
    *out = (enum ds_take)i;
    if (i < DS_TAKES)
        return DS_OK;
    ds_fail(err, DS_E_USAGE, "to take '%s' is not known", word);
    ds_hint_nearest(err, word, ds_take_names);
    return ds_hint(err, "it is one of crm, store, base and value");
}

void ds_answers_complain(struct ds_answers *answers, const struct ds_err *why)
{
    if (answers->bad < MOST_TOLD)
        ds_exit_print(why);
    else if (answers->bad == MOST_TOLD)
        fputs("and more of them\n", stderr);
    answers->bad++;
}

void ds_answers_clear(struct ds_answers *answers)
{
    ds_arena_clear(&answers->arena);
    free(answers->of);
    *answers = (struct ds_answers){0};
}

/* --- from a file: read like any export ----------------------------------------------------------- */

enum { TAKE, VALUE, PATHS };

static const char *text_of(struct ds_arena *a, const struct ds_value *v)
{
    return v->text && v->len ? ds_text_trim(a, v->text, v->len) : "";
}

static int understand(struct ds_answers *answers, const struct ds_record *record,
                      struct ds_err *err)
{
    struct ds_arena *a = &answers->arena;
    struct ds_settlement s = {.where = ds_arena_dup(a, record->where ? record->where : "")};
    const char *take;
    long id;

    if (record->fault)
        return ds_fail(err, DS_E_INPUT, "%s", record->fault);
    for (size_t i = 0; i < PATHS; i++)
        if (record->values[i].text && memchr(record->values[i].text, '\0', record->values[i].len))
            return ds_fail(err, DS_E_USAGE, "a NUL byte");
    take = text_of(a, &record->values[TAKE]);
    s.value = text_of(a, &record->values[VALUE]);
    if (!take || !s.value || !s.where)
        return ds_fail_nomem(err);
    if (!*take && !*s.value)
        return DS_OK;
    if (!*take)
        return ds_fail(err, DS_E_USAGE, "a value, and 'take' is empty: write 'value' there");
    if (!record->id || !ds_text_int(record->id, 1, LONG_MAX, &id))
        return ds_fail(err, DS_E_USAGE, "the column 'id' holds no number of a conflict");
    if (ds_answers_take(take, &s.take, err))
        return err->status;
    if (*s.value && s.take != DS_TAKE_VALUE)
        return ds_fail(err, DS_E_USAGE, "a value, and 'take' is '%s'", take);
    s.id = id;
    return ds_answers_add(answers, &s, err);
}

/* A bad row is told, and the rest is read all the same. */
static int take_row(void *arg, const struct ds_record *record, struct ds_err *err)
{
    struct ds_answers *answers = arg;
    struct ds_err why = {0};

    if (!understand(answers, record, &why))
        return DS_OK;
    if (why.status == DS_E_NOMEM)
        return ds_fail_nomem(err);
    if (!record->fault) /* which says so itself */
        ds_err_where(&why, "%s", record->where ? record->where : "a row");
    ds_answers_complain(answers, &why);
    return DS_OK;
}

/* What stands between the columns: a spreadsheet may have made semicolons or tabs of the commas. */
static int find_delimiter(const char *path, const char **out, struct ds_err *err)
{
    static const char *const names[] = {"comma", "semicolon", "tab"};
    static const char marks[] = ",;\t";
    char line[4096] = "";
    struct stat st;
    int fd = ds_file_open(path, &st, err);
    ssize_t n;

    if (fd < 0)
        return err->status;
    n = read(fd, line, sizeof(line) - 1);
    close(fd);
    line[n > 0 ? n : 0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    *out = names[0];
    for (size_t i = 0; i < sizeof(marks) - 1; i++)
        if (strchr(line, marks[i])) {
            *out = names[i];
            break;
        }
    return DS_OK;
}

int ds_answers_read(struct ds_answers *answers, const char *path, struct ds_err *err)
{
    static const char *const paths[PATHS] = {[TAKE] = "take", [VALUE] = "value"};
    const char *names[] = {"path", "format", "id", "delimiter"};
    const char *values[] = {path, "csv", "id", NULL};
    const char *where[] = {path, path, path, path};
    const struct ds_options options = {
        .connection = "resolve", .count = 4, .names = names, .values = values, .where = where};
    const struct ds_query query = {.count = PATHS, .paths = paths};
    const struct ds_connector *file = ds_connector_find("file");
    const struct ds_sink sink = {.record = take_row, .arg = answers};
    struct ds_remote *remote = NULL;
    struct ds_buf next = DS_BUF_INIT(DS_MAX_URL);

    if (!find_delimiter(path, &values[3], err) && !file->open(&options, &remote, err))
        file->fetch(remote, &query, &sink, &next, err);
    if (err->status == DS_E_CONFIG) /* a column is not there: of a file that we were given */
        err->status = DS_E_INPUT;
    file->close(remote);
    ds_buf_clear(&next);
    return err->status;
}
