/*
 * ini.h - strict INI files, on inih
 *
 * inih as packaged cuts lines after 199 characters and joins indented lines; neither happens here:
 * a longer line is an error, leading blanks mean nothing. Lines end in LF or CRLF. Text must be
 * UTF-8. A value may stand in double quotes to keep blanks or a " ;" in it; quotes are removed, and
 * struct ds_ini_line says that they were there.
 */
#ifndef DS_BASE_INI_H
#define DS_BASE_INI_H

#include "base/err.h"

#include <stdbool.h>

struct ds_ini_line {
    const char *file;
    int line;
    const char *section; /* as written between the brackets, blanks at the ends removed */
    const char *name;
    const char *value;
    bool quoted;
};

/* Calls each() for every entry in order and stops at its first failure. Errors are DS_E_CONFIG and
 * begin with "file:line: ". All pointers of a line are valid during the call only. */
int ds_ini_read(const char *path,
                int (*each)(void *arg, const struct ds_ini_line *line, struct ds_err *err),
                void *arg, struct ds_err *err);

/* ds_fail with DS_E_CONFIG and "file:line: " in front. */
int ds_ini_fail(struct ds_err *err, const struct ds_ini_line *line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
