/*
 * private.h - a loaded mapping, shared by the files of mapping/ and nobody else
 *
 * load.c fills it in, fingerprint.c seals it, mapping.c answers questions about it, job.h and unmap.c
 * turn records into deals with it, and back.
 * All texts are in its arena; standard values are canonical.
 */
#ifndef DS_MAPPING_PRIVATE_H
#define DS_MAPPING_PRIVATE_H

#include "mapping/mapping.h"
#include "mapping/words.h"

/* What a line of [fields] may name: the fields, and three parts of the team instead of the team. */
enum { DS_TEAM_NAME = DS_FIELDS, DS_TEAM_EMAIL, DS_TEAM_PHONE, DS_SOURCES };

/* Kinds of words beside those of [values FIELD], which have the number of their source. */
enum { DS_W_STATUS = DS_SOURCES, DS_W_STAGE };

#define DS_NO_PATH    (-1)
#define DS_TEAM_PATHS 8 /* lists of members that a team may be made of */
#define DS_MAX_PATHS  (DS_SOURCES + DS_TEAM_PATHS + 4)

/* Where a value comes from: a constant, or a path with perhaps a value for when it is empty. */
struct ds_source {
    bool given;
    bool has_values; /* there is a [values FIELD] section */
    int path;        /* index, or DS_NO_PATH */
    const char *constant;
    const char *fallback;
};

struct ds_mapping {
    struct ds_arena memory;
    const char *paths[DS_MAX_PATHS];
    size_t path_count;
    struct ds_source source[DS_SOURCES];
    int team_path[DS_TEAM_PATHS]; /* whose values are lists of members */
    size_t team_paths;
    int status_path; /* indices, or DS_NO_PATH */
    int stage_path;
    int process_path;
    int probability_path;
    struct ds_words words;
    const char *probability[101]; /* standard stage for each percent; NULL: none */
    char fingerprint[DS_HASH_TEXT];
};

/* Name of a source in the file: "close_date", "team.email". */
const char *ds_source_name(int source);

/* The field whose canonical form a value of the source has. */
enum ds_field ds_source_form(int source);

/* NULL for DS_NO_PATH. */
const char *ds_mapping_path(const struct ds_mapping *m, int index);

/* Writes the fingerprint of a mapping that is complete. */
int ds_mapping_seal(struct ds_mapping *m, struct ds_err *err);

#endif
