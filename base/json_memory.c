#include "base/json_memory.h"

#include "base/err.h"

#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#define BLOCK_BYTES ((size_t)256 << 10)
#define LARGE_BYTES ((size_t)16 << 10) /* gets memory of its own */

struct block {
    struct block *next;  /* among the empty ones */
    atomic_size_t users; /* values that still need it, and the thread that cuts from it */
    size_t used;         /* touched by that thread only */
    char bytes[];
};

/* Stands before each value. */
union head {
    struct block *block; /* NULL: memory of its own */
    double aligned;
};

static _Thread_local struct block *now;
static pthread_key_t at_end; /* of a thread, whose block must not stay in use */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct block *empty; /* under the lock */

static void leave(struct block *b)
{
    if (atomic_fetch_sub(&b->users, 1) > 1)
        return;
    pthread_mutex_lock(&lock);
    b->next = empty;
    empty = b;
    pthread_mutex_unlock(&lock);
}

static struct block *next_block(void)
{
    struct block *b;

    pthread_mutex_lock(&lock);
    b = empty;
    if (b)
        empty = b->next;
    pthread_mutex_unlock(&lock);
    if (!b)
        b = malloc(sizeof(*b) + BLOCK_BYTES);
    if (!b) {
        ds_nomem_note();
        return NULL;
    }
    b->used = 0;
    atomic_store(&b->users, 1);
    pthread_setspecific(at_end, b);
    return b;
}

static void *take_large(size_t size)
{
    union head *head = malloc(sizeof(*head) + size);

    if (!head) {
        ds_nomem_note();
        return NULL;
    }
    head->block = NULL;
    return head + 1;
}

static void *take(size_t size)
{
    size_t need =
        sizeof(union head) + ((size + sizeof(union head) - 1) & ~(sizeof(union head) - 1));
    union head *head;

    if (size > LARGE_BYTES)
        return take_large(size);
    if (!now || now->used + need > BLOCK_BYTES) {
        if (now)
            leave(now);
        now = next_block();
        if (!now)
            return NULL;
    }
    head = (union head *)(void *)(now->bytes + now->used);
    head->block = now;
    now->used += need;
    atomic_fetch_add_explicit(&now->users, 1, memory_order_relaxed);
    return head + 1;
}

static void give_back(void *value)
{
    union head *head;

    if (!value)
        return;
    head = (union head *)value - 1;
    if (head->block)
        leave(head->block);
    else
        free(head);
}

static void thread_ends(void *block)
{
    now = NULL;
    leave(block);
}

/* So that a checker of leaks finds none of ours at the end. */
static void release(void)
{
    if (now)
        leave(now);
    now = NULL;
    while (empty) {
        struct block *next = empty->next;

        free(empty);
        empty = next;
    }
}

void ds_json_memory_use(void)
{
    if (pthread_key_create(&at_end, thread_ends))
        return;
    json_set_alloc_funcs(take, give_back);
    atexit(release);
}
