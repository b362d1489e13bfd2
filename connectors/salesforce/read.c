#include "connectors/salesforce/read.h"

#include "base/log.h"
#include "connectors/salesforce/chain.h"
#include "connectors/salesforce/soql.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOST_ADDRESS = 12000, /* bytes; address and headers together may have 16,384 */
    QUOTES = 9,           /* bytes that two quotes and a comma take in an address */
    FEWEST = 25           /* texts of one request */
};

int ds_sf_no_key(const struct ds_remote *remote, struct ds_err *err)
{
    ds_fail(err, DS_E_CONFIG, "%s: 'key_field' is missing, and nothing is created without it",
            remote->options->connection);
    return ds_hint(err, "name a text field of Opportunity that is an external id, unique, and at "
                        "least 36 characters long");
}

int ds_sf_reader_open(struct ds_sf_reader *reader, struct ds_remote *remote,
                      const struct ds_query *query, struct ds_err *err)
{
    *reader = (struct ds_sf_reader){.remote = remote};
    if (ds_sf_describe(remote, NULL, err))
        return err->status;
    return ds_sf_reader_init(reader, remote, query, err);
}

static int take_row(void *arg, json_t *row, struct ds_err *err)
{
    return json_array_append(arg, row) ? ds_fail_nomem(err) : DS_OK;
}

static int load_children(struct ds_sf_reader *reader, const json_t *rows, struct ds_err *err)
{
    const char **ids = calloc(json_array_size(rows) + 1, sizeof(*ids));
    size_t i, n = 0;
    json_t *row;
    int rc;

    if (!ids)
        return ds_fail_nomem(err);
    json_array_foreach(rows, i, row)
    {
        ids[n] = ds_json_text(row, "Id");
        n += ids[n] != NULL;
    }
    rc = ds_sf_children_load(&reader->children, ids, n, err);
    free(ids);
    return rc;
}

/* Composes the query for the next texts, as many as an address holds; tells how many. */
static size_t compose(const struct ds_sf_reader *reader, const char *column,
                      const char *const *texts, size_t count, const char *where, size_t bytes,
                      struct ds_buf *soql)
{
    size_t n = 0;

    ds_buf_reset(soql);
    ds_sf_soql_in(soql, reader->list.text, "Opportunity", column);
    do {
        bytes += strlen(texts[n]) + QUOTES;
        ds_sf_soql_item(soql, texts[n]);
    } while (++n < count && n < reader->remote->most_ids && bytes < MOST_ADDRESS);
    ds_buf_add_char(soql, ')');
    if (where)
        ds_buf_addf(soql, " AND (%s)", where);
    return n;
}

/* Whether it is worth another try with fewer texts, now and from now on: something on the way to the
 * org may take shorter addresses than the org itself. */
static bool shorten(struct ds_remote *remote, size_t count, struct ds_err *err)
{
    if (!remote->too_long || count <= FEWEST)
        return false;
    remote->too_long = false;
    remote->most_ids = count / 2;
    ds_log(DS_LOG_INFO, "records are asked for %zu at a time: %s", remote->most_ids, err->text);
    ds_err_clear(err);
    return true;
}

int ds_sf_read_rows(struct ds_sf_reader *reader, const char *column, const char *const *texts,
                    size_t count, const char *where, json_t *rows, struct ds_err *err)
{
    struct ds_buf list = DS_BUF_INIT(DS_MAX_URL), soql = DS_BUF_INIT(DS_MAX_TEXT);
    int rc = DS_OK;

    ds_http_escape(&list, reader->list.text);
    ds_http_escape(&list, where ? where : "");
    for (size_t at = 0; at < count && !rc;) {
        size_t n = compose(reader, column, texts + at, count - at, where, list.len, &soql);

        rc = ds_sf_chain_each(reader->remote, DS_SF_READ_LANE, "queryAll", soql.text, take_row,
                              rows, err);
        if (!rc)
            at += n;
        else if (shorten(reader->remote, n, err))
            rc = DS_OK;
    }
    ds_buf_clear(&list);
    ds_buf_clear(&soql);
    return rc ? rc : load_children(reader, rows, err);
}

/* Of texts that people give; one that is no id is refused by Salesforce together with all others. */
static int only_ids(struct ds_arena *a, const char *const *texts, size_t count, const char **ids,
                    size_t *found, struct ds_err *err)
{
    char id[DS_SF_ID];

    *found = 0;
    for (size_t i = 0; i < count; i++) {
        if (!ds_sf_id(texts[i], id))
            continue;
        ids[*found] = ds_arena_dup(a, id);
        if (!ids[(*found)++])
            return ds_fail_nomem(err);
    }
    return DS_OK;
}

/* The connector's function; what is read by key tells the key in `where`. */
int ds_sf_read(struct ds_remote *remote, const struct ds_query *query, const char *const *ids,
               size_t count, bool by_key, const struct ds_sink *sink, struct ds_err *err)
{
    const char *column = by_key ? ds_option(remote->options, "key_field") : "Id", **known = NULL;
    struct ds_sf_reader reader;
    int rc = ds_sf_reader_open(&reader, remote, query, err);

    if (!rc && !column)
        rc = ds_sf_no_key(remote, err);
    if (!rc && !by_key) {
        known = ds_arena_alloc(&reader.columns.arena, (count + 1) * sizeof(*known));
        rc = known ? only_ids(&reader.columns.arena, ids, count, known, &count, err)
                   : ds_fail_nomem(err);
        ids = known;
    }
    for (size_t at = 0; at < count && !rc; at += DS_SF_MOST_IDS) {
        size_t n = count - at < DS_SF_MOST_IDS ? count - at : DS_SF_MOST_IDS, i;
        json_t *rows = json_array(), *row;

        rc = ds_sf_read_rows(&reader, column, ids + at, n, NULL, rows, err);
        json_array_foreach(rows, i, row)
        {
            const struct ds_record *record;

            if (!rc)
                rc = ds_sf_reader_row(&reader, row, &record, err);
            if (rc)
                break;
            if (by_key)
                reader.record.where = reader.columns.raw[reader.own[DS_SF_OWN_KEY]].text;
            rc = sink->record(sink->arg, record, err);
        }
        json_decref(rows);
    }
    ds_sf_reader_clear(&reader);
    return rc;
}
