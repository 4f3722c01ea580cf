#include "xnn/tools/progress.hpp"

#include <catch2/catch.hpp>
#include <sstream>

#include "../support/errors.hpp"

using namespace xnn::tools;

TEST_CASE("progress: a bar is drawn to half a column", "[tools]") {
    REQUIRE(progress_bar(0, 4) == "────");
    REQUIRE(progress_bar(0.5, 4) == "━━──");
    REQUIRE(progress_bar(0.4, 4) == "━╸──");
    REQUIRE(progress_bar(1, 4) == "━━━━");
    REQUIRE(mentions(progress_bar(0.5, 4, true), "\x1b[36m", "\x1b[0m"));
}

TEST_CASE("progress: a line says what is done, how fast and how long it takes", "[tools]") {
    const ProgressState state{250, 1000, 2, "epoch 1", "samples", "loss 0.5"};
    REQUIRE(progress_line(state, 8, 80) == "epoch 1 ━━──────  25% 125 samples/s  0:06 left  loss 0.5");
    REQUIRE(progress_log_line(state) == "epoch 1: 250/1,000 (25%)  125 samples/s  0:06 left  loss 0.5");
    REQUIRE(progress_line({1000, 1000, 65, "", "it", ""}, 4, 80) == "━━━━ 100% 15.4 it/s  1:05");
    REQUIRE(progress_line({5, 0, 2, "", "it", ""}, 4, 80) == "5 it 2.5 it/s");
    REQUIRE(progress_log_line({0, 0, 0, "", "it", ""}) == "0 it");
}

TEST_CASE("progress: a line never is wider than the terminal", "[tools]") {
    const ProgressState state{250, 1000, 2, "a label that is rather long", "samples", "loss 0.5, accuracy 97.5 %"};
    for (xnn::index_t columns = 20; columns < 120; ++columns)
        REQUIRE(display_width(progress_line(state, 28, columns)) <= columns);
}

TEST_CASE("progress: a terminal sees one line, a log a few", "[tools]") {
    std::ostringstream terminal;
    {
        Progress progress(3, {.stream = &terminal, .interactive = true, .color = false, .seconds_between_redraws = 0});
        for (int i = 0; i < 3; ++i) progress.advance(1, "loss");
    }
    REQUIRE(std::ranges::count(terminal.str(), '\r') == 5);
    REQUIRE(std::ranges::count(terminal.str(), '\n') == 1);
    REQUIRE(mentions(terminal.str(), "100%", "loss\x1b[K\n"));

    std::ostringstream log;
    Progress progress(1000, {.stream = &log});
    for (int i = 0; i < 1000; ++i) progress.advance();
    progress.finish("done");
    progress.finish();
    REQUIRE(std::ranges::count(log.str(), '\n') == 1);
    REQUIRE(mentions(log.str(), "1,000/1,000 (100%)", "done\n"));
    REQUIRE_FALSE(mentions(log.str(), "\x1b"));
}

TEST_CASE("progress: a negative total is refused", "[tools]") { REQUIRE_ERROR(Progress(-1), "Progress", "got -1"); }
