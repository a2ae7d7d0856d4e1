#include "server/sha256.h"

#include <openssl/evp.h>

#include <memory>

#include "base/error.h"

namespace frugal::server {

Sha256 sha256(std::span<const std::byte> first, std::span<const std::byte> second) {
  Sha256 sum{};
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  const bool done = context != nullptr &&
                    EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), first.data(), first.size()) == 1 &&
                    EVP_DigestUpdate(context.get(), second.data(), second.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), sum.data(), nullptr) == 1;
  require(done, "SHA-256 is not available");
  return sum;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace frugal::server
