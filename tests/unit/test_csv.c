/* Exports: the readers, whatever the pieces their bytes come in, and the connector on them. */
#include "base/buf.h"
#include "connectors/file/file.h"
#include "connectors/file/rows.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define TEXT(t)    t, sizeof(t) - 1
#define MAX_RENDER (16u << 20)

static void assert_begins(const char *text, const char *with)
{
    assert_int_equal(strncmp(text, with, strlen(with)), 0);
}

/* --- reading everything into one comparable text ---------------------------------------------- */

struct piecewise {
    const char *text;
    size_t len;
    size_t most; /* bytes a read gives at once, 0: as many as fit */
};

static int read_piece(void *arg, int64_t offset, char *into, size_t room, size_t *got,
                      struct ds_err *err)
{
    const struct piecewise *p = arg;
    struct ds_input_bytes bytes = {p->text, p->len};

    return ds_input_read_bytes(&bytes, offset, into, p->most && p->most < room ? p->most : room,
                               got, err);
}

static void render_value(struct ds_buf *out, struct ds_value v)
{
    for (size_t i = 0; i < v.len; i++)
        if (v.text[i] >= ' ')
            ds_buf_add_char(out, v.text[i]);
        else
            ds_buf_addf(out, "\\x%02x", (unsigned char)v.text[i]);
}

/* "1@2 a|b" is row 1, line 2. */
static void render_row(struct ds_buf *out, const struct ds_row *row, size_t columns)
{
    ds_buf_addf(out, "%" PRIu64 "@%" PRIu64 " ", row->number, row->line);
    if (row->fault)
        ds_buf_addf(out, "!%s", row->fault);
    for (size_t i = 0; !row->fault && i < columns; i++) {
        ds_buf_add(out, i ? "|" : "");
        render_value(out, row->values[i]);
    }
    ds_buf_add(out, "\n");
}

static int render_rows(struct ds_rows *rows, size_t columns, struct ds_buf *out, struct ds_err *err)
{
    const struct ds_row *row;
    int rc;

    while ((rc = rows->kind->next(rows, &row, err)) == DS_OK && row)
        render_row(out, row, columns);
    return rc;
}

static size_t count_names(const struct ds_rows *rows)
{
    size_t n = 0;

    while (rows->names[n])
        n++;
    return n;
}

static int render_csv(struct ds_input *in, char delimiter, struct ds_buf *out, struct ds_err *err)
{
    struct ds_rows *rows = NULL;
    int rc = ds_csv.open(in, delimiter, &rows, err);

    for (size_t i = 0; rc == DS_OK && rows->names[i]; i++)
        ds_buf_addf(out, "%s%s", i ? "|" : "", rows->names[i]);
    if (rc == DS_OK) {
        ds_buf_add(out, "\n");
        rc = render_rows(rows, count_names(rows), out, err);
    }
    ds_csv.close(rows);
    return rc;
}

static int render_jsonl(struct ds_input *in, const char *const *paths, size_t count,
                        struct ds_buf *out, struct ds_err *err)
{
    struct ds_rows *rows = NULL;
    size_t slot;
    int rc = ds_jsonl.open(in, 0, &rows, err);

    for (size_t i = 0; rc == DS_OK && i < count; i++)
        rc = ds_jsonl.slot(rows, paths[i], &slot, err);
    if (rc == DS_OK)
        rc = render_rows(rows, count, out, err);
    ds_jsonl.close(rows);
    return rc;
}

/* With paths: JSON Lines; without: CSV. The text ends with "error: ..." if there was one. */
static void render(struct piecewise from, char delimiter, const char *const *paths, size_t count,
                   struct ds_buf *out)
{
    struct ds_err err = {0};
    struct ds_input in;
    int rc = ds_input_open(&in, read_piece, &from, &err);

    ds_buf_reset(out);
    if (rc == DS_OK)
        rc = paths ? render_jsonl(&in, paths, count, out, &err)
                   : render_csv(&in, delimiter, out, &err);
    ds_input_close(&in);
    assert_int_equal(rc, err.status);
    if (rc != DS_OK) {
        assert_int_equal(rc, DS_E_INPUT);
        ds_buf_addf(out, "error: %s\n", err.text);
    }
    assert_false(ds_buf_failed(out));
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    size_t len;
    const char *expected;
} csv_table[] = {
    {TEXT("a,b\n1,2\n"), "a|b\n1@2 1|2\n"},
    {TEXT("a,b\r\n1,2\r\n3,4\r\n"), "a|b\n1@2 1|2\n2@3 3|4\n"},
    {TEXT("a,b\r1,2\r3,4\r"), "a|b\n1@2 1|2\n2@3 3|4\n"},
    {TEXT("a,b\n1,2\r3,4\r\n5,6"), "a|b\n1@2 1|2\n2@3 3|4\n3@4 5|6\n"},
    {TEXT("a\n1"), "a\n1@2 1\n"},
    {TEXT("a,b\n"), "a|b\n"},
    {TEXT("a,b"), "a|b\n"},
    {TEXT(" a ,\"b \"\n1, 2 \n"), "a|b\n1@2 1| 2 \n"},
    {TEXT("a,b\n,\n"), "a|b\n1@2 |\n"},
    {TEXT("\xef\xbb\xbf"
          "a,b\n1,2\n"),
     "a|b\n1@2 1|2\n"},
    {TEXT("\xef\xbb\xbf\"a\",b\n1,2\n"), "a|b\n1@2 1|2\n"},
    /* quoted fields */
    {TEXT("a,b\n\"1\",\"2\"\n"), "a|b\n1@2 1|2\n"},
    {TEXT("a,b\n\"1,1\",\"2\"\"2\"\n"), "a|b\n1@2 1,1|2\"2\n"},
    {TEXT("a,b\n\"\",\"\"\"\"\n"), "a|b\n1@2 |\"\n"},
    {TEXT("a,b\n\"1\n1\",2\n3,4\n"), "a|b\n1@2 1\\x0a1|2\n2@4 3|4\n"},
    {TEXT("a,b\n\"1\r\n1\r1\",2\n3,4\n"), "a|b\n1@2 1\\x0d\\x0a1\\x0d1|2\n2@5 3|4\n"},
    {TEXT("a,b\n1,\"2\""), "a|b\n1@2 1|2\n"},
    {TEXT("a\n\"\"\n"), "a\n1@2 \n"},
    {TEXT("a,b\n1\0001,2\n"), "a|b\n1@2 1\\x001|2\n"},
    /* empty lines are no rows */
    {TEXT("\n\na,b\n\n1,2\r\n\r\n3,4\r\r5,6\n\n"), "a|b\n1@5 1|2\n2@7 3|4\n3@9 5|6\n"},
    /* a bad row stops only itself */
    {TEXT("a,b\n1\n2,3\n"),
     "a|b\n1@2 !has 1 field where the header has 2 (row 1, line 2)\n2@3 2|3\n"},
    {TEXT("a,b\n1,2,3,4\n5,6\n"),
     "a|b\n1@2 !has 4 fields where the header has 2 (row 1, line 2)\n2@3 5|6\n"},
    {TEXT("a,b\n1,2,3"), "a|b\n1@2 !has 3 fields where the header has 2 (row 1, line 2)\n"},
    {TEXT("a,b\n\"1\n\"x,\"2\n3,4\n"),
     "a|b\n1@2 !has a quote inside a quoted field in line 3 (row 1, line 2)\n2@4 3|4\n"},
    {TEXT("a,b\n\"1\"2\",3\r\n4,5\r\n"),
     "a|b\n1@2 !has a quote inside a quoted field in line 2 (row 1, line 2)\n2@3 4|5\n"},
    {TEXT("a,b\n\"1\" ,2\n3,4\n"),
     "a|b\n1@2 !has a quote inside a quoted field in line 2 (row 1, line 2)\n2@3 3|4\n"},
    {TEXT("a,b\n\"\"x,\"2\n3,4\n"),
     "a|b\n1@2 !has a quote inside a quoted field in line 2 (row 1, line 2)\n2@3 3|4\n"},
    {TEXT("a,b\n1,2\"x\n3,4\n"),
     "a|b\n1@2 !has a quote in a field that is not quoted in line 2 (row 1, line 2)\n2@3 3|4\n"},
    {TEXT("a,b\n1, \"2\"\n3,4\n"),
     "a|b\n1@2 !has a quote in a field that is not quoted in line 2 (row 1, line 2)\n2@3 3|4\n"},
    {TEXT("a,b\n1,\"2\"x"),
     "a|b\n1@2 !has a quote inside a quoted field in line 2 (row 1, line 2)\n"},
    /* a file that was cut off is no file that ended (P-7) */
    {TEXT("a,b\n1,2\n\"3\n,4\n5,6\n"),
     "a|b\n1@2 1|2\nerror: the file ends inside a quoted field that began in line 3\n"},
    {TEXT("a,b\n1,\""), "a|b\nerror: the file ends inside a quoted field that began in line 2\n"},
    {TEXT("a,b\n1,\"\"\""),
     "a|b\nerror: the file ends inside a quoted field that began in line 2\n"},
    {TEXT("a,b\n1,2\n3"),
     "a|b\n1@2 1|2\nerror: the file ends inside row 2, line 3, with 1 of 2 fields\n"},
    {TEXT("a,\"b\n"), "error: the file ends inside a quoted field that began in line 1\n"},
    /* no CSV at all */
    {TEXT(""), "error: the file is empty\n"},
    {TEXT("\xef\xbb\xbf"), "error: the file is empty\n"},
    {TEXT("\n\r\n"), "error: the file has no header, only empty lines\n"},
    {TEXT("\xff\xfe"
          "a\000,\000"),
     "error: the file is UTF-16\n"},
    {TEXT("\xfe\xff\000a\000,"), "error: the file is UTF-16\n"},
    {TEXT("a,b,a\n1,2,3\n"), "error: columns 1 and 3 are both called 'a'\n"},
    {TEXT("a,b, b \n1,2,3\n"), "error: columns 2 and 3 are both called 'b'\n"},
    {TEXT("a,b,,\n1,2,3,4\n"), "a|b||\n1@2 1|2|3|4\n"},
    {TEXT("a,\xe4\n1,2\n"), "error: the name of column 2 has bytes that are not UTF-8\n"},
    {TEXT("a,b\000\n1,2\n"), "error: the name of column 2 has a NUL byte\n"},
    {TEXT("a,\"b\"x\n1,2\n"),
     "error: the header has a quote inside a quoted field in line 1 (line 1)\n"},
};

static const size_t pieces[] = {0, 1, 2, 3, 7};

static void every_case_of_the_table(void **state)
{
    struct ds_buf out = DS_BUF_INIT(MAX_RENDER);

    (void)state;
    for (size_t i = 0; i < COUNT(csv_table); i++)
        for (size_t k = 0; k < COUNT(pieces); k++) {
            render((struct piecewise){csv_table[i].text, csv_table[i].len, pieces[k]}, ',', NULL, 0,
                   &out);
            if (strcmp(out.text, csv_table[i].expected) != 0)
                print_error("in pieces of %zu: '%s'\n", pieces[k], csv_table[i].text);
            assert_string_equal(out.text, csv_table[i].expected);
        }
    ds_buf_clear(&out);
}

/* --- generated cases -------------------------------------------------------------------------- */

static uint64_t seed = 20260801;

static size_t below(size_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)((seed >> 33) % n);
}

/* A tiny writer. */
static void write_field(struct ds_buf *to, struct ds_value v, char delimiter)
{
    bool quote = v.len == 0 || below(4) == 0;

    for (size_t i = 0; i < v.len; i++)
        quote = quote || v.text[i] == delimiter || strchr("\"\r\n", v.text[i]);
    ds_buf_add(to, quote ? "\"" : "");
    for (size_t i = 0; i < v.len; i++) {
        if (v.text[i] == '"')
            ds_buf_add_char(to, '"');
        ds_buf_add_char(to, v.text[i]);
    }
    ds_buf_add(to, quote ? "\"" : "");
}

static struct ds_value random_field(char *room, size_t most)
{
    static const char letters[] = {'a', 'b', ' ', ',', ';', '"', '\r', '\n', '\0', '\xc3', '\xa4'};
    struct ds_value v = {room, below(most)};

    for (size_t i = 0; i < v.len; i++)
        room[i] = letters[below(sizeof(letters))];
    return v;
}

static uint64_t lines_in(struct ds_value v)
{
    uint64_t n = 0;

    for (size_t i = 0; i < v.len; i++)
        n += v.text[i] == '\r' || (v.text[i] == '\n' && (i == 0 || v.text[i - 1] != '\r'));
    return n;
}

/* Writes a file of random rows, and what reading it must render. */
static void write_file(struct ds_buf *text, struct ds_buf *expected, char delimiter)
{
    static const char *const ends[] = {"\n", "\r\n", "\r"};
    size_t columns = 1 + below(5), rows = below(20);
    uint64_t line = 2;

    ds_buf_reset(text);
    ds_buf_reset(expected);
    for (size_t i = 0; i < columns; i++) {
        ds_buf_addf(text, "%sc%zu", i ? (char[]){delimiter, '\0'} : "", i);
        ds_buf_addf(expected, "%sc%zu", i ? "|" : "", i);
    }
    ds_buf_add(text, "\n");
    ds_buf_add(expected, "\n");
    for (size_t row = 1; row <= rows; row++) {
        ds_buf_addf(expected, "%zu@%" PRIu64 " ", row, line);
        for (size_t i = 0; i < columns; i++) {
            char room[12];
            struct ds_value v = random_field(room, sizeof(room));

            ds_buf_add(text, i ? (char[]){delimiter, '\0'} : "");
            ds_buf_add(expected, i ? "|" : "");
            write_field(text, v, delimiter);
            render_value(expected, v);
            line += lines_in(v);
        }
        ds_buf_add(text, row == rows && below(2) ? "" : ends[below(3)]);
        ds_buf_add(expected, "\n");
        line++;
    }
}

static void what_was_written_is_read(void **state)
{
    struct ds_buf text = DS_BUF_INIT(MAX_RENDER), expected = DS_BUF_INIT(MAX_RENDER);
    struct ds_buf out = DS_BUF_INIT(MAX_RENDER);

    (void)state;
    for (int n = 0; n < 400; n++) {
        char delimiter = ",;\t|"[n & 3];

        write_file(&text, &expected, delimiter);
        for (size_t k = 0; k < COUNT(pieces); k++) {
            render((struct piecewise){text.text, text.len, pieces[k]}, delimiter, NULL, 0, &out);
            assert_string_equal(out.text, expected.text);
        }
    }
    ds_buf_clear(&text);
    ds_buf_clear(&expected);
    ds_buf_clear(&out);
}

/* Whatever the bytes are, the pieces they come in make no difference. */
static void nonsense_reads_the_same_in_all_pieces(void **state)
{
    static const char letters[] = "ab,,\"\"\r\n\n";
    struct ds_buf whole = DS_BUF_INIT(MAX_RENDER), out = DS_BUF_INIT(MAX_RENDER);

    (void)state;
    for (int n = 0; n < 5000; n++) {
        char text[64];
        size_t len = below(sizeof(text));

        for (size_t i = 0; i < len; i++)
            text[i] = letters[below(sizeof(letters) - 1)];
        render((struct piecewise){text, len, 0}, ',', NULL, 0, &whole);
        for (size_t k = 1; k < COUNT(pieces); k++) {
            render((struct piecewise){text, len, pieces[k]}, ',', NULL, 0, &out);
            assert_string_equal(out.text, whole.text);
        }
    }
    ds_buf_clear(&whole);
    ds_buf_clear(&out);
}

/* Cut a good file anywhere: no row that was complete changes, and inside quotes it is an error
 * (P-7). */
static void a_file_cut_anywhere_is_noticed(void **state)
{
    static const char text[] = "a,b\n1,\"2\"\r\n\"3\n3\",4\n5,\"\"\"6\"\"\"\n7,8\n";
    struct ds_buf whole = DS_BUF_INIT(MAX_RENDER), out = DS_BUF_INIT(MAX_RENDER);

    (void)state;
    render((struct piecewise){TEXT(text), 0}, ',', NULL, 0, &whole);
    for (size_t len = sizeof("a,b\n") - 1, quotes = 0; len < sizeof(text) - 1; len++) {
        char *last;

        render((struct piecewise){text, len, 0}, ',', NULL, 0, &out);
        if (quotes & 1)
            assert_non_null(strstr(out.text, "error: the file ends inside a quoted field"));
        last = memrchr(out.text, '\n', out.len - 1);
        if (last)
            assert_memory_equal(out.text, whole.text, (size_t)(last + 1 - out.text));
        quotes += text[len] == '"';
    }
    ds_buf_clear(&whole);
    ds_buf_clear(&out);
}

/* --- bounds, places, hashes ------------------------------------------------------------------- */

static void add_times(struct ds_buf *to, char c, size_t times)
{
    char *at = ds_buf_reserve(to, times);

    assert_non_null(at);
    memset(at, c, times);
    ds_buf_grown(to, times);
}

static void a_field_too_long_rejects_its_row_only(void **state)
{
    struct ds_buf text = DS_BUF_INIT(MAX_RENDER), out = DS_BUF_INIT(MAX_RENDER);

    (void)state;
    ds_buf_add(&text, "a,b\n1,\"");
    add_times(&text, 'x', DS_MAX_FIELD);
    ds_buf_add(&text, "\"\n2,\"");
    add_times(&text, 'x', DS_MAX_FIELD + 1);
    ds_buf_add(&text, "\n,,\"\"\n\"\n3,");
    add_times(&text, 'x', 3 * DS_MAX_FIELD);
    ds_buf_add(&text, "\n4,x\n");
    render((struct piecewise){text.text, text.len, 0}, ',', NULL, 0, &out);
    assert_int_equal(strspn(out.text + strlen("a|b\n1@2 1|"), "x"), DS_MAX_FIELD);
    assert_string_equal(out.text + strlen("a|b\n1@2 1|") + DS_MAX_FIELD,
                        "\n2@3 !has more than 1048576 bytes in field 2 (row 2, line 3)\n"
                        "3@6 !has more than 1048576 bytes in field 2 (row 3, line 6)\n"
                        "4@7 4|x\n");
    ds_buf_clear(&text);
    ds_buf_clear(&out);
}

static void a_row_too_long_rejects_itself_only(void **state)
{
    struct ds_buf text = DS_BUF_INIT(MAX_RENDER), out = DS_BUF_INIT(MAX_RENDER);

    (void)state;
    ds_buf_add(&text, "a,b,c,d,e,f,g,h,i,j\n");
    for (int i = 0; i < 10; i++) {
        ds_buf_add(&text, i ? "," : "");
        add_times(&text, 'x', DS_MAX_FIELD);
    }
    ds_buf_add(&text, "\n0,1,2,3,4,5,6,7,8,9\n");
    render((struct piecewise){text.text, text.len, 0}, ',', NULL, 0, &out);
    assert_string_equal(out.text, "a|b|c|d|e|f|g|h|i|j\n"
                                  "1@2 !has more than 8388608 bytes (row 1, line 2)\n"
                                  "2@3 0|1|2|3|4|5|6|7|8|9\n");
    ds_buf_clear(&text);
    ds_buf_clear(&out);
}

static void too_many_columns_are_refused(void **state)
{
    struct ds_buf text = DS_BUF_INIT(MAX_RENDER), out = DS_BUF_INIT(MAX_RENDER);

    (void)state;
    add_times(&text, ',', 4095);
    ds_buf_add(&text, "\n");
    render((struct piecewise){text.text, text.len, 0}, ',', NULL, 0, &out);
    assert_null(strstr(out.text, "error"));
    ds_buf_reset(&text);
    add_times(&text, ',', 4096);
    render((struct piecewise){text.text, text.len, 0}, ',', NULL, 0, &out);
    assert_string_equal(out.text,
                        "error: the header has 4097 columns, 4096 are allowed (line 1)\n");
    ds_buf_clear(&text);
    ds_buf_clear(&out);
}

/* Opens a reader over the text; closed by close_csv(). */
static struct ds_rows *open_csv(struct ds_input *in, struct piecewise *from, char delimiter)
{
    struct ds_err err = {0};
    struct ds_rows *rows = NULL;

    assert_int_equal(ds_input_open(in, read_piece, from, &err), DS_OK);
    assert_int_equal(ds_csv.open(in, delimiter, &rows, &err), DS_OK);
    return rows;
}

static void close_csv(struct ds_input *in, struct ds_rows *rows)
{
    ds_csv.close(rows);
    ds_input_close(in);
}

static void the_hash_is_of_the_values(void **state)
{
    /* The first two say the same in other words, the others do not. */
    struct piecewise from = {TEXT("a,b\nx,yz\n\"x\",\"yz\"\r\nxy,z\nx,yZ\n,xyz\n"
                                  "12345678abcdefgh,\nabcdefgh12345678,\n"),
                             0};
    uint64_t hash[7];
    struct ds_err err = {0};
    struct ds_input in;
    struct ds_rows *rows = open_csv(&in, &from, ',');
    const struct ds_row *row;

    (void)state;
    for (size_t i = 0; i < COUNT(hash); i++) {
        assert_int_equal(ds_csv.next(rows, &row, &err), DS_OK);
        hash[i] = row->hash;
    }
    assert_int_equal(hash[0], hash[1]);
    for (size_t i = 1; i < COUNT(hash); i++)
        for (size_t k = i + 1; k < COUNT(hash); k++)
            assert_int_not_equal(hash[i], hash[k]);
    close_csv(&in, rows);
}

static void an_unknown_column_is_named_with_its_neighbour(void **state)
{
    struct piecewise from = {TEXT("close_date,stage\n"), 0};
    struct ds_err err = {0};
    struct ds_input in;
    struct ds_rows *rows = open_csv(&in, &from, ',');
    size_t slot;

    (void)state;
    assert_int_equal(ds_csv.slot(rows, "stage", &slot, &err), DS_OK);
    assert_int_equal(slot, 1);
    assert_int_equal(ds_csv.slot(rows, "close_dat", &slot, &err), DS_E_CONFIG);
    assert_string_equal(err.text, "there is no column 'close_dat', did you mean 'close_date'");
    assert_string_equal(err.hint, "the columns are 'close_date', 'stage'");
    close_csv(&in, rows);
}

/* --- JSON Lines ------------------------------------------------------------------------------- */

static const char *const json_paths[] = {"id", "n", "a.b"};

static const struct {
    const char *text;
    size_t len;
    const char *expected;
} json_table[] = {
    {TEXT("{\"id\":\"1\",\"n\":2,\"a\":{\"b\":\"c\"}}\n"), "1@1 1|2|c\n"},
    {TEXT("{\"id\":\"1\",\"n\":1.50,\"a\":{\"b\":true}}\r\n\n  \n{\"id\":\"2\"}"),
     "1@1 1|1.50|true\n2@4 2||\n"},
    {TEXT("\xef\xbb\xbf{\"id\":null,\"n\":\"\",\"a\":null}\n"), "1@1 ||\n"},
    {TEXT("{\"id\":1,\"a.b\":\"flat\",\"a\":{\"b\":\"nested\"}}\n"), "1@1 1||flat\n"},
    {TEXT("{\"id\":1,\"a\":{\"b\":[\"x\",null,2,\"\",true]}}\n"), "1@1 1||x;2;true\n"},
    {TEXT("{\"id\":\"a\\u0000b\"}\n"), "1@1 a\\x00b||\n"},
    {TEXT("{\"id\":1,\"a\":\"b\"}\n"), "1@1 1||\n"},
    {TEXT("{\"id\":1,\"n\":{}}\n{\"id\":2}\n"),
     "1@1 !has an object in 'n', not a value (row 1, line 1)\n2@2 2||\n"},
    {TEXT("{\"id\":1,\"n\":[[]]}\n{\"id\":2}\n"),
     "1@1 !has a list of lists or objects in 'n' (row 1, line 1)\n2@2 2||\n"},
    {TEXT("\n[1]\n{\"id\":2}\n"), "1@2 !is no JSON object (row 1, line 2)\n2@3 2||\n"},
    {TEXT("\n \n"), ""},
    {TEXT(""), "error: the file is empty\n"},
    {TEXT("[{\"id\":1}]\n"), "error: the file is one JSON array, not one object a line\n"},
};

static void every_json_line_of_the_table(void **state)
{
    struct ds_buf out = DS_BUF_INIT(MAX_RENDER);

    (void)state;
    for (size_t i = 0; i < COUNT(json_table); i++)
        for (size_t k = 0; k < COUNT(pieces); k++) {
            render((struct piecewise){json_table[i].text, json_table[i].len, pieces[k]}, 0,
                   json_paths, COUNT(json_paths), &out);
            assert_string_equal(out.text, json_table[i].expected);
        }
    ds_buf_clear(&out);
}

static void a_bad_json_line_stops_only_itself(void **state)
{
    static const char *const bad[] = {"{", "nonsense", "{\"id\":01}", "{} {}", "{\"id\":\"1\"},"};
    struct ds_buf text = DS_BUF_INIT(MAX_RENDER), out = DS_BUF_INIT(MAX_RENDER);

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        ds_buf_reset(&text);
        ds_buf_addf(&text, "%s\n{\"id\":2}\n", bad[i]);
        render((struct piecewise){text.text, text.len, 0}, 0, json_paths, COUNT(json_paths), &out);
        assert_begins(out.text, "1@1 !cannot be read: ");
        assert_string_equal(strchr(out.text, '\n') - strlen(" (row 1, line 1)"),
                            " (row 1, line 1)\n2@2 2||\n");
    }
    render((struct piecewise){TEXT("{\"id\":1}\n{\"id\":2"), 0}, 0, json_paths, COUNT(json_paths),
           &out);
    assert_begins(out.text, "1@1 1||\nerror: the file ends inside row 2, line 2: ");
    ds_buf_reset(&text);
    ds_buf_add(&text, "{\"id\":\"");
    add_times(&text, 'x', DS_MAX_FIELD + 1);
    ds_buf_add(&text, "\"}\n{\"id\":\"");
    add_times(&text, 'x', DS_MAX_ROW);
    ds_buf_add(&text, "\"}\n{\"id\":3}\n");
    render((struct piecewise){text.text, text.len, 0}, 0, json_paths, COUNT(json_paths), &out);
    assert_string_equal(out.text, "1@1 !has more than 1048576 bytes in 'id' (row 1, line 1)\n"
                                  "2@2 !has more than 8388608 bytes (row 2, line 2)\n3@3 3||\n");
    ds_buf_clear(&text);
    ds_buf_clear(&out);
}

/* --- the connector ---------------------------------------------------------------------------- */

/* A directory with an export, a lookup, and a connection to them. */
struct world {
    char dir[64];
    char path[96];
    const char *names[8];
    const char *values[8];
    const char *where[8];
    struct ds_options options;
    struct ds_buf seen; /* rendered records, notes or stages */
    uint64_t records;
    uint64_t stop_after; /* records; 0: never */
    struct ds_err err;
};

static void put_file(const struct world *w, const char *name, const char *text)
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", w->dir, name);
    f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
}

static void set(struct world *w, const char *name, const char *value)
{
    size_t i = 0;

    while (i < w->options.count && strcmp(w->names[i], name) != 0)
        i++;
    assert_in_range(i, 0, COUNT(w->names) - 1);
    w->names[i] = name;
    w->values[i] = value;
    w->where[i] = "test.conf:7";
    if (i == w->options.count)
        w->options.count++;
}

static int new_world(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    snprintf(w->dir, sizeof(w->dir), "/tmp/test_csv.XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    snprintf(w->path, sizeof(w->path), "%s/deals.csv", w->dir);
    w->options = (struct ds_options){
        .connection = "test", .names = w->names, .values = w->values, .where = w->where};
    ds_buf_init(&w->seen, MAX_RENDER);
    set(w, "path", w->path);
    set(w, "id", "id");
    set(w, "delimiter", "comma");
    put_file(w, "accounts.csv", "name,country\nAcme,KE\nBeta, IT \n,XX\n");
    *state = w;
    return 0;
}

static int end_world(void **state)
{
    static const char *const files[] = {"deals.csv", "deals.jsonl", "accounts.csv"};
    struct world *w = *state;
    char path[128];

    for (size_t i = 0; i < COUNT(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", w->dir, files[i]);
        unlink(path);
    }
    rmdir(w->dir);
    ds_buf_clear(&w->seen);
    free(w);
    return 0;
}

static const char *const deal_paths[] = {"stage", "account.country"};

static int see_record(void *arg, const struct ds_record *r, struct ds_err *err)
{
    struct world *w = arg;

    if (w->stop_after && w->records == w->stop_after)
        return ds_fail(err, DS_E_LATER, "stopped");
    w->records++;
    ds_buf_addf(&w->seen, "%s", r->id ? r->id : "-");
    for (size_t i = 0; i < COUNT(deal_paths); i++)
        ds_buf_addf(&w->seen, " %s", r->values[i].text ? r->values[i].text : "-");
    ds_buf_addf(&w->seen, "%s%s%s%s\n", r->modified ? " at " : "", r->modified ? r->modified : "",
                r->fault ? " !" : "", r->fault ? r->fault : "");
    return DS_OK;
}

static int see_note(void *arg, enum ds_finding finding, const char *text)
{
    struct world *w = arg;

    ds_buf_addf(&w->seen, "%c %s\n", ".wp"[finding], text);
    return DS_OK;
}

static int see_stage(void *arg, const struct ds_stage *s, struct ds_err *err)
{
    struct world *w = arg;

    (void)err;
    ds_buf_addf(&w->seen, "%s %s %" PRId64 "\n", s->name, s->process ? s->process : "-",
                s->records);
    return DS_OK;
}

enum act { FETCH, CHECK, STAGES, PROCESSES };

/* Opens the connection and does one thing with it; the result is in w->seen and w->err. */
static int act(struct world *w, enum act what, const char *resume)
{
    struct ds_query query = {.count = COUNT(deal_paths), .paths = deal_paths, .resume = resume};
    struct ds_sink sink = {.record = see_record, .arg = w};
    struct ds_buf next = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_remote *remote = NULL;
    int rc;

    ds_buf_reset(&w->seen);
    ds_err_clear(&w->err);
    w->records = 0;
    rc = ds_file_connector.open(&w->options, &remote, &w->err);
    if (rc == DS_OK && what == FETCH)
        rc = ds_file_connector.fetch(remote, &query, &sink, &next, &w->err);
    else if (rc == DS_OK && what == CHECK)
        rc = ds_file_connector.check(remote, &query, see_note, w, &w->err);
    else if (rc == DS_OK)
        rc = ds_file_connector.stages(remote, "stage", what == STAGES ? NULL : "account.country",
                                      see_stage, w, &w->err);
    assert_int_equal(rc == DS_OK && what == FETCH, next.len > 0); /* P-7 */
    assert_int_equal(rc, w->err.status);
    ds_buf_clear(&next);
    ds_file_connector.close(remote);
    return rc;
}

static void records_come_with_what_is_looked_up(void **state)
{
    struct world *w = *state;

    set(w, "lookup.account", "accounts.csv name");
    set(w, "modified", "at");
    put_file(w, "deals.csv",
             "id,stage,account,at\n 1 ,won,Acme,2026-08-01T10:11:12Z\n2,,Beta,2026-08-01\n"
             "3,lost,Gamma,\n,open,,\n4\n\xc3,won,Acme,\n");
    assert_int_equal(act(w, FETCH, NULL), DS_OK);
    assert_string_equal(w->seen.text,
                        "1 won KE at 2026-08-01T10:11:12Z\n2 - IT\n3 lost -\n- open -\n"
                        "- - - !has 1 field where the header has 4 (row 5, line 6)\n"
                        "- won KE !has an id with bytes that are not UTF-8 (row 6, line 7)\n");
}

static void json_lines_are_joined_too(void **state)
{
    struct world *w = *state;
    char path[96];

    snprintf(path, sizeof(path), "%s/deals.jsonl", w->dir);
    set(w, "path", path);
    set(w, "id", "key.id");
    set(w, "lookup.account", "accounts.csv name");
    put_file(w, "deals.jsonl",
             "{\"key\":{\"id\":7},\"stage\":\"won\",\"account\":\"Beta\"}\n"
             "{\"stage\":\"won\"}\n");
    assert_int_equal(act(w, FETCH, NULL), DS_OK);
    assert_string_equal(w->seen.text, "7 won IT\n- won -\n");
}

static void put_many(struct world *w, size_t rows)
{
    struct ds_buf text = DS_BUF_INIT(MAX_RENDER);

    ds_buf_add(&text, "id,stage,account.country\n");
    for (size_t i = 0; i < rows; i++)
        ds_buf_addf(&text, "%zu,s%zu,KE\r\n", i, i % 7);
    put_file(w, "deals.csv", text.text);
    ds_buf_clear(&text);
}

static int append_a_row(void *arg, const struct ds_record *record, struct ds_err *err)
{
    FILE *f = fopen(((struct world *)arg)->path, "a");

    (void)record;
    (void)err;
    assert_non_null(f);
    fputs("9,won,KE\n", f);
    fclose(f);
    return DS_OK;
}

static void a_file_that_grows_meanwhile_is_no_whole_file(void **state)
{
    struct world *w = *state;
    struct ds_query query = {.count = COUNT(deal_paths), .paths = deal_paths};
    struct ds_sink sink = {.record = append_a_row, .arg = w};
    struct ds_buf next = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_remote *remote = NULL;

    put_many(w, 1);
    assert_int_equal(ds_file_connector.open(&w->options, &remote, &w->err), DS_OK);
    assert_int_equal(ds_file_connector.fetch(remote, &query, &sink, &next, &w->err), DS_E_LATER);
    assert_int_equal(next.len, 0);
    ds_file_connector.close(remote);
}

static void an_interruption_ends_the_fetch(void **state)
{
    static const atomic_int yes = 1;
    struct world *w = *state;

    put_many(w, 10);
    w->options.interrupted = &yes;
    assert_int_equal(act(w, FETCH, NULL), DS_E_LATER);
    assert_int_equal(w->records, 0);
}

static int see_version(void *arg, const struct ds_record *r, struct ds_err *err)
{
    (void)err;
    snprintf(arg, 32, "%s", r->version);
    return DS_OK;
}

static void version_of_last(struct world *w, char *out)
{
    struct ds_query query = {.count = COUNT(deal_paths), .paths = deal_paths};
    struct ds_sink sink = {.record = see_version, .arg = out};
    struct ds_buf next = DS_BUF_INIT(DS_MAX_TEXT);
    struct ds_remote *remote = NULL;

    assert_int_equal(ds_file_connector.open(&w->options, &remote, &w->err), DS_OK);
    assert_int_equal(ds_file_connector.fetch(remote, &query, &sink, &next, &w->err), DS_OK);
    ds_file_connector.close(remote);
    ds_buf_clear(&next);
}

/* A row, the names over it and what is looked up for it: all of it is the record. */
static void the_version_moves_with_the_record(void **state)
{
    static const struct {
        const char *deals, *accounts;
        bool same;
    } cases[] = {
        {"id,stage,account\n1,won,Acme\n", "name,country\nAcme,KE\n", true},
        {"id,stage,account\n2,open,Beta\n\"1\",won,Acme", "name,country\nAcme,KE\n", true},
        {"id,stage,account\n1,lost,Acme\n", "name,country\nAcme,KE\n", false},
        {"id,account,stage\n1,won,Acme\n", "name,country\nAcme,KE\n", false},
        {"id,stage,account\n1,won,Acme\n", "name,country\nAcme,IT\n", false},
    };
    struct world *w = *state;
    char first[32] = "", now[32] = "";

    set(w, "lookup.account", "accounts.csv name");
    for (size_t i = 0; i < COUNT(cases); i++) {
        put_file(w, "deals.csv", cases[i].deals);
        put_file(w, "accounts.csv", cases[i].accounts);
        version_of_last(w, i ? now : first);
        if (i)
            assert_int_equal(strcmp(now, first) == 0, cases[i].same);
    }
}

static void check_tells_what_it_found(void **state)
{
    struct world *w = *state;
    struct ds_buf expected = DS_BUF_INIT(MAX_RENDER);

    set(w, "lookup.account", "accounts.csv name");
    put_file(w, "deals.csv", "id,stag,account,rest\n1,x,Acme,\n,x,Gamma,\n3\n");
    assert_int_equal(act(w, CHECK, NULL), DS_OK);
    ds_buf_addf(&expected,
                "p %s: there is no column 'stage', did you mean 'stag'; the columns are 'id', "
                "'stag', 'account', 'rest'\n"
                ". %s: all 3 rows read\n"
                "w rows that cannot be read: 1, the first one has 1 field where the header has 4 "
                "(row 3, line 4)\n"
                "w rows without an id in 'id': 1\n"
                ". columns used: 'id', 'account'\n"
                ". columns not used: 'stag', 'rest'\n"
                "w rows whose 'account' is not in %s/accounts.csv: 1, the first one 'Gamma'\n",
                w->path, w->path, w->dir);
    assert_string_equal(w->seen.text, expected.text);
    ds_buf_clear(&expected);
}

static void stages_are_counted(void **state)
{
    struct world *w = *state;

    set(w, "lookup.account", "accounts.csv name");
    put_file(w, "deals.csv",
             "id,stage,account\n1,won,Acme\n2, won,Beta\n3,open,Acme\n4,,\n5,won,Acme\n6\n");
    assert_int_equal(act(w, STAGES, NULL), DS_OK);
    assert_string_equal(w->seen.text, "won - 3\nopen - 1\n");
    assert_int_equal(act(w, PROCESSES, NULL), DS_OK);
    assert_string_equal(w->seen.text, "won KE 2\nwon IT 1\nopen KE 1\n");
}

static void a_column_of_a_thousand_values_is_no_stage(void **state)
{
    struct world *w = *state;
    struct ds_buf text = DS_BUF_INIT(MAX_RENDER);

    ds_buf_add(&text, "stage,id\n");
    for (int i = 0; i < 1001; i++)
        ds_buf_addf(&text, "%d,%d\n", i, i);
    put_file(w, "deals.csv", text.text);
    assert_int_equal(act(w, STAGES, NULL), DS_E_CONFIG);
    ds_buf_clear(&text);
}

static void what_is_wrong_with_the_settings_is_said(void **state)
{
    static const struct {
        const char *name, *value;
        int status;
        const char *text;
    } cases[] = {
        {"delimiter", "dot", DS_E_CONFIG, "test.conf:7: 'dot' is no value for 'delimiter'"},
        {"format", "xml", DS_E_CONFIG, "test.conf:7: 'xml' is no value for 'format'"},
        {"path", "deals.xls", DS_E_CONFIG,
         "test.conf:7: the ending of 'deals.xls' does not tell its format"},
        {"path", "/nowhere/deals.csv", DS_E_INPUT,
         "cannot open '/nowhere/deals.csv': No such file or directory"},
        {"path", "/dev/null.csv", DS_E_INPUT,
         "cannot open '/dev/null.csv': No such file or directory"},
        {"lookup.account", "accounts.csv", DS_E_CONFIG,
         "test.conf:7: 'accounts.csv' does not say which file and column to look up in"},
        {"lookup.account", "/nowhere/a.csv name", DS_E_INPUT,
         "cannot open '/nowhere/a.csv': No such file or directory"},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct world *w;

        assert_int_equal(new_world(state), 0);
        w = *state;
        put_file(w, "deals.csv", "id,stage,account\n");
        set(w, cases[i].name, cases[i].value);
        assert_int_equal(act(w, FETCH, NULL), cases[i].status);
        assert_string_equal(w->err.text, cases[i].text);
        assert_true(w->err.hint[0] != '\0');
        end_world(state);
    }
}

static void a_lookup_must_be_unambiguous(void **state)
{
    struct world *w = *state;

    set(w, "lookup.account", "accounts.csv name");
    put_file(w, "deals.csv", "id,stage,account\n");
    put_file(w, "accounts.csv", "name,country\nAcme,KE\nBeta,IT\n Acme ,IT\n");
    assert_int_equal(act(w, FETCH, NULL), DS_E_INPUT);
    assert_non_null(strstr(w->err.text, "a second row with name 'Acme' in line 4"));
    put_file(w, "accounts.csv", "name,country\nAcme\n");
    assert_int_equal(act(w, FETCH, NULL), DS_E_INPUT);
    put_file(w, "accounts.csv", "nam,country\nAcme,KE\n");
    assert_int_equal(act(w, FETCH, NULL), DS_E_CONFIG);
}

static void a_large_lookup_finds_every_row(void **state)
{
    struct world *w = *state;
    struct ds_buf text = DS_BUF_INIT(MAX_RENDER), expected = DS_BUF_INIT(MAX_RENDER);

    set(w, "lookup.account", "accounts.csv name");
    ds_buf_add(&text, "name,country\n");
    for (int i = 0; i < 3000; i++)
        ds_buf_addf(&text, "a%d,c%d\n", i, i);
    put_file(w, "accounts.csv", text.text);
    ds_buf_reset(&text);
    ds_buf_add(&text, "id,stage,account\n");
    for (int i = 0; i < 3000; i++) {
        ds_buf_addf(&text, "%d,won,a%d\n", i, i);
        ds_buf_addf(&expected, "%d won c%d\n", i, i);
    }
    put_file(w, "deals.csv", text.text);
    assert_int_equal(act(w, FETCH, NULL), DS_OK);
    assert_string_equal(w->seen.text, expected.text);
    ds_buf_clear(&text);
    ds_buf_clear(&expected);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, new_world, end_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_of_the_table),
        cmocka_unit_test(what_was_written_is_read),
        cmocka_unit_test(nonsense_reads_the_same_in_all_pieces),
        cmocka_unit_test(a_file_cut_anywhere_is_noticed),
        cmocka_unit_test(a_field_too_long_rejects_its_row_only),
        cmocka_unit_test(a_row_too_long_rejects_itself_only),
        cmocka_unit_test(too_many_columns_are_refused),
        cmocka_unit_test(the_hash_is_of_the_values),
        cmocka_unit_test(an_unknown_column_is_named_with_its_neighbour),
        cmocka_unit_test(every_json_line_of_the_table),
        cmocka_unit_test(a_bad_json_line_stops_only_itself),
        IN_WORLD(records_come_with_what_is_looked_up),
        IN_WORLD(json_lines_are_joined_too),
        IN_WORLD(a_file_that_grows_meanwhile_is_no_whole_file),
        IN_WORLD(an_interruption_ends_the_fetch),
        IN_WORLD(the_version_moves_with_the_record),
        IN_WORLD(check_tells_what_it_found),
        IN_WORLD(stages_are_counted),
        IN_WORLD(a_column_of_a_thousand_values_is_no_stage),
        cmocka_unit_test(what_is_wrong_with_the_settings_is_said),
        IN_WORLD(a_lookup_must_be_unambiguous),
        IN_WORLD(a_large_lookup_finds_every_row),
    };

    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
