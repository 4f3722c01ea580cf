// A progress bar: one line that is drawn again and again on a terminal, a plain line now and then elsewhere.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#if __has_include(<sys/ioctl.h>)
#include <sys/ioctl.h>
#include <unistd.h>
#endif

#include "xnn/core/error.hpp"
#include "xnn/tools/text.hpp"

namespace xnn::tools {

/// How a Progress looks and where it goes.
struct ProgressOptions {
    std::string label = {};
    std::string unit = "it";                ///< what is counted: `samples`
    std::ostream* stream = &std::cerr;      ///< must outlive the Progress
    std::optional<bool> interactive = {};   ///< redraw one line; nothing: if the stream is a terminal
    std::optional<bool> color = {};         ///< nothing: if interactive and NO_COLOR is not set
    index_t bar_width = 28;                 ///< columns of the bar
    double seconds_between_lines = 10;      ///< where the stream is no terminal
    double seconds_between_redraws = 0.08;  ///< where it is one
};

/// What one line of progress says.
struct ProgressState {
    index_t done = 0;
    index_t total = 0;  ///< 0: not known
    double seconds = 0;
    std::string_view label = {};
    std::string_view unit = "it";
    std::string_view text = {};
};

namespace detail {

inline bool is_terminal(const std::ostream& stream) {
#if __has_include(<sys/ioctl.h>)
    if (&stream == &std::cout) return isatty(STDOUT_FILENO) != 0;
    if (&stream == &std::cerr || &stream == &std::clog) return isatty(STDERR_FILENO) != 0;
#else
    (void)stream;
#endif
    return false;
}

inline index_t terminal_columns() {
#if __has_include(<sys/ioctl.h>)
    for (const int file : {STDERR_FILENO, STDOUT_FILENO})
        if (winsize size{}; ioctl(file, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
#endif
    return 80;
}

inline double progress_fraction(const ProgressState& state) {
    return state.total > 0 ? std::clamp(static_cast<double>(state.done) / static_cast<double>(state.total), 0.0, 1.0)
                           : 0;
}

/// `12.3k samples/s  0:41 left  loss 0.12`
inline std::string progress_facts(const ProgressState& state) {
    std::string facts;
    const auto add = [&](const std::string& fact) { facts += (facts.empty() ? "" : "  ") + fact; };
    const double rate = state.seconds > 0 ? static_cast<double>(state.done) / state.seconds : 0;
    if (rate > 0) add(with_suffix(rate) + " " + std::string(state.unit) + "/s");
    if (state.total > 0 && state.done >= state.total)
        add(clock_text(state.seconds));
    else if (rate > 0 && state.total > 0)
        add(clock_text(static_cast<double>(state.total - state.done) / rate) + " left");
    if (!state.text.empty()) add(std::string(state.text));
    return facts;
}

}  // namespace detail

/// A bar of `width` columns, drawn to half a column: `━━━━━╸──────`.
inline std::string progress_bar(double fraction, index_t width, bool color = false) {
    const auto halves = static_cast<index_t>(fraction * 2 * static_cast<double>(width));
    const index_t full = halves / 2;
    const bool half = halves % 2 != 0;
    const std::string done = repeated("━", full) + (half ? "╸" : "");
    const std::string left = repeated("─", width - full - (half ? 1 : 0));
    if (!color) return done + left;
    return (fraction >= 1 ? "\x1b[32m" : "\x1b[36m") + done + "\x1b[90m" + left + "\x1b[0m";
}

/// A line for a terminal, at most `columns` wide:
/// `epoch 1 ━━━━━━━╸────────  42% 12.3k samples/s  0:41 left  loss 0.12`.
inline std::string progress_line(const ProgressState& state, index_t bar_width, index_t columns, bool color = false) {
    std::string start = state.label.empty() ? "" : clipped(state.label, columns / 2) + " ";
    const double fraction = detail::progress_fraction(state);
    const std::string count = state.total > 0
                                  ? padded(std::to_string(static_cast<int>(fraction * 100)), 3, Align::right) + "%"
                                  : with_commas(state.done) + " " + std::string(state.unit);
    const index_t room = columns - display_width(start) - display_width(count) - 2;
    const index_t bar = state.total > 0 ? std::clamp(room, index_t{0}, bar_width) : 0;
    if (bar > 0) start += progress_bar(fraction, bar, color) + " ";
    return start + count + " " + clipped(detail::progress_facts(state), room - bar);
}

/// A line for a log: `epoch 1: 25,600/60,000 (42%)  12.3k samples/s  0:41 left  loss 0.12`.
inline std::string progress_log_line(const ProgressState& state) {
    std::string line = state.label.empty() ? "" : std::string(state.label) + ": ";
    line += with_commas(state.done);
    if (state.total > 0)
        line += "/" + with_commas(state.total) + " (" +
                std::to_string(static_cast<int>(detail::progress_fraction(state) * 100)) + "%)";
    else
        line += " " + std::string(state.unit);
    const auto facts = detail::progress_facts(state);
    return facts.empty() ? line : line + "  " + facts;
}

/// Shows how far a loop is: advance() it in the loop; the line stays when finish() is called or it goes out of scope.
class Progress {
public:
    /// `total` 0: not known.
    explicit Progress(index_t total, ProgressOptions options = {})
        : options_(std::move(options)),
          interactive_(options_.interactive.value_or(detail::is_terminal(*options_.stream))),
          color_(options_.color.value_or(interactive_ && std::getenv("NO_COLOR") == nullptr)),
          total_(total),
          start_(Clock::now()) {
        if (total < 0) fail("Progress", "a total of at least 0", std::to_string(total));
        if (interactive_) draw();
        shown_ = start_;
    }
    ~Progress() {
        try {
            finish();
        } catch (...) {  // a stream that throws must not end the program that it only tells about
        }
    }
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    /// Counts `steps` more. The text is shown behind the bar.
    void advance(index_t steps = 1, std::string_view text = "") {
        done_ += steps;
        text_ = text;
        if (finished_) return;
        const auto now = Clock::now();
        const double quiet = std::chrono::duration<double>(now - shown_).count();
        if (quiet < (interactive_ ? options_.seconds_between_redraws : options_.seconds_between_lines)) return;
        shown_ = now;
        draw();
    }

    /// Shows the last state and ends the line. Nothing is shown afterwards.
    void finish() {
        if (std::exchange(finished_, true)) return;
        draw();
        if (interactive_) *options_.stream << '\n' << std::flush;
    }

    /// finish() with a last text.
    void finish(std::string_view text) {
        text_ = text;
        finish();
    }

    double seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

private:
    using Clock = std::chrono::steady_clock;

    void draw() {
        const ProgressState state{done_, total_, seconds(), options_.label, options_.unit, text_};
        if (interactive_)
            *options_.stream << '\r' << progress_line(state, options_.bar_width, detail::terminal_columns() - 1, color_)
                             << "\x1b[K" << std::flush;  // clears what a longer line left behind
        else
            *options_.stream << progress_log_line(state) << '\n' << std::flush;
    }

    ProgressOptions options_;
    bool interactive_;
    bool color_;
    index_t total_;
    index_t done_ = 0;
    std::string text_;
    bool finished_ = false;
    Clock::time_point start_;
    Clock::time_point shown_;
};

}  // namespace xnn::tools
