/* The planner: what is seen of a record, its link and its deal in, one item out. */
#include "engine/plan.h"

#include "base/date.h"
#include "engine/guard.h"
#include "engine/theirs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR INT64_C(3600000)

static struct ds_arena arena;
static struct ds_theirs theirs;
static struct ds_sight sight;
static struct ds_item item;
static struct ds_policy policy;
static int64_t now;

/* A deal that has everything a deal must have. */
static struct ds_deal complete(void)
{
    struct ds_deal d = {0};

    ds_deal_set(&d, DS_NAME, "Contoso renewal");
    ds_deal_set(&d, DS_STATUS, DS_STATUS_ACCEPTED);
    ds_deal_set(&d, DS_STAGE, "40");
    ds_deal_set(&d, DS_ON_HOLD, DS_NO);
    ds_deal_set(&d, DS_VALUE, "1000");
    ds_deal_set(&d, DS_CURRENCY, "USD");
    ds_deal_set(&d, DS_CLOSE_DATE, "2026-12-31");
    ds_deal_set(&d, DS_LOCATION, "1000001");
    ds_deal_set(&d, DS_CUSTOMER_NAME, "Contoso");
    ds_deal_set(&d, DS_CUSTOMER_STREET, "1 Main Street");
    ds_deal_set(&d, DS_CUSTOMER_CITY, "Springfield");
    ds_deal_set(&d, DS_CUSTOMER_COUNTRY, "US");
    ds_deal_set(&d, DS_TEAM, "[{\"email\":\"a@example.com\",\"name\":\"A\",\"phone\":\"1\"}]");
    ds_deal_set(&d, DS_SOLUTIONS, "[\"SOL-1\"]");
    ds_deal_set(&d, DS_CRM_ID, "006A");
    return d;
}

static int fresh(void **state)
{
    (void)state;
    ds_arena_reset(&arena);
    ds_instant("2026-08-21T06:00:00Z", &now);
    policy = (struct ds_policy){.now_ms = now, .shareable = "SOL-1, SOL-2"};
    memset(&theirs, 0, sizeof(theirs));
    memset(&sight, 0, sizeof(sight));
    theirs.id = "006A";
    theirs.version = "v2";
    theirs.mapped.deal = complete();
    sight.theirs = &theirs;
    sight.claim = DS_CLAIMS;
    return 0;
}

static void plan(void)
{
    ds_plan(&policy, &arena, &sight, &item);
}

/* A link, a base and a deal that agree. */
static void link_up(void)
{
    sight.link = (struct ds_link){.deal = 7, .version = "v1", .seen_version = 1, .deal_version = 1};
    sight.base = complete();
    sight.ours = (struct ds_stored_deal){.id = 7, .version = 1, .created_ms = now - 100 * HOUR};
    sight.ours.deal = complete();
}

/* What was planned for a field; a change that is none when there is nothing. */
static const struct ds_change *changed(enum ds_field f)
{
    static const struct ds_change none = {.case_number = -1, .rule = -1};

    for (size_t i = 0; i < item.changes; i++)
        if (item.change[i].field == f)
            return &item.change[i];
    return &none;
}

static void give(enum ds_field f, const char *value)
{
    ds_deal_set(&theirs.mapped.deal, f, value);
}

static void a_new_record_becomes_a_deal(void **state)
{
    (void)state;
    plan();
    assert_int_equal(item.outcome, DS_CREATED);
    assert_int_equal(item.case_number, DS_M_CREATE);
    assert_string_equal(item.write.value[DS_CONSENT], DS_NO);    /* default no */
    assert_string_equal(item.write.value[DS_VISIBILITY], DS_NO); /* never shared by default */
    assert_string_equal(item.base.value[DS_NAME], "Contoso renewal");
    assert_false(ds_given(&item.base, DS_CONSENT));
    assert_null(item.warning);
}

static const struct {
    enum ds_field field;
    int rule;
} needed[] = {
    {DS_NAME, 31},     {DS_VALUE, 33},         {DS_CURRENCY, 33},         {DS_CLOSE_DATE, 34},
    {DS_LOCATION, 32}, {DS_CUSTOMER_NAME, 40}, {DS_CUSTOMER_COUNTRY, 39}, {DS_TEAM, 45},
    {DS_SOLUTIONS, 48}};

static void all_that_is_missing_is_named_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        give(needed[i].field, NULL);
    plan();
    assert_int_equal(item.outcome, DS_REJECTED);
    assert_int_equal(theirs.mapped.problems, sizeof(needed) / sizeof(needed[0]));
    for (size_t i = 0; i < theirs.mapped.problems; i++) {
        const struct ds_problem *p = &theirs.mapped.problem[i];
        size_t k = 0;

        while (needed[k].field != p->field)
            k++;
        assert_int_equal(p->rule, needed[k].rule);
    }
}

/* One change each that keeps a record from becoming a deal. */
static const struct {
    enum ds_field field;
    const char *value;
    enum ds_field blamed;
    int rule;
} refused[] = {
    {DS_ASSESSMENT, DS_YES, DS_ASSESSMENT, 9},     {DS_STATUS, DS_STATUS_LOST, DS_REASON, 58},
    {DS_HELP, "quotes", DS_CONSENT, 42},           {DS_HELP, "quotes", DS_CONTACT_EMAIL, 41},
    {DS_HELP, "quotes", DS_CONTACT_LAST_NAME, 41},
};

static void creation_is_refused_by_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        bool blamed = false;

        fresh(NULL);
        give(refused[i].field, refused[i].value);
        plan();
        assert_int_equal(item.outcome, DS_REJECTED);
        for (size_t k = 0; k < theirs.mapped.problems; k++)
            blamed = blamed || (theirs.mapped.problem[k].field == refused[i].blamed &&
                                theirs.mapped.problem[k].rule == refused[i].rule);
        assert_true(blamed);
    }
}

/* What the mapping could not read is not missing as well; and there is an end to naming. */
static void what_the_mapping_has_named_is_named_once(void **state)
{
    struct ds_mapped *m = &theirs.mapped;

    (void)state;
    m->problem[m->problems++] = (struct ds_problem){DS_VALUE, 33, "Amount 'x' is not a number"};
    m->problem[m->problems++] = (struct ds_problem){DS_CURRENCY, 33, "Currency 'x' is none"};
    give(DS_VALUE, NULL);
    give(DS_CURRENCY, NULL);
    give(DS_CLOSE_DATE, NULL);
    plan();
    assert_int_equal(m->problems, 3);
    assert_int_equal(m->problem[2].field, DS_CLOSE_DATE);
    while (m->problems < DS_MAX_PROBLEMS)
        m->problem[m->problems++] = m->problem[0];
    give(DS_NAME, NULL);
    plan();
    assert_int_equal(m->problems, DS_MAX_PROBLEMS);
}

static void sharing_needs_a_shareable_solution(void **state)
{
    (void)state;
    give(DS_VISIBILITY, DS_YES);
    plan();
    assert_int_equal(item.outcome, DS_CREATED);
    fresh(NULL);
    policy.shareable = "SOL-10";
    give(DS_VISIBILITY, DS_YES);
    plan();
    assert_int_equal(item.outcome, DS_REJECTED);
    assert_int_equal(theirs.mapped.problem[0].rule, 3);
}

static void an_unmapped_stage_is_never_guessed(void **state)
{
    (void)state;
    theirs.mapped.deal.given &= ~((UINT64_C(1) << DS_STAGE) | (UINT64_C(1) << DS_STATUS));
    theirs.mapped.deal.value[DS_STAGE] = theirs.mapped.deal.value[DS_STATUS] = NULL;
    theirs.mapped.unmapped_stage = "Pondering";
    plan();
    assert_int_equal(item.outcome, DS_REJECTED);
    assert_int_equal(theirs.mapped.problem[0].rule, 72);

    theirs.mapped.problems = 0;
    link_up();
    plan();
    assert_int_equal(item.outcome, DS_UNCHANGED); /* the stage stays */
    assert_non_null(strstr(item.warning, "Pondering"));
}

static void only_theirs_changed(void **state)
{
    (void)state;
    link_up();
    give(DS_STAGE, "60");
    plan();
    assert_int_equal(item.outcome, DS_UPDATED);
    assert_int_equal(changed(DS_STAGE)->case_number, 2);
    assert_string_equal(item.write.value[DS_STAGE], "60");
    assert_string_equal(item.base.value[DS_STAGE], "60");
    assert_int_equal(item.write.given, UINT64_C(1) << DS_STAGE);
}

static void only_ours_changed_is_kept(void **state)
{
    (void)state;
    link_up();
    ds_deal_set(&sight.ours.deal, DS_VALUE, "1200");
    plan();
    assert_int_equal(item.outcome, DS_UNCHANGED);
    assert_int_equal(changed(DS_VALUE)->case_number, 3);
    assert_int_equal(item.write.given, 0);
    assert_string_equal(item.base.value[DS_VALUE], "1000"); /* it still shows as ours */
}

static void different_fields_are_no_conflict(void **state)
{
    (void)state;
    link_up();
    ds_deal_set(&sight.ours.deal, DS_VALUE, "1200");
    give(DS_CLOSE_DATE, "2027-01-31");
    plan();
    assert_int_equal(item.outcome, DS_UPDATED);
    assert_int_equal(item.conflicts, 0);
}

static void equal_edits_agree(void **state)
{
    (void)state;
    link_up();
    ds_deal_set(&sight.ours.deal, DS_VALUE, "1200");
    give(DS_VALUE, "1200");
    plan();
    assert_int_equal(item.outcome, DS_UNCHANGED);
    assert_int_equal(changed(DS_VALUE)->case_number, 4);
    assert_string_equal(item.base.value[DS_VALUE], "1200");
}

/* An open conflict blocks its field, not its record. */
static void a_conflict_blocks_its_field_only(void **state)
{
    (void)state;
    link_up();
    ds_deal_set(&sight.ours.deal, DS_VALUE, "1200");
    give(DS_VALUE, "1300");
    give(DS_STAGE, "60");
    plan();
    assert_int_equal(item.outcome, DS_CONFLICT);
    assert_int_equal(item.conflicts, UINT64_C(1) << DS_VALUE);
    assert_int_equal(item.write.given, UINT64_C(1) << DS_STAGE);
    assert_string_equal(item.base.value[DS_VALUE], "1000");
}

static const struct {
    enum ds_field field;
    const char *ours;
    const char *value;
    int rule;
} frozen[] = {
    {DS_LOCATION, "1000001", "1000002", 32},
    {DS_CUSTOMER_NAME, "Contoso", "Fabrikam", 40},
    {DS_CUSTOMER_COUNTRY, "US", "DE", 40},
    {DS_CUSTOMER_DUNS, NULL, "123456789", 40},
    {DS_CONSENT, DS_NO, DS_YES, 42},
    {DS_VISIBILITY, DS_YES, DS_NO, 24},
    {DS_HELP, "quotes", "none", 24},
    {DS_VALUE, "1000", NULL, 33},
    {DS_CLOSE_DATE, "2026-12-31", NULL, 34},
    {DS_NAME, "Contoso renewal", NULL, 31},
    {DS_TEAM, "[1]", NULL, 45},
    {DS_SOLUTIONS, "[\"SOL-1\"]", NULL, 49},
    {DS_STATUS, DS_STATUS_ACCEPTED, DS_STATUS_LOST, 58},
};

static void a_forbidden_change_is_a_conflict_that_names_the_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(frozen) / sizeof(frozen[0]); i++) {
        fresh(NULL);
        link_up();
        ds_deal_set(&sight.base, frozen[i].field, frozen[i].ours);
        ds_deal_set(&sight.ours.deal, frozen[i].field, frozen[i].ours);
        give(frozen[i].field, frozen[i].value);
        plan();
        assert_int_equal(item.outcome, DS_CONFLICT);
        assert_int_equal(changed(frozen[i].field)->case_number, DS_M_FORBIDDEN);
        assert_int_equal(changed(frozen[i].field)->rule, frozen[i].rule);
        assert_false(ds_given(&item.write, frozen[i].field));
    }
}

static void visibility_may_go_up(void **state)
{
    (void)state;
    link_up();
    ds_deal_set(&sight.base, DS_VISIBILITY, DS_NO);
    ds_deal_set(&sight.ours.deal, DS_VISIBILITY, DS_NO);
    give(DS_VISIBILITY, DS_YES);
    plan();
    assert_int_equal(item.outcome, DS_UPDATED); /* */
}

static void a_terminal_deal_is_never_changed(void **state)
{
    (void)state;
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        static const char *const closed[] = {"won", "lost", "declined", "expired", "error"};

        for (size_t i = 0; i < 5; i++) {
            fresh(NULL);
            link_up();
            ds_deal_set(&sight.base, DS_STATUS, closed[i]);
            ds_deal_set(&sight.ours.deal, DS_STATUS, closed[i]);
            give(DS_STATUS, closed[i]);
            give(DS_REASON, "budget");
            ds_deal_set(&sight.base, DS_REASON, "budget");
            ds_deal_set(&sight.ours.deal, DS_REASON, "budget");
            give(f, f == DS_STATUS ? DS_STATUS_ACCEPTED : "another");
            plan();
            assert_int_equal(item.write.given, 0);
            assert_int_equal(item.outcome, DS_CONFLICT); /* */
            assert_int_equal(changed(f)->rule, 61);
        }
    }
}

static void mark_won(void)
{
    give(DS_STATUS, DS_STATUS_WON);
    give(DS_STAGE, "100");
}

static void share(void)
{
    give(DS_VISIBILITY, DS_YES);
    ds_deal_set(&sight.base, DS_VISIBILITY, DS_YES);
    ds_deal_set(&sight.ours.deal, DS_VISIBILITY, DS_YES);
}

/* 72 hours from creation in the store; exactly 72 hours is enough. */
static void a_shared_deal_waits_72_hours(void **state)
{
    static const struct {
        int64_t age_ms;
        enum ds_outcome outcome;
    } ages[] = {{0, DS_HELD},
                {71 * HOUR, DS_HELD},
                {72 * HOUR - 1, DS_HELD},
                {72 * HOUR, DS_UPDATED},
                {73 * HOUR, DS_UPDATED}};

    (void)state;
    for (size_t i = 0; i < sizeof(ages) / sizeof(ages[0]); i++) {
        fresh(NULL);
        link_up();
        share();
        sight.ours.created_ms = now - ages[i].age_ms;
        mark_won();
        plan();
        assert_int_equal(item.outcome, ages[i].outcome);
        if (ages[i].outcome != DS_HELD)
            continue;
        assert_int_equal(item.until_ms, now - ages[i].age_ms + 72 * HOUR);
        assert_int_equal(changed(DS_STATUS)->case_number, DS_M_WAIT);
        assert_int_equal(changed(DS_STAGE)->rule, 78);
        assert_int_equal(item.write.given, 0); /* no 100 before won */
        assert_string_equal(item.wanted.value[DS_STAGE], "100");
        assert_string_equal(item.base.value[DS_STATUS], DS_STATUS_ACCEPTED);
    }
}

static void a_private_deal_closes_at_once(void **state)
{
    (void)state;
    link_up();
    sight.ours.created_ms = now;
    mark_won();
    plan();
    assert_int_equal(item.outcome, DS_UPDATED); /* */
}

static void an_admin_may_close_early_and_is_told(void **state)
{
    (void)state;
    link_up();
    share();
    sight.ours.created_ms = now;
    policy.close_early = true;
    mark_won();
    plan();
    assert_int_equal(item.outcome, DS_UPDATED);
    assert_non_null(strstr(item.warning, "R-79"));
}

static void a_deal_first_seen_as_won_is_created_and_held(void **state)
{
    (void)state;
    share();
    mark_won();
    give(DS_CLOSE_DATE, "2017-03-01"); /* long ago counts in a first load only */
    plan();
    assert_int_equal(item.case_number, DS_M_CREATE);
    assert_int_equal(item.outcome, DS_HELD); /* */
    assert_string_equal(item.write.value[DS_STATUS], DS_STATUS_ACCEPTED);
    assert_string_equal(item.write.value[DS_STAGE], "10");
    assert_string_equal(item.wanted.value[DS_STATUS], DS_STATUS_WON);
    assert_int_equal(item.until_ms, now + 72 * HOUR);
}

static void history_enters_as_it_is_in_a_first_load(void **state)
{
    (void)state;
    policy.first_load = true;
    share();
    mark_won();
    give(DS_CLOSE_DATE, "2017-03-01");
    plan();
    assert_int_equal(item.outcome, DS_CREATED);
    assert_string_equal(item.write.value[DS_STATUS], DS_STATUS_WON);
    give(DS_CLOSE_DATE, "2026-08-20"); /* yesterday is not long ago */
    plan();
    assert_int_equal(item.outcome, DS_HELD);
}

/* When the status cannot move, the stage and the reason wait for it. */
static void stage_goes_with_the_status(void **state)
{
    (void)state;
    link_up();
    ds_deal_set(&sight.ours.deal, DS_STATUS, DS_STATUS_LOST);
    mark_won();
    plan();
    assert_int_equal(item.outcome, DS_CONFLICT);
    assert_int_equal(changed(DS_STAGE)->case_number, DS_M_WITH_STATUS);
    assert_int_equal(item.write.given, 0);
}

/* Nor does a deal close while its stage is disputed. */
static void a_deal_whose_stage_is_disputed_is_not_closed(void **state)
{
    (void)state;
    link_up();
    ds_deal_set(&sight.ours.deal, DS_STAGE, "60");
    mark_won();
    plan();
    assert_int_equal(item.outcome, DS_CONFLICT);
    assert_int_equal(item.conflicts, UINT64_C(1) << DS_STAGE);
    assert_int_equal(changed(DS_STATUS)->case_number, DS_M_WITH_STAGE);
    assert_int_equal(item.write.given, 0);
    assert_string_equal(item.base.value[DS_STATUS], DS_STATUS_ACCEPTED);
}

static void a_new_record_adopts_a_deal_by_its_crm_id(void **state)
{
    (void)state;
    sight.same_crm_id = 1;
    sight.ours = (struct ds_stored_deal){.id = 9, .version = 3, .created_ms = now};
    sight.ours.deal = complete();
    ds_deal_set(&sight.ours.deal, DS_VALUE, "900");
    ds_deal_set(&sight.ours.deal, DS_NOTES, NULL);
    give(DS_NOTES, "from the CRM");
    give(DS_LOCATION, NULL); /* the deal has it */
    plan();
    assert_int_equal(item.case_number, DS_M_ADOPT);
    assert_int_equal(item.outcome, DS_CONFLICT);
    assert_int_equal(changed(DS_VALUE)->case_number, 9);
    assert_int_equal(changed(DS_NOTES)->case_number, 7);
    assert_string_equal(item.write.value[DS_NOTES], "from the CRM");
    assert_int_equal(item.deal, 9);
}

static void two_claims_on_one_crm_id_wait_for_a_person(void **state)
{
    (void)state;
    give(DS_LOCATION, NULL); /* that comes after it */
    sight.same_crm_id = 2;
    plan();
    assert_int_equal(item.outcome, DS_CONFLICT);
    assert_int_equal(item.case_number, DS_M_RIVAL);
    assert_non_null(strstr(item.why, "R-35"));
    fresh(NULL);
    sight.same_crm_id = 1;
    sight.ours.id = 9;
    sight.linked_to = "006B";
    plan();
    assert_int_equal(item.outcome, DS_CONFLICT);
    assert_non_null(strstr(item.why, "006B"));
    sight.claim = DS_CLAIM_OWN; /* a person has said so */
    plan();
    assert_int_equal(item.case_number, DS_M_CREATE);
}

static void a_new_record_that_looks_like_a_deal_waits_for_a_person(void **state)
{
    (void)state;
    sight.matches = 1;
    sight.match = 12;
    plan();
    assert_non_null(strstr(item.why, "those of deal 12 (R-40)"));
    sight.matches = 2;
    plan();
    assert_non_null(strstr(item.why, "those of deal 12, and of others (R-40)"));
    assert_int_equal(item.outcome, DS_CONFLICT);
    assert_int_equal(item.case_number, DS_M_MATCH);
    assert_int_equal(item.deal, 12);
    assert_int_equal(item.write.given, 0);
    sight.claim = DS_CLAIM_OWN;
    plan();
    assert_int_equal(item.case_number, DS_M_CREATE);
}

static void what_a_person_has_unlinked_becomes_no_deal(void **state)
{
    (void)state;
    sight.claim = DS_CLAIM_APART;
    plan();
    assert_int_equal(item.outcome, DS_IGNORED);
    assert_int_equal(item.case_number, DS_M_APART);
    link_up();
    plan();
    assert_int_equal(item.case_number, DS_M_MERGE);
}

static void a_connection_that_only_sends_creates_no_deal(void **state)
{
    (void)state;
    policy.direction = DS_PUSH;
    plan();
    assert_int_equal(item.outcome, DS_IGNORED);
    assert_int_equal(item.case_number, DS_M_ONLY_SENDS);
}

/* What could not be read at all lacks nothing. */
static void a_record_that_cannot_be_read_has_one_problem(void **state)
{
    (void)state;
    memset(&theirs.mapped.deal, 0, sizeof(theirs.mapped.deal));
    theirs.mapped.problem[0] = (struct ds_problem){DS_FIELDS, 0, "has no id"};
    theirs.mapped.problems = 1;
    plan();
    assert_int_equal(item.outcome, DS_REJECTED);
    assert_int_equal(theirs.mapped.problems, 1);
}

static void a_record_that_is_back_after_its_deal_went_elsewhere_is_a_rival(void **state)
{
    (void)state;
    link_up();
    sight.linked_to = "006B";
    plan();
    assert_int_equal(item.case_number, DS_M_RIVAL);
    assert_non_null(strstr(item.why, "of record '006B' now"));
}

static void deleted_in_the_crm_changes_no_deal(void **state)
{
    (void)state;
    theirs.deleted = true;
    plan();
    assert_int_equal(item.outcome, DS_IGNORED);
    assert_int_equal(item.case_number, DS_M_DELETED_UNKNOWN);
    link_up();
    plan();
    assert_int_equal(item.outcome, DS_IGNORED);
    assert_int_equal(item.case_number, DS_M_DELETED);
    assert_int_equal(item.write.given, 0);
}

static void a_linked_record_that_breaks_leaves_its_deal(void **state)
{
    (void)state;
    link_up();
    theirs.mapped.problem[0] = (struct ds_problem){DS_VALUE, 33, "Amount 'x' is not a number"};
    theirs.mapped.problems = 1;
    give(DS_STAGE, "60");
    plan();
    assert_int_equal(item.outcome, DS_REJECTED);
    assert_int_equal(item.case_number, DS_M_REJECT_LINKED);
    assert_int_equal(item.write.given, 0);
}

static void a_repeated_id_is_refused_with_both_places(void **state)
{
    (void)state;
    theirs.repeats = "row 5";
    theirs.where = "row 9";
    plan();
    assert_int_equal(item.outcome, DS_REJECTED);
    assert_non_null(strstr(theirs.mapped.problem[0].text, "row 5"));
    assert_non_null(strstr(theirs.mapped.problem[0].text, "row 9"));
}

static void the_same_again_changes_nothing(void **state)
{
    (void)state;
    link_up();
    plan();
    assert_int_equal(item.outcome, DS_UNCHANGED);
    assert_int_equal(item.changes, 0);
    assert_int_equal(item.write.given | item.wanted.given | item.conflicts, 0);
}

static void an_open_deal_past_its_date_is_told_and_not_altered(void **state)
{
    (void)state;
    give(DS_CLOSE_DATE, "2026-08-20");
    plan();
    assert_int_equal(item.outcome, DS_CREATED);
    assert_non_null(strstr(item.warning, "R-34"));
    assert_string_equal(item.write.value[DS_CLOSE_DATE], "2026-08-20");
}

/* P-8: each kind by one item; what moves nothing counts for nothing, and a new deal only as such. */
static void the_guard_counts_what_an_item_does(void **state)
{
    static const struct ds_guard guard = {.factor = 10};
    static const struct {
        int case_number;
        bool wanted, pushed, written;
        struct ds_change change;
        uint64_t counts[DS_GUARDS]; /* changes, creations, closings, values, back */
    } items[] = {
        {.written = true, .counts = {[DS_GUARD_CHANGES] = 1}},
        {.pushed = true, .counts = {[DS_GUARD_CHANGES] = 1}},
        {.wanted = true, .counts = {[DS_GUARD_CHANGES] = 1}},
        {.change = {DS_STATUS, .move = DS_MOVE_TAKE, .theirs = "won"}, .counts = {0}},
        {.case_number = DS_M_CREATE,
         .written = true,
         .change = {DS_STATUS, .move = DS_MOVE_TAKE, .theirs = "won"},
         .counts = {[DS_GUARD_CHANGES] = 1, [DS_GUARD_CREATIONS] = 1}},
        {.case_number = DS_M_CREATE_THERE,
         .pushed = true,
         .counts = {[DS_GUARD_CHANGES] = 1, [DS_GUARD_CREATIONS] = 1}},
        {.wanted = true,
         .change = {DS_STATUS, .move = DS_MOVE_WAIT, .ours = "accepted", .theirs = "won"},
         .counts = {[DS_GUARD_CHANGES] = 1, [DS_GUARD_CLOSINGS] = 1}},
        {.written = true,
         .change = {DS_STATUS, .move = DS_MOVE_TAKE, .ours = "received", .theirs = "accepted"},
         .counts = {[DS_GUARD_CHANGES] = 1}},
        {.pushed = true,
         .change = {DS_STATUS, .move = DS_MOVE_PUSH, .ours = "lost", .theirs = "accepted"},
         .counts = {[DS_GUARD_CHANGES] = 1, [DS_GUARD_CLOSINGS] = 1}},
        {.written = true,
         .change = {DS_STAGE, .move = DS_MOVE_TAKE, .ours = "40", .theirs = "20"},
         .counts = {[DS_GUARD_CHANGES] = 1, [DS_GUARD_BACK] = 1}},
        {.pushed = true,
         .change = {DS_STAGE, .move = DS_MOVE_PUSH, .ours = "20", .theirs = "100"},
         .counts = {[DS_GUARD_CHANGES] = 1, [DS_GUARD_BACK] = 1}},
        {.written = true,
         .change = {DS_STAGE, .move = DS_MOVE_TAKE, .ours = "80", .theirs = "100"},
         .counts = {[DS_GUARD_CHANGES] = 1}},
        {.written = true,
         .change = {DS_VALUE, .move = DS_MOVE_TAKE, .ours = "10", .theirs = "101"},
         .counts = {[DS_GUARD_CHANGES] = 1, [DS_GUARD_VALUES] = 1}},
        {.written = true,
         .change = {DS_VALUE, .move = DS_MOVE_TAKE, .ours = "10", .theirs = "100"},
         .counts = {[DS_GUARD_CHANGES] = 1}},
        {.written = true,
         .change = {DS_VALUE, .move = DS_MOVE_TAKE, .theirs = "100"},
         .counts = {[DS_GUARD_CHANGES] = 1}},
        {.written = true,
         .change = {DS_VALUE, .move = DS_MOVE_TAKE, .ours = "100"},
         .counts = {[DS_GUARD_CHANGES] = 1}},
        {.written = true,
         .change = {DS_VALUE, .move = DS_MOVE_CONFLICT, .ours = "10", .theirs = "101"},
         .counts = {[DS_GUARD_CHANGES] = 1}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        uint64_t counts[DS_GUARDS] = {0};

        memset(&item, 0, sizeof(item));
        item.case_number = items[i].case_number;
        item.write.given = items[i].written;
        item.push.given = items[i].pushed;
        item.wanted.given = items[i].wanted;
        item.changes = items[i].change.move != DS_MOVE_BUG;
        item.change[0] = items[i].change;
        ds_guard_add(&guard, &item, counts);
        for (int k = 0; k < DS_GUARDS; k++)
            if (counts[k] != items[i].counts[k])
                fail_msg("item %zu counts %d for %s", i, (int)counts[k], ds_guard_names[k]);
    }
}

/* Both limits must be exceeded: the count, and the share of the deals. */
static void the_guard_trips_beyond_both_limits(void **state)
{
    static const struct {
        uint64_t changes, deals;
        bool trips;
    } runs[] = {{6, 200, true}, {5, 200, false}, {6, 300, false}, {7, 300, true}, {6, 0, true}};
    struct ds_guard guard = {{{0}}, 10};

    (void)state;
    for (int k = 0; k < DS_GUARDS; k++) {
        guard.limit[k].count = 5;
        guard.limit[k].percent = 2;
    }
    for (int k = 0; k < DS_GUARDS; k++)
        for (size_t i = 0; i < sizeof(runs) / sizeof(runs[0]); i++) {
            uint64_t counts[DS_GUARDS] = {0};

            counts[k] = runs[i].changes;
            assert_int_equal(ds_guard_tripped(&guard, counts, runs[i].deals),
                             runs[i].trips ? k : DS_GUARDS);
        }
}

static void the_spool_gives_back_what_it_was_given(void **state)
{
    struct ds_buf bytes = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_arena a = {0};
    struct ds_theirs back;
    struct ds_err err = {0};
    const struct ds_value raw[12] = {[1] = {"", 0}, {"a\0b", 3}};

    (void)state;
    give(DS_NOTES, NULL);
    theirs.deleted = true;
    theirs.modified_ms = -1;
    theirs.tries = 2;
    theirs.only_deal = 7;
    theirs.raw = raw;
    theirs.raws = 12;
    theirs.where = "row 3";
    theirs.mapped.stage_name = "Negotiation";
    theirs.mapped.problem[0] = (struct ds_problem){DS_VALUE, 33, "is missing"};
    theirs.mapped.problems = 1;
    ds_theirs_pack(&bytes, &theirs);
    assert_int_equal(ds_theirs_unpack(&a, bytes.text, bytes.len, &back, &err), 0);
    assert_string_equal(back.id, "006A");
    assert_string_equal(back.where, "row 3");
    assert_null(back.source);
    assert_true(back.deleted && !back.released);
    assert_int_equal(back.modified_ms, -1);
    assert_int_equal(back.tries, 2);
    assert_int_equal(back.only_deal, 7);
    assert_int_equal(back.raws, 12);
    assert_true(!back.raw[0].text && back.raw[1].text);
    for (size_t i = 0; i < back.raws; i++)
        assert_int_equal(back.raw[i].len, raw[i].len);
    assert_memory_equal(back.raw[2].text, "a\0b", 4);
    assert_int_equal(back.mapped.deal.given, theirs.mapped.deal.given);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        assert_true(ds_same(back.mapped.deal.value[f], theirs.mapped.deal.value[f]));
    assert_int_equal(back.mapped.problem[0].rule, 33);
    for (size_t n = 0; n < bytes.len; n++) { /* cut anywhere, it is noticed */
        ds_err_clear(&err);
        assert_int_equal(ds_theirs_unpack(&a, bytes.text, n, &back, &err), DS_E_BUG);
    }
    ds_buf_add_char(&bytes, '\0'); /* and what is too long */
    ds_err_clear(&err);
    assert_int_equal(ds_theirs_unpack(&a, bytes.text, bytes.len, &back, &err), DS_E_BUG);
    ds_buf_clear(&bytes);
    theirs.deleted = false;
    theirs.released = true;
    theirs.raw = NULL;
    ds_theirs_pack(&bytes, &theirs);
    ds_err_clear(&err);
    assert_int_equal(ds_theirs_unpack(&a, bytes.text, bytes.len, &back, &err), 0);
    assert_true(!back.deleted && back.released && !back.raw);
    ds_buf_clear(&bytes);
    ds_arena_clear(&a);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_new_record_becomes_a_deal),
        TEST(all_that_is_missing_is_named_at_once),
        TEST(creation_is_refused_by_rule),
        TEST(what_the_mapping_has_named_is_named_once),
        TEST(sharing_needs_a_shareable_solution),
        TEST(an_unmapped_stage_is_never_guessed),
        TEST(only_theirs_changed),
        TEST(only_ours_changed_is_kept),
        TEST(different_fields_are_no_conflict),
        TEST(equal_edits_agree),
        TEST(a_conflict_blocks_its_field_only),
        TEST(a_forbidden_change_is_a_conflict_that_names_the_rule),
        TEST(visibility_may_go_up),
        TEST(a_terminal_deal_is_never_changed),
        TEST(a_shared_deal_waits_72_hours),
        TEST(a_private_deal_closes_at_once),
        TEST(an_admin_may_close_early_and_is_told),
        TEST(a_deal_first_seen_as_won_is_created_and_held),
        TEST(history_enters_as_it_is_in_a_first_load),
        TEST(stage_goes_with_the_status),
        TEST(a_deal_whose_stage_is_disputed_is_not_closed),
        TEST(a_new_record_adopts_a_deal_by_its_crm_id),
        TEST(two_claims_on_one_crm_id_wait_for_a_person),
        TEST(a_new_record_that_looks_like_a_deal_waits_for_a_person),
        TEST(what_a_person_has_unlinked_becomes_no_deal),
        TEST(a_connection_that_only_sends_creates_no_deal),
        TEST(a_record_that_cannot_be_read_has_one_problem),
        TEST(a_record_that_is_back_after_its_deal_went_elsewhere_is_a_rival),
        TEST(deleted_in_the_crm_changes_no_deal),
        TEST(a_linked_record_that_breaks_leaves_its_deal),
        TEST(a_repeated_id_is_refused_with_both_places),
        TEST(the_same_again_changes_nothing),
        TEST(an_open_deal_past_its_date_is_told_and_not_altered),
        TEST(the_guard_counts_what_an_item_does),
        TEST(the_guard_trips_beyond_both_limits),
        TEST(the_spool_gives_back_what_it_was_given),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    ds_arena_clear(&arena);
    return failed;
}
