/*
 * nomem.c - memory that runs out once; to be preloaded
 *
 * Counts what the program and its libraries allocate. NOMEM_AT=n makes the n-th allocation fail,
 * NOMEM_COUNT=FILE writes the number of them at exit. With NOMEM_OWN=1 only those count that the
 * program's own code asks for.
 */
#include <errno.h>
#include <link.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

static atomic_long count;
static long fails_at;
static const char *tell;
static uintptr_t from, to; /* of the program's own code; to == 0: anybody's */
static bool ready;

static int note_program(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size, (void)arg;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD && info->dlpi_phdr[i].p_flags & PF_X) {
            from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
            to = from + info->dlpi_phdr[i].p_memsz;
        }
    return 1; /* the program comes first */
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("NOMEM_AT"), *own = getenv("NOMEM_OWN");

    tell = getenv("NOMEM_COUNT");
    fails_at = at ? strtol(at, NULL, 10) : 0;
    if (own && *own)
        dl_iterate_phdr(note_program, NULL);
    ready = true;
}

__attribute__((destructor)) static void end(void)
{
    FILE *f = tell ? fopen(tell, "w") : NULL;

    ready = false;
    if (f) {
        fprintf(f, "%ld\n", atomic_load(&count));
        fclose(f);
    }
}

static bool runs_out(const void *caller)
{
    uintptr_t who = (uintptr_t)caller;

    if (!ready || (to && (who < from || who >= to)))
        return false;
    if (atomic_fetch_add(&count, 1) + 1 != fails_at)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return runs_out(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return runs_out(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    return runs_out(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}
