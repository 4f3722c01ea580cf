// Zip archives whose entries are stored as they are, as torch.save makes them, or packed. The only place that names
// libzip.
#pragma once

#include <zip.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xnn/io/file.hpp"

namespace xnn::io {

namespace detail {
struct DiscardZip {
    void operator()(zip_t* archive) const { zip_discard(archive); }
};
using ZipHandle = std::unique_ptr<zip_t, DiscardZip>;

/// What libzip says about an error; the error is forgotten.
inline std::string zip_text(zip_error_t& error) {
    std::string text = zip_error_strerror(&error);
    zip_error_fini(&error);
    return text;
}
}  // namespace detail

/// Reads an archive. Together its entries are no longer than the archive: so no entry can be larger than what a user has
/// handed in. Packed entries are refused, unless the user says how many bytes they may take together. Errors name the source.
class ZipReader {
public:
    /// An entry of the archive.
    struct Entry {
        std::string name;
        std::uint64_t size;
    };

    explicit ZipReader(const std::filesystem::path& path, std::uint64_t most_unpacked = 0)
        : source_(path.string()), most_unpacked_(most_unpacked) {
        std::error_code problem;
        const auto size = std::filesystem::file_size(path, problem);
        if (problem) fail(source_, "a readable file", problem.message());
        zip_error_t error;
        zip_error_init(&error);
        open(zip_source_file_create(path.c_str(), 0, -1, &error), error);
        read_directory(size);
    }
    /// From the bytes of an archive, which must outlive this object; messages call them `source`.
    ZipReader(std::string source, std::span<const std::byte> bytes, std::uint64_t most_unpacked = 0)
        : source_(std::move(source)), most_unpacked_(most_unpacked) {
        zip_error_t error;
        zip_error_init(&error);
        open(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error), error);
        read_directory(bytes.size());
    }

    const std::string& source() const { return source_; }
    const std::vector<Entry>& entries() const { return entries_; }

    /// The number of the entry of this name.
    std::optional<std::size_t> find(const std::string& name) const {
        const auto place = zip_name_locate(archive_.get(), name.c_str(), ZIP_FL_ENC_RAW);
        if (place < 0) return std::nullopt;
        return static_cast<std::size_t>(place);
    }

    /// The bytes of an entry, which agree with their checksum.
    template <class Bytes = std::vector<std::byte>>
    Bytes read(std::size_t entry) const {
        const auto& [name, size] = entries_[entry];
        struct Close {
            void operator()(zip_file_t* file) const { zip_fclose(file); }
        };
        const std::unique_ptr<zip_file_t, Close> file(zip_fopen_index(archive_.get(), entry, 0));
        if (!file) refuse(name, zip_strerror(archive_.get()));
        Bytes bytes(static_cast<std::size_t>(size), typename Bytes::value_type{});
        std::size_t done = 0;
        // The last call reads nothing: the checksum is compared at the end.
        for (;;) {
            std::byte none;
            const bool full = done == bytes.size();
            const auto got = zip_fread(file.get(), full ? static_cast<void*>(&none) : bytes.data() + done,
                                       full ? 1 : bytes.size() - done);
            if (got < 0) refuse(name, zip_file_strerror(file.get()));
            if (got == 0) break;
            if (full) refuse(name, "a longer one");
            done += static_cast<std::size_t>(got);
        }
        if (done != bytes.size()) refuse(name, "one that is cut off");
        return bytes;
    }

private:
    void open(zip_source_t* from, zip_error_t& error) {
        archive_.reset(from != nullptr ? zip_open_from_source(from, ZIP_RDONLY, &error) : nullptr);
        if (!archive_) {
            if (from != nullptr) zip_source_free(from);
            fail(source_, "a zip archive", detail::zip_text(error));
        }
        zip_error_fini(&error);
    }

    void read_directory(std::uint64_t archive_size) {
        const auto count = zip_get_num_entries(archive_.get(), 0);
        std::uint64_t left = archive_size, left_unpacked = most_unpacked_;
        for (zip_int64_t i = 0; i < count; ++i) {
            zip_stat_t stat;
            zip_stat_init(&stat);
            constexpr zip_uint64_t needed = ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
            if (zip_stat_index(archive_.get(), static_cast<zip_uint64_t>(i), ZIP_FL_ENC_RAW, &stat) != 0 ||
                (stat.valid & needed) != needed)
                refuse(std::to_string(i), zip_strerror(archive_.get()));
            const bool packed = stat.comp_method == ZIP_CM_DEFLATE && most_unpacked_ > 0;
            if (stat.encryption_method != ZIP_EM_NONE || (!packed && (stat.comp_method != ZIP_CM_STORE || stat.comp_size != stat.size)))
                refuse(stat.name, "a packed or encrypted one");
            constexpr zip_uint64_t highest_ratio = 1032;  // of deflate: more is a lie
            if (packed && stat.size / highest_ratio > stat.comp_size) refuse(stat.name, "one of more bytes than it can hold");
            if (packed && stat.size > left_unpacked)
                fail(source_, "packed entries that take at most " + std::to_string(most_unpacked_) + " bytes",
                     std::string(stat.name) + " of " + std::to_string(stat.size));
            if (!packed && stat.size > left)
                fail(source_, "entries that take at most the " + std::to_string(archive_size) + " bytes of the archive",
                     std::string(stat.name) + " of " + std::to_string(stat.size));
            (packed ? left_unpacked : left) -= stat.size;
            entries_.push_back({stat.name, stat.size});
        }
    }

    [[noreturn]] void refuse(std::string_view name, std::string_view got) const {
        fail(source_ + ": " + std::string(name), most_unpacked_ > 0 ? "an intact entry" : "an intact entry that is stored as it is", got);
    }

    std::string source_;
    std::uint64_t most_unpacked_;
    detail::ZipHandle archive_;
    std::vector<Entry> entries_;
};

/// Writes an archive. The file is complete after commit() or, without it or after an Error, as it was. The same entries
/// give the same bytes at any time.
class ZipWriter {
public:
    enum class Form { stored, packed };

    explicit ZipWriter(const std::filesystem::path& path, Form form = Form::stored) : source_(path.string()), form_(form), pending_(path) {
        int code = 0;
        archive_.reset(zip_open(pending_.temporary().c_str(), ZIP_CREATE | ZIP_EXCL, &code));
        if (archive_) return;
        zip_error_t error;
        zip_error_init_with_code(&error, code);
        fail(source_, "a writable file", detail::zip_text(error));
    }

    /// Adds an entry, whose bytes must last until commit().
    void add(const std::string& name, const void* bytes, std::size_t size) {
        add(name, zip_source_buffer(archive_.get(), bytes, size, 0));
    }
    /// The same of two pieces, one behind the other. Both must last until commit().
    void add(const std::string& name, std::string_view head, const void* bytes, std::size_t size) {
        const auto piece = [](const void* data, std::size_t length) {
            return zip_buffer_fragment_t{static_cast<zip_uint8_t*>(const_cast<void*>(data)), length};
        };
        const zip_buffer_fragment_t pieces[] = {piece(head.data(), head.size()), piece(bytes, size)};
        add(name, zip_source_buffer_fragment(archive_.get(), pieces, 2, 0));
    }

    /// Writes the file. Nothing may be added after it.
    void commit() {
        const bool empty = zip_get_num_entries(archive_.get(), 0) == 0;
        if (zip_close(archive_.get()) != 0) reject();
        static_cast<void>(archive_.release());  // zip_close has freed it
        if (empty) write_nothing();
        pending_.commit();
    }

private:
    void add(const std::string& name, zip_source_t* from) {
        zip_t* archive = archive_.get();
        const auto place = from != nullptr ? zip_file_add(archive, name.c_str(), from, ZIP_FL_ENC_UTF_8) : -1;
        if (place < 0) {
            if (from != nullptr) zip_source_free(from);
            reject();
        }
        constexpr zip_uint16_t first_day_of_1980 = (1 << 5) | 1;
        const auto entry = static_cast<zip_uint64_t>(place);
        if (zip_set_file_compression(archive, entry, form_ == Form::packed ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 0) != 0 ||
            zip_file_set_dostime(archive, entry, 0, first_day_of_1980, 0) != 0)
            reject();
    }

    /// libzip makes no file for an archive without entries, which is the record of its end alone.
    void write_nothing() const {
        constexpr char end_of_directory[22] = {'P', 'K', 5, 6};
        const detail::FileHandle file(std::fopen(pending_.temporary().c_str(), "wb"));
        if (!file || std::fwrite(end_of_directory, 1, sizeof end_of_directory, file.get()) != sizeof end_of_directory) pending_.reject();
    }

    [[noreturn]] void reject() const { fail(source_, "a writable file", zip_strerror(archive_.get())); }

    std::string source_;
    Form form_;
    PendingFile pending_;
    detail::ZipHandle archive_;
};

}  // namespace xnn::io
