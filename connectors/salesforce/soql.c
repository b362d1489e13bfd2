#include "connectors/salesforce/soql.h"

#include "base/date.h"

void ds_sf_soql_range(struct ds_buf *out, const char *columns, const struct ds_sf_range *range)
{
    char instant[DS_INSTANT_TEXT];

    ds_buf_addf(out, "SELECT %s FROM Opportunity WHERE SystemModstamp < %s", columns,
                ds_instant_text(range->hi_ms, instant));
    if (range->lo_ms)
        ds_buf_addf(out, " AND SystemModstamp >= %s", ds_instant_text(range->lo_ms, instant));
    if (range->where)
        ds_buf_addf(out, " AND (%s)", range->where);
    if (*range->after)
        ds_buf_addf(out, " AND Id > '%s'", range->after);
    ds_buf_add(out, " ORDER BY Id");
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
