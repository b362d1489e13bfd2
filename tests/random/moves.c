#include "tests/random/random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOUR INT64_C(3600000)
#define MOST 6 /* values of a field to choose from; few, so that both sides often choose the same */

#define ANN "{\"email\":\"ann@x.example\",\"name\":\"Ann\",\"phone\":\"1\"}"
#define BEN "{\"email\":\"ben@x.example\",\"name\":\"Ben\",\"phone\":\"2\"}"
#define CAT "{\"email\":\"cat@x.example\",\"name\":\"Cat\",\"phone\":\"3\"}"

/* What a value may be: in the record, and in the deal. The first ones make a good record. */
static const struct {
    const char *path;
    enum ds_field field;
    const char *raw[MOST];
    const char *deal[MOST];
} columns[] = {
    {"Name",
     DS_NAME,
     {"One", "Two", " Three ", "Four", "Five", ""},
     {"One", "Two", "Three", "Six"}},
    {"Amount",
     DS_VALUE,
     {"1000.00", "2500", "7.5", "1e3", "abc", ""},
     {"1000", "2500", "7.5", "9"}},
    {"Currency", DS_CURRENCY, {"EUR", "USD", "usd", "JPY", "", "?"}, {"EUR", "USD", "JPY"}},
    {"CloseDate",
     DS_CLOSE_DATE,
     {"2027-01-31", "2027-06-30", "2028-02-29", "2026-12-01T00:00:00Z", "2027-02-31", ""},
     {"2027-01-31", "2027-06-30", "2028-02-29", "2026-12-01", NULL}},
    {"Location", DS_LOCATION, {"4711", "4712", "4713", "4714", "4715", ""}, {"4711", "4712", "5"}},
    {"Stage",
     DS_STAGE,
     {"New", "Pilot", "Quote", "Offer", "Demo", "Odd"},
     {"10", "20", "40", "60", "80"}},
    {"Reason",
     DS_REASON,
     {"budget", "others", "Money", "Decision", "", "no_response"},
     {"budget", "others", "no_response", NULL}},
    {"Shared", DS_VISIBILITY, {"no", "", "yes", "Public", "no", "yes"}, {"no", "yes"}},
    {"Consent", DS_CONSENT, {"yes", "no", "", "yes", "yes", "yes"}, {"yes", "no"}},
    {"Help", DS_HELP, {"none", "none", "", "quotes", "general", "none"}, {"none", "quotes"}},
    {"Campaign", DS_CAMPAIGN_ID, {"", "C1", "C2", "C3", "", ""}, {NULL, "C1", "C2"}},
    {"Notes", DS_NOTES, {"", "first", "rewritten", "first\nsecond", "", "x"}, {NULL, "first", "y"}},
    {"Team",
     DS_TEAM,
     {"[" ANN "]", "[" BEN "]", "[" ANN "," BEN "]", "[" CAT "," ANN "]", "[]", "nobody"},
     {"[" ANN "]", "[" BEN "]", "[" ANN "," CAT "]", "[" ANN "," BEN "," CAT "]"}},
    {"Products",
     DS_SOLUTIONS,
     {"S1", "S2", "S1; S2", "S3", "[\"S2\",\"S3\"]", ""},
     {"[\"S1\"]", "[\"S2\"]", "[\"S1\",\"S3\"]"}},
    {"Account.Name",
     DS_CUSTOMER_NAME,
     {"Acme", "Bolt", "Acme", "Acme", "Acme", ""},
     {"Acme", "Bolt"}},
    {"Account.Street",
     DS_CUSTOMER_STREET,
     {"Main 1", "Main 2", "Main 1", "Main 1", "Main 1", ""},
     {"Main 1", "Main 9"}},
    {"Account.City", DS_CUSTOMER_CITY, {"Bonn", "Rome", "Bonn", "Bonn", "Bonn", ""}, {"Bonn"}},
    {"Account.Country", DS_CUSTOMER_COUNTRY, {"DE", "IT", "DE", "DE", "DE", "??"}, {"DE", "IT"}},
    {"Contact.First", DS_CONTACT_FIRST_NAME, {"Jo", "Al", "", "Jo", "Jo", "Jo"}, {"Jo", "Al"}},
    {"Contact.Last", DS_CONTACT_LAST_NAME, {"Doe", "Roe", "", "Doe", "Doe", "Doe"}, {"Doe"}},
    {"Contact.Email",
     DS_CONTACT_EMAIL,
     {"j@x.example", "a@x.example", "", "j@x.example"},
     {"j@x.example"}},
    {"Contact.Phone", DS_CONTACT_PHONE, {"1", "2", "", "1", "1", "1"}, {"1", "2"}},
    /* without a column of its own */
    {"State",
     DS_STATUS,
     {"Open", "Active", "Held", "Lost", "Won", "Open"},
     {"accepted", "won", "lost", "accepted", "accepted"}},
    {"Ref", DS_ON_HOLD, {"", "", "", "", "", ""}, {"no", "yes"}},
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

static struct side *any_side(struct play *p)
{
    return &p->side[roll(p, SIDES)];
}

static struct mem_record *any_record(struct play *p, struct side *s, bool deleted)
{
    int from = (int)roll(p, (uint64_t)(s->world->records ? s->world->records : 1));

    for (int i = 0; i < s->world->records; i++) {
        struct mem_record *r = &s->world->record[(from + i) % s->world->records];

        if (r->deleted == deleted)
            return r;
    }
    return NULL;
}

static int64_t any_deal(struct play *p)
{
    int64_t deals = sql_int(p, "SELECT count(*) FROM deals");

    return deals ? 1 + (int64_t)roll(p, (uint64_t)deals) : 0;
}

/* Good values are likely. */
static uint64_t any_value(struct play *p)
{
    return chance(p, 92) ? roll(p, MOST - 2) : roll(p, MOST);
}

static void edit_record(struct play *p, struct side *s, struct mem_record *r, size_t c)
{
    int column = mem_column(columns[c].path);
    const char *value = columns[c].raw[any_value(p)];
    char text[MEM_TEXT];

    if (columns[c].field == DS_ON_HOLD)
        return;
    if (columns[c].field == DS_STAGE && s == &p->side[1] && chance(p, 15))
        value = ((const char *const[]){"Won", "Lost", "Hold", "hold"})[roll(p, 4)];
    if (columns[c].field == DS_NOTES && chance(p, 70)) {
        snprintf(text, sizeof(text), "%.300s%stheirs %" PRIu64, r->value[column],
                 *r->value[column] ? "\n" : "", roll(p, 50));
        value = text;
    }
    say(p, "%s: %s.%s = '%s'", s->name, r->id, columns[c].path, value ? value : "");
    mem_set(r, column, value);
    mem_touch(s->world, r);
}

void move_create(struct play *p, struct side *s)
{
    static const char *const names[] = {"Alpha", "Beta", "Gamma", "Delta"};
    int n = mem_record_new(s->world);
    struct mem_record *r;
    char name[40];

    if (n < 0)
        return;
    r = &s->world->record[n];
    for (size_t c = 0; c < COLUMNS; c++)
        mem_set(r, mem_column(columns[c].path), columns[c].raw[0]);
    snprintf(name, sizeof(name), "%s %" PRIu64, names[roll(p, 4)], roll(p, 6));
    mem_set(r, 1, name);
    if (s == &p->side[1] && chance(p, 40))
        snprintf(r->value[mem_column("Ref")], MEM_TEXT, "east-%03d", 1 + (int)roll(p, 12));
    say(p, "%s: %s is new: '%s', ref '%s'", s->name, r->id, name, r->value[mem_column("Ref")]);
    if (chance(p, 20))
        edit_record(p, s, r, roll(p, COLUMNS));
}

static void edit_theirs(struct play *p)
{
    struct side *s = any_side(p);
    struct mem_record *r = any_record(p, s, false);

    for (uint64_t n = 1 + roll(p, 2); r && n; n--)
        edit_record(p, s, r, roll(p, COLUMNS));
}

/* The times of a trigger are those of the machine; a play has its own. */
static void own_times(struct play *p)
{
    char now[24];

    snprintf(now, sizeof(now), "%" PRId64, p->now_ms);
    sql_do(p,
           "UPDATE history SET at_ms = CAST(?1 AS INTEGER) WHERE kind = 'edited' AND id ="
           " (SELECT max(id) FROM history)",
           now, END);
}

static void edit_deal(struct play *p, int64_t deal, size_t c)
{
    const char *field = ds_fields[columns[c].field].name;
    const char *value = columns[c].deal[roll(p, MOST)];
    char sql[128], id[24], text[MEM_TEXT + 40];

    for (size_t i = 0; !value && i < MOST && columns[c].deal[i]; i++)
        value = columns[c].field == DS_REASON || columns[c].field == DS_NOTES ? NULL
                                                                              : columns[c].deal[i];
    if (columns[c].field == DS_NOTES && chance(p, 70)) {
        snprintf(sql, sizeof(sql),
                 "SELECT coalesce(notes || char(10), '') FROM deals WHERE id = %" PRId64, deal);
        snprintf(text, sizeof(text), "%.300sours %" PRIu64, sql_text(p, sql), roll(p, 50));
        value = text;
    }
    if (columns[c].field == DS_STATUS && value && strcmp(value, "accepted") != 0 && chance(p, 60))
        return;
    snprintf(id, sizeof(id), "%" PRId64, deal);
    snprintf(sql, sizeof(sql), "UPDATE deals SET %s = ?1 WHERE id = ?2", field);
    say(p, "deal %s: %s = '%s'%s", id, field, value ? value : "",
        sql_do(p, sql, value, id, END) ? "" : " refused");
    own_times(p);
}

static void edit_ours(struct play *p)
{
    int64_t deal = any_deal(p);

    for (uint64_t n = 1 + roll(p, 2); deal && n; n--)
        edit_deal(p, deal, roll(p, COLUMNS));
}

/* Both sides of one field. */
static void edit_both(struct play *p)
{
    struct side *s = any_side(p);
    struct mem_record *r = any_record(p, s, false);
    size_t c = roll(p, COLUMNS);
    char sql[200];
    int64_t deal;

    if (!r)
        return;
    snprintf(sql, sizeof(sql), "SELECT deal FROM links WHERE remote_id = '%s'", r->id);
    deal = sql_int(p, sql);
    edit_record(p, s, r, c);
    if (deal)
        edit_deal(p, deal, c);
}

static void touch(struct play *p)
{
    struct side *s = any_side(p);
    struct mem_record *r = any_record(p, s, false);

    if (!r)
        return;
    say(p, "%s: %s is saved again", s->name, r->id);
    mem_touch(s->world, r);
}

static void create_theirs(struct play *p)
{
    move_create(p, any_side(p));
}

static void delete_theirs(struct play *p)
{
    struct side *s = any_side(p);
    struct mem_record *r = any_record(p, s, chance(p, 50));
    int live = 0;

    for (int i = 0; i < s->world->records; i++)
        live += !s->world->record[i].deleted;
    if (!r || (!r->deleted && live < 3))
        return;
    r->deleted = !r->deleted;
    say(p, "%s: %s is %s", s->name, r->id, r->deleted ? "deleted" : "there again");
    mem_touch(s->world, r);
}

static void insert_deal(struct play *p)
{
    char name[40], now[24];

    if (sql_int(p, "SELECT count(*) FROM deals") > MOST_DEALS / 3)
        return;
    snprintf(name, sizeof(name), "Ours %" PRIu64, roll(p, 9));
    snprintf(now, sizeof(now), "%" PRId64, p->now_ms);
    say(p, "deal '%s' is inserted", name);
    sql_do(p,
           "INSERT INTO deals(name, value, currency, close_date, location, customer_name, team,"
           " solutions, customer_country, created_ms, updated_ms) VALUES (?1, '1000', 'EUR',"
           " '2027-01-31', '4711', 'Acme', '[" ANN "]', '[\"S1\"]', 'DE',"
           " CAST(?2 AS INTEGER), CAST(?2 AS INTEGER))",
           name, now, END);
}

/* --- runs ---------------------------------------------------------------------------------------- */

/* What goes wrong in the next run. */
static long misfortune(struct play *p, struct side *s)
{
    s->world->fault = chance(p, 35) ? (enum mem_fault)roll(p, MEM_FAULTS) : MEM_NONE;
    s->world->at = 1 + (int)roll(p, s->world->fault == MEM_CUT ? 8 : 3);
    return chance(p, 35) ? 1 + (long)roll(p, 24) : 0;
}

static void sync_some(struct play *p)
{
    struct side *s = any_side(p);
    struct order order = {.command = chance(p, 10) ? DS_BACKFILL : DS_SYNC};
    struct ds_guard guard = s->guard;

    if (chance(p, 6))
        for (int k = 0; k < DS_GUARDS; k++)
            s->guard.limit[k].count = s->guard.limit[k].percent = 0;
    order.die_at = misfortune(p, s);
    play_run(p, s, &order);
    s->guard = guard;
    s->world->fault = MEM_NONE;
}

static void save_plan(struct play *p)
{
    struct side *s = any_side(p);
    struct order order = {.command = DS_DIFF, .backfill = chance(p, 20), .out = p->plan};

    if (chance(p, 20))
        order.only.fields = UINT64_C(1) << columns[roll(p, COLUMNS)].field;
    if (chance(p, 10))
        s->world->fault = chance(p, 50) ? MEM_EMPTY : MEM_ORGANISATION;
    play_run(p, s, &order);
    s->world->fault = MEM_NONE;
    p->plan_side = p->told->whole && !p->told->status ? (int)(s - p->side) : -1;
}

static void apply_plan(struct play *p)
{
    struct side *s = p->plan_side < 0 ? NULL : &p->side[p->plan_side];
    struct order order = {.command = DS_APPLY, .plan = p->plan};

    if (!s)
        return;
    order.die_at = misfortune(p, s);
    play_run(p, s, &order);
    s->world->fault = MEM_NONE;
    if (p->told->whole)
        p->plan_side = -1;
}

static void undo(struct play *p)
{
    struct side *s = any_side(p);
    char sql[160];
    struct order order = {.command = DS_UNDO, .out = p->undo};

    snprintf(sql, sizeof(sql),
             "SELECT max(r.id) FROM runs r JOIN connections c ON c.id = r.connection"
             " WHERE c.name = '%s' AND r.id <= (SELECT max(id) FROM runs) - %" PRIu64,
             s->name, roll(p, 8));
    order.undo = sql_int(p, sql);
    if (!play_run(p, s, &order) || p->told->status)
        return;
    order = (struct order){.command = DS_APPLY, .plan = p->undo};
    order.die_at = misfortune(p, s);
    play_run(p, s, &order);
    s->world->fault = MEM_NONE;
}

/* --- people -------------------------------------------------------------------------------------- */

static void resolve(struct play *p)
{
    struct ds_settlement settlement = {.take = (enum ds_take)roll(p, DS_TAKES)};
    char sql[160], value[MEM_TEXT] = "";
    const char *field;

    settlement.id =
        sql_int(p, "SELECT id FROM conflicts WHERE closed_ms IS NULL ORDER BY id LIMIT 1");
    if (!settlement.id)
        return;
    snprintf(sql, sizeof(sql), "SELECT field FROM conflicts WHERE id = %" PRId64, settlement.id);
    field = sql_text(p, sql);
    for (size_t c = 0; c < COLUMNS; c++)
        if (strcmp(ds_fields[columns[c].field].name, field) == 0 && columns[c].deal[roll(p, 2)])
            snprintf(value, sizeof(value), "%s", columns[c].deal[0] ? columns[c].deal[0] : "");
    settlement.value = value;
    snprintf(sql, sizeof(sql),
             "SELECT c.name = 'west' FROM conflicts f JOIN connections c ON c.id = f.connection"
             " WHERE f.id = %" PRId64,
             settlement.id);
    play_resolve(p, &p->side[sql_int(p, sql)], &settlement);
}

static void resolve_some(struct play *p)
{
    for (uint64_t n = 1 + roll(p, 3); n; n--)
        resolve(p);
}

static void link_some(struct play *p)
{
    struct side *s = any_side(p);
    struct mem_record *r = any_record(p, s, false);
    bool away = chance(p, 50);

    if (r)
        play_link(p, s, r->id, away || chance(p, 40) ? 0 : any_deal(p), away);
}

static void settle_claim(struct play *p)
{
    int64_t west = sql_int(p, "SELECT c.name = 'west' FROM claims k JOIN connections c ON"
                              " c.id = k.connection ORDER BY k.id LIMIT 1");
    char id[MEM_ID];
    int64_t deal = sql_int(p, "SELECT deal FROM claims ORDER BY id LIMIT 1");

    snprintf(id, sizeof(id), "%s", sql_text(p, "SELECT remote_id FROM claims ORDER BY id LIMIT 1"));
    if (*id)
        play_link(p, &p->side[west], id, chance(p, 50) ? deal : 0, false);
}

/* --- terms and time ------------------------------------------------------------------------------ */

static void change_terms(struct play *p)
{
    struct side *s = any_side(p);
    struct ds_policy *t = &s->policy;
    enum ds_field f = columns[roll(p, COLUMNS)].field;

    switch (roll(p, 7)) {
    case 0: t->direction = chance(p, 60) ? DS_BOTH : (enum ds_direction)roll(p, 3); break;
    case 1: t->owner[f] = (enum ds_owner)roll(p, 3); break;
    case 2: t->settle[f] = (enum ds_settle)roll(p, 4); break;
    case 3:
        t->gone = (enum ds_gone)roll(p, 3);
        t->gone_reason = "others";
        break;
    case 4: t->creates = !t->creates; break;
    case 5: t->close_early = chance(p, 20); break;
    case 6:
        for (f = 0; f < DS_FIELDS; f++) {
            t->owner[f] = DS_OWNER_BOTH;
            t->settle[f] = DS_SETTLE_MANUAL;
        }
        break;
    }
    say(p, "%s: direction %d, creates %d, gone %d, early %d; %s: owner %d, conflict %d", s->name,
        t->direction, t->creates, t->gone, t->close_early,
        f < DS_FIELDS ? ds_fields[f].name : "all", f < DS_FIELDS ? t->owner[f] : 0,
        f < DS_FIELDS ? t->settle[f] : 0);
}

static void change_mapping(struct play *p)
{
    struct side *s = any_side(p);

    load_mapping(p, s, (int)roll(p, 3));
    s->world->logged = 0; /* what was written is in the words of the other one */
    say(p, "%s: mapping %d", s->name, s->variant);
}

static void step_clock(struct play *p)
{
    int64_t by = chance(p, 15) ? -(int64_t)roll(p, 5) * HOUR : (int64_t)roll(p, 30) * HOUR;

    say(p, "the clock moves by %" PRId64 " hours", by / HOUR);
    set_clock(p, p->now_ms + by);
}

void move(struct play *p)
{
    static const struct {
        unsigned weight;
        void (*go)(struct play *p);
    } moves[] = {
        {14, edit_theirs},  {14, edit_ours},    {8, edit_both},    {3, touch},
        {3, create_theirs}, {3, delete_theirs}, {2, insert_deal},  {30, sync_some},
        {4, save_plan},     {4, apply_plan},    {3, undo},         {5, resolve_some},
        {2, link_some},     {2, settle_claim},  {4, change_terms}, {1, change_mapping},
        {5, step_clock},
    };
    uint64_t sum = 0, at;
    size_t i = 0;

    for (size_t m = 0; m < sizeof(moves) / sizeof(moves[0]); m++)
        sum += moves[m].weight;
    for (at = roll(p, sum); at >= moves[i].weight; i++)
        at -= moves[i].weight;
    set_clock(p, p->now_ms + (int64_t)roll(p, 600) * 1000);
    moves[i].go(p);
}
