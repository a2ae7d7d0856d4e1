// SHA-256, for keys and for the names of cached blocks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace frugal::server {

using Sha256 = std::array<std::uint8_t, 32>;

/// Of `first` and `second` one after the other. Throws Error when OpenSSL cannot.
Sha256 sha256(std::span<const std::byte> first, std::span<const std::byte> second = {});

/// Two small letters or digits a byte.
std::string hex(std::span<const std::uint8_t> bytes);

}  // namespace frugal::server
