/*
 * json_memory.h - memory for JSON values, which come and go by the page
 *
 * A page of a listing is tens of thousands of small values that are made together and freed together.
 * They are cut from blocks, one behind the other, and a block is used again when its last value is gone.
 * Each thread cuts from a block of its own; a value may be freed by another thread than made it.
 */
#ifndef DS_BASE_JSON_MEMORY_H
#define DS_BASE_JSON_MEMORY_H

/* Makes jansson take its memory from here. Before the first value is made. */
void ds_json_memory_use(void);

#endif
