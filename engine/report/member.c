#include "engine/report/member.h"

#include "base/date.h"
#include "base/text.h"

#include <inttypes.h>

void ds_member_next(struct ds_buf *out)
{
    char last = out->len ? out->text[out->len - 1] : '{';

    if (last != '{' && last != '[')
        ds_buf_add_char(out, ',');
}

void ds_member(struct ds_buf *out, const char *name)
{
    ds_member_next(out);
    ds_buf_addf(out, "\"%s\":", name);
}

void ds_member_text(struct ds_buf *out, const char *name, const char *text)
{
    ds_member(out, name);
    if (text)
        ds_text_to_json(out, text);
    else
        ds_buf_add(out, "null");
}

void ds_member_count(struct ds_buf *out, const char *name, uint64_t n)
{
    ds_member(out, name);
    ds_buf_addf(out, "%" PRIu64, n);
}

void ds_member_id(struct ds_buf *out, const char *name, int64_t id)
{
    ds_member(out, name);
    if (id)
        ds_buf_addf(out, "%" PRId64, id);
    else
        ds_buf_add(out, "null");
}

void ds_member_flag(struct ds_buf *out, const char *name, bool flag)
{
    ds_member(out, name);
    ds_buf_add(out, flag ? "true" : "false");
}

void ds_member_instant(struct ds_buf *out, const char *name, int64_t ms)
{
    char at[DS_INSTANT_TEXT];

    ds_member_text(out, name, ms ? ds_instant_text(ms, at) : NULL);
}

void ds_csv_cell(struct ds_buf *out, const char *text)
{
    struct ds_buf safe = DS_BUF_INIT(DS_MAX_PAGE);

    ds_text_to_terminal(&safe, text);
    ds_text_to_csv(out, safe.text);
    if (ds_buf_failed(&safe))
        out->failed = true;
    ds_buf_clear(&safe);
}
