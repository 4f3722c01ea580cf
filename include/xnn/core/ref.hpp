// Counted references to objects that count themselves.
#pragma once

#include <utility>

namespace xnn {

namespace detail {

template <class T>
struct counted_as {
    using type = T;
};
template <class T>
    requires requires { typename T::counted_as; }
struct counted_as<T> {
    using type = typename T::counted_as;
};

/// Gives up a share. A function of its own, once for all the temporaries that never had an object.
template <class T>
[[gnu::noinline]] void release(T* object) {
    if (--object->references == 0) delete object;
}

}  // namespace detail

/// A share in an object with a member `references`, deleted with the last share. The count is as safe from threads as its
/// type is. A class with a virtual destructor may say that all derived from it are released as it is: `counted_as`.
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
        if (object_) detail::release<typename detail::counted_as<T>::type>(object_);
    }
    T* get() const { return object_; }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    explicit operator bool() const { return object_ != nullptr; }
    friend bool operator==(const Ref&, const Ref&) = default;

private:
    T* object_ = nullptr;
};

}  // namespace xnn
