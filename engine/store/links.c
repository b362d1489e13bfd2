#include "engine/store/sqlite.h"

#define COLUMNS "l.deal, l.version, l.base, l.seen_version, d.version, l.deleted"

static struct ds_link link_of(struct ds_sql_row *row)
{
    return (struct ds_link){
        .deal = ds_sql_int(row, 0),
        .version = ds_sql_text(row, 1),
        .base = ds_sql_text(row, 2),
        .seen_version = ds_sql_int(row, 3),
        .deal_version = ds_sql_int(row, 4),
        .deleted = ds_sql_int(row, 5) != 0,
    };
}

int ds_store_link(struct ds_store *s, struct ds_arena *a, int64_t connection, const char *remote_id,
                  struct ds_link *out, struct ds_err *err)
{
    static const char sql[] = "SELECT " COLUMNS " FROM links l CROSS JOIN deals d ON d.id = l.deal"
                              " WHERE l.connection = ?1 AND l.remote_id = ?2";
    struct ds_sql_row row;
    int rc =
        ds_sql_row(s, SQL_LINK, sql, DS_ARGS(DS_INT(connection), DS_TEXT(remote_id)), a, &row, err);

    *out = (struct ds_link){0};
    if (rc <= 0)
        return rc;
    *out = link_of(&row);
    return ds_sql_end(&row, err);
}

int ds_store_link_of(struct ds_store *s, struct ds_arena *a, int64_t connection, int64_t deal,
                     const char **remote_id, struct ds_err *err)
{
    static const char sql[] = "SELECT remote_id FROM links WHERE deal = ?1 AND connection = ?2"
                              " AND NOT deleted ORDER BY id DESC LIMIT 1";
    struct ds_sql_row row;
    int rc =
        ds_sql_row(s, SQL_LINK_OF, sql, DS_ARGS(DS_INT(deal), DS_INT(connection)), a, &row, err);

    *remote_id = NULL;
    if (rc <= 0)
        return rc;
    *remote_id = ds_sql_text(&row, 0);
    return ds_sql_end(&row, err);
}

int ds_store_linked(struct ds_store *s, int64_t connection, int64_t deal, bool *linked,
                    struct ds_err *err)
{
    static const char sql[] = "SELECT 1 FROM links WHERE deal = ?1 AND connection = ?2";
    struct ds_sql_row row;
    int rc =
        ds_sql_row(s, SQL_LINKED, sql, DS_ARGS(DS_INT(deal), DS_INT(connection)), NULL, &row, err);

    *linked = rc > 0;
    return rc > 0 ? ds_sql_end(&row, err) : rc;
}

/* Two statements: one that may do either costs twice as much for a new link. */
int ds_store_link_save(struct ds_store *s, int64_t connection, const char *remote_id,
                       const struct ds_link *link, struct ds_err *err)
{
    static const char insert[] =
        "INSERT INTO links(connection, remote_id, deal, version, base, seen_version, deleted)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(connection, remote_id) DO NOTHING";
    static const char update[] = "UPDATE links SET deal = ?3, version = ?4, base = ?5,"
                                 " seen_version = ?6, deleted = ?7"
                                 " WHERE connection = ?1 AND remote_id = ?2";
    const struct ds_sql_arg args[] = {
        DS_INT(connection),     DS_TEXT(remote_id),  DS_INT(link->deal),
        DS_TEXT(link->version), DS_TEXT(link->base), DS_INT(link->seen_version),
        DS_INT(link->deleted),
    };

    if (s->links_of != connection && ds_sql_count_links(s, err))
        return err->status;
    s->links_of = connection;
    if (ds_sql_run(s, SQL_LINK_ADD, insert, args, 7, NULL, err))
        return err->status;
    if (sqlite3_changes(s->db) > 0) {
        s->links_added++;
        return DS_OK;
    }
    return ds_sql_run(s, SQL_LINK_SAVE, update, args, 7, NULL, err);
}

int ds_store_link_drop(struct ds_store *s, int64_t connection, const char *remote_id,
                       struct ds_err *err)
{
    return ds_sql_run(s, SQL_LINK_DROP,
                      "DELETE FROM links WHERE connection = ?1 AND remote_id = ?2",
                      DS_ARGS(DS_INT(connection), DS_TEXT(remote_id)), NULL, err);
}

int ds_store_links(struct ds_store *s, struct ds_arena *a, int64_t connection,
                   int (*each)(void *arg, const char *remote_id, const struct ds_link *link,
                               struct ds_err *err),
                   void *arg, struct ds_err *err)
{
    static const char sql[] = "SELECT " COLUMNS ", l.remote_id, l.id"
                              " FROM links l NOT INDEXED CROSS JOIN deals d ON d.id = l.deal"
                              " WHERE l.connection = ?1 AND l.id > ?2 ORDER BY l.id LIMIT 1";
    struct ds_sql_row row;
    int64_t id = 0;
    int rc;

    while ((rc = ds_sql_row(s, SQL_LINKS, sql, DS_ARGS(DS_INT(connection), DS_INT(id)), a, &row,
                            err)) > 0) {
        struct ds_link link = link_of(&row);
        const char *remote_id = ds_sql_text(&row, 6);

        id = ds_sql_int(&row, 7);
        rc = ds_sql_end(&row, err);
        if (!rc)
            rc = each(arg, remote_id, &link, err);
        if (rc)
            return rc;
    }
    return rc;
}

int ds_sql_count_links(struct ds_store *s, struct ds_err *err)
{
    int64_t added = s->links_added;

    s->links_added = 0;
    if (!added)
        return DS_OK;
    return ds_sql_run(s, SQL_LINK_COUNT, "UPDATE connections SET links = links + ?1 WHERE id = ?2",
                      DS_ARGS(DS_INT(added), DS_INT(s->links_of)), NULL, err);
}
