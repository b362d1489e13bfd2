/*
 * stage.h - a company's stages beside what the mapping makes of them
 */
#ifndef DS_CLI_STAGE_H
#define DS_CLI_STAGE_H

#include "base/buf.h"
#include "mapping/mapping.h"

/* What the mapping says a stage is: "10" to "100", "won", "lost", "hold", "open"; NULL: nothing. */
const char *ds_stage_standard(const struct ds_mapping *m, const struct ds_stage *stage);

/* Whether records can hold it: a retired stage that no record holds needs no line. */
bool ds_stage_in_use(const struct ds_stage *stage);

/* What a person may want to write for it, by its outcome or its probability; NULL: no idea. */
const char *ds_stage_proposal(const struct ds_stage *stage);

/* "; 40 = Name   ; probability 45 %, 12 records": a line of [stages] that means nothing until a
 * person takes the first semicolon away, and then names this stage. A name that no line can hold is told
 * instead. */
void ds_stage_line(struct ds_buf *out, const struct ds_stage *stage);

/* "[stages Process]", or what is told instead: then false, and no line can belong to the process. */
bool ds_stage_section(struct ds_buf *out, const char *process);

#endif
