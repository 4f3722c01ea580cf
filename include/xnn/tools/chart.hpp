// Line charts as SVG: one self-contained file that every browser shows.
#pragma once

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "xnn/core/error.hpp"
#include "xnn/tools/text.hpp"

namespace xnn::tools {

/// What a chart says beside its curves.
struct ChartOptions {
    std::string title = {};
    std::string x_label = {};
    std::string y_label = {};
    int width = 720;
    int height = 420;
};

/// Round numbers, about `count` of them, that lie within [low, high]: steps of 1, 2 or 5 times a power of ten.
inline std::vector<double> nice_ticks(double low, double high, int count = 6) {
    const double rough = (high - low) / std::max(count, 1);
    if (!(rough > 0) || !std::isfinite(rough)) return {low};
    const double power = std::pow(10.0, std::floor(std::log10(rough)));
    const double step = power * (rough / power < 1.5 ? 1 : rough / power < 3 ? 2 : rough / power < 7 ? 5 : 10);
    std::vector<double> ticks;
    const double slack = 1e-9;  // in steps: against rounding at both ends
    const double first = std::ceil(low / step - slack);
    const auto steps = static_cast<int>(std::floor(high / step + slack) - first);
    for (int i = 0; i <= steps; ++i) ticks.push_back((first + i) * step + 0.0);  // + 0.0: no negative zero
    return ticks;
}

/// Curves with axes and a legend, for losses and accuracies over steps or epochs.
class Chart {
public:
    explicit Chart(ChartOptions options = {}) : options_(std::move(options)) {}

    /// A curve through (x[i], y[i]), interrupted where one is not finite; throws Error where the lengths differ.
    Chart& add(std::string name, std::vector<double> x, std::vector<double> y) {
        if (x.size() != y.size()) fail("Chart", std::to_string(x.size()) + " values", std::to_string(y.size()));
        series_.push_back({std::move(name), std::move(x), std::move(y)});
        return *this;
    }
    /// A curve whose x is 1, 2, …
    Chart& add(std::string name, std::vector<double> y) {
        std::vector<double> x(y.size());
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i + 1);
        return add(std::move(name), std::move(x), std::move(y));
    }

    std::string svg() const {
        const Axis x = axis(&Series::x, left, options_.width - right);
        const Axis y = axis(&Series::y, options_.height - bottom, top);
        const auto size = number(options_.width) + " " + number(options_.height);
        std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + size + "\" width=\"" +
                          number(options_.width) + "\" height=\"" + number(options_.height) +
                          "\" font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#444\">\n"
                          "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n";
        draw_axes(out, x, y);
        for (std::size_t i = 0; i < series_.size(); ++i) draw_curve(out, series_[i], color(i), x, y);
        draw_legend(out);
        return out + "</svg>\n";
    }

    /// Writes the picture; throws Error if the file cannot be written.
    void save(const std::string& path) const {
        std::ofstream file(path, std::ios::binary);
        file << svg();
        file.close();
        if (!file) fail(path, "a writable file", "an error");
    }

private:
    struct Series {
        std::string name;
        std::vector<double> x;
        std::vector<double> y;
    };
    /// Values [low, high] onto pixels [from, to].
    struct Axis {
        double low, high, from, to;
        std::vector<double> ticks;
        double pixel(double value) const { return from + (value - low) / (high - low) * (to - from); }
    };
    static constexpr double left = 64, right = 20, top = 44, bottom = 52;

    Axis axis(std::vector<double> Series::*values, double from, double to) const {
        double low = std::numeric_limits<double>::infinity();
        double high = -low;
        for (const auto& series : series_)
            for (std::size_t i = 0; i < series.x.size(); ++i) {
                if (!std::isfinite(series.x[i]) || !std::isfinite(series.y[i])) continue;
                low = std::min(low, (series.*values)[i]);
                high = std::max(high, (series.*values)[i]);
            }
        if (low > high) std::tie(low, high) = std::pair(0.0, 1.0);  // no point at all
        double margin = values == &Series::y ? (high - low) * 0.04 : 0;
        if (low == high) margin = std::max(std::abs(low) * 0.1, 1e-3);
        low -= margin;
        high += margin;
        return {low, high, from, to, nice_ticks(low, high)};
    }

    void draw_axes(std::string& out, const Axis& x, const Axis& y) const {
        for (const double tick : y.ticks) {
            const auto at = number(y.pixel(tick));
            out += "<path d=\"M" + number(left) + " " + at + "H" + number(x.to) + "\" stroke=\"#e6e6e6\"/>\n";
            text(out, left - 8, y.pixel(tick) + 4, "end", digits(tick, 6));
        }
        for (const double tick : x.ticks) {
            out += "<path d=\"M" + number(x.pixel(tick)) + " " + number(y.from) + "v5\" stroke=\"#888\"/>\n";
            text(out, x.pixel(tick), y.from + 19, "middle", digits(tick, 6));
        }
        out += "<path d=\"M" + number(left) + " " + number(top) + "V" + number(y.from) + "H" + number(x.to) +
               "\" fill=\"none\" stroke=\"#888\"/>\n";
        const double middle = (x.from + x.to) / 2;
        text(out, middle, 22, "middle", options_.title, " font-size=\"15\" font-weight=\"600\" fill=\"#222\"");
        text(out, middle, options_.height - 12, "middle", options_.x_label);
        const auto turned = " transform=\"rotate(-90 16 " + number((y.from + y.to) / 2) + ")\"";
        text(out, 16, (y.from + y.to) / 2, "middle", options_.y_label, turned);
    }

    static void draw_curve(std::string& out, const Series& series, std::string_view color, const Axis& x,
                           const Axis& y) {
        std::string path;
        bool pen_down = false;
        for (std::size_t i = 0; i < series.x.size(); ++i) {
            const bool drawn = std::isfinite(series.x[i]) && std::isfinite(series.y[i]);
            if (drawn)
                path += (pen_down ? "L" : "M") + number(x.pixel(series.x[i])) + " " + number(y.pixel(series.y[i]));
            if (drawn && !pen_down) path += "h0";  // a point between gaps is a dot
            pen_down = drawn;
        }
        if (path.empty()) return;
        out += "<path d=\"" + path + "\" fill=\"none\" stroke=\"" + std::string(color) +
               "\" stroke-width=\"2\" stroke-linejoin=\"round\" stroke-linecap=\"round\"/>\n";
    }

    void draw_legend(std::string& out) const {
        double at = left + 8;
        for (std::size_t i = 0; i < series_.size(); ++i) {
            out +=
                "<path d=\"M" + number(at) + " 36h18\" stroke=\"" + std::string(color(i)) + "\" stroke-width=\"3\"/>\n";
            text(out, at + 24, 40, "start", series_[i].name);
            at += 48 + 7 * static_cast<double>(display_width(series_[i].name));  // about 7 pixels a letter
        }
    }

    static void text(std::string& out, double x, double y, std::string_view anchor, std::string_view words,
                     const std::string& attributes = "") {
        if (words.empty()) return;
        out += "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + std::string(anchor) + "\"" +
               attributes + ">";
        for (const char c : words) {
            if (c == '<')
                out += "&lt;";
            else if (c == '&')
                out += "&amp;";
            else
                out += c;
        }
        out += "</text>\n";
    }

    /// Pixels to a tenth.
    static std::string number(double value) { return digits(std::round(value * 10) / 10, 7); }

    /// Okabe and Ito's colours, which the colour-blind tell apart.
    static std::string_view color(std::size_t i) {
        constexpr std::string_view colors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                               "#56b4e9", "#e69f00", "#000000"};
        return colors[i % std::size(colors)];
    }

    ChartOptions options_;
    std::vector<Series> series_;
};

}  // namespace xnn::tools
