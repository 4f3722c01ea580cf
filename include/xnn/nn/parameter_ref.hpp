// Parameters without their types, as optimisers, files and programs that look for one by name see them.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "xnn/core/ref.hpp"
#include "xnn/nn/visit.hpp"

namespace xnn::nn {

/// A parameter as a name, a dtype, extents and memory. Keeps the parameter's storage alive.
class ParameterRef {
public:
    template <Element T, AnyShape S, class Device>
    ParameterRef(const Path& path, Parameter<T, S, Device>& parameter)
        : ParameterRef(path, dtype_of<T>, parameter.shape().extents().data(), S::rank, *parameter.storage(), xnn::detail::host_access<Device>()) {}

    void* value() const { return storage_->value_data(); }
    /// Null if there is none.
    void* gradient() const { return storage_->has_gradient ? storage_->gradient_data() : nullptr; }
    bool has_gradient() const { return storage_->has_gradient; }
    void zero_grad() const { storage_->has_gradient = false; }
    bool requires_grad() const { return storage_->requires_grad; }
    /// Whether backward() computes a gradient for this parameter.
    void requires_grad_(bool required = true) const { storage_->requires_grad = required; }
    /// The only rows with a gradient, where it is sparse; else null.
    const GradientRows* gradient_rows() const {
        const GradientRows* rows = storage_->has_gradient ? storage_->gradient_rows() : nullptr;
        return rows && !rows->all() ? rows : nullptr;
    }
    bool same_storage(const ParameterRef& other) const { return storage_ == other.storage_; }
    index_t size() const { return size_; }
    index_t row_size() const { return size_ / std::max<index_t>(extents[0], 1); }

    std::string name;
    Dtype dtype;
    std::vector<index_t> extents;
    const xnn::detail::HostAccess* access;  // where the elements are out of the host's reach

private:
    [[gnu::cold, gnu::noinline]] ParameterRef(const Path& path, Dtype element, const index_t* shape, std::size_t rank, ParameterStorage& storage,
                                                     const xnn::detail::HostAccess* host_access)
        : name(path), dtype(element), extents(shape, shape + rank), access(host_access), storage_(&storage) {
        for (index_t extent : extents) size_ *= extent;
    }
    index_t size_ = 1;
    Ref<ParameterStorage> storage_;
};

}  // namespace xnn::nn
