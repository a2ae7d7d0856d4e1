#include "net/local_server.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "net/http.h"

namespace frugal::net {

LocalServer::LocalServer(const std::filesystem::path& folder) {
  int input[2];
  int output[2];
  require(::pipe2(input, O_CLOEXEC) == 0 && ::pipe2(output, O_CLOEXEC) == 0, "no pipes");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  const std::string script = FRUGAL_SERVER_SCRIPT;
  const std::string argument = folder.string();
  const char* arguments[] = {"python3", script.c_str(), argument.c_str(), nullptr};
  const int error = ::posix_spawnp(&pid_, "python3", &actions, nullptr,
                                   const_cast<char* const*>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(input[0]);
  ::close(output[1]);
  to_child_ = input[1];
  if (error != 0) {
    pid_ = -1;
    fault_ = "python3 could not be started: " + errno_text(error);
  } else {
    for (char c = 0; ::read(output[0], &c, 1) == 1 && c != '\n';) port_ += c;
    if (port_.empty()) fault_ = "server.py did not start";
  }
  ::close(output[0]);
}

LocalServer::~LocalServer() {
  ::close(to_child_);  // the server ends when its input does
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

Json LocalServer::log() const {
  Request request;
  request.url = url("/log");
  return parse_json(get_text(request, std::size_t{1} << 20), "the server's log");
}

}  // namespace frugal::net
