#include "connectors/salesforce/chain.h"
#include "connectors/salesforce/fetch.h"
#include "connectors/salesforce/read.h"

#include "base/date.h"
#include "base/log.h"
#include "base/text.h"

#include <string.h>

enum {
    MOST_PARENTS = 55, /* relationships in one query, by SOQL's own limit */
    AT_ONCE = 16       /* of them in one condition */
};

/* A question for what was changed of some parents. */
struct question {
    struct ds_sf_fetch *f;
    const struct ds_sf_list *list; /* of children; NULL: of the opportunities' own parents */
    int (*ask)(const struct question *q, const char *const *whose, size_t count,
               struct ds_err *err);
};

/* A question that not every org answers costs no run: what it would have told comes with the next
 * change of the opportunity itself. One that takes the org too long does: it cannot be put off. */
static int do_without(struct ds_err *err, const char *what)
{
    if (!strstr(err->text, "INVALID_FIELD"))
        return ds_err_where(err, "changes of %s", what);
    ds_log(DS_LOG_WARNING, "changes of %s that leave the opportunity alone are not seen: %s", what,
           err->text);
    ds_err_clear(err);
    return DS_OK;
}

/* Asks for all in one. What the org cannot answer so, for one of them has no stamp, or because no index
 * serves several tables, is asked of each. */
static int ask_all(const struct question *q, const char *const *whose, size_t count,
                   struct ds_err *err)
{
    int rc = q->ask(q, whose, count, err);

    if (!rc || !(strstr(err->text, "INVALID_FIELD") || strstr(err->text, "QUERY_TIMEOUT")))
        return rc;
    if (count == 1)
        return do_without(err, *whose[0] ? whose[0] : q->list->kind->path);
    ds_err_clear(err);
    rc = DS_OK;
    for (size_t i = 0; i < count && !rc; i++)
        rc = ask_all(q, whose + i, 1, err);
    return rc;
}

/* --- parents --------------------------------------------------------------------------------- */

struct parents {
    struct ds_arena arena;
    size_t count;
    const char *name[MOST_PARENTS]; /* "Account", "Account.Owner" */
};

static int add_parent(struct parents *p, const struct ds_sf_column *column, size_t depth,
                      struct ds_err *err)
{
    struct ds_buf name = DS_BUF_INIT(DS_MAX_TEXT);
    size_t at = 0;

    for (size_t i = 0; i < depth; i++)
        ds_buf_addf(&name, "%s%s", i ? "." : "", column->keys[i]);
    while (at < p->count && !ds_text_same_nocase(p->name[at], name.text))
        at++;
    if (at == p->count && at < MOST_PARENTS)
        p->name[p->count++] = ds_arena_dup(&p->arena, name.text);
    ds_buf_clear(&name);
    return at < p->count && !p->name[at] ? ds_fail_nomem(err) : DS_OK;
}

/* The parents that the mapping reads through, each once. Who edited the record last is none of them. */
static int find_parents(const struct ds_sf_columns *columns, struct parents *p, struct ds_err *err)
{
    int rc = DS_OK;

    for (size_t i = 0; i < columns->paths && !rc; i++) {
        const struct ds_sf_column *column;

        if (columns->path[i].column == DS_SF_NO_COLUMN)
            continue;
        column = &columns->column[columns->path[i].column];
        if (strcmp(column->keys[0], "LastModifiedBy") == 0)
            continue;
        for (size_t depth = 1; depth < column->depth && !rc; depth++)
            rc = add_parent(p, column, depth, err);
    }
    return rc;
}

/* The opportunities that the query in f->text finds. */
static int read_query(struct ds_sf_fetch *f, struct ds_err *err)
{
    struct ds_sf_chain chain;
    int rc;

    ds_sf_chain_init(&chain, f->remote, 0);
    rc = ds_sf_chain_begin(&chain, "queryAll", f->text.text, err);
    while (!rc && chain.under_way) {
        json_t *page = NULL, *rows = NULL;

        rc = ds_sf_chain_next(&chain, &page, &rows, err);
        if (!rc)
            rc = ds_sf_fetch_rows(f, rows, NULL, err);
        json_decref(page);
    }
    ds_sf_chain_clear(&chain);
    return rc;
}

/* The query leaves out those that the window has. */
static int ask_parents(const struct question *q, const char *const *whose, size_t count,
                       struct ds_err *err)
{
    struct ds_sf_fetch *f = q->f;
    struct ds_sf_range range = ds_sf_fetch_range(f);

    ds_buf_reset(&f->text);
    ds_sf_soql_parents(&f->text, f->reader.list.text, whose, count, &range);
    return read_query(f, err);
}

static int read_by_parents(struct ds_sf_fetch *f, const struct parents *p, struct ds_err *err)
{
    const struct question q = {.f = f, .ask = ask_parents};
    int rc = DS_OK;

    for (size_t at = 0; at < p->count && !rc; at += AT_ONCE)
        rc = ask_all(&q, p->name + at, p->count - at < AT_ONCE ? p->count - at : AT_ONCE, err);
    return rc;
}

/* --- currencies ------------------------------------------------------------------------------ */

int ds_sf_rates(struct ds_remote *remote, json_t **out, struct ds_err *err)
{
    json_t *rows = NULL, *row, *rates = json_object();
    size_t i;
    int rc = ds_sf_rows(remote, "SELECT IsoCode, ConversionRate FROM CurrencyType", &rows, err);

    json_array_foreach(rows, i, row)
    {
        const char *code = ds_json_text(row, "IsoCode");

        if (code && json_object_set(rates, code, json_object_get(row, "ConversionRate")) != 0)
            rc = ds_fail_nomem(err);
    }
    json_decref(rows);
    if (rc)
        json_decref(rates);
    else
        *out = rates;
    return rc;
}

/* Those in a currency of which the rate was changed in the window. */
static int read_by_currencies(struct ds_sf_fetch *f, struct ds_err *err)
{
    struct ds_sf_range range = ds_sf_fetch_range(f);
    struct ds_buf codes = DS_BUF_INIT(DS_MAX_TEXT), soql = DS_BUF_INIT(DS_MAX_TEXT);
    json_t *rows = NULL, *row;
    size_t i;
    int rc;

    ds_sf_soql_changed(&soql, "IsoCode", "CurrencyType", (const char *[]){""}, 1, range.lo_ms,
                       range.hi_ms);
    rc = ds_sf_rows(f->remote, soql.text, &rows, err);
    json_array_foreach(rows, i, row)
    {
        const char *code = ds_json_text(row, "IsoCode");

        if (code)
            ds_buf_addf(&codes, "%s'%.3s'", codes.len ? "," : "", code);
    }
    if (!rc && codes.len) {
        ds_buf_reset(&f->text);
        ds_sf_soql_currencies(&f->text, f->reader.list.text, codes.text, &range);
        rc = read_query(f, err);
        rc = rc ? do_without(err, "currencies") : rc;
    }
    json_decref(rows);
    ds_buf_clear(&codes);
    ds_buf_clear(&soql);
    return rc;
}

/* --- children -------------------------------------------------------------------------------- */

struct owners {
    struct ds_sf_fetch *f;
    size_t count;
    char id[DS_SF_MOST_IDS][DS_SF_ID];
};

/* Hands over the opportunities collected so far, but for those that the window has. */
static int flush(struct owners *o, struct ds_err *err)
{
    struct ds_sf_fetch *f = o->f;
    const char *ids[DS_SF_MOST_IDS];
    json_t *rows = json_array(), *row;
    size_t i;
    int rc;

    for (i = 0; i < o->count; i++)
        ids[i] = o->id[i];
    rc = o->count ? ds_sf_read_rows(&f->reader, "Id", ids, o->count,
                                    ds_option(f->remote->options, "where"), rows, err)
                  : DS_OK;
    o->count = 0;
    json_array_foreach(rows, i, row)
    {
        const struct ds_record *record;

        if (!rc)
            rc = ds_sf_reader_row(&f->reader, row, &record, err);
        if (rc)
            break;
        if (f->reader.stamp_ms < f->at.lo_ms)
            rc = f->sink->record(f->sink->arg, record, err);
    }
    json_decref(rows);
    return rc;
}

static int take_owner(void *arg, json_t *row, struct ds_err *err)
{
    struct owners *o = arg;
    const char *text = ds_json_text(row, "OpportunityId");
    char id[DS_SF_ID];

    if (!text || !ds_sf_id(text, id))
        return ds_fail(err, DS_E_REMOTE, "a child does not tell its opportunity");
    for (size_t i = o->count; i-- > 0;)
        if (strcmp(o->id[i], id) == 0)
            return DS_OK;
    memcpy(o->id[o->count++], id, sizeof(id));
    return o->count == DS_SF_MOST_IDS ? flush(o, err) : DS_OK;
}

/* "Product2" of "Product2.ProductCode"; the person of a member. */
static void add_parent_of(const struct ds_sf_list *list, struct ds_buf *out)
{
    const char *dot = list->field ? strrchr(list->field, '.') : NULL;

    if (list->kind->person)
        ds_buf_add(out, list->kind->person);
    else if (dot)
        ds_buf_add_bytes(out, list->field, (size_t)(dot - list->field));
}

static int ask_children(const struct question *q, const char *const *whose, size_t count,
                        struct ds_err *err)
{
    struct owners owners = {.f = q->f};
    struct ds_buf soql = DS_BUF_INIT(DS_MAX_TEXT);
    int rc;

    ds_sf_soql_changed(&soql, "OpportunityId", q->list->kind->object, whose, count, q->f->at.lo_ms,
                       q->f->at.hi_ms);
    rc = ds_sf_chain_each(q->f->remote, 0, "queryAll", soql.text, take_owner, &owners, err);
    ds_buf_clear(&soql);
    if (rc)
        return ds_sf_children_refuse(q->list, err);
    return flush(&owners, err);
}

/* Children that were added, changed or taken away, or whose own parent was changed. */
static int read_by_children(struct ds_sf_fetch *f, const struct ds_sf_list *list,
                            struct ds_err *err)
{
    const struct question q = {.f = f, .list = list, .ask = ask_children};
    struct ds_buf parent = DS_BUF_INIT(DS_MAX_TEXT);
    int rc;

    add_parent_of(list, &parent);
    rc = ask_all(&q, (const char *[]){"", parent.text}, parent.len ? 2 : 1, err);
    ds_buf_clear(&parent);
    return rc;
}

int ds_sf_related(struct ds_sf_fetch *f, struct ds_err *err)
{
    struct parents parents = {0};
    int rc = find_parents(&f->reader.columns, &parents, err);

    if (!rc)
        rc = read_by_parents(f, &parents, err);
    if (!rc && f->reader.columns.rated)
        rc = read_by_currencies(f, err);
    for (size_t i = 0; i < f->reader.children.count && !rc; i++)
        rc = read_by_children(f, &f->reader.children.list[i], err);
    ds_arena_clear(&parents.arena);
    return rc;
}
