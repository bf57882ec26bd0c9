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
 *
 * A folder is opened once, and its files are made, synced, renamed and removed
 * relative to that: whatever is put into the place of a folder meanwhile, nothing
 * is written there.  The directory that the caller names may be a symbolic link; a
 * folder in it may not, as it would lead to where nobody said that files should be.
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

#include "base/server_file.h"
#include "base/spool.h"

/* Others may look into folders, too. */
#define FOLDER_MODE		(S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH)

#define WRITE_SIZE		(64 * 1024)

/* What is remembered of the names of a set's files in memory; more goes to disk. */
#define NAMES_MEMORY	(64 * 1024)

/* A temporary file is called .training_plan.<process>.<number>.tmp */
#define TEMPORARY_PREFIX	".training_plan."
#define TEMPORARY_SUFFIX	".tmp"
#define TEMPORARY_NAME		TEMPORARY_PREFIX "%d." INT64_FORMAT TEMPORARY_SUFFIX
#define TEMPORARY_LENGTH	64

/* Beside 1 and 2, which are the users' advisory locks. */
#define DIRECTORY_LOCK	3

/* No program that is run inherits a file. */
#define OPEN_FOLDER		(O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#define OPEN_FILE		(O_NOFOLLOW | O_CLOEXEC | PG_BINARY)

typedef struct Folder
{
	const char *path;
	int			fd;				/* -1: it is not open */
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
	Folder	   *folders;		/* in the order in which they were begun: the directory, what is in it */
	Folder	   *folder;			/* the last of them */
	int64		files;
	Spool	   *records;		/* of all files, in order */

	/* the file that is open */
	int			fd;				/* -1: there is none */
	StringInfoData name;
	uint64		bytes;
	char	   *buffer;
	int			buffered;

	int			read_fd;		/* of the file that is read back; -1: there is none */
	int			sync_fd;		/* of what is being synced */
	DIR		   *entries;		/* of the folder that is being looked through; NULL: there is none */

	MemoryContextCallback clean_up;
};

/*
 * What errcode_for_file_access() says, which takes names that are too long, and
 * devices without a driver, for internal errors.
 */
static int
errcode_for_path(void)
{
	switch (errno)
	{
		case ENAMETOOLONG:
			return errcode(ERRCODE_NAME_TOO_LONG);
		case ENXIO:
		case ENODEV:
			return errcode(ERRCODE_WRONG_OBJECT_TYPE);
		default:
			return errcode_for_file_access();
	}
}

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
				(errcode_for_path(),
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
				(errcode_for_path(),
				 errmsg("could not read file \"%s\": %m", path)));
	bytes[contents.len] = '\0';
	CloseTransientFile(fd);
	return contents;
}

/* ---- what is open, and closed whatever happens ------------------------------- */

/* Open a file or folder by its name in a folder; -1 with errno if that fails. */
static int
open_in(int folder, const char *name, int flags)
{
	int			fd;

	/* it sets errno */
	if (!AcquireExternalFD())
		return -1;
	fd = openat(folder, name, flags, S_IRUSR | S_IWUSR);
	if (fd < 0)
	{
		int			error = errno;

		ReleaseExternalFD();
		errno = error;
	}
	return fd;
}

/* Close what open_in() has opened, if it is open; the result is that of close(). */
static int
close_fd(int *fd)
{
	int			result;

	if (*fd < 0)
		return 0;
	result = close(*fd);
	ReleaseExternalFD();
	*fd = -1;
	return result;
}

static void
close_entries(FileSet *set)
{
	if (set->entries == NULL)
		return;
	closedir(set->entries);
	ReleaseExternalFD();
	set->entries = NULL;
}

static void
temporary_name(char *name, int64 number)
{
	snprintf(name, TEMPORARY_LENGTH, TEMPORARY_NAME, MyProcPid, number);
}

/* The path of a file in a folder, for messages and for others. */
static char *
file_path(const Folder *folder, const char *name)
{
	return psprintf("%s/%s", folder->path, name);
}

/* Remove what is temporary, and close what is open.  Nothing here allocates or fails. */
static void
clean_up(void *arg)
{
	FileSet    *set = arg;

	close_fd(&set->fd);
	close_fd(&set->read_fd);
	close_fd(&set->sync_fd);
	close_entries(set);
	for (Folder *folder = set->folders; folder != NULL; folder = folder->next)
	{
		for (int64 i = 0; i < folder->files; i++)
		{
			char		name[TEMPORARY_LENGTH];

			temporary_name(name, folder->first + i);
			unlinkat(folder->fd, name, 0);
		}
		close_fd(&folder->fd);
	}
	set->folders = NULL;
}

/* ---- folders --------------------------------------------------------------------- */

static void
report_folder_error(const char *action, const char *path)
{
	ereport(ERROR,
			(errcode_for_path(),
			 errmsg("could not %s directory \"%s\": %m", action, path)));
}

/*
 * Make a folder unless it is there, and open it: the directory itself by its path,
 * or one in the directory by its name.
 */
static void
open_folder(Folder *folder, const Folder *directory, const char *name)
{
	int			parent = directory == NULL ? AT_FDCWD : directory->fd;
	bool		is_new = mkdirat(parent, name, FOLDER_MODE) == 0;
	struct stat status;

	if (!is_new && errno != EEXIST)
		report_folder_error("create", folder->path);
	folder->fd = open_in(parent, name, directory == NULL ? OPEN_FOLDER : OPEN_FOLDER | O_NOFOLLOW);
	if (folder->fd < 0)
	{
		int			error = errno;

		if (directory != NULL && fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISLNK(status.st_mode))
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("\"%s\" is a symbolic link, not a directory", folder->path),
					 errhint("Remove it, or write into another directory.")));
		errno = error;
		report_folder_error("open", folder->path);
	}

	/* whatever the server's umask */
	if (is_new && fchmod(folder->fd, FOLDER_MODE) != 0)
		report_folder_error("create", folder->path);
}

/*
 * Nobody else writes files into a directory at the same time, by whatever path; held
 * until the transaction ends, so that the files are never those of two plans.
 */
static void
lock_directory(const Folder *directory)
{
	struct stat status;
	uint64		identity[2];
	uint64		hash;
	LOCKTAG		tag;

	if (fstat(directory->fd, &status) != 0)
		report_folder_error("open", directory->path);
	identity[0] = status.st_dev;
	identity[1] = status.st_ino;
	hash = DatumGetUInt64(hash_any_extended((const unsigned char *) identity, sizeof(identity), 0));
	SET_LOCKTAG_ADVISORY(tag, InvalidOid, (uint32) (hash >> 32), (uint32) hash, DIRECTORY_LOCK);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/* Begin to look through a folder. */
static void
begin_entries(FileSet *set, const Folder *folder)
{
	int			fd = open_in(folder->fd, ".", OPEN_FOLDER);

	set->entries = fd < 0 ? NULL : fdopendir(fd);
	if (set->entries == NULL)
	{
		int			error = errno;

		close_fd(&fd);
		errno = error;
		report_folder_error("open", folder->path);
	}
}

/* The name of the next entry; NULL, and nothing is open any more, after the last. */
static const char *
next_entry(FileSet *set, const Folder *folder)
{
	struct dirent *entry;

	CHECK_FOR_INTERRUPTS();
	errno = 0;
	entry = readdir(set->entries);
	if (entry != NULL)
		return entry->d_name;
	if (errno != 0)
		report_folder_error("read", folder->path);
	close_entries(set);
	return NULL;
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
remove_abandoned_files(FileSet *set, const Folder *folder)
{
	const char *name;

	begin_entries(set, folder);
	while ((name = next_entry(set, folder)) != NULL)
	{
		if (is_abandoned(name))
			unlinkat(folder->fd, name, 0);
	}
}

/* Open a folder of the set, which is made if it is not there; the first is the directory itself. */
static void
begin_folder(FileSet *set, const char *name)
{
	Folder	   *folder = palloc0(sizeof(Folder));

	folder->path = set->folders == NULL ? pstrdup(name) : file_path(set->folders, name);
	folder->fd = -1;
	folder->first = set->files;
	open_folder(folder, set->folders, name);
	if (set->folders == NULL)
		set->folders = folder;
	else
		set->folder->next = folder;
	set->folder = folder;

	if (folder == set->folders)
		lock_directory(folder);
	remove_abandoned_files(set, folder);
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
	set->fd = -1;
	set->read_fd = -1;
	set->sync_fd = -1;
	set->records = spool_create(NAMES_MEMORY);
	set->buffer = palloc(WRITE_SIZE);
	initStringInfo(&set->name);
	set->clean_up.func = clean_up;
	set->clean_up.arg = set;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &set->clean_up);

	begin_folder(set, directory);
	return set;
}

/* The files that follow go into a folder of the directory. */
void
file_set_begin_folder(FileSet *set, const char *name)
{
	MemoryContext caller = MemoryContextSwitchTo(set->context);

	begin_folder(set, name);
	MemoryContextSwitchTo(caller);
}

/* ---- files ----------------------------------------------------------------------- */

static void
report_write_error(const FileSet *set)
{
	ereport(ERROR,
			(errcode_for_path(),
			 errmsg("could not write file \"%s/%s\": %m", set->folder->path, set->name.data)));
}

/* Begin a file. */
void
file_set_open(FileSet *set, const char *name)
{
	char		temporary[TEMPORARY_LENGTH];

	temporary_name(temporary, set->files);
	resetStringInfo(&set->name);
	appendStringInfoString(&set->name, name);
	set->bytes = 0;
	set->buffered = 0;

	/* from here on there is something to remove */
	set->folder->files++;
	set->files++;
	set->fd = open_in(set->folder->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | OPEN_FILE);
	if (set->fd < 0 || fchmod(set->fd, SERVER_FILE_MODE) != 0)
		report_write_error(set);
}

/* Where the file that was opened last is, for others to write it; in the current memory context. */
const char *
file_set_path(const FileSet *set)
{
	char		temporary[TEMPORARY_LENGTH];

	temporary_name(temporary, set->files - 1);
	return file_path(set->folder, temporary);
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
	if (close_fd(&set->fd) != 0)
		report_write_error(set);

	initStringInfo(&line);
	appendBinaryStringInfo(&line, (const char *) &record, sizeof(record));
	appendBinaryStringInfo(&line, set->name.data, set->name.len + 1);
	spool_put(set->records, &line);
	pfree(line.data);
}

/* Open the file that was closed last for reading, until the set is published. */
int
file_set_read_back(FileSet *set)
{
	char		temporary[TEMPORARY_LENGTH];

	Assert(set->read_fd < 0);
	temporary_name(temporary, set->files - 1);
	set->read_fd = open_in(set->folder->fd, temporary, O_RDONLY | OPEN_FILE);
	if (set->read_fd < 0)
		ereport(ERROR,
				(errcode_for_path(),
				 errmsg("could not open file \"%s\" for reading: %m",
						file_path(set->folder, temporary))));
	return set->read_fd;
}

static void
sync_files(FileSet *set, const Folder *folder)
{
	for (int64 i = 0; i < folder->files; i++)
	{
		char		temporary[TEMPORARY_LENGTH];

		CHECK_FOR_INTERRUPTS();
		temporary_name(temporary, folder->first + i);
		set->sync_fd = open_in(folder->fd, temporary, O_RDWR | OPEN_FILE);
		if (set->sync_fd < 0)
			ereport(ERROR,
					(errcode_for_path(),
					 errmsg("could not open file \"%s\": %m", file_path(folder, temporary))));
		if (pg_fsync(set->sync_fd) != 0 || close_fd(&set->sync_fd) != 0)
			ereport(ERROR,
					(errcode_for_path(),
					 errmsg("could not fsync file \"%s\": %m", file_path(folder, temporary))));
	}
}

/* Sync an open folder, where folders can be synced. */
static void
sync_folder(int fd, const char *path)
{
	if (pg_fsync(fd) != 0 && errno != EBADF && errno != EINVAL)
		report_folder_error("fsync", path);
}

/* Sync what the directory is in, if the server may look into that. */
static void
sync_parent(FileSet *set)
{
	const Folder *directory = set->folders;
	char	   *parent = file_path(directory, "..");

	set->sync_fd = open_in(directory->fd, "..", OPEN_FOLDER);
	if (set->sync_fd < 0 && errno != EACCES)
		report_folder_error("open", parent);
	if (set->sync_fd >= 0)
		sync_folder(set->sync_fd, parent);
	close_fd(&set->sync_fd);
}

static void
rename_files(FileSet *set, const Folder *folder, PublishedCallback callback, void *arg)
{
	for (int64 i = 0; i < folder->files; i++)
	{
		char		temporary[TEMPORARY_LENGTH];
		Slice		record;
		FileRecord	file;
		const char *name;

		CHECK_FOR_INTERRUPTS();
		if (!spool_get(set->records, &record))
			elog(ERROR, "a file of the set has no name");
		memcpy(&file, record.data, sizeof(file));
		name = record.data + sizeof(file);
		temporary_name(temporary, folder->first + i);
		if (renameat(folder->fd, temporary, folder->fd, name) != 0)
			ereport(ERROR,
					(errcode_for_path(),
					 errmsg("could not rename file \"%s\" to \"%s\": %m",
							file_path(folder, temporary), file_path(folder, name))));
		if (callback != NULL)
		{
			char	   *path = file_path(folder, name);

			callback(arg, path, file.bytes);
			pfree(path);
		}
	}
}

/* Say so if a folder holds what the set did not put there: somebody may take it for the set's. */
static void
warn_of_other_files(FileSet *set, const Folder *folder)
{
	int64		others = -folder->files;
	const char *name;

	begin_entries(set, folder);
	while ((name = next_entry(set, folder)) != NULL)
	{
		if (name[0] != '.')
			others++;
	}
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
	for (Folder *folder = set->folders; folder != NULL; folder = folder->next)
		sync_files(set, folder);

	spool_rewind(set->records);
	for (Folder *folder = set->folders; folder != NULL; folder = folder->next)
		rename_files(set, folder, callback, arg);

	for (Folder *folder = set->folders; folder != NULL; folder = folder->next)
		sync_folder(folder->fd, folder->path);
	sync_parent(set);
	spool_close(set->records);

	for (Folder *folder = set->folders; folder != NULL; folder = folder->next)
	{
		/* the directory itself may be anybody's */
		if (folder != set->folders)
			warn_of_other_files(set, folder);
		/* nothing is temporary any more */
		folder->files = 0;
	}
	clean_up(set);
}
