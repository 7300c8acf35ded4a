// Bias, leaky ReLU, gain and clamp in one pass over memory, and their derivative in another (docs/operations.md 1.3).
//
//   forward   out = clamp(gain * leaky_relu(x + bias))
//   gradient  out = gradient * gain * (1 or slope), 0 where the clamp held; and its sums over each channel
//
// The derivative is told from the forward pass's output: its sign is that of the leaky ReLU's argument. Products are taken
// in the order of the readable definition, so that float32 and float64 values are the same bits; only sums are in another
// order. It is the same for any number of threads: what one thread adds up is fixed by the shape alone.

#include <ATen/Parallel.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

namespace {

constexpr int64_t kPiece = 4096;         // values of which a sum is taken before it is added up in float64
constexpr int64_t kThreadShare = 32768;  // values that are worth a thread, as elsewhere in ATen

// A tensor as outer x channels x inner values. Images are n x channels x pixels; in channels-last order, and as rows of
// features, n pixels x channels x 1.
struct Shape {
  int64_t outer, channels, inner;

  explicit Shape(const at::Tensor& x) : outer(x.size(0)), channels(x.size(1)), inner(1) {
    for (int64_t axis = 2; axis < x.dim(); axis++) inner *= x.size(axis);
    if (inner == 1 || x.is_contiguous()) return;
    outer *= inner, inner = 1;
  }
  int64_t planes() const { return outer * channels; }
  int64_t rows_of_piece() const { return std::max<int64_t>(kPiece / std::max<int64_t>(channels, 1), 1); }
  int64_t pieces() const { return (outer + rows_of_piece() - 1) / rows_of_piece(); }
};

template <typename T, bool Clamped>
struct Forward {
  T gain, slope, clamp;

  T operator()(T u) const {
    T v = u * (u > 0 ? T(1) : slope) * gain;
    if (!Clamped) return v;
    v = v > clamp ? clamp : v;
    return v < -clamp ? -clamp : v;
  }
};

template <typename T, bool Clamped>
struct Gradient {
  T gain, slope, clamp;

  T operator()(T gradient, T y) const {
    const T v = gradient * gain * (y > 0 ? T(1) : slope);
    return !Clamped || std::abs(y) < clamp ? v : T(0);  // of what is not a number, 0, as in the definition
  }
};

// ---- planes: one bias for all of them ------------------------------------------------------------------------------

template <typename T, typename Stored, typename Act>
void forward_planes(const Stored* x, const Stored* bias, Stored* out, const Shape& shape, const Act act) {
  at::parallel_for(0, shape.planes(), std::max<int64_t>(kThreadShare / shape.inner, 1), [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; plane++) {
      const Stored* from = x + plane * shape.inner;
      Stored* to = out + plane * shape.inner;
      const T shift = bias ? T(bias[plane % shape.channels]) : T(0);
#pragma omp simd
      for (int64_t i = 0; i < shape.inner; i++) to[i] = Stored(act(T(from[i]) + shift));
    }
  });
}

template <typename T, typename Stored, typename Act>
T gradient_piece(const Stored* gradient, const Stored* y, Stored* out, int64_t length, const Act act) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < length; i++) {
    const T v = act(T(gradient[i]), T(y[i]));
    out[i] = Stored(v);
    sum += v;
  }
  return sum;
}

template <typename T, typename Stored, typename Act>
void gradient_planes(const Stored* gradient, const Stored* y, Stored* out, double* sums, const Shape& shape, const Act act) {
  std::vector<double> plane_sums(shape.planes());
  at::parallel_for(0, shape.planes(), std::max<int64_t>(kThreadShare / shape.inner, 1), [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; plane++)
      for (int64_t first = plane * shape.inner; first < (plane + 1) * shape.inner; first += kPiece) {
        const int64_t length = std::min(kPiece, (plane + 1) * shape.inner - first);
        plane_sums[plane] += gradient_piece<T>(gradient + first, y + first, out + first, length, act);
      }
  });
  for (int64_t plane = 0; plane < shape.planes(); plane++) sums[plane % shape.channels] += plane_sums[plane];
}

// ---- rows: a bias for each of their values -------------------------------------------------------------------------

template <typename T, typename Stored, typename Act>
void forward_rows(const Stored* x, const Stored* bias, Stored* out, const Shape& shape, const Act act) {
  std::vector<T> shifts(shape.channels);
  for (int64_t c = 0; bias && c < shape.channels; c++) shifts[c] = T(bias[c]);
  const int64_t share = std::max<int64_t>(kThreadShare / std::max<int64_t>(shape.channels, 1), 1);
  at::parallel_for(0, shape.outer, share, [&](int64_t begin, int64_t end) {
    const T* shift = shifts.data();
    for (int64_t row = begin; row < end; row++) {
      const Stored* from = x + row * shape.channels;
      Stored* to = out + row * shape.channels;
#pragma omp simd
      for (int64_t c = 0; c < shape.channels; c++) to[c] = Stored(act(T(from[c]) + shift[c]));
    }
  });
}

template <typename T, typename Stored, typename Act>
void gradient_rows(const Stored* gradient, const Stored* y, Stored* out, double* sums, const Shape& shape, const Act act) {
  const int64_t channels = shape.channels, size = shape.rows_of_piece();
  std::vector<T> piece_sums(shape.pieces() * channels);
  at::parallel_for(0, shape.pieces(), std::max<int64_t>(kThreadShare / kPiece, 1), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin * size; row < std::min(end * size, shape.outer); row++) {
      const Stored *from = gradient + row * channels, *at = y + row * channels;
      Stored* to = out + row * channels;
      T* sum = piece_sums.data() + row / size * channels;
#pragma omp simd
      for (int64_t c = 0; c < channels; c++) {
        const T v = act(T(from[c]), T(at[c]));
        to[c] = Stored(v);
        sum[c] += v;
      }
    }
  });
  for (int64_t piece = 0; piece < shape.pieces(); piece++)
    for (int64_t c = 0; c < channels; c++) sums[c] += piece_sums[piece * channels + c];
}

// ---- for PyTorch ---------------------------------------------------------------------------------------------------

// Calls `work(T, Stored, clamped)` with the types that tensors of this kind are computed and stored in.
template <typename Work>
void by_type(const at::Tensor& x, bool clamped, const Work& work) {
  auto typed = [&](auto number, auto stored) {
    clamped ? work(number, stored, std::true_type()) : work(number, stored, std::false_type());
  };
  switch (x.scalar_type()) {
    case at::kDouble: return typed(double(), double());
    case at::kFloat: return typed(float(), float());
    case at::kBFloat16: return typed(float(), c10::BFloat16());
    case at::kHalf: return typed(float(), c10::Half());
    default: TORCH_CHECK(false, "no form for ", x.scalar_type());
  }
}

void check_layouts(const at::Tensor& a, const at::Tensor& b) {
  TORCH_CHECK(a.is_non_overlapping_and_dense() && a.strides() == b.strides(), "tensors must lie alike in memory");
}

// activation: gain above 0, slope, clamp (infinite: none)
void bias_act(const at::Tensor& x, const std::optional<at::Tensor>& bias, at::Tensor& out, double gain, double slope,
              double clamp) {
  check_layouts(x, out);
  if (x.numel() == 0) return;
  const Shape shape(x);
  by_type(x, std::isfinite(clamp), [&](auto number, auto stored, auto clamped) {
    using T = decltype(number);
    using Stored = decltype(stored);
    const Forward<T, decltype(clamped)::value> act{T(gain), T(slope), T(clamp)};
    const Stored* shifts = bias ? bias->const_data_ptr<Stored>() : nullptr;
    auto* run = shape.inner == 1 ? forward_rows<T, Stored, decltype(act)> : forward_planes<T, Stored, decltype(act)>;
    run(x.const_data_ptr<Stored>(), shifts, out.mutable_data_ptr<Stored>(), shape, act);
  });
}

// `y` is what bias_act gave; `sums` (float64, one a channel) are zero before.
void bias_act_gradient(const at::Tensor& gradient, const at::Tensor& y, at::Tensor& out, at::Tensor& sums, double gain,
                       double slope, double clamp) {
  check_layouts(gradient, out), check_layouts(y, out);
  if (y.numel() == 0) return;
  const Shape shape(y);
  by_type(y, std::isfinite(clamp), [&](auto number, auto stored, auto clamped) {
    using T = decltype(number);
    using Stored = decltype(stored);
    const Gradient<T, decltype(clamped)::value> act{T(gain), T(slope), T(clamp)};
    auto* run = shape.inner == 1 ? gradient_rows<T, Stored, decltype(act)> : gradient_planes<T, Stored, decltype(act)>;
    run(gradient.const_data_ptr<Stored>(), y.const_data_ptr<Stored>(), out.mutable_data_ptr<Stored>(),
        sums.mutable_data_ptr<double>(), shape, act);
  });
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylesv, library) {
  library.def("bias_act(Tensor x, Tensor? bias, Tensor(a!) out, float gain, float slope, float clamp) -> ()");
  library.def(
      "bias_act_gradient(Tensor gradient, Tensor y, Tensor(a!) out, Tensor(b!) sums, float gain, float slope, float clamp) "
      "-> ()");
  library.impl("bias_act", c10::DispatchKey::CPU, TORCH_FN(bias_act));
  library.impl("bias_act_gradient", c10::DispatchKey::CPU, TORCH_FN(bias_act_gradient));
}
