#include "mapping/private.h"

#include <stdlib.h>

static const struct {
    const char *name;
    enum ds_field form; /* names, emails and phones look the same wherever they stand */
} team_parts[] = {
    {"team.name", DS_CONTACT_LAST_NAME},
    {"team.email", DS_CONTACT_EMAIL},
    {"team.phone", DS_CONTACT_PHONE},
};

const char *ds_source_name(int source)
{
    return source < DS_FIELDS ? ds_fields[source].name : team_parts[source - DS_FIELDS].name;
}

enum ds_field ds_source_form(int source)
{
    return source < DS_FIELDS ? (enum ds_field)source : team_parts[source - DS_FIELDS].form;
}

void ds_mapping_free(struct ds_mapping *m)
{
    if (!m)
        return;
    ds_arena_clear(&m->memory);
    free(m);
}

const char *const *ds_mapping_paths(const struct ds_mapping *m, size_t *count)
{
    *count = m->path_count;
    return m->paths;
}

const char *ds_mapping_fingerprint(const struct ds_mapping *m)
{
    return m->fingerprint;
}

const char *ds_mapping_path(const struct ds_mapping *m, int index)
{
    return index == DS_NO_PATH ? NULL : m->paths[index];
}

const char *ds_mapping_stage_path(const struct ds_mapping *m)
{
    return ds_mapping_path(m, m->stage_path);
}

const char *ds_mapping_process_path(const struct ds_mapping *m)
{
    return ds_mapping_path(m, m->process_path);
}

void ds_mapping_stage_lines(const struct ds_mapping *m,
                            void (*each)(void *arg, const char *name, int line), void *arg)
{
    for (size_t i = 0; i < m->words.size; i++) {
        const struct ds_word *word = &m->words.slots[i];

        if (word->text && word->kind == DS_W_STAGE)
            each(arg, word->text, word->line);
    }
}

const char *ds_mapping_status_path(const struct ds_mapping *m)
{
    return ds_mapping_path(m, m->status_path);
}

const char *ds_mapping_stage(const struct ds_mapping *m, const char *process, const char *value,
                             int probability)
{
    const char *standard = NULL;

    if (process && *process)
        standard = ds_words_find(&m->words, DS_W_STAGE, process, value);
    if (!standard)
        standard = ds_words_find(&m->words, DS_W_STAGE, "", value);
    if (!standard && probability >= 0 && probability <= 100)
        standard = m->probability[probability];
    return standard;
}

const char *ds_mapping_status(const struct ds_mapping *m, const char *value)
{
    return ds_words_find(&m->words, DS_W_STATUS, "", value);
}

bool ds_mapping_gives(const struct ds_mapping *m, enum ds_field f)
{
    switch ((int)f) {
    case DS_STATUS:
    case DS_STAGE:
    case DS_ON_HOLD: return m->status_path != DS_NO_PATH || m->stage_path != DS_NO_PATH;
    case DS_TEAM: return m->source[DS_TEAM_NAME].given || m->team_paths;
    case DS_CRM_ID: return true;
    default: return m->source[f].given;
    }
}
