#include "connectors/file/input.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MARK_LEN 3

static bool begins_with(const struct ds_input *in, const char *bytes, size_t len)
{
    return in->len >= len && memcmp(in->block, bytes, len) == 0;
}

static int refuse_utf16(const struct ds_input *in, struct ds_err *err)
{
    if (!begins_with(in, "\xff\xfe", 2) && !begins_with(in, "\xfe\xff", 2))
        return DS_OK;
    ds_fail(err, DS_E_INPUT, "the file is UTF-16");
    return ds_hint(err, "export it as UTF-8, or convert it: iconv -f UTF-16 -t UTF-8");
}

static int fill_mark(struct ds_input *in, struct ds_err *err)
{
    size_t got = 1;
    int rc = DS_OK;

    while (rc == DS_OK && got > 0 && in->len < MARK_LEN) {
        rc = in->read(in->arg, (int64_t)in->len, in->block + in->len, DS_INPUT_BLOCK - in->len,
                      &got, err);
        in->len += rc == DS_OK ? got : 0;
    }
    return rc;
}

int ds_input_open(struct ds_input *in, ds_input_read *read, void *arg, struct ds_err *err)
{
    int byte;
    int rc;

    *in = (struct ds_input){.read = read, .arg = arg, .block = malloc(DS_INPUT_BLOCK)};
    if (!in->block)
        return ds_fail_nomem(err);
    rc = fill_mark(in, err);
    if (rc == DS_OK)
        rc = refuse_utf16(in, err);
    if (rc == DS_OK && begins_with(in, "\xef\xbb\xbf", MARK_LEN))
        in->at = MARK_LEN;
    if (rc == DS_OK)
        rc = ds_input_peek(in, &byte, err);
    if (rc != DS_OK || byte != DS_INPUT_END)
        return rc;
    ds_fail(err, DS_E_INPUT, "the file is empty");
    return ds_hint(err, "export it again: even an export without records has a header");
}

void ds_input_close(struct ds_input *in)
{
    free(in->block);
    in->block = NULL;
}

int ds_input_peek(struct ds_input *in, int *byte, struct ds_err *err)
{
    int rc;

    if (in->at == in->len) {
        in->base += (int64_t)in->at;
        in->at = in->len = 0;
        rc = in->read(in->arg, in->base, in->block, DS_INPUT_BLOCK, &in->len, err);
        if (rc != DS_OK)
            return rc;
    }
    *byte = in->at < in->len ? (unsigned char)in->block[in->at] : DS_INPUT_END;
    return DS_OK;
}

int ds_input_read_bytes(void *arg, int64_t offset, char *into, size_t room, size_t *got,
                        struct ds_err *err)
{
    const struct ds_input_bytes *from = arg;
    size_t left = from->len - (size_t)offset;

    (void)err;
    *got = left < room ? left : room;
    memcpy(into, from->bytes + offset, *got);
    return DS_OK;
}
