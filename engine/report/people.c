#include "engine/report/people.h"

#include "base/date.h"
#include "base/text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

void ds_people_number(struct ds_buf *out, uint64_t n)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRIu64, n);

    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            ds_buf_add_char(out, ',');
        ds_buf_add_char(out, digits[i]);
    }
}

void ds_people_count(struct ds_buf *out, uint64_t n, const char *what)
{
    ds_people_number(out, n);
    ds_buf_addf(out, " %s%s", what, n == 1 ? "" : "s");
}

void ds_people_age(struct ds_buf *out, int64_t ms)
{
    if (ms < 2 * HOUR_MS)
        ds_buf_addf(out, "%" PRId64 " min", ms / MINUTE_MS);
    else if (ms < 2 * DAY_MS)
        ds_buf_addf(out, "%" PRId64 " h", ms / HOUR_MS);
    else
        ds_buf_addf(out, "%" PRId64 " days", ms / DAY_MS);
}

void ds_people_instant(struct ds_buf *out, int64_t ms)
{
    char text[DS_INSTANT_TEXT];

    ds_buf_add(out, ds_instant_people(ms, text));
}

/* The bytes of the character at text, which is valid UTF-8. */
static size_t char_bytes(const char *text)
{
    size_t n = 1;

    while (((unsigned char)text[n] & 0xc0) == 0x80)
        n++;
    return n;
}

static size_t char_columns(const char *text, size_t bytes)
{
    char one[8] = "";

    memcpy(one, text, bytes < sizeof(one) ? bytes : sizeof(one) - 1);
    return ds_text_width(one);
}

/* How many bytes of text fit into the columns. */
static size_t fitting(const char *text, size_t columns)
{
    size_t at = 0, width = 0;

    while (text[at]) {
        size_t bytes = char_bytes(text + at);

        width += char_columns(text + at, bytes);
        if (width > columns)
            break;
        at += bytes;
    }
    return at;
}

void ds_people_text(struct ds_buf *out, const char *text, size_t columns)
{
    struct ds_buf safe = DS_BUF_INIT(DS_MAX_PAGE);
    size_t fits;

    ds_text_to_terminal(&safe, text);
    fits = fitting(safe.text, columns);
    if (safe.text[fits]) {
        ds_buf_add_bytes(out, safe.text, fitting(safe.text, columns > 3 ? columns - 3 : 0));
        ds_buf_add(out, "...");
    } else {
        ds_buf_add_bytes(out, safe.text, fits);
    }
    if (ds_buf_failed(&safe))
        out->failed = true;
    ds_buf_clear(&safe);
}

static void add_member(struct ds_buf *out, const json_t *member)
{
    const char *name = json_string_value(json_object_get(member, "name"));
    const char *email = json_string_value(json_object_get(member, "email"));

    if (json_is_string(member))
        ds_buf_add(out, json_string_value(member));
    else
        ds_buf_addf(out, "%s <%s>", name ? name : "", email ? email : "");
}

static void add_list(struct ds_buf *out, const char *value)
{
    struct ds_buf list = DS_BUF_INIT(DS_MAX_PAGE);
    json_t *members = json_loads(value, 0, NULL);
    json_t *member;
    size_t i;

    json_array_foreach(members, i, member)
    {
        ds_buf_add(&list, i ? ", " : "");
        add_member(&list, member);
    }
    ds_people_text(out, members ? list.text : value, DS_PEOPLE_VALUE);
    json_decref(members);
    ds_buf_clear(&list);
}

static void add_quoted(struct ds_buf *out, const char *text)
{
    ds_buf_add_char(out, '"');
    ds_people_text(out, text, DS_PEOPLE_VALUE);
    ds_buf_add_char(out, '"');
}

void ds_people_value(struct ds_buf *out, enum ds_field f, const char *value)
{
    if (!value) {
        ds_buf_add(out, "(empty)");
        return;
    }
    switch (ds_fields[f].type) {
    case DS_T_PERCENT: ds_buf_addf(out, "%s %%", value); break;
    case DS_T_TEAM:
    case DS_T_SOLUTIONS: add_list(out, value); break;
    case DS_T_TEXT: add_quoted(out, value); break;
    case DS_T_DECIMAL:
    case DS_T_DATE:
    case DS_T_INSTANT:
    case DS_T_FLAG:
    case DS_T_WORD:
    case DS_T_CURRENCY:
    case DS_T_COUNTRY: ds_people_text(out, value, DS_PEOPLE_VALUE); break;
    }
}

void ds_people_pad(struct ds_buf *out, size_t from, size_t columns)
{
    for (size_t width = ds_text_width(out->text + from); width < columns; width++)
        ds_buf_add_char(out, ' ');
}

void ds_people_sum(struct ds_buf *out, const struct ds_run *run)
{
    static const enum ds_outcome order[DS_OUTCOMES] = {
        DS_CREATED, DS_UPDATED, DS_HELD, DS_CONFLICT, DS_REJECTED, DS_IGNORED, DS_UNCHANGED,
    };
    const char *before = ": ";

    ds_people_number(out, run->fetched);
    ds_buf_add(out, " fetched");
    for (size_t i = 0; i < DS_OUTCOMES; i++) {
        if (!run->outcome[order[i]])
            continue;
        ds_buf_add(out, before);
        ds_people_number(out, run->outcome[order[i]]);
        ds_buf_addf(out, " %s%s", ds_outcome_names[order[i]],
                    order[i] == DS_CONFLICT && run->outcome[DS_CONFLICT] > 1 ? "s" : "");
        before = ", ";
    }
    if (run->pushed) {
        ds_buf_add(out, "; ");
        ds_people_number(out, run->pushed);
        ds_buf_add(out, " written in the CRM");
    }
}
