// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Forks the process that reads HDF5 and takes over what it leaves in two memory files: an index and decoded arrays.
// A crash, a hang or a bomb inside libhdf5 ends the child, and the parent turns that into a diagnostic.
#include "frontend/Hdf5.h"

#include "frontend/Hdf5Child.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace layerc {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kAddressSanitizer = true;
#elif defined(__has_feature)
constexpr bool kAddressSanitizer = __has_feature(address_sanitizer);
#else
constexpr bool kAddressSanitizer = false;
#endif

/// A descriptor that closes itself.
class Descriptor {
public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor &) = delete;
  void close() {
    if (number_ >= 0)
      ::close(number_);
    number_ = -1;
  }
  operator int() const { return number_; }

private:
  int number_;
};

void limit(int resource, rlim_t soft, rlim_t hard) {
  rlimit both{soft, hard};
  setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

void limit(int resource, rlim_t value) { limit(resource, value, value); }

/// Bytes of address space this process has now: the child's limit starts there, since it inherits every mapping.
size_t addressSpace() {
  size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

/// Gives up everything that reading a mapped file does not need.
void confine(const Bytes &file, int seconds) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  for (int number : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXFSZ, SIGXCPU, SIGTERM})
    std::signal(number, SIG_DFL); // the compiler's crash handlers would print a stack
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, static_cast<rlim_t>(seconds), static_cast<rlim_t>(seconds) + 1); // SIGXCPU before SIGKILL
  limit(RLIMIT_FSIZE, 4 * file.size + Hdf5Limits::decodedSlack + 2 * Hdf5Limits::attributeBytes);
  if (!kAddressSanitizer) { // its shadow memory alone is larger than any limit, and it reports on stderr
    limit(RLIMIT_AS, addressSpace() + Hdf5Limits::memory);
    int null = open("/dev/null", O_RDWR);
    for (int standard : {0, 1, 2})
      dup2(null, standard);
  }
  limit(RLIMIT_NOFILE, 0); // no file can be opened from here on, whatever a link says
}

void writeAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    ssize_t written = write(descriptor, text.data(), text.size());
    if (written <= 0)
      _exit(2);
    text.remove_prefix(static_cast<size_t>(written));
  }
}

/// The child's whole life. Exit code 0: `index` holds the index; 1: it holds an error's text.
[[noreturn]] void runChild(const Bytes &file, int seconds, int index, int decoded) {
  confine(file, seconds);
  try {
    absl::StatusOr<Hdf5Index> walked = walkHdf5(file, decoded);
    writeAll(index, walked.ok() ? encode(*walked) : std::string(walked.status().message()));
    _exit(walked.ok() ? 0 : 1);
  } catch (const std::bad_alloc &) {
    writeAll(index, absl::StrCat("reading the HDF5 file takes more than ", Hdf5Limits::memory >> 20, " MiB"));
    _exit(1);
  }
}

/// Waits until the child has closed `alive`; false when it takes too long.
bool waitUntilClosed(int alive, int seconds) {
  timespec start, now;
  clock_gettime(CLOCK_MONOTONIC, &start);
  while (true) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t left = seconds - (now.tv_sec - start.tv_sec);
    if (left <= 0)
      return false;
    pollfd entry{alive, POLLIN, 0};
    int ready = poll(&entry, 1, static_cast<int>(left * 1000));
    if (ready > 0)
      return true;
    if (ready < 0 && errno != EINTR)
      return false;
  }
}

int reap(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return -1;
  return status;
}

absl::StatusOr<Bytes> mapWhole(int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0)
    return absl::InternalError("cannot read what the HDF5 reader left");
  return mapDescriptor(descriptor, static_cast<size_t>(status.st_size));
}

absl::StatusOr<std::shared_ptr<Hdf5File>> takeOver(int status, const Bytes &file, int index, int decoded) {
  if (WIFSIGNALED(status))
    return absl::InvalidArgumentError(
        absl::StrCat("the HDF5 file is damaged: its reader ended with signal ", WTERMSIG(status)));
  absl::StatusOr<Bytes> text = mapWhole(index), arrays = mapWhole(decoded);
  if (!text.ok() || !arrays.ok())
    return text.ok() ? arrays.status() : text.status();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
    return absl::InvalidArgumentError(std::string(text->text().substr(0, 400)));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return absl::InvalidArgumentError("the HDF5 file is damaged: its reader gave up");
  return decodeHdf5Index(text->text(), file, *arrays);
}

} // namespace

int hdf5Seconds(const Bytes &file) { return 10 + static_cast<int>(file.size >> 23); }

absl::StatusOr<std::shared_ptr<Hdf5File>> readHdf5(const Bytes &file, int seconds) {
  Descriptor index(memfd_create("layerc-index", MFD_CLOEXEC)), decoded(memfd_create("layerc-arrays", MFD_CLOEXEC));
  int ends[2];
  if (index < 0 || decoded < 0 || pipe2(ends, O_CLOEXEC) != 0)
    return absl::ResourceExhaustedError(absl::StrCat("cannot start the HDF5 reader: ", std::strerror(errno)));
  Descriptor alive(ends[0]), held(ends[1]);
  pid_t child = fork();
  if (child < 0)
    return absl::ResourceExhaustedError(absl::StrCat("cannot start the HDF5 reader: ", std::strerror(errno)));
  if (child == 0)
    runChild(file, seconds, index, decoded);
  held.close();
  bool inTime = waitUntilClosed(alive, seconds);
  if (!inTime)
    kill(child, SIGKILL);
  int status = reap(child);
  if (!inTime || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
    return absl::DeadlineExceededError(absl::StrCat("reading the HDF5 file takes more than ", seconds, " s"));
  return takeOver(status, file, index, decoded);
}

bool looksLikeHdf5(const Bytes &file) {
  constexpr std::string_view kSignature("\x89HDF\r\n\x1a\n", 8);
  for (size_t at = 0; at < file.size && file.size - at >= 8; at = at == 0 ? 512 : at * 2)
    if (file.text().substr(at, 8) == kSignature)
      return true;
  return false;
}

std::optional<std::string> Hdf5File::text(const std::string &group, const std::string &attribute) const {
  std::optional<std::vector<std::string>> strings = list(group, attribute);
  if (!strings || strings->size() != 1)
    return std::nullopt;
  return strings->front();
}

std::optional<std::vector<std::string>> Hdf5File::list(const std::string &group, const std::string &attribute) const {
  auto found = groups.find(group);
  if (found == groups.end())
    return std::nullopt;
  const auto &attributes = found->second.attributes;
  if (auto whole = attributes.find(attribute); whole != attributes.end())
    return whole->second;
  std::optional<std::vector<std::string>> joined;
  for (size_t chunk = 0;; ++chunk) {
    auto part = attributes.find(absl::StrCat(attribute, chunk));
    if (part == attributes.end())
      return joined;
    if (!joined)
      joined.emplace();
    joined->insert(joined->end(), part->second.begin(), part->second.end());
  }
}

std::vector<Array> Hdf5File::numbered(const std::string &group) const {
  const std::string prefix = group + "/";
  std::vector<Array> result;
  for (auto it = arrays.lower_bound(prefix); it != arrays.end() && it->first.compare(0, prefix.size(), prefix) == 0;
       ++it)
    if (it->first.find('/', prefix.size()) == std::string::npos)
      result.push_back(it->second);
  // Shorter numbers are smaller ones; "10" must come after "9".
  std::sort(result.begin(), result.end(), [](const Array &a, const Array &b) {
    return std::pair(a.path.size(), std::string_view(a.path)) < std::pair(b.path.size(), std::string_view(b.path));
  });
  return result;
}

} // namespace layerc
