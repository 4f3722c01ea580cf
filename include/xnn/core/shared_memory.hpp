// Tensors and models in POSIX shared memory, where several processes read and write them: what PyTorch's share_memory() does.
// https://pytorch.org/docs/stable/notes/multiprocessing.html
//
//     model.share_memory();
//     if (fork() == 0) { …train…; _exit(0); }   // every process sees the steps of all others
//
// Processes that fork() makes afterwards share the elements. Everything else is each process's own: optimisers' states, flags
// such as `training`, and gradients, except for those that a parameter has when it moves; where a process forgets such a one
// (zero_grad), its next one is its own, as in PyTorch. Assignments, optimisers and load_state_dict() write to elements where
// they are; copies and conversions have memory of their own. A move hands the memory on, and what a tensor is moved to, or
// given another shape, is no more shared than its new memory. Pointers, views and state dicts from before, and expressions of
// tensors, know the old memory.
//
// The memory has no name once this returns, and ends with the last process that has it, however that dies. Nothing keeps
// processes from writing at once: a sum of two steps may lose one of them, which training bears (Hogwild). OpenMP's threads
// do not come along with fork(): set_num_threads(1) in a process whose parent has used several.
#pragma once

#include <fcntl.h>
#pragma push_macro("MAP_TYPE")  // a name in ONNX's headers
#include <sys/mman.h>
#pragma pop_macro("MAP_TYPE")
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "xnn/core/error.hpp"
#include "xnn/core/memory.hpp"

namespace xnn::detail {

/// An object of shared memory, which has lost its name already, so that nothing is left of it when processes die.
class SharedObject {
public:
    explicit SharedObject(std::size_t bytes) : bytes_(bytes) {
        static std::atomic<unsigned> next = 0;
        std::string name;
        do {
            name = "/xnn_" + std::to_string(getpid()) + "_" + std::to_string(next++);
            file_ = shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
        } while (file_ < 0 && (errno == EEXIST || errno == EINTR));
        if (file_ < 0) refuse("shm_open", errno);
        shm_unlink(name.c_str());
        // Its pages are taken now, for later there would be no error, but a signal, where there are no more of them.
        int error = EINTR;
        while (error == EINTR) error = posix_fallocate(file_, 0, static_cast<off_t>(bytes));
        if (error != 0) {
            close(file_);
            refuse("posix_fallocate", error);
        }
    }
    SharedObject(const SharedObject&) = delete;
    SharedObject& operator=(const SharedObject&) = delete;
    ~SharedObject() { close(file_); }

    /// Behind so many bytes that each process has for itself.
    std::byte* map_behind(std::size_t own_bytes) const {
        void* const memory = mmap(nullptr, own_bytes + bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) refuse("mmap", errno);
        std::byte* const shared = static_cast<std::byte*>(memory) + own_bytes;
        if (mmap(shared, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file_, 0) == MAP_FAILED) {
            const int error = errno;
            munmap(memory, own_bytes + bytes_);
            refuse("mmap", error);
        }
        return shared;
    }

private:
    [[noreturn]] void refuse(const char* function, int error) const {
        fail("share_memory", std::to_string(bytes_) + " bytes of POSIX shared memory", std::string(function) + ": " + std::generic_category().message(error));
    }
    std::size_t bytes_;
    int file_;
};

inline std::size_t page_size() {
    static const auto size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return size;
}
inline std::size_t whole_pages(std::size_t bytes) { return std::max<std::size_t>(1, (bytes + page_size() - 1) / page_size()) * page_size(); }

/// Memory that processes share after fork(). The page in front of it is each one's own: there the owners are counted.
inline Buffer<Cpu> shared_buffer(std::size_t bytes) {
    std::byte* const memory = SharedObject(whole_pages(bytes)).map_behind(page_size());
    return Buffer<Cpu>(memory, bytes, [](std::byte* shared, std::size_t size) { munmap(shared - page_size(), page_size() + whole_pages(size)); });
}

template <class Owner>
struct SharedMoves {
    /// All memory is taken before anything moves into it.
    template <class Elements>
    void add(Elements& elements) {
        if (elements.is_shared()) return;
        moves_.push_back({&elements, [](void* to_move, Buffer<Cpu> memory) { static_cast<Elements*>(to_move)->move_to(std::move(memory)); },
                          shared_buffer(elements.bytes())});
    }
    void run() noexcept {
        for (auto& [elements, move_to, memory] : moves_) move_to(elements, std::move(memory));
    }

private:
    struct Move {
        void* elements;
        void (*move_to)(void* elements, Buffer<Cpu> memory);
        Buffer<Cpu> memory;
    };
    std::vector<Move> moves_;
};

}  // namespace xnn::detail
