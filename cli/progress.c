#include "cli/progress.h"

#include "base/date.h"
#include "engine/report/people.h"

#include <stdio.h>
#include <unistd.h>

#define EVERY_MS  200
#define FIRST_MS  1000 /* what is over by then needs no line */
#define SECOND_MS 1000
#define MINUTE_S  60
#define HOUR_S    3600

void ds_progress_begin(struct ds_progress *p, const char *connection, bool quiet)
{
    *p = (struct ds_progress){
        .on = !quiet && isatty(STDERR_FILENO), .connection = connection, .began = ds_ticks()};
    p->shown = p->began + FIRST_MS - EVERY_MS;
}

static void add_time_left(struct ds_buf *out, uint64_t seconds)
{
    if (seconds < MINUTE_S)
        ds_buf_add(out, ", less than a minute left");
    else if (seconds < HOUR_S)
        ds_buf_addf(out, ", %u min left", (unsigned)(seconds / MINUTE_S));
    else
        ds_buf_addf(out, ", %u h %u min left", (unsigned)(seconds / HOUR_S),
                    (unsigned)(seconds % HOUR_S / MINUTE_S));
}

void ds_progress_show(struct ds_progress *p, uint64_t fetched, uint64_t expected)
{
    struct ds_buf line = DS_BUF_INIT(1024);
    int64_t now = ds_ticks();
    uint64_t rate;

    if (!p->on || now - p->shown < EVERY_MS)
        return;
    p->shown = now;
    p->visible = true;
    rate = fetched * SECOND_MS / (uint64_t)(now - p->began + 1);
    ds_buf_addf(&line, "\r%s: ", p->connection);
    ds_people_number(&line, fetched);
    if (expected) {
        ds_buf_add(&line, " of ");
        ds_people_number(&line, expected);
    }
    ds_buf_add(&line, " records, ");
    ds_people_number(&line, rate);
    ds_buf_add(&line, " a second");
    if (rate && expected > fetched)
        add_time_left(&line, (expected - fetched) / rate);
    ds_buf_add(&line, "\x1b[K");
    fwrite(line.text, 1, line.len, stderr);
    ds_buf_clear(&line);
}

void ds_progress_hide(struct ds_progress *p)
{
    if (p->visible)
        fputs("\r\x1b[K", stderr);
    p->visible = false;
}
