#include "base/text.h"
#include "mapping/back.h"

#include <string.h>

/* What the record shall say. */
struct goal {
    const char *outcome; /* "open", "won", "lost", "hold", "received", "declined" */
    const char *percent; /* the stage of an open deal, or one on hold; may be NULL */
    const char *word; /* what shall decide: the percentage if there are stages, else the outcome */
};

/* Which of the words that the values make is looked at. */
typedef const char *reading(const struct ds_progress *got);

static const char *by_both(const struct ds_progress *got)
{
    return got->word;
}

static const char *by_status(const struct ds_progress *got)
{
    return got->status;
}

static const char *by_stage(const struct ds_progress *got)
{
    return got->stage;
}

static bool reads(struct ds_back *b, reading *how, const char *word)
{
    struct ds_progress got;

    ds_job_words(&b->job, &got);
    return ds_same(how(&got), word);
}

static const char *process_of(struct ds_back *b)
{
    const char *process = NULL;

    if (b->job.m->process_path != DS_NO_PATH)
        ds_job_text(&b->job, DS_STAGE, b->job.m->process_path, &process);
    return process;
}

/* Where the path tells the reason, too, one of several lines may tell the right one. */
static bool tells_reason(struct ds_back *b, int path)
{
    const char *value;

    if (b->job.m->source[DS_REASON].path != path || !ds_given(b->want, DS_REASON))
        return true;
    return ds_job_value(&b->job, DS_REASON, &value) && ds_same(value, b->want->value[DS_REASON]);
}

/* Tries the lines of a standard word in the order of the file: a line may be hidden by another one,
 * of the record's process or of [status]. */
static bool try_lines(struct ds_back *b, int kind, const char *scope, int path, const char *word,
                      reading *how)
{
    const struct ds_words *words = &b->job.m->words;
    const struct ds_value before = b->next[path];
    const bool was_set = b->set[path];
    const struct ds_word *first = NULL, *line = ds_words_next(words, kind, scope, word, 0);

    for (; line; line = ds_words_next(words, kind, scope, word, line->line)) {
        ds_back_set(b, path, line->text);
        if (!reads(b, how, word))
            continue;
        if (tells_reason(b, path))
            return true;
        first = first ? first : line;
    }
    b->next[path] = before;
    b->set[path] = was_set;
    if (first)
        ds_back_set(b, path, first->text);
    return first;
}

/* Where no line names the stage, the probability may tell it: the percentage itself if it is in the
 * range, else the lowest of it. */
static bool try_probability(struct ds_back *b, const char *word, reading *how)
{
    const struct ds_mapping *m = b->job.m;
    const char *text;
    long percent;
    int p = 0;

    if (!ds_path_plain(m, m->probability_path) || !ds_text_int(word, 0, 100, &percent))
        return false;
    if (ds_same(m->probability[percent], word))
        p = (int)percent;
    while (p <= 100 && !ds_same(m->probability[p], word))
        p++;
    if (p > 100)
        return false;
    text = ds_arena_printf(b->job.a, "%d", p);
    b->job.nomem = b->job.nomem || !text;
    ds_back_set(b, m->probability_path, text);
    return reads(b, how, word);
}

static bool fail_line(struct ds_back *b, const char *word)
{
    const char *sections = ds_text_int(word, 0, 100, &(long){0}) ? "[stages]"
                           : b->job.m->stage_path == DS_NO_PATH  ? "[status]"
                                                                 : "[status] or [stages]";

    return ds_back_fail(b,
                        ds_arena_printf(b->job.a, "no line of %s stands for '%s'", sections, word));
}

/* Makes the stage path say the word, unless it does. */
static bool place_stage(struct ds_back *b, const char *word, reading *how)
{
    const struct ds_mapping *m = b->job.m;
    const char *process = process_of(b);

    if (reads(b, how, word))
        return true;
    if (ds_path_plain(m, m->stage_path)) {
        if (process && try_lines(b, DS_W_STAGE, process, m->stage_path, word, how))
            return true;
        if (try_lines(b, DS_W_STAGE, "", m->stage_path, word, how))
            return true;
    }
    return try_probability(b, word, how) || fail_line(b, word);
}

/* Status and stage are one value of the record, or it has only one of them. */
static bool place_one(struct ds_back *b, const struct goal *g)
{
    const struct ds_mapping *m = b->job.m;
    bool by_status = m->stage_path == DS_NO_PATH || g->word == g->outcome;

    if (strcmp(g->outcome, "hold") == 0 && ds_back_asks(b, DS_STAGE))
        return ds_back_fail(b, "the CRM has one value for stage and status, which cannot be on "
                               "hold and at a stage");
    if (reads(b, by_both, g->word))
        return true;
    if (by_status && ds_path_plain(m, m->status_path) &&
        try_lines(b, DS_W_STATUS, "", m->status_path, g->word, by_both))
        return true;
    return place_stage(b, g->word, by_both);
}

static bool place_status(struct ds_back *b, const char *word)
{
    int path = b->job.m->status_path;

    if (reads(b, by_status, word) || !(ds_back_asks(b, DS_STATUS) || ds_back_asks(b, DS_ON_HOLD)))
        return true;
    return (ds_path_plain(b->job.m, path) &&
            try_lines(b, DS_W_STATUS, "", path, word, by_status)) ||
           fail_line(b, word);
}

/* The status says how it ends or whether it is on hold, if it has a word for that; else the stage. */
static bool place_two(struct ds_back *b, const struct goal *g)
{
    bool open = strcmp(g->outcome, "open") == 0;
    bool hold = strcmp(g->outcome, "hold") == 0;

    if (reads(b, by_both, g->word) && !(hold && ds_back_asks(b, DS_STAGE)))
        return true;
    if (open || !ds_mapping_has(b->job.m, DS_W_STATUS, g->outcome))
        return place_status(b, "open") && place_stage(b, g->word, by_stage);
    if (!place_status(b, g->outcome))
        return false;
    return !hold || !ds_back_asks(b, DS_STAGE) || !g->percent ||
           place_stage(b, g->percent, by_stage);
}

/* Whether a word of [stages] is a percentage. */
static bool is_percent(const char *word)
{
    return word && *word >= '0' && *word <= '9';
}

/* The wanted value of a field that is asked for, else what the record says, else what the deal has. */
static const char *value_of(const struct ds_back *b, enum ds_field f)
{
    const struct ds_deal *present = &b->mapped.deal;

    return !ds_back_asks(b, f) && ds_given(present, f) ? present->value[f] : b->want->value[f];
}

static const char *outcome_of(struct ds_back *b)
{
    static const char *const alike[] = {DS_STATUS_WON, DS_STATUS_LOST, DS_STATUS_RECEIVED,
                                        DS_STATUS_DECLINED};
    const char *status = value_of(b, DS_STATUS);

    if (!status || strcmp(status, DS_STATUS_ACCEPTED) == 0)
        return ds_same(value_of(b, DS_ON_HOLD), DS_YES) ? "hold" : "open";
    for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++)
        if (strcmp(status, alike[i]) == 0)
            return alike[i];
    fail_line(b, status);
    return NULL;
}

/* What no CRM could say at once. */
static bool contradicts(struct ds_back *b, const struct goal *g)
{
    bool won = strcmp(g->outcome, "won") == 0, lost = strcmp(g->outcome, "lost") == 0;
    bool stage = ds_back_asks(b, DS_STAGE);
    const char *why = NULL;

    if (won && stage && !ds_same(g->percent, "100"))
        why = "a deal that is won has no other stage than 100 (R-67)";
    else if (!won && stage && ds_same(g->percent, "100"))
        why = "stage 100 is reached by winning only (R-67)";
    else if (lost && stage && !ds_back_asks(b, DS_STATUS))
        why = "a deal that is lost has no stage (R-74)";
    else if ((won || lost) && ds_back_asks(b, DS_ON_HOLD) &&
             ds_same(b->want->value[DS_ON_HOLD], DS_YES))
        why = "a deal that is won or lost cannot be on hold";
    if (why)
        ds_back_fail(b, why);
    return why;
}

/* Whether an open deal has the stage it needs: never one that the CRM does not mean. */
static bool knows_stage(struct ds_back *b, const struct goal *g)
{
    const char *unmapped = b->mapped.unmapped_stage;

    if (unmapped && *unmapped && !ds_back_asks(b, DS_STAGE))
        return ds_back_fail(b, ds_arena_printf(b->job.a,
                                               "no line of [stages] names '%s', the CRM's"
                                               " stage",
                                               unmapped));
    return g->percent || ds_back_fail(b, "an open deal needs a stage");
}

/* The stage that is asked for, else the record's, else the deal's. */
static bool set_goal(struct ds_back *b, struct goal *g)
{
    struct ds_progress now;
    bool staged;

    ds_job_words(&b->job, &now);
    ds_job_progress(&b->job);
    g->outcome = outcome_of(b);
    if (!g->outcome)
        return false;
    g->percent = b->want->value[DS_STAGE];
    if (!ds_back_asks(b, DS_STAGE) && is_percent(now.stage))
        g->percent = now.stage;
    if (contradicts(b, g))
        return false;
    staged = strcmp(g->outcome, "open") == 0 && b->job.m->stage_path != DS_NO_PATH;
    g->word = staged ? g->percent : g->outcome;
    return !staged || knows_stage(b, g);
}

bool ds_back_progress(struct ds_back *b)
{
    const struct ds_mapping *m = b->job.m;
    struct goal goal = {0};

    if (!ds_back_asks(b, DS_STATUS) && !ds_back_asks(b, DS_STAGE) && !ds_back_asks(b, DS_ON_HOLD))
        return true;
    if (!set_goal(b, &goal))
        return false;
    if (m->status_path == DS_NO_PATH || m->stage_path == DS_NO_PATH ||
        m->status_path == m->stage_path)
        return place_one(b, &goal);
    return place_two(b, &goal);
}
