#include "cli/events.h"

#include <string.h>

static const struct ds_column columns[] = {
    {"deal", "deal", DS_COL_ID},      {"at", "at", DS_COL_INSTANT},
    {"event", "event", DS_COL_TEXT},  {"connection", "connection", DS_COL_TEXT},
    {"run", "run", DS_COL_ID},        {"source", "by", DS_COL_TEXT},
    {"record", NULL, DS_COL_TEXT},    {"field", "field", DS_COL_TEXT},
    {"base", NULL, DS_COL_VALUE},     {"before", "before", DS_COL_VALUE},
    {"after", "after", DS_COL_VALUE}, {"case", "M", DS_COL_ID},
    {"rule", "R", DS_COL_ID},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

int ds_events_open(const struct ds_cli *cli, struct ds_events *events, struct ds_err *err)
{
    return ds_table_open(stdout, cli->look.format, "events", columns, COLUMNS, &events->table, err);
}

int ds_events_row(void *arg, const struct ds_event *e, struct ds_err *err)
{
    struct ds_events *events = arg;
    const char *of = e->connection ? e->connection : "";
    const struct ds_cell cells[] = {
        {NULL, e->deal},
        {NULL, e->at_ms},
        {e->what, 0},
        {e->connection, 0},
        {NULL, e->run},
        {e->source, 0},
        {e->record, 0},
        {e->field < DS_FIELDS ? ds_fields[e->field].name : NULL, 0},
        {e->base, (int64_t)e->field},
        {e->before, (int64_t)e->field},
        {e->after, (int64_t)e->field},
        {NULL, e->case_number},
        {NULL, e->rule},
    };

    _Static_assert(sizeof(cells) / sizeof(cells[0]) == COLUMNS, "a cell for each column");
    if (events->connection && strcmp(events->connection, of) != 0)
        return DS_OK;
    if (events->field != DS_FIELDS && events->field != e->field)
        return DS_OK;
    return ds_table_row(events->table, cells, err);
}
