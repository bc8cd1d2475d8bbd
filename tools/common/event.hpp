/// Something that happens once, and that a thread can wait for.
#pragma once

#include <array>

class event {
 public:
  /// Throws the system's error.
  event();
  event(const event&) = delete;
  event& operator=(const event&) = delete;
  ~event();

  /// A signal handler may call this.
  void happen() noexcept;

  /// Waits for this event and for another one. Returns whether this one has happened.
  bool happens_before(const event& other) const noexcept;

#if defined(_WIN32)
 private:
  void* handle_;
#else
  /// Can be read once the event has happened, so that `poll` can wait for it and for other descriptors.
  int descriptor() const noexcept { return pipe_[0]; }

 private:
  std::array<int, 2> pipe_{};
#endif
};
