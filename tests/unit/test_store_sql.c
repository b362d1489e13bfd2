/* Other SQL clients: what they may write, what becomes of it, and what they read. */
#include "tests/unit/store.h"

/* --- the schema and the table of fields ---------------------------------------------------------- */

static void columns_and_fields_agree(void **state)
{
    (void)state;
    commit();
    assert_int_equal(strtol(sql("SELECT count(*) FROM pragma_table_info('deals')"), NULL, 10),
                     7 + DS_FIELDS);
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        const struct ds_field_row *row = &ds_fields[f];
        const char *quote = row->fallback && row->type != DS_T_PERCENT ? "'" : "";
        const char *got = sql(textf("SELECT name, type, dflt_value FROM pragma_table_info('deals')"
                                    " WHERE cid = %d",
                                    7 + (int)f));

        same("name, type and default", got,
             textf("%s|%s|%s%s%s", row->name, row->type == DS_T_PERCENT ? "INTEGER" : "TEXT", quote,
                   row->fallback ? row->fallback : "NULL", quote));
    }
    same("all tables are strict",
         sql("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
             " AND NOT strict AND name NOT LIKE 'sqlite%'"),
         "0");
    same("schema and application", sql("SELECT * FROM pragma_user_version, pragma_application_id"),
         "2|1684365676");
}

static void every_word_is_taken_and_no_other(void **state)
{
    (void)state;
    add_sample();
    commit();
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        const struct ds_field_row *row = &ds_fields[f];
        const char *got;

        if (row->type != DS_T_WORD)
            continue;
        for (size_t i = 0; row->words[i]; i++)
            same(row->words[i],
                 sql(textf("UPDATE deals SET %s = '%s' RETURNING %s", row->name, row->words[i],
                           row->name)),
                 row->words[i]);
        got = sql(textf("UPDATE deals SET %s = '%sx'", row->name, row->words[0]));
        same(row->name, got, textf("error: CHECK constraint failed: %s", row->name));
    }
}

static void what_is_no_value_is_refused(void **state)
{
    static const struct {
        const char *set;
        const char *refused_by; /* NULL: it is taken */
    } table[] = {
        {"name = NULL", "error: NOT NULL constraint failed: deals.name"},
        {"stage = 50", "stage"},
        {"stage = 0", "stage"},
        {"stage = 'x'", "error: cannot store TEXT value in INTEGER column deals.stage"},
        {"stage = '60'", NULL},
        {"stage = NULL", NULL},
        {"on_hold = 'maybe'", "on_hold"},
        {"consent = 1", "consent"},
        {"visibility = ''", "visibility"},
        {"assessment = 'YES'", "assessment"},
        {"value = '0'", NULL},
        {"value = 1000", NULL},
        {"value = 12.5", NULL},
        {"value = '-17.25'", NULL},
        {"value = NULL", NULL},
        {"value = ''", "value"},
        {"value = '-'", "value"},
        {"value = '1.'", "value"},
        {"value = '1.2.3'", "value"},
        {"value = '1-2'", "value"},
        {"value = '1e3'", "value"},
        {"value = '1,000'", "value"},
        {"value = '1 000'", "value"},
        {"currency = 'EU'", "currency"},
        {"currency = 'eur'", "currency"},
        {"currency = 'EURO'", "currency"},
        {"close_date = '2026-02-29'", "close_date"},
        {"close_date = '2026-2-9'", "close_date"},
        {"close_date = '31.12.2026'", "close_date"},
        {"close_date = '2026-12-31T00:00:00Z'", "close_date"},
        {"customer_country = 'DEU'", "customer_country"},
        {"customer_country = 'de'", "customer_country"},
        {"team = 'nobody'", "team"},
        {"team = '{}'", "team"},
        {"team = '[]'", NULL},
        {"origin = 'both'", "origin"},
        {"expires = '2026-12-31'", "expires"},
        {"expires = '2026-12-31T25:00:00Z'", "expires"},
        {"expires = '2026-12-31T12:00:00Z'", NULL},
        {"expires = NULL", NULL},
        {"solutions = '[1,'", "solutions"},
        {"solutions = 'null'", "solutions"},
        {"solutions = '[\"B\",\"A\"]'", NULL},
    };
    int64_t id = add_sample();

    (void)state;
    commit();
    assert_int_equal(id, 1);
    for (size_t i = 0; i < COUNT(table); i++) {
        const char *by = table[i].refused_by;
        char want[128];

        snprintf(want, sizeof(want), "%s%s",
                 !by || strchr(by, ' ') ? "" : "error: CHECK constraint failed: ", by ? by : "");
        same(table[i].set, sql(textf("UPDATE deals SET %s", table[i].set)), want);
    }
}

/* --- edits by other SQL clients ------------------------------------------------------------------ */

static void an_edit_elsewhere_moves_the_version_and_is_told(void **state)
{
    int64_t id = add_sample();

    (void)state;
    commit();
    for (enum ds_field f = 0; f < DS_FIELDS; f++) {
        const char *name = ds_fields[f].name;
        const char *value = other(f) ? other(f) : "y";
        const char *got;

        same(name, sql(textf("UPDATE deals SET %s = '%s'", name, value)), "");
        got = sql("SELECT version, updated_run, updated_ms > created_ms FROM deals");
        same(name, got, textf("%d|NULL|1", 2 + (int)f));
        got = sql("SELECT h.kind, h.run, h.connection, h.at_ms = d.updated_ms,"
                  " json_array_length(h.changes), changes ->> '$[0].field', changes ->> '$[0].old',"
                  " changes ->> '$[0].new'"
                  " FROM history h JOIN deals d ON d.id = h.deal ORDER BY h.id DESC LIMIT 1");
        same(name, got, textf("edited|NULL|NULL|1|1|%s|%s|%s", name, sample(f), value));
        assert_int_equal(deal_now(id).version, 2 + f);
    }
}

static void an_edit_that_changes_nothing_is_none(void **state)
{
    (void)state;
    add_sample();
    commit();
    same("the same", sql("UPDATE deals SET stage = 40, name = name, reason = 'others'"), "");
    same("times of ours", sql("UPDATE deals SET updated_ms = 5"), "");
    same("nothing told", sql("SELECT version, (SELECT count(*) FROM history) FROM deals"), "1|0");
    same("two at once", sql("UPDATE deals SET stage = NULL, notes = 'a\"b', name = name"), "");
    same("one row",
         sql("SELECT version, group_concat(changes) FROM deals d JOIN history h ON h.deal = d.id"),
         "2|[{\"field\":\"stage\",\"old\":\"40\",\"new\":null},{\"field\":\"notes\",\"old\":\"first"
         " line\\nsecond line\",\"new\":\"a\\\"b\"}]");
}

static void an_edit_is_read_in_canonical_form(void **state)
{
    struct ds_stored_deal got;
    int64_t id = add_sample();

    (void)state;
    commit();
    same("by hand",
         sql("UPDATE deals SET value = '0100.50', name = ' Fabrikam ', notes = '',"
             " solutions = '[\"B\", \"A\"]', customer_duns = '12-345-6789', location = 'x'"),
         "");
    got = deal_now(id);
    same("value", got.deal.value[DS_VALUE], "100.5");
    same("name", got.deal.value[DS_NAME], "Fabrikam");
    same("notes", got.deal.value[DS_NOTES], NULL);
    same("solutions", got.deal.value[DS_SOLUTIONS], "[\"A\",\"B\"]");
    same("duns", got.deal.value[DS_CUSTOMER_DUNS], "123456789");
    same("without a canonical form", sql("UPDATE deals SET customer_duns = 'none'"), "");
    same("duns as it is", deal_now(id).deal.value[DS_CUSTOMER_DUNS], "none");
}

static void a_deal_can_be_made_with_sql(void **state)
{
    struct ds_stored_deal got;

    (void)state;
    commit();
    same("a name is enough", sql("INSERT INTO deals(name) VALUES ('by hand') RETURNING id"), "1");
    got = deal_now(1);
    assert_int_equal(got.version, 1);
    assert_true(got.created_ms > NOW / 2);
    for (enum ds_field f = DS_STATUS; f < DS_FIELDS; f++)
        same(ds_fields[f].name, got.deal.value[f], ds_fields[f].fallback);
}

static void what_would_break_us_is_refused(void **state)
{
    (void)state;
    add_sample();
    add_link("006A", 1);
    commit();
    same("delete", sql("DELETE FROM deals"),
         "error: deals are never deleted: give it an end status instead");
    same("id", sql("UPDATE deals SET id = 7"),
         "error: the id of a deal never changes, and its version never goes back");
    same("version", sql("UPDATE deals SET version = 0"),
         "error: the id of a deal never changes, and its version never goes back");
    same("gap", sql("INSERT INTO deals(id, name) VALUES (9, 'x')"),
         "error: deals are numbered by the store: leave out the id");
    same("below", sql("INSERT INTO deals(id, name) VALUES (0, 'x')"),
         "error: CHECK constraint failed: id");
    same("nothing happened", sql("SELECT id, version FROM deals"), "1|1");
}

static int never(void *arg, const struct ds_conflict *c, struct ds_err *e)
{
    (void)arg;
    (void)c;
    return ds_fail(e, DS_E_BUG, "called");
}

static void a_conflict_about_nothing_is_told(void **state)
{
    (void)state;
    add_sample();
    commit();
    sql("INSERT INTO conflicts(deal, connection, remote_id, field, case_number, at_ms)"
        " VALUES (1, 1, '006A', 'colour', 5, 0)");
    assert_int_equal(ds_store_conflicts(store, &arena, 0, 0, never, NULL, &err), DS_E_STORE);
    same("text", err.text, "conflict 1 is about no field of a deal");
}

/* --- views --------------------------------------------------------------------------------------- */

static void the_type_is_the_same_in_sql_and_c(void **state)
{
    static const char *const flags[] = {"no", "yes", NULL};
    static const char *const helps[] = {"none", "general", NULL};

    (void)state;
    for (int i = 0; i < 27; i++) {
        struct ds_deal deal = sample_deal();
        int64_t id;

        ds_deal_set(&deal, DS_ASSESSMENT, flags[i % 3]);
        ds_deal_set(&deal, DS_VISIBILITY, flags[i / 3 % 3]);
        ds_deal_set(&deal, DS_HELP, helps[i / 9]);
        id = add_deal(&deal);
        commit();
        same("type", sql(textf("SELECT type FROM v_deals WHERE id = %d", (int)id)),
             ds_deal_type(&deal));
        WORKS(ds_store_begin(store, &err));
    }
}

static void deals_read_well(void **state)
{
    struct ds_deal deal = sample_deal();

    (void)state;
    add_link("006A", add_deal(&deal));
    ds_deal_set(&deal, DS_ASSESSMENT, "yes");
    ds_deal_set(&deal, DS_STAGE, "10");
    add_deal(&deal);
    add_link("006B", 1);
    commit();
    sql("INSERT INTO deals(name) VALUES ('by hand')");
    same("in words",
         sql("SELECT id, status, stage, stage_name, type, value, origin, records, created"
             " FROM v_deals WHERE id < 3 ORDER BY id"),
         "1|accepted|40|Developed|co-sell|123456789012345678.1234|acme|acme 006A, acme 006B|"
         "2026-09-21T14:13:20Z;"
         "2|accepted|10|Created|assessment|123456789012345678.1234|acme|NULL|"
         "2026-09-21T14:13:20Z");
    sql("INSERT INTO deals(name, status, origin) VALUES ('sent', 'received', 'inbound')");
    same("sent to us", sql("SELECT stage_name, direction FROM v_deals WHERE id = 4"),
         "Accepted|inbound");
    same("by hand", sql("SELECT stage_name, type, origin FROM v_deals WHERE id = 3"),
         "Created|private|NULL");
}

static void open_conflicts_have_a_view(void **state)
{
    struct ds_conflict c = {.deal = 1,
                            .connection = connection,
                            .remote_id = "006A",
                            .field = DS_VALUE,
                            .case_number = 5,
                            .rule = 77,
                            .base = "b",
                            .theirs = "12",
                            .run = run.id,
                            .at_ms = NOW};
    bool opened;

    (void)state;
    add_sample();
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    c.field = DS_NOTES;
    c.rule = 0;
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    c.field = DS_NAME;
    WORKS(ds_store_conflict_put(store, &c, &opened, &err));
    WORKS(ds_store_conflict_close(store, connection, "006A", ~(UINT64_C(1) << DS_NAME), 0, NOW,
                                  &err));
    commit();
    same("view",
         sql("SELECT id, connection, remote_id, deal, field, base, ours, theirs, \"case\", rule,"
             " run, since FROM v_open_conflicts ORDER BY id"),
         "1|acme|006A|1|value|b|NULL|12|M-5|R-77|1|2026-09-21T14:13:20Z;"
         "2|acme|006A|1|notes|b|NULL|12|M-5|NULL|1|2026-09-21T14:13:20Z");
}

static void the_pipeline_is_added_exactly(void **state)
{
    static const struct {
        const char *values[4];
        const char *total;
    } table[] = {
        {{"0.1", "0.2"}, "0.3"},
        {{"1000", "1000.5"}, "2000.5"},
        {{"123456789012345678.1234", "0.8766"}, "123456789012345679"},
        {{"999999999999999999.9999", "0.0001", "1"}, "1000000000000000001"},
        {{"-0.5"}, "-0.5"},
        {{"-0.5", "0.5"}, "0"},
        {{"3", "-0.25"}, "2.75"},
        {{"-3", "0.25"}, "-2.75"},
        {{"-3.75", "-0.5"}, "-4.25"},
        {{"0.9999", "0.9999", "0.0003"}, "2.0001"},
        {{"7.05"}, "7.05"},
    };
    struct ds_deal deal = sample_deal();

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        char currency[4] = {'A', 'A', (char)('A' + i), '\0'};

        ds_deal_set(&deal, DS_CURRENCY, currency);
        ds_deal_set(&deal, DS_STATUS, "accepted");
        for (size_t n = 0; n < COUNT(table[i].values) && table[i].values[n]; n++) {
            ds_deal_set(&deal, DS_VALUE, table[i].values[n]);
            add_deal(&deal);
        }
        ds_deal_set(&deal, DS_STATUS, "lost");
        add_deal(&deal);
        commit();
        same(currency, sql(textf("SELECT total FROM v_pipeline WHERE currency = '%s'", currency)),
             table[i].total);
        WORKS(ds_store_begin(store, &err));
    }
    ds_deal_set(&deal, DS_STATUS, "accepted");
    ds_deal_set(&deal, DS_CURRENCY, "EUR");
    ds_deal_set(&deal, DS_VALUE, NULL);
    add_deal(&deal);
    ds_deal_set(&deal, DS_STAGE, NULL);
    add_deal(&deal);
    commit();
    same("without a value or a stage", sql("SELECT * FROM v_pipeline WHERE currency = 'EUR'"),
         "NULL|NULL|EUR|1|NULL;40|Developed|EUR|1|NULL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_STORE(columns_and_fields_agree),
        ON_STORE(every_word_is_taken_and_no_other),
        ON_STORE(what_is_no_value_is_refused),
        ON_STORE(an_edit_elsewhere_moves_the_version_and_is_told),
        ON_STORE(an_edit_that_changes_nothing_is_none),
        ON_STORE(an_edit_is_read_in_canonical_form),
        ON_STORE(a_deal_can_be_made_with_sql),
        ON_STORE(what_would_break_us_is_refused),
        ON_STORE(a_conflict_about_nothing_is_told),
        ON_STORE(the_type_is_the_same_in_sql_and_c),
        ON_STORE(deals_read_well),
        ON_STORE(open_conflicts_have_a_view),
        ON_STORE(the_pipeline_is_added_exactly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
