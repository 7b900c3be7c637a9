// The native half of the fork server for Node: `serve()` forks this Node for each input of a program.
//
// Node is forked where it stands in `--require`, with everything loaded and nothing of a program seen. In the fork
// `serve()` returns, and Node goes on as it always does: it finds the program, loads it, runs its event loop, ends. What
// has to be mended there is what a fork does not copy (threads, the kernel side of epoll) or copies too well (the
// descriptors and clocks of the server, the seed of Math.random).
//
// Node-API and libuv are C: what is used of them is declared here, so that no headers have to be fetched.

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node_replaced_calls.hpp"

extern "C" {
typedef struct napi_env__* napi_env;
typedef struct napi_value__* napi_value;
typedef struct napi_callback_info__* napi_callback_info;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
int napi_create_function(napi_env, const char*, size_t, napi_callback, void*, napi_value*);
int napi_create_double(napi_env, double, napi_value*);
int napi_create_object(napi_env, napi_value*);
int napi_set_named_property(napi_env, napi_value, const char*, napi_value);
int napi_get_cb_info(napi_env, napi_callback_info, size_t*, napi_value*, napi_value*, void**);
int napi_get_value_int32(napi_env, napi_value, int32_t*);
int napi_add_env_cleanup_hook(napi_env, void (*)(void*), void*);
int napi_get_uv_event_loop(napi_env, void**);
int uv_loop_fork(void*);
int uv_run(void*, int);
}

namespace {

constexpr int kControl = 3;
constexpr int kMostOwned = 128;
constexpr int kMostLimits = 16;
constexpr int kRunOnce = 2;  // UV_RUN_NOWAIT

// Memory -------------------------------------------------------------------------------------------------------------

struct Mapping {
  unsigned long start, end;
  bool heap;  // malloc's first
};

template <typename Visit>
void each_mapping(Visit visit) {
  FILE* maps = fopen("/proc/self/maps", "r");
  if (maps == nullptr) fail("/proc/self/maps");
  char line[4096];
  Mapping one;
  while (fgets(line, sizeof line, maps) != nullptr) {
    if (sscanf(line, "%lx-%lx", &one.start, &one.end) != 2) continue;
    one.heap = strstr(line, "[heap]") != nullptr;
    visit(one);
  }
  fclose(maps);
}

// How a program that ends by itself ends is known as soon as its `exit` handlers have run; freeing every object one by
// one would take as long as all the rest. Node keeps the code beside {0, code, whether there is one}, which JavaScript
// cannot point to: `find_exit_code(code)` looks for it, and is called with several codes.

volatile int32_t* exit_codes[64];
int exit_code_count = -1;

napi_value find_exit_code(napi_env env, napi_callback_info info) {
  if (in_fork) return nullptr;
  napi_value argument;
  size_t count = 1;
  int32_t code = 0;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_int32(env, argument, &code);
  auto fits = [code](volatile int32_t* at) { return at[0] == 0 && at[1] == code && at[2] == 1; };
  if (exit_code_count < 0) {
    exit_code_count = 0;
    each_mapping([&fits](const Mapping& one) {
      if (!one.heap) return;  // elsewhere is much that was never touched, and would have to be copied once it is read
      for (auto at = (volatile int32_t*)one.start; at + 2 < (volatile int32_t*)one.end; at++) {
        if (fits(at) && exit_code_count < 64) exit_codes[exit_code_count++] = at;
      }
    });
  } else {
    int kept = 0;
    for (int i = 0; i < exit_code_count; i++) {
      if (fits(exit_codes[i])) exit_codes[kept++] = exit_codes[i];
    }
    exit_code_count = kept;
  }
  return nullptr;
}

void end_at_once(void*) {
  if (!in_fork || exit_code_count != 1) return;  // without it, Node ends as it always does
  volatile int32_t* found = exit_codes[0];
  our_exit(found[2] == 1 ? found[1] : 0);
}

// Descriptors --------------------------------------------------------------------------------------------------------
// A fork shares the server's event loops: the numbers stay, with new, empty ones behind them.

struct Owned {
  int number;
  enum { kEvent, kPoll, kReading, kWriting, kOther } kind;
  ino_t inode;
};
Owned owned[kMostOwned];
int owned_count = 0;

void list_owned() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) fail("/proc/self/fd");
  while (struct dirent* entry = readdir(folder)) {
    int number = atoi(entry->d_name);
    if (number <= kControl || number == dirfd(folder)) continue;
    if (owned_count == kMostOwned) fail("it has too many descriptors");
    char path[64], target[128] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", number);
    if (readlink(path, target, sizeof target - 1) < 0) fail(path);
    struct stat status;
    if (fstat(number, &status) != 0) fail(path);
    Owned& one = owned[owned_count++];
    one.number = number;
    one.inode = status.st_ino;
    one.kind = Owned::kOther;
    if (strstr(target, "[eventfd]")) one.kind = Owned::kEvent;
    if (strstr(target, "[eventpoll]")) one.kind = Owned::kPoll;
    if (S_ISFIFO(status.st_mode)) {
      bool reading = (fcntl(number, F_GETFL) & O_ACCMODE) == O_RDONLY;
      one.kind = reading ? Owned::kReading : Owned::kWriting;
    }
  }
  closedir(folder);
}

void put(int fresh, int number) {
  if (fresh < 0 || dup3(fresh, number, O_CLOEXEC) < 0) fail("a descriptor");
}

void renew_owned() {
  int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int i = 0; i < owned_count; i++) {
    const Owned& one = owned[i];
    struct stat status;
    if (fstat(one.number, &status) == 0 && S_ISFIFO(status.st_mode) && status.st_ino != one.inode) {
      continue;  // libuv has made it anew by itself
    }
    int fresh = -1;
    switch (one.kind) {
      case Owned::kReading: {
        int ends[2];
        if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) fail("a pipe");
        for (int j = 0; j < owned_count; j++) {
          if (owned[j].inode != one.inode) continue;
          if (owned[j].kind == Owned::kReading) put(ends[0], owned[j].number);
          if (owned[j].kind == Owned::kWriting) put(ends[1], owned[j].number);
        }
        close(ends[0]);
        close(ends[1]);
        continue;
      }
      case Owned::kWriting:
        continue;  // with the end that reads
      case Owned::kEvent:
        put(fresh = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), one.number);
        break;
      case Owned::kPoll:
        put(fresh = epoll_create1(EPOLL_CLOEXEC), one.number);
        break;
      case Owned::kOther:
        put(nothing, one.number);
        continue;
    }
    close(fresh);
  }
  close(nothing);
}

// The server ---------------------------------------------------------------------------------------------------------

struct Limit {
  int32_t which;
  int64_t soft, hard;
} __attribute__((packed));

struct Program {  // as `warm_node.py` packs it; the folder follows, without a zero
  int32_t uid;    // -1: stay who we are
  int32_t limit_count;
  Limit limits[kMostLimits];
  char folder[1024];
} __attribute__((packed));

struct Exit {  // as `warm.EXIT`
  int32_t status;
  double cpu_s;
  int64_t peak_bytes;
} __attribute__((packed));

struct Ready {  // as `warm.READY`
  bool compiles;
  int32_t pid;
} __attribute__((packed));

ssize_t receive(int connection, void* buffer, size_t size, int* descriptors, int* count) {
  struct iovec part = {buffer, size};
  alignas(struct cmsghdr) char room[CMSG_SPACE(4 * sizeof(int))];
  struct msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = room;
  message.msg_controllen = sizeof room;
  *count = 0;
  ssize_t size_received;
  do {
    size_received = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
  } while (size_received < 0 && errno == EINTR);
  if (size_received < 0) return 0;
  for (struct cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS) continue;
    *count = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    memcpy(descriptors, CMSG_DATA(one), *count * sizeof(int));
  }
  return size_received;
}

void become_program(const Program& program, int connection, const int* streams, int count, pid_t server, void* loop) {
  for (int i = 0; i < count; i++) {  // 0, 1, 2 and the channel; what came has higher numbers
    if (dup2(streams[i], i) < 0) fail("a stream");
  }
  for (int i = 0; i < count; i++) close(streams[i]);
  if (count <= kControl) close(kControl);
  close(connection);
  renew_owned();
  setsid();
  if (chdir(program.folder) != 0) fail(program.folder);
  for (int i = 0; i < program.limit_count; i++) {
    struct rlimit limit = {(rlim_t)program.limits[i].soft, (rlim_t)program.limits[i].hard};
    if (setrlimit((__rlimit_resource_t)program.limits[i].which, &limit) != 0) fail("a limit");
  }
  if (program.uid >= 0) {
    uid_t uid = program.uid;
    if (setgroups(0, nullptr) != 0 || setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0) fail("its user");
  } else {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != server) _exit(1);  // it died before
  }
  prctl(PR_SET_DUMPABLE, 1);  // or /proc/self, and so /dev/stdin, would be closed to it
  if (uv_loop_fork(loop) != 0) fail("its event loop");
}

// Serves one program after the other, input after input. Returns in processes that are to become one: {pid, seed,
// late}, a number for Math.random and how many milliseconds the server has been ready.
napi_value serve(napi_env env, napi_callback_info) {
  if (in_fork) return nullptr;
  void* loop = nullptr;
  int replaced = 0;
  prctl(PR_SET_DUMPABLE, 0);
  dl_iterate_phdr(replace_in, &replaced);
  if (replaced != kReplacements) fail("this Node imports other functions");
  if (napi_get_uv_event_loop(env, &loop) != 0) fail("its event loop");
  napi_add_env_cleanup_hook(env, end_at_once, nullptr);
  if (chdir("/") != 0) fail("/");
  uv_run(loop, kRunOnce);  // what V8 wanted done later; in the forks it would be done again and again
  list_owned();
  each_mapping([](const Mapping& one) { madvise((void*)one.start, one.end - one.start, MADV_DOFORK); });  // V8 forbids it
  const pid_t server = getpid();
  const int64_t ready = now();
  if (send(kControl, "ready", 5, MSG_NOSIGNAL) != 5) _exit(0);
  for (;;) {
    Program program = {};
    int connection, descriptors[4], count;
    ssize_t size = receive(kControl, &program, sizeof program - 1, descriptors, &count);
    if (size <= 0) _exit(0);
    const size_t head = offsetof(Program, limits) + program.limit_count * sizeof(Limit);
    if (count != 1 || program.limit_count < 0 || program.limit_count > kMostLimits || (size_t)size <= head) _exit(1);
    const size_t length = size - head;
    if (length >= sizeof program.folder) _exit(1);
    memmove(program.folder, (char*)&program + head, length);
    program.folder[length] = 0;
    connection = descriptors[0];
    Ready says = {true, server};
    send(connection, &says, sizeof says, MSG_NOSIGNAL);
    char word[16];
    while (receive(connection, word, sizeof word, descriptors, &count) > 0) {
      pid_t child = fork();
      if (child == 0) {
        in_fork = true;
        late_ns = now() - ready;
        become_program(program, connection, descriptors, count, server, loop);
        uint32_t seed = 0;
        if (getrandom(&seed, sizeof seed, 0) != sizeof seed) fail("randomness");
        const struct {
          const char* name;
          double value;
        } told[] = {{"pid", (double)getpid()}, {"seed", (double)(seed >> 1 | 1)}, {"late", late_ns / 1e6}};
        napi_value result, number;
        napi_create_object(env, &result);
        for (const auto& one : told) {
          napi_create_double(env, one.value, &number);
          napi_set_named_property(env, result, one.name, number);
        }
        return result;
      }
      for (int i = 0; i < count; i++) close(descriptors[i]);
      if (child < 0) {
        send(connection, "none", 4, MSG_NOSIGNAL);
        continue;
      }
      int status = 0;
      struct rusage usage = {};
      while (wait4(child, &status, 0, &usage) < 0 && errno == EINTR) {
      }
      const struct timeval &user = usage.ru_utime, &system = usage.ru_stime;
      double cpu_s = user.tv_sec + system.tv_sec + (user.tv_usec + system.tv_usec) / 1e6;
      Exit how = {status, cpu_s, usage.ru_maxrss * 1024};
      send(connection, &how, sizeof how, MSG_NOSIGNAL);
    }
    close(connection);
  }
}

}  // namespace

extern "C" napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value function;
  napi_create_function(env, "serve", 5, serve, nullptr, &function);
  napi_set_named_property(env, exports, "serve", function);
  napi_create_function(env, "findExitCode", 12, find_exit_code, nullptr, &function);
  napi_set_named_property(env, exports, "findExitCode", function);
  return exports;
}
