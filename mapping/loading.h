/*
 * loading.h - a mapping file that is being read; private to mapping/
 *
 * load.c takes the fields and their values, load_stages.c status, stages and probabilities; both say
 * where in the file something is wrong.
 */
#ifndef DS_MAPPING_LOADING_H
#define DS_MAPPING_LOADING_H

#include "base/ini.h"
#include "mapping/private.h"

/* Where things stood, which only messages need; 0: nowhere. */
struct ds_loading {
    struct ds_mapping *m;
    const char *file;
    int field_line[DS_SOURCES];
    int default_line[DS_SOURCES];
    int values_line[DS_SOURCES];
    int status_line, stage_line, process_line, probability_line; /* of the paths */
    int statuses_line, stages_line, processes_line, ranges_line; /* of the first word of each */
    int range_line[101];
};

/* `rest` is what follows the first word of the section: a field or a process, or "". */
typedef int ds_taker(struct ds_loading *l, const char *rest, const struct ds_ini_line *line,
                     struct ds_err *err);

ds_taker ds_take_status, ds_take_stage, ds_take_stages, ds_take_range;

/* What is said of status and stages must have the paths that it needs. */
int ds_loading_check_stages(const struct ds_loading *l, struct ds_err *err);

/* Remembers the first line of its kind. */
void ds_note_line(int *first, const struct ds_ini_line *line);

/* "'nmae' is no field" and the nearest word, or all of them when none is near. */
int ds_fail_unknown(struct ds_err *err, const struct ds_ini_line *line, const char *word,
                    const char *what, const char *const *words);

/* "'name' stands in line 2 already" */
int ds_fail_twice(struct ds_err *err, const struct ds_ini_line *line, const char *word, int before);

/* A path that may be set once; number is where that was. */
int ds_take_setting(struct ds_loading *l, const struct ds_ini_line *line, int *index, int *number,
                    struct ds_err *err);

/* Takes over the company's text on the right side of a line. */
int ds_take_word(struct ds_loading *l, int kind, const char *scope, const char *standard,
                 const struct ds_ini_line *line, struct ds_err *err);

#endif
