// hls::vector for a C simulation with an ordinary C++ compiler. Under Vitis the tool's own header is taken.
#if defined(__SYNTHESIS__) || defined(__VITIS_HLS__)
#include_next <hls_vector.h>
#else
#ifndef ALLO_STUDIO_HLS_VECTOR_H
#define ALLO_STUDIO_HLS_VECTOR_H

#include <cstddef>

namespace hls {

// N elements of type T that move as one token.
template <typename T, std::size_t N> class vector {
    static_assert(N > 0, "a vector holds at least one element");

  public:
    using value_type = T;

    vector() = default;
    vector(const T &value) {
        for (T &element : elements_) {
            element = value;
        }
    }

    T &operator[](std::size_t index) { return elements_[index]; }
    const T &operator[](std::size_t index) const { return elements_[index]; }
    T *begin() { return elements_; }
    T *end() { return elements_ + N; }
    const T *begin() const { return elements_; }
    const T *end() const { return elements_ + N; }
    static constexpr std::size_t size() { return N; }

  private:
    T elements_[N];
};

} // namespace hls

#endif
#endif
