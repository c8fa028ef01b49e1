// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Views: where the caller keeps an input or output, with its element type and shape in the C++ type.
// Generated code derives one struct per tensor, so that swapped or mis-shaped arguments do not compile.
//
// Example:
//   struct Image : layerc::View<const float, 1, 8, 8, 1> { using View::View; };
//
//   std::array<float, 64> flat;     Image a = flat;               // the number of elements agrees
//   float nested[8][8];             Image b = nested;             // any nesting
//   float *pixels = ...;            Image c = Image(pixels);      // by pointer only explicitly
//   std::array<float, 63> wrong;    Image d = wrong;              // does not compile
#ifndef LAYERC_VIEW_H
#define LAYERC_VIEW_H

#include "version.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace layerc {
inline namespace v1 {

/// An IEEE 754 half precision number as it lies in memory. Arithmetic is the caller's business.
struct Float16 {
  std::uint16_t bits;
};

/// The upper half of an IEEE 754 single precision number.
struct BFloat16 {
  std::uint16_t bits;
};

namespace detail {

/// Element type and number of elements of an array of arrays; any other type is one element.
template <class T> struct ArrayTraits {
  using Element = T;
  static constexpr std::size_t size = 1;
  static constexpr T *first(T &element) noexcept { return &element; }
};
template <class T, std::size_t N> struct ArrayTraits<T[N]> {
  using Element = typename ArrayTraits<T>::Element;
  static constexpr std::size_t size = N * ArrayTraits<T>::size;
  static constexpr Element *first(T (&array)[N]) noexcept { return ArrayTraits<T>::first(array[0]); }
};
template <class T, std::size_t N> struct ArrayTraits<std::array<T, N>> {
  using Element = typename ArrayTraits<T>::Element;
  static constexpr std::size_t size = N * ArrayTraits<T>::size;
  static constexpr Element *first(std::array<T, N> &array) noexcept { return ArrayTraits<T>::first(array.data()[0]); }
};
template <class T, std::size_t N> struct ArrayTraits<const std::array<T, N>> {
  using Element = typename ArrayTraits<const T>::Element;
  static constexpr std::size_t size = N * ArrayTraits<T>::size;
  static constexpr Element *first(const std::array<T, N> &array) noexcept {
    return ArrayTraits<const T>::first(array.data()[0]);
  }
};

template <class T> inline constexpr bool is_array = std::is_array_v<T>;
template <class T, std::size_t N> inline constexpr bool is_array<std::array<T, N>> = true;
template <class T, std::size_t N> inline constexpr bool is_array<const std::array<T, N>> = true;

} // namespace detail

/// A dense, row-major tensor in the caller's memory. `Type` is const for inputs; `Dims` are the sizes, batch first. The
/// memory needs the alignment of the element type only, and must stay valid while the view is used.
template <class Type, std::int64_t... Dims> class View {
public:
  using Element = Type;

  /// Sizes of the tensor, batch first.
  static constexpr std::array<std::int64_t, sizeof...(Dims)> shape = {Dims...};

  /// A (nested) C array or std::array with as many elements, of exactly this element type.
  template <
      class Array,
      std::enable_if_t<detail::is_array<Array> &&
                           std::is_convertible_v<typename detail::ArrayTraits<Array>::Element (*)[], Type (*)[]> &&
                           detail::ArrayTraits<Array>::size == static_cast<std::size_t>((Dims * ... * 1)),
                       int> = 0>
  constexpr View(Array &array) noexcept : data_(detail::ArrayTraits<Array>::first(array)) {}

  /// The first of size() elements. Explicit, because a pointer does not know how many elements follow it.
  explicit constexpr View(Type *data) noexcept : data_(data) {}

  /// The first element.
  constexpr Type *data() const noexcept { return data_; }

  /// Number of elements.
  static constexpr std::size_t size() noexcept { return static_cast<std::size_t>((Dims * ... * 1)); }

private:
  Type *data_;
};

} // namespace v1
} // namespace layerc

#endif // LAYERC_VIEW_H
