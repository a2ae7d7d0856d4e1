// SQLite with errors as exceptions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace frugal::server {

/// What a column may hold. Times are whole numbers, money is in nanodollars.
using SqlValue = std::variant<std::nullptr_t, std::int64_t, std::string>;

/// The database cannot be read or written: a full disk, most likely. Names the file.
class DatabaseError : public Error {
 public:
  using Error::Error;
};

/// One connection, for one thread at a time. Several processes may open the same file. Every
/// failure is a DatabaseError; what was committed survives the death of the process at any
/// moment.
class Database {
 public:
  /// Opens or creates `path`, readable by its owner alone.
  explicit Database(const std::filesystem::path& path);

  /// Runs statements that have no parameters.
  void execute(const char* sql);

  /// How many rows the last statement changed.
  std::int64_t changes() const;
  /// The id of the last row inserted.
  std::int64_t last_id() const;
  /// A consistent copy, made while others may write. Throws Error when `path` exists.
  void copy_to(const std::filesystem::path& path);

 private:
  friend class Statement;
  [[noreturn]] void fail_with(const char* doing) const;

  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::filesystem::path path_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// A statement with its parameters ("?") set; step() moves to the next row of its result.
class Statement {
 public:
  Statement(Database& database, std::string_view sql, std::initializer_list<SqlValue> values = {});

  /// False when there are no more rows.
  bool step();
  std::int64_t integer(int column) const;  // 0 for null
  std::optional<std::int64_t> maybe_integer(int column) const;
  std::string text(int column) const;  // "" for null

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// All changes until commit(), or none.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) {
    database_.execute("BEGIN IMMEDIATE");
  }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  void commit();

 private:
  Database& database_;
  bool done_ = false;
};

}  // namespace frugal::server
