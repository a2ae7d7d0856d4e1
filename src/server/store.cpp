#include "server/store.h"

#include <openssl/rand.h>

#include <array>
#include <cstdlib>

#include "base/error.h"
#include "server/sha256.h"
#include "server/wire.h"

namespace frugal::server {

namespace fs = std::filesystem;

namespace {

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS keys (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, user TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE, created INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0,
  requests_per_minute INTEGER NOT NULL, concurrent INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS balances (
  user TEXT PRIMARY KEY, granted INTEGER NOT NULL DEFAULT 0, topped_up INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS requests (
  id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, key TEXT NOT NULL,
  user TEXT NOT NULL, endpoint TEXT NOT NULL, model TEXT NOT NULL, status TEXT NOT NULL,
  hit INTEGER NOT NULL DEFAULT 0, miss INTEGER NOT NULL DEFAULT 0,
  output INTEGER NOT NULL DEFAULT 0, reasoning INTEGER NOT NULL DEFAULT 0,
  cost INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS requests_by_time ON requests (time);
CREATE TABLE IF NOT EXISTS chats (
  user TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL, pinned INTEGER NOT NULL,
  created INTEGER NOT NULL, updated INTEGER NOT NULL, data TEXT NOT NULL,
  PRIMARY KEY (user, id));
)";

constexpr const char* kKeyColumns =
    "id, name, user, created, revoked, requests_per_minute, concurrent";

// A secret is 256 random bits, so that a plain hash of it cannot be undone by guessing.
std::string hash_of(std::string_view secret) {
  return hex(sha256(std::as_bytes(std::span(secret))));
}

Key read_key(const Statement& row) {
  return {.id = row.integer(0),
          .name = row.text(1),
          .user = row.text(2),
          .created = row.integer(3),
          .revoked = row.integer(4) != 0,
          .requests_per_minute = row.integer(5),
          .concurrent = row.integer(6)};
}

// Of the first of the last `days` days, UTC.
std::int64_t first_second(std::int64_t days) {
  constexpr std::int64_t kDay = 24 * 3600;
  return (unix_time() / kDay - days + 1) * kDay;
}

fs::path prepare(const fs::path& folder) {
  fs::create_directories(folder);
  return folder / "frugal.db";
}

}  // namespace

Store::Store(const fs::path& folder) : database_(prepare(folder)) { database_.execute(kSchema); }

fs::path Store::default_folder() {
  const char* data = std::getenv("XDG_DATA_HOME");
  if (data != nullptr && *data != '\0') return fs::path(data) / "frugal";
  const char* home = std::getenv("HOME");
  require(home != nullptr && *home != '\0', "HOME is not set; say --data DIR");
  return fs::path(home) / ".local" / "share" / "frugal";
}

std::string Store::add_key(const Key& key) {
  std::array<unsigned char, 32> random;
  require(RAND_bytes(random.data(), random.size()) == 1, "there are no random numbers");
  std::string secret = "sk-" + hex(random);
  const std::scoped_lock lock(mutex_);
  Statement same(database_, "SELECT 1 FROM keys WHERE name = ?", {key.name});
  require(!same.step() && key.name != "local", "there is a key {} already", printable(key.name));
  Statement(database_,
            "INSERT INTO keys (name, user, hash, created, requests_per_minute, concurrent) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            {key.name, key.user.empty() ? key.name : key.user, hash_of(secret), unix_time(),
             key.requests_per_minute, key.concurrent})
      .step();
  return secret;
}

std::vector<Key> Store::keys() const {
  const std::scoped_lock lock(mutex_);
  Statement rows(database_, fmt::format("SELECT {} FROM keys ORDER BY id", kKeyColumns));
  std::vector<Key> keys;
  while (rows.step()) keys.push_back(read_key(rows));
  return keys;
}

void Store::revoke_key(const std::string& name) {
  const std::scoped_lock lock(mutex_);
  Statement(database_, "UPDATE keys SET revoked = 1 WHERE name = ?", {name}).step();
  require(database_.changes() == 1, "there is no key {}", printable(name));
}

bool Store::needs_key() const {
  const std::scoped_lock lock(mutex_);
  return Statement(database_, "SELECT 1 FROM keys LIMIT 1").step();
}

std::optional<Key> Store::find_key(std::string_view secret) const {
  const std::scoped_lock lock(mutex_);
  Statement row(database_,
                fmt::format("SELECT {} FROM keys WHERE hash = ? AND revoked = 0", kKeyColumns),
                {hash_of(secret)});
  if (!row.step()) return std::nullopt;
  return read_key(row);
}

void Store::top_up(const std::string& key_name, Nanodollars amount, bool granted) {
  const std::scoped_lock lock(mutex_);
  Statement key(database_, "SELECT user FROM keys WHERE name = ?", {key_name});
  require(key.step(), "there is no key {}", printable(key_name));
  const std::int64_t zero = 0;
  Statement(
      database_,
      "INSERT INTO balances (user, granted, topped_up) VALUES (?, ?, ?) ON CONFLICT (user) DO "
      "UPDATE SET granted = granted + excluded.granted, "
      "topped_up = topped_up + excluded.topped_up",
      {key.text(0), granted ? amount : zero, granted ? zero : amount})
      .step();
}

Balance Store::balance(const std::string& user) const {
  const std::scoped_lock lock(mutex_);
  Statement row(database_, "SELECT granted, topped_up FROM balances WHERE user = ?", {user});
  if (!row.step()) return {};
  return {.limited = true, .granted = row.integer(0), .topped_up = row.integer(1)};
}

std::int64_t Store::begin_request(const Key& key, const LedgerEntry& entry) {
  const std::scoped_lock lock(mutex_);
  Statement(database_,
            "INSERT INTO requests (time, key, user, endpoint, model, status) "
            "VALUES (?, ?, ?, ?, ?, 'running')",
            {unix_time(), key.name, key.user, entry.endpoint, entry.model})
      .step();
  return database_.last_id();
}

void Store::end_request(std::int64_t id, const LedgerEntry& entry) {
  const std::scoped_lock lock(mutex_);
  Transaction transaction(database_);
  Statement(database_,
            "UPDATE requests SET status = ?, hit = ?, miss = ?, output = ?, reasoning = ?, "
            "cost = ? WHERE id = ? AND status = 'running'",
            {entry.status, entry.tokens.hit, entry.tokens.miss, entry.tokens.output,
             entry.reasoning, entry.cost, id})
      .step();
  require(database_.changes() == 1, "request {} is not running", id);
  // Granted money goes first.
  Statement(database_,
            "UPDATE balances SET granted = granted - min(granted, ?1), "
            "topped_up = topped_up - (?1 - min(granted, ?1)) "
            "WHERE user = (SELECT user FROM requests WHERE id = ?2)",
            {entry.cost, id})
      .step();
  transaction.commit();
}

void Store::recover() {
  const std::scoped_lock lock(mutex_);
  database_.execute("UPDATE requests SET status = 'lost' WHERE status = 'running'");
}

std::int64_t Store::seconds_in_use(std::int64_t days) const {
  const std::scoped_lock lock(mutex_);
  Statement row(database_, "SELECT min(time) FROM requests WHERE time >= ?", {first_second(days)});
  row.step();
  const auto first = row.maybe_integer(0);
  return first ? unix_time() - *first : 0;
}

std::vector<LedgerDay> Store::ledger(std::int64_t days,
                                     const std::optional<std::string>& user) const {
  const std::scoped_lock lock(mutex_);
  const std::int64_t since = first_second(days);
  Statement rows(database_,
                 "SELECT date(time, 'unixepoch'), model, key, count(*), sum(hit), sum(miss), "
                 "sum(output), sum(reasoning), sum(cost) FROM requests "
                 "WHERE time >= ?1 AND (?2 IS NULL OR user = ?2) "
                 "GROUP BY 1, 2, 3 ORDER BY 1 DESC, 2, 3",
                 {since, user ? SqlValue(*user) : SqlValue(nullptr)});
  std::vector<LedgerDay> sums;
  while (rows.step()) {
    sums.push_back({.day = rows.text(0),
                    .model = rows.text(1),
                    .key = rows.text(2),
                    .requests = rows.integer(3),
                    .tokens = {rows.integer(4), rows.integer(5), rows.integer(6)},
                    .reasoning = rows.integer(7),
                    .cost = rows.integer(8)});
  }
  return sums;
}

std::vector<Chat> Store::chats(const std::string& user) const {
  const std::scoped_lock lock(mutex_);
  Statement rows(database_,
                 "SELECT id, title, pinned, created, updated FROM chats WHERE user = ? "
                 "ORDER BY updated DESC, id",
                 {user});
  std::vector<Chat> chats;
  while (rows.step()) {
    chats.push_back(
        {rows.text(0), rows.text(1), rows.integer(2) != 0, rows.integer(3), rows.integer(4)});
  }
  return chats;
}

std::optional<Chat> Store::chat(const std::string& user, const std::string& id) const {
  const std::scoped_lock lock(mutex_);
  Statement row(database_,
                "SELECT id, title, pinned, created, updated, data FROM chats "
                "WHERE user = ? AND id = ?",
                {user, id});
  if (!row.step()) return std::nullopt;
  return Chat{row.text(0),    row.text(1),    row.integer(2) != 0,
              row.integer(3), row.integer(4), row.text(5)};
}

Chat Store::put_chat(const std::string& user, Chat chat) {
  const std::scoped_lock lock(mutex_);
  Statement row(database_,
                "INSERT INTO chats (user, id, title, pinned, created, updated, data) "
                "VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6) ON CONFLICT (user, id) DO UPDATE SET "
                "title = ?3, pinned = ?4, updated = ?5, data = ?6 RETURNING created, updated",
                {user, chat.id, chat.title, std::int64_t{chat.pinned}, unix_time(), chat.data});
  row.step();
  chat.created = row.integer(0);
  chat.updated = row.integer(1);
  row.step();  // to its end, which writes
  return chat;
}

std::int64_t Store::delete_chats(const std::string& user, const std::optional<std::string>& id) {
  const std::scoped_lock lock(mutex_);
  Statement(database_, "DELETE FROM chats WHERE user = ?1 AND (?2 IS NULL OR id = ?2)",
            {user, id ? SqlValue(*id) : SqlValue(nullptr)})
      .step();
  return database_.changes();
}

void Store::backup(const fs::path& path) {
  const std::scoped_lock lock(mutex_);
  database_.copy_to(path);
}

}  // namespace frugal::server
