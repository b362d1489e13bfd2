/* XML from elsewhere: what is read, and what is refused before it can do harm. */
#include "connectors/xml.h"
#include "tests/unit/temp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static xmlDoc *read_good(const char *text, size_t len)
{
    struct ds_err err = {0};
    xmlDoc *doc = NULL;

    assert_int_equal(ds_xml_read(text, len, "it", &doc, &err), DS_OK);
    assert_string_equal(err.text, "");
    assert_non_null(doc);
    return doc;
}

static void refuses(const char *text, size_t len, const char *piece)
{
    struct ds_err err = {0};
    xmlDoc *doc = NULL;

    assert_int_equal(ds_xml_read(text, len, "a.xml", &doc, &err), DS_E_INPUT);
    assert_null(doc);
    assert_non_null(strstr(err.text, "a.xml"));
    if (!strstr(err.text, piece))
        fail_msg("'%s' does not say '%s'", err.text, piece);
    assert_null(strchr(err.text, '\n'));
}

/* --- what is read ---------------------------------------------------------------------------- */

static const char sample[] = "<?xml version='1.0' encoding='UTF-8'?>\n"
                             "<!-- made by hand -->\n"
                             "<m:Set xmlns:m='urn:x' xmlns='urn:y'>\n"
                             "  <value kind='a &amp; b &#65;' m:id=''> one<b> &lt;two&gt;</b>\n"
                             "  <![CDATA[<3>]]></value>\n"
                             "  <other/>\n"
                             "  <m:value>\xc3\xbc</m:value>\n"
                             "</m:Set>\n";

static void elements_are_found_by_name(void **state)
{
    xmlDoc *doc = read_good(sample, sizeof(sample) - 1);
    struct ds_arena a = {0};
    struct ds_err err = {0};
    const xmlNode *root, *value;

    (void)state;
    assert_int_equal(ds_xml_root(doc, "Set", "it", &root, &err), DS_OK);
    value = ds_xml_child(root, "value");
    assert_string_equal(ds_xml_text(&a, value), "one <two>\n  <3>");
    assert_string_equal(ds_xml_attr(&a, value, "kind"), "a & b A");
    assert_string_equal(ds_xml_attr(&a, value, "id"), "");
    assert_null(ds_xml_attr(&a, value, "none"));
    assert_string_equal((const char *)ds_xml_next(value, NULL)->name, "other");
    assert_string_equal(ds_xml_text(&a, ds_xml_next(value, NULL)), "");
    value = ds_xml_next(value, "value");
    assert_string_equal(ds_xml_text(&a, value), "\xc3\xbc");
    assert_null(ds_xml_next(value, NULL));
    assert_null(ds_xml_child(root, "Set"));
    xmlFreeDoc(doc);
    ds_arena_clear(&a);
}

static void nothing_is_found_in_nothing(void **state)
{
    struct ds_arena a = {0};

    (void)state;
    assert_null(ds_xml_child(NULL, "a"));
    assert_null(ds_xml_next(NULL, "a"));
    assert_null(ds_xml_text(&a, NULL));
    assert_null(ds_xml_attr(&a, NULL, "a"));
    ds_arena_clear(&a);
}

static const struct {
    const char *bytes;
    size_t len;
} spellings[] = {
#define BYTES(text)                                                                                \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
    BYTES("<a>\xc3\xbc</a>"),
    BYTES("\xef\xbb\xbf<a>\xc3\xbc</a>"),
    BYTES("<?xml version='1.0' encoding='iso-8859-1'?><a>\xfc</a>"),
    BYTES("<?xml version='1.0' encoding='us-ascii'?><a>&#252;</a>"),
    BYTES("\xff\xfe<\0a\0>\0\xfc\0<\0/\0a\0>\0"),
    BYTES("\xfe\xff\0<\0a\0>\0\xfc\0<\0/\0a\0>"),
};

static void encodings_become_utf8(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(spellings); i++) {
        xmlDoc *doc = read_good(spellings[i].bytes, spellings[i].len);
        struct ds_arena a = {0};
        struct ds_err err = {0};
        const xmlNode *root;

        assert_int_equal(ds_xml_root(doc, "a", "it", &root, &err), DS_OK);
        assert_string_equal(ds_xml_text(&a, root), "\xc3\xbc");
        xmlFreeDoc(doc);
        ds_arena_clear(&a);
    }
}

static void long_texts_are_no_texts(void **state)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_PAGE);
    struct ds_arena a = {0};
    struct ds_err err = {0};
    const xmlNode *root;
    xmlDoc *doc;

    (void)state;
    ds_buf_add(&text, "<a><b>");
    for (size_t i = 0; i < DS_MAX_FIELD; i++)
        ds_buf_add_char(&text, 'x');
    ds_buf_add(&text, "</b><c>y</c></a>");
    doc = read_good(text.text, text.len);
    assert_int_equal(ds_xml_root(doc, "a", "it", &root, &err), DS_OK);
    assert_int_equal(strlen(ds_xml_text(&a, ds_xml_child(root, "b"))), DS_MAX_FIELD);
    assert_null(ds_xml_text(&a, root));
    xmlFreeDoc(doc);
    ds_buf_clear(&text);
    ds_arena_clear(&a);
}

/* --- what is refused ------------------------------------------------------------------------- */

#define LAUGHS                                                                                     \
    "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY l0 'ha'>"                                        \
    "<!ENTITY l1 '&l0;&l0;&l0;&l0;&l0;&l0;&l0;&l0;'><!ENTITY l2 '&l1;&l1;&l1;&l1;&l1;&l1;&l1;'>"   \
    "<!ENTITY l3 '&l2;&l2;&l2;&l2;&l2;&l2;&l2;&l2;'><!ENTITY l4 '&l3;&l3;&l3;&l3;&l3;&l3;&l3;'>"   \
    "]>\n<a>&l4;</a>"

static const struct {
    const char *bytes;
    size_t len;
    const char *piece;
} bad[] = {
    {"", 0, "line 1"},
    {" \n", 2, "line"},
    {"{}", 2, "line 1"},
    {LAUGHS, sizeof(LAUGHS) - 1, "line 2: it has a DOCTYPE"},
#define BAD(text, piece)                                                                           \
    {                                                                                              \
        (text), sizeof(text) - 1, (piece)                                                          \
    }
    BAD("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "DOCTYPE"),
    BAD("<!DOCTYPE a [<!ENTITY % x SYSTEM 'file:///etc/passwd'>%x;]><a/>", "DOCTYPE"),
    BAD("<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/x.dtd'><a/>", "DOCTYPE"),
    BAD("<!DOCTYPE a><a/>", "DOCTYPE"),
    BAD("<a>&x;</a>", "not defined"),
    BAD("<a>\n<b>\n</a>\n", "line 3"),
    BAD("<a>\n", "line 2"),
    BAD("<a>\n<b c='", "line 2"),
    BAD("<a>\n\xff</a>", "line 2: Input is not proper UTF-8"),
    BAD("<a>\xed\xa0\x80</a>", "line 1"),
    BAD("<a>\0</a>", "line 1"),
    BAD("<a/><b/>", "line 1"),
    BAD("\xff\xfe<\0a\0>\0", "line 1"),
    BAD("\xff\xfe<\0a\0>\0\0\xd8x\0<\0/\0a\0>\0", "line 1"),
    BAD("<?xml version='1.0' encoding='utf-7'?><a/>", "encoding"),
    BAD("<?xml version='1.0' encoding='utf-16le'?><\0a\0/\0>\0", "line 1"),
    BAD("<?xml version='1.0' encoding='nonsense'?><a/>", "line 1"),
};

static void bad_documents_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        refuses(bad[i].bytes, bad[i].len, bad[i].piece);
}

/* A document of `times` pieces between a beginning and an end. */
static void refuses_many(const char *first, const char *piece, size_t times, const char *why)
{
    struct ds_buf text = DS_BUF_INIT(DS_MAX_PAGE + 64);

    ds_buf_add(&text, first);
    for (size_t i = 0; i < times; i++)
        ds_buf_add(&text, piece);
    ds_buf_add(&text, "/>");
    assert_false(ds_buf_failed(&text));
    refuses(text.text, text.len, why);
    ds_buf_clear(&text);
}

static void sizes_are_bounded(void **state)
{
    (void)state;
    refuses_many("<a ", "b='' ", 4097, "attributes");
    refuses_many("<a>", "<b/>", 1000000, "more elements");
    refuses_many("", "<a>", 300, "depth");
    refuses_many("<a>", "        ", DS_MAX_PAGE / 8, "longer than");
}

static void wide_attributes_are_counted_too(void **state)
{
    static char little[2 + 4097 * 16], big[sizeof(little)];
    char piece[9];
    size_t len = 2;

    (void)state;
    memcpy(little, "\xff\xfe", 2);
    for (int i = 0; i < 4097; i++) {
        snprintf(piece, sizeof(piece), "%s%d=''", i ? " b" : "<b", i % 1000);
        for (size_t k = 0; piece[k]; k++, len += 2)
            little[len] = piece[k], little[len + 1] = '\0';
    }
    refuses(little, len, "attributes");
    for (size_t i = 0; i < len; i += 2)
        big[i] = little[i + 1], big[i + 1] = little[i];
    refuses(big, len, "attributes");
}

static void files_are_bounded_and_named(void **state)
{
    const char *path = temp_write("<a>\n</b>");
    struct ds_err err = {0};
    xmlDoc *doc;

    (void)state;
    assert_int_equal(ds_xml_file(path, DS_MAX_FILE, &doc, &err), DS_E_INPUT);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "line 2"));
    ds_err_clear(&err);
    assert_int_equal(ds_xml_file(path, 7, &doc, &err), DS_E_INPUT);
    assert_non_null(strstr(err.text, "longer than 7 bytes"));
    ds_err_clear(&err);
    assert_int_equal(ds_xml_file("/nonexistent.xml", 7, &doc, &err), DS_E_INPUT);
    ds_err_clear(&err);
    path = temp_write("<a/>");
    assert_int_equal(ds_xml_file(path, 7, &doc, &err), DS_OK);
    xmlFreeDoc(doc);
}

static void another_root_is_refused(void **state)
{
    xmlDoc *doc = read_good("<html/>", 7);
    struct ds_err err = {0};
    const xmlNode *root;

    (void)state;
    assert_int_equal(ds_xml_root(doc, "Set", "a.xml", &root, &err), DS_E_INPUT);
    assert_string_equal(err.text, "a.xml: expected <Set>, found <html>");
    xmlFreeDoc(doc);
}

/* What libxml2 says by itself would spoil a terminal or a journal. */
static void nothing_is_printed(void **state)
{
    const char *path = temp_write("");
    int before = dup(STDERR_FILENO);
    struct stat st;

    (void)state;
    assert_non_null(freopen(path, "w", stderr));
    bad_documents_are_refused(NULL);
    fflush(stderr);
    assert_int_equal(stat(path, &st), 0);
    dup2(before, STDERR_FILENO);
    close(before);
    assert_int_equal(st.st_size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_are_found_by_name),
        cmocka_unit_test(nothing_is_found_in_nothing),
        cmocka_unit_test(encodings_become_utf8),
        cmocka_unit_test(long_texts_are_no_texts),
        cmocka_unit_test(bad_documents_are_refused),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(wide_attributes_are_counted_too),
        cmocka_unit_test(files_are_bounded_and_named),
        cmocka_unit_test(another_root_is_refused),
        cmocka_unit_test(nothing_is_printed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
