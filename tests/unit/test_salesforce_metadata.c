/* Stages out of exported metadata: both layouts, what may be missing, and what is refused. */
#include "connectors/salesforce/metadata.h"
#include "tests/unit/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NS       " xmlns=\"http://soap.sforce.com/2006/04/metadata\""

/* "process|name|label|probability|outcome|active\n" of each stage. */
static char told[4096];

static int note(void *arg, const struct ds_stage *s, struct ds_err *err)
{
    size_t len = strlen(told);

    (void)arg;
    (void)err;
    assert_string_equal(s->field, "StageName");
    assert_int_equal(s->records, -1);
    snprintf(told + len, sizeof(told) - len, "%s|%s|%s|%d|%s|%s\n", s->process ? s->process : "",
             s->name, s->label ? s->label : "", s->probability, s->outcome ? s->outcome : "",
             s->active ? "yes" : "no");
    return DS_OK;
}

static int read_stages(const char *file, struct ds_err *err)
{
    told[0] = '\0';
    return ds_sf_stages_in(file, note, NULL, err);
}

#define SET                                                                                        \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<StandardValueSet" NS "><sorted>false</sorted>\n"                                             \
    "<standardValue><fullName>Prospecting</fullName><default>false</default>\n"                    \
    "<description>Call them.</description><label>Prospecting</label><closed>false</closed>\n"      \
    "<forecastCategory>Pipeline</forecastCategory><probability>10</probability><won>false</won>\n" \
    "</standardValue><standardValue><won>false</won><probability>75</probability>\n"               \
    "<label>Offer &amp; Price</label><closed>false</closed><fullName>Offer/Price</fullName>\n"     \
    "</standardValue><standardValue><fullName>Done</fullName><closed>true</closed>\n"              \
    "<probability>100</probability><won>true</won></standardValue>\n"                              \
    "<standardValue><fullName>Gone</fullName><closed>true</closed><isActive>false</isActive>\n"    \
    "</standardValue><standardValue><fullName>Bare</fullName></standardValue></StandardValueSet>"

#define PROCESS                                                                                    \
    "<fullName>Hard%2FSoft</fullName><isActive>true</isActive>"                                    \
    "<values><fullName>Offer%2FPrice</fullName><default>false</default></values>"                  \
    "<values><fullName>100%</fullName></values>"

static const struct {
    const char *xml, *told;
} files[] = {
    {SET, "|Prospecting|Prospecting|10|open|yes\n"
          "|Offer/Price|Offer & Price|75|open|yes\n"
          "|Done||100|won|yes\n"
          "|Gone||-1|lost|no\n"
          "|Bare||-1||yes\n"},
    {"<StandardValueSet" NS "><fullName>OpportunityStage</fullName><standardValue><fullName>A"
     "</fullName><probability>101</probability></standardValue></StandardValueSet>",
     "|A||-1||yes\n"},
    {"<BusinessProcess" NS ">" PROCESS "</BusinessProcess>",
     "Hard/Soft|Offer/Price||-1||yes\nHard/Soft|100%||-1||yes\n"},
    {"<m:BusinessProcess xmlns:m=\"x\"><m:fullName>P</m:fullName><m:isActive>false</m:isActive>"
     "<m:values><m:fullName>A</m:fullName></m:values></m:BusinessProcess>",
     "P|A||-1||no\n"},
    {"<CustomObject" NS "><label>x</label><businessProcesses>" PROCESS "</businessProcesses>"
     "<recordTypes><fullName>One</fullName><businessProcess>Hard%2FSoft</businessProcess>"
     "</recordTypes><recordTypes><fullName>Two</fullName><businessProcess>Hard/Soft"
     "</businessProcess></recordTypes><recordTypes><fullName>None</fullName></recordTypes>"
     "<businessProcesses><fullName>Own</fullName><values><fullName>A</fullName></values>"
     "</businessProcesses></CustomObject>",
     "One|Offer/Price||-1||yes\nTwo|Offer/Price||-1||yes\nOne|100%||-1||yes\nTwo|100%||-1||yes\n"
     "Own|A||-1||yes\n"},
};

static void each_kind_of_file_lists_its_stages(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(files); i++) {
        struct ds_err err = {0};

        assert_int_equal(read_stages(temp_write(files[i].xml), &err), DS_OK);
        assert_string_equal(told, files[i].told);
    }
}

static const struct {
    const char *xml, *piece;
} refused[] = {
    {"", ""},
    {"not XML", ""},
    {"<html><body>Log in</body></html>", "<html>"},
    {"<StandardValueSet" NS "></StandardValueSet>", "lists no stages"},
    {"<StandardValueSet" NS "><standardValue><fullName>A</fullName>", ""},
    {"<StandardValueSet" NS ">\n<standardValue><label>A</label></standardValue></StandardValueSet>",
     "line 2: a standardValue without a fullName"},
    {"<StandardValueSet" NS "><fullName>LeadStatus</fullName><standardValue><fullName>A</fullName>"
     "</standardValue></StandardValueSet>",
     "LeadStatus"},
    {"<BusinessProcess" NS "><values><fullName>A</fullName></values></BusinessProcess>",
     "a BusinessProcess without a fullName"},
    {"<BusinessProcess" NS "><fullName>P</fullName><values><default>true</default></values>"
     "</BusinessProcess>",
     "a values without a fullName"},
    {"<!DOCTYPE s [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><StandardValueSet" NS
     "><standardValue><fullName>&x;</fullName></standardValue></StandardValueSet>",
     "DOCTYPE"},
};

static void what_is_broken_or_hostile_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct ds_err err = {0};

        assert_int_equal(read_stages(temp_write(refused[i].xml), &err), DS_E_INPUT);
        assert_non_null(strstr(err.text, refused[i].piece));
        assert_null(strstr(err.text, "root:"));
        assert_string_equal(told, "");
    }
}

static void a_file_without_end_is_refused(void **state)
{
    static char xml[400000];
    struct ds_err err = {0};
    size_t len = (size_t)snprintf(xml, sizeof(xml), "<StandardValueSet>");

    (void)state;
    for (int i = 0; i < 5001; i++)
        len += (size_t)snprintf(xml + len, sizeof(xml) - len,
                                "<standardValue><fullName>%d</fullName></standardValue>", i);
    snprintf(xml + len, sizeof(xml) - len, "</StandardValueSet>");
    assert_int_equal(read_stages(temp_write(xml), &err), DS_E_INPUT);
    assert_non_null(strstr(err.text, "more than 5000"));
}

/* --- a directory ----------------------------------------------------------------------------- */

static char root[64];

static void write_at(const char *name, const char *text)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void remove_at(const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", root, name);
    assert_int_equal(remove(path), 0);
}

static void a_directory_is_read_as_a_whole(void **state)
{
    static const char set[] = "standardValueSets/OpportunityStage.standardValueSet-meta.xml";
    static const char process[] =
        "objects/Opportunity/businessProcesses/H.businessProcess-meta.xml";
    static const char type[] = "objects/Opportunity/recordTypes/Partner.recordType-meta.xml";
    static const char *const made[] = {set,
                                       process,
                                       type,
                                       "standardValueSets",
                                       "objects/Opportunity/businessProcesses",
                                       "objects/Opportunity/recordTypes",
                                       "objects/Opportunity",
                                       "objects",
                                       ""};
    struct ds_err err = {0};

    (void)state;
    snprintf(root, sizeof(root),
             "/tmp/dealsync-unit-[x]XXXXXX"); /* a name that looks like a pattern */
    assert_non_null(mkdtemp(root));
    assert_int_equal(read_stages(root, &err), DS_E_INPUT);
    assert_non_null(strstr(err.hint, "standardValueSets/"));
    ds_err_clear(&err);
    write_at(set, SET);
    write_at(process, "<BusinessProcess>" PROCESS "</BusinessProcess>");
    write_at(type, "<RecordType><fullName>Partner</fullName><businessProcess>Hard%2fSoft"
                   "</businessProcess></RecordType>");
    assert_int_equal(read_stages(root, &err), DS_OK);
    assert_non_null(strstr(told, "|Done||100|won|yes\n"));
    assert_non_null(strstr(told, "\nPartner|Offer/Price|Offer & Price|75|open|yes\n"
                                 "Partner|100%||-1||yes\n"));
    assert_null(strstr(told, "Hard"));
    for (size_t i = 0; i < COUNT(made); i++)
        remove_at(made[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_file_lists_its_stages),
        cmocka_unit_test(what_is_broken_or_hostile_is_refused),
        cmocka_unit_test(a_file_without_end_is_refused),
        cmocka_unit_test(a_directory_is_read_as_a_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
