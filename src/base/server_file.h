/*
 * server_file.h
 *		Files on the server: read whole, or written so that nobody ever sees
 *		half of one.
 */
#ifndef TRAINPLAN_SERVER_FILE_H
#define TRAINPLAN_SERVER_FILE_H

#include <sys/stat.h>

#include "base/slice.h"

/* As COPY makes files: others may read them. */
#define SERVER_FILE_MODE	(S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH)

extern void check_may_read_server_files(void);
extern void check_may_write_server_files(void);
extern char *absolute_path(const char *path);

extern Slice read_server_file(const char *path);

/* Files that are written together. */
typedef struct FileSet FileSet;

typedef void (*PublishedCallback) (void *arg, const char *path, uint64 bytes);

extern FileSet *file_set_begin(const char *directory);
extern void file_set_begin_folder(FileSet *set, const char *name);
extern void file_set_open(FileSet *set, const char *name);
extern const char *file_set_path(const FileSet *set);
extern void file_set_write(FileSet *set, Slice bytes);
extern void file_set_close(FileSet *set);
extern int	file_set_read_back(FileSet *set);
extern void file_set_publish(FileSet *set, PublishedCallback callback, void *arg);

#endif							/* TRAINPLAN_SERVER_FILE_H */
