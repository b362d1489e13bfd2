/*
 * The statements on deals are made from ds_fields, one walk each. A stage goes in and comes out as
 * text like every other field: its INTEGER column converts it.
 */
#include "engine/store/sqlite.h"

#include "base/buf.h"

static void select_sql(struct ds_buf *sql)
{
    ds_buf_add(sql, "SELECT id, version, created_ms, updated_ms");
    for (int f = 0; f < DS_FIELDS; f++)
        ds_buf_addf(sql, ", %s", ds_fields[f].name);
    ds_buf_add(sql, " FROM deals WHERE id = ?1");
}

static void create_sql(struct ds_buf *sql)
{
    ds_buf_add(sql,
               "INSERT INTO deals(created_ms, updated_ms, created_run, updated_run, connection");
    for (int f = 0; f < DS_FIELDS; f++)
        ds_buf_addf(sql, ", %s", ds_fields[f].name);
    ds_buf_add(sql, ") VALUES (?1, ?1, ?2, ?2, ?3");
    for (int f = 0; f < DS_FIELDS; f++)
        ds_buf_add(sql, ", ?");
    ds_buf_add(sql, ")");
}

/* One statement for every set of fields: ?5 has a bit for each that is given. */
static void update_sql(struct ds_buf *sql)
{
    ds_buf_add(sql, "UPDATE deals SET version = version + 1, updated_run = ?3, updated_ms = ?4");
    for (int f = 0; f < DS_FIELDS; f++)
        ds_buf_addf(sql, ", %s = CASE WHEN ?5 >> %d & 1 THEN ? ELSE %s END", ds_fields[f].name, f,
                    ds_fields[f].name);
    ds_buf_add(sql, " WHERE id = ?1 AND version = ?2");
}

/* Prepares the statement of a slot when it is needed first, so that later calls find it there. */
static int prepare(struct ds_store *s, enum ds_sql slot, void (*make)(struct ds_buf *sql),
                   struct ds_err *err)
{
    struct ds_buf sql;
    int rc = DS_OK;

    if (s->query[slot])
        return DS_OK;
    ds_buf_init(&sql, DS_MAX_TEXT);
    make(&sql);
    if (ds_buf_failed(&sql))
        rc = ds_fail_nomem(err);
    else if (!ds_sql_query(s, slot, sql.text, err))
        rc = err->status;
    ds_buf_clear(&sql);
    return rc;
}

/* Runs a prepared statement with these arguments first and the fields of the deal behind them. */
static int run(struct ds_store *s, enum ds_sql slot, const struct ds_sql_arg *args, size_t count,
               const struct ds_deal *deal, int *changed, struct ds_err *err)
{
    struct ds_sql_arg all[8 + DS_FIELDS];

    for (size_t i = 0; i < count; i++)
        all[i] = args[i];
    for (size_t f = 0; f < DS_FIELDS; f++)
        all[count + f] = DS_TEXT(ds_given(deal, (enum ds_field)f) ? deal->value[f] : NULL);
    return ds_sql_run(s, slot, NULL, all, count + DS_FIELDS, changed, err);
}

int ds_store_deal(struct ds_store *s, struct ds_arena *a, int64_t id, struct ds_stored_deal *out,
                  struct ds_err *err)
{
    struct ds_sql_row row;
    int rc = prepare(s, SQL_DEAL, select_sql, err);

    *out = (struct ds_stored_deal){0};
    if (!rc)
        rc = ds_sql_row(s, SQL_DEAL, NULL, DS_ARGS(DS_INT(id)), a, &row, err);
    if (rc <= 0)
        return rc;
    out->id = ds_sql_int(&row, 0);
    out->version = ds_sql_int(&row, 1);
    out->created_ms = ds_sql_int(&row, 2);
    out->updated_ms = ds_sql_int(&row, 3);
    for (int f = 0; f < DS_FIELDS; f++) {
        const char *text = ds_sql_text(&row, 4 + f);
        const char *why = NULL;

        /* Another SQL client may have written "1000.00", or blanks at the end. What has no
         * canonical form is shown as it is. */
        if (text) {
            const char *canonical = ds_field_canonical(a, (enum ds_field)f, text, &why);

            text = why ? text : canonical;
        }
        ds_deal_set(&out->deal, (enum ds_field)f, text);
    }
    return ds_sql_end(&row, err);
}

int ds_store_deal_count(struct ds_store *s, uint64_t *out, struct ds_err *err)
{
    /* Deals are numbered without gaps. */
    struct ds_sql_row row;
    int rc = ds_sql_row(s, SQL_DEAL_COUNT, "SELECT max(id) FROM deals", NULL, 0, NULL, &row, err);

    *out = 0;
    if (rc <= 0)
        return rc;
    *out = (uint64_t)ds_sql_int(&row, 0);
    return ds_sql_end(&row, err);
}

#define HAS_NO_LINK                                                                                \
    " NOT EXISTS"                                                                                  \
    " (SELECT 1 FROM links l WHERE l.deal = d.id AND l.connection = ?1 AND NOT l.deleted)"

int ds_store_has_strangers(struct ds_store *s, int64_t connection, bool *out, struct ds_err *err)
{
    static const char sql[] = "SELECT 1 FROM deals d WHERE" HAS_NO_LINK " LIMIT 1";
    struct ds_sql_row row;
    int rc = ds_sql_row(s, SQL_DEAL_STRANGERS, sql, DS_ARGS(DS_INT(connection)), NULL, &row, err);

    *out = rc > 0;
    return rc > 0 ? ds_sql_end(&row, err) : rc;
}

int ds_store_deal_by_crm_id(struct ds_store *s, const char *crm_id, uint64_t *count, int64_t *id,
                            struct ds_err *err)
{
    static const char sql[] = "SELECT count(*), min(id) FROM deals WHERE crm_id = ?1";
    struct ds_sql_row row;
    int rc = ds_sql_row(s, SQL_DEAL_BY_CRM_ID, sql, DS_ARGS(DS_TEXT(crm_id)), NULL, &row, err);

    *count = 0;
    *id = 0;
    if (rc <= 0)
        return rc;
    *count = (uint64_t)ds_sql_int(&row, 0);
    *id = ds_sql_int(&row, 1);
    return ds_sql_end(&row, err);
}

int ds_store_deal_match(struct ds_store *s, int64_t connection, const struct ds_deal *like,
                        uint64_t *count, int64_t *id, struct ds_err *err)
{
    static const char sql[] =
        "SELECT count(*), min(d.id) FROM deals d WHERE d.name = ?2 AND d.customer_name IS ?3"
        " AND d.value IS ?4 AND" HAS_NO_LINK;
    struct ds_sql_row row;
    int rc =
        ds_sql_row(s, SQL_DEAL_MATCH, sql,
                   DS_ARGS(DS_INT(connection), DS_TEXT(like->value[DS_NAME]),
                           DS_TEXT(like->value[DS_CUSTOMER_NAME]), DS_TEXT(like->value[DS_VALUE])),
                   NULL, &row, err);

    *count = 0;
    *id = 0;
    if (rc <= 0)
        return rc;
    *count = (uint64_t)ds_sql_int(&row, 0);
    *id = ds_sql_int(&row, 1);
    return ds_sql_end(&row, err);
}

int ds_store_deal_create(struct ds_store *s, const struct ds_deal *deal, int64_t connection,
                         int64_t run_id, int64_t now_ms, int64_t *id, struct ds_err *err)
{
    int rc = prepare(s, SQL_DEAL_CREATE, create_sql, err);

    if (!rc)
        rc = run(s, SQL_DEAL_CREATE, DS_ARGS(DS_INT(now_ms), DS_SOME(run_id), DS_SOME(connection)),
                 deal, NULL, err);
    if (!rc)
        *id = sqlite3_last_insert_rowid(s->db);
    return rc;
}

int ds_store_deal_update(struct ds_store *s, int64_t id, int64_t version,
                         const struct ds_deal *changes, int64_t connection, int64_t run_id,
                         int64_t now_ms, bool *stale, struct ds_err *err)
{
    static const char touch[] = "INSERT OR IGNORE INTO touched SELECT connection, deal FROM links"
                                " WHERE deal = ?1 AND connection <> ?2";
    int changed = 0;
    int rc = prepare(s, SQL_DEAL_UPDATE, update_sql, err);

    if (!rc)
        rc = run(s, SQL_DEAL_UPDATE,
                 DS_ARGS(DS_INT(id), DS_INT(version), DS_SOME(run_id), DS_INT(now_ms),
                         DS_INT(changes->given)),
                 changes, &changed, err);
    *stale = !rc && changed == 0;
    if (rc || *stale)
        return rc;
    return ds_sql_run(s, SQL_TOUCH_LINKS, touch, DS_ARGS(DS_INT(id), DS_INT(connection)), NULL,
                      err);
}
