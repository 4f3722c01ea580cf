// numpy's .npz files: a zip archive of .npy files, one for each array. Needs libzip (CMake: xnn::pt).
// https://numpy.org/doc/stable/reference/generated/numpy.savez.html
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "xnn/io/load_state.hpp"
#include "xnn/io/npy.hpp"
#include "xnn/io/zip.hpp"

namespace xnn::io {

/// What the arrays of a packed archive may take together, unless the user says another number: a small file may hold a large
/// array.
inline constexpr std::uint64_t most_unpacked_bytes = std::uint64_t{4} << 30;

/// The arrays of an archive that numpy.savez or savez_compressed wrote.
class NpzFile {
public:
    /// Reads the file; throws Error, naming the file, if anything about it is wrong, or packed arrays take more bytes than this.
    explicit NpzFile(const std::filesystem::path& path, std::uint64_t most_unpacked = most_unpacked_bytes) : NpzFile(ZipReader(path, most_unpacked)) {}
    /// From the bytes of a file; messages call them `source`.
    NpzFile(std::string source, std::span<const std::byte> bytes, std::uint64_t most_unpacked = most_unpacked_bytes)
        : NpzFile(ZipReader(std::move(source), bytes, most_unpacked)) {}

    /// The file's name, as messages say it.
    const std::string& source() const { return source_; }
    /// The arrays in the file's order; valid as long as this object lives.
    const std::vector<StoredTensor>& entries() const { return entries_; }

private:
    explicit NpzFile(const ZipReader& archive) : source_(archive.source()) {
        constexpr std::string_view ending = ".npy";
        std::set<std::string_view> names;
        for (std::size_t i = 0; i < archive.entries().size(); ++i) {
            const std::string& name = archive.entries()[i].name;
            if (!name.ends_with(ending)) fail(source_, "an archive of .npy files", name);
            if (!names.insert(name).second) fail(source_, "each name once", name + " twice");
            bytes_.push_back(archive.read(i));
            entries_.push_back(parse_npy(source_ + ": " + name, bytes_.back()));
            entries_.back().name = name.substr(0, name.size() - ending.size());
        }
    }

    std::string source_;
    std::deque<std::vector<std::byte>> bytes_;  // of each array
    std::vector<StoredTensor> entries_;
};

/// Reads an archive into the buffers of a state dict and says which names met no counterpart. Throws one Error that lists
/// everything that does not fit (missing and unexpected names only if `strict`); then the buffers are unchanged.
inline LoadResult load_npz(const std::filesystem::path& path, const StateDict& target, bool strict = true) {
    const NpzFile file(path);
    return load_state(file.source(), file.entries(), target, strict);
}

namespace detail {
inline void write_npz(const std::filesystem::path& path, const StateDict& entries, ZipWriter::Form form) {
    std::deque<std::string> headers;  // must last until commit()
    std::deque<std::vector<std::byte>> copies;  // of what stands out of the host's reach
    std::set<std::string_view> names;
    ZipWriter archive(path, form);
    for (const auto& entry : entries) {
        if (!names.insert(entry.name).second) fail(path.string(), "each name once", entry.name);
        headers.push_back(npy_header(path.string() + ": " + entry.name, entry.dtype, entry.extents));
        archive.add(entry.name + ".npy", headers.back(), entry.on_host(copies.emplace_back()), static_cast<std::size_t>(entry.bytes()));
    }
    archive.commit();
}
}  // namespace detail

/// Writes a state dict as numpy.savez does: `numpy.load(path)["fc.weight"]`. The file is complete or, after an Error, as it
/// was.
inline void save_npz(const std::filesystem::path& path, const StateDict& entries) { detail::write_npz(path, entries, ZipWriter::Form::stored); }
/// The same as numpy.savez_compressed: smaller, and slower.
inline void save_npz_compressed(const std::filesystem::path& path, const StateDict& entries) {
    detail::write_npz(path, entries, ZipWriter::Form::packed);
}

}  // namespace xnn::io
