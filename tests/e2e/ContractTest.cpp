// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The contract in the header of a compiled model, broken from outside in every way that has a status, and kept at the
// edges: guard pages, odd alignment, short options, other weights, the caller's floating-point mode.
#include "contract_decay.h"
#include "contract_digits.h"
#include "contract_digits_c.h"
#include "contract_pair.h"
#include "contract_retrained.h"
#include "contract_v4.h"
#include "layerc/float_mode.h"
#include "tests/codegen/GuardedMemory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cfenv>
#include <cmath>
#include <limits>
#include <vector>

namespace {

using contract_digits::Image;
using contract_digits::Model;
using contract_digits::Weights;
using layerc::Status;
using layerc::test::GuardedMemory;
using Scores = std::array<float, 10>;
using Side = GuardedMemory::Side;

std::array<float, 64> makeImage() {
  std::array<float, 64> image;
  for (size_t i = 0; i < image.size(); ++i)
    image[i] = static_cast<float>(i * 37 % 17) / 16;
  return image;
}
const std::array<float, 64> image = makeImage();

Scores answerOf(Model &model) {
  Scores scores = {};
  EXPECT_EQ(model.run(image, scores), Status::ok);
  return scores;
}
Scores expected() {
  Model model;
  return answerOf(model);
}

/// The status of a model that cannot run; its outputs must stay as they were.
Status refusal(Model &model) {
  Scores scores;
  scores.fill(-1);
  EXPECT_EQ(model.run(image, scores), model.status());
  EXPECT_EQ(model.warm(), model.status());
  EXPECT_TRUE(std::all_of(scores.begin(), scores.end(), [](float score) { return score == -1; }));
  return model.status();
}
Status refusal(const Weights &weights) {
  Model model(weights);
  return refusal(model);
}

/// A blob as it lies in a file: the linked weights of some model, which follow their header.
template <class Weights> struct Blob {
  static constexpr size_t size = sizeof(layerc::WeightsHeader) + Weights::format.bytes;
  GuardedMemory memory{(size + 63) / 64 * 64};
  unsigned char *bytes = reinterpret_cast<unsigned char *>(memory.data());
  Blob() {
    const Weights linked = Weights::linked();
    std::memcpy(bytes, linked.data() - sizeof(layerc::WeightsHeader), size);
  }
};

TEST(Arena, OfTheCallerIsCheckedAndUsed) {
  const Weights weights = Weights::linked();
  constexpr size_t bytes = Model::arena_bytes();
  for (Side side : {Side::Front, Side::Back}) {
    GuardedMemory arena(bytes, side);
    Model model(weights, arena.data(), bytes);
    EXPECT_EQ(answerOf(model), expected());
  }
  GuardedMemory arena(bytes + 64);
  Model small(weights, arena.data(), bytes - 1), odd(weights, arena.data() + 4, bytes), null(weights, nullptr, bytes);
  EXPECT_EQ(refusal(small), Status::arena_too_small);
  EXPECT_EQ(refusal(odd), Status::arena_misaligned);
  EXPECT_EQ(refusal(null), Status::bad_argument);
  Model nobody(weights, arena.data(), bytes, 0);
  EXPECT_EQ(refusal(nobody), Status::too_many_workers);
}

TEST(Weights, OfTheCallerAreUsedInPlaceBetweenGuardPages) {
  const Blob<Weights> blob;
  const Weights weights = Weights::from_memory(blob.bytes, blob.size);
  EXPECT_EQ(weights.data(), blob.bytes + sizeof(layerc::WeightsHeader));
  Model model(weights);
  EXPECT_EQ(answerOf(model), expected());
}

TEST(Weights, ThatAreWrongAreRefusedByName) {
  EXPECT_EQ(refusal(Weights::from_memory(nullptr, 0)), Status::weights_missing);
  EXPECT_EQ(refusal(Weights::map_file("no/such/file")), Status::weights_not_found);
  Blob<Weights> blob;
  EXPECT_EQ(refusal(Weights::from_memory(blob.bytes, blob.size - 1)), Status::weights_truncated);
  EXPECT_EQ(refusal(Weights::from_memory(blob.bytes, 63)), Status::weights_truncated);
  EXPECT_EQ(refusal(Weights::from_memory(blob.bytes + 4, blob.size - 4)), Status::weights_misaligned);
  const struct {
    size_t byte;
    Status status;
  } damages[] = {{0, Status::weights_not_weights},
                 {offsetof(layerc::WeightsHeader, version), Status::weights_version},
                 {offsetof(layerc::WeightsHeader, signature), Status::weights_of_another},
                 {sizeof(layerc::WeightsHeader), Status::weights_corrupt},
                 {blob.size - 1, Status::weights_corrupt}};
  for (auto [byte, status] : damages) {
    blob.bytes[byte] ^= 1;
    EXPECT_EQ(refusal(Weights::from_memory(blob.bytes, blob.size)), status) << "byte " << byte;
    blob.bytes[byte] ^= 1;
  }
  EXPECT_EQ(Weights::from_memory(blob.bytes, blob.size).status(), Status::ok);
}

TEST(Weights, OfAnotherModelAreRefused) {
  const Blob<contract_pair::Weights> blob;
  EXPECT_EQ(refusal(Weights::from_memory(blob.bytes, blob.size)), Status::weights_of_another);
}

TEST(Weights, OfAnotherTrainingFitAndAnswerAsThatModel) {
  Scores retrained = {};
  contract_retrained::Model other;
  ASSERT_EQ(other.run(image, retrained), Status::ok);
  const Blob<contract_retrained::Weights> blob;
  const Weights weights = Weights::from_memory(blob.bytes, blob.size);
  Model model(weights);
  EXPECT_EQ(answerOf(model), retrained);
  EXPECT_NE(retrained, expected());
  EXPECT_NE(weights.checksum(), Weights::linked().checksum());
}

TEST(Weights, InHugePagesGiveTheSameBitsToSeveralModels) {
  const Weights copy = Weights::in_huge_pages();
  ASSERT_EQ(copy.status(), Status::ok);
  Model first(copy), second(copy);
  EXPECT_EQ(answerOf(first), expected());
  EXPECT_EQ(answerOf(second), expected());
  const Weights broken = Weights::in_huge_pages(Weights::map_file("no/such/file"));
  EXPECT_EQ(refusal(broken), Status::weights_not_found);
}

TEST(Tensors, MayHaveAnyAlignmentOfTheirElements) {
  std::vector<float> memory(100, -1);
  for (size_t shift = 0; shift < 16; ++shift) {
    std::copy(image.begin(), image.end(), memory.begin() + static_cast<long>(shift));
    Scores scores = {};
    Model model;
    ASSERT_EQ(model.run(Image(memory.data() + shift), scores), Status::ok);
    EXPECT_EQ(scores, expected()) << "image at " << shift;
    std::vector<float> out(40, -1);
    ASSERT_EQ(model.run(image, contract_digits::Scores(out.data() + shift)), Status::ok);
    EXPECT_TRUE(std::equal(scores.begin(), scores.end(), out.begin() + static_cast<long>(shift)))
        << "scores at " << shift;
    EXPECT_EQ(std::count(out.begin(), out.end(), -1.0F), 30) << "something beside the scores was written";
  }
}

TEST(Tensors, AreNotTouchedOutsideTheirElements) {
  for (Side side : {Side::Front, Side::Back}) {
    GuardedMemory in(sizeof(image), side), out(sizeof(Scores), side);
    std::memcpy(in.data(), image.data(), sizeof(image));
    Model model;
    ASSERT_EQ(model.run(Image(reinterpret_cast<float *>(in.data())),
                        contract_digits::Scores(reinterpret_cast<float *>(out.data()))),
              Status::ok);
    EXPECT_EQ(std::memcmp(out.data(), expected().data(), sizeof(Scores)), 0);
  }
}

TEST(Tensors, WithNaNAndInfinityStayInTheirBuffers) {
  for (float value : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    std::array<float, 64> bad = image;
    bad[9] = value;
    Scores scores = {};
    Model model;
    EXPECT_EQ(model.run(bad, scores), Status::ok);
    EXPECT_TRUE(std::isnan(scores[0]));
    EXPECT_EQ(answerOf(model), expected()) << "a run left something behind";
  }
}

TEST(FloatingPointMode, OfTheCallerDoesNotMatterAndIsRestored) {
  const Scores scores = expected();
  for (int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    Model model;
    Scores other = {};
    ASSERT_EQ(std::fesetround(mode), 0);
    const Status status = model.run(image, other);
    const int after = std::fegetround();
    std::fesetround(FE_TONEAREST);
    EXPECT_EQ(status, Status::ok);
    EXPECT_EQ(after, mode);
    EXPECT_EQ(other, scores);
  }
}

#if defined(__x86_64__)
/// A GRU without biases, so that what is tiny stays so: its runs are tried in the caller's mode.
TEST(FloatingPointMode, IsThatOfKernelsWhereDenormalsMatter) {
  using layerc::FloatMode;
  const FloatMode::Word before = FloatMode::read();
  for (bool held : {false, true}) {
    FloatMode::write(held ? FloatMode::wanted : FloatMode::standard);
    contract_decay::Model model;
    const std::array<float, 3> input = {1e-39f, 1e-39f, 1e-39f};
    std::array<float, 5> output = {1};
    std::array<unsigned char, contract_decay::Model::state_bytes> state = {1}, zeros = {};
    EXPECT_EQ(model.run(input, output), Status::ok);
    EXPECT_EQ(FloatMode::read() & FloatMode::denormal, held ? 0u : FloatMode::denormal) << "no trial was repeated";
    model.save_state(state.data());
    FloatMode::write(before);
    EXPECT_EQ(output, (std::array<float, 5>{}));
    EXPECT_EQ(state, zeros);
  }
}

/// What a tried run left in the state is not what the repeated one begins with.
TEST(FloatingPointMode, IsEnteredFromTheStateBeforeTheTrial) {
  using layerc::FloatMode;
  const FloatMode::Word before = FloatMode::read();
  std::array<float, 5> outputs[2];
  for (bool held : {false, true}) {
    FloatMode::write(held ? FloatMode::wanted : FloatMode::standard);
    contract_decay::Model model;
    for (float x : {1.0f, 1e-39f}) {
      const std::array<float, 3> input = {x, -x, x};
      EXPECT_EQ(model.run(input, outputs[held]), Status::ok);
    }
    FloatMode::write(before);
  }
  EXPECT_EQ(outputs[0], outputs[1]);
}
#endif

TEST(Cpu, IsComparedBeforeTheFirstInstructionOfTheTarget) {
  contract_v4::Model model;
  Scores scores = {};
#if defined(__x86_64__)
  const bool able = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  EXPECT_EQ(model.run(image, scores), able ? Status::ok : Status::cpu_below_target);
#endif
}

/// Options that end after `size` bytes; what follows them is not theirs.
int createWithShortOptions(size_t size, const contract_digits_options &options) {
  GuardedMemory memory(size);
  std::memcpy(memory.data(), &options, size);
  std::memcpy(memory.data(), &size, sizeof(size));
  int status = -1;
  contract_digits_model *model =
      contract_digits_create_with(reinterpret_cast<contract_digits_options *>(memory.data()), &status);
  EXPECT_EQ(model != nullptr, status == 0);
  Scores scores = {};
  const void *inputs[] = {image.data()};
  void *outputs[] = {scores.data()};
  if (model != nullptr) {
    EXPECT_EQ(contract_digits_run(model, inputs, outputs), 0);
    EXPECT_EQ(scores, expected());
  }
  contract_digits_destroy(model);
  return status;
}

TEST(COptions, OfAnOlderHeaderAreTakenAsFarAsTheyGo) {
  alignas(64) static unsigned char arena[Model::arena_bytes()];
  contract_digits_options options = {};
  options.arena = arena;
  options.arena_bytes = sizeof(arena);
  EXPECT_EQ(createWithShortOptions(sizeof(size_t), options), 0);
  EXPECT_EQ(createWithShortOptions(offsetof(contract_digits_options, weights), options), 0);
  EXPECT_EQ(createWithShortOptions(sizeof(options), options), 0);
  // The arena's size is cut off: it is 0, which is too small.
  EXPECT_EQ(createWithShortOptions(offsetof(contract_digits_options, arena_bytes), options),
            static_cast<int>(Status::arena_too_small));
}

TEST(COptions, OfUnknownSizeAreRefused) {
  contract_digits_options options[2] = {};
  int status = -1;
  for (size_t size : {size_t{0}, sizeof(size_t) - 1, sizeof(options[0]) + 1, sizeof(options)}) {
    options[0].size = size;
    EXPECT_EQ(contract_digits_create_with(options, &status), nullptr);
    EXPECT_EQ(status, static_cast<int>(Status::bad_argument));
  }
}

TEST(COptions, ThatAreWrongNameWhatIsWrong) {
  alignas(64) static unsigned char arena[Model::arena_bytes() + 64];
  const Blob<contract_pair::Weights> other;
  contract_digits_options odd = {}, foreign = {};
  odd.size = foreign.size = sizeof(odd);
  odd.arena = arena + 8;
  odd.arena_bytes = Model::arena_bytes();
  foreign.weights = other.bytes;
  foreign.weights_bytes = other.size;
  int status = -1;
  EXPECT_EQ(contract_digits_create_with(&odd, &status), nullptr);
  EXPECT_EQ(status, static_cast<int>(Status::arena_misaligned));
  EXPECT_EQ(contract_digits_create_with(&foreign, &status), nullptr);
  EXPECT_EQ(status, static_cast<int>(Status::weights_of_another));
}

} // namespace
