// Drops files on a window as a file manager does: XDND, version 5, from a window of its own. For tests on a display of their own.
//   drop WINDOW X Y FILE...      WINDOW: a number as xdotool prints it; X Y: pixels of the window
// Status 0: the target took them; 1: it did not; 2: a bad command line or no display.
#include <X11/Xatom.h>
#include <X11/Xlib.h>
#include <poll.h>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

constexpr long version = 5;
constexpr double patience = 20;                    // s, for each answer

Display* display;
Window source, target;

Atom atom(const char* name) { return XInternAtom(display, name, False); }

void send(const char* type, long b, long c, long d, long e) {
  XEvent event{};
  event.xclient.type = ClientMessage;
  event.xclient.window = target;
  event.xclient.message_type = atom(type);
  event.xclient.format = 32;
  const long data[] = {long(source), b, c, d, e};
  for (int i = 0; i < 5; ++i) event.xclient.data.l[i] = data[i];
  XSendEvent(display, target, False, NoEventMask, &event);
  XFlush(display);
}

// The target asks for the list of files: it is written into the property that it names.
void answer(const XSelectionRequestEvent& asked, const std::string& list) {
  XEvent event{};
  event.xselection.type = SelectionNotify;
  event.xselection.requestor = asked.requestor;
  event.xselection.selection = asked.selection;
  event.xselection.target = asked.target;
  event.xselection.time = asked.time;
  if (asked.target == atom("text/uri-list")) {
    XChangeProperty(display, asked.requestor, asked.property, asked.target, 8, PropModeReplace,
                    reinterpret_cast<const unsigned char*>(list.data()), int(list.size()));
    event.xselection.property = asked.property;
  }
  XSendEvent(display, asked.requestor, False, NoEventMask, &event);
  XFlush(display);
}

// The target's next message of this type; requests for the list are answered on the way.
bool await(const char* type, const std::string& list, XClientMessageEvent& out_message) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(patience);
  while (std::chrono::steady_clock::now() < end) {
    if (!XPending(display)) {
      pollfd file{ConnectionNumber(display), POLLIN, 0};
      poll(&file, 1, 100);
      continue;
    }
    XEvent event;
    XNextEvent(display, &event);
    if (event.type == SelectionRequest) answer(event.xselectionrequest, list);
    if (event.type != ClientMessage || event.xclient.message_type != atom(type)) continue;
    out_message = event.xclient;
    return true;
  }
  std::fprintf(stderr, "drop: no %s from the window\n", type);
  return false;
}

std::string uri(const char* path) {
  std::string out = "file://";
  char code[4];
  for (const unsigned char* at = reinterpret_cast<const unsigned char*>(path); *at; ++at) {
    const bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') || *at == '/' || *at == '.' ||
        *at == '-' || *at == '_';
    std::snprintf(code, sizeof code, "%%%02X", *at);
    out += plain ? std::string(1, char(*at)) : code;
  }
  return out + "\r\n";
}

}  // namespace

int main(int count, char** arguments) {
  display = XOpenDisplay(nullptr);
  if (count < 5 || !display) {
    std::fprintf(stderr, display ? "drop WINDOW X Y FILE...\n" : "drop: no display\n");
    return 2;
  }
  target = Window(std::strtoul(arguments[1], nullptr, 0));
  int x = 0, y = 0;
  Window child;
  if (!XTranslateCoordinates(display, target, DefaultRootWindow(display), std::atoi(arguments[2]), std::atoi(arguments[3]), &x, &y, &child))
    return 2;
  std::string list;
  for (int i = 4; i < count; ++i) list += uri(arguments[i]);
  source = XCreateSimpleWindow(display, DefaultRootWindow(display), 0, 0, 1, 1, 0, 0, 0);
  XSetSelectionOwner(display, atom("XdndSelection"), source, CurrentTime);

  XClientMessageEvent message;
  send("XdndEnter", version << 24, long(atom("text/uri-list")), None, None);
  send("XdndPosition", 0, long(x) << 16 | y, CurrentTime, long(atom("XdndActionCopy")));
  if (!await("XdndStatus", list, message) || !(message.data.l[1] & 1)) return 1;
  send("XdndDrop", 0, CurrentTime, 0, 0);
  return await("XdndFinished", list, message) && (message.data.l[1] & 1) ? 0 : 1;
}
