// Upsample, leaky ReLU, downsample, one channel plane at a time, without ever writing the upsampled plane.
//
// A plane is walked row by row. An input row is upsampled along x once, into as many phase arrays as the rates need, so
// that every later step reads and writes contiguously. Rings hold the few x-upsampled rows that the y-upsampling reads
// and the few x-downsampled rows that the y-downsampling reads; all of them fit in the first-level cache. Planes are
// shared among threads and nothing else is, so the result does not depend on the number of threads.
//
// The same walk serves three passes (SPEC 1.4; `fused.py` says which numbers each takes):
//   linear   out = D U value
//   lrelu    out = D f(U (value + bias)),          f(u) = clamp(gain * leaky_relu(u))
//   masked   out = D (f'(U (source + bias)) * U' value), with the signs recomputed instead of stored

#include <ATen/Parallel.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <torch/library.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

namespace {

constexpr int64_t kMaxTaps = 12;  // taps in one pass over a row; longer filters take several
constexpr int64_t kLanes = 8;     // rows are padded to a multiple, so that loops have no remainder

enum Pass : int64_t { kLinear = 0, kLrelu = 1, kMasked = 2 };

int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0); }
int64_t modulo(int64_t a, int64_t b) { return a - floor_div(a, b) * b; }
int64_t round_up(int64_t a, int64_t b) { return (a + b - 1) / b * b; }

// The lines of a filter along one axis. A filter is a sum of terms, each a line along x times a line along y: one for a
// separable filter, a few for a radial one.
struct Lines {
  std::vector<double> taps;  // term after term
  int64_t terms;

  int64_t length() const { return int64_t(taps.size()) / terms; }
  double mirrored(int64_t term, int64_t k) const { return taps[(term + 1) * length() - 1 - k]; }
};

// One axis of upsampling: u[p] = sum over k of taps[last - k] * z[p + k], z[q] = input (q - before) / rate if whole.
struct Up {
  Lines lines;
  int64_t rate, before, size;

  int64_t first_tap(int64_t p) const { return modulo(before - p, rate); }
  int64_t first_input(int64_t p) const { return floor_div(p + first_tap(p) - before, rate); }
  int64_t count(int64_t p) const {
    const int64_t left = lines.length() - first_tap(p);
    return left > 0 ? (left + rate - 1) / rate : 0;
  }
  double weight(int64_t term, int64_t p, int64_t t) const { return lines.mirrored(term, first_tap(p) + t * rate); }
};

// One axis of downsampling: y[o] = sum over k of taps[last - k] * u[o * rate + k].
struct Down {
  Lines lines;
  int64_t rate, size;
};

// ---- rows ----------------------------------------------------------------------------------------------------------

template <typename T, int N, bool Add>
void fir_fixed(T* __restrict out, const T* const* rows, const T* weights, int64_t length) {
  const T* row[N];
  T weight[N];
  for (int k = 0; k < N; k++) row[k] = rows[k], weight[k] = weights[k];
#pragma omp simd
  for (int64_t x = 0; x < length; x++) {
    T sum = Add ? out[x] : T(0);
    for (int k = 0; k < N; k++) sum += weight[k] * row[k][x];
    out[x] = sum;
  }
}

template <typename T, bool Add, int N = kMaxTaps>
void fir_some(T* out, const T* const* rows, const T* weights, int64_t count, int64_t length) {
  if (count == N) return fir_fixed<T, N, Add>(out, rows, weights, length);
  if constexpr (N > 1) fir_some<T, Add, N - 1>(out, rows, weights, count, length);
}

// out[x] = sum over k of weights[k] * rows[k][x]
template <typename T>
void fir(T* out, const T* const* rows, const T* weights, int64_t count, int64_t length) {
  if (count == 0) std::fill_n(out, length, T(0));
  fir_some<T, false>(out, rows, weights, std::min(count, kMaxTaps), length);
  for (int64_t k = kMaxTaps; k < count; k += kMaxTaps)
    fir_some<T, true>(out, rows + k, weights + k, std::min(count - k, kMaxTaps), length);
}

template <typename T>
struct Activation {
  T positive, negative, clamp;  // gain, gain * slope

  void apply(T* __restrict u, int64_t length) const {
#pragma omp simd
    for (int64_t x = 0; x < length; x++) {
      T v = u[x] > 0 ? u[x] * positive : u[x] * negative;
      v = v > clamp ? clamp : v;
      u[x] = v < -clamp ? -clamp : v;
    }
  }

  // value *= derivative at u
  void differentiate(T* __restrict value, const T* __restrict u, int64_t length) const {
#pragma omp simd
    for (int64_t x = 0; x < length; x++) {
      const T factor = u[x] > 0 ? positive : negative;
      const T v = u[x] * factor;
      value[x] = (v > clamp) | (v < -clamp) ? T(0) : value[x] * factor;
    }
  }
};

// ---- along x: arrays of phases -------------------------------------------------------------------------------------

// Each output array is a sum of shifted input arrays of one flat buffer.
template <typename T>
struct Phase {
  std::vector<int64_t> starts;
  std::vector<T> weights;

  void run(T* out, const T* in, int64_t length) const {
    const T* rows[kMaxTaps];
    if (starts.empty()) std::fill_n(out, length, T(0));
    for (size_t first = 0; first < starts.size(); first += kMaxTaps) {
      const int64_t count = std::min<int64_t>(starts.size() - first, kMaxTaps);
      for (int64_t k = 0; k < count; k++) rows[k] = in + starts[first + k];
      if (first == 0) fir_some<T, false>(out, rows, &weights[first], count, length);
      else fir_some<T, true>(out, rows, &weights[first], count, length);
    }
  }
};

// Upsampled position p = M * period + r is element M of the array of phase r; only the phases that are read exist.
template <typename T>
struct DownX {
  int64_t period, arrays, length, out_length;  // arrays of the output, lengths of one array before and after
  std::vector<int64_t> residues;               // the phases that are read
  std::vector<Phase<T>> phases;                // term after term

  DownX(const Down& down, int64_t up_rate) {
    period = std::lcm(up_rate, down.rate);
    arrays = period / down.rate;
    const int64_t taps = down.lines.length(), last = (arrays - 1) * down.rate + taps - 1;
    out_length = round_up((down.size + arrays - 1) / arrays, kLanes);
    length = round_up(out_length + last / period, kLanes);
    std::vector<int64_t> slot(period, -1);
    for (int64_t i = 0; i < down.lines.terms * arrays; i++) {
      const int64_t term = i / arrays, e = i % arrays;
      Phase<T> phase;
      for (int64_t k = 0; k < taps; k++) {
        const int64_t p = e * down.rate + k;
        if (slot[p % period] < 0) slot[p % period] = residues.size(), residues.push_back(p % period);
        phase.starts.push_back(slot[p % period] * length + p / period);
        phase.weights.push_back(T(down.lines.mirrored(term, k)));
      }
      phases.push_back(phase);
    }
  }
  int64_t width() const { return int64_t(residues.size()) * length; }
  int64_t out_width() const { return arrays * out_length; }
};

template <typename T>
struct UpX {
  int64_t arrays, first = INT64_MAX, length;  // arrays of the input; element j of array a is input (first + j) * arrays + a
  std::vector<Phase<T>> phases;  // term after term

  UpX(const Up& up, const DownX<T>& down) : arrays(down.period / up.rate) {
    int64_t last = INT64_MIN;
    for (int64_t r : down.residues) {
      first = std::min(first, floor_div(up.first_input(r), arrays));
      last = std::max(last, floor_div(up.first_input(r) + up.count(r), arrays));
    }
    length = last - first + down.length;
    for (int64_t term = 0; term < up.lines.terms; term++)
      for (int64_t r : down.residues) {
        Phase<T> phase;
        for (int64_t t = 0; t < up.count(r); t++) {
          const int64_t index = up.first_input(r) + t;
          phase.starts.push_back(modulo(index, arrays) * length + floor_div(index, arrays) - first);
          phase.weights.push_back(T(up.weight(term, r, t)));
        }
        phases.push_back(phase);
      }
  }
};

// ---- along y: rings of rows ----------------------------------------------------------------------------------------

// Gives rows of one upsampled plane, asked for from top to bottom.
template <typename T, typename Stored>
class UpsampledRows {
 public:
  UpsampledRows(const Up& along_x, const Up& along_y, const UpX<T>& x, const DownX<T>& down)
      : along_x_(along_x), along_y_(along_y), x_(x), array_length_(down.length), width_(down.width()),
        terms_(along_y.lines.terms), capacity_((along_y.lines.length() + along_y.rate - 1) / along_y.rate),
        ring_(capacity_ * terms_ * width_), zeros_(width_), input_(x.arrays * x.length), rows_(capacity_ * terms_),
        weights_(capacity_ * terms_) {}

  void start(const Stored* plane, T bias) { plane_ = plane, bias_ = bias, next_ = 0; }

  void row(int64_t p, T* out) {
    const int64_t first = along_y_.first_input(p), count = along_y_.count(p);
    for (int64_t t = 0; t < count; t++) {
      const int64_t y = first + t;
      const bool inside = y >= 0 && y < along_y_.size;
      if (inside && y >= next_) upsample_x(y), next_ = y + 1;
      for (int64_t term = 0; term < terms_; term++) {
        rows_[t * terms_ + term] = inside ? &ring_[(y % capacity_ * terms_ + term) * width_] : zeros_.data();
        weights_[t * terms_ + term] = T(along_y_.weight(term, p, t));
      }
    }
    fir(out, rows_.data(), weights_.data(), count * terms_, width_);
  }

 private:
  void upsample_x(int64_t y) {
    const Stored* row = plane_ + y * along_x_.size;
    for (int64_t a = 0; a < x_.arrays; a++) {
      const int64_t begin = std::max<int64_t>(x_.first, 0);
      const int64_t end = std::min(x_.first + x_.length, (along_x_.size - a + x_.arrays - 1) / x_.arrays);
      T* array = &input_[a * x_.length] - x_.first;
      if (x_.arrays == 1)
        for (int64_t j = begin; j < end; j++) array[j] = T(row[j]) + bias_;
      else
        for (int64_t j = begin; j < end; j++) array[j] = T(row[j * x_.arrays + a]) + bias_;
    }
    T* out = &ring_[y % capacity_ * terms_ * width_];
    for (const Phase<T>& phase : x_.phases) phase.run(out, input_.data(), array_length_), out += array_length_;
  }

  const Up &along_x_, &along_y_;
  const UpX<T>& x_;
  const int64_t array_length_, width_, terms_, capacity_;
  std::vector<T> ring_, zeros_, input_;  // what lies beside the input stays zero
  std::vector<const T*> rows_;
  std::vector<T> weights_;
  const Stored* plane_ = nullptr;
  T bias_ = 0;
  int64_t next_ = 0;
};

struct Job {
  Pass pass;
  Up value_x, value_y, source_x, source_y;
  Down down_x, down_y;
  double gain, slope, clamp;
  int64_t planes, channels;
};

template <typename T, typename Stored>
void run(const Job& job, const Stored* value, const Stored* source, const Stored* bias, Stored* out, double* sums) {
  const DownX<T> down(job.down_x, job.value_x.rate);
  const UpX<T> up_value(job.value_x, down), up_source(job.source_x, down);
  const Activation<T> activation{T(job.gain), T(job.gain * job.slope), T(job.clamp)};
  const Lines& lines = job.down_y.lines;
  const int64_t taps = lines.length(), terms = lines.terms, width = down.out_width();
  std::vector<T> weights(taps * terms);
  for (int64_t i = 0; i < taps * terms; i++) weights[i] = T(lines.mirrored(i % terms, i / terms));
  std::vector<double> plane_sums(job.planes);

  at::parallel_for(0, job.planes, 1, [&](int64_t begin, int64_t end) {
    UpsampledRows<T, Stored> values(job.value_x, job.value_y, up_value, down);
    UpsampledRows<T, Stored> sources(job.source_x, job.source_y, up_source, down);
    std::vector<T> u(down.width()), s(down.width()), ring(taps * terms * width), y(width);
    std::vector<const T*> rows(taps * terms);
    for (int64_t plane = begin; plane < end; plane++) {
      const T shift = bias ? T(bias[plane % job.channels]) : T(0);
      values.start(value + plane * job.value_x.size * job.value_y.size, job.pass == kLrelu ? shift : T(0));
      if (job.pass == kMasked) sources.start(source + plane * job.source_x.size * job.source_y.size, shift);
      Stored* target = out + plane * job.down_x.size * job.down_y.size;
      double total = 0;
      int64_t next = 0;
      for (int64_t o = 0; o < job.down_y.size; o++, target += job.down_x.size) {
        for (int64_t p = std::max(next, o * job.down_y.rate); p < o * job.down_y.rate + taps; p++) {
          values.row(p, u.data());
          if (job.pass == kLrelu) activation.apply(u.data(), u.size());
          if (job.pass == kMasked) sources.row(p, s.data()), activation.differentiate(u.data(), s.data(), u.size());
          T* narrow = &ring[p % taps * terms * width];
          for (const Phase<T>& phase : down.phases)
            phase.run(narrow, u.data(), down.out_length), narrow += down.out_length;
        }
        next = o * job.down_y.rate + taps;
        for (int64_t i = 0; i < taps * terms; i++)
          rows[i] = &ring[((o * job.down_y.rate + i / terms) % taps * terms + i % terms) * width];
        fir(y.data(), rows.data(), weights.data(), taps * terms, width);
        T sum = 0;
        for (int64_t a = 0; a < down.arrays; a++) {
          const T* array = &y[a * down.out_length];
          const int64_t length = (job.down_x.size - a + down.arrays - 1) / down.arrays;
#pragma omp simd reduction(+ : sum)
          for (int64_t j = 0; j < length; j++) sum += array[j];
          for (int64_t j = 0; j < length; j++) target[j * down.arrays + a] = Stored(array[j]);
        }
        total += sum;
      }
      plane_sums[plane] = total;
    }
  });
  std::fill_n(sums, job.channels, 0.0);
  for (int64_t plane = 0; plane < job.planes; plane++) sums[plane % job.channels] += plane_sums[plane];
}

template <typename T, typename Stored>
void run_stored(const Job& job, const at::Tensor& value, const std::optional<at::Tensor>& source,
                const std::optional<at::Tensor>& bias, at::Tensor& out, at::Tensor& sums) {
  run<T, Stored>(job, value.const_data_ptr<Stored>(), source ? source->const_data_ptr<Stored>() : nullptr,
                 bias ? bias->const_data_ptr<Stored>() : nullptr, out.mutable_data_ptr<Stored>(),
                 sums.mutable_data_ptr<double>());
}

using Taps = std::vector<double>;

// terms: value, source, down.  rates: value x, y; source x, y; down x, y.  befores: value x, y; source x, y.
// activation: gain, slope, clamp.
void resample(int64_t pass, const at::Tensor& value, const std::optional<at::Tensor>& source,
              const std::optional<at::Tensor>& bias, at::Tensor& out, at::Tensor& sums, Taps value_x, Taps value_y,
              Taps source_x, Taps source_y, Taps down_x, Taps down_y, at::IntArrayRef terms, at::IntArrayRef rates,
              at::IntArrayRef befores, at::ArrayRef<double> activation) {
  const at::Tensor& from = source ? *source : value;
  TORCH_CHECK(value.is_contiguous() && from.is_contiguous() && out.is_contiguous(), "tensors must be contiguous");
  const Job job{Pass(pass),
                {{value_x, terms[0]}, rates[0], befores[0], value.size(3)},
                {{value_y, terms[0]}, rates[1], befores[1], value.size(2)},
                {{source_x, terms[1]}, rates[2], befores[2], from.size(3)},
                {{source_y, terms[1]}, rates[3], befores[3], from.size(2)},
                {{down_x, terms[2]}, rates[4], out.size(3)},
                {{down_y, terms[2]}, rates[5], out.size(2)},
                activation[0], activation[1], activation[2],
                out.size(0) * out.size(1), out.size(1)};
  switch (value.scalar_type()) {
    case at::kDouble: return run_stored<double, double>(job, value, source, bias, out, sums);
    case at::kFloat: return run_stored<float, float>(job, value, source, bias, out, sums);
    case at::kBFloat16: return run_stored<float, c10::BFloat16>(job, value, source, bias, out, sums);
    case at::kHalf: return run_stored<float, c10::Half>(job, value, source, bias, out, sums);
    default: TORCH_CHECK(false, "no form for ", value.scalar_type());
  }
}

}  // namespace

TORCH_LIBRARY(stylesv, library) {
  library.def(
      "resample(int mode, Tensor value, Tensor? source, Tensor? bias, Tensor(a!) out, Tensor(b!) sums, "
      "float[] value_x, float[] value_y, float[] source_x, float[] source_y, float[] down_x, float[] down_y, "
      "int[] terms, int[] rates, int[] befores, float[] activation) -> ()");
  library.impl("resample", c10::DispatchKey::CPU, TORCH_FN(resample));
}
