// 3x3 convolutions of stride 1, forward and for the weight's gradient, with 36 products where 144 are written
// (docs/operations.md 2.7; Winograd 1980; Lavin and Gray 2016, F(4x4, 3x3)).
//
// An output is cut into tiles of 4x4, each of which comes from 6x6 of the input. A tile of the input, a weight and a tile
// of the output's gradient are each taken to values at 6x6 points; there a convolution is a product for each point, summed
// over channels: 36 matrix products. The points are 0, +-sqrt(1/2), +-sqrt(2) and infinity, which lose half a digit in
// float32 where 0, +-1, +-2 and infinity lose a whole one. Lanes are channels, so that any size of image fills them.
//
// Each tile is computed by itself, and a weight's gradient adds its tiles in their order, so that no result depends on the
// number of threads.

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace {

#if defined(__AVX512F__)
constexpr int kLanes = 16, kRows = 12;  // 2 x kRows sums and what is added to them fill the registers
#elif defined(__AVX__)
constexpr int kLanes = 8, kRows = 6;
#else
constexpr int kLanes = 4, kRows = 6;  // right, but not used: see the end
#endif
constexpr int kPoints = 36, kTile = 4, kPatch = 6;
constexpr int64_t kTilesAtOnce = 96;         // forward: what they are taken to stays in the second-level cache
constexpr int64_t kTilesOfGradient = 192;    // for a weight's gradient, whose sums are read and written once for so many
constexpr int64_t kProducts = 16;              // that are added up one by one
constexpr float kNear = 0.70710678f, kFar = 1.41421356f;  // the points

typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));
typedef int32_t Places __attribute__((vector_size(kLanes * sizeof(float))));

inline Lanes load(const float* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof(Lanes));
  return lanes;
}

inline void store(float* to, Lanes lanes) { std::memcpy(to, &lanes, sizeof(Lanes)); }

// The first `count`, from 0 to kLanes; zeros behind them.
inline Lanes load_some(const float* from, int64_t count) {
#if defined(__AVX512F__)
  return (Lanes)_mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << count) - 1), from);
#else
  Lanes lanes = {};
  std::memcpy(&lanes, from, count * sizeof(float));
  return lanes;
#endif
}

inline void store_some(float* to, Lanes lanes, int64_t count) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << count) - 1), (__m512)lanes);
#else
  std::memcpy(to, &lanes, count * sizeof(float));
#endif
}

inline Lanes pick(Lanes a, Lanes b, Places places) {
#if defined(__clang__)
  Lanes picked;
  for (int i = 0; i < kLanes; i++) picked[i] = places[i] < kLanes ? a[places[i]] : b[places[i] - kLanes];
  return picked;
#else
  return __builtin_shuffle(a, b, places);
#endif
}

// Rows become columns, in log2(kLanes) rounds that exchange halves of blocks twice as large each time.
inline void transpose(Lanes* rows) {
#pragma GCC unroll 4
  for (int half = 1; half < kLanes; half *= 2) {
    Places low, high;
    for (int i = 0; i < kLanes; i++) {
      const bool upper = i & half;
      low[i] = upper ? kLanes + i - half : i;
      high[i] = upper ? kLanes + i : i + half;
    }
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; i++) {
      if (i & half) continue;
      const Lanes a = rows[i], b = rows[i + half];
      rows[i] = pick(a, b, low);
      rows[i + half] = pick(a, b, high);
    }
  }
}

// One axis: 6 values of the input, 3 of a weight, 4 of an output's gradient to the 6 points, and back.

template <typename T>
inline void input_to_points(const T* d, int step, T* out, int out_step) {
  const T near_even = d[4 * step] - 2 * d[2 * step], near_odd = kNear * (d[3 * step] - 2 * d[step]);
  const T far_even = d[4 * step] - 0.5f * d[2 * step], far_odd = kFar * (d[3 * step] - 0.5f * d[step]);
  out[0] = d[0] - 2.5f * d[2 * step] + d[4 * step];
  out[out_step] = near_even + near_odd;
  out[2 * out_step] = near_even - near_odd;
  out[3 * out_step] = far_even + far_odd;
  out[4 * out_step] = far_even - far_odd;
  out[5 * out_step] = d[step] - 2.5f * d[3 * step] + d[5 * step];
}

template <typename T>
inline void weight_to_points(const T* g, int step, T* out, int out_step) {
  const T near_even = (-2 / 3.f) * g[0] + (-1 / 3.f) * g[2 * step], near_odd = (-2 / 3.f * kNear) * g[step];
  const T far_even = (1 / 6.f) * g[0] + (1 / 3.f) * g[2 * step], far_odd = (1 / 6.f * kFar) * g[step];
  out[0] = g[0];
  out[out_step] = near_even + near_odd;
  out[2 * out_step] = near_even - near_odd;
  out[3 * out_step] = far_even + far_odd;
  out[4 * out_step] = far_even - far_odd;
  out[5 * out_step] = g[2 * step];
}

template <typename T>
inline void weight_from_points(const T* m, int step, T* out, int out_step) {
  const T near = (-2 / 3.f) * (m[step] + m[2 * step]), far = (1 / 6.f) * (m[3 * step] + m[4 * step]);
  out[0] = m[0] + near + far;
  out[out_step] = (-2 / 3.f * kNear) * (m[step] - m[2 * step]) + (1 / 6.f * kFar) * (m[3 * step] - m[4 * step]);
  out[2 * out_step] = 0.5f * near + 2 * far + m[5 * step];
}

template <typename T>
inline void output_to_points(const T* y, int step, T* out, int out_step) {
  const T near_even = y[0] + 0.5f * y[2 * step], near_odd = kNear * (y[step] + 0.5f * y[3 * step]);
  const T far_even = y[0] + 2 * y[2 * step], far_odd = kFar * (y[step] + 2 * y[3 * step]);
  out[0] = y[0];
  out[out_step] = near_even + near_odd;
  out[2 * out_step] = near_even - near_odd;
  out[3 * out_step] = far_even + far_odd;
  out[4 * out_step] = far_even - far_odd;
  out[5 * out_step] = y[3 * step];
}

template <typename T>
inline void output_from_points(const T* m, int step, T* out, int out_step) {
  const T near_even = m[step] + m[2 * step], near_odd = kNear * (m[step] - m[2 * step]);
  const T far_even = m[3 * step] + m[4 * step], far_odd = kFar * (m[3 * step] - m[4 * step]);
  out[0] = m[0] + near_even + far_even;
  out[out_step] = near_odd + far_odd;
  out[2 * out_step] = 0.5f * near_even + 2 * far_even;
  out[3 * out_step] = 0.5f * near_odd + 2 * far_odd + m[5 * step];
}

// Sizes of a call, and where its tiles lie: rows of tiles are counted through all images.
struct Sizes {
  int64_t images, in, out, height, width, padding;
  int64_t out_height() const { return height + 2 * padding - 2; }
  int64_t out_width() const { return width + 2 * padding - 2; }
  int64_t tiles_y() const { return (out_height() + kTile - 1) / kTile; }
  int64_t tiles_x() const { return (out_width() + kTile - 1) / kTile; }
};

int64_t whole(int64_t size, int64_t part) { return (size + part - 1) / part * part; }

// A stride that is no multiple of four vectors, else rows would share a few sets of the cache and drive each other out.
int64_t spread(int64_t stride) { return stride % (4 * kLanes) ? stride : stride + kLanes; }

// Rows of up to kLanes channels, `first_row` the first, as pixels of kLanes channels; zeros outside the image.
void gather_rows(const float* planes, int64_t channels, int64_t height, int64_t width, int64_t first_row,
                 int64_t num_rows, int64_t first_column, int64_t columns, float* to) {
  const int64_t last = first_column + columns;
  for (int64_t row = 0; row < num_rows; row++, to += columns * kLanes) {
    const int64_t y = first_row + row;
    if (y < 0 || y >= height) {
      std::memset(to, 0, columns * kLanes * sizeof(float));
      continue;
    }
    const int64_t left = std::max<int64_t>(-first_column, 0), right = std::max<int64_t>(last - width, 0);
    std::memset(to, 0, left * kLanes * sizeof(float));
    std::memset(to + (columns - right) * kLanes, 0, right * kLanes * sizeof(float));
    float* pixel = to + left * kLanes;
    const int64_t end = std::min(width, last);
    for (int64_t x = std::max<int64_t>(first_column, 0); x < end; x += kLanes) {
      const int64_t count = std::min<int64_t>(kLanes, end - x);
      Lanes lanes[kLanes];
#pragma GCC unroll 16
      for (int c = 0; c < kLanes; c++)
        lanes[c] = c < channels ? load_some(planes + (c * height + y) * width + x, count) : Lanes{};
      transpose(lanes);
      for (int64_t i = 0; i < count; i++, pixel += kLanes) store(pixel, lanes[i]);
    }
  }
}

// The reverse: pixels of kLanes channels to rows of planes.
void scatter_rows(const float* from, int64_t columns, float* planes, int64_t channels, int64_t height, int64_t width,
                  int64_t first_row, int64_t num_rows) {
  for (int64_t row = 0; row < num_rows; row++) {
    const float* pixel = from + row * columns * kLanes;
    for (int64_t x = 0; x < width; x += kLanes) {
      const int64_t count = std::min<int64_t>(kLanes, width - x);
      Lanes lanes[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; i++) lanes[i] = i < count ? load(pixel + (x + i) * kLanes) : Lanes{};
      transpose(lanes);
      for (int c = 0; c < channels; c++)
        store_some(planes + (c * height + first_row + row) * width + x, lanes[c], count);
    }
  }
}

// Rows of tiles, begin to end, of one group of channels to the points: points[point][tile][all channels].
template <int kFrom, typename Axis>
void rows_to_points(const float* images, int64_t channels, int64_t height, int64_t width, int64_t padding,
                    const Sizes& sizes, int64_t begin, int64_t end, int64_t group, float* points, int64_t tile_stride,
                    int64_t point_stride, float* strip, Axis axis) {
  const int64_t tiles_x = sizes.tiles_x(), tiles_y = sizes.tiles_y(), columns = tiles_x * kTile + kFrom - kTile;
  const int64_t first = group * kLanes, some = std::min<int64_t>(kLanes, channels - first);
  constexpr int64_t kShared = kFrom - kTile;  // rows that a row of tiles shares with the next
  for (int64_t row = begin; row < end; row++) {
    const int64_t image = row / tiles_y, top = row % tiles_y * kTile - padding;
    const float* planes = images + (image * channels + first) * height * width;
    const bool goes_on = row > begin && row % tiles_y != 0;
    if (goes_on) std::memmove(strip, strip + kTile * columns * kLanes, kShared * columns * kLanes * sizeof(float));
    const int64_t kept = goes_on ? kShared : 0;
    gather_rows(planes, some, height, width, top + kept, kFrom - kept, -padding, columns,
                strip + kept * columns * kLanes);
    float* to = points + (row - begin) * tiles_x * tile_stride + first;
    for (int64_t x = 0; x < tiles_x; x++, to += tile_stride) {
      Lanes half_way[kPatch * kFrom];
#pragma GCC unroll 6
      for (int i = 0; i < kFrom; i++) {
        Lanes column[kFrom];
#pragma GCC unroll 6
        for (int j = 0; j < kFrom; j++) column[j] = load(strip + (j * columns + x * kTile + i) * kLanes);
        axis(column, 1, half_way + i, kFrom);
      }
#pragma GCC unroll 6
      for (int j = 0; j < kPatch; j++) {
        Lanes line[kPatch];
        axis(half_way + j * kFrom, 1, line, 1);
#pragma GCC unroll 6
        for (int i = 0; i < kPatch; i++) store(to + (j * kPatch + i) * point_stride, line[i]);
      }
    }
  }
}

void rows_from_points(const float* points, int64_t tile_stride, int64_t point_stride, const Sizes& sizes,
                      int64_t begin, int64_t end, int64_t group, float* strip, float* images) {
  const int64_t tiles_x = sizes.tiles_x(), tiles_y = sizes.tiles_y(), columns = tiles_x * kTile;
  const int64_t height = sizes.out_height(), width = sizes.out_width(), first = group * kLanes;
  const int64_t some = std::min<int64_t>(kLanes, sizes.out - first);
  for (int64_t row = begin; row < end; row++) {
    const float* from = points + (row - begin) * tiles_x * tile_stride + first;
    for (int64_t x = 0; x < tiles_x; x++, from += tile_stride) {
      Lanes half_way[kTile * kPatch];
#pragma GCC unroll 6
      for (int i = 0; i < kPatch; i++) {
        Lanes column[kPatch];
#pragma GCC unroll 6
        for (int j = 0; j < kPatch; j++) column[j] = load(from + (j * kPatch + i) * point_stride);
        output_from_points(column, 1, half_way + i, kPatch);
      }
#pragma GCC unroll 4
      for (int j = 0; j < kTile; j++) {
        Lanes line[kTile];
        output_from_points(half_way + j * kPatch, 1, line, 1);
#pragma GCC unroll 4
        for (int i = 0; i < kTile; i++) store(strip + (j * columns + x * kTile + i) * kLanes, line[i]);
      }
    }
    const int64_t top = row % tiles_y * kTile;
    scatter_rows(strip, columns, images + (row / tiles_y * sizes.out + first) * height * width, some, height, width,
                 top, std::min<int64_t>(kTile, height - top));
  }
}

// out[row][lane] = (sum +) over k of a[row * a_row + k * a_step] * b[k * b_step + lane], for kRows rows, kWide vectors.
template <int kWide, bool kAdd>
inline void multiply(const float* a, int64_t a_row, int64_t a_step, const float* b, int64_t b_step, int64_t length,
                     float* out, int64_t out_row) {
  Lanes sums[kRows][kWide] = {};
  for (int64_t k = 0; k < length; k++, a += a_step, b += b_step) {
    Lanes wide[kWide];
#pragma GCC unroll 2
    for (int i = 0; i < kWide; i++) wide[i] = load(b + i * kLanes);
#pragma GCC unroll 12
    for (int r = 0; r < kRows; r++) {
      const float value = a[r * a_row];
#pragma GCC unroll 2
      for (int i = 0; i < kWide; i++) sums[r][i] += value * wide[i];
    }
  }
#pragma GCC unroll 12
  for (int r = 0; r < kRows; r++) {
#pragma GCC unroll 2
    for (int i = 0; i < kWide; i++) {
      float* to = out + r * out_row + i * kLanes;
      store(to, kAdd ? load(to) + sums[r][i] : sums[r][i]);
    }
  }
}

// The same for one or two vectors. Sums of a few products are added up, since a sum of many loses digits in float32.
inline void multiply_panel(int64_t lanes, const float* a, int64_t a_row, int64_t a_step, const float* b, int64_t b_step,
                           int64_t length, float* out, int64_t out_row, bool add) {
  for (int64_t done = 0; done < length; done += kProducts, add = true, a += kProducts * a_step, b += kProducts * b_step) {
    const int64_t some = std::min(kProducts, length - done);
    if (lanes > kLanes)
      add ? multiply<2, true>(a, a_row, a_step, b, b_step, some, out, out_row)
          : multiply<2, false>(a, a_row, a_step, b, b_step, some, out, out_row);
    else
      add ? multiply<1, true>(a, a_row, a_step, b, b_step, some, out, out_row)
          : multiply<1, false>(a, a_row, a_step, b, b_step, some, out, out_row);
  }
}

// A weight (out, in, 3, 3) at the points: panels of two vectors of outputs, in each the inputs one after another:
// points[point][panel][in][lanes]. `turned`: mirrored and with in and out exchanged, as the input's gradient needs it.
void weight_to_panels(const float* weight, int64_t in, int64_t out, bool turned, float* points) {
  const int64_t out_step = turned ? 9 : in * 9, in_step = turned ? out * 9 : 9, wide = whole(out, kLanes);
  for (int64_t first = 0; first < out; first += kLanes) {
    const int64_t panel = first / (2 * kLanes) * 2 * kLanes, lanes = std::min<int64_t>(2 * kLanes, wide - panel);
    const int64_t some = std::min<int64_t>(kLanes, out - first);
    for (int64_t c = 0; c < in; c++) {
      Lanes taps[16];  // 9 are used; a transposition takes kLanes at a time
      for (int part = 0; part < 9; part += kLanes) {
        Lanes rows[kLanes];
#pragma GCC unroll 16
        for (int o = 0; o < kLanes; o++) {
          const float* from = weight + (first + o) * out_step + c * in_step + part;
          rows[o] = o >= some ? Lanes{} : load_some(from, std::min<int64_t>(kLanes, 9 - part));
        }
        transpose(rows);
        for (int i = 0; i < kLanes && part + i < 9; i++) taps[turned ? 8 - part - i : part + i] = rows[i];
      }
      Lanes columns[kPatch * 3], values[kPoints];
#pragma GCC unroll 3
      for (int x = 0; x < 3; x++) weight_to_points(taps + x, 3, columns + x, 3);
#pragma GCC unroll 6
      for (int y = 0; y < kPatch; y++) weight_to_points(columns + y * 3, 1, values + y * kPatch, 1);
      float* to = points + panel * in + c * lanes + (first - panel);
#pragma GCC unroll 36
      for (int p = 0; p < kPoints; p++) store(to + p * in * wide, values[p]);
    }
  }
}

void require(const at::Tensor& tensor, int64_t dimensions) {
  TORCH_CHECK(tensor.is_contiguous() && tensor.scalar_type() == at::kFloat && tensor.dim() == dimensions,
              "expected contiguous float32 with ", dimensions, " dimensions");
}

// x (n, in, h, w); weight (1 or n, out, in, 3, 3), or (1 or n, in, out, 3, 3) if it is turned; padding 0 to 2.
at::Tensor conv3x3(const at::Tensor& x, const at::Tensor& weight, int64_t padding, bool turned) {
  require(x, 4);
  require(weight, 5);
  const Sizes sizes{x.size(0), x.size(1), weight.size(turned ? 2 : 1), x.size(2), x.size(3), padding};
  TORCH_CHECK(weight.size(turned ? 1 : 2) == sizes.in && weight.size(3) == 3 && weight.size(4) == 3 && padding >= 0 &&
                  padding <= 2 && (weight.size(0) == 1 || weight.size(0) == sizes.images) &&
                  sizes.out_height() > 0 && sizes.out_width() > 0,
              "a weight of ", weight.sizes(), " and padding ", padding, " do not fit an image of ", x.sizes());
  at::Tensor y = at::empty({sizes.images, sizes.out, sizes.out_height(), sizes.out_width()}, x.options());
  const int64_t in = sizes.in, out = sizes.out, wide = whole(out, kLanes);
  const int64_t in_row = spread(whole(in, kLanes)), out_row = spread(wide);  // of a tile's channels
  const int64_t tiles_x = sizes.tiles_x(), tiles_y = sizes.tiles_y(), own = weight.size(0);
  const int64_t of_weight = kPoints * in * wide;
  at::Tensor panels = at::empty({own, of_weight}, x.options());
  const float* taps = weight.const_data_ptr<float>();
  float* at_points = panels.mutable_data_ptr<float>();
  // groups of outputs are independent; a few of them are a thread's
  at::parallel_for(0, own, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      weight_to_panels(taps + i * in * out * 9, in, out, turned, at_points + i * of_weight);
  });

  // chunks are whole rows of tiles, of one image where each has a weight of its own
  const int64_t rows = own > 1 ? tiles_y : sizes.images * tiles_y, images = own > 1 ? sizes.images : 1;
  const int64_t most = std::max<int64_t>(1, kTilesAtOnce / tiles_x);
  const int64_t threads = at::get_num_threads();
  int64_t per_image = (rows + most - 1) / most;
  if (images == 1 && per_image % threads) per_image = std::min(rows, whole(per_image, threads));
  const float* from = x.const_data_ptr<float>();
  float* to = y.mutable_data_ptr<float>();
  at::parallel_for(0, images * per_image, 1, [&](int64_t begin, int64_t end) {
    const int64_t largest = whole(((rows + per_image - 1) / per_image) * tiles_x, kRows);
    const int64_t in_point = spread(largest * in_row), out_point = spread(largest * out_row);
    const at::Tensor space = at::empty(
        {kPoints * (in_point + out_point) + kPatch * (tiles_x * kTile + 2) * kLanes}, x.options());
    float* values = space.mutable_data_ptr<float>();
    float* products = values + kPoints * in_point;
    float* strip = products + kPoints * out_point;
    for (int64_t chunk = begin; chunk < end; chunk++) {
      const int64_t image = chunk / per_image, part = chunk % per_image, offset = image * (own > 1 ? tiles_y : 0);
      const int64_t first = offset + rows * part / per_image, last = offset + rows * (part + 1) / per_image;
      const int64_t tiles = (last - first) * tiles_x;
      for (int64_t group = 0; group * kLanes < in; group++)
        rows_to_points<kPatch>(from, in, sizes.height, sizes.width, padding, sizes, first, last, group, values, in_row,
                               in_point, strip, [](auto... a) { input_to_points(a...); });
      for (int p = 0; p < kPoints; p++) {
        float* at_point = values + p * in_point;
        // rows beyond the last tile are multiplied, too
        std::memset(at_point + tiles * in_row, 0, (whole(tiles, kRows) - tiles) * in_row * sizeof(float));
        const float* panel = at_points + (own > 1 ? image : 0) * of_weight + p * in * wide;
        for (int64_t lane = 0; lane < wide; lane += 2 * kLanes) {
          const int64_t lanes = std::min<int64_t>(2 * kLanes, wide - lane);
          for (int64_t row = 0; row < tiles; row += kRows)
            multiply_panel(lanes, at_point + row * in_row, in_row, 1, panel + lane * in, lanes, in,
                                  products + p * out_point + row * out_row + lane, out_row, false);
        }
      }
      for (int64_t group = 0; group * kLanes < out; group++)
        rows_from_points(products, out_row, out_point, sizes, first, last, group, strip, to);
    }
  });
  return y;
}

// The gradient of a weight (1 or n, out, in, 3, 3) from x (n, in, h, w) and the output's gradient (n, out, ...).
at::Tensor conv3x3_weight(const at::Tensor& x, const at::Tensor& gradient, int64_t padding, bool each) {
  require(x, 4);
  require(gradient, 4);
  const Sizes sizes{x.size(0), x.size(1), gradient.size(1), x.size(2), x.size(3), padding};
  TORCH_CHECK(gradient.size(0) == sizes.images && gradient.size(2) == sizes.out_height() &&
                  gradient.size(3) == sizes.out_width() && padding >= 0 && padding <= 2,
              "a gradient of ", gradient.sizes(), " does not fit an image of ", x.sizes());
  const int64_t in = sizes.in, out = sizes.out, wide = whole(out, kLanes), deep = whole(in, kLanes);
  const int64_t in_row = spread(deep), out_row = spread(wide);  // of a tile's channels
  const int64_t rows_in = whole(in, kRows), tiles_x = sizes.tiles_x(), tiles_y = sizes.tiles_y();
  const int64_t own = each ? sizes.images : 1, rows = each ? tiles_y : sizes.images * tiles_y;
  const int64_t most = std::max<int64_t>(1, kTilesOfGradient / tiles_x), tiles = std::min(most, rows) * tiles_x;
  const int64_t in_point = spread(tiles * in_row), out_point = spread(tiles * out_row);
  at::Tensor weight = at::empty({own, out, in, 3, 3}, x.options());
  at::Tensor sums = at::empty({kPoints, rows_in, wide}, x.options());
  // kRows values are read at once, also past the last channel of the last tile
  at::Tensor values = at::empty({kPoints * in_point + kRows}, x.options());
  at::Tensor gradients = at::empty({kPoints, out_point}, x.options());
  const float *from = x.const_data_ptr<float>(), *of_output = gradient.const_data_ptr<float>();
  float *to = weight.mutable_data_ptr<float>(), *sum = sums.mutable_data_ptr<float>();
  float *a = values.mutable_data_ptr<float>(), *b = gradients.mutable_data_ptr<float>();
  std::memset(a, 0, (kPoints * in_point + kRows) * sizeof(float));
  const int64_t in_groups = deep / kLanes, groups = in_groups + wide / kLanes;
  for (int64_t image = 0; image < own; image++) {
    sums.zero_();
    for (int64_t first = image * (each ? tiles_y : 0), stop = first + rows; first < stop; first += most) {
      const int64_t last = std::min(first + most, stop), count = (last - first) * tiles_x;
      at::parallel_for(0, groups, 1, [&](int64_t begin, int64_t end) {
        const at::Tensor space = at::empty({kPatch * (tiles_x * kTile + 2) * kLanes}, x.options());
        float* strip = space.mutable_data_ptr<float>();
        for (int64_t group = begin; group < end; group++) {
          if (group < in_groups)
            rows_to_points<kPatch>(from, in, sizes.height, sizes.width, padding, sizes, first, last, group, a,
                                   in_row, in_point, strip, [](auto... v) { input_to_points(v...); });
          else
            rows_to_points<kTile>(of_output, out, sizes.out_height(), sizes.out_width(), 0, sizes, first, last,
                                  group - in_groups, b, out_row, out_point, strip,
                                  [](auto... v) { output_to_points(v...); });
        }
      });
      at::parallel_for(0, kPoints, 1, [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; p++)
          for (int64_t lane = 0; lane < wide; lane += 2 * kLanes)
            for (int64_t row = 0; row < in; row += kRows)
              multiply_panel(wide - lane, a + p * in_point + row, 1, in_row, b + p * out_point + lane, out_row, count,
                                   sum + (p * rows_in + row) * wide + lane, wide, true);
      });
    }
    at::parallel_for(0, in, 16, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; c++)
        for (int64_t lane = 0; lane < wide; lane += kLanes) {
          Lanes values[kPoints], columns[3 * kPatch], taps[9];
#pragma GCC unroll 36
          for (int p = 0; p < kPoints; p++) values[p] = load(sum + (p * rows_in + c) * wide + lane);
#pragma GCC unroll 6
          for (int i = 0; i < kPatch; i++) weight_from_points(values + i, kPatch, columns + i, kPatch);
#pragma GCC unroll 3
          for (int i = 0; i < 3; i++) weight_from_points(columns + i * kPatch, 1, taps + i * 3, 1);
          for (int o = 0; o < kLanes && lane + o < out; o++)
            for (int i = 0; i < 9; i++) to[((image * out + lane + o) * in + c) * 9 + i] = taps[i][o];
        }
    });
  }
  return weight;
}

// Derivatives are convolutions and weights' gradients again, so there are as many as one asks for. These nodes are in C++
// since one in Python is not told whether a weight's gradient will be used: R1 asks for that of the images alone.

at::Tensor call(const at::Tensor& x, const at::Tensor& weight, int64_t padding, bool turned) {
  static auto op = c10::Dispatcher::singleton().findSchemaOrThrow("stylesv::conv3x3", "").typed<decltype(conv3x3)>();
  return op.call(x, weight, padding, turned);
}

at::Tensor call_weight(const at::Tensor& x, const at::Tensor& gradient, int64_t padding, bool each) {
  static auto op =
      c10::Dispatcher::singleton().findSchemaOrThrow("stylesv::conv3x3_weight", "").typed<decltype(conv3x3_weight)>();
  return op.call(x, gradient, padding, each);
}

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Convolve : torch::autograd::Function<Convolve> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& weight, int64_t padding,
                            bool turned) {
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({x, weight});
    ctx->saved_data["padding"] = padding;
    ctx->saved_data["turned"] = turned;
    return call(x.contiguous(), weight.contiguous(), padding, turned);
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], gradient = gradients[0].contiguous();
    const int64_t padding = ctx->saved_data["padding"].toInt();
    const bool turned = ctx->saved_data["turned"].toBool(), each = weight.size(0) > 1;
    at::Tensor of_x, of_weight;
    if (ctx->needs_input_grad(0)) of_x = call(gradient, weight, 2 - padding, !turned);
    if (ctx->needs_input_grad(1))
      of_weight = turned ? call_weight(gradient, x, 2 - padding, each) : call_weight(x, gradient, padding, each);
    return {of_x, of_weight, at::Tensor(), at::Tensor()};
  }
};

struct GradientOfWeight : torch::autograd::Function<GradientOfWeight> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& gradient, int64_t padding,
                            bool each) {
    at::AutoDispatchBelowADInplaceOrView below;
    ctx->save_for_backward({x, gradient});
    ctx->saved_data["padding"] = padding;
    return call_weight(x.contiguous(), gradient.contiguous(), padding, each);
  }

  static variable_list backward(AutogradContext* ctx, variable_list gradients) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor weight = gradients[0].contiguous();
    const int64_t padding = ctx->saved_data["padding"].toInt();
    at::Tensor of_x, of_gradient;
    if (ctx->needs_input_grad(0)) of_x = call(saved[1], weight, 2 - padding, true);
    if (ctx->needs_input_grad(1)) of_gradient = call(saved[0], weight, padding, false);
    return {of_x, of_gradient, at::Tensor(), at::Tensor()};
  }
};

at::Tensor differentiable(const at::Tensor& x, const at::Tensor& weight, int64_t padding, bool turned) {
  return Convolve::apply(x, weight, padding, turned);
}

at::Tensor differentiable_weight(const at::Tensor& x, const at::Tensor& gradient, int64_t padding, bool each) {
  return GradientOfWeight::apply(x, gradient, padding, each);
}

}  // namespace

#if defined(__AVX__)  // with fewer lanes PyTorch's own convolution, which finds the processor's by itself, is faster
TORCH_LIBRARY_FRAGMENT(stylesv, library) {
  library.def("conv3x3(Tensor x, Tensor weight, int padding, bool turned) -> Tensor");
  library.def("conv3x3_weight(Tensor x, Tensor gradient, int padding, bool each) -> Tensor");
  library.impl("conv3x3", c10::DispatchKey::CPU, TORCH_FN(conv3x3));
  library.impl("conv3x3_weight", c10::DispatchKey::CPU, TORCH_FN(conv3x3_weight));
  library.impl("conv3x3", c10::DispatchKey::AutogradCPU, TORCH_FN(differentiable));
  library.impl("conv3x3_weight", c10::DispatchKey::AutogradCPU, TORCH_FN(differentiable_weight));
}
#endif
