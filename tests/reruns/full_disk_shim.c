// SPDX-License-Identifier: Apache-2.0
//
// A disk that fills up: who asks how much is left for packages is told the truth once, and then that nothing is.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/statvfs.h>

static atomic_int looks;

int statvfs(const char* path, struct statvfs* found) {
  int (*real)(const char*, struct statvfs*) = NULL;
  *(void**)&real = dlsym(RTLD_NEXT, "statvfs");
  const int answer = real(path, found);
  const size_t length = strlen(path);
  const char* end = "/packages";
  const int is_packages = length > strlen(end) && strcmp(path + length - strlen(end), end) == 0;
  if (answer == 0 && is_packages && atomic_fetch_add(&looks, 1) > 0) found->f_bavail = 0;
  return answer;
}
