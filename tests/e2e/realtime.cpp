// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs any compiled model named `model` after warm() and counts what a hard real-time program must not do, first with
// the system's counters, then under a seccomp filter that kills at any system call but write and exit.
//   realtime [--cold | --misbehave]: exit code 0 when all counts are 0, 77 without seccomp. --cold leaves warm() out,
//   so that a large arena must count page faults; --misbehave opens a file under the filter, to be killed.
#include "model.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <tuple>
#include <unistd.h>
#include <utility>

namespace {
long allocations = 0, releases = 0;
}

// The program's own definitions come before those of libc for everything that is linked with it.
extern "C" {
void *__libc_malloc(std::size_t bytes);
void *__libc_calloc(std::size_t count, std::size_t bytes);
void *__libc_realloc(void *memory, std::size_t bytes);
void *__libc_memalign(std::size_t alignment, std::size_t bytes);
void __libc_free(void *memory);

void *malloc(std::size_t bytes) { return ++allocations, __libc_malloc(bytes); }
void *calloc(std::size_t count, std::size_t bytes) { return ++allocations, __libc_calloc(count, bytes); }
void *realloc(void *memory, std::size_t bytes) { return ++allocations, __libc_realloc(memory, bytes); }
void *memalign(std::size_t alignment, std::size_t bytes) { return ++allocations, __libc_memalign(alignment, bytes); }
void *aligned_alloc(std::size_t alignment, std::size_t bytes) { return memalign(alignment, bytes); }
int posix_memalign(void **memory, std::size_t alignment, std::size_t bytes) {
  return (*memory = memalign(alignment, bytes)) == nullptr;
}
void free(void *memory) {
  ++releases;
  __libc_free(memory);
}
}

namespace {

constexpr int kRuns = 20;

/// The elements of one input or output, touched by the caller before anything is counted.
template <class View> struct Tensor {
  using Element = std::remove_const_t<typename View::Element>;
  Element *data = new Element[View::size()]();
  View view() const { return View(data); }
};

/// run() with memory for each of its arguments, whatever they are.
template <class Run> class Caller;
template <class... Arguments> class Caller<layerc::Status (model::Model::*)(Arguments...) noexcept> {
  template <std::size_t... I> layerc::Status call(model::Model &model, std::index_sequence<I...>) {
    return model.run(std::get<I>(tensors_).view()...);
  }
  template <class Tuple, std::size_t... I> static auto tensorsOf(std::index_sequence<I...>) {
    return std::tuple<Tensor<std::tuple_element_t<I, Tuple>>...>();
  }
  // The last argument is the executor.
  using Views = std::make_index_sequence<sizeof...(Arguments) - 1>;
  decltype(tensorsOf<std::tuple<Arguments...>>(Views())) tensors_;

public:
  layerc::Status run(model::Model &model) { return call(model, Views()); }
};

/// From here on the kernel kills this process at any system call but write and exit.
bool forbidSystemCalls() {
#if defined(__x86_64__)
  constexpr unsigned architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
  constexpr unsigned architecture = AUDIT_ARCH_AARCH64;
#endif
  constexpr unsigned load = BPF_LD | BPF_W | BPF_ABS, equal = BPF_JMP | BPF_JEQ | BPF_K, answer = BPF_RET | BPF_K;
  sock_filter filter[] = {
      {load, 0, 0, offsetof(seccomp_data, arch)},
      {equal, 0, 4, architecture},
      {load, 0, 0, offsetof(seccomp_data, nr)},
      {equal, 3, 0, SYS_write},
      {equal, 2, 0, SYS_exit},
      {equal, 1, 0, SYS_exit_group},
      {answer, 0, 0, SECCOMP_RET_KILL_PROCESS},
      {answer, 0, 0, SECCOMP_RET_ALLOW},
  };
  sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

} // namespace

int main(int argc, char **argv) {
  const bool cold = argc > 1 && std::strcmp(argv[1], "--cold") == 0, misbehave = argc > 1 && !cold;
  static model::Model model;
  static Caller<decltype(&model::Model::run)> caller;
  const layerc::Status status = cold ? model.status() : model.warm();
  if (status != layerc::Status::ok || allocations == 0) {
    std::printf("error: %s, %ld allocations counted\n", layerc::message(status), allocations);
    return 1;
  }
  std::printf("  %d runs with an arena of %zu bytes: ", kRuns, model::Model::arena_bytes());
  std::fflush(stdout);

  rusage before, after;
  getrusage(RUSAGE_SELF, &after); // touches what the calls below touch
  getrusage(RUSAGE_SELF, &before);
  const long allocated = allocations, released = releases;
  bool ok = true;
  for (int i = 0; i < kRuns; ++i)
    ok &= caller.run(model) == layerc::Status::ok;
  getrusage(RUSAGE_SELF, &after);
  const long counts[] = {allocations - allocated, releases - released,
                         after.ru_minflt - before.ru_minflt + after.ru_majflt - before.ru_majflt};
  std::printf("%ld malloc, %ld free, %ld page faults\n", counts[0], counts[1], counts[2]);
  std::fflush(stdout);

  if (!forbidSystemCalls()) {
    std::printf("skipped: no seccomp on this system\n");
    return 77;
  }
  if (misbehave)
    (void)open("/dev/null", O_RDONLY);
  for (int i = 0; i < kRuns; ++i)
    ok &= caller.run(model) == layerc::Status::ok;
  constexpr char text[] = "  the same under seccomp, where only write and exit are allowed\n";
  ok &= write(STDOUT_FILENO, text, sizeof(text) - 1) == sizeof(text) - 1;
  ok &= counts[0] == 0 && counts[1] == 0 && counts[2] == 0;
  _exit(ok ? 0 : 1);
}
