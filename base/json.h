/*
 * json.h - reading JSON from remotes without losing anything
 *
 * jansson makes a double of every real number and refuses a whole document for one bad byte. So a
 * copy of the document is prepared first, in one pass: every number becomes a string with the same
 * characters (SF-69, DV-58), and every byte that is not UTF-8 becomes U+FDD0, which ds_text_fault()
 * recognises, so that one broken row rejects only itself (P-8). NUL characters are let through with
 * their length (SF-74).
 */
#ifndef DS_BASE_JSON_H
#define DS_BASE_JSON_H

#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>

/* Parses; the caller decrefs *out. scratch is a buffer to reuse between pages. The error (DS_E_REMOTE)
 * says at which byte, and shows the beginning when the text is no JSON at all ("an HTML page"). */
int ds_json_read(const char *text, size_t len, struct ds_buf *scratch, json_t **out,
                 struct ds_err *err);

/* The text of a string member (a number is one by now) or of true/false, or NULL when it is absent,
 * null or a container. Borrowed from the object. */
const char *ds_json_text(const json_t *object, const char *key);

/* Frees what json_dumps() has made; its memory need not be that of free() (json_memory.h). */
void ds_json_free(char *dump);

#endif
