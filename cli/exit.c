#include "cli/exit.h"

#include "base/text.h"

#include <stddef.h>
#include <stdio.h>

/* Most urgent first: what only a person can mend, before what may pass by itself. */
static const struct {
    int status;
    int code;
} exits[] = {
    {DS_E_BUG, DS_EXIT_BUG},       {DS_E_NOMEM, DS_EXIT_BUG},    {DS_E_STORE, DS_EXIT_STORE},
    {DS_E_CONFIG, DS_EXIT_CONFIG}, {DS_E_USAGE, DS_EXIT_USAGE},  {DS_E_AUTH, DS_EXIT_AUTH},
    {DS_E_INPUT, DS_EXIT_INPUT},   {DS_E_RECORD, DS_EXIT_INPUT}, {DS_E_GUARD, DS_EXIT_GUARD},
    {DS_E_REMOTE, DS_EXIT_REMOTE}, {DS_E_STALE, DS_EXIT_LATER},  {DS_E_LATER, DS_EXIT_LATER},
    {DS_OK, DS_EXIT_WAITING},      {DS_OK, DS_EXIT_CHANGES},     {DS_OK, DS_EXIT_DONE},
};

#define EXITS (sizeof(exits) / sizeof(exits[0]))

int ds_exit_code(int status)
{
    if (status == DS_OK)
        return DS_EXIT_DONE;
    for (size_t i = 0; i < EXITS; i++)
        if (exits[i].status == status)
            return exits[i].code;
    return DS_EXIT_BUG;
}

static size_t urgency(int code)
{
    size_t i = 0;

    while (i < EXITS && exits[i].code != code)
        i++;
    return i;
}

int ds_exit_worse(int a, int b)
{
    return urgency(a) <= urgency(b) ? a : b;
}

void ds_exit_print(const struct ds_err *err)
{
    struct ds_buf line = DS_BUF_INIT(DS_MAX_TEXT);

    ds_buf_add(&line, "error: ");
    ds_text_to_terminal(&line, err->text);
    if (err->hint[0]) {
        ds_buf_add(&line, "\n  ");
        ds_text_to_terminal(&line, err->hint);
    }
    ds_buf_add_char(&line, '\n');
    fwrite(line.text, 1, line.len, stderr);
    ds_buf_clear(&line);
}
