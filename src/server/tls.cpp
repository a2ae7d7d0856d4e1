#include "server/tls.h"

#include <sys/stat.h>

#include <boost/beast/ssl.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "server/session.h"

namespace frugal::server {

namespace {

namespace ssl = asio::ssl;

// A certificate and its key, read again when their files change: those of Let's Encrypt do so
// every two months. Used by the I/O thread alone.
class Certificate {
 public:
  Certificate(std::string cert, std::string key)
      : cert_(std::move(cert)), key_(std::move(key)), seen_(state()), context_(load()) {}

  /// For the next connection; those that are open keep what they began with. Files that cannot be
  /// used, since only one of them was replaced so far perhaps, change nothing.
  ssl::context& current() {
    State now = state();
    if (now == seen_) return *context_;
    seen_ = std::move(now);
    try {
      context_ = load();
      log_info("{}: read again, since it has changed", cert_);
    } catch (const Error& error) {
      log_warning("the certificate that was read before stays in use: {}", error.what());
    }
    return *context_;
  }

 private:
  using State = std::vector<std::int64_t>;

  // What differs when a file was written or replaced.
  State state() const {
    State state;
    for (const std::string& path : {cert_, key_}) {
      struct stat file {};
      if (::stat(path.c_str(), &file) != 0) file = {};
      state.insert(state.end(), {static_cast<std::int64_t>(file.st_ino), file.st_size,
                                 file.st_mtim.tv_sec, file.st_mtim.tv_nsec});
    }
    return state;
  }

  std::unique_ptr<ssl::context> load() const {
    auto context = std::make_unique<ssl::context>(ssl::context::tls_server);
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    // Or OpenSSL would ask for it on the terminal.
    context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return ""; });
    beast::error_code error;
    context->use_certificate_chain_file(cert_, error);
    require(!error, "{}: no certificate in PEM form: {}", cert_, error.message());
    context->use_private_key_file(key_, ssl::context::pem, error);
    require(!error, "{}: not the private key of {} in PEM form: {}", key_, cert_, error.message());
    return context;
  }

  std::string cert_;
  std::string key_;
  State seen_;  // before context_ was read, so that no change is missed
  std::unique_ptr<ssl::context> context_;
};

}  // namespace

StartSession tls_sessions(const std::string& cert, const std::string& key) {
  const auto certificate = std::make_shared<Certificate>(cert, key);
  return [certificate](ServerState& server, tcp::socket socket) {
    begin_session<beast::ssl_stream<beast::tcp_stream>>(
        server, beast::tcp_stream(std::move(socket)), certificate->current());
  };
}

}  // namespace frugal::server
