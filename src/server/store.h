// Keys, balances, the ledger and chats, in one SQLite file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cost/prices.h"
#include "server/database.h"

namespace frugal::server {

/// Money in nanodollars.
using Nanodollars = std::int64_t;

struct Key {
  std::int64_t id = 0;
  std::string name{};  // "local": no key, on a server that needs none
  std::string user{};  // chats, balance and cached prefixes belong to the user
  std::int64_t created = 0;
  bool revoked = false;
  std::int64_t requests_per_minute = 0;  // 0: no limit
  std::int64_t concurrent = 0;           // 0: no limit
};

/// What a user has left. A user who was never given any money is not limited by it.
struct Balance {
  bool limited = false;
  Nanodollars granted = 0;    // spent first
  Nanodollars topped_up = 0;  // may become negative by the last answer
  Nanodollars total() const { return granted + topped_up; }
};

/// One request as it is paid. Rows are never removed.
struct LedgerEntry {
  std::string endpoint{};
  std::string model{};
  cost::ServedTokens tokens{};
  std::int64_t reasoning = 0;
  Nanodollars cost = 0;
  std::string
      status{};  // running, done, cancelled, cut_off, error; lost: the server died meanwhile
};

/// The sum of a day, a model and a key.
struct LedgerDay {
  std::string day{};  // "2026-01-31", UTC
  std::string model{};
  std::string key{};
  std::int64_t requests = 0;
  cost::ServedTokens tokens{};
  std::int64_t reasoning = 0;
  Nanodollars cost = 0;
};

struct Chat {
  std::string id{};
  std::string title{};
  bool pinned = false;
  std::int64_t created = 0;
  std::int64_t updated = 0;
  std::string data{};  // JSON, in full only
};

/// Safe to use from several threads, and, except for recover(), from several processes.
class Store {
 public:
  /// Opens DIR/frugal.db, made when it is not there.
  explicit Store(const std::filesystem::path& folder);

  /// ~/.local/share/frugal, or below XDG_DATA_HOME.
  static std::filesystem::path default_folder();

  // Keys.

  /// Makes a key and returns its secret, of which only a hash is kept: it cannot be shown again.
  /// Throws Error when the name is taken.
  std::string add_key(const Key& key);
  std::vector<Key> keys() const;
  /// Throws Error when there is no such key.
  void revoke_key(const std::string& name);
  /// Whether there ever was a key.
  bool needs_key() const;
  /// The key of that secret, unless revoked.
  std::optional<Key> find_key(std::string_view secret) const;

  // Money.

  /// Adds to the balance of the user of the key of that name.
  void top_up(const std::string& key_name, Nanodollars amount, bool granted);
  Balance balance(const std::string& user) const;

  // The ledger.

  /// Writes a row with status "running"; returns its id.
  std::int64_t begin_request(const Key& key, const LedgerEntry& entry);
  /// Completes the row and takes its cost from the user's balance, both or neither.
  void end_request(std::int64_t id, const LedgerEntry& entry);
  /// Marks rows that still run as lost; for the start of the only server on this file.
  void recover();
  /// From the first request of the last `days` days to now; 0 without one.
  std::int64_t seconds_in_use(std::int64_t days) const;
  /// Sums of the last `days` days, the newest first; of one user, or of all.
  std::vector<LedgerDay> ledger(std::int64_t days, const std::optional<std::string>& user) const;

  // Chats of a user.

  std::vector<Chat> chats(const std::string& user) const;
  std::optional<Chat> chat(const std::string& user, const std::string& id) const;
  Chat put_chat(const std::string& user, Chat chat);
  /// How many there were; without an id all.
  std::int64_t delete_chats(const std::string& user, const std::optional<std::string>& id);

  /// Writes a copy to `path`, while the server may run.
  void backup(const std::filesystem::path& path);

 private:
  mutable std::mutex mutex_;
  mutable Database database_;  // guarded
};

}  // namespace frugal::server
