#include "server/database.h"

#include <sqlite3.h>
#include <sys/stat.h>

namespace frugal::server {

namespace {

// How long to wait for another process's transaction.
constexpr int kBusyMilliseconds = 10000;

}  // namespace

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Database::Database(const std::filesystem::path& path) : path_(path) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  const int status = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  handle_.reset(handle);
  if (status != SQLITE_OK) fail_with("opening");
  ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  // A write-ahead log: readers do not wait for writers, and a killed process loses nothing that was
  // committed.
  execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;");
}

void Database::fail_with(const char* doing) const {
  throw DatabaseError(
      fmt::format("{}: {}: {}", path_.string(), doing, sqlite3_errmsg(handle_.get())));
}

void Database::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    fail_with("the database");
  }
}

std::int64_t Database::changes() const { return sqlite3_changes64(handle_.get()); }

std::int64_t Database::last_id() const { return sqlite3_last_insert_rowid(handle_.get()); }

void Database::copy_to(const std::filesystem::path& path) {
  require(!std::filesystem::exists(path), "{} exists already", path.string());
  Statement(*this, "VACUUM INTO ?", {path.string()}).step();
  ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement::Statement(Database& database, std::string_view sql,
                     std::initializer_list<SqlValue> values)
    : database_(database) {
  sqlite3_stmt* handle = nullptr;
  if (sqlite3_prepare_v2(database.handle_.get(), sql.data(), static_cast<int>(sql.size()), &handle,
                         nullptr) != SQLITE_OK) {
    database.fail_with("the database");
  }
  handle_.reset(handle);
  int place = 0;
  for (const SqlValue& value : values) {
    ++place;
    int status = SQLITE_OK;
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      status = sqlite3_bind_int64(handle, place, *number);
    } else if (const auto* text = std::get_if<std::string>(&value)) {
      status = sqlite3_bind_text64(handle, place, text->data(), text->size(), SQLITE_TRANSIENT,
                                   SQLITE_UTF8);
    } else {
      status = sqlite3_bind_null(handle, place);
    }
    if (status != SQLITE_OK) database.fail_with("the database");
  }
}

bool Statement::step() {
  const int status = sqlite3_step(handle_.get());
  if (status == SQLITE_ROW) return true;
  if (status != SQLITE_DONE) database_.fail_with("the database");
  return false;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

std::optional<std::int64_t> Statement::maybe_integer(int column) const {
  if (sqlite3_column_type(handle_.get(), column) == SQLITE_NULL) return std::nullopt;
  return integer(column);
}

std::string Statement::text(int column) const {
  const unsigned char* bytes = sqlite3_column_text(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return bytes == nullptr
             ? std::string()
             : std::string(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

Transaction::~Transaction() {
  if (done_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const Error&) {  // it was rolled back already, as on a full disk
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  done_ = true;
}

}  // namespace frugal::server
