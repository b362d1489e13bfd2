#include "base/decimal.h"
#include "base/text.h"
#include "mapping/job.h"

#include <stdio.h>
#include <string.h>

/* Whole percent, those behind the point count for nothing; -1: unknown. */
static int probability_of(struct ds_job *j)
{
    const char *text, *why;
    char whole[4];
    long percent;

    if (j->m->probability_path == DS_NO_PATH ||
        !ds_job_text(j, DS_STAGE, j->m->probability_path, &text) || !text)
        return -1;
    text = ds_decimal(j->a, text, &why);
    if (!text || strcspn(text, ".") >= sizeof(whole))
        return -1;
    snprintf(whole, sizeof(whole), "%.*s", (int)strcspn(text, "."), text);
    return ds_text_int(whole, 0, 100, &percent) ? (int)percent : -1;
}

/* What the stage maps to; NULL when it is unreadable or unmapped. */
static const char *stage_word(struct ds_job *j, const char *name)
{
    const struct ds_mapping *m = j->m;
    const char *process = NULL, *word = NULL;

    if (m->process_path != DS_NO_PATH && !ds_job_text(j, DS_STAGE, m->process_path, &process))
        return NULL;
    if (name)
        word = ds_mapping_stage(m, process, name, probability_of(j));
    if (!word)
        j->out->unmapped_stage = name ? name : "";
    return word;
}

static const char *status_word(struct ds_job *j)
{
    const char *path = j->m->paths[j->m->status_path];
    const char *text, *word;

    if (!ds_job_text(j, DS_STATUS, j->m->status_path, &text))
        return NULL;
    if (!text) {
        ds_job_problem(j, DS_STATUS, 0, ds_arena_printf(j->a, "%s is empty", path));
        return NULL;
    }
    word = ds_mapping_status(j->m, text);
    if (!word)
        ds_job_refuse(j, DS_STATUS, 0, path, text, "has no line in [status]");
    return word;
}

/* A word of [status] or [stages], or a percentage, as values of the deal. */
static void set_progress(struct ds_deal *deal, const char *word)
{
    static const struct {
        const char *word;
        const char *status;
        const char *stage;
        const char *on_hold;
    } known[] = {
        {"won", DS_STATUS_WON, "100", NULL},
        {"lost", DS_STATUS_LOST, NULL, NULL},         /* */
        {"received", DS_STATUS_RECEIVED, "10", NULL}, /* where it will be when accepted */
        {"declined", DS_STATUS_DECLINED, NULL, NULL},
        {"hold", DS_STATUS_ACCEPTED, NULL, DS_YES},
        {"open", DS_STATUS_ACCEPTED, NULL, DS_NO},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(word, known[i].word) != 0)
            continue;
        ds_deal_set(deal, DS_STATUS, known[i].status);
        if (known[i].stage)
            ds_deal_set(deal, DS_STAGE, known[i].stage);
        if (known[i].on_hold)
            ds_deal_set(deal, DS_ON_HOLD, known[i].on_hold);
        return;
    }
    ds_deal_set(deal, DS_STATUS, DS_STATUS_ACCEPTED);
    ds_deal_set(deal, DS_STAGE, word);
    ds_deal_set(deal, DS_ON_HOLD, DS_NO);
}

/* The status decides, unless it is open: then the stage does. */
static bool stage_decides(const struct ds_mapping *m, const char *status)
{
    return m->stage_path != DS_NO_PATH && (!status || strcmp(status, "open") == 0);
}

void ds_job_progress(struct ds_job *j)
{
    const struct ds_mapping *m = j->m;
    const char *word = NULL;

    if (m->stage_path != DS_NO_PATH &&
        !ds_job_text(j, DS_STAGE, m->stage_path, &j->out->stage_name))
        return;
    if (m->status_path != DS_NO_PATH && !(word = status_word(j)))
        return;
    if (stage_decides(m, word))
        word = stage_word(j, j->out->stage_name);
    if (word)
        set_progress(&j->out->deal, word);
}

void ds_job_words(struct ds_job *j, struct ds_progress *out)
{
    const struct ds_mapping *m = j->m;
    const char *name;

    *out = (struct ds_progress){0};
    if (m->status_path != DS_NO_PATH)
        out->status = status_word(j);
    if (m->stage_path != DS_NO_PATH && ds_job_text(j, DS_STAGE, m->stage_path, &name))
        out->stage = stage_word(j, name);
    if (m->status_path == DS_NO_PATH || out->status)
        out->word = stage_decides(m, out->status) ? out->stage : out->status;
}
