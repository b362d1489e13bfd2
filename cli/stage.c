#include "cli/stage.h"

#include "base/text.h"
#include "engine/report/people.h"

#include <stdlib.h>
#include <string.h>

const char *ds_stage_standard(const struct ds_mapping *m, const struct ds_stage *stage)
{
    const char *status = ds_mapping_status_path(m);

    if (status && strcmp(stage->field, status) == 0)
        return ds_mapping_status(m, stage->name);
    return ds_mapping_stage(m, stage->process, stage->name, stage->probability);
}

bool ds_stage_in_use(const struct ds_stage *stage)
{
    return stage->active || stage->records > 0;
}

const char *ds_stage_proposal(const struct ds_stage *stage)
{
    static const char *const ladder[] = {"80", "60", "40", "20", "10"};
    bool closed = stage->outcome && strcmp(stage->outcome, "open") != 0;

    if (closed)
        return stage->outcome;
    for (size_t i = 0; i < sizeof(ladder) / sizeof(ladder[0]); i++)
        if (stage->probability >= strtol(ladder[i], NULL, 10))
            return ladder[i];
    return NULL;
}

/* A name as the right side of a line: in quotes when it would be read otherwise. */
static void add_name(struct ds_buf *out, const char *name)
{
    size_t len = strlen(name);
    bool quoted = strchr(name, ';') || strchr("\" \t", name[0]) || strchr(" \t", name[len - 1]);

    ds_buf_add(out, quoted ? "\"" : "");
    ds_text_to_terminal(out, name);
    ds_buf_add(out, quoted ? "\"" : "");
}

void ds_stage_line(struct ds_buf *out, const struct ds_stage *stage)
{
    const char *proposal = ds_stage_proposal(stage);
    const char *before = "   ; ";

    ds_buf_addf(out, "; %s = ", proposal ? proposal : "??");
    add_name(out, stage->name);
    if (stage->probability >= 0) {
        ds_buf_addf(out, "%sprobability %d %%", before, stage->probability);
        before = ", ";
    }
    if (stage->records >= 0) {
        ds_buf_add(out, before);
        ds_people_count(out, (uint64_t)stage->records, "record");
    }
    ds_buf_add_char(out, '\n');
}
