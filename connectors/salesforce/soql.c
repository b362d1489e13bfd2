#include "connectors/salesforce/soql.h"

#include "base/date.h"

static bool given(const char *text)
{
    return text && *text;
}

static void add_own(struct ds_buf *out, const struct ds_sf_range *range)
{
    if (range->where)
        ds_buf_addf(out, " AND (%s)", range->where);
    if (given(range->after))
        ds_buf_addf(out, " AND Id > '%s'", range->after);
    if (given(range->until))
        ds_buf_addf(out, " AND Id <= '%s'", range->until);
}

static void add_range(struct ds_buf *out, const char *columns, const struct ds_sf_range *range)
{
    char instant[DS_INSTANT_TEXT];

    ds_buf_addf(out, "SELECT %s FROM Opportunity WHERE SystemModstamp < %s", columns,
                ds_instant_text(range->hi_ms, instant));
    if (range->lo_ms)
        ds_buf_addf(out, " AND SystemModstamp >= %s", ds_instant_text(range->lo_ms, instant));
    add_own(out, range);
}

void ds_sf_soql_range(struct ds_buf *out, const char *columns, const struct ds_sf_range *range)
{
    add_range(out, columns, range);
    ds_buf_add(out, " ORDER BY Id");
}

void ds_sf_soql_bulk(struct ds_buf *out, const char *columns, const struct ds_sf_range *range)
{
    add_range(out, columns, range);
}

void ds_sf_soql_count(struct ds_buf *out, const struct ds_sf_range *range)
{
    add_range(out, "COUNT()", range);
}

void ds_sf_soql_edge(struct ds_buf *out, bool last, const struct ds_sf_range *range)
{
    add_range(out, "Id", range);
    ds_buf_addf(out, " ORDER BY Id%s LIMIT 1", last ? " DESC" : "");
}

/* "(Account.SystemModstamp >= lo AND Account.SystemModstamp < hi)"; parent "": the object's own. */
static void add_changed(struct ds_buf *out, const char *parent, int64_t lo_ms, int64_t hi_ms)
{
    const char *dot = *parent ? "." : "";
    char lo[DS_INSTANT_TEXT], hi[DS_INSTANT_TEXT];

    ds_buf_addf(out, "(%s%sSystemModstamp >= %s AND %s%sSystemModstamp < %s)", parent, dot,
                ds_instant_text(lo_ms, lo), parent, dot, ds_instant_text(hi_ms, hi));
}

static void add_any_changed(struct ds_buf *out, const char *const *whose, size_t count,
                            int64_t lo_ms, int64_t hi_ms)
{
    for (size_t i = 0; i < count; i++) {
        ds_buf_add(out, i ? " OR " : "");
        add_changed(out, whose[i], lo_ms, hi_ms);
    }
}

void ds_sf_soql_parents(struct ds_buf *out, const char *columns, const char *const *parents,
                        size_t count, const struct ds_sf_range *range)
{
    char lo[DS_INSTANT_TEXT];

    ds_buf_addf(out, "SELECT %s FROM Opportunity WHERE SystemModstamp < %s AND (", columns,
                ds_instant_text(range->lo_ms, lo));
    add_any_changed(out, parents, count, range->lo_ms, range->hi_ms);
    ds_buf_add(out, ")");
    add_own(out, range);
    ds_buf_add(out, " ORDER BY Id");
}

void ds_sf_soql_currencies(struct ds_buf *out, const char *columns, const char *codes,
                           const struct ds_sf_range *range)
{
    char lo[DS_INSTANT_TEXT];

    ds_buf_addf(out,
                "SELECT %s FROM Opportunity WHERE SystemModstamp < %s AND CurrencyIsoCode IN (%s)",
                columns, ds_instant_text(range->lo_ms, lo), codes);
    add_own(out, range);
    ds_buf_add(out, " ORDER BY Id");
}

void ds_sf_soql_changed(struct ds_buf *out, const char *column, const char *object,
                        const char *const *whose, size_t count, int64_t lo_ms, int64_t hi_ms)
{
    ds_buf_addf(out, "SELECT %s FROM %s WHERE ", column, object);
    add_any_changed(out, whose, count, lo_ms, hi_ms);
    ds_buf_addf(out, " ORDER BY %s", column);
}

void ds_sf_soql_in(struct ds_buf *out, const char *columns, const char *object, const char *field)
{
    ds_buf_addf(out, "SELECT %s FROM %s WHERE %s IN (", columns, object, field);
}

void ds_sf_soql_item(struct ds_buf *out, const char *text)
{
    if (out->len && out->text[out->len - 1] != '(')
        ds_buf_add_char(out, ',');
    ds_buf_add_char(out, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            ds_buf_add_char(out, '\\');
        ds_buf_add_char(out, *text);
    }
    ds_buf_add_char(out, '\'');
}

static void add_where(struct ds_buf *out, const char *where)
{
    if (where)
        ds_buf_addf(out, " WHERE (%s)", where);
}

void ds_sf_soql_counts(struct ds_buf *out, const char *field, const char *process,
                       const char *where)
{
    const char *comma = process ? ", " : "";

    process = process ? process : "";
    ds_buf_addf(out, "SELECT %s%s%s, COUNT(Id) n FROM Opportunity", process, comma, field);
    add_where(out, where);
    ds_buf_addf(out, " GROUP BY %s%s%s", process, comma, field);
}

void ds_sf_soql_probe(struct ds_buf *out, const char *columns, const char *where)
{
    ds_buf_addf(out, "SELECT %s FROM Opportunity", columns);
    add_where(out, where);
    ds_buf_add(out, " LIMIT 1");
}
