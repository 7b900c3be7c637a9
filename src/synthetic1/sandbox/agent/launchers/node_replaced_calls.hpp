// What a fork of Node calls in place of functions of the C library: a clock that was set back, and threads that are gone.
// Part of node_fork_server.hpp.

#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr int kMostThreads = 1024;
constexpr int64_t kSecond = 1000000000;

bool in_fork = false;

[[noreturn]] void fail(const char* what) {
  dprintf(2, "the fork server of Node: %s: %s\n", what, strerror(errno));
  _exit(99);
}

// The clock ----------------------------------------------------------------------------------------------------------
// In a fork the monotonic clock goes on from when the server became ready: `performance.now()` and `process.uptime()`
// count from the start of a program, and nothing inside of Node sees time jump.

int64_t late_ns = 0;

int64_t nanoseconds(const struct timespec& time) { return time.tv_sec * kSecond + time.tv_nsec; }

struct timespec timespec_of(int64_t ns) {
  struct timespec time;
  time.tv_sec = ns / kSecond;
  time.tv_nsec = ns % kSecond;
  return time;
}

int64_t now() {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return nanoseconds(time);
}

int our_clock_gettime(clockid_t clock, struct timespec* time) {
  int result = clock_gettime(clock, time);
  if (result == 0 && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE)) {
    *time = timespec_of(nanoseconds(*time) - late_ns);
  }
  return result;
}

int our_pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex, const struct timespec* until) {
  // No machine is up for as long as the other clock has counted since 1970.
  struct timespec real = until->tv_sec < kSecond ? timespec_of(nanoseconds(*until) + late_ns) : *until;
  return pthread_cond_timedwait(condition, mutex, &real);
}

// Threads ------------------------------------------------------------------------------------------------------------
// A fork has the one thread that forked. Node ends its platform's threads when it ends: here they are gone already.

pthread_t made[kMostThreads];  // by the fork itself
int made_count = 0;
pthread_mutex_t made_mutex = PTHREAD_MUTEX_INITIALIZER;

int our_pthread_create(pthread_t* thread, const pthread_attr_t* given, void* (*run)(void*), void* argument) {
  if (!in_fork) return pthread_create(thread, given, run, argument);
  // Larger than any stack of a thread that is gone: glibc would use that again, and with it the thread's name.
  size_t size = 8 << 20;
  struct rlimit limit;
  if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur > size) {
    size = limit.rlim_cur;
  }
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  int detached = PTHREAD_CREATE_JOINABLE;
  if (given != nullptr) pthread_attr_getdetachstate(given, &detached);
  pthread_attr_setdetachstate(&attributes, detached);
  pthread_attr_setstacksize(&attributes, size + (64 << 10));
  int result = pthread_create(thread, &attributes, run, argument);
  pthread_attr_destroy(&attributes);
  pthread_mutex_lock(&made_mutex);
  if (result == 0 && made_count < kMostThreads) made[made_count++] = *thread;
  pthread_mutex_unlock(&made_mutex);
  return result;
}

int our_pthread_join(pthread_t thread, void** value) {
  if (!in_fork) return pthread_join(thread, value);
  bool known = made_count == kMostThreads;
  for (int i = 0; i < made_count; i++) known = known || pthread_equal(made[i], thread);
  return known ? pthread_join(thread, value) : 0;
}

// These would wait for, or complain of, those that are gone.
int our_pthread_cond_destroy(pthread_cond_t* condition) { return in_fork ? 0 : pthread_cond_destroy(condition); }

int our_pthread_mutex_destroy(pthread_mutex_t* mutex) { return in_fork ? 0 : pthread_mutex_destroy(mutex); }

void our_exit(int code) {
  if (!in_fork) exit(code);
  fflush(nullptr);
  _exit(code);
}

// Puts ours in place of what Node calls: in its own table of imported functions, so that nobody else's calls change.

const struct {
  const char* name;
  void* ours;
} kReplaced[] = {
    {"clock_gettime", (void*)our_clock_gettime},
    {"exit", (void*)our_exit},
    {"pthread_cond_destroy", (void*)our_pthread_cond_destroy},
    {"pthread_cond_timedwait", (void*)our_pthread_cond_timedwait},
    {"pthread_create", (void*)our_pthread_create},
    {"pthread_join", (void*)our_pthread_join},
    {"pthread_mutex_destroy", (void*)our_pthread_mutex_destroy},
};
constexpr int kReplacements = sizeof kReplaced / sizeof *kReplaced;

int replace_in(struct dl_phdr_info* info, size_t, void* count) {
  const ElfW(Dyn)* entry = nullptr;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC) {
      entry = (const ElfW(Dyn)*)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    }
  }
  const ElfW(Rela)* relocations = nullptr;
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
  size_t size = 0;
  for (; entry != nullptr && entry->d_tag != DT_NULL; entry++) {
    if (entry->d_tag == DT_JMPREL) relocations = (const ElfW(Rela)*)entry->d_un.d_ptr;
    if (entry->d_tag == DT_PLTRELSZ) size = entry->d_un.d_val;
    if (entry->d_tag == DT_SYMTAB) symbols = (const ElfW(Sym)*)entry->d_un.d_ptr;
    if (entry->d_tag == DT_STRTAB) names = (const char*)entry->d_un.d_ptr;
  }
  const uintptr_t page = sysconf(_SC_PAGESIZE);
  for (size_t i = 0; relocations != nullptr && i < size / sizeof *relocations; i++) {
    const char* name = names + symbols[ELF64_R_SYM(relocations[i].r_info)].st_name;
    for (const auto& one : kReplaced) {
      if (strcmp(name, one.name) != 0) continue;
      uintptr_t slot = info->dlpi_addr + relocations[i].r_offset;
      if (mprotect((void*)(slot & ~(page - 1)), page, PROT_READ | PROT_WRITE) != 0) fail("its table cannot be written");
      *(void**)slot = one.ours;
      mprotect((void*)(slot & ~(page - 1)), page, PROT_READ);
      ++*(int*)count;
    }
  }
  return 1;  // the first one is the program itself, and that is all
}

}  // namespace
