#include "engine/planfile.h"

#include "base/date.h"
#include "base/file.h"
#include "base/json.h"
#include "base/step.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMAT   1
#define MAX_ITEM (8u << 20)

const char *ds_plan_key(struct ds_arena *a, const struct ds_item *item)
{
    const struct ds_theirs *t = item->theirs;

    if (!t->id)
        return ds_arena_printf(a, "deal %" PRId64, item->deal);
    return ds_arena_printf(a, "%s %s",
                           t->released  ? "hold"
                           : t->repeats ? "repeat"
                                        : "record",
                           t->id);
}

/* --- one item as JSON --------------------------------------------------------------------------- */

static void member(struct ds_buf *out, const char *key, const char *value)
{
    ds_buf_addf(out, ",\"%s\":", key);
    ds_text_to_json_or_null(out, value);
}

static void add_change(struct ds_buf *out, const struct ds_change *c, bool decision)
{
    ds_buf_addf(out, "{\"field\":\"%s\",\"move\":\"%s\",\"case\":\"M-%d\"",
                ds_fields[c->field].name, ds_move_names[c->move], c->case_number);
    if (c->rule)
        ds_buf_addf(out, ",\"rule\":\"R-%d\"", c->rule);
    member(out, "base", c->base);
    member(out, "ours", c->ours);
    member(out, "theirs", c->theirs);
    if (c->joined)
        member(out, "joined", c->joined);
    if (!decision)
        member(out, "why", c->why);
    ds_buf_add_char(out, '}');
}

static void add_deal(struct ds_buf *out, const char *key, const struct ds_deal *d)
{
    if (!d->given)
        return;
    ds_buf_addf(out, ",\"%s\":", key);
    ds_deal_to_json(out, d);
}

/* What is decided, and for which versions. Nothing is done to the deal that a rival claims, and a dry
 * run may not know it yet. */
static void add_decision(struct ds_buf *out, const struct ds_item *item, bool decision)
{
    bool none = decision && item->case_number == DS_M_RIVAL;

    ds_buf_addf(
        out, "\"outcome\":\"%s\",\"case\":\"M-%d\",\"deal\":%" PRId64 ",\"deal_version\":%" PRId64,
        ds_outcome_names[item->outcome], item->case_number, none ? 0 : item->deal,
        none ? 0 : item->deal_version);
    member(out, "record_version", item->theirs->version);
    ds_buf_add(out, ",\"changes\":[");
    for (size_t i = 0; i < item->changes; i++) {
        ds_buf_add(out, i ? "," : "");
        add_change(out, &item->change[i], decision);
    }
    ds_buf_add_char(out, ']');
    add_deal(out, "write", &item->write);
    add_deal(out, "send", &item->push);
    add_deal(out, "wait", &item->wanted);
}

bool ds_plan_sum(const struct ds_item *item, char out[DS_HASH_TEXT])
{
    struct ds_buf text = DS_BUF_INIT(MAX_ITEM);
    bool works;

    add_decision(&text, item, true);
    works = !ds_buf_failed(&text);
    ds_hash(text.text, text.len, out);
    ds_buf_clear(&text);
    return works;
}

static void add_instant(struct ds_buf *out, const char *key, int64_t ms)
{
    char text[DS_INSTANT_TEXT];

    if (ms)
        member(out, key, ds_instant_text(ms, text));
}

static void add_item(struct ds_buf *out, const struct ds_item *item, const char *key,
                     const char *sum)
{
    const struct ds_theirs *t = item->theirs;

    ds_buf_addf(out, "{\"sum\":\"%s\"", sum);
    member(out, "about", key);
    member(out, "record", t->id);
    member(out, "name", item->name);
    if (t->where)
        member(out, "where", t->where);
    ds_buf_add_char(out, ',');
    add_decision(out, item, false);
    member(out, "why", item->why);
    if (item->warning)
        member(out, "warning", item->warning);
    add_instant(out, "hold_until", item->until_ms);
    if (t->mapped.problems) {
        ds_buf_add(out, ",\"reasons\":");
        ds_item_reasons_json(out, item);
    }
    ds_buf_add_char(out, '}');
}

/* --- writing ------------------------------------------------------------------------------------ */

struct ds_plan_writer {
    char *path;
    char *partial;
    FILE *items; /* without a name: the head, which stands first, is known last */
    uint64_t count;
    struct ds_buf line;
    struct ds_arena arena;
};

static int cannot(const char *what, const char *path, struct ds_err *err)
{
    return ds_fail(err, DS_E_INPUT, "cannot %s the plan '%s': %s", what, path, strerror(errno));
}

static void dispose(struct ds_plan_writer *w)
{
    if (w->items)
        fclose(w->items);
    ds_buf_clear(&w->line);
    ds_arena_clear(&w->arena);
    free(w->path);
    free(w->partial);
    free(w);
}

/* Never what somebody else has put there: a link, or a file that others can read. */
static FILE *open_partial(const char *path)
{
    int fd;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    return fd < 0 ? NULL : fdopen(fd, "w");
}

/* A place that cannot be written is better known before the records are fetched than after. */
static bool can_write(const char *partial)
{
    FILE *probe = open_partial(partial);

    if (!probe)
        return false;
    fclose(probe);
    return unlink(partial) == 0;
}

int ds_planfile_create(const char *path, struct ds_plan_writer **out, struct ds_err *err)
{
    struct ds_plan_writer *w;
    struct stat st;

    if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        ds_fail(err, DS_E_INPUT, "'%s' is no regular file, and a plan would take its place", path);
        return ds_hint(err, "name a file; '--format json' prints what a run would do");
    }
    w = calloc(1, sizeof(*w));
    if (!w)
        return ds_fail_nomem(err);
    ds_buf_init(&w->line, MAX_ITEM);
    w->path = strdup(path);
    if (asprintf(&w->partial, "%s.partial", path) < 0)
        w->partial = NULL;
    if (!w->path || !w->partial) {
        ds_fail_nomem(err);
    } else if (!can_write(w->partial)) {
        cannot("write", path, err);
        ds_hint(err, "save it in a directory that this user can write");
    } else if (!(w->items = tmpfile())) {
        cannot("begin", path, err);
    }
    if (err->status)
        dispose(w);
    else
        *out = w;
    return err->status;
}

int ds_planfile_add(struct ds_plan_writer *w, const struct ds_item *item, struct ds_err *err)
{
    char sum[DS_HASH_TEXT];
    const char *key = ds_plan_key(&w->arena, item);

    ds_buf_reset(&w->line);
    if (!key || !ds_plan_sum(item, sum))
        return ds_fail_nomem(err);
    add_item(&w->line, item, key, sum);
    ds_arena_reset(&w->arena);
    if (ds_buf_failed(&w->line))
        return ds_fail(err, DS_E_INPUT, "an item of the plan is longer than %u bytes", MAX_ITEM);
    w->count++;
    if (fputs(w->line.text, w->items) < 0 || putc('\n', w->items) < 0)
        return cannot("write", w->path, err);
    return DS_OK;
}

static void add_head(struct ds_buf *out, const struct ds_plan_head *head, uint64_t items)
{
    ds_buf_addf(out, "{\"dealsync_plan\":%d", FORMAT);
    member(out, "store", head->store);
    member(out, "connection", head->connection);
    member(out, "organisation", head->organisation);
    member(out, "fingerprint", head->fingerprint);
    member(out, "kind", head->kind);
    add_instant(out, "made", head->made_ms);
    member(out, "only", head->only);
    member(out, "answer", head->answer);
    member(out, "guard", head->guard);
    ds_buf_addf(out, ",\"undoes\":%" PRId64 ",\"count\":%" PRIu64 ",\"items\":[\n", head->undoes,
                items);
}

/* The sum goes over every byte before it, a line at a time: each line's sum with the last one's. */
static bool add_to_sum(char sum[DS_HASH_TEXT], const char *line, size_t len)
{
    struct ds_buf both = DS_BUF_INIT(MAX_ITEM + DS_HASH_TEXT + 1);
    bool works;

    ds_buf_add(&both, sum);
    ds_buf_add_bytes(&both, line, len);
    works = !ds_buf_failed(&both);
    ds_hash(both.text, both.len, sum);
    ds_buf_clear(&both);
    return works;
}

static bool copy(struct ds_plan_writer *w, FILE *to, char sum[DS_HASH_TEXT])
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    bool works = add_to_sum(sum, w->line.text, w->line.len) && fputs(w->line.text, to) >= 0;

    rewind(w->items);
    for (uint64_t n = 1; works && (len = getline(&line, &size, w->items)) > 0; n++) {
        const char *end = n < w->count ? ",\n" : "\n";

        line[--len] = '\0';
        works = add_to_sum(sum, line, (size_t)len) && fputs(line, to) >= 0 && fputs(end, to) >= 0;
    }
    works = works && !ferror(w->items) && fprintf(to, "],\"sum\":\"%s\"}\n", sum) > 0;
    free(line);
    return works;
}

int ds_planfile_finish(struct ds_plan_writer *w, const struct ds_plan_head *head,
                       struct ds_err *err)
{
    char sum[DS_HASH_TEXT] = "";
    bool works;
    FILE *to;

    if (!head) {
        dispose(w);
        return DS_OK;
    }
    ds_buf_reset(&w->line);
    add_head(&w->line, head, w->count);
    to = open_partial(w->partial);
    works = to && !ds_buf_failed(&w->line) && copy(w, to, sum) && fflush(to) == 0 &&
            fsync(fileno(to)) == 0;
    if (to && fclose(to) != 0)
        works = false;
    ds_step();
    if (!works || rename(w->partial, w->path) != 0) {
        cannot("write", w->path, err);
        if (to)
            unlink(w->partial);
    }
    ds_step();
    dispose(w);
    return err->status;
}

/* --- reading ------------------------------------------------------------------------------------ */

struct reading {
    const char *path;
    FILE *from;
    struct ds_buf line;
    struct ds_buf scratch;
};

static int no_plan(const struct reading *p, const char *why, struct ds_err *err)
{
    ds_fail(err, DS_E_INPUT, "'%s' is no plan that can be applied: %s", p->path, why);
    return ds_hint(err, "make it again with 'dealsync diff CONNECTION --out FILE'");
}

static int open_plan(struct reading *p, const char *path, struct ds_err *err)
{
    struct stat st;
    int fd = ds_file_open(path, &st, err);

    *p = (struct reading){.path = path,
                          .line = DS_BUF_INIT(MAX_ITEM + 2),
                          .scratch = DS_BUF_INIT((size_t)MAX_ITEM * 3)};
    if (fd < 0)
        return err->status;
    if (st.st_mode & S_IWOTH) {
        close(fd);
        ds_fail(err, DS_E_INPUT, "'%s' has mode %04o, everybody can change it", path,
                (unsigned)(st.st_mode & 07777));
        return ds_hint(err, "chmod o-w %s, and read it again before you apply it", path);
    }
    p->from = fdopen(fd, "r");
    if (p->from)
        return DS_OK;
    close(fd);
    return cannot("read", path, err);
}

static void close_plan(struct reading *p)
{
    if (p->from)
        fclose(p->from);
    ds_buf_clear(&p->line);
    ds_buf_clear(&p->scratch);
}

/* The next line without its end, which every line of a plan has; 0 at the end of the file. */
static ssize_t next_line(struct reading *p, struct ds_err *err)
{
    int c;

    ds_buf_reset(&p->line);
    while (!ds_buf_failed(&p->line) && (c = getc_unlocked(p->from)) != EOF && c != '\n')
        ds_buf_add_char(&p->line, (char)c);
    if (ds_buf_failed(&p->line))
        return no_plan(p, "a line is longer than any of a plan", err);
    if (feof(p->from) || ferror(p->from))
        return 0;
    return p->line.len ? (ssize_t)p->line.len : no_plan(p, "a line is empty", err);
}

/* What an item's line is without the comma behind it. */
static size_t item_length(const struct reading *p, ssize_t len)
{
    return (size_t)len - (len > 0 && p->line.text[len - 1] == ',');
}

static int parse(struct reading *p, size_t len, json_t **out, struct ds_err *err)
{
    struct ds_err why = {0};

    *out = NULL;
    if (ds_json_read(p->line.text, len, &p->scratch, out, &why))
        return no_plan(p, why.text, err);
    return DS_OK;
}

static const char *text_of(struct ds_arena *a, const json_t *head, const char *key)
{
    const char *text = ds_json_text(head, key);

    return ds_arena_dup(a, text ? text : "");
}

static int64_t number_of(const json_t *head, const char *key)
{
    const char *text = ds_json_text(head, key);

    return text ? strtoll(text, NULL, 10) : 0;
}

static int read_head(struct reading *p, struct ds_arena *a, struct ds_plan_head *out,
                     struct ds_err *err)
{
    ssize_t len = next_line(p, err);
    struct ds_buf whole = DS_BUF_INIT(DS_MAX_PAGE);
    struct ds_err why = {0};
    json_t *head = NULL;
    char made[DS_INSTANT_TEXT];

    if (len <= 0)
        return err->status ? err->status : no_plan(p, "it is empty", err);
    ds_buf_add_bytes(&whole, p->line.text, (size_t)len);
    ds_buf_add(&whole, "]}");
    if (!ds_json_read(whole.text, whole.len, &p->scratch, &head, &why) &&
        number_of(head, "dealsync_plan") == FORMAT) {
        *out = (struct ds_plan_head){.store = text_of(a, head, "store"),
                                     .connection = text_of(a, head, "connection"),
                                     .organisation = text_of(a, head, "organisation"),
                                     .fingerprint = text_of(a, head, "fingerprint"),
                                     .kind = text_of(a, head, "kind"),
                                     .only = text_of(a, head, "only"),
                                     .answer = text_of(a, head, "answer"),
                                     .guard = text_of(a, head, "guard"),
                                     .undoes = number_of(head, "undoes"),
                                     .items = (uint64_t)number_of(head, "count")};
        snprintf(made, sizeof(made), "%s", text_of(a, head, "made"));
        ds_instant(made, &out->made_ms);
    } else {
        no_plan(p, "it does not begin like one of this version", err);
    }
    json_decref(head);
    ds_buf_clear(&whole);
    return err->status;
}

/* Reads on to the end: as many items as the head says, and the sum that they have. */
static int check_sum(struct reading *p, const struct ds_plan_head *head, const char *first,
                     struct ds_err *err)
{
    char sum[DS_HASH_TEXT] = "";
    char last[DS_HASH_TEXT + 16];
    uint64_t items = 0;
    ssize_t len;
    bool works = add_to_sum(sum, first, strlen(first));

    while (works && (len = next_line(p, err)) > 0 && p->line.text[0] == '{') {
        works = add_to_sum(sum, p->line.text, item_length(p, len));
        items++;
    }
    if (err->status)
        return err->status;
    snprintf(last, sizeof(last), "],\"sum\":\"%s\"}", sum);
    if (!works || items != head->items || strcmp(p->line.text, last) != 0 || getc(p->from) != EOF)
        return no_plan(p, "it was edited, or is not complete", err);
    return DS_OK;
}

int ds_planfile_head(const char *path, struct ds_arena *a, struct ds_plan_head *out,
                     struct ds_err *err)
{
    struct reading p;
    const char *first;

    if (!open_plan(&p, path, err) && !read_head(&p, a, out, err)) {
        first = ds_arena_printf(a, "%s\n", p.line.text);
        if (first)
            check_sum(&p, out, first, err);
        else
            ds_fail_nomem(err);
    }
    close_plan(&p);
    return err->status;
}

int ds_planfile_each(const char *path,
                     int (*each)(void *arg, const json_t *item, struct ds_err *err), void *arg,
                     struct ds_err *err)
{
    struct reading p;
    json_t *item = NULL;
    ssize_t len;

    if (!open_plan(&p, path, err) && next_line(&p, err) > 0) {
        while (!err->status && (len = next_line(&p, err)) > 0 && p.line.text[0] == '{') {
            if (!parse(&p, item_length(&p, len), &item, err))
                each(arg, item, err);
            json_decref(item);
        }
    }
    close_plan(&p);
    return err->status;
}
