// Images as patches and back. https://pytorch.org/docs/stable/generated/torch.nn.Unfold.html
#pragma once

#include "xnn/cpu/fold.hpp"
#include "xnn/ops/conv.hpp"

namespace xnn {

/// What unfold and fold share. Window is a type with the static members `value`, a ConvWindow<2>, and `kernel_size`.
template <class Window>
struct PatchRule {
    static constexpr Dims<4> kernel{0, 0, Window::kernel_size[0], Window::kernel_size[1]};
    static constexpr index_t kernel_size = kernel[2] * kernel[3];

protected:
    /// Of images [batch, channels, height, width] or one image.
    static constexpr ConvGeometry geometry(const auto& some) {
        const Dims<4> images = with_batch<4>(some);
        return Window::value.geometry(images, images[1], kernel);
    }
    /// The number of places of the window.
    static constexpr index_t places(const Dims<4>& images) {
        return images[2] == dyn || images[3] == dyn ? dyn : geometry(images).output_size();
    }
};

/// x [batch, channels, height, width] → [batch, channels * kernel, places]. The batch may be absent.
template <class Window>
struct UnfoldRule : PatchRule<Window> {
    static constexpr std::string_view name = "unfold";
    using Patches = PatchRule<Window>;

    template <std::size_t R>
    static constexpr Dims<R - 1> extents(const Dims<R>& images) {
        const Dims<4> x = with_batch<4>(images);
        return last_extents<R - 1>(Dims<3>{x[0], map_extent(x[1], [](index_t channels) { return channels * Patches::kernel_size; }), Patches::places(x)});
    }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if constexpr (R != 3 && R != 4) {
            return false;
        } else {
            const auto large = [](index_t extent) { return extent == dyn ? index_t{1} << 30 : extent; };
            const Dims<4> shown{1, 1, large(x[R - 2]), large(x[R - 1])};
            return Patches::places(shown) > 0;
        }
    }

    NothingSaved forward(auto&, auto y, auto x) const {
        unfold(typename decltype(y)::device{}, Patches::geometry(x.shape.extents()), x.data, y.data, false);
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x) const {
        const auto gx = get<0>(targets);
        fold(typename decltype(x)::device{}, Patches::geometry(x.shape.extents()), gy, gx.data, gx.accumulate);
    }
};

/// x [batch, channels * kernel, places] → [batch, channels, height, width]. The batch may be absent. Window has the static member `output_size` too.
template <class Window>
struct FoldRule : PatchRule<Window> {
    static constexpr std::string_view name = "fold";
    using Patches = PatchRule<Window>;

    template <std::size_t R>
    static constexpr Dims<R + 1> extents(const Dims<R>& patches) {
        const Dims<3> x = with_batch<3>(patches);
        return last_extents<R + 1>(
            Dims<4>{x[0], map_extent(x[1], [](index_t rows) { return rows / Patches::kernel_size; }), Window::output_size[0], Window::output_size[1]});
    }
    template <std::size_t R>
    static constexpr bool accepts(const Dims<R>& x) {
        if constexpr (R != 2 && R != 3)
            return false;
        else
            return (x[R - 2] == dyn || x[R - 2] % Patches::kernel_size == 0) && fits(x[R - 1], places_of_output);
    }

    NothingSaved forward(auto&, auto y, auto x) const {
        fold(typename decltype(y)::device{}, Patches::geometry(y.shape.extents()), x.data, y.data, false);
        return {};
    }
    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto x) const {
        const auto gx = get<0>(targets);
        unfold(typename decltype(x)::device{}, Patches::geometry(extents(x.shape.extents())), gy, gx.data, gx.accumulate);
    }

private:
    static constexpr index_t places_of_output = Patches::places(Dims<4>{1, 1, Window::output_size[0], Window::output_size[1]});
    static_assert(places_of_output > 0, "fold: expected an output_size that the kernel fits into");
};

}  // namespace xnn
