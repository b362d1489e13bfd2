/*
 * input.h - the bytes of a file, a block at a time
 *
 * Where they come from is a function that reads at an offset, so that a file, a piece of memory and
 * a test that hands out one byte at a time are the same to the readers of formats. A UTF-8 byte
 * order mark is skipped; UTF-16 is refused.
 */
#ifndef DS_CONNECTORS_FILE_INPUT_H
#define DS_CONNECTORS_FILE_INPUT_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define DS_INPUT_BLOCK (256u << 10)
#define DS_INPUT_END   (-1)

/* Puts up to room bytes from offset on into `into`; *got 0: the end. */
typedef int ds_input_read(void *arg, int64_t offset, char *into, size_t room, size_t *got,
                          struct ds_err *err);

struct ds_input {
    ds_input_read *read;
    void *arg;
    char *block;
    size_t at;    /* the next byte to take is block[at] */
    size_t len;   /* bytes in the block */
    int64_t base; /* offset of block[0] */
};

/* DS_E_INPUT when there are no bytes at all, or UTF-16. Closed by the caller in any case. */
int ds_input_open(struct ds_input *in, ds_input_read *read, void *arg, struct ds_err *err);
void ds_input_close(struct ds_input *in);
/* The next byte, which stays, or DS_INPUT_END. Reads a block when there is none; the bytes from
 * `at` to `len` are then there to be taken. */
int ds_input_peek(struct ds_input *in, int *byte, struct ds_err *err);

/* For a ds_input over memory: arg is a struct ds_input_bytes. */
struct ds_input_bytes {
    const char *bytes;
    size_t len;
};
int ds_input_read_bytes(void *arg, int64_t offset, char *into, size_t room, size_t *got,
                        struct ds_err *err);

#endif
