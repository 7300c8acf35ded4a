// Bias, leaky ReLU, gain and clamp in one walk over the planes of an image; its derivative from the output in another
// (docs/operations.md 1.3). Each value goes through the same operations in the same order as in `bias_act.py`, so the
// bits are the same. What a plane gets depends on nothing else, so the result does not depend on the number of threads.

#include <ATen/Parallel.h>
#include <torch/library.h>

#include <cmath>
#include <cstdint>
#include <optional>

namespace {

constexpr int64_t kGrain = 1 << 15;  // values that are worth a thread

template <typename T>
void activate(const T* __restrict x, T* __restrict y, int64_t size, T bias, bool biased, T slope, T gain, T clamp) {
#pragma omp simd
  for (int64_t i = 0; i < size; i++) {
    T v = biased ? x[i] + bias : x[i];
    v = (v > 0 ? v : v * slope) * gain;
    v = v < -clamp ? -clamp : v;
    y[i] = v > clamp ? clamp : v;
  }
}

template <typename T>
void activate_planes(const at::Tensor& x, const std::optional<at::Tensor>& bias, at::Tensor& y, double slope,
                     double gain, double clamp) {
  const int64_t channels = x.size(1), size = x.size(2) * x.size(3);
  const T* from = x.const_data_ptr<T>();
  const T* shifts = bias ? bias->const_data_ptr<T>() : nullptr;
  T* to = y.mutable_data_ptr<T>();
  at::parallel_for(0, x.size(0) * channels, kGrain / (size + 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t plane = begin; plane < end; plane++)
      activate<T>(from + plane * size, to + plane * size, size, shifts ? shifts[plane % channels] : T(0),
                  shifts != nullptr, T(slope), T(gain), T(clamp));
  });
}

// By value, so that the compiler knows that no number changes on the way.
template <bool kClamped, typename T>
void derive(const T* __restrict gradient, const T* __restrict y, T* __restrict out, int64_t size, T gain, T first,
            T second, T limit) {
#pragma omp simd
  for (int64_t i = 0; i < size; i++) {
    const T kept = y[i] > 0 ? gradient[i] * gain : gradient[i] * first * second;
    out[i] = !kClamped || (y[i] < limit && y[i] > -limit) ? kept : T(0);
  }
}

template <typename T>
void derive_values(const at::Tensor& gradient, const at::Tensor& y, at::Tensor& out, double slope, double gain,
                   double clamp, bool leak_first) {
  const T *g = gradient.const_data_ptr<T>(), *v = y.const_data_ptr<T>();
  T* to = out.mutable_data_ptr<T>();
  // a product of three is rounded by its order
  const T first = leak_first ? T(slope) : T(gain), second = leak_first ? T(gain) : T(slope), limit = T(clamp);
  at::parallel_for(0, y.numel(), kGrain, [&](int64_t begin, int64_t end) {
    const auto walk = std::isfinite(clamp) ? derive<true, T> : derive<false, T>;
    walk(g + begin, v + begin, to + begin, end - begin, T(gain), first, second, limit);
  });
}

void check(const at::Tensor& one, const at::Tensor& other) {
  TORCH_CHECK(one.is_contiguous() && other.is_contiguous(), "tensors must be contiguous");
  TORCH_CHECK(one.scalar_type() == other.scalar_type() && one.sizes() == other.sizes(), "tensors must be alike");
}

void bias_act(const at::Tensor& x, const std::optional<at::Tensor>& bias, at::Tensor& y, double slope, double gain,
              double clamp) {
  check(x, y);
  TORCH_CHECK(!bias || (bias->is_contiguous() && bias->numel() == x.size(1) && bias->scalar_type() == x.scalar_type()),
              "a bias has a value for each channel");
  if (x.scalar_type() == at::kDouble) return activate_planes<double>(x, bias, y, slope, gain, clamp);
  TORCH_CHECK(x.scalar_type() == at::kFloat, "no form for ", x.scalar_type());
  activate_planes<float>(x, bias, y, slope, gain, clamp);
}

void bias_act_derivative(const at::Tensor& gradient, const at::Tensor& y, at::Tensor& out, double slope, double gain,
                         double clamp, bool leak_first) {
  check(gradient, y);
  check(y, out);
  if (y.scalar_type() == at::kDouble) return derive_values<double>(gradient, y, out, slope, gain, clamp, leak_first);
  TORCH_CHECK(y.scalar_type() == at::kFloat, "no form for ", y.scalar_type());
  derive_values<float>(gradient, y, out, slope, gain, clamp, leak_first);
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylesv, library) {
  library.def("bias_act(Tensor x, Tensor? bias, Tensor(a!) y, float slope, float gain, float clamp) -> ()");
  library.def(
      "bias_act_derivative(Tensor gradient, Tensor y, Tensor(a!) out, float slope, float gain, float clamp, "
      "bool leak_first) -> ()");
  library.impl("bias_act", c10::DispatchKey::CPU, TORCH_FN(bias_act));
  library.impl("bias_act_derivative", c10::DispatchKey::CPU, TORCH_FN(bias_act_derivative));
}
