// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Zip archives: what is read, and one file for each thing that is refused.
#include "frontend/Archive.h"

#include "TestFiles.h"

namespace layerc {
namespace {

absl::StatusOr<Archive> openArchive(const std::string &name) {
  absl::StatusOr<Bytes> file = mapFile(testFile(name));
  EXPECT_TRUE(file.ok()) << name;
  return Archive::open(*std::move(file));
}

TEST(Archive, StoredMembersAreSlicesOfTheFile) {
  absl::StatusOr<Bytes> file = mapFile(testFile("hostile/good.keras"));
  ASSERT_TRUE(file.ok());
  absl::StatusOr<Archive> archive = Archive::open(*file);
  ASSERT_TRUE(archive.ok()) << archive.status();
  absl::StatusOr<Bytes> member = archive->read("model.weights.h5", UINT64_MAX);
  ASSERT_TRUE(member.ok()) << member.status();
  EXPECT_GE(member->data, file->data);
  EXPECT_LE(member->data + member->size, file->data + file->size);
  EXPECT_EQ(member->text().substr(0, 4), "\x89HDF");
}

TEST(Archive, DeflatedMembersEqualStoredOnes) {
  absl::StatusOr<Archive> stored = openArchive("hostile/good.keras"), deflated = openArchive("hostile/deflated.keras");
  ASSERT_TRUE(stored.ok() && deflated.ok());
  for (const char *name : {"metadata.json", "config.json", "model.weights.h5"})
    EXPECT_EQ(stored->read(name, 1 << 20)->text(), deflated->read(name, 1 << 20)->text()) << name;
}

TEST(Archive, RefusesAMemberAboveTheLimit) {
  absl::StatusOr<Archive> archive = openArchive("hostile/good.keras");
  EXPECT_EQ(archive->read("metadata.json", 25).status().message(),
            "zip member 'metadata.json' has 26 bytes, more than 25");
}

struct Refusal {
  const char *file, *message;
};

class ArchiveRefusal : public testing::TestWithParam<Refusal> {};

TEST_P(ArchiveRefusal, NamesTheReason) {
  std::string path = testFile(std::string("hostile/") + GetParam().file + ".keras");
  EXPECT_EQ(loadError(path), path + ": " + GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Hostile, ArchiveRefusal,
    testing::Values(
        Refusal{"method", "zip member 'metadata.json' uses compression method 12; only stored and deflate are read"},
        Refusal{"duplicate", "the zip archive has two members named 'config.json'"},
        Refusal{"traversal", "the zip archive has a member with the unsafe name 'assets/../../evil'"},
        Refusal{"absolute", "the zip archive has a member with the unsafe name '/etc/evil'"},
        Refusal{"foreign", "the zip archive has a member 'setup.py' that no Keras model has"},
        Refusal{"symlink", "zip member 'assets/link' is a symbolic link"},
        Refusal{"bomb", "the zip archive inflates to more than four times its size and 64 MiB"},
        Refusal{"no-config", "this zip archive has no config.json, so it is not a Keras model"},
        Refusal{"no-weights", "the archive has no model.weights.h5; name the weights with --weights FILE"},
        Refusal{"npz-weights", "its weights are in NumPy format (model.weights.npz), which Keras cannot load either"},
        Refusal{"crc", "zip member 'config.json' is damaged"},
        Refusal{"encrypted", "zip member 'metadata.json' is encrypted"},
        Refusal{"size", "the zip archive is damaged: headers of member 'config.json' disagree"},
        Refusal{"overlap", "the zip archive has overlapping members"},
        Refusal{"truncated", "the zip archive is truncated or damaged: no end of central directory"}),
    [](const auto &info) {
      std::string name = info.param.file;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

// Whatever one wrong byte does, it must end in a model or a diagnostic.
TEST(Archive, SurvivesEveryWrongByteOfItsDirectory) {
  std::string good = readTestFile("hostile/good.keras");
  for (size_t at = good.find("PK\x01\x02"); at < good.size(); ++at)
    for (char wrong : {'\x00', '\x7f', '\xff'}) {
      std::string bad = good;
      bad[at] = wrong;
      absl::StatusOr<Archive> archive =
          Archive::open(Bytes{reinterpret_cast<const std::byte *>(bad.data()), bad.size(), nullptr});
      if (archive.ok())
        archive->read("config.json", 1 << 20).IgnoreError();
    }
}

TEST(Archive, SurvivesTruncationAnywhere) {
  std::string good = readTestFile("hostile/good.keras");
  for (size_t size = 4; size < good.size(); size += 3) {
    absl::StatusOr<Archive> archive =
        Archive::open(Bytes{reinterpret_cast<const std::byte *>(good.data()), size, nullptr});
    EXPECT_FALSE(archive.ok()) << size;
  }
}

} // namespace
} // namespace layerc
