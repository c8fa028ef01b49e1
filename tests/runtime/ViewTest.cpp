// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Views: which arguments they take, and above all which they refuse at compile time.
#include "layerc/view.h"

#include <gtest/gtest.h>

#include <vector>

namespace {

struct Image : layerc::View<const float, 1, 8, 8, 1> {
  using View::View;
};
struct Mask : layerc::View<const float, 1, 8, 8, 1> {
  using View::View;
};
struct Scores : layerc::View<float, 1, 10> {
  using View::View;
};
struct Half : layerc::View<const layerc::Float16, 1, 4> {
  using View::View;
};

template <class To, class From> constexpr bool accepts = std::is_convertible_v<From, To>;

TEST(View, AcceptsArraysOfAnyNestingWithAsManyElements) {
  static_assert(accepts<Image, std::array<float, 64> &>);
  static_assert(accepts<Image, const std::array<float, 64> &>);
  static_assert(accepts<Image, float(&)[64]>);
  static_assert(accepts<Image, const float(&)[8][8]>);
  static_assert(accepts<Image, float(&)[1][8][8][1]>);
  static_assert(accepts<Image, std::array<std::array<float, 8>, 8> &>);
  static_assert(accepts<Image, const std::array<std::array<float, 8>, 8> &>);
  static_assert(accepts<Image, std::array<float[8], 8> &>);
  static_assert(accepts<Scores, std::array<float, 10> &>);
  static_assert(accepts<Half, std::array<layerc::Float16, 4> &>);
}

TEST(View, RefusesWrongCountsTypesAndConstness) {
  static_assert(!std::is_constructible_v<Image, std::array<float, 63> &>);
  static_assert(!std::is_constructible_v<Image, std::array<float, 65> &>);
  static_assert(!std::is_constructible_v<Image, float(&)[8][7]>);
  static_assert(!std::is_constructible_v<Image, std::array<double, 64> &>);
  static_assert(!std::is_constructible_v<Image, int(&)[64]>);
  static_assert(!std::is_constructible_v<Half, std::array<layerc::BFloat16, 4> &>);
  static_assert(!std::is_constructible_v<Half, std::array<std::uint16_t, 4> &>);
  static_assert(!std::is_constructible_v<Scores, const std::array<float, 10> &>);
  static_assert(!std::is_constructible_v<Scores, const float(&)[10]>);
  static_assert(!std::is_constructible_v<Scores, std::array<float, 10>>, "an output into a temporary");
}

TEST(View, RefusesOtherViewsAndImplicitPointers) {
  static_assert(!std::is_constructible_v<Mask, Image>, "swapped arguments");
  static_assert(!std::is_constructible_v<Image, Scores>);
  static_assert(!accepts<Image, float *>);
  static_assert(std::is_constructible_v<Image, float *>);
  static_assert(!std::is_constructible_v<Scores, const float *>);
  static_assert(!std::is_constructible_v<Image, std::vector<float> &>);
  static_assert(!std::is_default_constructible_v<Image>);
}

TEST(View, PointsToTheFirstElement) {
  float flat[64] = {};
  std::array<std::array<float, 8>, 8> nested = {};
  EXPECT_EQ(Image(flat).data(), flat);
  EXPECT_EQ(Image(nested).data(), &nested[0][0]);
  EXPECT_EQ(Image(flat + 0).data(), flat);
}

TEST(View, KnowsItsShape) {
  static_assert(Image::size() == 64);
  static_assert(Image::shape.size() == 4);
  static_assert(Image::shape[0] == 1 && Image::shape[1] == 8 && Image::shape[2] == 8 && Image::shape[3] == 1);
  static_assert(std::is_same_v<Image::Element, const float>);
  static_assert(std::is_trivially_copyable_v<Image> && sizeof(Image) == sizeof(void *));
}

} // namespace
