// Counted references to objects that count themselves.
#pragma once

#include <utility>

namespace xnn {

/// A share in an object with a member `references`, deleted with the last share. The count is as safe from threads as its
/// type is.
template <class T>
class Ref {
public:
    Ref() = default;
    explicit Ref(T* object) : object_(object) {
        if (object_) ++object_->references;
    }
    Ref(const Ref& other) : Ref(other.object_) {}
    template <class Derived>
    Ref(const Ref<Derived>& other) : Ref(other.get()) {}
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Ref() {
        if (object_) release();
    }
    T* get() const { return object_; }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }
    friend bool operator==(const Ref&, const Ref&) = default;

private:
    [[gnu::noinline]] void release() {  // once for all the temporaries that never had an object
        if (--object_->references == 0) delete object_;
    }
    T* object_ = nullptr;
};

}  // namespace xnn
