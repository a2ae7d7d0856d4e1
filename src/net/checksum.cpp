#include "net/checksum.h"

#include <openssl/evp.h>

#include "base/error.h"

namespace frugal::net {

namespace {

EVP_MD_CTX* evp(void* context) { return static_cast<EVP_MD_CTX*>(context); }

}  // namespace

void Hasher::Free::operator()(void* context) const { EVP_MD_CTX_free(evp(context)); }

Hasher::Hasher(Checksum::Kind kind, std::uint64_t size) {
  if (kind == Checksum::Kind::none) return;
  context_.reset(EVP_MD_CTX_new());
  const EVP_MD* digest = kind == Checksum::Kind::sha256 ? EVP_sha256() : EVP_sha1();
  require(context_ != nullptr && EVP_DigestInit_ex(evp(context_.get()), digest, nullptr) == 1,
          "OpenSSL has no {}", kind == Checksum::Kind::sha256 ? "SHA-256" : "SHA-1");
  if (kind == Checksum::Kind::git_blob) {
    const std::string header = fmt::format("blob {}", size);
    add(std::as_bytes(std::span(header.c_str(), header.size() + 1)));  // with its zero byte
  }
}

void Hasher::add(std::span<const std::byte> bytes) {
  if (!context_) return;
  require(EVP_DigestUpdate(evp(context_.get()), bytes.data(), bytes.size()) == 1,
          "OpenSSL could not hash");
}

std::string Hasher::hex() {
  if (!context_) return "";
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  require(EVP_DigestFinal_ex(evp(context_.get()), digest, &length) == 1, "OpenSSL could not hash");
  std::string hex;
  for (unsigned i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

}  // namespace frugal::net
