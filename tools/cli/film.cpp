#include "tools/cli/film.h"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <vector>
#ifdef NURI_WITH_OPENH264
#include <wels/codec_api.h>
#include "tools/cli/mp4.h"
#endif

namespace nuri::cli {

static Diagnostic no_film(const std::string& path, std::string why, std::string hint) {
  return {Severity::error, "no-film", std::move(why), std::move(hint), {path, 0, 0}, {}, {}};
}

#ifndef NURI_WITH_OPENH264

static const char* const no_coder = "this program was built without OpenH264, which codes films";
static const char* const remedy = "install libopenh264-dev and build again, or write pictures: --out FILE.png";
Result<bool> Film::possible(uint32_t, uint32_t) { return no_film("", no_coder, remedy); }
Result<std::unique_ptr<Film>> Film::create(const std::string& path, uint32_t, uint32_t, double) { return no_film(path, no_coder, remedy); }

#else

namespace {

constexpr uint32_t least_side = 16, most_side = 4096, most_blocks = 36864;   // H.264 level 5.2, of 16 x 16 pixels; the coder's own least
constexpr int quantiser = 16;                    // brightness is 0.9 of 255 off on average (tests/oracle/test_film.py)
constexpr double key_period = 2;                 // s between pictures that a player can jump to

struct CoderDestroyer { void operator()(ISVCEncoder* coder) const { coder->Uninitialize(), WelsDestroySVCEncoder(coder); } };

uint32_t even(uint32_t n) { return n + n % 2; }

class H264 : public Film {
 public:
  H264(Mp4 file, std::string path, uint32_t width, uint32_t height)
      : file_(std::move(file)), path_(std::move(path)), width_(width), height_(height) {}

  bool open(double pictures_per_second) {
    ISVCEncoder* made = nullptr;
    if (WelsCreateSVCEncoder(&made) || !made) return false;
    coder_.reset(made);
    int silent = WELS_LOG_QUIET;
    coder_->SetOption(ENCODER_OPTION_TRACE_LEVEL, &silent);
    SEncParamExt p{};
    coder_->GetDefaultParams(&p);
    p.iUsageType = CAMERA_VIDEO_REAL_TIME;
    p.iPicWidth = int(even(width_)), p.iPicHeight = int(even(height_));
    p.fMaxFrameRate = float(std::clamp(pictures_per_second, 1.0, 60.0));   // only levels follow from it
    p.iRCMode = RC_OFF_MODE;
    p.iComplexityMode = HIGH_COMPLEXITY;
    p.uiIntraPeriod = unsigned(std::clamp(std::lround(key_period * pictures_per_second), 1L, 600L));
    p.eSpsPpsIdStrategy = CONSTANT_ID;
    p.iEntropyCodingModeFlag = 1;
    p.bEnableFrameSkip = false;
    p.bEnableBackgroundDetection = p.bEnableAdaptiveQuant = p.bEnableDenoise = p.bEnableSceneChangeDetect = false;
    p.iMultipleThreadIdc = 1;                    // the same bits whatever the machine
    SSpatialLayerConfig& layer = p.sSpatialLayers[0];
    layer.iVideoWidth = p.iPicWidth, layer.iVideoHeight = p.iPicHeight;
    layer.fFrameRate = p.fMaxFrameRate;
    layer.uiProfileIdc = PRO_HIGH;
    layer.iDLayerQp = quantiser;
    layer.sSliceArgument.uiSliceMode = SM_SINGLE_SLICE;
    layer.bVideoSignalTypePresent = layer.bColorDescriptionPresent = true;
    layer.uiVideoFormat = VF_UNDEF;
    layer.bFullRange = false;
    layer.uiColorPrimaries = CP_BT709, layer.uiTransferCharacteristics = TRC_IEC61966_2_1, layer.uiColorMatrix = CM_BT709;
    if (coder_->InitializeExt(&p)) return false;
    int format = videoFormatI420;
    coder_->SetOption(ENCODER_OPTION_DATAFORMAT, &format);
    period_ = 1000 / pictures_per_second;
    planes_.resize(size_t(p.iPicWidth) * size_t(p.iPicHeight) * 3 / 2);
    return true;
  }

  Result<bool> add(const uint8_t* rgb) override {
    to_planes(rgb);
    const int width = int(even(width_)), height = int(even(height_));
    SSourcePicture picture{};
    picture.iColorFormat = videoFormatI420;
    picture.iPicWidth = width, picture.iPicHeight = height;
    picture.iStride[0] = width, picture.iStride[1] = picture.iStride[2] = width / 2;
    picture.pData[0] = planes_.data();
    picture.pData[1] = picture.pData[0] + size_t(width) * size_t(height);
    picture.pData[2] = picture.pData[1] + size_t(width / 2) * size_t(height / 2);
    picture.uiTimeStamp = std::llround(double(file_.pictures()) * period_);
    SFrameBSInfo coded{};
    if (coder_->EncodeFrame(&picture, &coded) || coded.eFrameType == videoFrameTypeInvalid || coded.eFrameType == videoFrameTypeSkip)
      return no_film(path_, fmt::format("picture {} could not be coded", file_.pictures() + 1), "");
    units_.clear();
    for (int l = 0; l < coded.iLayerNum; ++l) {
      const SLayerBSInfo& layer = coded.sLayerInfo[l];
      int size = 0;
      for (int n = 0; n < layer.iNalCount; ++n) size += layer.pNalLengthInByte[n];
      units_.insert(units_.end(), layer.pBsBuf, layer.pBsBuf + size);
    }
    file_.add(units_.data(), units_.size(), coded.eFrameType == videoFrameTypeIDR);
    if (!file_.good()) return finish();          // the disk is full: says so
    return true;
  }

  Result<bool> finish() override { return file_.finish(); }
  uint64_t bytes() const override { return file_.size(); }

 private:
  // sRGB to Y'CbCr, ITU-R BT.709-6 item 3: Y' of 16 .. 235, differences of colour of 16 .. 240, in 16 bits behind the point. Colours lie
  // on even columns and between two rows, where H.264 has them unless told otherwise (Annex E, type 0).
  void to_planes(const uint8_t* rgb) {
    const size_t width = even(width_), height = even(height_);
    uint8_t* const luma = planes_.data();
    uint8_t* const blue = luma + width * height;
    uint8_t* const red = blue + width * height / 4;
    const auto at = [&](size_t x, size_t y) {
      return rgb + 3 * (std::min<size_t>(y, height_ - 1) * width_ + std::min<size_t>(x, width_ - 1));
    };
    for (size_t y = 0; y < height; ++y)
      for (size_t x = 0; x < width; ++x) {
        const uint8_t* p = at(x, y);
        luma[y * width + x] = uint8_t((11966 * p[0] + 40254 * p[1] + 4064 * p[2] + (16 << 16) + (1 << 15)) >> 16);
      }
    for (size_t y = 0; y < height; y += 2)
      for (size_t x = 0; x < width; x += 2) {
        int sum[3];                              // of eight
        for (int k = 0; k < 3; ++k) {
          sum[k] = 0;
          for (size_t row : {y, y + 1}) sum[k] += at(x ? x - 1 : 0, row)[k] + 2 * at(x, row)[k] + at(x + 1, row)[k];
        }
        const size_t to = y / 2 * (width / 2) + x / 2;
        blue[to] = uint8_t((-6596 * sum[0] - 22188 * sum[1] + 28784 * sum[2] + (128 << 19) + (1 << 18)) >> 19);
        red[to] = uint8_t((28784 * sum[0] - 26145 * sum[1] - 2639 * sum[2] + (128 << 19) + (1 << 18)) >> 19);
      }
  }

  Mp4 file_;
  std::string path_;
  uint32_t width_, height_;
  double period_ = 0;                            // ms
  std::unique_ptr<ISVCEncoder, CoderDestroyer> coder_;
  std::vector<uint8_t> planes_, units_;
};

}  // namespace

Result<bool> Film::possible(uint32_t width, uint32_t height) {
  const uint64_t blocks = uint64_t((width + 15) / 16) * ((height + 15) / 16);
  if (width < least_side || height < least_side || std::max(width, height) > most_side || blocks > most_blocks)
    return Diagnostic{Severity::error, "film-size", fmt::format("a film of {} x {} pixels cannot be coded", width, height),
                      fmt::format("sides may have {} to {} pixels, all together 4096 x 2304", least_side, most_side), {}, {}, {}};
  return true;
}

Result<std::unique_ptr<Film>> Film::create(const std::string& path, uint32_t width, uint32_t height, double pictures_per_second) {
  if (Result<bool> fits = possible(width, height); !fits) return fits.errors();
  constexpr uint32_t duration = 1000;
  Result<Mp4> file = Mp4::create(path, even(width), even(height), uint32_t(std::lround(duration * pictures_per_second)), duration);
  if (!file) return file.errors();
  auto out = std::make_unique<H264>(std::move(*file), path, width, height);
  if (!out->open(pictures_per_second))
    return no_film(path, fmt::format("OpenH264 does not take {} x {} pixels at {:g} per second", width, height, pictures_per_second), "");
  return std::unique_ptr<Film>(std::move(out));
}

#endif

}  // namespace nuri::cli
