#include "server/tls.h"

#include <boost/beast/ssl.hpp>

#include "base/error.h"
#include "server/session.h"

namespace frugal::server {

namespace {

namespace ssl = asio::ssl;

}  // namespace

StartSession tls_sessions(const std::string& cert, const std::string& key) {
  const auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  // Or OpenSSL would ask for it on the terminal.
  context->set_password_callback([](std::size_t, ssl::context::password_purpose) { return ""; });
  beast::error_code error;
  context->use_certificate_chain_file(cert, error);
  require(!error, "{}: no certificate in PEM form: {}", cert, error.message());
  context->use_private_key_file(key, ssl::context::pem, error);
  require(!error, "{}: not the private key of {} in PEM form: {}", key, cert, error.message());
  return [context](ServerState& server, tcp::socket socket) {
    begin_session<beast::ssl_stream<beast::tcp_stream>>(
        server, beast::tcp_stream(std::move(socket)), *context);
  };
}

}  // namespace frugal::server
