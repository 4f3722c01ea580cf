// Matrix products. https://pytorch.org/docs/stable/generated/torch.matmul.html
#pragma once

#include "xnn/cpu/gemm.hpp"
#include "xnn/ops/operators.hpp"
#include "xnn/ops/permute.hpp"

namespace xnn {

namespace detail {

/// A batch of products: how many, and for each where its matrices begin. Factors of fewer matrices are used again.
template <std::size_t Rank>
struct MatrixBatch {
    Dims<Rank> extents;  // of the result
    Dims<Rank> a_extents;
    Dims<Rank> b_extents;

    /// body(i, a, b, first_a, first_b): matrix i of the result is made of matrices a and b, which are met for the first time
    /// or not.
    template <class Body>
    void run(Body&& body) const {
        const index_t count = product(extents);
        for (index_t i = 0; i < count; ++i) {
            index_t rest = i, a = 0, b = 0, a_step = 1, b_step = 1;
            bool first_a = true, first_b = true;
            for (std::size_t d = Rank; d-- > 0;) {
                const index_t position = rest % extents[d];
                rest /= extents[d];
                locate(position, a_extents[d], extents[d], a, a_step, first_a);
                locate(position, b_extents[d], extents[d], b, b_step, first_b);
            }
            body(i, a, b, first_a, first_b);
        }
    }

    bool even() const { return a_extents == extents && b_extents == extents; }

private:
    static void locate(index_t position, index_t own, index_t all, index_t& offset, index_t& step, bool& first) {
        if (own == all)
            offset += position * step;
        else if (position > 0)
            first = false;
        step *= own;
    }
};

}  // namespace detail

/// a [*, m, k] with b [*, k, n] → [*, m, n]; a vector a is a row, a vector b a column. A transposed factor is [*, k, m] or
/// [*, n, k] in memory.
template <bool TransposeA = false, bool TransposeB = false>
struct MatmulRule {
    static constexpr std::string_view name = "matmul";
    static constexpr bool takes_activation = true;

    template <std::size_t A, std::size_t B>
    static constexpr auto extents(const Dims<A>& a, const Dims<B>& b) {
        constexpr std::size_t rank = (A == 1 ? 0 : 1) + (B == 1 ? 0 : 1);
        const auto batch = Broadcast::extents(batch_of(a), batch_of(b));
        Dims<batch.size() + rank> result{};
        std::copy(batch.begin(), batch.end(), result.begin());
        std::size_t next = batch.size();
        if constexpr (A > 1) result[next++] = a[A - (TransposeA ? 1 : 2)];
        if constexpr (B > 1) result[next++] = b[B - (TransposeB ? 2 : 1)];
        return result;
    }
    template <std::size_t A, std::size_t B>
    static constexpr bool accepts(const Dims<A>& a, const Dims<B>& b) {
        if constexpr (A == 0 || B == 0)
            return false;
        else
            return fits(a[A == 1 || !TransposeA ? A - 1 : A - 2], b[B == 1 || TransposeB ? B - 1 : B - 2]) &&
                   Broadcast::accepts(batch_of(a), batch_of(b));
    }
    static constexpr index_t flops(const auto& a, const auto& b) {
        const index_t size = product(extents(a, b));
        return 2 * size * (a.size() > 1 && TransposeA ? a[a.size() - 2] : a[a.size() - 1]);
    }

    NothingSaved forward(auto&, auto y, auto a, auto b) const {
        const Sizes s = sizes(a, b);
        constexpr typename decltype(y)::device device;
        if (folds<decltype(b)>) {  // one matrix b for all: the batch is more rows of a
            gemm(device, ta, tb, s.batch * s.m, s.n, s.k, a.data, s.lda, b.data, s.ldb, y.data, s.n);
            return {};
        }
        const auto batch = batches(a, b);
        if (batch.even())
            gemm_batched(device, s.batch, ta, tb, s.m, s.n, s.k, a.data, s.lda, s.m * s.k, b.data, s.ldb, s.k * s.n, y.data, s.n, s.m * s.n);
        else
            batch.run([&](index_t i, index_t ia, index_t ib, bool, bool) {
                gemm(device, ta, tb, s.m, s.n, s.k, a.data + ia * s.m * s.k, s.lda, b.data + ib * s.k * s.n, s.ldb, y.data + i * s.m * s.n, s.n);
            });
        return {};
    }

    template <class T>
    void backward(auto&, NothingSaved, const auto& targets, const T* gy, const T*, auto a, auto b) const {
        const Sizes s = sizes(a, b);
        constexpr typename decltype(a)::device device;
        const auto ga = get<0>(targets);
        const auto gb = get<1>(targets);
        // The gradient of a factor has its layout in memory: a transposed one's is the transposed product.
        const auto to_a = [&](index_t count, index_t rows, const T* g, const T* pb, T* out, bool accumulate) {
            const index_t ga_step = s.m * s.k, gy_step = s.m * s.n, b_step = s.k * s.n;
            if constexpr (TransposeA)
                gemm_batched(device, count, tb, kernels::Transpose::yes, s.k, rows, s.n, pb, s.ldb, b_step, g, s.n, gy_step, out, s.lda, ga_step,
                             {.accumulate = accumulate});
            else
                gemm_batched(device, count, kernels::Transpose::no, not_b, rows, s.k, s.n, g, s.n, gy_step, pb, s.ldb, b_step, out, s.lda, ga_step,
                             {.accumulate = accumulate});
        };
        const auto to_b = [&](index_t count, index_t rows, const T* g, const T* pa, T* out, bool accumulate) {
            const index_t gb_step = s.k * s.n, gy_step = s.m * s.n, a_step = s.m * s.k;
            if constexpr (TransposeB)
                gemm_batched(device, count, kernels::Transpose::yes, ta, s.n, s.k, rows, g, s.n, gy_step, pa, s.lda, a_step, out, s.ldb, gb_step,
                             {.accumulate = accumulate});
            else
                gemm_batched(device, count, not_a, kernels::Transpose::no, s.k, s.n, rows, pa, s.lda, a_step, g, s.n, gy_step, out, s.ldb, gb_step,
                             {.accumulate = accumulate});
        };
        if (folds<decltype(b)>) {
            if (ga) to_a(1, s.batch * s.m, gy, b.data, ga.data, ga.accumulate);
            if (gb) to_b(1, s.batch * s.m, gy, a.data, gb.data, gb.accumulate);
            return;
        }
        if (a.size() == 0 || b.size() == 0) return;
        const auto batch = batches(a, b);
        if (batch.even()) {
            if (ga) to_a(s.batch, s.m, gy, b.data, ga.data, ga.accumulate);
            if (gb) to_b(s.batch, s.m, gy, a.data, gb.data, gb.accumulate);
            return;
        }
        batch.run([&](index_t i, index_t ia, index_t ib, bool first_a, bool first_b) {
            const T* g = gy + i * s.m * s.n;
            if (ga) to_a(1, s.m, g, b.data + ib * s.k * s.n, ga.data + ia * s.m * s.k, ga.accumulate || !first_a);
            if (gb) to_b(1, s.m, g, a.data + ia * s.m * s.k, gb.data + ib * s.k * s.n, gb.accumulate || !first_b);
        });
    }

private:
    static constexpr auto ta = TransposeA ? kernels::Transpose::yes : kernels::Transpose::no;
    static constexpr auto tb = TransposeB ? kernels::Transpose::yes : kernels::Transpose::no;
    static constexpr auto not_a = TransposeA ? kernels::Transpose::no : kernels::Transpose::yes;
    static constexpr auto not_b = TransposeB ? kernels::Transpose::no : kernels::Transpose::yes;
    template <class B>
    static constexpr bool folds = !TransposeA && B::shape_type::rank <= 2;

    /// The dimensions in front of the matrices.
    template <std::size_t R>
    static constexpr auto batch_of(const Dims<R>& x) {
        Dims<R <= 2 ? 0 : R - 2> result{};
        std::copy_n(x.begin(), result.size(), result.begin());
        return result;
    }
    template <std::size_t Rank, std::size_t R>
    static constexpr Dims<Rank> padded(const Dims<R>& x) {
        Dims<Rank> result{};
        for (std::size_t i = 0; i < Rank; ++i) result[i] = i + R < Rank ? 1 : x[i + R - Rank];
        return result;
    }
    static auto batches(auto a, auto b) {
        const auto of_a = batch_of(a.shape.extents());
        const auto of_b = batch_of(b.shape.extents());
        const auto all = Broadcast::extents(of_a, of_b);
        constexpr std::size_t rank = std::tuple_size_v<decltype(all)>;
        return detail::MatrixBatch<rank>{all, padded<rank>(of_a), padded<rank>(of_b)};
    }

    struct Sizes {
        index_t batch, m, k, n, lda, ldb;
    };
    static Sizes sizes(auto a, auto b) {
        const auto x = a.shape.extents();
        const auto y = b.shape.extents();
        constexpr std::size_t ra = std::tuple_size_v<decltype(x)>, rb = std::tuple_size_v<decltype(y)>;
        Sizes s{product(Broadcast::extents(batch_of(x), batch_of(y))), 1, 0, 1, 0, 0};
        if constexpr (ra > 1) s.m = x[ra - (TransposeA ? 1 : 2)];
        s.k = ra > 1 && TransposeA ? x[ra - 2] : x[ra - 1];
        if constexpr (rb > 1) s.n = y[rb - (TransposeB ? 2 : 1)];
        s.lda = TransposeA ? s.m : s.k;
        s.ldb = TransposeB ? s.k : s.n;
        return s;
    }
};

namespace detail {

/// Whether a node exchanges the last two dimensions and does nothing else: a product reads such a factor transposed.
template <class E>
inline constexpr bool is_turned = false;
template <class T, class S, class Device, class E, index_t... D>
inline constexpr bool is_turned<Operation<PermuteRule<D...>, T, S, Device, E>> = [] {
    if constexpr (sizeof...(D) < 2)
        return false;
    else
        return std::same_as<PermuteRule<D...>, typename exchange<-1, -2, std::make_index_sequence<sizeof...(D)>>::type>;
}();

template <class X>
inline constexpr bool reads_turned = !std::is_lvalue_reference_v<X> && is_turned<operand_t<X>>;
template <class X>
constexpr auto factor(X&& x) {
    if constexpr (reads_turned<X>)
        return std::move(x).template argument<0>();
    else
        return operand(std::forward<X>(x));
}

}  // namespace detail

/// The matrix product over the last two dimensions; leading ones broadcast. A vector counts as a row on the left and as a
/// column on the right. A factor written as transpose<-2, -1>(x) in place is read transposed and never copied.
template <class A, class B>
    requires ArrayPair<A, B>
constexpr auto matmul(A&& a, B&& b) {
    return apply(MatmulRule<detail::reads_turned<A>, detail::reads_turned<B>>{}, detail::factor(std::forward<A>(a)), detail::factor(std::forward<B>(b)));
}

namespace detail {
template <std::size_t RankA, std::size_t RankB, class A, class B>
concept Ranks = ArrayPair<A, B> && (is_invalid<operand_t<A>> || shape_t<operand_t<A>>::rank == RankA) &&
                (is_invalid<operand_t<B>> || shape_t<operand_t<B>>::rank == RankB);
}  // namespace detail

/// The product of two matrices.
template <class A, class B>
    requires detail::Ranks<2, 2, A, B>
constexpr auto mm(A&& a, B&& b) { return matmul(std::forward<A>(a), std::forward<B>(b)); }
/// The products of two batches of matrices.
template <class A, class B>
    requires detail::Ranks<3, 3, A, B>
constexpr auto bmm(A&& a, B&& b) { return matmul(std::forward<A>(a), std::forward<B>(b)); }
/// The product of a matrix and a vector.
template <class A, class B>
    requires detail::Ranks<2, 1, A, B>
constexpr auto mv(A&& a, B&& b) { return matmul(std::forward<A>(a), std::forward<B>(b)); }
/// The inner product of two vectors.
template <class A, class B>
    requires detail::Ranks<1, 1, A, B>
constexpr auto dot(A&& a, B&& b) { return matmul(std::forward<A>(a), std::forward<B>(b)); }
/// beta x + alpha a b, for matrices a and b. https://pytorch.org/docs/stable/generated/torch.addmm.html
template <Operand X, class A, class B>
    requires detail::Ranks<2, 2, A, B>
constexpr auto addmm(X&& x, A&& a, B&& b) { return std::forward<X>(x) + matmul(std::forward<A>(a), std::forward<B>(b)); }
template <Operand X, class A, class B>
    requires detail::Ranks<2, 2, A, B>
constexpr auto addmm(X&& x, A&& a, B&& b, double beta, double alpha = 1) {
    return std::forward<X>(x) * beta + matmul(std::forward<A>(a), std::forward<B>(b)) * alpha;
}

}  // namespace xnn
