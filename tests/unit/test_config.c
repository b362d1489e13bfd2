/* The configuration: what is read from it, and that nothing in it is guessed or ignored. */
#include "cli/config.h"
#include "cli/starter.h"
#include "mapping/mapping.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char dir[] = "/tmp/dealsync-config-XXXXXX";

static const char *path_of(const char *name)
{
    static char path[256];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void write_text(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) && mkdir(path_of("conf.d"), 0700) == 0 ? 0 : -1;
}

static int drop_dir(void **state)
{
    static const char *const names[] = {"dealsync.conf",
                                        "conf.d/10-a.conf",
                                        "conf.d/20-b.conf",
                                        "conf.d/.hidden.conf",
                                        "conf.d/readme.txt",
                                        "conf.d",
                                        ""};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        remove(path_of(names[i]));
    return 0;
}

/* Takes the directory's name, which differs each time, out of a text. */
static void add_plain(struct ds_buf *out, const char *text)
{
    const char *at;

    while ((at = strstr(text, dir)) != NULL) {
        ds_buf_add_bytes(out, text, (size_t)(at - text));
        ds_buf_add(out, "DIR");
        text = at + strlen(dir);
    }
    ds_buf_add(out, text);
}

static void add_connection(struct ds_buf *out, const struct ds_config_connection *c)
{
    ds_buf_addf(out, "%s=%s %s %" PRIu64 "/%" PRIu64 "%s%s %" PRIu64 "h %s", c->name,
                c->connector->name, c->mapping, c->guard.limit[DS_GUARD_CHANGES].count,
                c->guard.limit[DS_GUARD_CHANGES].percent, c->policy.vetted ? " vetted" : "",
                c->policy.close_early ? " early" : "", c->alarm_after_hours,
                c->policy.shareable ? c->policy.shareable : "-");
    for (size_t i = 0; i < c->options.count; i++)
        ds_buf_addf(out, " %s=%s%s", c->options.names[i], c->options.values[i],
                    c->options.where[i] ? "" : "(default)");
    ds_buf_add(out, "; ");
}

/* The terms of a connection: "both create close:others | value=crm/manual ...", fields that are as
 * ever left out. */
static void add_terms(struct ds_buf *out, const struct ds_config_connection *c)
{
    static const char *const directions[] = {"pull", "push", "both"};
    static const char *const gones[] = {"ignore", "report", "close"};
    static const char *const owners[] = {"both", "crm", "store"};
    static const char *const settles[] = {"manual", "crm", "store", "newest"};
    const struct ds_policy *p = &c->policy;

    ds_buf_addf(out, "%s%s %s:%s", directions[p->direction], p->creates ? " create" : "",
                gones[p->gone], p->gone_reason ? p->gone_reason : "-");
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (p->owner[f] != DS_OWNER_BOTH || p->settle[f] != DS_SETTLE_MANUAL)
            ds_buf_addf(out, " %s=%s/%s", ds_fields[f].name, owners[p->owner[f]],
                        settles[p->settle[f]]);
}

/* What the file says, or "status: text | hint". */
static void check(const char *text, const char *want)
{
    struct ds_buf got = DS_BUF_INIT(DS_MAX_TEXT), plain = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_config *config = NULL;
    struct ds_err err = {0};
    char path[256];

    write_text("dealsync.conf", text);
    snprintf(path, sizeof(path), "%s", path_of("dealsync.conf"));
    if (ds_config_load(path, &config, &err)) {
        assert_null(config);
        ds_buf_addf(&got, "%d: %s | %s", err.status, err.text, err.hint);
    } else {
        ds_buf_addf(&got, "%s; ", config->store);
        for (size_t i = 0; i < config->count; i++)
            add_connection(&got, &config->connections[i]);
    }
    ds_config_free(config);
    add_plain(&plain, got.text);
    if (strcmp(plain.text, want) != 0)
        fail_msg("%s\ngot  %s\nwant %s", text, plain.text, want);
    ds_buf_clear(&got);
    ds_buf_clear(&plain);
}

#define STORE "[store]\npath = deals.db\n"
#define CSV   "[connection csv]\nconnector = file\npath = in.csv\nid = key\nmapping = m.conf\n"

static void what_a_file_says(void **state)
{
    static const char *const table[][2] = {
        {STORE, "DIR/deals.db; "},
        {STORE CSV, "DIR/deals.db; csv=file DIR/m.conf 100/10 24h - path=DIR/in.csv id=key "
                    "delimiter=comma(default); "},
        {"[store]\npath = /var/x.db\n" CSV "guard_count = 5\nguard_percent = 0\nvetted = yes\n"
         "close_early = yes\nalarm_after = 0\nshareable_solutions = A, B\ndelimiter = tab\n"
         "lookup.account = a.csv account\nlookup.x = b.csv x\n",
         "/var/x.db; csv=file DIR/m.conf 5/0 vetted early 0h A, B path=DIR/in.csv id=key "
         "delimiter=tab lookup.account=a.csv account lookup.x=b.csv x; "},
        /* a section may be continued, and the connector need not come first */
        {"[connection csv]\nid = key\n" STORE "[connection csv]\nmapping = /m.conf\n"
         "path = /in.csv\nconnector = file\n",
         "DIR/deals.db; csv=file /m.conf 100/10 24h - id=key path=/in.csv "
         "delimiter=comma(default); "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        check(table[i][0], table[i][1]);
}

static void what_is_refused(void **state)
{
    static const char *const table[][2] = {
        {"", "-6: DIR/dealsync.conf: there is no [store] with a 'path' | "
             "add [store] and, below it, path = /var/lib/dealsync/deals.db"},
        {"a = b\n", "-6: DIR/dealsync.conf:1: 'a' stands before the first section | "},
        {"[stoer]\npath = x\n",
         "-6: DIR/dealsync.conf:2: unknown section '[stoer]' | did you mean 'store'?"},
        {"[conection csv]\nid = x\n",
         "-6: DIR/dealsync.conf:2: unknown section '[conection csv]' | "
         "did you mean 'connection'?"},
        {"[something else]\nid = x\n",
         "-6: DIR/dealsync.conf:2: unknown section '[something else]' | "
         "the sections are [store] and [connection NAME]"},
        {"[connection a b]\nid = x\n",
         "-6: DIR/dealsync.conf:2: 'a b' cannot be the name of a connection | "
         "letters, digits, '.', '_' and '-', at most 64"},
        {"[connection -a]\nid = x\n",
         "-6: DIR/dealsync.conf:2: '-a' cannot be the name of a connection | "
         "letters, digits, '.', '_' and '-', at most 64"},
        {"[store]\npaht = x\n",
         "-6: DIR/dealsync.conf:2: unknown key 'paht' in [store] | [store] has one key: path"},
        {STORE "path = y\n",
         "-6: DIR/dealsync.conf:3: 'path' of [store] stands in DIR/dealsync.conf:2 already | "},
        {STORE CSV "id = y\n", "-6: DIR/dealsync.conf:8: 'id' of [connection csv] stands in "
                               "DIR/dealsync.conf:6 already | "},
        {STORE CSV "guard_cuont = 1\n",
         "-6: DIR/dealsync.conf:8: unknown key 'guard_cuont' for the connector 'file' | "
         "did you mean 'guard_count'?"},
        {STORE CSV "client_id = 1\n",
         "-6: DIR/dealsync.conf:8: unknown key 'client_id' for the connector 'file' | "
         "dealsync.conf(5) lists the keys"},
        {STORE CSV "lookup. = 1\n",
         "-6: DIR/dealsync.conf:8: unknown key 'lookup.' for the connector 'file' | "
         "did you mean 'lookup.*'?"},
        {STORE CSV "delimiter =\n", "-6: DIR/dealsync.conf:8: 'delimiter' has no value | "
                                    "fill it in, or take the line away"},
        {STORE CSV "vetted = true\n",
         "-6: DIR/dealsync.conf:8: 'vetted' is 'true', and must be yes or no | "},
        {STORE CSV "guard_count = many\n", "-6: DIR/dealsync.conf:8: 'guard_count' is 'many', and "
                                           "must be a whole number up to 1000000000 | "},
        {STORE CSV "guard_percent = 101\n", "-6: DIR/dealsync.conf:8: 'guard_percent' is '101', "
                                            "and must be a whole number up to 100 | "},
        {STORE CSV "guard_percent = -1\n", "-6: DIR/dealsync.conf:8: 'guard_percent' is '-1', "
                                           "and must be a whole number up to 100 | "},
        {STORE CSV "direction = bth\n",
         "-6: DIR/dealsync.conf:8: 'direction' is 'bth', and must be pull, push or both | "
         "did you mean 'both'?"},
        {STORE CSV "conflict = newset\n",
         "-6: DIR/dealsync.conf:8: 'conflict' is 'newset', and must be manual, crm, store or "
         "newest | did you mean 'newest'?"},
        {STORE CSV "owner.close_dat = crm\n",
         "-6: DIR/dealsync.conf:8: 'owner.close_dat' names no field of a deal | "
         "did you mean 'close_date'?"},
        {STORE CSV "conflict.everything = crm\n",
         "-6: DIR/dealsync.conf:8: 'conflict.everything' names no field of a deal | "
         "dealsync.conf(5) lists the fields"},
        {STORE CSV "owner.value = newest\n",
         "-6: DIR/dealsync.conf:8: 'owner.value' is 'newest', and must be both, crm or store | "},
        {STORE CSV "deleted = close\n",
         "-6: DIR/dealsync.conf:8: 'deleted' is 'close', and there is no 'deleted_reason' | "
         "add: deleted_reason = others   ; a lost deal has a reason (R-58)"},
        {STORE CSV "deleted = close\ndeleted_reason = other\n",
         "-6: DIR/dealsync.conf:9: 'deleted_reason' is 'other', and must be budget, no_response, "
         "other_vendor, requirement_not_met, not_a_customer, timeline_too_short, abuse_or_spam or "
         "others | did you mean 'others'?"},
        {STORE CSV "create = yes\n",
         "-6: DIR/dealsync.conf:8: 'create' is 'yes', and 'direction' is 'pull' | "
         "add: direction = both   ; or take 'create' away"},
        {STORE "[connection a]\nconnector = flie\nmapping = m\n",
         "-6: DIR/dealsync.conf:4: there is no connector 'flie' | did you mean 'file'?"},
        {STORE "[connection a]\nmapping = m\n",
         "-6: DIR/dealsync.conf:4: [connection a] has no 'connector' | add: connector = "
         "salesforce   ; the kind of remote: salesforce, dynamics or file"},
        {STORE "[connection a]\nconnector = file\npath = x\nmapping = m\n",
         "-6: DIR/dealsync.conf:4: [connection a] has no 'id' | add: id = opportunity_id   ; "
         "column that identifies a record"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++)
        check(table[i][0], table[i][1]);
}

static void the_terms_of_a_connection(void **state)
{
    static const char *const table[][2] = {
        {"", "pull report:-"},
        {"direction = both\ncreate = yes\n", "both create report:-"},
        {"direction = push\ndeleted = ignore\n", "push ignore:-"},
        {"deleted = close\ndeleted_reason = others\n", "pull close:others"},
        {"owner.value = crm\nowner.team = store\n",
         "pull report:- value=crm/manual team=store/manual"},
        /* what is said of one field counts, wherever it stands */
        {"conflict.value = newest\nconflict.notes = manual\nowner.name = both\n"
         "conflict.stage = crm\n",
         "pull report:- stage=both/crm value=both/newest"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct ds_buf text = DS_BUF_INIT(DS_MAX_TEXT), got = DS_BUF_INIT(DS_MAX_TEXT);
        struct ds_config *config = NULL;
        struct ds_err err = {0};
        char path[256];

        ds_buf_addf(&text, "%s%s", STORE CSV, table[i][0]);
        write_text("dealsync.conf", text.text);
        snprintf(path, sizeof(path), "%s", path_of("dealsync.conf"));
        if (ds_config_load(path, &config, &err))
            fail_msg("%s: %s", table[i][0], err.text);
        add_terms(&got, &config->connections[0]);
        assert_string_equal(got.text, table[i][1]);
        ds_config_free(config);
        ds_buf_clear(&text);
        ds_buf_clear(&got);
    }
}

/* One field's own word wins over that for all, also when it comes first. */
static void one_field_counts_more_than_all(void **state)
{
    struct ds_config *config = NULL;
    struct ds_err err = {0};
    char path[256];

    (void)state;
    write_text("dealsync.conf", STORE CSV "conflict.value = newest\nconflict = store\n");
    snprintf(path, sizeof(path), "%s", path_of("dealsync.conf"));
    assert_int_equal(ds_config_load(path, &config, &err), DS_OK);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        assert_int_equal(config->connections[0].policy.settle[f],
                         f == DS_VALUE ? DS_SETTLE_NEWEST : DS_SETTLE_STORE);
    ds_config_free(config);
}

static void drop_ins_add_and_never_replace(void **state)
{
    (void)state;
    write_text("conf.d/20-b.conf", "[connection b]\nconnector = file\npath = b.csv\nid = b\n"
                                   "mapping = ../m.conf\n");
    write_text("conf.d/10-a.conf", "[connection a]\nconnector = file\npath = /a.csv\nid = a\n"
                                   "mapping = /m.conf\n");
    write_text("conf.d/.hidden.conf", "not read\n");
    write_text("conf.d/readme.txt", "not read\n");
    check(STORE, "DIR/deals.db; a=file /m.conf 100/10 24h - path=/a.csv id=a "
                 "delimiter=comma(default); b=file DIR/conf.d/../m.conf 100/10 24h - "
                 "path=DIR/conf.d/b.csv id=b delimiter=comma(default); ");
    write_text("conf.d/20-b.conf", "[connection a]\nid = other\n");
    check(STORE, "-6: DIR/conf.d/20-b.conf:2: 'id' of [connection a] stands in "
                 "DIR/conf.d/10-a.conf:4 already | ");
    remove(path_of("conf.d/10-a.conf"));
    remove(path_of("conf.d/20-b.conf"));
}

static void drop_ins_are_read_by_name(void **state)
{
    static const char *const names[] = {"conf.d/40.conf", "conf.d/10.conf", "conf.d/30.conf",
                                        "conf.d/20.conf", "conf.d/50.conf"};
    struct ds_config *config = NULL;
    struct ds_err err = {0};
    char text[128], path[256];

    (void)state;
    write_text("dealsync.conf", STORE);
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(text, sizeof(text),
                 "[connection c%.2s]\nconnector = file\npath = a\nid = a\n"
                 "mapping = m\n",
                 names[i] + strlen("conf.d/"));
        write_text(names[i], text);
    }
    snprintf(path, sizeof(path), "%s", path_of("dealsync.conf"));
    assert_int_equal(ds_config_load(path, &config, &err), DS_OK);
    assert_int_equal(config->count, COUNT(names));
    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(text, sizeof(text), "c%zu0", i + 1);
        assert_string_equal(config->connections[i].name, text);
        remove(path_of(names[i]));
    }
    ds_config_free(config);
}

/* A relative file: is found from the configuration's directory; what is no reference is left for
 * ds_secret_read() to refuse when the connection is used. */
static void secrets_are_references(void **state)
{
#define SF                                                                                         \
    STORE "[connection s]\nconnector = salesforce\nmapping = /m\nurl = https://x\n"                \
          "client_id = 1\n"
    static const char *const table[][2] = {
        {"file:s.key", "key=file:DIR/s.key "},
        {"file:/s.key", "key=file:/s.key "},
        {"credential:s", "key=credential:s "},
        {"env:S", "key=env:S "},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        char text[512], want[2048], path[256];
        struct ds_buf plain = DS_BUF_INIT(DS_MAX_TEXT);
        struct ds_config *config = NULL;
        struct ds_err err = {0};

        snprintf(text, sizeof(text), SF "key = %s\n", table[i][0]);
        write_text("dealsync.conf", text);
        snprintf(path, sizeof(path), "%s", path_of("dealsync.conf"));
        assert_int_equal(ds_config_load(path, &config, &err), DS_OK);
        snprintf(want, sizeof(want), "key=%s ", ds_option(&config->connections[0].options, "key"));
        add_plain(&plain, want);
        assert_string_equal(plain.text, table[i][1]);
        ds_buf_clear(&plain);
        ds_config_free(config);
    }
}

static void a_connection_is_found_or_the_nearest_named(void **state)
{
    const struct ds_config_connection *found = NULL;
    struct ds_config *config = NULL;
    struct ds_err err = {0};
    char path[256];

    (void)state;
    write_text("dealsync.conf", STORE CSV);
    snprintf(path, sizeof(path), "%s", path_of("dealsync.conf"));
    assert_int_equal(ds_config_load(path, &config, &err), DS_OK);
    assert_int_equal(ds_config_find(config, "csv", &found, &err), DS_OK);
    assert_string_equal(found->name, "csv");
    assert_int_equal(ds_config_find(config, "cvs", &found, &err), DS_E_USAGE);
    assert_string_equal(err.hint, "did you mean 'csv'?");
    ds_err_clear(&err);
    assert_int_equal(ds_config_find(config, "elsewhere", &found, &err), DS_E_USAGE);
    assert_string_equal(err.hint, "it has: csv");
    ds_config_free(config);
}

static void a_missing_file_tells_how_to_make_one(void **state)
{
    struct ds_config *config = NULL;
    struct ds_err err = {0};

    (void)state;
    assert_int_equal(ds_config_load("/nonexistent/d.conf", &config, &err), DS_E_CONFIG);
    assert_string_equal(err.text, "cannot open '/nonexistent/d.conf': No such file or directory");
    assert_string_equal(err.hint,
                        "name another file with --config, or make one with 'dealsync init'");
}

/* What `init` writes is a mapping before anybody has filled it in, and one for each connector. */
static void a_starter_mapping_loads(void **state)
{
    (void)state;
    for (size_t i = 0; ds_connectors[i]; i++) {
        struct ds_buf text = DS_BUF_INIT(DS_MAX_FILE);
        struct ds_mapping *mapping = NULL;
        struct ds_err err = {0};

        ds_starter_mapping(&text, ds_connectors[i]->name);
        write_text("dealsync.conf", text.text);
        if (ds_mapping_load(path_of("dealsync.conf"), &mapping, &err))
            fail_msg("%s: %s", ds_connectors[i]->name, err.text);
        assert_true(ds_mapping_gives(mapping, DS_NAME));
        assert_true(ds_mapping_gives(mapping, DS_TEAM));
        assert_false(ds_mapping_gives(mapping, DS_LOCATION));
        assert_non_null(ds_mapping_stage_path(mapping));
        ds_mapping_free(mapping);
        ds_buf_clear(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_file_says),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(the_terms_of_a_connection),
        cmocka_unit_test(one_field_counts_more_than_all),
        cmocka_unit_test(drop_ins_add_and_never_replace),
        cmocka_unit_test(drop_ins_are_read_by_name),
        cmocka_unit_test(secrets_are_references),
        cmocka_unit_test(a_connection_is_found_or_the_nearest_named),
        cmocka_unit_test(a_starter_mapping_loads),
        cmocka_unit_test(a_missing_file_tells_how_to_make_one),
    };

    return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
