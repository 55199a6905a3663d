#include "tools/editor/window.h"
#include <signal.h>
#include <vulkan/vulkan.h>
#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <imgui/backends/imgui_impl_glfw.h>
#include <imgui/imgui.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include "render/raster/ui.h"
#include "render/vulkan/swapchain.h"
#include "tools/editor/digest.h"
#include "tools/editor/events.h"
#include "tools/editor/panels.h"
#include "tools/editor/screenshot.h"
#include "tools/editor/tell.h"
#include "tools/editor/theme.h"

namespace nuri::editor {
namespace {

constexpr double idle_seconds = 0.25;              // between looks at the scene's files while nothing else happens
constexpr int settling_frames = 4;                 // after an event: widgets that appear have their final place by then
constexpr double software_frame = 1 / 30.0, frame = 1 / 120.0;   // s, the shortest; a display that waits may make it longer
constexpr float letter_pixels = 16;
constexpr int most_shown_at_first = 16;

const auto begun = std::chrono::steady_clock::now();   // when the program started

std::atomic<int> interrupted = 0;
void on_interrupt(int) { interrupted = 1; }

class Window {
 public:
  explicit Window(const WindowOptions& options) : options_(options), bench_(options.workbench), desk_(bench_) {}
  ~Window();
  bool open();                                     // false: said why
  void run();

 private:
  void listen();
  void style();
  void wait();
  void draw();
  void keys();
  void follow_scene();
  bool follow_files();
  bool ends();
  void title();
  void* picture(uint32_t width, uint32_t height);
  Hit look_at(float x, float y);
  bool lively() const {
    return touched_ > 0 || (bench_.is_open() && bench_.running) || desk_.pull.on || ImGui::GetTime() < desk_.say_until + 0.1 ||
        !options_.screenshot.empty();
  }
  static Window& of(GLFWwindow* window) { return *static_cast<Window*>(glfwGetWindowUserPointer(window)); }

  WindowOptions options_;
  Workbench bench_;
  Desk desk_;
  GLFWwindow* window_ = nullptr;
  std::unique_ptr<vulkan::Device> device_;
  std::unique_ptr<vulkan::Swapchain> swapchain_;
  std::unique_ptr<raster::Ui> ui_;
  std::unique_ptr<raster::Raster> raster_;
  // shot: what it shows; 0: nothing yet
  struct Shown { std::unique_ptr<raster::Picture> picture; void* texture = nullptr; uint64_t shot = 0; };
  std::array<Shown, vulkan::frames_in_flight> shown_;
  int slot_ = 0;
  uint64_t generation_ = 0, warned_ = 0;           // of the scene that the raster has; that was changed both here and outside
  int touched_ = settling_frames;
  bool settled_ = false;                           // nothing is left to do after what happened last
  int last_width_ = 0, last_height_ = 0;
  double next_frame_ = 0, last_time_ = 0;
  Events events_;
  int frame_ = 0;
  double first_frame_ = 0;                         // s, when it was done: it waits for shaders
  std::string dropped_, title_;
  bool shown_once_ = false;                        // the viewport's picture is part of this frame
};

bool complain(const std::string& what) {
  std::fprintf(stderr, "nuri-editor: %s\n", what.c_str());
  return false;
}

Window::~Window() {
  if (device_) device_->wait_idle();
  for (Shown& shown : shown_) shown.picture.reset();
  raster_.reset();
  ui_.reset();
  swapchain_.reset();
  if (ImGui::GetCurrentContext()) {
    if (ImGui::GetIO().BackendPlatformName) ImGui_ImplGlfw_Shutdown();
    ImGui::DestroyContext();
  }
  device_.reset();
  if (window_) glfwDestroyWindow(window_);
  glfwTerminate();
}

bool Window::open() {
  glfwSetErrorCallback([](int, const char*) {});   // each failure below is told with what it means
  const char* why = nullptr;
  if (!glfwInit()) {
    glfwGetError(&why);
    return complain(std::string("there is no display to open a window on (") + (why ? why : "GLFW") + "); nuri runs scenes without one");
  }
  if (!glfwVulkanSupported())
    return complain("there is no Vulkan driver for this display; on Debian, mesa-vulkan-drivers draws on any machine");
  glfwWindowHint(GLFW_CLIENT_API, GLFW_NO_API);
  glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
  window_ = glfwCreateWindow(options_.width, options_.height, "Nuri", nullptr, nullptr);
  if (!window_) {
    glfwGetError(&why);
    return complain(std::string("the window could not be opened: ") + (why ? why : "no reason given"));
  }
  glfwSetWindowSizeLimits(window_, 640, 400, GLFW_DONT_CARE, GLFW_DONT_CARE);

  vulkan::DeviceOptions wanted;
  uint32_t count = 0;
  const char** extensions = glfwGetRequiredInstanceExtensions(&count);
  wanted.instance_extensions.assign(extensions, extensions + count);
  wanted.name = options_.device;
  wanted.validate = options_.validate;
  auto device = vulkan::Device::create(wanted);
  if (!device) return complain(to_string(device.errors().front()));
  device_ = std::move(*device);
  VkSurfaceKHR surface = VK_NULL_HANDLE;
  vulkan::check(glfwCreateWindowSurface(device_->instance(), window_, nullptr, &surface), "surface of the window");
  swapchain_ = std::make_unique<vulkan::Swapchain>(*device_, surface);
  auto raster = raster::Raster::create(*device_);
  if (!raster) return complain(to_string(raster.errors().front()));
  raster_ = std::move(*raster);

  IMGUI_CHECKVERSION();
  ImGui::CreateContext();
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;
  io.ConfigWindowsMoveFromTitleBarOnly = true;
  io.ConfigInputTextCursorBlink = false;           // a blinking cursor would keep an idle window awake
  ImGui_ImplGlfw_InitForVulkan(window_, false);
  ui_ = std::make_unique<raster::Ui>(*device_, swapchain_->format(), vulkan::frames_in_flight);
  listen();

  desk_.light = options_.light;
  desk_.speaks = options_.speaks;
  desk_.device = device_->name();
  desk_.picture = [this](uint32_t width, uint32_t height) { return picture(width, height); };
  desk_.look_at = [this](float x, float y) { return look_at(x, y); };
  desk_.style.quick = device_->software();
  desk_.moving = [this](uint32_t number, uint32_t w, uint32_t h, std::span<const uint8_t> rgba) { return ui_->moving(number, w, h, rgba); };
  desk_.pass_times = [this] { return raster_->times(); };
  style();
  if (!options_.scene.empty()) {
    desk_.open(options_.scene);
    if (bench_.is_open() && !options_.policy.empty()) desk_.open_policy(options_.policy);
    if (bench_.is_open())
      bench_.shown = options_.shown > 0 ? std::min(options_.shown, desk_.world().environments())
          : std::min(most_shown_at_first, desk_.world().environments());
  }
  bench_.running = !options_.paused;
  return true;
}

// Everything that happens goes to ImGui, what was pressed and typed in its order, and wakes the window.
void Window::listen() {
  glfwSetWindowUserPointer(window_, this);
  glfwSetWindowFocusCallback(window_, [](GLFWwindow* w, int focused) {
    ImGui_ImplGlfw_WindowFocusCallback(w, focused), of(w).touched_ = settling_frames;
  });
  glfwSetCursorEnterCallback(window_, [](GLFWwindow* w, int entered) {
    ImGui_ImplGlfw_CursorEnterCallback(w, entered), of(w).touched_ = settling_frames;
  });
  glfwSetCursorPosCallback(window_, [](GLFWwindow* w, double x, double y) { of(w).events_.moved(x, y), of(w).touched_ = settling_frames; });
  glfwSetMouseButtonCallback(window_, [](GLFWwindow* w, int button, int action, int modifiers) {
    of(w).events_.button(button, action, modifiers), of(w).touched_ = settling_frames;
  });
  glfwSetScrollCallback(window_, [](GLFWwindow* w, double x, double y) {
    ImGui_ImplGlfw_ScrollCallback(w, x, y), of(w).touched_ = settling_frames;
  });
  glfwSetCharCallback(window_, [](GLFWwindow* w, unsigned letter) { of(w).events_.character(letter), of(w).touched_ = settling_frames; });
  glfwSetKeyCallback(window_, [](GLFWwindow* w, int key, int scancode, int action, int modifiers) {
    of(w).events_.key(key, scancode, action, modifiers), of(w).touched_ = settling_frames;
  });
  glfwSetFramebufferSizeCallback(window_, [](GLFWwindow* w, int, int) { of(w).touched_ = settling_frames; });
  glfwSetWindowRefreshCallback(window_, [](GLFWwindow* w) { of(w).touched_ = settling_frames; });
  glfwSetDropCallback(window_, [](GLFWwindow* w, int count, const char** paths) {
    of(w).touched_ = settling_frames;
    if (count > 0) of(w).dropped_ = paths[0];
  });
}

void Window::keys() {
  const ImGuiIO& io = ImGui::GetIO();
  for (const KeyPress& press : events_.take_pressed()) {
    if (gizmo_key(press)) continue;
    const bool control = press.modifiers & with_control;
    if (desk_.dialog != Dialog::none) {
      if (press.key == GLFW_KEY_ESCAPE || press.key == GLFW_KEY_F1) desk_.dialog = Dialog::none;
      continue;
    }
    if (io.WantTextInput && !(press.key >= GLFW_KEY_F1 && press.key <= GLFW_KEY_F12) &&
        !(control && press.key > 0 && press.key < 128 && std::strchr("OKSQLB", press.key))) continue;
    handle_key(desk_, press);
  }
}

void Window::style() {
  float x = 1, y = 1;
  glfwGetWindowContentScale(window_, &x, &y);
  const float scale = std::clamp(x, 1.0f, 4.0f) * desk_.letters;
  theme::apply(!desk_.light, scale);
  theme::load_fonts(std::round(letter_pixels * scale));
  ui_->upload_fonts();
  desk_.style.dark = !desk_.light;
  desk_.restyle = false;
  touched_ = settling_frames;
}

void Window::wait() {
  while (!interrupted && !glfwWindowShouldClose(window_)) {
    const double now = glfwGetTime();
    if (lively()) {
      if (now >= next_frame_) break;
      glfwWaitEventsTimeout(next_frame_ - now);
    } else {
      glfwWaitEventsTimeout(idle_seconds);
      if (bench_.is_open() && bench_.files_changed() && follow_files()) touched_ = settling_frames;
    }
  }
  glfwPollEvents();
  if (touched_ > 0) --touched_, settled_ = false;
  next_frame_ = glfwGetTime() + (device_->software() ? software_frame : frame);
}

// The raster has a copy of what is open.
void Window::follow_scene() {
  if (!bench_.is_open() || generation_ == bench_.generation()) return;
  device_->wait_idle();
  raster_->use(bench_.scenery());
  generation_ = bench_.generation();
}

// A file of the scene was changed by another program: loaded again, unless there are changes that would be lost. False: nothing new.
bool Window::follow_files() {
  if (!bench_.changed()) return desk_.open_again(), true;
  if (std::exchange(warned_, bench_.generation()) == bench_.generation()) return false;
  const char* const text = "A file of this scene was changed by another program. Ctrl+L loads it again, without the changes made here";
  desk_.notify(text);
  desk_.remark(Severity::warning, text);
  desk_.event("changed outside");
  return true;
}

bool Window::ends() {
  if (interrupted) return true;
  if (!desk_.quit && !glfwWindowShouldClose(window_)) return false;
  if (!options_.screenshot.empty() || desk_.sure("quit")) return true;
  desk_.quit = false;
  glfwSetWindowShouldClose(window_, GLFW_FALSE);
  touched_ = settling_frames;
  return false;
}

void Window::title() {
  std::string wanted = "Nuri";
  if (bench_.is_open())
    wanted = bench_.path().substr(bench_.path().find_last_of('/') + 1) + (bench_.changed() ? " \xe2\x80\xa2" : "") + " - Nuri";
  if (wanted == title_) return;
  title_ = wanted;
  glfwSetWindowTitle(window_, wanted.c_str());
}

void* Window::picture(uint32_t width, uint32_t height) {
  follow_scene();
  Shown& shown = shown_[slot_];
  if (!shown.picture || shown.picture->width != width || shown.picture->height != height) {
    if (shown.texture) ui_->release(shown.texture);
    shown.texture = nullptr;
    shown.picture.reset();                         // this slot's last frame has finished
    shown.picture = raster_->picture(width, height);
    shown.shot = 0;
    shown.texture = ui_->texture(shown.picture->view);
  }
  shown_once_ = true;
  return shown.texture;
}

Hit Window::look_at(float x, float y) {
  Hit hit;
  Shown& shown = shown_[slot_];
  const Rectangle& place = desk_.shot.place;
  if (!shown.picture || !bench_.is_open()) return hit;
  follow_scene();
  const int column = int(x - place.x), row = int(y - place.y);
  if (column < 0 || row < 0 || column >= int(shown.picture->width) || row >= int(shown.picture->height)) return hit;
  device_->wait_idle();
  device_->run([&](VkCommandBuffer commands) {
    raster_->draw(commands, *shown.picture, desk_.shot.frame, desk_.shot.eye, desk_.style, true);
  });
  const raster::Pixels pixels = raster_->read(*shown.picture, true);
  const size_t at = size_t(row) * pixels.width + size_t(column);
  if (at >= pixels.depth.size() || at >= pixels.id.size() || !std::isfinite(pixels.depth[at])) return hit;
  hit.anything = true;
  hit.point = desk_.shot.eye.position +
      pixels.depth[at] * direction_at(desk_.shot, float(column) + place.x + 0.5f, float(row) + place.y + 0.5f);
  if (pixels.id[at] == 0) return hit;
  hit.pick.environment = int(pixels.environment[at]);
  hit.pick.geom = int(pixels.id[at]) - 1;
  const model::Model& model = desk_.world().model(hit.pick.environment);
  hit.pick.body = hit.pick.geom < model.geom_count ? model.geom_body[hit.pick.geom] : -1;
  return hit;
}

void Window::draw() {
  int width = 0, height = 0;
  glfwGetFramebufferSize(window_, &width, &height);
  const auto target = swapchain_->begin(uint32_t(width), uint32_t(height));
  if (!target) {                                   // minimised
    glfwWaitEventsTimeout(0.05);
    return;
  }
  slot_ = target->slot;
  if (width != last_width_ || height != last_height_) desk_.event("resized " + std::to_string(width) + "x" + std::to_string(height));
  last_width_ = width, last_height_ = height;

  ++frame_;
  ImGui_ImplGlfw_NewFrame();
  events_.hand_over(window_);
  if (events_.waiting()) touched_ = settling_frames;
  // a double click takes a third of a second, or as long as three frames where those are slow
  ImGui::GetIO().MouseDoubleClickTime = std::max(0.3f, 3.5f * ImGui::GetIO().DeltaTime);
  ImGui::NewFrame();
  keys();
  shown_once_ = false;
  desk_.sample_plots();
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  draw_panels(desk_, size.x, size.y);
  tell_state(desk_);
  ImGui::Render();

  const uint64_t shot = shown_once_ ? digest(desk_.shot, desk_.style, generation_) : 0;
  if (shown_once_ && shot != shown_[slot_].shot)
    raster_->draw(target->commands, *shown_[slot_].picture, desk_.shot.frame, desk_.shot.eye, desk_.style, false);
  if (shown_once_) shown_[slot_].shot = shot;
  const ImVec4& back = theme::palette().background;
  const float background[4] = {back.x, back.y, back.z, 1};
  ui_->draw(target->commands, target->view, target->width, target->height, background, *ImGui::GetDrawData(), slot_);
  swapchain_->end();

  if (frame_ == 1) first_frame_ = glfwGetTime();
  if (frame_ == settling_frames) {
    char line[48];
    std::snprintf(line, sizeof line, "ready after %.2f s", std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    desk_.event(line);
  }
  if (frame_ > settling_frames && touched_ == 0 && !std::exchange(settled_, true)) desk_.event("settled");
  if (!options_.screenshot.empty() && frame_ > settling_frames && glfwGetTime() >= first_frame_ + options_.after) {
    device_->wait_idle();
    const auto written =
        write_screenshot(*device_, *ui_, swapchain_->format(), target->width, target->height, background, slot_, options_.screenshot);
    if (!written) throw vulkan::Failure(to_string(written.errors().front()));
    desk_.event("screenshot " + options_.screenshot);
    desk_.quit = true;
  }
}

void Window::run() {
  glfwSetTime(0);
  while (!ends()) {
    wait();
    const double now = glfwGetTime(), elapsed = now - last_time_;
    last_time_ = now;
    desk_.frame_times.push_back(elapsed * 1000);
    if (desk_.frame_times.size() > 240) desk_.frame_times.pop_front();
    if (!dropped_.empty()) desk_.open(std::exchange(dropped_, {}));
    if (bench_.is_open()) {
      if (bench_.files_changed()) follow_files();
      if (bench_.running) bench_.advance(std::min(elapsed, 0.1));
    }
    if (desk_.restyle) style();
    title();
    draw();
  }
  for (const std::string& line : device_->said) std::fprintf(stderr, "nuri-editor: %s\n", line.c_str());
  desk_.event("closed");
}

}  // namespace

int run_window(const WindowOptions& options) {
  struct sigaction action{};
  action.sa_handler = on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  try {
    Window window(options);
    if (!window.open()) return 1;
    window.run();
    return 0;
  } catch (const vulkan::Failure& failure) {
    complain(failure.what());
    return 1;
  }
}

}  // namespace nuri::editor
