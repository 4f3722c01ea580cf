// Whole files: read at once, and written so that a reader sees the old one or the new one, never a half.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#if __has_include(<unistd.h>)
#include <unistd.h>
#endif

#include "xnn/core/error.hpp"

namespace xnn::io {

namespace detail {
struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using FileHandle = std::unique_ptr<std::FILE, CloseFile>;
}  // namespace detail

/// The bytes of a file; throws Error if it cannot be read.
inline std::vector<std::byte> read_file(const std::filesystem::path& path) {
    std::error_code problem;
    const auto size = std::filesystem::file_size(path, problem);
    if (problem) fail(path.string(), "a readable file", problem.message());
    const detail::FileHandle file(std::fopen(path.c_str(), "rb"));
    if (!file) fail(path.string(), "a readable file", std::strerror(errno));
    std::vector<std::byte> bytes(static_cast<std::size_t>(size));
    const auto got = std::fread(bytes.data(), 1, bytes.size(), file.get());
    if (got != bytes.size()) fail(path.string(), std::to_string(size) + " bytes", std::to_string(got));
    return bytes;
}

/// A name for a file that is on its way: what is written under temporary() gets its real name by commit(), in one step.
/// Without it the file disappears again.
class PendingFile {
public:
    explicit PendingFile(std::filesystem::path path) : path_(std::move(path)), temporary_(path_) {
        temporary_ += "." + std::to_string(std::random_device{}()) + ".tmp";
    }
    ~PendingFile() {
        std::error_code ignored;
        if (!done_) std::filesystem::remove(temporary_, ignored);
    }
    PendingFile(const PendingFile&) = delete;
    PendingFile& operator=(const PendingFile&) = delete;

    const std::filesystem::path& temporary() const { return temporary_; }

    /// Gives the file its name; it must have been written and closed, or flushed.
    void commit() {
        synchronise();
        std::error_code problem;
        std::filesystem::rename(temporary_, path_, problem);
        if (problem) fail(path_.string(), "a writable file", problem.message());
        done_ = true;
    }
    [[noreturn]] void reject() const { fail(path_.string(), "a writable file", std::strerror(errno)); }

private:
    /// Waits until the file is on the disk: else a crash of the system could leave the new name with old or no contents.
    void synchronise() const {
#if __has_include(<unistd.h>)
        const detail::FileHandle file(std::fopen(temporary_.c_str(), "rb"));
        if (!file || (fsync(fileno(file.get())) != 0 && errno != EINVAL)) reject();
#endif
    }

    std::filesystem::path path_;
    std::filesystem::path temporary_;
    bool done_ = false;
};

/// A file that appears under its name only when all of it has been written: until commit() it stands beside it under a
/// temporary name, which disappears if commit() is never reached.
class AtomicFile {
public:
    explicit AtomicFile(const std::filesystem::path& path) : pending_(path), file_(std::fopen(pending_.temporary().c_str(), "wbx")) {
        if (!file_) pending_.reject();
    }

    void write(const void* bytes, std::size_t size) {
        if (size != 0 && std::fwrite(bytes, 1, size, file_.get()) != size) pending_.reject();
    }
    void write(std::string_view text) { write(text.data(), text.size()); }

    /// Gives the file its name. Nothing may be written after it.
    void commit() {
        if (std::fflush(file_.get()) != 0) pending_.reject();
        pending_.commit();
    }

private:
    PendingFile pending_;
    detail::FileHandle file_;  // closed before a pending file is removed
};

}  // namespace xnn::io
