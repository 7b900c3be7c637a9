/* Preloaded into a program: fails, or ends the process, at the n-th call that makes files below a folder last.
 *
 * faults_arm(folder, log, which, how, n) starts the count, in this process only:
 *   which  "sync": fsync, fdatasync, rename, renameat, unlink, rmdir; "write": those and pwrite, write, ftruncate
 *   how    "count" does nothing; "kill_before" and "kill_after" end the process around the n-th call;
 *          "eio" fails the n-th call, as a bad sector does; "enospc" the n-th and all that follow, as a full disk does
 * Each counted call is a line of the log: its number, its name, the path.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static char folder[PATH_MAX];
static char how[16];
static int writes_too, log_fd = -1;
static long at;
static pid_t armed; /* forked workers are left alone */
static atomic_long calls;

void faults_arm(const char *where, const char *log, const char *which, const char *what, long n) {
  snprintf(folder, sizeof folder, "%s/", where);
  snprintf(how, sizeof how, "%s", what);
  writes_too = !strcmp(which, "write");
  log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  at = n;
  calls = 0;
  armed = getpid();
}

/* Whether the real call is to be made; after it `done` must be called. */
static int begin(const char *name, const char *path, long *number) {
  *number = 0;
  if (armed != getpid() || strncmp(path, folder, strlen(folder))) return 1;
  *number = atomic_fetch_add(&calls, 1) + 1;
  char line[PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%ld %s %s\n", *number, name, path);
  syscall(SYS_write, log_fd, line, length); /* not our own write */
  if (*number == at && !strcmp(how, "kill_before")) kill(armed, SIGKILL);
  if (*number == at && !strcmp(how, "eio")) return errno = EIO, 0;
  int frees = !strcmp(name, "unlink") || !strcmp(name, "rmdir"); /* a full disk still lets go of files */
  if (*number >= at && !strcmp(how, "enospc") && !frees) return errno = ENOSPC, 0;
  return 1;
}

static void done(long number) {
  int before = errno;
  if (number && number == at && !strcmp(how, "kill_after")) kill(armed, SIGKILL);
  errno = before;
}

static const char *path_of(int handle, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
  ssize_t length = readlink(link, path, PATH_MAX - 2);
  path[length < 0 ? 0 : length] = 0;
  if (length > 0) strcat(path, "/"); /* so that the folder itself lies in the folder, too */
  return path;
}

#define REAL(result, name, ...)                                       \
  static result (*real)(__VA_ARGS__);                                 \
  if (!real) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name);

#define ON_HANDLE(kind, result, name, parameters, arguments, ...)     \
  result name parameters {                                            \
    REAL(result, name, __VA_ARGS__)                                   \
    char path[PATH_MAX];                                              \
    int before = errno;                                               \
    long number = 0;                                                  \
    if ((kind) && armed && !begin(#name, path_of(fd, path), &number)) return -1; \
    errno = before;                                                   \
    result value = real arguments;                                    \
    done(number);                                                     \
    return value;                                                     \
  }

#define ON_PATH(result, name, parameters, arguments, path, ...)       \
  result name parameters {                                            \
    REAL(result, name, __VA_ARGS__)                                   \
    long number = 0;                                                  \
    if (armed && !begin(#name, path, &number)) return -1;             \
    result value = real arguments;                                    \
    done(number);                                                     \
    return value;                                                     \
  }

ON_HANDLE(1, int, fsync, (int fd), (fd), int)
ON_HANDLE(1, int, fdatasync, (int fd), (fd), int)
ON_HANDLE(writes_too, int, ftruncate, (int fd, off_t n), (fd, n), int, off_t)
ON_HANDLE(writes_too, int, ftruncate64, (int fd, off64_t n), (fd, n), int, off64_t)
ON_HANDLE(writes_too, ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n), int, const void *, size_t)
ON_HANDLE(writes_too, ssize_t, pwrite, (int fd, const void *b, size_t n, off_t o), (fd, b, n, o), int, const void *, size_t, off_t)
ON_HANDLE(writes_too, ssize_t, pwrite64, (int fd, const void *b, size_t n, off64_t o), (fd, b, n, o), int, const void *, size_t, off64_t)
ON_PATH(int, rename, (const char *from, const char *to), (from, to), to, const char *, const char *)
ON_PATH(int, renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), to, int, const char *, int, const char *)
ON_PATH(int, unlink, (const char *path), (path), path, const char *)
ON_PATH(int, rmdir, (const char *path), (path), path, const char *)
