// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads handwritten digits with the compiled model: classify [NUMBER] [digits.bin] shows one image and its answer,
// classify --all [digits.bin] compares every image with the scores that Keras recorded. digits.bin: see train.py.
#include "digits.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

using Scores = std::array<float, 10>;

/// One image of digits.bin as it lies in the file.
struct Record {
  std::uint8_t pixels[64]; ///< 0 white to 16 black
  std::uint8_t digit;      ///< what the writer meant
  std::uint8_t zeros[3];
  Scores keras; ///< what Keras answers
};
static_assert(sizeof(Record) == 108, "digits.bin has no gaps");

std::vector<Record> readRecords(const char *path) {
  std::vector<Record> records;
  std::FILE *file = std::fopen(path, "rb");
  if (file == nullptr)
    return records;
  char magic[8];
  std::uint32_t count = 0;
  if (std::fread(magic, 8, 1, file) == 1 && std::memcmp(magic, "DIGITS1\n", 8) == 0 &&
      std::fread(&count, 4, 1, file) == 1 && count <= 100000) {
    records.resize(count);
    records.resize(std::fread(records.data(), sizeof(Record), count, file));
  }
  std::fclose(file);
  return records;
}

/// The model's answer: ten scores that add up to 1.
Scores classify(digits::Model &model, const Record &record) {
  std::array<float, 64> image;
  for (std::size_t i = 0; i < image.size(); ++i)
    image[i] = static_cast<float>(record.pixels[i]) / 16;
  Scores scores = {};
  if (model.run(image, scores) != layerc::Status::ok)
    std::printf("error: %s\n", layerc::message(model.status()));
  return scores;
}

int best(const Scores &scores) {
  return static_cast<int>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

void printPicture(const Record &record) {
  for (int row = 0; row < 8; ++row) {
    std::printf("    ");
    for (int column = 0; column < 8; ++column) {
      const char shade = " .:-=+*#@"[(record.pixels[8 * row + column] + 1) / 2];
      std::printf("%c%c", shade, shade);
    }
    std::printf("\n");
  }
}

void printCertificate() {
  constexpr layerc::Certificate certificate = digits::Model::certificate;
  std::printf("\n  memory: arena %zu bytes%s (lower bound %zu, layer by layer %zu),\n"
              "          weights %zu bytes read only, stack of run at most %zu bytes\n",
              certificate.arena, certificate.proved ? ", proved the least" : "", certificate.bound, certificate.unfused,
              static_cast<std::size_t>(digits::Weights::format.bytes), digits::Model::stack_bytes);
}

int show(digits::Model &model, const std::vector<Record> &records, std::size_t number) {
  if (number >= records.size()) {
    std::printf("error: there are %zu images\n", records.size());
    return 1;
  }
  const Record &record = records[number];
  const Scores scores = classify(model, record);
  const int answer = best(scores);
  std::printf("  image %zu:\n\n", number);
  printPicture(record);
  std::printf("\n  answer: %d, with a score of %.1f %%; the writer meant %d\n", answer,
              100 * static_cast<double>(scores[static_cast<std::size_t>(answer)]), record.digit);
  printCertificate();
  return 0;
}

/// The rule of all comparisons with Keras: 1e-5 of the largest output, and 1e-4 of this one.
bool agree(const Scores &ours, const Scores &keras) {
  const float largest = *std::max_element(keras.begin(), keras.end());
  for (std::size_t i = 0; i < ours.size(); ++i)
    if (!(std::abs(ours[i] - keras[i]) <= 1e-5F * largest + 1e-4F * std::abs(keras[i])))
      return false;
  return best(ours) == best(keras);
}

int compareAll(digits::Model &model, const std::vector<Record> &records) {
  std::size_t agreeing = 0, right = 0;
  float difference = 0;
  for (const Record &record : records) {
    const Scores scores = classify(model, record);
    agreeing += agree(scores, record.keras);
    right += best(scores) == record.digit;
    for (std::size_t i = 0; i < scores.size(); ++i)
      difference = std::max(difference, std::abs(scores[i] - record.keras[i]));
  }
  std::printf("agrees with Keras on %zu of %zu images (largest difference of a score %.1e); %zu right\n", agreeing,
              records.size(), static_cast<double>(difference), right);
  return agreeing == records.size() && !records.empty() ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "180", *path = argc > 2 ? argv[2] : "digits.bin";
  const std::vector<Record> records = readRecords(path);
  if (records.empty()) {
    std::printf("error: %s: no images\n", path);
    return 1;
  }
  digits::Model model;
  if (model.status() != layerc::Status::ok) {
    std::printf("error: %s\n", layerc::message(model.status()));
    return 1;
  }
  if (std::strcmp(what, "--all") == 0)
    return compareAll(model, records);
  return show(model, records, std::strtoul(what, nullptr, 10));
}
