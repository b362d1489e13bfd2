#include "engine/theirs.h"

#include <string.h>

/* Numbers go as they are in memory: the same process reads them. A text is its length with the NUL,
 * 0 for none, and its bytes. */
static void pack_number(struct ds_buf *out, uint64_t n)
{
    ds_buf_add_bytes(out, &n, sizeof(n));
}

static void pack_text(struct ds_buf *out, const char *text)
{
    size_t len = text ? strlen(text) + 1 : 0;

    pack_number(out, len);
    if (text)
        ds_buf_add_bytes(out, text, len);
}

/* The same for a value of a remote, which may hold a NUL. */
static void pack_value(struct ds_buf *out, const struct ds_value *v)
{
    pack_number(out, v->text ? v->len + 1 : 0);
    if (v->text)
        ds_buf_add_bytes(out, v->text, v->len);
    if (v->text)
        ds_buf_add_bytes(out, "", 1);
}

void ds_theirs_pack(struct ds_buf *out, const struct ds_theirs *t)
{
    const struct ds_mapped *m = &t->mapped;
    const char *texts[] = {t->id,      t->version,        t->source,    t->where,
                           t->repeats, m->unmapped_stage, m->stage_name};

    pack_number(out, (t->deleted ? 1u : 0u) | (t->released ? 2u : 0u));
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        pack_text(out, texts[i]);
    pack_number(out, m->deal.given);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_given(&m->deal, f))
            pack_text(out, m->deal.value[f]);
    pack_number(out, (uint64_t)t->modified_ms);
    pack_number(out, (uint64_t)t->tries);
    pack_number(out, (uint64_t)t->only_deal);
    pack_number(out, t->raw ? t->raws : 0);
    for (size_t i = 0; t->raw && i < t->raws; i++)
        pack_value(out, &t->raw[i]);
    pack_number(out, m->problems);
    for (size_t i = 0; i < m->problems; i++) {
        pack_number(out, m->problem[i].field);
        pack_number(out, (uint64_t)m->problem[i].rule);
        pack_text(out, m->problem[i].text);
    }
}

struct reader {
    const char *at;
    const char *end;
    bool bad;
};

static uint64_t number(struct reader *r)
{
    uint64_t n = 0;

    if ((size_t)(r->end - r->at) < sizeof(n)) {
        r->bad = true;
        return 0;
    }
    memcpy(&n, r->at, sizeof(n));
    r->at += sizeof(n);
    return n;
}

static const char *text(struct reader *r)
{
    uint64_t len = number(r);
    const char *p = r->at;

    if (len > (uint64_t)(r->end - r->at) || (len && p[len - 1] != '\0')) {
        r->bad = true;
        return NULL;
    }
    r->at += len;
    return len ? p : NULL;
}

/* The texts stay where they are; the array is the arena's. */
static void unpack_raw(struct reader *r, struct ds_arena *a, struct ds_theirs *out)
{
    uint64_t count = number(r);
    struct ds_value *raw;

    if (count > (uint64_t)(r->end - r->at))
        r->bad = true;
    if (r->bad || count == 0)
        return;
    raw = ds_arena_alloc(a, count * sizeof(*raw));
    for (uint64_t i = 0; raw && i < count; i++) {
        const char *from = r->at;
        const char *value = text(r);

        raw[i] =
            (struct ds_value){value, value ? (size_t)(r->at - from) - sizeof(uint64_t) - 1 : 0};
    }
    out->raw = raw;
    out->raws = (size_t)count;
    if (!raw)
        r->bad = true;
}

static void unpack_problems(struct reader *r, struct ds_mapped *m)
{
    uint64_t problems = number(r);

    if (problems > DS_MAX_PROBLEMS)
        r->bad = true;
    for (m->problems = 0; !r->bad && m->problems < problems; m->problems++) {
        struct ds_problem *p = &m->problem[m->problems];

        p->field = (enum ds_field)number(r);
        p->rule = (int)number(r);
        p->text = text(r);
    }
}

int ds_theirs_unpack(struct ds_arena *a, const void *bytes, size_t len, struct ds_theirs *out,
                     struct ds_err *err)
{
    struct reader r = {bytes, (const char *)bytes + len, false};
    struct ds_mapped *m = &out->mapped;
    const char **texts[] = {&out->id,      &out->version,      &out->source,  &out->where,
                            &out->repeats, &m->unmapped_stage, &m->stage_name};
    uint64_t flags = number(&r);

    memset(out, 0, sizeof(*out));
    out->deleted = flags & 1u;
    out->released = flags & 2u;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        *texts[i] = text(&r);
    m->deal.given = number(&r);
    for (enum ds_field f = 0; f < DS_FIELDS; f++)
        if (ds_given(&m->deal, f))
            m->deal.value[f] = text(&r);
    out->modified_ms = (int64_t)number(&r);
    out->tries = (int)number(&r);
    out->only_deal = (int64_t)number(&r);
    unpack_raw(&r, a, out);
    unpack_problems(&r, m);
    if (r.bad || r.at != r.end)
        return ds_fail(err, DS_E_BUG, "the spool of this run holds %zu bytes that are no record",
                       len);
    return DS_OK;
}
