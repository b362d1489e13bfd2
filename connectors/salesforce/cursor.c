#include "connectors/salesforce/cursor.h"

#include "base/date.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* Copies up to the first of `ends` or the end, and tells where that is; NULL when it does not fit. */
static const char *cut(const char *text, const char *ends, char *out, size_t size)
{
    size_t len = strcspn(text, ends);

    if (len >= size)
        return NULL;
    memcpy(out, text, len);
    out[len] = '\0';
    return text + len;
}

static const char *cut_instant(const char *text, int64_t *ms)
{
    char instant[DS_INSTANT_TEXT];
    const char *end = cut(text, "|", instant, sizeof(instant));

    return end && ds_instant(instant, ms) ? end : NULL;
}

/* --- cursors --------------------------------------------------------------------------------- */

bool ds_sf_cursor_read(const char *text, struct ds_sf_cursor *out)
{
    *out = (struct ds_sf_cursor){0};
    text = cut_instant(text, &out->hi_ms);
    if (!text || !*text)
        return text != NULL;
    text = cut_instant(text + 1, &out->deleted_ms);
    return text && !*text;
}

void ds_sf_cursor_text(const struct ds_sf_cursor *cursor, struct ds_buf *out)
{
    char instant[DS_INSTANT_TEXT];

    ds_buf_add(out, ds_instant_text(cursor->hi_ms, instant));
    if (cursor->deleted_ms)
        ds_buf_addf(out, "|%s", ds_instant_text(cursor->deleted_ms, instant));
}

/* --- places to resume at --------------------------------------------------------------------- */

/* An id or nothing, up to one of `ends`. */
static const char *cut_id(const char *text, const char *ends, char out[DS_SF_ID])
{
    char id[DS_SF_ID];

    text = cut(text, ends, id, sizeof(id));
    *out = '\0';
    return text && (!*id || ds_sf_id(id, out)) ? text : NULL;
}

static bool read_pieces(const char *text, struct ds_sf_resume *out)
{
    while (*text) {
        struct ds_sf_piece *piece = &out->piece[out->pieces];

        if (out->pieces == DS_SF_MOST_PIECES)
            return false;
        text = cut_id(text, ":", piece->after);
        if (!text || *text != ':')
            return false;
        text = cut_id(text + 1, ",", piece->until);
        if (!text)
            return false;
        out->pieces++;
        text += *text == ',';
    }
    return true;
}

static const char *cut_number(const char *text, uint64_t *out)
{
    char number[21];
    const char *end = cut(text, " ", number, sizeof(number));

    if (!end || !*number || number[strspn(number, "0123456789")])
        return NULL;
    *out = strtoull(number, NULL, 10);
    return end;
}

static bool read_job(const char *text, struct ds_sf_job *job)
{
    text = cut(text, " ", job->version, sizeof(job->version));
    if (text && *text)
        text = cut_id(text + 1, " ", job->id);
    if (text && *text)
        text = cut_number(text + 1, &job->pages);
    if (text && *text)
        text = cut_number(text + 1, &job->rows);
    if (text && *text)
        text = cut(text + 1, "", job->locator, sizeof(job->locator));
    return text && !*text && *job->id;
}

bool ds_sf_resume_read(const char *text, struct ds_sf_resume *out)
{
    memset(out, 0, sizeof(*out));
    text = cut_instant(text, &out->hi_ms);
    if (!text || *text++ != '|')
        return false;
    if (!strchr(text, '|')) { /* of an older version */
        out->pieces = 1;
        text = cut_id(text, "|", out->piece[0].after);
        return text && !*text;
    }
    if (*text != '|')
        text = cut_instant(text, &out->lo_ms);
    if (!text || *text++ != '|')
        return false;
    return *text == 'v' ? read_job(text, &out->job) : read_pieces(text, out);
}

void ds_sf_resume_text(const struct ds_sf_resume *resume, struct ds_buf *out)
{
    const struct ds_sf_job *job = &resume->job;
    char hi[DS_INSTANT_TEXT], lo[DS_INSTANT_TEXT];

    ds_buf_addf(out, "%s|%s|", ds_instant_text(resume->hi_ms, hi),
                resume->lo_ms ? ds_instant_text(resume->lo_ms, lo) : "");
    if (*job->id)
        ds_buf_addf(out, "%s %s %" PRIu64 " %" PRIu64 " %s", job->version, job->id, job->pages,
                    job->rows, job->locator);
    else
        for (size_t i = 0; i < resume->pieces; i++)
            ds_buf_addf(out, "%s%s:%s", i ? "," : "", resume->piece[i].after,
                        resume->piece[i].until);
}

/* --- dividing -------------------------------------------------------------------------------- */

enum { PLAIN = 15, MOST_DIGITS = 10 }; /* of an id; as many as 64 bits hold */

static uint64_t number_of(const char *digits, size_t count)
{
    uint64_t n = 0;

    for (size_t i = 0; i < count; i++) {
        const char *digit = strchr(DIGITS, digits[i]);

        n = n * 62 + (digit ? (uint64_t)(digit - DIGITS) : 0);
    }
    return n;
}

/* The id that has these digits behind what it has in common with `like`, and zeros after them. */
static void id_of(const char *like, size_t common, size_t count, uint64_t n, char out[DS_SF_ID])
{
    char plain[PLAIN + 1];

    memcpy(plain, like, common);
    memset(plain + common, '0', PLAIN - common);
    plain[PLAIN] = '\0';
    for (size_t i = count; i-- > 0; n /= 62)
        plain[common + i] = DIGITS[n % 62];
    ds_sf_id(plain, out);
}

size_t ds_sf_piece_split(const struct ds_sf_piece *piece, const char *first, const char *last,
                         size_t count, struct ds_sf_piece *out)
{
    size_t common = 0, digits, n = 0;
    uint64_t lo, hi;

    out[0] = *piece;
    while (common < PLAIN && first[common] == last[common])
        common++;
    digits = PLAIN - common < MOST_DIGITS ? PLAIN - common : MOST_DIGITS;
    lo = number_of(first + common, digits);
    hi = number_of(last + common, digits);
    if (common < 3 || hi <= lo) /* of one kind of record, and in our order */
        return 1;
    if (hi - lo < count)
        count = (size_t)(hi - lo);
    for (size_t i = 1; i < count; i++) {
        id_of(first, common, digits, lo + (hi - lo) / count * i, out[n].until);
        memcpy(out[n + 1].after, out[n].until, DS_SF_ID);
        n++;
    }
    memcpy(out[n].until, piece->until, DS_SF_ID);
    return n + 1;
}
