// Resampling by one line along x times one along y, up or down along each axis: all that a discriminator does.
//
// Each row of the output is made by itself: the few input rows that it depends on are summed up where they lie, into a
// buffer whose ends stay zero (the padding), and that row is filtered along x straight into the output. Nothing else is
// written, and rows are shared among threads in any way, so the result does not depend on the number of threads.

#include <ATen/Parallel.h>
#include <c10/util/BFloat16.h>
#include <c10/util/Half.h>
#include <torch/library.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "rows.h"

namespace {

constexpr int64_t kThreadShare = 32768;  // values that are worth a thread, as elsewhere in ATen

// One axis: out[o] = sum over k of taps[last - k] * z[o * down + k], z[q] = in[(q - before) / up] if whole and inside.
template <typename T>
struct Axis {
  std::vector<T> taps;  // mirrored
  int64_t up, down, before, in, out;

  Axis(at::ArrayRef<double> line, int64_t up, int64_t down, int64_t before, int64_t in, int64_t out)
      : taps(line.rbegin(), line.rend()), up(up), down(down), before(before), in(in), out(out) {}
  int64_t length() const { return taps.size(); }
  int64_t first_tap(int64_t p) const { return modulo(before - p, up); }
  int64_t first_input(int64_t p) const { return floor_div(p + first_tap(p) - before, up); }
};

// The taps that position p of the upsampled axis and those behind it meet samples with, and the first of these samples.
template <typename T>
struct Meeting {
  std::vector<T> weights;
  int64_t first;

  Meeting(const Axis<T>& axis, int64_t p) : first(axis.first_input(p)) {
    for (int64_t k = axis.first_tap(p); k < axis.length(); k += axis.up) weights.push_back(axis.taps[k]);
  }
  int64_t count() const { return weights.size(); }
};

// Along x, from a row with zeros on both sides. A pixel is `wide` values: 1, or all channels where these come last.
template <typename T>
class AlongX {
 public:
  AlongX(const Axis<T>& axis, int64_t wide) : axis_(axis), wide_(wide) {
    for (int64_t r = 0; r < axis.up; r++) phases_.emplace_back(axis, r * axis.down);
    int64_t first = 0, last = axis.in;
    for (int64_t r = 0; r < axis.up; r++) {
      const int64_t steps = (axis.out - r + axis.up - 1) / axis.up;  // places of this phase
      first = std::min(first, phases_[r].first);
      last = std::max(last, phases_[r].first + (steps - 1) * axis.down + phases_[r].count());
    }
    first_ = first, padded_ = last - first;
    places_ = (axis.out + axis.up - 1) / axis.up;
  }
  int64_t padded() const { return (padded_ + axis_.down) * wide_; }
  int64_t before() const { return -first_ * wide_; }  // zeros before the row's first value
  int64_t scratch() const { return std::max(axis_.down * (padded_ / axis_.down + 1), axis_.up * places_); }

  template <typename Out>
  void run(Out* out, const T* row, T* scratch) const {
    const T* rows[kMaxTaps];
    if (axis_.up == 1 && axis_.down == 1) {
      for (int64_t k = 0; k < phases_[0].count(); k++) rows[k] = row + (phases_[0].first - first_ + k) * wide_;
      fir(out, rows, phases_[0].weights.data(), phases_[0].count(), axis_.out * wide_);
    } else if (wide_ > 1) {
      for (int64_t o = 0; o < axis_.out; o++) {
        const Meeting<T>& phase = phases_[o % axis_.up];
        const int64_t first = phase.first - first_ + o / axis_.up * axis_.down;
        for (int64_t k = 0; k < phase.count(); k++) rows[k] = row + (first + k) * wide_;
        fir(out + o * wide_, rows, phase.weights.data(), phase.count(), wide_);
      }
    } else if (axis_.up == 1) {
      keep_some(out, row, scratch, rows);
    } else {
      insert_some(out, row, scratch, rows);
    }
  }

 private:
  // The row as `down` arrays, so that neighbours in the output read neighbours.
  template <typename Out>
  void keep_some(Out* out, const T* row, T* scratch, const T** rows) const {
    const int64_t down = axis_.down, length = padded_ / down + 1;
    if (down == 2) {
#pragma omp simd
      for (int64_t j = 0; j < length; j++) scratch[j] = row[2 * j], scratch[length + j] = row[2 * j + 1];
    } else {
      for (int64_t a = 0; a < down; a++)
        for (int64_t j = 0; j < length && j * down + a < padded(); j++) scratch[a * length + j] = row[j * down + a];
    }
    for (int64_t k = 0; k < phases_[0].count(); k++) {
      const int64_t at = phases_[0].first - first_ + k;
      rows[k] = scratch + at % down * length + at / down;
    }
    fir(out, rows, phases_[0].weights.data(), phases_[0].count(), axis_.out);
  }

  // Every `up`-th place of the output as an array of its own.
  template <typename Out>
  void insert_some(Out* out, const T* row, T* scratch, const T** rows) const {
    const int64_t up = axis_.up;
    for (int64_t r = 0; r < up; r++) {
      for (int64_t k = 0; k < phases_[r].count(); k++) rows[k] = row + phases_[r].first - first_ + k;
      fir(scratch + r * places_, rows, phases_[r].weights.data(), phases_[r].count(), (axis_.out - r + up - 1) / up);
    }
    if (up == 2) {
      const T* second = scratch + places_;
#pragma omp simd
      for (int64_t j = 0; j < axis_.out / 2; j++) out[2 * j] = Out(scratch[j]), out[2 * j + 1] = Out(second[j]);
      if (axis_.out % 2) out[axis_.out - 1] = Out(scratch[places_ - 1]);
    } else {
      for (int64_t o = 0; o < axis_.out; o++) out[o] = Out(scratch[o % up * places_ + o / up]);
    }
  }

  const Axis<T>& axis_;
  const int64_t wide_;
  std::vector<Meeting<T>> phases_;
  int64_t first_, padded_, places_;
};

template <typename T, typename Stored>
void run(const Stored* value, Stored* out, const Axis<T>& x, const Axis<T>& y, int64_t planes, int64_t wide) {
  const AlongX<T> along_x(x, wide);
  std::vector<Meeting<T>> along_y;
  for (int64_t o = 0; o < y.out; o++) along_y.emplace_back(y, o * y.down);
  const int64_t in_row = x.in * wide, out_row = x.out * wide;
  at::parallel_for(0, planes * y.out, std::max<int64_t>(kThreadShare / out_row, 1), [&](int64_t begin, int64_t end) {
    Buffer<T> padded(along_x.padded()), scratch(along_x.scratch());
    T* row = padded.data() + along_x.before();
    const Stored* rows[kMaxTaps];
    int64_t plane = begin / y.out, o = begin % y.out;
    for (int64_t at = begin; at < end; at++) {
      const Meeting<T>& meeting = along_y[o];
      const int64_t skipped = std::max<int64_t>(-meeting.first, 0), first = meeting.first + skipped;
      const int64_t count = std::min(meeting.count() - skipped, y.in - first);
      for (int64_t k = 0; k < count; k++) rows[k] = value + (plane * y.in + first + k) * in_row;
      fir(row, rows, meeting.weights.data() + skipped, count, in_row);
      along_x.run(out + at * out_row, padded.data(), scratch.data());
      if (++o == y.out) o = 0, plane++;
    }
  });
}

template <typename T, typename Stored>
void run_stored(const at::Tensor& value, at::Tensor& out, at::ArrayRef<double> line_x, at::ArrayRef<double> line_y,
                at::IntArrayRef up, at::IntArrayRef down, at::IntArrayRef before) {
  const Axis<T> x(line_x, up[0], down[0], before[0], value.size(3), out.size(3));
  const Axis<T> y(line_y, up[1], down[1], before[1], value.size(2), out.size(2));
  const bool planes = value.is_contiguous();
  run<T, Stored>(value.const_data_ptr<Stored>(), out.mutable_data_ptr<Stored>(), x, y,
                 planes ? value.size(0) * value.size(1) : value.size(0), planes ? 1 : value.size(1));
}

// Pairs are x, y. Both tensors are contiguous, or both have their channels last.
void resample_lines(const at::Tensor& value, at::Tensor& out, at::ArrayRef<double> line_x, at::ArrayRef<double> line_y,
                    at::IntArrayRef up, at::IntArrayRef down, at::IntArrayRef before) {
  const auto format = value.is_contiguous() ? at::MemoryFormat::Contiguous : at::MemoryFormat::ChannelsLast;
  TORCH_CHECK(value.is_contiguous(format) && out.is_contiguous(format), "tensors must lie alike in memory");
  TORCH_CHECK(int64_t(std::max(line_x.size(), line_y.size())) <= kMaxTaps, "more than ", kMaxTaps, " taps");
  TORCH_CHECK((up[0] == 1 || down[0] == 1) && (up[1] == 1 || down[1] == 1), "up and down along one axis");
  if (out.numel() == 0) return;
  switch (value.scalar_type()) {
    case at::kDouble: return run_stored<double, double>(value, out, line_x, line_y, up, down, before);
    case at::kFloat: return run_stored<float, float>(value, out, line_x, line_y, up, down, before);
    case at::kBFloat16: return run_stored<float, c10::BFloat16>(value, out, line_x, line_y, up, down, before);
    case at::kHalf: return run_stored<float, c10::Half>(value, out, line_x, line_y, up, down, before);
    default: TORCH_CHECK(false, "no form for ", value.scalar_type());
  }
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylesv, library) {
  library.def(
      "resample_lines(Tensor value, Tensor(a!) out, float[] line_x, float[] line_y, int[] up, int[] down, int[] before) -> ()");
  library.impl("resample_lines", c10::DispatchKey::CPU, TORCH_FN(resample_lines));
}
