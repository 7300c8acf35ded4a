// Upsample, leaky ReLU, downsample, a few channel planes at a time, without ever writing the upsampled planes.
//
// Planes are walked row by row, small ones side by side, so that every loop over a row is long. An input row is upsampled
// along x once, into as many phase arrays as the rates need, so that every later step reads and writes contiguously. Rings
// hold the few x-upsampled rows that the y-upsampling reads and the few x-downsampled rows that the y-downsampling reads;
// all of them fit in the first-level cache. Groups of planes are shared among threads and nothing else is, and how planes
// are grouped decides no value, so the result does not depend on the number of threads.
//
// The same walk serves three passes (docs/operations.md 1.2; `fused.py` says which numbers each takes):
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
constexpr int64_t kLanes = 16;    // arrays are padded to a multiple, so that each begins on a cache line
constexpr int64_t kCacheLine = 64;
constexpr int64_t kCacheBytes = 32 << 10;  // what the buffers of one group of planes may take: most of a first-level cache
constexpr int64_t kMinGroups = 8;          // as many groups at the least, for the threads

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
  int64_t ring_rows() const { return (lines.length() + rate - 1) / rate; }  // inputs that one position may read
};

// One axis of downsampling: y[o] = sum over k of taps[last - k] * u[o * rate + k].
struct Down {
  Lines lines;
  int64_t rate, size;
};

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

// ---- rows ----------------------------------------------------------------------------------------------------------

// What is done to the values of a row when they are whole: nothing,
struct Plain {
  template <typename T>
  T operator()(T value, int64_t) const { return value; }
};

// the activation,
template <typename T>
struct Activation {
  T positive, negative, clamp;  // gain, gain * slope

  T operator()(T u, int64_t) const {
    T v = u > 0 ? u * positive : u * negative;
    v = v > clamp ? clamp : v;
    return v < -clamp ? -clamp : v;
  }
};

// or its derivative where the row of the source is `u`.
template <typename T>
struct Derivative {
  Activation<T> at;
  const T* u;

  T operator()(T value, int64_t x) const {
    const T factor = u[x] > 0 ? at.positive : at.negative;
    const T v = u[x] * factor;
    return (v > at.clamp) | (v < -at.clamp) ? T(0) : value * factor;
  }
};

template <typename T, int N, bool Add, typename Finish>
void fir_fixed(T* __restrict out, const T* const* rows, const T* weights, int64_t length, const Finish finish) {
  const T* row[N];
  T weight[N];
  for (int k = 0; k < N; k++) row[k] = rows[k], weight[k] = weights[k];
#pragma omp simd
  for (int64_t x = 0; x < length; x++) {
    T sum = Add ? out[x] : T(0);
    for (int k = 0; k < N; k++) sum += weight[k] * row[k][x];
    out[x] = finish(sum, x);
  }
}

template <bool Add, int N = kMaxTaps, typename T, typename Finish>
void fir_some(T* out, const T* const* rows, const T* weights, int64_t count, int64_t length, const Finish& finish) {
  if (count == N) return fir_fixed<T, N, Add>(out, rows, weights, length, finish);
  if constexpr (N > 1) fir_some<Add, N - 1>(out, rows, weights, count, length, finish);
}

// out[x] = finish(sum over k of weights[k] * rows[k][x])
template <typename T, typename Finish = Plain>
void fir(T* out, const T* const* rows, const T* weights, int64_t count, int64_t length, const Finish& finish = {}) {
  if (count <= 0) {
    for (int64_t x = 0; x < length; x++) out[x] = finish(T(0), x);
    return;
  }
  if (count <= kMaxTaps) return fir_some<false>(out, rows, weights, count, length, finish);
  fir_some<false>(out, rows, weights, kMaxTaps, length, Plain{});
  int64_t k = kMaxTaps;
  for (; k + kMaxTaps < count; k += kMaxTaps) fir_some<true>(out, rows + k, weights + k, kMaxTaps, length, Plain{});
  fir_some<true>(out, rows + k, weights + k, count - k, length, finish);
}

// ---- along x: arrays of phases -------------------------------------------------------------------------------------

// Each output array is a sum of shifted input arrays of one flat buffer. In every array the planes of a group lie side by
// side; a shift reaches from one plane into the next only for values that nothing depends on.
template <typename T>
struct Phase {
  std::vector<int64_t> arrays, shifts;
  std::vector<T> weights;

  void add(int64_t array, int64_t shift, double weight) {
    arrays.push_back(array), shifts.push_back(shift), weights.push_back(T(weight));
  }
  void run(T* out, const T* in, int64_t array_length, const T** rows) const {
    for (size_t k = 0; k < arrays.size(); k++) rows[k] = in + arrays[k] * array_length + shifts[k];
    fir(out, rows, weights.data(), arrays.size(), array_length);
  }
};

// Upsampled position p = M * period + r is element M of the array of phase r; only the phases that are read exist.
template <typename T>
struct DownX {
  int64_t period, arrays, length;  // arrays of the output; elements of a plane in an array before downsampling
  std::vector<int64_t> residues;   // the phases that are read
  std::vector<Phase<T>> phases;    // term after term

  DownX(const Down& down, int64_t up_rate) {
    period = std::lcm(up_rate, down.rate);
    arrays = period / down.rate;
    const int64_t taps = down.lines.length(), last = (arrays - 1) * down.rate + taps - 1;
    length = (down.size + arrays - 1) / arrays + last / period;
    std::vector<int64_t> slot(period, -1);
    for (int64_t i = 0; i < down.lines.terms * arrays; i++) {
      const int64_t term = i / arrays, e = i % arrays;
      Phase<T> phase;
      for (int64_t k = 0; k < taps; k++) {
        const int64_t p = e * down.rate + k;
        if (slot[p % period] < 0) slot[p % period] = residues.size(), residues.push_back(p % period);
        phase.add(slot[p % period], p / period, down.lines.mirrored(term, k));
      }
      phases.push_back(phase);
    }
  }
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
          phase.add(modulo(index, arrays), floor_div(index, arrays) - first, up.weight(term, r, t));
        }
        phases.push_back(phase);
      }
  }
};

// The planes of a group in an array: each begins `stride` after the one before.
struct Group {
  int64_t planes, stride;

  int64_t length() const { return round_up(planes * stride, kLanes); }
};

// ---- along y: rings of rows ----------------------------------------------------------------------------------------

// Gives rows of a group of upsampled planes, asked for from top to bottom.
template <typename T, typename Stored>
class UpsampledRows {
 public:
  UpsampledRows(const Up& along_x, const Up& along_y, const UpX<T>& x, const Group& group)
      : along_x_(along_x), along_y_(along_y), x_(x), group_(group), terms_(along_y.lines.terms),
        width_(int64_t(x.phases.size()) / terms_ * group.length()), capacity_(along_y.ring_rows()),
        ring_(capacity_ * terms_ * width_), zeros_(width_),
        input_(x.arrays * group.length() + group.stride), rows_(std::max(capacity_ * terms_, along_x.lines.length())),
        weights_(capacity_ * terms_) {}

  // Planes of the image, and what is added to each.
  void start(const Stored* planes, int64_t count, const T* shifts) {
    planes_ = planes, count_ = count, shifts_ = shifts, next_ = 0;
  }

  // Whether a row depends on any row of the image; the others are zero.
  bool has_row(int64_t p) const {
    const int64_t first = along_y_.first_input(p);
    return first < along_y_.size && first + along_y_.count(p) > 0;
  }

  template <typename Finish>
  void row(int64_t p, T* out, const Finish& finish) {
    const int64_t first = along_y_.first_input(p), count = along_y_.count(p);
    for (int64_t y = std::max<int64_t>(first, next_); y < std::min(first + count, along_y_.size); y++)
      upsample_x(y), next_ = y + 1;
    for (int64_t t = 0; t < count; t++) {
      const int64_t y = first + t;
      const bool inside = y >= 0 && y < along_y_.size;
      for (int64_t term = 0; term < terms_; term++) {
        rows_[t * terms_ + term] = inside ? ring_.data() + (y % capacity_ * terms_ + term) * width_ : zeros_.data();
        weights_[t * terms_ + term] = T(along_y_.weight(term, p, t));
      }
    }
    fir(out, rows_.data(), weights_.data(), count * terms_, width_, finish);
  }

 private:
  void upsample_x(int64_t y) {
    for (int64_t a = 0; a < x_.arrays; a++) {
      const int64_t begin = std::max<int64_t>(x_.first, 0);
      const int64_t end = std::min(x_.first + x_.length, (along_x_.size - a + x_.arrays - 1) / x_.arrays);
      for (int64_t i = 0; i < count_; i++) {
        const Stored* row = planes_ + (i * along_y_.size + y) * along_x_.size;
        T* array = input_.data() + a * group_.length() + i * group_.stride - x_.first;
        const T shift = shifts_[i];
        if (x_.arrays == 1)
          for (int64_t j = begin; j < end; j++) array[j] = T(row[j]) + shift;
        else
          for (int64_t j = begin; j < end; j++) array[j] = T(row[j * x_.arrays + a]) + shift;
      }
    }
    T* out = ring_.data() + y % capacity_ * terms_ * width_;
    for (const Phase<T>& phase : x_.phases)
      phase.run(out, input_.data(), group_.length(), rows_.data()), out += group_.length();
  }

  const Up &along_x_, &along_y_;
  const UpX<T>& x_;
  const Group& group_;
  const int64_t terms_, width_, capacity_;
  Buffer<T> ring_, zeros_, input_;  // what lies beside the input stays zero
  std::vector<const T*> rows_;
  std::vector<T> weights_;
  const Stored* planes_ = nullptr;
  const T* shifts_ = nullptr;
  int64_t count_ = 0, next_ = 0;
};

struct Job {
  Pass pass;
  Up value_x, value_y, source_x, source_y;
  Down down_x, down_y;
  double gain, slope, clamp;
  int64_t planes, channels;
};

// Everything about a job that is the same for all groups of planes.
template <typename T>
struct Design {
  const Job& job;
  const DownX<T> down;
  const UpX<T> value, source;
  const Activation<T> activation;
  const Group group;
  std::vector<T> down_weights;  // along y, row after row, and for each the terms

  explicit Design(const Job& job)
      : job(job), down(job.down_x, job.value_x.rate), value(job.value_x, down), source(job.source_x, down),
        activation{T(job.gain), T(job.gain * job.slope), T(job.clamp)}, group(fitting_group()) {
    const Lines& lines = job.down_y.lines;
    for (int64_t k = 0; k < lines.length(); k++)
      for (int64_t term = 0; term < lines.terms; term++) down_weights.push_back(T(lines.mirrored(term, k)));
  }
  int64_t wide() const { return int64_t(down.residues.size()) * group.length(); }
  int64_t narrow() const { return down.arrays * group.length(); }
  int64_t down_rows() const { return int64_t(down_weights.size()); }

 private:
  // As many planes as fit in the cache together with all rows that are kept of them.
  Group fitting_group() const {
    const int64_t residues = down.residues.size(), down_taps = job.down_y.lines.length() * job.down_y.lines.terms;
    auto arrays_of = [&](const UpX<T>& x, const Up& along_y) {
      return (along_y.ring_rows() * along_y.lines.terms + 1) * residues + x.arrays;
    };
    int64_t arrays = arrays_of(value, job.value_y) + (down_taps + 1) * down.arrays;
    if (job.pass == kMasked) arrays += arrays_of(source, job.source_y);
    const int64_t stride = std::max(value.length, source.length);
    const int64_t fitting = kCacheBytes / int64_t(sizeof(T)) / (arrays * stride);
    return {std::clamp<int64_t>(fitting, 1, std::max<int64_t>(job.planes / kMinGroups, 1)), stride};
  }
};

// The walk over one group of planes after another.
template <typename T, typename Stored>
class Walk {
 public:
  explicit Walk(const Design<T>& design)
      : design_(design), values_(design.job.value_x, design.job.value_y, design.value, design.group),
        sources_(design.job.source_x, design.job.source_y, design.source, design.group),
        u_(design.wide() + design.group.stride), s_(design.wide()), ring_(design.down_rows() * design.narrow()),
        y_(design.narrow()), rows_(std::max(design.down_rows(), design.job.down_x.lines.length())),
        shifts_(design.group.planes), no_shifts_(design.group.planes) {}

  void run(const Stored* value, const Stored* source, const Stored* bias, Stored* out, double* sums, int64_t first,
           int64_t count) {
    const Job& job = design_.job;
    for (int64_t i = 0; i < count; i++) shifts_[i] = bias ? T(bias[(first + i) % job.channels]) : T(0);
    values_.start(value + first * job.value_x.size * job.value_y.size, count,
                  (job.pass == kLrelu ? shifts_ : no_shifts_).data());
    if (job.pass == kMasked)
      sources_.start(source + first * job.source_x.size * job.source_y.size, count, shifts_.data());
    const int64_t taps = job.down_y.lines.length(), terms = job.down_y.lines.terms, rate = job.down_y.rate;
    int64_t next = 0;
    for (int64_t o = 0; o < job.down_y.size; o++) {
      for (int64_t p = std::max(next, o * rate); p < o * rate + taps; p++) downsample_x(p, ring_row(p));
      next = o * rate + taps;
      for (int64_t k = 0; k < taps; k++)
        for (int64_t term = 0; term < terms; term++)
          rows_[k * terms + term] = ring_row(o * rate + k) + term * design_.narrow();
      fir(y_.data(), rows_.data(), design_.down_weights.data(), design_.down_rows(), design_.narrow());
      for (int64_t i = 0; i < count; i++)
        sums[first + i] += store(i, out + ((first + i) * job.down_y.size + o) * job.down_x.size);
    }
  }

 private:
  T* ring_row(int64_t p) {
    const int64_t taps = design_.job.down_y.lines.length(), terms = design_.job.down_y.lines.terms;
    return ring_.data() + p % taps * terms * design_.narrow();
  }

  void downsample_x(int64_t p, T* out) {
    const Job& job = design_.job;
    if (job.pass != kLrelu && !values_.has_row(p)) {  // these passes are linear: zero stays zero
      std::fill_n(out, job.down_y.lines.terms * design_.narrow(), T(0));
      return;
    }
    if (job.pass == kMasked) {
      sources_.row(p, s_.data(), Plain{});
      values_.row(p, u_.data(), Derivative<T>{design_.activation, s_.data()});
    } else if (job.pass == kLrelu) {
      values_.row(p, u_.data(), design_.activation);
    } else {
      values_.row(p, u_.data(), Plain{});
    }
    for (const Phase<T>& phase : design_.down.phases) {
      phase.run(out, u_.data(), design_.group.length(), rows_.data());
      out += design_.group.length();
    }
  }

  // Write plane i of the finished row; the sum of its values if the pass is one whose sums are asked for.
  T store(int64_t i, Stored* out) {
    const int64_t arrays = design_.down.arrays, size = design_.job.down_x.size;
    T sum = 0;
    for (int64_t a = 0; a < arrays; a++) {
      const T* from = y_.data() + a * design_.group.length() + i * design_.group.stride;
      const int64_t length = (size - a + arrays - 1) / arrays;
      if (design_.job.pass == kMasked)
#pragma omp simd reduction(+ : sum)
        for (int64_t j = 0; j < length; j++) sum += from[j];
      if (arrays == 1)
        for (int64_t j = 0; j < length; j++) out[j] = Stored(from[j]);
      else
        for (int64_t j = 0; j < length; j++) out[j * arrays + a] = Stored(from[j]);
    }
    return sum;
  }

  const Design<T>& design_;
  UpsampledRows<T, Stored> values_, sources_;
  Buffer<T> u_, s_, ring_, y_;
  std::vector<const T*> rows_;
  std::vector<T> shifts_, no_shifts_;
};

template <typename T, typename Stored>
void run(const Job& job, const Stored* value, const Stored* source, const Stored* bias, Stored* out, double* sums) {
  const Design<T> design(job);
  const int64_t size = design.group.planes;
  std::vector<double> plane_sums(job.planes);
  at::parallel_for(0, (job.planes + size - 1) / size, 1, [&](int64_t begin, int64_t end) {
    Walk<T, Stored> walk(design);
    for (int64_t group = begin; group < end; group++)
      walk.run(value, source, bias, out, plane_sums.data(), group * size, std::min(size, job.planes - group * size));
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
