/*
 * mapping.h - from a company's own fields and stages to a deal
 *
 * A mapping is an INI file in which the left side of every line is the standard word and the right
 * side is the company's. It names the paths to read, and turns one record into one deal: pure, no
 * network, no SQL, and never a guess: what is not in a table is reported, with all that is wrong with
 * a record at once. Back again it goes by the same tables: of several lines with one
 * standard word the first is the one that is written.
 */
#ifndef DS_MAPPING_MAPPING_H
#define DS_MAPPING_MAPPING_H

#include "base/hash.h"
#include "connectors/connector.h"
#include "mapping/deal.h"

struct ds_mapping;

/* Loads and checks a file; *out is freed by the caller. Errors are DS_E_CONFIG with file and line. */
int ds_mapping_load(const char *path, struct ds_mapping **out, struct ds_err *err);
void ds_mapping_free(struct ds_mapping *m); /* NULL is fine */

/* The paths that a query must ask for, in the order ds_map() expects the values. Lives with m. */
const char *const *ds_mapping_paths(const struct ds_mapping *m, size_t *count);

/* SHA-256 of what the mapping means: comments and blanks do not count. */
const char *ds_mapping_fingerprint(const struct ds_mapping *m);

/* What is wrong with a record, or worth telling. */
struct ds_problem {
    enum ds_field field; /* DS_FIELDS: the record as a whole */
    int rule;            /* R-n, 0: none */
    const char *text;    /* "CloseDate '2026-02-31' is a day that does not exist" */
};

#define DS_MAX_PROBLEMS 32

struct ds_mapped {
    struct ds_deal deal;
    size_t problems; /* each of them rejects the record */
    struct ds_problem problem[DS_MAX_PROBLEMS];
    const char *unmapped_stage; /* the value no line of [stages] names, or NULL; stage and
                                   status are then not given */
    const char *stage_name;     /* the company's own word for the stage, for reports; NULL: none */
};

/* Everything in *out is from the arena, or borrowed from the mapping. Fails only with DS_E_NOMEM. */
int ds_map(const struct ds_mapping *m, struct ds_arena *a, const struct ds_record *record,
           struct ds_mapped *out, struct ds_err *err);

/* For `stages` and `check`. */
const char *ds_mapping_stage_path(const struct ds_mapping *m);   /* NULL: no [stage] from */
const char *ds_mapping_process_path(const struct ds_mapping *m); /* NULL: none */

/* Calls each for every line of [stages] and [stages PROCESS], in no order. */
void ds_mapping_stage_lines(const struct ds_mapping *m,
                            void (*each)(void *arg, const char *name, int line), void *arg);

/* What a stage maps to: "10" to "100", "won", "lost", "hold", "received", "declined", or NULL when
 * nothing names it. process may be NULL, probability -1. */
const char *ds_mapping_stage(const struct ds_mapping *m, const char *process, const char *value,
                             int probability);

/* The same for a value of the status path ([status] from), where "open" takes the place of a percentage. */
const char *ds_mapping_status(const struct ds_mapping *m, const char *value);
const char *ds_mapping_status_path(const struct ds_mapping *m);

/* Whether the mapping says anything about a field. */
bool ds_mapping_gives(const struct ds_mapping *m, enum ds_field f);

/* Whether a change of the field can be sent to the CRM: it comes from a field of the record itself
 * that nothing else shares, and can be turned back. If not, *why says so, to be read behind the field's
 * title: "is a constant in the mapping". */
bool ds_mapping_writes(const struct ds_mapping *m, enum ds_field f, const char **why);

/* For each path whether a change of one of these fields (a bit each, as in struct ds_deal) may set it;
 * NULL: out of memory. */
const bool *ds_mapping_written(const struct ds_mapping *m, struct ds_arena *a, uint64_t fields);

/* Turns the wanted values of the fields into values of the record: the opposite of ds_map(). `now` is
 * what the record holds, by path; NULL: it is to be created. A value that already stands for what is
 * wanted stays as it is, so that nothing goes back and forth; else the first line of the
 * standard word is written. Values of `want` for other fields are looked at where one path holds
 * several (the stage that a deal on hold goes back to). Assignments are in the order of the paths, one
 * a path at most: out has room for as many as there are paths. Texts are from the arena, or borrowed
 * from m, now and want.
 *
 * DS_E_RECORD: there is no way back, *why says for what ("no line of [values reason] stands for
 * 'budget'"), and nothing is to be written. Else only DS_E_NOMEM. */
int ds_mapping_unmap(const struct ds_mapping *m, struct ds_arena *a, const struct ds_value *now,
                     const struct ds_deal *want, uint64_t fields, struct ds_assign *out,
                     size_t *count, const char **why);

#endif
