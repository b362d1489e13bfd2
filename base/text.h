/*
 * text.h - remote text is data (P-10)
 *
 * Checking text where it comes in, and escaping it where it leaves: one function an exit. Nothing
 * here depends on the locale.
 */
#ifndef DS_BASE_TEXT_H
#define DS_BASE_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The first character, and how many bytes it takes; 0 when these bytes are not UTF-8 or len is 0. */
size_t ds_text_decode(const char *text, size_t len, uint32_t *c);

/* What is wrong with text that should be plain UTF-8, or NULL: "a NUL byte", "bytes that are not
 * UTF-8". The noncharacter U+FDD0 counts as the latter: json.h puts it where such bytes were. */
const char *ds_text_fault(const char *text, size_t len);

/* Characters, not bytes, of valid UTF-8. */
size_t ds_text_chars(const char *text);

/* Columns on a terminal: wide East Asian characters count 2, combining marks 0. */
size_t ds_text_width(const char *text);

/* A copy without blanks (space, tab, CR, LF, NBSP) at either end. */
char *ds_text_trim(struct ds_arena *a, const char *text, size_t len);

/* ASCII letters only, so that it means the same everywhere. */
bool ds_text_same_nocase(const char *a, const char *b);
char *ds_text_lower(struct ds_arena *a, const char *text);

/* Whole number in [min, max] and nothing else; false if it is not. */
bool ds_text_int(const char *text, long min, long max, long *out);

/* The word of the list (NULL-terminated) nearest to text, or NULL when none is near enough to be
 * a slip of the keyboard. */
const char *ds_text_nearest(const char *text, const char *const *words);

/* For a terminal or a log line: control characters, C1, bidirectional overrides and invalid bytes
 * become visible (\n as "\\n", others as "\\x1b", "\\u202e"). */
void ds_text_to_terminal(struct ds_buf *out, const char *text);

/* A JSON string with its quotes. */
void ds_text_to_json(struct ds_buf *out, const char *text);
void ds_text_to_json_or_null(struct ds_buf *out, const char *text); /* NULL is null */

/* A CSV field, quoted where RFC 4180 wants it. One that a spreadsheet would take for a formula
 * (= + - @ tab CR first, here or behind a semicolon; a plain number is none) gets an apostrophe
 * before it. */
void ds_text_to_csv(struct ds_buf *out, const char *text);

#endif
