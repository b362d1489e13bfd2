#include "base/log.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *prefix; /* for the journal, sd-daemon(3) */
    const char *word;   /* for everybody else */
} levels[] = {
    [DS_LOG_ERROR] = {"<3>", "error: "},
    [DS_LOG_WARNING] = {"<4>", "warning: "},
    [DS_LOG_INFO] = {"<6>", ""},
    [DS_LOG_DEBUG] = {"<7>", "debug: "},
};

static enum ds_log_level level_most = DS_LOG_WARNING;
static char context[128];

void ds_log_level_set(enum ds_log_level most)
{
    level_most = most;
}

void ds_log_context_set(const char *text)
{
    snprintf(context, sizeof(context), "%s", text ? text : "");
}

/* $JOURNAL_STREAM names the journal's pipe, also to children whose stderr went elsewhere. */
static bool is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    char here[64];
    struct stat st;

    if (!stream || fstat(STDERR_FILENO, &st) != 0)
        return false;
    snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    return strcmp(stream, here) == 0;
}

void ds_log(enum ds_log_level level, const char *fmt, ...)
{
    struct ds_buf line = DS_BUF_INIT(DS_MAX_TEXT);
    char text[4096];
    va_list ap;

    if (level > level_most)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    ds_buf_add(&line, is_journal() ? levels[level].prefix : levels[level].word);
    if (context[0]) {
        ds_text_to_terminal(&line, context);
        ds_buf_add(&line, ": ");
    }
    ds_text_to_terminal(&line, text);
    ds_buf_add_char(&line, '\n');
    fwrite(line.text, 1, line.len, stderr);
    ds_buf_clear(&line);
}
