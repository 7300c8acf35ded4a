// Means over a clip's responses, each in one or two walks over memory whose channels are last: `t h w c`.
//
// A row of an image, all its channels side by side, is one long loop whatever the number of channels: terms are added up in a
// row of sums, which is folded to its channels (or its places) at the end. Frames, or rows, are shared among threads and nothing
// else is, and every sum is made in one order, so the result does not depend on the number of threads.
// What is computed is defined in `clip_means.py`.

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <torch/library.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

namespace {

using Row = std::vector<float>;

struct Clip {
  at::Tensor held;  // may be a copy, with its channels last
  const float* x;
  int64_t frames, height, width, channels;

  explicit Clip(const at::Tensor& t_c_h_w)
      : held(t_c_h_w.permute({0, 2, 3, 1}).contiguous()), x(held.const_data_ptr<float>()), frames(held.size(0)),
        height(held.size(1)), width(held.size(2)), channels(held.size(3)) {}

  int64_t row_size() const { return width * channels; }
  const float* row(int64_t t, int64_t y) const { return x + (t * height + y) * row_size(); }
};

// Adds each place of a row of sums to its channel.
void fold(const float* sums, int64_t size, double* to, int64_t channels) {
  for (int64_t i = 0; i < size; i += channels)
    for (int64_t c = 0; c < channels; c++) to[c] += sums[i + c];
}

// The same divided by their count, as float32.
void store_mean(const float* sums, int64_t size, double count, float* to, int64_t channels) {
  std::vector<double> folded(channels);
  fold(sums, size, folded.data(), channels);
  for (int64_t c = 0; c < channels; c++) to[c] = float(folded[c] / count);
}

// How far apart two places are.
struct Apart {
  int64_t frames, rows, columns;
};

std::vector<at::Tensor> mean_differences(const at::Tensor& x, at::IntArrayRef frames, at::IntArrayRef rows,
                                         at::IntArrayRef columns) {
  const Clip clip(x);
  const int64_t size = clip.row_size(), channels = clip.channels, kinds = frames.size();
  TORCH_CHECK(rows.size() == frames.size() && columns.size() == frames.size(), "as many of each");
  std::vector<Apart> all;
  std::vector<at::Tensor> outs;
  std::vector<float*> to;
  for (int64_t k = 0; k < kinds; k++) {
    const Apart by{frames[k], rows[k], columns[k]};
    TORCH_CHECK(by.frames >= 0 && by.rows >= 0 && by.columns >= 0 && by.frames < clip.frames && by.rows < clip.height &&
                    by.columns < clip.width, "nothing is so far apart");
    all.push_back(by);
    outs.push_back(at::empty({clip.frames - by.frames, channels}, x.options()));
    to.push_back(outs.back().mutable_data_ptr<float>());
  }
  at::parallel_for(0, clip.frames, 1, [&](int64_t begin, int64_t end) {
    Row sums(kinds * size);
    for (int64_t t = begin; t < end; t++) {
      std::fill(sums.begin(), sums.end(), 0.f);
      for (int64_t y = 0; y < clip.height; y++)
        for (int64_t k = 0; k < kinds; k++) {  // one after the other, while the rows are in the first-level cache
          const Apart& by = all[k];
          if (t + by.frames >= clip.frames || y + by.rows >= clip.height) continue;
          const float *one = clip.row(t, y), *other = clip.row(t + by.frames, y + by.rows) + by.columns * channels;
          float* __restrict sum = sums.data() + k * size;
#pragma omp simd
          for (int64_t i = 0; i < size - by.columns * channels; i++) sum[i] += std::fabs(other[i] - one[i]);
        }
      for (int64_t k = 0; k < kinds; k++)
        if (t + all[k].frames < clip.frames)
          store_mean(sums.data() + k * size, size, double(clip.height - all[k].rows) * (clip.width - all[k].columns),
                     to[k] + t * channels, channels);
    }
  });
  return outs;
}

at::Tensor mean_bend(const at::Tensor& x) {
  const Clip clip(x);
  TORCH_CHECK(clip.frames > 2, "a bend takes three frames");
  const int64_t size = clip.row_size(), channels = clip.channels;
  at::Tensor out = at::empty({clip.frames - 2, channels}, x.options());
  float* to = out.mutable_data_ptr<float>();
  at::parallel_for(0, clip.frames - 2, 1, [&](int64_t begin, int64_t end) {
    Row row_of_sums(size);
    for (int64_t t = begin; t < end; t++) {
      float* __restrict sums = row_of_sums.data();
      std::fill_n(sums, size, 0.f);
      for (int64_t y = 0; y < clip.height; y++) {
        const float *first = clip.row(t, y), *second = clip.row(t + 1, y), *third = clip.row(t + 2, y);
#pragma omp simd
        for (int64_t i = 0; i < size; i++) sums[i] += std::fabs((third[i] - second[i]) - (second[i] - first[i]));
      }
      store_mean(sums, size, double(clip.height) * clip.width, to + t * channels, channels);
    }
  });
  return out;
}

std::tuple<at::Tensor, at::Tensor> frame_spread(const at::Tensor& x) {
  const Clip clip(x);
  const int64_t size = clip.row_size(), channels = clip.channels;
  const double places = double(clip.height) * clip.width;
  at::Tensor spread = at::empty({clip.frames, channels}, x.options()),
             deviation = at::empty({clip.frames, channels}, x.options());
  float *spreads = spread.mutable_data_ptr<float>(), *deviations = deviation.mutable_data_ptr<float>();
  at::parallel_for(0, clip.frames, 1, [&](int64_t begin, int64_t end) {
    Row mean(size), squares(size), distances(size);
    std::vector<double> folded(3 * channels);
    for (int64_t t = begin; t < end; t++) {
      for (Row* row : {&mean, &squares, &distances}) std::fill(row->begin(), row->end(), 0.f);
      std::fill(folded.begin(), folded.end(), 0.0);
      float *__restrict m = mean.data(), *__restrict s = squares.data(), *__restrict d = distances.data();
      for (int64_t y = 0; y < clip.height; y++) {
        const float* row = clip.row(t, y);
#pragma omp simd
        for (int64_t i = 0; i < size; i++) m[i] += row[i];
      }
      fold(m, size, folded.data(), channels);
      for (int64_t i = 0; i < size; i += channels)
        for (int64_t c = 0; c < channels; c++) m[i + c] = float(folded[c] / places);
      for (int64_t y = 0; y < clip.height; y++) {
        const float* row = clip.row(t, y);
#pragma omp simd
        for (int64_t i = 0; i < size; i++) {
          const float v = row[i] - m[i];
          s[i] += v * v;
          d[i] += std::fabs(v);
        }
      }
      fold(s, size, folded.data() + channels, channels);
      fold(d, size, folded.data() + 2 * channels, channels);
      for (int64_t c = 0; c < channels; c++) {
        spreads[t * channels + c] = float(std::sqrt(folded[channels + c] / places));
        deviations[t * channels + c] = float(folded[2 * channels + c] / places);
      }
    }
  });
  return {spread, deviation};
}

// The detail of a row in one frame: what differs from the mean of the 3 x 3 around it, of those that there are.
// `above` has a place of zeros before and after. Divided twice, as it is defined: where all is alike there is no detail at all.
void detail_of_row(const Clip& clip, int64_t t, int64_t y, float* above, float* __restrict detail) {
  const int64_t size = clip.row_size(), channels = clip.channels;
  const int64_t first = std::max<int64_t>(y - 1, 0), last = std::min(y + 1, clip.height - 1);
  const float *x = clip.row(t, y), *top = clip.row(t, first), *bottom = clip.row(t, last);
  float* middle = above + channels;
  if (last - first == 2)
#pragma omp simd
    for (int64_t i = 0; i < size; i++) middle[i] = (x[i] + top[i] + bottom[i]) / 3.f;
  else
#pragma omp simd
    for (int64_t i = 0; i < size; i++) middle[i] = (top[i] + bottom[i]) / 2.f;
  auto differ = [&](int64_t begin, int64_t end, float count) {
#pragma omp simd
    for (int64_t i = begin; i < end; i++)
      detail[i] = x[i] - (middle[i] + middle[i - channels] + middle[i + channels]) / count;
  };
  differ(0, channels, 2.f), differ(channels, size - channels, 3.f), differ(size - channels, size, 2.f);
}

at::Tensor mean_detail(const at::Tensor& x, int64_t near, int64_t far) {
  const Clip clip(x);
  const int64_t size = clip.row_size(), channels = clip.channels, frames = clip.frames;
  TORCH_CHECK(0 < near && near < far && far < frames && clip.height > 1 && clip.width > 1, "too few frames or places");
  std::vector<double> of_rows(clip.height * 4 * channels);
  at::parallel_for(0, clip.height, 1, [&](int64_t begin, int64_t end) {
    Row above(size + 2 * channels), details(frames * size), sums(4 * size);
    for (int64_t y = begin; y < end; y++) {
      std::fill(sums.begin(), sums.end(), 0.f);
      float *__restrict squares = sums.data(), *__restrict nears = squares + size, *__restrict fars = nears + size,
            *__restrict all = fars + size;
      for (int64_t t = 0; t < frames; t++) {
        float* now = details.data() + t * size;
        detail_of_row(clip, t, y, above.data(), now);
        const float *before = t < near ? now : now - near * size, *long_before = t < far ? now : now - far * size;
#pragma omp simd
        for (int64_t i = 0; i < size; i++) {
          squares[i] += now[i] * now[i];
          nears[i] += std::fabs(now[i] - before[i]);
          fars[i] += std::fabs(now[i] - long_before[i]);
          all[i] += now[i];
        }
      }
      for (int64_t i = 0; i < size; i++) all[i] = (all[i] / float(frames)) * (all[i] / float(frames));
      for (int64_t k = 0; k < 4; k++) fold(sums.data() + k * size, size, of_rows.data() + (y * 4 + k) * channels, channels);
    }
  });
  at::Tensor out = at::empty({4, channels}, x.options());
  float* to = out.mutable_data_ptr<float>();
  const double places = double(clip.height) * clip.width;
  const double counts[] = {places * frames, places * (frames - near), places * (frames - far), places};
  for (int64_t k = 0; k < 4; k++)
    for (int64_t c = 0; c < channels; c++) {
      double sum = 0;
      for (int64_t y = 0; y < clip.height; y++) sum += of_rows[(y * 4 + k) * channels + c];
      to[k * channels + c] = float(sum / counts[k]);
    }
  return out;
}

at::Tensor gradient_products(const at::Tensor& x) {
  const Clip clip(x);
  const int64_t channels = clip.channels, height = clip.height - 2, width = clip.width - 2, size = width * channels;
  TORCH_CHECK(clip.frames > 1 && height > 0 && width > 0, "too few frames or places");
  at::Tensor out = at::empty({6, height, width}, x.options());
  float* to = out.mutable_data_ptr<float>();
  at::parallel_for(0, height, 1, [&](int64_t begin, int64_t end) {
    Row sums(6 * size);
    for (int64_t y = begin; y < end; y++) {
      std::fill(sums.begin(), sums.end(), 0.f);
      float *__restrict sr = sums.data(), *__restrict sd = sr + size, *__restrict rr = sd + size,
            *__restrict dd = rr + size, *__restrict rd = dd + size, *__restrict ss = rd + size;
      for (int64_t t = 0; t + 1 < clip.frames; t++) {
        const float *above = clip.row(t, y) + channels, *here = clip.row(t, y + 1) + channels,
                    *below = clip.row(t, y + 2) + channels, *next_above = clip.row(t + 1, y) + channels,
                    *next_here = clip.row(t + 1, y + 1) + channels, *next_below = clip.row(t + 1, y + 2) + channels;
#pragma omp simd
        for (int64_t i = 0; i < size; i++) {
          const float step = next_here[i] - here[i];
          const float right = ((next_here[i + channels] + here[i + channels]) -
                               (next_here[i - channels] + here[i - channels])) * 0.25f;
          const float down = ((next_below[i] + below[i]) - (next_above[i] + above[i])) * 0.25f;
          sr[i] += step * right, sd[i] += step * down;
          rr[i] += right * right, dd[i] += down * down, rd[i] += right * down;
          ss[i] += step * step;
        }
      }
      for (int64_t k = 0; k < 6; k++)
        for (int64_t place = 0; place < width; place++) {
          double sum = 0;
          for (int64_t c = 0; c < channels; c++) sum += sums[k * size + place * channels + c];
          to[(k * height + y) * width + place] = float(sum);
        }
    }
  });
  return out;
}

}  // namespace

TORCH_LIBRARY_FRAGMENT(stylesv, library) {
  library.def("mean_differences(Tensor x, int[] frames, int[] rows, int[] columns) -> Tensor[]");
  library.def("mean_bend(Tensor x) -> Tensor");
  library.def("frame_spread(Tensor x) -> (Tensor, Tensor)");
  library.def("mean_detail(Tensor x, int near, int far) -> Tensor");
  library.def("gradient_products(Tensor x) -> Tensor");
  library.impl("mean_differences", c10::DispatchKey::CPU, TORCH_FN(mean_differences));
  library.impl("mean_bend", c10::DispatchKey::CPU, TORCH_FN(mean_bend));
  library.impl("frame_spread", c10::DispatchKey::CPU, TORCH_FN(frame_spread));
  library.impl("mean_detail", c10::DispatchKey::CPU, TORCH_FN(mean_detail));
  library.impl("gradient_products", c10::DispatchKey::CPU, TORCH_FN(gradient_products));
}
