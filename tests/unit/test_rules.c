/*
 * The rules, each by what it stops and what it lets pass, asked where they count: on the plan. Every row
 * of the table of rules must have both, and a line in docs/rules.md.
 */
#include "engine/plan.h"

#include "base/date.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR     INT64_C(3600000)
#define COUNT(x) (sizeof(x) / sizeof((x)[0]))

static struct ds_arena arena;
static struct ds_theirs theirs;
static struct ds_sight sight;
static struct ds_item item;
static struct ds_policy policy;
static int64_t now;

/* What a case expects of its rule. */
enum expected {
    PASSES = '.',
    REJECTS = 'x', /* the record becomes no deal */
    REFUSES = '!', /* a conflict */
    HOLDS = '=',
    WARNS = 'w',
};

/* --- making a case ------------------------------------------------------------------------------- */

/* A private deal of ours that has everything. */
static const char complete[] =
    "name=Contoso renewal|status=accepted|stage=40|on_hold=no|value=1000|currency=USD|"
    "close_date=2026-12-31|location=1000001|customer_name=Contoso|customer_street=1 Main Street|"
    "customer_city=Springfield|customer_country=US|consent=no|visibility=no|help=none|assessment="
    "no|"
    "team=[{\"email\":\"a@example.com\",\"name\":\"A\",\"phone\":\"1\"}]|solutions=[\"SOL-1\"]|"
    "crm_id=006A|origin=outbound|partner=none|microsoft=none";

#define CONTACT                                                                                    \
    "|contact_first_name=Ada|contact_last_name=L|contact_email=ada@c.example|contact_phone=1"
#define RECEIVED "status=received|stage=10|origin=inbound"
#define TWO                                                                                        \
    "team=[{\"email\":\"a@example.com\",\"name\":\"A\",\"phone\":\"1\"},"                          \
    "{\"email\":\"b@partner.example\",\"name\":\"B\",\"phone\":\"2\"}]"

/* "#n" is a list of n members or solutions. */
static const char *list_of(enum ds_field f, int n)
{
    const char *list = "[";

    for (int i = 0; i < n; i++)
        list = ds_arena_printf(&arena,
                               f == DS_TEAM ? "%s%s{\"email\":\"m%02d@example.com\",\"name\":\"M\","
                                              "\"phone\":\"1\"}"
                                            : "%s%s\"SOL-%02d\"",
                               list, i ? "," : "", i);
    return ds_arena_printf(&arena, "%s]", list);
}

/* "field=value|field=|-field": sets, empties, and says nothing about it. */
static void edit(struct ds_deal *d, const char *text)
{
    while (text && *text) {
        size_t len = strcspn(text, "|"), key = strcspn(text, "=|");
        bool drop = *text == '-';
        const char *name = ds_arena_dup_bytes(&arena, text + drop, key - drop);
        const char *value =
            key < len ? ds_arena_dup_bytes(&arena, text + key + 1, len - key - 1) : NULL;
        enum ds_field f = ds_field_find(name);

        if (f == DS_FIELDS)
            fail_msg("%s is no field", name);
        if (value && *value == '#')
            value = list_of(f, (int)strtol(value + 1, NULL, 10));
        ds_deal_set(d, f, value && *value ? value : NULL);
        if (drop)
            d->given &= ~(UINT64_C(1) << f);
        text += len + (text[len] == '|');
    }
}

static bool says(const char *settings, const char *word)
{
    return settings && strstr(settings, word) != NULL;
}

static long number_in(const char *settings, const char *word, long fallback)
{
    const char *at = settings ? strstr(settings, word) : NULL;

    return at ? strtol(at + strlen(word), NULL, 10) : fallback;
}

static void fresh(const char *settings)
{
    ds_arena_reset(&arena);
    ds_instant("2026-08-21T06:00:00Z", &now);
    policy = (struct ds_policy){
        .now_ms = now,
        .shareable = "SOL-1, SOL-2",
        .vetted = says(settings, "vetted"),
        .close_early = says(settings, "early"),
        .first_load = says(settings, "first"),
        .our_domains = says(settings, "domains") ? "other.example, EXAMPLE.com" : NULL,
        .incentive_solutions = says(settings, "incentive") ? "SOL-7 SOL-1"
                               : says(settings, "others")  ? "SOL-7"
                                                           : NULL,
        .incentive_minimum = 25000,
        .expiry_days = (uint64_t)number_in(settings, "days=", 14),
        .expiry_warning_days = 3,
    };
    for (enum ds_field f = 0; says(settings, "crm") && f < DS_FIELDS; f++)
        policy.settle[f] = DS_SETTLE_CRM;
    memset(&theirs, 0, sizeof(theirs));
    memset(&sight, 0, sizeof(sight));
    theirs.id = "006A";
    theirs.version = "v2";
    theirs.mapped.unmapped_stage = says(settings, "unmapped") ? "Pondering"
                                   : says(settings, "blank")  ? ""
                                                              : NULL;
    edit(&theirs.mapped.deal, complete);
    sight.theirs = &theirs;
    sight.claim = DS_CLAIMS;
    sight.same_crm_id = says(settings, "taken");
}

/* ours NULL: a new record. base: how the base differs from ours. */
static void plan(const char *ours, const char *base, const char *change, const char *settings)
{
    fresh(settings);
    if (ours) {
        sight.link =
            (struct ds_link){.deal = 7, .version = "v1", .seen_version = 1, .deal_version = 1};
        sight.ours = (struct ds_stored_deal){
            .id = 7, .version = 1, .created_ms = now - number_in(settings, "age=", 100) * HOUR};
        for (enum ds_field f = 0; f < DS_FIELDS; f++)
            ds_deal_set(&sight.ours.deal, f, NULL);
        edit(&sight.ours.deal, complete);
        edit(&sight.ours.deal, ours);
        edit(&theirs.mapped.deal, ours);
        sight.base = sight.ours.deal;
        edit(&sight.base, base);
    }
    edit(&theirs.mapped.deal, change);
    ds_plan(&policy, &arena, &sight, &item);
}

/* --- what a plan says of a rule ------------------------------------------------------------------ */

/* A reason of its own, and not what stands in for one. */
static bool is_reason(const char *why)
{
    return why && *why && strncmp(why, "out of memory", 13) != 0;
}

/* How often a record was rejected for a rule. */
static size_t rejections(int rule)
{
    size_t n = 0;

    for (size_t i = 0; item.outcome == DS_REJECTED && i < theirs.mapped.problems; i++)
        n += theirs.mapped.problem[i].rule == rule && is_reason(theirs.mapped.problem[i].text);
    return n;
}

static bool noted(int rule, enum ds_move move)
{
    for (size_t i = 0; i < item.changes; i++)
        if (item.change[i].rule == rule && item.change[i].move == move)
            return is_reason(item.change[i].why);
    return false;
}

static bool told(int rule)
{
    const char *number = ds_arena_printf(&arena, "(R-%d)", rule);

    for (size_t i = 0; i < item.remarks; i++)
        if (item.remark[i].rule == rule)
            return is_reason(item.remark[i].text) && strstr(item.remark[i].text, number) &&
                   strstr(item.warning, number);
    return false;
}

static bool held(int rule)
{
    return item.hold_rule == rule && item.wanted.given && item.until_ms >= now &&
           (item.case_number == DS_M_CREATE || noted(rule, DS_MOVE_WAIT));
}

static bool is_as_expected(int rule, enum expected expected)
{
    bool mentioned = rejections(rule) || noted(rule, DS_MOVE_CONFLICT) || held(rule) || told(rule);

    switch (expected) {
    case PASSES: return !mentioned;
    case REJECTS: return rejections(rule) == (rule == 41 ? 4 : 1); /* a contact has four fields */
    case REFUSES: return noted(rule, DS_MOVE_CONFLICT);
    case HOLDS: return held(rule);
    case WARNS: return told(rule);
    }
    return false;
}

/* --- the cases ----------------------------------------------------------------------------------- */

/* clang-format off */
static const struct rule_case {
    int rule;
    enum expected expected;
    const char *ours;     /* NULL: a new record */
    const char *change;
    const char *settings;
    const char *base;
} cases[] = {
    {3, REJECTS, NULL, "visibility=yes|solutions=[\"SOL-9\"]", 0, 0},
    {3, REFUSES, "solutions=[\"SOL-9\"]", "visibility=yes", 0, 0},
    {3, REFUSES, "solutions=[\"sol-1\"]", "visibility=yes", 0, 0},
    {3, PASSES, "solutions=[\"SOL-2\",\"SOL-9\"]", "visibility=yes", 0, 0},
    {3, PASSES, NULL, "solutions=[\"SOL-9\"]", 0, 0},
    {3, PASSES, NULL, "visibility=yes|solutions=", 0, 0}, /* that is R-48 */
    {9, REJECTS, NULL, "assessment=yes", 0, 0},
    {9, PASSES, NULL, "assessment=yes", "vetted", 0},
    {11, WARNS, "help=quotes|microsoft=declined", "", 0, 0},
    {11, WARNS, "help=quotes", "microsoft=expired", 0, 0},
    {11, PASSES, "help=quotes|microsoft=accepted", "", 0, 0},
    {11, PASSES, "microsoft=declined", "", 0, 0},
    {11, PASSES, "help=quotes|microsoft=declined|status=lost", "", 0, 0},
    {14, REJECTS, NULL, "assessment=yes|visibility=yes", "vetted", 0},
    {14, REJECTS, NULL, "assessment=yes|partner=inviter", "vetted", 0},
    {14, REFUSES, "assessment=yes", "visibility=yes", "vetted", 0},
    {14, REFUSES, "assessment=yes", "partner=inviter", "vetted", 0},
    {14, REFUSES, "assessment=yes|consent=yes" CONTACT, "help=quotes", "vetted", 0},
    {14, PASSES, NULL, "assessment=yes|partner=", "vetted", 0},
    {14, PASSES, NULL, "assessment=yes", "vetted", 0},
    {14, PASSES, "", "visibility=yes", 0, 0},
    {17, REFUSES, "visibility=", "visibility=yes", 0, "-visibility"},
    {17, REFUSES, "", "visibility=yes", "crm", "-visibility"},
    {17, PASSES, "", "visibility=yes", 0, 0},
    {22, REJECTS, NULL, "origin=inbound|partner=inviter", 0, 0},
    {22, REFUSES, "origin=inbound", "partner=inviter", 0, 0},
    {22, PASSES, "", "partner=inviter", 0, 0},
    {24, REFUSES, "visibility=yes", "visibility=no", 0, 0},
    {24, REFUSES, "visibility=yes", "visibility=", 0, 0},
    {24, REFUSES, "help=quotes", "help=none", 0, 0},
    {24, REFUSES, "partner=inviter", "partner=none", 0, 0},
    {24, PASSES, "", "visibility=yes", 0, 0},
    {24, PASSES, "visibility=", "visibility=no", 0, 0},
    {24, PASSES, "help=quotes|consent=yes" CONTACT, "visibility=yes", 0, 0},
    {27, REFUSES, "", "origin=inbound", 0, 0},
    {27, PASSES, NULL, "origin=inbound", 0, 0},
    {28, REJECTS, NULL, "partner=invited", 0, 0},
    {28, REFUSES, "", "partner=invited", 0, 0},
    {28, REFUSES, "partner=inviter", "partner=invited", 0, 0},
    {28, PASSES, NULL, "partner=invited|origin=inbound", 0, 0},
    {29, HOLDS, RECEIVED, "status=accepted", "crm", "-status"},
    {29, PASSES, RECEIVED, "status=accepted", 0, 0},
    {31, REJECTS, NULL, "name=", 0, 0},
    {31, REFUSES, "", "name=", 0, 0},
    {31, PASSES, "", "name=Another", 0, 0},
    {32, REJECTS, NULL, "location=", 0, 0},
    {32, REFUSES, "", "location=2", 0, 0},
    {32, REFUSES, "", "location=", 0, 0},
    {32, PASSES, NULL, "location=2", 0, 0},
    {33, REJECTS, NULL, "value=", 0, 0},
    {33, REJECTS, NULL, "currency=", 0, 0},
    {33, REFUSES, "", "value=", 0, 0},
    {33, REFUSES, "", "currency=", 0, 0},
    {33, PASSES, "", "value=0.0001|currency=JPY", 0, 0},
    {34, REJECTS, NULL, "close_date=", 0, 0},
    {34, REFUSES, "", "close_date=", 0, 0},
    {34, WARNS, NULL, "close_date=2026-08-20", 0, 0},
    {34, WARNS, "close_date=2026-08-20", "name=Another", 0, 0},
    {34, WARNS, NULL, "visibility=yes|status=won|stage=100|close_date=2026-08-20", 0, 0}, /* */
    {34, PASSES, "", "close_date=2026-08-21", 0, 0},
    {34, PASSES, "close_date=2026-08-20|status=lost|reason=budget", "", 0, 0},
    {35, REFUSES, "", "crm_id=006B", "taken", 0},
    {35, PASSES, "", "crm_id=006B", 0, 0},
    {39, REJECTS, NULL, "customer_country=", 0, 0},
    {39, REJECTS, NULL, "customer_street=|visibility=yes", 0, 0},
    {39, REFUSES, "customer_city=", "visibility=yes", 0, 0},
    {39, PASSES, NULL, "customer_street=|customer_city=", 0, 0},
    {40, REJECTS, NULL, "customer_name=", 0, 0},
    {40, REFUSES, "", "customer_name=Fabrikam", 0, 0},
    {40, REFUSES, "", "customer_duns=123456789", 0, 0},
    {40, PASSES, NULL, "customer_name=Fabrikam|customer_duns=123456789", 0, 0},
    {41, REJECTS, NULL, "help=quotes|consent=yes", 0, 0},
    {41, REFUSES, "consent=yes" CONTACT "|contact_phone=", "help=quotes", 0, 0},
    {41, PASSES, "consent=yes" CONTACT, "help=quotes", 0, 0},
    {41, PASSES, "", "visibility=yes", 0, 0},
    {41, PASSES, "visibility=yes|consent=yes", "help=quotes" CONTACT, 0, 0}, /* */
    {41, PASSES, "visibility=yes|consent=yes" CONTACT, "help=quotes|contact_email=", 0, 0}, /* it stays */
    {42, REJECTS, NULL, "help=quotes" CONTACT, 0, 0},
    {42, REJECTS, NULL, "visibility=yes" CONTACT, 0, 0},
    {42, REFUSES, "consent=no" CONTACT, "help=quotes", 0, 0},
    {42, REFUSES, "consent=no" CONTACT, "visibility=yes", 0, 0},
    {42, REFUSES, "contact_phone=1", "visibility=yes", 0, 0},
    {42, REFUSES, "visibility=yes", "contact_email=ada@c.example", 0, 0},
    {42, REFUSES, "", "consent=yes", 0, 0},
    {42, PASSES, NULL, "consent=yes|help=quotes" CONTACT, 0, 0},
    {42, PASSES, "", "visibility=yes", 0, 0},
    {42, PASSES, "", "contact_email=ada@c.example", 0, 0},
    {43, REFUSES, "visibility=yes|consent=yes" CONTACT, "contact_email=b@c.example", 0, 0},
    {43, REFUSES, "visibility=yes|consent=yes" CONTACT, "contact_email=", 0, 0},
    {43, REFUSES, "help=quotes|consent=yes" CONTACT, "help=general", 0, 0},
    {43, PASSES, "consent=yes" CONTACT, "contact_email=b@c.example", 0, 0},
    {43, PASSES, "consent=yes" CONTACT, "contact_email=b@c.example|visibility=yes", 0, 0},
    {43, PASSES, "visibility=yes|consent=yes", "help=quotes" CONTACT, 0, 0}, /* */
    {44, REFUSES, "consent=yes", "consent=no", 0, 0},
    {44, REFUSES, "consent=yes", "consent=", 0, 0},
    {44, PASSES, "consent=yes" CONTACT, "-consent|contact_phone=2", 0, 0},
    {44, PASSES, "consent=yes" CONTACT, "contact_phone=2|visibility=yes", 0, 0},
    {45, REJECTS, NULL, "team=", 0, 0},
    {45, REFUSES, "", "team=", 0, 0},
    {45, PASSES, "", TWO, 0, 0},
    {46, REJECTS, NULL, "team=#51", 0, 0},
    {46, REFUSES, "", "team=#51", 0, 0},
    {46, PASSES, "", "team=#50", 0, 0},
    {47, REFUSES, RECEIVED "|status=accepted|partner=invited|" TWO,
     "team=[{\"email\":\"a@example.com\",\"name\":\"A\",\"phone\":\"1\"}]", "domains", 0},
    {47, REFUSES, "origin=inbound|partner=invited", TWO, "domains", 0},
    {47, REFUSES, "origin=inbound|partner=invited", "team=[{\"name\":\"B\"}]", "domains", 0},
    {47, REFUSES, "origin=inbound|partner=invited", "team=#2", 0, 0},
    {47, PASSES, "origin=inbound|partner=invited", "team=#2", "domains", 0},
    {47, PASSES, "", TWO, "domains", 0},
    {47, PASSES, "partner=", TWO, "domains", 0},
    {48, REJECTS, NULL, "solutions=", 0, 0},
    {48, PASSES, NULL, "solutions=[\"SOL-5\"]", 0, 0},
    {49, REJECTS, NULL, "solutions=#51", 0, 0},
    {49, REFUSES, "", "solutions=", 0, 0},
    {49, REFUSES, "", "solutions=#51", 0, 0},
    {49, PASSES, "", "solutions=#50", 0, 0},
    {51, REJECTS, NULL, "assessment=yes|solutions=#2", "vetted", 0},
    {51, REFUSES, "assessment=yes", "solutions=#2", "vetted", 0},
    {51, REFUSES, "", "assessment=yes", "vetted", 0},
    {51, REFUSES, "assessment=yes", "assessment=no", "vetted", 0},
    {51, PASSES, "assessment=yes", "solutions=[\"SOL-5\"]", "vetted", 0},
    {51, PASSES, "", "solutions=#2", 0, 0},
    {52, REJECTS, NULL, "assessment=yes|location=", "vetted", 0},
    {52, PASSES, NULL, "assessment=yes", "vetted", 0},
    {53, REFUSES, "partner=inviter", "value=5", "domains", 0},
    {53, REFUSES, "partner=inviter", "currency=EUR", "domains", 0},
    {53, REFUSES, "partner=inviter", "close_date=2027-01-01", "domains", 0},
    {53, REFUSES, "partner=inviter", "team=#2", "domains", 0},
    {53, PASSES, "partner=inviter", "name=Another", "domains", 0},
    {53, PASSES, "partner=invited|origin=inbound", "value=5|close_date=2027-01-01|team=#2",
     "domains", 0},
    {54, REFUSES, RECEIVED "|partner=invited", "solutions=#2", "domains", 0},
    {54, REFUSES, RECEIVED "|partner=invited", "team=#2", "domains", 0},
    {54, PASSES, RECEIVED "|partner=invited", "team=#2|status=accepted", "domains", 0},
    {54, PASSES, RECEIVED "|partner=invited", "name=B", "domains", 0}, /* that is R-56 */
    {54, PASSES, "origin=inbound|partner=invited", "solutions=#2", "domains", 0},
    {55, REJECTS, NULL, "status=received", 0, 0},
    {55, REJECTS, NULL, "status=declined|reason=budget", 0, 0},
    {55, PASSES, NULL, "status=received|origin=inbound", 0, 0},
    {55, PASSES, NULL, "status=lost|reason=budget", 0, 0},
    {56, HOLDS, RECEIVED, "name=Another", 0, 0},
    {56, HOLDS, RECEIVED, "stage=20", 0, 0},
    {56, HOLDS, RECEIVED, "visibility=yes", 0, 0},
    {56, PASSES, RECEIVED, "name=Another|status=accepted", 0, 0},
    {56, PASSES, RECEIVED, "microsoft=asked|expires=2026-09-01T00:00:00Z", 0, 0},
    {57, HOLDS, RECEIVED, "stage=20|status=accepted", 0, 0},
    {57, HOLDS, RECEIVED, "solutions=#2|status=accepted", 0, 0},
    {57, PASSES, RECEIVED,
     "status=accepted|name=B|value=2|currency=EUR|close_date=2027-01-01|notes=n|crm_id=9|"
     "campaign_id=0|team=#2", 0, 0},
    {58, REJECTS, NULL, "status=lost", 0, 0},
    {58, REFUSES, "", "status=lost", 0, 0},
    {58, REFUSES, RECEIVED, "status=declined", 0, 0},
    {58, PASSES, "", "status=lost|reason=budget", 0, 0},
    {58, PASSES, RECEIVED, "status=declined|reason=not_a_customer", 0, 0},
    {59, REFUSES, RECEIVED, "status=expired", 0, 0},
    {59, WARNS, RECEIVED "|expires=2026-08-24T05:59:59Z", "", 0, 0},
    {59, WARNS, RECEIVED "|expires=2026-08-01T00:00:00Z", "", 0, 0},
    {59, WARNS, RECEIVED, "", "age=265", 0},         /* 14 days less 3, and an hour */
    {59, WARNS, RECEIVED, "", "days=5", 0},
    {59, PASSES, RECEIVED, "", "age=263", 0},
    {59, PASSES, RECEIVED "|expires=2026-08-24T06:00:01Z", "", "age=1000", 0},
    {59, PASSES, "origin=inbound|expires=2026-08-22T00:00:00Z", "", 0, 0},
    {61, REFUSES, "status=won|stage=100", "name=Another", 0, 0},
    {61, REFUSES, "status=lost|reason=budget", "status=accepted", 0, 0},
    {61, REFUSES, "status=declined|reason=budget", "visibility=yes", 0, 0}, /* */
    {61, REFUSES, "status=expired", "status=accepted", 0, 0},
    {61, REFUSES, "status=error", "notes=n", 0, 0},
    {61, PASSES, "", "name=Another", 0, 0},
    {63, REFUSES, "origin=inbound", "status=received", 0, 0},
    {63, PASSES, RECEIVED, "status=accepted", 0, 0},
    {64, REFUSES, RECEIVED, "status=won", 0, 0},
    {64, REFUSES, RECEIVED, "status=lost|reason=budget", 0, 0},
    {64, REFUSES, "", "status=declined|reason=budget", 0, 0},
    {64, REFUSES, "", "status=error", 0, 0},
    {64, PASSES, "", "status=won|stage=100", 0, 0},
    {64, PASSES, "", "status=lost|reason=budget", 0, 0},
    {64, PASSES, RECEIVED, "status=declined|reason=budget", 0, 0},
    {67, REJECTS, NULL, "stage=100", 0, 0},
    {67, REFUSES, "", "stage=100", 0, 0},
    {67, PASSES, "", "stage=100|status=won", 0, 0},
    {67, PASSES, "", "stage=80", 0, 0},
    {68, WARNS, "", "-stage|-status", "unmapped", 0},
    {68, PASSES, "", "", 0, 0},
    {70, HOLDS, NULL, "assessment=yes|status=won|stage=100", "vetted", 0},
    {70, HOLDS, "assessment=yes|stage=60", "status=won|stage=100", "vetted", 0},
    {70, HOLDS, "assessment=yes|stage=", "status=won|stage=100", "vetted", 0},
    {70, PASSES, "assessment=yes|stage=80", "status=won|stage=100", "vetted", 0},
    {70, PASSES, "stage=10", "status=won|stage=100", 0, 0},
    {70, PASSES, NULL, "assessment=yes|status=won|stage=100|close_date=2017-03-01", "vetted first",
     0},
    {72, REJECTS, NULL, "-stage|-status", "unmapped", 0},
    {72, PASSES, NULL, "", 0, 0},
    {74, REFUSES, "", "status=lost|reason=budget|stage=60", 0, 0},
    {74, PASSES, "", "status=lost|reason=budget", 0, 0},
    {75, WARNS, "stage=100", "", 0, 0},
    {75, PASSES, "", "stage=80", 0, 0},
    {75, PASSES, "stage=100|status=won", "", 0, 0},
    {76, WARNS, "", "stage=20", 0, 0},
    {76, PASSES, "", "stage=60", 0, 0},
    {78, HOLDS, "visibility=yes", "status=won|stage=100", "age=71", 0},
    {78, HOLDS, "visibility=yes", "status=won|stage=100", "age=71 incentive", 0},
    {78, PASSES, "visibility=yes", "status=won|stage=100", "age=72", 0},
    {78, PASSES, "", "status=won|stage=100", "age=0", 0},                          /* */
    {78, PASSES, "visibility=yes", "status=won|stage=100", "age=0 others", 0},     /* */
    {78, PASSES, "visibility=yes", "status=won|stage=100", "age=0 early", 0},      /* */
    {78, PASSES, "assessment=yes|stage=80", "status=won|stage=100", "age=0", 0},   /* */
    {79, WARNS, "visibility=yes", "status=won|stage=100", "age=0 early", 0},
    {79, PASSES, "", "status=won|stage=100", "age=0 early", 0},
    {79, PASSES, "visibility=yes", "", "early", 0},
    {79, PASSES, "visibility=yes", "status=won|stage=100", "age=72", 0},
    {80, HOLDS, NULL, "visibility=yes|status=won|stage=100", 0, 0},
    {80, HOLDS, NULL, "visibility=yes|status=won|stage=100|close_date=2017-03-01", 0, 0},
    {80, HOLDS, NULL, "visibility=yes|status=won|stage=100|close_date=2026-08-20", "first", 0},
    {80, PASSES, NULL, "visibility=yes|status=won|stage=100|close_date=2017-03-01", "first", 0},
    {80, PASSES, NULL, "status=won|stage=100", 0, 0},
    {81, WARNS, "", "", "incentive", 0},
    {81, PASSES, "visibility=yes", "", "incentive", 0},
    {81, PASSES, "", "", "others", 0},
    {81, PASSES, "assessment=yes", "", "incentive vetted", 0},
    {81, PASSES, "status=won|stage=100", "", "incentive", 0},
    {83, WARNS, "visibility=yes", "", "incentive", 0},
    {83, WARNS, "help=quotes|value=30000", "", "incentive", 0},
    {83, PASSES, "visibility=yes|value=25000", "", "incentive", 0}, /* without a seller */
    {83, PASSES, "help=quotes|microsoft=accepted|value=30000", "", "incentive", 0},
    {83, PASSES, "visibility=yes|currency=EUR", "", "incentive", 0}, /* the rate is not known */
    {83, PASSES, "visibility=yes", "", 0, 0},
    {83, PASSES, "visibility=yes|value=", "", "incentive", 0},
    {96, WARNS, "stage=60", "status=won|stage=100", 0, "stage=40"},
    {96, PASSES, "", "status=won|stage=100", 0, 0},
    {96, PASSES, "visibility=yes", "status=won|stage=100", "age=0", 0},
    {96, PASSES, NULL, "visibility=yes|status=won|stage=100", 0, 0}, /* a hold: R-80 */
};
/* clang-format on */

static void each_rule_stops_and_lets_pass(void **state)
{
    size_t bad = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct rule_case *c = &cases[i];

        plan(c->ours, c->base, c->change, c->settings);
        if (is_as_expected(c->rule, c->expected))
            continue;
        bad++;
        print_error("R-%d '%c': %s -> %s (%s)\n  outcome %d, hold R-%d, warning %s\n", c->rule,
                    c->expected, c->ours ? c->ours : "new", c->change,
                    c->settings ? c->settings : "-", item.outcome, item.hold_rule,
                    item.warning ? item.warning : "-");
        for (size_t k = 0; k < item.changes; k++)
            print_error("  %s M-%d R-%d %s\n", ds_fields[item.change[k].field].name,
                        item.change[k].case_number, item.change[k].rule, item.change[k].why);
        for (size_t k = 0; k < theirs.mapped.problems; k++)
            print_error("  problem R-%d %s\n", theirs.mapped.problem[k].rule,
                        theirs.mapped.problem[k].text);
    }
    assert_int_equal(bad, 0);
}

/* Where one rule has several reasons, each of them where it belongs. */
/* clang-format off */
static const struct {
    const char *text;
    const char *ours; /* NULL: a new record */
    const char *change;
    const char *settings;
} reasons[] = {
    {"name is missing: a deal must have it", NULL, "name=", 0},
    {"city is missing: a deal that is shared must have it", NULL, "customer_city=|visibility=yes", 0},
    {"phone is missing: a deal that asks for help must have it", NULL,
     "help=quotes|consent=yes" CONTACT "|contact_phone=", 0},
    {"emptied, and a deal must have it", "", "name=", 0},
    {"emptied, and a deal must have one", "", "solutions=", 0},
    {"more than 50 solutions", "", "solutions=#51", 0},
    {"cannot change once the deal exists", "", "location=2", 0},
    {"there is no way back", "visibility=yes", "visibility=no", 0},
    {"once the deal is shared", "visibility=yes|consent=yes" CONTACT, "contact_phone=2", 0},
    {"help is asked for without", "consent=no" CONTACT, "help=quotes", 0},
    {"Microsoft would see the contact", "consent=no" CONTACT, "visibility=yes", 0},
    {"cannot be co-sell", "assessment=yes|consent=yes" CONTACT, "help=quotes", 0},
    {"cannot be partner-led", "assessment=yes", "visibility=yes", 0},
    {"cannot be between partners", "assessment=yes", "partner=inviter", 0},
    {"a deal of ours cannot be 'received'", NULL, "status=received", 0},
    {"'error' does not follow 'accepted'", "", "status=error", 0},
    {"lost without a reason", "", "status=lost", 0},
    {"declined without a reason", RECEIVED, "status=declined", 0},
    {"'Secure customer LOE' (20 %)", "assessment=yes|stage=10", "status=won|stage=100", "vetted"},
    {"stage 'Pondering' has no line", NULL, "-stage|-status", "unmapped"},
    {"the stage is empty", NULL, "-stage|-status", "blank"},
    {"changes people of another company", "origin=inbound|partner=invited", TWO, "domains"},
    {"'our_domains' of this connection", "origin=inbound|partner=invited", TWO, 0},
    {"and expires at '2026-08-24", RECEIVED "|expires=2026-08-24T05:59:59Z", "", 0},
    {"and due since '2026-08-01", RECEIVED "|expires=2026-08-01T00:00:00Z", "", 0},
    {"and due since '2026-08-21", RECEIVED "|expires=2026-08-21T06:00:00Z", "", 0},
    {"answer is 'expired'", "help=quotes|microsoft=expired", "", 0},
    {"solution 'SOL-1' has an incentive", "", "", "incentive"},
    {"acceptance met, value not met", "visibility=yes", "", "incentive"},
    {"acceptance not met, value met", "help=quotes|value=25000", "", "incentive"},
    {"acceptance not met, value unknown", "help=quotes|currency=EUR", "", "incentive"},
};
/* clang-format on */

static bool is_given_as_reason(const char *text)
{
    for (size_t i = 0; i < item.changes; i++)
        if (strstr(item.change[i].why, text))
            return true;
    for (size_t i = 0; i < theirs.mapped.problems; i++)
        if (strstr(theirs.mapped.problem[i].text, text))
            return true;
    return item.warning && strstr(item.warning, text);
}

static void each_reason_is_given_where_it_belongs(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(reasons); i++) {
        plan(reasons[i].ours, NULL, reasons[i].change, reasons[i].settings);
        if (!is_given_as_reason(reasons[i].text))
            fail_msg("nothing says: %s", reasons[i].text);
    }
}

static bool has_case(int rule, enum expected expected)
{
    for (size_t i = 0; i < COUNT(cases); i++)
        if (cases[i].rule == rule && cases[i].expected == expected)
            return true;
    print_error("R-%d has no case '%c'\n", rule, expected);
    return false;
}

static void each_row_of_the_table_has_its_cases(void **state)
{
    bool all = true;

    (void)state;
    for (size_t i = 0; i < ds_rules_count; i++) {
        const struct ds_rule *r = &ds_rules[i];

        assert_true(r->when != 0 && r->title && r->breaks);
        assert_int_equal(r->makes == DS_WARNS, r->when == DS_AS_IT_IS);
        all = has_case(r->number, PASSES) && all;
        if (r->makes == DS_WARNS)
            all = has_case(r->number, WARNS) && all;
        if (r->makes == DS_WAITS)
            all = has_case(r->number, HOLDS) && all;
        if (r->makes == DS_REFUSES && r->when & DS_AT_CREATION)
            all = has_case(r->number, REJECTS) && all;
        if (r->makes == DS_REFUSES && r->when & (DS_AT_CHANGE | DS_AT_SHARING))
            all = has_case(r->number, REFUSES) && all;
    }
    assert_true(all);
}

/* Sorted, so that a rule is found; the one that hides all others comes first. */
static void the_table_is_in_order(void **state)
{
    (void)state;
    assert_int_equal(ds_rules[0].number, 61);
    for (size_t i = 2; i < ds_rules_count; i++)
        assert_true(ds_rules[i - 1].number <= ds_rules[i].number);
}

/* --- which field may change when (R-77) ----------------------------------------------------------- */

/* For each field another value, and the rule that stands against it in each phase; 0: none. In the
 * phase "received" R-56 makes it wait. */
static const struct {
    enum ds_field field;
    const char *from, *to;
    int rule[4]; /* received, accepted, shared, closed */
} phases[] = {
    {DS_NAME, "a", "b", {56, 0, 0, 61}},
    {DS_STATUS, NULL, NULL, {0, 0, 0, 61}},
    {DS_STAGE, "20", "40", {56, 0, 0, 61}},
    {DS_REASON, NULL, "budget", {56, 0, 0, 61}},
    {DS_ON_HOLD, "no", "yes", {56, 0, 0, 61}},
    {DS_VALUE, "1", "2", {56, 0, 0, 61}},
    {DS_CURRENCY, "EUR", "USD", {56, 0, 0, 61}},
    {DS_CLOSE_DATE, "2026-12-31", "2027-12-31", {56, 0, 0, 61}},
    {DS_LOCATION, "1", "2", {32, 32, 32, 61}},
    {DS_CUSTOMER_NAME, "a", "b", {40, 40, 40, 61}},
    {DS_CUSTOMER_DUNS, NULL, "123456789", {40, 40, 40, 61}},
    {DS_CUSTOMER_STREET, "a", "b", {40, 40, 40, 61}},
    {DS_CUSTOMER_CITY, "a", "b", {40, 40, 40, 61}},
    {DS_CUSTOMER_STATE, NULL, "b", {40, 40, 40, 61}},
    {DS_CUSTOMER_POSTAL_CODE, "1", NULL, {40, 40, 40, 61}},
    {DS_CUSTOMER_COUNTRY, "US", "DE", {40, 40, 40, 61}},
    {DS_CONTACT_FIRST_NAME, "a", "b", {56, 0, 43, 61}},
    {DS_CONTACT_LAST_NAME, "a", NULL, {56, 0, 43, 61}},
    {DS_CONTACT_EMAIL, "a", "b", {56, 0, 43, 61}},
    {DS_CONTACT_PHONE, NULL, "b", {56, 0, 0, 61}},
    {DS_CONTACT_PHONE, "a", "b", {56, 0, 43, 61}},
    {DS_CONSENT, "yes", "no", {44, 44, 44, 61}},
    {DS_CONSENT, "no", "yes", {42, 42, 42, 61}},
    {DS_VISIBILITY, "no", "yes", {56, 0, -1, 61}}, /* -1: there is no such deal */
    {DS_VISIBILITY, "yes", "no", {-1, -1, 24, 61}},
    {DS_HELP, "none", "quotes", {56, 0, 0, 61}},
    {DS_HELP, "quotes", "none", {-1, -1, 24, 61}},
    {DS_HELP, "quotes", "general", {-1, -1, 43, 61}},
    {DS_ASSESSMENT, "no", "yes", {51, 51, 51, 61}},
    {DS_TEAM, "[1]", "[2]", {56, 0, 0, 61}},
    {DS_SOLUTIONS, "[\"SOL-1\"]", "[\"SOL-2\"]", {56, 0, 0, 61}},
    {DS_CRM_ID, "a", "b", {56, 0, 0, 61}},
    {DS_CAMPAIGN_ID, "a", "A", {56, 0, 0, 61}}, /* */
    {DS_NOTES, "a", "b", {56, 0, 0, 61}},
    {DS_ORIGIN, "outbound", "inbound", {27, 27, 27, 61}},
    {DS_PARTNER, "none", "inviter", {22, 0, 0, 61}},
    {DS_PARTNER, "inviter", "none", {24, 24, 24, 61}},
    {DS_MICROSOFT, "none", "asked", {0, 0, 0, 61}},
    {DS_EXPIRES, NULL, "2026-09-30T00:00:00Z", {0, 0, 0, 61}},
};

static const struct {
    const char *name;
    const char *ours;
    const char *status; /* what its status may become */
} phase_deals[4] = {
    {"received", RECEIVED "|consent=yes|help=none" CONTACT, DS_STATUS_ACCEPTED},
    {"accepted", "consent=yes" CONTACT, DS_STATUS_WON},
    {"shared", "visibility=yes|consent=yes" CONTACT, DS_STATUS_WON},
    {"closed", "status=won|stage=100", DS_STATUS_ACCEPTED},
};

static int rule_of(enum ds_field f)
{
    for (size_t i = 0; i < item.changes; i++)
        if (item.change[i].field == f)
            return item.change[i].rule;
    return -1;
}

/* One field of a deal in one phase. */
static void change_in_phase(size_t i, size_t p)
{
    enum ds_field f = phases[i].field;
    const char *name = ds_fields[f].name;
    const char *from = phases[i].from ? phases[i].from : "";
    const char *to = f == DS_STATUS ? phase_deals[p].status : phases[i].to ? phases[i].to : "";
    int want = phases[i].rule[p], got;
    char ours[512], change[96];

    snprintf(ours, sizeof(ours), "%s", phase_deals[p].ours);
    if (f != DS_STATUS)
        snprintf(ours, sizeof(ours), "%s|%s=%s", phase_deals[p].ours, name, from);
    snprintf(change, sizeof(change), "%s=%s", name, to);
    plan(ours, NULL, change, NULL);
    got = rule_of(f);
    if (got != want)
        fail_msg("%s, %s: '%s' -> '%s' gives R-%d, not R-%d", name, phase_deals[p].name, from, to,
                 got, want);
    if (ds_given(&item.write, f) != (want == 0) || ds_given(&item.wanted, f) != (want == 56))
        fail_msg("%s, %s: what is written or held does not fit R-%d", name, phase_deals[p].name,
                 want);
}

/* The rule that a field names as the one that freezes it does so. */
static void each_field_is_frozen_by_its_own_rule(void **state)
{
    (void)state;
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        bool freezes = ds_fields[f].frozen_rule == 0;

        for (size_t i = 0; i < COUNT(phases); i++)
            freezes =
                freezes || (phases[i].field == f && phases[i].rule[2] == ds_fields[f].frozen_rule);
        if (!freezes)
            fail_msg("R-%d does not freeze %s", ds_fields[f].frozen_rule, ds_fields[f].name);
    }
}

static void each_field_in_each_phase(void **state)
{
    uint64_t seen = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(phases); i++) {
        seen |= UINT64_C(1) << phases[i].field;
        for (size_t p = 0; p < COUNT(phase_deals); p++)
            if (phases[i].rule[p] >= 0)
                change_in_phase(i, p);
    }
    assert_int_equal(seen, (UINT64_C(1) << DS_FIELDS) - 1);
}

/* --- answers and consent, as a whole --------------------------------------------------------------- */

/* the acceptance and its values are one item; what comes after it comes in the same run. */
static void an_answer_is_one_item(void **state)
{
    static const enum ds_field with[] = {DS_STATUS, DS_NAME, DS_VALUE, DS_NOTES, DS_TEAM};

    (void)state;
    plan(RECEIVED, NULL, "status=accepted|name=B|value=2|notes=n|team=#2|stage=20", NULL);
    for (size_t i = 0; i < COUNT(with); i++)
        assert_true(ds_given(&item.write, with[i]));
    assert_int_equal(item.wanted.given, UINT64_C(1) << DS_STAGE);
    assert_int_equal(item.until_ms, now);
}

/* held until the other side lets it expire, and looked at daily from then on. */
static void a_hold_ends_with_the_answer_or_the_time(void **state)
{
    (void)state;
    plan(RECEIVED, NULL, "name=B", NULL);
    assert_int_equal(item.until_ms, now + (14 * 24 - 100) * HOUR);
    plan(RECEIVED "|expires=2026-08-30T00:00:00Z", NULL, "name=B", NULL);
    assert_int_equal(item.until_ms, now + (8 * 24 + 18) * HOUR);
    plan(RECEIVED, NULL, "name=B", "age=400");
    assert_int_equal(item.until_ms, now + 24 * HOUR);
}

/* what was withdrawn takes the contact and the sharing with it. */
static void without_consent_nothing_personal_is_shared(void **state)
{
    (void)state;
    plan("consent=yes" CONTACT, NULL, "consent=no|visibility=yes|contact_phone=5|name=B", NULL);
    assert_int_equal(item.write.given, UINT64_C(1) << DS_NAME);
    assert_int_equal(rule_of(DS_CONSENT), 44);
    assert_int_equal(rule_of(DS_VISIBILITY), 44);
    assert_int_equal(rule_of(DS_CONTACT_PHONE), 44);
    plan("consent=yes" CONTACT, NULL, "consent=no|help=quotes", NULL);
    assert_int_equal(rule_of(DS_HELP), 44);
    assert_int_equal(item.write.given, 0);
    plan("consent=yes|help=", NULL, "consent=no|help=none", NULL);
    assert_int_equal(rule_of(DS_HELP), 0); /* nothing is shared by it */
}

/* what Microsoft says is not what we say. */
static void the_answer_of_microsoft_moves_no_status(void **state)
{
    static const char *const said[] = {"asked", "accepted", "declined", "expired"};

    (void)state;
    for (size_t i = 0; i < COUNT(said); i++) {
        char change[32];

        snprintf(change, sizeof(change), "microsoft=%s", said[i]);
        plan("help=quotes", NULL, change, NULL);
        assert_int_equal(item.write.given, UINT64_C(1) << DS_MICROSOFT);
    }
}

/* a deal that is shared and won at once is won as a shared one. */
static void sharing_counts_before_closing(void **state)
{
    (void)state;
    plan("", NULL, "visibility=yes|status=won|stage=100", "age=1");
    assert_int_equal(item.hold_rule, 78);
    assert_int_equal(item.write.given, UINT64_C(1) << DS_VISIBILITY);
}

static void several_warnings_are_told_at_once(void **state)
{
    (void)state;
    plan("close_date=2026-08-20", NULL, "stage=20", "incentive");
    assert_int_equal(item.remarks, 3);
    assert_non_null(
        strstr(item.warning, "(R-34); goes back from 'Developed' to 'Qualified' (R-76);"));
    assert_non_null(strstr(item.warning, "(R-81)"));
}

/* --- the manual ------------------------------------------------------------------------------------ */

/* "| R-n | in short | mark | where and test |" */
static void each_rule_has_a_line_in_the_manual(void **state)
{
    static char line[4096];
    int rows[99] = {0}, number;
    bool enforced[99] = {false};
    FILE *f = fopen("docs/rules.md", "r");

    (void)state;
    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        char *end;

        if (strncmp(line, "| R-", 4) != 0)
            continue;
        number = (int)strtol(line + 4, &end, 10);
        assert_in_range(number, 1, 98);
        assert_int_equal(strncmp(end, " | ", 3), 0);
        rows[number]++;
        enforced[number] = strstr(end, " | E") || strstr(end, " | R ");
    }
    fclose(f);
    for (int n = 1; n <= 98; n++)
        if (rows[n] != 1)
            fail_msg("docs/rules.md has %d rows for R-%d", rows[n], n);
    for (size_t i = 0; i < ds_rules_count; i++)
        if (!enforced[ds_rules[i].number])
            fail_msg("docs/rules.md does not say that R-%d is enforced or reported",
                     ds_rules[i].number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule_stops_and_lets_pass),
        cmocka_unit_test(each_reason_is_given_where_it_belongs),
        cmocka_unit_test(each_row_of_the_table_has_its_cases),
        cmocka_unit_test(the_table_is_in_order),
        cmocka_unit_test(each_field_in_each_phase),
        cmocka_unit_test(each_field_is_frozen_by_its_own_rule),
        cmocka_unit_test(an_answer_is_one_item),
        cmocka_unit_test(a_hold_ends_with_the_answer_or_the_time),
        cmocka_unit_test(without_consent_nothing_personal_is_shared),
        cmocka_unit_test(the_answer_of_microsoft_moves_no_status),
        cmocka_unit_test(sharing_counts_before_closing),
        cmocka_unit_test(several_warnings_are_told_at_once),
        cmocka_unit_test(each_rule_has_a_line_in_the_manual),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    ds_arena_clear(&arena);
    return failed;
}
