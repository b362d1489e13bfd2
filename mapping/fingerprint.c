#include "mapping/private.h"

#include "base/text.h"

static void render(struct ds_buf *out, const char *text)
{
    if (text)
        ds_text_to_json(out, text);
    ds_buf_add_char(out, ',');
}

static void render_words(struct ds_buf *out, const struct ds_word **words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct ds_word *w = words[i];

        render(out, w->kind < DS_SOURCES ? ds_source_name(w->kind) : NULL);
        render(out, w->kind == DS_W_STATUS ? "status" : w->kind == DS_W_STAGE ? "stage" : NULL);
        render(out, w->scope);
        render(out, w->text);
        render(out, w->standard);
        ds_buf_add_char(out, '\n');
    }
}

/* Every part in a fixed order, so that only a change of meaning changes the bytes. */
int ds_mapping_seal(struct ds_mapping *m, struct ds_err *err)
{
    struct ds_buf out = DS_BUF_INIT(8 * DS_MAX_FILE);
    const struct ds_word **words = ds_words_sorted(&m->words, &m->memory);
    const int paths[] = {m->status_path, m->stage_path, m->process_path, m->probability_path};
    int rc = 0;

    for (int s = 0; s < DS_SOURCES; s++) {
        if (!m->source[s].given)
            continue;
        render(&out, ds_source_name(s));
        render(&out, ds_mapping_path(m, m->source[s].path));
        render(&out, m->source[s].constant);
        render(&out, m->source[s].fallback);
        ds_buf_add_char(&out, '\n');
    }
    for (size_t i = 0; i < m->team_paths; i++)
        render(&out, ds_mapping_path(m, m->team_path[i]));
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        render(&out, ds_mapping_path(m, paths[i]));
    for (int p = 0; p <= 100; p++)
        render(&out, m->probability[p]);
    if (words)
        render_words(&out, words, m->words.count);
    if (!words || ds_buf_failed(&out))
        rc = ds_fail_nomem(err);
    else
        ds_hash(out.text, out.len, m->fingerprint);
    ds_buf_clear(&out);
    return rc;
}
