/*
 * temp.h - a file of a test, gone with the next one
 */
#ifndef DS_TESTS_UNIT_TEMP_H
#define DS_TESTS_UNIT_TEMP_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char temp_path[64];

static inline void temp_remove(void)
{
    if (*temp_path)
        unlink(temp_path);
}

/* The path of a file with these bytes and mode. */
static inline const char *temp_write_bytes(const void *bytes, size_t len, mode_t mode)
{
    FILE *f;
    int fd;

    if (!*temp_path)
        atexit(temp_remove);
    temp_remove();
    snprintf(temp_path, sizeof(temp_path), "/tmp/dealsync-unit-XXXXXX");
    fd = mkstemp(temp_path);
    f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f || fwrite(bytes, 1, len, f) != len || fchmod(fd, mode) != 0 || fclose(f) != 0) {
        perror(temp_path);
        abort();
    }
    return temp_path;
}

static inline const char *temp_write(const char *text)
{
    return temp_write_bytes(text, strlen(text), 0600);
}

#endif
