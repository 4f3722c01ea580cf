// Files packed with gzip. The only place that names zlib.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "xnn/io/file.hpp"

namespace xnn::io {

/// True for what starts as a gzip file does.
inline bool is_gzip(std::span<const std::byte> bytes) {
    return bytes.size() >= 2 && bytes[0] == std::byte{0x1f} && bytes[1] == std::byte{0x8b};
}

/// Unpacks a gzip file's bytes; throws Error, naming the source, if they are damaged, cut off or followed by others.
inline std::vector<std::byte> gunzip(std::string_view source, std::span<const std::byte> packed) {
    z_stream stream{};
    constexpr int largest_window_of_gzip = 15 + 16;
    if (inflateInit2(&stream, largest_window_of_gzip) != Z_OK) fail(source, "memory to unpack it", "none");
    struct End {
        z_stream& stream;
        ~End() { inflateEnd(&stream); }
    } const end{stream};

    constexpr std::size_t longest = std::numeric_limits<uInt>::max();
    std::vector<std::byte> result(std::max<std::size_t>(packed.size() * 4, 1024));
    std::size_t read = 0;
    std::size_t written = 0;
    for (;;) {
        if (written == result.size()) result.resize(result.size() * 2);
        const auto input = static_cast<uInt>(std::min(packed.size() - read, longest));
        const auto output = static_cast<uInt>(std::min(result.size() - written, longest));
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data() + read));
        stream.avail_in = input;
        stream.next_out = reinterpret_cast<Bytef*>(result.data() + written);
        stream.avail_out = output;
        const int status = inflate(&stream, Z_NO_FLUSH);
        read += input - stream.avail_in;
        written += output - stream.avail_out;
        if (status == Z_STREAM_END) {
            if (read == packed.size()) break;
            if (!is_gzip(packed.subspan(read)))  // a gzip file may hold several members, one after the other
                fail(source, "the end of the gzip file", std::to_string(packed.size() - read) + " bytes more");
            inflateReset(&stream);
        } else if (status == Z_BUF_ERROR || (status == Z_OK && read == packed.size() && stream.avail_out != 0)) {
            fail(source, "a complete gzip file", "one that is cut off");
        } else if (status != Z_OK) {
            fail(source, "an intact gzip file", stream.msg != nullptr ? stream.msg : "a damaged one");
        }
    }
    result.resize(written);
    return result;
}

/// The bytes of a file, unpacked if it is packed with gzip.
inline std::vector<std::byte> read_file_unpacked(const std::filesystem::path& path) {
    auto bytes = read_file(path);
    return is_gzip(bytes) ? gunzip(path.string(), bytes) : bytes;
}

}  // namespace xnn::io
