/* The planner where both sides may change: what is taken, sent, joined, in conflict or left alone, each
 * case as the item that it makes. */
#include "engine/plan.h"

#include "tests/unit/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW          INT64_C(1786000000000)
#define DAY          INT64_C(86400000)

static const char mapping_text[] =
    "[fields]\nname = Name\nvalue = Amount\nclose_date = Close\nnotes = Notes\n"
    "reason = Why\nvisibility = Share\n"
    "[values reason]\nbudget = Money\nothers = Other\n"
    "[stage]\nfrom = Stage\n"
    "[stages]\n10 = New\n20 = Fit\n40 = Built\n60 = Quote\nwon = Won\nlost = Lost\n";

/* A private deal of ours that has everything. */
static const char complete[] =
    "name=N|status=accepted|stage=40|on_hold=no|value=1000|currency=USD|close_date=2030-12-31|"
    "location=1|customer_name=C|customer_street=S|customer_city=T|customer_country=US|consent=no|"
    "visibility=no|help=none|assessment=no|team=[1]|solutions=[\"SOL-1\"]|crm_id=006A|"
    "origin=outbound|partner=none|microsoft=none";

static struct ds_arena arena;
static struct ds_mapping *mapping;
static struct ds_policy policy;
static struct ds_theirs theirs;
static struct ds_sight sight;
static struct ds_item item;
static struct ds_value raw[16];

/* "field=value|field=|-field": sets, empties, and says nothing about it. */
static void edit(struct ds_deal *d, const char *text)
{
    while (text && *text) {
        size_t len = strcspn(text, "|"), key = strcspn(text, "=|");
        bool drop = *text == '-';
        enum ds_field f = ds_field_find(ds_arena_dup_bytes(&arena, text + drop, key - drop));
        const char *value =
            key + 1 < len ? ds_arena_dup_bytes(&arena, text + key + 1, len - key - 1) : NULL;

        assert_int_not_equal(f, DS_FIELDS);
        ds_deal_set(d, f, value);
        if (drop)
            d->given &= ~(UINT64_C(1) << f);
        text += len + (text[len] == '|');
    }
}

static int fresh(void **state)
{
    const char *why;

    (void)state;
    ds_arena_reset(&arena);
    policy = (struct ds_policy){
        .now_ms = NOW, .shareable = "SOL-1", .direction = DS_BOTH, .mapping = mapping};
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_mapping_writes(mapping, f, &why))
            policy.sends |= UINT64_C(1) << f;
    memset(&item, 1, sizeof(item)); /* nothing is left of the one before */
    theirs = (struct ds_theirs){.id = "006A", .version = "v2", .raw = raw, .raws = COUNT(raw)};
    memset(&sight, 0, sizeof(sight));
    sight.theirs = &theirs;
    sight.claim = DS_CLAIMS;
    sight.link = (struct ds_link){.deal = 7, .version = "v1", .seen_version = 1, .deal_version = 1};
    sight.ours = (struct ds_stored_deal){.id = 7, .version = 1, .created_ms = NOW - 10 * DAY};
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        ds_deal_set(&sight.ours.deal, f, NULL);
    edit(&sight.ours.deal, complete);
    return 0;
}

static void tell_deal(struct ds_buf *out, const char *what, const struct ds_deal *d)
{
    if (!d->given)
        return;
    ds_buf_addf(out, "; %s", what);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_given(d, f))
            ds_buf_addf(out, " %s=%s", ds_fields[f].name, d->value[f] ? d->value[f] : "");
}

/* The item as one text: its outcome and case, its changes, and what each side gets. */
static const char *told(void)
{
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);
    size_t count;
    const char *const *paths = ds_mapping_paths(mapping, &count);
    const char *text;

    ds_buf_addf(&out, "%s M-%d", ds_outcome_names[item.outcome], item.case_number);
    for (size_t i = 0; i < item.changes; i++) {
        const struct ds_change *c = &item.change[i];

        ds_buf_addf(&out, ", %s M-%d %s", ds_fields[c->field].name, c->case_number,
                    ds_move_names[c->move]);
        if (c->rule)
            ds_buf_addf(&out, " R-%d", c->rule);
        assert_true(c->why && *c->why);
        if (c->move == DS_MOVE_PUSH)
            assert_true(ds_same(c->ours, sight.ours.deal.value[c->field]));
    }
    tell_deal(&out, "write", &item.write);
    tell_deal(&out, "send", &item.push);
    tell_deal(&out, "hold", &item.wanted);
    for (size_t i = 0; i < item.assigns; i++)
        ds_buf_addf(&out, "%s%s=%s", i ? " " : "; set ", paths[item.assign[i].path],
                    item.assign[i].value.text ? item.assign[i].value.text : "");
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (item.conflicts >> f & 1)
            ds_buf_addf(&out, "; conflict %s", ds_fields[f].name);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (item.decided >> f & 1)
            ds_buf_addf(&out, "; decided %s", ds_fields[f].name);
    if (item.partial)
        ds_buf_add(&out, "; partial");
    if (item.claimed)
        ds_buf_add(&out, "; claimed");
    assert_true(item.hold_rule == 0 && item.until_ms == 0);
    assert_int_equal(item.deal_version, sight.ours.version);
    assert_string_equal(item.name, sight.ours.deal.value[DS_NAME]);
    text = ds_arena_dup(&arena, out.text);
    ds_buf_clear(&out);
    return text;
}

/* Plans a linked record. Each of the three is how it differs from what all agreed on. */
static const char *plan(const char *base, const char *ours, const char *change)
{
    sight.base = theirs.mapped.deal = sight.ours.deal;
    edit(&sight.base, base);
    edit(&sight.ours.deal, ours);
    edit(&theirs.mapped.deal, change);
    ds_plan(&policy, &arena, &sight, &item);
    return told();
}

/* What a case has besides: the words of `with`. */
static void set_up(const char *with)
{
    static struct ds_conflict standing = {.ours = "1200", .theirs = "1000", .why = "once refused"};

    fresh(NULL);
    if (!with)
        return;
    if (strstr(with, "no reason"))
        policy.sends &= ~(UINT64_C(1) << DS_REASON);
    if (strstr(with, "pull"))
        policy.sends = 0;
    if (strstr(with, "released"))
        theirs.released = true;
    if (strstr(with, "returned"))
        sight.link.deleted = true;
    if (strstr(with, "rival"))
        sight.linked_to = "006B";
    if (strstr(with, "only"))
        policy.only = UINT64_C(1) << DS_VALUE;
    if (strstr(with, "crm"))
        policy.settle[DS_VALUE] = DS_SETTLE_CRM;
    if (strstr(with, "store"))
        policy.settle[DS_STAGE] = DS_SETTLE_STORE;
    if (strstr(with, "newest"))
        policy.settle[DS_VALUE] = DS_SETTLE_NEWEST;
    standing.case_number = strstr(with, "refused")     ? DS_M_REFUSED
                           : strstr(with, "kept")      ? DS_M_NOT_TAKEN
                           : strstr(with, "undone")    ? DS_M_UNDONE
                           : strstr(with, "forbidden") ? DS_M_FORBIDDEN
                                                       : 0;
    sight.open[DS_VALUE] = standing.case_number ? &standing : NULL;
}

/* clang-format off */
static const struct {
    const char *with;
    const char *base, *ours, *theirs; /* how each differs from what all agreed on */
    const char *item;
} cases[] = {
    {NULL, "", "", "",
     "unchanged M-27"},
    {NULL, "", "value=1200", "",
     "updated M-27, value M-15 send; send value=1200; set Amount=1200"},
    {NULL, "", "", "value=1200",
     "updated M-27, value M-2 take; write value=1200"},
    {NULL, "", "value=1200", "value=1200",
     "unchanged M-27, value M-4 agree"},
    {NULL, "", "value=1200", "value=1300",
     "conflict M-27, value M-5 conflict; conflict value"},
    {NULL, "", "value=1200|name=A", "close_date=2031-01-31",
     "updated M-27, name M-15 send, value M-15 send, close_date M-2 take; write close_date=2031-01-31; send name=A value=1200; set Name=A Amount=1200"},
    {NULL, "-value", "", "",
     "unchanged M-27"},
    {NULL, "-notes", "notes=a", "notes=",
     "updated M-27, notes M-33 send; send notes=a; set Notes=a"},
    {"pull", "-notes", "notes=a", "notes=",
     "unchanged M-27, notes M-8 keep"},
    {"pull", "", "value=1200", "",
     "unchanged M-27, value M-3 keep"},
    {"released", "", "value=1200|name=A", "close_date=2031-01-31",
     "updated M-28, name M-3 keep, value M-3 keep, close_date M-2 take; write close_date=2031-01-31"},
    {"returned", "", "", "",
     "unchanged M-52"},
    {"rival", "", "value=1200", "",
     "conflict M-56"},
    {"only", "", "value=1200|name=A", "close_date=2031-01-31",
     "updated M-27, value M-15 send; send value=1200; set Amount=1200; partial"},
    {"crm", "", "value=1200", "value=1300",
     "updated M-27, value M-16 take; write value=1300; decided value"},
    {"newest", "", "value=1200", "value=1300",
     "conflict M-27, value M-5 conflict; conflict value"},
    {"refused", "", "value=1200", "",
     "conflict M-27, value M-35 conflict; conflict value"},
    {"kept", "", "value=1200", "",
     "conflict M-27, value M-36 conflict; conflict value"},
    {"undone", "", "value=1200", "",
     "conflict M-27, value M-38 conflict; conflict value"},
    {"forbidden", "", "value=1200", "",
     "updated M-27, value M-15 send; send value=1200; set Amount=1200"},
    {"refused pull", "", "value=1200", "",
     "conflict M-27, value M-35 conflict; conflict value"},
    {"refused", "value=1100", "value=1200", "value=1100",
     "updated M-27, value M-15 send; send value=1200; set Amount=1200"},
    {"pull store", "", "stage=60", "stage=20",
     "unchanged M-27, stage M-17 agree; decided stage"},
    {NULL, "reason=budget", "reason=budget", "-reason",
     "unchanged M-27"},
    {"no reason", "", "status=lost|reason=budget", "-reason",
     "updated M-27, status M-15 send; send status=lost; set Stage=Lost"},
    {"refused", "", "value=1300", "",
     "updated M-27, value M-15 send; send value=1300; set Amount=1300"},
    {"refused", "value=900", "value=1200", "value=1100",
     "conflict M-27, value M-5 conflict; conflict value"},
    {"refused", "value=1200", "value=1200", "",
     "updated M-27, value M-2 take; write value=1000"},
    {NULL, "notes=a", "notes=a\nb", "notes=c\na",
     "conflict M-27, notes M-5 conflict; conflict notes"},
    {NULL, "notes=a", "notes=a\nb", "notes=a\nc",
     "updated M-27, notes M-30 join; write notes=a\nb\nc; send notes=a\nb\nc; set Notes=a\nb\nc"},
    {NULL, "", "notes=a\nb", "notes=a\nc",
     "updated M-27, notes M-30 join; write notes=a\nb\nc; send notes=a\nb\nc; set Notes=a\nb\nc"},
    {"pull", "notes=a", "notes=a\nb", "notes=a\nc",
     "updated M-27, notes M-30 join; write notes=a\nb\nc"},
    {NULL, "", "solutions=[\"SOL-1\",\"SOL-2\"]", "solutions=[\"SOL-1\",\"SOL-3\"]",
     "updated M-27, solutions M-30 join; write solutions=[\"SOL-1\",\"SOL-2\",\"SOL-3\"]"},
    {NULL, "", "solutions=[\"SOL-1\",\"SOL-2\"]", "solutions=[\"SOL-2\",\"SOL-1\"]",
     "unchanged M-27, solutions M-30 join"},
    {NULL, "", "status=won|stage=100", "",
     "updated M-27, status M-15 send, stage M-15 send; send status=won stage=100; set Stage=Won"},
    {NULL, "", "status=lost|reason=budget", "",
     "updated M-27, status M-15 send, reason M-15 send; send status=lost reason=budget; set Why=Money Stage=Lost"},
    {NULL, "", "status=lost|reason=budget", "-reason",
     "updated M-27, status M-15 send, reason M-15 send; send status=lost reason=budget; set Why=Money Stage=Lost"},
    {"pull", "", "status=lost|reason=budget", "-reason",
     "unchanged M-27, status M-3 keep"},
    {NULL, "", "status=won|stage=100", "-reason",
     "updated M-27, status M-15 send, stage M-15 send; send status=won stage=100; set Stage=Won"},
    {NULL, "", "status=lost|reason=no_response", "value=1200",
     "conflict M-27, status M-34 conflict, reason M-34 conflict, value M-11 conflict R-61; conflict status; conflict reason; conflict value"},
    {NULL, "", "stage=80|value=1200", "",
     "conflict M-27, stage M-34 conflict, value M-15 send; send value=1200; set Amount=1200; conflict stage"},
    {NULL, "", "stage=60", "status=won|stage=100",
     "conflict M-27, status M-14 keep, stage M-5 conflict; conflict stage"},
    {"store", "", "stage=60", "status=won|stage=100",
     "unchanged M-27, status M-14 keep, stage M-13 keep"},
    {"store", "", "stage=60", "status=lost|reason=budget|-stage",
     "updated M-27, status M-2 take, reason M-2 take; write status=lost reason=budget"},
    {NULL, "", "status=won|stage=100", "status=lost|reason=budget",
     "conflict M-27, status M-5 conflict, stage M-13 keep, reason M-13 keep; conflict status"},
    {NULL, "", "status=lost|reason=budget", "stage=20",
     "conflict M-27, status M-14 keep, stage M-11 conflict R-61, reason M-13 keep; conflict stage"},
    {NULL, "", "status=won|stage=100", "stage=20",
     "conflict M-27, status M-14 keep, stage M-5 conflict; conflict stage"},
    {"store", "", "status=won|stage=100", "stage=20",
     "updated M-27, status M-15 send, stage M-17 send; send status=won stage=100; set Stage=Won; decided stage"},
    {NULL, "", "status=lost|reason=budget|stage=20", "stage=20",
     "updated M-27, status M-15 send, stage M-4 agree, reason M-15 send; send status=lost reason=budget; set Why=Money Stage=Lost"},
    {NULL, "", "currency=EUR", "",
     "unchanged M-27, currency M-3 keep"},
    {NULL, "on_hold=", "", "on_hold=",
     "unchanged M-27, on_hold M-4 agree"},
};
/* clang-format on */

static void each_change_goes_its_way(void **state)
{
    size_t bad = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *got;

        set_up(cases[i].with);
        got = plan(cases[i].base, cases[i].ours, cases[i].theirs);
        if (strcmp(got, cases[i].item) == 0)
            continue;
        bad++;
        print_error("case %zu: %s, not %s\n", i, got, cases[i].item);
    }
    assert_int_equal(bad, 0);
}

/* --- a deal without a record ----------------------------------------------------------------------- */

static const char *plan_there(const char *ours)
{
    edit(&sight.ours.deal, ours);
    theirs = (struct ds_theirs){.only_deal = 7};
    sight.link = (struct ds_link){0};
    ds_plan(&policy, &arena, &sight, &item);
    return told();
}

static void a_deal_without_a_record_is_offered(void **state)
{
    (void)state;
    assert_string_equal(plan_there(NULL),
                        "updated M-54, name M-54 send, status M-54 send, stage M-54 send, "
                        "value M-54 send, close_date M-54 send, visibility M-54 send; "
                        "send name=N status=accepted stage=40 value=1000 close_date=2030-12-31 "
                        "visibility=no; set Name=N Stage=Built Amount=1000 Close=2030-12-31 "
                        "Share=false");
    assert_string_equal(item.change[0].ours, "N");
    assert_null(item.warning);
}

/* What the mapping has no word for is left out, and told. */
static void a_deal_is_offered_without_what_has_no_word(void **state)
{
    (void)state;
    policy.sends = UINT64_C(1) << DS_NAME | UINT64_C(1) << DS_REASON;
    assert_string_equal(plan_there("reason=no_response"),
                        "updated M-54, name M-54 send, reason M-34 keep; send name=N; set Name=N");
    assert_non_null(strstr(item.warning, "created without its reason: no line of"));
}

static void a_deal_that_is_closed_linked_or_claimed_is_not_offered(void **state)
{
    assert_string_equal(plan_there("status=won|stage=100"), "unchanged M-54");
    fresh(state);
    sight.linked = true;
    assert_string_equal(plan_there(NULL), "unchanged M-54");
    fresh(state);
    sight.claimed = true;
    assert_string_equal(plan_there(NULL), "unchanged M-54; claimed");
}

/* --- a record that is gone ------------------------------------------------------------------------- */

static const char *plan_gone(enum ds_gone gone, const char *ours)
{
    policy.gone = gone;
    policy.gone_reason = "others";
    theirs.deleted = true;
    return plan("status=lost|reason=others", ours, NULL); /* what the deal has counts */
}

static void a_deal_follows_its_deleted_record_as_the_connection_says(void **state)
{
    assert_string_equal(plan_gone(DS_GONE_IGNORE, NULL), "ignored M-25");
    assert_string_equal(plan_gone(DS_GONE_REPORT, NULL), "ignored M-50");
    assert_string_equal(plan_gone(DS_GONE_CLOSE, NULL),
                        "updated M-51, status M-51 take, reason M-51 take; "
                        "write status=lost reason=others");
    assert_ptr_equal(item.change[0].why, item.why);
    fresh(state);
    sight.link.deleted = true; /* told once */
    assert_string_equal(plan_gone(DS_GONE_CLOSE, NULL), "ignored M-25");
    fresh(state);
    assert_string_equal(plan_gone(DS_GONE_CLOSE, "status=won|stage=100"), "ignored M-25");
    fresh(state);
    assert_string_equal(plan_gone(DS_GONE_CLOSE, "status=received|origin=inbound"),
                        "conflict M-51, status M-10 conflict R-64, reason M-13 keep; "
                        "conflict status");
}

/* --- items as they are kept ------------------------------------------------------------------------ */

static void the_history_tells_each_side_its_changes(void **state)
{
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);

    (void)state;
    plan("notes=a", "notes=a\nb|value=5|visibility=yes", "notes=a\nc|close_date=2031-01-31");
    ds_item_changes_json(&out, &item, false);
    assert_string_equal(out.text,
                        "[{\"field\":\"close_date\",\"old\":\"2030-12-31\",\"new\":\"2031-01-31\","
                        "\"case\":2,\"rule\":0},{\"field\":\"notes\",\"old\":\"a\\nb\","
                        "\"new\":\"a\\nb\\nc\",\"case\":30,\"rule\":0}]");
    ds_buf_clear(&out);
    ds_item_changes_json(&out, &item, true);
    assert_string_equal(out.text,
                        "[{\"field\":\"value\",\"old\":\"1000\",\"new\":\"5\",\"case\":15,"
                        "\"rule\":0},{\"field\":\"visibility\",\"old\":\"no\",\"new\":\"yes\","
                        "\"case\":15,\"rule\":0},{\"field\":\"notes\",\"old\":\"a\\nc\","
                        "\"new\":\"a\\nb\\nc\",\"case\":30,\"rule\":0}]");
    ds_buf_clear(&out);
}

static void reasons_of_a_rejection_are_a_list(void **state)
{
    struct ds_buf out = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_mapped *m = &theirs.mapped;

    (void)state;
    m->problem[m->problems++] = (struct ds_problem){DS_VALUE, 33, "is \"x\""};
    m->problem[m->problems++] = (struct ds_problem){DS_FIELDS, 0, "has no id"};
    item.theirs = &theirs;
    ds_item_reasons_json(&out, &item);
    assert_string_equal(out.text, "[{\"rule\":33,\"field\":\"value\",\"text\":\"is \\\"x\\\"\"},"
                                  "{\"rule\":0,\"field\":null,\"text\":\"has no id\"}]");
    ds_buf_clear(&out);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_change_goes_its_way),
        TEST(a_deal_without_a_record_is_offered),
        TEST(a_deal_is_offered_without_what_has_no_word),
        TEST(a_deal_that_is_closed_linked_or_claimed_is_not_offered),
        TEST(a_deal_follows_its_deleted_record_as_the_connection_says),
        TEST(the_history_tells_each_side_its_changes),
        TEST(reasons_of_a_rejection_are_a_list),
    };
    struct ds_err err = {0};
    int failed;

    if (ds_mapping_load(temp_write(mapping_text), &mapping, &err) != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    ds_mapping_free(mapping);
    ds_arena_clear(&arena);
    return failed;
}
