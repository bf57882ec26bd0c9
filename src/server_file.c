/*
 * server_file.c
 *		Files on the server: read whole, or written so that nobody ever sees
 *		half of one.
 *
 * Files that belong together are a set.  Each is written under a temporary name
 * beside its place; when all are written they are synced, and then renamed one
 * after the other.  A reader, or a crash at any moment, finds each of them as it
 * was or as it is to be.  The kernel is asked to write each file out as soon as
 * it is complete, so that syncing them, all together, waits for little.
 *
 * A set that is not published removes its temporary files when its memory
 * context ends, whatever ends it.
 */
#include "postgres.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/pg_authid.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/memutils.h"

#include "server_file.h"
#include "spool.h"

/* Others may look into folders, too. */
#define FOLDER_MODE		(S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH)

#define WRITE_SIZE		(64 * 1024)

/* What is remembered of the names of a set's files in memory; more goes to disk. */
#define NAMES_MEMORY	(64 * 1024)

/* A temporary file is called .training_plan.<process>.<number>.tmp */
#define TEMPORARY_PREFIX	".training_plan."
#define TEMPORARY_SUFFIX	".tmp"
#define TEMPORARY_PATH		"%s/" TEMPORARY_PREFIX "%d." INT64_FORMAT TEMPORARY_SUFFIX

/* Beside 1 and 2, which are the users' advisory locks. */
#define DIRECTORY_LOCK	3

typedef struct Folder
{
	const char *path;
	int64		first;			/* number of its first file */
	int64		files;
	struct Folder *next;
} Folder;

/* What is remembered of a file until it is published; its name follows. */
typedef struct FileRecord
{
	uint64		bytes;
} FileRecord;

struct FileSet
{
	MemoryContext context;
	const char *directory;
	Folder	   *folders;		/* in the order in which they were begun */
	Folder	   *folder;			/* the last of them */
	int64		files;
	Spool	   *records;		/* of all files, in order */

	/* the file that is open */
	int			fd;
	StringInfoData name;
	uint64		bytes;
	char	   *buffer;
	int			buffered;

	MemoryContextCallback clean_up;
};

static void
check_role(Oid role, const char *action, const char *role_name)
{
	if (!has_privs_of_role(GetUserId(), role))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to %s server files", action),
				 errdetail("Only roles with privileges of the \"%s\" role may do that.", role_name)));
}

void
check_may_read_server_files(void)
{
	check_role(ROLE_PG_READ_SERVER_FILES, "read", "pg_read_server_files");
}

void
check_may_write_server_files(void)
{
	check_role(ROLE_PG_WRITE_SERVER_FILES, "write", "pg_write_server_files");
}

/* A path in its shortest form, in the current memory context; a relative one is an error. */
char *
absolute_path(const char *path)
{
	char	   *canonical = pstrdup(path);

	if (!is_absolute_path(path))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("path \"%s\" is not absolute", path),
				 errhint("Files are the server's; give a path that begins at its root.")));
	canonicalize_path(canonical);
	return canonical;
}

/*
 * A file's bytes, in the current memory context.  What is not a regular file, or
 * has 1 GB or more, is an error.
 */
Slice
read_server_file(const char *path)
{
	int			fd = OpenTransientFile(path, O_RDONLY | O_NONBLOCK | PG_BINARY);
	struct stat status;
	char	   *bytes;
	Slice		contents;
	ssize_t		got = 0;

	if (fd < 0 || fstat(fd, &status) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\" for reading: %m", path)));
	if (!S_ISREG(status.st_mode))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a regular file", path)));
	if (status.st_size >= MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("file \"%s\" is too large", path),
				 errdetail("It has 1 GB or more.")));

	bytes = palloc(status.st_size + 1);
	contents.data = bytes;
	contents.len = 0;
	while (contents.len < status.st_size &&
		   (got = read(fd, bytes + contents.len, Min(status.st_size - contents.len, 1024 * 1024))) > 0)
	{
		CHECK_FOR_INTERRUPTS();
		contents.len += got;
	}
	if (got < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read file \"%s\": %m", path)));
	bytes[contents.len] = '\0';
	CloseTransientFile(fd);
	return contents;
}

static char *
temporary_path(const Folder *folder, int64 number)
{
	return psprintf(TEMPORARY_PATH, folder->path, MyProcPid, number);
}

static void
remove_temporary_files(void *arg)
{
	FileSet    *set = arg;

	for (Folder *folder = set->folders; folder != NULL; folder = folder->next)
	{
		for (int64 i = 0; i < folder->files; i++)
		{
			char		path[PATH_MAX];

			/* no allocation here: the memory context is about to go */
			snprintf(path, sizeof(path), TEMPORARY_PATH, folder->path, MyProcPid, folder->first + i);
			unlink(path);
		}
	}
}

/*
 * Nobody else writes files into a directory at the same time; held until the
 * transaction ends, so that the files are never those of two plans.
 */
static void
lock_directory(const char *directory)
{
	uint64		hash = DatumGetUInt64(hash_any_extended((const unsigned char *) directory,
														strlen(directory), 0));
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, InvalidOid, (uint32) (hash >> 32), (uint32) hash, DIRECTORY_LOCK);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

static void
make_folder(const char *path)
{
	if (mkdir(path, FOLDER_MODE) == 0)
	{
		/* whatever the server's umask */
		if (chmod(path, FOLDER_MODE) == 0)
			return;
	}
	else if (errno == EEXIST)
		return;
	ereport(ERROR,
			(errcode_for_file_access(),
			 errmsg("could not create directory \"%s\": %m", path)));
}

/*
 * Has the process that a temporary file is called after ended, so that nobody
 * wants the file?  One that is called after this process was left by another that
 * had its number.
 */
static bool
is_abandoned(const char *name)
{
	int			length = strlen(name);
	int			process;

	if (strncmp(name, TEMPORARY_PREFIX, strlen(TEMPORARY_PREFIX)) != 0 ||
		length < strlen(TEMPORARY_SUFFIX) ||
		strcmp(name + length - strlen(TEMPORARY_SUFFIX), TEMPORARY_SUFFIX) != 0)
		return false;
	process = atoi(name + strlen(TEMPORARY_PREFIX));
	return process == MyProcPid || (process > 0 && kill(process, 0) != 0 && errno == ESRCH);
}

/* What a crash left behind in a folder goes. */
static void
remove_abandoned_files(const char *path)
{
	DIR		   *folder = AllocateDir(path);
	struct dirent *entry;

	while ((entry = ReadDir(folder, path)) != NULL)
	{
		if (is_abandoned(entry->d_name))
			unlink(psprintf("%s/%s", path, entry->d_name));
	}
	FreeDir(folder);
}

static void
begin_folder(FileSet *set, char *path)
{
	Folder	   *folder;

	make_folder(path);
	remove_abandoned_files(path);

	folder = palloc0(sizeof(Folder));
	folder->path = path;
	folder->first = set->files;
	if (set->folders == NULL)
		set->folders = folder;
	else
		set->folder->next = folder;
	set->folder = folder;
}

/*
 * Begin a set in a directory, which is made if its parent exists.  The set lives
 * in the current memory context.
 */
FileSet *
file_set_begin(const char *directory)
{
	FileSet    *set = palloc0(sizeof(FileSet));

	set->context = CurrentMemoryContext;
	set->directory = directory;
	set->fd = -1;
	set->records = spool_create(NAMES_MEMORY);
	set->buffer = palloc(WRITE_SIZE);
	initStringInfo(&set->name);
	set->clean_up.func = remove_temporary_files;
	set->clean_up.arg = set;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &set->clean_up);

	lock_directory(directory);
	begin_folder(set, pstrdup(directory));
	return set;
}

/* The files that follow go into a folder of the directory. */
void
file_set_begin_folder(FileSet *set, const char *name)
{
	MemoryContext caller = MemoryContextSwitchTo(set->context);

	begin_folder(set, psprintf("%s/%s", set->directory, name));
	MemoryContextSwitchTo(caller);
}

static void
report_write_error(const FileSet *set)
{
	ereport(ERROR,
			(errcode_for_file_access(),
			 errmsg("could not write file \"%s/%s\": %m", set->folder->path, set->name.data)));
}

/* Begin a file. */
void
file_set_open(FileSet *set, const char *name)
{
	char	   *path = temporary_path(set->folder, set->files);

	resetStringInfo(&set->name);
	appendStringInfoString(&set->name, name);
	set->bytes = 0;
	set->buffered = 0;

	/* from here on there is something to remove */
	set->folder->files++;
	set->files++;
	set->fd = OpenTransientFile(path, O_WRONLY | O_CREAT | O_EXCL | PG_BINARY);
	if (set->fd < 0 || fchmod(set->fd, SERVER_FILE_MODE) != 0)
		report_write_error(set);
	pfree(path);
}

/* Where the file that was opened last is, for others to write it; in the current memory context. */
const char *
file_set_path(const FileSet *set)
{
	return temporary_path(set->folder, set->files - 1);
}

static void
flush_buffer(FileSet *set)
{
	int			written = 0;

	CHECK_FOR_INTERRUPTS();

	while (written < set->buffered)
	{
		ssize_t		result;

		errno = 0;
		result = write(set->fd, set->buffer + written, set->buffered - written);
		if (result < 0 && errno == EINTR)
			continue;
		if (result <= 0)
		{
			if (errno == 0)
				errno = ENOSPC;
			report_write_error(set);
		}
		written += result;
	}
	set->buffered = 0;
}

/* Append to the file that is open. */
void
file_set_write(FileSet *set, Slice bytes)
{
	set->bytes += bytes.len;
	while (bytes.len > 0)
	{
		int			fits = Min(bytes.len, WRITE_SIZE - set->buffered);

		memcpy(set->buffer + set->buffered, bytes.data, fits);
		set->buffered += fits;
		bytes.data += fits;
		bytes.len -= fits;
		if (set->buffered == WRITE_SIZE)
			flush_buffer(set);
	}
}

/* The file that is open is complete. */
void
file_set_close(FileSet *set)
{
	FileRecord	record = {set->bytes};
	StringInfoData line;

	flush_buffer(set);

	/* only to begin with it: errors are for the sync to find */
#ifdef HAVE_SYNC_FILE_RANGE
	if (enableFsync)
		(void) sync_file_range(set->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
#endif
	if (CloseTransientFile(set->fd) != 0)
		report_write_error(set);
	set->fd = -1;

	initStringInfo(&line);
	appendBinaryStringInfo(&line, (const char *) &record, sizeof(record));
	appendBinaryStringInfo(&line, set->name.data, set->name.len + 1);
	spool_put(set->records, &line);
	pfree(line.data);
}

/* Open the file that was closed last for reading; CloseTransientFile() closes it. */
int
file_set_read_back(const FileSet *set)
{
	char	   *path = temporary_path(set->folder, set->files - 1);
	int			fd = OpenTransientFile(path, O_RDONLY | PG_BINARY);

	if (fd < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\" for reading: %m", path)));
	pfree(path);
	return fd;
}

static void
sync_files(const Folder *folder)
{
	for (int64 i = 0; i < folder->files; i++)
	{
		char	   *path = temporary_path(folder, folder->first + i);

		CHECK_FOR_INTERRUPTS();
		fsync_fname_ext(path, false, false, ERROR);
		pfree(path);
	}
}

static void
rename_files(FileSet *set, const Folder *folder, PublishedCallback callback, void *arg)
{
	for (int64 i = 0; i < folder->files; i++)
	{
		char	   *temporary = temporary_path(folder, folder->first + i);
		Slice		record;
		FileRecord	file;
		char	   *path;

		CHECK_FOR_INTERRUPTS();
		if (!spool_get(set->records, &record))
			elog(ERROR, "a file of the set has no name");
		memcpy(&file, record.data, sizeof(file));
		path = psprintf("%s/%s", folder->path, record.data + sizeof(file));
		if (rename(temporary, path) != 0)
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not rename file \"%s\" to \"%s\": %m", temporary, path)));
		if (callback != NULL)
			callback(arg, path, file.bytes);
		pfree(temporary);
		pfree(path);
	}
}

/* Say so if a folder holds what the set did not put there: somebody may take it for the set's. */
static void
warn_of_other_files(const Folder *folder)
{
	DIR		   *entries = AllocateDir(folder->path);
	struct dirent *entry;
	int64		others = -folder->files;

	while ((entry = ReadDir(entries, folder->path)) != NULL)
	{
		if (entry->d_name[0] != '.')
			others++;
	}
	FreeDir(entries);
	if (others > 0)
		ereport(WARNING,
				(errmsg_plural("directory \"%s\" has %lld file that is not of this plan",
							   "directory \"%s\" has %lld files that are not of this plan",
							   others, folder->path, (long long) others),
				 errhint("A plan that was written there before may have left it; "
						 "remove what is not wanted, or write into a new directory.")));
}

/*
 * Put all files into their places, and tell the callback of each, if there is one.
 * An error, or a cancel, may come when some are in their places and some are not;
 * each is whole.  A warning says which folders of the directory hold other files,
 * too.
 */
void
file_set_publish(FileSet *set, PublishedCallback callback, void *arg)
{
	char	   *parent = pstrdup(set->directory);

	for (Folder *folder = set->folders; folder != NULL; folder = folder->next)
		sync_files(folder);

	spool_rewind(set->records);
	for (Folder *folder = set->folders; folder != NULL; folder = folder->next)
		rename_files(set, folder, callback, arg);

	for (Folder *folder = set->folders; folder != NULL; folder = folder->next)
		fsync_fname_ext(folder->path, true, false, ERROR);
	get_parent_directory(parent);
	fsync_fname_ext(parent, true, true, ERROR);
	spool_close(set->records);

	for (Folder *folder = set->folders->next; folder != NULL; folder = folder->next)
		warn_of_other_files(folder);

	/* nothing is temporary any more */
	set->folders = NULL;
}
