/* Links from page to page, privileges out of a list, ids: the small pure parts of the Dynamics connector. */
#include "connectors/dynamics/link.h"
#include "connectors/dynamics/privilege.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* --- links ----------------------------------------------------------------------------------- */

#define ORIGIN  "https://org.crm.dynamics.com"
#define REQUEST ORIGIN "/api/data/v9.2/opportunities?$select=name"

static const struct {
    const char *link, *followed;
} links[] = {
    /* As a real server writes it (DV-14, DV-99): what is encoded stays so, to the byte. */
    {ORIGIN "/api/data/v9.2/contacts?$skiptoken=%3Ccookie%20pagenumber=%222%22%20"
            "pagingcookie=%22%253ccookie%2520page%253d%25221%2522%253e%22%20/%3E",
     ORIGIN "/api/data/v9.2/contacts?$skiptoken=%3Ccookie%20pagenumber=%222%22%20"
            "pagingcookie=%22%253ccookie%2520page%253d%25221%2522%253e%22%20/%3E"},
    {ORIGIN "/a?$deltatoken=919042%2108%2f22%2f2017%2008%3a10%3a44",
     ORIGIN "/a?$deltatoken=919042%2108%2f22%2f2017%2008%3a10%3a44"},
    /* What cannot stand in a request is escaped (DV-28). */
    {ORIGIN "/a?b=<c d=\"1\">\n{}%20", ORIGIN "/a?b=%3Cc%20d=%221%22%3E%0A%7B%7D%20"},
    /* Relative ones start from the request (DV-98). */
    {"opportunities?$skiptoken=2", ORIGIN "/api/data/v9.2/opportunities?$skiptoken=2"},
    {"?$skiptoken=2", ORIGIN "/api/data/v9.2/opportunities?$skiptoken=2"},
    {"/api/data/v9.2/opportunities?$skiptoken=2",
     ORIGIN "/api/data/v9.2/opportunities?$skiptoken=2"},
    {"//evil.example/a", "https://evil.example/a"},
};

static void links_are_followed_byte_for_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(links); i++) {
        struct ds_buf out = DS_BUF_INIT(DS_MAX_URL);

        ds_dynamics_link(&out, REQUEST, links[i].link);
        assert_string_equal(out.text, links[i].followed);
        ds_buf_clear(&out);
    }
}

/* DV-20 */
static void links_stay_where_the_environment_is(void **state)
{
    static const char *const own[] = {ORIGIN "/a", ORIGIN ":443/a?b",
                                      "https://ORG.crm.dynamics.com/"};
    static const char *const foreign[] = {
        "https://org.api.crm.dynamics.com/a",
        "http://org.crm.dynamics.com/a",
        "https://org.crm.dynamics.com:444/a",
        "https://org.crm.dynamics.com.evil.example/a",
        "https://u@org.crm.dynamics.com/a",
        "https://evil.example/?https://org.crm.dynamics.com/",
        "https://org.crm.dynamics.com@evil/a",
        "",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(own); i++)
        assert_true(ds_dynamics_same_origin(own[i], ORIGIN));
    for (size_t i = 0; i < COUNT(foreign); i++)
        assert_false(ds_dynamics_same_origin(foreign[i], ORIGIN));
}

/* DV-19: a circle of any length is noticed, and a long straight way is none. */
static void circles_are_noticed(void **state)
{
    char mark[32];

    (void)state;
    for (unsigned length = 1; length < 40; length++) {
        struct ds_dynamics_walk walk = {0};
        unsigned steps = 0;

        do
            snprintf(mark, sizeof(mark), "page %u", steps < 5 ? steps : 5 + (steps - 5) % length);
        while (!ds_dynamics_walk_repeats(&walk, mark) && ++steps < 1000);
        assert_true(steps >= 5 && steps < 5 + 4 * length + 16);
    }
    for (struct ds_dynamics_walk walk = {0}; walk.steps < 5000;) {
        snprintf(mark, sizeof(mark), "page %u", (unsigned)walk.steps);
        assert_false(ds_dynamics_walk_repeats(&walk, mark));
    }
}

/* --- ids (DV-62) ----------------------------------------------------------------------------- */

static void ids_have_one_spelling(void **state)
{
    static const char id[] = "70bf4d48-34cb-ed11-b596-0022481d68cd";
    static const char *const same[] = {id, "70BF4D48-34CB-ED11-B596-0022481D68CD",
                                       "{70BF4D48-34CB-ED11-B596-0022481D68CD}"};
    static const char *const none[] = {"", "70bf4d48", "70bf4d48-34cb-ed11-b596-0022481d68cdx",
                                       "70bf4d48-34cb-ed11-b596-0022481d68cg",
                                       "70bf4d4834cbed11b5960022481d68cd"};
    char out[37];

    (void)state;
    for (size_t i = 0; i < COUNT(same); i++) {
        assert_true(ds_dynamics_guid(same[i], out));
        assert_string_equal(out, id);
    }
    for (size_t i = 0; i < COUNT(none); i++)
        assert_false(ds_dynamics_guid(none[i], out));
}

/* --- privileges ------------------------------------------------------------------------------ */

static const struct {
    const char *verb, *table;
    enum ds_dynamics_depth depth;
} privileges[] = {
    {DS_DYNAMICS_READ, "opportunity", DS_DYNAMICS_WHOLLY},
    {DS_DYNAMICS_WRITE, "opportunity", DS_DYNAMICS_PARTLY},
    {DS_DYNAMICS_CREATE, "opportunity", DS_DYNAMICS_MISSING},
    {DS_DYNAMICS_READ, "opportunit", DS_DYNAMICS_MISSING},
    {DS_DYNAMICS_READ, "systemuser", DS_DYNAMICS_WHOLLY},
    {DS_DYNAMICS_CREATE, "opportunityclose", DS_DYNAMICS_WHOLLY},
    {DS_DYNAMICS_READ, "new_myflow", DS_DYNAMICS_WHOLLY},
};

static json_t *privilege(const char *name, const char *depth)
{
    return json_pack("{s:s,s:s}", "PrivilegeName", name, "Depth", depth);
}

static void privileges_of_all_roles_count(void **state)
{
    json_t *list = json_pack(
        "[o,o,o,o,o,o,{}]", privilege("prvReadOpportunity", "Basic"),
        privilege("prvReadOpportunity", "Global"), privilege("prvWriteOpportunity", "Deep"),
        privilege("prvReadUser", "3"), privilege("prvCreateActivity", "Global"),
        privilege("prvReadnew_MyFlow", "Global"));

    (void)state;
    for (size_t i = 0; i < COUNT(privileges); i++)
        assert_int_equal(ds_dynamics_privilege(list, privileges[i].verb, privileges[i].table),
                         privileges[i].depth);
    assert_int_equal(ds_dynamics_privilege(NULL, DS_DYNAMICS_READ, "account"), DS_DYNAMICS_UNTOLD);
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(links_are_followed_byte_for_byte),
        cmocka_unit_test(links_stay_where_the_environment_is),
        cmocka_unit_test(circles_are_noticed),
        cmocka_unit_test(ids_have_one_spelling),
        cmocka_unit_test(privileges_of_all_roles_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
