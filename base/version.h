/*
 * version.h - the version of this program, as the Makefile names it
 */
#ifndef DS_BASE_VERSION_H
#define DS_BASE_VERSION_H

#ifndef DS_VERSION
#define DS_VERSION "0.1.0"
#endif

#endif
