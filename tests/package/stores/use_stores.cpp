// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// use_stores FILE FILE: every variant must give the same scores, bit for bit. Exit code 0, or the line of the failure.
#include "four.h"
#include "four_by_shape.h"
#include "in_file.h"
#include "in_memory.h"
#include "in_object.h"
#include "parts.h"
#include "reader.h"

#include <cmath>
#include <cstdio>
#include <cstring>

#define CHECK(condition)                                                                                               \
  if (!(condition))                                                                                                    \
  return __LINE__

namespace {

using Scores = std::array<float, 10>;
alignas(64) unsigned char memory[1 << 16]; // of the caller's weights

std::array<float, 256> makeImages() {
  std::array<float, 256> images;
  for (std::size_t i = 0; i < images.size(); ++i)
    images[i] = static_cast<float>(i * 37 % 17) / 16;
  return images;
}

std::size_t readMemory(const char *path) {
  std::FILE *file = std::fopen(path, "rb");
  if (file == nullptr)
    return 0;
  const std::size_t bytes = std::fread(memory, 1, sizeof(memory), file);
  std::fclose(file);
  return bytes;
}

bool close(const std::array<float, 40> &four, const Scores &one) {
  for (std::size_t i = 0; i < one.size(); ++i)
    if (!(std::abs(four[i] - one[i]) < 1e-5F))
      return false;
  return true;
}

} // namespace

int main(int argc, char **argv) {
  CHECK(argc == 3);
  const std::array<float, 256> images = makeImages();
  float image[64];
  std::memcpy(image, images.data(), sizeof(image));

  Scores expected = {};
  in_object::Model linked;
  CHECK(linked.run(image, expected) == layerc::Status::ok);
  float sum = 0;
  for (float score : expected)
    sum += score;
  CHECK(std::abs(sum - 1) < 1e-5F);

  Scores scores = {};
  reader::Model named;
  CHECK(named.run(reader::Pixels(image), reader::Answer(scores.data())) == layerc::Status::ok && scores == expected);

  scores = {};
  const in_file::Weights mapped = in_file::Weights::map_file(argv[1]);
  in_file::Model from_file(mapped);
  CHECK(from_file.run(image, scores) == layerc::Status::ok && scores == expected);

  scores = {};
  const in_memory::Weights owned = in_memory::Weights::from_memory(memory, readMemory(argv[2]));
  in_memory::Model from_memory(owned);
  CHECK(from_memory.run(image, scores) == layerc::Status::ok && scores == expected);

  // Other tiles may add in another order: close, not equal.
  std::array<float, 40> more = {};
  four::Model batch;
  CHECK(batch.run(images, more) == layerc::Status::ok && close(more, expected));
  more = {};
  four_by_shape::Model shape;
  CHECK(shape.run(images, more) == layerc::Status::ok && close(more, expected));

  float small[16] = {}, three[3] = {};
  parts::Model model;
  CHECK(model.run(small, three) == layerc::Status::ok && std::abs(three[0] + three[1] + three[2] - 1) < 1e-5F);
  return 0;
}
