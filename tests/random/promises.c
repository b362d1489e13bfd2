#include "tests/random/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 12 /* of syncs until nothing moves any more */
#define DAYS_4 (INT64_C(4) * 24 * 3600 * 1000)

/* --- the second run is silent -------------------------------------------------------------------- */

/* A number that changes with any row that a run must not touch twice (P-3). */
static uint64_t digest(struct play *p)
{
    static const char *const queries[] = {
        "SELECT * FROM deals ORDER BY id",
        "SELECT * FROM links ORDER BY id",
        "SELECT * FROM history ORDER BY id",
        "SELECT * FROM conflicts ORDER BY id",
        "SELECT * FROM holds ORDER BY id",
        "SELECT * FROM rejects ORDER BY id",
        "SELECT * FROM claims ORDER BY id",
        "SELECT * FROM outbox ORDER BY id",
        "SELECT * FROM touched ORDER BY 1, 2",
        "SELECT id, organisation, fingerprint, resume, links, answer FROM connections ORDER BY id"};
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        sqlite3_stmt *q = NULL;

        if (sqlite3_prepare_v2(db_open(p), queries[i], -1, &q, NULL) != SQLITE_OK)
            broken(p, "%s: %s", queries[i], sqlite3_errmsg(p->db));
        while (q && sqlite3_step(q) == SQLITE_ROW)
            for (int c = 0; c < sqlite3_column_count(q); c++) {
                const char *text = (const char *)sqlite3_column_text(q, c);

                for (text = text ? text : "\1"; *text; text++)
                    hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
                hash *= UINT64_C(0x100000001b3);
            }
        sqlite3_finalize(q);
    }
    return hash;
}

/* Syncs both connections in turn; true when that has changed nothing. */
static bool still(struct play *p)
{
    uint64_t before = digest(p);
    unsigned writes = p->side[0].world->writes + p->side[1].world->writes;
    bool done = true;

    for (int i = 0; i < SIDES && !p->failed; i++) {
        play_run(p, &p->side[i], &(struct order){.command = DS_SYNC});
        if (p->told->status)
            broken(p, "a quiet sync of %s fails: %s", p->side[i].name, p->told->text);
    }
    done = writes == p->side[0].world->writes + p->side[1].world->writes && digest(p) == before;
    return done;
}

/* --- both sides ----------------------------------------------------------------------------------- */

struct pair {
    struct side *s;
    int64_t connection;
    int64_t deal;
    const char *id;
    struct ds_deal ours, theirs, base;
    bool held, conflict[DS_FIELDS], sends[DS_FIELDS];
};

static bool asks(struct play *p, const char *fmt, const struct pair *x)
{
    char sql[400];

    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM %s WHERE connection = %" PRId64 " AND remote_id = '%s'", fmt,
             x->connection, x->id);
    return sql_int(p, sql) > 0;
}

static const char *text_of(struct play *p, const char *what, const char *from, int64_t id)
{
    char sql[200];
    const char *text;
    sqlite3_stmt *q = NULL;

    snprintf(sql, sizeof(sql), "SELECT %s FROM %s WHERE id = %" PRId64, what, from, id);
    sqlite3_prepare_v2(db_open(p), sql, -1, &q, NULL);
    text = q && sqlite3_step(q) == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : NULL;
    text = text ? ds_arena_dup(&p->arena, text) : NULL;
    sqlite3_finalize(q);
    return text;
}

static bool map(struct play *p, const struct side *s, const struct mem_record *r,
                struct ds_deal *out)
{
    struct ds_value *values = ds_arena_alloc(&p->arena, sizeof(*values) * MEM_PATHS * 2);
    char *texts = ds_arena_alloc(&p->arena, 2 * MEM_ID);
    struct ds_mapped mapped;
    struct ds_err err = {0};
    size_t count;
    const char *const *paths = ds_mapping_paths(s->mapping, &count);
    struct ds_record record = mem_view(r, paths, count, values, texts, texts + MEM_ID);

    memset(&mapped, 0, sizeof(mapped));
    record.values = values;
    if (ds_map(s->mapping, &p->arena, &record, &mapped, &err))
        broken(p, "%s cannot be mapped: %s", r->id, err.text);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (!mapped.deal.value[f] && ds_fields[f].fallback && ds_given(&mapped.deal, f))
            mapped.deal.value[f] = ds_fields[f].fallback;
    *out = mapped.deal;
    return mapped.problems == 0;
}

/* Why a field may differ, or NULL: it may not. */
static const char *excuse(const struct pair *x, enum ds_field f)
{
    const struct ds_policy *t = &x->s->policy;
    bool based = ds_given(&x->base, f);
    bool ours_moved =
        based ? !ds_same(x->ours.value[f], x->base.value[f]) : x->ours.value[f] != NULL;
    bool theirs_moved =
        based ? !ds_same(x->theirs.value[f], x->base.value[f]) : x->theirs.value[f] != NULL;

    if (x->conflict[f])
        return "in conflict";
    if ((f == DS_STAGE || f == DS_REASON) && x->conflict[DS_STATUS])
        return "waits for the status";
    if (f == DS_STATUS && x->conflict[DS_STAGE])
        return "waits for the stage";
    if ((f == DS_STAGE || f == DS_REASON) && x->conflict[DS_STAGE] &&
        !ds_same(x->ours.value[DS_STATUS], x->theirs.value[DS_STATUS]))
        return "waits for the stage with the status";
    if (x->held && (f == DS_STATUS || f == DS_STAGE || f == DS_REASON))
        return "held";
    if (ours_moved && !theirs_moved && (!x->sends[f] || t->owner[f] == DS_OWNER_CRM))
        return "only here";
    if (!x->sends[f] && !ours_moved && theirs_moved &&
        (t->owner[f] == DS_OWNER_STORE || t->direction == DS_PUSH))
        return "ours is kept";
    if (!based && !ours_moved && (t->owner[f] == DS_OWNER_STORE || t->direction == DS_PUSH))
        return "ours is kept";
    return NULL;
}

static void check_pair(struct play *p, const struct pair *x)
{
    for (enum ds_field f = 0; f < DS_FIELDS && !p->failed; f++) {
        const char *ours = x->ours.value[f], *theirs = x->theirs.value[f];

        if (!ds_given(&x->theirs, f))
            continue;
        if (!ds_same(ours, theirs) && !excuse(x, f))
            broken(p,
                   "deal %" PRId64 " and %s: %s differs and nothing says why\nours   %s\ntheirs "
                   "%s\nbase   %s%s",
                   x->deal, x->id, ds_fields[f].name, ours ? ours : "NULL",
                   theirs ? theirs : "NULL", x->base.value[f] ? x->base.value[f] : "NULL",
                   ds_given(&x->base, f) ? "" : " (none)");
        if (ds_same(ours, theirs) && !(ds_given(&x->base, f) && ds_same(x->base.value[f], ours)))
            broken(p, "deal %" PRId64 " and %s: %s is '%s' on both sides, and the base has '%s'%s",
                   x->deal, x->id, ds_fields[f].name, ours ? ours : "NULL",
                   x->base.value[f] ? x->base.value[f] : "NULL",
                   ds_given(&x->base, f) ? "" : " (none)");
    }
}

static void look(struct play *p, struct side *s, const struct mem_record *r)
{
    struct pair x = {.s = s, .id = r->id};
    char sql[200];
    struct ds_err err = {0};
    const char *why, *base;
    int64_t link;

    snprintf(sql, sizeof(sql), "SELECT id FROM connections WHERE name = '%s'", s->name);
    x.connection = sql_int(p, sql);
    snprintf(sql, sizeof(sql),
             "SELECT id FROM links WHERE connection = %" PRId64
             " AND remote_id = '%s' AND NOT deleted",
             x.connection, r->id);
    link = sql_int(p, sql);
    if (!link || r->deleted || asks(p, "rejects", &x) || !map(p, s, r, &x.theirs))
        return;
    snprintf(sql, sizeof(sql), "SELECT deal FROM links WHERE id = %" PRId64, link);
    x.deal = sql_int(p, sql);
    base = text_of(p, "base", "links", link);
    ds_deal_from_json(&p->arena, base ? base : "{}", &x.base, &err);
    x.held = asks(p, "holds", &x);
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        char from[120];

        x.ours.value[f] = text_of(p, ds_fields[f].name, "deals", x.deal);
        snprintf(from, sizeof(from),
                 "(SELECT * FROM conflicts WHERE closed_ms IS NULL AND field ="
                 " '%s')",
                 ds_fields[f].name);
        x.conflict[f] = asks(p, from, &x);
        x.sends[f] = s->policy.direction != DS_PULL && ds_mapping_writes(s->mapping, f, &why);
    }
    check_pair(p, &x);
}

/* --- the rest ------------------------------------------------------------------------------------- */

/* Queries that must come to 0. */
static const struct {
    const char *what, *sql;
} zeros[] = {
    {"a deal has two live records on one connection",
     "SELECT count(*) FROM (SELECT 1 FROM links WHERE deleted = 0 GROUP BY connection, deal"
     " HAVING count(*) > 1)"},
    {"the sum of a run is off",
     "SELECT count(*) FROM runs WHERE state = 'done' AND"
     " fetched <> unchanged + created + updated + held + conflict + rejected + ignored"},
    {"the number of links is off", "SELECT count(*) FROM connections c WHERE c.links <>"
                                   " (SELECT count(*) FROM links l WHERE l.connection = c.id)"},
    {"a conflict is open and its record is not linked",
     "SELECT count(*) FROM conflicts f WHERE closed_ms IS NULL AND NOT EXISTS"
     " (SELECT 1 FROM links l WHERE (l.connection, l.remote_id) = (f.connection, f.remote_id))"
     " AND f.remote_id <> '(deal ' || f.deal || ')'"},
    {"a refused creation is open and its deal is linked",
     "SELECT count(*) FROM conflicts f JOIN links l USING (connection, deal)"
     " WHERE f.closed_ms IS NULL AND NOT l.deleted AND f.remote_id = '(deal ' || f.deal || ')'"},
    {"a hold has no link",
     "SELECT count(*) FROM holds h WHERE NOT EXISTS"
     " (SELECT 1 FROM links l WHERE (l.connection, l.remote_id) = (h.connection, h.remote_id))"},
    {"a hold is due", "SELECT count(*) FROM holds h WHERE until_ms <= ?1"},
    {"a deal was created twice",
     "SELECT count(*) FROM (SELECT 1 FROM history WHERE kind = 'created' GROUP BY deal"
     " HAVING count(*) > 1)"},
    {"foreign keys are broken", "SELECT count(*) FROM pragma_foreign_key_check"},
    {"a record is rejected and linked to nothing it was rejected for",
     "SELECT count(*) FROM rejects WHERE reasons = '[]'"},
};

static void check_store(struct play *p)
{
    char sql[600];

    for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++) {
        const char *mark = strstr(zeros[i].sql, "?1");

        snprintf(sql, sizeof(sql), "%s", zeros[i].sql);
        if (mark)
            snprintf(sql + (mark - zeros[i].sql), 40, "%" PRId64, p->now_ms);
        if (sql_int(p, sql))
            broken(p, "%s: %" PRId64 "\n%s", zeros[i].what, sql_int(p, sql), sql);
    }
    if (strcmp(sql_text(p, "PRAGMA integrity_check"), "ok") != 0)
        broken(p, "integrity_check: %s", sql_text(p, "PRAGMA integrity_check"));
}

static void check_side(struct play *p, struct side *s)
{
    char sql[400];

    if (s->world->twice)
        broken(p, "%s: a record was created twice", s->name);
    if (s->policy.direction == DS_PULL)
        return;
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM outbox o JOIN connections c ON c.id = o.connection"
             " WHERE c.name = '%s'",
             s->name);
    if (sql_int(p, sql))
        broken(p, "%s: the outbox is not empty", s->name);
    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM touched t JOIN connections c ON c.id = t.connection JOIN links l"
             " ON l.connection = c.id AND l.deal = t.deal WHERE c.name = '%s' AND NOT l.deleted AND"
             " NOT EXISTS (SELECT 1 FROM rejects r WHERE r.connection = c.id AND"
             " r.remote_id = l.remote_id)",
             s->name);
    if (sql_int(p, sql))
        broken(p, "%s: %" PRId64 " deals are still to be looked at", s->name, sql_int(p, sql));
}

/* One word of the CRM may say status, stage and hold at once. */
static bool goes_with(const struct ds_deal *before, const struct ds_deal *after, enum ds_field f)
{
    return (f == DS_STAGE || f == DS_ON_HOLD) &&
           !(ds_same(before->value[DS_STATUS], after->value[DS_STATUS]) &&
             ds_same(before->value[DS_STAGE], after->value[DS_STAGE]));
}

static bool is_linked(struct play *p, const char *id)
{
    char sql[120];

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM links WHERE remote_id = '%s'", id);
    return sql_int(p, sql) > 0;
}

/* P-11, in the CRM: what runs have overwritten there stands in the history. */
static void check_written(struct play *p, struct side *s)
{
    static const char sql[] =
        "SELECT count(*) FROM history h, json_each(h.changes) c WHERE (h.remote_id = ?1 OR h.deal ="
        " (SELECT deal FROM links WHERE remote_id = ?1)) AND c.value ->> 'field' = ?2"
        " AND coalesce(c.value ->> 'old', ?4) IS ?3";
    sqlite3_stmt *q = NULL;

    sqlite3_prepare_v2(db_open(p), sql, -1, &q, NULL);
    for (int i = 0; i < s->world->logged && i < MEM_LOG && q && !p->failed; i++) {
        const struct mem_written *w = &s->world->log[i];
        struct ds_deal before, after;

        /* What was changed again, or unlinked, before anybody looked cannot be known. */
        if (w->unsure &&
            (s->world->record[w->record].edited > w->after.changed || !is_linked(p, w->before.id)))
            continue;
        ds_arena_reset(&p->arena);
        if (w->created || !map(p, s, &w->before, &before) || !map(p, s, &w->after, &after))
            continue;
        for (enum ds_field f = 0; f < DS_FIELDS; f++) {
            if (!ds_given(&before, f) || !ds_given(&after, f) ||
                ds_same(before.value[f], after.value[f]) || goes_with(&before, &after, f))
                continue;
            sqlite3_bind_text(q, 1, w->before.id, -1, SQLITE_STATIC);
            sqlite3_bind_text(q, 2, ds_fields[f].name, -1, SQLITE_STATIC);
            sqlite3_bind_text(q, 3, before.value[f], -1, SQLITE_STATIC);
            sqlite3_bind_text(q, 4, ds_fields[f].fallback, -1, SQLITE_STATIC);
            if (sqlite3_step(q) == SQLITE_ROW && sqlite3_column_int(q, 0) == 0)
                broken(p, "%s: a run made '%s' of %s '%s', and the history does not know it",
                       w->before.id, after.value[f] ? after.value[f] : "NULL", ds_fields[f].name,
                       before.value[f] ? before.value[f] : "NULL");
            sqlite3_reset(q);
        }
    }
    sqlite3_finalize(q);
    s->world->logged = 0;
}

void quiet_point(struct play *p)
{
    int rounds = 0;

    say(p, "quiet");
    for (int i = 0; i < SIDES; i++)
        p->side[i].world->fault = MEM_NONE;
    set_clock(p, p->now_ms + DAYS_4);
    while (!p->failed && !still(p))
        if (++rounds == ROUNDS)
            broken(p, "after %d syncs of each connection something still moves", rounds);
    for (int i = 0; i < SIDES && !p->failed; i++) {
        struct side *s = &p->side[i];

        for (int n = 0; n < s->world->records && !p->failed; n++) {
            ds_arena_reset(&p->arena);
            look(p, s, &s->world->record[n]);
        }
        check_side(p, s);
        check_written(p, s);
        if (!p->failed)
            play_run(p, s, &(struct order){.command = DS_VERIFY});
    }
    check_store(p);
}
