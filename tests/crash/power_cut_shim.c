// SPDX-License-Identifier: Apache-2.0
//
// Records what a process does to the files below one folder, in order and with data, so that power_cut.py can show what
// a disk may hold after a power cut. Preloaded into the real program:
//
//   POWER_CUT_ROOT=/folder POWER_CUT_LOG=/log LD_PRELOAD=libpower_cut_shim.so outfall run ...
//
// With POWER_CUT_DIE_BEHIND=n the process is killed right behind the n-th recorded operation.
//
// A record is the struct below, two paths and data. Each change is made and recorded under one lock, so the log has the
// order of the disk. A sync is recorded when it begins and when it has succeeded: what was written before the begin is
// durable from the end on. What this file cannot follow is recorded as `unseen`, and the test fails.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum operation {
  op_create = 1,
  op_found = 2,
  op_write = 3,
  op_truncate = 4,
  op_extend = 5,
  op_sync_begin = 6,
  op_sync_end = 7,
  op_mkdir = 8,
  op_rmdir = 9,
  op_unlink = 10,
  op_rename = 11,
  op_unseen = 12,
};

struct record {
  uint32_t operation;
  uint32_t path_bytes;
  uint32_t other_bytes;
  uint32_t unused;
  uint64_t inode;
  uint64_t offset;  // of a write; the new size of a truncate or extend; the number of a sync
  uint64_t data_bytes;
};

enum { inodes_max = 65536, path_max = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[path_max];
static size_t root_bytes;
static int log_descriptor = -1;
static uint64_t syncs;
static uint64_t operations_left;  // until the process dies; 0: it lives
// Inodes below the root, as an open hash. 0 is free; a removed one stays as 1, so that probing goes on behind it.
static uint64_t known[inodes_max];
static dev_t device;

#define REAL(name)               \
  static __typeof__(name)* real; \
  if (real == NULL) real = __extension__(__typeof__(name)*) dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char* folder = getenv("POWER_CUT_ROOT");
  const char* log = getenv("POWER_CUT_LOG");
  if (folder == NULL || log == NULL) return;
  snprintf(root, sizeof root, "%s/", folder);
  root_bytes = strlen(root);
  struct stat found;
  if (stat(folder, &found) == 0) device = found.st_dev;
  const char* die_behind = getenv("POWER_CUT_DIE_BEHIND");
  if (die_behind != NULL) operations_left = strtoull(die_behind, NULL, 10);
  log_descriptor = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

static void put(struct iovec* parts, int count) {
  while (count > 0) {
    long written = syscall(SYS_writev, log_descriptor, parts, count);
    if (written < 0) abort();  // a log with a hole proves nothing
    while (count > 0 && (size_t)written >= parts->iov_len) {
      written -= (long)parts->iov_len;
      ++parts;
      --count;
    }
    if (count > 0) {
      parts->iov_base = (char*)parts->iov_base + written;
      parts->iov_len -= (size_t)written;
    }
  }
}

static void note(enum operation operation, uint64_t inode, uint64_t offset, const char* path, const char* other,
                 const void* data, size_t data_bytes) {
  struct record head = {operation, (uint32_t)strlen(path), (uint32_t)strlen(other), 0, inode, offset, data_bytes};
  struct iovec parts[] = {{&head, sizeof head},
                          {(void*)path, head.path_bytes},
                          {(void*)other, head.other_bytes},
                          {(void*)data, data_bytes}};
  put(parts, 4);
  if (operations_left > 0 && --operations_left == 0) kill(getpid(), SIGKILL);
}

static int below_root(const char* path) {
  if (log_descriptor < 0) return 0;
  const size_t bytes = strlen(path);
  // SQLite's shared memory is made anew after a crash; it is never durable.
  if (bytes > 4 && strcmp(path + bytes - 4, "-shm") == 0) return 0;
  return strncmp(path, root, root_bytes) == 0 || (bytes + 1 == root_bytes && strncmp(path, root, bytes) == 0);
}

// The path from the root of the file system, or NULL if it is none of ours.
static const char* ours(int folder, const char* path, char* full) {
  if (log_descriptor < 0 || path == NULL) return NULL;
  if (path[0] == '/') {
    snprintf(full, path_max, "%s", path);
  } else {
    char base[path_max];
    if (folder == AT_FDCWD) {
      if (getcwd(base, sizeof base) == NULL) return NULL;
    } else {
      char link[64];
      snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
      const ssize_t bytes = readlink(link, base, sizeof base - 1);
      if (bytes < 0) return NULL;
      base[bytes] = 0;
    }
    if (snprintf(full, path_max, "%s/%s", base, path) >= path_max) return NULL;
  }
  return below_root(full) ? full : NULL;
}

static size_t slot_of(uint64_t inode) {
  size_t slot = (inode * 0x9E3779B97F4A7C15u) % inodes_max;
  for (int i = 0; i < inodes_max && known[slot] != 0 && known[slot] != inode; ++i) slot = (slot + 1) % inodes_max;
  return slot;
}

static int regular(const struct stat* found) {
  return S_ISREG(found->st_mode) && found->st_dev == device;
}

// The inode behind a descriptor if it is a file below the root, else 0. A file met for the first time is announced.
static uint64_t followed(int descriptor) {
  if (log_descriptor < 0 || descriptor == log_descriptor) return 0;
  struct stat found;
  if (fstat(descriptor, &found) != 0 || !regular(&found)) return 0;
  const size_t slot = slot_of(found.st_ino);
  if (known[slot] == found.st_ino) return found.st_ino;
  char link[64];
  char path[path_max];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t bytes = readlink(link, path, sizeof path - 1);
  if (bytes < 0 || found.st_nlink == 0) return 0;
  path[bytes] = 0;
  if (!below_root(path)) return 0;
  known[slot] = found.st_ino;
  note(op_found, found.st_ino, 0, path, "", NULL, 0);
  return found.st_ino;
}

static void forget(const struct stat* found) {
  const size_t slot = slot_of(found->st_ino);
  if (found->st_nlink <= 1 && known[slot] == found->st_ino) known[slot] = 1;
}

static void unseen(const char* what, int descriptor) {
  pthread_mutex_lock(&lock);
  if (followed(descriptor) != 0) note(op_unseen, 0, 0, what, "", NULL, 0);
  pthread_mutex_unlock(&lock);
}

static int open_and_note(int folder, const char* path, int flags, mode_t mode) {
  char full[path_max];
  const char* mine = ours(folder, path, full);
  if (mine == NULL || (flags & (O_CREAT | O_TRUNC)) == 0) {
    return (int)syscall(SYS_openat, folder, path, flags | O_LARGEFILE, mode);
  }
  pthread_mutex_lock(&lock);
  struct stat found;
  const int existed = stat(mine, &found) == 0;
  const int descriptor = (int)syscall(SYS_openat, folder, path, flags | O_LARGEFILE, mode);
  const int error = errno;
  if (descriptor >= 0 && !existed && fstat(descriptor, &found) == 0) {
    known[slot_of(found.st_ino)] = found.st_ino;
    note(op_create, found.st_ino, 0, mine, "", NULL, 0);
  } else if (descriptor >= 0 && (flags & O_TRUNC) != 0 && followed(descriptor) != 0) {
    note(op_truncate, found.st_ino, 0, "", "", NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return descriptor;
}

#define OPEN_MODE(flags)                     \
  mode_t mode = 0;                           \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {   \
    va_list rest;                            \
    va_start(rest, flags);                   \
    mode = (mode_t)va_arg(rest, unsigned);   \
    va_end(rest);                            \
  }

int open(const char* path, int flags, ...) {
  OPEN_MODE(flags)
  return open_and_note(AT_FDCWD, path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  OPEN_MODE(flags)
  return open_and_note(AT_FDCWD, path, flags, mode);
}
int openat(int folder, const char* path, int flags, ...) {
  OPEN_MODE(flags)
  return open_and_note(folder, path, flags, mode);
}
int openat64(int folder, const char* path, int flags, ...) {
  OPEN_MODE(flags)
  return open_and_note(folder, path, flags, mode);
}
int creat(const char* path, mode_t mode) {
  return open_and_note(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

// Writes of the C library's own streams cannot be seen from here.
static void watch_stream(const char* path, const char* mode) {
  char full[path_max];
  if (ours(AT_FDCWD, path, full) == NULL || strpbrk(mode, "wa+") == NULL) return;
  pthread_mutex_lock(&lock);
  note(op_unseen, 0, 0, "fopen", full, NULL, 0);
  pthread_mutex_unlock(&lock);
}
FILE* fopen(const char* path, const char* mode) {
  REAL(fopen);
  watch_stream(path, mode);
  return real(path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  REAL(fopen64);
  watch_stream(path, mode);
  return real(path, mode);
}

ssize_t write(int descriptor, const void* data, size_t bytes) {
  pthread_mutex_lock(&lock);
  const uint64_t inode = followed(descriptor);
  const ssize_t done = syscall(SYS_write, descriptor, data, bytes);
  const int error = errno;
  if (inode != 0 && done > 0) {
    const off_t end = lseek(descriptor, 0, SEEK_CUR);
    note(op_write, inode, (uint64_t)(end - done), "", "", data, (size_t)done);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}

static ssize_t write_at(int descriptor, const void* data, size_t bytes, off_t offset) {
  pthread_mutex_lock(&lock);
  const uint64_t inode = followed(descriptor);
  const ssize_t done = syscall(SYS_pwrite64, descriptor, data, bytes, offset);
  const int error = errno;
  if (inode != 0 && done > 0) note(op_write, inode, (uint64_t)offset, "", "", data, (size_t)done);
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}
ssize_t pwrite(int descriptor, const void* data, size_t bytes, off_t offset) {
  return write_at(descriptor, data, bytes, offset);
}
ssize_t pwrite64(int descriptor, const void* data, size_t bytes, off_t offset) {
  return write_at(descriptor, data, bytes, offset);
}

// One part at a time: a kernel may do no more in one call either.
ssize_t writev(int descriptor, const struct iovec* parts, int count) {
  for (int i = 0; i < count; ++i) {
    if (parts[i].iov_len > 0) return write(descriptor, parts[i].iov_base, parts[i].iov_len);
  }
  return 0;
}
ssize_t pwritev(int descriptor, const struct iovec* parts, int count, off_t offset) {
  for (int i = 0; i < count; ++i) {
    if (parts[i].iov_len > 0) return write_at(descriptor, parts[i].iov_base, parts[i].iov_len, offset);
  }
  return 0;
}
ssize_t pwritev64(int descriptor, const struct iovec* parts, int count, off_t offset) {
  return pwritev(descriptor, parts, count, offset);
}

static int cut(int descriptor, off_t size) {
  pthread_mutex_lock(&lock);
  const uint64_t inode = followed(descriptor);
  const int done = (int)syscall(SYS_ftruncate, descriptor, size);
  const int error = errno;
  if (inode != 0 && done == 0) note(op_truncate, inode, (uint64_t)size, "", "", NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}
int ftruncate(int descriptor, off_t size) {
  return cut(descriptor, size);
}
int ftruncate64(int descriptor, off_t size) {
  return cut(descriptor, size);
}

static int allocate(int descriptor, int mode, off_t offset, off_t bytes) {
  pthread_mutex_lock(&lock);
  const uint64_t inode = followed(descriptor);
  const int done = (int)syscall(SYS_fallocate, descriptor, mode, offset, bytes);
  const int error = errno;
  if (inode != 0 && done == 0) {
    if (mode == 0) note(op_extend, inode, (uint64_t)(offset + bytes), "", "", NULL, 0);
    if (mode != 0) note(op_unseen, 0, 0, "fallocate", "", NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}
int fallocate(int descriptor, int mode, off_t offset, off_t bytes) {
  return allocate(descriptor, mode, offset, bytes);
}
int fallocate64(int descriptor, int mode, off_t offset, off_t bytes) {
  return allocate(descriptor, mode, offset, bytes);
}
int posix_fallocate(int descriptor, off_t offset, off_t bytes) {
  return allocate(descriptor, 0, offset, bytes) == 0 ? 0 : errno;
}
int posix_fallocate64(int descriptor, off_t offset, off_t bytes) {
  return allocate(descriptor, 0, offset, bytes) == 0 ? 0 : errno;
}

// A folder is known by its path, a file by its inode.
static int sync_and_note(int descriptor, long call) {
  char path[path_max] = "";
  struct stat found;
  uint64_t inode = 0;
  uint64_t number = 0;
  pthread_mutex_lock(&lock);
  int mine = 0;
  if (log_descriptor >= 0 && fstat(descriptor, &found) == 0 && S_ISDIR(found.st_mode)) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t bytes = readlink(link, path, sizeof path - 1);
    path[bytes < 0 ? 0 : bytes] = 0;
    mine = below_root(path);
  } else {
    inode = followed(descriptor);
    mine = inode != 0;
  }
  if (mine) {
    number = ++syncs;
    note(op_sync_begin, inode, number, path, "", NULL, 0);
  }
  pthread_mutex_unlock(&lock);
  const int done = (int)syscall(call, descriptor);
  const int error = errno;
  if (mine && done == 0) {
    pthread_mutex_lock(&lock);
    note(op_sync_end, inode, number, path, "", NULL, 0);
    pthread_mutex_unlock(&lock);
  }
  errno = error;
  return done;
}
int fsync(int descriptor) {
  return sync_and_note(descriptor, SYS_fsync);
}
int fdatasync(int descriptor) {
  return sync_and_note(descriptor, SYS_fdatasync);
}

static int rename_and_note(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  char full_from[path_max];
  char full_to[path_max];
  const char* mine_from = ours(from_folder, from, full_from);
  const char* mine_to = ours(to_folder, to, full_to);
  pthread_mutex_lock(&lock);
  struct stat replaced;
  const int replaces = mine_to != NULL && stat(mine_to, &replaced) == 0;
  const int done = (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
  const int error = errno;
  if (done == 0 && (mine_from != NULL || mine_to != NULL)) {
    if (mine_from != NULL && mine_to != NULL && (flags & ~(unsigned)RENAME_NOREPLACE) == 0) {
      note(op_rename, 0, 0, mine_from, mine_to, NULL, 0);
      if (replaces) forget(&replaced);
    } else {
      note(op_unseen, 0, 0, "rename", from, NULL, 0);
    }
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}
int rename(const char* from, const char* to) {
  return rename_and_note(AT_FDCWD, from, AT_FDCWD, to, 0);
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) {
  return rename_and_note(from_folder, from, to_folder, to, 0);
}
int renameat2(int from_folder, const char* from, int to_folder, const char* to, unsigned flags) {
  return rename_and_note(from_folder, from, to_folder, to, flags);
}

static int unlink_and_note(int folder, const char* path, int flags) {
  char full[path_max];
  const char* mine = ours(folder, path, full);
  pthread_mutex_lock(&lock);
  struct stat found;
  const int existed = mine != NULL && lstat(mine, &found) == 0;
  const int done = (int)syscall(SYS_unlinkat, folder, path, flags);
  const int error = errno;
  if (existed && done == 0) {
    note((flags & AT_REMOVEDIR) != 0 ? op_rmdir : op_unlink, 0, 0, mine, "", NULL, 0);
    forget(&found);
  }
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}
int unlink(const char* path) {
  return unlink_and_note(AT_FDCWD, path, 0);
}
int unlinkat(int folder, const char* path, int flags) {
  return unlink_and_note(folder, path, flags);
}
int rmdir(const char* path) {
  return unlink_and_note(AT_FDCWD, path, AT_REMOVEDIR);
}
int remove(const char* path) {
  struct stat found;
  const int folder = lstat(path, &found) == 0 && S_ISDIR(found.st_mode);
  return unlink_and_note(AT_FDCWD, path, folder ? AT_REMOVEDIR : 0);
}

static int mkdir_and_note(int folder, const char* path, mode_t mode) {
  char full[path_max];
  const char* mine = ours(folder, path, full);
  pthread_mutex_lock(&lock);
  const int done = (int)syscall(SYS_mkdirat, folder, path, mode);
  const int error = errno;
  if (mine != NULL && done == 0) note(op_mkdir, 0, 0, mine, "", NULL, 0);
  pthread_mutex_unlock(&lock);
  errno = error;
  return done;
}
int mkdir(const char* path, mode_t mode) {
  return mkdir_and_note(AT_FDCWD, path, mode);
}
int mkdirat(int folder, const char* path, mode_t mode) {
  return mkdir_and_note(folder, path, mode);
}

// What follows is not used for durable data today; a first use shows up as a failure of the test.
int link(const char* from, const char* to) {
  REAL(link);
  char full[path_max];
  if (ours(AT_FDCWD, to, full) != NULL) {
    pthread_mutex_lock(&lock);
    note(op_unseen, 0, 0, "link", full, NULL, 0);
    pthread_mutex_unlock(&lock);
  }
  return real(from, to);
}

static void watch_mapping(int protection, int flags, int descriptor) {
  if (descriptor >= 0 && (flags & MAP_SHARED) != 0 && (protection & PROT_WRITE) != 0) unseen("mmap", descriptor);
}
void* mmap(void* address, size_t bytes, int protection, int flags, int descriptor, off_t offset) {
  watch_mapping(protection, flags, descriptor);
  return (void*)syscall(SYS_mmap, address, bytes, protection, flags, descriptor, offset);
}
void* mmap64(void* address, size_t bytes, int protection, int flags, int descriptor, off_t offset) {
  watch_mapping(protection, flags, descriptor);
  return (void*)syscall(SYS_mmap, address, bytes, protection, flags, descriptor, offset);
}

ssize_t copy_file_range(int from, off64_t* from_offset, int to, off64_t* to_offset, size_t bytes, unsigned flags) {
  unseen("copy_file_range", to);
  return syscall(SYS_copy_file_range, from, from_offset, to, to_offset, bytes, flags);
}
ssize_t sendfile(int to, int from, off_t* offset, size_t bytes) {
  unseen("sendfile", to);
  return syscall(SYS_sendfile, to, from, offset, bytes);
}
ssize_t sendfile64(int to, int from, off64_t* offset, size_t bytes) {
  unseen("sendfile", to);
  return syscall(SYS_sendfile, to, from, offset, bytes);
}
