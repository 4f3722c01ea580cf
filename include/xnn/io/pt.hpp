// PyTorch's own checkpoints, .pt and .pth: a zip archive of a pickle, which says what there is, and of the elements of
// all tensors. Needs libzip (CMake: xnn::pt). https://pytorch.org/docs/stable/notes/serialization.html
#pragma once

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "xnn/io/load_state.hpp"
#include "xnn/io/pickle/reader.hpp"
#include "xnn/io/pickle/writer.hpp"
#include "xnn/io/zip.hpp"

namespace xnn::io {

/// An entry of a file whose elements need not stand one after the other. Owns neither them nor what says where they
/// are.
struct StridedTensor {
    std::string name;
    Dtype dtype;
    const std::vector<index_t>& extents;
    const std::vector<index_t>& strides;  ///< in elements
    const std::byte* data;
};

namespace detail {

/// Copies elements into the order of their indices.
struct CopyStrided {
    void operator()(const StridedTensor& from, void* to, index_t bytes) const {
        const index_t size = size_of(from.dtype);
        auto* next = static_cast<std::byte*>(to);
        auto* const end = next + bytes;
        std::array<index_t, most_dimensions> position{};
        const index_t run = contiguous_run(from);
        for (const std::byte* source = from.data; next != end; next += run * size) {
            std::memcpy(next, source, static_cast<std::size_t>(run * size));
            source += advance(from, position, run) * size;
        }
    }

private:
    /// How many elements, from the first on, stand one after the other.
    static index_t contiguous_run(const StridedTensor& tensor) {
        index_t run = 1;
        for (std::size_t i = tensor.extents.size(); i-- > 0; run *= tensor.extents[i])
            if (tensor.extents[i] != 1 && tensor.strides[i] != run) break;
        return run;
    }
    /// Goes on to the next run; returns by how many elements.
    static index_t advance(const StridedTensor& tensor, std::array<index_t, most_dimensions>& position, index_t run) {
        index_t distance = 0, size = 1;
        for (std::size_t i = tensor.extents.size(); i-- > 0; size *= tensor.extents[i]) {
            if (size < run) continue;  // within a run
            distance += tensor.strides[i];
            if (++position[i] < tensor.extents[i]) break;
            distance -= tensor.strides[i] * tensor.extents[i];
            position[i] = 0;
        }
        return distance;
    }
};

}  // namespace detail

/// Copies entries into the buffers of the same names. Throws one Error that lists everything that does not fit: dtypes
/// and extents always, missing and unexpected names if `strict`. Then the target is unchanged.
inline LoadResult load_state(std::string_view source, std::span<const StridedTensor> entries, const StateDict& target,
                             bool strict = true) {
    return xnn::detail::load_entries(
        source, entries, target, strict, [](const StridedTensor&) {}, detail::CopyStrided{});
}

/// A checkpoint that torch.save wrote (PyTorch 1.6 or newer). Reading one runs nothing: see unpickle(). The elements of
/// a tensor are read from the file when entries() is asked for them.
class PtFile {
public:
    /// Opens the file and reads its pickle; throws Error, naming the file, if anything about it is wrong.
    explicit PtFile(const std::filesystem::path& path) : archive_(open(path)) { read(); }
    /// From the bytes of a file; messages call them `source`.
    PtFile(std::string source, std::vector<std::byte> bytes)
        : bytes_(std::move(bytes)), archive_(check_start(source, bytes_), std::span<const std::byte>(bytes_)) {
        read();
    }

    /// The file's name, as messages say it.
    const std::string& source() const { return archive_.source(); }
    /// What the file holds: mostly a dictionary.
    PickleValue contents() const { return {source(), pickle_, pickle_.root}; }

    /// The tensors of a dictionary, in its order; valid as long as this object lives. `path` says which entry of the
    /// file that dictionary is: {} the file itself, {"model"} the entry of that name, {"ema", "model"} an entry of an
    /// entry. Throws Error where that is no dictionary, or one of other things than tensors.
    std::vector<StridedTensor> entries(const std::vector<std::string>& path = {}) {
        PickleValue dictionary = contents();
        for (const auto& name : path) dictionary = dictionary[std::string_view(name)];
        if (!dictionary.is(PickleKind::dictionary))
            fail(source(), "a dictionary of tensors", io::name_of(dictionary.kind()));
        std::vector<StridedTensor> result;
        std::set<std::string_view> names;
        for (std::size_t i = 0; i < dictionary.size(); ++i) {
            const auto key = dictionary.key(i), value = dictionary[i];
            if (!key.is(PickleKind::text)) fail(source(), "strings as names of tensors", io::name_of(key.kind()));
            if (!names.insert(key.text()).second)
                fail(source(), "each name once", std::string(key.text().substr(0, 200)) + " twice");
            if (!value.is(PickleKind::tensor))
                fail(source(), "a dictionary of tensors",
                     std::string(io::name_of(value.kind())) + " as " + std::string(key.text()) +
                         "; a state dict within a checkpoint has to be named");
            result.push_back(tensor(std::string(key.text()), value));
        }
        return result;
    }

    /// A tensor of the file under this name; valid as long as this object lives.
    StridedTensor tensor(std::string name, const PickleValue& value) {
        const auto& tensor = value.tensor();
        const auto& storage = pickle_.storages[tensor.storage];
        auto& bytes = elements_[tensor.storage];
        if (bytes.empty() && storage.size > 0) {
            bytes = archive_.read(places_[tensor.storage]);
            check_bools(source(), {storage.key, storage.dtype, {storage.size}, bytes.data()});
        }
        const bool empty = *stored_bytes(storage.dtype, value.extents()) == 0;
        return {std::move(name), storage.dtype, value.extents(), value.strides(),
                empty ? nullptr : bytes.data() + tensor.offset * size_of(storage.dtype)};
    }

private:
    /// Says what a file is that is no archive, where that is known. Returns the source.
    static std::string check_start(std::string source, std::span<const std::byte> start) {
        const std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
        if (text.starts_with("\x80\x02\x8a\x0al\xfc\x9c"))  // a pickle of the number that the format began with
            fail(source, "a zip archive, as PyTorch 1.6 and newer write it",
                 "the legacy format of torch.save; load and save it again with PyTorch");
        if (!text.starts_with("PK")) fail(source, "a zip archive, as torch.save writes it", "another beginning");
        return source;
    }
    static ZipReader open(const std::filesystem::path& path) {
        std::byte start[16];
        const detail::FileHandle file(std::fopen(path.c_str(), "rb"));
        if (!file) fail(path.string(), "a readable file", std::strerror(errno));
        check_start(path.string(), std::span(start, std::fread(start, 1, sizeof start, file.get())));
        return ZipReader(path);
    }

    void read() {
        constexpr std::string_view pickle_name = "/data.pkl";
        for (std::size_t i = 0; i < archive_.entries().size(); ++i) {
            const auto& name = archive_.entries()[i].name;
            if (!name.ends_with(pickle_name) || name.find('/') + pickle_name.size() != name.size()) continue;
            root_ = name.substr(0, name.size() - pickle_name.size() + 1);
            if (archive_.find(root_ + "constants.pkl")) fail(source(), "a file of torch.save", "a TorchScript program");
            if (const auto order = archive_.find(root_ + "byteorder"))
                if (const auto text = archive_.read<std::string>(*order); text != "little")
                    fail(source(), "little-endian elements", text.substr(0, 20));
            pickle_ = unpickle(source(), archive_.read<std::string>(i));
            check_storages();
            return;
        }
        fail(source(), "an archive of torch.save", "none with a data.pkl");
    }

    /// Each storage stands in the archive, with as many bytes as its elements take.
    void check_storages() {
        elements_.resize(pickle_.storages.size());
        for (const auto& storage : pickle_.storages) {
            const std::string name = root_ + "data/" + storage.key;
            const auto place = archive_.find(name);
            if (!place) fail(source(), "an entry " + name, "none");
            const auto bytes = *stored_bytes(storage.dtype, std::array{storage.size});
            if (archive_.entries()[*place].size != static_cast<std::uint64_t>(bytes))
                fail(source() + ": " + name, std::to_string(bytes) + " bytes",
                     std::to_string(archive_.entries()[*place].size));
            places_.push_back(*place);
        }
    }

    std::vector<std::byte> bytes_;
    ZipReader archive_;
    std::string root_;  // the folder in the archive, with its slash
    Pickle pickle_;
    std::vector<std::size_t> places_;               // of each storage in the archive
    std::vector<std::vector<std::byte>> elements_;  // of each storage that has been asked for
};

/// Reads a checkpoint that torch.save wrote into the buffers of a state dict, wherever these and those that were saved stand
/// (PyTorch's map_location), and says which names met no counterpart.
/// `path` names the state dict within a checkpoint: load_pt("best.pt", model.state_dict(), true, {"model"}). Throws one
/// Error that lists everything that does not fit (missing and unexpected names only if `strict`); then the buffers are
/// unchanged.
inline LoadResult load_pt(const std::filesystem::path& file, const StateDict& target, bool strict = true,
                          const std::vector<std::string>& path = {}) {
    PtFile checkpoint(file);
    return load_state(checkpoint.source(), checkpoint.entries(path), target, strict);
}

/// Writes a file of torch.save. What it holds is written to pickle(), tensors by tensor() or state().
class PtWriter {
public:
    explicit PtWriter(const std::filesystem::path& path) : path_(path), archive_(path) {}

    detail::PickleWriter& pickle() { return pickle_; }
    /// All of a buffer, which must last until commit(). Buffers that share their memory share it in the file.
    void tensor(const NamedBuffer& buffer) { detail::write_tensor(pickle_, buffer, key_of(buffer)); }
    /// A dictionary of tensors.
    void state(const StateDict& entries) {
        detail::write_entries(pickle_, path_.string(), entries, [this](const NamedBuffer& entry) { return key_of(entry); });
    }

    /// Writes the file. Nothing may be added after it.
    void commit() {
        pickle_.code('.');
        const std::string pickle = std::move(pickle_).take();
        constexpr std::string_view version = "3\n", byteorder = "little";
        const std::string stem = path_.stem().string();
        const std::string root = detail::is_utf8(stem) && !stem.empty() ? stem + "/" : "archive/";
        archive_.add(root + "data.pkl", pickle.data(), pickle.size());
        archive_.add(root + "byteorder", byteorder.data(), byteorder.size());
        for (std::size_t i = 0; i < storages_.size(); ++i)
            archive_.add(root + "data/" + std::to_string(i), storages_[i].first, storages_[i].second);
        archive_.add(root + "version", version.data(), version.size());
        archive_.commit();
    }

private:
    /// The name of a buffer's storage.
    std::string key_of(const NamedBuffer& buffer) {
        const auto [place, is_new] = keys_.try_emplace({buffer.data, buffer.dtype, buffer.size()}, std::to_string(storages_.size()));
        if (is_new) storages_.emplace_back(buffer.on_host(copies_.emplace_back()), static_cast<std::size_t>(buffer.bytes()));
        return place->second;
    }

    std::filesystem::path path_;
    ZipWriter archive_;
    detail::PickleWriter pickle_;
    std::map<std::tuple<const void*, Dtype, index_t>, std::string> keys_;
    std::vector<std::pair<const void*, std::size_t>> storages_;
    std::deque<std::vector<std::byte>> copies_;  // of what stands out of the host's reach
};

/// Writes a state dict as torch.save does, from any device as of the host; torch.load(path, weights_only=True) reads it. Buffers that share their
/// memory share it in the file. The file is complete or, after an Error, as it was.
inline void save_pt(const std::filesystem::path& path, const StateDict& entries) {
    PtWriter file(path);
    file.state(entries);
    file.commit();
}

}  // namespace xnn::io
