/* What reading some paths is going to ask, before it does. */
#include "connectors/dynamics/bounds.h"
#include "connectors/dynamics/process.h"

#include <string.h>

/* The options of a choice. What is wrong with a path is told by who reads it. */
static void add_label(struct ds_dynamics_reader *reader, const char *path,
                      struct ds_dynamics_questions *q)
{
    static const char ending[] = ".label";
    size_t len = strlen(path), tail = sizeof(ending) - 1;
    const struct ds_dynamics_column *column;
    struct ds_err ignored = {0};
    const char *name;

    if (len <= tail || strcmp(path + len - tail, ending) != 0)
        return;
    name = ds_arena_dup_bytes(&reader->arena, path, len - tail);
    if (name && !ds_dynamics_column(reader->remote, name, &column, &ignored))
        ds_dynamics_question(q, ds_dynamics_choice_question(reader->remote, column), false);
}

int ds_dynamics_foresee(struct ds_dynamics_reader *reader, bool whole, struct ds_err *err)
{
    static const char process[] = DS_DYNAMICS_PROCESS ".";
    struct ds_dynamics_questions q = {0};
    const struct ds_query *query = reader->query;
    int rc = ds_dynamics_columns(reader->remote, err);

    if (rc)
        return rc;
    if (whole)
        ds_dynamics_bounds_ask(reader, &q);
    for (size_t i = 0; i < query->count; i++) {
        add_label(reader, query->paths[i], &q);
        if (strncmp(query->paths[i], process, sizeof(process) - 1) == 0)
            ds_dynamics_process_ask(reader->remote, &q);
    }
    return ds_dynamics_ahead(reader->remote, &q, err);
}
