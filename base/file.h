/*
 * file.h - small files, secrets among them
 */
#ifndef DS_BASE_FILE_H
#define DS_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

struct stat;

/* A descriptor of a regular file, and what fstat says of it; -1 (DS_E_INPUT) when it is anything
 * else: a pipe or a device could be read for ever. */
int ds_file_open(const char *path, struct stat *st, struct ds_err *err);

/* Appends the whole file; DS_E_INPUT when it is missing, unreadable, no regular file or longer than
 * the buffer's maximum. */
int ds_file_read(const char *path, struct ds_buf *out, struct ds_err *err);

/* Resolves where a secret is kept and reads it, without the line end (P-9):
 *   "file:/path"         a file that only its owner (us or root) can read, else it is refused
 *   "credential:NAME"    the file NAME in $CREDENTIALS_DIRECTORY (systemd LoadCredential=)
 *   "env:NAME"           an environment variable
 * Anything else is a secret in the configuration text itself and is refused without repeating it.
 * DS_E_CONFIG; what names the setting for the message. */
int ds_secret_read(const char *reference, const char *what, struct ds_buf *out, struct ds_err *err);

/* Overwrites and frees. */
void ds_secret_clear(struct ds_buf *b);

#endif
