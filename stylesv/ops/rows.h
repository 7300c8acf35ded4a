// Weighted sums of rows, the inner loop of every filter here, and what goes with them.

#pragma once

#include <cstdint>
#include <vector>

namespace {

constexpr int64_t kMaxTaps = 12;  // taps in one pass over a row; longer filters take several
constexpr int64_t kCacheLine = 64;

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }
int64_t modulo(int64_t a, int64_t b) { return a - floor_div(a, b) * b; }

// Zeros at first, from a cache line on. What lies behind the size may be read, for values that nothing depends on.
template <typename T>
class Buffer {
 public:
  explicit Buffer(int64_t size) : values_(size + kCacheLine / sizeof(T)) {}
  T* data() {
    const auto address = reinterpret_cast<uintptr_t>(values_.data());
    return values_.data() + (kCacheLine - address % kCacheLine) % kCacheLine / sizeof(T);
  }

 private:
  std::vector<T> values_;
};

// What is done to the values of a row when they are whole: nothing.
struct Plain {
  template <typename T>
  T operator()(T value, int64_t) const { return value; }
};

template <int N, bool Add, typename T, typename Out, typename In, typename Finish>
void fir_fixed(Out* __restrict out, const In* const* rows, const T* weights, int64_t length, const Finish finish) {
  const In* row[N];
  T weight[N];
  for (int k = 0; k < N; k++) row[k] = rows[k], weight[k] = weights[k];
#pragma omp simd
  for (int64_t x = 0; x < length; x++) {
    T sum = Add ? T(out[x]) : T(0);
    for (int k = 0; k < N; k++) sum += weight[k] * T(row[k][x]);
    out[x] = Out(finish(sum, x));
  }
}

template <bool Add, int N = kMaxTaps, typename T, typename Out, typename In, typename Finish>
void fir_some(Out* out, const In* const* rows, const T* weights, int64_t count, int64_t length, const Finish& finish) {
  if (count == N) return fir_fixed<N, Add>(out, rows, weights, length, finish);
  if constexpr (N > 1) fir_some<Add, N - 1>(out, rows, weights, count, length, finish);
}

// out[x] = finish(sum over k of weights[k] * rows[k][x]); more than kMaxTaps only where `out` is as exact as the sum.
template <typename T, typename Out, typename In, typename Finish = Plain>
void fir(Out* out, const In* const* rows, const T* weights, int64_t count, int64_t length, const Finish& finish = {}) {
  if (count <= 0) {
    for (int64_t x = 0; x < length; x++) out[x] = Out(finish(T(0), x));
    return;
  }
  if (count <= kMaxTaps) return fir_some<false>(out, rows, weights, count, length, finish);
  fir_some<false>(out, rows, weights, kMaxTaps, length, Plain{});
  int64_t k = kMaxTaps;
  for (; k + kMaxTaps < count; k += kMaxTaps) fir_some<true>(out, rows + k, weights + k, kMaxTaps, length, Plain{});
  fir_some<true>(out, rows + k, weights + k, count - k, length, finish);
}

}  // namespace
